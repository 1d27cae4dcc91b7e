"use strict";
// The page of a timeline: what is chosen, the charts, the table and what opens.

(function (lc) {
  const WHOLE = 1, OUTSIDE = 2;
  const MEASURES = { people_share: [0, 1], land_share: [2, 3] };
  lc.state = { measure: "people_share", unit: 0, group: 0, everything: false };

  const unitName = (unit) => (unit === WHOLE ? lc.say("whole_area") : unit === OUTSIDE ? lc.say("outside_units") : unit);
  const signed = (points) => (Math.abs(points) < 0.05 ? "0.0" : `${points > 0 ? "+" : ""}${points.toFixed(1)}`);

  // The step whose result holds in a year: the last one that was worked out for the category.
  function stepOf(category, year) {
    let found = 0;
    lc.data.steps.forEach((step, i) => { if (step <= year && lc.data.worked[i].includes(category)) found = i; });
    return found;
  }

  const isAnew = (category, year) => { const step = lc.data.steps.indexOf(year); return step >= 0 && lc.data.worked[step].includes(category); };

  // A series of the chosen unit and measure: shares by year, amounts of the first and the last.
  function seriesOf(at) {
    const [category] = lc.data.kinds[at], [all, covered] = MEASURES[lc.state.measure], rows = lc.data.series[at][lc.state.unit];
    const amounts = lc.data.years.map((year) => rows[stepOf(category, year)]);
    const shares = amounts.map((row) => (row && row[all] > 0 ? row[covered] / row[all] : null));
    const told = shares.filter((share) => share !== null);
    const change = told.length > 1 ? 100 * (shares[shares.length - 1] - shares[0]) : 0;
    const changes = told.some((share) => Math.abs(share - told[0]) > 5e-4);
    return { at, category, amounts, shares, change, changes, ends: [shares[0], shares[shares.length - 1]] };
  }

  const kindsShown = () => lc.data.kinds.map((kind, at) => at).filter((at) => lc.data.kinds[at][2] === lc.state.group);

  // A category is named with its level where it has several.
  function nameOf(at) {
    const [category, level] = lc.data.kinds[at];
    const limit = lc.data.kinds[at][5] === "time" ? `${lc.data.kinds[at][4]} ${lc.say("min")}` : `${lc.show.count(lc.data.kinds[at][3])} ${lc.say("m")}`;
    return { category: lc.data.categories[category].name, level: lc.data.levels[level].name, limit };
  }

  function eventsOf(year, category) {
    const here = (event) => lc.state.unit === 0 || event.unit === lc.state.unit || event.kind === "street";
    return lc.data.events.filter((event) => event.year === year && here(event) && (category === undefined || event.categories.includes(category)));
  }

  function chartOf(series) {
    const { years } = lc.data, name = nameOf(series.at), [first, last] = series.ends;
    const marks = {
      anew: years.map((year) => isAnew(series.category, year)), opens: years.map((year) => eventsOf(year, series.category).length > 0),
      lived: years.map((year) => eventsOf(year).some((event) => event.kind === "residence")),
    };
    const values = { name: `${name.category} ${name.level}`, first_year: years[0], last_year: years[years.length - 1], first: lc.show.share(first),
      last: lc.show.share(last), points: signed(series.change) };
    const drawn = series.shares.some((share) => share !== null)
      ? lc.chart(years, series.shares, marks, lc.say("chart_words", values)) : lc.element("p", { text: lc.say("no_share") });
    const amounts = series.amounts.filter((row) => row);
    const count = amounts.length ? lc.say("facilities", { first: amounts[0][4], last: amounts[amounts.length - 1][4] }) : "";
    return lc.element("figure", { class: "chart" }, [
      lc.element("h3", {}, [name.category, " ", lc.element("small", { text: `${name.level} · ${name.limit}` })]),
      lc.element("p", {}, [lc.element("strong", { text: lc.say("from_to", { first: lc.show.share(first), last: lc.show.share(last) }) }), " ",
        lc.element("span", { class: series.change > 0.05 ? "up" : series.change < -0.05 ? "down" : "",
          text: lc.say("points", { value: signed(series.change) }) }),
        ` · ${count}`]),
      drawn,
    ]);
  }

  function legend() {
    const row = (drawn, key) => {
      const box = lc.drawing(16, 14);
      box.append(drawn);
      return lc.element("li", {}, [box, lc.say(key)]);
    };
    return lc.element("ul", { id: "legend" },
      [row(lc.dot(8, 7, true), "anew"), row(lc.dot(8, 7, false), "carried"), row(lc.sign("opens", 8, 7), "opens"), row(lc.sign("lived", 8, 7), "lived")]);
  }

  function tableOf(all) {
    const { years } = lc.data;
    const head = lc.element("tr", {}, [lc.element("th", { scope: "col", text: lc.say("category") }),
      ...years.map((year) => lc.element("th", { scope: "col", text: String(year) })), lc.element("th", { scope: "col", text: lc.say("change") })]);
    const rows = all.map((series) => {
      const name = nameOf(series.at);
      const cells = series.shares.map((share, i) =>
        lc.element("td", { class: isAnew(series.category, years[i]) ? "anew" : "carried", text: lc.show.share(share) }));
      const change = lc.element("td", { class: series.change > 0.05 ? "up" : series.change < -0.05 ? "down" : "", text: signed(series.change) });
      return lc.element("tr", {}, [lc.element("th", { scope: "row" }, [name.category, " ", lc.element("small", { text: name.level })]), ...cells, change]);
    });
    return lc.element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": lc.say("table") },
      [lc.element("table", {}, [lc.element("thead", {}, [head]), lc.element("tbody", {}, rows)])]);
  }

  function eventTable() {
    const rows = [];
    lc.data.years.forEach((year) => eventsOf(year).forEach((event, i) => {
      const name = event.kind === "street" ? lc.say("street_lines", { count: event.count }) : event.name;
      const size = event.capacity !== null ? lc.say("capacity", { capacity: lc.show.count(event.capacity) }) : event.people !== null
        ? lc.say("people", { people: lc.show.count(event.people) }) : "";
      const place = event.kind === "street" ? "" : event.unit < 0 ? lc.say("outside_units") : unitName(lc.data.units[event.unit]);
      const cells = [lc.sayCode("kind", event.kind), name, event.categories.map((c) => lc.data.categories[c].name).join(lc.say("join")), place];
      rows.push(lc.element("tr", {}, [lc.element("th", { scope: "row", text: i ? "" : String(year) }), ...cells.map((text) => lc.element("td", { text })),
        lc.element("td", { class: "number", text: size })]));
    }));
    if (!rows.length) return null;
    return lc.element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": lc.say("events") },
      [lc.element("table", { id: "events" }, [lc.element("tbody", {}, rows)])]);
  }

  function show() {
    const all = kindsShown().map(seriesOf), shown = lc.state.everything ? all : all.filter((series) => series.changes);
    const children = [lc.element("h2", { text: lc.say("charts") }), legend()];
    children.push(shown.length ? lc.element("div", { class: "charts" }, shown.map(chartOf)) : lc.element("p", { text: lc.say("none_change") }));
    children.push(lc.element("h2", { text: lc.say("table") }), tableOf(shown.length ? shown : all));
    const opening = eventTable();
    if (opening) children.push(lc.element("h2", { text: lc.say("events") }), opening);
    const reading = Object.keys(lc.data.words[lc.language]).filter((key) => key.startsWith("overview.reading_"));
    children.push(lc.element("ul", { id: "reading" }, reading.map((key) => lc.element("li", { text: lc.say(key) }))));
    document.getElementById("main").replaceChildren(...children);
  }

  function choice(key, options) {
    const select = lc.element("select", { id: key, onchange: (event) => {
      lc.state[key] = key === "measure" ? event.target.value : Number(event.target.value);
      show();
    } },
      options.map(([value, text]) => lc.element("option", Object.assign({ value, text }, String(lc.state[key]) === String(value) ? { selected: "" } : {}))));
    return lc.element("label", {}, [lc.element("span", { text: lc.say(key) }), select]);
  }

  function choices() {
    const other = lc.languages().find((language) => language !== lc.language);
    const everything = lc.element("button", { type: "button", id: "everything", "aria-pressed": String(lc.state.everything),
      text: lc.say(lc.state.everything ? "changing" : "everything"),
      onclick: () => { lc.state.everything = !lc.state.everything; choices(); show(); document.getElementById("everything").focus(); } });
    const language = lc.element("button", { type: "button", id: "language", lang: other, text: lc.data.words[other].own_name, onclick: () => {
      speak(other);
      document.getElementById("language").focus();
    } });
    const parts = [choice("measure", Object.keys(MEASURES).map((key) => [key, lc.say(key)]))];
    if (lc.data.units.length > 1) parts.push(choice("unit", lc.data.units.map((unit, i) => [i, unitName(unit)])));
    if (lc.data.groups.length > 1) parts.push(choice("group", lc.data.groups.map((group, i) => [i, group.name])));
    document.getElementById("choices").replaceChildren(...parts, everything,
      lc.element("div", { class: "end" }, [lc.element("button", { type: "button", text: lc.say("print"), onclick: () => window.print() }), language]));
  }

  function speak(language) {
    lc.speak(language);
    const { study, years } = lc.data, put = (id, children) => document.getElementById(id).replaceChildren(...children);
    put("title", [`${study.name} · ${lc.say("living_circle")}`]);
    put("meta", [`${years[0]}–${years[years.length - 1]}`, `${study.standard} ${study.standard_name}`].map((text) => lc.element("span", { text })));
    put("note", study.note ? [study.note] : []);
    put("foot", [lc.say("version", { version: study.version })].map((text) => lc.element("span", { text })));
    choices();
    show();
  }

  lc.start = function () {
    lc.data = JSON.parse(document.getElementById("livingcircle-data").textContent);
    lc.now = {};
    speak(lc.data.study.language);
  };
})(livingcircle);
