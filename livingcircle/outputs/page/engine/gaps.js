// The gap list of a town: gaps that a scenario leaves as they are keep all that the study wrote of them; others are worked out
// anew, and all are ranked together.

(function (lc) {
  const SAME_M = 0.5;
  const town = lc.Town.prototype;

  // What is looked up of the gaps as written: rows by kind, rows by kind and residence, walking residences by page row.
  function written() {
    const all = lc.judging();
    if (!all.written) {
      const gaps = lc.data.gaps, kinds = new Map(), at = new Map(), rowOf = new Map();
      gaps.rank.forEach((_, i) => {
        const kind = `${gaps.category[i]} ${gaps.level[i]} ${gaps.group[i]}`;
        if (!kinds.has(kind)) kinds.set(kind, []);
        kinds.get(kind).push(i);
        at.set(`${kind} ${gaps.residence[i]}`, i);
      });
      all.walking.residences.row.forEach((row, r) => { if (row >= 0) rowOf.set(row, r); });
      all.written = { kinds, at, rowOf, classes: classesOf(all.judging.priority.listed, gaps.rank.length) };
    }
    return all.written;
  }

  // The class of every gap as listed: all of the first class, then all of the next.
  function classesOf(listed, size) {
    const letters = [];
    Object.keys(listed).sort().forEach((letter) => { for (let i = 0; i < listed[letter]; i++) letters.push(letter); });
    while (letters.length < size) letters.push("C");
    return letters;
  }

  const close = (one, other) => one === other || Math.abs(one - other) < SAME_M;

  // Whether a gap is the same before and after: as many homes, the same walk, the same reason.
  function sameGap(one, other) {
    return one.out === other.out && close(one.metres, other.metres) && close(one.flat_m, other.flat_m) && one.cause === other.cause
      && one.closes_in === other.closes_in && close(one.straight_m, other.straight_m);
  }

  // Entries of one kind: {base: row of the gaps as written} with `changed` columns, or a `fresh` gap.
  function entriesOf(town_, category, level, group) {
    const { kinds, at, rowOf } = written(), kind = `${category} ${level} ${group}`, base = lc.baseTown(), known = kinds.get(kind) || [];
    if (town_.isBase || untouched(town_, base, category, level, group)) return known.map((i) => ({ base: i }));
    const after = town_.found(category, level, group), before = base.found(category, level, group), entries = [];
    const changed = changedColumns(town_, base, category, level, group), { residences } = town_.walking;
    after.forEach((row, r) => {
      const i = at.get(`${kind} ${residences.row[r]}`), was = before.get(r);
      if (!was || !sameGap(was, row)) entries.push({ fresh: { ...row, category, level, group, was: i === undefined ? null : i } });
      else if (i !== undefined) entries.push({ base: i, changed: changed && changed(row) });
    });
    // What the study found and the engine finds neither before nor after is told as the study found it.
    known.forEach((i) => {
      const r = rowOf.get(lc.data.gaps.residence[i]);
      if (r === undefined || (town_.lived[r] && !after.has(r) && !before.has(r))) entries.push({ base: i, changed: null });
    });
    return entries;
  }

  // Whether nothing that a gap of this kind tells may have changed.
  function untouched(town_, base, category, level, group) {
    if (!base.asked(category, level)) return true;
    const [now, then] = [town_, base].map((one) => [{ year: null, rows: one.doorRows(category) }, ...one.coming(category)]);
    return lc.sameJudgement(town_.signature(category, level, group), base.signature(category, level, group))
      && town_.speeds[group] === base.speeds[group] && town_.listed([category]) === base.listed([category])
      && now.length === then.length && now.every((one, k) => one.year === then[k].year && sameDoors(one.rows, then[k].rows, base.baseDoors));
  }

  // The same walks may come from other entrances, when one is moved off the streets.
  const sameDoors = (now, then, own) => now.length === then.length && now.every((row, k) => row === then[k] && row < own);

  // What another limit or speed makes of a gap that is the same otherwise.
  function changedColumns(town_, base, category, level, group) {
    const now = town_.asked(category, level), then = base.asked(category, level), slower = town_.speeds[group] !== base.speeds[group];
    if (now.limit_m === then.limit_m && now.limit_min === then.limit_min && !slower) return null;
    return (row) => ({ limit_m: now.limit_m, limit_min: now.limit_min, ...(slower ? { walk_min: lc.finite(row.flat_m / town_.pace(group)) } : {}) });
  }

  // ---- order ----------------------------------------------------------------------------------------------------------

  // Points of a number by the bounds it reaches.
  const pointsOf = (value, bounds) => bounds.filter((bound) => value + 1e-9 >= bound).length;

  function classOf(judging, people, flag, excess, vulnerable) {
    const rule = judging.priority, points = [
      [pointsOf(people, rule.people.bounds), rule.people.weight], [rule.flag.points[flag] || 0, rule.flag.weight],
      [pointsOf(excess, rule.excess.bounds), rule.excess.weight],
    ];
    if (vulnerable !== null) points.push([vulnerable, rule.vulnerable.weight]);
    const mean = Math.round((lc.sum(points.map(([p, w]) => p * w)) / lc.sum(points.map(([, w]) => w))) * 1e6) / 1e6;
    const letter = Object.keys(rule.classes).find((name) => mean >= rule.classes[name]);
    return letter || "C";
  }

  const rounded = (value) => (Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 : value);

  function freshOrder(town_, gap) {
    const asked = town_.asked(gap.category, gap.level), limit = town_.limit(asked, gap.group);
    const walk = town_.rule === "distance" ? gap.metres : gap.flat_m, excess = walk - limit;
    const letter = classOf(town_.judging, gap.people, asked.flag, excess / limit, town_.judging.vulnerable[gap.residence]);
    return { letter, flag: asked.flag, verify: gap.verify, people: rounded(gap.people), excess: rounded(excess) };
  }

  function baseOrder(town_, entry) {
    const gaps = lc.data.gaps, i = entry.base, told = (key) => (entry.changed && key in entry.changed ? entry.changed[key] : gaps[key][i]);
    const asked = town_.asked(gaps.category[i], gaps.level[i]), time = town_.rule !== "distance", pace = town_.pace(gaps.group[i]);
    const walk = time ? told("walk_min") : told("walk_m"), limit = (time ? told("limit_min") : told("limit_m")) * (time ? pace : 1);
    const excess = walk === null ? Infinity : walk * (time ? pace : 1) - limit, { verify } = town_.judging.causes.find(({ id }) => id === gaps.cause[i]);
    const order = { flag: asked.flag, verify, people: gaps.people[i], excess };
    if (!entry.changed && town_.rule === lc.data.study.rule) return { ...order, letter: written().classes[i] };
    const r = written().rowOf.get(gaps.residence[i]), vulnerable = r === undefined ? null : town_.judging.vulnerable[r];
    return { ...order, letter: classOf(town_.judging, gaps.people[i], asked.flag, excess / limit, vulnerable) };
  }

  // Most urgent first: class, mandatory, sure before to be verified, people, metres beyond the limit.
  function compared(one, other) {
    if (one.letter !== other.letter) return one.letter < other.letter ? -1 : 1;
    if (one.flag !== other.flag) return one.flag < other.flag ? -1 : 1;
    if (one.verify !== other.verify) return one.verify ? 1 : -1;
    if (one.people !== other.people) return other.people - one.people;
    return one.excess === other.excess ? 0 : other.excess > one.excess ? 1 : -1;
  }

  // Gaps as written stay in the order they were written in; the others are put in their places between them.
  function ranked(town_, entries) {
    // Under another rule other metres and minutes lie beyond the limit.
    const stays = (entry) => entry.base !== undefined && !entry.changed && town_.rule === lc.data.study.rule;
    const settled = entries.filter(stays).sort((a, b) => a.base - b.base), moved = entries.filter((entry) => !stays(entry));
    if (!moved.length) return settled;
    moved.forEach((entry) => { entry.order = entry.fresh ? freshOrder(town_, entry.fresh) : baseOrder(town_, entry); });
    moved.sort((a, b) => compared(a.order, b.order));
    // For each of them how many of the settled come before it.
    const before = moved.map((entry) => {
      let low = 0, high = settled.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compared(entry.order, baseOrder(town_, settled[middle])) < 0) high = middle;
        else low = middle + 1;
      }
      return low;
    });
    const out = [];
    let s = 0;
    moved.forEach((entry, m) => { while (s < before[m]) out.push(settled[s++]); out.push(entry); });
    while (s < settled.length) out.push(settled[s++]);
    return out;
  }

  // ---- columns --------------------------------------------------------------------------------------------------------

  function freshColumns(town_, gap) {
    const { residences } = town_.walking, view = town_.view(gap.group), row = residences.row[gap.residence], old = lc.data.gaps;
    const asked = town_.asked(gap.category, gap.level), leg = town_.network(view).homes.leg_m[gap.sample];
    return {
      residence: row, category: gap.category, level: gap.level, group: gap.group, people: gap.people, land_ha: gap.land_ha,
      walk_m: lc.finite(gap.metres), walk_min: lc.finite(gap.flat_m / town_.pace(gap.group)), straight_m: lc.finite(gap.straight_m),
      detour: lc.finite(gap.detour), nearest: gap.facility < 0 ? "" : town_.facilities.name[gap.facility],
      cause: gap.cause, remedy: gap.remedy, confidence: gap.confidence, clause: asked.clause, closes_in: gap.closes_in, fragile_to: "",
      limit_m: asked.limit_m, limit_min: asked.limit_min, unit: row < 0 ? residences.unit[gap.residence] : lc.data.residences.unit[row],
      low: gap.people, high: gap.people, uncertain: gap.uncertain, leg_m: lc.finite(leg), street: "", at: placeOf(town_, gap),
      gap_id: gap.was === null ? `N${gap.residence}-${gap.category}-${gap.level}-${gap.group}` : old.gap_id[gap.was],
    };
  }

  function placeOf(town_, gap) {
    const [lon, lat] = town_.walking.plane.toDegrees(...town_.homePoint(gap.sample));
    return [lat, lon];
  }

  function columnsOf(town_, entries) {
    const old = lc.data.gaps, keys = Object.keys(old).filter((key) => Array.isArray(old[key]) && key !== "rank"), out = {};
    const fresh = entries.map((entry) => (entry.order
      ? { ...(entry.fresh ? freshColumns(town_, entry.fresh) : entry.changed), priority: entry.order.letter } : null));
    keys.forEach((key) => {
      const column = old[key];
      out[key] = entries.map((entry, i) => (fresh[i] && (entry.fresh || key in fresh[i]) ? fresh[i][key] : column[entry.base]));
    });
    out.rank = entries.map((_, i) => i + 1);
    return out;
  }

  // The gaps of one category at a level for a group, as columns of `lc.now.gaps`.
  town.gapsOf = function (category, level, group) {
    return this.once(`gapsOf ${category} ${level} ${group}`, () => columnsOf(this, ranked(this, entriesOf(this, category, level, group))));
  };

  // The whole gap list, as columns of `lc.now.gaps`.
  town.gaps = function () {
    return this.once("gaps", () => {
      const entries = [];
      if (this.isBase) return lc.data.gaps;
      this.kinds().forEach(([category, level, group]) => entriesOf(this, category, level, group).forEach((entry) => entries.push(entry)));
      const same = entries.length === lc.data.gaps.rank.length && entries.every((entry) => entry.base !== undefined && !entry.changed);
      return same ? lc.data.gaps : columnsOf(this, ranked(this, entries));
    });
  };

  // Every category, level and group that is judged, by position.
  town.kinds = function () {
    const kinds = [];
    lc.data.categories.forEach((_, c) => this.judging.categories[c].asked.forEach(({ level }) => lc.data.groups.forEach((__, g) => kinds.push([c, level, g]))));
    return kinds;
  };

  // ---- before and after -----------------------------------------------------------------------------------------------

  const keysOf = (gaps, chosen) => {
    const keys = new Map();
    gaps.residence.forEach((home, i) => {
      if (chosen && (gaps.category[i] !== chosen.category || gaps.level[i] !== chosen.level || gaps.group[i] !== chosen.group)) return;
      keys.set(`${home} ${home < 0 ? gaps.gap_id[i] : ""} ${gaps.category[i]} ${gaps.level[i]} ${gaps.group[i]}`, i);
    });
    return keys;
  };
  const gapAt = (gaps, i) => Object.fromEntries(Object.entries(gaps).map(([key, column]) => [key, column[i]]));

  // Gaps closed and opened, and the people and land that a change brings within a limit or beyond it: of one kind, or (null) of
  // the first group, those for whom any kind changes. Homes count that are lived in both before and after.
  lc.difference = function (before, after, chosen) {
    const [was, is] = [before, after].map((one) => (chosen ? one.gapsOf(chosen.category, chosen.level, chosen.group) : one.gaps()));
    const [then, now] = [keysOf(was, chosen), keysOf(is, chosen)];
    const missing = (keys, gaps, others) => [...keys].filter(([key]) => !others.has(key)).map(([, i]) => gapAt(gaps, i));
    return { closed: missing(then, was, now), opened: missing(now, is, then), ...moved(before, after, chosen) };
  };

  function moved(before, after, chosen) {
    const group = chosen ? chosen.group : 0, total = after.homes.total, better = new Uint8Array(total), worse = new Uint8Array(total);
    const kinds = chosen ? [[chosen.category, chosen.level, chosen.group]] : after.kinds().filter((kind) => kind[2] === group);
    kinds.forEach(([c, level, g]) => {
      const one = before.covered(c, level, g).mask, other = after.covered(c, level, g).mask;
      if (one === other) return;
      for (let i = 0; i < total; i++) { if (other[i] > one[i]) better[i] = 1; else if (other[i] < one[i]) worse[i] = 1; }
    });
    const out = {}, people = after.weights(group), land = after.weights("land"), { residence } = after.homes;
    Object.entries({ gained: better, lost: worse }).forEach(([word, mask]) => {
      let persons = 0, hectares = 0;
      for (let i = 0; i < total; i++) if (mask[i] && before.lived[residence[i]]) { persons += people[residence[i]]; hectares += land[residence[i]]; }
      out[`people_${word}`] = persons;
      out[`land_${word}_ha`] = hectares;
    });
    return out;
  }
})(livingcircle);
