"use strict";
// The links of the page, what each brings to whom, and which one and which kind of facility are chosen.

(function (lc) {
  // `link` is the chosen link, -1 for none; `kind` the chosen kind of requirement, -1 for all together; `shown` the kinds of links listed.
  lc.state = { link: -1, kind: -1, shown: new Set() };

  // Rows of {home, people, before, after} by kind of requirement, -1 for all together.
  function readGains(raw) {
    const kinds = lc.integers(raw.kind), people = lc.integers(raw.people), before = lc.optional(raw.before, 10), after = lc.optional(raw.after, 10),
      out = new Map();
    lc.integers(raw.home).forEach((home, i) => {
      if (!out.has(kinds[i])) out.set(kinds[i], []);
      out.get(kinds[i]).push({ home, people: people[i] / 10, before: before[i], after: after[i] });
    });
    out.forEach((rows) => rows.sort((a, b) => b.people - a.people));
    return out;
  }

  // Reads the page's JSON block into `lc.data`.
  lc.readLinks = function () {
    const data = JSON.parse(document.getElementById("livingcircle-data").textContent);
    lc.data = data;
    data.residences.unit = lc.named(data.residences.unit);
    data.residences.people = lc.optional(data.residences.people, 10);
    data.residences.shape = data.residences.shape.map((text) => lc.shape(text));
    data.facilities.at = lc.points(data.facilities.at);
    data.links.forEach((link, at) => {
      link.at = at;
      link.points = lc.shape(link.shape).points;
      link.way = link.way ? lc.shape(link.way).points : null;
      link.gains = readGains(link.gains);
      link.kinds = [...link.gains.keys()].filter((kind) => kind >= 0).sort((a, b) => total(link, b) - total(link, a));
    });
    lc.state.shown = new Set(data.links.map((link) => link.kind));
  };

  const total = (link, kind) => (link.gains.get(kind) || []).reduce((sum, row) => sum + row.people, 0);
  lc.gainOf = total;

  // Who gains by the chosen link and kind of requirement, by residence.
  lc.gaining = function () {
    const { link, kind } = lc.state, rows = link < 0 ? [] : lc.data.links[link].gains.get(kind) || [];
    return new Map(rows.map((row) => [row.home, row]));
  };

  // Class of what a residence gains: position among the colors, -1 for nothing.
  lc.gainClass = function (people) {
    if (!(people > 0)) return -1;
    const at = lc.data.style.gain.breaks.findIndex((limit) => people <= limit);
    return at < 0 ? lc.data.style.gain.breaks.length : at;
  };

  lc.kindName = (kind) => {
    if (kind < 0) return lc.say("everybody");
    const [category, level] = lc.data.kinds[kind];
    return `${lc.data.categories[category].name} · ${lc.data.levels[level].name}`;
  };

  // A walk in the measure of the rule; null stands for none.
  lc.walkText = (value) => (value === null ? lc.say("no_walk") : lc.data.study.rule === "distance" ? lc.show.metres(value) : lc.show.minutes(value));
  lc.placeOf = (link) => link.places[lc.language];
  lc.costText = (value) => (value === null ? "" : [lc.show.decimal(value, value % 1 ? 1 : 0), lc.data.together.cost_unit].filter(Boolean).join(" "));
  lc.listed = () => lc.data.links.filter((link) => lc.state.shown.has(link.kind));
})(livingcircle);
