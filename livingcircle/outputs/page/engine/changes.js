// Streets with links added and gates closed: edges are split where links meet them, and a closed gate parts its compound's streets.

(function (lc) {
  // A cut so near to the end of an edge is that end. How near links and gates are joined is told by the page (`walking.links`).
  const AT_END_M = 0.01;
  const PUBLIC = -1;

  const streetsOf = (walking) => walking.streetGrid || (walking.streetGrid = lc.gridOf(lc.piecesOf(walking, null)));
  const openGround = (walking) => walking.publicGrid
    || (walking.publicGrid = lc.gridOf(lc.piecesOf(walking, walking.edges.compound.map((c) => (c < 0 ? 1 : 0)))));
  const closedGround = (walking) => walking.innerGrid
    || (walking.innerGrid = lc.gridOf(lc.piecesOf(walking, walking.edges.compound.map((c) => (c < 0 ? 0 : 1)))));

  // The place of the nearest street within the limit: {edge, offset_m, leg_m, x, y}, null where there is none. What is drawn to the
  // end of an edge joins all streets there.
  function join(walking, grid, x, y, limit_m) {
    const edge = grid.count ? lc.nearestEdge(grid, x, y, limit_m) : -1, out = new Float64Array(4), { touch_m } = walking.links;
    if (edge < 0) return null;
    lc.footOnEdge(walking, edge, x, y, out);
    const length = walking.edges.length_m[edge], end = out[0] <= length / 2 ? 0 : length, atEnd = Math.abs(out[0] - end) <= touch_m;
    const offset_m = atEnd ? end : out[0], [east, north] = atEnd ? lc.placeOnEdge(walking, edge, end) : [out[2], out[3]];
    return { edge, offset_m, leg_m: out[1] <= touch_m ? 0 : out[1], x: east, y: north };
  }

  // Where a link's line, [[lon, lat], ...], meets the streets: {from, to}, or {fault: "start" | "end"} where no street is near.
  lc.linkEnds = function (walking, line) {
    const [from, to] = [line[0], line[line.length - 1]].map(([lon, lat]) => {
      const [x, y] = walking.plane.toMetres(lon, lat);
      return join(walking, streetsOf(walking), x, y, walking.links.reach_m);
    });
    return from && to ? { from, to } : { fault: from ? "end" : "start" };
  };

  // The line of a gate opened at a point, from the nearest street of a compound through the point to the nearest public street, and
  // where it meets them: at a gate both are as near, so that the line alone would not tell. {fault: "compounds" | "inside" | "outside"}
  // where there are no compounds, or no such street is near.
  lc.gateLink = function (walking, lon, lat) {
    const [x, y] = walking.plane.toMetres(lon, lat);
    if (!walking.compounds.length || !walking.edges.compound.some((c) => c >= 0)) return { fault: "compounds" };
    const inner = join(walking, closedGround(walking), x, y, walking.links.reach_m), outer = join(walking, openGround(walking), x, y, walking.links.reach_m);
    if (!inner || !outer) return { fault: inner ? "outside" : "inside" };
    const line = [walking.plane.toDegrees(inner.x, inner.y), [lon, lat], walking.plane.toDegrees(outer.x, outer.y)];
    return { line, ends: { from: { ...inner, leg_m: 0 }, to: { ...outer, leg_m: 0 } } };
  };

  // The existing gate nearest to a point, or null where none is near.
  lc.gateNear = function (walking, lon, lat) {
    const [x, y] = walking.plane.toMetres(lon, lat), { nodes } = walking;
    let best = walking.links.gate_m, found = null;
    walking.gates.forEach((gate) => {
      const far = Math.hypot(nodes.x[gate.node] - x, nodes.y[gate.node] - y);
      if (far < best || (far === best && !found)) { best = far; found = gate; }
    });
    return found;
  };

  // A link as an edge: where it is joined, its vertices and its length, both legs included.
  function measured(walking, link) {
    const ends = link.ends || lc.linkEnds(walking, link.line);
    if (ends.fault) return null;
    const points = link.line.map(([lon, lat]) => walking.plane.toMetres(lon, lat)), { from, to } = ends;
    let length = from.leg_m + to.leg_m;
    for (let i = 1; i < points.length; i++) length += Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]);
    if (from.leg_m) points.unshift([from.x, from.y]);
    if (to.leg_m) points.push([to.x, to.y]);
    return { from, to, points, length_m: length, name: link.name || "" };
  }

  // Adds to `cuts` the node at which an edge is met, a new one or that of its end: before a gate that is closed, not behind it.
  function nodeAt(base, grown, { edge, offset_m, x, y }) {
    if (offset_m <= AT_END_M) return base.edges.start[edge];
    if (offset_m >= base.edges.length_m[edge] - AT_END_M) return base.edges.end[edge];
    const cuts = grown.cuts.get(edge) || [];
    grown.cuts.set(edge, cuts);
    let cut = cuts.find((one) => Math.abs(one.offset_m - offset_m) <= AT_END_M);
    if (!cut) {
      cut = { offset_m, node: newNode(grown, x, y) };
      cuts.push(cut);
      cuts.sort((a, b) => a.offset_m - b.offset_m);
    }
    return cut.node;
  }

  function newNode(grown, x, y) {
    grown.x.push(x);
    grown.y.push(y);
    return grown.known + grown.x.length - 1;
  }

  function closeGate(base, grown, { node, compound }) {
    const { edges, nodes } = base;
    let apart = -1;
    for (let e = 0; e < edges.count; e++) {
      if (edges.compound[e] !== compound) continue;
      [grown.start, grown.end].forEach((ends) => {
        if (ends[e] !== node) return;
        if (apart < 0) apart = newNode(grown, nodes.x[node], nodes.y[node]);
        ends[e] = apart;
      });
    }
  }

  // Vertices of the parts of an edge that its cuts part.
  function parted(base, edge, cuts) {
    const { line, edges } = base, parts = [[]], ratio = edges.length_m[edge] > 0 ? edges.drawn_m[edge] / edges.length_m[edge] : 0;
    let before = 0, next = 0;
    for (let at = edges.first[edge]; at < edges.first[edge + 1]; at++) {
      if (at > edges.first[edge]) before += Math.hypot(line.x[at] - line.x[at - 1], line.y[at] - line.y[at - 1]);
      while (next < cuts.length && cuts[next].offset_m * ratio < before && at > edges.first[edge]) {
        const place = lc.placeOnEdge(base, edge, cuts[next].offset_m);
        parts[parts.length - 1].push(place);
        parts.push([place]);
        next++;
      }
      parts[parts.length - 1].push([line.x[at], line.y[at]]);
    }
    // A cut at the very last vertex, by rounding.
    while (next++ < cuts.length) parts.push([parts[parts.length - 1][parts[parts.length - 1].length - 1]]);
    return parts;
  }

  // What the edges after the study's own are: parts of split edges, then links.
  function added(base, grown, links) {
    const rows = [], { edges } = base;
    grown.shortened = new Map();
    grown.cuts.forEach((cuts, edge) => {
      const parts = parted(base, edge, cuts), stops = [0, ...cuts.map((cut) => cut.offset_m), edges.length_m[edge]];
      const nodes = [grown.start[edge], ...cuts.map((cut) => cut.node), grown.end[edge]];
      cuts.parts = [edge];
      parts.forEach((points, k) => {
        const row = { from: edge, last: k === cuts.length, start: nodes[k], end: nodes[k + 1], length_m: stops[k + 1] - stops[k], points };
        Object.assign(row, { compound: edges.compound[edge], street: edges.street[edge], kind: edges.kind[edge] });
        if (k === 0) { grown.shortened.set(edge, row); return; }
        cuts.parts.push(edges.count + rows.length);
        rows.push(row);
      });
    });
    links.forEach((link) => {
      rows.push({ from: -1, last: true, start: link.start, end: link.end, length_m: link.length_m, points: link.points, compound: PUBLIC, street: -1,
        kind: 0, name: link.name });
    });
    return rows;
  }

  // The study's streets as typed arrays again, longer by the rows added.
  function grownStreets(base, grown, rows) {
    const { edges, line } = base, count = edges.count + rows.length, longer = (kind, own, more) => {
      const out = new kind(count);
      out.set(own);
      rows.forEach((row, k) => { out[edges.count + k] = more(row); });
      return out;
    };
    const out = { count, start: longer(Int32Array, grown.start, (row) => row.start), end: longer(Int32Array, grown.end, (row) => row.end) };
    out.length_m = longer(Float64Array, edges.length_m, (row) => row.length_m);
    ["compound", "street", "kind"].forEach((key) => { out[key] = longer(Int32Array, edges[key], (row) => row[key]); });
    out.drawn = longer(Uint8Array, edges.drawn, (row) => (row.kind === 2 ? 0 : 1));
    out.drawn_m = longer(Float64Array, edges.drawn_m, (row) => lengthOf(row.points));
    // Where each edge comes from: -1 for links; whether it holds the end of its edge.
    out.from = longer(Int32Array, numbered(edges.count), (row) => row.from);
    out.atEnd = longer(Uint8Array, new Uint8Array(edges.count).fill(1), (row) => (row.last ? 1 : 0));
    out.names = rows.map((row) => row.name || "");
    grown.shortened.forEach((row, edge) => {
      out.end[edge] = row.end;
      out.length_m[edge] = row.length_m;
      out.drawn_m[edge] = lengthOf(row.points);
      out.atEnd[edge] = 0;
    });
    return Object.assign({ edges: out }, vertices(base, grown, rows, out));
  }

  function numbered(count) {
    const out = new Int32Array(count);
    for (let i = 0; i < count; i++) out[i] = i;
    return out;
  }

  const lengthOf = (points) => points.reduce((sum, [x, y], i) => (i ? sum + Math.hypot(x - points[i - 1][0], y - points[i - 1][1]) : 0), 0);

  function vertices({ edges, line }, grown, rows, out) {
    const first = new Int32Array(out.count + 1), told = (e) => (e < edges.count ? grown.shortened.get(e) : rows[e - edges.count]);
    for (let e = 0; e < out.count; e++) {
      const row = told(e);
      first[e + 1] = first[e] + (row ? row.points.length : edges.first[e + 1] - edges.first[e]);
    }
    const x = new Float64Array(first[out.count]), y = new Float64Array(first[out.count]);
    for (let e = 0; e < out.count; e++) {
      const row = told(e);
      if (row) row.points.forEach((point, i) => { [x[first[e] + i], y[first[e] + i]] = point; });
      else for (let at = edges.first[e], to = first[e]; at < edges.first[e + 1]; at++, to++) { x[to] = line.x[at]; y[to] = line.y[at]; }
    }
    out.first = first;
    return { line: { x, y } };
  }

  function joined64(own, more) {
    const out = new Float64Array(own.length + more.length);
    out.set(own);
    out.set(more, own.length);
    return out;
  }

  // The streets with changes: `links` [{line}] joined to them, `gates` [{node, compound}] closed. The study's own where nothing changes.
  lc.changedStreets = function (walking, { links = [], gates = [] }) {
    if (!links.length && !gates.length) return walking;
    const { nodes, edges } = walking, grown = { start: edges.start.slice(), end: edges.end.slice(), cuts: new Map(), known: nodes.count, x: [], y: [] };
    gates.forEach((gate) => closeGate(walking, grown, gate));
    const joined = links.map((link) => measured(walking, link)).filter((link) => link !== null);
    joined.forEach((link) => {
      link.start = nodeAt(walking, grown, link.from);
      link.end = nodeAt(walking, grown, link.to);
    });
    const rows = added(walking, grown, joined), streets = grownStreets(walking, grown, rows);
    streets.nodes = { count: nodes.count + grown.x.length, x: joined64(nodes.x, grown.x), y: joined64(nodes.y, grown.y) };
    return Object.assign(streets, { base: walking, cuts: grown.cuts, links: joined.map((_, k) => streets.edges.count - joined.length + k) });
  };

  // Places on the study's own streets, told on the changed ones. Those without any street within the limit may stand on a new link.
  lc.onStreets = function (streets, places) {
    if (!streets.base) return places;
    const out = Object.assign({}, places, { edge: places.edge.slice(), offset_m: places.offset_m.slice() });
    const split = new Uint8Array(streets.base.edges.count);
    streets.cuts.forEach((_, edge) => { split[edge] = 1; });
    for (let i = 0; i < places.length; i++) {
      if (places.edge[i] < 0 || !split[places.edge[i]]) continue;
      const cuts = streets.cuts.get(places.edge[i]);
      let part = 0;
      while (part < cuts.length && places.offset_m[i] > cuts[part].offset_m) part++;
      out.edge[i] = cuts.parts[part];
      out.offset_m[i] = part ? places.offset_m[i] - cuts[part - 1].offset_m : places.offset_m[i];
    }
    return streets.links.length && places.x && places.far ? onLinks(streets, out) : out;
  };

  function onLinks(streets, places) {
    const { base } = streets, chosen = new Uint8Array(streets.edges.count);
    if (!places.far.includes(1)) return places;
    streets.links.forEach((edge) => { chosen[edge] = 1; });
    const grid = lc.gridOf(lc.piecesOf(streets, chosen));
    places.leg_m = places.leg_m.slice();
    for (let i = 0; i < places.length; i++) {
      if (!places.far[i] || Number.isNaN(places.x[i])) continue;
      const found = lc.snapTo(streets, grid, base, { x: places.x[i], y: places.y[i], door: places.door });
      if (!found) continue;
      places.edge[i] = found.edge;
      places.offset_m[i] = found.offset_m;
      places.leg_m[i] = found.leg_m;
    }
    return places;
  }
})(livingcircle);
