// Metres and flat metres on foot (metres of level street that take as long), exact at any position on an edge, and the way itself.

(function (lc) {
  // Flat metres and metres between a position on an edge and its ends, for walks that leave it (`ahead` false) or come to it.
  function toEnds({ edges, costs }, edge, offset, arriving, out) {
    const left = edges.length_m[edge] - offset;
    out[0] = offset;
    out[1] = left;
    if (!costs) { out[2] = offset; out[3] = left; return; }
    out[2] = offset * (arriving ? costs.forward[edge] : costs.backward[edge]) + costs.start_m[edge];
    out[3] = left * (arriving ? costs.backward[edge] : costs.forward[edge]) + costs.end_m[edge];
  }

  // Flat metres straight along an edge.
  function along({ costs }, edge, from, to) {
    const metres = Math.abs(to - from);
    return costs ? metres * (to >= from ? costs.forward[edge] : costs.backward[edge]) : metres;
  }

  // Where searches begin: every place by both ends of its edge; `arriving` where walks end at the places.
  function startsAt(network, places, arriving, shortest) {
    const states = arriving ? network.states.entering : network.states.leaving, own = [], out = new Float64Array(4);
    for (let i = 0; i < places.length; i++) if (places.edge[i] >= 0) own.push(i);
    const size = 2 * own.length, starts = { state: new Int32Array(size), cost: new Float64Array(size), other: new Float64Array(size),
      name: new Int32Array(size) };
    own.forEach((row, k) => {
      const edge = places.edge[row], leg = places.leg_m[row];
      toEnds(network, edge, places.offset_m[row], arriving, out);
      for (let side = 0; side < 2; side++) {
        const at = 2 * k + side, metres = leg + out[side], flat = leg + out[2 + side];
        starts.state[at] = states[2 * edge + side];
        starts.cost[at] = shortest ? metres : flat;
        starts.other[at] = shortest ? flat : metres;
        starts.name[at] = row;
      }
    });
    return starts;
  }

  // Rows of places by the edge they stand on.
  function byEdge(places) {
    const out = new Map();
    for (let i = 0; i < places.length; i++) {
      if (places.edge[i] < 0) continue;
      const own = out.get(places.edge[i]);
      if (own) own.push(i);
      else out.set(places.edge[i], [i]);
    }
    return out;
  }

  // The walk from every home to its nearest door. `doors` are Places on the network; options: `shortest` (else the quickest), `limit_m`
  // (inclusive), `homes` (Places; else the samples). {metres, flat_m, door}: door is a row of `doors`, -1 where the others are infinite.
  lc.walksTo = function (network, doors, options) {
    const { shortest = false, limit_m = Infinity, homes = network.homes } = options || {}, size = homes.length;
    const found = lc.search(network.back, network.states.size, startsAt(network, doors, true, shortest), { shortest, limit_m });
    const walk = new Float64Array(size).fill(Infinity), rest = network.level ? walk : new Float64Array(size).fill(Infinity),
      door = new Int32Array(size).fill(-1);
    arrive(network, found, homes, shortest, { walk, rest, door });
    alongOneEdge(network, homes, doors, shortest, { walk, rest, door });
    for (let i = 0; i < size; i++) {
      if (!(walk[i] < Infinity)) continue;
      const leg = homes.leg_m[i], total = walk[i] + leg;
      walk[i] = total <= limit_m ? total : Infinity;
      if (rest !== walk) rest[i] = total <= limit_m ? rest[i] + leg : Infinity;
      if (total > limit_m) door[i] = -1;
    }
    return shortest ? { metres: walk, flat_m: rest, door } : { metres: rest, flat_m: walk, door };
  };

  // The cheaper of the two ways from each place.
  function arrive(network, found, homes, shortest, { walk, rest, door }) {
    const { states: { leaving }, edges: { length_m } } = network, { cost, other, start, level } = found, out = new Float64Array(4);
    for (let i = 0; i < homes.length; i++) {
      const edge = homes.edge[i];
      if (edge < 0) continue;
      const first = leaving[2 * edge], last = leaving[2 * edge + 1];
      if (level) {
        const ahead = cost[first] + homes.offset_m[i], back = cost[last] + (length_m[edge] - homes.offset_m[i]);
        walk[i] = ahead <= back ? ahead : back;
        door[i] = ahead <= back ? start[first] : start[last];
        continue;
      }
      toEnds(network, edge, homes.offset_m[i], false, out);
      const sum = shortest ? 0 : 2, carried = shortest ? 2 : 0, ahead = cost[first] + out[sum], back = cost[last] + out[sum + 1];
      walk[i] = Math.min(ahead, back);
      rest[i] = ahead <= back ? other[first] + out[carried] : other[last] + out[carried + 1];
      door[i] = ahead <= back ? start[first] : start[last];
    }
  }

  // A home on the edge of a door walks straight along that edge where this is shorter.
  function alongOneEdge(network, homes, doors, shortest, { walk, rest, door }) {
    const served = new Uint8Array(network.edges.count), on = byEdge(doors);
    on.forEach((_, edge) => { served[edge] = 1; });
    for (let i = 0; i < homes.length; i++) {
      const edge = homes.edge[i];
      if (edge < 0 || !served[edge]) continue;
      for (const row of on.get(edge)) {
        const metres = Math.abs(doors.offset_m[row] - homes.offset_m[i]) + doors.leg_m[row];
        const flat = along(network, edge, homes.offset_m[i], doors.offset_m[row]) + doors.leg_m[row], cost = shortest ? metres : flat;
        if (!(cost < walk[i])) continue;
        walk[i] = cost;
        if (rest !== walk) rest[i] = shortest ? flat : metres;
        door[i] = row;
      }
    }
  }

  // The walks of one walker who lives at `place`: {edge, offset_m, leg_m[, x, y]}, on the network. `cost` and `other` are those of every
  // state, as of `lc.search`, the walker's own leg included.
  lc.walkFrom = function (network, place, options) {
    const { shortest = false } = options || {}, places = { length: 1, edge: [place.edge], offset_m: [place.offset_m], leg_m: [place.leg_m] };
    const starts = startsAt(network, places, false, shortest);
    starts.name.forEach((_, k) => { starts.name[k] = k; });
    const found = lc.search(network.ahead, network.states.size, starts, { shortest, tree: true }), tree = { network, place, shortest, found };
    Object.assign(tree, { cost: found.cost, other: found.other });
    tree.to = (there, row) => {
      const way = wayTo(tree, there, row);
      return way ? { metres: way.metres, flat_m: way.flat_m } : Infinity;
    };
    tree.at = (edge, offset_m) => tree.to({ edge: [edge], offset_m: [offset_m], leg_m: [0] }, 0);
    tree.route = (there, row) => route(tree, there, row);
    return tree;
  };

  // How the walker comes to a place: by which end of its edge (0, 1), or along one edge (2); null where no way leads.
  function wayTo({ network, place, shortest, found }, there, row) {
    const edge = there.edge[row], leg = there.leg_m[row], offset = there.offset_m[row], out = new Float64Array(4);
    if (edge < 0 || place.edge < 0) return null;
    let best = null;
    const offer = (side, metres, flat) => {
      const cost = shortest ? metres : flat;
      if (Number.isFinite(cost) && (!best || cost < best.cost)) best = { side, cost, metres, flat_m: flat };
    };
    toEnds(network, edge, offset, true, out);
    for (let side = 0; side < 2; side++) {
      const state = network.states.entering[2 * edge + side], [metres, flat] = shortest ? [found.cost, found.other] : [found.other, found.cost];
      offer(side, metres[state] + out[side] + leg, flat[state] + out[2 + side] + leg);
    }
    if (edge === place.edge) {
      const both = place.leg_m + leg;
      offer(2, Math.abs(offset - place.offset_m) + both, along(network, edge, place.offset_m, offset) + both);
    }
    return best;
  }

  // The way to a place: `line` [[lat, lon], ...], `streets` [{name, length_m}] in turn, `legs_m` at both ends, `metres` and `flat_m`; the
  // lengths and both legs add up to the metres. null where no way leads.
  function route(tree, there, row) {
    const { network, place, found } = tree, way = wayTo(tree, there, row);
    if (!way) return null;
    const pieces = [], edge = there.edge[row], offset = there.offset_m[row];
    if (way.side === 2) pieces.push([edge, place.offset_m, offset]);
    else {
      let state = network.states.entering[2 * edge + way.side];
      const length = (e) => network.edges.length_m[e];
      pieces.push([edge, way.side ? length(edge) : 0, offset]);
      while (found.before[state] >= 0) {
        const arc = found.by[state], own = network.ahead.edge[arc], from = found.before[state];
        if (own >= 0) pieces.push(isEnd(network, own, from, state) ? [own, length(own), 0] : [own, 0, length(own)]);
        state = from;
      }
      pieces.push([place.edge, place.offset_m, found.start[state] ? length(place.edge) : 0]);
      pieces.reverse();
    }
    const told = { line: drawn(network, pieces, place, there, row), streets: named(network, pieces), legs_m: [place.leg_m, there.leg_m[row]] };
    return Object.assign(told, { metres: way.metres, flat_m: way.flat_m });
  }

  // Whether an arc runs from the end of its edge to its start.
  function isEnd({ states: { leaving, entering } }, edge, from, to) {
    return (leaving[2 * edge + 1] === from && leaving[2 * edge] === to) || (entering[2 * edge + 1] === from && entering[2 * edge] === to);
  }

  function named({ walking, edges, streets }, pieces) {
    const out = [], base = walking.edges.count;
    pieces.forEach(([edge, from, to]) => {
      const length_m = Math.abs(to - from), last = out[out.length - 1];
      const name = edges.street[edge] >= 0 ? walking.names[edges.street[edge]] : streets.base && edge >= base ? edges.names[edge - base] : "";
      if (length_m === 0) return;
      if (last && last.name === name) last.length_m += length_m;
      else out.push({ name, length_m });
    });
    return out;
  }

  function drawn({ streets, edges, line, walking: { plane } }, pieces, place, there, row) {
    const points = [], add = ([x, y]) => {
      const last = points[points.length - 1];
      if (!last || last[0] !== x || last[1] !== y) points.push([x, y]);
    };
    if (Number.isFinite(place.x)) add([place.x, place.y]);
    pieces.forEach(([edge, from, to]) => {
      add(lc.placeOnEdge(streets, edge, from));
      const ratio = edges.length_m[edge] > 0 ? edges.drawn_m[edge] / edges.length_m[edge] : 0, inner = [];
      for (let at = edges.first[edge] + 1, far = 0; at < edges.first[edge + 1] - 1; at++) {
        far += Math.hypot(line.x[at] - line.x[at - 1], line.y[at] - line.y[at - 1]);
        if (far > Math.min(from, to) * ratio && far < Math.max(from, to) * ratio) inner.push([line.x[at], line.y[at]]);
      }
      (from <= to ? inner : inner.reverse()).forEach(add);
      add(lc.placeOnEdge(streets, edge, to));
    });
    if (there.x && Number.isFinite(there.x[row])) add([there.x[row], there.y[row]]);
    return points.map(([x, y]) => plane.toDegrees(x, y).reverse());
  }
})(livingcircle);
