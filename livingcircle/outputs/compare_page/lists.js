"use strict";
// The side panel: changes of gaps, coverage by unit, facilities and links that change, remarks. Every row is a button.

(function (lc) {
  const { element } = lc;
  const STEP = 100, ORDER = ["closed", "opened", "moved", "arrived", "left"];
  let shown = STEP;

  // Arrow keys walk along the rows.
  function arrows(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    let to = step && document.activeElement[step];
    while (to && to.tagName !== "BUTTON") to = to[step];
    if (to) { event.preventDefault(); to.focus(); }
  }

  function gapRow(at, every) {
    const { gaps } = lc.state.pair, { before, after } = lc.state, home = gaps.home[at], kind = gaps.kind[at], [category, level] = lc.data.kinds[kind];
    const people = [before, after].map((state) => lc.gapPeople(state, kind)[home]), { residences } = lc.data;
    const under = [every ? `${lc.data.categories[category].name} · ${lc.data.levels[level].name}` : "", residences.unit[home] || lc.say("outside_units")];
    return element("button", { type: "button", class: `row ${gaps.change[at]}`, onclick: () => lc.goHome(home, kind) }, [
      element("span", { class: "sign", text: { closed: "✓", opened: "+", moved: "~", arrived: "+", left: "−" }[gaps.change[at]], "aria-hidden": "true" }),
      element("span", { class: "what" }, [element("b", { text: residences.name[home] || lc.say("unnamed") }),
        element("small", { text: under.filter(Boolean).join(" · ") })]),
      element("span", { class: "much" }, [
        element("b", { text: `${people[0] === null ? "—" : lc.show.count(people[0])} → ${people[1] === null ? "—" : lc.show.count(people[1])}` }),
        element("small", { text: lc.say("beyond_limit") }),
      ]),
    ]);
  }

  function gapList() {
    const { gaps } = lc.state.pair, { kind, group, everyGap } = lc.state;
    const mine = (at) => (everyGap ? lc.data.kinds[gaps.kind[at]][2] === group : gaps.kind[at] === kind);
    const box = element("input", { type: "checkbox", id: "every" });
    box.checked = everyGap;
    box.addEventListener("change", () => { lc.state.everyGap = box.checked; shown = STEP; lc.lists(); document.getElementById("every").focus(); });
    const parts = ORDER.map((change) => [change, gaps.change.map((_, at) => at).filter((at) => gaps.change[at] === change && mine(at))])
      .filter(([, list]) => list.length);
    const rows = [];
    let left = shown;
    parts.forEach(([change, list]) => {
      if (left > 0) rows.push(element("h3", { class: change, text: `${lc.sayCode("gap", change)} · ${list.length}` }),
        ...list.slice(0, left).map((at) => gapRow(at, everyGap)));
      left -= list.length;
    });
    if (left < 0) rows.push(element("button", { type: "button", class: "more", text: lc.say("more", { n: -left }), onclick: () => {
      shown += 2 * STEP;
      lc.lists();
    } }));
    if (!rows.length) rows.push(element("p", { class: "empty", text: lc.say("no_changes") }));
    return [element("div", { class: "bar" }, [element("label", { for: "every" }, [box, lc.say("every_category")])]),
      element("div", { class: "rows", onkeydown: arrows }, rows)];
  }

  function unitTable() {
    const { before, after, kind, pair } = lc.state, whole = lc.wholeUnit();
    const rows = lc.data.unit_names.map((_, unit) => {
      const [was, now] = [before, after].map((state) => lc.coverageOf(state, kind, unit));
      return { unit, was, now, points: lc.pointsBetween(was.land_share, now.land_share), moves: lc.movesOf(pair, kind, unit) };
    }).filter((row) => row.was.land_all > 0 || row.now.land_all > 0 || row.was.people_all > 0 || row.now.people_all > 0);
    const size = (row) => Math.abs(row.points || 0);
    rows.sort((a, b) => (b.unit === whole) - (a.unit === whole) || size(b) - size(a));
    const cell = (text, kind_) => element("td", { class: kind_ || "", text });
    const sign = (value, word) => (value >= 0.5 ? word + lc.show.count(value) : "0");
    const heads = ["unit", "land_before", "land_after", "points_head", "gained_head", "lost_head"];
    return [element("table", { class: "units" }, [
      element("thead", {}, [element("tr", {}, heads.map((key) => element("th", { scope: "col", text: lc.say(key) })))]),
      element("tbody", {}, rows.map((row) => element("tr", { class: row.unit === whole ? "whole" : "" }, [
        element("th", { scope: "row", text: lc.unitName(row.unit) }), cell(lc.show.share(row.was.land_share)), cell(lc.show.share(row.now.land_share)),
        cell(lc.signed(row.points), Math.abs(row.points || 0) < 0.05 ? "" : row.points > 0 ? "up" : "down"),
        cell(sign(row.moves.people_gained, "+"), row.moves.people_gained ? "up" : ""),
          cell(sign(row.moves.people_lost, "−"), row.moves.people_lost ? "down" : ""),
      ]))),
    ])];
  }

  // Homes that somebody lives in in one state only, or other people in.
  function homeRows() {
    const { residences } = lc.data, { change, home, before, after } = lc.state.pair.residences;
    const people = (value) => (value === null ? "—" : lc.show.count(value));
    if (!home.length) return [];
    return [element("h3", { text: lc.say("homes_changed") }),
      ...home.map((at, i) => element("button", { type: "button", class: `row home ${change[i]}`, onclick: () => lc.goHome(at, lc.state.kind) }, [
      element("span", { class: `mark home ${change[i]}` }),
      element("span", { class: "what" }, [element("b", { text: residences.name[at] || lc.say("unnamed") }),
        element("small", { text: [lc.say(lc.homeSaid[change[i]]), residences.unit[at] || lc.say("outside_units")].join(" · ") })]),
      element("span", { class: "much" }, [element("b", { text: `${people(before[i])} → ${people(after[i])}` }), element("small", { text: lc.say("people") })]),
    ]))];
  }

  function changeList() {
    const { pair, before, after } = lc.state, { facilities } = lc.data, rows = [];
    const links = lc.linksChanged(before, after);
    if (links.length) rows.push(element("h3", { text: lc.say("links") }));
    links.forEach((link) => rows.push(element("button", { type: "button", class: "row found", onclick: () => lc.goLink(link) }, [
      element("span", { class: "mark link" }),
      element("span", { class: "what" }, [element("b", { text: link.name || lc.sayCode("link", link.kind) }),
        element("small", { text: `${lc.sayCode("link", link.change)} · ${lc.sayCode("link", link.kind)}` })]),
    ])));
    rows.push(...homeRows());
    if (pair.facilities.facility.length) rows.push(element("h3", { text: lc.say("facilities_changed") }));
    pair.facilities.facility.forEach((facility, i) =>
      rows.push(element("button", { type: "button", class: "row found", onclick: () => lc.goFacility(facility) }, [
      element("span", { class: `mark ${pair.facilities.change[i]}` }),
      element("span", { class: "what" }, [
        element("b", { text: facilities.name[facility] || lc.say("unnamed") }),
        element("small", { text: [lc.sayCode("facility", pair.facilities.change[i]), lc.certaintyOf(before, after, facility),
          facilities.categories[facility].map((category) => lc.data.categories[category].name).join(lc.say("comma"))].filter(Boolean).join(" · ") }),
      ]),
    ])));
    if (!rows.length) rows.push(element("p", { class: "empty", text: lc.say("no_changes") }));
    return [element("div", { class: "rows", onkeydown: arrows }, rows)];
  }

  function remarks() {
    const { pair } = lc.state, reading = ["share", "points", "arrived", "sum", "absent"].map((key) => lc.say(`overview.reading_${key}`));
    const list = (texts) => element("ul", {}, texts.map((text) => element("li", { text })));
    const check = lc.say(pair.fallen ? "overview.check_fails" : "overview.check_holds", { count: pair.fallen });
    return [
      pair.onlyAdds ? element("h3", { text: lc.say("overview.check") }) : null, pair.onlyAdds ? list([check]) : null,
      element("h3", { text: lc.say("overview.reading") }), list([...reading, lc.say("reading_class"), lc.say("reading_difference")]),
      element("h3", { text: lc.say("walkers") }), list(lc.data.groups.map((group) => group.how)),
      lc.data.study.warnings.length ? element("h3", { text: lc.say("warnings") }) : null, lc.data.study.warnings.length ? list(lc.data.study.warnings) : null,
    ];
  }

  const TABS = { gap_changes: gapList, by_unit: unitTable, changes: changeList, remarks };

  lc.buildPanel = function () {
    const keys = Object.keys(TABS);
    const tabs = keys.map((key) => element("button", {
      type: "button", role: "tab", id: `tab-${key}`, "aria-controls": "list", text: lc.say(key), onclick: () => {
        lc.state.tab = key;
        shown = STEP;
        lc.lists();
      },
    }));
    const turn = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      lc.state.tab = keys[(keys.indexOf(lc.state.tab) + step + keys.length) % keys.length];
      lc.lists();
      document.getElementById(`tab-${lc.state.tab}`).focus();
    };
    lc.fill("panel", [element("div", { role: "tablist", class: "tabs", onkeydown: turn }, tabs),
      element("div", { id: "list", role: "tabpanel", tabindex: "0" })]);
  };

  lc.lists = function () {
    Object.keys(TABS).forEach((key) => {
      const tab = document.getElementById(`tab-${key}`), on = key === lc.state.tab;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    });
    lc.fill("list", TABS[lc.state.tab]()).setAttribute("aria-labelledby", `tab-${lc.state.tab}`);
  };
})(livingcircle);
