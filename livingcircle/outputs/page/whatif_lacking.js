// How many elements homes lack under a scenario, in the shape of what the study tells: what it tells, plus what the scenario changes.

(function (lc) {
  const share = (part, whole) => (whole > 1e-9 ? Math.max(0, Math.min(1, part / whole)) : null);

  // Amounts by unit, the last one for what lies outside of all: land and people, those that lack nothing, and elements lacking times people.
  function amounts(town, level, group) {
    const { lacking } = town.completeness(level, group), { segments } = town.homes, land = town.weights("land"), people = town.weights(group);
    const none = new Int32Array(segments.start.length), all = new Float64Array(segments.start.length);
    for (let s = 0; s < none.length; s++) {
      for (let i = segments.start[s], last = segments.end[s]; i < last; i++) { all[s] += lacking[i]; if (!lacking[i]) none[s]++; }
    }
    return { land: town.sums(land), land_all: town.sums(land, none), people: town.sums(people), people_all: town.sums(people, none),
      lacks: town.sums(people, all) };
  }

  const added = (by, unit) => (unit === null ? lc.sum(Array.from(by)) : by[unit]);

  // The share of each area: as the study tells it where the scenario leaves it alone.
  function changed(after, before, part, whole, unit, written) {
    const [was, is] = [before, after].map((one) => share(added(one[part], unit), added(one[whole], unit)));
    return was === is || was === null || is === null || written === null ? (was === is ? written : is) : Math.max(0, Math.min(1, written + is - was));
  }

  function meanOf(after, before, unit, written) {
    const [was, is] = [before, after].map((one) => (added(one.people, unit) > 1e-9 ? added(one.lacks, unit) / added(one.people, unit) : null));
    return was === is || was === null || is === null || written === null ? (was === is ? written : is) : Math.max(0, written + is - was);
  }

  // What every residence of the page lacks: elements out of reach of more than half of it.
  function lackedBy(town, level, group) {
    const { elements, reaches } = { elements: town.mandatory(level), reaches: town.completeness(level, group).reaches }, { segments, count } = town.homes;
    const out = lc.data.residences.name.map(() => null), row = town.walking.residences.row, inside = new Float64Array(count.length);
    row.forEach((at, r) => { if (at >= 0 && count[r] && town.lived[r]) out[at] = []; });
    reaches.forEach((reach, e) => {
      inside.fill(0);
      segments.residence.forEach((r, s) => { inside[r] += reach.count[s]; });
      row.forEach((at, r) => { if (at >= 0 && out[at] && count[r] - inside[r] > 0.5 * count[r]) out[at].push(elements[e]); });
    });
    return out;
  }

  // As `lc.lackingAsWritten`, for a town.
  lc.lackingOfTown = function (town, level, group) {
    const written = lc.lackingAsWritten(level, group), base = lc.baseTown();
    if (!written) return null;
    if (town.completeness(level, group).lacking === base.completeness(level, group).lacking && lc.sameHomes(town.lived, base.lived)) return written;
    return town.once(`page lacking ${level} ${group}`, () => {
      const [before, after] = [base, town].map((one) => amounts(one, level, group)), lacks = lackedBy(town, level, group), told = written.whole;
      const unitOf = (area) => (area.kind === "whole" ? null : area.kind === "unit" ? town.judging.units.indexOf(area.name) : town.judging.units.length);
      const land = changed(after, before, "land_all", "land", null, told.land_all_share),
        people = changed(after, before, "people_all", "people", null, told.people_all_share);
      const whole = { land_ha: told.land_ha + added(after.land, null) - added(before.land, null),
        people: told.people + added(after.people, null) - added(before.people, null) };
      return Object.assign({}, written, {
        whole: Object.assign(whole, {
          land_all_share: land, land_all_ha: land * whole.land_ha, people_all_share: people, people_all: people * whole.people,
            lacking_mean: meanOf(after, before, null, told.lacking_mean),
        }),
        areas: written.areas.map((area) => Object.assign({}, area, {
          land: changed(after, before, "land_all", "land", unitOf(area), area.land),
            people: changed(after, before, "people_all", "people", unitOf(area), area.people),
          mean: meanOf(after, before, unitOf(area), area.mean),
        })),
        count: (i) => (lacks[i] ? lacks[i].length : null),
        lacks: (i) => lacks[i] || [],
      });
    });
  };
})(livingcircle);
