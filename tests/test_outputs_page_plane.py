"""The plane of the page agrees with PROJ, near and far from the middle meridian of the study's CRS."""

import numpy as np
import pytest
from numpy.polynomial.polynomial import polyval2d
from pyproj import Transformer

from livingcircle.outputs.page.plane import plane


def value(told, key, u, v):
    power, out = told["power"], []
    for axis in told[key]:
        square = np.zeros((power + 1, power + 1))
        rows = [(i, j) for i in range(power + 1) for j in range(power + 1 - i)]
        for (i, j), coefficient in zip(rows, axis, strict=True):
            square[i, j] = coefficient
        out.append(polyval2d(u, v, square))
    return np.array(out)


@pytest.mark.parametrize(
    ("crs", "bounds"),
    [
        ("EPSG:4550", (376_000, 3_311_000, 383_000, 3_318_000)),
        ("EPSG:4550", (350_000, 3_280_000, 410_000, 3_340_000)),
        ("EPSG:32722", (470_000, 6_660_000, 490_000, 6_680_000)),
        ("EPSG:4550", (380_000, 3_313_000, 380_000, 3_313_000)),
    ],
)
def test_points_agree_with_proj(crs, bounds):
    told = plane(np.array(bounds, dtype=float), crs)
    rng = np.random.default_rng(1)
    x, y = rng.uniform(bounds[0] - 1000, bounds[2] + 1000, 500), rng.uniform(bounds[1] - 1000, bounds[3] + 1000, 500)
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    mx, my, dx, dy = told["metres"]
    mlon, mlat, dlon, dlat = told["degrees"]
    there = value(told, "to_metres", (lon - mlon) / dlon, (lat - mlat) / dlat)
    assert np.hypot(mx + dx * there[0] - x, my + dy * there[1] - y).max() < 0.05
    back = value(told, "to_degrees", (x - mx) / dx, (y - my) / dy)
    assert np.hypot(mlon + dlon * back[0] - lon, mlat + dlat * back[1] - lat).max() < 0.05 / 111_320
