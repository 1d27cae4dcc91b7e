"use strict";
// The map of a siting: residences by whether they are covered, people newly covered, candidates, what stands and what is new.

(function (lc) {
  const { element } = lc;
  const cardOptions = { maxWidth: 290, autoPanPadding: [30, 30] };

  const rowsOf = (pairs) => element("table", {},
    pairs.filter(Boolean).map(([name, value]) => element("tr", {}, [element("th", { scope: "row", text: name }), element("td", { text: value })])));
  lc.card = (title, kind, pairs) => element("div", { class: "card" },
    [element("p", { class: "kind", text: kind }), element("h3", { text: title }), rowsOf(pairs)]);

  function homeCard(home) {
    const { homes } = lc.data;
    return lc.card(homes.name[home], homes.unit[home] || lc.say("whole"), [
      ["covered", homes.covered[home]], ["gained", homes.gained[home]], ["uncovered", homes.uncovered[home]],
    ].map(([key, people]) => [lc.say(key), lc.show.people(people)]));
  }

  lc.siteCard = (site) => lc.card([site.site_id, site.name].filter(Boolean).join(" "), lc.say("turn", { n: site.turn }), [
    [lc.say("head.gained"), lc.show.people(site.people_gained)],
    [lc.say("head.only"), lc.show.people(site.people_only)],
    [lc.say("head.farthest"), lc.show.count(site.farthest_m)],
    site.street ? [lc.say("head.street"), site.street] : null,
    site.area_m2 ? [lc.say("head.area_m2"), lc.show.count(site.area_m2)] : null,
    site.cost ? [lc.say("head.cost"), `${lc.show.count(site.cost)} ${lc.data.study.cost_unit}`] : null,
    site.capacity !== null ? [lc.say("head.capacity"), lc.show.count(site.capacity)] : null,
    [lc.say("head.next"), lc.nextBest(site)],
  ]);

  function drawGround(map, ground, top) {
    const { style, area, streets, parcels } = lc.data;
    parcels.forEach((parcel) => {
      const made = lc.drawn(lc.shape(parcel.shape), { renderer: ground, color: style.parcel_edge, weight: 1, fillColor: style.parcel, fillOpacity: 0.8 });
      if (!made) return;
      made.bindPopup(() => lc.card(parcel.name, lc.say("parcels"), [[lc.say("head.area_m2"), lc.show.count(parcel.area_m2)],
        parcel.cost ? [lc.say("head.cost"), `${lc.show.count(parcel.cost)} ${lc.data.study.cost_unit}`] : null]), cardOptions).addTo(map);
    });
    L.polyline(lc.lines(streets), { renderer: ground, interactive: false, color: style.street, weight: 1.1, smoothFactor: 1.5 }).addTo(map);
    area.forEach((row) => {
      const made = lc.drawn(lc.shape(row.shape), { renderer: top, interactive: false, fill: false, color: style.area, weight: 2, dashArray: "12 5 2 5" });
      if (made) made.addTo(map);
    });
  }

  function drawHomes(map, renderer) {
    const { homes, style } = lc.data;
    homes.shape.forEach((shape, home) => {
      const inside = homes.covered[home] + homes.gained[home] >= homes.uncovered[home];
      const made = lc.drawn(shape, { renderer, radius: 5, color: "#fff", weight: 0.6, fillColor: inside ? style.covered : style.uncovered, fillOpacity: 0.95 });
      if (made) made.bindPopup(() => homeCard(home), cardOptions).addTo(map);
    });
    lc.points(lc.data.gained).forEach((at) =>
      L.circleMarker(at, { renderer, interactive: false, radius: 1.7, stroke: false, fillColor: style.gained, fillOpacity: 0.85 }).addTo(map));
  }

  function drawPlaces(map, renderer) {
    const { candidates, existing, style, categories } = lc.data;
    candidates.at.forEach((at, i) => {
      const allowed = candidates.allowed[i] === "1";
      L.circleMarker(at, { renderer, radius: 3.2, color: allowed ? style.candidate : style.barred, weight: 1.3, fillColor: "#fff", fillOpacity: 0.9,
        dashArray: allowed ? null : "1.5 2" })
        .bindPopup(() => lc.card(candidates.id[i], lc.say(allowed ? "candidate" : "barred"), []), cardOptions).addTo(map);
    });
    existing.at.forEach((at, i) => {
      const served = existing.categories[i].map((n) => categories[n].name).join(lc.say("comma"));
      new lc.Mark(at, { renderer, radius: 5, color: "#111", weight: 1.2, fillColor: style.existing, fillOpacity: 1 })
        .bindPopup(() => lc.card(existing.name[i], lc.say("existing"), [[lc.say("head.categories"), served],
          existing.capacity[i] === null ? null : [lc.say("head.capacity"), lc.show.count(existing.capacity[i])]]), cardOptions).addTo(map);
    });
  }

  lc.drawSites = function (map) {
    const ground = lc.pane(map, "ground", 360, true), homes = lc.pane(map, "homes", 400, true), top = lc.pane(map, "top", 430);
    // A canvas with nothing on it is printed, too.
    [ground, homes, top].forEach((renderer) => renderer.addTo(map));
    // One canvas takes the clicks of all: what lies on top of the others is drawn last.
    drawGround(map, ground, top);
    drawHomes(map, homes);
    drawPlaces(map, homes);
    lc.marks = lc.data.chosen.map((site) => {
      const face = element("span", { class: "pin", text: String(site.turn), "--color": lc.data.style.chosen });
      const made = L.marker(site.at, { icon: L.divIcon({ html: face, className: "pin-box", iconSize: [30, 30] }), title: site.site_id, keyboard: true,
        riseOnHover: true });
      return made.bindPopup(() => lc.siteCard(site), cardOptions).addTo(map);
    });
    map.on("viewreset", () => [ground, homes, top].forEach((renderer) => { if (renderer._map) renderer._update(); }));
    lc.renderers = [ground, homes, top];
  };

  lc.bounds = function () {
    const all = L.latLngBounds([]), add = (shape) => shape
      && (shape.polygons ? shape.polygons.forEach((rings) => all.extend(rings[0])) : all.extend(shape.points));
    lc.data.area.forEach((row) => add(lc.shape(row.shape)));
    if (!all.isValid()) lc.data.homes.shape.forEach(add);
    lc.data.chosen.forEach((site) => all.extend(site.at));
    return all;
  };
})(livingcircle);
