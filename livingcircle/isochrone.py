"""The areas and streets reachable on foot within so many metres: cut exactly on streets, verified as areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.ops

from livingcircle import contours
from livingcircle.barriers import Obstacles
from livingcircle.layers import STATUSES, Isochrones, Positions, Streets
from livingcircle.network import StreetNetwork
from livingcircle.snapping import REASONS, coordinates_of, snap
from livingcircle.search import Ends, at_positions
from livingcircle.walk_time import QUICKEST, Way, along_one_edge, search_from

FINEST_M, USUAL_M = 5.0, 10.0
USUAL_CELLS, MOST_CELLS = 600_000, 1_500_000


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


def measured(network: StreetNetwork, places: Sequence[np.ndarray], doors: Positions, way: Way = QUICKEST) -> np.ndarray:
    """The walk from every place to the nearest of `doors`, in the metres that `way` looks for the fewest of; infinite where there is none.

    `places` are edge rows (-1 off the network), metres along them, and legs. These are the walks of `walk_time.nearest`, without what else it tells.
    """
    edge, offset, leg = places
    door = np.flatnonzero(doors["edge"].to_numpy() >= 0)
    ways_in = tuple(doors[column].to_numpy()[door] for column in ("edge", "offset_m", "leg_m"))
    found = search_from(network, ways_in, way=way)
    ends_of = network.ends_reached if way.outward else network.ends_left
    ends = Ends(*ends_of(way.shortest)), Ends(*ends_of(not way.shortest))
    walk, _, _ = at_positions(found, network.length_m, ends[0].states if network.costs is None else ends, (edge, offset))
    row, _, straight, _ = along_one_edge(network, (edge, offset), (door, *ways_in), way)
    walk[row] = np.minimum(walk[row], straight)
    return walk + np.where(edge < 0, 0.0, leg)


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
    smaller = None
    for border in contours.borders(field_of(walk_m, cells), cells.lattice, limits):
        shape, smaller = area(border, starts, cells.cell_m, smaller)
        shapes.append(shape)
    return gpd.GeoDataFrame({"limit_m": limits}, geometry=shapes, crs=crs)


def area(
    border: contours.Border, origins: np.ndarray, cell_m: float, smaller: shapely.Geometry | None = None
) -> tuple[shapely.Geometry, shapely.Geometry | None]:
    """The area within a border and around its origins, and what of it the next larger border may not hold: None where it does.

    `smaller` is that of the next smaller one.
    """
    shape = contours.area(border)
    shapely.prepare(shape)
    bare = ~shapely.contains_xy(shape, origins[:, 0], origins[:, 1])
    if not bare.any() and smaller is None:
        return shape, None
    around = shapely.buffer(shapely.points(origins[bare]), cell_m / 2)
    shape = shapely.union_all([shape, *around, *([] if smaller is None else [smaller])])
    shapely.prepare(shape)
    return shape, shape


def field_of(walk_m: np.ndarray, cells: Grid) -> np.ndarray:
    """The walk at every lattice point in metres, by row and column, corrected where a street beside it tells of a jump between two points."""
    walk_m = np.asarray(walk_m, dtype=float)
    size = cells.rows * cells.columns
    field, street = walk_m[:size].copy(), walk_m[size:]
    jump = 3 * cells.cell_m
    beside = field[cells.nearest_cell]
    longer, shorter = street > beside + jump, street < beside - jump
    np.maximum.at(field, cells.nearest_cell[longer], street[longer])
    np.minimum.at(field, cells.nearest_cell[shorter], street[shorter])
    return field.reshape(cells.rows, cells.columns)
