// A scenario as text: written as TOML that any reader takes, read from the TOML of this shape or from JSON.
// What cannot be read is told line by line; nothing is guessed.

(function (lc) {
  const ORDER = {
    homes: ["change", "id", "name", "lon", "lat", "polygon", "file", "layer", "crs", "people", "groups", "dwellings", "ages", "open_year", "certainty"],
    facilities: ["change", "id", "name", "categories", "lon", "lat", "capacity", "open_year", "certainty"],
    links: ["kind", "name", "line", "open_year", "certainty"],
    gates: ["change", "lon", "lat", "open_year", "certainty"],
    limits: ["category", "level", "limit_m", "limit_min"],
  };
  const DEGREES = new Set(["lon", "lat", "line", "polygon"]);
  const SHORT = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\" };
  // Control characters, and marks that turn the direction of what is read or cannot be seen.
  const UNSEEN = /["\\\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
  // Half a pair of surrogates is no character.
  const HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/g;

  const whole = (text) => text.replace(HALF, (found) => found.replace(/[\ud800-\udfff]/g, "\ufffd"));
  const quoted = (text) => `"${whole(String(text)).replace(UNSEEN, (mark) => SHORT[mark] || `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
  const bare = (key) => (/^[A-Za-z0-9_-]+$/.test(key) ? key : quoted(key));
  const decimal = (number) => (Number.isInteger(number) && Math.abs(number) < 1e15 ? `${number}.0` : String(number));

  function value(told, degrees) {
    if (Array.isArray(told)) return `[${told.map((one) => value(one, degrees)).join(", ")}]`;
    if (typeof told === "number") return degrees ? decimal(told) : String(told);
    if (told && typeof told === "object") return `{ ${Object.keys(told).map((key) => `${bare(key)} = ${value(told[key])}`).join(", ")} }`;
    return typeof told === "boolean" ? String(told) : quoted(told);
  }

  // The TOML text of a scenario.
  lc.toToml = function (scenario) {
    const lines = [], told = lc.scenario.tidy(scenario), pair = (key, what) => lines.push(`${bare(key)} = ${value(what, DEGREES.has(key))}`);
    ["name", "note", "year", "standard", "certainty"].forEach((key) => { if (key in told) pair(key, told[key]); });
    if (told.walking && "rule" in told.walking) {
      lines.push("", "[walking]");
      pair("rule", told.walking.rule);
    }
    if (told.walking && told.walking.speeds) {
      lines.push("", "[walking.speeds]");
      Object.keys(told.walking.speeds).forEach((group) => lines.push(`${bare(group)} = ${decimal(told.walking.speeds[group])}`));
    }
    lc.scenario.LISTS.forEach((part) => (told[part] || []).forEach((row) => {
      lines.push("", `[[${part}]]`);
      ORDER[part].forEach((key) => { if (key in row) pair(key, row[key]); });
    }));
    return `${lines.join("\n").replace(/^\n/, "")}\n`;
  };

  const BACK = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", '"': '"', "\\": "\\" };
  const BASED = /^0(?:x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|o[0-7](?:_?[0-7])*|b[01](?:_?[01])*)$/;
  const NUMBER = /^[+-]?(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?$/;
  const MOST_FAULTS = 12, DEEPEST = 12;

  class Unreadable extends Error {
    constructor(problem) { super(problem); this.problem = problem; }
  }

  // Reads the TOML of scenarios: tables, lists of tables, one-line texts, numbers, lists and inline tables.
  class Toml {
    constructor(text) {
      this.text = text; this.at = 0; this.line = 1;
      this.faults = []; this.lines = new Map(); this.depth = 0;
      this.root = Object.create(null);
      this.table = this.root; this.path = ""; this.opened = new Set();
    }

    read() {
      while (this.faults.length < MOST_FAULTS) {
        this.space(true);
        if (this.at >= this.text.length) break;
        const line = this.line;
        try { this.statement(); this.end(); } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
          this.faults.push({ line, key: "", problem: error.problem });
          while (this.at < this.text.length && this.text[this.at] !== "\n") this.at++;
        }
      }
      return this;
    }

    peek(mark) { return this.text.startsWith(mark, this.at); }
    take(mark) { if (!this.peek(mark)) return false; this.at += mark.length; return true; }
    need(mark) { if (!this.take(mark)) throw new Unreadable("syntax"); }

    // Spaces; with `lines` also ends of lines and remarks.
    space(lines) {
      for (;;) {
        const mark = this.text[this.at];
        if (mark === " " || mark === "\t") this.at++;
        else if (lines && (mark === "\n" || this.peek("\r\n"))) { this.at += mark === "\n" ? 1 : 2; this.line++; }
        else if (lines && mark === "#") this.remark();
        else return;
      }
    }

    remark() { while (this.at < this.text.length && this.text[this.at] !== "\n" && !this.peek("\r\n")) this.at++; }

    end() {
      this.space(false);
      if (this.peek("#")) this.remark();
      if (this.at < this.text.length && !this.peek("\n") && !this.peek("\r\n")) throw new Unreadable("syntax");
    }

    statement() {
      if (this.take("[[")) return this.header(true);
      if (this.take("[")) return this.header(false);
      return this.pair(this.table, this.path);
    }

    header(listed) {
      const keys = this.keys();
      this.need(listed ? "]]" : "]");
      let at = this.root, path = "", rows = null;
      keys.forEach((key, i) => {
        const last = i === keys.length - 1;
        path += `${path ? "." : ""}${key}`;
        if (last && listed) {
          if (key in at && !(Array.isArray(at[key]) && this.opened.has(`[[${path}`))) throw new Unreadable("duplicate");
          this.opened.add(`[[${path}`);
          rows = at[key] = at[key] || [];
          rows.push(Object.create(null));
          // What stands within a row may stand again in the next one.
          this.opened.forEach((one) => { if (one.startsWith(`${path}.`)) this.opened.delete(one); });
        } else if (!(key in at)) at[key] = Object.create(null);
        at = Array.isArray(at[key]) ? at[key][at[key].length - 1] : at[key];
        if (at === null || typeof at !== "object") throw new Unreadable("duplicate");
      });
      if (!listed && this.opened.has(path)) throw new Unreadable("duplicate");
      if (!listed) this.opened.add(path);
      this.path = listed ? `${path}.${rows.length}` : path;
      this.lines.set(this.path, this.line);
      if (!this.lines.has(keys[0])) this.lines.set(keys[0], this.line);
      this.table = at;
    }

    keys() {
      const keys = [];
      do {
        this.space(false);
        const found = /^[A-Za-z0-9_-]+/.exec(this.text.slice(this.at, this.at + 200));
        if (found) { keys.push(found[0]); this.at += found[0].length; } else if (this.peek('"') || this.peek("'")) keys.push(this.string());
        else throw new Unreadable("syntax");
        this.space(false);
      } while (this.take("."));
      return keys;
    }

    pair(table, path) {
      const keys = this.keys();
      this.need("=");
      this.space(false);
      const line = this.line, what = this.value();
      let at = table;
      keys.forEach((key, i) => {
        path += `${path ? "." : ""}${key}`;
        if (i < keys.length - 1) at = at[key] = at[key] === undefined ? Object.create(null) : at[key];
        if (typeof at !== "object" || Array.isArray(at)) throw new Unreadable("duplicate");
      });
      const last = keys[keys.length - 1];
      if (last in at) throw new Unreadable("duplicate");
      at[last] = what;
      this.lines.set(path, line);
    }

    value() {
      if (this.depth > DEEPEST) throw new Unreadable("syntax");
      if (this.peek('"') || this.peek("'")) return this.string();
      if (this.take("[")) return this.within("list");
      if (this.take("{")) return this.within("inline");
      const word = /^[^\s,\]}#]*/.exec(this.text.slice(this.at, this.at + 400))[0];
      this.at += word.length;
      if (word === "true" || word === "false") return word === "true";
      if (!NUMBER.test(word) && !BASED.test(word)) throw new Unreadable(word ? "value" : "syntax");
      return Number(word.replace(/_/g, ""));
    }

    within(kind) {
      this.depth++;
      try { return this[kind](); } finally { this.depth--; }
    }

    list() {
      const all = [];
      for (;;) {
        this.space(true);
        if (this.take("]")) return all;
        all.push(this.value());
        this.space(true);
        if (!this.take(",") && !this.peek("]")) throw new Unreadable("syntax");
      }
    }

    inline() {
      const made = Object.create(null);
      this.space(false);
      while (!this.take("}")) {
        this.pair(made, "");
        this.space(false);
        if (this.take(",")) this.space(false);
        else if (!this.peek("}")) throw new Unreadable("syntax");
      }
      return made;
    }

    string() {
      const mark = this.text[this.at];
      if (this.peek(mark.repeat(3))) return this.paragraph(mark.repeat(3));
      let made = "";
      for (this.at++; ;) {
        const next = this.text[this.at++];
        if (next === undefined || next === "\n") { this.at--; throw new Unreadable("string"); }
        if (next === mark) return made;
        if ((next < " " && next !== "\t") || next === "\u007f") throw new Unreadable("control");
        made += next === "\\" && mark === '"' ? this.escape() : next;
      }
    }

    // Text over several lines: the first line's end does not count, nor does what a backslash at the end of a line cuts.
    paragraph(mark) {
      let made = "";
      this.at += 3;
      for (this.newline(); ;) {
        if (this.at >= this.text.length) throw new Unreadable("string");
        if (this.peek(mark)) {
          // Up to two quotes more belong to the text.
          let more = 0;
          while (more < 2 && this.text[this.at + 3 + more] === mark[0]) more++;
          this.at += 3 + more;
          return made + mark[0].repeat(more);
        }
        if (this.newline()) { made += "\n"; continue; }
        const next = this.text[this.at++];
        if ((next < " " && next !== "\t") || next === "\u007f") throw new Unreadable("control");
        if (next !== "\\" || mark[0] === "'") made += next;
        else if (!this.cut()) made += this.escape();
      }
    }

    newline() {
      const found = this.take("\r\n") || this.take("\n");
      if (found) this.line++;
      return found;
    }

    // Skips the end of a line and all blanks after it; false where anything else follows the backslash.
    cut() {
      if (!/^[ \t]*\r?\n/.test(this.text.slice(this.at, this.at + 400))) return false;
      while (/[ \t\r\n]/.test(this.text[this.at] || "x")) if (!this.newline()) this.at++;
      return true;
    }

    escape() {
      const letter = this.text[this.at++];
      if (letter in BACK) return BACK[letter];
      const size = { u: 4, U: 8 }[letter], hex = size ? this.text.slice(this.at, this.at + size) : "";
      const code = size && hex.length === size && /^[0-9A-Fa-f]+$/.test(hex) ? parseInt(hex, 16) : Infinity;
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw new Unreadable("escape");
      this.at += size;
      return String.fromCodePoint(code);
    }
  }

  const lineAt = (text, position) => text.slice(0, position).split("\n").length;

  function fromJson(text) {
    try { return { root: JSON.parse(text), lines: new Map(), faults: [] }; } catch (error) {
      const position = /position (\d+)/.exec(error.message);
      return { root: {}, lines: new Map(), faults: [{ line: position ? lineAt(text, Number(position[1])) : null, key: "", problem: "json" }] };
    }
  }

  // {scenario, faults} of a text; the scenario is null when there are faults, each {line, key, problem, values}.
  lc.fromText = function (text) {
    const told = text.replace(/^\ufeff/, "");
    const { root, lines, faults } = told.trimStart().startsWith("{") ? fromJson(told) : new Toml(told).read();
    if (faults.length) return { scenario: null, faults };
    const found = lc.scenario.check(root).map((fault) => Object.assign({ line: lineOf(lines, fault.key) }, fault));
    return found.length ? { scenario: null, faults: found.slice(0, MOST_FAULTS) } : { scenario: lc.scenario.tidy(lc.scenario.plain(root)), faults: [] };
  };

  // The line of a key, or of the nearest table around it.
  function lineOf(lines, key) {
    for (let path = key; path; path = path.slice(0, path.lastIndexOf("."))) {
      if (lines.has(path)) return lines.get(path);
      if (!path.includes(".")) break;
    }
    return null;
  }
})(livingcircle);
