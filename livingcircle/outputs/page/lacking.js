"use strict";
// How many of a level's mandatory elements homes lack: the choice beside the categories.

(function (lc) {
  const { element } = lc;

  // Whole area and units, elements and what every residence lacks, or null where the study tells nothing of the level and group.
  // {elements: [categories], whole, areas: [{name, kind, land, people, mean}], count(residence) -> number or null, lacks(residence) -> [categories]}
  lc.lackingAsWritten = function (level, group) {
    const told = lc.data.lacking.find((one) => one.level === level && one.group === group);
    if (!told) return null;
    told.unpacked = told.unpacked || told.lacks.map((bits) => (bits < 0 ? null : told.elements.filter((_, k) => Math.floor(bits / 2 ** k) % 2 === 1)));
    const lacks = told.unpacked;
    return {
      elements: told.elements,
      whole: told.whole,
      areas: told.areas.map(([name, kind, land, people, mean]) => ({ name: kind === "whole" ? lc.say("whole_area") : name, kind, land, people, mean })),
      count: (i) => (lacks[i] ? lacks[i].length : null),
      lacks: (i) => lacks[i] || [],
    };
  };

  let known = {};
  lc.lackingNow = function () {
    const { level, group } = lc.state, now = lc.now.lacking, key = `${level} ${group} ${lc.language}`;
    if (known.now !== now || known.key !== key) known = { now, key, told: now(level, group) };
    return known.told;
  };
  lc.lackingLevels = () => lc.data.levels.map((_, i) => i).filter((level) => lc.data.lacking.some((one) => one.level === level));

  const classOf = (count) => {
    const { last } = lc.data.style.lacking, at = last.findIndex((end) => count <= end);
    return at < 0 ? last.length : at;
  };

  lc.lackingStyle = function (i) {
    const told = lc.lackingNow(), count = told ? told.count(i) : null;
    const base = { color: "#666", weight: 0.8, dashArray: null, fillOpacity: 0.9 };
    return count === null ? Object.assign(base, { fillColor: "#fff", dashArray: "3 3" })
      : Object.assign(base, { fillColor: lc.data.style.lacking.colors[classOf(count)] });
  };

  function classWord(k) {
    const { last } = lc.data.style.lacking;
    if (k === 0) return lc.say("lacks_none");
    const from = last[k - 1] + 1;
    if (k === last.length) return lc.say("lacks_from", { from });
    return lc.say(from === last[k] ? "lacks_one" : "lacks_between", { from, to: last[k] });
  }

  lc.lackingLegend = function () {
    const { colors } = lc.data.style.lacking, told = lc.lackingNow(), people = colors.map(() => 0), { residences } = lc.data;
    let unknown = 0;
    residences.people[lc.state.group].forEach((persons, i) => {
      const count = told ? told.count(i) : null;
      if (count === null) unknown += persons || 0;
      else people[classOf(count)] += persons || 0;
    });
    const rows = [lc.legendHead(lc.say("legend_lacking")), ...colors.map((color, k) => lc.swatch("area", classWord(k), color, lc.show.people(people[k])))];
    if (unknown || !told) rows.push(lc.swatch("area off", lc.say("lacks_unknown"), "#fff", lc.show.people(unknown)));
    return rows;
  };

  lc.lackingTiles = function () {
    const told = lc.lackingNow();
    if (!told) return [element("p", { text: lc.say("lacks_untold") })];
    const { whole } = told;
    return [
      lc.tile("first", "all_land", lc.show.share(whole.land_all_share),
        lc.say("of", { part: lc.show.decimal(whole.land_all_ha, 2), all: lc.show.hectares(whole.land_ha) })),
      lc.tile("second", "all_people", lc.show.share(whole.people_all_share),
        lc.say("of", { part: lc.show.count(whole.people_all), all: lc.show.people(whole.people) })),
      lc.tile("third", "lacking_mean", lc.show.decimal(whole.lacking_mean, 1), lc.say("elements", { n: told.elements.length })),
    ];
  };

  lc.lackingNames = (i) => { const told = lc.lackingNow(); return told ? told.lacks(i).map((category) => lc.data.categories[category].name) : []; };

  // Residences by the number they lack, most first; for the panel.
  lc.lackingOrder = function () {
    const told = lc.lackingNow(), people = lc.data.residences.people[lc.state.group];
    if (!told) return [];
    return people.map((_, i) => i).filter((i) => told.count(i) > 0)
      .sort((a, b) => told.count(b) - told.count(a) || (people[b] || 0) - (people[a] || 0) || a - b);
  };
})(livingcircle);
