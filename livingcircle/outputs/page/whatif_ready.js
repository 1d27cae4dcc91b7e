// What the first change needs is worked out before a planner makes it: streets, homes and walks of the study are read in while the
// page is idle, and one change is tried on a town that nobody sees. Each piece is short, so the page stays at hand.

(function (lc) {
  const { whatIf } = lc;
  const LATEST_MS = 200, PAUSE_MS = 1, PIECE_MS = 8, SPARE_MS = 4;

  // Each gets work that tells how much time is left, as idle callbacks do.
  const left = (until) => ({ timeRemaining: () => until - performance.now() });
  const soon = (act) => setTimeout(() => act(left(performance.now() + PIECE_MS)), PAUSE_MS);
  const whenIdle = window.requestIdleCallback ? (act) => window.requestIdleCallback(act, { timeout: LATEST_MS }) : soon;

  // What a town answers of one requirement, as a change asks it.
  function* asked(town, { category, level, group }) {
    const view = town.view(group), walks = town.judging.categories[category].asked.find((one) => one.level === level);
    // A level may ask nothing of the category chosen.
    if (!walks) return;
    town.samples(category, group);
    yield;
    town.deciding(category, view, walks.at_least);
    yield;
    town.worked(category, level, group);
    yield;
    town.later(category, view, walks.at_least);
    yield;
    town.dataEdge(view);
    yield;
    town.found(category, level, group);
    yield;
    town.gapsOf(category, level, group);
    yield;
  }

  // The study as it is: streets, then homes and entrances on them, then what is chosen.
  function* read(chosen) {
    const walking = lc.walking(), number = walking.viewOf[chosen.group], view = walking.views[number];
    yield;
    yield* parts(walking, ["homes", "nearest"]);
    lc.judging();
    yield;
    const before = whatIf.before();
    yield;
    yield* parts(walking.views[0], ["read"]);
    yield* parts(view, ["read", "doors"]);
    const network = before.network(number);
    yield;
    yield* parts(network, ["back"]);
    yield* parts(lc.data.gaps, Object.keys(lc.data.gaps));
    yield* asked(before, chosen);
    return before;
  }

  // What is unpacked when first asked for is asked for, one part after the other.
  function* parts(of, names) {
    for (const name of names) {
      void of[name];
      yield;
    }
  }

  // One facility more in the middle of the map.
  function* tried(before, chosen) {
    const { lat, lng } = lc.layers.map.getCenter(), category = lc.data.categories[chosen.category].id;
    const town = lc.town(lc.scenario.edit.place({}, { name: category, categories: [category], lon: lng, lat })), number = town.view(chosen.group);
    yield* parts(lc.finder(town.walking, number), ["lines", "every"]);
    town.freshDoors(number);
    yield;
    if (!town.asked(chosen.category, chosen.level)) return;
    yield* asked(town, chosen);
    lc.difference(before, town, chosen);
    yield;
    town.walks(chosen.category, chosen.group);
    town.coverage(chosen.category, chosen.level, chosen.group);
  }

  function* all(chosen) {
    const before = yield* read(chosen);
    yield* tried(before, chosen);
  }

  const keyOf = ({ category, level, group }) => `${category} ${level} ${group}`;
  const done = new Set();
  let running = null, seen = false;

  function end() {
    running = null;
    lc.tell("prepared", null);
  }

  // Goes on with what is chosen, piece by piece; another choice ends it.
  function go(wait) {
    const { category, level, group } = lc.state, chosen = { category, level, group }, key = keyOf(chosen), same = running && running.key === key;
    if (level < 0 || !lc.data.walking || done.has(key)) { end(); return; }
    if (same && running.wait === wait) return;
    const mine = running = { key, wait, work: same ? running.work : all(chosen) };
    const piece = (time) => {
      if (running !== mine) return;
      let step;
      try { do step = mine.work.next(); while (!step.done && time.timeRemaining() > SPARE_MS); } catch (error) { end(); console.error(error); return; }
      if (!step.done) { wait(piece); return; }
      done.add(key);
      whatIf.warm = true;
      end();
    };
    wait(piece);
  }

  // A planner who opens the tab is about to change something.
  whatIf.prepare = () => go(soon);
  lc.on("start", () => lc.onceSeen(() => { seen = true; go(whenIdle); }));
  lc.on("choose", () => { if (seen && !whatIf.active()) go(whenIdle); });
})(livingcircle);
