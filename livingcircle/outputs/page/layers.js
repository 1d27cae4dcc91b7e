"use strict";
// The layers of the map: drawn on canvases, restyled when another category, level or group is chosen.

(function (lc) {
  // Polygons may be hatched, so that a gap shows in grey print; a facility is a square, a residence is not.
  const Front = lc.Canvas.extend({
    _fillStroke: function (context, layer) {
      if (layer.options.hatch) {
        context.save();
        context.fillStyle = this._ink(context, layer.options);
        context.fill("evenodd");
        context.restore();
      }
      L.Canvas.prototype._fillStroke.call(this, context, layer);
    },
    // Of a residence that lies beyond the limit in part, only that part is hatched, as soon as the cells of ground tell which.
    _ink: function (context, { hatch: kind, color, fresh }) {
      const close = isClose(this._map), land = kind === "light" && !fresh && lc.beyondLand.hatch(context, this._map, hatch(context, color, close, "full"));
      return land || hatch(context, color, close, kind);
    },
    // Has a layer drawn after all others. Where nothing else changes it lies over them already, so that nothing is painted for it.
    over: function (layer) {
      if (layer._renderer !== this || !layer._order) return;
      this._requestRedraw = () => {};
      this._bringToFront(layer);
      delete this._requestRedraw;
    },
  });

  // Far out, a gap is a few pixels wide: fine lines leave its color visible, close by a white edge parts them from it.
  const CLOSE_ZOOM = 15, LABEL_ZOOM = 13;
  const isClose = (map) => map.getZoom() >= CLOSE_ZOOM;
  // Outlines of gaps, squares of the chosen category and of all others, in pixels.
  const SIZES = { near: { gap: 2.2, place: 7, anyPlace: 5 }, far: { gap: 1, place: 5, anyPlace: 3 } };
  const sizeOf = (map) => SIZES[isClose(map) ? "near" : "far"];
  function hatch(context, color, close, kind) {
    const light = kind === "light", size = Math.round((close ? 9 : 5) * (light ? 1.6 : 1)), thin = light ? 0.7 : 1;
    return lc.hatching(context, size, close ? [["#fff", 3.4 * thin], [color, 1.5 * thin]] : [[color, 0.9 * thin]]);
  }

  const pane = (map, name, height, reachable, canvas = (options) => new Front(options)) =>
    lc.pane(map, name, height, reachable, (options) => canvas(Object.assign(options, { padding: 0.1 })));

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

  // A word on the map, in the middle of `at` or beside it; unlike a tooltip it is laid out without being measured.
  lc.label = (at, text, kind) =>
    L.marker(at, { icon: L.divIcon({ className: kind, html: lc.element("span", { text }), iconSize: [0, 0] }), pane: "tooltipPane", interactive: false,
      keyboard: false });

  function homeStyle(kind) {
    const walk = lc.data.style.walk;
    if (kind === "off_network") return { fillColor: walk.off_network, color: "#555", weight: 1, dashArray: "3 3", fillOpacity: 0.9 };
    const fill = kind === "unreachable" ? walk.unreachable : walk.colors[kind];
    return { fillColor: fill, color: kind === "unreachable" ? "#222" : "#fff", weight: kind === "unreachable" ? 1.2 : 0.6, dashArray: null, fillOpacity: 0.88 };
  }

  // A gap whose residence lies beyond the limit as a whole is hatched fully, one of which a part does lightly.
  const WHOLE = 0.995;

  class Layers {
    constructor(map) {
      this.map = map;
      this.renderers = {
        land: pane(map, "land", 340), streets: pane(map, "streets", 360, false, lc.streetCanvas),
        front: pane(map, "front", 410, true), frame: pane(map, "frame", 430),
      };
      this.groups = {};
      ["water", "green", "area", "units", "streets", "homes", "gaps", "places", "everyPlace", "doors"].forEach((name) => {
        this.groups[name] = L.layerGroup();
      });
      this.offered = [];
      // What waits for the view that the page opens with, so that nothing is laid out twice.
      this.waiting = [];
      // What is on paper besides the canvases: {height among the panes, draw(pen)}, in layer points.
      this.painters = [];
      this.hatched = {};
      this.drawn = {};
      lc.drawGround(this);
      lc.drawFrame(this);
      lc.drawStreets(this);
      this.drawHomes();
      this.offerAll();
      map.on("overlayadd overlayremove", () => { this.drawEveryPlace(); this.order(); lc.legend(); });
      map.on("zoomend", () => this.scale());
    }

    drawHomes() {
      this.homes = lc.data.residences.shape.map((shape, i) => {
        const home = lc.drawn(shape, { renderer: this.renderers.front, smoothFactor: 0.6 });
        if (home) home.bindPopup(() => lc.popup.residence(i)).addTo(this.groups.homes);
        return home;
      });
    }

    // One facility as a square, its site as an outline; hollow and dashed when it is not open in the study's year.
    place(i, color, radius) {
      const places = lc.now.facilities, open = places.open[i], renderer = this.renderers.front, made = [];
      const look = {
        renderer, color: open ? "#111" : color, weight: open ? 1.3 : 2.2, dashArray: open ? null : "3 2",
        fillColor: open ? color : "#fff", fillOpacity: open ? 1 : 0.9,
      };
      if (places.shape[i] && places.shape[i].polygons) {
        const site = { renderer, color, weight: 1.6, dashArray: open ? null : "5 3", fillOpacity: 0.12, fillColor: color };
        made.push(L.polygon(places.shape[i].polygons, site).bindPopup(() => lc.popup.facility(i)));
      }
      if (!open && places.year[i] !== null) made.push(lc.label(places.at[i], String(places.year[i]), "year-label"));
      made.push(new lc.Mark(places.at[i], Object.assign({ radius }, look)).bindPopup(() => lc.popup.facility(i)));
      return made;
    }

    // Puts on the map what is wanted of a group, [{key, as: what it is drawn from, make() -> layers}]. What is drawn from the same as
    // before stays as it is, so that only the ground around what changed is painted anew; nothing stays where `of` is another one.
    exchange(name, of, wanted) {
      const group = this.groups[name], before = this.drawn[name], had = before && before.of === of ? before.parts : new Map(), parts = new Map(), fresh = [];
      if (!had.size) group.clearLayers();
      wanted.forEach(({ key, as, make }) => {
        const known = had.get(key);
        if (known && as.every((value, k) => value === known.as[k])) {
          parts.set(key, known);
          had.delete(key);
          return;
        }
        const part = { as, layers: make() };
        parts.set(key, part);
        fresh.push(part);
      });
      had.forEach((part) => part.layers.forEach((layer) => group.removeLayer(layer)));
      fresh.forEach((part) => part.layers.forEach((layer) => group.addLayer(layer)));
      this.drawn[name] = { of, parts };
    }

    // Facilities of every category are many: they are made once they are shown.
    drawEveryPlace() {
      if (this.everyPlaceOf === lc.now.facilities || !this.shows(this.groups.everyPlace)) return;
      this.groups.everyPlace.clearLayers();
      this.everyPlaceOf = lc.now.facilities;
      lc.now.facilities.categories.forEach((categories, i) => {
        const theme = categories.length ? lc.data.themes[lc.data.categories[categories[0]].theme] : null;
        const color = (theme && theme.color) || lc.data.style.map.theme;
        this.place(i, color, sizeOf(this.map).anyPlace).forEach((layer) => layer.addTo(this.groups.everyPlace));
      });
    }

    refresh() {
      this.drawEveryPlace();
      this.paintHomes();
      this.drawGaps();
      this.drawPlaces();
      this.scale();
      // What is new among the gaps comes to lie under what stood over them before.
      ["everyPlace", "doors", "places"].forEach((name) => this.groups[name].eachLayer((layer) => this.renderers.front.over(layer)));
    }

    paintHomes() {
      const walks = lc.state.lacking ? null : lc.now.walks(lc.state.category);
      this.homes.forEach((home, i) => {
        if (!home) return;
        const style = walks ? homeStyle(lc.walkClass(lc.groupMinutes(walks.walk_min[i]), walks.status[i])) : lc.lackingStyle(i);
        if (Object.keys(style).some((key) => home.options[key] !== style[key])) home.setStyle(style);
      });
    }

    // How a gap is hatched: `full`, `light` (a part of the residence lies within the limit), or "" for an outline alone.
    gapHatch(gap) {
      const { gaps } = lc.now, home = gaps.residence[gap], land = home < 0 ? null : lc.data.residences.land_ha[home];
      return !land || gaps.land_ha[gap] >= WHOLE * land ? "full" : "light";
    }

    drawGaps() {
      const { category, level, group, lacking } = lc.state, { gaps } = lc.now, { shape } = lc.data.residences;
      this.hatched = {};
      this.exchange("gaps", `${category} ${level} ${group}`, (lacking ? [] : lc.chosenGaps()).map((gap) => {
        const home = gaps.residence[gap], hatch = this.gapHatch(gap), drawn = home >= 0 && shape[home] && shape[home].polygons;
        this.hatched[hatch] = true;
        return { key: home < 0 ? `of ${gap}` : home, as: [hatch, gaps.land_ha[gap], drawn || gaps.at[gap]], make: () => [this.gapArea(gap, hatch, drawn)] };
      }));
    }

    gapArea(gap, hatch, drawn) {
      const home = lc.now.gaps.residence[gap];
      // The same gap may stand elsewhere in the list by the time it is clicked.
      const place = () => (home < 0 ? gap : lc.chosenGaps().find((one) => lc.now.gaps.residence[one] === home));
      // Which of its ground lies beyond the limit is not known before the ground has been measured anew.
      const look = { renderer: this.renderers.front, color: lc.data.style.map.gap, weight: sizeOf(this.map).gap, fillOpacity: 0, fill: true, fresh: true };
      const area = drawn ? L.polygon(drawn, Object.assign(look, { hatch, dashArray: hatch === "full" ? null : "6 3" }))
        : L.circleMarker(lc.now.gaps.at[gap], Object.assign({ radius: 9 }, look));
      return area.on("click", () => lc.panel.mark(place())).bindPopup(() => lc.popup.gap(place()));
    }

    drawPlaces() {
      const places = lc.now.facilities, { category, lacking } = lc.state, chosen = new Set(), of = String(category), { map: style } = lc.data.style;
      if (!lacking) places.categories.forEach((categories, i) => { if (categories.includes(category)) chosen.add(i); });
      this.exchange("places", of, [...chosen].map((i) => ({
        key: i, as: [places.at[i], places.shape[i], places.open[i], places.year[i]], make: () => this.place(i, style.facility, sizeOf(this.map).place),
      })));
      const look = { renderer: this.renderers.front, interactive: false, radius: 2.4, weight: 1, color: "#fff", fillColor: style.entrance, fillOpacity: 1 };
      const { facility, at } = places.doors, doors = facility.map((_, door) => door).filter((door) => chosen.has(facility[door]));
      this.exchange("doors", of, doors.map((door) => ({ key: door, as: [at[door]], make: () => [L.circleMarker(at[door], look)] })));
    }

    // One canvas carries all that can be clicked, so the order of drawing is set here, not by the order of switching on.
    order() {
      ["homes", "gaps", "everyPlace", "doors", "places"].forEach((name) => this.raise(this.groups[name]));
    }

    // Thinner outlines and smaller squares far out.
    scale() {
      const close = isClose(this.map);
      this.map.getContainer().classList.toggle("far-out", this.map.getZoom() < LABEL_ZOOM);
      if (this.close === close) return;
      this.close = close;
      const size = sizeOf(this.map), { gaps, places, everyPlace } = this.groups;
      gaps.eachLayer((area) => area.setStyle({ weight: size.gap }));
      places.eachLayer((place) => { if (place.setRadius) place.setRadius(size.place); });
      everyPlace.eachLayer((place) => { if (place.setRadius) place.setRadius(size.anyPlace); });
    }

    raise(group) {
      if (this.map.hasLayer(group)) group.eachLayer((layer) => { if (layer.bringToFront) layer.bringToFront(); });
    }

    // Whether a layer is on the map, or will be as soon as the map has its view.
    shows(group) { return this.map.hasLayer(group) || Boolean(this.waiting && this.waiting.includes(group)); }

    // Puts what waited on the map.
    put() {
      const { waiting, list, map } = this;
      this.waiting = null;
      // A canvas with nothing on it is printed, too.
      Object.values(this.renderers).forEach((renderer) => renderer.addTo(map));
      // Each layer that comes would have the list of layers made anew; the list only needs its ticks.
      const silently = (group) => group.off("add remove", list._onLayerChange, list).addTo(map).on("add remove", list._onLayerChange, list);
      waiting.forEach(silently);
      list._layerControlInputs.forEach((tick) => { tick.checked = map.hasLayer(list._getLayer(tick.layerId).layer); });
      this.order();
    }

    // Offers a layer in the list of layers, under the word of `key`; other views offer theirs when the page starts.
    offer(key, group, shown) {
      this.offered.push({ key, group });
      if (shown && this.waiting) this.waiting.push(group);
      else if (shown) group.addTo(this.map);
      if (this.list) this.control();
    }

    offerAll() {
      const { groups } = this, { data } = lc;
      if (data.area.length) this.offer("study_area", groups.area, true);
      if (data.units.length) this.offer("units", groups.units, true);
      this.offer("streets", groups.streets, true);
      if (data.water.length) this.offer("water", groups.water, true);
      if (groups.green.getLayers().length) this.offer("green", groups.green, true);
      this.offer("residences", groups.homes, true);
      this.offer("gap_areas", groups.gaps, true);
      this.offer("facilities_chosen", groups.places, true);
      this.offer("facilities_all", groups.everyPlace, false);
      this.offer("entrances", groups.doors, true);
    }

    // The list of layers; made anew when the language changes or a layer is offered.
    control() {
      const overlays = {}, escape = (word) => word.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
      if (this.list) this.list.remove();
      // Leaflet sets these names as markup: constant words only, escaped.
      this.offered.forEach(({ key, group }) => { overlays[escape(lc.say(key))] = group; });
      this.list = L.control.layers(null, overlays, { collapsed: window.innerWidth < 1200 }).addTo(this.map);
      const toggle = this.list.getContainer().querySelector("a");
      toggle.title = lc.say("layers");
      toggle.setAttribute("aria-label", lc.say("layers"));
    }

    height(name) { return Number(this.map.getPane(name).style.zIndex); }

    // A pane with a canvas of its own, for another view; it is printed with the rest.
    canvas(name, height, reachable) {
      this.renderers[name] = pane(this.map, name, height, reachable);
      return this.renderers[name];
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

    // One sharp canvas for paper, of all canvases and of what other views paint.
    paper() {
      const canvases = Object.entries(this.renderers).map(([name, renderer]) => ({ height: this.height(name), draw: (pen) => renderer.drawOn(pen) }));
      const paints = [...canvases, ...this.painters].sort((a, b) => a.height - b.height).map((part) => (pen) => part.draw(pen));
      return lc.paperIn(this.map.getPane("frame"), this.renderers.frame._bounds, paints);
    }
  }

  lc.Layers = Layers;
})(livingcircle);
