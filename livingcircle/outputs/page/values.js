"use strict";
// The values of the page: reads the JSON block and unpacks numbers and shapes.
// Text from data reaches the document through `element` only, which sets textContent.
const livingcircle = {};

(function (lc) {
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const VALUE = new Uint8Array(128);
  Array.from(ALPHABET).forEach((letter, i) => { VALUE[letter.charCodeAt(0)] = i; });

  // Reads zigzag variable-length integers, five bits to a character.
  class Numbers {
    constructor(text) { this.text = text; this.at = 0; }
    more() { return this.at < this.text.length; }
    next() {
      let bits = VALUE[this.text.charCodeAt(this.at++)], number = bits & 31;
      for (let weight = 32; bits > 31; weight *= 32) {
        bits = VALUE[this.text.charCodeAt(this.at++)];
        number += (bits & 31) * weight;
      }
      return number % 2 ? -(number + 1) / 2 : number / 2;
    }
  }

  function integers(text) {
    const numbers = new Numbers(text), all = [];
    while (numbers.more()) all.push(numbers.next());
    return all;
  }

  // Numbers where 0 stands for a missing or infinite value.
  const optional = (text, scale) => integers(text).map((n) => (n === 0 ? null : (n - 1) / (scale || 1)));

  const named = (column) => integers(column.rows).map((i) => column.names[i]);

  // Points, each the difference from the one before: [latitude, longitude].
  function points(text) {
    const numbers = new Numbers(text), all = [];
    let [x, y] = lc.data.origin;
    while (numbers.more()) {
      x += numbers.next(); y += numbers.next();
      all.push([y / 1e6, x / 1e6]);
    }
    return all;
  }

  // {polygons} or {points} of one packed shape, null for none.
  function shape(text) {
    if (!text) return null;
    const numbers = new Numbers(text);
    let [x, y] = lc.data.origin;
    const run = (count) => {
      const run_ = [];
      for (; count > 0; count--) {
        x += numbers.next(); y += numbers.next();
        run_.push([y / 1e6, x / 1e6]);
      }
      return run_;
    };
    const areas = numbers.next(), polygons = [];
    if (areas === 0) return { points: run(numbers.next()) };
    for (let a = 0; a < areas; a++) {
      const rings = [];
      for (let r = numbers.next(); r > 0; r--) rings.push(run(numbers.next()));
      polygons.push(rings);
    }
    return { polygons };
  }

  // Lines told in one run: for each the number of its points, then their differences.
  lc.lines = function (text) {
    const numbers = new Numbers(text), all = [];
    let [x, y] = lc.data.origin;
    while (numbers.more()) {
      const line = [];
      for (let left = numbers.next(); left > 0; left--) {
        x += numbers.next(); y += numbers.next();
        line.push([y / 1e6, x / 1e6]);
      }
      all.push(line);
    }
    return all;
  };

  // Ids of seven letters each, or as they are where they have another form.
  function gapIds(text) {
    if (text.startsWith("=")) return text.length > 1 ? text.slice(1).split(" ") : [];
    const ids = [];
    for (let at = 0; at < text.length; at += 7) {
      let number = 0;
      for (let i = at; i < at + 7; i++) number = number * 64 + VALUE[text.charCodeAt(i)];
      ids.push(`G${number.toString(16).padStart(10, "0")}`);
    }
    return ids;
  }

  // A value that is worked out when first asked for.
  function lazily(object, name, make) {
    const keep = (value) => Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
    Object.defineProperty(object, name, { configurable: true, enumerable: true, set: keep, get() { keep(make()); return object[name]; } });
  }

  const firstPoint = (drawn) => (drawn.polygons ? drawn.polygons[0][0][0] : drawn.points[0]);

  // The points of gaps: each the difference from the first point drawn of its residence.
  function gapPoints(text, residences, homes) {
    const numbers = new Numbers(text);
    return residences.map((home) => {
      const first = home < 0 || !homes.shape[home] ? null : firstPoint(homes.shape[home]);
      const [x, y] = first ? [Math.round(first[1] * 1e6), Math.round(first[0] * 1e6)] : lc.data.origin;
      const east = numbers.next(), north = numbers.next();
      return [(y + north) / 1e6, (x + east) / 1e6];
    });
  }

  // The gap list, each column unpacked when first asked for: what many rows share is looked up, the unit is that of the residence,
  // the limit that of the coverage.
  function readGaps(raw, homes, coverage) {
    const gaps = {}, column = (name, make) => lazily(gaps, name, make);
    const kind = integers(raw.kind), reason = integers(raw.reason), limits = {};
    coverage.forEach((row) => { limits[`${row.category} ${row.level} ${row.group}`] = row; });
    const limited = raw.kinds.map((own) => limits[own.join(" ")] || { limit_m: null, limit_min: null });
    column("residence", () => integers(raw.residence));
    column("rank", () => integers(raw.rank).map(((rank) => (step) => (rank += step))(0)));
    column("gap_id", () => gapIds(raw.gap_id));
    ["walk_m", "straight_m", "leg_m"].forEach((key) => column(key, () => optional(raw[key])));
    ["walk_min", "land_ha", "uncertain"].forEach((key) => column(key, () => optional(raw[key], 100)));
    column("people", () => optional(raw.people, 10));
    ["low", "high"].forEach((key) => column(key, () => integers(raw[key]).map((more, i) => (Math.round(gaps.people[i] * 10) + more) / 10)));
    column("nearest", () => integers(raw.nearest).map((i) => raw.names[i]));
    column("street", () => integers(raw.street).map((i) => raw.streets[i]));
    column("detour", () => gaps.walk_m.map((walk, i) => (walk !== null && gaps.straight_m[i] ? walk / gaps.straight_m[i] : null)));
    ["category", "level", "group"].forEach((key, k) => column(key, () => kind.map((i) => raw.kinds[i][k])));
    ["limit_m", "limit_min"].forEach((key) => column(key, () => kind.map((i) => limited[i][key])));
    ["cause", "remedy", "confidence", "clause", "fragile_to", "closes_in",
      "priority"].forEach((key, k) => column(key, () => reason.map((i) => raw.reasons[i][k])));
    column("unit", () => {
      const alone = named(raw.unit)[Symbol.iterator]();
      return gaps.residence.map((home) => (home < 0 ? alone.next().value : homes.unit[home]));
    });
    column("at", () => gapPoints(raw.at, gaps.residence, homes));
    return gaps;
  }

  function readFacilities(raw) {
    const places = { id: named(raw.id).map((file, i) => (file ? `${file}#${raw.id.own[i]}` : raw.id.own[i])), name: raw.name, categories: raw.categories,
      told_year: raw.year, capacity: raw.capacity };
    const rest = integers(raw.rest), finer = (degrees, more) => (Math.round(degrees * 1e6) * 100 + more) / 1e8;
    places.open = Array.from(raw.open, (flag) => flag === "1");
    places.at = points(raw.at).map(([lat, lon], i) => [finer(lat, rest[2 * i + 1]), finer(lon, rest[2 * i])]);
    places.shape = raw.shape.map((text) => shape(text));
    ["status", "entrance_source", "source", "confidence"].forEach((key) => { places[key] = named(raw[key]); });
    // What is too uncertain to count opens in no year.
    places.year = raw.year.map((year, i) => (lc.certain(places.status[i], lc.data.study.certainty) ? year : null));
    places.doors = { facility: integers(raw.doors.facility), at: points(raw.doors.at) };
    return places;
  }

  // The status that a word of certainty means, null for none; and whether a status is at least as certain as `counted`.
  lc.statusOf = function (word) {
    const plain = String(word).trim().toLowerCase();
    return Object.keys(lc.data.statuses).find((status) => lc.data.statuses[status].includes(plain)) || null;
  };
  lc.certain = function (status, counted) {
    const ranks = Object.keys(lc.data.statuses);
    return ranks.includes(status) && ranks.indexOf(status) <= ranks.indexOf(counted);
  };

  const STATUS = { 0: "reached", 1: "unreachable", 2: "off_network" };

  // The walks of every residence to one category as a group walks (the chosen one, if none is told), unpacked when first asked for.
  function walks(category, group = lc.state.group) {
    const column = lc.data.walks.columns[category][lc.data.groups[group].walks];
    if (!column.unpacked) {
      column.unpacked = {
        walk_m: optional(column.walk_m), walk_min: optional(column.walk_min, 100), straight_m: optional(column.straight_m),
        status: Array.from(column.status, (s) => STATUS[s] || ""),
        nearest: optional(column.nearest).map((i) => (i === null ? "" : lc.data.walks.names[i])),
      };
    }
    return column.unpacked;
  }

  const SHARE = 1e6;

  // Rows of coverage; `by_rule` holds the shares of land and people by distance, time and straight line.
  function readCoverage(raw) {
    const own = {};
    ["unit", "category", "level", "group", "kind"].forEach((key) => { own[key] = integers(raw[key]); });
    ["people", "people_covered", "facilities"].forEach((key) => { own[key] = optional(raw[key]); });
    ["land_ha", "land_covered_ha"].forEach((key) => { own[key] = optional(raw[key], 100); });
    ["land_share", "people_share"].forEach((key) => { own[key] = optional(raw[key], SHARE); });
    const limits = named(raw.limits), more = { land: raw.by_rule.land.map(integers), people: raw.by_rule.people.map(integers) };
    const ruled = (kind, i) => more[kind].map((rule) => {
      const share = own[`${kind}_share`][i];
      return share === null ? null : share + rule[i] / SHARE;
    });
    return own.unit.map((unit, i) => {
      const row = { limit_m: limits[i][0], limit_min: limits[i][1], by_rule: { land: ruled("land", i), people: ruled("people", i) } };
      Object.keys(own).forEach((key) => { row[key] = own[key][i]; });
      row.unit = raw.units[unit];
      row.whole = row.kind === 1;
      return row;
    });
  }

  // Elements that residences lack: rows by level and group; `lacks` has a bit for each element.
  function readLacking(rows) {
    return rows.map((row) => Object.assign(row, { lacks: integers(row.lacks) }));
  }

  // The values that the page holds: JSON, compressed, in letters that HTML leaves alone.
  lc.held = async function () {
    const text = document.getElementById("livingcircle-data").textContent;
    // Newer browsers read these letters ten times as fast.
    const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const { readable, writable } = new DecompressionStream("deflate"), writer = writable.getWriter(), reader = readable.getReader();
    writer.write(bytes);
    writer.close();
    // Read part by part, all of it comes before the browser turns to anything else.
    const letters = new TextDecoder();
    let json = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) json += letters.decode(part.value, { stream: true });
    return JSON.parse(json + letters.decode());
  };

  // Makes the values of the page `lc.data`, unpacked.
  lc.read = function (data) {
    lc.data = data;
    data.facilities = readFacilities(data.facilities);
    data.residences.unit = named(data.residences.unit);
    data.residences.people = data.residences.people.map((text) => optional(text, 10));
    data.residences.land_ha = optional(data.residences.land_ha, 100);
    data.residences.shape = data.residences.shape.map((text) => shape(text));
    data.coverage.rows = readCoverage(data.coverage);
    data.lacking = readLacking(data.lacking);
    data.gaps = readGaps(data.gaps, data.residences, data.coverage.rows);
    lc.now = lc.asWritten();
    lc.speak(data.study.language);
    return data;
  };

  // What the page shows now: the study as written into it, or what a scenario makes of it, in the same shapes.
  lc.now = {};
  lc.asWritten = () => ({ coverage: lc.data.coverage, gaps: lc.data.gaps, facilities: lc.data.facilities, walks,
    lacking: (level, group) => lc.lackingAsWritten(level, group) });

  // Who wants to know when the page starts, something else is chosen, the language changes, or the map is clicked.
  const listeners = {};
  lc.on = (name, act) => { (listeners[name] = listeners[name] || []).push(act); };
  // Asked before all others; who answers true has dealt with it, and the others are not told.
  lc.onFirst = (name, act) => { (listeners[name] = listeners[name] || []).unshift(act); };
  lc.tell = (name, value) => { (listeners[name] || []).some((act) => act(value) === true); };

  // Does what can wait until the page has been drawn.
  lc.onceSeen = function (act) {
    const later = () => setTimeout(act, 0);
    if (document.hidden) later();
    else requestAnimationFrame(() => requestAnimationFrame(later));
  };

  // An element with properties and children; strings become text, never markup.
  lc.element = function (tag, properties, children) {
    const made = document.createElement(tag);
    Object.entries(properties || {}).forEach(([key, value]) => {
      if (key === "class") made.className = value;
      else if (key === "text") made.textContent = value;
      else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (key.startsWith("--")) made.style.setProperty(key, value);
      else made.setAttribute(key, value);
    });
    (children || []).forEach((child) => { if (child !== null) made.append(child); });
    return made;
  };

  lc.fill = function (id, children) {
    const holder = document.getElementById(id);
    holder.replaceChildren(...children.filter((child) => child !== null));
    return holder;
  };

  Object.assign(lc, { Numbers, integers, optional, named, points, shape, lazily });
})(livingcircle);
