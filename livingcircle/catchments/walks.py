"""Every pair of a door and an origin within a walk of each other, exact at any position on an edge.

One limited search a door finds its catchment; every other table of this package is drawn from the sparse one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from livingcircle.errors import Fault, StudyError, said
from livingcircle.layers import Positions, statuses
from livingcircle.network import StreetNetwork
from livingcircle.search import Catchments, Doors, within
from livingcircle.walk_time import QUICKEST, Way, arcs_of, minutes

# Walks are sums of many rounded lengths; a micrometre keeps a limit inclusive.
ROUNDING_M = 1e-6
# Doors searched together share tiles of the network; pairs looked at together take some tens of megabytes.
BLOCK_DOORS, BLOCK_STATES, BLOCK_PAIRS = 4_000, 4_000_000, 1_000_000


def catchments(
    network: StreetNetwork, doors: Positions, origins: Positions, *, limit_m: float, way: Way = QUICKEST
) -> pd.DataFrame:
    """Every pair of a door and an origin whose walk is within `limit_m`, in metres; a row a pair, and no other rows.

    Both tables are street positions (`layers.POSITIONS`). The limit is inclusive: flat metres (metres of level street that
    take as long) of the quickest walk, metres of the shortest if `way` says so. Columns: `door` and `origin` (rows of the
    two tables), `walk_m` and `flat_m` of one and the same walk, both off-street legs included; sorted by door and origin.
    Walks lead from origins to doors, or from the doors if `way` is outward. The least walk to an origin over all doors
    is that of `walk_time.nearest`. Whoever is off the network stands in no pair. Raises `StudyError` for a limit
    that is not a number of metres.

    >>> import geopandas as gpd
    >>> from livingcircle.network import from_lines
    >>> from livingcircle.snapping import snap
    >>> wkt = ["LINESTRING (0 0, 900 0)", "LINESTRING (0 5000, 900 5000)"]
    >>> streets = from_lines(gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(wkt), crs="EPSG:4550"))
    >>> doors = snap(np.array([[0.0, 0.0], [900.0, 0.0]]), streets, limit_m=100)
    >>> homes = snap(np.array([[300.0, 10.0], [500.0, 0.0], [300.0, 5000.0]]), streets, limit_m=100)
    >>> catchments(streets, doors, homes, limit_m=400).values.tolist()
    [[0.0, 0.0, 310.0, 310.0], [1.0, 1.0, 400.0, 400.0]]
    """
    if not limit_m >= 0:
        raise StudyError(Fault("limit_m", said("{limit_m} is no walk", limit_m=limit_m), "give metres, 0 or more"))
    ends = _Ends.of(network, origins, way)
    rows = np.flatnonzero(doors["edge"].to_numpy() >= 0)
    # Without a limit every catchment is as large as the network.
    step = BLOCK_DOORS if np.isfinite(limit_m) else max(1, BLOCK_STATES // network.states.size)
    parts = [_pairs_of(network, doors, rows[low : low + step], ends, (limit_m, way)) for low in range(0, len(rows), step)]
    door, origin, cost, other = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else _nothing()
    walk, flat = (cost, other) if way.shortest else (other, cost)
    return pd.DataFrame({"door": door, "origin": origin, "walk_m": walk, "flat_m": flat})


class _Side(NamedTuple):
    """One way from each origin to the streets' states: state `s` owns entries `first[s]` to `first[s + 1]`."""

    first: np.ndarray
    origin: np.ndarray
    cost: np.ndarray
    other: np.ndarray


