"use strict";
// What a click on the map tells: small tables built of elements, so that no name is ever read as markup.

(function (lc) {
  const { element } = lc;

  function table(title, kind, rows) {
    const body = rows.filter((row) => row && row[1] !== "" && row[1] !== null && row[1] !== undefined)
      .map(([key, value]) => element("tr", {}, [element("th", { scope: "row", text: lc.say(key) }), element("td", { text: value })]));
    return element("div", { class: "card", role: "group", "aria-label": `${lc.say(kind)} ${title || ""}` }, [
      element("p", { class: "kind", text: lc.say(kind) }),
      element("h3", { text: title || lc.say("unnamed") }),
      element("table", {}, body),
    ]);
  }

  const walkText = (metres, minutes, status) =>
    (metres === null ? lc.sayCode("status", status || "unreachable") : `${lc.show.metres(metres)} · ${lc.show.minutes(minutes)}`);

  // Gap of a residence for what is chosen, -1 for none.
  const gapOf = (residence) => {
    const found = lc.chosenGaps().find((gap) => lc.now.gaps.residence[gap] === residence);
    return found === undefined ? -1 : found;
  };

  function lacks(i) {
    const homes = lc.data.residences, told = lc.lackingNow(), names = lc.lackingNames(i);
    return table(homes.name[i], "residence", [
      ["unit", homes.unit[i]],
      ["people", lc.show.people(homes.people[lc.state.group][i])],
      ["level", lc.data.levels[lc.state.level].name],
      ["lacking", told && told.count(i) !== null ? lc.say("lacks_of", { n: told.count(i), all: told.elements.length }) : "—"],
      names.length ? ["lacks", names.join(lc.say("comma"))] : null,
    ]);
  }

  lc.popup = {
    residence: function (i) {
      if (lc.state.lacking) return lacks(i);
      const homes = lc.data.residences, walks = lc.now.walks(lc.state.category), gap = gapOf(i), gaps = lc.now.gaps;
      const straight = walks.straight_m[i], walk = walks.walk_m[i];
      return table(homes.name[i], "residence", [
        ["unit", homes.unit[i]],
        ["people", lc.show.people(homes.people[lc.state.group][i])],
        ["category", lc.data.categories[lc.state.category].name],
        ["status", lc.sayCode("status", walks.status[i])],
        ["walk", walkText(walk, lc.groupMinutes(walks.walk_min[i]), walks.status[i])],
        ["straight", lc.show.metres(straight)],
        walk !== null && straight ? ["detour", lc.show.decimal(walk / straight, 2)] : null,
        ["nearest", walks.nearest[i]],
        gap < 0 ? null : ["cause", lc.sayCode("cause", gaps.cause[gap])],
        gap < 0 ? null : ["remedy", lc.sayCode("remedy", gaps.remedy[gap])],
      ]);
    },

    facility: function (i) {
      const places = lc.now.facilities;
      return table(places.name[i], "facility", [
        ["categories", places.categories[i].map((category) => lc.data.categories[category].name).join(lc.say("comma"))],
        ["status", lc.sayCode("built", places.status[i])],
        ["in_year", lc.say(places.open[i] ? "open" : "not_open")],
        ["open_year", places.year[i] === null ? "" : lc.show.plain(places.year[i])],
        ["capacity", places.capacity[i] === null ? "" : lc.show.decimal(places.capacity[i], 0)],
        ["entrance_source", lc.sayCode("entrance", places.entrance_source[i])],
        ["confidence", lc.sayCode("confidence", places.confidence[i])],
        ["source", places.source[i]],
        ["facility_id", places.id ? places.id[i] : ""],
      ]);
    },

    gap: function (i) {
      const gaps = lc.now.gaps, home = gaps.residence[i];
      return table(home < 0 ? gaps.unit[i] : lc.data.residences.name[home], "gap", [
        ["unit", gaps.unit[i]],
        ["category", lc.data.categories[gaps.category[i]].name],
        ["level", gaps.level[i] < 0 ? "" : lc.data.levels[gaps.level[i]].name],
        lc.data.groups.length > 1 ? ["group", lc.groupName(gaps.group[i])] : null,
        ["gap_people", lc.show.people(gaps.people[i])],
        ["gap_land", gaps.land_ha[i] ? lc.show.hectares(gaps.land_ha[i]) : ""],
        ["walk", walkText(gaps.walk_m[i], gaps.walk_min[i])],
        ["limit", lc.limitText(gaps.limit_m[i], gaps.limit_min[i])],
        gaps.leg_m[i] ? ["leg", lc.show.metres(gaps.leg_m[i])] : null,
        ["limit_street", gaps.street[i]],
        ["cause", lc.sayCode("cause", gaps.cause[i])],
        ["remedy", lc.sayCode("remedy", gaps.remedy[i])],
        ["closes_in", gaps.closes_in[i] === null ? "" : lc.show.plain(gaps.closes_in[i])],
        ["straight", lc.show.metres(gaps.straight_m[i])],
        ["detour", gaps.detour[i] === null ? "" : lc.show.decimal(gaps.detour[i], 2)],
        ["nearest", gaps.nearest[i]],
        ["robustness", lc.sayCode("robustness", gaps.fragile_to[i] ? "fragile" : "robust")],
        gaps.fragile_to[i] ? ["fragile_to", gaps.fragile_to[i].split(";").map((change) => lc.sayCode("change", change)).join(lc.say("comma"))] : null,
        gaps.high[i] > gaps.low[i] ? ["people_range", `${lc.show.people(gaps.low[i])} – ${lc.show.people(gaps.high[i])}`] : null,
        gaps.uncertain[i] ? ["uncertain", lc.show.share(gaps.uncertain[i])] : null,
        ["confidence", lc.sayCode("confidence", gaps.confidence[i])],
        ["clause", gaps.clause[i]],
        ["priority", gaps.priority ? gaps.priority[i] : ""],
        ["rank", gaps.rank[i] === null || gaps.rank[i] === undefined ? "" : lc.show.plain(gaps.rank[i])],
        ["gap_id", gaps.gap_id[i]],
      ]);
    },
  };
})(livingcircle);
