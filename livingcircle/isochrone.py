"""The areas and streets reachable on foot within so many metres: cut exactly on streets, verified as areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.ops
from numba import njit

from livingcircle import contours
from livingcircle.barriers import Obstacles
from livingcircle.layers import STATUSES, Isochrones, Positions, Streets
from livingcircle.network import StreetNetwork
from livingcircle.snapping import REASONS, coordinates_of, snap
from livingcircle.search import Ends
from livingcircle.walk_time import QUICKEST, Way, search_from

FINEST_M, USUAL_M = 5.0, 10.0
USUAL_CELLS, MOST_CELLS = 600_000, 1_500_000
# Walks at neighboring points differ by less, unless something lies between these.
JUMP_CELLS = 3
PLACE = ("edge", "offset_m", "leg_m")


@dataclass(frozen=True)
class Grid:
    """Points on a square lattice of `cell_m`, then points along every street; one grid serves all areas of a run.

    `positions` lists the lattice points, row by row from the south, and after them the street points; `nearest_cell`
    gives the lattice row next to each street point. Street points keep a way narrower than a cell, such as a footbridge
    that is reached from elsewhere, from vanishing between lattice points.
    """

    west: float
    south: float
    cell_m: float
    columns: int
    rows: int
    positions: Positions
    nearest_cell: np.ndarray

    @property
    def points(self) -> np.ndarray:
        """The (rows * columns, 2) coordinates, row by row from the south."""
        return lattice(self.west, self.south, self.cell_m, self.columns, self.rows)

    @property
    def lattice(self) -> contours.Lattice:
        """The lattice alone."""
        return contours.Lattice(self.west, self.south, self.cell_m, self.columns, self.rows)

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Those of (n, 2) `points` that lie on the lattice's ground."""
        far = (self.west + self.cell_m * (self.columns - 1), self.south + self.cell_m * (self.rows - 1))
        return points[((points >= (self.west, self.south)) & (points <= far)).all(axis=1)]


def lattice(west: float, south: float, cell_m: float, columns: int, rows: int) -> np.ndarray:
    """The (rows * columns, 2) points of a square lattice, row by row from the south-west corner."""
    x, y = np.meshgrid(west + cell_m * np.arange(columns), south + cell_m * np.arange(rows))
    return np.column_stack([x.ravel(), y.ravel()])


def grid(
    network: StreetNetwork,
    bounds: Sequence[float],
    *,
    limit_m: float,
    barriers: Obstacles | None = None,
    cell_m: float | None = None,
) -> Grid:
    """The lattice over `bounds` (west, south, east, north in metres) with the street position of every point.

    `limit_m` and `barriers` are those of `snapping.snap`.

    Without `cell_m` the cell is 5 m on small areas and grows to 10 m; beyond that only where the lattice would pass
    1.5 million points.
    """
    west, south, east, north = (float(v) for v in bounds)
    extent = (east - west) * (north - south)
    usual = float(np.clip(np.sqrt(extent / USUAL_CELLS), FINEST_M, USUAL_M))
    cell_m = max(cell_m or usual, np.sqrt(extent / MOST_CELLS))
    columns, rows = int(np.ceil((east - west) / cell_m)) + 1, int(np.ceil((north - south) / cell_m)) + 1
    points = lattice(west, south, cell_m, columns, rows)
    bare = Grid(west, south, cell_m, columns, rows, snap(points, network, limit_m=limit_m, barriers=barriers), np.empty(0, dtype=int))
    return with_streets(bare, network)


def with_streets(cells: Grid, network: StreetNetwork) -> Grid:
    """The grid with points along every street of `network` after those that it has; edge rows are those of `network`."""
    on_streets, where = _street_points(network, step_m=cells.cell_m / 2)
    column = np.rint((where[:, 0] - cells.west) / cells.cell_m).astype(int)
    row = np.rint((where[:, 1] - cells.south) / cells.cell_m).astype(int)
    inside = (column >= 0) & (column < cells.columns) & (row >= 0) & (row < cells.rows)
    positions = pd.concat([cells.positions, on_streets[inside]], ignore_index=True)
    beside = (row * cells.columns + column)[inside]
    return replace(cells, positions=positions, nearest_cell=np.concatenate([cells.nearest_cell, beside]))


