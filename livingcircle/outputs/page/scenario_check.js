// What a scenario may say: each key's kind, and what must stand beside what. All that is wrong is told, not the first only.

(function (lc) {
  const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const number = (value) => typeof value === "number" && Number.isFinite(value);
  const texts = (value, least) => Array.isArray(value) && value.every((one) => typeof one === "string" && one.length >= least);
  const one = (...words) => (value) => words.includes(value);

  const FIRST_YEAR = 1900, LAST_YEAR = 2200, FASTEST_KMH = 15, LONGEST = 100000, MOST = 1e9, MOST_PEOPLE = 1e7;
  const EXISTING = "existing";

  const place = (value) => Array.isArray(value) && value.length === 2 && kinds.lon(value[0]) && kinds.lat(value[1]);
  const places = (value) => Array.isArray(value) && value.every(place);

  // Kinds: whether a value is of the kind; the name of the kind is that of the fault.
  const kinds = {
    text: (value) => typeof value === "string",
    some: (value) => typeof value === "string" && value !== "",
    words: (value) => typeof value === "string"
      || (isTable(value) && Object.keys(value).every((key) => ["zh", "en"].includes(key) && typeof value[key] === "string")),
    year: (value) => Number.isInteger(value) && value >= FIRST_YEAR && value <= LAST_YEAR,
    lon: (value) => number(value) && Math.abs(value) <= 180,
    lat: (value) => number(value) && Math.abs(value) <= 90,
    speed: (value) => number(value) && value > 0 && value <= FASTEST_KMH,
    limit: (value) => number(value) && value > 0 && value <= LONGEST,
    amount: (value) => number(value) && value >= 0 && value <= MOST,
    people: (value) => number(value) && value >= 0 && value <= MOST_PEOPLE,
    groups: (value) => isTable(value) && Object.keys(value).every((key) => key !== "" && kinds.people(value[key])),
    texts: (value) => texts(value, 0) && value.length > 0,
    standards: (value) => kinds.some(value) || (texts(value, 1) && value.length > 0 && new Set(value).size === value.length),
    certainty: (value) => typeof value === "string" && lc.statusOf(value) !== null,
    line: (value) => places(value) && value.some((p) => p[0] !== value[0][0] || p[1] !== value[0][1]),
    polygon: (value) => places(value) && lc.outlineOnce(value),
    rule: one("distance", "time"),
    link: one("footpath", "bridge", "crossing"),
    ages: one("as_study", "as_before"),
    gate_change: one("open", "close"),
    rows: Array.isArray,
    table: isTable,
  };

  // Kinds of the keys of every table; null says as much as nothing where `?` stands.
  const TABLES = {
    scenario: { name: "words", note: "words", year: "year?", standard: "standards?", certainty: "certainty?", walking: "table",
      ...Object.fromEntries(lc.scenario.LISTS.map((part) => [part, "rows"])) },
    walking: { rule: "rule?", speeds: "table" },
    homes: {
      change: "text", id: "some?", name: "some?", lon: "lon?", lat: "lat?", polygon: "polygon", file: "some?", layer: "some?", crs: "some?", people: "people?",
      groups: "groups", dwellings: "people?", ages: "ages?", open_year: "year?", certainty: "certainty?",
    },
    facilities: { change: "text", id: "some?", name: "some?", categories: "texts", lon: "lon?", lat: "lat?", capacity: "amount?", open_year: "year?",
      certainty: "certainty?" },
    links: { kind: "link", name: "text", line: "line", open_year: "year?", certainty: "certainty?" },
    gates: { change: "gate_change", lon: "lon", lat: "lat", open_year: "year?", certainty: "certainty?" },
    limits: { category: "text", level: "text", limit_m: "limit?", limit_min: "limit?" },
  };

  // Keys of a row by what it changes: those it must have, those it may have.
  const FACILITY = {
    new: [["name", "categories", "lon", "lat"], ["capacity", "open_year", "certainty"]],
    open: [["id"], ["open_year", "certainty"]],
    close: [["id"], []],
    move: [["id", "lon", "lat"], []],
    resize: [["id", "capacity"], []],
  };
  const HOMES = {
    add: [["name", "people"], ["id", "lon", "lat", "polygon", "file", "layer", "crs", "groups", "dwellings", "ages", "open_year", "certainty"]],
    remove: [["id"], []],
    resize: [["id", "people"], ["groups", "dwellings", "ages"]],
  };
  const WAYS = [["lon", "lat"], ["polygon"], ["file"]];

  const has = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
  const empty = (value) => value === null || value === undefined || (typeof value === "object" && !Object.keys(value).length);
  const given = (row, key) => has(row, key) && !empty(row[key]);
  // An empty list or table that says as much as nothing.
  const blank = (kind, value) => (kind === "groups" ? isTable(value) : ["polygon", "texts"].includes(kind) && Array.isArray(value)) && empty(value);
  const isNew = (row) => row.change === "open" && !given(row, "id");

  class Check {
    constructor() { this.faults = []; this.limited = new Set(); }
    say(key, problem, values) { this.faults.push(values ? { key, problem, values } : { key, problem }); }

    // The keys of a table: none unknown, each of its kind, none lacking, none that says nothing beside the others.
    table(row, path, table, needed = [], allowed = null) {
      const at = (key) => (path ? `${path}.${key}` : key), known = TABLES[table];
      Object.keys(row).forEach((key) => {
        if (!has(known, key)) { this.say(at(key), "unknown", { key }); return; }
        const kind = known[key].replace("?", ""), value = row[key], idle = allowed && ![...needed, ...allowed].includes(key);
        if (value === null ? known[key].endsWith("?") : !needed.includes(key) && blank(kind, value)) return;
        if (!kinds[kind](value)) this.say(at(key), kind, kind === "certainty" ? { known: Object.values(lc.data.statuses).flat().join(", ") } : undefined);
        else if (idle) this.say(at(key), "idle", { key });
      });
      needed.forEach((key) => { if (!has(row, key) || row[key] === null) this.say(path, "missing", { key }); });
    }

    rows(scenario, part, check) {
      if (!Array.isArray(scenario[part])) return;
      scenario[part].forEach((row, i) => {
        const path = `${part}.${i + 1}`;
        if (isTable(row)) check(row, path);
        else this.say(path, "rows");
      });
    }

    // The row of a change among `changes`: null where there is no such change, which is told.
    changed(row, path, part, changes, change) {
      if (!has(changes, change)) { this.say("change" in row ? `${path}.change` : path, part === "homes" ? "home_change" : "facility_change"); return false; }
      const [needed, allowed] = changes[change];
      this.table(row, path, part, ["change", ...needed], allowed);
      return true;
    }

    facility(row, path) {
      if (!this.changed(row, path, "facilities", FACILITY, isNew(row) ? "new" : row.change === "new" ? "" : row.change)) return;
      const later = given(row, "certainty") && kinds.certainty(row.certainty) && lc.statusOf(row.certainty) !== EXISTING;
      if (later && !given(row, "open_year")) this.say(path, "needs_year");
    }

    home(row, path) {
      if (!this.changed(row, path, "homes", HOMES, row.change) || row.change !== "add") return;
      const ways = WAYS.filter((keys) => keys.every((key) => given(row, key)));
      if (ways.length !== 1 || given(row, "lon") !== given(row, "lat")) this.say(path, "where");
      if (!given(row, "file") && (given(row, "layer") || given(row, "crs"))) this.say(path, "of_file");
      if (row.ages === "as_before") this.say(`${path}.ages`, "nobody_before");
    }

    gate(row, path) {
      this.table(row, path, "gates", ["change", "lon", "lat"], row.change === "close" ? [] : ["open_year", "certainty"]);
    }

    limit(row, path) {
      this.table(row, path, "limits", ["category", "level"]);
      const key = `${row.category} ${row.level}`;
      if (this.limited.has(key)) this.say(path, "duplicate");
      this.limited.add(key);
      if (!given(row, "limit_m") && !given(row, "limit_min")) this.say(path, "missing", { key: "limit_m" });
    }

    walking(told) {
      this.table(told, "walking", "walking");
      if (isTable(told.speeds)) Object.keys(told.speeds).forEach((group) => {
        if (!kinds.speed(told.speeds[group])) this.say(`walking.speeds.${group}`, "speed");
      });
    }
  }

  // What is wrong with a scenario's shape: [{key, problem, values}].
  lc.scenario.check = function (scenario) {
    const check = new Check();
    if (!isTable(scenario)) return [{ key: "", problem: "rows" }];
    check.table(scenario, "", "scenario");
    if (isTable(scenario.walking)) check.walking(scenario.walking);
    check.rows(scenario, "homes", (row, path) => check.home(row, path));
    check.rows(scenario, "facilities", (row, path) => check.facility(row, path));
    check.rows(scenario, "links", (row, path) => check.table(row, path, "links", ["kind", "line"]));
    check.rows(scenario, "gates", (row, path) => check.gate(row, path));
    check.rows(scenario, "limits", (row, path) => check.limit(row, path));
    // One word for what is to be a table, or a list of them.
    return check.faults.map((fault) => (fault.problem === "table" ? Object.assign(fault, { problem: "rows" }) : fault));
  };

  // What a scenario refers to and the study does not have; `known` holds the ids of categories, levels, groups and facilities, and the limits there are.
  // Another standard has categories and levels of its own.
  lc.scenario.checkNames = function (scenario, known) {
    const faults = [], need = (key, id, among) => { if (!known[among].has(id)) faults.push({ key, problem: `no_${among}`, values: { id } }); };
    const judged = !("standard" in scenario), added = new Set();
    (scenario.facilities || []).forEach((row, i) => {
      if (row.categories && judged) row.categories.forEach((id) => need(`facilities.${i + 1}.categories`, id, "category"));
      if (lc.scenario.isNew(row)) added.add(lc.scenario.facilityId(scenario, i));
      else if (!added.has(row.id)) need(`facilities.${i + 1}.id`, row.id, "facility");
    });
    (judged && scenario.limits ? scenario.limits : []).forEach((row, i) => {
      need(`limits.${i + 1}`, row.category, "category");
      if (known.category.has(row.category)) need(`limits.${i + 1}`, `${row.category} ${row.level}`, "requirement");
    });
    Object.keys((scenario.walking && scenario.walking.speeds) || {}).forEach((group) => need("walking.speeds", group, "group"));
    return faults;
  };

  // The same values in plain objects, whatever read them, without what says nothing.
  lc.scenario.plain = function (scenario) {
    const plain = JSON.parse(JSON.stringify(scenario, (key, value) => (value === null ? undefined : value)));
    ["homes", "facilities"].forEach((part) => (plain[part] || []).forEach((row) => {
      ["polygon", "groups", "categories"].forEach((key) => { if (has(row, key) && empty(row[key])) delete row[key]; });
    }));
    return plain;
  };
})(livingcircle);
