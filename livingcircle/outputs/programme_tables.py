"""`programme.csv`, `programme.geojson` and `programme.toml`: the measures of a programme for programs, for maps, and as a scenario."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from livingcircle.links import scenario_changes
from livingcircle.links.walls import CLOSED
from livingcircle.messages import LANGUAGES, words
from livingcircle.network import StreetNetwork
from livingcircle.outputs.programme_words import money, rows_of
from livingcircle.outputs.tables import write_csv
from livingcircle.programme import ENLARGEMENT, SITE, Programme
from livingcircle.scenario import Plan, Scenario, without_closing

COLUMNS = (
    "turn", "chosen", "measure_id", "kind", "title", "category", "facility_id", "unit", "places", "cost", "cost_joint", "people", "people_joint", "people_alone",
    "people_distinct", "land_ha", "places_filled", "gaps_closed", "gap_ids", "serves", "clause", "evidence", "year", "lon", "lat",
)  # fmt: skip
ROUNDED = ("cost", "cost_joint", "people", "people_joint", "people_alone", "people_distinct", "places_filled")
PLACES = 7


def table_of(told: Programme, *, language: str) -> pd.DataFrame:
    """A row a measure (`COLUMNS`): those chosen in their turn, then the best of those that are not (`turn` blank, `people_alone` by the points of the choice)."""
    chosen = pd.DataFrame(rows_of(told, language=language)).reindex(columns=list(COLUMNS)).assign(chosen=True)
    others = pd.DataFrame(rows_of(told, language=language, others=True)).reindex(columns=list(COLUMNS)).assign(chosen=False)
    parts = [part.astype(object) for part in (chosen, others) if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else chosen
    table = table.assign(**{key: pd.to_numeric(table[key], errors="coerce").astype(float).round(2) for key in ROUNDED})
    whole = {key: pd.to_numeric(table[key], errors="coerce").astype("Int64") for key in ("turn", "gaps_closed", "year", "places")}
    numbers = {key: pd.to_numeric(table[key], errors="coerce").astype(float) for key in ("land_ha", "lon", "lat")}
    return table.assign(**whole, **numbers, chosen=table["chosen"].astype(bool))


def write(told: Programme, path: Path, *, language: str) -> None:
    """Write the table; names in the language, English column ids."""
    write_csv(table_of(told, language=language), path)


def write_geojson(told: Programme, path: Path, *, language: str) -> None:
    """Write the measures in WGS-84, those chosen and the best of the others: points of sites and enlargements, lines of links."""
    table = table_of(told, language=language)
    shapes = [*told.steps.geometry.to_crs("EPSG:4326"), *told.others.geometry.head(len(table) - len(told.steps)).to_crs("EPSG:4326")]
    features = [
        {"type": "Feature", "properties": {key: _plain(value) for key, value in row.items()}, "geometry": json.loads(shapely.to_geojson(_rounded(shape)))}
        for row, shape in zip(table.to_dict("records"), shapes, strict=True)
    ]
    document = {"type": "FeatureCollection", "name": "programme", "features": features}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _rounded(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, lambda xy: xy.round(PLACES))


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def scenario(told: Programme, plan: Plan | None, streets: StreetNetwork) -> Scenario:
    """What takes every measure chosen, beside what the scenario changes that the programme was worked out under; `streets` are the study's own."""
    case = told.town.start.case
    links = _as_links(told)
    # A gate that the scenario closes is opened again by not closing it.
    opened = [gate for row in links.index[links["how"] == CLOSED] if (gate := case.opens(told.ranking.links[row])) is not None]
    under = without_closing(plan, streets, opened).model_dump(mode="json", exclude_unset=True) if plan else {}
    steps, settings = told.steps, case.settings
    names = {
        language: words(language, "programme")["scenario_name"].format(count=len(steps), budget=money(told.terms.budget, told, language=language)) for language in LANGUAGES
    }
    parts: dict[str, list] = {"facilities": [], **scenario_changes(links[links["how"] != CLOSED])}
    rows = {language: rows_of(told, language=language) for language in LANGUAGES}
    degrees = steps.geometry.to_crs("EPSG:4326")
    for number, row in enumerate(steps.drop(columns="geometry").to_dict("records")):
        if row["kind"] == SITE:
            point = degrees.iloc[number]
            place = {"lon": round(point.x, PLACES), "lat": round(point.y, PLACES)}
            parts["facilities"].append({"change": "open", "name": rows[settings.language][number]["title"], "categories": [row["category"]], **place})
        elif row["kind"] == ENLARGEMENT:
            known = case.inputs.facilities.set_index("facility_id")["capacity"]
            parts["facilities"].append({"change": "resize", "id": row["facility_id"], "capacity": float(known[row["facility_id"]]) + float(row["places"])})
    year = {"year": settings.year} if settings.year is not None else {}
    joined = {key: [*under.get(key, ()), *own] for key, own in parts.items() if own or under.get(key)}
    return Scenario.model_validate({**under, "name": names, **year, **joined})


def _as_links(told: Programme) -> Any:
    """The links among the measures chosen, as their ranking tells them."""
    own = told.steps[~told.steps["kind"].isin([SITE, ENLARGEMENT])]
    return told.ranking.table.iloc[own["row"].to_numpy(dtype=int)]
