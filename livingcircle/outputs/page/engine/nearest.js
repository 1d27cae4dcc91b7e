// From one point on the ground: the walk to the nearest facility of every category, judged by every limit.

(function (lc) {
  const ROUNDING_M = 1e-6;

  // What walks of a group are looked up on, in a town as it is written or as a scenario leaves it.
  lc.groundOf = (town, group) => town.once(`ground ${group}`, () => {
    const view = town.view(group), network = town.network(view), { facility, at, x, y } = town.facilities.doors;
    return {
      town, view, network, walking: town.walking, facility, doorAt: at, doorX: x, doorY: y, facilities: town.facilities, rule: town.rule,
        speed_kmh: town.speeds[group],
      doors: facility.length > town.baseDoors ? lc.joinPlaces(network.doors, town.freshDoors(view)) : network.doors,
        severed_detour: town.judging.severed_detour,
    };
  });

  // What a town asks of a category, level by level.
  lc.askedOf = (town, category) => town.judging.categories[category].asked.map((one) => town.asked(category, one.level));

  // What a walk is judged by: metres of the shortest by the distance, flat metres of the quickest by the time.
  const measure = (walk, rule) => (rule === "distance" ? walk.metres : walk.flat_m);

  // The doors of open facilities of each category: [[row of the door, facility], ...].
  function doorsByCategory(ground, count) {
    const { facilities, facility } = ground, out = Array.from({ length: count }, () => []);
    facility.forEach((owner, row) => {
      if (owner >= 0 && facilities.open[owner]) facilities.categories[owner].forEach((category) => { if (out[category]) out[category].push([row, owner]); });
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

  // Where a point meets the streets, found as for homes, on the network as it is changed; `reason` says why there, or why nowhere.
  function placed({ walking, network, view }, [x, y]) {
    const found = lc.snap(walking, x, y, { viewNumber: view });
    const places = { length: 1, edge: Int32Array.of(found.edge), offset_m: Float64Array.of(found.offset_m), leg_m: Float64Array.of(found.leg_m), x: [x],
      y: [y], far: [found.reason === "no_street_within_limit" ? 1 : 0] };
    const on = lc.onNetwork(network, places);
    return { edge: on.edge[0], offset_m: on.offset_m[0], leg_m: on.leg_m[0], reason: found.reason };
  }

  // What a point [x, y] finds of each of so many categories, on the ground of a group (`lc.groundOf`). {point, place, tree, rows};
  // a row: {category, status, facility, door, walk_m, flat_m, straight_m, doors, others}, `others` the facilities ranked.
  lc.fromPoint = function (ground, point, count) {
    const { network } = ground, place = placed(ground, point);
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
  lc.judgedBy = function (ground, row, asked) {
    const pace = ground.speed_kmh * 1000 / 60, byTime = ground.rule === "time";
    const limit = byTime ? asked.limit_min * pace : asked.limit_m;
    const last = row.others[(asked.at_least || 1) - 1], far = last ? last.far : Infinity;
    const within = far <= limit + ROUNDING_M, over = within ? 0 : far - limit;
    return { within, far, limit, excess_m: over, excess_min: over / pace };
  };

  Object.assign(lc, { rankedFrom: ranked });
})(livingcircle);
