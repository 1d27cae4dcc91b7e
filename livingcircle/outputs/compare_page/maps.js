"use strict";
// One map of one state: residences by their walk or by what they gain and lose, gaps, facilities, links.

(function (lc) {
  // Class of a walk: position among the breaks, or the status where there is no walk.
  lc.walkClass = function ({ minutes, status }) {
    if (minutes === null) return status || "off_network";
    const breaks = lc.data.style.walk.breaks_min, at = breaks.findIndex((limit) => minutes <= limit);
    return at < 0 ? breaks.length : at;
  };

  function walkStyle(kind) {
    const { walk } = lc.data.style;
    if (kind === "off_network") return { fillColor: walk.off_network, color: "#555", weight: 1, dashArray: "3 3" };
    if (kind === "unreachable") return { fillColor: walk.unreachable, color: "#222", weight: 1.2, dashArray: null };
    return { fillColor: walk.colors[kind], color: "#fff", weight: 0.6, dashArray: null };
  }

  // Class of what a residence gains, less what it loses: -3 to 3, 0 for nothing.
  lc.differenceClass = function (people) {
    if (!people) return 0;
    const { breaks } = lc.data.style.difference, size = Math.abs(people), at = breaks.findIndex((limit) => size <= limit);
    return Math.sign(people) * ((at < 0 ? breaks.length : at) + 1);
  };

  function differenceStyle(home, moves) {
    const { difference } = lc.data.style, { before, after } = lc.state;
    if (lc.lived(before, home) !== lc.lived(after, home)) return { fillColor: difference.arrived, color: "#333", weight: 1.4, dashArray: "2 3" };
    const moved = moves.get(home), kind = moved ? lc.differenceClass(moved.people_gained - moved.people_lost) : 0;
    const fill = kind > 0 ? difference.gained[kind - 1] : kind < 0 ? difference.lost[-kind - 1] : difference.same;
    return { fillColor: fill, color: kind ? "#333" : "#fff", weight: kind ? 1 : 0.6, dashArray: null };
  }

  // What a home does, in one sign and by the key of its word.
  lc.homeSaid = { arrived: "home_arrived", left: "home_left", resized: "home_resized" };
  lc.homeSign = { arrived: "+", left: "−", resized: "~" };

  class StateMap {
    // `side` is before or after.
    constructor(map, side) {
      this.map = map;
      this.side = side;
      this.renderers = { ground: lc.pane(map, "ground", 360), homes: lc.pane(map, "homes", 400, true), top: lc.pane(map, "top", 430) };
      // A canvas with nothing on it is printed, too.
      Object.values(this.renderers).forEach((renderer) => renderer.addTo(map));
      this.groups = {};
      ["homes", "changes", "links", "places"].forEach((name) => { this.groups[name] = L.layerGroup().addTo(map); });
      this.drawFrame();
      this.homes = lc.data.residences.shape.map((shape, home) => {
        const made = lc.drawn(shape, { renderer: this.renderers.homes, smoothFactor: 0.6, fillOpacity: 0.9 });
        if (made) made.bindPopup(() => lc.card(home), lc.cardOptions).addTo(this.groups.homes);
        return made;
      });
      // Leaflet leaves canvases between pixels when a view is set, which blurs them; laid anew they lie on whole ones.
      map.on("viewreset", () => Object.values(this.renderers).forEach((renderer) => { if (renderer._map) renderer._update(); }));
    }

    drawFrame() {
      const { style, area, units, streets } = lc.data, { ground, top } = this.renderers;
      L.polyline(lc.lines(streets), { renderer: ground, interactive: false, color: style.map.street, weight: 1.1, smoothFactor: 1.5 }).addTo(this.map);
      const outline = (row, look) => {
        const made = lc.drawn(lc.shape(row.shape), Object.assign({ renderer: top, interactive: false, fill: false }, look));
        if (made) made.addTo(this.map);
        return made;
      };
      area.forEach((row) => outline(row, { color: style.map.area, weight: 2.2, dashArray: "12 5 2 5" }));
      units.forEach((row) => outline(row, { color: style.map.unit, weight: 1.2, dashArray: "6 4" }));
    }

    refresh() {
      const state = lc.state[this.side], { category, group, kind, mode, pair } = lc.state;
      const walks = lc.walksOf(state, category, group), gaps = lc.gapPeople(state, kind), gap = lc.data.style.map.gap;
      const moves = mode === "difference" ? lc.movesOfHomes(pair, kind) : null;
      this.homes.forEach((home, i) => {
        if (!home) return;
        const there = lc.lived(state, i), look = moves ? differenceStyle(i, moves) : there ? walkStyle(lc.walkClass(walks[i]))
          : { fillColor: "#fff", color: "#999", weight: 0.8, dashArray: "1 4" };
        home.setStyle(Object.assign({ hatch: gaps[i] === null ? null : gap }, look));
        if (gaps[i] !== null && !moves) home.setStyle({ color: gap, weight: 1 });
      });
      this.drawChanges(pair);
      this.drawLinks();
      this.drawPlaces(state);
    }

    // Homes that arrive, leave or have other people: outlined on both maps, with the sign of the list in their midst.
    drawChanges({ residences: { change, home } }) {
      const { changes } = this.groups, { home: color } = lc.data.style.map, renderer = this.renderers.homes;
      changes.clearLayers();
      home.forEach((at, i) => {
        const shape = lc.data.residences.shape[at], left = change[i] === "left",
          look = { renderer, interactive: false, fill: false, color, weight: 3.2, dashArray: left ? "6 4" : null, radius: 10 };
        const outline = lc.drawn(shape, look);
        if (!outline) return;
        outline.addTo(changes);
        const middle = outline.getBounds && shape.polygons ? outline.getBounds().getCenter() : outline.getLatLng();
        L.marker(middle, { icon: L.divIcon({ className: "sign-home", html: lc.element("span", { text: lc.homeSign[change[i]] }), iconSize: [18, 18] }),
          interactive: false, keyboard: false }).addTo(changes);
      });
    }

    drawLinks() {
      const { links } = this.groups, { link } = lc.data.style.map;
      links.clearLayers();
      lc.linksChanged(lc.state.before, lc.state.after).forEach((one) => {
        const opens = one.change === "opened", shape = lc.shape(one.shape);
        // A new link is shown where it stands, a closed one where it stood; the map of differences shows both.
        if (!shape || (lc.state.mode !== "difference" && opens !== (this.side === "after"))) return;
        const card = () => lc.linkCard(one), renderer = this.renderers.homes;
        if (shape.points.length > 1) {
          L.polyline(shape.points, { renderer, color: "#fff", weight: 8 }).bindPopup(card, lc.cardOptions).addTo(links);
          L.polyline(shape.points, { renderer, color: link, weight: 4.5, dashArray: opens ? null : "5 6" }).bindPopup(card, lc.cardOptions).addTo(links);
        } else {
          new lc.Mark(shape.points[0], { renderer, radius: 6, color: link, weight: 3, fill: opens, fillColor: "#fff", fillOpacity: 1, cross: !opens })
            .bindPopup(card, lc.cardOptions).addTo(links);
        }
      });
    }

    // Facilities of the category: open ones filled; what opens, closes or moves between the states is marked on either map.
    drawPlaces(state) {
      const { places } = this.groups, { pair, before, after, category, mode } = lc.state, changed = new Map();
      pair.facilities.facility.forEach((facility, i) => changed.set(facility, pair.facilities.change[i]));
      places.clearLayers();
      lc.data.facilities.categories.forEach((categories, facility) => {
        if (!categories.includes(category)) return;
        const change = changed.get(facility), at = lc.placeOf(state, facility);
        if (change === "moved" && this.side === "after") {
          L.polyline([lc.placeOf(before, facility), at],
            { renderer: this.renderers.homes, interactive: false, color: lc.data.style.map.opened, weight: 2, dashArray: "4 4" }).addTo(places);
          if (mode === "difference") this.mark(lc.placeOf(before, facility), "closed", facility);
        }
        if (lc.isOpen(state, facility)) this.mark(at, change === "moved" && this.side === "before" ? "closed" : change || "open", facility);
        else if (change === "closed") this.mark(lc.placeOf(before, facility), "closed", facility);
        else if (change === "opened" && lc.isOpen(after, facility)) this.mark(lc.placeOf(after, facility), "coming", facility);
      });
    }

    mark(at, kind, facility) {
      const { facility: fill, opened, closed } = lc.data.style.map, gone = kind === "closed" && this.side === "after";
      const looks = {
        open: { radius: 5, color: "#111", weight: 1.2, fillColor: fill },
        resized: { radius: 6.5, color: opened, weight: 3, fillColor: fill },
        opened: { radius: 7, color: opened, weight: 3.2, fillColor: fill },
        moved: { radius: 7, color: opened, weight: 3.2, fillColor: fill },
        coming: { radius: 6, color: opened, weight: 2, fillColor: "#fff", dashArray: "3 2" },
        closed: { radius: 6, color: closed, weight: 2.6, fillColor: gone ? "#fff" : fill, cross: gone },
      };
      const look = Object.assign({ renderer: this.renderers.homes, fillOpacity: 1 }, looks[kind]);
      const add = (options) => new lc.Mark(at, options).bindPopup(() => lc.facilityCard(facility), lc.cardOptions).addTo(this.groups.places);
      add(look);
      if (kind === "closed" && !gone) add(Object.assign({}, look, { cross: true, fill: false, color: "#fff", weight: 2, radius: 4 }));
    }

    sheet() {
      return lc.sheetOf(this.map, ["ground", "homes", "top"].map((name) => this.renderers[name]));
    }

    bounds() {
      const all = L.latLngBounds([]), add = (shape) =>
        (shape && shape.polygons ? shape.polygons.forEach((rings) => all.extend(rings[0])) : shape && all.extend(shape.points));
      const frame = lc.data.area.length ? lc.data.area : lc.data.units;
      frame.forEach((row) => add(lc.shape(row.shape)));
      if (!all.isValid()) lc.data.residences.shape.forEach(add);
      return all.isValid() ? all : null;
    }
  }

  lc.StateMap = StateMap;
})(livingcircle);
