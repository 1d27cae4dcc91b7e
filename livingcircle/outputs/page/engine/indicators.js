// Official indicators and quotas of a town, as far as walks, straight lines, people, land and what facilities hold tell them.

(function (lc) {
  // Sums of people over many points differ from the true number by their last digits.
  const ROUNDING = 1e-6, ROUNDING_M = 1e-6, MOST = 0.5, MOST_SQUARES = 1e6;
  const COUNT = "facilities", SITE = "site_m2";
  const town = lc.Town.prototype;

  // ---- what facilities offer ----------------------------------------------------------------------------------------

  // The categories that have a quota in a measure: a facility that serves two of them shares its capacity.
  town.sharing = function (measure) {
    const every = this.judging.categories.map((_, c) => c);
    return every.filter((c) => this.judging.categories[c].quotas.some((quota) => quota.measure === measure));
  };

  // What open facilities of the study area offer by unit, outside of all last: {known, facilities, told, shared, listed}.
  town.supply = function (categories, measure) {
    const size = this.judging.units.length + 1, places = this.facilities, others = this.sharing(measure).filter((c) => !categories.includes(c));
    const out = { known: new Float64Array(size), facilities: new Float64Array(size), told: new Float64Array(size), shared: new Float64Array(size) };
    this.servingAny(categories).forEach((i) => {
      if (!places.open[i] || !places.inside[i]) return;
      const shared = measure !== COUNT && measure !== SITE && places.counts[i].some((c) => others.includes(c)), u = places.unit[i];
      const amount = measure === COUNT ? 1 : shared ? null : places[measure === SITE ? "site_m2" : "capacity"][i];
      out.facilities[u]++;
      if (shared) out.shared[u]++;
      if (amount !== null) { out.told[u]++; out.known[u] += amount; }
    });
    return { ...out, listed: this.listed(categories) };
  };

  town.servingAny = function (categories) { return [...new Set(categories.flatMap((c) => this.serving[c]))].sort((a, b) => a - b); };

  // People (or dwellings) that a quota asks by, by unit; null where the study does not tell them.
  town.asking = function (of) {
    const whole = this.judging.people[of];
    if (!whole) return null;
    return this.once(`asking ${of}`, () => this.sums(this.weightsOf(of)));
  };

  town.weightsOf = function (of) {
    const whole = this.judging.people[of];
    return this.once(`weightsOf ${of}`, () =>
      Float64Array.from(whole, (amount, r) => (this.lived[r] && this.homes.count[r] ? amount / this.homes.count[r] : 0)));
  };

  // ---- quotas ---------------------------------------------------------------------------------------------------------

  // For the whole area and every unit what each quota asks for, what is there and how much is short; null for what is not known.
  town.quotas = function () {
    return this.once("quotas", () => {
      const rows = [];
      this.judging.categories.forEach((category, c) => {
        if (!category.told) return;
        category.quotas.forEach((quota) => {
          const offered = this.supply([c], quota.measure), base = this.asking(quota.of), at = c < lc.data.categories.length ? c : -1;
          const told = { category: at, id: category.id, measure: quota.measure, of: quota.of, clause: quota.clause, evidence: quota.evidence };
          [null, ...this.judging.units.keys()].forEach((u) => {
            rows.push({ unit: u === null ? lc.say("whole_area") : this.judging.units[u], kind: u === null ? 1 : 0, whole: u === null, ...told,
              ...short(quota, offered, base, u) });
          });
        });
      });
      return rows;
    });
  };

  function short(quota, offered, base, unit) {
    const pick = (by) => (unit === null ? lc.sum(Array.from(by)) : by[unit]), known = pick(offered.known), count = pick(offered.facilities),
      told = pick(offered.told);
    const demand = base === null ? null : (pick(base) * quota.value) / quota.per;
    const nothing = !offered.listed || (count > 0 && told === 0), lack = demand === null ? null : Math.max(0, demand - known);
    const enough = lack !== null && lack <= ROUNDING, unknown = !offered.listed || lack === null || (told < count && !enough);
    return { demand, supply: nothing ? null : known, facilities: count, short: unknown ? null : enough ? 0 : lack };
  }

  // ---- who is within reach --------------------------------------------------------------------------------------------

  // The limit of a facility in metres: its own by size where bands tell it; null for none.
  function limitOf(target, site_m2) {
    if (!target.bands.length) return target.limit_m;
    const band = site_m2 === null ? null : target.bands.find(([least, below]) => site_m2 >= least && (below === null || site_m2 < below));
    return band ? band[2] : null;
  }

  // Which samples a target is within reach of, by way (`distance`, `time` or `radius`), as `lc.reach`.
  town.within = function (target, way) {
    return this.once(`within ${JSON.stringify(target)} ${way}`, () => {
      const parts = [], places = this.facilities;
      target.categories.forEach((c) => {
        const limits = new Set(this.serving[c].filter((i) => places.open[i]).map((i) => limitOf(target, places.site_m2[i])));
        limits.forEach((limit) => {
          if (limit === null) return;
          parts.push(this.reached(this.doorRows(c, (i) => places.open[i] && limitOf(target, places.site_m2[i]) === limit), target, limit, way));
        });
      });
      return parts.length ? lc.joined(this.homes, parts) : lc.reach(this.homes, new Uint8Array(this.homes.total));
    });
  };

  // Without minutes of its own a limit means metres under either rule.
  town.reached = function (rows, target, limit_m, way) {
    if (way === "radius") return this.circled(rows, limit_m);
    const timed = way === "time" && target.minutes !== null && !target.bands.length;
    const found = this.walksTo(this.view(0), rows, { shortest: !timed });
    return lc.keeps(this.homes, found, timed ? "flat_m" : "metres", timed ? target.minutes * this.pace(0) : limit_m);
  };

  // Samples within straight metres of an entrance.
  town.circled = function (rows, limit_m) {
    const { x, y } = this.facilities.doors, homes = this.walking.homes, key = `circle ${limit_m} ${rows.map((row) => `${x[row]},${y[row]}`).join(" ")}`;
    if (!this.all.circles) this.all.circles = new Map();
    const known = this.all.circles;
    if (!known.has(key)) {
      if (known.size > 30) known.delete(known.keys().next().value);
      const doors = [x, y].map((column) => Float64Array.from(rows, (row) => column[row]));
      known.set(key, lc.reach(this.homes, circles(homes, doors, (limit_m + ROUNDING_M) ** 2)));
    }
    return known.get(key);
  };

  // Entrances by squares as wide as the circle: only those of the squares around a sample can hold it.
  function squares([east, north], reach) {
    const least = [east, north].map((column) => column.reduce((low, value) => Math.min(low, value), Infinity));
    const most = [east, north].map((column) => column.reduce((high, value) => Math.max(high, value), -Infinity));
    const side = Math.max(reach, Math.sqrt(((most[0] - least[0]) * (most[1] - least[1])) / MOST_SQUARES)),
      [wide, high] = [0, 1].map((k) => Math.floor((most[k] - least[k]) / side) + 1);
    const at = (d) => Math.floor((north[d] - least[1]) / side) * wide + Math.floor((east[d] - least[0]) / side), first = new Int32Array(wide * high + 1);
    for (let d = 0; d < east.length; d++) first[at(d) + 1]++;
    for (let k = 1; k < first.length; k++) first[k] += first[k - 1];
    const next = first.slice(), held = new Int32Array(east.length);
    for (let d = 0; d < east.length; d++) held[next[at(d)]++] = d;
    return { least, side, wide, high, first, held };
  }

  function circles({ x: xs, y: ys }, doors, square) {
    const mask = new Uint8Array(xs.length), [east, north] = doors;
    if (!east.length) return mask;
    const { least, side, wide, high, first, held } = squares(doors, Math.sqrt(square));
    for (let i = 0; i < mask.length; i++) {
      const x = xs[i], y = ys[i], column = Math.floor((x - least[0]) / side), row = Math.floor((y - least[1]) / side);
      const west = Math.max(0, column - 1), last = Math.min(wide - 1, column + 1);
      for (let v = Math.max(0, row - 1); v <= row + 1 && v < high && !mask[i]; v++) {
        // Squares of a row stand side by side.
        for (let k = west <= last ? first[v * wide + west] : 0, end = west <= last ? first[v * wide + last + 1] : 0; k < end; k++) {
          const dx = east[held[k]] - x, dy = north[held[k]] - y;
          if (dx * dx + dy * dy <= square) { mask[i] = 1; break; }
        }
      }
    }
    return mask;
  }

  // ---- indicators -----------------------------------------------------------------------------------------------------

  const deciding = (town_, one) => (one.measure === "radius" ? "radius" : town_.rule);

  const total = (by) => lc.sum(Array.from(by));
  const over = (part, whole) => (whole > 0 ? part / whole : null);

  // A limit by size leaves out facilities of unknown size; where no open one tells its size there is no value.
  function sized(town_, target) {
    if (!target.bands.length) return true;
    const used = town_.servingAny(target.categories).filter((i) => town_.facilities.open[i]);
    return !used.length || used.some((i) => town_.facilities.site_m2[i] !== null);
  }

  function rate(town_, one, weights, { count }) { return over(one.per * total(town_.sums(weights, count)), total(town_.sums(weights))); }

  function within(town_, one, weights) {
    const [target] = one.targets;
    return sized(town_, target) ? rate(town_, one, weights, town_.within(target, deciding(town_, one))) : null;
  }

  function elements(town_, one) {
    if (one.targets.some((target) => !town_.listed(target.categories))) return null;
    return one.targets.map((target) => town_.within(target, deciding(town_, one)));
  }

  function perPeople(town_, one, measure) {
    const offered = town_.supply(one.categories, measure), people = total(town_.asking(one.of));
    return total(offered.facilities) > total(offered.told) ? null : over((measure === SITE ? 1 : one.per) * total(offered.known), people);
  }

  // The communities that fail: without an open facility, and with none within reach of half their land (people where none has land).
  function failing(town_, one) {
    const [target] = one.targets, { facilities: places, judging } = town_, held = new Set();
    if (!sized(town_, target)) return null;
    town_.servingAny(target.categories).forEach((i) => {
      if (places.open[i] && places.inside[i] && limitOf(target, places.site_m2[i]) !== null) held.add(places.unit[i]);
    });
    const { count } = town_.within(target, deciding(town_, one)), land = town_.weights("land"), people = town_.weightsOf("people");
    const [allLand, land_, allPeople, people_] = [town_.sums(land), town_.sums(land, count), town_.sums(people), town_.sums(people, count)];
    let failed = 0, judged = 0;
    judging.units.forEach((_, u) => {
      const [part, whole] = allLand[u] > 0 ? [land_[u], allLand[u]] : [people_[u], allPeople[u]];
      if (!(whole > 0)) return;
      judged++;
      if (!held.has(u) && !(part / whole >= MOST - ROUNDING)) failed++;
    });
    return judged ? failed : null;
  }

  // What is short over the communities, none making up for another; not known where what is not told could close one's shortage.
  function numberShort(town_, one) {
    const offered = town_.supply(one.categories, one.quota.measure), base = town_.asking(one.quota.of);
    let all = 0;
    for (let u = 0; u < base.length; u++) {
      const lack = (base[u] * one.quota.value) / one.quota.per - offered.known[u];
      if (lack <= ROUNDING) continue;
      if (offered.facilities[u] > offered.told[u]) return null;
      all += lack;
    }
    return all;
  }

  const FORMULAS = {
    land_within: (town_, one) => within(town_, one, town_.weights("land")),
    people_within: (town_, one) => within(town_, one, town_.weightsOf(one.of)),
    land_within_all: (town_, one) => {
      const every = elements(town_, one);
      return every && rate(town_, one, town_.weights("land"), lc.joined(town_.homes, every, true));
    },
    land_within_mean: (town_, one) => {
      const every = elements(town_, one), shares = every && every.map((reach) => rate(town_, one, town_.weights("land"), reach));
      return shares && shares.every((share) => share !== null) ? lc.sum(shares) / shares.length : null;
    },
    capacity_per_people: (town_, one) => perPeople(town_, one, one.quota ? one.quota.measure : ""),
    count_per_people: (town_, one) => perPeople(town_, one, COUNT),
    area_per_person: (town_, one) => perPeople(town_, one, SITE),
    units_failing: failing,
    number_short: numberShort,
  };

  // Whether an indicator can be worked out of what the town holds.
  function holds(town_, one) {
    if (one.categories.length && !town_.listed(one.categories)) return false;
    return !one.capacity || town_.servingAny(one.categories).some((i) => town_.facilities.capacity[i] !== null);
  }

  const meets = (value, one) => (one.target === null ? null : one.better === "higher" ? value >= one.target - ROUNDING : value <= one.target + ROUNDING);

  // The official indicators of the whole area that the page can work out: {system, id, name, unit, value, clause, evidence, target, meets}.
  town.indicators = function () {
    return this.once("indicators", () => this.judging.indicators.flatMap((one) => {
      const value = holds(this, one) ? FORMULAS[one.formula](this, one) : null;
      if (value === null || Number.isNaN(value)) return [];
      const { system, id, name, unit, clause, evidence, target } = one;
      return [{ system, id, name, unit, value, clause, evidence, target, meets: meets(value, one) }];
    }));
  };
})(livingcircle);
