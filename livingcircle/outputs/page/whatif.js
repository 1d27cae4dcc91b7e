// The what-if: a scenario takes the place of the study on the page. What is on the screen is worked out first, the rest in
// slices that let the page breathe; a newer change drops an older calculation.

(function (lc) {
  const { scenario } = lc;
  const SLICE_MS = 40, PAUSE_MS = 8;

  const whatIf = {
    history: new scenario.History(),
    named: { name: "", note: "" },
    // Name and note as a file told them, where it did so in several languages.
    told: {},
    view: "after",
    after: null,
    took_ms: null,
    problem: "",
    progress: null,
    run: 0,
    warm: false,
  };
  lc.whatIf = whatIf;

  whatIf.scenario = () => whatIf.history.now;
  whatIf.active = () => scenario.changes(whatIf.history.now).length > 0;
  whatIf.before = () => lc.baseTown();
  // The scenario as it is saved, with its name and note.
  whatIf.whole = function () {
    const names = {};
    Object.keys(whatIf.named).forEach((key) => {
      names[key] = whatIf.told[key] && wordOf(whatIf.told[key]) === whatIf.named[key] ? whatIf.told[key] : whatIf.named[key];
    });
    return scenario.tidy(Object.assign({}, whatIf.history.now, names));
  };

  const wordOf = (told) => (told && typeof told === "object" ? told[lc.data.study.language] || Object.values(told)[0] || "" : told || "");
  const requirement = (category, level) => `${category} ${level}`;

  // The categories and requirements that the page shows, by id.
  function shown() {
    const { categories, levels } = lc.data, asked = categories.flatMap((category) => category.asked.filter((one) => one.level >= 0)
      .map((one) => requirement(category.id, levels[one.level].id)));
    return { categories: new Set(categories.map((category) => category.id)), levels: new Set(asked) };
  }

  // What of the scenario this page does not work out.
  whatIf.beyond = () => scenario.beyond(whatIf.history.now, shown());

  const groupsOf = () => lc.data.groups.map((_, g) => g);
  const levelsOf = (category) => lc.data.categories[category].asked.map((asked) => asked.level)
    .filter((level, i, all) => level >= 0 && all.indexOf(level) === i);
  // Every level and group that a category is judged for.
  whatIf.judged = (category) => levelsOf(category).flatMap((level) => groupsOf().map((group) => ({ category, level, group })));

  // The columns of several gap lists as one.
  function joined(lists) {
    const all = {};
    Object.keys(lc.data.gaps).forEach((key) => { if (Array.isArray(lc.data.gaps[key])) all[key] = [].concat(...lists.map((list) => list[key] || [])); });
    return all;
  }

  function picked(gaps, keep) {
    const rows = gaps.rank.map((_, i) => i).filter(keep), made = {};
    Object.keys(gaps).forEach((key) => { if (Array.isArray(gaps[key])) made[key] = rows.map((i) => gaps[key][i]); });
    return made;
  }

  // What the page shows before everything is worked out: the categories that are, and the study's own for the rest. The gaps of
  // the rest are laid beside only where the page lists every category's.
  function partly(town, done) {
    const written = lc.asWritten(), judged = [...done].flatMap(whatIf.judged);
    const rows = written.coverage.rows.filter((row) => !done.has(row.category));
    const own = judged.map((j) => town.gapsOf(j.category, j.level, j.group));
    const gaps = lc.gapList.every ? [picked(written.gaps, (i) => !done.has(written.gaps.category[i])), ...own] : own;
    return {
      coverage: { units: written.coverage.units, rows: rows.concat(...judged.map((j) => town.coverage(j.category, j.level, j.group))) },
      gaps: joined(gaps),
      facilities: town.facilities,
      walks: (category) => (done.has(category) ? town.walks(category, lc.state.group) : written.walks(category)),
    };
  }

  function show(now, town) {
    lc.now = town ? Object.assign({ rule: town.rule, lacking: (level, group) => lc.lackingOfTown(town, level, group), town }, now) : now;
  }

  // Puts before or after on the page; the difference is drawn over the after.
  function put() {
    const { after, done } = whatIf;
    if (!after || whatIf.view === "before") show(lc.asWritten());
    else show(whatIf.complete ? lc.asNow(after) : partly(after, done), after);
  }

  // Works through the rest in slices, once what is chosen is drawn; each step of `work` is one piece.
  function slices(work, mine) {
    let next = 0;
    const slice = () => {
      if (mine !== whatIf.run) return;
      const until = performance.now() + SLICE_MS;
      try {
        while (next < work.length && performance.now() < until) work[next++]();
      } catch (error) { fail(error); return; }
      whatIf.progress = next < work.length ? { done: next, of: work.length } : null;
      lc.tell("whatif-progress", whatIf.progress);
      if (next < work.length) setTimeout(slice, PAUSE_MS);
    };
    lc.onceSeen(slice);
  }

  function rest(after, mine) {
    const before = whatIf.before(), work = [], first = lc.state.category;
    lc.data.categories.forEach((_, category) => work.push(() => {
      whatIf.judged(category).forEach((judged) => {
        const found = category === first && whatIf.changed.get(keyOf(judged));
        if (!found) whatIf.changed.set(keyOf(judged), Object.assign({ judged }, lc.difference(before, after, judged)));
      });
      whatIf.done.add(category);
    }));
    work.push(() => {
      whatIf.complete = true;
      put();
      lc.choose({});
    });
    lc.data.levels.forEach((_, level) => work.push(() => whatIf.completenessOf(level, lc.state.group)));
    work.push(() => { whatIf.quotas = [before.quotas(), after.quotas()]; });
    work.push(() => { whatIf.indicators = [before.indicators(), after.indicators()]; });
    slices(work, mine);
  }

  const keyOf = (judged) => `${judged.category} ${judged.level} ${judged.group}`;
  whatIf.changeOf = (judged) => {
    const key = keyOf(judged);
    if (whatIf.after && !whatIf.changed.has(key)) whatIf.changed.set(key, Object.assign({ judged }, lc.difference(whatIf.before(), whatIf.after, judged)));
    return whatIf.changed.get(key);
  };

  whatIf.completenessOf = (level, group) => {
    const key = `${level} ${group}`;
    if (!whatIf.completeness.has(key)) whatIf.completeness.set(key, [whatIf.before(), whatIf.after].map((town) => town.completeness(level, group)));
    return whatIf.completeness.get(key);
  };

  function fail(error) {
    whatIf.run += 1;
    whatIf.progress = null;
    whatIf.problem = lc.say("whatif.failed", { why: String((error && error.message) || error) });
    if (!(error && error.faults)) console.error(error);
    whatIf.after = null;
    put();
    lc.choose({});
  }

  // Works the scenario out anew: what is chosen at once, the rest afterwards.
  function work() {
    const mine = ++whatIf.run, start = performance.now();
    Object.assign(whatIf, { after: null, complete: false, done: new Set(), changed: new Map(), completeness: new Map(), quotas: null, indicators: null,
      problem: "", progress: null, took_ms: null });
    lc.tell("scenario", whatIf.scenario());
    if (!whatIf.active() || whatIf.beyond().all.length) { put(); lc.choose({}); return; }
    try {
      whatIf.before();
      const after = lc.town(whatIf.scenario()), { category, level, group } = lc.state;
      whatIf.after = after;
      whatIf.done.add(category);
      if (level >= 0) whatIf.changeOf({ category, level, group });
      put();
      lc.choose({});
      whatIf.took_ms = performance.now() - start;
      whatIf.warm = true;
      lc.tell("whatif-progress", null);
      rest(after, mine);
    } catch (error) { fail(error); }
  }

  // The first calculation reads the streets in: the page says so before it is busy.
  function recalculate() {
    if (whatIf.warm || !whatIf.active() || whatIf.beyond().all.length) { work(); return; }
    const mine = ++whatIf.run;
    whatIf.progress = { done: 0, of: 0 };
    lc.tell("scenario", whatIf.scenario());
    lc.choose({});
    setTimeout(() => { if (mine === whatIf.run) work(); }, 30);
  }

  whatIf.apply = function (next, sort) { if (whatIf.history.set(next, sort)) recalculate(); };
  whatIf.undo = function () { if (whatIf.history.undo()) recalculate(); };
  whatIf.redo = function () { if (whatIf.history.redo()) recalculate(); };
  whatIf.reset = function () { whatIf.view = "after"; whatIf.apply({}); };
  whatIf.remove = function (change) { whatIf.apply(scenario.without(whatIf.history.now, change)); };
  whatIf.look = function (view) { whatIf.view = view; put(); lc.choose({}); };

  // A category that is chosen before its turn has come is worked out when it is chosen.
  const choose = lc.choose;
  lc.choose = function (next) {
    const category = next.category === undefined ? lc.state.category : next.category;
    if (whatIf.after && !whatIf.complete && !whatIf.done.has(category)) {
      whatIf.done.add(category);
      put();
    }
    choose(next);
  };

  // What a scenario read from elsewhere refers to and the study has not.
  whatIf.unknown = function (told) {
    const { elsewhere, groups, facilities } = lc.data, ids = (rows) => rows.map((row) => row.id), { categories, levels } = shown();
    const more = elsewhere.flatMap((category) => category.levels.map((level) => requirement(category.id, level)));
    const known = { category: new Set([...categories, ...ids(elsewhere)]), group: new Set(ids(groups)), facility: new Set(facilities.id),
      requirement: new Set([...levels, ...more]) };
    const faults = scenario.checkNames(told, known);
    (told.links || []).forEach((link, i) => {
      const ends = lc.linkEnds(lc.walking(), link.line);
      if (ends.fault) faults.push({ key: `links.${i + 1}`, problem: `link_${ends.fault}` });
    });
    (told.gates || []).forEach((gate, i) => {
      const found = gate.change === "open" ? !lc.gateLink(lc.walking(), gate.lon, gate.lat).fault : lc.gateNear(lc.walking(), gate.lon, gate.lat);
      if (!found) faults.push({ key: `gates.${i + 1}`, problem: `gate_${gate.change}` });
    });
    return faults;
  };

  // Takes the scenario of a text; the faults found, none when it was taken.
  whatIf.load = function (text) {
    const read = lc.fromText(text), faults = read.faults.length ? read.faults : whatIf.unknown(read.scenario);
    if (faults.length) return faults;
    const { name, note, ...changes } = read.scenario;
    whatIf.told = { name, note };
    whatIf.named = { name: wordOf(name), note: wordOf(note) };
    whatIf.apply(changes);
    return [];
  };
})(livingcircle);
