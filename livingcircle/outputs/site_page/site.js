"use strict";
// The page of a siting: heading, legend, language, flights and the start.

(function (lc) {
  const { element } = lc;

  function read() {
    const data = JSON.parse(document.getElementById("livingcircle-data").textContent);
    lc.data = data;
    ["covered", "gained", "uncovered"].forEach((key) => { data.homes[key] = lc.optional(data.homes[key], 10); });
    data.homes.shape = data.homes.shape.map((text) => lc.shape(text));
    data.candidates.at = lc.points(data.candidates.at);
    data.existing.at = lc.points(data.existing.at);
  }

  function tile(word, value, under) {
    return element("div", { class: "tile" },
      [element("span", { class: "label", text: word }), element("strong", { text: value }), element("small", { text: under })]);
  }

  function tiles() {
    const made = lc.data.categories.map((one) => tile(lc.data.categories.length > 1 ? one.name : lc.say("head.share"),
      `${lc.show.share(one.people ? one.before / one.people : null)} → ${lc.show.share(one.people ? one.after / one.people : null)}`,
        lc.say("gained_line", { people: lc.show.count(one.after - one.before) })));
    const left = lc.data.categories.reduce((sum, one) => sum + one.people - one.after, 0);
    lc.fill("tiles", [...made, tile(lc.say("left"), lc.show.count(left), lc.say("people"))]);
  }

  function swatch(kind, text, color) {
    return element("li", {}, [element("i", { class: `swatch ${kind}`, "--color": color || "" }), element("span", { text })]);
  }

  function legend() {
    const { style, candidates, parcels } = lc.data;
    document.querySelector("#legend summary").textContent = lc.say("legend");
    lc.fill("legend-rows", [
      swatch("round pinned", lc.say("chosen"), style.chosen), swatch("square", lc.say("existing"), style.existing),
        swatch("round hollow", lc.say("candidate"), style.candidate),
      candidates.allowed.includes("0") ? swatch("round hollow dashed", lc.say("barred"), style.barred) : null,
      parcels.length ? swatch("area", lc.say("parcels"), style.parcel) : null,
      swatch("dots", lc.say("gained"), style.gained),
      element("li", { class: "head", text: lc.say("home_shade") }),
      swatch("area", lc.say("home_covered"), style.covered), swatch("area", lc.say("home_uncovered"), style.uncovered),
      swatch("street", lc.say("streets"), style.street),
    ]);
  }

  function heading() {
    const { study, sentences } = lc.data, other = lc.languages().find((language) => language !== lc.language);
    lc.fill("title", [`${study.name} · ${lc.say("living_circle")} · ${study.site_names[lc.language]}`]);
    lc.fill("asked", sentences[lc.language].slice(0, 2).map((text) => element("span", { text })));
    lc.fill("note", [study.note]);
    lc.fill("buttons", [
      element("button", { type: "button", id: "whole", text: lc.say("whole_view"), onclick: whole }),
      element("button", { type: "button", id: "print", text: lc.say("print"), onclick: () => window.print() }),
      other ? element("button", { type: "button", id: "language", lang: other, text: lc.data.words[other].own_name,
        onclick: () => { speak(other); document.getElementById("language").focus(); } }) : null,
    ]);
    const foot = [lc.say("data_sources", { list: study.sources.join(lc.say("comma")) || "—" }), study.crs, `livingcircle ${study.version}`,
      study.osm ? lc.say("osm") : "", lc.say("publishing")];
    lc.fill("foot", foot.filter(Boolean).map((text) => element("span", { text })));
  }

  function speak(language) {
    lc.speak(language);
    document.title = `${lc.data.study.name} · ${lc.say("living_circle")} · ${lc.data.study.site_names[lc.language]}`;
    lc.map.closePopup();
    heading();
    tiles();
    legend();
    lc.panel();
  }

  function whole() {
    lc.map.invalidateSize({ pan: false });
    const bounds = lc.bounds(), box = document.getElementById("legend"), size = lc.map.getSize();
    const left = box.open && box.offsetWidth < 0.3 * size.x ? box.offsetWidth + 20 : 12;
    if (bounds.isValid()) lc.map.fitBounds(bounds, { animate: false, paddingTopLeft: [left, 12], paddingBottomRight: [12, 12] });
  }

  lc.goSite = function (i) {
    lc.map.setView(lc.data.chosen[i].at, 16, { animate: false });
    lc.marks[i].openPopup();
    document.getElementById("frame").scrollIntoView({ block: "nearest" });
  };

  lc.goHome = function (row) {
    lc.map.setView(row.at, 16, { animate: false });
    L.popup({ maxWidth: 290 }).setLatLng(row.at).setContent(lc.card(lc.data.homes.name[row.home], lc.sayCode("reason", row.reason),
      [[lc.say("left"), lc.show.people(row.people)]])).openOn(lc.map);
    document.getElementById("frame").scrollIntoView({ block: "nearest" });
  };

  // On paper the map keeps what the screen shows, at the width of a sheet.
  function printing() {
    let sheet = null;
    window.addEventListener("beforeprint", () => { document.documentElement.classList.add("printing"); whole(); sheet = lc.sheetOf(lc.map, lc.renderers); });
    window.addEventListener("afterprint", () => { document.documentElement.classList.remove("printing"); if (sheet) sheet.remove(); whole(); });
  }

  lc.start = function (map) {
    read();
    lc.map = map;
    lc.now = {};
    map._zoomAnimated = map.options.zoomAnimation = false;
    lc.speak(lc.data.study.language);
    map.attributionControl.setPrefix(false);
    if (lc.data.study.osm) map.attributionControl.addAttribution("© OpenStreetMap contributors (ODbL)");
    lc.scaleBar(map, { position: "bottomright" });
    document.getElementById("legend").open = window.innerWidth >= 900;
    map.setView([lc.data.origin[1] / 1e6, lc.data.origin[0] / 1e6], 14, { animate: false });
    lc.drawSites(map);
    speak(lc.language);
    whole();
    printing();
    new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(document.getElementById("frame"));
    document.documentElement.dataset.ready = "1";
  };
})(livingcircle);
