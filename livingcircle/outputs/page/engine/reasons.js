// Why a point finds no facility within a limit: the causes are those of the gap list, told for the point itself.

(function (lc) {
  const ROUNDING_M = 1e-6, TOUCH_M = 0.3;
  const OFF = { behind_barrier: "behind_barrier", inside_barrier: "inside_barrier" };

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
      if (owner >= 0 && !facilities.open[owner] && facilities.year[owner] !== null
        && facilities.categories[owner].includes(row.category)) doors.push([door, owner]);
    });
    const near = lc.rankedFrom(found.tree, ground, doors).filter((one) => one.far <= judged.limit + ROUNDING_M);
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
    const { component } = ground.network.pieces, toward = new Set();
    row.doors.forEach(([door]) => { const edge = ground.doors.edge[door]; if (edge >= 0) toward.add(component[edge]); });
    const own = component[place.edge];
    if (toward.has(own)) return { cause: "closed_compound" };
    return Object.assign({ cause: "not_joined", length_m: pieceLength(ground.network, own) }, lc.missingLink(ground, own, toward));
  }

  // Metres of real street in a piece of the network: ways assumed or across a plaza are walked, but no street.
  function pieceLength({ edges, pieces }, own) {
    let length_m = 0;
    for (let edge = 0; edge < edges.count; edge++) if (pieces.component[edge] === own && edges.kind[edge] === 0) length_m += edges.length_m[edge];
    return length_m;
  }

  // The name of the street of an edge, empty where it has none.
  lc.streetName = function ({ walking, network }, edge) {
    const own = walking.edges.count, { street, names } = network.edges;
    return (edge >= own && names && names[edge - own]) || walking.names[street[edge]] || "";
  };

  // The nearest street of all, whatever lies between: its name, metres to it, and the kind of barrier that the way there meets.
  lc.nearestStreet = function (ground, [x, y]) {
    const near = lc.snap(ground.walking, x, y, { limit_m: Infinity, barriers: false, pieces: false, viewNumber: ground.view });
    if (near.edge < 0) return { street: "", nearest_m: null, barrier: "" };
    const foot = lc.placeOnEdge(ground.walking, near.edge, near.offset_m);
    return { street: ground.walking.names[ground.walking.edges.street[near.edge]] || "", nearest_m: near.leg_m, foot,
      barrier: lc.barrierBetween(ground.walking, [x, y], foot) };
  };

  // The kind of the barrier that a straight leg begins inside of, or else meets first; empty for none. Touching one with an end is
  // no meeting.
  lc.barrierBetween = function ({ barriers }, from, to) {
    const { lines, walls, areas, kinds = {} } = barriers, inside = areas.findIndex((rings) => holds(rings, from));
    if (inside >= 0) return kindOf(kinds.areas, inside);
    let best = Infinity, kind = "";
    const meet = ({ x, y }, own) => {
      for (let i = 1; i < x.length; i++) {
        const t = passed(from, to, [x[i - 1], y[i - 1]], [x[i], y[i]]);
        if (t < best) { best = t; kind = own; }
      }
    };
    areas.forEach((rings, i) => rings.forEach((ring) => meet(ring, kindOf(kinds.areas, i))));
    lines.forEach((line, i) => meet(line, kindOf(kinds.lines, i)));
    walls.forEach((line) => meet(line, "compound"));
    return kind;
  };

  const kindOf = (kinds, i) => (kinds && kinds[i]) || "unknown";

  function holds(rings, [x, y]) {
    let odd = false;
    rings.forEach((ring) => {
      for (let i = 0, j = ring.x.length - 1; i < ring.x.length; j = i++) {
        if (ring.y[i] > y !== ring.y[j] > y && x < ((ring.x[j] - ring.x[i]) * (y - ring.y[i])) / (ring.y[j] - ring.y[i]) + ring.x[i]) odd = !odd;
      }
    });
    return odd;
  }

  // How far along a leg (0 to 1) a piece of a barrier is met, infinite where it is not.
  function passed(from, to, a, b) {
    const dx = to[0] - from[0], dy = to[1] - from[1], ex = b[0] - a[0], ey = b[1] - a[1], turn = dx * ey - dy * ex, size = Math.hypot(dx, dy);
    if (!turn || !size) return Infinity;
    const t = ((a[0] - from[0]) * ey - (a[1] - from[1]) * ex) / turn, u = ((a[0] - from[0]) * dy - (a[1] - from[1]) * dx) / turn;
    return u >= 0 && u <= 1 && t * size > TOUCH_M && (1 - t) * size > TOUCH_M ? t : Infinity;
  }

  // Where the nearest places of two pieces of the network lie: {gap_m, from, to, from_street, to_street}. The fewer streets are
  // asked one by one; of the others only those in boxes that may be nearer than the best so far are looked at.
  lc.missingLink = function (ground, own, toward) {
    const { network } = ground, { component } = network.pieces, mine = [], others = [], { edges } = network;
    for (let edge = 0; edge < edges.count; edge++) {
      if (component[edge] === own) mine.push(edge);
      else if (toward.has(component[edge])) others.push(edge);
    }
    const swap = mine.length > others.length, [asked, held] = swap ? [others, mine] : [mine, others];
    const boxes = held.map((edge) => boxOf(network, edge));
    let best = { gap_m: Infinity };
    asked.forEach((edge) => {
      const box = boxOf(network, edge);
      held.forEach((other, i) => {
        if (apart(box, boxes[i]) >= best.gap_m) return;
        const found = between(network, edge, other);
        if (found.gap_m < best.gap_m) best = Object.assign(found, { ends: [edge, other] });
      });
    });
    if (!best.ends) return { gap_m: null };
    const name = (edge) => lc.streetName(ground, edge), [a, b] = swap ? best.ends.slice().reverse() : best.ends;
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
})(livingcircle);
