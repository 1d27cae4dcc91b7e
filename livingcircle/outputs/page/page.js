"use strict";
// The page: what is chosen, where the map goes, keys and full screen, and the start.

(function (lc) {
  const { element } = lc;

  lc.state = { category: 0, level: -1, group: 0, lacking: false, query: "", tab: "gaps" };

  const levelsOf = (category) => {
    if (lc.state.lacking) return lc.lackingLevels();
    const found = new Set(lc.now.coverage.rows.filter((row) => row.category === category).map((row) => row.level));
    return lc.data.levels.map((_, i) => i).filter((i) => found.has(i));
  };

  // Chooses a category (and level, and group), or `lacking`, and draws everything anew.
  lc.choose = function (next) {
    Object.assign(lc.state, next);
    const levels = levelsOf(lc.state.category);
    if (!levels.includes(lc.state.level)) lc.state.level = levels.length ? levels[0] : -1;
    lc.nameUnits(lc.now.coverage);
    lc.layers.map.closePopup();
    choices();
    lc.headline();
    // The page that opens is measured once, when all of it is there.
    if (!lc.layers.waiting) lc.layers.map.invalidateSize({ animate: false, pan: false });
    lc.layers.refresh();
    lc.legend();
    lc.panel.refresh();
    lc.tell("choose", lc.state);
  };

  // Speaks another language everywhere.
  lc.setLanguage = function (language) {
    lc.speak(language);
    lc.identity();
    lc.corners();
    lc.layers.control();
    lc.panel.build();
    if (lc.data.categories.length) lc.choose({});
    fitCards();
    lc.tell("language", lc.language);
  };

  function select(id, word, options, value, change) {
    const box = element("select", { id }, options);
    box.value = String(value);
    box.addEventListener("change", () => change(box.value));
    return element("label", { for: id }, [element("span", { text: lc.say(word) }), box]);
  }

  const option = (text, value) => element("option", { value: String(value), text });

  function categoryOptions() {
    const { categories, themes } = lc.data;
    const grouped = themes.map((theme, t) => {
      const made = element("optgroup", { label: theme.name });
      categories.forEach((category, i) => { if (category.theme === t) made.append(option(category.name, i)); });
      return made;
    });
    return lc.lackingLevels().length ? [option(lc.say("lacking"), "lacking"), ...grouped] : grouped;
  }

  const languageButton = (language) => {
    const own = language === lc.language, made = element("button",
      { type: "button", id: `lang-${language}`, lang: language, "aria-pressed": String(own), text: lc.data.words[language].language_name });
    made.addEventListener("click", () => { if (language !== lc.language) lc.setLanguage(language); });
    return made;
  };

  // Buttons that other views add to the row of choices: functions that return an element.
  lc.choiceParts = [];

  function choices() {
    const { levels, groups } = lc.data, { state } = lc, had = document.activeElement && document.activeElement.id;
    const offered = levelsOf(state.category);
    lc.fill("choices", [
      select("category", "category", categoryOptions(), state.lacking ? "lacking" : state.category,
        (value) => lc.choose(value === "lacking" ? { lacking: true } : { category: Number(value), lacking: false })),
      offered.length > 1 ? select("level", "level", offered.map((i) => option(levels[i].name, i)), state.level,
        (level) => lc.choose({ level: Number(level) })) : null,
      groups.length > 1 ? select("group", "group", groups.map((_, i) => option(lc.groupName(i), i)), state.group,
        (group) => lc.choose({ group: Number(group) })) : null,
      lc.backgroundChoice(),
      ...lc.choiceParts.map((part) => part()),
      element("span", { class: "buttons" }, [
        element("button", { type: "button", id: "whole", text: lc.say("whole_view"), onclick: lc.goWhole }),
        element("button", { type: "button", id: "full", "aria-pressed": String(document.body.classList.contains("full")), text: lc.say("full_screen"),
          onclick: fullScreen }),
        element("button", { type: "button", id: "print", text: lc.say("print"), onclick: lc.askPaper }),
        element("span", { class: "languages", role: "group", "aria-label": "语言 Language" }, lc.languages().map(languageButton)),
      ]),
    ]);
    const again = had && document.getElementById(had);
    if (again) again.focus();
  }

  // ---- where the map goes

  const go = (target, at) => {
    const { map } = lc.layers;
    if (target && target.getBounds) map.fitBounds(target.getBounds(), { maxZoom: 16.5, padding: [60, 60], animate: false });
    else map.setView(at, 16.5, { animate: false });
    document.getElementById("frame").scrollIntoView({ block: "nearest" });
  };

  const widthOf = (selector) => { const box = document.querySelector(selector); return box ? box.offsetWidth + 24 : 16; };
  const WIDE = 640, CARD = 380;

  // A card is never taller than the map and keeps clear of legend and layer list where there is room.
  function fitCards() {
    const size = lc.layers.map.getSize(), left = widthOf(".legend"), right = widthOf(".leaflet-control-layers"), roomy = size.x - left - right > CARD;
    // Of all cards, those that wait for their first opening too.
    L.Popup.mergeOptions({
      minWidth: 220,
      maxHeight: Math.max(140, Math.round(0.72 * size.y)),
      maxWidth: Math.max(220, Math.min(320, size.x - 70)),
      autoPanPaddingTopLeft: roomy ? [left, 16] : [16, 16],
      autoPanPaddingBottomRight: roomy ? [right, 16] : [16, 16],
    });
  }

  // On a phone a card takes the room of the corners; its cross speaks the language of the page.
  function whileReading(map) {
    map.on("popupopen", (event) => {
      map.getContainer().classList.add("reading");
      const cross = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      cross.setAttribute("aria-label", lc.say("close"));
      cross.title = lc.say("close");
    });
    map.on("popupclose", () => map.getContainer().classList.remove("reading"));
  }

  const open = (content, at) => L.popup().setLatLng(at).setContent(content).openOn(lc.layers.map);

  // Keeps the area clear of the legend and the layer list where the map is wide enough for all three.
  function room() {
    const left = widthOf(".legend"), right = widthOf(".leaflet-control-layers"), all = lc.layers.map.getSize().x;
    return all > WIDE && left + right < 0.55 * all ? { paddingTopLeft: [left, 16], paddingBottomRight: [right, 16] } : { padding: [16, 16] };
  }

  lc.goWhole = function () {
    const bounds = lc.layers.bounds();
    if (bounds) lc.layers.map.fitBounds(bounds, Object.assign({ animate: false }, room()));
  };
  lc.goGap = function (gap) {
    const { gaps } = lc.now, next = { category: gaps.category[gap], level: gaps.level[gap], group: gaps.group[gap], lacking: false };
    if (Object.keys(next).some((key) => next[key] !== lc.state[key])) lc.choose(next);
    go(lc.layers.homes[gaps.residence[gap]], gaps.at[gap]);
    open(lc.popup.gap(gap), gaps.at[gap]);
    lc.gapList.marked = gap;
    document.querySelectorAll("#list [data-gap]").forEach((row) => {
      if (Number(row.dataset.gap) === gap) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    });
  };
  lc.goResidence = function (i) {
    const home = lc.layers.homes[i];
    if (!home) return;
    go(home, home.getLatLng && home.getLatLng());
    home.openPopup();
  };
  lc.goFacility = function (i) {
    const { categories, at } = lc.now.facilities;
    if (categories[i].length && (lc.state.lacking || !categories[i].includes(lc.state.category))) lc.choose({ category: categories[i][0], lacking: false });
    go(null, at[i]);
    open(lc.popup.facility(i), at[i]);
  };
  lc.goUnit = function (i) {
    const { outline } = lc.data.units[i];
    if (outline) lc.layers.map.fitBounds(outline.getBounds(), { padding: [24, 24], animate: false });
  };
  lc.goPlace = (at) => go(null, at);

  // ---- dialog, full screen, keys

  lc.openDialog = function (content) {
    const dialog = document.getElementById("dialog");
    dialog.replaceChildren(content);
    if (dialog.showModal) dialog.showModal();
    else dialog.setAttribute("open", "");
  };
  lc.closeDialog = function () {
    const dialog = document.getElementById("dialog");
    if (dialog.open) dialog.close();
  };

  function fullScreen() {
    const full = document.body.classList.toggle("full");
    document.getElementById("full").setAttribute("aria-pressed", String(full));
    if (full && document.documentElement.requestFullscreen) document.documentElement.requestFullscreen().catch(() => {});
    if (!full && document.fullscreenElement) document.exitFullscreen().catch(() => {});
    lc.layers.map.invalidateSize({ animate: false });
  }

  function step(by) {
    const rows = Array.from(document.querySelectorAll("#list [data-gap]")), at = rows.findIndex((row) => row.hasAttribute("aria-current"));
    const to = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (to) { to.click(); to.scrollIntoView({ block: "nearest" }); }
  }

  const KEYS = {
    "/": () => document.getElementById("search").focus(),
    0: () => lc.goWhole(),
    n: () => step(1),
    p: () => step(-1),
    f: () => fullScreen(),
  };
  function keys(event) {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape") {
      if (lc.layers.map._popup && lc.layers.map._popup.isOpen()) lc.layers.map.closePopup();
      else if (document.body.classList.contains("full")) fullScreen();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.getElementById("dialog").open || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  }

  lc.start = async function (map) {
    if (typeof DecompressionStream === "undefined") {
      document.body.prepend(document.getElementById("old").content);
      return;
    }
    lc.read(await lc.held());
    const asked = lc.readAddress(location.hash);
    if (asked.language) lc.speak(asked.language);
    map.attributionControl.remove();
    lc.layers = new lc.Layers(map);
    lc.identity();
    lc.panel.build();
    lc.corners();
    lc.printing();
    whileReading(map);
    map.on("click", (event) => lc.tell("click", event));
    document.getElementById("skip").addEventListener("click", () => document.getElementById(`tab-${lc.state.tab}`).focus());
    document.addEventListener("keydown", keys);
    document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement && document.body.classList.contains("full")) fullScreen(); });
    document.getElementById("choices").addEventListener("submit", (event) => event.preventDefault());
    if (lc.data.categories.length) lc.choose(asked.next);
    lc.tell("start", map);
    lc.layers.control();
    map.invalidateSize({ animate: false, pan: false });
    fitCards();
    map.on("resize", fitCards);
    if (asked.view) map.setView(asked.view.center, asked.view.zoom, { animate: false });
    else lc.goWhole();
    lc.layers.put();
    lc.watchAddress();
    document.documentElement.dataset.ready = "1";
  };
})(livingcircle);
