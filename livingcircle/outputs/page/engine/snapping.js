// The leg from a point to a position on a street edge: the nearest place of any edge, never across a barrier.

(function (lc) {
  const MOST_STREETS = 24;
  // Streets and barriers are told to a decimetre or so: what ends so near to a barrier only touches it.
  const TOUCH_M = 0.15;
  const CELLS_A_PIECE = 1;

  // The nearest place of an edge: out[0] metres along it, out[1] metres away, out[2], out[3] where it is.
  function footOnEdge({ line, edges }, edge, x, y, out) {
    footOnLine(line.x, line.y, edges.first[edge], edges.first[edge + 1] - 1, x, y, out);
    const length = edges.length_m[edge], drawn = edges.drawn_m[edge];
    out[0] = drawn > 0 ? Math.min(out[0] * (length / drawn), length) : 0;
  }

  function footOnLine(xs, ys, first, last, x, y, out) {
    let before = 0, best = Infinity, along = 0, fx = 0, fy = 0;
    for (let at = first; at < last; at++) {
      const ax = xs[at], ay = ys[at], dx = xs[at + 1] - ax, dy = ys[at + 1] - ay, square = dx * dx + dy * dy, size = Math.sqrt(square);
      let t = square > 0 ? ((x - ax) * dx + (y - ay) * dy) / square : 0;
      t = t < 0 ? 0 : t > 1 ? 1 : t;
      const px = ax + t * dx, py = ay + t * dy, far = (x - px) * (x - px) + (y - py) * (y - py);
      if (far < best) { best = far; along = before + t * size; fx = px; fy = py; }
      before += size;
    }
    out[0] = along;
    out[1] = Math.sqrt(best);
    out[2] = fx;
    out[3] = fy;
  }

  // Where a position on an edge is: [x, y].
  lc.placeOnEdge = function (streets, edge, offset_m) {
    const { line, edges } = streets, last = edges.first[edge + 1] - 1, drawn = edges.drawn_m[edge];
    let left = edges.length_m[edge] > 0 ? offset_m * (drawn / edges.length_m[edge]) : 0;
    for (let at = edges.first[edge]; at < last; at++) {
      const dx = line.x[at + 1] - line.x[at], dy = line.y[at + 1] - line.y[at], size = Math.sqrt(dx * dx + dy * dy);
      if (left <= size || at === last - 1) {
        const t = size > 0 ? Math.min(left / size, 1) : 0;
        return [line.x[at] + t * dx, line.y[at] + t * dy];
      }
      left -= size;
    }
    return [line.x[last], line.y[last]];
  };

  // A uniform grid over straight pieces (ax, ay, bx, by, owner): which pieces pass through each cell.
  function gridOf(pieces) {
    const { ax, ay, bx, by } = pieces, count = ax.length;
    let west = Infinity, south = Infinity, east = -Infinity, north = -Infinity;
    for (let i = 0; i < count; i++) {
      west = Math.min(west, ax[i], bx[i]); east = Math.max(east, ax[i], bx[i]);
      south = Math.min(south, ay[i], by[i]); north = Math.max(north, ay[i], by[i]);
    }
    if (!count) { west = south = 0; east = north = 1; }
    const wide = Math.max(east - west, 1), high = Math.max(north - south, 1);
    const size = Math.max(Math.sqrt((wide * high) / Math.max(count * CELLS_A_PIECE, 1)), Math.max(wide, high) / 2000, 5);
    const columns = Math.floor(wide / size) + 1, rows = Math.floor(high / size) + 1;
    const grid = Object.assign({ west, south, size, columns, rows, count }, pieces);
    const begin = new Int32Array(columns * rows + 1);
    eachCell(grid, (cell) => { begin[cell + 1]++; });
    for (let c = 0; c < columns * rows; c++) begin[c + 1] += begin[c];
    const next = begin.slice(), held = new Int32Array(begin[columns * rows]);
    eachCell(grid, (cell, piece) => { held[next[cell]++] = piece; });
    return Object.assign(grid, { begin, held });
  }

  // Tells each cell that a piece passes through, row by row of the grid.
  function eachCell(grid, tell) {
    const { ax, ay, bx, by, west, south, size, columns, rows } = grid, slack = 1e-6;
    const column = (x) => Math.min(Math.max(Math.floor((x - west) / size), 0), columns - 1);
    for (let i = 0; i < ax.length; i++) {
      const low = Math.min(ay[i], by[i]), high = Math.max(ay[i], by[i]), slope = high > low ? (bx[i] - ax[i]) / (by[i] - ay[i]) : 0;
      const last = Math.min(Math.floor((high - south) / size), rows - 1);
      for (let r = Math.max(Math.floor((low - south) / size), 0); r <= last; r++) {
        let x0 = ax[i], x1 = bx[i];
        if (high > low) {
          x0 = ax[i] + slope * (Math.max(low, south + r * size) - ay[i]);
          x1 = ax[i] + slope * (Math.min(high, south + (r + 1) * size) - ay[i]);
        }
        const end = column(Math.max(x0, x1) + slack);
        for (let c = column(Math.min(x0, x1) - slack); c <= end; c++) tell(r * columns + c, i);
      }
    }
  }

  function piecesOf(streets, chosen) {
    const { edges, line } = streets;
    let count = 0;
    for (let e = 0; e < edges.count; e++) if (!chosen || chosen[e]) count += edges.first[e + 1] - edges.first[e] - 1;
    const pieces = { owner: new Int32Array(count) };
    ["ax", "ay", "bx", "by"].forEach((key) => { pieces[key] = new Float64Array(count); });
    for (let e = 0, i = 0; e < edges.count; e++) {
      if (chosen && !chosen[e]) continue;
      for (let at = edges.first[e]; at < edges.first[e + 1] - 1; at++, i++) {
        pieces.ax[i] = line.x[at]; pieces.ay[i] = line.y[at];
        pieces.bx[i] = line.x[at + 1]; pieces.by[i] = line.y[at + 1];
        pieces.owner[i] = e;
      }
    }
    return pieces;
  }

  // Metres from a point to a piece, squared.
  function square(grid, i, x, y) {
    const ax = grid.ax[i], ay = grid.ay[i], dx = grid.bx[i] - ax, dy = grid.by[i] - ay, size = dx * dx + dy * dy;
    let t = size > 0 ? ((x - ax) * dx + (y - ay) * dy) / size : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    const px = ax + t * dx - x, py = ay + t * dy - y;
    return px * px + py * py;
  }

  // Cells of the ring that lies `reach` cells around the cell of (x, y), told one by one.
  function ring(grid, x, y, reach, tell) {
    const { west, south, size, columns, rows } = grid, c0 = Math.floor((x - west) / size), r0 = Math.floor((y - south) / size);
    const top = Math.min(r0 + reach, rows - 1), right = Math.min(c0 + reach, columns - 1);
    for (let r = Math.max(r0 - reach, 0); r <= top; r++) {
      if (Math.abs(r - r0) === reach) {
        for (let c = Math.max(c0 - reach, 0); c <= right; c++) tell(r * columns + c);
      } else {
        if (c0 - reach >= 0 && c0 - reach < columns) tell(r * columns + c0 - reach);
        if (c0 + reach >= 0 && c0 + reach < columns) tell(r * columns + c0 + reach);
      }
    }
  }

  // The edge nearest to a point within the limit (inclusive), -1 for none; of equally near ones the first.
  function nearestEdge(grid, x, y, limit_m) {
    const { size, begin, held, owner } = grid, most = Math.max(grid.columns, grid.rows) + outside(grid, x, y);
    const limit = (limit_m + 1e-9) * (limit_m + 1e-9);
    let best = Infinity, edge = -1;
    const look = (cell) => {
      for (let at = begin[cell], end = begin[cell + 1]; at < end; at++) {
        const i = held[at], far = square(grid, i, x, y);
        if (far <= limit && (far < best || (far === best && owner[i] < edge))) { best = far; edge = owner[i]; }
      }
    };
    for (let reach = 0; reach <= most; reach++) {
      // Nothing in rings farther out is nearer than this.
      const nearest = Math.max(reach - 1, 0) * size;
      if (Math.min(best, limit) < nearest * nearest) break;
      ring(grid, x, y, reach, look);
    }
    return edge;
  }

  // Cells between a point and the grid.
  function outside({ west, south, size, columns, rows }, x, y) {
    const c = Math.floor((x - west) / size), r = Math.floor((y - south) / size);
    return Math.max(-c, c - columns + 1, -r, r - rows + 1, 0);
  }

  // Every edge within the limit, nearest first: [[edge, metres], ...].
  function edgesNear(grid, x, y, limit_m) {
    const far = new Map(), most = Math.min(Math.ceil(limit_m / grid.size) + 1, Math.max(grid.columns, grid.rows) + outside(grid, x, y));
    const look = (cell) => {
      for (let at = grid.begin[cell]; at < grid.begin[cell + 1]; at++) {
        const metres = Math.sqrt(square(grid, grid.held[at], x, y)), edge = grid.owner[grid.held[at]];
        if (metres <= limit_m + 1e-9 && !(far.get(edge) <= metres)) far.set(edge, metres);
      }
    };
    for (let reach = 0; reach <= most; reach++) ring(grid, x, y, reach, look);
    return Array.from(far).sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  }

  // Pieces of the lines and edges of barriers, as a grid; areas for points within.
  function obstacles(lines, areas) {
    const rings = [].concat(lines, ...areas), count = rings.reduce((sum, { x }) => sum + Math.max(x.length - 1, 0), 0);
    const pieces = { owner: new Int32Array(count) };
    ["ax", "ay", "bx", "by"].forEach((key) => { pieces[key] = new Float64Array(count); });
    let i = 0;
    rings.forEach(({ x, y }) => {
      for (let at = 0; at + 1 < x.length; at++, i++) {
        pieces.ax[i] = x[at]; pieces.ay[i] = y[at];
        pieces.bx[i] = x[at + 1]; pieces.by[i] = y[at + 1];
      }
    });
    return { grid: gridOf(pieces), areas: areas.map(boxed) };
  }

  function boxed(rings) {
    const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity), most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);
    return { rings, west: least(rings[0].x), south: least(rings[0].y), east: most(rings[0].x), north: most(rings[0].y) };
  }

  const side = (ax, ay, bx, by, x, y) => (bx - ax) * (y - ay) - (by - ay) * (x - ax);

  // Whether a leg crosses a barrier; one that only touches it with an end does not.
  function crossed({ grid }, x, y, fx, fy) {
    const { west, south, size, columns, rows, begin, held, ax, ay, bx, by } = grid;
    if (!grid.count) return false;
    const within = (value, low, most) => Math.min(Math.max(Math.floor((value - low) / size), 0), most - 1);
    const c1 = within(Math.max(x, fx), west, columns), r1 = within(Math.max(y, fy), south, rows);
    for (let r = within(Math.min(y, fy), south, rows); r <= r1; r++) {
      for (let c = within(Math.min(x, fx), west, columns); c <= c1; c++) {
        for (let at = begin[r * columns + c]; at < begin[r * columns + c + 1]; at++) {
          const i = held[at];
          const one = side(ax[i], ay[i], bx[i], by[i], x, y), other = side(ax[i], ay[i], bx[i], by[i], fx, fy);
          const a = side(x, y, fx, fy, ax[i], ay[i]), b = side(x, y, fx, fy, bx[i], by[i]);
          if (one * other > 0 || a * b > 0) continue;
          if (square(grid, i, x, y) > TOUCH_M * TOUCH_M && square(grid, i, fx, fy) > TOUCH_M * TOUCH_M) return true;
        }
      }
    }
    return false;
  }

  function inside({ areas }, x, y) {
    return areas.some(({ rings, west, south, east, north }) => {
      if (x < west || x > east || y < south || y > north) return false;
      let odd = false;
      rings.forEach(({ x: xs, y: ys }) => {
        for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
          if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) odd = !odd;
        }
      });
      return odd;
    });
  }

  // What snapping looks things up in, for one view: all its streets, those of no isolated piece, barriers with and without walls.
  function finder(walking, viewNumber) {
    const view = walking.views[viewNumber];
    if (view.finder) return view.finder;
    const open = view.shut ? Uint8Array.from(view.shut, (shut) => (shut ? 0 : 1)) : null, pieces = lc.pieces(walking, view.shut);
    const made = { isolated: pieces.isolated };
    lc.lazily(made, "lines", () => piecesOf(walking, open));
    lc.lazily(made, "every", () => gridOf(made.lines));
    lc.lazily(made, "main", () => {
      const main = Uint8Array.from(pieces.isolated, (lone, e) => (lone || (open && !open[e]) ? 0 : 1));
      return main.some((one) => one) && pieces.isolated.some((lone, e) => lone && (!open || open[e])) ? gridOf(piecesOf(walking, main)) : null;
    });
    return (view.finder = made);
  }

  function barriersOf(walking) {
    if (!walking.met) {
      const { lines, walls, areas } = walking.barriers;
      walking.met = { every: obstacles(lines.concat(walls), areas), open: obstacles(lines, areas), walls: obstacles(walls, []).grid };
    }
    return walking.met;
  }

  // The barriers that a leg from a point heeds: an entrance along a compound's wall may open to the street outside.
  function heededAt(walking, x, y, door) {
    const met = barriersOf(walking), wall = door && met.walls.count && nearestEdge(met.walls, x, y, walking.frontage_m) >= 0;
    return wall ? met.open : met.every;
  }

  const OFF = (reason) => ({ edge: -1, offset_m: 0, leg_m: Infinity, reason });

  // The street position of a point: {edge, offset_m, leg_m, reason}, edge -1 off the network; `x`, `y` in metres. Options: `limit_m`,
  // `barriers` (false: none is heeded), `viewNumber`, `door` (an entrance along a compound's wall may open to the street outside),
  // `pieces` (false: isolated pieces of street are as good as any).
  lc.snap = function (walking, x, y, options) {
    const { limit_m = walking.snap_limit_m, barriers = true, viewNumber = 0, door = false, pieces = true } = options || {};
    const streets = finder(walking, viewNumber), out = new Float64Array(4);
    let edge = nearestEdge(streets.every, x, y, limit_m), reason = "nearest";
    if (edge < 0) return OFF("no_street_within_limit");
    if (pieces && streets.isolated[edge] && streets.main) {
      const other = nearestEdge(streets.main, x, y, limit_m);
      if (other >= 0) { edge = other; reason = "isolated_piece_skipped"; }
    }
    footOnEdge(walking, edge, x, y, out);
    if (!barriers || out[1] === 0) return { edge, offset_m: out[0], leg_m: out[1], reason };
    const heeded = heededAt(walking, x, y, door);
    if (inside(heeded, x, y)) return OFF("inside_barrier");
    if (!crossed(heeded, x, y, out[2], out[3])) return { edge, offset_m: out[0], leg_m: out[1], reason };
    for (const [next] of edgesNear(streets.every, x, y, limit_m).slice(0, MOST_STREETS)) {
      footOnEdge(walking, next, x, y, out);
      if (!crossed(heeded, x, y, out[2], out[3])) return { edge: next, offset_m: out[0], leg_m: out[1], reason: "barrier_avoided" };
    }
    return OFF("behind_barrier");
  };

  // The position of a point on the streets of a grid of its own, within the study's limit, or null: for links, on streets grown by them.
  lc.snapTo = function (streets, grid, walking, { x, y, door }) {
    const out = new Float64Array(4), met = heededAt(walking, x, y, door);
    if (inside(met, x, y)) return null;
    for (const [edge] of edgesNear(grid, x, y, walking.snap_limit_m).slice(0, MOST_STREETS)) {
      footOnEdge(streets, edge, x, y, out);
      if (out[1] === 0 || !crossed(met, x, y, out[2], out[3])) return { edge, offset_m: out[0], leg_m: out[1] };
    }
    return null;
  };

  // The same as `snap` for many points, as Places.
  lc.snapMany = function (walking, xs, ys, options) {
    const size = xs.length, places = { length: size, edge: new Int32Array(size), offset_m: new Float64Array(size), leg_m: new Float64Array(size) };
    Object.assign(places, { far: new Uint8Array(size), x: Float64Array.from(xs), y: Float64Array.from(ys), door: Boolean(options && options.door) });
    for (let i = 0; i < size; i++) {
      const found = lc.snap(walking, xs[i], ys[i], options);
      places.edge[i] = found.edge;
      places.offset_m[i] = found.offset_m;
      places.leg_m[i] = found.leg_m;
      places.far[i] = found.reason === "no_street_within_limit" ? 1 : 0;
    }
    return places;
  };

  // Some rows of places; two tables of places as one, the first first.
  lc.somePlaces = function (places, rows) {
    const out = { length: rows.length, door: places.door };
    ["edge", "offset_m", "leg_m", "far", "x", "y"].forEach((key) => {
      if (places[key]) out[key] = places[key].constructor.from(rows, (row) => places[key][row]);
    });
    return out;
  };
  lc.joinPlaces = function (first, second) {
    const out = { length: first.length + second.length, door: first.door };
    ["edge", "offset_m", "leg_m", "far", "x", "y"].forEach((key) => {
      if (!first[key] || !second[key]) return;
      out[key] = new first[key].constructor(out.length);
      out[key].set(first[key]);
      out[key].set(second[key], first.length);
    });
    return out;
  };

  Object.assign(lc, { footOnEdge, footOnLine, nearestEdge, gridOf, piecesOf, finder });
})(livingcircle);
