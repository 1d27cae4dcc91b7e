"""Areas of many facilities: their time beside buffers of the reached lines, and how true they are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from benchmark_parts.clock import once
from benchmark_parts.table import Figure
from livingcircle.isochrone import reached_streets
from livingcircle.layers import Positions
from livingcircle.network import StreetNetwork, from_ways
from livingcircle.service_areas import Ground, service_areas
from livingcircle.snapping import snap
from livingcircle.sources.osm import read_ways
from livingcircle.walk_time import nearest

LIMITS_M = (400.0, 800.0, 1200.0)
SNAP_M, BUFFER_M, ASIDE_M, AROUND_M = 150.0, 25.0, 15.0, 100.0
CITY_M = 5_000.0


class Sample(NamedTuple):
    """Facilities, those whose areas are checked, points a check, and areas by buffers."""

    facilities: int
    checked: int
    points: int
    buffered: int


def streets_of(extract: Path, crs: str) -> StreetNetwork:
    """The walking network of an OSM extract."""
    return from_ways(read_ways(extract).to_crs(crs))


def rows(network: StreetNetwork, sample: Sample, *, name: str, rounds: int) -> list[Figure]:
    """The figures of areas, for facilities of the densest 10 km and for facilities all over the streets."""
    ground = Ground(SNAP_M)
    network.arcs_back, network.segments, network.components
    nodes = np.unique(network.start[network.component == 0])
    spots = network.places[nodes]
    middle = _densest(spots)
    city = nodes[(np.abs(spots - middle) <= CITY_M).all(axis=1)]
    figures = []
    points, doors = _facilities(network, city, sample.facilities)
    took = [once(lambda: _areas(network, points, doors, LIMITS_M[-1:], ground))[0] for _ in range(rounds)]
    each = np.median(took) / len(points) * 1e3
    told = f"{name}: {len(points):,} facilities within 10 x 10 km, cells of {ground.cell_m:g} m, joining the ground to streets included"
    seconds, areas = once(lambda: _areas(network, points, doors, LIMITS_M, ground))
    figures.append(Figure("area_ms", seconds / len(areas) * 1e3, f"{told}; limits {LIMITS_M}"))
    figures.append(Figure("area_ms_alone", each, f"{LIMITS_M[-1]:g} m, median of {rounds}"))
    figures.append(_buffer_row(network, doors, each, sample))
    figures += _truth(network, (points, doors, areas), sample, name)
    points, doors = _facilities(network, nodes, sample.facilities)
    seconds, areas = once(lambda: _areas(network, points, doors, LIMITS_M, ground))
    figures.append(Figure("area_ms_spread", seconds / len(areas) * 1e3, f"{len(points):,} facilities, limits {LIMITS_M}"))
    return figures + _truth(network, (points, doors, areas), sample, f"{name}, spread")


def _densest(spots: np.ndarray) -> np.ndarray:
    """The middle of the square of the city's size that holds the most nodes."""
    cell = np.floor(spots / CITY_M).astype(np.int64)
    corner, count = np.unique(cell, axis=0, return_counts=True)
    number = {tuple(spot): many for spot, many in zip(corner.tolist(), count.tolist(), strict=True)}
    held = [sum(number.get((x + a, y + b), 0) for a in (0, 1) for b in (0, 1)) for x, y in corner.tolist()]
    return (corner[int(np.argmax(held))] + 1) * CITY_M


def _facilities(network: StreetNetwork, nodes: np.ndarray, count: int) -> tuple[np.ndarray, Positions]:
    dice = np.random.default_rng(7)
    points = network.places[dice.choice(nodes, min(count, len(nodes)), replace=False)]
    points = points + dice.normal(0, ASIDE_M, points.shape)
    return points, snap(points, network, limit_m=SNAP_M)


def _areas(
    network: StreetNetwork, points: np.ndarray, doors: Positions, limits: tuple[float, ...], ground: Ground
) -> gpd.GeoDataFrame:
    return service_areas(network, doors, points, limits_m=limits, ground=ground)


def _buffer_row(network: StreetNetwork, doors: Positions, each: float, sample: Sample) -> Figure:
    dice = np.random.default_rng(8)
    chosen = dice.choice(len(doors), min(sample.buffered, len(doors)), replace=False)
    lines = [reached_streets(network, doors.iloc[[row]], limit_m=LIMITS_M[-1]).geometry.to_numpy() for row in chosen]
    took = [once(lambda own=own: shapely.union_all(shapely.buffer(own, BUFFER_M)))[0] for own in lines]
    theirs = np.mean(took) * 1e3
    how = f"{len(chosen)} areas at {LIMITS_M[-1]:g} m by lines buffered {BUFFER_M:g} m and united, {theirs:.3g} ms each without finding the lines"
    return Figure("buffer", theirs / each, how)


def _truth(
    network: StreetNetwork, made: tuple[np.ndarray, Positions, gpd.GeoDataFrame], sample: Sample, name: str
) -> list[Figure]:
    """Points of a 1 m raster are snapped and routed one by one and compared with the areas."""
    points, doors, areas = made
    dice = np.random.default_rng(9)
    shapes = areas.geometry.to_numpy().reshape(len(points), -1)
    asked = wrong = held = 0
    sound = bool(shapely.is_valid(shapes).all() and shapely.contains_xy(shapes[:, 0], points[:, 0], points[:, 1]).all())
    sound &= bool(shapely.covers(shapes[:, 1:], shapes[:, :-1]).all())
    for row in dice.choice(len(points), min(sample.checked, len(points)), replace=False):
        shape = shapes[row, -1]
        west, south, east, north = np.array(shape.bounds) + [-AROUND_M, -AROUND_M, AROUND_M, AROUND_M]
        spots = np.floor(dice.uniform((west, south), (east, north), (sample.points, 2))) + 0.5
        walk = nearest(network, snap(spots, network, limit_m=SNAP_M), doors.iloc[[row]], speed_kmh=4)["walk_m"].to_numpy()
        inside, true = shapely.contains_xy(shape, spots[:, 0], spots[:, 1]), walk <= LIMITS_M[-1]
        asked, wrong, held = asked + len(spots), wrong + (inside != true).sum(), held + true.sum()
    how = f"{name}: {sample.checked} areas at {LIMITS_M[-1]:g} m, {sample.points:,} seeded cells each of a 1 m raster of their box and 100 m around"
    return [
        Figure("difference", float(wrong / max(held, 1) * 100), how, sound),
        Figure("agreement", float(100 - wrong / max(asked, 1) * 100), f"{how}; all valid, nested, origins inside", sound),
    ]
