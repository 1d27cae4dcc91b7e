// From one point on the ground: the walk to the nearest facility of every category, judged by every limit, and why one is out
// of reach. The causes are those of the gap list, told for the point itself.

(function (lc) {
  const ROUNDING_M = 1e-6;
  const OFF = { behind_barrier: "behind_barrier", inside_barrier: "inside_barrier" };

  // What a walk is judged by: metres of the shortest by the distance, flat metres of the quickest by the time.
  const measure = (walk, rule) => (rule === "distance" ? walk.metres : walk.flat_m);

  // The doors of open facilities of each category: [[row of the door, facility], ...].
  function doorsByCategory(ground, count) {
    const { facilities, facility } = ground, out = Array.from({ length: count }, () => []);
    facility.forEach((owner, row) => {
      if (facilities.open[owner]) facilities.categories[owner].forEach((category) => { if (out[category]) out[category].push([row, owner]); });
    });
    return out;
  }

  // Facilities of a category by their walk from the tree's point, nearest first, each by its nearest door.
  function ranked(tree, ground, doors) {
    const best = new Map();
    doors.forEach(([row, owner]) => {
      if (ground.doors.edge[row] < 0) return;
      const walk = tree.to(ground.doors, row);
      if (walk === Infinity || !Number.isFinite(walk.metres)) return;
      const far = measure(walk, ground.rule), held = best.get(owner);
      if (!held || far < held.far) best.set(owner, { facility: owner, door: row, far, metres: walk.metres, flat_m: walk.flat_m });
    });
    return [...best.values()].sort((a, b) => a.far - b.far || a.door - b.door);
  }

  // Metres in a straight line to the nearest of the doors, of as many facilities as are asked for.
  function straight(ground, point, doors, many) {
    const best = new Map();
    doors.forEach(([row, owner]) => {
      const far = Math.hypot(ground.doorX[row] - point[0], ground.doorY[row] - point[1]);
      if (!(best.get(owner) <= far)) best.set(owner, far);
    });
    const all = [...best.values()].sort((a, b) => a - b);
    return all.length >= many ? all[many - 1] : null;
  }

  // What a point finds of every category. `ground`: walking, network, doors with doorX and doorY, facility, facilities, rule.
  // Rows: {category, status, facility, door, walk_m, flat_m, straight_m, known, open, others}; `others` the facilities ranked.
  lc.fromPoint = function (ground, point, count) {
    const { walking, network } = ground;
    const place = lc.snap(walking, point[0], point[1], { limit_m: walking.snap_limit_m, barriers: true, viewNumber: ground.view });
    const on = place.edge >= 0, tree = on ? lc.walkFrom(network, place, { shortest: ground.rule === "distance" }) : null;
    const rows = doorsByCategory(ground, count).map((doors, category) => {
      const others = on ? ranked(tree, ground, doors) : [], first = others[0];
      return {
        category, doors, others, status: !on ? "off_network" : first ? "reached" : "unreachable",
        facility: first ? first.facility : -1, door: first ? first.door : -1,
        walk_m: first ? first.metres : Infinity, flat_m: first ? first.flat_m : Infinity, straight_m: straight(ground, point, doors, 1),
      };
    });
    return { point, place, tree, rows };
  };

  // Whether the walk keeps a limit, and by how much it passes it: {within, excess_m, excess_min, far, limit}.
  // Where several facilities are asked for, the walk is that to the last of them.
  lc.judgedBy = function (ground, row, asked, speed_kmh) {
    const pace = speed_kmh * 1000 / 60, byTime = ground.rule === "time";
    const limit = byTime ? asked.limit_min * pace : asked.limit_m;
    const last = row.others[(asked.at_least || 1) - 1], far = last ? last.far : Infinity;
    const within = far <= limit + ROUNDING_M, over = within ? 0 : far - limit;
    return { within, far, limit, excess_m: over, excess_min: over / pace };
  };

  // Why the walk to a category is not within a limit: {cause, ...what belongs to it}. The order is that of the gap list.
  lc.whyNot = function (ground, found, row, judged) {
    const { facilities } = ground, { place } = found;
    if (judged.within) return { cause: "reached" };
    const later = opening(ground, found, row, judged);
    if (later) return Object.assign({ cause: "not_yet_open" }, later);
    const serving = facilities.name.map((_, i) => i).filter((i) => facilities.categories[i].includes(row.category));
    if (!serving.length) return { cause: "not_found" };
    if (!row.doors.length) return { cause: serving.some((i) => facilities.open[i]) ? "no_door" : "planned_only", coming: coming(facilities, serving) };
    if (!row.doors.some(([door]) => ground.doors.edge[door] >= 0)) return { cause: "no_door" };
    if (place.edge < 0) return Object.assign({ cause: OFF[place.reason] || "off_network" }, lc.nearestStreet(ground, found.point));
    if (!Number.isFinite(judged.far)) return row.others.length ? { cause: "too_few", found: row.others.length } : parted(ground, place, row);
    if (place.leg_m > judged.limit + ROUNDING_M) return { cause: "leg_alone", leg_m: place.leg_m };
    if (row.straight_m > judged.limit + ROUNDING_M) return { cause: "far" };
    if (row.straight_m > 0 && judged.far >= ground.severed_detour * row.straight_m) return { cause: "severed" };
    return { cause: "beyond" };
  };

  // The first facility to open that the point will have within the limit: {coming, metres}; null for none.
  function opening(ground, found, row, judged) {
    if (!found.tree) return null;
    const { facilities, facility } = ground, doors = [];
    facility.forEach((owner, door) => {
      if (!facilities.open[owner] && facilities.year[owner] !== null && facilities.categories[owner].includes(row.category)) doors.push([door, owner]);
    });
    const near = ranked(found.tree, ground, doors).filter((one) => one.far <= judged.limit + ROUNDING_M);
    const first = near.sort((a, b) => facilities.year[a.facility] - facilities.year[b.facility] || a.far - b.far)[0];
    return first ? { coming: { facility: first.facility, year: facilities.year[first.facility] }, metres: first.metres } : null;
  }

  // The next to open of some facilities, those without a year last.
  function coming(facilities, rows) {
    const year = (i) => (facilities.year[i] === null ? Infinity : facilities.year[i]);
    const next = rows.filter((i) => !facilities.open[i]).sort((a, b) => year(a) - year(b))[0];
    return next === undefined ? null : { facility: next, year: facilities.year[next] };
  }

  // No walk leads there: another piece of the network, or a compound in between that is not open.
  function parted(ground, place, row) {
    const { component } = ground.pieces, toward = new Set();
    row.doors.forEach(([door]) => { const edge = ground.doors.edge[door]; if (edge >= 0) toward.add(component[edge]); });
    const own = component[place.edge];
    if (toward.has(own)) return { cause: "closed_compound" };
    return Object.assign({ cause: "not_joined", length_m: ground.pieces.length_m[own] }, lc.missingLink(ground, own, toward));
  }

  // The nearest street of all, whatever lies between: its name, metres to it, and the kind of barrier that the way there meets.
  lc.nearestStreet = function (ground, point) {
    const { walking } = ground;
    const near = lc.snap(walking, point[0], point[1], { limit_m: Infinity, barriers: false, isolated: false, viewNumber: ground.view });
    if (near.edge < 0) return { street: "", nearest_m: null, barrier: "" };
    const foot = lc.footOf(walking, near);
    return { street: walking.names[walking.edges.street[near.edge]] || "", nearest_m: near.leg_m, foot, barrier: lc.barrierBetween(walking, point, foot) };
  };

  // The place on the street that a position names, in metres of the study.
  lc.footOf = function (walking, place) {
    const { edges, line } = walking;
    let left = place.offset_m;
    for (let i = edges.first[place.edge] + 1; i < edges.first[place.edge + 1]; i++) {
      const dx = line.x[i] - line.x[i - 1], dy = line.y[i] - line.y[i - 1], step = Math.hypot(dx, dy);
      if (left <= step || i === edges.first[place.edge + 1] - 1) {
        const part = step ? Math.min(1, left / step) : 0;
        return [line.x[i - 1] + dx * part, line.y[i - 1] + dy * part];
      }
      left -= step;
    }
    return [line.x[edges.first[place.edge]], line.y[edges.first[place.edge]]];
  };

  // Where the nearest places of two pieces of the network lie: {gap_m, from, to, from_street, to_street}. The fewer streets are
  // asked one by one; of the others only those in boxes that may be nearer than the best so far are looked at.
  lc.missingLink = function (ground, own, toward) {
    const { component } = ground.pieces, mine = [], others = [], { edges } = ground.walking;
    for (let edge = 0; edge < edges.count; edge++) {
      if (component[edge] === own) mine.push(edge);
      else if (toward.has(component[edge])) others.push(edge);
    }
    const swap = mine.length > others.length, [asked, held] = swap ? [others, mine] : [mine, others];
    const boxes = held.map((edge) => boxOf(ground.walking, edge));
    let best = { gap_m: Infinity };
    asked.forEach((edge) => {
      const box = boxOf(ground.walking, edge);
      held.forEach((other, i) => {
        if (apart(box, boxes[i]) >= best.gap_m) return;
        const found = between(ground.walking, edge, other);
        if (found.gap_m < best.gap_m) best = Object.assign(found, { ends: [edge, other] });
      });
    });
    if (!best.ends) return { gap_m: null };
    const name = (edge) => ground.walking.names[edges.street[edge]] || "", [a, b] = swap ? best.ends.slice().reverse() : best.ends;
    const [from, to] = swap ? [best.to, best.from] : [best.from, best.to];
    return { gap_m: best.gap_m, from, to, from_street: name(a), to_street: name(b) };
  };

  function boxOf({ edges, line }, edge) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = edges.first[edge]; i < edges.first[edge + 1]; i++) {
      box[0] = Math.min(box[0], line.x[i]); box[1] = Math.min(box[1], line.y[i]);
      box[2] = Math.max(box[2], line.x[i]); box[3] = Math.max(box[3], line.y[i]);
    }
    return box;
  }

  const apart = (a, b) => Math.hypot(Math.max(0, a[0] - b[2], b[0] - a[2]), Math.max(0, a[1] - b[3], b[1] - a[3]));

  // The nearest points of two lines that do not cross: always an end of a piece against the other piece.
  function between({ edges, line }, a, b) {
    let best = { gap_m: Infinity };
    const look = (x, y, i, turned) => {
      const [u, v] = foot(x, y, line.x[i - 1], line.y[i - 1], line.x[i], line.y[i]), gap_m = Math.hypot(u - x, v - y);
      if (gap_m < best.gap_m) best = { gap_m, from: turned ? [u, v] : [x, y], to: turned ? [x, y] : [u, v] };
    };
    for (let i = edges.first[a]; i < edges.first[a + 1]; i++) {
      for (let j = edges.first[b]; j < edges.first[b + 1]; j++) {
        if (j > edges.first[b]) look(line.x[i], line.y[i], j, false);
        if (i > edges.first[a]) look(line.x[j], line.y[j], i, true);
      }
    }
    return best;
  }

  function foot(x, y, ax, ay, bx, by) {
    const dx = bx - ax, dy = by - ay, square = dx * dx + dy * dy;
    const part = square ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square)) : 0;
    return [ax + dx * part, ay + dy * part];
  }

  // The pieces of the network that streets join: the piece of every edge, and metres of real street in each.
  lc.pieces = function (walking) {
    const length_m = new Map(), { edges, component } = walking;
    for (let edge = 0; edge < edges.count; edge++) {
      if (edges.drawn[edge]) length_m.set(component[edge], (length_m.get(component[edge]) || 0) + edges.length_m[edge]);
    }
    return { component, length_m: Object.fromEntries(length_m) };
  };
})(livingcircle);
