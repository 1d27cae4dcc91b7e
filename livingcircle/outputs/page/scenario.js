// A scenario as a plain value: what it changes, each change added or taken back without touching the value before it.
// No document is needed here; the keys are those of the scenario file.

(function (lc) {
  // About a centimetre; what is worked out and what is saved are the same point.
  const DEGREE_DIGITS = 7;
  const NEW = "scenario#";
  const LISTS = ["homes", "facilities", "links", "gates", "limits"];

  // What is said of the study as a whole, beside the year.
  const WHOLE = ["standard", "certainty"];

  const rounded = (degrees) => Number(degrees.toFixed(DEGREE_DIGITS));
  const point = (lon, lat) => ({ lon: rounded(lon), lat: rounded(lat) });

  // A copy without what says nothing: empty texts, empty lists and tables, missing values.
  function tidy(scenario) {
    const made = {}, filled = (value) => value !== null && value !== undefined && value !== "";
    Object.keys(scenario).forEach((key) => {
      const value = scenario[key];
      if (!filled(value) || (Array.isArray(value) && !value.length)) return;
      if (key !== "walking") { made[key] = value; return; }
      const speeds = {};
      Object.keys(value.speeds || {}).forEach((group) => { if (filled(value.speeds[group])) speeds[group] = value.speeds[group]; });
      const walking = {};
      if (filled(value.rule)) walking.rule = value.rule;
      if (Object.keys(speeds).length) walking.speeds = speeds;
      if (Object.keys(walking).length) made.walking = walking;
    });
    return made;
  }

  const list = (scenario, part) => scenario[part] || [];
  const having = (scenario, part, rows) => tidy(Object.assign({}, scenario, { [part]: rows }));
  const adding = (scenario, part, row) => having(scenario, part, [...list(scenario, part), row]);
  const dropping = (scenario, part, drop) => having(scenario, part, list(scenario, part).filter((row, i) => !drop(row, i)));

  // A row with only the keys that say something.
  function stated(row) {
    const made = {};
    Object.keys(row).forEach((key) => { if (row[key] !== null && row[key] !== undefined && row[key] !== "") made[key] = row[key]; });
    return made;
  }

  // From when something is there, and how certain it is.
  const opening = ({ open_year, certainty }) => ({ open_year, certainty });

  const isNew = (row) => row.change === "open" && !("id" in row);

  // The id of the facility in row `at`: that of the study, or scenario#N for the N-th new one.
  function facilityId(scenario, at) {
    const rows = list(scenario, "facilities");
    return isNew(rows[at]) ? NEW + rows.slice(0, at + 1).filter(isNew).length : rows[at].id;
  }

  // The row that made the facility `id`, -1 where the study did.
  const rowOfNew = (scenario, id) => list(scenario, "facilities").findIndex((row, i) => isNew(row) && facilityId(scenario, i) === id);

  // The row of `id` with one of these changes, -1 for none.
  const rowOf = (scenario, id, ...changes) => list(scenario, "facilities").findIndex((row) => row.id === id && changes.includes(row.change));

  function editing(scenario, at, values) {
    return having(scenario, "facilities", list(scenario, "facilities").map((row, i) => (i === at ? stated(Object.assign({}, row, values)) : row)));
  }

  // What is said of a facility a second time replaces what was said before.
  function changing(scenario, id, change, values) {
    const made = rowOfNew(scenario, id), before = rowOf(scenario, id, change);
    if (made >= 0) return editing(scenario, made, values);
    if (before >= 0) return editing(scenario, before, values);
    return adding(scenario, "facilities", stated(Object.assign({ change, id }, values)));
  }

  const edit = {
    place: (scenario, told) => adding(scenario, "facilities", stated({
      change: "open", name: told.name, categories: told.categories.slice(), ...point(told.lon, told.lat), capacity: told.capacity, open_year: told.open_year,
    })),
    edit: (scenario, at, values) => editing(scenario, at, values),
    move: (scenario, id, lon, lat) => changing(scenario, id, "move", point(lon, lat)),
    resize: (scenario, id, capacity) => changing(scenario, id, "resize", { capacity }),
    // A new facility is not closed but taken back; of a closed one nothing else matters.
    close: function (scenario, id) {
      const made = rowOfNew(scenario, id);
      if (made >= 0) return dropping(scenario, "facilities", (row, i) => i === made);
      const opened = rowOf(scenario, id, "open") >= 0, left = dropping(scenario, "facilities", (row) => row.id === id);
      return opened ? left : adding(left, "facilities", { change: "close", id });
    },
    // Reopening takes the closing back; a planned facility is opened.
    open: function (scenario, id, year) {
      if (rowOf(scenario, id, "close") >= 0) return dropping(scenario, "facilities", (row) => row.id === id && row.change === "close");
      return changing(scenario, id, "open", { open_year: year });
    },
    link: (scenario, told) => adding(scenario, "links", stated({
      kind: told.kind, name: told.name, line: told.line.map(([lon, lat]) => [rounded(lon), rounded(lat)]), ...opening(told),
    })),
    // A gate is closed at once.
    gate: (scenario, change, lon, lat, told) =>
      adding(scenario, "gates", stated({ change, ...point(lon, lat), ...(change === "open" ? opening(told || {}) : {}) })),
    limit: function (scenario, told) {
      const same = (row) => row.category === told.category && row.level === told.level;
      const row = stated({ category: told.category, level: told.level, limit_m: told.limit_m, limit_min: told.limit_min });
      const left = dropping(scenario, "limits", same);
      return "limit_m" in row || "limit_min" in row ? adding(left, "limits", row) : left;
    },
    speed: function (scenario, group, kmh) {
      const walking = scenario.walking || {};
      return tidy(Object.assign({}, scenario, { walking: Object.assign({}, walking, { speeds: Object.assign({}, walking.speeds, { [group]: kmh }) }) }));
    },
    rule: (scenario, rule) => tidy(Object.assign({}, scenario, { walking: Object.assign({}, scenario.walking, { rule }) })),
    year: (scenario, year) => tidy(Object.assign({}, scenario, { year })),
  };

  // Every change of a scenario, in the order in which it is told: [part, row or group].
  function changes(scenario) {
    const all = [], walking = scenario.walking || {};
    ["year", ...WHOLE].forEach((key) => { if (key in scenario) all.push([key, null]); });
    if ("rule" in walking) all.push(["rule", null]);
    Object.keys(walking.speeds || {}).forEach((group) => all.push(["speeds", group]));
    LISTS.forEach((part) => list(scenario, part).forEach((row, i) => all.push([part, i])));
    return all;
  }

  // The scenario without one of its changes.
  function without(scenario, [part, at]) {
    if (part === "year" || WHOLE.includes(part)) return tidy(Object.assign({}, scenario, { [part]: null }));
    if (part === "rule") return edit.rule(scenario, null);
    if (part === "speeds") return edit.speed(scenario, at, null);
    return dropping(scenario, part, (row, i) => i === at);
  }

  // The values of a scenario one after the other, so that each step can be taken back and done again.
  class History {
    constructor(start) { this.past = []; this.now = start || {}; this.future = []; this.sort = null; }
    // Steps of the same named sort in a row, as those of a slider, are one step.
    set(next, sort) {
      if (JSON.stringify(next) === JSON.stringify(this.now)) return false;
      if (!sort || sort !== this.sort) this.past.push(this.now);
      this.sort = sort || null;
      this.now = next;
      this.future = [];
      return true;
    }
    undo() { return this.step(this.past, this.future); }
    redo() { return this.step(this.future, this.past); }
    step(from, to) {
      this.sort = null;
      if (!from.length) return false;
      to.push(this.now);
      this.now = from.pop();
      return true;
    }
  }

  // What of a scenario this page does not work out: `all` keeps it from any figure, of the rest figures are those of what it shows.
  function beyond(scenario, shown) {
    const named = [...list(scenario, "limits").map((row) => row.category), ...list(scenario, "facilities").flatMap((row) => row.categories || [])];
    const limited = (row) => shown.levels.has(`${row.category} ${row.level}`) || !shown.categories.has(row.category);
    return {
      all: ["homes", "standard"].filter((key) => key in scenario),
      categories: [...new Set(named)].filter((id) => !shown.categories.has(id)),
      limits: list(scenario, "limits").filter((row) => !limited(row)),
      capacity: list(scenario, "facilities").some((row) => "capacity" in row),
    };
  }

  lc.scenario = { edit, changes, without, tidy, facilityId, isNew, History, LISTS, beyond };
})(livingcircle);
