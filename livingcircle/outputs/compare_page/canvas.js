"use strict";
// Drawing on canvases: hatched polygons, squares and crosses, and one sheet of a map for paper.

(function (lc) {
  const patterns = {};
  function hatch(context, color) {
    if (!patterns[color]) {
      const size = 9, tile = lc.element("canvas", { width: size, height: size }), pen = tile.getContext("2d");
      [["#fff", 2.2], [color, 1]].forEach(([ink, width]) => {
        pen.strokeStyle = ink;
        pen.lineWidth = width;
        pen.beginPath();
        [-size, 0, size].forEach((x) => { pen.moveTo(x, size); pen.lineTo(x + size, 0); });
        pen.stroke();
      });
      patterns[color] = context.createPattern(tile, "repeat");
    }
    return patterns[color];
  }

  lc.Canvas = L.Canvas.extend({
    _fillStroke: function (context, layer) {
      L.Canvas.prototype._fillStroke.call(this, context, layer);
      if (!layer.options.hatch) return;
      context.save();
      context.fillStyle = hatch(context, layer.options.hatch);
      context.fill("evenodd");
      context.restore();
    },
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

  lc.pane = function (map, name, height, reachable) {
    const made = map.createPane(name);
    made.style.zIndex = height;
    if (!reachable) made.style.pointerEvents = "none";
    return new lc.Canvas({ pane: name, padding: 0.25, tolerance: L.Browser.mobile ? 8 : 3 });
  };

  // One sharp canvas for paper: browsers print stacked canvases as white sheets over each other.
  lc.sheetOf = function (map, renderers) {
    const sharp = 2, bounds = renderers[renderers.length - 1]._bounds, size = bounds.getSize();
    const sheet = lc.element("canvas", { class: "paper", width: size.x * sharp, height: size.y * sharp });
    sheet.style.width = `${size.x}px`;
    sheet.style.height = `${size.y}px`;
    L.DomUtil.setPosition(sheet, bounds.min);
    const pen = sheet.getContext("2d");
    pen.scale(sharp, sharp);
    pen.translate(-bounds.min.x, -bounds.min.y);
    renderers.forEach((renderer) => renderer.drawOn(pen));
    map.getPane("top").append(sheet);
    return sheet;
  };
})(livingcircle);
