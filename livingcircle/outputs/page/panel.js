// The side panel: search, ranked gaps, coverage by unit, remarks. Every row is a button, so the keyboard reaches all.

(function (lc) {
  const { element } = lc;
  const STEP = 100, FOUND = 30;
  let shown = STEP;

  const contains = (texts, query) => texts.some((text) => text && text.toLowerCase().includes(query));

  function gapTexts(gap) {
    const { residences, categories } = lc.data, { gaps } = lc.now, home = gaps.residence[gap];
    return [home < 0 ? "" : residences.name[home], gaps.unit[gap], gaps.nearest[gap], gaps.gap_id[gap], categories[gaps.category[gap]].name];
  }

  function gapRow(gap, place) {
    const { residences, categories } = lc.data, { gaps } = lc.now, home = gaps.residence[gap], walk = gaps.walk_min[gap];
    const under = [lc.state.everyGap ? categories[gaps.category[gap]].name : "", gaps.unit[gap], lc.sayCode("cause", gaps.cause[gap])].filter(Boolean);
    return element("button", { type: "button", class: "row", onclick: () => lc.goGap(gap) }, [
      element("span", { class: "rank", text: String(place + 1) }),
      element("span", { class: "what" }, [
        element("b", { text: home < 0 ? gaps.unit[gap] : residences.name[home] || lc.say("unnamed") }),
        element("small", { text: under.join(" · ") }),
      ]),
      element("span", { class: "much" }, [
        element("b", { text: lc.show.people(gaps.people[gap]) }),
        element("small", { text: walk === null ? lc.say("status.unreachable") : lc.show.minutes(walk) }),
      ]),
    ]);
  }

  function found(query) {
    const rows = [], add = (kind, name, under, go) => rows.push(
      element("button", { type: "button", class: "row found", onclick: go }, [
        element("span", { class: `mark ${kind}` }),
        element("span", { class: "what" }, [element("b", { text: name }), element("small", { text: under })]),
      ]));
    const { residences, categories } = lc.data, { facilities } = lc.now;
    facilities.name.forEach((name, i) => {
      if (rows.length < FOUND && contains([name], query)) {
        add("facility", name, facilities.categories[i].map((c) => categories[c].name).join(lc.say("comma")), () => lc.goFacility(i));
      }
    });
    residences.name.forEach((name, i) => {
      if (rows.length < 2 * FOUND && contains([name], query)) add("residence", name, residences.unit[i], () => lc.goResidence(i));
    });
    return rows;
  }

  function gapList() {
    const query = lc.state.query, gaps = lc.now.gaps;
    let list = lc.state.everyGap ? gaps.rank.map((_, i) => i) : lc.chosenGaps();
    if (query) list = list.filter((gap) => contains(gapTexts(gap), query));
    const rows = list.slice(0, shown).map(gapRow);
    if (list.length > shown) {
      rows.push(element("button", { type: "button", class: "more", text: lc.say("more", { n: list.length - shown }), onclick: () => { shown += 2 * STEP; lc.panel.list(); } }));
    }
    if (!rows.length) rows.push(element("p", { class: "empty", text: lc.say(query ? "nothing_found" : "no_gaps") }));
    const every = element("input", { type: "checkbox", id: "every" });
    every.checked = lc.state.everyGap;
    every.addEventListener("change", () => { lc.state.everyGap = every.checked; shown = STEP; lc.panel.list(); });
    return [
      element("div", { class: "bar" }, [
        element("span", { text: lc.say("gap_count", { n: lc.show.count(list.length) }) }),
        element("label", { for: "every" }, [every, lc.say("every_category")]),
      ]),
      element("div", { class: "rows", onkeydown: arrows }, rows),
    ];
  }

  function unitTable() {
    const rows = lc.chosenCoverage().slice().sort((a, b) => b.whole - a.whole || (a.land_share === null) - (b.land_share === null) || a.land_share - b.land_share || a.people_share - b.people_share);
    const cell = (share) => element("td", { class: "share" }, [
      element("span", { class: "meter", "--share": String(share === null ? 0 : share) }), element("span", { text: lc.show.share(share) })]);
    const heads = ["unit", "by_land", "by_people", "not_covered"].map((key) => element("th", { scope: "col", text: lc.say(key) }));
    const query = lc.state.query;
    return [element("table", { class: "units" }, [
      element("thead", {}, [element("tr", {}, heads)]),
      element("tbody", {}, rows.filter((row) => !query || contains([row.unit], query)).map((row) => element("tr", { class: row.whole ? "whole" : "" }, [
        element("th", { scope: "row", text: row.unit }), cell(row.land_share), cell(row.people_share),
        element("td", { class: "number", text: lc.show.count(row.people === null ? null : row.people - row.people_covered) }),
      ]))),
    ])];
  }

  function remarks() {
    const items = ["remark_walk", "remark_isochrone", "remark_gap", "remark_absent", "remark_evidence"].map((key) => lc.say(key, { speed: lc.data.study.speed_kmh }));
    return [
      lc.data.study.warnings.length ? element("h3", { text: lc.say("warnings") }) : null,
      element("ul", { class: "warnings" }, lc.data.study.warnings.map((text) => element("li", { text }))),
      element("h3", { text: lc.say("reading") }),
      element("ul", {}, items.map((text) => element("li", { text }))),
      element("h3", { text: lc.say("walkers") }),
      element("ul", {}, lc.data.groups.map((group) => element("li", { text: group.how }))),
    ];
  }

  const TABS = { gaps: gapList, by_unit: unitTable, remarks };

  // Arrow keys walk along the rows.
  function arrows(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const to = step && document.activeElement[step];
    if (to) { event.preventDefault(); to.focus(); }
  }

  lc.panel = {
    tabs: TABS,
    build: function () {
      const search = element("input", { type: "search", id: "search", placeholder: lc.say("search"), "aria-label": lc.say("search") });
      search.addEventListener("input", () => { lc.state.query = search.value.trim().toLowerCase(); shown = STEP; lc.panel.list(); });
      const tabs = Object.keys(TABS).map((key) => element("button", {
        type: "button", role: "tab", id: `tab-${key}`, "aria-controls": "list", text: lc.say(key),
        onclick: () => { lc.state.tab = key; lc.panel.list(); },
      }));
      lc.fill("panel", [search, element("div", { id: "found" }), element("div", { role: "tablist", class: "tabs" }, tabs),
        element("div", { id: "list", role: "tabpanel", tabindex: "0" })]);
    },
    refresh: function () { shown = STEP; lc.panel.list(); },
    list: function () {
      Object.keys(TABS).forEach((key) => document.getElementById(`tab-${key}`).setAttribute("aria-selected", String(key === lc.state.tab)));
      lc.fill("found", lc.state.query ? found(lc.state.query) : []).onkeydown = arrows;
      lc.fill("list", TABS[lc.state.tab]()).setAttribute("aria-labelledby", `tab-${lc.state.tab}`);
    },
  };
})(livingcircle);
