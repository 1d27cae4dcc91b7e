"""Which categories a row of a facility file serves: given, by OSM tags, by Amap or land codes, or by a column's words."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import geopandas as gpd
import pandas as pd

from livingcircle import coordinates, layers
from livingcircle.errors import DataError, Fault
from livingcircle.facilities import Classes
from livingcircle.standards import Standard, classify
from livingcircle.study.schema import FacilityFile


def classifier(told: FacilityFile, columns: dict, standard: Standard, raw: gpd.GeoDataFrame) -> Callable[[pd.Series], Classes]:
    """The function that answers which categories a row of a facility file serves.

    Raises `StandardError` for a category the standard does not know, and `DataError` for a column that is missing or,
    with `mapping = "table"`, cells that name no category; every such cell is listed.
    """
    if told.category is not None:
        ids = [told.category] if isinstance(told.category, str) else list(told.category)
        known = _category_names(standard)
        fixed = tuple((known.get(_plain(i)) or standard.category(i).id, "given", "high") for i in ids)
        return lambda row: fixed
    if told.mapping == "osm":
        return lambda row: classify(standard, tags=row["tags"], name=row["name"])
    key = "category" if told.mapping == "table" else "code"
    column = columns.get(key)
    if column is None or column not in raw.columns:
        known = ", ".join(str(c) for c in raw.columns if c != raw.geometry.name)
        raise DataError(
            Fault(told.path, f"mapping '{told.mapping}' needs the column of {key}", f"set columns.{key} to one of: {known}")
        )
    name = columns.get("name", "")
    if told.mapping == "land":
        return lambda row: classify(standard, land_code=str(row[column]), name=str(row.get(name, "")))
    if told.mapping == "amap":
        return lambda row: classify(standard, amap_code=str(row[column]), name=str(row.get(name, "")))
    return _by_table(told, column, standard, raw)


def _by_table(told: FacilityFile, column: str, standard: Standard, raw: gpd.GeoDataFrame) -> Callable[[pd.Series], Classes]:
    known = _category_names(standard)
    answers: dict[str, Classes] = {}
    faults = []
    for cell in raw[column].unique():
        text = "" if pd.isna(cell) else str(cell).strip()
        words = [w.strip() for w in text.replace("|", ";").replace("；", ";").replace("、", ";").split(";") if w.strip()]
        wrong = [w for w in words if _plain(w) not in known]
        rows = coordinates.name_rows(layers.row_numbers(raw)[(raw[column] == cell).to_numpy()]) if wrong else ""
        faults += [
            Fault(f"{told.path} {rows}", f"unknown category '{w}'", "use an id or name of `livingcircle standards show`, or leave it blank")
            for w in wrong
        ]
        answers[text] = tuple((known.get(_plain(w), ""), f"table:{w}", "high") for w in words)
    if faults:
        raise DataError(faults)
    return lambda row: answers["" if pd.isna(row[column]) else str(row[column]).strip()]


def _category_names(standard: Standard) -> dict[str, str]:
    """The id of every category by its id and its names in both languages, written plainly."""
    return {
        _plain(name): category.id
        for category in standard.categories.values()
        for name in (category.id, category.name.zh, category.name.en)
    }


def _plain(name: str) -> str:
    """A name without the differences of full and half width, case and blanks."""
    return unicodedata.normalize("NFKC", name).replace(" ", "").lower()
