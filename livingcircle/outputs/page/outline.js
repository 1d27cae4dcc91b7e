// Whether the outline of a polygon goes round once: three corners or more, no side crosses, touches or runs back along another.

(function (lc) {
  const side = (a, b, c) => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
  const same = (a, b) => a[0] === b[0] && a[1] === b[1];
  const within = (a, b, c) => Math.min(a[0], b[0]) <= c[0] && c[0] <= Math.max(a[0], b[0]) && Math.min(a[1], b[1]) <= c[1] && c[1] <= Math.max(a[1], b[1]);

  // Whether two sides have a point in common.
  function meet(a, b, c, d) {
    const [one, two, three, four] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)];
    if (one !== two && three !== four) return true;
    return (one === 0 && within(a, b, c)) || (two === 0 && within(a, b, d)) || (three === 0 && within(c, d, a)) || (four === 0 && within(c, d, b));
  }

  // Whether the side from b to c turns back over the one from a to b.
  const backwards = (a, b, c) => side(a, b, c) === 0 && (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]) < 0;

  lc.outlineOnce = function (line) {
    const corners = line.filter((at, i) => !i || !same(at, line[i - 1])), n = corners.length;
    const ring = n > 1 && same(corners[0], corners[n - 1]) ? corners.slice(0, -1) : corners, count = ring.length;
    if (count < 3) return false;
    for (let i = 0; i < count; i++) {
      const a = ring[i], b = ring[(i + 1) % count];
      if (backwards(a, b, ring[(i + 2) % count])) return false;
      for (let j = i + 2; j < count; j++) {
        if ((j + 1) % count !== i && meet(a, b, ring[j], ring[(j + 1) % count])) return false;
      }
    }
    return true;
  };
})(livingcircle);
