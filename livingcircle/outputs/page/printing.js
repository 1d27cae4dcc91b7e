"use strict";
// Paper: a sheet of A4 or A3, landscape or portrait, with a round scale that is true at that size.

(function (lc) {
  const { element } = lc;
  const SHEETS = { A4: [210, 297], A3: [297, 420] }, MARGIN_MM = 9, PX_PER_MM = 96 / 25.4;
  const ROUND = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8];
  const EQUATOR_M = 2 * Math.PI * 6378137, TILE_PX = 256;
  lc.sheet = { paper: "A4", portrait: false };

  const size = () => { const [short, long] = SHEETS[lc.sheet.paper]; return lc.sheet.portrait ? [short, long] : [long, short]; };

  function setPaper() {
    const { paper, portrait } = lc.sheet;
    document.getElementById("sheet-size").textContent = `@page { size: ${paper} ${portrait ? "portrait" : "landscape"}; margin: ${MARGIN_MM}mm; }`;
  }

  // The denominator of the scale at a zoom: metres on the ground to a metre of paper.
  const scaleAt = (zoom, lat) => EQUATOR_M * Math.cos(lat * Math.PI / 180) / (TILE_PX * 2 ** zoom) * PX_PER_MM * 1000;
  function roundScale(least) {
    const power = 10 ** Math.floor(Math.log10(least));
    return (ROUND.find((step) => step * power >= least * 0.9999) || 10) * power;
  }

  // Lays the sheet out and returns the denominator of its scale.
  function layout(map, seen) {
    const [width, height] = size().map((mm) => Math.floor((mm - 2 * MARGIN_MM) * PX_PER_MM)), frame = document.getElementById("frame");
    document.documentElement.classList.toggle("portrait", lc.sheet.portrait);
    document.documentElement.classList.toggle("A3", lc.sheet.paper === "A3");
    const besides = ["head", "foot"].map((id) => { const box = document.getElementById(id); box.style.width = `${width}px`; return box.offsetHeight; });
    Object.assign(frame.style, { width: `${width}px`, height: `${height - besides[0] - besides[1] - 6}px` });
    map.invalidateSize({ animate: false, pan: false });
    const center = seen.getCenter(), scale = roundScale(exact(map, seen));
    map.setView(center, Math.log2(scaleAt(0, center.lat) / scale), { animate: false });
    map.panBy(besideLegend(map, seen), { animate: false });
    return scale;
  }

  // The legend stands at the left, or below on a sheet that stands upright: what is seen moves aside as far as there is room.
  function besideLegend(map, seen) {
    const legend = document.querySelector(".legend"), all = map.getSize();
    const a = map.latLngToContainerPoint(seen.getNorthWest()), b = map.latLngToContainerPoint(seen.getSouthEast());
    const room = (free, asked) => Math.max(0, Math.min(free, asked + 20)) / 2;
    return lc.sheet.portrait ? [0, room(all.y - (b.y - a.y), legend.offsetHeight + 30)] : [-room(all.x - (b.x - a.x), legend.offsetWidth), 0];
  }

  // The smallest denominator at which the area seen fits beside the legend.
  function exact(map, seen) {
    const legend = document.querySelector(".legend"), all = map.getSize(), upright = lc.sheet.portrait;
    const fits = { x: all.x - (upright ? 0 : legend.offsetWidth + 20), y: all.y - (upright ? legend.offsetHeight + 50 : 0) };
    const a = map.project(seen.getNorthWest(), 0), b = map.project(seen.getSouthEast(), 0);
    const zoom = Math.log2(Math.min(fits.x / Math.abs(b.x - a.x), fits.y / Math.abs(b.y - a.y)));
    return scaleAt(zoom, seen.getCenter().lat);
  }

  function sheetFoot(scale) {
    const { study, categories } = lc.data, { state } = lc;
    const asked = state.lacking ? null : categories[state.category] && categories[state.category].asked.find((one) => one.level === state.level);
    const today = new Date(), date = [today.getFullYear(), today.getMonth() + 1, today.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
    const facts = [
      lc.say("scale_of", { scale: lc.show.count(scale) }), lc.say("basis", { text: [lc.standardText(), asked && asked.clause].filter(Boolean).join("，") }),
      lc.sourceText(), study.osm ? lc.say("osm") : "", lc.say("crs", { crs: study.crs }), lc.say("printed_on", { date }), `livingcircle ${study.version}`,
        lc.say("review_number"),
    ];
    lc.fill("foot", facts.filter(Boolean).map((text) => element("span", { text })));
  }

  let screen = null;
  function begin() {
    if (screen) return;
    const { map } = lc.layers, legend = document.querySelector(".legend"), whole = lc.layers.bounds();
    screen = { bounds: map.getBounds(), center: map.getCenter(), zoom: map.getZoom(), legend: legend.open, snap: map.options.zoomSnap };
    legend.open = true;
    lc.closeDialog();
    document.documentElement.classList.add("printing");
    map.options.zoomSnap = 0;
    const seen = whole && screen.bounds.contains(whole) ? whole.pad(0.02) : screen.bounds;
    sheetFoot(100000);
    sheetFoot(layout(map, seen));
    screen.sheet = lc.layers.paper();
  }

  function end() {
    if (!screen) return;
    const { map } = lc.layers, was = screen;
    screen = null;
    document.documentElement.classList.remove("printing", "portrait", "A3");
    was.sheet.remove();
    ["frame", "head", "foot"].forEach((id) => document.getElementById(id).removeAttribute("style"));
    document.querySelector(".legend").open = was.legend;
    map.options.zoomSnap = was.snap;
    map.invalidateSize({ animate: false, pan: false });
    map.setView(was.center, was.zoom, { animate: false });
    lc.identity();
  }

  lc.printing = function () {
    setPaper();
    window.addEventListener("beforeprint", begin);
    window.addEventListener("afterprint", end);
  };

  function radio(name, value, text, chosen, change) {
    const input = element("input", { type: "radio", name, value, id: `${name}-${value}` });
    input.checked = chosen;
    input.addEventListener("change", change);
    return element("label", { for: `${name}-${value}` }, [input, element("span", { text })]);
  }

  lc.askPaper = function () {
    const { sheet } = lc;
    const form = element("form", { method: "dialog" }, [
      element("h2", { text: lc.say("print") }),
      element("fieldset", {}, [element("legend", { text: lc.say("paper") }),
        ...Object.keys(SHEETS).map((paper) => radio("paper", paper, paper, sheet.paper === paper, () => {
        sheet.paper = paper;
        setPaper();
      }))]),
      element("fieldset", {}, [element("legend", { text: lc.say("orientation") }), ...[false, true].map((portrait) =>
        radio("orientation", String(portrait), lc.say(portrait ? "portrait" : "landscape"), sheet.portrait === portrait, () => {
          sheet.portrait = portrait;
          setPaper();
        }))]),
      element("p", { text: lc.say("print_hint") }),
      element("div", { class: "buttons" }, [
        element("button", { type: "button", text: lc.say("cancel"), onclick: lc.closeDialog }),
          element("button", { type: "submit", class: "main", text: lc.say("print") })]),
    ]);
    form.addEventListener("submit", (event) => { event.preventDefault(); lc.closeDialog(); window.print(); });
    lc.openDialog(form);
  };
})(livingcircle);
