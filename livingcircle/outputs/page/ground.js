"use strict";
// The ground of the map, drawn from the study alone: water, green sites, study area, units and streets.

(function (lc) {
  lc.drawn = function (shape, options) {
    if (!shape) return null;
    if (shape.polygons) return L.polygon(shape.polygons, options);
    return L.circleMarker(shape.points[0], Object.assign({ radius: 6 }, options));
  };

  const still = (renderer, color) => ({ renderer, interactive: false, stroke: false, fill: true, fillColor: color, fillOpacity: 1 });

  lc.drawGround = function (layers) {
    const { water, green, green_themes: themes } = lc.data.style.map, { groups, renderers } = layers;
    lc.data.water.forEach((text) => {
      const shape = lc.shape(text);
      if (shape && shape.polygons) L.polygon(shape.polygons, still(renderers.land, water)).addTo(groups.water);
      else if (shape) L.polyline(shape.points, { renderer: renderers.land, interactive: false, color: water, weight: 3 }).addTo(groups.water);
    });
    const isGreen = (category) => themes.includes(lc.data.themes[lc.data.categories[category].theme].id);
    const places = lc.data.facilities;
    places.shape.forEach((shape, i) => {
      if (shape && shape.polygons && places.open[i] && places.categories[i].some(isGreen)) {
        L.polygon(shape.polygons, still(renderers.land, green)).addTo(groups.green);
      }
    });
  };

  lc.drawFrame = function (layers) {
    const { area, unit } = lc.data.style.map, { groups } = layers, renderer = layers.renderers.frame;
    lc.data.area.forEach((row) => {
      const outline = lc.drawn(lc.shape(row.shape), { renderer, interactive: false, fill: false, color: area, weight: 2.5, dashArray: "12 5 2 5" });
      if (outline) outline.addTo(groups.area);
    });
    lc.data.units.forEach((row) => {
      const outline = lc.drawn(lc.shape(row.shape), { renderer, interactive: false, fill: false, color: unit, weight: 1.4, dashArray: "6 4" });
      if (!outline) return;
      if (row.name) outline.bindTooltip(lc.element("span", { text: row.name }), { permanent: true, direction: "center", className: "unit-label" });
      outline.addTo(groups.units);
      row.outline = outline;
    });
  };

  lc.drawStreets = function (layers) {
    const look = { renderer: layers.renderers.streets, interactive: false, color: lc.data.style.map.street, weight: 1.2, smoothFactor: 1.5 };
    L.polyline(lc.streetLines(lc.data.walking), look).addTo(layers.groups.streets);
  };
})(livingcircle);
