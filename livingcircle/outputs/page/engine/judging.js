// Judgement of walks: who keeps a limit, coverage by unit, the middle walks of residences, and how complete a circle is.

(function (lc) {
  // Walks are sums of many rounded lengths; a micrometre keeps a limit inclusive.
  const ROUNDING_M = 1e-6;

  const masks = new WeakMap();
  // Which samples keep a limit, and how many of each segment of homes, as `lc.reach`.
  lc.keeps = function (homes, found, measure, limit) {
    if (!masks.has(found)) masks.set(found, new Map());
    const known = masks.get(found), key = `${measure} ${limit}`;
    if (!known.has(key)) known.set(key, counted(homes, found[measure], limit));
    return known.get(key);
  };

  let numbers = 0;
  function counted(homes, walks, limit) {
    const mask = new Uint8Array(walks.length), most = limit + ROUNDING_M;
    for (let i = 0; i < mask.length; i++) mask[i] = walks[i] <= most ? 1 : 0;
    return lc.reach(homes, mask);
  }

  // Samples within reach of something: {mask, count of each segment, number of its own}.
  lc.reach = function (homes, mask) {
    const { start, end } = homes.segments, count = new Int32Array(start.length);
    for (let s = 0; s < count.length; s++) {
      let inside = 0;
      for (let i = start[s], last = end[s]; i < last; i++) inside += mask[i];
      count[s] = inside;
    }
    return { mask, count, number: numbers++ };
  };

  const JOINT = 40, joint = new Map();
  // Samples within reach of any of several things (or of each of them, where `every` is asked), worked out once.
  lc.joined = function (homes, reaches, every) {
    if (reaches.length === 1) return reaches[0];
    const key = `${Boolean(every)} ${reaches.map((reach) => reach.number).sort().join(" ")}`, known = joint.get(key);
    joint.delete(key);
    const mask = known ? null : new Uint8Array(homes.total).fill(every ? 1 : 0);
    if (!known) reaches.forEach(({ mask: own }) => { for (let i = 0; i < mask.length; i++) mask[i] = every ? mask[i] & own[i] : mask[i] | own[i]; });
    joint.set(key, known || lc.reach(homes, mask));
    if (joint.size > JOINT) joint.delete(joint.keys().next().value);
    return joint.get(key);
  };

  const town = lc.Town.prototype;

  town.measure = function () { return this.rule === "distance" ? "metres" : "flat_m"; };

  // Which samples a category's facilities serve by the limit of a level.
  town.covered = function (category, level, group) {
    const asked = this.asked(category, level);
    return lc.keeps(this.homes, this.deciding(category, this.view(group), asked.at_least), this.measure(), this.limit(asked, group));
  };

  // What all samples of each residence hold in a unit of weight, only where it is lived in: `kind` is land, or a group's position.
  town.weights = function (kind) {
    return this.once(`weights ${kind}`, () => {
      const { residences } = this.walking, whole = kind === "land" ? residences.land_ha : residences.people[kind];
      return Float64Array.from(whole, (amount, r) => (this.lived[r] && this.homes.count[r] && amount > 0 ? amount / this.homes.count[r] : 0));
    });
  };

  // Sums by unit (the last one for what lies outside every unit) of a weight of residences, of all samples or of those counted.
  town.sums = function (weights, count) {
    const { residence, unit, start, end } = this.homes.segments, out = new Float64Array(this.judging.units.length + 1);
    for (let s = 0; s < residence.length; s++) out[unit[s]] += weights[residence[s]] * (count ? count[s] : end[s] - start[s]);
    return out;
  };

  const sum = (parts) => parts.reduce((all, part) => all + part, 0);
  lc.sum = sum;

  // What coverage follows from: towns in which these are equal have the same rows and gaps of a category.
  town.signature = function (category, level, group) {
    const asked = this.asked(category, level);
    return { walks: this.walkKey(category, this.view(group), asked.at_least), rule: this.rule, limit: this.limit(asked, group), lived: this.lived };
  };

  lc.sameHomes = (one, other) => one === other || one.every((lived, r) => lived === other[r]);
  lc.sameJudgement = (one, other) => ["walks", "rule", "limit"].every((key) => one[key] === other[key]) && lc.sameHomes(one.lived, other.lived);

  // Land and people by unit, all and covered, as the engine finds them.
  town.worked = function (category, level, group) {
    return this.once(`worked ${category} ${level} ${group}`, () => {
      const { count } = this.covered(category, level, group), land = this.weights("land"), people = this.weights(group);
      return { land_ha: this.sums(land), land_covered_ha: this.sums(land, count), people: this.sums(people), people_covered: this.sums(people, count) };
    });
  };

  function writtenRows(category, level, group) {
    const all = lc.judging();
    if (!all.coverage) {
      all.coverage = new Map();
      lc.data.coverage.rows.forEach((row) => {
        const key = `${row.category} ${row.level} ${row.group}`;
        if (!all.coverage.has(key)) all.coverage.set(key, []);
        all.coverage.get(key).push(row);
      });
    }
    return all.coverage.get(`${category} ${level} ${group}`) || [];
  }

  const AMOUNTS = ["land_ha", "land_covered_ha", "people", "people_covered"];
  const clamped = (value, most) => Math.max(0, Math.min(value, most));
  const share = (part, whole) => (whole > 1e-9 ? clamped(part / whole, 1) : null);

  // What is covered is what the study wrote plus what the scenario changes, so that nothing changes but by the scenario. Shares are
  // written to more digits than hectares and people are.
  function changedRow(row, at, worked, before, by_rule) {
    const pick = (by) => (at === null ? sum(by) : by[at]), out = { ...row };
    [["land_ha", "land_covered_ha", "land_share"], ["people", "people_covered", "people_share"]].forEach(([whole, covered, part]) => {
      out[whole] = pick(worked[whole]);
      out[covered] = clamped((row[part] || 0) * pick(before[whole]) + pick(worked[covered]) - pick(before[covered]), out[whole]);
      // Nothing is left of what was written to so many digits where nobody, or everybody, is covered.
      if (!pick(worked[covered])) out[covered] = 0;
      else if (pick(worked[covered]) === pick(worked[whole])) out[covered] = out[whole];
      out[part] = share(out[covered], out[whole]);
    });
    return { ...out, by_rule };
  }

  const unmoved = (worked, before) => AMOUNTS.every((key) => worked[key].every((value, u) => value === before[key][u]));

  // Rows of coverage of a category at a level for a group, as `lc.data.coverage.rows`: the whole area, units, what lies outside.
  town.coverage = function (category, level, group) {
    return this.once(`coverage ${category} ${level} ${group}`, () => {
      const written = writtenRows(category, level, group), asked = this.asked(category, level), base = lc.baseTown();
      if (this.isBase || !asked) return written;
      const same = lc.sameJudgement(this.signature(category, level, group), base.signature(category, level, group));
      const worked = same ? null : this.worked(category, level, group), before = same ? null : base.worked(category, level, group);
      const moved = !same && !unmoved(worked, before), open = this.openIn(category), units = this.judging.units;
      return withOutside(written, open[units.length]).map((row) => {
        const at = row.whole ? null : row.kind === 2 ? units.length : units.indexOf(row.unit);
        const told = { ...row, limit_m: asked.limit_m, limit_min: asked.limit_min, facilities: at === null ? sum(open) : open[at] };
        return moved ? changedRow(told, at, worked, before, this.ruled(category, level, group, at)) : told;
      });
    });
  };

  // Shares of land and people by distance, time and straight line, worked out when they are asked for: {land, people}. By straight
  // line only where one facility is asked for.
  town.ruled = function (category, level, group, at) {
    const of = (kind) => {
      const weights = this.weights(kind), pick = (by) => (at === null ? sum(by) : by[at]), whole = pick(this.sums(weights));
      return this.reachesByRule(category, level, group).map((reach) => (reach ? share(pick(this.sums(weights, reach.count)), whole) : null));
    };
    return { get land() { return of("land"); }, get people() { return of(group); } };
  };

  town.reachesByRule = function (category, level, group) {
    return this.once(`ruled ${category} ${level} ${group}`, () => {
      const asked = this.asked(category, level), view = this.view(group), rows = this.doorRows(category), n = asked.at_least;
      const walked = (shortest, measure, limit) => lc.keeps(this.homes, this.walksTo(view, rows, { n, shortest }), measure, limit);
      return [
        walked(true, "metres", asked.limit_m), walked(false, "flat_m", asked.limit_min * this.pace(group)),
        n === 1 ? this.circled(rows, asked.limit_m) : null,
      ];
    });
  };

  // A first facility outside every unit gives that its row.
  function withOutside(written, outside) {
    if (!outside || written.length < 2 || written.some((row) => row.kind === 2)) return written;
    const empty = { land_ha: 0, land_covered_ha: 0, land_share: null, people: 0, people_covered: 0, people_share: null, by_rule: null };
    return [...written, { ...written[0], ...empty, unit: lc.say("outside_units"), kind: 2, whole: false, facilities: 0 }];
  }

  // The number of open facilities of a category by unit, the last one outside of all.
  town.openIn = function (category) {
    return this.once(`openIn ${category}`, () => {
      const count = new Array(this.judging.units.length + 1).fill(0);
      this.serving[category].forEach((i) => { if (this.facilities.open[i]) count[this.facilities.unit[i]]++; });
      return count;
    });
  };

  town.coverageRows = function () {
    return this.once("coverageRows", () => {
      const rows = [], seen = new Set();
      lc.data.coverage.rows.forEach((row) => {
        const key = `${row.category} ${row.level} ${row.group}`;
        if (seen.has(key)) return;
        seen.add(key);
        this.coverage(row.category, row.level, row.group).forEach((own) => rows.push(own));
      });
      return rows;
    });
  };

  // ---- middle walks -------------------------------------------------------------------------------------------------

  let room = new Float64Array(1024);

  // The value that stands at `place` when the first `size` numbers of `room` are sorted.
  function selected(size, place) {
    let low = 0, high = size - 1;
    while (low < high) {
      const pivot = room[(low + high) >> 1];
      let i = low, j = high;
      while (i <= j) {
        while (room[i] < pivot) i++;
        while (room[j] > pivot) j--;
        if (i <= j) { const held = room[i]; room[i] = room[j]; room[j] = held; i++; j--; }
      }
      if (place <= j) high = j;
      else if (place >= i) low = i;
      else break;
    }
    return room[place];
  }

  // Of the samples from `start` to `end` (those not in `mask` where one is given) the one whose walk is the lower median; of
  // equal walks the one in the middle's turn. -1 for none.
  lc.middle = function (walks, start, end, mask) {
    if (room.length < end - start) room = new Float64Array(2 * (end - start));
    let size = 0;
    for (let i = start; i < end; i++) if (!mask || !mask[i]) room[size++] = walks[i];
    if (!size) return -1;
    const place = (size - 1) >> 1, value = selected(size, place);
    let left = place;
    for (let i = start; i < end; i++) if ((!mask || !mask[i]) && walks[i] < value) left--;
    for (let i = start; i < end; i++) if ((!mask || !mask[i]) && walks[i] === value && left-- === 0) return i;
    return -1;
  };

  // The middle walk of every residence to a category, as `lc.now.walks`; a residence not lived in yet has none.
  town.walks = function (category, group) {
    return this.once(`residences ${category} ${lc.data.groups[group].walks}`, () => {
      const walker = lc.data.groups[group].walks, view = this.view(walker), n = this.firstNumber(category), base = lc.baseTown();
      const written = lc.asWritten().walks(category, walker), own = this.walkKey(category, view, n) === base.walkKey(category, view, n);
      if (own && this.speeds[walker] === base.speeds[walker] && lc.sameHomes(this.lived, base.lived)) return written;
      return this.middleWalks(category, view, this.samples(category, walker), walker);
    });
  };

  town.middleWalks = function (category, view, found, walker) {
    const { first } = this.homes, rows = this.walking.residences.row, size = lc.data.residences.name.length;
    const out = { walk_m: [], walk_min: [], straight_m: [], status: [], nearest: [] };
    Object.keys(out).forEach((key) => { out[key] = new Array(size).fill(key === "status" || key === "nearest" ? "" : null); });
    for (let r = 0; r < rows.length; r++) {
      if (rows[r] < 0 || !this.lived[r] || first[r] === first[r + 1]) continue;
      const i = lc.middle(found.metres, first[r], first[r + 1]), at = rows[r];
      out.walk_m[at] = lc.finite(found.metres[i]);
      out.walk_min[at] = lc.finite(found.flat_m[i] / this.pace(walker));
      out.straight_m[at] = lc.finite(this.straight(category, i, this.firstNumber(category)));
      out.status[at] = this.status(view, found, i);
      out.nearest[at] = this.nearestName(found.door[i]);
    }
    return out;
  };

  lc.finite = (value) => (Number.isFinite(value) ? value : null);

  // How many facilities the first limit of a category asks for: the walks of residences are to that one.
  town.firstNumber = function (category) {
    const first = this.judging.categories[category].asked[0];
    return first ? first.at_least : 1;
  };

  town.status = function (view, found, sample) {
    if (this.network(view).homes.edge[sample] < 0) return "off_network";
    return Number.isFinite(found.metres[sample]) ? "reached" : "unreachable";
  };

  town.facilityOf = function (door) { return door < 0 ? -1 : this.facilities.doors.facility[door]; };
  town.nearestName = function (door) { return door < 0 ? "" : this.facilities.name[this.facilityOf(door)]; };

  town.homePoint = function (sample) { return [this.walking.homes.x[sample], this.walking.homes.y[sample]]; };

  // Places of the open entrances of a category: {x, y, facility, owners}, owners the number of facilities.
  town.entrances = function (category) {
    return this.once(`entrances ${category}`, () => {
      const rows = this.doorRows(category), { x, y, facility } = this.facilities.doors, own = rows.map((row) => facility[row]);
      return { x: Float64Array.from(rows, (row) => x[row]), y: Float64Array.from(rows, (row) => y[row]), facility: own, owners: new Set(own).size };
    });
  };

  // Straight metres from a sample to the entrance of the nearest open facility of a category, the nth nearest where asked.
  town.straight = function (category, sample, n) {
    const { x, y, facility } = this.entrances(category), east = this.walking.homes.x[sample], north = this.walking.homes.y[sample];
    if (n > 1) return nthStraight(x, y, facility, east, north, n);
    let least = Infinity;
    for (let d = 0; d < x.length; d++) {
      const dx = x[d] - east, dy = y[d] - north, square = dx * dx + dy * dy;
      if (square < least) least = square;
    }
    return Math.sqrt(least);
  };

  function nthStraight(x, y, facility, east, north, n) {
    const own = new Map();
    facility.forEach((owner, d) => {
      const far = Math.hypot(x[d] - east, y[d] - north);
      if (!(own.get(owner) <= far)) own.set(owner, far);
    });
    const lines = Float64Array.from(own.values()).sort();
    return n <= lines.length ? lines[n - 1] : Infinity;
  }

  // ---- completeness -------------------------------------------------------------------------------------------------

  // How many of a level's mandatory elements are within reach: shares of land and people that lack none, and who lacks what.
  town.completeness = function (level, group) {
    return this.once(`complete ${level} ${group}`, () => {
      const elements = this.mandatory(level), reaches = elements.map((category) => this.covered(category, level, group));
      const { lacking, none } = this.lackingOf(level, group, reaches);
      const part = (kind) => { const weights = this.weights(kind); return share(sum(this.sums(weights, none)), sum(this.sums(weights))); };
      const lacks = (residence) => elements.filter((_, e) => this.lacksMost(reaches[e].count, residence));
      return { elements: elements.length, land_share: part("land"), people_share: part(group), lacking, lacks, reaches };
    });
  };

  // Elements out of reach of every sample, and the samples of each segment that lack none; from the base's, where few differ.
  town.lackingOf = function (level, group, reaches) {
    return this.once(`lacking ${level} ${reaches.map(({ number }) => number).join(" ")}`, () => {
      const base = this.isBase ? null : lc.baseTown().completeness(level, group), differ = base && reaches.filter((reach, e) => reach !== base.reaches[e]);
      const near = base && base.reaches.length === reaches.length && differ.length < reaches.length / 2;
      if (near && !differ.length) return lc.baseTown().lackingOf(level, group, reaches);
      const lacking = near ? base.lacking.slice() : new Int32Array(this.homes.total).fill(reaches.length);
      reaches.forEach(({ mask }, e) => {
        if (!near) for (let i = 0; i < lacking.length; i++) lacking[i] -= mask[i];
        else if (mask !== base.reaches[e].mask) for (let i = 0, was = base.reaches[e].mask; i < lacking.length; i++) lacking[i] += was[i] - mask[i];
      });
      return { lacking, none: lackingNone(this.homes.segments, lacking) };
    });
  };

  function lackingNone({ start, end }, lacking) {
    const none = new Int32Array(start.length);
    for (let s = 0; s < none.length; s++) for (let i = start[s], last = end[s]; i < last; i++) if (lacking[i] === 0) none[s]++;
    return none;
  }

  // The categories that the standard makes mandatory at a level, by position.
  town.mandatory = function (level) {
    const told = lc.data.categories.map((_, c) => c);
    return told.filter((c) => this.judging.categories[c].asked.some((asked) => asked.level === level && asked.flag === "mandatory"));
  };

  // Whether more than half of a residence (a position of the page) is not covered.
  town.lacksMost = function (count, residence) {
    const { segments, count: size } = this.homes, own = this.walking.residences.row.indexOf(residence);
    let inside = 0;
    segments.residence.forEach((r, s) => { if (r === own) inside += count[s]; });
    return own >= 0 && size[own] - inside > 0.5 * size[own];
  };
})(livingcircle);
