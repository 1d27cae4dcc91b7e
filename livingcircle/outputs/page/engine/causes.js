// What lies beyond a limit, home by home, and the first cause of it by the rules of the study.

(function (lc) {
  // Walks are sums of many rounded lengths; a micrometre keeps a limit inclusive.
  const ROUNDING_M = 1e-6;
  const town = lc.Town.prototype;

  // What a category is known to have: facilities at all, enough open ones, and an open one that stands on a street.
  town.offer = function (category, view, n) {
    return this.once(`offer ${category} ${view} ${n}`, () => {
      const rows = this.doorRows(category);
      const own = this.network(view).doors, fresh = rows.some((row) => row >= this.baseDoors) ? this.freshDoors(view) : null;
      const joined = rows.some((row) => (row < this.baseDoors ? own.edge[row] : fresh.edge[row - this.baseDoors]) >= 0);
      return { known: this.listed([category]), enough: this.entrances(category).owners >= n, joined };
    });
  };

  // Coming years with the entrances of a category that are open by then, the first year first.
  town.coming = function (category) {
    return this.once(`coming ${category}`, () => {
      const { open, year } = this.facilities, coming = (i) => !open[i] && year[i] !== null;
      const years = [...new Set(this.serving[category].filter(coming).map((i) => year[i]))].sort((a, b) => a - b);
      return years.map((opens) => ({ year: opens, rows: this.doorRows(category, (i) => open[i] || (coming(i) && year[i] <= opens)) }));
    });
  };

  // The same with the walks then.
  town.later = function (category, view, n) {
    return this.once(`later ${category} ${view} ${n}`, () => this.coming(category).map(({ year, rows }) => (
      { year, found: this.walksTo(view, rows, { n, shortest: this.rule === "distance" }) }
    )));
  };

  const toEnds = new WeakMap();
  // Walks to where the street data end, in the measure of the rule; null where the study does not tell where.
  town.dataEdge = function (view) {
    const ends = this.all.judging.ends;
    if (!ends || !ends.length) return null;
    const network = this.network(view), shortest = Boolean(this.walking.views[view].costs) && this.rule === "distance";
    if (!toEnds.has(network)) toEnds.set(network, {});
    const known = toEnds.get(network);
    if (!known[shortest]) known[shortest] = lc.walksTo(network, lc.endPlaces(this.walking, network, ends), { shortest });
    return known[shortest][this.measure()];
  };

  const kept = new WeakMap();
  // Residences with homes beyond the limit, how many (`out`), how many of them may keep it by a walk out of the street data (`open`),
  // and the middle one (`sample`). Groups that walk alike share them, and towns with the same walks.
  function outside(town_, found, limit, view) {
    const measure = town_.measure(), key = `${measure} ${limit}`;
    if (!kept.has(found)) kept.set(found, new Map());
    if (!kept.get(found).has(key)) kept.get(found).set(key,
      listed(town_.homes, lc.keeps(town_.homes, found, measure, limit), found[measure], town_.dataEdge(view), limit));
    return kept.get(found).get(key);
  }

  function listed(homes, { mask, count }, walks, edge, limit) {
    const { first, segments } = homes, inside = new Int32Array(first.length - 1), rows = [];
    segments.residence.forEach((r, s) => { inside[r] += count[s]; });
    for (let r = 0; r < inside.length; r++) {
      const out = first[r + 1] - first[r] - inside[r];
      if (!out) continue;
      rows.push({ residence: r, out, open: edge ? within(edge, mask, first[r], first[r + 1], limit + ROUNDING_M) : 0,
        sample: lc.middle(walks, first[r], first[r + 1], mask) });
    }
    return rows;
  }

  function within(edge, mask, start, end, most) {
    let count = 0;
    for (let i = start; i < end; i++) if (!mask[i] && edge[i] <= most) count++;
    return count;
  }

  // Every residence with homes beyond the limit: {residence, out, sample, closes_in, uncertain}.
  function beyond(town_, category, view, asked, limit) {
    const found = town_.deciding(category, view, asked.at_least), measure = town_.measure(), { first } = town_.homes, edge = town_.dataEdge(view);
    const { mask } = lc.keeps(town_.homes, found, measure, limit);
    const later = town_.later(category, view, asked.at_least)
      .map(({ year, found: then }) => ({ year, mask: lc.keeps(town_.homes, then, measure, limit).mask }));
    return outside(town_, found, limit, view).filter((row) => town_.lived[row.residence]).map(({ residence, out, open, sample }) => {
      const closes = later.find((one) => all(one.mask, mask, first[residence], first[residence + 1]));
      return { residence, out, sample, closes_in: closes ? closes.year : null, uncertain: edge ? open / out : null };
    });
  }

  function all(then, now, start, end) {
    for (let i = start; i < end; i++) if (!now[i] && !then[i]) return false;
    return true;
  }

  function detourOf(metres, straight) {
    if (straight === Infinity) return Infinity;
    if (straight > 0) return metres / straight;
    return metres === Infinity ? Infinity : 1;
  }

  // The first cause that holds of a row, in the order of the study.
  function causeOf(town_, row, told) {
    const { judging } = town_, { view, offer, limit, confidence } = told;
    const near = row.straight_m <= limit, { edge, far } = town_.network(view).homes;
    const holds = {
      not_yet_open: row.closes_in !== null,
      not_found: !offer.known,
      planned_only: !offer.enough,
      facility_off_network: !offer.joined,
      behind_barrier: edge[row.sample] < 0 && !far[row.sample],
      off_network: edge[row.sample] < 0,
      data_doubtful: (near && confidence === "low") || row.uncertain >= judging.uncertain_share,
      unreachable: !Number.isFinite(row.metres),
      far: !near,
      severed: row.detour >= judging.severed_detour,
    };
    const first = judging.causes.find(({ id }) => holds[id]);
    return first || judging.causes.find(({ id }) => id === "beyond");
  }

  const DERIVED = { centroid: "low", boundary: "medium" };
  // Low where nothing was found or a centroid stands for the entrance, medium where the entrance was derived.
  function confidenceOf(facilities, facility) {
    if (facility < 0) return "low";
    const told = [facilities.confidence[facility], DERIVED[facilities.entrance_source[facility]] || "high"];
    return ["low", "medium"].find((word) => told.includes(word)) || "high";
  }

  // What lies beyond a limit as one kind of walker meets it, each residence explained, whoever lives there.
  town.explained = function (category, level, view, limit) {
    return this.once(`explained ${category} ${level} ${view} ${limit}`, () => {
      const asked = this.asked(category, level), walks = this.deciding(category, view, asked.at_least), { confidence } = this.facilities;
      const told = { view, offer: this.offer(category, view, asked.at_least), limit }, rows = beyond(this, category, view, asked, limit);
      rows.forEach((row) => {
        const metres = walks.metres[row.sample], facility = this.facilityOf(walks.door[row.sample]);
        const straight_m = told.offer.enough ? this.straight(category, row.sample, asked.at_least) : Infinity;
        Object.assign(row, { metres, flat_m: walks.flat_m[row.sample], facility, straight_m, detour: detourOf(metres, straight_m) });
        const { id, remedy, verify } = causeOf(this, row, { ...told, confidence: facility < 0 ? "" : confidence[facility] });
        Object.assign(row, { cause: id, remedy, verify, confidence: confidenceOf(this.facilities, facility) });
      });
      return rows;
    });
  };

  // The gaps of a category at a level for a group as the engine finds them, by residence.
  town.found = function (category, level, group) {
    return this.once(`gaps ${category} ${level} ${group}`, () => {
      const people = this.weights(group), land = this.weights("land"), rows = new Map();
      this.explained(category, level, this.view(group), this.limit(this.asked(category, level), group)).forEach((row) => {
        const r = row.residence;
        if (people[r] > 0 || land[r] > 0) rows.set(r, { ...row, people: row.out * people[r], land_ha: row.out * land[r] });
      });
      return rows;
    });
  };
})(livingcircle);
