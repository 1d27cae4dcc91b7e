"""`layers.gpkg`: every layer of a result in one GeoPackage, with styles and field names that QGIS takes up by itself."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pyogrio

from livingcircle.analysis import Result
from livingcircle.capacity import MEASURES
from livingcircle.messages import words
from livingcircle.outputs import qgis_style as qml
from livingcircle.outputs.qgis_style import Rule, Symbol
from livingcircle.outputs.walking_words import group_name

# A run writes the same bytes again: GDAL would note the time of day.
EPOCH = "2000-01-01T00:00:00.000Z"
FAR = 1e9
# The version that the QGIS of an office long unchanged still reads without a warning.
VERSION = "1.2"


class Layer(NamedTuple):
    """A layer to be written: its table and its styles, name to QML; the first is what QGIS shows."""

    name: str
    table: gpd.GeoDataFrame
    styles: Mapping[str, str]


def write(result: Result, path: Path) -> None:
    """Write `layers.gpkg` in the CRS of the result; what QGIS shows is named in the study's language.

    Layers: `area`, `units`, `streets`, `barriers`, `residences`, `walk_times` (a column of minutes a category, everybody; blank where no
    way leads), `access` (a column a category and measure: places, beds or berths for one who asks), `isochrones`, `gaps` (what lies beyond the limit, everybody), `entrances`, `facilities`; those without rows are left out.
    Columns keep the English ids of the tables for programs.
    """
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": EPOCH})
    try:
        told = [layer for layer in _layers(result) if len(layer.table)]
        for layer in told:
            made = {} if path.exists() else {"dataset_options": {"VERSION": VERSION}}
            pyogrio.write_dataframe(layer.table, path, layer=layer.name, driver="GPKG", append=path.exists(), **made)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    _write_styles(path, told, words(result.settings.language, "gis"))


@cache
def _colors() -> Mapping[str, Any]:
    return tomllib.loads((files("livingcircle.outputs") / "qgis_style.toml").read_text(encoding="utf-8"))


def _layers(result: Result) -> Iterator[Layer]:
    language = result.settings.language
    known, plain = words(language, "gis"), _colors()["plain"]
    if result.area is not None:
        yield _plain("area", _ground(result.area), Symbol("fill", "", plain["area"], 0.6, dashed=True), known)
    if result.units is not None:
        yield _plain("units", _ground(result.units[["unit", "geometry"]]), Symbol("fill", "", plain["unit"], 0.3), known)
    streets = result.network.streets
    own = streets[["highway", "name", "layer", "source_id", "geometry"]].assign(length_m=streets.length.round(2))
    yield _plain("streets", own, Symbol("line", plain["street"], size=0.3), known)
    if result.barriers is not None and len(result.barriers):
        lines = result.barriers.assign(geometry=result.barriers.geometry.boundary.where(result.barriers.geom_type.str.contains("Polygon"), result.barriers.geometry))
        yield _plain("barriers", lines[["kind", "source_id", "geometry"]], Symbol("line", plain["barrier"], size=0.4), known)
    yield _residences(result, known)
    yield _walk_times(result, known)
    yield _access(result, known)
    yield _isochrones(result, known)
    yield _gaps(result, known)
    doors = result.entrances[["facility_id", "entrance_source", "geometry"]]
    yield _plain("entrances", doors, Symbol("marker", plain["entrance"], size=1.0), known)
    yield _facilities(result, known)


def _ground(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.assign(area_ha=(frame.area / 10_000).round(4))


def _aliases(table: gpd.GeoDataFrame, known: Mapping[str, str], extra: Mapping[str, str] | None = None) -> dict[str, str]:
    told = {column: known[f"field.{column}"] for column in table.columns if f"field.{column}" in known}
    return {**told, **(extra or {})}


def _plain(name: str, table: gpd.GeoDataFrame, symbol: Symbol, known: Mapping[str, str]) -> Layer:
    return Layer(name, table, {known[f"layer.{name}"]: qml.single(symbol, aliases=_aliases(table, known))})


def _residences(result: Result, known: Mapping[str, str]) -> Layer:
    people = result.residences
    everybody = result.settings.groups[0].id
    asked = result.gaps[(result.gaps["group"] == everybody) & (result.gaps["flag"] == "mandatory")]
    lacking = asked.groupby("residence_id").size().reindex(people["residence_id"], fill_value=0).to_numpy()
    table = people[["residence_id", "name", "unit", "people", "open_year", "geometry"]].assign(
        land_ha=(people["land_m2"] / 10_000).round(4), lacking=lacking
    )
    if "status" in people:
        table["status"] = people["status"]
    table["people"] = table["people"].round(2)
    symbol = Symbol("fill", _colors()["plain"]["residence"], "#8c8c5a", 0.2) if _polygons(table) else Symbol("marker", _colors()["plain"]["residence"], size=1.6)
    return _plain("residences", table, symbol, known)


def _polygons(table: gpd.GeoDataFrame) -> bool:
    return bool(table.geom_type.isin(("Polygon", "MultiPolygon")).all())


def _walk_times(result: Result, known: Mapping[str, str]) -> Layer:
    """A row a residence with the minutes to every category, and a style for each of them."""
    everybody = result.walked_as[result.settings.groups[0].id]
    own = result.residence_walks[result.residence_walks["group"] == everybody]
    minutes = own.pivot(index="residence_id", columns="category", values="walk_min")
    order = [c for c in result.standard.categories if c in minutes.columns and np.isfinite(minutes[c]).any()]
    people = result.residences
    table = people[["residence_id", "name", "unit", "geometry"]].copy()
    names = {}
    for category in order:
        column = f"{category}_min"
        values = minutes[category].reindex(people["residence_id"]).to_numpy()
        table[column] = np.where(np.isfinite(values), np.round(values, 2), np.nan)
        names[column] = result.standard.categories[category].name.get(result.settings.language)
    aliases = _aliases(table, known, names)
    kind = "fill" if _polygons(table) else "marker"
    styles = {
        known["style.walk"].format(category=name): qml.by_class(column, _minute_classes(known, kind), aliases=aliases)
        for column, name in names.items()
    }
    return Layer("walk_times", table, styles or {known["layer.walk_times"]: qml.single(Symbol(kind, "#bbbbbb"), aliases=aliases)})


def _access(result: Result, known: Mapping[str, str]) -> Layer:
    """A row a residence where somebody asks, with what is found there for one who does, and a style for each category by the Gaussian measure."""
    homes, people, language = result.capacity.homes, result.residences, result.settings.language
    table = people[people["residence_id"].isin(homes["residence_id"])][["residence_id", "name", "unit", "geometry"]].reset_index(drop=True)
    kind = "fill" if _polygons(table) else "marker"
    names, shown = {}, {}
    for (category, _, _, limit_m), own in homes.groupby(["category", "measure", "of", "limit_m"], sort=False):
        found = own.set_index("residence_id").reindex(table["residence_id"])
        name = result.standard.categories[category].name.get(language)
        told = f"{category}_{limit_m:g}" if f"{category}_gaussian" in table else category
        for measure in MEASURES:
            column = f"{told}_{measure.removeprefix('access_')}"
            table[column] = found[measure].to_numpy(dtype=float).round(4)
            names[column] = known["field.of_access"].format(category=name, measure=known[f"field.{measure}"])
        shown[known["style.access"].format(category=name if told == category else f"{name} {limit_m:g} m")] = f"{told}_gaussian"
    aliases = _aliases(table, known, names)
    return Layer("access", table, {name: qml.by_class(column, _access_classes(known, kind), aliases=aliases) for name, column in shown.items()})


def _access_classes(known: Mapping[str, str], kind: str) -> list[tuple[float, float, str, Symbol]]:
    told = _colors()["access"]
    edges = [-FAR, *told["breaks"], FAR]
    out = []
    for (low, high), color in zip(pairwise(edges), told["colors"], strict=True):
        key = "access_none" if low == -FAR else "access_above" if high == FAR else "access_within"
        symbol = Symbol(kind, color, "#666666" if kind == "fill" else "", 0.1 if kind == "fill" else 1.8)
        out.append((low, high, known[f"style.{key}"].format(low=low, high=high), symbol))
    return out


def _minute_classes(known: Mapping[str, str], kind: str) -> list[tuple[float, float, str, Symbol]]:
    told = _colors()["walk"]
    edges = [0.0, *told["breaks_min"], FAR]
    out = []
    for (low, high), color in zip(pairwise(edges), told["colors"], strict=True):
        label = known["style.above"].format(low=low) if high == FAR else known["style.minutes"].format(low=low, high=high)
        out.append((low, high, label, Symbol(kind, color, "#666666" if kind == "fill" else "", 0.1 if kind == "fill" else 1.8)))
    return out


def _isochrones(result: Result, known: Mapping[str, str]) -> Layer:
    language, standard = result.settings.language, result.standard
    areas = result.isochrones[["category", "level", "minutes", "limit_m", "geometry"]].copy()
    areas["category_name"] = [standard.categories[c].name.get(language) for c in areas["category"]]
    areas["level_name"] = [standard.levels[level].name.get(language) if level else "" for level in areas["level"]]
    told = _colors()["isochrone"]
    rules = []
    for number, (category, own) in enumerate(areas.groupby("category", sort=False)):
        parts = [
            Rule(f'"level" = \'{level}\'', known["style.limit"].format(level=standard.levels[level].name.get(language)), Symbol("fill", "", told["limit"], 0.5))
            for level in own["level"].unique()
            if level
        ]
        wanted = sorted(own["minutes"].dropna().unique())
        shades = [*told["colors"], *[told["colors"][-1]] * len(wanted)]
        parts += [
            Rule(f'"minutes" = {minutes:g} AND "level" = \'\'', known["style.within"].format(minutes=minutes), Symbol("fill", shade, "", opacity=told["opacity"]))
            for minutes, shade in zip(wanted, shades, strict=False)
        ]
        rules.append(Rule(f'"category" = \'{category}\'', own["category_name"].iloc[0], parts=parts, shown=number == 0))
    # The widest lie lowest.
    areas = areas.sort_values(["limit_m"], ascending=False, kind="stable", ignore_index=True)
    return Layer("isochrones", areas, {known["layer.isochrones"]: qml.by_rule(rules, aliases=_aliases(areas, known))} if rules else {})


def _gaps(result: Result, known: Mapping[str, str]) -> Layer:
    language, standard = result.settings.language, result.standard
    told = ["gap_id", "rank", "unit", "group", "people", "land_ha", "limit_m", "walk_m", "walk_min", "excess_m", "nearest_facility", "cause", "closes_in", "closing_status", "clause"]
    table = result.gap_areas.merge(result.gaps[told], on="gap_id", how="left", validate="one_to_one").sort_values("rank", ignore_index=True)
    for column, places in (("walk_m", 1), ("walk_min", 2), ("excess_m", 1), ("people", 2), ("land_ha", 4)):
        table[column] = table[column].where(np.isfinite(table[column])).round(places)
    causes = words(language)
    table["category_name"] = [standard.categories[c].name.get(language) for c in table["category"]]
    table["level_name"] = [standard.levels[level].name.get(language) for level in table["level"]]
    table["cause_name"] = [causes.get(f"cause.{cause}", cause) for cause in table["cause"]]
    table["group"] = [group_name(group, language) for group in table["group"]]
    table["closes_in"] = table["closes_in"].astype("Int64")
    colors = _colors()["gap"]
    kind = "fill" if _polygons(table) else "marker"
    symbol = Symbol(kind, colors["fill"], colors["line"], 0.2 if kind == "fill" else 1.8, colors["opacity"])
    listed = dict(zip(table["category"], table["category_name"], strict=True))
    rules = [
        Rule(f'"category" = \'{category}\'', listed[category], symbol, shown=number == 0)
        for number, category in enumerate(c for c in standard.categories if c in listed)
    ]
    return Layer("gaps", table, {known["layer.gaps"]: qml.by_rule(rules, aliases=_aliases(table, known))} if rules else {})


def _facilities(result: Result, known: Mapping[str, str]) -> Layer:
    language, standard = result.settings.language, result.standard
    columns = ["facility_id", "name", "raw_name", "raw_type", "categories", "status", "open_year", "open", "capacity", "entrance_source", "source", "rule", "confidence"]
    table = result.facilities[columns].copy()
    table["category_names"] = ["、".join(standard.categories[c].name.get(language) for c in served) for served in table["categories"]]
    table["categories"] = [";".join(served) for served in table["categories"]]
    load = result.capacity.facilities.drop_duplicates("facility_id").set_index("facility_id")
    for column, own in (("load", "load_all"), ("use", "use")):
        table[column] = load[own].reindex(table["facility_id"]).to_numpy(dtype=float).round(4)
    table["status_name"] = [known[f"status.{status}"] for status in table["status"]]
    table = gpd.GeoDataFrame(table, geometry=result.facilities.geometry.representative_point(), crs=result.facilities.crs)
    classes = [(status, known[f"status.{status}"], Symbol("marker", color, "#ffffff", 2.2)) for status, color in _colors()["status"].items()]
    return Layer("facilities", table, {known["layer.facilities"]: qml.by_value("status", classes, aliases=_aliases(table, known))})


def _write_styles(path: Path, layers: list[Layer], known: Mapping[str, str]) -> None:
    """The table `layer_styles` that QGIS reads, and titles of the layers."""
    rows = [
        (layer.name, "geom", name, style, number == 0)
        for layer in layers
        for number, (name, style) in enumerate(layer.styles.items())
    ]
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),"
            " f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,"
            " description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)"
        )
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, styleSLD,"
            " useAsDefault, description, owner, ui, update_time) VALUES ('', '', ?, ?, ?, ?, '', ?, '', '', NULL, ?)",
            [(*row, EPOCH) for row in rows],
        )
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
            (EPOCH,),
        )
        for layer in layers:
            database.execute("UPDATE gpkg_contents SET description = ? WHERE table_name = ?", (known[f"layer.{layer.name}"], layer.name))
