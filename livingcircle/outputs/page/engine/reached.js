// How far walks from one point reach: stretches of street, and cells of the lattice.

(function (lc) {
  // Stretches of street within each of some limits (flat metres) of a point: for every limit its lines of [x, y] points.
  // A point at t on an edge of length L is min(walk to its start + t, walk to its end + L - t) away, or straight along the edge.
  lc.streetsReached = function ({ network }, tree, limits) {
    const { edges, shut, states: { entering } } = network, { cost, place } = tree, most = Math.max(...limits), lines = limits.map(() => []);
    for (let edge = 0; edge < edges.count; edge++) {
      // Most streets of a city are far from any one point.
      if ((shut && shut[edge]) || (cost[entering[2 * edge]] > most && cost[entering[2 * edge + 1]] > most && edge !== place.edge)) continue;
      limits.forEach((limit, i) => merged(spans(network, tree, edge, limit)).forEach(([from, to]) => lines[i].push(stretch(network, edge, from, to))));
    }
    return lines;
  };

  function spans(network, tree, edge, limit) {
    const { edges, states, costs } = network, length = edges.length_m[edge], { cost } = tree;
    const [forward, backward, paidStart, paidEnd] = costs ? [costs.forward[edge], costs.backward[edge], costs.start_m[edge], costs.end_m[edge]] : [1, 1, 0, 0];
    const left = Math.min(length, (limit - cost[states.entering[2 * edge]] - paidStart) / forward);
    const right = Math.min(length, (limit - cost[states.entering[2 * edge + 1]] - paidEnd) / backward);
    const out = [];
    if (left > 0) out.push([0, left]);
    if (tree.place.edge === edge && limit > tree.place.leg_m) {
      const reach = limit - tree.place.leg_m, at = tree.place.offset_m;
      out.push([Math.max(0, at - reach / backward), Math.min(length, at + reach / forward)]);
    }
    if (right > 0) out.push([length - right, length]);
    return out;
  }

  function merged(all) {
    const out = [];
    all.sort((a, b) => a[0] - b[0]).forEach(([from, to]) => {
      const last = out[out.length - 1];
      if (last && from <= last[1]) last[1] = Math.max(last[1], to);
      else out.push([from, to]);
    });
    return out;
  }

  // The line of an edge from one offset to another.
  function stretch(network, edge, from, to) {
    const { edges, line } = network, points = [lc.placeOnEdge(network, edge, from)];
    const ratio = edges.length_m[edge] > 0 ? edges.drawn_m[edge] / edges.length_m[edge] : 0;
    for (let i = edges.first[edge] + 1, before = 0; i < edges.first[edge + 1]; i++) {
      before += Math.hypot(line.x[i] - line.x[i - 1], line.y[i] - line.y[i - 1]);
      if (before >= to * ratio) break;
      if (before > from * ratio) points.push([line.x[i], line.y[i]]);
    }
    points.push(lc.placeOnEdge(network, edge, to));
    return points;
  }

  // Flat metres of the quickest walk from a tree's point to every place, infinite where none leads.
  lc.walksFrom = function ({ network, place, cost }, places) {
    const { edges, states: { entering }, costs } = network, out = new Float64Array(places.length).fill(Infinity);
    for (let row = 0; row < places.length; row++) {
      const edge = places.edge[row];
      if (edge < 0) continue;
      const offset = places.offset_m[row], left = edges.length_m[edge] - offset, forward = costs ? costs.forward[edge] : 1,
        backward = costs ? costs.backward[edge] : 1;
      let walk = Math.min(cost[entering[2 * edge]] + offset * forward + (costs ? costs.start_m[edge] : 0),
        cost[entering[2 * edge + 1]] + left * backward + (costs ? costs.end_m[edge] : 0));
      if (edge === place.edge) walk = Math.min(walk, place.leg_m + Math.abs(offset - place.offset_m) * (offset >= place.offset_m ? forward : backward));
      out[row] = walk + places.leg_m[row];
    }
    return out;
  };
})(livingcircle);