class _Ends(NamedTuple):
    """Origins by the states that their walks pass by the start and by the end of their edge, and by their edge."""

    sides: tuple[_Side, _Side]
    edge: np.ndarray
    offset: np.ndarray
    leg: np.ndarray
    by_edge: np.ndarray

    @classmethod
    def of(cls, network: StreetNetwork, origins: Positions, way: Way) -> _Ends:
        edge, offset, leg = (origins[name].to_numpy() for name in ("edge", "offset_m", "leg_m"))
        on = np.flatnonzero(edge >= 0)
        states, flat, metres = (network.entering if way.outward else network.leaving)(edge[on], offset[on])
        cost, other = (metres, flat) if way.shortest else (flat, metres)
        sides = []
        for side in (0, 1):
            order = np.argsort(states[:, side], kind="stable")
            first = np.concatenate([[0], np.cumsum(np.bincount(states[:, side], minlength=network.states.size))])
            sides.append(_Side(first, on[order], cost[order, side], other[order, side]))
        return cls(tuple(sides), edge, offset, leg, on[np.argsort(edge[on], kind="stable")])


def _nothing() -> tuple[np.ndarray, ...]:
    return tuple(np.empty(0, dtype=kind) for kind in (np.int64, np.int64, float, float))


def _runs(first: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For runs of `count` entries that begin at `first`: the number of the run, and the entry, one after another."""
    run = np.repeat(np.arange(len(count)), count)
    return run, np.arange(len(run)) + np.repeat(first - np.cumsum(count) + count, count)


def _pairs_of(
    network: StreetNetwork, doors: Positions, rows: np.ndarray, ends: _Ends, terms: tuple[float, Way]
) -> tuple[np.ndarray, ...]:
    """The pairs of some doors: door, origin, the measure searched for, the other one."""
    limit_m, way = terms
    edge, offset, leg = (doors[name].to_numpy()[rows] for name in ("edge", "offset_m", "leg_m"))
    states, flat, metres = (network.leaving if way.outward else network.entering)(edge, offset)
    cost, other = (metres, flat) if way.shortest else (flat, metres)
    begun = Doors(states, leg[:, None] + cost, leg[:, None] + other)
    limit = limit_m + ROUNDING_M
    found = within(arcs_of(network, way), begun, limit=limit, engine=way.engine)
    along = _along_edges(network, (edge, offset, leg), ends, way)
    parts = list(_blocks(found, along, ends, limit)) or [_nothing()]
    door, *values = (np.concatenate(column) for column in zip(*parts, strict=True))
    return rows[door], *values


def _along_edges(
    network: StreetNetwork, doors: tuple[np.ndarray, np.ndarray, np.ndarray], ends: _Ends, way: Way
) -> tuple[np.ndarray, ...]:
    """Walks past no node, for all origins that share an edge with a door: door, origin, cost, other, sorted by door."""
    edge, offset, leg = doors
    low, high = (np.searchsorted(ends.edge[ends.by_edge], edge, side=side) for side in ("left", "right"))
    door, entry = _runs(low, high - low)
    origin = ends.by_edge[entry]
    here, there = ends.offset[origin], offset[door]
    flat = network.along(edge[door], *((there, here) if way.outward else (here, there))) + leg[door]
    metres = np.abs(here - there) + leg[door]
    return door, origin, *((metres, flat) if way.shortest else (flat, metres))


def _blocks(
    found: Catchments, along: tuple[np.ndarray, ...], ends: _Ends, limit: float
) -> Iterator[tuple[np.ndarray, ...]]:
    """The best walk of every pair within the limit, for as many doors at a time as a table of cells takes.

    The table is laid out once; only the cells of pairs are ever looked at, so that the work follows their number.
    """
    size, count = max(len(ends.leg), 1), len(found.indptr) - 1
    step = min(max(1, BLOCK_PAIRS // size), max(count, 1))
    best, rest = np.full(step * size, np.inf), None if found.other is found.cost else np.empty(step * size)
    for low in range(0, count, step):
        high = min(low + step, count)
        part = slice(found.indptr[low], found.indptr[high])
        base = np.repeat(np.arange(high - low) * size, np.diff(found.indptr[low : high + 1]))
        state, cost, other = found.state[part], found.cost[part], found.other[part]
        cells = []
        for side in ends.sides:
            label, entry = _runs(side.first[state], side.first[state + 1] - side.first[state])
            cell = base[label] + side.origin[entry]
            walks = cost[label] + side.cost[entry], None if rest is None else other[label] + side.other[entry]
            cells.append(_lower(best, rest, cell, walks))
        straight = slice(*np.searchsorted(along[0], [low, high]))
        cell = (along[0][straight] - low) * size + along[1][straight]
        cells.append(_lower(best, rest, cell, (along[2][straight], along[3][straight])))
        cell = np.sort(np.concatenate(cells))
        door, origin = np.divmod(cell, size)
        walk = best[cell] + ends.leg[origin]
        kept = walk <= limit
        more = walk if rest is None else rest[cell] + ends.leg[origin]
        best[cell] = np.inf
        yield low + door[kept], origin[kept], walk[kept], more[kept]


def _lower(
    best: np.ndarray, rest: np.ndarray | None, cell: np.ndarray, walks: tuple[np.ndarray, np.ndarray | None]
) -> np.ndarray:
    """Enter walks that are cheaper than what stands in their cells (no cell twice); the cells that were empty."""
    before = best[cell]
    cheaper = walks[0] < before
    best[cell[cheaper]] = walks[0][cheaper]
    if rest is not None:
        rest[cell[cheaper]] = walks[1][cheaper]
    return cell[np.isinf(before)]


def pairs(
    network: StreetNetwork,
    origins: Positions,
    ends: Positions,
    *,
    speed_kmh: float,
    limit_m: float = np.inf,
    every: bool = True,
) -> pd.DataFrame:
    """The quickest walk of every origin to every end within `limit_m` (inclusive, flat metres), in metres and minutes.

    Both tables are street positions (`layers.POSITIONS`). Columns `origin`, `end` (rows of the two tables), `walk_m`,
    `walk_min`, `from_leg_m`, `to_leg_m`, `status`, sorted by origin and end. With `every` a row for every pair: `reached`,
    `unreachable` (no street joins them, or none that this walker may use when there is no limit), `beyond_limit` or
    `off_network`, infinite metres unless reached. Otherwise reached pairs only, and memory follows their number. Raises
    `StudyError` for a limit that is not a number of metres.
    """
    # One search each for the shorter table.
    if len(origins) < len(ends):
        found = catchments(network, origins, ends, limit_m=limit_m, way=Way(outward=True))
        origin, end = found["door"].to_numpy(), found["origin"].to_numpy()
    else:
        found = catchments(network, ends, origins, limit_m=limit_m)
        origin, end = found["origin"].to_numpy(), found["door"].to_numpy()
    order = np.lexsort([end, origin])
    origin, end = origin[order], end[order]
    walk, flat = (found[name].to_numpy()[order] for name in ("walk_m", "flat_m"))
    status = statuses(np.zeros(len(walk), dtype=bool))
    if every:
        cell = origin * len(ends) + end
        origin, end = np.divmod(np.arange(len(origins) * len(ends)), max(len(ends), 1))
        walk, flat = _spread(walk, cell, len(origin)), _spread(flat, cell, len(origin))
        status = _statuses(network, (origins["edge"].to_numpy()[origin], ends["edge"].to_numpy()[end]), walk, limit_m)
    return pd.DataFrame(
        {
            "origin": origin,
            "end": end,
            "walk_m": walk,
            "walk_min": minutes(flat, speed_kmh=speed_kmh),
            "from_leg_m": origins["leg_m"].to_numpy()[origin],
            "to_leg_m": ends["leg_m"].to_numpy()[end],
            "status": status,
        }
    )


def _spread(values: np.ndarray, cell: np.ndarray, size: int) -> np.ndarray:
    out = np.full(size, np.inf)
    out[cell] = values
    return out


def _statuses(
    network: StreetNetwork, edges: tuple[np.ndarray, np.ndarray], walk: np.ndarray, limit_m: float
) -> pd.Categorical:
    off = (edges[0] < 0) | (edges[1] < 0)
    away = np.isinf(walk) & ~off
    apart = away if np.isinf(limit_m) else away & (network.component[edges[0]] != network.component[edges[1]])
    return statuses(apart, off, away & ~apart)
