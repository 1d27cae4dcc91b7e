// The page: what is chosen, the headline, the legend, and the start.

(function (lc) {
  const { element } = lc;
  const SVG = "http://www.w3.org/2000/svg";

  lc.state = { category: 0, level: -1, group: 0, everyGap: false, query: "", tab: "gaps" };

  lc.groupName = (group) => lc.sayCode("group", lc.data.groups[group].id);

  lc.limitText = function (metres, minutes) {
    const parts = [];
    if (metres !== null) parts.push(lc.show.metres(metres));
    if (minutes !== null) parts.push(`${lc.show.plain(minutes)} ${lc.say("min")}`);
    return parts.join(" / ");
  };

  const chosen = (rows) => rows.filter((row) => row.category === lc.state.category && row.level === lc.state.level && row.group === lc.state.group);
  lc.chosenCoverage = () => chosen(lc.now.coverage.rows);
  lc.chosenGaps = function () {
    const { gaps } = lc.now, { category, level, group } = lc.state, key = `${category} ${level} ${group}`;
    if (lc.chosenKey !== key) {
      lc.chosenKey = key;
      lc.chosenList = gaps.rank.map((_, i) => i)
        .filter((i) => gaps.category[i] === category && gaps.level[i] === level && gaps.group[i] === group);
    }
    return lc.chosenList;
  };

  const levelsOf = (category) => {
    const found = new Set(lc.now.coverage.rows.filter((row) => row.category === category).map((row) => row.level));
    return lc.data.levels.map((_, i) => i).filter((i) => found.has(i));
  };

  // Chooses a category (and level, and group) and draws everything anew.
  lc.choose = function (next) {
    Object.assign(lc.state, next);
    const levels = levelsOf(lc.state.category);
    if (!levels.includes(lc.state.level)) lc.state.level = levels.length ? levels[0] : -1;
    lc.layers.map.closePopup();
    choices();
    headline();
    lc.layers.refresh();
    lc.legend();
    lc.panel.refresh();
    lc.tell("choose", lc.state);
  };

  function select(id, word, options, value, change) {
    const box = element("select", { id }, options);
    box.value = String(value);
    box.addEventListener("change", () => change(Number(box.value)));
    return element("label", { for: id }, [element("span", { text: lc.say(word) }), box]);
  }

  const option = (text, value) => element("option", { value: String(value), text });

  function choices() {
    const { categories, themes, levels, groups } = lc.data, had = document.activeElement && document.activeElement.id;
    const grouped = themes.map((theme, t) => {
      const made = element("optgroup", { label: theme.name });
      categories.forEach((category, i) => { if (category.theme === t) made.append(option(category.name, i)); });
      return made;
    });
    const offered = levelsOf(lc.state.category);
    lc.fill("choices", [
      select("category", "category", grouped, lc.state.category, (category) => lc.choose({ category })),
      offered.length > 1 ? select("level", "level", offered.map((i) => option(levels[i].name, i)), lc.state.level, (level) => lc.choose({ level })) : null,
      groups.length > 1 ? select("group", "group", groups.map((_, i) => option(lc.groupName(i), i)), lc.state.group, (group) => lc.choose({ group })) : null,
      element("button", { type: "button", id: "whole", text: lc.say("whole_view"), onclick: lc.goWhole }),
      element("button", { type: "button", id: "print", text: lc.say("print"), onclick: () => window.print() }),
    ]);
    const again = had && document.getElementById(had);
    if (again) again.focus();
  }

  function tile(kind, word, value, under, hint) {
    return element("div", Object.assign({ class: `tile ${kind}` }, hint ? { title: hint } : {}), [
      element("span", { class: "label", text: lc.say(word) }), element("strong", { text: value }), element("small", { text: under })]);
  }

  function headline() {
    const row = lc.chosenCoverage().find((one) => one.whole), gaps = lc.chosenGaps(), { data, state } = lc;
    const asked = data.categories[state.category].asked.find((one) => one.level === state.level);
    const title = [data.categories[state.category].name, state.level < 0 ? "" : data.levels[state.level].name, data.groups.length > 1 ? lc.groupName(state.group) : "",
      row ? lc.say("open_count", { n: lc.show.count(row.facilities) }) : ""];
    const tiles = row ? [
      tile("first", "by_land", lc.show.share(row.land_share), lc.say("of", { part: lc.show.decimal(row.land_covered_ha, 2), all: lc.show.hectares(row.land_ha) })),
      tile("second", "by_people", lc.show.share(row.people_share), lc.say("of", { part: lc.show.count(row.people_covered), all: lc.show.people(row.people) })),
      tile("third", "not_covered", lc.show.people(row.people === null ? null : row.people - row.people_covered), lc.say("gap_count", { n: lc.show.count(gaps.length) })),
      tile("fourth", "limit", lc.limitText(row.limit_m, row.limit_min) || "—", asked ? `${lc.sayCode("flag", asked.flag)} ${asked.evidence}` : "", asked && asked.clause),
    ] : [];
    lc.fill("headline", [element("h2", { text: title.filter(Boolean).join(" · ") }), element("div", { class: "tiles" }, tiles)]);
  }

  function identity() {
    const { study } = lc.data;
    const facts = [
      [study.standard_name, study.standard && study.standard !== study.standard_name ? study.standard : ""].filter(Boolean).join(" "),
      study.year === null ? "" : lc.say("year", { year: study.year }),
      lc.data.groups[0].how,
      lc.sayCode("rule", study.rule),
    ];
    lc.fill("title", [study.name]);
    lc.fill("meta", facts.filter(Boolean).map((text) => element("span", { text })));
    lc.fill("note", [study.note]);
    const foot = [
      lc.say("data_sources", { list: study.sources.join(lc.say("comma")) || "—" }), lc.say("crs", { crs: study.crs }),
      `livingcircle ${study.version}`, study.osm ? `${lc.say("osm")} openstreetmap.org/copyright` : "", lc.say("publishing"),
    ];
    lc.fill("foot", foot.filter(Boolean).map((text) => element("span", { text })));
  }

  function swatch(kind, text, color, count) {
    return element("li", {}, [element("i", { class: `swatch ${kind}`, "--color": color || "" }), element("span", { text }), count === undefined ? null : element("em", { text: count })]);
  }

  function walkWord(breaks, i) {
    if (i === 0) return lc.say("up_to", { to: breaks[0] });
    return i < breaks.length ? lc.say("between", { from: breaks[i - 1], to: breaks[i] }) : lc.say("over", { from: breaks[i - 1] });
  }

  // The legend of what is switched on, with the residents of every walk class.
  lc.legend = function () {
    const { style, residences } = lc.data, { layers } = lc, on = (name) => layers.map.hasLayer(layers.groups[name]);
    const walks = lc.now.walks(lc.state.category), people = {};
    residences.people[lc.state.group].forEach((count, i) => {
      const kind = lc.walkClass(lc.groupMinutes(walks.walk_min[i]), walks.status[i]);
      people[kind] = (people[kind] || 0) + (count || 0);
    });
    const rows = [], persons = (kind) => lc.show.people(people[kind] || 0);
    const { breaks_min: breaks, colors } = style.walk;
    if (on("homes")) {
      rows.push(element("li", { class: "head", text: lc.say("legend_walk") }));
      colors.forEach((color, i) => rows.push(swatch("area", walkWord(breaks, i), color, persons(i))));
      rows.push(swatch("area unreachable", lc.say("status.unreachable"), style.walk.unreachable, persons("unreachable")));
      rows.push(swatch("area off", lc.say("status.off_network"), style.walk.off_network, persons("off_network")));
    }
    rows.push(element("li", { class: "head", text: lc.say("legend_other") }));
    if (on("gaps")) rows.push(swatch("gap", lc.say("gap_areas")));
    if (on("gaps") && layers.ringed) rows.push(swatch("ringed", lc.say("gap_ringed")));
    if (on("places")) {
      rows.push(swatch("place", lc.say("facility_open"), style.map.facility));
      rows.push(swatch("place closed", lc.say("facility_later"), style.map.facility));
    }
    if (on("doors")) rows.push(swatch("door", lc.say("entrances")));
    if (on("everyPlace")) lc.data.themes.forEach((theme) => rows.push(swatch("place", theme.name, theme.color || style.map.theme)));
    layers.rings.slice().reverse().forEach((ring, i) => {
      if (layers.map.hasLayer(ring.group)) rows.push(swatch("ring", lc.say("isochrone", { minutes: ring.minutes }), style.isochrone.colors[Math.min(i, style.isochrone.colors.length - 1)]));
    });
    if (on("limit")) rows.push(swatch("limit", lc.say("limit_area"), style.isochrone.limit));
    if (on("streets")) rows.push(swatch("street", lc.say("streets"), style.map.street));
    if (on("units") && lc.data.units.length) rows.push(swatch("unit", lc.say("units"), style.map.unit));
    if (on("area") && lc.data.area.length) rows.push(swatch("frame", lc.say("study_area"), style.map.area));
    lc.tell("legend", rows);
    lc.fill("legend-rows", rows);
  };

  function corner(position, content) {
    const made = L.control({ position });
    made.onAdd = () => {
      L.DomEvent.disableClickPropagation(content);
      L.DomEvent.disableScrollPropagation(content);
      return content;
    };
    made.addTo(lc.layers.map);
  }

  function north() {
    const draw = (tag, attributes) => {
      const made = document.createElementNS(SVG, tag);
      Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
      return made;
    };
    const arrow = draw("svg", { viewBox: "0 0 40 54", width: 34, height: 46, role: "img", "aria-label": lc.say("north") });
    const letter = draw("text", { x: 20, y: 13, "text-anchor": "middle", "font-size": 14, "font-weight": 700 });
    letter.textContent = "N";
    arrow.append(letter, draw("path", { d: "M20 17 L31 51 L20 43 Z", fill: "#111" }), draw("path", { d: "M20 17 L9 51 L20 43 Z", fill: "#fff", stroke: "#111", "stroke-width": 1.4 }));
    return element("div", { class: "north" }, [arrow]);
  }

  function corners(map) {
    const legend = element("details", { class: "legend" }, [element("summary", { text: lc.say("legend") }), element("ul", { id: "legend-rows" })]);
    legend.open = window.innerWidth >= 900;
    map.attributionControl.setPrefix(false);
    if (lc.data.study.osm) map.attributionControl.addAttribution("© OpenStreetMap contributors (ODbL)");
    L.control.scale({ metric: true, imperial: false, maxWidth: 140 }).addTo(map);
    corner("bottomleft", legend);
    corner("topleft", north());
  }

  const go = (target, at) => {
    const { map } = lc.layers;
    if (target && target.getBounds) map.fitBounds(target.getBounds(), { maxZoom: 16.5, padding: [60, 60], animate: false });
    else map.setView(at, 16.5, { animate: false });
    document.getElementById("frame").scrollIntoView({ block: "nearest" });
  };

  // A card is never taller than the map.
  function fitCards() {
    lc.popup.options.maxHeight = Math.max(160, Math.round(0.72 * lc.layers.map.getSize().y));
  }

  const open = (content, at) => L.popup(lc.popup.options).setLatLng(at).setContent(content).openOn(lc.layers.map);

  // Keeps the area clear of the legend and the layer list where the map is wide enough for all three.
  function room() {
    const width = (selector) => { const box = document.querySelector(selector); return box ? box.offsetWidth + 24 : 16; };
    const left = width(".legend"), right = width(".leaflet-control-layers"), all = lc.layers.map.getSize().x;
    return left + right < 0.55 * all ? { paddingTopLeft: [left, 16], paddingBottomRight: [right, 16] } : { padding: [16, 16] };
  }

  lc.goWhole = function () {
    const bounds = lc.layers.bounds();
    if (bounds) lc.layers.map.fitBounds(bounds, Object.assign({ animate: false }, room()));
  };
  lc.goGap = function (gap) {
    const { gaps } = lc.now, next = { category: gaps.category[gap], level: gaps.level[gap], group: gaps.group[gap] };
    if (Object.keys(next).some((key) => next[key] !== lc.state[key])) lc.choose(next);
    go(lc.layers.homes[gaps.residence[gap]], gaps.at[gap]);
    open(lc.popup.gap(gap), gaps.at[gap]);
  };
  lc.goResidence = function (i) {
    const home = lc.layers.homes[i];
    if (!home) return;
    go(home, home.getLatLng && home.getLatLng());
    home.openPopup();
  };
  lc.goFacility = function (i) {
    const { categories, at } = lc.now.facilities;
    if (categories[i].length && !categories[i].includes(lc.state.category)) lc.choose({ category: categories[i][0] });
    go(null, at[i]);
    open(lc.popup.facility(i), at[i]);
  };

  // Paper has another shape than the window: the map is laid out again before printing, and back after it.
  function printing(map) {
    const legend = document.querySelector(".legend");
    let screen = null;
    window.addEventListener("beforeprint", () => {
      if (screen) return;
      screen = { bounds: map.getBounds(), center: map.getCenter(), zoom: map.getZoom(), legend: legend.open };
      legend.open = true;
      document.documentElement.classList.add("printing");
      map.invalidateSize({ animate: false, pan: false });
      const whole = lc.layers.bounds();
      if (whole && screen.bounds.contains(whole)) lc.goWhole();
      else map.fitBounds(screen.bounds, { animate: false });
      screen.sheet = lc.layers.paper();
    });
    window.addEventListener("afterprint", () => {
      if (!screen) return;
      document.documentElement.classList.remove("printing");
      screen.sheet.remove();
      legend.open = screen.legend;
      map.invalidateSize({ animate: false, pan: false });
      map.setView(screen.center, screen.zoom, { animate: false });
      screen = null;
    });
  }

  lc.start = function (map) {
    lc.read();
    identity();
    lc.layers = new lc.Layers(map);
    lc.panel.build();
    corners(map);
    printing(map);
    fitCards();
    map.on("resize", fitCards);
    map.on("click", (event) => lc.tell("click", event));
    document.getElementById("choices").addEventListener("submit", (event) => event.preventDefault());
    if (lc.data.categories.length) lc.choose({});
    lc.goWhole();
    lc.tell("start", map);
    document.documentElement.dataset.ready = "1";
  };
})(livingcircle);
