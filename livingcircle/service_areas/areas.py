"""One area a facility and limit: all ground from which the walk, off-street legs included, is at most the limit."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import contourpy
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.errors import Fault, StudyError, raise_all, said
from livingcircle.layers import Isochrones, Positions
from livingcircle.network import StreetNetwork
from livingcircle.search import Doors, within
from livingcircle.service_areas.ground import WORKERS, Cells, Ground, Places, around, pieces
from livingcircle.walk_time import QUICKEST, Way, arcs_of

# Facilities this near share one look at the ground between them; it bounds memory.
TILE_M = 8_000.0
# Borders keep off lattice points by this part of a cell, so that no two rings of an area ever touch.
CLEAR_CELLS = 0.02
FAR_CELLS = 2.0
# Fractions of a cell are rounded to this, so that points on one lattice line share its coordinate exactly.
PARTS_OF_CELL = 2**14


class _Doors(NamedTuple):
    facility: np.ndarray
    point: np.ndarray
    at: Places


class _Costs(NamedTuple):
    """What walks between an edge's ends and positions on it cost: states, paid at the ends, by metre by start and end."""

    states: np.ndarray
    paid: tuple[np.ndarray, np.ndarray]
    by_start: np.ndarray
    by_end: np.ndarray


class _Side(NamedTuple):
    """Positions with their edge's place on the sheet, what is walked to them by its start and end, and the leg."""

    edge: np.ndarray
    by_start: np.ndarray
    by_end: np.ndarray
    leg: np.ndarray
    offset: np.ndarray


class _Sheet(NamedTuple):
    """The cells of one tile, ready for many facilities. Cells and rivals of an edge begin at `first` and `rival_first`.

    `edges` are the edges on the sheet; `beside` pairs the places of two edges, the ground of one having rivals on the other.
    """

    cells: Cells
    edges: np.ndarray
    first: np.ndarray
    rival_first: np.ndarray
    own: _Side
    rivals: _Side
    beside: tuple[np.ndarray, np.ndarray]


class _Walks(NamedTuple):
    """The cells near one facility's reach with their walks; rivals say whose (`of`) and how much farther (`gap`)."""

    column: np.ndarray
    row: np.ndarray
    walk: np.ndarray
    leg: np.ndarray
    of: np.ndarray
    gap: np.ndarray
    rival_walk: np.ndarray


def service_areas(
    network: StreetNetwork,
    doors: Positions,
    origins: np.ndarray,
    *,
    limits_m: Sequence[float],
    ground: Ground,
    way: Way = QUICKEST,
) -> Isochrones:
    """One area a facility and limit: where the walk to the facility, both off-street legs included, is at most the limit.

    `doors` are street positions (`layers.POSITIONS`); doors of one index value are entrances of one facility. `origins` is
    the (n, 2) array of their points. `limits_m` are flat metres, metres of the shortest walk if `way` says so. `ground`
    says how ground is joined to streets, as `snapping.snap` does. Result: `facility` (value of the index of `doors`),
    `limit_m`, and (multi)polygons in the network's CRS by facility in order of appearance and ascending limit, holes kept;
    a larger limit covers a smaller one; each area holds its origins. A facility off the network has empty areas.
    Raises `StudyError` for limits or cells that are not positive.

    Borders are contours between lattice points, placed where the limit falls, or where the ground of one street ends.

    >>> from livingcircle.network import from_lines
    >>> from livingcircle.snapping import snap
    >>> street = gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 2000 0)"]), crs="EPSG:4550")
    >>> homes = from_lines(street)
    >>> points = np.array([[1000.0, 0.0], [1000.0, 900.0]])
    >>> areas = service_areas(homes, snap(points, homes, limit_m=50), points, limits_m=[300], ground=Ground(50))
    >>> [round(area, -3) for area in areas.area]
    [55000.0, 0.0]
    """
    limits = sorted({float(limit) for limit in limits_m})
    _check(limits, ground)
    number, names = pd.factorize(doors.index)
    edge, offset, leg = (doors[c].to_numpy() for c in ("edge", "offset_m", "leg_m"))
    on = np.flatnonzero((edge >= 0) & (leg <= limits[-1]))
    told = _Doors(number[on], np.asarray(origins, dtype=float)[on], Places(edge[on], offset[on], leg[on]))
    shapes = np.full((len(names), len(limits)), shapely.MultiPolygon(), dtype=object)
    streets = pieces(network)
    for rows in _tiles(network, told):
        part = _Doors(told.facility[rows], told.point[rows], told.at.at(rows))
        for facility, drawn in _drawn(network, part, limits, (streets, ground, way)):
            shapes[facility] = drawn
    return gpd.GeoDataFrame(
        {"facility": np.repeat(np.asarray(names), len(limits)), "limit_m": np.tile(limits, len(names))},
        geometry=shapes.ravel(),
        crs=network.crs,
    )


