"""Where a candidate would have its door: along the fronts of parcels, and along streets; on ground that may be built on."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from livingcircle import coordinates
from livingcircle.layers import Barriers
from livingcircle.network import StreetNetwork
from livingcircle.network.graph import PUBLIC
from livingcircle.siting.candidates import from_streets

# Decimals of a degree in which a place is handed on: a hundredth of a metre, and the same place wherever it is read.
PLACES = 7


class Fronts(NamedTuple):
    """How parcels are laid out: metres from one door to the next along a parcel's edge, and how far from its edge a street may lie."""

    spacing_m: float
    reach_m: float


def fronts(parcels: gpd.GeoDataFrame, network: StreetNetwork, *, how: Fronts, excluded: gpd.GeoDataFrame | None = None) -> gpd.GeoDataFrame:
    """Candidate doors of parcels, as points: along each one's edge where a public street is near, and at its nearest point to one.

    `parcels` are polygons in the network's CRS with `parcel` (id), `name`, `area_m2`, `cost` and `needs_m2` (land that is needed there). Columns:
    `site_id` (the parcel's id, with a number where it has several doors), `name`, `parcel`, `allowed`, `cost`, `area_m2`. `allowed` is false where
    the ground outside `excluded` is less than what is needed, or the door lies on excluded ground. Doors of one parcel exclude each other.
    """
    lines = network.streets.geometry.to_numpy()[network.compound == PUBLIC]
    shut = None if excluded is None or not len(excluded) else shapely.union_all(excluded.geometry.to_numpy())
    tree = shapely.STRtree(lines)
    rows, points = [], []
    for row, shape in enumerate(parcels.geometry.to_numpy()):
        found = _doors(shape, lines, tree, how)
        rows += [row] * len(found)
        points += found
    at = np.array(rows, dtype=int)
    own = parcels.iloc[at].reset_index(drop=True)
    turn = own.groupby("parcel").cumcount().to_numpy() + 1
    several = own.groupby("parcel")["parcel"].transform("size").to_numpy() > 1
    allowed = np.ones(len(own), dtype=bool)
    if shut is not None:
        free = shapely.area(shapely.difference(parcels.geometry.to_numpy(), shut))
        shapely.prepare(shut)
        allowed = (free >= parcels["needs_m2"].to_numpy())[at] & ~shapely.intersects(shut, np.array(points, dtype=object))
    ids = [f"{id}-{n}" if many else str(id) for id, n, many in zip(own["parcel"], turn, several, strict=True)]
    columns = {"site_id": ids, "name": own["name"], "parcel": own["parcel"], "allowed": allowed, "cost": own["cost"], "area_m2": own["area_m2"]}
    return rounded(gpd.GeoDataFrame(columns, geometry=points, crs=network.crs))


def _doors(shape: shapely.Geometry, lines: np.ndarray, tree: shapely.STRtree, how: Fronts) -> list[shapely.Point]:
    """Doors of one parcel: its nearest point to any street first, then others along its edge, none nearer to another than the spacing."""
    edge = shapely.boundary(shape)
    if not len(lines):
        return [shape.point_on_surface()]
    near = lines[tree.query_nearest(shape, all_matches=False)[0]]
    first = shapely.get_point(shapely.shortest_line(edge, near), 0)
    kept = [first]
    steps = max(int(edge.length // how.spacing_m), 1)
    along = shapely.line_interpolate_point(shapely.get_parts(edge)[0], np.arange(steps) / steps, normalized=True)
    metres = tree.query_nearest(along, all_matches=False, return_distance=True)[1]
    for point in along[metres <= how.reach_m]:
        if min(point.distance(other) for other in kept) >= how.spacing_m * 0.75:
            kept.append(point)
    return kept


def along_streets(
    network: StreetNetwork, *, spacing_m: float, area: gpd.GeoDataFrame | None = None, excluded: gpd.GeoDataFrame | None = None, barriers: Barriers | None = None
) -> gpd.GeoDataFrame:
    """Candidate doors along public streets of `area`, one in every square of `spacing_m` metres; columns as those of `fronts`.

    `allowed` is false on `excluded` ground. A bridge is no place to build: positions within barriers that are areas, such as water, are left out.
    """
    found = from_streets(network, category="", spacing_m=spacing_m, area=area)
    public = network.compound[found.doors["edge"].to_numpy()] == PUBLIC
    dry = ~_within(found.sites.geometry.to_numpy(), barriers)
    sites = found.sites[public & dry].reset_index(drop=True)
    ids = [f"P{number}" for number in range(1, len(sites) + 1)]
    columns = {"site_id": ids, "name": "", "parcel": ids, "allowed": ~_within(sites.geometry.to_numpy(), excluded), "cost": 0.0, "area_m2": 0.0}
    return rounded(gpd.GeoDataFrame(columns, geometry=sites.geometry.to_numpy(), crs=network.crs))


def _within(points: np.ndarray, ground: gpd.GeoDataFrame | None) -> np.ndarray:
    if ground is None or not len(ground):
        return np.zeros(len(points), dtype=bool)
    shapes = ground.geometry.to_numpy()
    areas = shapes[shapely.get_dimensions(shapes) == 2]
    inside = np.zeros(len(points), dtype=bool)
    inside[shapely.STRtree(areas).query(points, predicate="intersects")[0]] = True
    return inside


def rounded(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The places at whole ten-millionths of a degree, `lon` and `lat` told: whoever reads these builds at the very same point."""
    degrees = shapely.get_coordinates(places.geometry.to_crs("EPSG:4326").to_numpy()).round(PLACES)
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*degrees.T), crs="EPSG:4326")
    back = coordinates.to_crs(frame, declared=None, target=places.crs, where="sites") if len(frame) else places
    return places.set_geometry(gpd.GeoSeries(back.geometry.to_numpy(), index=places.index, crs=places.crs)).assign(lon=degrees[:, 0], lat=degrees[:, 1])
