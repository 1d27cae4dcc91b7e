"""Lattice points of the ground with the street position of each, and of the street next to it beyond a border.

A lattice tells only at its points which street they belong to. Beside the point's own street a second one is kept where it
is nearly as near: from the difference of the two legs follows where between two points the one street's ground ends.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import shapely

from livingcircle.barriers import Obstacles, crossed, inside
from livingcircle.network import StreetNetwork
from livingcircle.service_areas.lattice import lattice
from livingcircle.snapping import ISOLATED_M, snap

CELL_M = 3.0
# Cells on a side of a block, whose candidate streets are looked up together.
BLOCK = 16
TOGETHER = 2_000
WORKERS = max(1, min(2, os.cpu_count() or 1))
# Neighbors of different streets have legs that differ by two cells at most.
GAP_CELLS = 2.0


class Ground(NamedTuple):
    """How ground is joined to streets: legs of up to `limit_m` metres that cross no barrier, on cells of `cell_m`.

    `limit_m` and `barriers` are those of `snapping.snap`.
    """

    limit_m: float
    barriers: Obstacles | None = None
    cell_m: float = CELL_M


class Places(NamedTuple):
    """Street positions: edge rows, metres along them, off-street legs in metres."""

    edge: np.ndarray
    offset: np.ndarray
    leg: np.ndarray

    def at(self, rows: np.ndarray) -> Places:
        """The positions of these rows."""
        return Places(*(part[rows] for part in self))


class Cells(NamedTuple):
    """Lattice points (`column`, `row`; coordinates are these times the cell), their own positions, and rival ones.

    `rivals` are the next nearest positions on other streets where those are nearly as near, `of` says of which point, `gap`
    how much longer their leg is. All points are in the order of their edges, and rivals in the order of points.
    """

    column: np.ndarray
    row: np.ndarray
    own: Places
    of: np.ndarray
    gap: np.ndarray
    rivals: Places

    def points(self, cell_m: float) -> np.ndarray:
        """The (n, 2) coordinates."""
        return np.column_stack([self.column, self.row]) * cell_m


class Pieces(NamedTuple):
    """Straight pieces of some edges: rows of `network.segments`, their tree, and start, direction, 1 / length², length of all."""

    rows: np.ndarray
    tree: shapely.STRtree
    lines: np.ndarray


def pieces(network: StreetNetwork) -> list[Pieces]:
    """The pieces of long street components, and those of isolated ones, which serve only where no long one does."""
    ends, owner, _, tree = network.segments
    along = ends[:, 2:] - ends[:, :2]
    square = np.einsum("ij,ij->i", along, along)
    lines = np.column_stack([ends[:, :2], along, 1 / np.where(square > 0, square, 1), np.sqrt(square)])
    isolated = (network.components["length_m"].to_numpy() < ISOLATED_M)[network.component[owner]]
    if not isolated.any() or isolated.all():
        return [Pieces(np.arange(len(owner)), tree, lines)]
    parts = (np.flatnonzero(~isolated), np.flatnonzero(isolated))
    return [Pieces(rows, shapely.STRtree(tree.geometries[rows]), lines) for rows in parts]


def around(network: StreetNetwork, streets: list[Pieces], edges: np.ndarray, *, ground: Ground) -> Cells:
    """The lattice points within `ground.limit_m` of the streets that the mask `edges` marks, as `snapping.snap` joins them.

    Points a little farther than the limit are kept, with their leg, so that the limit can be drawn between two points.
    """
    blocks = _blocks(network, edges, ground)
    found = [_snapped(network, part, blocks, ground) for part in streets]
    cells = found[0]
    for less in found[1:]:
        cells = _instead(cells, less, ground.limit_m) if len(less.row) else cells
    if ground.barriers is not None:
        cells = _cleared(network, cells, ground)
    return _by_edge(cells)


def _blocks(network: StreetNetwork, edges: np.ndarray, ground: Ground) -> np.ndarray:
    """South-west corners (column, row) of the blocks that come within reach of the marked streets."""
    _, owner, _, tree = network.segments
    lines = tree.geometries[edges[owner]]
    if not len(lines):
        return np.empty((0, 2), dtype=np.int64)
    side = BLOCK * ground.cell_m
    reach = ground.limit_m + GAP_CELLS * ground.cell_m
    west, south, east, north = shapely.total_bounds(lines)
    columns = np.arange(np.floor((west - reach) / side), np.ceil((east + reach) / side))
    rows = np.arange(np.floor((south - reach) / side), np.ceil((north + reach) / side))
    corner = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    middle = shapely.points((corner + 0.5) * side)
    near = np.unique(shapely.STRtree(lines).query_nearest(middle, max_distance=reach + side, all_matches=False)[0])
    return corner[near].astype(np.int64) * BLOCK


def _snapped(network: StreetNetwork, streets: Pieces, blocks: np.ndarray, ground: Ground) -> Cells:
    parts = np.array_split(blocks, max(1, len(blocks) // TOGETHER))
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(lambda part: _few(network, streets, part, ground), parts))
    many = np.cumsum([0, *(len(part.row) for part in found)])
    of = np.concatenate([part.of + base for part, base in zip(found, many, strict=False)])
    column, row, gap = (np.concatenate([part[n] for part in found]) for n in (0, 1, 4))
    own, rivals = (Places(*(np.concatenate(c) for c in zip(*(part[n] for part in found), strict=True))) for n in (2, 5))
    return Cells(column, row, own, of, gap, rivals)


def _few(network: StreetNetwork, streets: Pieces, corners: np.ndarray, ground: Ground) -> Cells:
    """The cells of a few blocks, from the pieces that may be nearest to some cell of each block."""
    step, wide = ground.cell_m, GAP_CELLS * ground.cell_m
    reach = ground.limit_m + wide
    half = (BLOCK - 1) / 2 * step * np.sqrt(2)
    middle = shapely.points((corners + (BLOCK - 1) / 2) * step)
    (block, _), far = streets.tree.query_nearest(middle, max_distance=reach + half, all_matches=False, return_distance=True)
    group, piece = streets.tree.query(middle[block], predicate="dwithin", distance=far + 2 * half + wide)
    order = np.argsort(group, kind="stable")
    first = np.searchsorted(group[order], np.arange(len(block) + 1))
    _, owner, before, _ = network.segments
    streets_of = streets.lines, owner, before, network.length_m
    at, own, places, of, rival, rival_places = lattice(
        streets_of, (first, streets.rows[piece[order]], corners[block]), (BLOCK, step, reach, wide)
    )
    mine, theirs = Places(own, *places), Places(rival, *rival_places)
    return Cells(*at, mine, of, theirs.leg - mine.leg[of], theirs)


def _kept(cells: Cells, mask: np.ndarray) -> Cells:
    number = np.cumsum(mask) - 1
    held = mask[cells.of]
    return Cells(
        cells.column[mask], cells.row[mask], cells.own.at(mask),
        number[cells.of[held]], cells.gap[held], cells.rivals.at(held),
    )


def _key(cells: Cells) -> np.ndarray:
    return (cells.row.astype(np.int64) << 32) + cells.column


def _instead(cells: Cells, less: Cells, limit_m: float) -> Cells:
    """`cells`, those beyond the limit replaced by what `less` tells of them."""
    order = np.argsort(_key(less))
    place = np.searchsorted(_key(less), _key(cells), sorter=order).clip(max=len(order) - 1)
    same = _key(less)[order[place]] == _key(cells)
    served = cells.own.leg <= limit_m
    new = np.ones(len(order), dtype=bool)
    new[order[place[same & served]]] = False
    cells, less = _kept(cells, served | ~same), _kept(less, new)
    own, rivals = (Places(*(np.concatenate(c) for c in zip(cells[n], less[n], strict=True))) for n in (2, 5))
    column, row, gap = (np.concatenate([cells[n], less[n]]) for n in (0, 1, 4))
    return Cells(column, row, own, np.concatenate([cells.of, less.of + len(cells.row)]), gap, rivals)


def _cleared(network: StreetNetwork, cells: Cells, ground: Ground) -> Cells:
    """Cells whose leg crosses a barrier are joined as `snap` joins them; rivals across a barrier are none."""
    points = cells.points(ground.cell_m)
    shut = crossed(np.stack([points, _feet(network, cells.own)], axis=1), ground.barriers) | inside(points, ground.barriers)
    rows = np.flatnonzero(shut)
    again = snap(points[rows], network, limit_m=ground.limit_m, barriers=ground.barriers)
    for part, name in zip(cells.own, ("edge", "offset_m", "leg_m"), strict=True):
        part[rows] = again[name].to_numpy()
    legs = np.stack([points[cells.of], _feet(network, cells.rivals)], axis=1)
    fit = ~shut[cells.of]
    fit[fit] = ~crossed(legs[fit], ground.barriers)
    cells = cells._replace(of=cells.of[fit], gap=cells.gap[fit], rivals=cells.rivals.at(fit))
    return _kept(cells, cells.own.edge >= 0)


def _feet(network: StreetNetwork, places: Places) -> np.ndarray:
    lines = network.streets.geometry.to_numpy()[places.edge]
    return shapely.get_coordinates(shapely.line_interpolate_point(lines, places.offset))


def _by_edge(cells: Cells) -> Cells:
    order = np.argsort(cells.own.edge, kind="stable")
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    of = number[cells.of]
    rivals = np.argsort(of, kind="stable")
    column, row = cells.column[order].astype(np.int32), cells.row[order].astype(np.int32)
    return Cells(column, row, cells.own.at(order), of[rivals], cells.gap[rivals].astype(np.float32), cells.rivals.at(rivals))