def _street_points(network: StreetNetwork, *, step_m: float) -> tuple[Positions, np.ndarray]:
    count = np.maximum(np.ceil(network.length_m / step_m).astype(int), 1)
    edge = np.repeat(np.arange(len(count)), count)
    number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    offset = (number + 0.5) * (network.length_m / count)[edge]
    positions = pd.DataFrame(
        {
            "edge": edge,
            "offset_m": offset,
            "leg_m": 0.0,
            "component": network.component[edge],
            "status": pd.Categorical.from_codes(np.zeros(len(edge), dtype=np.int8), categories=list(STATUSES)),
            "reason": pd.Categorical.from_codes(np.zeros(len(edge), dtype=np.int8), categories=list(REASONS)),
        }
    )
    return positions, coordinates_of(positions, network)


def reached_streets(
    network: StreetNetwork, entrances: Positions, *, limit_m: float, way: Way = QUICKEST
) -> Streets:
    """The stretches of street from which an entrance is within `limit_m`, cut exactly where the limit falls.

    `entrances` are street positions; their off-street leg counts. `limit_m` is in flat metres (metres of level street that
    take as long), in metres of the shortest walk if `way` says so; outward, the stretches that are reached from the
    entrances. Result: lines in the network's CRS with `edge`, `from_m`, `to_m` (metres along the edge). An edge entered
    from both ends may give two stretches, and the middle that the limit does not reach is left out.

    Source: every point at t on an edge of length L is min(d(start) + t, d(end) + L - t) away, plus the direct way along
    the edge from an entrance on it; t counts by what the edge costs in that direction.
    """
    door = np.flatnonzero(entrances["edge"].to_numpy() >= 0)
    at, offset = entrances["edge"].to_numpy()[door], entrances["offset_m"].to_numpy()[door]
    leg = entrances["leg_m"].to_numpy()[door]
    found = search_from(network, (at, offset, leg), limit_m=limit_m, way=way)
    length, edge = network.length_m, np.arange(len(network.length_m))
    states, extra, by_start, by_end = (network.ends_reached if way.outward else network.ends_left)(way.shortest)
    left = np.clip((limit_m - found.cost[states[:, 0]] - extra[0]) / by_start, 0, length)
    right = np.clip((limit_m - found.cost[states[:, 1]] - extra[1]) / by_end, 0, length)
    reach = limit_m - leg
    # The stretch before a door is walked toward the end on the way to it, toward the start on the way out.
    low, high = offset - reach / by_end[at], offset + reach / by_start[at]
    spans = pd.DataFrame(
        {
            "edge": np.concatenate([edge, edge, at[reach >= 0]]),
            "from_m": np.concatenate([np.zeros(len(edge)), length - right, np.maximum(low, 0)[reach >= 0]]),
            "to_m": np.concatenate([left, length, np.minimum(high, length[at])[reach >= 0]]),
        }
    )
    spans = spans[spans["to_m"] > spans["from_m"]].sort_values(["edge", "from_m"], ignore_index=True)
    spans = _merge(spans)
    lines = network.streets.geometry.to_numpy()[spans["edge"].to_numpy()]
    whole = (spans["from_m"].to_numpy() <= 0) & (spans["to_m"].to_numpy() >= length[spans["edge"].to_numpy()])
    cut = np.flatnonzero(~whole)
    for row, a, b in zip(cut, spans["from_m"].to_numpy()[cut], spans["to_m"].to_numpy()[cut], strict=True):
        lines[row] = shapely.ops.substring(lines[row], a, b)
    return gpd.GeoDataFrame(spans, geometry=lines, crs=network.crs)


def _merge(spans: pd.DataFrame) -> pd.DataFrame:
    """Overlapping stretches of one edge become one."""
    edge, low, high = (spans[c].to_numpy() for c in ("edge", "from_m", "to_m"))
    rows: list[list] = []
    for e, a, b in zip(edge, low, high, strict=True):
        if rows and rows[-1][0] == e and a <= rows[-1][2]:
            rows[-1][2] = max(rows[-1][2], b)
        else:
            rows.append([e, a, b])
    return pd.DataFrame(rows, columns=["edge", "from_m", "to_m"]).astype({"edge": int, "from_m": float, "to_m": float})


