"""The border of the ground on which a walk keeps a limit, drawn between the points of a square lattice (marching squares)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numba import njit

# Of the two lattice edges that begin at point p, the one eastward has the number 2 p and the one northward 2 p + 1.
FREE = 0


class Border(NamedTuple):
    """The rings of one limit: `points` ring after ring, closed, where each `starts`, and the ring around it (of an outer one itself).

    Inside is on the left. `touching` tells that a border runs through a lattice point, so that rings may meet there.
    """

    points: np.ndarray
    starts: np.ndarray
    around: np.ndarray
    touching: bool


class Lattice(NamedTuple):
    """A square lattice: the south-western point, metres between points, and how many columns and rows it has, these after so many `below`."""

    west: float
    south: float
    cell_m: float
    columns: int
    rows: int
    below: int = 0


def framed(field: np.ndarray) -> np.ndarray:
    """A field within a frame of points that nobody reaches."""
    out = np.full((field.shape[0] + 2, field.shape[1] + 2), np.inf)
    out[1:-1, 1:-1] = field
    return out


def borders(field: np.ndarray, lattice: Lattice, limits_m: Sequence[float]) -> list[Border]:
    """The border of each of `limits_m` in a `framed` field of metres; what is within a limit is within every larger one, to the last bit.

    Between two points the border lies where a straight line between their values meets the limit. Values count at most a cell above or below it,
    so that where walks jump (across a wall or a river) it lies half-way. What is at a limit is within.
    """
    limits = np.asarray(limits_m, dtype=float)
    x = lattice.west + lattice.cell_m * (np.arange(lattice.columns + 2) - 1)
    y = lattice.south + lattice.cell_m * (lattice.below + np.arange(lattice.rows + 2) - 1)
    ground = field, x, y, float(lattice.cell_m)
    quads, count = _crossed(field, limits)
    after = np.zeros(2 * field.size, dtype=np.int32)
    return [Border(*_traced(ground, limit, quads[number, : count[number]], after)) for number, limit in enumerate(limits.tolist())]


def area(border: Border) -> shapely.Geometry:
    """The valid multipolygon within a border, with its holes; an empty one where nothing is within."""
    points, starts, around, touching = border
    number = np.arange(len(around))
    if not len(number):
        return shapely.MultiPolygon()
    rings = shapely.linearrings(points, indices=np.repeat(number, np.diff(starts)))
    # Every outer ring is met before its holes.
    order = np.argsort(around, kind="stable")
    polygons = shapely.polygons(rings[order], indices=np.unique(around, return_inverse=True)[1][order])
    if not touching:
        # Crossings strictly between lattice points make rings that neither cross nor touch.
        return shapely.multipolygons(polygons)
    whole = shapely.multipolygons(polygons[shapely.area(polygons) > 0])
    return whole if whole.is_valid else shapely.make_valid(whole)


@njit(cache=True, nogil=True)
def _crossed(field, limits):
    """For every limit the squares through which its border runs, by the number of their south-western point, and how many they are."""
    rows, columns = field.shape
    out, count = np.empty((len(limits), (rows - 1) * (columns - 1)), np.int32), np.zeros(len(limits), np.int64)
    least, most = limits.min(), limits.max()
    for row in range(rows - 1):
        here, above = field[row], field[row + 1]
        low, high = min(here[0], above[0]), max(here[0], above[0])
        for column in range(columns - 1):
            a, b = here[column + 1], above[column + 1]
            next_low, next_high = min(a, b), max(a, b)
            bottom, top = min(low, next_low), max(high, next_high)
            low, high = next_low, next_high
            if bottom <= most and top > least:
                for number in range(len(limits)):
                    if bottom <= limits[number] < top:
                        out[number, count[number]] = row * columns + column
                        count[number] += 1
    return out, count


@njit(cache=True, nogil=True)
def _above(value, limit, cell):
    return min(max(value - limit, -cell), cell)


@njit(cache=True, nogil=True)
def _place(ground, limit, edge):
    """Where the border crosses a lattice edge, and whether at one of its ends."""
    field, x, y, cell = ground
    columns = field.shape[1]
    row, column = edge // 2 // columns, edge // 2 % columns
    level = edge % 2 == 0
    other = field[row, column + 1] if level else field[row + 1, column]
    first, last = (x[column], x[column + 1]) if level else (y[row], y[row + 1])
    here, there = _above(field[row, column], limit, cell), _above(other, limit, cell)
    if here > 0:
        first, last, here, there = last, first, there, here
    # However it is rounded, every step grows or falls with the limit, so crossings of larger limits never lie nearer to what is within.
    at = first + (last - first) / (1.0 + there / -here) if here < 0 else first
    return (at if level else x[column]), (y[row] if level else at), at == first or at == last


@njit(cache=True, nogil=True)
def _joined(ground, limit, quad, after, begun):
    """Lead the border through a square: `after` tells for every edge that it enters by which one it leaves (plus 1); gives the number of `begun`."""
    field, _, _, cell = ground
    columns = field.shape[1]
    row, column = quad // columns, quad % columns
    corner = (field[row, column], field[row, column + 1], field[row + 1, column + 1], field[row + 1, column])
    side = (2 * quad, 2 * (quad + 1) + 1, 2 * (quad + columns), 2 * quad + 1)
    count = 0
    for one in range(4):
        if corner[one] <= limit < corner[(one + 1) % 4]:
            begun[count] = one
            count += 1
    turn = 1
    if count == 2:
        # Of four corners two across are within: their middle tells whether they hang together.
        middle = _above(corner[0], limit, cell) + _above(corner[1], limit, cell) + _above(corner[3], limit, cell) + _above(corner[2], limit, cell)
        turn = 1 if middle <= 0 else 3
    for number in range(count):
        to = (begun[number] + turn) % 4
        while not (corner[to] > limit >= corner[(to + 1) % 4]):
            to = (to + turn) % 4
        begun[number] = side[begun[number]]
        after[begun[number]] = side[to] + 1
    return count


@njit(cache=True, nogil=True)
def _traced(ground, limit, quads, after):
    """The rings of one limit as `Border` has them; `after` is free before and after."""
    field = ground[0]
    begun = np.empty(2 * len(quads) + 2, np.int64)
    count = 0
    for quad in quads:
        count += _joined(ground, limit, quad, after, begun[count : count + 2])
    points = np.empty((2 * count, 2))
    starts, first, area = np.zeros(count // 4 + 1, np.int64), np.empty(count // 4, np.int64), np.empty(count // 4)
    rings = stop = 0
    touching = False
    for edge in begun[:count]:
        if after[edge] < FREE:
            continue
        first[rings], twice, low, at = 2 * field.size, 0.0, stop, edge
        while after[at] > FREE:
            points[stop, 0], points[stop, 1], met = _place(ground, limit, at)
            touching |= met
            if at % 2 == 0:
                first[rings] = min(first[rings], at)
            if stop > low:
                twice += _cross(points, low, stop)
            to = after[at] - 1
            # A traced edge tells its ring.
            after[at] = -1 - rings
            at, stop = to, stop + 1
        points[stop] = points[low]
        area[rings] = twice
        rings, stop = rings + 1, stop + 1
        starts[rings] = stop
    around = _around(first[:rings], area[:rings], after)
    for edge in begun[:count]:
        after[edge] = FREE
    return points[:stop].copy(), starts[: rings + 1].copy(), around, touching


@njit(cache=True, nogil=True)
def _cross(points, low, at):
    ax, ay = points[at - 1, 0] - points[low, 0], points[at - 1, 1] - points[low, 1]
    bx, by = points[at, 0] - points[low, 0], points[at, 1] - points[low, 1]
    return ax * by - bx * ay


@njit(cache=True, nogil=True)
def _around(first, area, after):
    """For every ring the outer ring of its area: the next ring to the west of its first edge, or the one around that."""
    around = np.arange(len(first))
    for ring in np.argsort(first):
        if area[ring] >= 0:
            continue
        edge = first[ring] - 2
        while edge >= 0 and after[edge] == FREE:
            edge -= 2
        # A ring without any area may be taken for a hole, and have none around it.
        around[ring] = around[-1 - after[edge]] if edge >= 0 else ring
    return around
