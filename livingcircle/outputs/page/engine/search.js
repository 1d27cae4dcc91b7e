// The search behind every walk: Dijkstra's with buckets (Dial 1969), in typed arrays.

(function (lc) {
  const WIDTH_M = 20, MOST_BUCKETS = 1 << 16, NOT_WAITING = -1;

  function buckets(arcs, starts) {
    let low = Infinity, high = 0;
    for (let i = 0; i < starts.cost.length; i++) {
      if (!Number.isFinite(starts.cost[i])) continue;
      low = Math.min(low, starts.cost[i]);
      high = Math.max(high, starts.cost[i]);
    }
    const span = arcs.longest + Math.max(high - low, 0), width = Math.max(WIDTH_M, span / (MOST_BUCKETS - 3));
    let count = 4;
    while (count < span / width + 3) count *= 2;
    return { width, count, low: Number.isFinite(low) ? low : 0 };
  }

  // The walk to every state from the nearest start. `arcs` as in states.js; `starts`: {state, cost, other, name} of equal length, what
  // was walked to them in the measure searched for and in the other one. Options: `shortest` (metres are summed, else flat metres),
  // `limit_m` (inclusive), `tree` (keep the arc by which each state was come to, -1 at starts). Arrays over the states: `cost`, `other`
  // (the very array of `cost` where every metre is a metre), `start` (-1 for none), `before`, `by`.
  lc.search = function (arcs, size, starts, options) {
    const { shortest = false, limit_m = Infinity, tree = false } = options || {}, level = arcs.flat_m === arcs.metres;
    const weight = shortest ? arcs.metres : arcs.flat_m, carried = shortest ? arcs.flat_m : arcs.metres, { rows, to } = arcs;
    const cost = new Float64Array(size).fill(Infinity), other = level ? cost : new Float64Array(size).fill(Infinity);
    const start = new Int32Array(size).fill(-1), before = tree ? new Int32Array(size).fill(-1) : null, by = tree ? new Int32Array(size).fill(-1) : null;
    const { width, count: total, low } = buckets(arcs, starts), mask = total - 1, each = 1 / width;
    const heads = new Int32Array(total).fill(-1), after = new Int32Array(size), ahead = new Int32Array(size).fill(NOT_WAITING);
    let waiting = 0;

    // Lists of waiting states, one a bucket; below -1, `ahead` names the bucket whose first state this is.
    const leave = (state) => {
      const back = ahead[state], forth = after[state];
      if (back < NOT_WAITING) heads[-2 - back] = forth;
      else after[back] = forth;
      if (forth >= 0) ahead[forth] = back;
      ahead[state] = NOT_WAITING;
    };
    const wait = (state, so_far) => {
      const slot = ((so_far - low) * each) & mask, first = heads[slot];
      after[state] = first;
      ahead[state] = -2 - slot;
      if (first >= 0) ahead[first] = state;
      heads[slot] = state;
    };

    for (let i = 0; i < starts.state.length; i++) {
      const state = starts.state[i], so_far = starts.cost[i];
      if (!(so_far <= limit_m && so_far < cost[state])) continue;
      if (ahead[state] === NOT_WAITING) waiting++;
      else leave(state);
      cost[state] = so_far;
      start[state] = starts.name[i];
      if (!level) other[state] = starts.other[i];
      wait(state, so_far);
    }
    for (let bucket = 0; waiting > 0; bucket = (bucket + 1) & mask) {
      for (let state = heads[bucket]; state >= 0; state = heads[bucket]) {
        leave(state);
        waiting--;
        const so = cost[state], from = start[state];
        for (let arc = rows[state]; arc < rows[state + 1]; arc++) {
          const next = to[arc], so_far = so + weight[arc];
          if (!(so_far < cost[next] && so_far <= limit_m)) continue;
          if (ahead[next] === NOT_WAITING) waiting++;
          else leave(next);
          cost[next] = so_far;
          start[next] = from;
          if (!level) other[next] = other[state] + carried[arc];
          if (tree) { before[next] = state; by[next] = arc; }
          wait(next, so_far);
        }
      }
    }
    return { cost, other, start, before, by, level };
  };
})(livingcircle);
