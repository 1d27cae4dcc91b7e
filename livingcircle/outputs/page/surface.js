// The walk-time surface: how long the walk is from every cell of ground, the borders of its classes and of the limit, and the
// land that lies beyond the limit. Worked out from the walking network after the page has opened, a portion at a time.

(function (lc) {
  const { element } = lc;
  const MARGIN_MIN = 15, OPACITY = 0.5;
  let grid = null, stop = null, waiting = [], shown = null;
  const kept = new Map();

  // What walks are looked up on: the network of the chosen walkers, its doors, and whose they are. A scenario brings its own.
  lc.walkingNow = function () {
    if (lc.now.walkingNow) return lc.now.walkingNow(lc.state.group);
    const walking = lc.walking(), network = lc.network(walking, walking.viewOf[lc.state.group], null);
    return { walking, network, doors: network.doors, facility: walking.doors.facility, key: "" };
  };

  // Rows of the doors that lead into open facilities of a category.
  lc.doorsOf = function (now, category) {
    const { open, categories } = lc.now.facilities, rows = [];
    now.facility.forEach((facility, row) => { if (open[facility] && categories[facility].includes(category)) rows.push(row); });
    return rows;
  };

  const picked = (places, rows) => ({
    edge: Int32Array.from(rows, (row) => places.edge[row]), offset_m: Float64Array.from(rows, (row) => places.offset_m[row]),
    leg_m: Float64Array.from(rows, (row) => places.leg_m[row]), length: rows.length,
  });
  lc.pickedPlaces = picked;

  // The walks of every cell and of every home to a category: flat metres of the quickest, and what the rule judges by.
  function measured(category) {
    const now = lc.walkingNow(), distance = lc.data.study.rule === "distance";
    const key = [now.key, now.walking.viewOf[lc.state.group], category].join(" ");
    if (!kept.has(key)) {
      const doors = picked(now.doors, lc.doorsOf(now, category)), look = (places, shortest) => lc.walksTo(now.network, doors, { places, shortest });
      const cells = look(grid.places, false), homes = look(now.network.homes, false);
      const judged = distance && !now.network.level ? look(grid.places, true).metres : distance ? cells.metres : cells.flat_m;
      kept.set(key, { cells: cells.flat_m, homes: homes.flat_m, judged });
      // A dozen categories are enough to go back and forth between; a city's lattice is a megabyte each.
      if (kept.size > 12) kept.delete(kept.keys().next().value);
    }
    return kept.get(key);
  }

  const pace = () => lc.data.groups[lc.state.group].speed_kmh * 1000 / 60;
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
    return minutes.map((most) => walk.colors[lc.walkClass(most, "reached")]).concat(walk.colors[walk.colors.length - 2]);
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
    const stretch = ([lat, lon]) => { box[0] = Math.min(box[0], x(lon)); box[1] = Math.min(box[1], y(lat)); box[2] = Math.max(box[2], x(lon)); box[3] = Math.max(box[3], y(lat)); };
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

  class Surface {
    constructor(map) {
      this.map = map;
      const pane = map.createPane("surface");
      pane.style.zIndex = 340;
      pane.style.pointerEvents = "none";
      this.ground = L.layerGroup();
      this.borders = L.layerGroup();
      this.image = null;
      this.legend = [];
      map.on("overlayadd overlayremove", (event) => { if ([this.ground, this.borders].includes(event.layer)) this.refresh(); });
    }

    // Another category, group, or scenario: cleared at once, drawn again as soon as the page is free.
    refresh() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => whenReady(() => this.draw()), 0);
    }

    draw() {
      if (!lc.data.categories.length) return;
      const { category, level } = lc.state, found = measured(category), limits = steps().map((most) => most * pace());
      shown = found;
      const classes = Int8Array.from(found.cells, (flat_m) => classed(flat_m, limits));
      this.ground.clearLayers();
      this.image = L.imageOverlay(picture(classes, lc.surfaceColors()).toDataURL(), corners(), { pane: "surface", opacity: OPACITY, className: "surface", alt: "" }).addTo(this.ground);
      this.borders.clearLayers();
      const renderer = lc.layers.renderers.frame, colors = lc.data.style.isochrone;
      limits.forEach((limit, i) => this.border(lines(found.cells, limit), { renderer, color: colors.colors[Math.min(i, colors.colors.length - 1)], weight: 1.8 }));
      const most = lc.limitOf(category, level, lc.state.group);
      if (most !== null) this.border(lines(found.judged, most), { renderer, color: colors.limit, weight: 2, dashArray: "2 4" });
      lc.beyondLand.show(most === null ? null : picture(Int8Array.from(found.judged, (walk) => (walk <= most + 1e-6 ? 0 : -1)), ["#000000"]));
      this.people = this.counted(found.homes, limits);
      lc.legend();
      lc.tell("surface", grid);
    }

    border(drawn, look) {
      if (drawn.length) L.polyline(drawn, Object.assign({ interactive: false, smoothFactor: 0.8 }, look)).addTo(this.borders);
    }

    // People of every class, counted at the points that stand for the homes.
    counted(flat_m, limits) {
      const { homes, residences } = lc.walking(), people = lc.data.residences.people[lc.state.group], out = new Float64Array(limits.length + 2);
      homes.residence.forEach((home, i) => {
        const row = residences.row[home];
        if (row >= 0) out[(classed(flat_m[i], limits) + out.length) % out.length] += (people[row] || 0) / homes.count[home];
      });
      return out;
    }

    rows() {
      const rows = [], on = (group) => this.map.hasLayer(group), minutes = steps();
      if (!grid || !this.people) return rows;
      const row = (kind, color, text, count) => rows.push(element("li", {}, [
        element("i", { class: `swatch ${kind}`, "--color": color }), element("span", { text }), count === undefined ? null : element("em", { text: lc.show.people(count) })]));
      if (on(this.ground)) {
        rows.push(element("li", { class: "head", text: lc.say("surface.head", { cell: grid.cell_m }) }));
        lc.surfaceColors().forEach((color, i) => row("area veil", color, i === 0 ? lc.say("up_to", { to: minutes[0] })
          : i < minutes.length ? lc.say("between", { from: minutes[i - 1], to: minutes[i] }) : lc.say("over", { from: minutes[i - 1] }), this.people[i]));
        row("area clear", "", lc.say("surface.none"), this.people[minutes.length + 1]);
      }
      if (on(this.borders)) {
        const { colors, limit } = lc.data.style.isochrone;
        minutes.forEach((most, i) => row("border", colors[Math.min(i, colors.length - 1)], lc.say("isochrone", { minutes: most })));
        row("limit", limit, lc.say("limit_area"));
      }
      if (lc.layers.map.hasLayer(lc.layers.groups.gaps)) rows.push(element("li", { class: "head", text: lc.say("surface.cell", { cell: grid.cell_m }) }));
      return rows;
    }

    // While the ground shows the walks from a point, those to the category step back.
    veil(on) {
      this.veiled = on;
      if (this.image) this.image.setOpacity(on ? 0 : OPACITY);
    }
  }

  // Metres within which a category is asked for, in the measure of the rule; null where nothing is asked.
  lc.limitOf = function (category, level, group) {
    const row = lc.now.coverage.rows.find((one) => one.whole && one.category === category && one.level === level && one.group === group);
    if (!row) return null;
    return lc.data.study.rule === "distance" ? row.limit_m : row.limit_min === null ? null : row.limit_min * lc.data.groups[group].speed_kmh * 1000 / 60;
  };

  // Hatching that leaves out the ground within the limit: made once for a view of the map, then used for every residence in it.
  lc.beyondLand = {
    within: null, sheet: null,
    show: function (within) {
      this.within = within;
      this.sheet = null;
      lc.layers.groups.gaps.eachLayer((area) => { if (area.redraw) area.redraw(); });
    },
    // The pattern to fill a residence with, in the renderer's own units; null as long as nothing is known.
    hatch: function (context, map, pattern) {
      if (!this.within || !grid) return null;
      const [south, north] = corners().map((at) => map.latLngToLayerPoint(at));
      const size = map.getSize(), from = map.containerPointToLayerPoint([0, 0]).subtract(size.multiplyBy(0.3)).round();
      const key = [from.x, from.y, south.x, north.x, map.getZoom(), size.x, size.y].join(" ");
      if (!this.sheet || this.key !== key) {
        const sharp = 2, sheet = this.sheet = element("canvas", { width: Math.round(1.6 * size.x) * sharp, height: Math.round(1.6 * size.y) * sharp }), pen = sheet.getContext("2d");
        pen.scale(sharp, sharp);
        pen.translate(-from.x, -from.y);
        pen.fillStyle = pattern;
        pen.fillRect(from.x, from.y, 1.6 * size.x, 1.6 * size.y);
        pen.imageSmoothingEnabled = false;
        pen.globalCompositeOperation = "destination-out";
        pen.drawImage(this.within, south.x, north.y, north.x - south.x, south.y - north.y);
        this.key = key;
      }
      const made_ = context.createPattern(this.sheet, "no-repeat");
      made_.setTransform(new DOMMatrix([0.5, 0, 0, 0.5, from.x, from.y]));
      return made_;
    },
  };

  lc.whenLattice = whenReady;
  lc.latticePicture = (classes, colors) => ({ sheet: picture(classes, colors), corners: corners() });
  lc.latticeLines = lines;

  lc.on("layers", (add) => {
    lc.surface = new Surface(lc.layersMap);
    add(lc.say("surface.layer"), lc.surface.ground, true);
    add(lc.say("surface.borders"), lc.surface.borders, true);
  });
  lc.on("legend", (rows) => { if (lc.surface) rows.push(...lc.surface.rows()); });
  ["choose", "now"].forEach((name) => lc.on(name, () => { if (lc.surface) lc.surface.refresh(); }));
})(livingcircle);
