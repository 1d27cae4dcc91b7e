// Before and after in numbers: the category chosen, gaps closed and opened, every other category, completeness, indicators, quotas.

(function (lc) {
  const { element, whatIf } = lc;
  const FEW = 12, ALIKE = 1e-9, LEAST_PEOPLE = 0.5;
  const say = (key, values) => lc.say(`whatif.${key}`, values);
  let everyGap = false, everyIndicator = false;

  const known = (value) => value !== null && value !== undefined;
  const signed = (value, show) => (Math.abs(value) < ALIKE ? "0" : `${value > 0 ? "+" : "−"}${show(Math.abs(value))}`);
  const points = (value) => `${(value * 100).toFixed(1)} ${say("points")}`;
  // Better, worse or the same, for color and for words.
  const sense = (change, higherIsBetter) => (Math.abs(change) < ALIKE ? "same" : (change > 0) === higherIsBetter ? "better" : "worse");

  function table(caption, heads, rows, more) {
    return element("table", { class: "whatif" }, [
      element("caption", { text: caption }),
      element("thead", {}, [element("tr", {}, heads.map((text) => element("th", { scope: "col", text })))]),
      element("tbody", {}, rows), ...(more || [])]);
  }

  // One line: what, before, after, change.
  function line(what, before, after, show, { better = true, showChange = show } = {}) {
    const change = known(before) && known(after) ? after - before : null;
    return element("tr", { class: change === null ? "" : sense(change, better) }, [
      element("th", { scope: "row", text: what }),
      ...[before, after].map((value) => element("td", { text: known(value) ? show(value) : "—" })),
      element("td", { class: "change", text: change === null ? "—" : signed(change, showChange) })]);
  }

  const heads = () => ["", say("before"), say("after"), say("change")];

  function headline() {
    const { category, level, group } = lc.state, whole = (town) => town.coverage(category, level, group).find((row) => row.whole);
    if (level < 0) return [];
    const [before, after] = [whole(whatIf.before()), whole(whatIf.after)], changed = whatIf.changeOf(lc.state);
    if (!before || !after) return [];
    const name = [lc.data.categories[category].name, lc.data.levels[level].name, lc.data.groups.length > 1 ? lc.groupName(group) : ""].filter(Boolean)
      .join(" · ");
    return [
      table(name, heads(), [
        line(lc.say("by_land"), before.land_share, after.land_share, lc.show.share, { showChange: points }),
        line(lc.say("by_people"), before.people_share, after.people_share, lc.show.share, { showChange: points }),
        line(say("people_covered"), before.people_covered, after.people_covered, lc.show.count),
        line(say("open_now"), before.facilities, after.facilities, lc.show.count),
        line(say("gaps"), countOf(whatIf.before()), countOf(whatIf.after), lc.show.count, { better: false }),
      ]),
      element("p", { class: "summary", text: say("gained_lost", { gained: lc.show.people(changed.people_gained), lost: lc.show.people(changed.people_lost),
        closed: changed.closed.length, opened: changed.opened.length }) }),
      ...lists(changed),
    ];
  }

  // The category chosen in one line.
  whatIf.summary = function () {
    const { category, level, group, lacking } = lc.state;
    if (!whatIf.active() || !whatIf.after || level < 0 || lacking) return "";
    const [before, after] = [whatIf.before(), whatIf.after].map((town) => town.coverage(category, level, group).find((row) => row.whole)),
      changed = whatIf.changeOf(lc.state);
    if (!before || !after) return "";
    return say("summary", { category: lc.data.categories[category].name, before: lc.show.share(before.people_share), after: lc.show.share(after.people_share),
      people: known(after.people_covered) && known(before.people_covered)
        ? signed(after.people_covered - before.people_covered, (n) => lc.show.count(Math.round(n))) : "—",
      closed: changed.closed.length, opened: changed.opened.length });
  };

  // Gaps that are there before and after, of other size: {gap, by} people, those that change most first.
  function resized() {
    const { category, level, group } = lc.state, gained = whatIf.gainOfHomes(), is = whatIf.after.gapsOf(category, level, group);
    const before = new Set(whatIf.before().gapsOf(category, level, group).residence);
    return is.residence.map((home, i) => ({ residence: home, unit: is.unit[i], at: is.at[i], people: is.people[i],
      by: home >= 0 && before.has(home) ? -gained[home] : 0 }))
      .filter((gap) => Math.abs(gap.by) >= LEAST_PEOPLE).sort((a, b) => Math.abs(b.by) - Math.abs(a.by));
  }

  const countOf = (town) => town.gapsOf(lc.state.category, lc.state.level, lc.state.group).rank.length;

  function lists(changed) {
    const other = resized(), all = Object.assign({ shrunk: other.filter((gap) => gap.by < 0), grown: other.filter((gap) => gap.by > 0) }, changed);
    return [["closed", "gaps_closed"], ["opened", "gaps_opened"], ["shrunk", "kind_part_gained"], ["grown", "kind_part_lost"]].flatMap(([key, word]) => {
      const gaps = all[key], shown = everyGap ? gaps : gaps.slice(0, FEW);
      if (!gaps.length) return [];
      return [element("h4", { text: `${say(word)} (${gaps.length})` }), element("div", { class: "rows" }, shown.map((gap) => gapRow(gap, key))),
        gaps.length > shown.length ? element("button",
          { type: "button", class: "more", text: lc.say("more", { n: gaps.length - shown.length }),
          onclick: () => { everyGap = true; lc.panel.list(); } }) : null];
    });
  }

  function gapRow(gap, key) {
    const home = gap.residence, name = home >= 0 ? lc.data.residences.name[home] : gap.unit;
    return element("button", { type: "button", class: `row ${key}`, onclick: () => fly(gap) }, [
      element("span", { class: "rank", text: { closed: "✓", opened: "!", shrunk: "−", grown: "+" }[key] }),
      element("span", { class: "what" }, [element("b", { text: name || lc.say("unnamed") }), element("small", { text: gap.unit || "" })]),
      element("span", { class: "much" }, [element("b", { text: lc.show.people(known(gap.people) ? gap.people : null) }),
        known(gap.by) ? element("small", { text: signed(gap.by, (n) => lc.show.count(Math.round(n))) }) : null])]);
  }

  function fly(gap) {
    const { map, homes } = lc.layers, home = gap.residence >= 0 ? homes[gap.residence] : null;
    if (home && home.getBounds) map.fitBounds(home.getBounds(), { maxZoom: 16.5, padding: [60, 60], animate: false });
    else map.setView(gap.at, 16.5, { animate: false });
    if (home) home.openPopup();
    document.getElementById("frame").scrollIntoView({ block: "nearest" });
  }

  // The other categories whose gaps change, most people first; the group is the one chosen.
  function others() {
    const rows = [...whatIf.changed.values()].filter(({ judged, closed, opened, people_gained: gained, people_lost: lost }) =>
      judged.group === lc.state.group && (closed.length || opened.length || Math.abs(gained) + Math.abs(lost) >= LEAST_PEOPLE))
      .sort((a, b) => b.people_gained + b.people_lost - a.people_gained - a.people_lost);
    if (!rows.length) return [element("p", { class: "hint", text: say(whatIf.progress ? "others_running" : "others_none") })];
    const total = (key) => rows.reduce((sum, row) => sum + row[key].length, 0);
    return [table(say("all_categories", { closed: total("closed"), opened: total("opened") }),
      [lc.say("category"), say("gaps_closed"), say("gaps_opened"), say("people_change")],
      rows.map(({ judged, closed, opened, people_gained: gained, people_lost: lost }) => element("tr", { class: sense(gained - lost, true) }, [
        element("th", { scope: "row" }, [element("button",
          { type: "button", class: "link", text: `${lc.data.categories[judged.category].name} · ${lc.data.levels[judged.level].name}`,
          onclick: () => lc.choose({ category: judged.category, level: judged.level }) })]),
        element("td", { text: String(closed.length) }), element("td", { text: String(opened.length) }),
        element("td", { class: "change", text: signed((gained || 0) - (lost || 0), (n) => lc.show.count(Math.round(n))) })])))];
  }

  function completeness() {
    const rows = lc.data.levels.flatMap((level, i) => {
      const pair = whatIf.completeness.get(`${i} ${lc.state.group}`);
      if (!pair || !pair[0].elements) return [];
      return [line(`${level.name} · ${lc.say("by_land")}`, pair[0].land_share, pair[1].land_share, lc.show.share, { showChange: points }),
        line(`${level.name} · ${lc.say("by_people")}`, pair[0].people_share, pair[1].people_share, lc.show.share, { showChange: points })];
    });
    return rows.length ? [table(say("completeness"), heads(), rows)] : [];
  }

  // Numbers that read the same have not changed.
  const shown = (value) => (typeof value === "number" ? value.toFixed(2) : value);

  // Pairs of rows of two tables, those that changed first.
  function paired(tables, key, value) {
    const after = new Map(tables[1].map((row) => [key(row), row]));
    return tables[0].map((row) => ({ before: row, after: after.get(key(row)) || row }))
      .map((pair) => Object.assign(pair, { changed: shown(value(pair.before)) !== shown(value(pair.after)) }))
      .sort((a, b) => b.changed - a.changed);
  }

  const worded = (name) => (name && typeof name === "object" ? name[lc.language || lc.data.study.language] || name.zh || name.en : name) || "";

  function indicators() {
    if (!whatIf.indicators) return [];
    const pairs = paired(whatIf.indicators, (row) => `${row.system} ${row.id}`, (row) => row.value),
      listed = everyIndicator ? pairs : pairs.filter((pair) => pair.changed);
    const defined = new Map(((lc.data.judging || {}).indicators || []).map((one) => [`${one.system} ${one.id}`, one]));
    const number = (value) => lc.show.decimal(value, Number.isInteger(value) ? 0 : 2);
    const toggle = element("button", { type: "button", class: "more", id: "every-indicator",
      text: say(everyIndicator ? "changed_only" : "every_indicator", { n: pairs.length }),
      onclick: () => { everyIndicator = !everyIndicator; lc.panel.list(); } });
    if (!pairs.length) return [];
    return [listed.length ? table(say("indicators"), heads(), listed.map(({ before, after }) => {
      const unit = worded(before.unit);
      return line(`${before.id} ${worded(before.name)}${unit && unit !== "—" ? ` (${unit})` : ""} ${before.evidence || ""}`, before.value, after.value,
        number, { better: (defined.get(`${before.system} ${before.id}`) || {}).better !== "lower" });
    })) : element("p", { class: "hint", text: say("indicators_same") }), toggle];
  }

  function quotas() {
    if (!whatIf.quotas) return [];
    const whole = whatIf.quotas.map((rows) => rows.filter((row) => row.whole && row.category >= 0));
    const pairs = paired(whole, (row) => `${row.category} ${row.measure}`, (row) => `${row.supply} ${row.short}`).filter((pair) => pair.changed);
    if (!pairs.length) return [];
    const count = (value) => lc.show.decimal(value, 0);
    return [table(say("quotas"), heads(), pairs.flatMap(({ before, after }) => {
      const name = `${lc.data.categories[before.category].name} · ${say(`measure_${before.measure}`)}`;
      return [line(`${name} · ${say("supply")}`, before.supply, after.supply, count),
        line(`${name} · ${say("short")} ${before.evidence || ""}`, before.short, after.short, count, { better: false })];
    }))];
  }

  // What this page does not work out of the scenario, for the head of the tab.
  whatIf.notes = function () {
    const quiet = say("beyond_capacity"), told = whatIf.active() && !whatIf.problem ? whatIf.sayBeyond() : [];
    return told.map((text) => element("p", { class: text === quiet ? "hint" : "alarm", role: "note", text }));
  };

  // What came of the scenario, as far as it is worked out.
  whatIf.results = function () {
    if (whatIf.problem) return [element("p", { class: "alarm", role: "alert", text: whatIf.problem })];
    if (!whatIf.active()) return [element("p", { class: "empty", text: say("nothing_yet") })];
    if (whatIf.beyond().all.length) return [element("p", { class: "hint", text: say("nothing_here") })];
    if (!whatIf.after) return [element("p", { class: "hint", role: "status", text: say("reading_streets") })];
    const { progress, took_ms: took } = whatIf;
    return [
      element("p", { class: "hint", id: "whatif-took", role: "status", text: [took === null ? "" : say("took", { ms: Math.round(took) }),
        progress ? say("progress", { done: progress.done, of: progress.of }) : ""].filter(Boolean).join(" · ") }),
      ...headline(), ...others(), ...completeness(), ...indicators(), ...quotas(),
    ];
  };
})(livingcircle);
