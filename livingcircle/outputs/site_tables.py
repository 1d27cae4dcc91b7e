"""The tables of a siting: `sites.csv`, `curve.csv`, `uncovered.csv`, everything on a map as `sites.geojson`, and the scenario `site.toml`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs.site_words import Report
from livingcircle.outputs.tables import write_csv

SITES = (
    "turn", "site_id", "name", "parcel", "categories", "lon", "lat", "street", "area_m2", "cost", "capacity", "people_served", "people_gained", "people_alone",
    "people_only", "farthest_m", "next_id", "next_people", "next_difference", "next_status",
)  # fmt: skip
CURVE = ("sites", "people_covered", "people_share", "bound", "gap", "status")
UNCOVERED = ("category", "unit", "residence_id", "name", "people", "walk_m", "reason", "lon", "lat")
DEGREES = 7


def write(report: Report, folder: Path) -> None:
    """Write the three tables."""
    write_csv(sites_table(report), folder / "sites.csv")
    write_csv(curve_table(report), folder / "curve.csv")
    write_csv(uncovered_table(report), folder / "uncovered.csv")


def sites_table(report: Report) -> pd.DataFrame:
    """A row a new site, in the order in which building one after another covers most; metres and people as in `siting.answer`."""
    answer = report.answer
    table = answer.sites.rename(columns={"people": "people_served"})
    categories = ";".join(term.category for term in answer.case.terms.each)
    table = table.assign(categories=categories, **{column: table[column].round(2) for column in ("people_served", "people_gained", "people_alone", "people_only", "next_people")})
    return table.assign(area_m2=table["area_m2"].round(1), farthest_m=table["farthest_m"].round(1))[[*SITES]]


def curve_table(report: Report) -> pd.DataFrame:
    """A row a number of new sites: the most people that so many can cover, and the bound."""
    table = report.answer.curve.rename(columns={"people_served": "people_covered"})
    return table.assign(people_covered=table["people_covered"].round(2), bound=table["bound"].round(2))[[*CURVE]]


def uncovered_table(report: Report) -> pd.DataFrame:
    """A row a category, residence and reason for those who stay beyond the limit, most people first; `lon`, `lat` of one of their points."""
    case, table = report.answer.case, report.answer.uncovered
    homes = case.inputs.residences.set_index("residence_id")[["name", "unit"]]
    points = case.samples.geometry.iloc[table["row"].to_numpy(dtype=int)].to_crs("EPSG:4326")
    told = table.join(homes, on="residence_id").assign(lon=points.x.round(6).to_numpy(), lat=points.y.round(6).to_numpy())
    return told.assign(people=told["people"].round(2))[[*UNCOVERED]]


def write_geojson(report: Report, path: Path) -> None:
    """Write every place on the map in WGS-84, told apart by `role`: chosen, candidate, existing, residence."""
    frames = [_chosen(report), _candidates(report), _existing(report), _homes(report)]
    features = [feature for frame in frames for feature in _features(frame)]
    told = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(told, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _features(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    shapes = shapely.set_precision(frame.geometry.to_crs("EPSG:4326").to_numpy(), 10**-DEGREES, mode="pointwise")
    rows = frame.drop(columns=frame.geometry.name).to_dict("records")
    return [
        {"type": "Feature", "properties": {key: _plain(value) for key, value in row.items()}, "geometry": json.loads(shapely.to_geojson(shape))}
        for row, shape in zip(rows, shapes, strict=True)
    ]


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return (None if not np.isfinite(value) else round(value, 6)) if isinstance(value, float) else value


def _chosen(report: Report) -> gpd.GeoDataFrame:
    case, table = report.answer.case, sites_table(report)
    points = case.candidates.set_index("site_id").geometry.loc[table["site_id"]]
    return gpd.GeoDataFrame(table.assign(role="chosen"), geometry=points.to_numpy(), crs=case.candidates.crs)


def _candidates(report: Report) -> gpd.GeoDataFrame:
    case = report.answer.case
    taken = case.candidates["site_id"].isin(report.answer.sites["site_id"])
    return case.candidates[~taken][["site_id", "name", "parcel", "allowed", "cost", "area_m2", "geometry"]].assign(role="candidate")


def _existing(report: Report) -> gpd.GeoDataFrame:
    case = report.answer.case
    parts = [
        case.facilities.iloc[rows][["facility_id", "name", "capacity", "geometry"]].assign(role="existing", category=term.category)
        for term, rows in zip(case.terms.each, case.standing, strict=True)
    ]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=case.facilities.crs)


def _homes(report: Report) -> gpd.GeoDataFrame:
    """The residences with their people covered before, newly covered and uncovered, category by category added up."""
    case, table = report.answer.case, home_people(report)
    homes = case.inputs.residences.set_index("residence_id").loc[table.index]
    return gpd.GeoDataFrame(table.round(2).reset_index().assign(role="residence", name=homes["name"].to_numpy(), unit=homes["unit"].to_numpy()), geometry=homes.geometry.to_numpy(), crs=homes.crs)


def home_people(report: Report) -> pd.DataFrame:
    """The people of each residence `covered` before, newly covered (`gained`) and `uncovered`, added up over categories; on the residence's id."""
    answer, case = report.answer, report.answer.case
    own, people = case.samples["residence_id"].to_numpy(), case.people
    sums = {"covered": (people * answer.before).sum(axis=0), "gained": (people * (answer.after & ~answer.before)).sum(axis=0), "uncovered": (people * ~answer.after).sum(axis=0)}
    return pd.DataFrame({"residence_id": own, **sums}).groupby("residence_id", sort=False).sum()


def write_scenario(report: Report, path: Path) -> None:
    """Write the sites as a scenario that `analyze --scenario` takes; what a scenario laid over the study said comes first."""
    case, settings = report.answer.case, report.settings
    base = dict((settings.scenario or {}).get("content", {}))
    names = {language: words(language, "site")["scenario_name"].format(categories=report.categories(language)) for language in LANGUAGES}
    new = [_opened(row, case.terms.each, report) for row in report.answer.sites.to_dict("records")]
    told = {**base, "name": names, "year": settings.year, "facilities": [*base.get("facilities", ()), *new]}
    path.write_text(toml({key: value for key, value in told.items() if value is not None}), encoding="utf-8", newline="\n")


def _opened(row: Mapping[str, Any], terms: Sequence, report: Report) -> dict[str, Any]:
    name = f"{report.categories(report.settings.language)} {row['site_id']}"
    told = {"change": "open", "name": name, "categories": [term.category for term in terms], "lon": float(row["lon"]), "lat": float(row["lat"])}
    return told | ({"capacity": float(row["capacity"])} if np.isfinite(row["capacity"]) else {})


def toml(values: Mapping[str, Any]) -> str:
    """TOML of plain values: texts, numbers, lists and tables, and lists of tables; keys in their order, tables last.

    >>> print(toml({"name": "a", "walking": {"rule": "time"}, "gates": [{"lon": 1.5}]}), end="")
    name = "a"
    walking = { rule = "time" }
    <BLANKLINE>
    [[gates]]
    lon = 1.5
    """
    lines = [f"{key} = {_value(value)}" for key, value in values.items() if not _tables(value)]
    for key, value in values.items():
        for row in value if _tables(value) else ():
            lines += ["", f"[[{key}]]", *(f"{own} = {_value(one)}" for own, one in row.items() if one is not None)]
    return "\n".join(lines) + "\n"


def _tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)[1:-1] if key.isidentifier() else json.dumps(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    # JSON's texts are TOML's but for the delete character; numbers and truth are written alike.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
