"use strict";
// Walk from here: a point anywhere on the map, what it finds of every category, the way there, and how far its minutes reach.

(function (lc) {
  const { element } = lc;
  const OPEN_TAB = "point.tab";
  const drawnOn = {};
  let map = null, marker = null, groups = null, found = null, rings = true;

  lc.point = { at: null, chosen: null };

  const limits = () => lc.data.study.minutes.slice().sort((a, b) => a - b);
  const speed = () => found.ground.speed_kmh;
  const minutesOf = (flat_m) => flat_m / speed() * 60 / 1000;

  // What a place (longitude, latitude) finds, as the chosen group walks.
  lc.point.find = function (lon, lat) {
    const ground = lc.groundNow(), answer = lc.fromPoint(ground, ground.walking.plane.toMetres(lon, lat), lc.data.categories.length);
    return Object.assign(answer, { ground });
  };

  // What every level asks of a category.
  const askedOf = (category) => lc.askedOf(found.ground.town, category)
    .filter((asked) => asked && (found.ground.rule === "time" ? asked.limit_min : asked.limit_m) !== null);

  // Puts the point somewhere, looks up everything anew, and shows the card; `category` is the one whose way is drawn.
  lc.point.set = function (at, { category = null, show = true } = {}) {
    lc.point.at = at;
    lc.point.chosen = category === null ? lc.state.category : category;
    if (marker) marker.setLatLng(at);
    look();
    if (show) { lc.panel.open(OPEN_TAB); reveal(); }
  };

  lc.point.clear = function () {
    lc.point.at = null;
    found = null;
    Object.values(groups).forEach((group) => group.clearLayers());
    marker = null;
    lc.surface.veil(false);
    if (lc.state.tab === OPEN_TAB) lc.panel.list();
  };

  function look() {
    const [lat, lon] = lc.point.at;
    found = lc.point.find(lon, lat);
    if (!marker) place();
    draw();
  }

  // A tool of the page may be set down where the point stands, so its clicks reach the map too.
  function place() {
    marker = L.marker(lc.point.at, { draggable: true, keyboard: true, bubblingMouseEvents: true, alt: lc.say("point.name"), title: lc.say("point.drag"),
      zIndexOffset: 1000,
      icon: L.divIcon({ className: "here", html: "", iconSize: [22, 22], iconAnchor: [11, 11] }) });
    marker.on("dragend", () => { const at = marker.getLatLng().wrap(); lc.point.set([at.lat, at.lng], { category: lc.point.chosen }); });
    marker.addTo(groups.mark);
  }

  // On a narrow screen the card is below the map: the point's own label says the most important of it.
  function label() {
    const row = found.rows[lc.point.chosen], text = row && row.door >= 0 ? `${lc.show.metres(row.walk_m)} · ${lc.show.minutes(minutesOf(row.flat_m))}`
      : lc.sayCode("point", found.place.edge < 0 ? "off" : "none");
    marker.unbindTooltip().bindTooltip(element("span", { text: `${lc.data.categories[lc.point.chosen].name} ${text}` }),
      { permanent: true, direction: "top", offset: [0, -12], className: "here-label" });
  }

  function reveal() {
    if (window.innerWidth > 800) return;
    document.getElementById("frame").scrollIntoView({ block: "start", behavior: "smooth" });
  }

  // --- what is drawn ---

  function draw() {
    groups.route.clearLayers();
    label();
    route(found.rows[lc.point.chosen]);
    // The card comes first.
    const own = found;
    setTimeout(() => { if (found === own) reached(); }, 0);
  }

  const toDegrees = ([x, y]) => lc.walking().plane.toDegrees(x, y).reverse();

  function route(row) {
    if (found.place.edge < 0) { missing(lc.nearestStreet(found.ground, found.point)); return; }
    if (!row || row.door < 0) {
      const why = row && reasonOf(row);
      if (why && why.from) stroke([toDegrees(why.from), toDegrees(why.to)], { className: "missing-link" });
      return;
    }
    const way = found.tree.route(found.ground.doors, row.door), ends = legsOf(way, row);
    [["route-edge", 7], ["route-line", 4]].forEach(([className, weight]) => stroke(way.line, { className, weight }));
    ends.forEach((leg) => stroke(leg, { className: "route-leg", weight: 3, dashArray: "4 6" }));
    L.circleMarker(found.ground.doorAt[row.door], { renderer: drawnOn.way, interactive: false, radius: 6, className: "route-end" })
      .bindTooltip(element("span", { text: name(row.facility) }), { permanent: true, direction: "right", offset: [8, 0], className: "here-label" })
        .addTo(groups.route);
  }

  // The two legs off the street: from the point to its street, and from the street to the door.
  function legsOf(way, row) {
    const door = found.ground.doorAt[row.door];
    return way.line.length ? [[lc.point.at, way.line[0]], [way.line[way.line.length - 1], door]] : [[lc.point.at, door]];
  }

  function missing(near) {
    if (near.foot) stroke([lc.point.at, toDegrees(near.foot)], { className: "missing-link" });
  }

  const stroke = (line, look_) => L.polyline(line,
    Object.assign({ renderer: drawnOn.way, interactive: false, weight: 3, dashArray: look_.className === "missing-link" ? "2 7" : null }, look_))
    .addTo(groups.route);

  // Streets and ground that the point's minutes reach. The ground waits for the lattice.
  function reached() {
    groups.rings.clearLayers();
    if (!rings || !found.tree) { lc.surface.veil(false); return; }
    const own = found, pace = speed() * 1000 / 60, metres = limits().map((most) => most * pace);
    const tree = own.tree.shortest && own.ground.network.costs ? lc.walkFrom(own.ground.network, own.place, {}) : own.tree;
    const color = lc.ringColor;
    lc.streetsReached(own.ground, tree, metres).map((lines, i) => [lines, i]).reverse().forEach(([lines, i]) => {
      if (lines.length) L.polyline(lines.map((line) => line.map(toDegrees)),
        { renderer: drawnOn.reach, interactive: false, color: color(i), weight: 3, opacity: 0.9, className: "reached" }).addTo(groups.rings);
    });
    lc.whenLattice(() => lc.inPortions(lc.cellsOf(own.ground), (cells) => {
      if (found !== own || !rings) return;
      const classes = Int8Array.from(lc.walksFrom(tree, cells), (walk) => { const at = lc.surfaceClass(walk, metres); return at < metres.length ? at : -1; });
      const { sheet, corners } = lc.latticePicture(classes, metres.map((_, i) => color(i)));
      L.imageOverlay(sheet.toDataURL(), corners, { pane: "surface", opacity: lc.data.style.surface.reach_opacity, className: "surface", alt: "" })
        .addTo(groups.rings);
      lc.surface.veil(true);
    }));
  }

  lc.legendParts.push(() => {
    if (!found || !rings || !found.tree) return [];
    return [lc.legendHead(lc.say("point.reach")), ...limits().map((most, i) => lc.swatch("area", lc.walkWord(limits(), i), lc.ringColor(i)))];
  });

  // --- the card ---

  function reasonOf(row) {
    const asked = askedOf(row.category), verdicts = asked.map((one) => lc.judgedBy(found.ground, row, one));
    const first = verdicts.find((one) => !one.within);
    if (!first && row.door >= 0) return null;
    return lc.whyNot(found.ground, found, row, first || { within: false, far: Infinity, limit: Infinity, excess_m: Infinity });
  }

  const name = (facility) => found.ground.facilities.name[facility] || lc.say("unnamed");
  const street = (text) => text || lc.say("point.street_nameless");

  function reasonText(row, why) {
    const told = Object.assign({}, why);
    ["leg_m", "nearest_m", "gap_m", "metres"].forEach((key) => { told[key] = lc.show.metres(why[key] === undefined ? null : why[key]); });
    if (why.length_m !== undefined) told.length = lc.show.decimal(why.length_m / 1000, 1);
    told.straight = lc.show.metres(row.straight_m);
    told.walk = lc.show.metres(Number.isFinite(row.walk_m) ? row.walk_m : null);
    told.detour = row.straight_m ? lc.show.decimal(row.walk_m / row.straight_m, 2) : "";
    told.within = lc.show.metres(found.ground.walking.snap_limit_m);
    ["street", "from_street", "to_street"].forEach((key) => { told[key] = street(why[key]); });
    told.barrier = lc.sayCode("barrier", why.barrier || "unknown");
    if (why.coming) { told.name = name(why.coming.facility); told.year = why.coming.year === null ? lc.say("point.year_unknown") : String(why.coming.year); }
    const key = why.cause === "planned_only" && !why.coming ? "not_found" : why.cause;
    return lc.say(`why.${key}`, told);
  }

  function verdict(row, asked) {
    const judged = lc.judgedBy(found.ground, row, asked), byTime = found.ground.rule === "time";
    const over = !Number.isFinite(judged.excess_m)
      ? lc.say("point.out") : lc.say("point.over", { over: byTime ? lc.show.minutes(judged.excess_min) : lc.show.metres(Math.ceil(judged.excess_m - 1e-6)) });
    const level = asked.level < 0 ? "" : lc.data.levels[asked.level].name;
    const many = asked.at_least > 1 ? lc.say("point.at_least", { n: asked.at_least }) : "";
    return element("li", { class: judged.within ? "within" : "over", title: asked.clause || "" }, [
      element("span", { class: "sign", text: judged.within ? "✓" : "✕" }),
      element("span", { text: [level, many, `≤ ${lc.limitText(byTime ? null : asked.limit_m, byTime ? asked.limit_min : null)}`].filter(Boolean).join(" ") }),
      element("span", { class: "over-by", text: judged.within ? lc.say("point.within") : over }),
      element("span", { class: "evidence", text: asked.evidence || "" }),
    ]);
  }

  function row(category) {
    const one = found.rows[category], open = category === lc.point.chosen, asked = askedOf(category);
    const head = element("button", { type: "button", class: "row to", "aria-expanded": String(open),
      onclick: () => { lc.point.chosen = category; draw(); lc.panel.list(); focusOn(category); }, id: `to-${category}` }, [
      element("span", { class: "what" }, [
        element("b", { text: lc.data.categories[category].name }),
        element("small", { text: one.door >= 0 ? name(one.facility) : lc.sayCode("point", found.place.edge < 0 ? "off" : "none") }),
      ]),
      element("span", { class: "much" }, one.door < 0 ? [element("b", { text: "—" })] : [
        element("b", { text: lc.show.metres(Math.round(one.walk_m)) }), element("small", { text: lc.show.minutes(minutesOf(one.flat_m)) })]),
    ]);
    return element("div", { class: open ? "to-block open" : "to-block" }, [
      head, element("ul", { class: "verdicts" }, asked.map((limit) => verdict(one, limit))), open ? more(one) : null]);
  }

  function focusOn(category) {
    const again = document.getElementById(`to-${category}`);
    if (again) again.focus({ preventScroll: true });
  }

  function more(one) {
    const why = reasonOf(one), parts = [];
    if (why) parts.push(element("p", { class: "why", text: reasonText(one, why) }));
    if (one.door >= 0) parts.push(wayText(one));
    return element("div", { class: "more-of" }, parts);
  }

  // The way by street names; legs are told apart.
  function wayText(one) {
    const way = found.tree.route(found.ground.doors, one.door), to_m = found.ground.doors.leg_m[one.door];
    const item = (text, metres, kind) => element("li", { class: kind },
      [element("span", { text }), element("em", { text: lc.show.metres(Math.round(metres)) })]);
    return element("ol", { class: "way" }, [
      item(lc.say("point.leg_to_street"), found.place.leg_m, "leg"),
      ...way.streets.map((part) => item(street(part.name), part.length_m, "")),
      item(lc.say("point.leg_to_door"), to_m, "leg"),
    ]);
  }

  const byWalk = (a, b) => found.rows[a].walk_m - found.rows[b].walk_m || a - b;

  function themes() {
    const out = [], { themes: all, categories } = lc.data;
    all.forEach((theme, t) => {
      const own = categories.map((_, i) => i).filter((i) => categories[i].theme === t).sort(byWalk);
      if (own.length) out.push(element("h3", { text: theme.name, class: "theme", "--color": theme.color || "" }), ...own.map(row));
    });
    return out;
  }

  function counts() {
    let within = 0, over = 0;
    found.rows.forEach((one, category) => askedOf(category).forEach((asked) => {
      if (lc.judgedBy(found.ground, one, asked).within) within += 1;
      else over += 1;
    }));
    return lc.say("point.counts", { within, over });
  }

  // The place in numbers: typed in to go there, copied to take along.
  function coordinates() {
    const box = element("input", { type: "text", id: "lonlat", inputmode: "decimal", "aria-label": lc.say("point.coordinates"),
      placeholder: lc.say("point.coordinates"), autocomplete: "off" });
    if (lc.point.at) box.value = `${lc.point.at[1].toFixed(6)}, ${lc.point.at[0].toFixed(6)}`;
    const go = () => {
      const at = lc.point.read(box.value);
      box.setAttribute("aria-invalid", String(!at));
      if (!at) return;
      lc.point.set(at, { category: lc.point.at ? lc.point.chosen : null });
      map.panInside(at, { padding: [60, 60], animate: false });
    };
    box.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); go(); } });
    const copy = element("button", { type: "button", class: "small", text: lc.say("point.copy"), onclick: () => {
      box.select();
      const done = () => { copy.textContent = lc.say("point.copied"); };
      if (navigator.clipboard) navigator.clipboard.writeText(box.value).then(done, () => document.execCommand("copy") && done());
      else if (document.execCommand("copy")) done();
    } });
    return element("div", { class: "lonlat" },
      [box, element("button", { type: "button", class: "small", text: lc.say("point.go_there"), onclick: go }), lc.point.at ? copy : null]);
  }

  // Longitude and latitude as people write them: "121.75, 29.94", also with a full-width comma or a blank between.
  lc.point.read = function (text) {
    const numbers = text.trim().split(/[\s,，;；、]+/).map(Number);
    if (numbers.length !== 2 || numbers.some((number) => !Number.isFinite(number))) return null;
    const [lon, lat] = numbers;
    return Math.abs(lon) <= 180 && Math.abs(lat) <= 85 ? [lat, lon] : null;
  };

  function standing() {
    const { place } = found;
    if (place.edge < 0) {
      const near = lc.nearestStreet(found.ground, found.point);
      return reasonText({ straight_m: null, walk_m: Infinity },
        Object.assign({ cause: place.reason === "behind_barrier" || place.reason === "inside_barrier" ? place.reason : "off_network" }, near));
    }
    return lc.say("point.street", { street: street(lc.streetName(found.ground, place.edge)), leg: lc.show.metres(Math.round(place.leg_m)) });
  }

  function card() {
    if (!lc.point.at) return [element("p", { class: "empty", text: lc.say("point.hint") }), coordinates()];
    const shown = element("input", { type: "checkbox", id: "rings" });
    shown.checked = rings;
    shown.addEventListener("change", () => { rings = shown.checked; draw(); });
    const head = [
      coordinates(),
      element("p", { class: "standing", text: standing() }),
      element("div", { class: "bar" }, [
        element("span", { text: counts() }),
        element("label", { for: "rings" }, [shown, lc.say("point.rings", { minutes: limits().join("/") })]),
      ]),
      lc.data.groups.length > 1 ? element("p",
        { class: "standing", text: lc.say("point.group", { group: lc.groupName(lc.state.group), speed: speed() }) }) : null,
    ];
    return [element("div", { class: "from-here" }, [...head.filter(Boolean), ...themes(),
      element("button", { type: "button", class: "more", text: lc.say("point.clear"), onclick: () => lc.point.clear() })])];
  }

  lc.panel.tabs[OPEN_TAB] = card;

  // --- how a point is chosen ---

  // Cards of residences, facilities and gaps get a button of their own.
  let opened = null;
  function button(card_, word, at, category) {
    // Above the table: long cards are scrolled.
    card_.querySelector("table").before(element("button", { type: "button", class: "more walk-from", text: lc.say(word), onclick: () => {
      const to = at || (opened && [opened.getLatLng().lat, opened.getLatLng().lng]);
      if (!to) return;
      map.closePopup();
      lc.point.set(to, { category });
    } }));
    return card_;
  }
  const { residence, facility, gap } = lc.popup;
  lc.popup.residence = (i) => button(residence(i), "point.walk_from_here", null, null);
  lc.popup.facility = (i) => button(facility(i), "point.walk_from_here", null, null);
  lc.popup.gap = (i) => button(gap(i), "point.why_gap", lc.now.gaps.at[i], lc.now.gaps.category[i]);

  lc.on("start", function (started) {
    map = started;
    groups = { rings: L.layerGroup().addTo(map), route: L.layerGroup().addTo(map), mark: L.layerGroup().addTo(map) };
    [["reach", 433], ["way", 436]].forEach(([name, height]) => {
      Object.assign(map.createPane(name).style, { zIndex: height, pointerEvents: "none" });
      drawnOn[name] = L.svg({ pane: name, padding: 0.3 });
    });
    map.on("popupopen", (event) => { opened = event.popup; });
    map.getContainer().append(element("div", { class: "crosshair", "aria-hidden": "true" }));
    map.on("keydown", (event) => {
      if (event.originalEvent.key !== "Enter" || event.originalEvent.target !== map.getContainer() || busy()) return;
      const at = map.getCenter().wrap();
      lc.point.set([at.lat, at.lng]);
    });
  });

  // Another tool of the page may be waiting for the click.
  const busy = () => Boolean(lc.tools && lc.tools.current() !== null);
  lc.on("click", (event) => {
    if (busy()) return;
    const at = event.latlng.wrap();
    lc.point.set([at.lat, at.lng]);
  });
  lc.on("choose", (state) => {
    if (!lc.point.at) return;
    lc.point.chosen = state.category;
    look();
    if (state.tab === OPEN_TAB) lc.panel.list();
  });
})(livingcircle);
