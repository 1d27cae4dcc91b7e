"use strict";
// The map of a programme: the town, and every measure with its number.

(function (lc) {
  const renderers = {};
  let map = null, marks = null;

  const put = (made) => { if (made) made.addTo(map); };

  function drawTown() {
    const { style, area, units, streets, water, homes } = lc.data, { ground, top } = renderers;
    water.forEach((text) => put(lc.drawn(lc.shape(text), { renderer: ground, interactive: false, stroke: false, fillColor: style.map.water, fillOpacity: 1 })));
    homes.forEach((text) => put(lc.drawn(lc.shape(text),
      { renderer: ground, interactive: false, radius: 5, color: "#fff", weight: 0.6, fillColor: style.map.home, fillOpacity: 1 })));
    L.polyline(lc.lines(streets), { renderer: ground, interactive: false, color: style.map.street, weight: 1.1, smoothFactor: 1.5 }).addTo(map);
    const outline = (row, look) => put(lc.drawn(lc.shape(row.shape), Object.assign({ renderer: top, interactive: false, fill: false }, look)));
    area.forEach((row) => outline(row, { color: style.map.area, weight: 2.2, dashArray: "12 5 2 5" }));
    units.forEach((row) => outline(row, { color: style.map.unit, weight: 1.2, dashArray: "6 4" }));
  }

  const middle = (points) => {
    const a = points[Math.floor((points.length - 1) / 2)], b = points[Math.floor(points.length / 2)];
    return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  };

  lc.drawMeasures = function () {
    marks.clearLayers();
    lc.data.measures.forEach((measure, at) => {
      const chosen = at === lc.state.measure, color = lc.data.style.kinds[measure.kind];
      if (measure.points.length > 1) {
        L.polyline(measure.points, { renderer: renderers.lines, interactive: false, color: "#fff", weight: chosen ? 10 : 7 }).addTo(marks);
        L.polyline(measure.points, { renderer: renderers.lines, interactive: false, color, weight: chosen ? 6 : 4 }).addTo(marks);
      }
      const face = lc.badge(at, measure, chosen), name = `${at + 1}. ${measure.titles[lc.language]}`;
      L.marker(middle(measure.points), { icon: L.divIcon({ html: face, className: "rank", iconSize: [26, 26] }), title: name, alt: name, keyboard: true,
        pane: "badges", zIndexOffset: chosen ? 2000 : 1000 - at })
        .on("click", () => lc.choose(chosen ? -1 : at, false)).addTo(marks);
    });
  };

  lc.goMeasure = (measure) => map.setView(middle(measure.points), Math.max(map.getZoom(), 16), { animate: false });

  lc.goWhole = function () {
    const all = L.latLngBounds([]), add = (shape) =>
      (shape && shape.polygons ? shape.polygons.forEach((rings) => all.extend(rings[0])) : shape && all.extend(shape.points));
    (lc.data.area.length ? lc.data.area : lc.data.units).forEach((row) => add(lc.shape(row.shape)));
    if (!all.isValid()) lc.data.homes.forEach((text) => add(lc.shape(text)));
    lc.data.measures.forEach((measure) => all.extend(measure.points));
    if (all.isValid()) map.fitBounds(all, { animate: false, padding: [12, 12] });
  };

  lc.startMap = function (made) {
    map = made;
    map._zoomAnimated = map.options.zoomAnimation = false;
    Object.assign(renderers, { ground: lc.pane(map, "ground", 360), lines: lc.pane(map, "lines", 420), top: lc.pane(map, "top", 430) });
    map.createPane("badges").style.zIndex = 640;
    Object.values(renderers).forEach((renderer) => renderer.addTo(map));
    map.attributionControl.setPrefix(false);
    lc.scaleBar(map, { maxWidth: 120, position: "bottomright" });
    map.on("viewreset", () => Object.values(renderers).forEach((renderer) => { if (renderer._map) renderer._update(); }));
    drawTown();
    marks = L.layerGroup().addTo(map);
    return map;
  };
  lc.sheet = () => lc.sheetOf(map, ["ground", "lines", "top"].map((name) => renderers[name]));
})(livingcircle);
