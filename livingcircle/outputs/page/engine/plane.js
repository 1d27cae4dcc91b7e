// The study's plane: longitude and latitude to metres and back, as polynomials that hold over the study.

(function (lc) {
  // The value of a polynomial of `power` whose coefficients stand in the order of u, then v.
  function value(coefficients, power, u, v) {
    let sum = 0, at = 0, ofU = 1;
    for (let i = 0; i <= power; i++) {
      let ofV = 1, inner = 0;
      for (let j = 0; j <= power - i; j++) {
        inner += coefficients[at++] * ofV;
        ofV *= v;
      }
      sum += inner * ofU;
      ofU *= u;
    }
    return sum;
  }

  function mapping(from, to, [first, second], power) {
    const [x0, y0, dx, dy] = from, [toX, toY, toDx, toDy] = to;
    return (x, y) => {
      const u = (x - x0) / dx, v = (y - y0) / dy;
      return [toX + toDx * value(first, power, u, v), toY + toDy * value(second, power, u, v)];
    };
  }

  // Longitude and latitude on the square map of the world, whose width is 1.
  lc.worldX = (lon) => lon / 360 + 0.5;
  lc.worldY = (lat) => { const sine = Math.sin(lat * Math.PI / 180); return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI); };

  // {toMetres(lon, lat) -> [x, y], toDegrees(x, y) -> [lon, lat]} of the polynomials told by the page.
  lc.plane = (told) => ({
    toMetres: mapping(told.degrees, told.metres, told.to_metres, told.power),
    toDegrees: mapping(told.metres, told.degrees, told.to_degrees, told.power),
  });
})(livingcircle);
