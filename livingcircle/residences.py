"""Residential land and the people on it, as polygons or points, and the sample points that stand for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.errors import DataError, Fault, listed, raise_all, said
from livingcircle.coordinates import name_rows
from livingcircle.layers import Residences, Samples, Units, row_numbers
from livingcircle.reuse import Known, again
from livingcircle.sources.spreadsheet import number

# Points of a residence, at most and, in a study of ordinary size, at least; and in all: what is enough, and the most.
SAMPLES_PER_RESIDENCE, FEWER_SAMPLES = 1500, 400
ENOUGH_SAMPLES, MOST_SAMPLES = 100_000, 400_000
MOST_PEOPLE = 10_000_000
FINEST_M, COARSEST_M = 1.0, 15.0
# An irrational slope: no street or boundary runs along the lattice, so shares carry no rounding of whole rows.
LATTICE_ANGLE = np.arctan((np.sqrt(5) - 1) / 2)


def from_places(
    places: gpd.GeoDataFrame,
    *,
    columns: Mapping[str, str],
    people: str,
    groups: Mapping[str, str] | None = None,
    where: str = "residences",
) -> Residences:
    """Residences (`layers.RESIDENCES`) of raw polygons or points in a metric CRS.

    `people` names the column of residents of all ages; `groups` maps a group's id to its column, which becomes
    `people_<id>`; `columns` maps `id`, `name`, `open_year`. Blank people count as none and are counted in
    `attrs["without_people"]`. Raises `DataError`, all faults at once: a column that is missing, people that are not
    numbers or negative, a group larger than everybody, an id given twice.
    """
    faults: list[Fault] = []
    wanted = {"population": people, **{f"group {g}": c for g, c in (groups or {}).items()}}
    for key, column in wanted.items():
        if column not in places.columns:
            known = listed(str(c) for c in places.columns if c != places.geometry.name)
            faults.append(Fault(where, said("no column '{column}' ({key})", column=column, key=key), said("choose one of: {known}", known=known)))
    raise_all(faults, DataError)
    frame = gpd.GeoDataFrame(
        {
            "residence_id": _ids(places, columns.get("id"), where, faults),
            "name": _words(places, columns.get("name")),
            "unit": "",
            "people": _people(places, people, where, faults),
            "land_m2": places.geometry.area.to_numpy(),
            "open_year": _years(places, columns.get("open_year"), where, faults),
            **{f"people_{g}": _people(places, c, where, faults) for g, c in (groups or {}).items()},
        },
        geometry=places.geometry.to_numpy(),
        crs=places.crs,
    )
    for group in groups or {}:
        over = np.flatnonzero(frame[f"people_{group}"] > frame["people"] + 1e-9)
        if len(over):
            rows = name_rows(row_numbers(places)[over])
            faults.append(Fault(said("{where} {rows}", where=where, rows=rows), said("group {group} exceeds everybody", group=group), "correct the people"))
    raise_all(faults, DataError)
    if frame.empty:
        raise DataError(Fault(where, "no residence", "check the file and [residences.where]"))
    frame.attrs["without_people"] = int((frame["people"] == 0).sum())
    return frame


def _words(places: gpd.GeoDataFrame, column: str | None) -> list[str]:
    if not column or column not in places.columns:
        return [""] * len(places)
    return ["" if pd.isna(v) else str(v).strip() for v in places[column]]


def _ids(places: gpd.GeoDataFrame, column: str | None, where: str, faults: list[Fault]) -> list[str]:
    if not column:
        return [f"R{row:05d}" for row in range(1, len(places) + 1)]
    if column not in places.columns:
        faults.append(Fault(where, said("no column '{column}' (id)", column=column), "name the column of ids in [residences.columns]"))
        return [""] * len(places)
    blank = np.array([not v for v in _words(places, column)], dtype=bool)
    if blank.any():
        rows = name_rows(row_numbers(places)[blank])
        faults.append(
            Fault(said("{where} {rows}", where=where, rows=rows), said("no id in '{column}'", column=column), "give every residence an id of its own")
        )
    ids = [v[:-2] if v.endswith(".0") else v for v in _words(places, column)]
    told = pd.Series(ids, dtype=object)
    twice = sorted(set(told[told.duplicated()]))
    if twice:
        faults.append(Fault(where, said("ids given more than once: {names}", names=twice[:5]), "give every residence an id of its own"))
    return ids


def _people(places: gpd.GeoDataFrame, column: str, where: str, faults: list[Fault]) -> np.ndarray:
    people, unread = number(places[column])
    rows = row_numbers(places)
    if unread:
        wrong = name_rows(rows[places.index.isin(unread)])
        faults.append(Fault(said("{where} {rows}", where=where, rows=wrong), said("people in '{column}' are not numbers", column=column), "write numbers only"))
    if np.isinf(people).any() or (people > MOST_PEOPLE).any():
        wrong = name_rows(rows[(people > MOST_PEOPLE).to_numpy()])
        faults.append(
            Fault(said("{where} {rows}", where=where, rows=wrong), said("people in '{column}' are beyond belief", column=column), "correct these rows")
        )
    if (people < 0).any():
        wrong = name_rows(rows[(people < 0).to_numpy()])
        faults.append(Fault(said("{where} {rows}", where=where, rows=wrong), said("people in '{column}' are negative", column=column), "correct these rows"))
    return people.fillna(0).to_numpy(dtype=float)


def _years(places: gpd.GeoDataFrame, column: str | None, where: str, faults: list[Fault]) -> np.ndarray:
    if not column or column not in places.columns:
        return np.full(len(places), np.nan)
    years, unread = number(places[column])
    if unread:
        rows = name_rows(row_numbers(places)[places.index.isin(unread)])
        faults.append(Fault(
            said("{where} {rows}", where=where, rows=rows), said("open_year in '{column}' is not a year", column=column), "write a year or leave it blank"
        ))
    return years.to_numpy(dtype=float)


def in_year(residences: Residences, *, year: int | None) -> Residences:
    """The residences lived in by `year`; those that state no year always are.

    Raises `DataError` when residences state years and the study none, or when nobody lives anywhere yet.
    """
    opening = residences["open_year"].to_numpy(dtype=float)
    if year is None and not np.isnan(opening).all():
        problem = said("residences state the year they are lived in, but the study states no year")
        raise DataError(Fault("[study] year", problem, "add year = ... to study.toml, or give --year"))
    lived = np.isnan(opening) | (opening <= (np.inf if year is None else year))
    if not lived.any():
        raise DataError(Fault(said("residences"), said("none is lived in by {year}", year=year), "give a later year, or correct the years"))
    return residences[lived].reset_index(drop=True)


def assign_units(residences: Residences, units: Units | None) -> Residences:
    """The residences with `unit`: the unit that holds a point inside each residence, empty outside every unit."""
    points = gpd.GeoSeries(shapely.point_on_surface(residences.geometry.to_numpy()), crs=residences.crs)
    return residences.assign(unit=unit_of(points, units))


def unit_of(points: gpd.GeoSeries, units: Units | None) -> np.ndarray:
    """The unit that holds each point, the first where units overlap; empty outside every unit."""
    out = np.full(len(points), "", dtype=object)
    if units is not None and len(units):
        x, y = shapely.get_x(points.to_numpy()), shapely.get_y(points.to_numpy())
        for name, shape in zip(units["unit"], units.geometry, strict=True):
            west, south, east, north = shape.bounds
            near = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
            shapely.prepare(shape)
            held = near[shapely.intersects_xy(shape, x[near], y[near])]
            out[held[out[held] == ""]] = name
    return out


def sample(
    residences: Residences,
    units: Units | None = None,
    *,
    per_residence: int = SAMPLES_PER_RESIDENCE,
    among: int | None = None,
    known: Known | None = None,
) -> Samples:
    """Points that stand for the land and people of every residence (`layers.SAMPLES`, plus `people_<group>`).

    Each polygon gets about `per_residence` points on a turned lattice (1 to 15 m apart), fewer where there are many residences (`points_each`); each
    point stands for an equal part of the land and people. A residence given as a point is its own sample. Sums over the samples equal the sums over
    the residences. Shares of the land of a unit computed on them stay within 0.5 percentage points of a 2 m raster. `among` is how many residences a
    study has in all its years, so that a residence has the same points in each. `known` holds the points of residences sampled before.
    """
    aim = points_each(among or len(residences), per_residence=per_residence)
    owner, points = [], []
    for row, shape in enumerate(residences.geometry):
        found = np.array([shape]) if shape.geom_type == "Point" else again(known, _lattice_points, shape, aim)
        points.append(found)
        owner.append(np.full(len(found), row))
    row = np.concatenate(owner)
    share = 1 / np.bincount(row, minlength=len(residences))[row]
    splits = [c for c in residences.columns if c == "land_m2" or c == "people" or c.startswith("people_")]
    geometry = gpd.GeoSeries(np.concatenate(points), crs=residences.crs)
    return gpd.GeoDataFrame(
        {
            "residence_id": residences["residence_id"].to_numpy()[row],
            "unit": unit_of(geometry, units),
            **{column: residences[column].to_numpy()[row] * share for column in splits},
        },
        geometry=geometry,
        crs=residences.crs,
    )


def points_each(residences: int, *, per_residence: int = SAMPLES_PER_RESIDENCE) -> float:
    """How many points each of so many residences gets: `per_residence` as long as all together are not more than enough.

    >>> [points_each(number) for number in (10, 140, 800, 4000, 20_000)]
    [1500, 714.2857142857143, 400, 100.0, 50]
    """
    wanted = min(per_residence, max(ENOUGH_SAMPLES / residences, FEWER_SAMPLES))
    return max(min(wanted, MOST_SAMPLES / residences), min(per_residence, 50))


def _lattice_points(shape: shapely.Geometry, aim: float) -> np.ndarray:
    return shapely.points(lattice_inside(shape, aim=aim))


def lattice_inside(shape: shapely.Geometry, *, aim: float) -> np.ndarray:
    """About `aim` points of a turned square lattice inside `shape`, an (n, 2) array; at least one point."""
    step = float(np.clip(np.sqrt(shape.area / aim), FINEST_M, COARSEST_M))
    center = shapely.get_coordinates(shape.envelope.centroid)[0]
    west, south, east, north = shape.bounds
    half = int(np.ceil(np.hypot(east - west, north - south) / 2 / step)) + 1
    steps = step * np.arange(-half, half + 1)
    x, y = (axis.ravel() for axis in np.meshgrid(steps, steps))
    c, s = np.cos(LATTICE_ANGLE), np.sin(LATTICE_ANGLE)
    points = np.column_stack([c * x - s * y, s * x + c * y]) + center
    box = (points >= (west, south)).all(axis=1) & (points <= (east, north)).all(axis=1)
    points = points[box]
    shapely.prepare(shape)
    inside = points[shapely.contains_xy(shape, points[:, 0], points[:, 1])]
    return inside if len(inside) else shapely.get_coordinates(shapely.point_on_surface(shape))


def group_columns(groups: Sequence[str]) -> dict[str, str]:
    """The column of `layers.SAMPLES` that holds each group's residents; the group `all` is everybody.

    >>> group_columns(["all", "elderly"])
    {'all': 'people', 'elderly': 'people_elderly'}
    """
    return {group: "people" if group == "all" else f"people_{group}" for group in groups}
