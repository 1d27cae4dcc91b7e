"use strict";
// The ground of the map, drawn from the study alone: water, green sites, study area, units and streets.

(function (lc) {
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
      outline.addTo(groups.units);
      if (row.name) lc.label(outline.getBounds().getCenter(), row.name, "unit-label").addTo(groups.units);
      row.outline = outline;
    });
  };

  // All streets on one canvas, drawn from plain numbers: hundreds of thousands of layers would keep the page for seconds.
  const Streets = lc.Canvas.extend({
    _updatePaths: function () {
      if (this._postponeUpdatePaths) return;
      this._redrawBounds = null;
      this._redraw();
    },
    _draw: function () {
      const { lines, _ctx: pen } = this;
      if (!lines) return;
      const { first, x, y } = lines, { min, max } = this._bounds, width = this._map.options.crs.scale(this._map.getZoom()), origin = this._map.getPixelOrigin();
      Object.assign(pen, { strokeStyle: lc.data.style.map.street, lineWidth: 1.2, lineCap: "round", lineJoin: "round" });
      pen.beginPath();
      for (let line = 0, drawn = 0; line + 1 < first.length; line++) {
        const from = first[line], to = first[line + 1];
        let west = Infinity, east = -Infinity, north = Infinity, south = -Infinity;
        for (let v = from; v < to; v++) {
          west = Math.min(west, x[v]); east = Math.max(east, x[v]); north = Math.min(north, y[v]); south = Math.max(south, y[v]);
        }
        if (east * width - origin.x < min.x || west * width - origin.x > max.x || south * width - origin.y < min.y
          || north * width - origin.y > max.y) continue;
        let px = x[from] * width - origin.x, py = y[from] * width - origin.y;
        pen.moveTo(px, py);
        for (let v = from + 1; v < to; v++) {
          const qx = x[v] * width - origin.x, qy = y[v] * width - origin.y;
          if (v + 1 < to && Math.abs(qx - px) + Math.abs(qy - py) < LEAST_PX) continue;
          pen.lineTo(px = qx, py = qy);
        }
        // One path of all streets takes longer than many of some.
        if (++drawn % STROKE === 0) { pen.stroke(); pen.beginPath(); }
      }
      pen.stroke();
    },
  });
  const LEAST_PX = 1.5, STROKE = 1000;
  lc.streetCanvas = (options) => new Streets(options);

  const StreetLayer = L.Layer.extend({
    initialize: function (lines, renderer) { Object.assign(this, { lines, renderer }); },
    onAdd: function () { this.show(this.lines); },
    onRemove: function () { this.show(null); },
    show: function (lines) {
      this.renderer.lines = lines;
      if (this.renderer._ctx) this.renderer._updatePaths();
    },
    getBounds: function () {
      const all = L.latLngBounds([]), { x, y } = this.lines, crs = L.CRS.EPSG3857, box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let v = 0; v < x.length; v++) {
        box[0] = Math.min(box[0], x[v]); box[1] = Math.min(box[1], y[v]); box[2] = Math.max(box[2], x[v]); box[3] = Math.max(box[3], y[v]);
      }
      if (x.length) [[box[0], box[1]], [box[2], box[3]]].forEach(([right, down]) =>
        all.extend(crs.pointToLatLng(L.point(right, down).multiplyBy(crs.scale(0)), 0)));
      return all;
    },
  });

  lc.drawStreets = function (layers) {
    new StreetLayer(lc.streetLines(lc.data.walking), layers.renderers.streets).addTo(layers.groups.streets);
  };
})(livingcircle);
