"use strict";
// Search by name: facilities, residences, units and streets. Names are shown as text, never as markup.

(function (lc) {
  const { element } = lc;
  const FOUND = 12;

  lc.contains = (texts, query) => texts.some((text) => text && text.toLowerCase().includes(query));

  // Named streets of other views: a function that returns [{name, at: [latitude, longitude]}].
  lc.streetNames = () => {
    const { gaps } = lc.data, found = new Map();
    gaps.street.forEach((name, i) => { if (name && !name.startsWith("(") && !found.has(name)) found.set(name, gaps.at[i]); });
    return Array.from(found, ([name, at]) => ({ name, at }));
  };

  function hits(query) {
    const { residences, categories, units } = lc.data, { facilities } = lc.now, kinds = [];
    const add = (kind, rows) => kinds.push(rows.slice(0, FOUND).map((row) => Object.assign({ kind }, row)));
    const matching = (names) => names.map((_, i) => i).filter((i) => lc.contains([names[i]], query));
    add("facility", matching(facilities.name).map((i) => ({
      name: facilities.name[i], under: facilities.categories[i].map((c) => categories[c].name).join(lc.say("comma")), go: () => lc.goFacility(i) })));
    add("residence", matching(residences.name).map((i) => ({ name: residences.name[i], under: residences.unit[i], go: () => lc.goResidence(i) })));
    add("unit", matching(units.map((unit) => unit.name)).map((i) => ({ name: units[i].name, under: lc.say("unit"), go: () => lc.goUnit(i) })));
    const streets = lc.streetNames();
    add("street", matching(streets.map((street) => street.name))
      .map((i) => ({ name: streets[i].name, under: lc.say("street"), go: () => lc.goPlace(streets[i].at) })));
    return kinds.flat();
  }

  lc.found = function (query) {
    return hits(query).map((hit) => element("button", { type: "button", class: "row found", onclick: hit.go }, [
      element("span", { class: `mark ${hit.kind}`, role: "img", "aria-label": lc.say(hit.kind) }),
      element("span", { class: "what" }, [element("b", { text: hit.name || lc.say("unnamed") }), element("small", { text: hit.under })]),
    ]));
  };
})(livingcircle);
