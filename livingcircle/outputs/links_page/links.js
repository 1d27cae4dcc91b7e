"use strict";
// The page of links worth building: what is chosen, the language, and the start.

(function (lc) {
  const { element } = lc;

  // Chooses a link, a kind of requirement or the kinds of links listed, and draws everything anew.
  lc.choose = function (next, { fly = true, focus = null } = {}) {
    const before = lc.state.link;
    Object.assign(lc.state, next);
    const { link } = lc.state;
    lc.map.closePopup();
    lc.drawMap();
    lc.list();
    lc.legend();
    if (fly && link >= 0) lc.goLink(lc.data.links[link]);
    const own = focus && document.getElementById(focus);
    if (own) own.focus({ preventScroll: true });
    if (link >= 0 && link !== before) show(document.getElementById(`link-${link}`));
  };

  // Brings a row to the top of the list; on a phone the page itself is scrolled, below the map.
  function show(row) {
    const list = document.getElementById("list");
    if (!row) return;
    if (getComputedStyle(list).overflowY === "visible") row.scrollIntoView({ block: "start" });
    else list.scrollTop += row.getBoundingClientRect().top - list.getBoundingClientRect().top;
  }

  function identity() {
    const { study } = lc.data, scenario = study.scenarios[lc.language];
    const facts = [[study.standard_name, study.standard !== study.standard_name ? study.standard : ""].filter(Boolean).join(" "), study.hows[lc.language],
      lc.sayCode("rule", study.rule),
      study.year === null ? "" : lc.say("meta_year", { year: study.year }), scenario ? lc.say("meta_scenario", { scenario }) : ""];
    lc.fill("title", [`${study.name} · ${lc.say("title")}`]);
    lc.fill("meta", facts.filter(Boolean).map((text) => element("span", { text })));
    lc.fill("note", [study.note]);
    const foot = [lc.say("data_sources", { list: study.sources.join(lc.say("comma")) || "—" }), lc.say("crs", { crs: study.crs }),
      `livingcircle ${study.version}`,
      study.osm ? `${lc.say("osm")} openstreetmap.org/copyright` : "", lc.say("publishing")];
    lc.fill("foot", foot.filter(Boolean).map((text) => element("span", { text })));
  }

  lc.speakPage = function (language) {
    lc.speak(language);
    document.title = `${lc.data.study.name} · ${lc.say("title")}`;
    identity();
    lc.headline();
    lc.choose({}, { fly: false, focus: "language" });
  };

  lc.start = function (map) {
    lc.readLinks();
    lc.now = {};
    lc.speak(lc.data.study.language);
    lc.map = lc.startMap(map);
    lc.onPaper(map, lc.sheet);
    document.getElementById("legend").open = window.innerWidth >= 900;
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") lc.map.closePopup(); });
    lc.speakPage(lc.language);
    map.invalidateSize({ animate: false });
    lc.goWhole();
    if (document.activeElement) document.activeElement.blur();
    new ResizeObserver(() => {
      if (!document.documentElement.classList.contains("printing")) map.invalidateSize({ animate: false });
    }).observe(document.getElementById("frame"));
    document.documentElement.dataset.ready = "1";
  };
})(livingcircle);
