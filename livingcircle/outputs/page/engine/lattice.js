// The lattice that walk times are painted on: cells that are square on the map, over the ground within reach of a street,
// and the borders drawn between them. A cell is told by its row from the north and its column from the west.

(function (lc) {
  const EARTH_M = 6378137, TURN = Math.PI / 180;
  // Cells are as fine as so many allow: a lattice of a district in 10 m, of a city in what it takes.
  const MOST = 150000, FINEST_M = 10, COARSE_M = 25;
  // Cells joined to the street in one go, before the page may breathe again.
  const PORTION = 1500;

  // The map's own projection: a picture of the lattice lies on the map without being bent.
  lc.mercator = {
    x: (lon) => EARTH_M * lon * TURN,
    y: (lat) => EARTH_M * Math.log(Math.tan(Math.PI / 4 + lat * TURN / 2)),
    lon: (x) => x / EARTH_M / TURN,
    lat: (y) => (2 * Math.atan(Math.exp(y / EARTH_M)) - Math.PI / 2) / TURN,
  };

  // Vertices of all streets on the map.
  function* onMap(walking) {
    const { line, plane } = walking, count = line.x.length, x = new Float64Array(count), y = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const [lon, lat] = plane.toDegrees(line.x[i], line.y[i]);
      x[i] = lc.mercator.x(lon);
      y[i] = lc.mercator.y(lat);
      if (i % 20000 === 19999) yield;
    }
    return { x, y };
  }

  function frame(drawn, walking, bounds) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    const stretch = (x, y) => { box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y); box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y); };
    for (let i = 0; i < drawn.x.length; i++) stretch(drawn.x[i], drawn.y[i]);
    const perMetre = 1 / Math.cos(lc.mercator.lat((box[1] + box[3]) / 2) * TURN), reach = walking.snap_limit_m * perMetre;
    const wide = [box[0] - reach, box[1] - reach, box[2] + reach, box[3] + reach];
    if (!bounds) return { box: wide, perMetre };
    const [west, south, east, north] = bounds;
    return { box: [Math.max(wide[0], west), Math.max(wide[1], south), Math.min(wide[2], east), Math.min(wide[3], north)], perMetre };
  }

  const raster = ({ box, perMetre }, cell_m) => {
    const step = cell_m * perMetre;
    return { west: box[0], north: box[3], step, cell_m, columns: Math.max(1, Math.ceil((box[2] - box[0]) / step)),
      rows: Math.max(1, Math.ceil((box[3] - box[1]) / step)) };
  };

  // Marks the cells that a street passes: one mark at least every half cell along it.
  function passed(grid, drawn, edges) {
    const { west, north, step, columns, rows } = grid, marks = new Uint8Array(columns * rows);
    for (let edge = 0; edge < edges.count; edge++) {
      for (let i = edges.first[edge] + 1; i < edges.first[edge + 1]; i++) {
        const x = (drawn.x[i - 1] - west) / step, y = (north - drawn.y[i - 1]) / step;
        const dx = (drawn.x[i] - west) / step - x, dy = (north - drawn.y[i]) / step - y;
        const parts = Math.max(1, Math.ceil(2 * Math.hypot(dx, dy)));
        for (let part = 0; part <= parts; part++) {
          const column = Math.floor(x + dx * part / parts), row = Math.floor(y + dy * part / parts);
          if (column >= 0 && column < columns && row >= 0 && row < rows) marks[row * columns + column] = 1;
        }
      }
    }
    return marks;
  }

  // Cells within `reach` cells of a mark. First how far the nearest mark of the own row is, then a look at the rows around.
  function around(marks, columns, rows, reach) {
    const far = new Float64Array(columns * rows), out = [], most = Math.ceil(reach), square = reach * reach;
    for (let row = 0; row < rows; row++) {
      const from = row * columns;
      for (let i = 0, gap = Infinity; i < columns; i++) { gap = marks[from + i] ? 0 : gap + 1; far[from + i] = gap; }
      for (let i = columns - 1, gap = Infinity; i >= 0; i--) { gap = marks[from + i] ? 0 : gap + 1; far[from + i] = Math.min(far[from + i], gap); }
    }
    for (let row = 0; row < rows; row++) {
      const low = Math.max(0, row - most), high = Math.min(rows - 1, row + most);
      for (let column = 0; column < columns; column++) {
        for (let other = low; other <= high; other++) {
          const gap = far[other * columns + column];
          if (gap * gap + (other - row) * (other - row) <= square) { out.push(row * columns + column); break; }
        }
      }
    }
    return Int32Array.from(out);
  }

  // The lattice of a network (within `bounds` on the map: west, south, east, north), cell by cell, the work told in portions: run it by
  // `lc.inPortions` or to the end by `lc.atOnce`.
  // {west, north, step} on the map, `cell_m`, `columns`, `rows`, `cells` (row * columns + column) and their `places` on streets.
  lc.lattice = function* (walking, { bounds = null, most = MOST, viewNumber = 0 } = {}) {
    const drawn = yield* onMap(walking), ground = frame(drawn, walking, bounds);
    const reach = (grid) => walking.snap_limit_m / grid.cell_m + 1;
    const extent = (ground.box[2] - ground.box[0]) * (ground.box[3] - ground.box[1]) / (ground.perMetre * ground.perMetre);
    const rough = raster(ground, Math.max(COARSE_M, Math.sqrt(extent / most)));
    yield;
    const near = around(passed(rough, drawn, walking.edges), rough.columns, rough.rows, reach(rough)).length;
    const grid = raster(ground, Math.max(FINEST_M, Math.ceil(rough.cell_m * Math.sqrt(near / most))));
    yield;
    const marks = passed(grid, drawn, walking.edges);
    yield;
    grid.cells = around(marks, grid.columns, grid.rows, reach(grid));
    grid.view = viewNumber;
    grid.places = yield* lc.cellPlaces(walking, grid, viewNumber);
    return grid;
  };

  // Where every cell's middle meets the streets that a view leaves open, found as for homes.
  lc.cellPlaces = function* (walking, grid, viewNumber) {
    const { cells, columns, west, north, step } = grid, count = cells.length;
    const places = { edge: new Int32Array(count), offset_m: new Float64Array(count), leg_m: new Float64Array(count), length: count };
    for (let from = 0; from < count; from += PORTION) {
      const to = Math.min(count, from + PORTION), xs = new Float64Array(to - from), ys = new Float64Array(to - from);
      for (let i = from; i < to; i++) {
        const column = cells[i] % columns, row = (cells[i] - column) / columns;
        const at = walking.plane.toMetres(lc.mercator.lon(west + (column + 0.5) * step), lc.mercator.lat(north - (row + 0.5) * step));
        xs[i - from] = at[0];
        ys[i - from] = at[1];
      }
      const found = lc.snapMany(walking, xs, ys, { limit_m: walking.snap_limit_m, barriers: true, viewNumber });
      ["edge", "offset_m", "leg_m"].forEach((key) => places[key].set(found[key], from));
      yield;
    }
    return places;
  };

  // Values of the cells laid out as a full raster, infinite where there is no cell.
  lc.field = function (grid, values) {
    const out = new Float32Array(grid.columns * grid.rows).fill(Infinity);
    grid.cells.forEach((cell, i) => { out[cell] = values[i]; });
    return out;
  };

  // Runs the portions of a generator to its end, at once.
  lc.atOnce = function (work) {
    let step = work.next();
    while (!step.done) step = work.next();
    return step.value;
  };

  // Runs the portions of a generator a few milliseconds at a time, so that the page stays at hand; gives a way to stop it.
  lc.inPortions = function (work, done, { most_ms = 12 } = {}) {
    let stopped = false;
    const go = () => {
      if (stopped) return;
      const until = performance.now() + most_ms;
      let step;
      do step = work.next(); while (!step.done && performance.now() < until);
      if (step.done) done(step.value);
      else setTimeout(go, 0);
    };
    setTimeout(go, 0);
    return () => { stopped = true; };
  };

  // Lines where a field passes `limit`, in columns and rows of cell middles; what lies within is on their left, on the map.
  // Where a walk jumps (across a wall, a river) the border belongs half-way between two cells, so values count at most
  // `most` above or below the limit.
  lc.contours = function (field, columns, rows, limit, most) {
    const wide = columns + 2, next = new Map();
    const at = (column, row) => {
      const value = column < 0 || row < 0 || column >= columns || row >= rows ? most : Math.min(most, Math.max(-most, field[row * columns + column] - limit));
      // What keeps the limit to the metre is within.
      return value <= 1e-6 ? Math.min(value, -1e-9) : value;
    };
    const corner = new Float64Array(4);
    for (let row = -1; row < rows; row++) {
      for (let column = -1; column < columns; column++) {
        corner[0] = at(column, row); corner[1] = at(column + 1, row); corner[2] = at(column + 1, row + 1); corner[3] = at(column, row + 1);
        if ((corner[0] < 0) === (corner[1] < 0) && (corner[1] < 0) === (corner[2] < 0) && (corner[2] < 0) === (corner[3] < 0)) continue;
        square(corner, (row + 1) * wide + column + 1, wide, next);
      }
    }
    return chained(next, (key) => crossing(key, wide, at));
  };

  // Each side of a square has a number of its own: twice its first corner, plus 1 when it runs south.
  const sides = (first, wide) => [2 * first, 2 * (first + 1) + 1, 2 * (first + wide), 2 * first + 1];

  // Links the sides that a border passes: it comes in where, going round the square, the inside ends.
  function square(corner, first, wide, next) {
    const side = sides(first, wide), out = [], into = [];
    for (let i = 0; i < 4; i++) {
      const here = corner[i] < 0, there = corner[(i + 1) % 4] < 0;
      if (here && !there) out.push(i);
      if (!here && there) into.push(i);
    }
    const joined = corner[0] + corner[1] + corner[2] + corner[3] <= 0;
    out.forEach((from) => {
      const after = (i) => (i - from + 4) % 4;
      const to = into.slice().sort((a, b) => after(a) - after(b))[joined ? 0 : into.length - 1];
      next.set(side[from], side[to]);
    });
  }

  function crossing(key, wide, at) {
    const first = key >> 1, south = key & 1, column = first % wide - 1, row = (first - first % wide) / wide - 1;
    const a = at(column, row), b = south ? at(column, row + 1) : at(column + 1, row), part = a / (a - b);
    return south ? [column, row + part] : [column + part, row];
  }

  function chained(next, place) {
    const lines = [];
    while (next.size) {
      const [start] = next.keys(), line = [place(start)];
      let key = start;
      do {
        const to = next.get(key);
        next.delete(key);
        key = to;
        line.push(place(key));
      } while (key !== start && next.has(key));
      lines.push(line);
    }
    return lines;
  }

  // Latitude and longitude of a point told in columns and rows of cell middles.
  lc.onGround = (grid, column, row) => [
    lc.mercator.lat(grid.north - (row + 0.5) * grid.step), lc.mercator.lon(grid.west + (column + 0.5) * grid.step)];
})(livingcircle);