@dataclass(frozen=True)
class Spots:
    """Where the points of a grid, and others asked about, stand on the streets, in an order in which many searches go through them quickly.

    `points` are the lattice points that a street is near to, edge by edge (`first` tells where each begins), and `cell` their numbers in a lattice framed
    by a point more on every side; `others` the points along streets, with `beside` the numbers of the lattice points next to them, then those asked about.
    Each is told by edge rows, metres along them, and legs.
    """

    lattice: contours.Lattice
    points: tuple[np.ndarray, np.ndarray, np.ndarray]
    first: np.ndarray
    cell: np.ndarray
    others: tuple[np.ndarray, np.ndarray, np.ndarray]
    beside: np.ndarray

    @classmethod
    def of(cls, network: StreetNetwork, cells: Grid, asked: Positions) -> Spots:
        """Those of a grid and of the positions `asked` on the same network."""
        edge, offset, leg = (cells.positions[column].to_numpy() for column in PLACE)
        size = cells.rows * cells.columns
        on = np.flatnonzero(edge[:size] >= 0)
        on = on[np.argsort(edge[on], kind="stable")]
        first = np.searchsorted(edge[on], np.arange(len(network.length_m) + 1))
        cell, beside = (number + 2 * (number // cells.columns) + cells.columns + 3 for number in (on, cells.nearest_cell))
        others = tuple(np.concatenate([part[size:], asked[column].to_numpy()]) for part, column in zip((edge, offset, leg), PLACE, strict=True))
        return cls(cells.lattice, (edge[on], offset[on], leg[on]), first, cell, others, beside)


def reach(
    network: StreetNetwork, spots: Spots, doors: tuple[np.ndarray, ...], *, way: Way, limit_m: float
) -> tuple[np.ndarray, contours.Lattice, np.ndarray]:
    """The framed field of walks to the nearest of `doors` for limits of up to `limit_m`, its lattice (some rows of all), and the walks of those asked about.

    `doors` are told as places of `Spots` are.
    They are those of `walk_time.nearest`, corrected as by `field_of`; farther than a cell beyond the limit they may be anything that is farther, too.
    """
    lattice = spots.lattice
    jump = JUMP_CELLS * lattice.cell_m
    # What is not corrected by less than a jump beyond this does not matter to any border.
    farthest = limit_m + lattice.cell_m + jump
    door = np.flatnonzero(doors[0] >= 0)
    entered = tuple(part[door] for part in doors)
    found = search_from(network, entered, limit_m=farthest, way=way)
    ends = Ends(*(network.ends_reached if way.outward else network.ends_left)(way.shortest))
    near = np.isfinite(found.cost[ends.states]).any(axis=1)
    near[entered[0]] = True
    rows = _of_edges(spots.first, near)
    order = np.argsort(entered[0], kind="stable")
    told = (found.cost, network.length_m, ends), (entered, order, np.searchsorted(entered[0][order], np.arange(len(near) + 1)))
    points, others = _walks(*told, spots.points, rows), _walks(*told, spots.others, np.arange(len(spots.others[0])))
    streets, asked = others[: len(spots.beside)], others[len(spots.beside) :]
    low, high = _rows_met(spots.cell[rows], spots.beside[streets <= farthest], lattice.columns + 2)
    field = np.full((high - low + 2, lattice.columns + 2), np.inf)
    _lay(field.reshape(-1), (spots.cell[rows], points), (spots.beside, streets), (low - 1) * (lattice.columns + 2), jump)
    return field, lattice._replace(rows=high - low, below=low - 1), asked


def _rows_met(cell: np.ndarray, beside: np.ndarray, columns: int) -> tuple[int, int]:
    """The rows of a framed lattice in which these points lie: the first, and the one after the last."""
    every = [part for part in (cell, beside) if len(part)]
    if not every:
        return 1, 1
    return int(min(part.min() for part in every)) // columns, int(max(part.max() for part in every)) // columns + 1


@njit(cache=True, nogil=True)
def _of_edges(first, chosen):
    """The rows of what stands on the edges chosen; `first` tells where each edge's begin."""
    count = 0
    for edge in range(len(chosen)):
        if chosen[edge]:
            count += first[edge + 1] - first[edge]
    out = np.empty(count, np.int64)
    count = 0
    for edge in range(len(chosen)):
        if chosen[edge]:
            for row in range(first[edge], first[edge + 1]):
                out[count] = row
                count += 1
    return out


@njit(cache=True, nogil=True)
def _lay(field, points, streets, skipped, jump):
    """Lay walks on a flat field, whose first point has the number `skipped`: those of points, then what streets beside them tell of jumps."""
    cell, walk = points
    for row in range(len(cell)):
        field[cell[row] - skipped] = walk[row]
    beside, along = streets
    told = np.zeros(len(beside), np.int8)
    for row in range(len(beside)):
        at = beside[row] - skipped
        if 0 <= at < len(field):
            told[row] = 1 if along[row] > field[at] + jump else 2 if along[row] < field[at] - jump else 0
    for kind in (1, 2):
        for row in range(len(beside)):
            if told[row] == kind:
                at = beside[row] - skipped
                field[at] = max(field[at], along[row]) if kind == 1 else min(field[at], along[row])


@njit(cache=True, nogil=True)
def _walks(found, doors, places, rows):
    """The walk from each of the rows of places to the nearest of doors, as `walk_time.nearest` has it in the measure that is looked for.

    `doors` are told with their order by edges, and where in it those of each edge begin.
    """
    cost, length_m, (states, (paid_start, paid_end), by_start, by_end) = found
    (_, door_offset, door_leg), order, first = doors
    edge, offset, leg = places
    out = np.full(len(rows), np.inf)
    for number in range(len(rows)):
        row = rows[number]
        own, metres = edge[row], offset[row]
        if own < 0:
            continue
        ahead = cost[states[own, 0]] + (metres * by_start[own] + paid_start[own])
        back = cost[states[own, 1]] + ((length_m[own] - metres) * by_end[own] + paid_end[own])
        walk = ahead if ahead <= back else back
        for place in range(first[own], first[own + 1]):
            door = order[place]
            # Past no node, whichever end of the edge lies beyond the door.
            far = metres - door_offset[door]
            straight = abs(far) * (by_start[own] if far > 0 else by_end[own]) + door_leg[door]
            walk = straight if straight < walk else walk
        out[number] = walk + leg[row]
    return out


def areas(
    walk_m: np.ndarray,
    cells: Grid,
    *,
    limits_m: Sequence[float],
    crs,
    origins: np.ndarray | None = None,
) -> Isochrones:
    """One area a limit: where the walk, off-street leg included, is at most the limit.

    `walk_m` holds the walk of every position of `cells` (infinite where unreachable), `origins` an (n, 2) array of starting
    points: an origin that lies beyond the limit of its own leg still gets half a cell of ground. Result: `limit_m`
    and multipolygons with their holes, larger limits containing smaller ones; an empty one where nothing is
    reached. The border is a contour between lattice points, so it is true within one cell.
    """
    limits = sorted(float(limit) for limit in limits_m)
    starts = np.empty((0, 2)) if origins is None else origins
    shapes: list[shapely.Geometry] = []
    around = np.empty(0, dtype=object)
    for border in contours.borders(contours.framed(field_of(walk_m, cells)), cells.lattice, limits):
        shape, around = area(border, starts, cells.cell_m, around)
        shapes.append(shape)
    return gpd.GeoDataFrame({"limit_m": limits}, geometry=shapes, crs=crs)


def area(border: contours.Border, origins: np.ndarray, cell_m: float, around: np.ndarray) -> tuple[shapely.Geometry, np.ndarray]:
    """The area within a border and around those of its origins that lie beyond it; and the ground given to these, after that `around`.

    What smaller borders hold the larger hold, but not what ground was given to origins within smaller limits: `around` tells it.
    """
    shape = contours.area(border)
    shapely.prepare(shape)
    bare = ~shapely.contains_xy(shape, origins[:, 0], origins[:, 1])
    around = np.concatenate([around, shapely.buffer(shapely.points(origins[bare]), cell_m / 2)])
    more = around[~shapely.covers(shape, around)]
    if not len(more):
        return shape, around
    parts = shapely.get_parts(shape)
    # Only what the ground given meets is joined with it; areas have many more parts and corners.
    met = np.zeros(len(parts), dtype=bool)
    met[shapely.STRtree(parts).query(more, predicate="intersects")[1]] = True
    joined = shapely.get_parts(shapely.union_all(np.concatenate([parts[met], more])))
    shape = shapely.multipolygons(np.concatenate([parts[~met], joined]))
    shapely.prepare(shape)
    return shape, around


def field_of(walk_m: np.ndarray, cells: Grid) -> np.ndarray:
    """The walk at every lattice point in metres, by row and column, corrected where a street beside it tells of a jump between two points."""
    walk_m = np.asarray(walk_m, dtype=float)
    size = cells.rows * cells.columns
    field, street = walk_m[:size].copy(), walk_m[size:]
    jump = JUMP_CELLS * cells.cell_m
    beside = field[cells.nearest_cell]
    longer, shorter = street > beside + jump, street < beside - jump
    np.maximum.at(field, cells.nearest_cell[longer], street[longer])
    np.minimum.at(field, cells.nearest_cell[shorter], street[shorter])
    return field.reshape(cells.rows, cells.columns)
