// The layers of the map: drawn on canvases, restyled when another category, level or group is chosen.

(function (lc) {
  // Polygons may be hatched, so that a gap shows in grey print; a facility is a square, a residence is not.
  const Front = L.Canvas.extend({
    _fillStroke: function (context, layer) {
      if (layer.options.hatch) {
        context.save();
        context.fillStyle = hatch(context, layer.options.color, isClose(this._map));
        context.fill("evenodd");
        context.restore();
      }
      L.Canvas.prototype._fillStroke.call(this, context, layer);
    },
    _updateSquare: function (layer) {
      if (!this._drawing || layer._empty()) return;
      const at = layer._point, r = Math.max(Math.round(layer._radius), 1);
      this._ctx.beginPath();
      this._ctx.rect(at.x - r, at.y - r, 2 * r, 2 * r);
      this._fillStroke(this._ctx, layer);
    },
    // Draws once onto another canvas.
    drawOn: function (context) {
      const own = this._ctx;
      L.Util.cancelAnimFrame(this._redrawRequest);
      this._redrawBounds = null;
      this._ctx = context;
      this._draw();
      this._ctx = own;
      this._requestRedraw(this._drawFirst && this._drawFirst.layer);
    },
  });
  const Square = L.CircleMarker.extend({ _updatePath: function () { this._renderer._updateSquare(this); } });

  // Far out, a gap is a few pixels wide: fine lines leave its color visible, close by a white edge parts them from it.
  const CLOSE_ZOOM = 15;
  const isClose = (map) => map.getZoom() >= CLOSE_ZOOM;
  const patterns = {};
  function hatch(context, color, close) {
    if (!patterns[close]) {
      const tile = document.createElement("canvas"), size = close ? 9 : 5;
      tile.width = tile.height = size;
      const pen = tile.getContext("2d");
      (close ? [["#fff", 3.4], [color, 1.5]] : [[color, 0.9]]).forEach(([ink, width]) => {
        pen.strokeStyle = ink;
        pen.lineWidth = width;
        pen.beginPath();
        [-size, 0, size].forEach((x) => { pen.moveTo(x, size); pen.lineTo(x + size, 0); });
        pen.stroke();
      });
      patterns[close] = context.createPattern(tile, "repeat");
    }
    return patterns[close];
  }

  function pane(map, name, height, reachable) {
    const made = map.createPane(name);
    made.style.zIndex = height;
    if (!reachable) made.style.pointerEvents = "none";
    return new Front({ pane: name, padding: 0.25, tolerance: L.Browser.mobile ? 8 : 3 });
  }

  // Class of a walk: position among the breaks, or the status where there is no walk.
  lc.walkClass = function (minutes, status) {
    if (status !== "reached" || minutes === null) return status || "off_network";
    const breaks = lc.data.style.walk.breaks_min;
    const at = breaks.findIndex((limit) => minutes <= limit);
    return at < 0 ? breaks.length : at;
  };

  // Minutes of the chosen group: those of the group that walks alike, at its own speed.
  lc.groupMinutes = function (minutes) {
    const group = lc.data.groups[lc.state.group];
    return minutes === null ? null : minutes * lc.data.groups[group.walks].speed_kmh / group.speed_kmh;
  };

  function homeStyle(kind) {
    const walk = lc.data.style.walk;
    if (kind === "off_network") return { fillColor: walk.off_network, color: "#555", weight: 1, dashArray: "3 3", fillOpacity: 0.9 };
    const fill = kind === "unreachable" ? walk.unreachable : walk.colors[kind];
    return { fillColor: fill, color: kind === "unreachable" ? "#222" : "#fff", weight: kind === "unreachable" ? 1.2 : 0.6, dashArray: null, fillOpacity: 0.88 };
  }

  function drawn(shape, options) {
    if (!shape) return null;
    if (shape.polygons) return L.polygon(shape.polygons, options);
    return L.circleMarker(shape.points[0], Object.assign({ radius: 6 }, options));
  }

  class Layers {
    constructor(map) {
      this.map = map;
      this.renderers = { ground: pane(map, "ground", 350), streets: pane(map, "streets", 360), front: pane(map, "front", 410, true), frame: pane(map, "frame", 430) };
      this.groups = {};
      ["area", "units", "streets", "limit", "homes", "gaps", "places", "everyPlace", "doors"].forEach((name) => { this.groups[name] = L.layerGroup(); });
      this.rings = lc.data.study.minutes.slice().sort((a, b) => b - a).map((minutes) => ({ minutes, group: L.layerGroup() }));
      this.drawFrame();
      this.drawStreets();
      this.drawHomes();
      this.drawEveryPlace();
      this.control();
      map.on("overlayadd overlayremove", () => { this.order(); lc.legend(); });
      map.on("zoomend", () => this.scale());
    }

    drawFrame() {
      const { area, unit } = lc.data.style.map, renderer = this.renderers.frame;
      lc.data.area.forEach((row) => {
        const outline = drawn(lc.shape(row.shape), { renderer, interactive: false, fill: false, color: area, weight: 2.5, dashArray: "12 5 2 5" });
        if (outline) outline.addTo(this.groups.area);
      });
      lc.data.units.forEach((row) => {
        const outline = drawn(lc.shape(row.shape), { renderer, interactive: false, fill: false, color: unit, weight: 1.4, dashArray: "6 4" });
        if (!outline) return;
        if (row.name) outline.bindTooltip(lc.element("span", { text: row.name }), { permanent: true, direction: "center", className: "unit-label" });
        outline.addTo(this.groups.units);
      });
    }

    drawStreets() {
      L.polyline(lc.streetLines(lc.data.walking), { renderer: this.renderers.streets, interactive: false, color: lc.data.style.map.street, weight: 1.2, smoothFactor: 1.5 }).addTo(this.groups.streets);
    }

    drawHomes() {
      this.homes = lc.data.residences.shape.map((shape, i) => {
        const home = drawn(shape, { renderer: this.renderers.front, smoothFactor: 0.6 });
        if (home) home.bindPopup(() => lc.popup.residence(i), lc.popup.options).addTo(this.groups.homes);
        return home;
      });
    }

    // One facility as a square, its site as an outline; hollow and dashed when it is not open in the study's year.
    place(i, color, group) {
      const places = lc.now.facilities, open = places.open[i], renderer = this.renderers.front;
      const look = { renderer, color: open ? "#111" : color, weight: open ? 1.3 : 2.2, dashArray: open ? null : "3 2", fillColor: open ? color : "#fff", fillOpacity: open ? 1 : 0.9 };
      if (places.shape[i] && places.shape[i].polygons) {
        L.polygon(places.shape[i].polygons, { renderer, color, weight: 1.6, dashArray: open ? null : "5 3", fillOpacity: 0.12, fillColor: color })
          .bindPopup(() => lc.popup.facility(i), lc.popup.options).addTo(group);
      }
      const mark = new Square(places.at[i], Object.assign({ radius: 6 }, look)).bindPopup(() => lc.popup.facility(i), lc.popup.options);
      if (!open && places.year[i] !== null) {
        mark.bindTooltip(lc.element("span", { text: String(places.year[i]) }), { permanent: true, direction: "right", offset: [6, 0], className: "year-label" });
      }
      return mark.addTo(group);
    }

    drawEveryPlace() {
      lc.now.facilities.categories.forEach((categories, i) => {
        const theme = categories.length ? lc.data.themes[lc.data.categories[categories[0]].theme] : null;
        this.place(i, (theme && theme.color) || lc.data.style.map.theme, this.groups.everyPlace).setRadius(4.5);
      });
    }

    refresh() {
      this.paintHomes();
      this.drawRings();
      this.drawGaps();
      this.drawPlaces();
      this.close = null;
      this.scale();
      this.order();
    }

    paintHomes() {
      const walks = lc.now.walks(lc.state.category);
      this.homes.forEach((home, i) => {
        if (home) home.setStyle(homeStyle(lc.walkClass(lc.groupMinutes(walks.walk_min[i]), walks.status[i])));
      });
    }

    drawRings() {
      const { colors, limit } = lc.data.style.isochrone, renderer = this.renderers.ground;
      this.groups.limit.clearLayers();
      this.rings.forEach((ring) => ring.group.clearLayers());
      lc.data.isochrones.filter((row) => row.category === lc.state.category).forEach((row) => {
        const shape = lc.coarse(row.shape);
        if (!shape || !shape.polygons) return;
        if (row.level === lc.state.level) {
          L.polygon(shape.polygons, { renderer: this.renderers.frame, interactive: false, fill: false, color: limit, weight: 2, dashArray: "2 4" }).addTo(this.groups.limit);
        }
        const at = this.rings.findIndex((ring) => ring.minutes === row.minutes);
        if (at < 0) return;
        const color = colors[Math.min(this.rings.length - 1 - at, colors.length - 1)];
        L.polygon(shape.polygons, { renderer, interactive: false, color, weight: 1.8, fillColor: color, fillOpacity: 0.24 }).addTo(this.rings[at].group);
      });
    }

    // Gaps hatched; where the land beyond the limit is not drawn (another group's own limit), the residence is ringed.
    drawGaps() {
      const { gap_areas: areas, residences } = lc.data, { gaps } = lc.now;
      const look = { renderer: this.renderers.front, color: lc.data.style.map.gap, weight: 2.2, fillOpacity: 0, fill: true };
      const land = new Map(), sameForAll = lc.data.study.rule === "distance";
      areas.gap.forEach((gap, i) => {
        if (areas.category[i] !== lc.state.category || areas.level[i] !== lc.state.level) return;
        land.set(sameForAll ? `home ${areas.residence[i]}` : `gap ${gap}`, lc.coarse(areas.shape[i]) || residences.shape[areas.residence[i]]);
      });
      this.groups.gaps.clearLayers();
      this.ringed = false;
      lc.chosenGaps().forEach((gap) => {
        const own = land.get(sameForAll ? `home ${gaps.residence[gap]}` : `gap ${gap}`), shape = own || residences.shape[gaps.residence[gap]];
        const area = shape && shape.polygons ? L.polygon(shape.polygons, Object.assign({ hatch: Boolean(own), dashArray: own ? null : "6 3" }, look))
          : L.circleMarker(gaps.at[gap], Object.assign({ radius: 9 }, look, { weight: 3 }));
        this.ringed = this.ringed || !own;
        area.bindPopup(() => lc.popup.gap(gap), lc.popup.options).addTo(this.groups.gaps);
      });
    }

    drawPlaces() {
      const places = lc.now.facilities, chosen = new Set();
      this.groups.places.clearLayers();
      this.groups.doors.clearLayers();
      places.categories.forEach((categories, i) => {
        if (!categories.includes(lc.state.category)) return;
        chosen.add(i);
        this.place(i, lc.data.style.map.facility, this.groups.places);
      });
      places.doors.facility.forEach((i, door) => {
        if (!chosen.has(i)) return;
        L.circleMarker(places.doors.at[door], { renderer: this.renderers.front, interactive: false, radius: 2.4, weight: 1, color: "#fff", fillColor: lc.data.style.map.entrance, fillOpacity: 1 }).addTo(this.groups.doors);
      });
    }

    // One canvas carries all that can be clicked, so the order of drawing is set here, not by the order of switching on.
    order() {
      this.rings.forEach((ring) => this.raise(ring.group));
      ["homes", "gaps", "everyPlace", "doors", "places"].forEach((name) => this.raise(this.groups[name]));
    }

    // Thinner outlines and smaller squares far out.
    scale() {
      const close = isClose(this.map);
      if (this.close === close) return;
      this.close = close;
      this.groups.gaps.eachLayer((area) => area.setStyle({ weight: close ? 2.2 : 1 }));
      this.groups.places.eachLayer((place) => { if (place.setRadius) place.setRadius(close ? 7 : 5); });
      this.groups.everyPlace.eachLayer((place) => { if (place.setRadius) place.setRadius(close ? 5 : 3); });
    }

    raise(group) {
      if (this.map.hasLayer(group)) group.eachLayer((layer) => layer.bringToFront());
    }

    control() {
      const overlays = {}, escape = (word) => word.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
      // Leaflet sets these names as markup: constant words only, escaped.
      const add = (word, group, on) => {
        overlays[escape(word)] = group;
        if (on) group.addTo(this.map);
      };
      const { groups } = this, data = lc.data;
      if (data.area.length) add(lc.say("study_area"), groups.area, true);
      if (data.units.length) add(lc.say("units"), groups.units, true);
      add(lc.say("streets"), groups.streets, true);
      this.rings.slice().reverse().forEach((ring) => add(lc.say("isochrone", { minutes: ring.minutes }), ring.group, true));
      if (data.isochrones.some((row) => row.level >= 0)) add(lc.say("limit_area"), groups.limit, false);
      add(lc.say("residences"), groups.homes, true);
      add(lc.say("gap_areas"), groups.gaps, true);
      add(lc.say("facilities_chosen"), groups.places, true);
      add(lc.say("facilities_all"), groups.everyPlace, false);
      add(lc.say("entrances"), groups.doors, true);
      L.control.layers(null, overlays, { collapsed: window.innerWidth < 900 }).addTo(this.map);
    }

    bounds() {
      const first = (layer) => {
        const all = L.latLngBounds([]);
        layer.eachLayer((part) => all.extend(part.getBounds ? part.getBounds() : part.getLatLng()));
        return all.isValid() ? all : null;
      };
      const { area, units, homes, streets } = this.groups;
      return first(area) || first(units) || first(homes) || first(streets);
    }

    // One sharp canvas for paper: browsers print stacked canvases as white sheets over each other.
    paper() {
      const sharp = 2, { _bounds: bounds } = this.renderers.frame, size = bounds.getSize();
      const sheet = lc.element("canvas", { class: "paper", width: size.x * sharp, height: size.y * sharp });
      sheet.style.width = `${size.x}px`;
      sheet.style.height = `${size.y}px`;
      L.DomUtil.setPosition(sheet, bounds.min);
      const pen = sheet.getContext("2d");
      pen.scale(sharp, sharp);
      pen.translate(-bounds.min.x, -bounds.min.y);
      ["ground", "streets", "front", "frame"].forEach((name) => this.renderers[name].drawOn(pen));
      this.map.getPane("frame").append(sheet);
      return sheet;
    }
  }

  lc.Layers = Layers;
})(livingcircle);
