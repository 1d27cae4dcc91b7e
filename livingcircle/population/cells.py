"""People of cells (a raster, a grid, whole units) brought onto the residential land in them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.errors import Fault, raise_all, said
from livingcircle.layers import RESIDENCES, Residences, check
from livingcircle.population.figures import ground_faults, people_columns

# Land within a cell that is narrower than rounding is none.
LEAST_M2 = 1e-6


def onto_land(cells: Residences, land: Residences, *, within_m: float, where: str = "cells") -> Residences:
    """The residential land with the people of the cells: each cell split over the land in it, by area.

    `cells` and `land` keep `layers.RESIDENCES` in one metric CRS; cells are polygons or points, land polygons, whose own
    columns of people are replaced by those of the cells. A cell with people but without land goes to the nearest land
    at most `within_m` metres from its edge; beyond that it stays, as a row of its own after the land, with its id and
    `land_m2` 0. Every sum is kept. `attrs`: `people_before`, `people_after` and their `difference`; `cells_moved`,
    `people_moved`, `cells_kept`, `people_kept`; `land_without_people` (rows).
    Raises `DataError`, all faults at once: no metric CRS or two of them, land that is no polygon, `within_m` below 0 or
    no number, ids of cells kept that are ids of land. Without any residential land the cells are the residences
    themselves: `residences.from_places(cells, columns={"id": "cell"}, people="people")`.
    >>> shapes = shapely.box([0, 100, 500], 0, [100, 200, 600], 100)
    >>> told = {"residence_id": ["c1", "c2", "c3"], "name": "", "unit": "", "people": [80.0, 20.0, 7.0], "land_m2": 1e4}
    >>> cells = gpd.GeoDataFrame({**told, "open_year": np.nan}, geometry=shapes, crs="EPSG:4550")
    >>> land = cells.iloc[:2].assign(residence_id=["A", "B"], people=0.0)
    >>> land = land.set_geometry(shapely.box([0, 80], 0, [60, 100], 100))
    >>> onto_land(cells, land, within_m=50)[["residence_id", "people"]].values.tolist()  # c2 touches B; c3 is 400 m off
    [['A', 60.0], ['B', 40.0], ['c3', 7.0]]
    """
    check(cells, RESIDENCES, where=where)
    check(land, RESIDENCES, where="land")
    faults = ground_faults(("land", land), (where, cells))
    if not (np.isfinite(within_m) and within_m >= 0):
        faults.append(Fault(where, said("{within_m} m to the nearest land", within_m=within_m), "give metres, 0 or more"))
    if land.empty:
        faults.append(Fault("land", "no residential land", "give residential polygons, or take the cells as residences"))
    if not land.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        faults.append(Fault("land", "holds points", "give residential land as polygons"))
    raise_all(faults)
    split = people_columns(cells)
    people = cells[split].to_numpy(dtype=float)
    cell, plot, area = _overlaps(cells.geometry.to_numpy(), land.geometry.to_numpy())
    whole = np.bincount(cell, weights=area, minlength=len(cells))
    share = area / whole[cell]
    astray = np.flatnonzero((whole == 0) & (people[:, 0] > 0))
    lost, nearest, distance_m = _nearest(cells.geometry.to_numpy()[astray], land.geometry.to_numpy(), within_m)
    moved, kept = astray[lost], np.setdiff1d(astray, astray[lost])
    clash = sorted(set(cells["residence_id"].iloc[kept]) & set(land["residence_id"]))
    if clash:
        raise_all([Fault(where, said("ids of cells are ids of land: {names}", names=clash[:5]), "give cells and land ids of their own")])
    to, giver = np.r_[plot, nearest], np.r_[cell, moved]
    part = np.r_[share, np.ones(len(moved))]
    sums = {
        column: np.bincount(to, weights=people[giver, place] * part, minlength=len(land)) for place, column in enumerate(split)
    }
    filled = land.drop(columns=[c for c in people_columns(land) if c not in split]).assign(**sums)
    stay = cells.iloc[kept][[c for c in cells.columns if c in filled.columns or c == cells.geometry.name]].assign(land_m2=0.0)
    stay = stay.rename_geometry(filled.geometry.name) if stay.geometry.name != filled.geometry.name else stay
    out = filled.reset_index(drop=True) if stay.empty else pd.concat([filled, stay], ignore_index=True)
    out.attrs = _attrs(people[:, 0], out, moved=moved[distance_m > 0], kept=kept)
    out.attrs["land_without_people"] = int((sums["people"] == 0).sum())
    return out


def _attrs(people: np.ndarray, out: gpd.GeoDataFrame, *, moved: np.ndarray, kept: np.ndarray) -> dict:
    before, after = float(people.sum()), float(out["people"].sum())
    return {
        "people_before": before,
        "people_after": after,
        "difference": after - before,
        "cells_moved": len(moved),
        "people_moved": float(people[moved].sum()),
        "cells_kept": len(kept),
        "people_kept": float(people[kept].sum()),
    }


def _overlaps(cells: np.ndarray, land: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pairs of cells and land that share ground, and how much in m2."""
    tree = shapely.STRtree(land)
    cell, plot = tree.query(cells, predicate="intersects")
    area = np.zeros(len(cell))
    # Land wholly inside a cell needs no cutting, which is what takes time.
    within = np.isin(cell * len(land) + plot, np.ravel_multi_index(tree.query(cells, predicate="contains"), (len(cells), len(land))))
    area[within] = shapely.area(land)[plot[within]]
    area[~within] = shapely.area(shapely.intersection(cells[cell[~within]], land[plot[~within]]))
    real = area > LEAST_M2
    return cell[real], plot[real], area[real]


def _nearest(cells: np.ndarray, land: np.ndarray, within_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cells that have land within `within_m`, the nearest of it (the first where several are), and its distance."""
    if not len(cells):
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0)
    # A search radius of exactly 0 is refused; what lies beyond the stated distance is dropped again.
    (cell, plot), distance_m = shapely.STRtree(land).query_nearest(cells, max_distance=within_m + 1e-9, return_distance=True)
    order = np.lexsort([plot, cell])
    cell, plot, distance_m = cell[order], plot[order], distance_m[order]
    first = np.r_[True, cell[1:] != cell[:-1]][: len(cell)] & (distance_m <= within_m)
    return cell[first], plot[first], distance_m[first]
