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
    _ink: function (context, { hatch: kind, color }) {
      const close = isClose(this._map), land = kind === "light" && lc.beyondLand.hatch(context, this._map, hatch(context, color, close, "full"));
      return land || hatch(context, color, close, kind);
    },
  });

  // Far out, a gap is a few pixels wide: fine lines leave its color visible, close by a white edge parts them from it.
  const CLOSE_ZOOM = 15, LABEL_ZOOM = 13;
  const isClose = (map) => map.getZoom() >= CLOSE_ZOOM;
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
    L.marker(at, { icon: L.divIcon({ className: kind, html: lc.element("span", { text }), iconSize: [0, 0] }), pane: "tooltipPane", interactive: false, keyboard: false });

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
      // A canvas with nothing on it is printed, too.
      Object.values(this.renderers).forEach((renderer) => renderer.addTo(map));
      this.groups = {};
      ["water", "green", "area", "units", "streets", "homes", "gaps", "places", "everyPlace", "doors"].forEach((name) => { this.groups[name] = L.layerGroup(); });
      this.offered = [];
      // What waits for the view that the page opens with, so that nothing is laid out twice.
      this.waiting = [];
      // What is on paper besides the canvases: {height among the panes, draw(pen)}, in layer points.
      this.painters = [];
      this.hatched = {};
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
      const mark = new lc.Mark(places.at[i], Object.assign({ radius: 6 }, look)).bindPopup(() => lc.popup.facility(i), lc.popup.options);
      if (!open && places.year[i] !== null) {
        lc.label(places.at[i], String(places.year[i]), "year-label").addTo(group);
      }
      return mark.addTo(group);
    }

    // Facilities of every category are many: they are made once they are shown.
    drawEveryPlace() {
      if (this.everyPlaceOf === lc.now.facilities || !this.shows(this.groups.everyPlace)) return;
      this.groups.everyPlace.clearLayers();
      this.everyPlaceOf = lc.now.facilities;
      lc.now.facilities.categories.forEach((categories, i) => {
        const theme = categories.length ? lc.data.themes[lc.data.categories[categories[0]].theme] : null;
        this.place(i, (theme && theme.color) || lc.data.style.map.theme, this.groups.everyPlace).setRadius(isClose(this.map) ? 5 : 3);
      });
    }

    refresh() {
      this.drawEveryPlace();
      this.paintHomes();
      this.drawGaps();
      this.drawPlaces();
      this.close = null;
      this.scale();
      this.order();
    }

    paintHomes() {
      const walks = lc.state.lacking ? null : lc.now.walks(lc.state.category);
      this.homes.forEach((home, i) => {
        if (!home) return;
        home.setStyle(walks ? homeStyle(lc.walkClass(lc.groupMinutes(walks.walk_min[i]), walks.status[i])) : lc.lackingStyle(i));
      });
    }

    // How a gap is hatched: `full`, `light` (a part of the residence lies within the limit), or "" for an outline alone.
    gapHatch(gap) {
      const { gaps } = lc.now, home = gaps.residence[gap], land = home < 0 ? null : lc.data.residences.land_ha[home];
      return !land || gaps.land_ha[gap] >= WHOLE * land ? "full" : "light";
    }

    drawGaps() {
      const { residences } = lc.data, { gaps } = lc.now;
      const look = { renderer: this.renderers.front, color: lc.data.style.map.gap, weight: 2.2, fillOpacity: 0, fill: true };
      this.groups.gaps.clearLayers();
      this.hatched = {};
      if (lc.state.lacking) return;
      lc.chosenGaps().forEach((gap) => {
        const shape = residences.shape[gaps.residence[gap]], hatch = this.gapHatch(gap);
        const area = shape && shape.polygons ? L.polygon(shape.polygons, Object.assign({}, look, { hatch, dashArray: hatch === "full" ? null : "6 3" }))
          : L.circleMarker(gaps.at[gap], Object.assign({ radius: 9 }, look, { weight: 3 }));
        this.hatched[hatch] = true;
        area.on("click", () => lc.panel.mark(gap));
        area.bindPopup(() => lc.popup.gap(gap), lc.popup.options).addTo(this.groups.gaps);
      });
    }

    drawPlaces() {
      const places = lc.now.facilities, chosen = new Set();
      this.groups.places.clearLayers();
      this.groups.doors.clearLayers();
      if (lc.state.lacking) return;
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
      ["homes", "gaps", "everyPlace", "doors", "places"].forEach((name) => this.raise(this.groups[name]));
    }

    // Thinner outlines and smaller squares far out.
    scale() {
      const close = isClose(this.map);
      this.map.getContainer().classList.toggle("far-out", this.map.getZoom() < LABEL_ZOOM);
      if (this.close === close) return;
      this.close = close;
      this.groups.gaps.eachLayer((area) => area.setStyle({ weight: close ? 2.2 : 1 }));
      this.groups.places.eachLayer((place) => { if (place.setRadius) place.setRadius(close ? 7 : 5); });
      this.groups.everyPlace.eachLayer((place) => { if (place.setRadius) place.setRadius(close ? 5 : 3); });
    }

    raise(group) {
      if (this.map.hasLayer(group)) group.eachLayer((layer) => { if (layer.bringToFront) layer.bringToFront(); });
    }

    // Whether a layer is on the map, or will be as soon as the map has its view.
    shows(group) { return this.map.hasLayer(group) || Boolean(this.waiting && this.waiting.includes(group)); }

    // Puts what waited on the map.
    put() {
      const { waiting } = this;
      this.waiting = null;
      // Each layer that comes would have the list of layers made anew.
      this.list.remove();
      waiting.forEach((group) => group.addTo(this.map));
      this.list.addTo(this.map);
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
