"""The figures that turn columns into people, and how a column of numbers is read and doubted."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle import residences as homes
from livingcircle.coordinates import name_rows, require_metric
from livingcircle.errors import DataError, Fault, listed, raise_all, said
from livingcircle.layers import Residences, row_numbers
from livingcircle.sources.spreadsheet import number

# The column in which people stand before they are residences; no file has it.
PEOPLE = "__people__"


@cache
def facts() -> Mapping[str, Any]:
    """The figures shipped, as `population/population.toml` states them, each with its evidence mark.

    >>> facts()["parcels"]["floor_area_per_person_m2"]
    35
    """
    return tomllib.loads((files("livingcircle") / "population" / "population.toml").read_text(encoding="utf-8"))


def numbers(frame: pd.DataFrame, column: str, *, most: float, where: str, faults: list[Fault]) -> np.ndarray:
    """The numbers of a column, NaN where the cell is blank; what is wrong with them is added to `faults`.

    Wrong are: a column that is missing, cells that are no numbers, and numbers below 0 or above `most`.
    >>> found = []
    >>> numbers(pd.DataFrame({"户数": ["120", "约80户", None, "-4"]}), "户数", most=1000, where="小区.csv", faults=found).tolist()
    [120.0, 80.0, nan, -4.0]
    >>> [str(fault) for fault in found]
    ["小区.csv row 4: numbers in '户数' are negative → correct these rows"]
    """
    if column not in frame.columns:
        geometry = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
        known = listed(str(c) for c in frame.columns if c != geometry)
        faults.append(Fault(where, said("no column '{column}'", column=column), said("choose one of: {known}", known=known)))
        return np.full(len(frame), np.nan)
    if pd.api.types.is_numeric_dtype(frame[column]):
        values, unread = frame[column].to_numpy(dtype=float, na_value=np.nan), np.zeros(len(frame), dtype=bool)
    else:
        plain = frame[column].reset_index(drop=True)
        read, wrong = number(plain)
        values, unread = read.to_numpy(dtype=float), np.isin(np.arange(len(frame)), wrong)
    rows = row_numbers(frame)
    for bad, problem, remedy in (
        (unread, said("numbers in '{column}' are not numbers", column=column), said("write numbers only")),
        (values < 0, said("numbers in '{column}' are negative", column=column), said("correct these rows")),
        (values > most, said("numbers in '{column}' are above {most:g}", column=column, most=most), said("correct these rows, or name the right column")),
    ):
        if bad.any():
            faults.append(Fault(said("{where} {rows}", where=where, rows=name_rows(rows[bad])), problem, remedy))
    return values


def as_residences(
    places: gpd.GeoDataFrame, people: np.ndarray, *, columns: Mapping[str, str] | None, where: str, faults: list[Fault]
) -> Residences:
    """Residences of raw places with these people (NaN counts as none); raises with `faults` and all faults of the places."""
    try:
        require_metric(places.crs, where=where)
        sound = np.where(np.isfinite(people) & (people >= 0), people, 0.0)
        own = {key: column for key, column in (columns or {}).items() if key in ("id", "name", "open_year")}
        made = homes.from_places(places.assign(**{PEOPLE: np.minimum(sound, homes.MOST_PEOPLE)}), columns=own, people=PEOPLE, where=where)
    except DataError as error:
        faults.extend(error.faults)
    raise_all(faults)
    return made


def ground_faults(*layers: tuple[str, gpd.GeoDataFrame]) -> list[Fault]:
    """The faults of named layers that are not all in one CRS in metres."""
    faults, seen = [], None
    for where, layer in layers:
        try:
            crs = require_metric(layer.crs, where=where)
        except DataError as error:
            faults += error.faults
            continue
        if seen is not None and crs != seen:
            faults.append(Fault(
                where, said("lies in {own}, the other layer in {other}", own=crs.name, other=seen.name), "bring both to the study's CRS"
            ))
        seen = seen or crs
    return faults


def people_columns(frame: pd.DataFrame) -> list[str]:
    """The columns of people: everybody first, then the groups in their order.

    >>> people_columns(pd.DataFrame(columns=["name", "people_old", "people"]))
    ['people', 'people_old']
    """
    return ["people", *(c for c in frame.columns if str(c).startswith("people_"))]
