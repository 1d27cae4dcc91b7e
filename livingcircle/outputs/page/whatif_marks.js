// What a scenario changes, drawn over the map: new, moved and closed facilities, links and gates; and who gains or loses by it.

(function (lc) {
  const { element, whatIf } = lc;
  const say = (key, values) => lc.say(`whatif.${key}`, values);
  let map = null, marks = null, renderer = null;

  const mark = (kind, text, look) => L.divIcon({ className: `mark-${kind}`, html: element("span", { text, "--color": look }), iconSize: [24, 24] });
  const put = (at, kind, text, color, title, more) =>
    L.marker(at, Object.assign({ icon: mark(kind, text, color), pane: "marks", title, alt: title, keyboard: false, interactive: false }, more)).addTo(marks);

  const positions = () => new Map(lc.data.facilities.id.map((id, i) => [id, i]));

  function facility(scenario, row, i, at) {
    const { style, facilities } = lc.data, words = whatIf.sayChange(scenario, ["facilities", i]), known = at.get(row.id);
    if (lc.scenario.isNew(row)) {
      const made = put([row.lat, row.lon], "new", "+", style.scenario.added, words, { interactive: true, keyboard: true, draggable: true, autoPan: true });
      made.bindPopup(() => whatIf.editNew(i));
      made.on("dragend", () => {
        const to = made.getLatLng();
        whatIf.apply(lc.scenario.edit.move(whatIf.scenario(), lc.scenario.facilityId(whatIf.scenario(), i), to.lng, to.lat));
      });
    } else if (known !== undefined) {
      const from = facilities.at[known];
      if (row.change === "move") {
        L.polyline([from, [row.lat, row.lon]], { renderer, interactive: false, color: style.scenario.added, weight: 2, dashArray: "2 5" }).addTo(marks);
        put(from, "left", "", style.scenario.added, words);
        put([row.lat, row.lon], "new", "→", style.scenario.added, words);
      } else if (row.change === "close") put(from, "shut", "×", style.scenario.removed, words);
      else if (row.change === "open") put(from, "new", "○", style.scenario.added, words);
      else put(from, "size", lc.show.decimal(row.capacity, 0), style.scenario.added, words);
    }
  }

  function homes(scenario) {
    (scenario.homes || []).forEach((row, i) => {
      const look = { renderer, color: lc.data.style.scenario.added, weight: 2.5, dashArray: "6 4", fillOpacity: 0.15 },
        words = whatIf.sayChange(scenario, ["homes", i]);
      const drawn = row.polygon ? L.polygon(row.polygon.map(([lon, lat]) => [lat, lon]), look) : "lon" in row
        ? L.circleMarker([row.lat, row.lon], Object.assign({ radius: 9 }, look)) : null;
      if (drawn) drawn.addTo(marks).bindTooltip(element("span", { text: words }), { sticky: true });
    });
  }

  // What is not there yet in the year judged, or not certain enough to count, is drawn faint.
  const FAINT = 0.35;

  function links(scenario) {
    const { study } = lc.data, year = scenario.year || study.year,
      counted = { year: year === undefined ? null : year, certainty: scenario.certainty ? lc.statusOf(scenario.certainty) : study.certainty };
    const opacity = (row) => (lc.isThere(row, counted) ? 1 : FAINT);
    (scenario.links || []).forEach((link, i) => {
      const line = link.line.map(([lon, lat]) => [lat, lon]), color = lc.data.style.scenario.link;
      L.polyline(line, { renderer, interactive: false, color: "#fff", weight: 8, opacity: 0.9 * opacity(link) }).addTo(marks);
      L.polyline(line, { renderer, color, weight: 4.5, opacity: opacity(link), dashArray: link.kind === "bridge" ? "14 5" : "8 6" }).addTo(marks)
        .bindTooltip(element("span", { text: whatIf.sayChange(scenario, ["links", i]) }), { sticky: true });
    });
    (scenario.gates || []).forEach((gate, i) => put([gate.lat, gate.lon], gate.change === "open" ? "gate" : "shut", gate.change === "open" ? "+" : "×",
      gate.change === "open" ? lc.data.style.scenario.link : lc.data.style.scenario.removed, whatIf.sayChange(scenario, ["gates", i]),
        { opacity: opacity(gate) }));
  }

  function draw(scenario) {
    if (!map) return;
    marks.clearLayers();
    const at = positions();
    (scenario.facilities || []).forEach((row, i) => facility(scenario, row, i, at));
    homes(scenario);
    links(scenario);
  }

  // How many of the points of every residence keep the limit, and how many there are (none where nobody lives yet).
  function inside(town) {
    const { category, level, group } = lc.state, { segments, count: size } = town.homes, { count } = town.covered(category, level, group);
    const kept = lc.data.residences.name.map(() => ({ in: 0, of: 0 })), { row } = town.walking.residences;
    segments.residence.forEach((r, s) => {
      const home = kept[row[r]];
      if (!home || !town.lived[r]) return;
      home.in += count[s];
      home.of = size[r];
    });
    return kept;
  }

  function kindOf(before, after) {
    const [was, is] = [before, after].map((home) => home.of - home.in);
    if (!before.of || was === is) return is ? "still" : "covered";
    if (was > is) return is ? "part_gained" : "gained";
    return was ? "part_lost" : "lost";
  }

  const KINDS = ["gained", "part_gained", "part_lost", "lost", "still", "covered"];
  const differing = () => whatIf.view === "difference" && whatIf.after && lc.state.level >= 0 && !lc.state.lacking;

  // Residences by what the scenario does to them for the category, level and group chosen.
  whatIf.differenceOfHomes = function () {
    const before = inside(whatIf.before()), after = inside(whatIf.after);
    return before.map((home, i) => kindOf(home, after[i]));
  };

  // People of every residence that come within the limit by the scenario, or (negative) fall beyond it.
  whatIf.gainOfHomes = function () {
    const before = inside(whatIf.before()), after = inside(whatIf.after), people = lc.data.residences.people[lc.state.group];
    return before.map((home, i) => (home.of && after[i].of ? (people[i] || 0) * (after[i].in - home.in) / home.of : 0));
  };

  // The walk-time surface has colors of its own: while the difference is shown it steps back.
  let veiled = false;
  function veil(on) {
    if (!lc.surface || (!on && !veiled)) return;
    veiled = on;
    lc.surface.veil(on || Boolean(lc.point && lc.point.at));
  }

  function paint() {
    const on = Boolean(differing());
    veil(on);
    if (!on) return;
    const { difference } = lc.data.style, kinds = whatIf.differenceOfHomes();
    lc.layers.homes.forEach((home, i) => {
      if (home) home.setStyle({ fillColor: difference[kinds[i]], color: "#444", weight: 0.7, dashArray: null, fillOpacity: 0.92 });
    });
  }

  // The legend tells what the colors mean now, and how many people each stands for.
  lc.legendOfHomes.unshift(() => {
    if (!differing()) return null;
    const people = {}, homes = lc.data.residences.people[lc.state.group], kinds = whatIf.differenceOfHomes();
    kinds.forEach((kind, i) => { people[kind] = (people[kind] || 0) + (homes[i] || 0); });
    return [lc.legendHead(say("legend_difference")),
      ...KINDS.map((kind) => lc.swatch("area", say(`kind_${kind}`), lc.data.style.difference[kind], lc.show.people(people[kind] || 0)))];
  });

  lc.legendParts.push(() => {
    if (!whatIf.active()) return [];
    const { scenario } = lc.data.style;
    return [lc.legendHead(say("legend_scenario")), lc.swatch("scenario-new", say("legend_added"), scenario.added),
      lc.swatch("scenario-shut", say("legend_removed"), scenario.removed), lc.swatch("scenario-link", say("legend_link"), scenario.link)];
  });

  lc.on("start", (made) => {
    map = made;
    map.createPane("scenario").style.zIndex = 450;
    // A second canvas would take the clicks meant for what lies under it.
    renderer = L.svg({ pane: "scenario", padding: 0.5 });
    map.createPane("marks").style.zIndex = 620;
    marks = L.layerGroup().addTo(map);
  });
  lc.on("scenario", draw);
  lc.on("choose", paint);
})(livingcircle);
