"""Candidate sites and existing ones: parcels, positions along streets, and the facilities of a category that stand."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.barriers import Obstacles
from livingcircle.errors import DataError, Fault, listed, raise_all, said
from livingcircle.land_codes import split, vocabularies
from livingcircle.layers import Entrances, Facilities, Positions, Streets
from livingcircle.network import StreetNetwork
from livingcircle.siting.problem import sites_of
from livingcircle.snapping import coordinates_of, snap
from livingcircle.standards import Category

FILE = Path(__file__).with_name("candidates.toml")


class Places(NamedTuple):
    """Sites (`SITES` with a point geometry), the street positions of their doors, and the site row of every door."""

    sites: gpd.GeoDataFrame
    doors: Positions
    owner: np.ndarray


@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def vacant(parcels: gpd.GeoDataFrame, *, vocabulary: str, category: Category | None = None, codes: tuple[str, ...] | None = None) -> gpd.GeoDataFrame:
    """The parcels of vacant land, by `land_code`, that are large enough for a site of the category by its standard, with `area_m2`.

    `codes` are the beginnings of codes that count as vacant (`candidates.toml` unless told). The area is that of column `area_m2` where there is
    one, else of the polygon, in the CRS's metres. A category for which no standard states a site area takes any parcel. Rows keep their index. Raises
    `DataError` without a column `land_code` or for an unknown vocabulary.
    """
    faults = []
    if "land_code" not in parcels.columns:
        faults.append(Fault("parcels", said("no column '{column}'", column="land_code"), "add the column, or map it in study.toml"))
    if vocabulary not in vocabularies():
        known = listed(vocabularies())
        faults.append(Fault("land codes", said("unknown vocabulary {vocabulary!r}", vocabulary=vocabulary), said("choose one of: {known}", known=known)))
    raise_all(faults, DataError)
    starts = tuple(_told()["vacant"][vocabulary]) if codes is None else codes
    empty = np.array([any(code.startswith(starts) for code in split(cell)) for cell in parcels["land_code"]], dtype=bool)
    area = _areas(parcels)
    return parcels.assign(area_m2=area)[empty & (area >= least_m2(category))]


def least_m2(category: Category | None) -> float:
    """The least land of one site of the category by its standard, in m²; 0 where none is stated."""
    stated = category.size.site_m2 if category is not None and category.size is not None else None
    return float(stated[0]) if stated else 0.0


def from_parcels(
    parcels: gpd.GeoDataFrame,
    network: StreetNetwork,
    *,
    category: str,
    snap_limit_m: float,
    takes_m2: float | None = None,
    barriers: Obstacles | None = None,
) -> Places:
    """A candidate site a parcel: its entrance is where its edge is nearest to a street, on the side of the barriers where it lies.

    `parcels` are polygons in the network's CRS; optional columns `parcel` (id; else the row's number from 1), `area_m2` (else of the polygon), `cost` (else 0),
    `capacity` (else any number), `allowed` (else true). Several rows of one parcel exclude each other. Without `takes_m2` a site
    takes the whole parcel; with it that much land, and the parcel and its cost are shared with other categories (see `lots`). A parcel with no street within `snap_limit_m` stays, with a door off the network. Raises `DataError` for rows that are no polygons.
    """
    shapes = parcels.geometry.to_numpy()
    wrong = [int(row) for row in np.flatnonzero(~np.isin(shapely.get_type_id(shapes), (3, 6)) | shapely.is_empty(shapes))[:5]]
    raise_all([Fault("parcels", said("no polygons in rows {rows}", rows=wrong), "draw or drop these rows")] if wrong else [], DataError)
    number = np.arange(1, len(parcels) + 1).astype(str)
    parcel = parcels["parcel"].astype(str).to_numpy() if "parcel" in parcels else number
    again = pd.Series(parcel).groupby(parcel).cumcount().to_numpy()
    ids = [f"{id}-{turn + 1}" if turn else str(id) for id, turn in zip(parcel, again, strict=True)]
    told = {name: parcels[name].to_numpy() for name in ("cost", "capacity", "allowed") if name in parcels}
    if takes_m2 is not None:
        told["cost"] = 0.0
    sites = sites_of(ids, category=category, **{**told, "parcel": parcel, "area_m2": _areas(parcels) if takes_m2 is None else takes_m2})
    points = _entrances(shapes, network)
    doors = snap(points, network, limit_m=snap_limit_m, barriers=barriers)
    return Places(gpd.GeoDataFrame(sites, geometry=shapely.points(points), crs=parcels.crs), doors, np.arange(len(sites)))


def lots(parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    """The parcels that several categories may share (`PARCELS`): `parcel`, `area_m2`, `cost`, read as `from_parcels` reads them; the first row of each.

    With them a parcel costs what it costs once, whatever is built there, and holds no more sites than it has land for.
    """
    number = np.arange(1, len(parcels) + 1).astype(str)
    parcel = parcels["parcel"].astype(str).to_numpy() if "parcel" in parcels else number
    cost = parcels["cost"].to_numpy(dtype=float) if "cost" in parcels else 0.0
    return pd.DataFrame({"parcel": parcel, "area_m2": _areas(parcels), "cost": cost}).drop_duplicates("parcel").reset_index(drop=True)


def _areas(parcels: gpd.GeoDataFrame) -> np.ndarray:
    drawn = shapely.area(parcels.geometry.to_numpy())
    if "area_m2" not in parcels:
        return drawn
    stated = pd.to_numeric(parcels["area_m2"], errors="coerce").to_numpy(dtype=float)
    return np.where(np.isnan(stated), drawn, stated)


def _entrances(shapes: np.ndarray, network: StreetNetwork) -> np.ndarray:
    """The point of each shape that is nearest to any street; within the shape where a street crosses it."""
    lines = network.streets.geometry.to_numpy()
    if not len(shapes) or not len(lines):
        return shapely.get_coordinates(shapely.point_on_surface(shapes)).reshape(-1, 2)
    near = shapely.STRtree(lines).query_nearest(shapes, all_matches=False)[1]
    edge = np.where(shapely.intersects(shapes, lines[near]), shapes, shapely.boundary(shapes))
    return shapely.get_coordinates(shapely.get_point(shapely.shortest_line(edge, lines[near]), 0)).reshape(-1, 2)


def from_streets(
    network: StreetNetwork,
    *,
    category: str,
    spacing_m: float,
    area: gpd.GeoDataFrame | None = None,
    excluded: gpd.GeoDataFrame | None = None,
) -> Places:
    """Candidate positions on the streets, one in every square of `spacing_m` metres that a street passes: that nearest to the square's middle.

    Only inside `area` and outside `excluded` (polygons in the network's CRS), and not on pieces of street cut off from the rest (`candidates.toml`). Each
    has a parcel of its own, costs nothing and serves any number. The order is from south-west to north-east, by rows. Raises `DataError` for a spacing that is none.
    """
    if not spacing_m > 0:
        raise DataError(Fault("spacing_m", said("{spacing_m} is no spacing", spacing_m=spacing_m), "give metres, more than 0"))
    joined = network.components["length_m"].to_numpy()[network.component] >= _told()["streets"]["isolated_m"]
    if not joined.any():
        joined[:] = True
    edge, offset, point = _along(network.streets, np.flatnonzero(joined), spacing_m / 10)
    kept = _in(point, area, True) & ~_in(point, excluded, False)
    edge, offset, point = edge[kept], offset[kept], point[kept]
    cell = np.floor(point / spacing_m)
    off = np.hypot(*(point - (cell + 0.5) * spacing_m).T)
    order = np.lexsort([offset, edge, off, cell[:, 0], cell[:, 1]])
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(cell[order], axis=0) != 0).any(axis=1)
    rows = order[first]
    doors = snap(point[rows], network, limit_m=1.0)
    sites = sites_of([f"P{number}" for number in range(1, len(rows) + 1)], category=category)
    return Places(gpd.GeoDataFrame(sites, geometry=shapely.points(coordinates_of(doors, network)), crs=network.crs), doors, np.arange(len(rows)))


def _along(streets: Streets, rows: np.ndarray, step_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points along streets, no farther from each other than a step: street row, metres along it, coordinates."""
    lines = streets.geometry.to_numpy()[rows]
    length = shapely.length(lines)
    count = np.maximum(np.ceil(length / step_m).astype(int), 1)
    which = np.repeat(np.arange(len(rows)), count)
    turn = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    offset = (turn + 0.5) * (length / count)[which]
    return rows[which], offset, shapely.get_coordinates(shapely.line_interpolate_point(lines[which], offset))


def _in(points: np.ndarray, polygons: gpd.GeoDataFrame | None, otherwise: bool) -> np.ndarray:
    if polygons is None:
        return np.full(len(points), otherwise)
    shape = shapely.union_all(polygons.geometry.to_numpy())
    shapely.prepare(shape)
    return shapely.intersects_xy(shape, points[:, 0], points[:, 1])


def existing(
    facilities: Facilities, entrances: Entrances, network: StreetNetwork, *, category: str, snap_limit_m: float, barriers: Obstacles | None = None
) -> Places:
    """The facilities of a category as sites that stand already, with a door an entrance.

    `facilities` are those that count (open ones, say), in the network's CRS; `capacity` is their own, any number where it is not known.
    """
    own = facilities[[category in served for served in facilities["categories"]]]
    capacity = pd.to_numeric(own["capacity"], errors="coerce").fillna(np.inf).to_numpy() if "capacity" in own else np.inf
    sites = sites_of(own["facility_id"].to_numpy(), category=category, fixed=True, capacity=capacity)
    row = {id: number for number, id in enumerate(own["facility_id"])}
    mine = entrances[entrances["facility_id"].isin(row)]
    doors = snap(shapely.get_coordinates(mine.geometry.to_numpy()), network, limit_m=snap_limit_m, barriers=barriers)
    middle = shapely.point_on_surface(own.geometry.to_numpy())
    return Places(gpd.GeoDataFrame(sites, geometry=middle, crs=own.crs), doors, np.array([row[id] for id in mine["facility_id"]], dtype=int))


def together(*places: Places) -> Places:
    """Places one after another; ids that repeat are told apart by a number. Sites of one parcel, by its name, share it."""
    before = np.cumsum([0, *(len(one.sites) for one in places)])
    sites = pd.concat([one.sites for one in places], ignore_index=True)
    again = sites.groupby("site_id").cumcount().to_numpy()
    sites["site_id"] = [f"{id}-{turn + 1}" if turn else id for id, turn in zip(sites["site_id"], again, strict=True)]
    doors = pd.concat([one.doors for one in places], ignore_index=True)
    owner = np.concatenate([one.owner + first for one, first in zip(places, before, strict=False)]).astype(int)
    return Places(gpd.GeoDataFrame(sites, geometry="geometry", crs=places[0].sites.crs), doors, owner)
