// What a scenario may say: each key's kind, and what must stand beside what. All that is wrong is told, not the first only.

(function (lc) {
  const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const number = (value) => typeof value === "number" && Number.isFinite(value);

  const FIRST_YEAR = 1900, LAST_YEAR = 2200, FASTEST_KMH = 15, LONGEST = 100000, MOST = 1e9;

  // Kinds: null when a value is of the kind, otherwise the fault.
  const kinds = {
    text: (value) => (typeof value === "string" ? null : "text"),
    some: (value) => (typeof value === "string" && value ? null : "some"),
    words: (value) => (typeof value === "string" || (isTable(value) && Object.keys(value).every((key) => ["zh", "en"].includes(key) && typeof value[key] === "string")) ? null : "words"),
    year: (value) => (Number.isInteger(value) && value >= FIRST_YEAR && value <= LAST_YEAR ? null : "year"),
    lon: (value) => (number(value) && Math.abs(value) <= 180 ? null : "lon"),
    lat: (value) => (number(value) && Math.abs(value) <= 90 ? null : "lat"),
    speed: (value) => (number(value) && value > 0 && value <= FASTEST_KMH ? null : "speed"),
    limit: (value) => (number(value) && value > 0 && value <= LONGEST ? null : "limit"),
    amount: (value) => (number(value) && value >= 0 && value <= MOST ? null : "amount"),
    texts: (value) => (Array.isArray(value) && value.length && value.every((one) => typeof one === "string" && one) ? null : "texts"),
    line: (value) => (Array.isArray(value) && value.length > 1 && value.every((p) => Array.isArray(p) && p.length === 2 && !kinds.lon(p[0]) && !kinds.lat(p[1]))
      && value.some((p) => p[0] !== value[0][0] || p[1] !== value[0][1]) ? null : "line"),
    rule: (value) => (["distance", "time"].includes(value) ? null : "rule"),
    link: (value) => (["footpath", "bridge", "crossing"].includes(value) ? null : "link"),
  };

  // Keys of a row by what it changes: those it must have, those it may have.
  const FACILITY = {
    new: [["name", "categories", "lon", "lat"], ["capacity", "open_year"]],
    open: [["id"], ["open_year"]],
    close: [["id"], []],
    move: [["id", "lon", "lat"], []],
    resize: [["id", "capacity"], []],
  };
  const KIND = {
    id: "some", categories: "texts", lon: "lon", lat: "lat", capacity: "amount", open_year: "year", kind: "link", line: "line",
    category: "text", level: "text", limit_m: "limit", limit_min: "limit", name: "words", note: "words", year: "year", rule: "rule", change: "text",
  };

  class Check {
    constructor() { this.faults = []; this.limited = new Set(); }
    say(key, problem, values) { this.faults.push(values ? { key, problem, values } : { key, problem }); }

    // The keys of a table: none unknown, each of its kind, none lacking.
    table(row, path, needed, allowed) {
      const at = (key) => (path ? `${path}.${key}` : key), known = [...needed, ...allowed];
      Object.keys(row).forEach((key) => {
        if (!known.includes(key)) this.say(at(key), "unknown", { key });
        else if (KIND[key]) {
          const problem = kinds[KIND[key]](row[key]);
          if (problem) this.say(at(key), problem);
        }
      });
      needed.forEach((key) => { if (!(key in row)) this.say(path, "missing", { key }); });
    }

    rows(scenario, part, check) {
      if (!(part in scenario)) return;
      if (!Array.isArray(scenario[part])) { this.say(part, "rows"); return; }
      scenario[part].forEach((row, i) => {
        const path = `${part}.${i + 1}`;
        if (isTable(row)) check(row, path);
        else this.say(path, "rows");
      });
    }

    facility(row, path) {
      const change = row.change === "open" && !("id" in row) ? "new" : row.change;
      if (!Object.prototype.hasOwnProperty.call(FACILITY, change)) { this.say("change" in row ? `${path}.change` : path, "facility_change"); return; }
      const [needed, allowed] = FACILITY[change];
      this.table(row, path, ["change", ...needed], allowed);
      if ("name" in row && kinds.some(row.name) && !kinds.words(row.name)) this.say(`${path}.name`, "some");
    }

    gate(row, path) {
      this.table(row, path, ["change", "lon", "lat"], []);
      if ("change" in row && !["open", "close"].includes(row.change)) this.say(`${path}.change`, "gate_change");
    }

    limit(row, path) {
      this.table(row, path, ["category", "level"], ["limit_m", "limit_min"]);
      const key = JSON.stringify([row.category, row.level]);
      if (this.limited.has(key)) this.say(path, "duplicate");
      this.limited.add(key);
      if (!("limit_m" in row) && !("limit_min" in row)) this.say(path, "missing", { key: "limit_m" });
    }

    walking(told) {
      if (!isTable(told)) { this.say("walking", "rows"); return; }
      this.table(told, "walking", [], ["rule", "speeds"]);
      if (!("speeds" in told)) return;
      if (!isTable(told.speeds)) { this.say("walking.speeds", "rows"); return; }
      Object.keys(told.speeds).forEach((group) => { if (kinds.speed(told.speeds[group])) this.say(`walking.speeds.${group}`, "speed"); });
    }
  }

  // What is wrong with a scenario's shape: [{key, problem, values}].
  lc.scenario.check = function (scenario) {
    const check = new Check();
    if (!isTable(scenario)) return [{ key: "", problem: "rows" }];
    check.table(scenario, "", [], ["name", "note", "year", "walking", ...lc.scenario.LISTS]);
    if ("walking" in scenario) check.walking(scenario.walking);
    check.rows(scenario, "facilities", (row, path) => check.facility(row, path));
    check.rows(scenario, "links", (row, path) => check.table(row, path, ["kind", "line"], ["name"]));
    check.rows(scenario, "gates", (row, path) => check.gate(row, path));
    check.rows(scenario, "limits", (row, path) => check.limit(row, path));
    return check.faults;
  };

  // What a scenario refers to and the study does not have; `known` holds the ids of categories, levels, groups and facilities, and the limits there are.
  lc.scenario.checkNames = function (scenario, known) {
    const faults = [], need = (key, id, among) => { if (!known[among].has(id)) faults.push({ key, problem: `no_${among}`, values: { id } }); };
    (scenario.facilities || []).forEach((row, i) => {
      if (row.categories) row.categories.forEach((id) => need(`facilities.${i + 1}.categories`, id, "category"));
      if ("id" in row) need(`facilities.${i + 1}.id`, row.id, "facility");
    });
    (scenario.limits || []).forEach((row, i) => {
      need(`limits.${i + 1}`, row.category, "category");
      if (known.category.has(row.category)) need(`limits.${i + 1}`, `${row.category} ${row.level}`, "requirement");
    });
    Object.keys((scenario.walking && scenario.walking.speeds) || {}).forEach((group) => need("walking.speeds", group, "group"));
    return faults;
  };

  // The same values in plain objects, whatever read them.
  lc.scenario.plain = (scenario) => JSON.parse(JSON.stringify(scenario));
})(livingcircle);
