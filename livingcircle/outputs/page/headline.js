"use strict";
// The head of the page: what the study is, the numbers of what is chosen, the shares by each rule, and the foot.

(function (lc) {
  const { element } = lc;

  const chosen = (rows) => rows.filter((row) => row.category === lc.state.category && row.level === lc.state.level && row.group === lc.state.group);
  lc.chosenCoverage = () => chosen(lc.now.coverage.rows);
  lc.chosenGaps = function () {
    const { gaps } = lc.now, { category, level, group } = lc.state, key = `${category} ${level} ${group}`;
    if (lc.chosenKey !== key || lc.chosenOf !== gaps) {
      lc.chosenKey = key;
      lc.chosenOf = gaps;
      lc.chosenList = gaps.rank.map((_, i) => i)
        .filter((i) => gaps.category[i] === category && gaps.level[i] === level && gaps.group[i] === group);
    }
    return lc.chosenList;
  };

  lc.tile = function (kind, word, value, under, hint) {
    return element("div", Object.assign({ class: `tile ${kind}` }, hint ? { title: hint } : {}), [
      element("span", { class: "label", text: lc.say(word) }), element("strong", { text: value }), element("small", { text: under })]);
  };

  // What is chosen, in words: category or number lacking, level, group.
  lc.chosenWords = function () {
    const { data, state } = lc;
    return [
      state.lacking ? lc.say("lacking") : data.categories.length ? data.categories[state.category].name : "",
      state.level < 0 ? "" : data.levels[state.level].name,
      data.groups.length > 1 ? lc.groupName(state.group) : "",
    ].filter(Boolean);
  };

  const RULES = ["distance", "time", "radius"];

  // The shares of land and people by distance, by time and in a straight line: only the rule of the study decides.
  function byRule(row) {
    if (!row || !row.by_rule) return null;
    const own = lc.now.rule || lc.data.study.rule, head = [element("th", { text: lc.say("by_rule") })];
    RULES.forEach((rule) => head.push(element("th", { scope: "col", class: rule === own ? "own" : "", text: lc.say(`ruled.${rule}`) })));
    const line = (word, shares) => element("tr", {}, [element("th", { scope: "row", text: lc.say(word) }),
      ...shares.map((share, k) => element("td", { class: RULES[k] === own ? "own" : "", text: lc.show.share(share) }))]);
    return element("table", { class: "rules", title: lc.say("by_rule_hint") }, [
      element("thead", {}, [element("tr", {}, head)]),
      element("tbody", {}, [line("by_land", row.by_rule.land), line("by_people", row.by_rule.people)]),
    ]);
  }

  function coverageTiles(row) {
    const { data, state } = lc, gaps = lc.chosenGaps();
    const asked = data.categories[state.category].asked.find((one) => one.level === state.level);
    return [
      lc.tile("first", "by_land", lc.show.share(row.land_share),
        lc.say("of", { part: lc.show.decimal(row.land_covered_ha, 2), all: lc.show.hectares(row.land_ha) }), lc.say("by_land_hint")),
      lc.tile("second", "by_people", lc.show.share(row.people_share),
        lc.say("of", { part: lc.show.count(row.people_covered), all: lc.show.people(row.people) })),
      lc.tile("third", "not_covered", lc.show.people(row.people === null ? null : row.people - row.people_covered),
        lc.say("gap_count", { n: lc.show.count(gaps.length) })),
      lc.tile("fourth", "limit", lc.limitText(row.limit_m, row.limit_min) || "—", asked ? `${lc.sayCode("flag", asked.flag)} ${asked.evidence}` : "",
        asked && asked.clause),
    ];
  }

  lc.headline = function () {
    const { state } = lc, title = lc.chosenWords();
    if (state.lacking) {
      lc.fill("headline", [element("h2", { text: title.join(" · ") }), element("div", { class: "tiles" }, lc.lackingTiles())]);
      return;
    }
    const row = lc.chosenCoverage().find((one) => one.whole);
    if (row) title.push(lc.say("open_count", { n: lc.show.count(row.facilities) }));
    lc.fill("headline", [
      element("h2", { text: title.join(" · ") }),
      element("div", { class: "tiles" }, row ? [...coverageTiles(row), byRule(row)] : []),
    ]);
  };

  lc.standardText = function () {
    const { study } = lc.data;
    return [study.standard_name, study.standard && study.standard !== study.standard_name ? study.standard : ""].filter(Boolean).join(" ");
  };

  lc.sourceText = () => lc.say("data_sources", { list: lc.data.study.sources.join(lc.say("comma")) || "—" });

  lc.identity = function () {
    const { study } = lc.data;
    const facts = [lc.standardText(), study.year === null ? "" : lc.say("year", { year: study.year }), lc.data.groups[0].how, lc.sayCode("rule", study.rule)];
    lc.fill("title", [study.name]);
    lc.fill("meta", facts.filter(Boolean).map((text) => element("span", { text })));
    lc.fill("note", [study.note]);
    const foot = [
      lc.sourceText(), lc.say("crs", { crs: study.crs }), `livingcircle ${study.version}`,
      study.osm ? `${lc.say("osm")} openstreetmap.org/copyright` : "", lc.say("publishing"),
    ];
    lc.fill("foot", foot.filter(Boolean).map((text) => element("span", { text })));
    document.getElementById("skip").textContent = lc.say("skip");
    document.getElementById("panel").setAttribute("aria-label", lc.say("panel"));
    document.getElementById("frame").setAttribute("aria-label", lc.say("map"));
  };
})(livingcircle);
