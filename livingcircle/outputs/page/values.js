"use strict";
// The values of the page: reads the JSON block, unpacks numbers and shapes, and says words and numbers.
// Text from data reaches the document through `element` only, which sets textContent.
const livingcircle = {};

(function (lc) {
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const VALUE = {};
  Array.from(ALPHABET).forEach((letter, i) => { VALUE[letter] = i; });

  // Reads zigzag variable-length integers, five bits to a character.
  class Numbers {
    constructor(text) { this.text = text; this.at = 0; }
    more() { return this.at < this.text.length; }
    next() {
      let number = 0, weight = 1, bits;
      do {
        bits = VALUE[this.text[this.at++]];
        number += (bits % 32) * weight;
        weight *= 32;
      } while (bits > 31);
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

  // {polygons} or {points} of one packed shape, null for none; its coordinates are told in `step` millionths of a degree.
  function shape(text, step) {
    if (!text) return null;
    const numbers = new Numbers(text), degree = 1e6 / step;
    let [x, y] = lc.data.origin.map((start) => Math.floor(start / step));
    const run = (count) => {
      const run_ = [];
      for (; count > 0; count--) {
        x += numbers.next(); y += numbers.next();
        run_.push([y / degree, x / degree]);
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

  // The gap list: what many rows share is looked up, the unit is that of the residence, the limit that of the coverage.
  function readGaps(raw, homes, coverage) {
    const gaps = { residence: integers(raw.residence), walk_m: optional(raw.walk_m), walk_min: optional(raw.walk_min, 100) };
    Object.assign(gaps, { straight_m: optional(raw.straight_m), people: optional(raw.people, 10), land_ha: optional(raw.land_ha, 100) });
    ["low", "high"].forEach((key) => { gaps[key] = integers(raw[key]).map((more, i) => (Math.round(gaps.people[i] * 10) + more) / 10); });
    gaps.uncertain = optional(raw.uncertain, 100);
    gaps.gap_id = raw.gap_id ? raw.gap_id.split(" ") : [];
    gaps.nearest = integers(raw.nearest).map((i) => raw.names[i]);
    gaps.leg_m = optional(raw.leg_m);
    gaps.street = integers(raw.street).map((i) => raw.streets[i]);
    gaps.detour = gaps.walk_m.map((walk, i) => (walk !== null && gaps.straight_m[i] ? walk / gaps.straight_m[i] : null));
    let rank = 0;
    gaps.rank = integers(raw.rank).map((step) => (rank += step));
    const kind = integers(raw.kind), reason = integers(raw.reason);
    ["category", "level", "group"].forEach((key, k) => { gaps[key] = kind.map((i) => raw.kinds[i][k]); });
    ["cause", "remedy", "confidence", "clause", "fragile_to", "closes_in"].forEach((key, k) => { gaps[key] = reason.map((i) => raw.reasons[i][k]); });
    const limits = {};
    coverage.forEach((row) => { limits[`${row.category} ${row.level} ${row.group}`] = row; });
    ["limit_m", "limit_min"].forEach((key) => {
      gaps[key] = kind.map((i) => { const row = limits[raw.kinds[i].join(" ")]; return row ? row[key] : null; });
    });
    gaps.unit = gaps.residence.map((home) => (home < 0 ? "" : homes.unit[home]));
    const numbers = new Numbers(raw.at);
    gaps.at = gaps.residence.map((home) => {
      const first = home < 0 || !homes.shape[home] ? null : firstPoint(homes.shape[home]);
      const [x, y] = first ? [Math.round(first[1] * 1e6), Math.round(first[0] * 1e6)] : lc.data.origin;
      const east = numbers.next(), north = numbers.next();
      return [(y + north) / 1e6, (x + east) / 1e6];
    });
    return gaps;
  }

  const firstPoint = (drawn) => (drawn.polygons ? drawn.polygons[0][0][0] : drawn.points[0]);

  function readFacilities(raw) {
    const places = { name: raw.name, categories: raw.categories, year: raw.year, capacity: raw.capacity };
    places.open = Array.from(raw.open, (flag) => flag === "1");
    places.at = points(raw.at);
    places.shape = raw.shape.map((text) => shape(text, 1));
    ["status", "entrance_source", "source", "confidence"].forEach((key) => { places[key] = named(raw[key]); });
    places.doors = { facility: integers(raw.doors.facility), at: points(raw.doors.at) };
    return places;
  }

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

  const COVERAGE = ["unit", "category", "level", "group", "kind", "limit_m", "limit_min", "land_ha", "land_covered_ha",
    "land_share", "people", "people_covered", "people_share", "facilities"];

  // Reads the page's JSON block into `lc.data`.
  lc.read = function () {
    const data = JSON.parse(document.getElementById("livingcircle-data").textContent);
    lc.data = data;
    data.facilities = readFacilities(data.facilities);
    data.residences.unit = named(data.residences.unit);
    data.residences.people = data.residences.people.map((text) => optional(text, 10));
    data.residences.shape = data.residences.shape.map((text) => shape(text, 1));
    ["category", "level", "gap", "residence"].forEach((key) => { data.gap_areas[key] = integers(data.gap_areas[key]); });
    data.coverage.rows = data.coverage.rows.map((row) => {
      const named_ = {};
      COVERAGE.forEach((key, i) => { named_[key] = row[i]; });
      named_.whole = named_.kind === 1;
      named_.unit = [data.coverage.units[named_.unit], lc.say("whole_area"), lc.say("outside_units")][named_.kind];
      return named_;
    });
    data.gaps = readGaps(data.gaps, data.residences, data.coverage.rows);
    lc.now = lc.asWritten();
    return data;
  };

  // What the page shows now: the study as written into it, or what a scenario makes of it, in the same shapes.
  lc.now = {};
  lc.asWritten = () => ({ coverage: lc.data.coverage, gaps: lc.data.gaps, facilities: lc.data.facilities, walks });

  // Who wants to know when the page starts, another category is chosen, or the map is clicked.
  const listeners = {};
  lc.on = (name, act) => { (listeners[name] = listeners[name] || []).push(act); };
  lc.tell = (name, value) => { (listeners[name] || []).forEach((act) => act(value)); };

  // The word of `key`; {marks} in it are filled from `values`.
  lc.say = function (key, values) {
    const word = lc.data.words[key];
    return (word === undefined ? key : word).replace(/\{(\w+)\}/g, (mark, name) => (values && name in values ? values[name] : mark));
  };

  // The word of a code of the results, or the code itself where the page has no word for it.
  lc.sayCode = function (kind, code) {
    const word = lc.data.words[`${kind}.${code}`];
    return word === undefined ? code : word;
  };

  const grouped = (value, digits) => value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const NONE = "—";
  lc.show = {
    count: (value) => (value === null ? NONE : grouped(value, 0)),
    decimal: (value, digits) => (value === null ? NONE : grouped(value, digits)),
    plain: (value) => (value === null ? NONE : String(value)),
    metres: (value) => (value === null ? NONE : `${grouped(value, 0)} ${lc.say("m")}`),
    // Rounded up: a walk of 15.01 minutes must not read as 15.0.
    minutes: (value) => (value === null ? NONE : `${grouped(Math.ceil(value * 10 - 1e-6) / 10, 1)} ${lc.say("min")}`),
    hectares: (value) => (value === null ? NONE : `${grouped(value, 2)} ${lc.say("ha")}`),
    people: (value) => (value === null ? NONE : `${grouped(value, 0)} ${lc.say("persons")}`),
    // 100.0 % and 0.0 % only where nothing, or everything, is missing.
    share: (value) => {
      if (value === null) return NONE;
      if (value > 0 && value < 1) value = Math.min(0.999, Math.max(0.001, value));
      return `${(value * 100).toFixed(1)}%`;
    },
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

  // Shapes of areas that are simplified by metres.
  lc.coarse = (text) => shape(text, 10);

  Object.assign(lc, { Numbers, integers, optional, named, points, shape: (text) => shape(text, 1) });
})(livingcircle);
