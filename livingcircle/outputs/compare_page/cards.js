"use strict";
// The cards of what is clicked: the same on both maps, before and after side by side.

(function (lc) {
  const { element } = lc;

  lc.cardOptions = { maxWidth: 320, minWidth: 230, autoPanPadding: [24, 24] };

  const moved = (was, now) => (was === now ? now : `${was} → ${now}`);
  const kind = (word, title, rows) => element("div", { class: "card" }, [
    element("p", { class: "kind", text: lc.say(word) }), element("h3", { text: title || lc.say("unnamed") }),
    element("table", {}, rows.filter((row) => row && row[1] !== "")
      .map(([key, text]) => element("tr", {}, [element("th", { scope: "row", text: lc.say(key) }), element("td", { text })]))),
  ]);

  const walkText = ({ minutes, status }) => (minutes === null ? (status ? lc.sayCode("status", status) : lc.say("not_lived")) : lc.show.minutes(minutes));

  lc.card = function (home) {
    const { before, after, category, level, group, kind: at, pair } = lc.state, { residences } = lc.data;
    const other = pair.residences.home.indexOf(home);
    const walks = [before, after].map((state) => walkText(lc.walksOf(state, category, group)[home]));
    const gaps = [before, after].map((state) => {
      const people = lc.gapPeople(state, at)[home];
      return people === null ? lc.say("no_gap") : lc.show.people(people);
    });
    const moves = lc.movesOfHomes(pair, at).get(home);
    return kind("residence", residences.name[home], [
      ["unit", residences.unit[home] || lc.say("outside_units")],
      other < 0 ? ["people", lc.show.people(residences.people[group][home])]
        : ["people_all", moved(...["before", "after"].map((side) =>
          (pair.residences[side][other] === null ? lc.say("not_lived") : lc.show.people(pair.residences[side][other]))))],
      other < 0 ? null : ["change", lc.say(lc.homeSaid[pair.residences.change[other]])],
      ["category_of", `${lc.data.categories[category].name} · ${lc.data.levels[level].name}`],
      ["walk", moved(walks[0], walks[1])],
      ["gap_people", moved(gaps[0], gaps[1])],
      moves && moves.people_gained ? ["people_gained", lc.show.people(moves.people_gained)] : null,
      moves && moves.people_lost ? ["people_lost", lc.show.people(moves.people_lost)] : null,
      moves && moves.land_gained ? ["land_gained", lc.show.hectares(moves.land_gained)] : null,
      moves && moves.land_lost ? ["land_lost", lc.show.hectares(moves.land_lost)] : null,
    ]);
  };

  lc.facilityCard = function (facility) {
    const { before, after, pair } = lc.state, at = pair.facilities.facility.indexOf(facility);
    const told = [before, after].map((state) => lc.say(lc.isOpen(state, facility) ? "open" : "not_open"));
    const size = [before, after].map((state) => { const own = lc.capacityOf(state, facility); return own === null ? "" : lc.show.count(own); });
    return kind("facility", lc.data.facilities.name[facility], [
      ["categories", lc.data.facilities.categories[facility].map((category) => lc.data.categories[category].name).join(lc.say("comma"))],
      ["in_state", moved(told[0], told[1])],
      at < 0 ? null : ["change", lc.sayCode("facility", pair.facilities.change[at])],
      ["certainty", lc.certaintyOf(before, after, facility)],
      ["capacity", moved(size[0], size[1])],
    ]);
  };

  lc.linkCard = (link) => kind("link_word", link.name, [["change", lc.sayCode("link", link.change)], ["link_kind", lc.sayCode("link", link.kind)]]);
})(livingcircle);
