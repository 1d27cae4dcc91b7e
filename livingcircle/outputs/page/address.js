"use strict";
// The address keeps what is looked at, so that a colleague who gets it sees the same. It is compared with what the page knows, never run.

(function (lc) {
  const indexOf = (rows, id) => rows.findIndex((row) => row.id === id);

  // The part of the address after `#` for what is shown now.
  lc.address = function () {
    const { data, state } = lc, parts = new URLSearchParams(), center = lc.layers.map.getCenter();
    if (state.lacking) parts.set("show", "lacking");
    else if (data.categories.length) parts.set("c", data.categories[state.category].id);
    if (state.level >= 0) parts.set("l", data.levels[state.level].id);
    parts.set("g", data.groups[state.group].id);
    parts.set("lang", lc.language);
    parts.set("v", [center.lat.toFixed(5), center.lng.toFixed(5), String(lc.layers.map.getZoom())].join(","));
    return `#${parts.toString().replace(/%2C/g, ",")}`;
  };

  let timer = 0;
  function keep() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (document.documentElement.classList.contains("printing")) return;
      try { history.replaceState(null, "", lc.address()); } catch (refused) { /* a page shown inside another may not */ }
    }, 250);
  }

  function view(text) {
    const numbers = (text || "").split(",").map(Number), [lat, lng, zoom] = numbers;
    if (numbers.length !== 3 || !numbers.every(Number.isFinite) || Math.abs(lat) > 85 || Math.abs(lng) > 180 || zoom < 0 || zoom > 22) return null;
    return { center: [lat, lng], zoom };
  }

  // What the address asks for and the page knows: {language, next (for lc.choose), view}.
  lc.readAddress = function (hash) {
    const parts = new URLSearchParams((hash || "").slice(1)), next = {};
    const found = (key, rows) => indexOf(rows, parts.get(key) || "");
    const category = found("c", lc.data.categories), level = found("l", lc.data.levels), group = found("g", lc.data.groups);
    if (parts.get("show") === "lacking" && lc.lackingLevels().length) next.lacking = true;
    else if (category >= 0) Object.assign(next, { category, lacking: false });
    if (level >= 0) next.level = level;
    if (group >= 0) next.group = group;
    const language = lc.languages().includes(parts.get("lang")) ? parts.get("lang") : null;
    return { language, next, view: view(parts.get("v")) };
  };

  lc.watchAddress = function () {
    lc.layers.map.on("moveend", keep);
    lc.on("choose", keep);
    lc.on("language", keep);
    window.addEventListener("hashchange", () => {
      const asked = lc.readAddress(location.hash);
      if (asked.language && asked.language !== lc.language) lc.setLanguage(asked.language);
      lc.choose(asked.next);
      if (asked.view) lc.layers.map.setView(asked.view.center, asked.view.zoom, { animate: false });
    });
  };
})(livingcircle);
