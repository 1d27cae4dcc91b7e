// Where a walker can be and what a step costs: nodes, copies of them within compounds, and the arcs between them.
// A compound that is not open may begin or end a walk but is never cut through: every node of a compound stands twice beside the
// public node, once for residents on their way out, once for those who have entered. A walk goes down these layers, never back up.

(function (lc) {
  const OPEN = "open", VISIT = "visit";

  // Pieces of the network that hang together: the piece of every edge (-1 for closed ones), and whether it is too short to be trusted.
  lc.pieces = function (streets, shut) {
    const { edges, nodes } = streets, root = new Int32Array(nodes.count);
    for (let n = 0; n < nodes.count; n++) root[n] = n;
    const top = (n) => { while (root[n] !== n) { root[n] = root[root[n]]; n = root[n]; } return n; };
    for (let e = 0; e < edges.count; e++) if (!shut || !shut[e]) root[top(edges.start[e])] = top(edges.end[e]);
    const length = new Float64Array(nodes.count), component = new Int32Array(edges.count).fill(-1);
    for (let e = 0; e < edges.count; e++) {
      if (shut && shut[e]) continue;
      component[e] = top(edges.start[e]);
      if (edges.kind[e] === 0) length[component[e]] += edges.length_m[e];
    }
    const isolated = Uint8Array.from(component, (c) => (c >= 0 && length[c] < streets.isolated_m ? 1 : 0));
    return { component, isolated };
  };

  // States of the open edges, the steps along edges [from, to, edge] and the free ones [from, to], as `network/states.py` has them.
  function statesOf(edges, size, shut, permeability) {
    const { start, end, compound, count } = edges, inner = new Uint8Array(count), leaving = new Int32Array(2 * count), entering = new Int32Array(2 * count);
    const copies = new Map(), owners = new Uint8Array(size), open = new Uint8Array(size), nodeOf = [];
    for (let e = 0; e < count; e++) {
      if (shut && shut[e]) continue;
      inner[e] = compound[e] >= 0 && permeability !== OPEN ? 1 : 0;
      for (const node of [start[e], end[e]]) {
        if (!inner[e]) { open[node] = 1; continue; }
        const key = compound[e] * size + node;
        if (copies.has(key)) continue;
        copies.set(key, nodeOf.length);
        nodeOf.push(node);
        owners[node] = Math.min(owners[node] + 1, 2);
      }
    }
    const more = nodeOf.length, copy = (e, node) => size + copies.get(compound[e] * size + node);
    for (let e = 0; e < count; e++) {
      if (shut && shut[e]) continue;
      leaving[2 * e] = inner[e] ? copy(e, start[e]) : start[e];
      leaving[2 * e + 1] = inner[e] ? copy(e, end[e]) : end[e];
      entering[2 * e] = leaving[2 * e] + (inner[e] ? more : 0);
      entering[2 * e + 1] = leaving[2 * e + 1] + (inner[e] ? more : 0);
    }
    const free = [];
    nodeOf.forEach((node, k) => {
      const home = size + k, door = size + more + k;
      free.push(home, door);
      // A gate is a node that public streets, or another compound, share.
      if (!open[node] && owners[node] < 2) return;
      free.push(home, node);
      if (permeability === VISIT) free.push(node, door);
    });
    return { size: size + 2 * more, leaving, entering, inner, free };
  }

  // Arcs in rows by the state they leave (or, `back`, the state they come to): metres, and flat metres (metres of level street that
  // take as long). `edge` is that of each arc, -1 for a free step.
  function arcsOf(network, back) {
    const { edges, states, costs, shut } = network, { leaving, entering, inner, free } = states, rows = new Int32Array(states.size + 1);
    const eachArc = (tell) => {
      for (let e = 0; e < edges.count; e++) {
        if (shut && shut[e]) continue;
        const metres = edges.length_m[e], extra = costs ? costs.start_m[e] + costs.end_m[e] : 0;
        const there = costs ? metres * costs.forward[e] + extra : metres, again = costs ? metres * costs.backward[e] + extra : metres;
        if (leaving[2 * e] !== leaving[2 * e + 1]) {
          tell(leaving[2 * e], leaving[2 * e + 1], metres, there, e);
          tell(leaving[2 * e + 1], leaving[2 * e], metres, again, e);
          if (!inner[e]) continue;
          tell(entering[2 * e], entering[2 * e + 1], metres, there, e);
          tell(entering[2 * e + 1], entering[2 * e], metres, again, e);
        }
      }
      for (let k = 0; k < free.length; k += 2) tell(free[k], free[k + 1], 0, 0, -1);
    };
    eachArc((from, to) => { rows[(back ? to : from) + 1]++; });
    for (let s = 0; s < states.size; s++) rows[s + 1] += rows[s];
    const count = rows[states.size], next = rows.slice(),
      arcs = { rows, to: new Int32Array(count), metres: new Float64Array(count), edge: new Int32Array(count) };
    arcs.flat_m = costs ? new Float64Array(count) : arcs.metres;
    eachArc((from, to, metres, flat, edge) => {
      const at = next[back ? to : from]++;
      arcs.to[at] = back ? from : to;
      arcs.metres[at] = metres;
      arcs.flat_m[at] = flat;
      arcs.edge[at] = edge;
    });
    arcs.longest = Math.max(arcs.metres.reduce((a, b) => Math.max(a, b), 0), arcs.flat_m.reduce((a, b) => Math.max(a, b), 0));
    return arcs;
  }

  // The costs of a view on changed streets: parts of an edge pay at its ends only; links are level.
  function costsOn(streets, costs, pace) {
    if (!costs) return null;
    const { edges } = streets, out = {}, from = (e) => (streets.base ? edges.from[e] : e);
    ["forward", "backward", "start_m", "end_m"].forEach((key) => { out[key] = new Float64Array(edges.count); });
    for (let e = 0; e < edges.count; e++) {
      const own = from(e);
      out.forward[e] = own < 0 ? 1 : costs.forward[own];
      out.backward[e] = own < 0 ? 1 : costs.backward[own];
      out.start_m[e] = own < 0 || own !== e ? 0 : costs.start_m[own] * pace;
      out.end_m[e] = own < 0 || (streets.base && !edges.atEnd[e]) ? 0 : costs.end_m[own] * pace;
    }
    return out;
  }

  function made(walking, view, streets, pace) {
    const shut = view.shut && Uint8Array.from({ length: streets.edges.count }, (_, e) => {
      const own = streets.base ? streets.edges.from[e] : e;
      return own < 0 ? 0 : view.shut[own];
    });
    const network = { walking, view, streets, edges: streets.edges, nodes: streets.nodes, line: streets.line, shut, costs: costsOn(streets, view.costs, pace) };
    network.level = network.costs === null;
    network.states = statesOf(network.edges, network.nodes.count, shut, view.permeability);
    lc.lazily(network, "ahead", () => arcsOf(network, false));
    // Without costs and compounds every arc is as long in both directions.
    lc.lazily(network, "back", () => (network.level && !network.states.free.length ? network.ahead : arcsOf(network, true)));
    lc.lazily(network, "homes", () => lc.onStreets(streets, view.homes));
    lc.lazily(network, "doors", () => lc.onStreets(streets, view.doors));
    lc.lazily(network, "pieces", () => lc.pieces(Object.assign({ isolated_m: walking.isolated_m }, streets), shut));
    return network;
  }

  const KEPT = 6;

  // The network of a view with changes: {links: [{line: [[lon, lat], ...], name}], gates: [{node, compound}] closed, pace: speed over the
  // view's own, where waits count}. The same changes give the same network again.
  lc.network = function (walking, viewNumber, changes) {
    const { links = [], gates = [], pace = 1 } = changes || {}, view = walking.views[viewNumber], seconds = view.costs ? pace : 1;
    const streetKey = JSON.stringify([links.map(({ line, name, ends }) => [line, name, Boolean(ends)]), gates.map(({ node, compound }) => [node, compound])]);
    walking.known = walking.known || new Map();
    const streets = kept(walking.known, `streets ${streetKey}`, () => lc.changedStreets(walking, { links, gates }));
    return kept(walking.known, `${viewNumber} ${seconds} ${streetKey}`, () => made(walking, view, streets, seconds));
  };

  // What was used last is kept, the study's own (first of all) for good.
  function kept(known, key, make) {
    if (!known.has(key)) known.set(key, make());
    const value = known.get(key);
    known.delete(key);
    known.set(key, value);
    if (known.size > 2 * KEPT) {
      const oldest = Array.from(known.keys()).find((one) => !one.endsWith("[[],[]]"));
      if (oldest !== undefined && oldest !== key) known.delete(oldest);
    }
    return value;
  }

  // Places found on the study's own streets (by `lc.snap`), on the network.
  lc.onNetwork = (network, places) => lc.onStreets(network.streets, places);
})(livingcircle);
