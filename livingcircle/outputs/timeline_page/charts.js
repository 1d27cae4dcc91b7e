"use strict";
// Small charts of one share by year, drawn as SVG: a step for every year, and below it what opens.

(function (lc) {
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 300, HEIGHT = 132, LEFT = 34, RIGHT = 8, TOP = 8, BOTTOM = 34;

  function mark(tag, attributes, text) {
    const made = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach((key) => made.setAttribute(key, attributes[key]));
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // What a year is marked by below the axis: a triangle where a facility opens, a square where homes are first lived in.
  lc.sign = function (kind, x, y) {
    const { colors } = lc.data.style;
    if (kind === "opens") return mark("path", { d: `M${x - 4.5} ${y + 4}L${x + 4.5} ${y + 4}L${x} ${y - 4.5}Z`, fill: colors.opens });
    return mark("rect", { x: x - 3.5, y: y - 3.5, width: 7, height: 7, fill: "#fff", stroke: colors.lived, "stroke-width": 1.6 });
  };

  lc.dot = function (x, y, anew) {
    const { colors } = lc.data.style;
    return mark("circle", { cx: x, cy: y, r: anew ? 3.2 : 2.4, fill: anew ? colors.line : "#fff", stroke: colors.line, "stroke-width": 1.2 });
  };

  lc.drawing = (width, height, label) => mark("svg",
    Object.assign({ viewBox: `0 0 ${width} ${height}`, xmlns: SVG }, label ? { role: "img", "aria-label": label } : { width, height, "aria-hidden": "true" }));

  // Years that are named below the axis: the ends, and evenly between as many as there is room for.
  function named(years) {
    const every = Math.max(1, Math.ceil((years.length - 1) / 6));
    return years.map((_, i) => (i % every === 0 && years.length - 1 - i >= every) || i === years.length - 1);
  }

  // The chart of shares (null for none) by year; `anew`, `opens` and `lived` tell for every year what it is marked by.
  lc.chart = function (years, shares, marks, label) {
    const { colors } = lc.data.style, drawn = lc.drawing(WIDTH, HEIGHT, label);
    const step = (WIDTH - LEFT - RIGHT) / years.length, x = (i) => LEFT + (i + 0.5) * step;
    const y = (share) => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), floor = y(0);
    [0, 0.5, 1].forEach((share) => {
      drawn.append(mark("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(share), y2: y(share), stroke: colors.grid }));
      drawn.append(mark("text", { x: LEFT - 5, y: y(share) + 4, "text-anchor": "end" }, `${share * 100}%`));
    });
    let line = "", area = "";
    shares.forEach((share, i) => {
      if (share === null) return;
      const a = LEFT + i * step, b = a + step, begins = i === 0 || shares[i - 1] === null;
      line += `${begins ? "M" : "L"}${a.toFixed(1)} ${y(share).toFixed(1)}L${b.toFixed(1)} ${y(share).toFixed(1)}`;
      area += `M${a.toFixed(1)} ${floor}L${a.toFixed(1)} ${y(share).toFixed(1)}L${b.toFixed(1)} ${y(share).toFixed(1)}L${b.toFixed(1)} ${floor}Z`;
    });
    drawn.append(mark("path", { d: area, fill: colors.fill, stroke: colors.fill, "stroke-width": 0.5 }),
      mark("path", { d: line, fill: "none", stroke: colors.line, "stroke-width": 2 }));
    const words = named(years);
    years.forEach((year, i) => {
      if (shares[i] !== null && years.length <= 40) drawn.append(lc.dot(x(i), y(shares[i]), marks.anew[i]));
      const both = marks.opens[i] && marks.lived[i];
      if (marks.opens[i]) drawn.append(lc.sign("opens", x(i) - (both ? 5 : 0), floor + 9));
      if (marks.lived[i]) drawn.append(lc.sign("lived", x(i) + (both ? 5 : 0), floor + 9));
      if (words[i]) drawn.append(mark("text", { x: x(i), y: HEIGHT - 5, "text-anchor": "middle" }, String(year)));
    });
    return drawn;
  };
})(livingcircle);
