"use strict";
// The headline of the two states chosen, and the legend of what their maps show.

(function (lc) {
  const { element } = lc;

  // Percentage points with their sign; what reads as 0.0 has none.
  lc.signed = (points) => (points === null ? "—" : Math.abs(points) < 0.05 ? "0.0" : (points > 0 ? "+" : "−") + Math.abs(points).toFixed(1));
  lc.pointsBetween = (was, now) => (was === null || now === null ? null : 100 * (now - was));

  function tile(kind, word, value, under) {
    return element("div", { class: `tile ${kind}` }, [
      element("span", { class: "label", text: lc.say(word) }), element("strong", { text: value }), element("small", { text: under })]);
  }

  const sense = (value) => (value === null || Math.abs(value) < 0.05 ? "" : value > 0 ? "up" : "down");
  const share = (word, was, now) => {
    const points = lc.pointsBetween(was, now);
    return tile(`share ${sense(points)}`, word, points === null ? "—" : lc.say("points_of", { value: lc.signed(points) }),
      `${lc.show.share(was)} → ${lc.show.share(now)}`);
  };

  lc.headline = function () {
    const { before, after, category, level, group, kind, pair } = lc.state, whole = lc.wholeUnit();
    const [was, now] = [before, after].map((state) => lc.coverageOf(state, kind, whole)), moves = lc.movesOf(pair, kind, whole);
    const count = (change) => pair.gaps.change.filter((one, i) => one === change && pair.gaps.kind[i] === kind).length;
    const limits = [was, now].map((row) => lc.limitText(row.limit_m, row.limit_min));
    const title = [lc.data.categories[category].name, lc.data.levels[level].name, lc.data.groups.length > 1 ? lc.groupName(group) : "",
      limits[0] === limits[1] || limits[0] === "" || limits[1] === "" ? limits[1] || limits[0] : `${limits[0]} → ${limits[1]}`];
    const arrived = moves.people_arrived || moves.people_left
      ? lc.say(moves.people_arrived ? "arrived_line" : "left_line", { people: lc.show.count(moves.people_arrived || moves.people_left) }) : "";
    const gained = [lc.show.hectares(moves.land_gained), arrived].filter(Boolean).join(" · ");
    lc.fill("headline", [
      element("h2", { text: title.filter(Boolean).join(" · ") }),
      element("div", { class: "tiles" }, [
        share("by_land", was.land_share, now.land_share),
        share("by_people", was.people_share, now.people_share),
        tile(moves.people_gained ? "up" : "", "people_gained", lc.show.people(moves.people_gained), gained),
        tile(moves.people_lost ? "down" : "", "people_lost", lc.show.people(moves.people_lost), lc.show.hectares(moves.land_lost)),
        tile("", "gaps_changed", lc.say("gaps_closed", { closed: count("closed") }),
          lc.say("gaps_rest", { opened: count("opened") + count("arrived"), moved: count("moved") })),
      ]),
    ]);
  };

  function swatch(kind, text, color) {
    return element("li", {}, [element("i", { class: `swatch ${kind}`, "--color": color || "" }), element("span", { text })]);
  }

  function walkWord(breaks, i) {
    if (i === 0) return lc.say("up_to", { to: breaks[0] });
    return i < breaks.length ? lc.say("between", { from: breaks[i - 1], to: breaks[i] }) : lc.say("over", { from: breaks[i - 1] });
  }

  function differenceRows() {
    const { difference: { breaks, gained, lost, same } } = lc.data.style;
    const size = (i) => (i === 0 ? `1–${breaks[0]}` : i < breaks.length ? `${breaks[i - 1]}–${breaks[i]}` : `> ${breaks[i - 1]}`);
    return [
      element("li", { class: "head", text: lc.say("legend_difference") }),
      ...gained.map((color, i) => swatch("area", lc.say("gains", { people: size(i) }), color)).reverse(),
      swatch("area", lc.say("unchanged"), same),
      ...lost.map((color, i) => swatch("area", lc.say("loses", { people: size(i) }), color)),
      swatch("later", lc.say("one_state")),
    ];
  }

  function walkRows() {
    const { breaks_min: breaks, colors, unreachable, off_network: off } = lc.data.style.walk;
    return [
      element("li", { class: "head", text: lc.say("legend_walk_class") }),
      ...colors.map((color, i) => swatch("area", walkWord(breaks, i), color)),
      swatch("area unreachable", lc.say("status.unreachable"), unreachable), swatch("area off", lc.say("status.off_network"), off),
      swatch("later", lc.say("not_lived")),
    ];
  }

  lc.legend = function () {
    const { map } = lc.data.style, links = lc.linksChanged(lc.state.before, lc.state.after);
    document.querySelector("#legend summary").textContent = lc.say("legend");
    lc.fill("legend-rows", [
      ...(lc.state.mode === "difference" ? differenceRows() : walkRows()),
      element("li", { class: "head", text: lc.say("legend_marks") }),
      swatch("gap", lc.say(lc.state.mode === "difference" ? "still_gap" : "has_gap")),
      swatch("place", lc.say("open_both"), map.facility), swatch("place opened", lc.say("opens_or_moves"), map.facility),
      swatch("place coming", lc.say("opens_later")), swatch("place closed", lc.say("closes"), map.facility),
      lc.state.pair.residences.home.length ? swatch("home", lc.say("homes_marked"), map.home) : null,
      links.length ? swatch("link", lc.say("link_changed"), map.link) : null,
      swatch("street", lc.say("streets"), map.street),
      lc.data.units.length ? swatch("unit", lc.say("units"), map.unit) : null,
      lc.data.area.length ? swatch("frame", lc.say("study_area"), map.area) : null,
    ]);
  };
})(livingcircle);
