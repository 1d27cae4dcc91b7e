"use strict";
// The curve of coverage against the number of new sites, drawn as SVG.

(function (lc) {
  const NS = "http:" + "//www.w3.org/2000/svg";
  const WIDTH = 340, HEIGHT = 220, LEFT = 46, RIGHT = 14, TOP = 14, BOTTOM = 34;

  function svg(tag, properties, text) {
    const made = document.createElementNS(NS, tag);
    Object.entries(properties).forEach(([key, value]) => made.setAttribute(key, value));
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // A step that is 1, 2 or 5 times a power of ten and cuts the range into about `parts`.
  function step(range, parts) {
    const raw = range / parts, power = 10 ** Math.floor(Math.log10(raw));
    return [1, 2, 5, 10].find((n) => n * power >= raw) * power;
  }

  function axes(drawing, x, y, most, low, high) {
    const every = step(high - low, 4);
    for (let share = Math.ceil(low / every) * every; share <= high + 1e-9; share += every) {
      drawing.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(share), y2: y(share), class: "grid" }));
      drawing.append(svg("text", { x: LEFT - 6, y: y(share) + 4, "text-anchor": "end" }, `${Math.round(share * 1000) / 10}%`));
    }
    const stride = Math.max(1, Math.ceil(most / 8));
    for (let n = 0; n <= most; n += stride) drawing.append(svg("text", { x: x(n), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, String(n)));
    drawing.append(svg("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 3, "text-anchor": "middle" }, lc.say("head.sites")));
  }

  lc.curve = function () {
    const { rows, here } = lc.data.curve, { style } = lc.data;
    const most = Math.max(1, here.sites, ...rows.map((row) => row.sites)),
      shares = [here.share, ...rows.map((row) => row.share), ...rows.map((row) => row.bound)];
    const pad = Math.max((Math.max(...shares) - Math.min(...shares)) * 0.08, 0.005);
    const low = Math.max(0, Math.min(...shares) - pad), high = Math.min(1, Math.max(...shares) + pad);
    const x = (n) => LEFT + ((WIDTH - LEFT - RIGHT) * n) / most, y = (share) => TOP + ((HEIGHT - TOP - BOTTOM) * (high - share)) / (high - low || 1);
    const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": lc.say("curve_title"), class: "curve" });
    axes(drawing, x, y, most, low, high);
    drawing.append(svg("polyline", { points: rows.map((row) => `${x(row.sites)},${y(row.share)}`).join(" "), class: "line", stroke: style.gained }));
    rows.forEach((row) => {
      if (!row.proven) drawing.append(svg("line",
        { x1: x(row.sites), x2: x(row.sites), y1: y(row.share), y2: y(row.bound), stroke: style.gained, "stroke-dasharray": "2 2" }));
      drawing.append(svg("circle", { cx: x(row.sites), cy: y(row.share), r: 3.6, stroke: style.gained, "stroke-width": 1.6,
        fill: row.proven ? style.gained : "#fff" }));
    });
    drawing.append(svg("circle", { cx: x(here.sites), cy: y(here.share), r: 6.5, fill: "none", stroke: style.chosen, "stroke-width": 2.6 }));
    return drawing;
  };
})(livingcircle);
