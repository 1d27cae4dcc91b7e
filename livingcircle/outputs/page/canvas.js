"use strict";
// Drawing on canvases, the same on every page with a map: hatches, squares and crosses, one sheet for paper, and the scale bar.

(function (lc) {
  // A shape as a layer; one without polygons is the circle of its first point.
  lc.drawn = function (shape, options) {
    if (!shape) return null;
    return shape.polygons ? L.polygon(shape.polygons, options) : L.circleMarker(shape.points[0], Object.assign({ radius: 6 }, options));
  };

  const patterns = {};
  // Oblique lines, `size` pixels apart, in several inks one over the other: [color, width].
  lc.hatching = function (context, size, inks) {
    const key = JSON.stringify([size, inks]);
    if (!patterns[key]) {
      const tile = lc.element("canvas", { width: size, height: size }), pen = tile.getContext("2d");
      inks.forEach(([ink, width]) => {
        pen.strokeStyle = ink;
        pen.lineWidth = width;
        pen.beginPath();
        [-size, 0, size].forEach((x) => { pen.moveTo(x, size); pen.lineTo(x + size, 0); });
        pen.stroke();
      });
      patterns[key] = context.createPattern(tile, "repeat");
    }
    return patterns[key];
  };

  // A canvas that is printed, too.
  lc.Canvas = L.Canvas.extend({
    _updateMark: function (layer) {
      if (!this._drawing || layer._empty()) return;
      const at = layer._point, r = Math.max(Math.round(layer._radius), 1), pen = this._ctx;
      pen.beginPath();
      if (layer.options.cross) {
        pen.moveTo(at.x - r, at.y - r);
        pen.lineTo(at.x + r, at.y + r);
        pen.moveTo(at.x - r, at.y + r);
        pen.lineTo(at.x + r, at.y - r);
      } else pen.rect(at.x - r, at.y - r, 2 * r, 2 * r);
      this._fillStroke(pen, layer);
    },
    // Draws once onto another canvas.
    drawOn: function (context) {
      const own = this._ctx;
      L.Util.cancelAnimFrame(this._redrawRequest);
      this._redrawBounds = null;
      this._ctx = context;
      this._draw();
      this._ctx = own;
      if (this._drawFirst) this._requestRedraw(this._drawFirst.layer);
    },
  });

  // A square, or a cross, that keeps its size.
  lc.Mark = L.CircleMarker.extend({ _updatePath: function () { this._renderer._updateMark(this); } });

  // Polygons may be hatched over their fill.
  const SIZE = 9;
  const Hatched = lc.Canvas.extend({
    _fillStroke: function (context, layer) {
      L.Canvas.prototype._fillStroke.call(this, context, layer);
      if (!layer.options.hatch) return;
      context.save();
      context.fillStyle = lc.hatching(context, SIZE, [["#fff", 2.2], [layer.options.hatch, 1]]);
      context.fill("evenodd");
      context.restore();
    },
  });

  lc.pane = function (map, name, height, reachable, make = (options) => new Hatched(options)) {
    const made = map.createPane(name);
    made.style.zIndex = height;
    if (!reachable) made.style.pointerEvents = "none";
    return make({ pane: name, padding: 0.25, tolerance: L.Browser.mobile ? 8 : 3 });
  };

  // One sharp canvas for paper in a pane, painted by each of `paints` in turn: browsers print stacked canvases as white sheets over each other.
  lc.paperIn = function (pane, bounds, paints) {
    const sharp = 2, size = bounds.getSize();
    const sheet = lc.element("canvas", { class: "paper", width: size.x * sharp, height: size.y * sharp });
    sheet.style.width = `${size.x}px`;
    sheet.style.height = `${size.y}px`;
    L.DomUtil.setPosition(sheet, bounds.min);
    const pen = sheet.getContext("2d");
    pen.scale(sharp, sharp);
    pen.translate(-bounds.min.x, -bounds.min.y);
    paints.forEach((paint) => paint(pen));
    pane.append(sheet);
    return sheet;
  };

  // The sheet of a map whose canvases lie as `renderers`, the top one last.
  lc.sheetOf = (map, renderers) => lc.paperIn(map.getPane("top"), renderers[renderers.length - 1]._bounds,
    renderers.map((renderer) => (pen) => renderer.drawOn(pen)));

  // On paper the map is the one sheet that `sheetOf` makes, its legend open, with the list below it; with `goWhole` it shows the whole.
  lc.onPaper = function (map, sheetOf, goWhole) {
    const legend = document.getElementById("legend"), root = document.documentElement;
    let sheet = null, open = false, view = null;
    window.addEventListener("beforeprint", () => {
      if (sheet) return;
      open = legend.open;
      legend.open = true;
      root.classList.add("printing");
      view = [map.getCenter(), map.getZoom()];
      map.invalidateSize({ animate: false });
      if (goWhole) goWhole();
      sheet = sheetOf();
    });
    window.addEventListener("afterprint", () => {
      if (!sheet) return;
      sheet.remove();
      sheet = null;
      legend.open = open;
      root.classList.remove("printing");
      map.invalidateSize({ animate: false });
      if (goWhole) map.setView(view[0], view[1], { animate: false });
    });
  };

  // A scale bar that speaks the language of the page.
  const Scale = L.Control.Scale.extend({
    _updateMetric: function (most) {
      const metres = this._getRoundNum(most);
      const label = metres < 1000 ? `${metres} ${lc.say("scale.m")}` : `${metres / 1000} ${lc.say("scale.km")}`;
      this._updateScale(this._mScale, label, metres / most);
    },
  });
  let bars = [];
  lc.scaleBar = function (map, options) {
    const bar = new Scale(Object.assign({ metric: true, imperial: false }, options)).addTo(map);
    bars = bars.filter((one) => one._map).concat(bar);
    return bar;
  };
  lc.on("spoken", () => bars.forEach((bar) => { if (bar._map) bar._update(); }));
})(livingcircle);
