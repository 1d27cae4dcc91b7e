// The changes of a scenario in words.

(function (lc) {
  const { whatIf } = lc;
  const say = (key, values) => lc.say(`whatif.${key}`, values);

  const nameOf = (rows, id) => { const found = rows.find((row) => row.id === id); return found ? found.name : id; };
  const categoryName = (id) => nameOf(lc.data.categories.concat(lc.data.elsewhere), id);
  const joined = (parts) => parts.filter(Boolean).join(say("comma"));
  const quoted = (name) => (name ? say("quoted", { name }) : "");

  function lengthOf(line) {
    let metres = 0;
    for (let i = 1; i < line.length; i++) metres += L.latLng(line[i - 1][1], line[i - 1][0]).distanceTo([line[i][1], line[i][0]]);
    return lc.show.metres(metres);
  }

  // The name of a facility of the study or of the scenario.
  function facilityName(scenario, id) {
    const known = lc.data.facilities.id.indexOf(id);
    if (known >= 0) return lc.data.facilities.name[known] || lc.say("unnamed");
    const row = (scenario.facilities || []).find((one, i) => lc.scenario.isNew(one) && lc.scenario.facilityId(scenario, i) === id);
    return row ? row.name : id;
  }

  // From when a change is there, and how certain it is.
  const sayOpening = (row) => joined([row.open_year === undefined ? "" : say("in_year", { year: row.open_year }),
    row.certainty === undefined ? "" : lc.sayCode("built", lc.statusOf(row.certainty))]);

  function sayHome(row) {
    return joined([say(`did_home_${row.change}`, { name: quoted(row.name || row.id || "") }), row.people === undefined ? "" : lc.show.people(row.people),
      sayOpening(row)]);
  }

  function sayFacility(scenario, row) {
    const year = sayOpening(row);
    if (lc.scenario.isNew(row)) {
      return joined([say("did_place", { category: row.categories.map(categoryName).join(lc.say("comma")), name: quoted(row.name) }),
        row.capacity === undefined ? "" : say("of_capacity", { n: row.capacity }), year]);
    }
    const name = quoted(facilityName(scenario, row.id)), known = lc.data.facilities.id.indexOf(row.id);
    if (row.change === "resize") {
      const before = known < 0 ? null : lc.data.facilities.capacity[known];
      return say("did_resize", { name, before: before === null ? say("unknown") : before, after: row.capacity });
    }
    if (row.change === "move" && known >= 0) {
      const [lat, lon] = lc.data.facilities.at[known];
      return say("did_move", { name, metres: lengthOf([[lon, lat], [row.lon, row.lat]]) });
    }
    return joined([say(`did_${row.change}`, { name }), year]);
  }

  function sayLimit(row) {
    const level = nameOf(lc.data.levels, row.level);
    const told = lc.limitText(row.limit_m === undefined ? null : row.limit_m, row.limit_min === undefined ? null : row.limit_min);
    return say("did_limit", { category: categoryName(row.category), level, limit: told });
  }

  // One change of a scenario as a sentence.
  whatIf.sayChange = function (scenario, [part, at]) {
    if (part === "year") return say("did_year", { year: scenario.year });
    if (part === "rule") return say("did_rule", { rule: lc.sayCode("rule", scenario.walking.rule) });
    if (part === "speeds") return say("did_speed", { group: lc.sayCode("group", at), kmh: scenario.walking.speeds[at] });
    if (part === "certainty") return say("did_certainty", { status: lc.sayCode("built", lc.statusOf(scenario.certainty)) });
    if (part === "standard") return say("did_standard", { names: [].concat(scenario.standard).join(lc.say("comma")) });
    const row = scenario[part][at];
    if (part === "homes") return sayHome(row);
    if (part === "facilities") return sayFacility(scenario, row);
    if (part === "links") return joined([say("did_link", { kind: say(`kind_${row.kind}`), name: quoted(row.name), metres: lengthOf(row.line) }),
      sayOpening(row)]);
    if (part === "gates") return joined([say(row.change === "open" ? "did_gate_open" : "did_gate_close",
      { name: row.change === "open" ? "" : quoted(gateName(row)) }), sayOpening(row)]);
    return sayLimit(row);
  };

  function gateName(row) {
    const gate = lc.gateNear(lc.walking(), row.lon, row.lat);
    return gate ? gate.name || (lc.walking().compounds[gate.compound] || {}).name || "" : "";
  }

  // Where a change lies, null for one that lies nowhere.
  whatIf.placeOf = function (scenario, [part, at]) {
    const row = scenario[part] && scenario[part][at];
    if (!row || part === "limits") return null;
    if (part === "links") return L.latLngBounds(row.line.map(([lon, lat]) => [lat, lon])).getCenter();
    if (row.polygon) return L.latLngBounds(row.polygon.map(([lon, lat]) => [lat, lon])).getCenter();
    if ("lon" in row) return L.latLng(row.lat, row.lon);
    const known = lc.data.facilities.id.indexOf(row.id);
    return known < 0 ? null : L.latLng(lc.data.facilities.at[known]);
  };

  // What of the scenario is not worked out here, in sentences; the first are those for which nothing is.
  whatIf.sayBeyond = function () {
    const { all, categories, limits, capacity } = whatIf.beyond();
    return [
      ...all.map((part) => say(`beyond_${part}`)),
      ...(capacity && !all.length ? [say("beyond_capacity")] : []),
      ...(categories.length ? [say("beyond_categories", { names: categories.map(categoryName).join(lc.say("comma")) })] : []),
      ...(limits.length ? [say("beyond_limits",
        { names: limits.map((row) => `${categoryName(row.category)} · ${nameOf(lc.data.levels, row.level)}`).join(lc.say("comma")) })] : []),
    ];
  };

  // A fault of a scenario file as a sentence.
  whatIf.sayFault = function (fault) {
    const where = joined([fault.line ? say("line", { line: fault.line }) : "", fault.key]);
    return say("fault", { where: where || say("whole_file"), what: say(`fault_${fault.problem}`, fault.values) });
  };
})(livingcircle);
