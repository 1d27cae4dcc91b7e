"use strict";
// The page of a comparison: what is chosen, where to fly, printing, and the start.

(function (lc) {
  const { element } = lc;
  const MODES = ["swipe", "linked", "difference"];

  lc.state = { before: 0, after: 1, category: 0, level: 0, group: 0, mode: "swipe", at: 0.5, tab: "gap_changes", everyGap: false };

  // The map that clicks and flights go to: in the map of differences there is but one.
  const shownMap = () => lc.maps[1];

  // Chooses states, a category, level or group, or a mode, and draws everything anew.
  lc.choose = function (next) {
    const { state } = lc, modeBefore = state.mode;
    if ("before" in next && !("after" in next) && next.before === state.after) next.after = state.before;
    if ("after" in next && !("before" in next) && next.after === state.before) next.before = state.after;
    Object.assign(state, next);
    const levels = lc.levelsOf(state.category);
    if (!levels.includes(state.level)) state.level = levels[0];
    state.kind = lc.kindAt(state.category, state.level, state.group);
    state.pair = lc.pair(state.before, state.after);
    lc.maps.forEach((one) => one.map.closePopup());
    choices();
    if (modeBefore !== state.mode) lc.layOut(lc.showMode);
    lc.maps.forEach((one) => one.refresh());
    badges();
    lc.headline();
    lc.legend();
    lc.lists();
  };

  function badges() {
    ["before", "after"].forEach((side) => {
      const name = lc.stateName(lc.state[side]),
        text = lc.state.mode === "difference" ? `${lc.stateName(lc.state.before)} → ${lc.stateName(lc.state.after)}` : lc.say(`badge_${side}`, { name });
      document.getElementById(`${side}-badge`).textContent = text;
    });
  }

  const option = (text, value) => element("option", { value: String(value), text });
  function select(id, word, options, value, change) {
    const box = element("select", { id }, options);
    box.value = String(value);
    box.addEventListener("change", () => change(Number(box.value)));
    return element("label", { for: id }, [element("span", { text: lc.say(word) }), box]);
  }

  function modes() {
    return element("fieldset", { class: "modes" }, [element("legend", { text: lc.say("mode") }), ...MODES.map((mode) => {
      const radio = element("input", { type: "radio", name: "mode", id: `mode-${mode}`, value: mode });
      radio.checked = lc.state.mode === mode;
      radio.addEventListener("change", () => lc.choose({ mode }));
      return element("label", { for: `mode-${mode}` }, [radio, lc.say(mode)]);
    })]);
  }

  function choices() {
    const { categories, themes, levels, groups, states } = lc.data, { state } = lc, had = document.activeElement && document.activeElement.id;
    const grouped = themes.map((theme, t) => {
      const made = element("optgroup", { label: theme.name });
      categories.forEach((category, i) => { if (category.theme === t) made.append(option(category.name, i)); });
      return made;
    });
    const offered = lc.levelsOf(state.category), every = () => states.map((_, i) => option(lc.stateName(i), i));
    const other = lc.languages().find((language) => language !== lc.language);
    lc.fill("choices", [
      select("state-before", "before", every(), state.before, (before) => lc.choose({ before })),
      element("button", { type: "button", id: "swap", text: "⇄", title: lc.say("swap"), "aria-label": lc.say("swap"),
        onclick: () => lc.choose({ before: state.after, after: state.before }) }),
      select("state-after", "after", every(), state.after, (after) => lc.choose({ after })),
      select("category", "category", grouped, state.category, (category) => lc.choose({ category })),
      offered.length > 1 ? select("level", "level", offered.map((i) => option(levels[i].name, i)), state.level, (level) => lc.choose({ level })) : null,
      groups.length > 1 ? select("group", "group", groups.map((_, i) => option(lc.groupName(i), i)), state.group, (group) => lc.choose({ group })) : null,
      modes(),
      element("button", { type: "button", id: "whole", text: lc.say("whole_view"), onclick: lc.goWhole }),
      element("button", { type: "button", id: "print", text: lc.say("print"), onclick: () => window.print() }),
      other ? element("button", { type: "button", id: "language", lang: other, text: lc.data.words[other].own_name, onclick: () => speak(other) }) : null,
    ]);
    const again = had && document.getElementById(had);
    if (again) again.focus();
  }

  function identity() {
    const { study, groups } = lc.data;
    const facts = [[study.standard_name, study.standard !== study.standard_name ? study.standard : ""].filter(Boolean).join(" "), groups[0].how,
      lc.sayCode("rule", study.rule)];
    lc.fill("title", [`${study.name} · ${lc.say("title")}`]);
    lc.fill("meta", facts.filter(Boolean).map((text) => element("span", { text })));
    lc.fill("note", [study.note]);
    const foot = [lc.say("data_sources", { list: study.sources.join(lc.say("comma")) || "—" }), lc.say("crs", { crs: study.crs }),
      `livingcircle ${study.version}`,
      study.osm ? `${lc.say("osm")} openstreetmap.org/copyright` : "", lc.say("publishing")];
    lc.fill("foot", foot.filter(Boolean).map((text) => element("span", { text })));
    document.getElementById("divider").setAttribute("aria-label", lc.say("divider"));
  }

  function speak(language) {
    lc.speak(language);
    document.title = `${lc.data.study.name} · ${lc.say("title")}`;
    identity();
    lc.buildPanel();
    lc.choose({});
  }

  const fly = (target, at, content) => {
    const { map } = shownMap();
    if (target && target.getBounds) map.fitBounds(target.getBounds(), { maxZoom: 16.5, padding: [60, 60], animate: false });
    else map.setView(at, 16.5, { animate: false });
    document.getElementById("frame").scrollIntoView({ block: "nearest" });
    L.popup(lc.cardOptions).setLatLng(at || target.getBounds().getCenter()).setContent(content).openOn(map);
  };

  // What stands in one state only is flown to on its own side of the divider.
  const aside = (there) => { if (lc.state.mode === "swipe") lc.divide(there ? 0.25 : 0.75); };

  lc.goWhole = function () {
    const bounds = lc.maps[0].bounds(), { map } = shownMap(), legend = document.getElementById("legend");
    const left = legend.open && lc.state.mode !== "linked" && legend.offsetWidth < 0.3 * map.getSize().x ? legend.offsetWidth + 20 : 12;
    const below = document.documentElement.classList.contains("printing") ? legend.offsetHeight + 20 : 12;
    if (bounds) map.fitBounds(bounds, { animate: false, paddingTopLeft: [left, 12], paddingBottomRight: [12, below] });
  };
  lc.goHome = function (home, kind) {
    const [category, level, group] = lc.data.kinds[kind], target = lc.maps[1].homes[home];
    if (kind !== lc.state.kind) lc.choose({ category, level, group });
    if (target) fly(target, target.getLatLng && target.getLatLng(), lc.card(home));
  };
  lc.goFacility = function (facility) {
    const categories = lc.data.facilities.categories[facility];
    if (categories.length && !categories.includes(lc.state.category)) lc.choose({ category: categories[0] });
    const there = lc.isOpen(lc.state.after, facility);
    aside(there);
    fly(null, lc.placeOf(there ? lc.state.after : lc.state.before, facility), lc.facilityCard(facility));
  };
  lc.goLink = function (link) {
    const { points } = lc.shape(link.shape);
    aside(link.change === "opened");
    const last = points[Math.floor((points.length - 1) / 2)], next = points[Math.floor(points.length / 2)];
    fly(null, [(last[0] + next[0]) / 2, (last[1] + next[1]) / 2], lc.linkCard(link));
  };

  // On paper nothing can be dragged: both maps stand side by side, the map of differences alone.
  function printing() {
    let screen = null;
    window.addEventListener("beforeprint", () => {
      if (screen) return;
      const { map } = shownMap(), legend = document.getElementById("legend");
      screen = { center: map.getCenter(), zoom: map.getZoom(), open: legend.open };
      lc.layOut(() => {
        legend.open = true;
        document.documentElement.classList.add("printing");
        document.getElementById("frame").className = lc.state.mode === "difference" ? "difference" : "linked";
      });
      document.getElementById("frame").style.setProperty("--below", `${legend.offsetHeight + 16}px`);
      screen.sheets = lc.maps.map((one) => one.sheet());
    });
    window.addEventListener("afterprint", () => {
      if (!screen) return;
      lc.layOut(() => {
        document.documentElement.classList.remove("printing");
        screen.sheets.forEach((sheet) => sheet.remove());
        document.getElementById("legend").open = screen.open;
        lc.showMode();
      });
      shownMap().map.setView(screen.center, screen.zoom, { animate: false });
      screen = null;
    });
  }

  function secondMap(first) {
    const { center, zoom, zoomSnap, zoomDelta, maxZoom, minZoom } = first.options;
    return L.map("after-map", { center, zoom, zoomSnap, zoomDelta, maxZoom, minZoom, preferCanvas: true, zoomAnimation: false, attributionControl: true });
  }

  // Opens with the category of which most people gain or lose.
  function mostMoved() {
    const { units } = lc.pair(0, 1), whole = lc.wholeUnit();
    let best = 0, at = 0;
    units.kind.forEach((kind, i) => {
      const people = units.people_gained[i] + units.people_lost[i];
      if (units.unit[i] === whole && lc.data.kinds[kind][2] === 0 && people > best) { best = people; at = kind; }
    });
    const [category, level] = lc.data.kinds[at];
    return { category, level, group: 0 };
  }

  lc.start = function (map) {
    lc.readStates();
    lc.now = {};
    lc.speak(lc.data.study.language);
    map._zoomAnimated = map.options.zoomAnimation = false;
    lc.maps = [new lc.StateMap(map, "before"), new lc.StateMap(secondMap(map), "after")];
    lc.maps.forEach((one) => {
      one.map.attributionControl.setPrefix(false);
      if (lc.data.study.osm) one.map.attributionControl.addAttribution("© OpenStreetMap contributors (ODbL)");
      lc.scaleBar(one.map, { maxWidth: 120, position: "bottomright" });
    });
    lc.moveTogether(lc.maps.map((one) => one.map));
    lc.cardsTogether(lc.maps.map((one) => one.map));
    lc.startDivider();
    printing();
    document.getElementById("legend").open = window.innerWidth >= 900;
    document.getElementById("choices").addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") lc.maps.forEach((one) => one.map.closePopup()); });
    lc.showMode();
    Object.assign(lc.state, mostMoved());
    speak(lc.language);
    lc.layOut(() => {});
    lc.goWhole();
    new ResizeObserver(() => { if (!document.documentElement.classList.contains("printing")) lc.layOut(() => {}); }).observe(document.getElementById("frame"));
    document.documentElement.dataset.ready = "1";
  };
})(livingcircle);
