"""What slope costs a walker: flat metres a metre of every edge, uphill and downhill, by a published walking function."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import shapely
from scipy.sparse import csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from livingcircle.errors import DataError, Fault, StudyError, said
from livingcircle.network import StreetNetwork


@cache
def rules() -> Mapping[str, Any]:
    """The shipped walking functions and how edges are cut, as `walking/slope.toml` states them."""
    return tomllib.loads((files("livingcircle") / "walking" / "slope.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Slope:
    """What slope does to the edges of a network; arrays over the edges.

    `forward` and `backward` are flat metres a metre (metres of level street that take as long) from start to end and back,
    1.0 on level ground and where no height is known; `grade` is the mean absolute rise over run, NaN where no height is
    known; `unknown_m` is the metres of street without heights (links across plazas are no street and count 0).
    """

    forward: np.ndarray
    backward: np.ndarray
    grade: np.ndarray
    unknown_m: float


def names() -> tuple[str, ...]:
    """The names of the walking functions that are shipped.

    >>> names()
    ('tobler', 'irmischer_clarke')
    """
    return tuple(rules()["functions"])


def pace(grade: np.ndarray, *, function: str) -> np.ndarray:
    """Flat metres a metre at every grade: the time a horizontal metre takes there, over the time on level ground.

    `grade` is rise over run, positive uphill. Both shipped functions are fastest on a slight descent, so that the pace is
    less than 1 there, as published. Raises `StudyError` for a `function` that is not shipped.
    Source: Tobler (1993), Irmischer & Clarke (2018), cited in `walking/slope.toml`.
    >>> pace(np.array([0.0, 0.1, -0.1]), function="tobler").round(4).tolist()
    [1.0, 1.4191, 1.0]
    """
    if function not in rules()["functions"]:
        raise StudyError(
            Fault("[walking] slope", said("unknown function {function!r}", function=function), said("choose one of {known}", known=sorted(names())))
        )
    told = rules()["functions"][function]
    speed = FORMULAS[told["formula"]]
    grade = np.asarray(grade, dtype=float)
    return speed(np.zeros(1), **told["coefficients"]) / speed(grade, **told["coefficients"])


def factors(network: StreetNetwork, heights_of: Callable[[np.ndarray], np.ndarray], *, function: str) -> Slope:
    """Flat metres a metre of every edge in both directions, as a `Slope`.

    `heights_of` gives metres of height, or NaN, at an (n, 2) array of points in the network's CRS; it is asked once. Every
    edge is cut into equal pieces of at most 30 m; the grade of each, at most 0.35 (`walking/slope.toml`), gives its time,
    and the edge is charged evenly along its length, whichever part of it is steep. Runs are the metres of the map.
    Bridges and tunnels (`layer` other than 0) rise straight from where they leave the ground to where they
    come back to it, whatever the ground below does; where several edges make up a bridge, over all of them. An edge with a
    point of unknown height counts as level, and its metres are told in `unknown_m`.
    Raises `StudyError` for a `function` that is not shipped, `DataError` when the heights are not one a point.
    >>> import geopandas as gpd
    >>> from livingcircle.network import from_lines
    >>> street = gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 60 0)"]), crs="EPSG:4550")
    >>> hill = factors(from_lines(street), lambda points: points[:, 0] / 10, function="tobler")
    >>> hill.forward.round(4).tolist(), hill.backward.round(4).tolist(), hill.grade.round(4).tolist()
    ([1.4191], [1.0], [0.1])
    """
    level = pace(np.zeros(1), function=function)
    off = network.streets["layer"].to_numpy() != 0
    pieces, owner, points = _cut(network, off)
    heights = np.asarray(heights_of(points), dtype=float)
    if heights.shape != (len(points),):
        problem = said("{shape} heights for {points} points", shape=heights.shape, points=len(points))
        raise DataError(Fault("heights", problem, "give one height for each point"))
    heights = np.where(np.isfinite(heights), heights, np.nan)
    last = np.cumsum(pieces + 1) - 1
    first = last - pieces
    if off.any():
        node = _deck_heights(network, off, np.stack([heights[first], heights[last]], axis=1))
        heights[first[off]], heights[last[off]] = node[network.start[off]], node[network.end[off]]
    inner = owner[1:] == owner[:-1]
    edge = owner[1:][inner]
    steepest = rules()["pieces"]["steepest"]
    grade = np.clip(np.diff(heights)[inner] / (network.length_m / pieces)[edge], -steepest, steepest)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(edge, weights=values, minlength=len(pieces)) / pieces

    steep = mean(np.abs(grade))
    unknown = np.isnan(steep)
    forward, backward = (np.where(unknown, level, mean(pace(way, function=function))) for way in (grade, -grade))
    return Slope(forward, backward, steep, float(network.street_m[unknown].sum()))


def _cut(network: StreetNetwork, off: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The number of pieces of every edge, and the ends of all pieces in order: edge row and (n, 2) coordinates."""
    # A hair less than a whole piece more would cut 30.000000001 m in two.
    pieces = np.maximum(np.ceil(network.length_m / rules()["pieces"]["step_m"] - 1e-6).astype(int), 1)
    pieces[off] = 1
    owner = np.repeat(np.arange(len(pieces)), pieces + 1)
    turn = np.arange(len(owner)) - np.repeat(np.cumsum(pieces + 1) - pieces - 1, pieces + 1)
    lines = network.streets.geometry.to_numpy()
    points = shapely.line_interpolate_point(lines[owner], turn / pieces[owner], normalized=True)
    return pieces, owner, shapely.get_coordinates(points)


