"use strict";
// The cards of what is clicked, the headline and the legend.

(function (lc) {
  const { element } = lc;

  lc.cardOptions = { maxWidth: 300, minWidth: 210, autoPanPadding: [24, 24] };

  const card = (word, title, rows) => element("div", { class: "card" }, [
    element("p", { class: "kind", text: lc.say(word) }), element("h3", { text: title || lc.say("unnamed") }),
    element("table", {}, rows.filter((row) => row && row[1] !== "")
      .map(([key, text]) => element("tr", {}, [element("th", { scope: "row", text: key }), element("td", { text })]))),
  ]);

  lc.homeCard = function (home) {
    const { residences, links } = lc.data, { link } = lc.state;
    const rows = [[lc.say("unit"), residences.unit[home] || lc.say("outside_units")], [lc.say("people"), lc.show.people(residences.people[home])]];
    if (link < 0) return card("residence", residences.name[home], rows);
    const own = links[link], all = (own.gains.get(-1) || []).find((row) => row.home === home);
    rows.push([lc.say("rank", { rank: link + 1 }), all ? lc.say("home_people", { people: lc.show.people(all.people) }) : lc.say("no_gain")]);
    own.kinds.forEach((kind) => {
      const row = own.gains.get(kind).find((one) => one.home === home);
      if (row) rows.push([lc.kindName(kind), `${lc.walkText(row.before)} → ${lc.walkText(row.after)}`]);
    });
    return card("residence", residences.name[home], rows);
  };

  lc.facilityCard = function (facility) {
    const { facilities, categories } = lc.data;
    return card("facility", facilities.name[facility], [[facilities.categories[facility].map((one) => categories[one].name).join(lc.say("comma")), " "]]);
  };

  function tile(word, value, under) {
    return element("div", { class: "tile" },
      [element("span", { class: "label", text: lc.say(word) }), element("strong", { text: value }), element("small", { text: under || "" })]);
  }

  lc.headline = function () {
    const { together } = lc.data;
    if (!together.count) { lc.fill("headline", []); return; }
    lc.fill("headline", [
      element("h2", { text: lc.say("all_together", { count: together.count }) }),
      element("div", { class: "tiles" }, [
        tile("new_people", lc.show.people(together.people_distinct)),
        tile("person_times", lc.show.count(together.people), lc.say("person_times_under")),
        tile("new_land", lc.show.hectares(together.land_ha)),
        tile("built_m", lc.show.metres(together.length_m)),
        together.cost === null ? null : tile("cost_all", lc.costText(together.cost)),
      ]),
    ]);
  };

  const swatch = (kind, text, color) => element("li", {}, [element("i", { class: `swatch ${kind}`, "--color": color || "" }), element("span", { text })]);

  lc.legend = function () {
    const { gain, map } = lc.data.style, { link, kind } = lc.state;
    const size = (i) => (i === 0 ? `1–${gain.breaks[0]}` : i < gain.breaks.length ? `${gain.breaks[i - 1]}–${gain.breaks[i]}` : `> ${gain.breaks[i - 1]}`);
    document.querySelector("#legend summary").textContent = lc.say("legend");
    lc.fill("legend-rows", [
      swatch("link", lc.say("link_word"), map.link),
      link < 0 ? null : swatch("link", lc.say("link_chosen"), map.chosen),
      link < 0 || !lc.data.links[link].way ? null : swatch("way", lc.say("link_round")),
      ...(link < 0 ? [] : gain.colors.map((color, i) => swatch("area", lc.say("gaining", { people: size(i) }), color)).reverse()),
      swatch("area", lc.say(link < 0 ? "residence" : "homes"), gain.none),
      kind < 0 ? null : swatch("place", lc.say("open_facility"), map.facility),
      lc.data.water.length ? swatch("area", lc.say("water"), map.water) : null,
      swatch("street", lc.say("streets"), map.street),
      lc.data.units.length ? swatch("unit", lc.say("units"), map.unit) : null,
      lc.data.area.length ? swatch("frame", lc.say("study_area"), map.area) : null,
    ]);
  };
})(livingcircle);
