"""The years in which streets open, where a study states them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle import coordinates, layers
from livingcircle.errors import DataError, Fault, listed, said
from livingcircle.sources import osm
from livingcircle.sources.spreadsheet import number
from livingcircle.study.files import file_of
from livingcircle.study.schema import Streets, Study

OPEN_YEAR = "open_year"


def open_by(lines: gpd.GeoDataFrame, year: int | None, told: Streets) -> gpd.GeoDataFrame:
    """The lines that can be walked in `year`; without a year those that state none. Lines of no year are there always."""
    if OPEN_YEAR not in told.columns:
        return lines
    if OPEN_YEAR not in lines.columns:
        known = listed(str(c) for c in lines.columns if c != lines.geometry.name)
        raise DataError(Fault(
            told.path,
            said("no column '{column}' (columns.{key})", column=told.columns[OPEN_YEAR], key=OPEN_YEAR),
            said("choose one of: {known}", known=known),
        ))
    opens = _opening(lines, told)
    there = opens.isna() | (opens <= (-np.inf if year is None else year))
    if not there.any():
        raise DataError(Fault(told.path, "no street is open in the study's year", "check year and the opening years"))
    return lines[there.to_numpy()].reset_index(drop=True)


def _opening(lines: gpd.GeoDataFrame, told: Streets) -> pd.Series:
    opens, unread = number(lines[OPEN_YEAR])
    if len(unread):
        rows = coordinates.name_rows(layers.row_numbers(lines)[lines.index.isin(unread)])
        raise DataError(Fault(said("{where} {rows}", where=told.path, rows=rows), "opening years that are not numbers", "write a year or leave it blank"))
    return opens


def street_years(study: Study, base: Path) -> dict[int, int]:
    """How many lines of the study's street file open in each year; none where streets state no years."""
    told = study.streets
    path = base / told.path
    if OPEN_YEAR not in told.columns or osm.is_extract(path) or path.suffix.lower() == ".graphml":
        return {}
    lines = file_of(path, told).rename(columns={told.columns[OPEN_YEAR]: OPEN_YEAR})
    opens = _opening(lines, told).dropna().astype(int)
    return {int(year): int(count) for year, count in opens.value_counts().sort_index().items()}
