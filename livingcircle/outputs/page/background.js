"use strict";
// Tile backgrounds that the study offers: nothing is asked for until a reader chooses one; a key stays in memory only.

(function (lc) {
  const { element } = lc;
  const keys = {};
  let tiles = null, shown = "";

  const offered = () => Object.keys(lc.data.backgrounds);

  // Text, never markup: Leaflet's own control would read names of files as HTML.
  lc.attribution = function () {
    const holder = document.querySelector(".attribution")
      || lc.corner("bottomright", element("div", { class: "leaflet-control-attribution attribution" })).getContainer();
    const parts = [shown ? lc.say(`tiles.${shown}`) : "", moved() ? lc.say("moved_gcj") : "", lc.data.study.osm ? lc.say("osm") : "", lc.sourceText()];
    holder.replaceChildren(...parts.filter(Boolean).map((text) => element("span", { text })));
  };

  const moved = () => Boolean(shown) && lc.data.backgrounds[shown].datum === "GCJ-02";

  // Draws the map in the datum of the tiles; layers keep their own coordinates.
  function drawIn(crs) {
    const { map } = lc.layers, center = map.getCenter(), zoom = map.getZoom();
    if (map.options.crs === crs) return;
    map.options.crs = crs;
    map._resetView(center, zoom, true);
  }

  const plain = L.CRS.EPSG3857;
  let gcj = null;

  function show(key) {
    const { map } = lc.layers;
    if (tiles) tiles.remove();
    tiles = null;
    shown = key;
    gcj = gcj || lc.gcjCrs();
    drawIn(moved() ? gcj : plain);
    if (key) {
      const told = lc.data.backgrounds[key];
      const own = told.layers.map((layer) => L.tileLayer(told.host + told.path, {
        subdomains: told.hosts, layer, key: encodeURIComponent(keys[key] || ""), maxNativeZoom: told.max_zoom, maxZoom: 19, referrerPolicy: "no-referrer",
      }));
      tiles = L.layerGroup(own).addTo(map);
    }
    lc.attribution();
  }

  function askKey(key, done) {
    const input = element("input", { type: "text", id: "map-key", autocomplete: "off", spellcheck: "false" });
    const form = element("form", { method: "dialog" }, [
      element("h2", { text: lc.say(`tiles.${key}`) }),
      element("label", { for: "map-key" }, [element("span", { text: lc.say("map_key") }), input]),
      element("p", { text: lc.say("map_key_hint") }),
      element("div", { class: "buttons" }, [
        element("button", { type: "button", text: lc.say("cancel"), onclick: () => { lc.closeDialog(); done(false); } }),
        element("button", { type: "submit", class: "main", text: lc.say("show") }),
      ]),
    ]);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      keys[key] = input.value.trim();
      lc.closeDialog();
      done(Boolean(keys[key]));
    });
    lc.openDialog(form);
    input.focus();
  }

  // The choice of a background, null where the study offers none.
  lc.backgroundChoice = function () {
    if (!offered().length) return null;
    const box = element("select", { id: "background" },
      ["", ...offered()].map((key) => element("option", { value: key, text: lc.say(key ? `tiles.${key}` : "background_own") })));
    box.value = shown;
    box.addEventListener("change", () => {
      const key = box.value, told = lc.data.backgrounds[key];
      if (!told || !told.keyed || keys[key]) show(key);
      else askKey(key, (given) => { if (given) show(key); else box.value = shown; });
    });
    return element("label", { for: "background" }, [element("span", { text: lc.say("background") }), box]);
  };
})(livingcircle);
