"use strict";
// The gap list of the side panel: sorted, filtered, and linked with the map both ways.

(function (lc) {
  const { element } = lc;
  // The page opens with what a screen has room for; the other rows follow once it is seen.
  const STEP = 100, ROW_PX = 50, FIRST = Math.ceil(window.innerHeight / ROW_PX);
  const list = { first: FIRST, shown: FIRST, sort: "rank", unit: "", cause: "", priority: "", confidence: "", every: false, marked: -1 };
  lc.gapList = list;
  lc.on("start", () => lc.onceSeen(() => {
    list.first = STEP;
    if (list.shown !== FIRST) return;
    list.shown = STEP;
    if (lc.state.tab === "gaps" && !lc.state.lacking && lc.chosenGaps().length > FIRST) lc.panel.list();
  }));

  // A scenario may not tell all that a run does.
  const column = (key) => (gap) => (lc.now.gaps[key] || [])[gap] || "";
  const FILTERS = { unit: column("unit"), cause: column("cause"), priority: column("priority"), confidence: column("confidence") };
  const wordOf = { unit: (value) => value, cause: (value) => lc.sayCode("cause", value), priority: (value) => value,
    confidence: (value) => lc.sayCode("confidence", value) };

  const nameOf = (gap) => {
    const home = lc.now.gaps.residence[gap];
    return home < 0 ? lc.now.gaps.unit[gap] : lc.data.residences.name[home] || lc.say("unnamed");
  };
  // What cannot be walked at all comes before every walk.
  const far = (gap) => { const walk = lc.now.gaps.walk_m[gap]; return walk === null ? Infinity : walk; };
  const SORTS = {
    rank: (a, b) => lc.now.gaps.rank[a] - lc.now.gaps.rank[b],
    people: (a, b) => (lc.now.gaps.people[b] || 0) - (lc.now.gaps.people[a] || 0),
    walk: (a, b) => (far(b) === far(a) ? 0 : far(b) - far(a)),
    name: (a, b) => lc.inOrder(nameOf(a), nameOf(b)),
  };

  const texts = (gap) => {
    const { gaps } = lc.now;
    return [nameOf(gap), gaps.unit[gap], gaps.nearest[gap], gaps.gap_id[gap], lc.data.categories[gaps.category[gap]].name];
  };

  const listed = () => (list.every ? lc.now.gaps.rank.map((_, i) => i) : lc.chosenGaps());

  function wanted() {
    const { query } = lc.state, asked = Object.keys(FILTERS).filter((key) => list[key]);
    return listed().filter((gap) => asked.every((key) => FILTERS[key](gap) === list[key]) && (!query || lc.contains(texts(gap), query)))
      .sort((a, b) => SORTS[list.sort](a, b) || SORTS.rank(a, b) || a - b);
  }

  function row(gap, place) {
    const { gaps } = lc.now, walk = gaps.walk_min[gap];
    const under = [list.every ? lc.data.categories[gaps.category[gap]].name : "", gaps.unit[gap], lc.sayCode("cause", gaps.cause[gap])].filter(Boolean);
    const made = element("button", { type: "button", class: "row", onclick: () => lc.goGap(gap) }, [
      element("span", { class: "rank" }, [element("span", { text: String(place + 1) }),
        FILTERS.priority(gap) ? element("i", { class: `class ${FILTERS.priority(gap)}`, text: FILTERS.priority(gap), title: lc.say("priority") }) : null]),
      element("span", { class: "what" }, [element("b", { text: nameOf(gap) }), element("small", { text: under.join(" · ") })]),
      element("span", { class: "much" }, [
        element("b", { text: lc.show.people(gaps.people[gap]) }),
        element("small", { text: walk === null ? lc.say("status.unreachable") : lc.show.minutes(walk) }),
      ]),
    ]);
    made.dataset.gap = gap;
    if (gap === list.marked) made.setAttribute("aria-current", "true");
    return made;
  }

  function choice(id, word, options, value, change) {
    const box = element("select", { id, "aria-label": lc.say(word) }, options.map(([own, text]) => element("option", { value: own, text })));
    box.value = value;
    box.addEventListener("change", () => { change(box.value); list.shown = STEP; lc.panel.list(); document.getElementById(id).focus(); });
    return box;
  }

  function filter(key) {
    const values = Array.from(new Set(listed().map(FILTERS[key]).filter(Boolean))), place = new Map(lc.data.units.map((unit, i) => [unit.name, i]));
    // Units as the study lists them.
    const before = key === "unit" ? (a, b) => (place.has(a) ? place.get(a) : Infinity) - (place.has(b) ? place.get(b) : Infinity) || 0 : (a, b) =>
      (a < b ? -1 : 1);
    values.sort(before);
    if (list[key] && !values.includes(list[key])) list[key] = "";
    const options = [["", lc.say(`every.${key}`)], ...values.map((value) => [value, wordOf[key](value)])];
    return choice(`filter-${key}`, key, options, list[key], (value) => { list[key] = value; });
  }

  function bar(count) {
    const every = element("input", { type: "checkbox", id: "every" });
    every.checked = list.every;
    every.addEventListener("change", () => { list.every = every.checked; list.shown = STEP; lc.panel.list(); document.getElementById("every").focus(); });
    const sorts = Object.keys(SORTS).map((key) => [key, lc.say(`ordered.${key}`)]);
    return [
      element("div", { class: "bar" }, [
        element("span", { role: "status", text: lc.say("gap_count", { n: lc.show.count(count) }) }),
        element("label", { for: "every" }, [every, lc.say("every_category")]),
      ]),
      element("div", { class: "filters" }, [choice("sort", "sort", sorts, list.sort, (value) => { list.sort = value; }), ...Object.keys(FILTERS).map(filter)]),
    ];
  }

  lc.gapTab = function () {
    if (lc.state.lacking) return lc.lackingTab();
    const gaps = wanted(), above = bar(gaps.length), rows = gaps.slice(0, list.shown).map(row);
    if (gaps.length > list.shown) {
      rows.push(element("button", { type: "button", class: "more", text: lc.say("more", { n: gaps.length - list.shown }), onclick: () => {
        list.shown += 2 * STEP;
        lc.panel.list();
      } }));
    }
    if (!rows.length) rows.push(element("p", { class: "empty", text: lc.say(lc.state.query ? "nothing_found" : "no_gaps") }));
    return [...above, element("div", { class: "rows", onkeydown: lc.arrows }, rows)];
  };

  // Marks the row of a gap that was clicked on the map, and brings it into sight.
  lc.markGap = function (gap) {
    list.marked = gap;
    const place = wanted().indexOf(gap);
    if (place >= list.shown) list.shown = place + 1;
  };
})(livingcircle);