def _check(limits: list[float], ground: Ground) -> None:
    faults = []
    if not limits or not all(np.isfinite(limit) and limit > 0 for limit in limits):
        faults.append(Fault("limits_m", said("not all of {limits} are positive metres", limits=limits), "give finite limits above 0"))
    if not (np.isfinite(ground.cell_m) and ground.cell_m > 0):
        faults.append(Fault("ground.cell_m", said("a cell of {cell_m} m", cell_m=ground.cell_m), "give a cell of some metres"))
    if not (np.isfinite(ground.limit_m) and ground.limit_m >= 0):
        faults.append(Fault("ground.limit_m", said("a leg of up to {limit_m} m", limit_m=ground.limit_m), "give a finite limit, not below 0"))
    raise_all(faults, StudyError)


def _tiles(network: StreetNetwork, told: _Doors) -> list[np.ndarray]:
    """Rows of doors by square tiles of ground; the doors of one facility stay together."""
    if not len(told.facility):
        return []
    _, first, code = np.unique(told.facility, return_index=True, return_inverse=True)
    tile = np.floor(told.point[first] / TILE_M)[code]
    order = np.lexsort([np.arange(len(code)), told.facility, tile[:, 0], tile[:, 1]])
    cuts = np.flatnonzero((np.diff(tile[order], axis=0) != 0).any(axis=1)) + 1
    return np.split(order, cuts)


def _drawn(
    network: StreetNetwork, doors: _Doors, limits: list[float], setting: tuple[list, Ground, Way]
) -> list[tuple[int, list[shapely.Geometry]]]:
    """Facility and its areas, for the facilities of one tile."""
    streets, ground, way = setting
    limit = limits[-1]
    costs = _Costs(*(network.ends_reached if way.outward else network.ends_left)(way.shortest))
    states, flat, metres = (network.leaving if way.outward else network.entering)(doors.at.edge, doors.at.offset)
    begun = (metres if way.shortest else flat) + doors.at.leg[:, None]
    found = within(arcs_of(network, way), Doors(states, begun, begun), limit=limit)
    reached = np.zeros(len(network.places), dtype=bool)
    reached[found.state] = True
    edges = reached[costs.states].any(axis=1)
    edges[doors.at.edge] = True
    sheet = _sheet(network, around(network, streets, edges, ground=ground), costs)
    ends = [(costs.states[sheet.edges, n], costs.paid[n][sheet.edges]) for n in (0, 1)]

    def some(groups: list[np.ndarray]) -> list[tuple[int, list[shapely.Geometry]]]:
        held, out = np.full(len(reached), np.inf), []
        for rows in groups:
            touched = [slice(*found.indptr[row : row + 2]) for row in rows]
            for part in touched:
                held[found.state[part]] = np.minimum(held[found.state[part]], found.cost[part])
            by_ends = tuple((held[state] + paid).astype(np.float32) for state, paid in ends)
            walks = _near(network, sheet, by_ends, (doors.at.at(rows), way), limit)
            out.append((doors.facility[rows[0]], _areas(walks, doors.point[rows], limits, ground)))
            for part in touched:
                held[found.state[part]] = np.inf
        return out

    groups = np.split(np.arange(len(doors.facility)), np.flatnonzero(np.diff(doors.facility)) + 1)
    # numpy and contourpy work without Python's lock for most of the time.
    with ThreadPoolExecutor(WORKERS) as pool:
        return [one for part in pool.map(some, (groups[n::WORKERS] for n in range(WORKERS))) for one in part]


