// A town: the study together with what a scenario changes. It knows which facilities are open and where their entrances
// stand, and walks from every home to them; what a scenario leaves alone is searched once for all towns.

(function (lc) {
  // How an entrance is told to have been found that a planner set.
  const GIVEN = "given", EXISTING = "existing", CLOSED = "closed", STILL_M = 0.01;
  // Walks kept besides those of the base and one to every category.
  const SPARE = 20, METRES_PER_MINUTE = 1000 / 60;

  const orZero = (value) => value || 0;

  function readJudging(raw) {
    const places = raw.facilities, { categories, status } = lc.data.facilities, counts = categories.map((own) => own.slice());
    places.more.forEach(([row, own]) => { counts[row] = counts[row].concat(own); });
    const judging = {
      ...raw,
      at: Object.fromEntries(raw.categories.map((category, i) => [category.id, i])),
      facilities: {
        counts, unit: lc.integers(places.unit), inside: Array.from(places.inside, (flag) => flag === "1"),
        site_m2: lc.optional(places.site_m2, 10), existing: status.map((word) => word === EXISTING),
      },
      ends: lc.integers(raw.ends).map(((node) => (step) => (node += step))(0)),
      people: {}, vulnerable: Array.from(raw.residences.vulnerable, (points) => (points === "-" ? null : Number(points))),
    };
    Object.entries(raw.residences.people).forEach(([of, text]) => { judging.people[of] = Float64Array.from(lc.optional(text, 1000), orZero); });
    return judging;
  }

  // Homes in parts: the samples of one residence in one unit stand together as a segment, so sums need no single sample.
  function readHomes(judging, walking) {
    const owner = walking.homes.residence, segments = { residence: [], unit: [], start: [], end: [] };
    const code = walking.homes.units.map((name) => (judging.units.includes(name) ? judging.units.indexOf(name) : judging.units.length));
    const unit = Int32Array.from(walking.homes.unit, (u) => code[u]);
    for (let i = 0; i < owner.length; i++) {
      if (i && owner[i] === owner[i - 1] && unit[i] === unit[i - 1]) continue;
      if (i) segments.end.push(i);
      segments.residence.push(owner[i]);
      segments.unit.push(unit[i]);
      segments.start.push(i);
    }
    if (owner.length) segments.end.push(owner.length);
    const first = new Int32Array(walking.homes.count.length + 1);
    walking.homes.count.forEach((count, r) => { first[r + 1] = first[r] + count; });
    Object.keys(segments).forEach((key) => { segments[key] = Int32Array.from(segments[key]); });
    return { segments, first, count: walking.homes.count, residence: owner, total: owner.length };
  }

  let known = null;
  // What judges, and the homes it is about, unpacked when first asked for.
  lc.judging = function () {
    if (!known || known.data !== lc.data) {
      const judging = readJudging(lc.data.judging), walking = lc.walking();
      known = { data: lc.data, judging, walking, homes: readHomes(judging, walking), walks: new Map(), tried: new Map(), base: null, doors: null };
    }
    return known;
  };

  // ---- facilities -------------------------------------------------------------------------------------------------

  function baseDoors(all) {
    if (!all.doors) {
      const { facility, at } = lc.data.facilities.doors, x = [], y = [];
      at.forEach(([lat, lon]) => { const [east, north] = all.walking.plane.toMetres(lon, lat); x.push(east); y.push(north); });
      all.doors = { facility, at, x, y };
    }
    return all.doors;
  }

  const opened = (places, i, year) => (year === null || places.year[i] === null ? places.existing[i] : places.year[i] <= year);

  // The status of a facility that a scenario opens: as it says, else as it is known to be, else by whether it opens at once.
  const statusOf = (change, known) => (change.certainty ? lc.statusOf(change.certainty) : known || (orNull(change.open_year) === null ? EXISTING : "planned"));

  // The unit that holds a point, the first where several do, and whether it lies in the study area.
  function located(all, lon, lat) {
    const units = lc.data.units.map((unit) => unit.name), drawn = lc.areaShapes();
    const unit = drawn.units.findIndex((shape) => lc.holds(shape, lon, lat));
    return {
      unit: unit < 0 ? all.judging.units.length : all.judging.units.indexOf(units[unit]),
      inside: !drawn.area.length || drawn.area.some((shape) => lc.holds(shape, lon, lat)),
    };
  }

  function emptied(places, i) { places.doors.facility.forEach((own, d) => { if (own === i) places.doors.facility[d] = -1; }); }

  function withDoor(all, places, i, lon, lat) {
    const [x, y] = all.walking.plane.toMetres(lon, lat);
    places.doors.facility.push(i); places.doors.at.push([lat, lon]); places.doors.x.push(x); places.doors.y.push(y);
    places.at[i] = [lat, lon];
    const { unit, inside } = located(all, lon, lat);
    places.unit[i] = unit; places.inside[i] = inside;
  }

  function told(places, i, values) { Object.entries(values).forEach(([key, value]) => { if (places[key]) places[key][i] = value; }); }

  const orNull = (value) => (value === undefined ? null : value);

  // A site that is moved stays as large as it is.
  function shifted(shape, lat, lon) {
    if (!shape || !shape.polygons) return shape;
    return { polygons: shape.polygons.map((rings) => rings.map((ring) => ring.map(([y, x]) => [y + lat, x + lon]))) };
  }

  function added(all, places, change, number) {
    const i = places.name.length, counts = [...new Set(change.categories.map((id) => all.judging.at[id]))].filter((c) => c !== undefined);
    const status = statusOf(change);
    told(places, i, {
      id: `scenario#${number}`, name: change.name, counts, categories: counts.filter((c) => c < lc.data.categories.length), existing: status === EXISTING,
      told_year: orNull(change.open_year), capacity: orNull(change.capacity), site_m2: null, shape: null, status, entrance_source: GIVEN,
      source: lc.say("scenario"), confidence: "high", at: null, unit: 0, inside: true,
    });
    withDoor(all, places, i, change.lon, change.lat);
  }

  const CHANGES = {
    open: (all, places, i, change) => {
      // What is said to open in the year that is known keeps its status.
      const year = orNull(change.open_year), known = year !== null && year === places.told_year[i] && places.status[i] !== CLOSED ? places.status[i] : null;
      const status = statusOf(change, known);
      told(places, i, { existing: status === EXISTING, status, told_year: year });
    },
    close: (all, places, i) => { told(places, i, { existing: false, status: CLOSED, told_year: null }); },
    move: (all, places, i, change) => {
      const [lat, lon] = places.at[i], [was, is] = [[lon, lat], [change.lon, change.lat]].map((at) => all.walking.plane.toMetres(...at));
      // Where it stands already, saying so says nothing.
      if (Math.hypot(is[0] - was[0], is[1] - was[1]) <= STILL_M) return;
      told(places, i, { shape: shifted(places.shape[i], change.lat - lat, change.lon - lon), entrance_source: GIVEN });
      emptied(places, i);
      withDoor(all, places, i, change.lon, change.lat);
    },
    resize: (all, places, i, change) => { places.capacity[i] = change.capacity; },
  };

  // The facilities as the scenario leaves them, in the shape of `lc.data.facilities`, with what only judging asks for.
  function facilitiesOf(all, scenario, year, certainty) {
    const places = {}, doors = baseDoors(all), at = {};
    Object.entries({ ...lc.data.facilities, ...all.judging.facilities }).forEach(([key, column]) => {
      if (Array.isArray(column)) places[key] = column.slice();
    });
    places.doors = { facility: Array.from(doors.facility), at: doors.at.slice(), x: doors.x.slice(), y: doors.y.slice() };
    places.id.forEach((id, i) => { at[id] = i; });
    let number = 0;
    (scenario.facilities || []).forEach((change) => {
      if (change.change === "open" && change.id === undefined) {
        at[`scenario#${number + 1}`] = places.name.length;
        added(all, places, change, ++number);
      }
      else if (change.id in at) CHANGES[change.change](all, places, at[change.id], change);
    });
    const counts = places.status.map((status) => lc.certain(status, certainty));
    places.year = places.told_year.map((told, i) => (counts[i] ? told : null));
    places.open = places.name.map((_, i) => (year === null || counts[i]) && opened(places, i, year));
    return places;
  }

  // ---- walks ------------------------------------------------------------------------------------------------------

  const numberOf = new WeakMap();
  let networks = 0;
  function networkNumber(network) {
    if (!numberOf.has(network)) numberOf.set(network, networks++);
    return numberOf.get(network);
  }

  // Walks already searched: those of the base for ever, of others those used last.
  function remembered(all, key, keep, work) {
    const held = keep ? all.walks : all.tried;
    for (const walks of [all.walks, all.tried]) {
      if (walks.has(key)) {
        const found = walks.get(key);
        if (walks === all.tried) walks.delete(key);
        (walks === all.walks ? walks : held).set(key, found);
        return found;
      }
    }
    const found = work();
    held.set(key, found);
    if (all.tried.size > all.judging.categories.length + SPARE) all.tried.delete(all.tried.keys().next().value);
    return found;
  }

  // Street positions of some of the town's entrances, by their rows.
  function doorPlaces(town, view, rows) {
    const own = town.network(view).doors, fresh = rows.some((row) => row >= own.length) ? town.freshDoors(view) : null;
    const known = lc.somePlaces(own, rows.filter((row) => row < own.length)), added = rows.filter((row) => row >= own.length).map((row) => row - own.length);
    return fresh ? lc.joinPlaces(known, lc.somePlaces(fresh, added)) : known;
  }

  function searched(town, view, rows, shortest) {
    const found = lc.walksTo(town.network(view), doorPlaces(town, view, rows), { shortest });
    const { door } = found;
    for (let i = 0; i < door.length; i++) if (door[i] >= 0) door[i] = rows[door[i]];
    return { metres: found.metres, flat_m: found.flat_m, door };
  }

  // The walk to the nth nearest facility: a search for each facility, of which every home keeps its n nearest.
  function nthNearest(town, view, rows, n, shortest) {
    const owners = new Map(), total = town.homes.total;
    rows.forEach((row) => {
      const facility = town.facilities.doors.facility[row];
      if (!owners.has(facility)) owners.set(facility, []);
      owners.get(facility).push(row);
    });
    const best = Array.from({ length: n }, () => ({
      metres: new Float64Array(total).fill(Infinity), flat_m: new Float64Array(total).fill(Infinity), door: new Int32Array(total).fill(-1),
    }));
    owners.forEach((own) => {
      const found = searched(town, view, own, shortest), measure = shortest ? "metres" : "flat_m";
      for (let i = 0; i < total; i++) insert(best, i, found, measure);
    });
    return best[n - 1];
  }

  function insert(best, i, found, measure) {
    let metres = found.metres[i], flat = found.flat_m[i], door = found.door[i];
    for (let k = 0; k < best.length; k++) {
      const place = best[k], walk = measure === "metres" ? metres : flat;
      if (!(walk < place[measure][i])) continue;
      const later = [place.metres[i], place.flat_m[i], place.door[i]];
      place.metres[i] = metres; place.flat_m[i] = flat; place.door[i] = door;
      [metres, flat, door] = later;
    }
  }

  // What walks follow from: towns in which these are equal have the very same walks.
  function walkKey(town, view, rows, options) {
    const n = options.n || 1, level = !town.walking.views[view].costs, shortest = level ? false : Boolean(options.shortest);
    const { x, y, facility } = town.facilities.doors, size = town.baseDoors;
    const doors = rows.map((row) => (row < size && n === 1 ? row : `${row}:${row < size ? "" : `${x[row]},${y[row]}`}@${facility[row]}`));
    return { key: `${networkNumber(town.network(view))} ${view} ${n} ${shortest} ${doors.join(" ")}`, n, shortest };
  }

  // The walks from every sample to the entrances of `rows`; {metres, flat_m, door}, door the row of the town's entrances.
  function walksTo(town, view, rows, options) {
    const { key, n, shortest } = walkKey(town, view, rows, options);
    return remembered(town.all, key, town.isBase, () => (n > 1 ? nthNearest(town, view, rows, n, shortest) : searched(town, view, rows, shortest)));
  }

  // ---- the town ---------------------------------------------------------------------------------------------------

  class Town {
    constructor(scenario, base) {
      const all = lc.judging(), study = lc.data.study, told = scenario.walking || {};
      Object.assign(this, { all, scenario, judging: all.judging, walking: all.walking, homes: all.homes, isBase: base });
      this.year = scenario.year === undefined || scenario.year === null ? study.year : scenario.year;
      if (this.year === undefined) this.year = null;
      this.rule = told.rule || study.rule;
      this.speeds = lc.data.groups.map((group) => (told.speeds && told.speeds[group.id]) || group.speed_kmh);
      this.certainty = scenario.certainty ? lc.statusOf(scenario.certainty) : study.certainty;
      this.facilities = facilitiesOf(all, scenario, this.year, this.certainty);
      this.baseDoors = baseDoors(all).facility.length;
      this.changes = lc.streetChanges(all.walking, scenario, { year: this.year, certainty: this.certainty });
      this.limits = limitsOf(scenario);
      this.lived = Uint8Array.from(all.walking.residences.open_year,
        (opens) => (opens === null || Number.isNaN(opens) || this.year === null || opens <= this.year ? 1 : 0));
      this.cached = new Map();
    }

    // What `work` finds, worked out once for this town.
    once(key, work) {
      if (!this.cached.has(key)) this.cached.set(key, work());
      return this.cached.get(key);
    }

    network(view) { return this.once(`network ${view}`, () => lc.network(this.walking, view, this.changes)); }

    // Positions of entrances that the scenario adds, snapped on the study's own streets like every entrance.
    freshDoors(view) {
      return this.once(`doors ${view}`, () => {
        const { x, y } = this.facilities.doors;
        return lc.freshPlaces(this.walking, this.network(view), x.slice(this.baseDoors), y.slice(this.baseDoors), view);
      });
    }

    get serving() {
      return this.once("serving", () => {
        const lists = this.judging.categories.map(() => []);
        this.facilities.counts.forEach((counts, i) => counts.forEach((c) => lists[c].push(i)));
        return lists;
      });
    }

    // Whether there is any of these categories, open or not.
    listed(categories) { return categories.some((c) => this.serving[c].length > 0); }

    // Rows of the entrances of a category's facilities that `chosen` holds of (open ones when not told).
    doorRows(category, chosen) {
      const doorsOf = this.once("doorsOf", () => {
        const lists = this.facilities.name.map(() => []);
        this.facilities.doors.facility.forEach((i, row) => { if (i >= 0) lists[i].push(row); });
        return lists;
      });
      const holds = chosen || ((i) => this.facilities.open[i]), rows = [];
      this.serving[category].forEach((i) => { if (holds(i)) rows.push(...doorsOf[i]); });
      return rows.sort((a, b) => a - b);
    }

    // The walks that the rule decides by, to the nearest of a category, or the nth nearest facility.
    deciding(category, view, n) {
      return this.once(`walks ${category} ${view} ${n}`, () => walksTo(this, view, this.doorRows(category), { n, shortest: this.rule === "distance" }));
    }

    // What those walks follow from, known without a search.
    walkKey(category, view, n) {
      return this.once(`key ${category} ${view} ${n}`, () => walkKey(this, view, this.doorRows(category), { n, shortest: this.rule === "distance" }).key);
    }

    walksTo(view, rows, options) { return walksTo(this, view, rows, options); }

    view(group) { return this.walking.viewOf[group]; }

    // What is asked of a category at a level, with the scenario's limits; null where nothing is.
    asked(category, level) {
      const asked = this.judging.categories[category].asked.find((one) => one.level === level);
      return asked ? { ...asked, ...this.limits[`${category} ${level}`] } : null;
    }

    pace(group) { return this.speeds[group] * METRES_PER_MINUTE; }

    // The limit in the measure of the rule: metres, or flat metres at the group's speed.
    limit(asked, group) { return this.rule === "distance" ? asked.limit_m : asked.limit_min * this.pace(group); }

    samples(category, group) { return this.deciding(category, this.view(group), this.firstNumber(category)); }
  }

  function limitsOf(scenario) {
    const { at } = lc.judging().judging, limits = {};
    (scenario.limits || []).forEach((one) => {
      const level = lc.data.levels.findIndex((own) => own.id === one.level);
      // What the page does not show has no limit here.
      if (level < 0 || !(one.category in at)) return;
      const key = `${at[one.category]} ${level}`;
      limits[key] = { ...limits[key] };
      ["limit_m", "limit_min"].forEach((name) => { if (one[name] !== undefined && one[name] !== null) limits[key][name] = one[name]; });
    });
    return limits;
  }

  lc.Town = Town;
  // The study as written, worked out by the engine.
  lc.baseTown = function () {
    const all = lc.judging();
    if (!all.base) all.base = new Town({}, true);
    return all.base;
  };
  lc.town = (scenario) => new Town(scenario || {}, false);

  // The town as a value for `lc.now`.
  lc.asNow = (town) => ({
    coverage: { units: lc.data.coverage.units, rows: town.coverageRows() },
    gaps: town.gaps(),
    facilities: town.facilities,
    walks: (category) => town.walks(category, lc.state.group),
  });
})(livingcircle);
