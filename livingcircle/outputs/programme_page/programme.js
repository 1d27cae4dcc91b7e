"use strict";
// The page of a programme: its list, what is chosen, the language, printing, and the start.

(function (lc) {
  const { element } = lc;
  lc.state = { measure: -1 };

  lc.badge = (at, measure, chosen) => element("span",
    { class: `badge${chosen ? " chosen" : ""}`, "--kind": lc.data.style.kinds[measure.kind], text: String(at + 1) });

  const fact = (word, text) => (text ? element("div", { class: "fact" }, [element("dt", { text: lc.say(word) }), element("dd", { text })]) : null);
  const items = (value) => (value === null ? "" : `${lc.show.count(value)} ${lc.say("person_items")}`);

  function detail(measure) {
    return element("dl", { class: "facts" }, [
      fact("unit", measure.units[lc.language]), fact("cost_joint", measure.costs_joint[lc.language]), fact("joint", items(measure.people_joint)),
        fact("alone", items(measure.people_alone)),
      fact("distinct", `${lc.show.count(measure.people_distinct)} ${lc.say("persons")}`),
        fact("land", `${lc.show.decimal(measure.land_ha, 2)} ${lc.say("hectares")}`),
      fact("places", measure.places_filled === null ? "" : lc.show.count(measure.places_filled)),
        fact("gaps", measure.gaps_closed ? `${measure.gaps_closed} ${lc.say("gaps_unit")}` : ""),
      fact("serves", measure.serves[lc.language]), fact("clause", measure.clause),
    ]);
  }

  function row(measure, at) {
    const on = at === lc.state.measure;
    const much = measure.people || measure.places_filled === null ? items(measure.people) : `${lc.say("places")} ${lc.show.count(measure.places_filled)}`;
    const button = element("button", { type: "button", class: "row", id: `measure-${at}`, "aria-expanded": String(on),
      onclick: () => lc.choose(on ? -1 : at, true) }, [
      lc.badge(at, measure, on),
      element("span", { class: "what" }, [element("b", { text: measure.titles[lc.language] }),
        element("small", { text: [lc.sayCode("kind", measure.kind), measure.units[lc.language],
        measure.gaps_closed ? `${lc.say("gaps")} ${measure.gaps_closed} ${lc.say("gaps_unit")}` : ""].filter(Boolean).join(" · ") })]),
      element("span", { class: "much" }, [element("b", { text: much }), element("small", { text: measure.costs[lc.language] })]),
    ]);
    return element("li", { class: on ? "on" : "" }, [button, on ? element("div", { class: "detail" }, [detail(measure)]) : null]);
  }

  function more(key, lines, open) {
    return element("details", Object.assign({ class: "remarks" }, open ? { open: "" } : {}),
      [element("summary", { text: lc.say(key) }), element("ul", {}, lines.map((text) => element("li", { text })))]);
  }

  function others() {
    const { others: rows } = lc.data;
    if (!rows.length) return null;
    const cells = (one) => element("tr", {}, [one.titles[lc.language], one.costs[lc.language], items(one.people_alone)].map((text) => element("td", { text })));
    return element("details", { class: "remarks" },
      [element("summary", { text: lc.say("others", { count: rows.length }) }), element("table", {}, [element("tbody", {}, rows.map(cells))])]);
  }

  function arrows(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], rows = [...document.querySelectorAll("#list .row")], at = rows.indexOf(document.activeElement);
    if (!step || at < 0 || !rows[at + step]) return;
    event.preventDefault();
    rows[at + step].focus();
  }

  function list() {
    const { measures, sentences, reading } = lc.data, kept = document.getElementById("list"), top = kept ? kept.scrollTop : 0;
    const other = lc.languages().find((language) => language !== lc.language);
    const bar = element("div", { class: "bar" }, [
      element("b", { text: lc.say("list") }), element("span", { class: "gap" }),
      element("button", { type: "button", id: "whole", text: lc.say("whole_view"), onclick: lc.goWhole }),
      element("button", { type: "button", id: "print", text: lc.say("print"), onclick: () => window.print() }),
      element("button", { type: "button", id: "language", lang: other, text: lc.data.words[other].own_name, onclick: () => {
        speak(other);
        document.getElementById("language").focus();
      } }),
    ]);
    lc.fill("panel", [bar, element("div", { id: "list", onkeydown: arrows }, [
      more("how", sentences[lc.language], true),
      measures.length ? element("ol", {}, measures.map(row)) : element("p", { class: "empty", text: lc.say("nothing") }), others(),
        more("reading", reading[lc.language], false),
    ])]);
    document.getElementById("list").scrollTop = top;
  }

  lc.choose = function (at, fly) {
    lc.state.measure = at;
    lc.drawMeasures();
    list();
    if (at < 0) return;
    const own = document.getElementById(`measure-${at}`), holder = document.getElementById("list");
    if (fly) lc.goMeasure(lc.data.measures[at]);
    holder.scrollTop += own.getBoundingClientRect().top - holder.getBoundingClientRect().top;
    own.focus({ preventScroll: true });
  };

  function headline() {
    const { totals } = lc.data;
    const tile = (key, strong, small) => element("div", { class: "tile" },
      [element("span", { class: "label", text: lc.say(key) }), element("strong", { text: strong }), element("small", { text: small })]);
    lc.fill("headline", [element("div", { class: "tiles" }, [
      tile("cost", totals.cost[lc.language], `${lc.say("budget")} ${totals.budget[lc.language]}`),
        tile("people", lc.show.count(totals.people), lc.say("person_items")),
      tile("distinct", lc.show.count(totals.distinct), lc.say("persons")), tile("gaps", lc.show.count(totals.gaps), lc.say("gaps_unit")),
    ])]);
  }

  function legend() {
    const { style, measures, area, units } = lc.data, swatch = (kind, color) => element("span", { class: `swatch ${kind}`, "--color": color });
    const kinds = Object.keys(style.kinds).filter((kind) => measures.some((measure) => measure.kind === kind));
    const rows = kinds.map((kind) => [swatch("dot", style.kinds[kind]), lc.sayCode("kind", kind)]);
    rows.push([swatch("box", style.map.home), lc.say("legend_home")], [swatch("line", style.map.street), lc.say("legend_street")]);
    if (area.length) rows.push([swatch("dash", style.map.area), lc.say("legend_area")]);
    if (units.length) rows.push([swatch("dash", style.map.unit), lc.say("legend_unit")]);
    document.querySelector("#legend summary").textContent = lc.say("legend");
    lc.fill("legend-rows", rows.map(([mark, text]) => element("li", {}, [mark, text])));
  }

  function speak(language) {
    lc.speak(language);
    const { study } = lc.data;
    document.title = `${study.name} · ${lc.say("living_circle")}`;
    lc.fill("title", [document.title]);
    lc.fill("meta", [`${study.standard} ${study.standard_name}`, study.year === null ? "" : String(study.year)].filter(Boolean)
      .map((text) => element("span", { text })));
    lc.fill("note", [study.note || null]);
    lc.fill("foot", [lc.say("crs", { crs: study.crs }), lc.say("version", { version: study.version }),
      lc.say("publishing")].map((text) => element("span", { text })));
    headline();
    legend();
    lc.drawMeasures();
    list();
  }

  lc.start = function (map) {
    lc.data = JSON.parse(document.getElementById("livingcircle-data").textContent);
    lc.data.measures.forEach((measure) => {
      const shape = lc.shape(measure.shape);
      measure.points = shape.points || shape.polygons[0][0];
    });
    lc.now = {};
    lc.speak(lc.data.study.language);
    lc.map = lc.startMap(map);
    lc.onPaper(map, lc.sheet, () => lc.goWhole());
    document.getElementById("legend").open = window.innerWidth >= 900;
    speak(lc.language);
    map.invalidateSize({ animate: false });
    lc.goWhole();
    new ResizeObserver(() => {
      if (!document.documentElement.classList.contains("printing")) map.invalidateSize({ animate: false });
    }).observe(document.getElementById("frame"));
    document.documentElement.dataset.ready = "1";
  };
})(livingcircle);
