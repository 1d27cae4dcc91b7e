"use strict";
// The walk-time surface: how long the walk is from every cell of ground, the borders of its classes and of the limit, and the
// land that lies beyond the limit. Worked out from the walking network after the page has opened, a portion at a time.

(function (lc) {
  const { element } = lc;
  const MARGIN_MIN = 15, KEPT = 12, HEIGHT = 345;
  let grid = null, stop = null;
  const waiting = [], kept = new WeakMap();

  // The town on the map: as a scenario leaves it, or as written.
  lc.townNow = function () {
    const { whatIf } = lc;
    return whatIf && whatIf.after && whatIf.view !== "before" ? whatIf.after : lc.baseTown();
  };
  lc.groundNow = () => lc.groundOf(lc.townNow(), lc.state.group);

  // The cells on the network of a group. Who may not use every way meets other streets, so that the cells are joined anew.
  const placed = new Map();
  lc.cellsOf = function* ({ walking, network, view }) {
    const ways = (number) => (walking.views[number].shut ? walking.views[number].shut.join("") : ""), key = ways(view);
    if (!placed.size) placed.set(ways(grid.view), grid.places);
    if (!placed.has(key)) placed.set(key, yield* lc.cellPlaces(walking, grid, view));
    return lc.onNetwork(network, placed.get(key));
  };

  // The walk from every cell to the nearest of some doors, or to the nth nearest facility: one search for each, the n best are kept.
  function* toCells(ground, rows, n, shortest) {
    const cells = yield* lc.cellsOf(ground);
    const walks = (own) => {
      const found = lc.walksTo(ground.network, lc.somePlaces(ground.doors, own), { shortest, homes: cells });
      return shortest ? found.metres : found.flat_m;
    };
    if (n === 1) return walks(rows);
    const best = Array.from({ length: n }, () => new Float64Array(grid.cells.length).fill(Infinity)), own = new Map();
    rows.forEach((row) => { const facility = ground.facility[row]; own.set(facility, (own.get(facility) || []).concat(row)); });
    for (const doors of own.values()) {
      walks(doors).forEach((walk, i) => {
        for (let k = 0; k < n && walk < Infinity; k++) if (walk < best[k][i]) { const later = best[k][i]; best[k][i] = walk; walk = later; }
      });
      yield;
    }
    return best[n - 1];
  }

  // The walks of every cell and of every home to a category: flat metres of the quickest, and what the rule judges by.
  function* measured(town, category, level) {
    const ground = lc.groundNow(), asked = town.asked(category, level), n = asked ? asked.at_least : 1, key = [category, ground.view, n].join(" ");
    if (!kept.has(town)) kept.set(town, new Map());
    const own = kept.get(town);
    if (own.has(key)) return own.get(key);
    const rows = town.doorRows(category), shortest = town.rule === "distance" && Boolean(ground.walking.views[ground.view].costs);
    const cells = yield* toCells(ground, rows, 1, false);
    yield;
    const judged = n === 1 && !shortest ? cells : yield* toCells(ground, rows, n, shortest);
    const homes = town.walksTo(ground.view, rows, { shortest: false }).flat_m;
    own.set(key, { cells, homes, judged });
    // A dozen categories are enough to go back and forth between; a city's lattice is a megabyte each.
    if (own.size > KEPT) own.delete(own.keys().next().value);
    return own.get(key);
  }

  const pace = () => lc.townNow().speeds[lc.state.group] * 1000 / 60;
  const steps = () => lc.data.study.minutes.slice().sort((a, b) => a - b);

  // Class of a walk on the surface: how many of the study's minutes it passes; -1 where no walk leads.
  function classed(flat_m, limits) {
    if (!Number.isFinite(flat_m)) return -1;
    let at = 0;
    while (at < limits.length && flat_m > limits[at] + 1e-6) at++;
    return at;
  }
  lc.surfaceClass = classed;

  // Colours of the classes: those that residences have, and one for all that lies beyond.
  lc.surfaceColors = function () {
    const { walk } = lc.data.style, minutes = steps();
    return minutes.map((most) => walk.colors[lc.walkClass(most, "reached")]).concat(lc.data.style.surface.beyond);
  };

  const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

  // A picture of the lattice with a color for every class; what has none stays clear.
  function picture(classes, colors) {
    const sheet = element("canvas", { width: grid.columns, height: grid.rows }), pen = sheet.getContext("2d");
    const image = pen.createImageData(grid.columns, grid.rows), inks = colors.map(channels);
    grid.cells.forEach((cell, i) => {
      const ink = inks[classes[i]];
      if (ink) image.data.set([ink[0], ink[1], ink[2], 255], 4 * cell);
    });
    pen.putImageData(image, 0, 0);
    return sheet;
  }

  const corners = () => [lc.onGround(grid, -0.5, grid.rows - 0.5), lc.onGround(grid, grid.columns - 0.5, -0.5)];

  const lines = (values, limit) => lc.contours(lc.field(grid, values), grid.columns, grid.rows, limit, grid.cell_m)
    .map((line) => line.map(([column, row]) => lc.onGround(grid, column, row)));

  // The lattice covers the study and a walk of some minutes around it.
  function bounds() {
    const shapes = lc.data.area.length ? lc.data.area.map((row) => lc.shape(row.shape)) : lc.data.residences.shape;
    const box = [Infinity, Infinity, -Infinity, -Infinity], { x, y } = lc.mercator;
    const stretch = ([lat, lon]) => {
      box[0] = Math.min(box[0], x(lon));
      box[1] = Math.min(box[1], y(lat));
      box[2] = Math.max(box[2], x(lon));
      box[3] = Math.max(box[3], y(lat));
    };
    shapes.forEach((shape) => { if (shape) (shape.polygons ? shape.polygons.flat(2) : shape.points).forEach(stretch); });
    if (!Number.isFinite(box[0])) return null;
    const most = Math.max(MARGIN_MIN, ...steps()) * lc.data.study.speed_kmh * 1000 / 60;
    const margin = most / Math.cos(lc.mercator.lat((box[1] + box[3]) / 2) * Math.PI / 180);
    return [box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin];
  }

  function* made() {
    const walking = lc.walking();
    yield;
    return yield* lc.lattice(walking, { bounds: bounds(), viewNumber: walking.viewOf[0] });
  }

  // Who needs the lattice is called when it is there; the first to ask has it made.
  function whenReady(act) {
    if (grid) { act(grid); return; }
    waiting.push(act);
    if (stop) return;
    stop = lc.inPortions(made(), (done) => {
      grid = done;
      waiting.splice(0).forEach((one) => one(grid));
    });
  }

  // People of every class, counted at the points that stand for the homes.
  function counted(town, flat_m, limits) {
    const { homes, residences } = town.walking, people = residences.people[lc.state.group], out = new Float64Array(limits.length + 2);
    homes.residence.forEach((home, i) => {
      if (town.lived[home]) out[(classed(flat_m[i], limits) + out.length) % out.length] += (people[home] || 0) / homes.count[home];
    });
    return out;
  }

  const lineColor = (i) => { const { lines: all } = lc.data.style.surface; return all[Math.min(i, all.length - 1)]; };
  lc.ringColor = lineColor;

  class Surface {
    constructor(map) {
      this.map = map;
      const pane = map.createPane("surface");
      pane.style.zIndex = HEIGHT;
      pane.style.pointerEvents = "none";
      this.ground = L.layerGroup();
      this.borders = L.layerGroup();
      this.image = null;
      lc.layers.painters.push({ height: HEIGHT, draw: (pen) => this.paint(pen) });
      this.stop = this.asked = null;
      map.on("zoomend", () => this.borders.eachLayer((line) => line.setStyle({ weight: this.weight() })));
      map.on("overlayadd overlayremove", (event) => { if ([this.ground, this.borders].includes(event.layer)) this.refresh(); });
    }

    // Another category, group, or scenario: drawn as soon as the page is free; a newer one drops an older one.
    refresh() {
      if (this.stop) this.stop();
      this.stop = this.asked = null;
      if (lc.state.lacking || !lc.data.categories.length) { this.clear(); return; }
      // What is drawn belongs to what was chosen before: it fades until the new is there.
      if (this.image) this.image.setOpacity(0.3 * this.opacity());
      this.people = null;
      lc.beyondLand.keep(`${lc.state.category} ${lc.state.level} ${lc.state.group}`);
      const asked = this.asked = {};
      whenReady(() => lc.onceSeen(() => {
        if (asked === this.asked) this.stop = lc.inPortions(this.drawn(), () => { lc.legend(); lc.tell("surface", grid); });
      }));
    }

    clear() {
      [this.ground, this.borders].forEach((group) => group.clearLayers());
      Object.assign(this, { image: null, sheet: null, people: null });
      lc.beyondLand.show(null);
    }

    * drawn() {
      const town = lc.townNow(), { category, level, group } = lc.state, asked = town.asked(category, level), limits = steps().map((most) => most * pace());
      yield;
      const found = yield* measured(town, category, level);
      yield;
      const classes = Int8Array.from(found.cells, (flat_m) => classed(flat_m, limits)), sheet = picture(classes, lc.surfaceColors());
      yield;
      const image = sheet.toDataURL();
      yield;
      const style = lc.data.style.surface, borders = [];
      for (let i = 0; i < limits.length; i++) {
        borders.push([lines(found.cells, limits[i]), { color: lineColor(i) }]);
        yield;
      }
      const most = asked ? town.limit(asked, group) : null;
      if (most !== null) borders.push([lines(found.judged, most), { color: style.limit, dashArray: "2 4" }]);
      yield;
      this.people = counted(town, found.homes, limits);
      this.limited = most !== null;
      this.sheet = sheet;
      this.show(image, borders);
      lc.beyondLand.show(most === null ? null : picture(Int8Array.from(found.judged, (walk) => (walk <= most + 1e-6 ? 0 : -1)), ["#000000"]));
    }

    // On paper the picture stands among the canvases of the map.
    paint(pen) {
      if (!this.sheet || !this.map.hasLayer(this.ground)) return;
      const [low, high] = corners().map((at) => this.map.latLngToLayerPoint(at));
      Object.assign(pen, { globalAlpha: this.opacity(), imageSmoothingEnabled: false });
      pen.drawImage(this.sheet, low.x, high.y, high.x - low.x, low.y - high.y);
      Object.assign(pen, { globalAlpha: 1, imageSmoothingEnabled: true });
    }

    show(image, borders) {
      this.ground.clearLayers();
      this.image = L.imageOverlay(image, corners(), { pane: "surface", opacity: this.opacity(), className: "surface", alt: "" }).addTo(this.ground);
      this.borders.clearLayers();
      borders.forEach(([drawn, look]) => this.border(drawn, Object.assign({ renderer: lc.layers.renderers.frame }, look)));
    }

    // Far out, thinner lines.
    weight() { return this.map.getZoom() >= 15 ? 2 : 1.1; }

    border(drawn, look) {
      if (drawn.length) L.polyline(drawn, Object.assign({ interactive: false, smoothFactor: 0.8, weight: this.weight(), opacity: this.veiled ? 0 : 1 },
        look)).addTo(this.borders);
    }

    rows() {
      const rows = [], on = (group) => lc.layers.shows(group), minutes = steps();
      if (!grid || !this.people || this.veiled) return rows;
      if (on(this.ground)) {
        rows.push(lc.legendHead(lc.say("surface.head", { cell: grid.cell_m })));
        lc.surfaceColors().forEach((color, i) => rows.push(lc.swatch("area veil", lc.walkWord(minutes, i), color, lc.show.people(this.people[i]))));
        rows.push(lc.swatch("area clear", lc.say("surface.none"), "", lc.show.people(this.people[minutes.length + 1])));
      }
      if (on(this.borders)) {
        minutes.forEach((most, i) => rows.push(lc.swatch("border", lc.say("surface.isochrone", { minutes: most }), lineColor(i))));
        if (this.limited) rows.push(lc.swatch("limit", lc.say("surface.limit"), lc.data.style.surface.limit));
      }
      return rows;
    }

    opacity() { return this.veiled ? 0 : lc.data.style.surface.opacity; }

    // While the ground shows the walks from a point, those to the category step back.
    veil(on) {
      if (this.veiled === on) return;
      this.veiled = on;
      if (this.image) this.image.setOpacity(this.opacity());
      this.borders.eachLayer((line) => line.setStyle({ opacity: on ? 0 : 1 }));
      lc.legend();
    }
  }

  // Hatching that leaves out the ground within the limit: made once for a view of the map, then used for every residence in it.
  lc.beyondLand = {
    within: null, sheet: null, pattern: null, of: "",
    // The size of its cells in metres, 0 as long as they are not known.
    known: function () { return this.within && grid ? grid.cell_m : 0; },
    show: function (within) {
      this.within = within;
      this.sheet = null;
      lc.layers.groups.gaps.eachLayer((area) => {
        area.options.fresh = false;
        if (area.redraw) area.redraw();
      });
    },
    // While the ground is measured anew, what is known of it holds for gaps that stay as they were, unless something else is chosen.
    keep: function (of) {
      if (of !== this.of) this.within = null;
      this.of = of;
    },
    // The pattern to fill a residence with, in the renderer's own units; null as long as nothing is known.
    hatch: function (context, map, pattern) {
      if (!this.within || !grid) return null;
      const [south, north] = corners().map((at) => map.latLngToLayerPoint(at));
      const size = map.getSize(), from = map.containerPointToLayerPoint([0, 0]).subtract(size.multiplyBy(0.3)).round();
      const key = [from.x, from.y, south.x, north.x, map.getZoom(), size.x, size.y].join(" ");
      if (!this.sheet || this.key !== key) {
        this.sheet = this.hatched(pattern, { south, north, size, from });
        Object.assign(this, { key, context: null });
      }
      // The sheet is large: each canvas takes it over once.
      if (this.context !== context) {
        this.context = context;
        this.pattern = context.createPattern(this.sheet, "no-repeat");
        this.pattern.setTransform(new DOMMatrix([0.5, 0, 0, 0.5, from.x, from.y]));
      }
      return this.pattern;
    },
    hatched: function (pattern, { south, north, size, from }) {
      const sharp = 2, sheet = element("canvas", { width: Math.round(1.6 * size.x) * sharp, height: Math.round(1.6 * size.y) * sharp }),
        pen = sheet.getContext("2d");
      pen.scale(sharp, sharp);
      pen.translate(-from.x, -from.y);
      pen.fillStyle = pattern;
      pen.fillRect(from.x, from.y, 1.6 * size.x, 1.6 * size.y);
      pen.imageSmoothingEnabled = false;
      pen.globalCompositeOperation = "destination-out";
      pen.drawImage(this.within, south.x, north.y, north.x - south.x, south.y - north.y);
      return sheet;
    },
  };

  lc.whenLattice = whenReady;
  lc.latticePicture = (classes, colors) => ({ sheet: picture(classes, colors), corners: corners() });
  lc.latticeLines = lines;

  lc.legendParts.push(() => (lc.surface ? lc.surface.rows() : []));
  lc.on("start", (map) => {
    lc.surface = new Surface(map);
    lc.layers.offer("surface.layer", lc.surface.ground, true);
    lc.layers.offer("surface.borders", lc.surface.borders, true);
  });
  // A first change may come at any moment; the ground is drawn once the page is ready for it.
  lc.on("prepared", () => { if (!lc.surface.asked) lc.surface.refresh(); });
  lc.on("choose", () => { if (lc.surface) lc.surface.refresh(); });
})(livingcircle);
