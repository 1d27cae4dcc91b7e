"use strict";
// GCJ-02, the datum of Amap's tiles: about half a kilometre off WGS-84, so the map must be drawn in it to lie on them.

(function (lc) {
  // Krasovsky's ellipsoid and the box of the published formula, degrees.
  const A_M = 6378245, E2 = 0.00669342162296594323, BOX = { west: 72.004, south: 0.8293, east: 137.8347, north: 55.8271 };
  const ROUNDS = 4;
  const wave = (degrees, part) => Math.sin(Math.PI * degrees * part);

  function shifted(lon, lat) {
    const x = lon - 105, y = lat - 35, root = Math.sqrt(Math.abs(x)), ripple = 20 * (wave(x, 6) + wave(x, 2));
    const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
      + (ripple + 20 * wave(y, 1) + 40 * wave(y, 1 / 3) + 160 * wave(y, 1 / 12) + 320 * wave(y, 1 / 30)) * 2 / 3;
    const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
      + (ripple + 20 * wave(x, 1) + 40 * wave(x, 1 / 3) + 150 * wave(x, 1 / 12) + 300 * wave(x, 1 / 30)) * 2 / 3;
    const cosine = Math.cos(lat * Math.PI / 180), magic = 1 - E2 * (1 - cosine * cosine);
    const across = Math.sqrt(magic) / A_M * 180 / Math.PI;
    return [lon + east * across / cosine, lat + north * across * magic / (1 - E2)];
  }

  lc.toGcj = function (lon, lat) {
    const inside = lon >= BOX.west && lon <= BOX.east && lat >= BOX.south && lat <= BOX.north;
    return inside ? shifted(lon, lat) : [lon, lat];
  };

  // By fixed-point iteration: four rounds leave less than a millimetre.
  lc.fromGcj = function (lon, lat) {
    let x = lon, y = lat;
    for (let round = 0; round < ROUNDS; round++) {
      const [east, north] = lc.toGcj(x, y);
      x += lon - east;
      y += lat - north;
    }
    return [x, y];
  };

  // Web Mercator of a map whose tiles are in GCJ-02: every layer is given, and every click answered, in WGS-84 all the same.
  lc.gcjCrs = function () {
    const { SphericalMercator } = L.Projection;
    const projection = Object.assign({}, SphericalMercator, {
      project: (at) => { const [lon, lat] = lc.toGcj(at.lng, at.lat); return SphericalMercator.project(L.latLng(lat, lon)); },
      unproject: (point) => { const at = SphericalMercator.unproject(point), [lon, lat] = lc.fromGcj(at.lng, at.lat); return L.latLng(lat, lon); },
    });
    return Object.assign({}, L.CRS.EPSG3857, { projection });
  };
})(livingcircle);
