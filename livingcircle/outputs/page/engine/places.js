// Where things are: which unit holds a point, where a street position lies, and how a scenario changes the streets.

(function (lc) {
  const inRing = (ring, lon, lat) => {
    let inside = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [y, x] = ring[i], [v, u] = ring[j];
      if ((y > lat) !== (v > lat) && lon < ((u - x) * (lat - y)) / (v - y) + x) inside = !inside;
    }
    return inside;
  };

  // Whether a shape of polygons (rings of [latitude, longitude], holes after the outline) holds a point.
  lc.holds = (shape, lon, lat) => Boolean(shape && shape.polygons)
    && shape.polygons.some((rings) => rings.reduce((odd, ring) => odd !== inRing(ring, lon, lat), false));

  let drawn = null;
  // The shapes of units and study area, unpacked once.
  lc.areaShapes = function () {
    if (!drawn || drawn.data !== lc.data) {
      const shapes = (areas) => areas.map((area) => (typeof area.shape === "string" ? lc.shape(area.shape) : area.shape));
      drawn = { data: lc.data, units: shapes(lc.data.units), area: shapes(lc.data.area) };
    }
    return drawn;
  };

  // Whether a link or gate is there: it states no later year than the one judged, and is as certain as what counts.
  lc.isThere = function (row, { year, certainty }) {
    const opened = !row.open_year || (year !== null && row.open_year <= year);
    return opened && (!row.certainty || lc.certain(lc.statusOf(row.certainty), certainty));
  };

  // The changes of the streets that a scenario asks for by the year and the certainty counted, gates already turned into lines;
  // what is at fault is left out.
  lc.streetChanges = function (walking, scenario, counted) {
    const there = (rows) => (rows || []).filter((row) => lc.isThere(row, counted));
    const links = there(scenario.links).map((link) => ({ line: link.line })), gates = [];
    there(scenario.gates).forEach((gate) => {
      const found = gate.change === "open" ? lc.gateLink(walking, gate.lon, gate.lat) : lc.gateNear(walking, gate.lon, gate.lat);
      if (!found || found.fault) return;
      if (gate.change === "open") links.push(found);
      else gates.push({ node: found.node, compound: found.compound });
    });
    return { links: links.filter((link) => link.ends || !lc.linkEnds(walking, link.line).fault), gates };
  };

  // Street positions of entrances that a scenario adds, on the edges of `network`: snapped on the study's own streets like every entrance.
  lc.freshPlaces = function (walking, network, xs, ys, view) {
    return lc.onStreets(network.streets, lc.snapMany(walking, xs, ys, { viewNumber: view, door: true }));
  };

  // The ends of streets by which a walk may leave the street data: ends of edges at the nodes named, without a leg.
  lc.endPlaces = function (walking, network, nodes) {
    const { count, start, end, length_m } = walking.edges, out = new Set(nodes), edge = [], offset = [];
    for (let e = 0; e < count; e++) {
      if (out.has(start[e])) { edge.push(e); offset.push(0); }
      if (out.has(end[e])) { edge.push(e); offset.push(length_m[e]); }
    }
    const size = edge.length, zero = new Float64Array(size), far = new Uint8Array(size);
    return lc.onStreets(network.streets, { length: size, edge: Int32Array.from(edge), offset_m: Float64Array.from(offset), leg_m: zero, far });
  };
})(livingcircle);
