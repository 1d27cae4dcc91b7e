"use strict";
// The states compared: their columns by position, and what the two chosen ones differ in.

(function (lc) {
  const WHOLE = 1, OUTSIDE = 2;
  const WALK = ["", "off_network", "unreachable"];
  const GAP_CHANGES = ["closed", "opened", "moved", "arrived", "left"];
  const FACILITY_CHANGES = ["opened", "closed", "moved", "resized"];
  const HOME_CHANGES = ["arrived", "left", "resized"];
  const MOVES = ["land_gained", "land_lost", "people_gained", "people_lost"];
  const ARRIVING = ["land_arrived", "land_arrived_covered", "land_left", "land_left_covered",
    "people_arrived", "people_arrived_covered", "people_left", "people_left_covered"];
  const scale = (key) => (key.startsWith("land") ? 1e4 : 100);
  // The same move seen from the later state back to the earlier one.
  const TURNED = { gained: "lost", lost: "gained", arrived: "left", left: "arrived", closed: "opened", opened: "closed" };
  const turned = (key) => key.replace(/gained|lost|arrived|left/, (word) => TURNED[word]);

  const unpacked = new Map();
  // A column of numbers, unpacked when first asked for.
  function column(at) {
    if (!unpacked.has(at)) unpacked.set(at, lc.integers(lc.data.columns[at]));
    return unpacked.get(at);
  }

  function readMoves(raw, keys) {
    const out = { kind: lc.integers(raw.kind) };
    ["home", "unit"].forEach((key) => { if (raw[key] !== undefined) out[key] = lc.integers(raw[key]); });
    keys.forEach((key) => { out[key] = lc.integers(raw[key]).map((n) => n / scale(key)); });
    return out;
  }

  function readPair(raw) {
    if (raw.read) return raw.read;
    const coded = (text, words) => lc.integers(text).map((code) => words[code]);
    raw.read = {
      homes: readMoves(raw.homes, MOVES), units: readMoves(raw.units, MOVES.concat(ARRIVING)),
      gaps: { change: coded(raw.gaps.change, GAP_CHANGES), kind: lc.integers(raw.gaps.kind), home: lc.integers(raw.gaps.home) },
      facilities: { change: coded(raw.facilities.change, FACILITY_CHANGES), facility: lc.integers(raw.facilities.facility) },
      residences: {
        change: coded(raw.residences.change, HOME_CHANGES), home: lc.integers(raw.residences.home), before: lc.optional(raw.residences.before, 10),
          after: lc.optional(raw.residences.after, 10),
      },
      onlyAdds: raw.only_adds, fallen: raw.fallen,
    };
    return raw.read;
  }

  function turnedPair(pair) {
    const moves = (table) => {
      const out = { kind: table.kind, home: table.home, unit: table.unit };
      MOVES.concat(ARRIVING).forEach((key) => { if (table[turned(key)]) out[key] = table[turned(key)]; });
      return out;
    };
    const change = (word) => TURNED[word] || word;
    return {
      homes: moves(pair.homes), units: moves(pair.units), onlyAdds: false, fallen: 0,
      gaps: Object.assign({}, pair.gaps, { change: pair.gaps.change.map(change) }),
      facilities: Object.assign({}, pair.facilities, { change: pair.facilities.change.map(change) }),
      residences: { change: pair.residences.change.map(change), home: pair.residences.home, before: pair.residences.after, after: pair.residences.before },
    };
  }

  // What two states differ in; whichever stands first is the one before.
  lc.pair = function (before, after) {
    const raw = lc.data.pairs.find((one) => (one.before === before && one.after === after) || (one.before === after && one.after === before));
    if (!raw) return null;
    return raw.before === before ? readPair(raw) : turnedPair(readPair(raw));
  };

  lc.kindAt = (category, level, group) => lc.data.kinds.findIndex((kind) => kind[0] === category && kind[1] === level && kind[2] === group);
  lc.levelsOf = (category) => lc.data.levels.map((_, i) => i).filter((level) => lc.data.kinds.some((kind) => kind[0] === category && kind[1] === level));

  // The middle walk of every residence: {minutes, status}; minutes are null where there is no walk.
  lc.walksOf = function (state, category, group) {
    const { groups, states } = lc.data, own = groups[group], at = states[state].walks[category][own.walks];
    const codes = at === undefined ? [] : column(at), pace = groups[own.walks].speed_kmh / own.speed_kmh;
    return lc.data.residences.name.map((_, home) => {
      const code = codes[home] || 0;
      return code < WALK.length ? { minutes: null, status: WALK[code] } : { minutes: ((code - WALK.length) / 100) * pace, status: "reached" };
    });
  };

  // People beyond the limit in every residence, null where there is no gap.
  lc.gapPeople = function (state, kind) {
    return column(lc.data.states[state].gaps[kind]).map((n) => (n === 0 ? null : (n - 1) / 10));
  };

  lc.lived = (state, home) => lc.data.states[state].lived[home] === "1";

  // Coverage of one kind in one unit: hectares and people covered and in all, their shares (null without any), facilities, limits.
  lc.coverageOf = function (state, kind, unit) {
    const { coverage } = lc.data.states[state], units = lc.data.unit_names.length, group = lc.data.kinds[kind][2];
    const row = kind * units + unit, all = group * units + unit;
    const told = {
      land: column(coverage.land)[row] / 1e4, people: column(coverage.people)[row] / 100, facilities: column(coverage.facilities)[row],
      land_all: column(coverage.land_all)[all] / 1e4, people_all: column(coverage.people_all)[all] / 100,
      limit_m: coverage.limits[kind][0], limit_min: coverage.limits[kind][1],
    };
    told.land_share = told.land_all > 0 ? told.land / told.land_all : null;
    told.people_share = told.people_all > 0 ? told.people / told.people_all : null;
    return told;
  };

  // What one unit gains, loses and sees arrive and leave, of one kind.
  lc.movesOf = function (pair, kind, unit) {
    const { units } = pair, at = units.kind.findIndex((one, i) => one === kind && units.unit[i] === unit), out = {};
    MOVES.concat(ARRIVING).forEach((key) => { out[key] = at < 0 ? 0 : units[key][at]; });
    return out;
  };

  // What every residence gains and loses, of one kind.
  lc.movesOfHomes = function (pair, kind) {
    const { homes } = pair, out = new Map();
    homes.kind.forEach((one, i) => {
      if (one !== kind) return;
      const row = {};
      MOVES.forEach((key) => { row[key] = homes[key][i]; });
      out.set(homes.home[i], row);
    });
    return out;
  };

  lc.wholeUnit = () => lc.data.unit_names.indexOf(WHOLE);
  lc.unitName = (unit) => {
    const name = lc.data.unit_names[unit];
    return name === WHOLE ? lc.say("whole_area") : name === OUTSIDE ? lc.say("outside_units") : name;
  };
  lc.stateName = (state) => lc.data.states[state].names[lc.language];

  // Whether a facility is there, and open, in a state; where it stands then.
  lc.isOpen = (state, facility) => lc.data.states[state].open[facility] === "1";
  lc.placeOf = (state, facility) => lc.data.states[state].movedAt.get(facility) || lc.data.facilities.at[facility];
  lc.capacityOf = (state, facility) => { const told = column(lc.data.states[state].capacity)[facility]; return told ? told - 1 : null; };

  // How certain a facility is: as the state has it that has it open, the later one where both do; nothing of what simply exists.
  const EXISTING = "existing";
  lc.certaintyOf = function (before, after, facility) {
    const state = [after, before].find((one) => lc.isOpen(one, facility)),
      status = state === undefined ? undefined : lc.data.statuses[column(lc.data.states[state].status)[facility]];
    return status === undefined || status === EXISTING ? "" : lc.sayCode("status", status);
  };

  // Links that stand in a state by what its scenario opened, and those it closed.
  const key = (link) => `${link.change} ${link.kind} ${link.shape}`;
  lc.linksChanged = function (before, after) {
    const [was, now] = [before, after].map((state) => lc.data.states[state].links), known = [was, now].map((links) => new Set(links.map(key)));
    const undone = was.filter((link) => !known[1].has(key(link))).map((link) => Object.assign({}, link, { change: TURNED[link.change] }));
    return now.filter((link) => !known[0].has(key(link))).concat(undone);
  };

  // Reads the page's JSON block into `lc.data`.
  lc.readStates = function () {
    const data = JSON.parse(document.getElementById("livingcircle-data").textContent);
    lc.data = data;
    data.residences.unit = lc.named(data.residences.unit);
    data.residences.people = data.residences.people.map((text) => lc.optional(text, 10));
    data.residences.shape = data.residences.shape.map((text) => lc.shape(text));
    data.facilities.at = lc.points(data.facilities.at);
    data.states.forEach((state) => {
      const at = lc.points(state.moved_at);
      state.movedAt = new Map(state.moved.map((facility, i) => [facility, at[i]]));
    });
  };
})(livingcircle);
