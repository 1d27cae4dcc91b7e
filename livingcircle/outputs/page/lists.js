"use strict";
// The other lists of the side panel: residences by what they lack, coverage by unit, facilities, remarks.

(function (lc) {
  const { element } = lc;
  const STEP = 150;
  let shown = STEP;

  const limited = (rows, make) => {
    const made = rows.slice(0, shown).map(make);
    if (rows.length > shown) {
      made.push(element("button", { type: "button", class: "more", text: lc.say("more", { n: rows.length - shown }), onclick: () => {
        shown += 2 * STEP;
        lc.panel.list();
      } }));
    }
    return made;
  };
  lc.shortenLists = () => { shown = STEP; };

  lc.lackingTab = function () {
    const { residences } = lc.data, { query, group } = lc.state, told = lc.lackingNow();
    const rows = lc.lackingOrder().filter((i) => !query || lc.contains([residences.name[i], residences.unit[i]], query));
    const one = (i, place) => element("button", { type: "button", class: "row", onclick: () => lc.goResidence(i) }, [
      element("span", { class: "rank", text: String(place + 1) }),
      element("span", { class: "what" }, [
        element("b", { text: residences.name[i] || lc.say("unnamed") }),
        element("small", { text: [residences.unit[i], lc.lackingNames(i).join(lc.say("comma"))].filter(Boolean).join(" · ") }),
      ]),
      element("span", { class: "much" }, [element("b", { text: lc.say("lacks_count", { n: told.count(i) }) }),
        element("small", { text: lc.show.people(residences.people[group][i]) })]),
    ]);
    return [
      element("div", { class: "bar" }, [element("span", { role: "status", text: lc.say("lacking_homes", { n: lc.show.count(rows.length) }) })]),
      element("div", { class: "rows", onkeydown: lc.arrows },
        rows.length ? limited(rows, one) : [element("p", { class: "empty", text: lc.say(told ? "nothing_found" : "lacks_untold") })]),
    ];
  };

  const heads = (words) => element("thead", {}, [element("tr", {}, words.map((key) => element("th", { scope: "col", text: lc.say(key) })))]);
  const meter = (share) => element("td", { class: "share" }, [
    element("span", { class: "meter", "--share": String(share === null ? 0 : share) }), element("span", { text: lc.show.share(share) })]);

  function unitRow(name, whole, cells) {
    const at = lc.data.units.findIndex((unit) => unit.name === name);
    const head = at < 0 || whole ? element("th", { scope: "row", text: name })
      : element("th", { scope: "row" }, [element("button", { type: "button", class: "link", text: name, onclick: () => lc.goUnit(at) })]);
    return element("tr", { class: whole ? "whole" : "" }, [head, ...cells]);
  }

  function lackingUnits() {
    const told = lc.lackingNow(), rows = told ? told.areas : [];
    return [element("table", { class: "units" }, [
      heads(["unit", "all_land", "all_people", "lacking_mean"]),
      element("tbody", {}, rows.filter((row) => !lc.state.query || lc.contains([row.name], lc.state.query)).map((row) =>
        unitRow(row.name, row.kind === "whole", [meter(row.land), meter(row.people), element("td", { class: "number", text: lc.show.decimal(row.mean, 1) })]))),
    ])];
  }

  lc.unitTab = function () {
    if (lc.state.lacking) return lackingUnits();
    const rows = lc.chosenCoverage().slice()
      .sort((a, b) => b.whole - a.whole || (a.land_share === null) - (b.land_share === null) || a.land_share - b.land_share || a.people_share - b.people_share);
    const { query } = lc.state;
    return [element("table", { class: "units" }, [
      heads(["unit", "by_land", "by_people", "not_covered"]),
      element("tbody", {}, rows.filter((row) => !query || lc.contains([row.unit], query)).map((row) => unitRow(row.unit, row.whole, [
        meter(row.land_share), meter(row.people_share),
        element("td", { class: "number", text: lc.show.count(row.people === null ? null : row.people - row.people_covered) }),
      ]))),
    ])];
  };

  lc.facilityTab = function () {
    const { facilities } = lc.now, { categories } = lc.data, { query, category, lacking } = lc.state;
    const namesOf = (i) => facilities.categories[i].map((c) => categories[c].name).join(lc.say("comma"));
    const rows = facilities.name.map((_, i) => i)
      .filter((i) => (query ? lc.contains([facilities.name[i], namesOf(i)], query) : lacking || facilities.categories[i].includes(category)));
    const one = (i) => element("button", { type: "button", class: "row found", onclick: () => lc.goFacility(i) }, [
      element("span", { class: `mark ${facilities.open[i] ? "facility" : "later"}` }),
      element("span", { class: "what" }, [
        element("b", { text: facilities.name[i] || lc.say("unnamed") }),
        element("small", { text: [namesOf(i), facilities.open[i]
          ? "" : [lc.say("not_open"), facilities.year[i] === null ? "" : String(facilities.year[i])].filter(Boolean).join(" ")].filter(Boolean).join(" · ") }),
      ]),
    ]);
    return [
      element("div", { class: "bar" }, [element("span", { role: "status", text: lc.say("facility_count", { n: lc.show.count(rows.length) }) })]),
      element("div", { class: "rows", onkeydown: lc.arrows },
        rows.length ? limited(rows, one) : [element("p", { class: "empty", text: lc.say("nothing_found") })]),
    ];
  };

  lc.remarkTab = function () {
    const items = ["remark_walk", "remark_gap", "remark_lacking", "remark_absent", "remark_evidence", "remark_keys"].map((key) => lc.say(key));
    const { warnings } = lc.data.study;
    return [
      warnings.length ? element("h3", { text: lc.say("warnings") }) : null,
      element("ul", { class: "warnings" }, warnings.map((text) => element("li", { text }))),
      element("h3", { text: lc.say("reading") }),
      element("ul", {}, items.map((text) => element("li", { text }))),
      element("h3", { text: lc.say("walkers") }),
      element("ul", {}, lc.data.groups.map((group) => element("li", { text: group.how }))),
    ];
  };
})(livingcircle);