def _sheet(network: StreetNetwork, cells: Cells, costs: _Costs) -> _Sheet:
    there = np.zeros(len(network.length_m), dtype=bool)
    there[cells.own.edge] = there[cells.rivals.edge] = True
    edges = np.flatnonzero(there)
    first = np.searchsorted(cells.own.edge, np.append(edges, len(network.length_m)))
    own, rivals = (_side(network, part, edges, costs) for part in (cells.own, cells.rivals))
    beside = own.edge[cells.of].astype(np.int64) * len(edges) + rivals.edge
    # Points stand in rows, so most pairs are those of the point before; sorting the rest is quick.
    beside = np.sort(beside[np.diff(beside, prepend=-1) != 0])
    beside = beside[np.diff(beside, prepend=-1) != 0]
    return _Sheet(
        cells, edges, first, np.searchsorted(cells.of, first), own, rivals, (beside // len(edges), beside % len(edges))
    )


def _side(network: StreetNetwork, places: Places, edges: np.ndarray, costs: _Costs) -> _Side:
    edge, offset, leg = places
    rest = (network.length_m[edge] - offset) * costs.by_end[edge] + leg
    # Single precision keeps walks of many kilometers true to a millimeter, in half the memory.
    parts = (offset * costs.by_start[edge] + leg, rest, leg)
    return _Side(np.searchsorted(edges, edge).astype(np.int32), *(part.astype(np.float32) for part in parts), offset)


def _near(
    network: StreetNetwork,
    sheet: _Sheet,
    ends: tuple[np.ndarray, np.ndarray],
    own: tuple[Places, Way],
    limit: float,
) -> _Walks:
    """The walks from the ground of the edges that are reached, and of those beside them."""
    doors, way = own
    reached = np.minimum(*ends) <= limit
    home = np.searchsorted(sheet.edges, doors.edge).clip(max=len(sheet.edges) - 1)
    known = sheet.edges[home] == doors.edge
    reached[home[known]] = True
    near = reached.copy()
    near[sheet.beside[0][reached[sheet.beside[1]]]] = True
    near = np.flatnonzero(near)
    rows, begin = _ranges(sheet.first, near)
    rivals, rival_begin = _ranges(sheet.rival_first, near)
    walk, rival_walk = _by_ends(sheet.own, rows, ends), _by_ends(sheet.rivals, rivals, ends)
    for n in np.flatnonzero(known):
        for side, chosen, walks in ((sheet.own, rows, walk), (sheet.rivals, rivals, rival_walk)):
            on = np.flatnonzero(side.edge[chosen] == home[n])
            direct = _direct(network, doors.at(np.array([n])), side.offset[chosen[on]], way)
            walks[on] = np.minimum(walks[on], direct + side.leg[chosen[on]])
    cells = sheet.cells
    many = np.diff(np.append(rival_begin, len(rivals)))
    of = cells.of.take(rivals) - np.repeat(sheet.first[near] - begin, many)
    told = (cells.column.take(rows), cells.row.take(rows), walk, sheet.own.leg.take(rows))
    return _Walks(*told, of, cells.gap.take(rivals), rival_walk)


def _ranges(first: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the chosen parts, one after the other, and where each part begins among them."""
    count = first[chosen + 1] - first[chosen]
    begin = np.cumsum(count) - count
    return np.repeat(first[chosen] - begin, count) + np.arange(count.sum()), begin


def _by_ends(side: _Side, rows: np.ndarray, ends: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    edge = side.edge[rows]
    walk = ends[1].take(edge)
    walk += side.by_end.take(rows)
    other = ends[0].take(edge)
    other += side.by_start.take(rows)
    return np.minimum(walk, other, out=walk)


def _direct(network: StreetNetwork, door: Places, offset: np.ndarray, way: Way) -> np.ndarray:
    """The walk straight along the door's own edge, the door's leg included."""
    if way.shortest:
        return np.abs(offset - door.offset) + door.leg
    there = np.broadcast_to(door.offset, offset.shape)
    return network.along(door.edge, *((there, offset) if way.outward else (offset, there))) + door.leg


def _areas(walks: _Walks, origins: np.ndarray, limits: list[float], ground: Ground) -> list[shapely.Geometry]:
    shapes: list[shapely.Geometry] = []
    bare = np.empty((0, 2), dtype=np.int64)
    for limit in limits:
        field = _field(walks, limit, ground)
        shape = _contour(walks, field, bare, ground.cell_m)
        # What holds its origins at one limit holds them at every larger one.
        out = ~shapely.contains_xy(shape, origins[:, 0], origins[:, 1]) if not shapes else np.zeros(1, dtype=bool)
        if out.any():
            corner = np.floor(origins[out] / ground.cell_m).astype(np.int64)
            bare = np.concatenate([corner + step for step in ((0, 0), (1, 0), (0, 1), (1, 1))])
            shape = _contour(walks, field, bare, ground.cell_m)
        shapes.append(shape)
    return shapes


def _field(walks: _Walks, limit: float, ground: Ground) -> np.ndarray:
    """How far every cell lies outside the limit (above 0) or inside (below 0), in metres where the border is near."""
    field = walks.walk - limit
    rival_in = walks.rival_walk <= limit
    divided = np.flatnonzero((field[walks.of] <= 0) != rival_in)
    of, gap = walks.of[divided], walks.gap[divided]
    field[of] = np.where(rival_in[divided], np.minimum(field[of], gap), np.maximum(field[of], -gap))
    field = np.maximum(field, walks.leg - ground.limit_m)
    clear = CLEAR_CELLS * ground.cell_m
    return np.where(field <= 0, np.minimum(field, -clear), np.maximum(field, clear))


def _contour(walks: _Walks, field: np.ndarray, bare: np.ndarray, cell_m: float) -> shapely.Geometry:
    """The area where `field` is below 0, by straight borders from lattice line to lattice line; cells `bare` are inside."""
    far = FAR_CELLS * cell_m
    use = field < far
    column, row = (np.concatenate([own[use], bare[:, n]]) for n, own in enumerate((walks.column, walks.row)))
    if not len(column):
        return shapely.MultiPolygon()
    west, south = column.min() - 1, row.min() - 1
    lattice = np.full((row.max() - south + 2, column.max() - west + 2), far)
    place = (row - south) * np.int64(lattice.shape[1]) + (column - west)
    lattice.ravel()[place] = np.concatenate([np.maximum(field[use], -far), np.full(len(bare), -cell_m)])
    made = contourpy.contour_generator(z=lattice, name="serial", fill_type=contourpy.FillType.ChunkCombinedOffsetOffset)
    points, rings, shells = (part[0] for part in made.filled(-np.inf, 0.0))
    if points is None:
        return shapely.MultiPolygon()
    points = (np.round(points * PARTS_OF_CELL) / PARTS_OF_CELL + (west, south)) * cell_m
    whole = np.array([0, len(shells) - 1])
    return shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, points, (rings, shells, whole))[0]