def _deck_heights(network: StreetNetwork, off: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Heights of the nodes as bridges and tunnels meet them, given (edges, 2) heights of the ground at edge ends.

    Nodes that touch a street on the ground, and ends, keep the height of the ground. The nodes between, which hang in the
    air or lie in the rock, get the height of a straight grade: the mean of their neighbors, weighted by nearness.
    """
    size = len(network.nodes)
    ends = np.stack([network.start, network.end], axis=1)
    height = np.full(size, np.nan)
    height[ends[off]] = heights[off]
    free = np.bincount(ends[off].ravel(), minlength=size) > 1
    free[ends[~off]] = False
    a, b = ends[off & (network.start != network.end)].T
    near = 1 / network.length_m[off & (network.start != network.end)]
    within, border = free[a] & free[b], free[a] != free[b]
    joined = csr_array((np.ones(within.sum()), (a[within], b[within])), shape=(size, size))
    count, deck = connected_components(joined, directed=False)
    inner, shore = np.where(free[a], a, b)[border], np.where(free[a], b, a)[border]
    base = np.full(count, np.nan)
    base[deck[inner]] = height[shore]
    # A deck that nowhere comes to the ground keeps what the raster says; one with an unknown shore is unknown.
    lost = np.bincount(deck[inner], weights=np.isnan(height[shore]), minlength=count) > 0
    height[free & lost[deck]] = np.nan
    solved = free & np.isfinite(base)[deck] & ~lost[deck]
    if not solved.any():
        return height
    # Heights above one shore of the deck, so that a level bridge comes out exactly level.
    pull = near[border] * np.where(lost[deck[inner]], 0, height[shore] - base[deck[inner]])
    links = csr_array((near[within], (a[within], b[within])), shape=(size, size))
    links = (links + links.T)[solved][:, solved]
    weight = np.bincount(np.concatenate([a, b]), weights=np.tile(near, 2), minlength=size)[solved]
    above = spsolve((diags_array(weight) - links).tocsc(), np.bincount(inner, weights=pull, minlength=size)[solved])
    height[solved] = base[deck[solved]] + above
    return height


def _exponential(grade: np.ndarray, *, top: float, decline: float, shift: float) -> np.ndarray:
    return top * np.exp(-decline * np.abs(grade + shift))


def _bell(grade: np.ndarray, *, floor: float, height: float, shift: float, width: float) -> np.ndarray:
    return floor + height * np.exp(-((100 * grade + shift) ** 2) / (2 * width**2))


FORMULAS: Mapping[str, Callable[..., np.ndarray]] = {"exponential": _exponential, "bell": _bell}
