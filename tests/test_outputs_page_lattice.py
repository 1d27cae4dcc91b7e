"""The lattice of walk times, its classes and borders, and walks from one point, as the page's script works them out (node)."""

import numpy as np
import page_scripts
import pytest

#  A town of two streets at 0 and 400 m north, told on a plane of its own around 121.7 E, 29.9 N.
TOWN = """
const K = { lon: 96486.28, lat: 111320.0 };
const plane = { toMetres: (lon, lat) => [(lon - 121.7) * K.lon, (lat - 29.9) * K.lat], toDegrees: (x, y) => [121.7 + x / K.lon, 29.9 + y / K.lat] };
const streets = (...lines) => {
  const edges = { count: lines.length, first: [0], length_m: [], drawn: [], street: [], start: [], end: [] }, line = { x: [], y: [] };
  lines.forEach((points, i) => {
    points.forEach(([x, y]) => { line.x.push(x); line.y.push(y); });
    edges.first.push(line.x.length); edges.street.push(i); edges.drawn.push(1);
    edges.length_m.push(points.slice(1).reduce((sum, p, k) => sum + Math.hypot(p[0] - points[k][0], p[1] - points[k][1]), 0));
  });
  return { edges, line, plane, snap_limit_m: 150, names: lines.map((_, i) => `street ${i}`), component: lines.map((_, i) => i) };
};
lc.snapMany = (walking, xs, ys, { limit_m }) => {
  const out = { edge: [], offset_m: [], leg_m: [] };
  xs.forEach((x, i) => {
    let best = [-1, 0, Infinity];
    for (let e = 0; e < walking.edges.count; e++) {
      const a = walking.edges.first[e], along = Math.min(walking.line.x[a + 1], Math.max(walking.line.x[a], x));
      const far = Math.hypot(x - along, ys[i] - walking.line.y[a]);
      if (far <= limit_m && far < best[2]) best = [e, along - walking.line.x[a], far];
    }
    ["edge", "offset_m", "leg_m"].forEach((key, k) => out[key].push(best[k]));
  });
  return out;
};
"""


@pytest.fixture
def node(tmp_path):
    """What the page's own files answer to a script, which reads `given` and returns a value."""
    return lambda script, given=None: page_scripts.run(f"{TOWN}\n{script}", {}, folder=tmp_path, given=given)


def test_cells_are_square_on_the_ground_and_lie_within_reach_of_a_street(node):
    told = node("""
      const walking = streets([[0, 0], [1000, 0]], [[0, 400], [1000, 400]]), grid = lc.atOnce(lc.lattice(walking));
      const at = (i) => { const column = grid.cells[i] % grid.columns, row = (grid.cells[i] - column) / grid.columns, [lat, lon] = lc.onGround(grid, column, row); return plane.toMetres(lon, lat); };
      return { cell_m: grid.cell_m, points: Array.from(grid.cells, (_, i) => at(i)), leg: Array.from(grid.places.leg_m), edge: Array.from(grid.places.edge) };
    """)
    assert told["cell_m"] == 10
    points, leg = np.array(told["points"]), np.array(told["leg"], dtype=float)
    #  by a second method: the distance to the nearer of the two straight streets
    x, y = np.clip(points[:, 0], 0, 1000), points[:, 1]
    far = np.minimum(np.hypot(points[:, 0] - x, y), np.hypot(points[:, 0] - x, y - 400))
    on = far <= 150
    assert np.array_equal(on, np.array(told["edge"]) >= 0)
    assert np.allclose(leg[on], far[on], atol=1e-6)
    #  every cell within reach is there, and few others are: the sides of two streets of 1,000 m and four half circles at the ends
    area = 2 * 1000 * 300 + 2 * np.pi * 150**2
    assert on.sum() * 100 == pytest.approx(area, rel=0.01)
    assert on.mean() > 0.85
    gaps = np.diff(np.unique(points[:, 1].round(3)))
    #  between the two strips of ground lie 100 m without cells
    assert np.allclose(gaps[gaps < 50], 10, rtol=0.005)


def test_a_large_town_gets_larger_cells_and_not_more_of_them(node):
    told = node("""
      const rows = Array.from({ length: 40 }, (_, i) => [[0, 250 * i], [12000, 250 * i]]);
      const grid = lc.atOnce(lc.lattice(streets(...rows), { most: 20000 }));
      return { cell_m: grid.cell_m, cells: grid.cells.length };
    """)
    #  12.3 x 10.05 km of ground in 20,000 cells: 79 m by 79 m
    assert 75 <= told["cell_m"] <= 90
    assert 15_000 < told["cells"] <= 21_000


def test_bounds_cut_the_lattice(node):
    told = node("""
      const walking = streets([[0, 0], [1000, 0]]), side = (x, y) => { const [lon, lat] = plane.toDegrees(x, y); return [lc.mercator.x(lon), lc.mercator.y(lat)]; };
      const grid = lc.atOnce(lc.lattice(walking, { bounds: [...side(0, -50), ...side(200, 50)] }));
      return { cells: grid.cells.length, size: [grid.columns, grid.rows] };
    """)
    assert told["size"] == [pytest.approx(20, abs=1), pytest.approx(10, abs=1)]
    assert told["cells"] == told["size"][0] * told["size"][1]


def test_a_border_runs_where_the_field_passes_the_limit(node):
    #  a cone around the middle of 41 x 41 cells: its border at 12.25 cells is a circle
    told = node("""
      const size = 41, field = new Float32Array(size * size).map((_, i) => 10 * Math.hypot(i % size - 20, Math.floor(i / size) - 20));
      return lc.contours(field, size, size, 122.5, 10);
    """)
    (line,) = told
    assert line[0] == line[-1]
    points = np.array(line)
    assert np.hypot(*(points - 20).T) == pytest.approx(12.25, abs=0.05)
    x, y = points.T
    assert abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2 == pytest.approx(np.pi * 12.25**2, rel=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_borders_part_what_keeps_the_limit_from_what_does_not(node, seed):
    size = 24
    values = np.random.default_rng(seed).choice([0.0, 80.0, 120.0, 900.0, 1e9], size=(size, size))
    lines = node("return lc.contours(Float32Array.from(given.values), given.size, given.size, 100, 10);", {"values": values.ravel().tolist(), "size": size})
    assert all(line[0] == line[-1] for line in lines)
    #  how often a ray from each cell to the west crosses the borders
    crossings = np.zeros((size, size), dtype=int)
    for line in lines:
        for (x1, y1), (x2, y2) in zip(line[:-1], line[1:], strict=True):
            for row in range(size):
                if (y1 > row) != (y2 > row):
                    at = x1 + (row - y1) / (y2 - y1) * (x2 - x1)
                    crossings[row, np.arange(size) > at] += 1
    assert np.array_equal(crossings % 2 == 1, values <= 100)


def test_a_field_that_keeps_the_limit_everywhere_is_bordered_at_its_edge(node):
    (line,) = node("return lc.contours(new Float32Array(12), 4, 3, 5, 2);")
    x, y = np.array(line).T
    assert (x.min(), x.max(), y.min(), y.max()) == (-0.5, 3.5, -0.5, 2.5)


def test_work_in_portions_gives_what_work_at_once_gives(node):
    told = node("""
      const walking = streets([[0, 0], [3000, 0]]), work = lc.lattice(walking), once = lc.atOnce(lc.lattice(walking));
      let portions = 0, step = work.next();
      while (!step.done) { portions += 1; step = work.next(); }
      return { same: JSON.stringify(step.value) === JSON.stringify(once), portions };
    """)
    assert told["same"]
    assert told["portions"] >= 3
