"use strict";
// The map: the town, who gains by the chosen link, the way round today, the links with their ranks.

(function (lc) {
  const groups = {}, renderers = {};
  let homes = [], map = null;

  function drawTown() {
    const { style, area, units, streets, water, residences } = lc.data, { ground, top } = renderers;
    water.forEach((text) => {
      const made = lc.drawn(lc.shape(text), { renderer: ground, interactive: false, stroke: false, fillColor: style.map.water, fillOpacity: 1 });
      if (made) made.addTo(map);
    });
    L.polyline(lc.lines(streets), { renderer: ground, interactive: false, color: style.map.street, weight: 1.1, smoothFactor: 1.5 }).addTo(map);
    const outline = (row, look) => {
      const made = lc.drawn(lc.shape(row.shape), Object.assign({ renderer: top, interactive: false, fill: false }, look));
      if (made) made.addTo(map);
    };
    area.forEach((row) => outline(row, { color: style.map.area, weight: 2.2, dashArray: "12 5 2 5" }));
    units.forEach((row) => outline(row, { color: style.map.unit, weight: 1.2, dashArray: "6 4" }));
    homes = residences.shape.map((shape, home) => {
      const made = lc.drawn(shape, { renderer: renderers.homes, smoothFactor: 0.6, fillOpacity: 0.9 });
      if (made) made.bindPopup(() => lc.homeCard(home), lc.cardOptions).addTo(map);
      return made;
    });
  }

  function drawHomes() {
    const gaining = lc.gaining(), { gain } = lc.data.style;
    homes.forEach((made, home) => {
      if (!made) return;
      const row = gaining.get(home), kind = row ? lc.gainClass(row.people) : -1;
      made.setStyle(kind < 0 ? { fillColor: gain.none, color: "#fff", weight: 0.6 } : { fillColor: gain.colors[kind], color: "#222", weight: 1 });
    });
  }

  const isPoint = (points) => points.length < 2;
  const middle = (points) => {
    const a = points[Math.floor((points.length - 1) / 2)], b = points[Math.floor(points.length / 2)];
    return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  };

  function drawLinks() {
    const { style } = lc.data;
    groups.links.clearLayers();
    lc.listed().forEach((link) => {
      const chosen = link.at === lc.state.link, color = chosen ? style.map.chosen : style.map.link, renderer = renderers.homes;
      const add = (layer) => layer.on("click", () => lc.choose({ link: link.at, kind: -1 }, { fly: false })).addTo(groups.links);
      if (!isPoint(link.points)) {
        add(L.polyline(link.points, { renderer, color: "#fff", weight: chosen ? 10 : 7 }));
        add(L.polyline(link.points, { renderer, color, weight: chosen ? 6 : 4 }));
      }
      add(badge(link, chosen));
    });
  }

  // The rank in a round badge above the link, which may be short: an element, so that it is read, and found by keyboard.
  function badge(link, chosen) {
    const face = lc.element("span", { class: `badge${chosen ? " chosen" : ""}`, text: String(link.at + 1) });
    const marker = L.marker(middle(link.points), {
      icon: L.divIcon({ html: face, className: "rank", iconSize: [26, 26], iconAnchor: [13, 33] }), title: `${link.at + 1}. ${lc.placeOf(link)}`,
        alt: `${link.at + 1}. ${lc.placeOf(link)}`, keyboard: true,
      zIndexOffset: chosen ? 2000 : 1000 - link.at, pane: "badges",
    });
    return marker;
  }

  function drawWay() {
    groups.way.clearLayers();
    const { link, kind } = lc.state, { style, facilities } = lc.data;
    if (link < 0) return;
    const { way } = lc.data.links[link];
    if (way) {
      L.polyline(way, { renderer: renderers.way, interactive: false, color: "#fff", weight: 6, opacity: 0.9 }).addTo(groups.way);
      L.polyline(way, { renderer: renderers.way, interactive: false, color: style.map.round, weight: 2.6, dashArray: "7 6" }).addTo(groups.way);
    }
    if (kind < 0) return;
    const [category] = lc.data.kinds[kind];
    facilities.categories.forEach((own, i) => {
      if (!own.includes(category)) return;
      new lc.Mark(facilities.at[i], { renderer: renderers.homes, radius: 5, color: "#111", weight: 1.4, fillColor: style.map.facility, fillOpacity: 1 })
        .bindPopup(() => lc.facilityCard(i), lc.cardOptions).addTo(groups.way);
    });
  }

  lc.drawMap = function () {
    drawHomes();
    drawWay();
    drawLinks();
  };

  // Shows the chosen link with the way round and those who gain.
  lc.goLink = function (link) {
    const all = L.latLngBounds(link.points), rows = link.gains.get(-1) || [];
    if (link.way) all.extend(link.way);
    const near = L.latLngBounds(all);
    rows.forEach((row) => { if (homes[row.home]) near.extend(homes[row.home].getBounds ? homes[row.home].getBounds() : homes[row.home].getLatLng()); });
    map.fitBounds(near, { maxZoom: 17, padding: [36, 36], animate: false });
  };
  lc.goHome = function (home) {
    const made = homes[home];
    if (!made) return;
    const at = made.getBounds ? made.getBounds().getCenter() : made.getLatLng();
    if (!map.getBounds().contains(at)) map.panTo(at, { animate: false });
    L.popup(lc.cardOptions).setLatLng(at).setContent(lc.homeCard(home)).openOn(map);
  };
  lc.goWhole = function () {
    const all = L.latLngBounds([]), { data } = lc,
      add = (shape) => (shape && shape.polygons ? shape.polygons.forEach((rings) => all.extend(rings[0])) : shape && all.extend(shape.points));
    const frame = data.area.length ? data.area : data.units;
    frame.forEach((row) => add(lc.shape(row.shape)));
    if (!all.isValid()) data.residences.shape.forEach(add);
    data.links.forEach((link) => all.extend(link.points));
    const legend = document.getElementById("legend"), left = legend.open && legend.offsetWidth < 0.3 * map.getSize().x ? legend.offsetWidth + 20 : 12;
    if (all.isValid()) map.fitBounds(all, { animate: false, paddingTopLeft: [left, 12], paddingBottomRight: [12, 12] });
  };

  lc.startMap = function (made) {
    map = made;
    map._zoomAnimated = map.options.zoomAnimation = false;
    Object.assign(renderers, { ground: lc.pane(map, "ground", 360), homes: lc.pane(map, "homes", 400, true), way: lc.pane(map, "way", 420),
      top: lc.pane(map, "top", 430) });
    map.createPane("badges").style.zIndex = 640;
    Object.values(renderers).forEach((renderer) => renderer.addTo(map));
    ["way", "links"].forEach((name) => { groups[name] = L.layerGroup().addTo(map); });
    map.attributionControl.setPrefix(false);
    if (lc.data.study.osm) map.attributionControl.addAttribution("© OpenStreetMap contributors (ODbL)");
    lc.scaleBar(map, { maxWidth: 120, position: "bottomright" });
    map.on("viewreset", () => Object.values(renderers).forEach((renderer) => { if (renderer._map) renderer._update(); }));
    drawTown();
    return map;
  };
  lc.sheet = () => lc.sheetOf(map, ["ground", "homes", "way", "top"].map((name) => renderers[name]));
})(livingcircle);
