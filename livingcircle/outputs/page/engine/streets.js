// The walking network as the page tells it: streets, compounds, homes, entrances and barriers, unpacked when first needed.

(function (lc) {
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const VALUE = new Uint8Array(128);
  Array.from(ALPHABET).forEach((letter, i) => { VALUE[letter.charCodeAt(0)] = i; });
  const DECI = 10, CENTI = 100, FACTOR = 10000, PEOPLE = 100, STEP_PER_M = 100000, LATELY = 16, SAME_M = 1e-6;

  // Reads zigzag variable-length integers below 2^30 from text; several times faster than text taken letter by letter.
  class Reader {
    constructor(text) { this.text = text; this.at = 0; }
    more() { return this.at < this.text.length; }
    next() {
      let bits = VALUE[this.text.charCodeAt(this.at++)], number = bits & 31, shift = 5;
      while (bits > 31) {
        bits = VALUE[this.text.charCodeAt(this.at++)];
        number |= (bits & 31) << shift;
        shift += 5;
      }
      return number & 1 ? -((number + 1) >>> 1) : number >>> 1;
    }
  }

  // All numbers of a text.
  function unpack(text) {
    let count = 0;
    for (let i = 0; i < text.length; i++) count += VALUE[text.charCodeAt(i)] < 32;
    const all = new Int32Array(count), numbers = new Reader(text);
    for (let i = 0; i < count; i++) all[i] = numbers.next();
    return all;
  }

  // Numbers told as differences from the one before.
  function steps(text) {
    const all = unpack(text);
    for (let i = 1; i < all.length; i++) all[i] += all[i - 1];
    return all;
  }

  // Numbers that repeat, told as runs; `count` of them.
  function runs(text, count) {
    const all = new Int32Array(count), numbers = new Reader(text);
    let value = 0, at = 0;
    while (numbers.more()) {
      value += numbers.next();
      const end = at + numbers.next();
      all.fill(value, at, end);
      at = end;
    }
    return all;
  }

  // Numbers that soon come again: below 0 one that is told itself, else how many others were told since it was.
  function recent(text) {
    const all = unpack(text), lately = [];
    for (let i = 0; i < all.length; i++) {
      const code = all[i], value = code < 0 ? -1 - code : lately[code];
      if (code < 0) lately.length = Math.min(lately.length, LATELY - 1);
      else lately.splice(code, 1);
      lately.unshift(value);
      all[i] = value;
    }
    return all;
  }

  const scaled = (numbers, scale) => Float64Array.from(numbers, (n) => n / scale);
  // Numbers where 0 stands for what is missing.
  const orNaN = (text, scale) => Float64Array.from(unpack(text), (n) => (n === 0 ? NaN : (n - 1) / scale));

  // Nodes, and the vertices of all edges from start to end, in metres; `first` tells where the vertices of an edge begin.
  function readLines(raw) {
    const moves = unpack(raw.nodes), size = moves.length >> 1, [x0, y0] = raw.origin;
    const nodes = { count: size, x: new Float64Array(size), y: new Float64Array(size) };
    for (let i = 0, x = 0, y = 0; i < size; i++) {
      nodes.x[i] = x0 + (x += moves[2 * i]) / DECI;
      nodes.y[i] = y0 + (y += moves[2 * i + 1]) / DECI;
    }
    const start = steps(raw.start), count = start.length, end = unpack(raw.span), bends = unpack(raw.bends), turns = unpack(raw.line);
    const first = new Int32Array(count + 1);
    for (let e = 0; e < count; e++) {
      end[e] += start[e];
      first[e + 1] = first[e] + bends[e] + 2;
    }
    const line = { x: new Float64Array(first[count]), y: new Float64Array(first[count]) };
    for (let e = 0, from = 0, at = 0; e < count; e++) {
      let x = Math.round((nodes.x[start[e]] - x0) * DECI), y = Math.round((nodes.y[start[e]] - y0) * DECI);
      line.x[at] = nodes.x[start[e]];
      line.y[at++] = nodes.y[start[e]];
      for (let left = bends[e]; left > 0; left--) {
        line.x[at] = x0 + (x += turns[from++]) / DECI;
        line.y[at++] = y0 + (y += turns[from++]) / DECI;
      }
      line.x[at] = nodes.x[end[e]];
      line.y[at++] = nodes.y[end[e]];
    }
    return { nodes, start, end, first, line, count };
  }

  // The streets that are there, for the map: ways across a plaza are walked, but not drawn. Line by line the vertices from
  // `first[line]` to `first[line + 1]`, as parts of the width of the world: x eastward from its west edge, y southward from its north.
  lc.streetLines = function (raw) {
    const { first, line, count, nodes, start, end } = readLines(raw), { toDegrees } = lc.plane(raw.plane), kind = runs(raw.kind, count);
    const x = new Float64Array(line.x.length), y = new Float64Array(x.length), kept = new Int32Array(count + 1);
    const nodeX = new Float64Array(nodes.count), nodeY = new Float64Array(nodes.count), put = (X, Y, i, at) => {
      const [lon, lat] = at;
      X[i] = lc.worldX(lon);
      Y[i] = lc.worldY(lat);
    };
    for (let n = 0; n < nodes.count; n++) put(nodeX, nodeY, n, toDegrees(nodes.x[n], nodes.y[n]));
    let lines = 0, at = 0;
    for (let e = 0; e < count; e++) {
      if (kind[e] === 2) continue;
      [x[at], y[at++]] = [nodeX[start[e]], nodeY[start[e]]];
      for (let v = first[e] + 1; v < first[e + 1] - 1; v++) put(x, y, at++, toDegrees(line.x[v], line.y[v]));
      [x[at], y[at++]] = [nodeX[end[e]], nodeY[end[e]]];
      kept[++lines] = at;
    }
    return { first: kept.subarray(0, lines + 1), x: x.subarray(0, at), y: y.subarray(0, at) };
  };

  // Lengths of the lines as told here: lengths of edges are told as what they are more or less, in centimetres.
  function lineLengths({ first, line, count }) {
    const length = new Float64Array(count);
    for (let e = 0; e < count; e++) {
      for (let at = first[e] + 1; at < first[e + 1]; at++) {
        const dx = line.x[at] - line.x[at - 1], dy = line.y[at] - line.y[at - 1];
        length[e] += Math.sqrt(dx * dx + dy * dy);
      }
    }
    return length;
  }

  function readEdges(raw, lines) {
    const { start, end, first, count } = lines, drawn_m = lineLengths(lines), more = unpack(raw.length), kind = runs(raw.kind, count);
    const edges = { count, start, end, first, kind, drawn_m, length_m: new Float64Array(count) };
    for (let e = 0; e < count; e++) edges.length_m[e] = (Math.round(drawn_m[e] * CENTI) + more[e]) / CENTI;
    edges.drawn = Uint8Array.from(kind, (k) => (k === 2 ? 0 : 1));
    edges.compound = runs(raw.compound, count);
    // 0 says that a street has no name.
    lc.lazily(edges, "street", () => recent(raw.street).map((name) => name - 1));
    return edges;
  }

  function readGates(raw, walking) {
    const numbers = unpack(raw.gates), gates = [];
    for (let at = 0, node = 0, compound = 0, kind = 0; at < numbers.length; at += 3) {
      node += numbers[at]; compound += numbers[at + 1]; kind += numbers[at + 2];
      const [lon, lat] = walking.plane.toDegrees(walking.nodes.x[node], walking.nodes.y[node]);
      gates.push({ node, compound, kind: raw.gate_kinds[kind], lon, lat, name: raw.compounds[compound] });
    }
    return gates;
  }

  // {lines, walls: [{x, y}], areas: [[{x, y}, ...]], kinds} of what no leg may cross; `kinds` name those of lines and areas.
  function readBarriers(raw) {
    const [x0, y0] = raw.origin;
    const line = (numbers, at) => {
      const count = numbers.next(), x = new Float64Array(count), y = new Float64Array(count);
      for (let i = 0; i < count; i++) {
        x[i] = x0 + (at.x += numbers.next()) / DECI;
        y[i] = y0 + (at.y += numbers.next()) / DECI;
      }
      return { x, y };
    };
    const every = (text) => {
      const numbers = new Reader(text), at = { x: 0, y: 0 }, all = [];
      while (numbers.more()) all.push(line(numbers, at));
      return all;
    };
    const areas = [], numbers = new Reader(raw.barriers.areas), at = { x: 0, y: 0 };
    while (numbers.more()) {
      const rings = [];
      for (let left = numbers.next(); left > 0; left--) rings.push(line(numbers, at));
      areas.push(rings);
    }
    const lines = every(raw.barriers.lines), kind = (text, all) => Array.from(runs(text, all.length), (code) => raw.barriers.kinds[code]);
    const kinds = { lines: kind(raw.barriers.line_kinds, lines), areas: kind(raw.barriers.area_kinds, areas) };
    return { lines, walls: every(raw.barriers.walls), areas, kinds };
  }

  // Where the samples of every residence are: on a turned lattice, row by row, or each for itself.
  function readSamples(raw) {
    const count = unpack(raw.homes.count), size = count.reduce((sum, n) => sum + n, 0), [x0, y0] = raw.origin, [c, s] = raw.turn;
    const homes = { length: size, count, residence: new Int32Array(size), x: new Float64Array(size), y: new Float64Array(size) };
    const numbers = new Reader(raw.homes.at);
    let row = 0, cx = 0, cy = 0;
    for (let r = 0; r < count.length; r++) {
      homes.residence.fill(r, row, row + count[r]);
      const step = numbers.next() / STEP_PER_M;
      cx += numbers.next(); cy += numbers.next();
      const parts = numbers.next();
      if (!step) {
        for (let k = 0, x = 0, y = 0; k < parts; k++, row++) {
          if (k) { x += numbers.next(); y += numbers.next(); }
          homes.x[row] = x0 + cx / CENTI + x / CENTI;
          homes.y[row] = y0 + cy / CENTI + y / CENTI;
        }
        continue;
      }
      for (let k = 0, i = 0, j = 0; k < parts; k++) {
        i += numbers.next(); j += numbers.next();
        const there = numbers.next();
        for (let more = 0; more < there; more++, row++) {
          homes.x[row] = x0 + cx / CENTI + step * (c * (i + more) - s * j);
          homes.y[row] = y0 + cy / CENTI + step * (s * (i + more) + c * j);
        }
      }
    }
    homes.unit = runs(raw.homes.unit, size);
    homes.units = raw.homes.units;
    return homes;
  }

  function readResidences(raw) {
    const told = raw.residences, open_year = orNaN(told.open_year, 1), size = open_year.length, own = told.own;
    return {
      count: size,
      row: Int32Array.from({ length: size }, (_, r) => (r < own ? r : -1)),
      name: Array.from({ length: size }, (_, r) => (r < own ? (lc.data && lc.data.residences ? lc.data.residences.name[r] : "") : told.later[r - own])),
      open_year,
      land_ha: orNaN(told.land_m2, 10000),
      people: told.people.map((text) => orNaN(text, PEOPLE)),
      unit: Array.from(unpack(told.unit), (u) => told.units[u]),
    };
  }

  // Places without a position name the reason in place of an edge: -1 no street within the limit, -2 behind a barrier, -3 inside one.
  const NO_STREET = -1;

  function places(edge, offset_m, leg_m) {
    const size = edge.length, far = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      if (edge[i] >= 0) continue;
      far[i] = edge[i] === NO_STREET ? 1 : 0;
      edge[i] = -1;
      leg_m[i] = Infinity;
    }
    return { length: size, edge, offset_m, leg_m, far };
  }

  // The straight pieces of some edges: where they begin, where they lead, and whose they are.
  function piecesOf({ edges: { first }, line }, own) {
    const pieces = { x: [], y: [], dx: [], dy: [], square: [], of: [] };
    own.forEach((edge, k) => {
      for (let at = first[edge]; at < first[edge + 1] - 1; at++) {
        const dx = line.x[at + 1] - line.x[at], dy = line.y[at + 1] - line.y[at];
        pieces.x.push(line.x[at]); pieces.y.push(line.y[at]);
        pieces.dx.push(dx); pieces.dy.push(dy);
        pieces.square.push(dx * dx + dy * dy);
        pieces.of.push(k);
      }
    });
    Object.keys(pieces).forEach((key) => { pieces[key] = Float64Array.from(pieces[key]); });
    return pieces;
  }

  // The nearest edge of each sample among those of its residence; of those as near but for rounding, the first.
  function nearestOf(walking, text) {
    const { count, x: xs, y: ys, length: size } = walking.homes, numbers = new Reader(text), all = new Int32Array(size).fill(-1);
    for (let r = 0, row = 0, before = 0; r < count.length; r++) {
      const own = new Int32Array(numbers.next()), far = new Float64Array(own.length);
      for (let k = 0, edge = before; k < own.length; k++) own[k] = edge += numbers.next();
      if (own.length) before = own[0];
      const { x, y, dx, dy, square, of } = piecesOf(walking, own), pieces = of.length;
      for (const end = row + count[r]; row < end; row++) {
        far.fill(Infinity);
        let least = Infinity;
        for (let p = 0; p < pieces; p++) {
          const ex = xs[row] - x[p], ey = ys[row] - y[p];
          let t = square[p] > 0 ? (ex * dx[p] + ey * dy[p]) / square[p] : 0;
          t = t < 0 ? 0 : t > 1 ? 1 : t;
          const px = ex - t * dx[p], py = ey - t * dy[p], metres = px * px + py * py;
          if (metres < far[of[p]]) far[of[p]] = metres;
          if (metres < least) least = metres;
        }
        const equal = (Math.sqrt(least) + SAME_M) ** 2;
        for (let k = 0; k < own.length; k++) if (far[k] <= equal) { all[row] = own[k]; break; }
      }
    }
    return all;
  }

  // Samples stand at the nearest place of their edge.
  function readHomes(walking, raw, before) {
    const { x, y, length: size } = walking.homes, edge = runs(raw.homes, size), offset = new Float64Array(size), leg = new Float64Array(size);
    for (let i = 0; i < size; i++) edge[i] += before[i];
    const told = Int32Array.from(edge), foot = new Float64Array(4), { edges: { first, length_m, drawn_m }, line } = walking;
    for (let i = 0; i < size; i++) {
      const own = edge[i];
      if (own < 0) continue;
      lc.footOnLine(line.x, line.y, first[own], first[own + 1] - 1, x[i], y[i], foot);
      offset[i] = drawn_m[own] > 0 ? Math.min(foot[0] * (length_m[own] / drawn_m[own]), length_m[own]) : 0;
      leg[i] = foot[1];
    }
    // Some are as near to another place of their edge, and stand there.
    const elsewhere = unpack(raw.elsewhere.offset);
    steps(raw.elsewhere.row).forEach((row, k) => { offset[row] = Math.min(elsewhere[k] / DECI, length_m[edge[row]]); });
    return { told, places: Object.assign(places(edge, offset, leg), { x, y }) };
  }

  function readDoors(walking, told) {
    const edge = steps(told.edge), offset = scaled(unpack(told.offset), DECI), leg = scaled(unpack(told.leg), DECI);
    for (let i = 0; i < edge.length; i++) if (edge[i] >= 0) offset[i] = Math.min(offset[i], walking.edges.length_m[edge[i]]);
    const out = places(edge, offset, leg), away = unpack(told.away), size = edge.length, [x0, y0] = walking.origin;
    Object.assign(out, { door: true, x: new Float64Array(size).fill(NaN), y: new Float64Array(size).fill(NaN) });
    for (let i = 0, at = 0, x = 0, y = 0; i < size; i++) {
      if (!out.far[i]) continue;
      out.x[i] = x0 + (x += away[at++]) / DECI;
      out.y[i] = y0 + (y += away[at++]) / DECI;
    }
    return out;
  }

  function readView(raw, walking, v) {
    const told = raw.views[v], count = walking.edges.count, view = { permeability: told.permeability, speed_kmh: told.speed_kmh };
    view.shut = told.shut ? Uint8Array.from(runs(told.shut, count)) : null;
    view.costs = null;
    if (told.costs) {
      const [forward, backward, start_m, end_m] = told.costs.map(unpack);
      const factor = (numbers) => Float64Array.from(numbers, (n) => 1 + n / FACTOR);
      view.costs = { forward: factor(forward), backward: factor(backward), start_m: scaled(start_m, CENTI), end_m: scaled(end_m, CENTI) };
    }
    lc.lazily(view, "read", () => readHomes(walking, told, v ? walking.views[0].read.told : walking.nearest));
    lc.lazily(view, "homes", () => view.read.places);
    lc.lazily(view, "doors", () => (told.doors ? readDoors(walking, told.doors) : walking.views[0].doors));
    return view;
  }

  // Everything that walks are worked out from; homes, entrances and barriers are unpacked when first asked for.
  lc.readWalking = function (raw) {
    const lines = readLines(raw), walking = { plane: lc.plane(raw.plane), names: raw.names, nodes: lines.nodes, line: lines.line };
    ["origin", "snap_limit_m", "isolated_m", "frontage_m", "links"].forEach((key) => { walking[key] = raw[key]; });
    walking.edges = readEdges(raw, lines);
    walking.compounds = raw.compounds.map((name) => ({ name }));
    walking.viewOf = raw.view_of;
    lc.lazily(walking, "gates", () => readGates(raw, walking));
    lc.lazily(walking, "barriers", () => readBarriers(raw));
    lc.lazily(walking, "homes", () => readSamples(raw));
    lc.lazily(walking, "nearest", () => nearestOf(walking, raw.homes.edges));
    lc.lazily(walking, "residences", () => readResidences(raw));
    lc.lazily(walking, "doors", () => ({ facility: steps(raw.doors) }));
    walking.views = raw.views.map((_, v) => readView(raw, walking, v));
    return walking;
  };

  // The walking network of the page.
  let own = null, of = null;
  lc.walking = function () {
    if (of !== lc.data.walking) { of = lc.data.walking; own = lc.readWalking(of); }
    return own;
  };

  Object.assign(lc, { unpack });
})(livingcircle);
