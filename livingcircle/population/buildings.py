"""People of land or of units split over the buildings on it: by dwellings where all are known, else by floor area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.coordinates import name_rows
from livingcircle.errors import Fault, listed, raise_all, said
from livingcircle.layers import RESIDENCES, Residences, check, row_numbers
from livingcircle.population.figures import facts, ground_faults, numbers, people_columns

COLUMNS = ("id", "name", "dwellings", "floor_area_m2", "storeys", "height_m")
NO_FLOOR = said("give footprints, or a column of floor areas or of dwellings")


def over_buildings(
    residences: Residences,
    buildings: gpd.GeoDataFrame,
    *,
    columns: Mapping[str, str],
    shape: Literal["point", "footprint"] = "point",
    where: str = "buildings",
) -> Residences:
    """The buildings as residences: the people of every residence split over the buildings on it, its sums kept.

    `residences` keep `layers.RESIDENCES` (or are whole units, see `stated.of_units`); `buildings` are dwelling houses only,
    footprints or points in the same metric CRS. `columns` maps `id`, `name`, `dwellings`, `floor_area_m2`, `storeys` and
    `height_m` to columns of the buildings. A building belongs to the first residence that holds a point inside it. A
    residence is split by dwellings where all its buildings tell theirs, else by floor area: as told, else footprint x
    storeys; storeys as told, else height over 3 m, else 1. All columns of people are split alike; land by footprint.
    Rows: by residence, its buildings in the order of their file, called `<residence>/<building>` (the building's id, else
    its row in the file), as a point inside or as the footprint. A residence without a building keeps its row.
    `attrs`: `buildings` and `buildings_outside` every residence, `split_by_dwellings` (residences), `storeys_from_height`
    and `storeys_unknown` (buildings that count as one storey, where floor area decides), `residences_without_building`
    and `people_without_building` of those with people. Raises `DataError`, all faults at once.
    >>> block = shapely.box([0, 50], 0, [20, 90], [10, 10])
    >>> land = {"residence_id": ["A"], "name": "", "unit": "", "people": [300.0], "land_m2": 9000.0, "open_year": np.nan}
    >>> land = gpd.GeoDataFrame(land, geometry=[shapely.box(-5, -5, 95, 85)], crs="EPSG:4550")
    >>> houses = gpd.GeoDataFrame({"层数": [4, 1]}, geometry=block, crs="EPSG:4550")  # 200 m2 x 4 and 400 m2 x 1
    >>> over_buildings(land, houses, columns={"storeys": "层数"})[["residence_id", "people"]].values.tolist()
    [['A/1', 200.0], ['A/2', 100.0]]
    """
    check(residences, RESIDENCES, where="residences")
    faults = ground_faults(("residences", residences), (where, buildings))
    ids = _ids(buildings, columns, where, faults)
    floor, dwellings, told = _weights(buildings, columns, where, faults)
    shapes = buildings.geometry.to_numpy()
    bare = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if bare.any():
        faults.append(Fault(said("{where} {rows}", where=where, rows=name_rows(row_numbers(buildings)[bare])), "no geometry", "draw or drop these rows"))
    raise_all(faults)
    points = shapely.point_on_surface(shapes)
    owner = _owners(points, residences.geometry.to_numpy())
    order = np.flatnonzero(owner >= 0)
    if not len(order):
        raise_all([Fault(where, "no building stands on a residence", "check both files, and their crs in study.toml")])
    order = order[np.argsort(owner[order], kind="stable")]
    own = owner[order]
    share, by_dwellings = _shares(floor[order], dwellings[order], own, len(residences))
    lacking = np.flatnonzero((floor[order] <= 0) & ~by_dwellings[own])
    if len(lacking):
        rows = name_rows(row_numbers(buildings)[order[lacking]])
        raise_all([Fault(said("{where} {rows}", where=where, rows=rows), "a building without floor area", NO_FLOOR)])
    ground = _proportions(shapely.area(shapes)[order], own, len(residences), share)
    split = residences.iloc[own].assign(
        residence_id=residences["residence_id"].astype(str).to_numpy()[own] + "/" + ids[order],
        land_m2=residences["land_m2"].to_numpy()[own] * ground,
        **{column: residences[column].to_numpy()[own] * share for column in people_columns(residences)},
    )
    if "name" in columns:
        given = buildings[columns["name"]].fillna("").astype(str).str.strip().to_numpy()[order]
        split["name"] = np.where(given == "", split["name"], given)
    split = split.set_geometry((points if shape == "point" else shapes)[order], crs=residences.crs)
    left = np.bincount(own, minlength=len(residences)) == 0
    out = pd.concat([split, residences[left]]).iloc[np.argsort(np.r_[own, np.flatnonzero(left)], kind="stable")]
    out = gpd.GeoDataFrame(out.reset_index(drop=True), geometry=residences.geometry.name, crs=residences.crs)
    out.attrs = _attrs(residences, left, by_dwellings, {key: marks[order] & ~by_dwellings[own] for key, marks in told.items()}, owner)
    return out


def _attrs(residences: Residences, left: np.ndarray, by_dwellings: np.ndarray, told: dict, owner: np.ndarray) -> dict:
    people = residences["people"].to_numpy(dtype=float)
    return {
        "buildings": int((owner >= 0).sum()),
        "buildings_outside": int((owner < 0).sum()),
        "split_by_dwellings": int(by_dwellings.sum()),
        **{key: int(marks.sum()) for key, marks in told.items()},
        "residences_without_building": int((left & (people > 0)).sum()),
        "people_without_building": float(people[left].sum()),
    }


def _ids(buildings: gpd.GeoDataFrame, columns: Mapping[str, str], where: str, faults: list[Fault]) -> np.ndarray:
    """The ids of the buildings, their rows where no column is named; faults for unknown keys, gaps and repetition."""
    unknown = sorted(set(columns) - set(COLUMNS))
    if unknown:
        faults.append(Fault(where, said("no use for columns {names}", names=listed(unknown)), said("known are: {known}", known=listed(COLUMNS))))
    for key in ("id", "name"):
        if key in columns and columns[key] not in buildings.columns:
            known = listed(str(c) for c in buildings.columns if c != buildings.geometry.name)
            faults.append(Fault(where, said("no column '{column}' ({key})", column=columns[key], key=key), said("choose one of: {known}", known=known)))
    rows = row_numbers(buildings)
    if columns.get("id") not in buildings.columns:
        return rows.astype(str).astype(object)
    given = buildings[columns["id"]]
    ids = given.fillna("").astype(str).str.strip().str.removesuffix(".0")
    twice = ids.duplicated(keep=False) & (ids != "")
    if (ids == "").any():
        faults.append(Fault(
            said("{where} {rows}", where=where, rows=name_rows(rows[ids == ""])),
            said("no id in '{column}'", column=columns["id"]),
            "give every building an id",
        ))
    if twice.any():
        names = sorted(set(ids[twice]))[:5]
        faults.append(Fault(where, said("ids given more than once: {names}", names=names), "give every building an id of its own"))
    return ids.to_numpy(dtype=object)


def _weights(
    buildings: gpd.GeoDataFrame, columns: Mapping[str, str], where: str, faults: list[Fault]
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Floor area and dwellings (NaN: not told) of every building, and the buildings whose storeys were not told."""
    known = facts()["storeys"]
    most = {
        "dwellings": facts()["dwellings"]["most_count"],
        "floor_area_m2": np.inf,
        "storeys": known["most"],
        "height_m": known["most_height_m"],
    }
    told = {
        key: numbers(buildings, columns[key], most=limit, where=where, faults=faults)
        if key in columns
        else np.full(len(buildings), np.nan)
        for key, limit in most.items()
    }
    if (told["storeys"] == 0).any():
        rows = name_rows(row_numbers(buildings)[told["storeys"] == 0])
        faults.append(Fault(said("{where} {rows}", where=where, rows=rows), "a building of 0 storeys", "write its storeys, or leave the cell blank"))
    lacks = np.isnan(told["floor_area_m2"])
    by_height = lacks & np.isnan(told["storeys"]) & (told["height_m"] > 0)
    unknown = lacks & np.isnan(told["storeys"]) & ~by_height
    guessed = np.maximum(np.where(by_height, told["height_m"], 0) / known["storey_height_m"], 1)
    storeys = np.where(np.isnan(told["storeys"]), guessed, told["storeys"])
    floor = np.where(lacks, shapely.area(buildings.geometry.to_numpy()) * storeys, told["floor_area_m2"])
    return floor, told["dwellings"], {"storeys_from_height": by_height, "storeys_unknown": unknown}


def _owners(points: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """The first shape that holds each point, -1 for none."""
    shape, point = shapely.STRtree(points).query(shapes, predicate="intersects")
    out = np.full(len(points), -1)
    order = np.argsort(-shape, kind="stable")
    out[point[order]] = shape[order]
    return out


def _shares(floor: np.ndarray, dwellings: np.ndarray, own: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The share of its residence that each building gets, and the residences that are split by dwellings."""
    silent = np.bincount(own[np.isnan(dwellings)], minlength=count) > 0
    whole = np.bincount(own, weights=np.nan_to_num(dwellings), minlength=count)
    by_dwellings = ~silent & (whole > 0)
    weight = np.where(by_dwellings[own], np.nan_to_num(dwellings), floor)
    return _proportions(weight, own, count, np.zeros(len(own))), by_dwellings


def _proportions(weight: np.ndarray, own: np.ndarray, count: int, otherwise: np.ndarray) -> np.ndarray:
    """`weight` over its sum for the same owner; `otherwise` where that sum is 0."""
    whole = np.bincount(own, weights=weight, minlength=count)[own]
    return np.where(whole > 0, weight / np.where(whole > 0, whole, 1), otherwise)
