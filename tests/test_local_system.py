"""A local coordinate system brought into the study's CRS by common points."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer

from livingcircle.errors import DataError
from livingcircle.local_system import Similarity, as_crs, fit

#  A site of 300 m by 400 m whose corner lies at 388,000 / 3,311,000.
SITE = np.array([[0.0, 0.0], [300.0, 0.0], [300.0, 400.0], [0.0, 400.0]])
CORNER = np.array([388_000.0, 3_311_000.0])


def turned(points, degrees, scale=1.0):
    """Points turned counterclockwise about the origin, written out with sine and cosine."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return scale * np.column_stack([c * points[:, 0] - s * points[:, 1], s * points[:, 0] + c * points[:, 1]])


def refused(local, known, **told):
    with pytest.raises(DataError) as caught:
        fit(local, known, **told)
    assert all(fault.where == "common points" and fault.remedy for fault in caught.value.faults)
    return str(caught.value)


def test_a_shift_by_hand():
    system = fit(SITE, SITE + CORNER)
    assert (system.east_m, system.north_m) == pytest.approx(tuple(CORNER), abs=1e-8)
    assert (system.rotation_deg, system.scale) == pytest.approx((0.0, 1.0), abs=1e-12)
    assert system.checked
    assert system.rms_m < 1e-8


def test_a_quarter_turn_by_hand():
    """A local x axis that points north: (10, 0) lies 10 m north of the origin, (0, 10) lies 10 m west of it."""
    known = np.array([[500.0, 900.0], [500.0, 1000.0], [450.0, 900.0]])
    system = fit([[0, 0], [100, 0], [0, 50]], known)
    assert (system.east_m, system.north_m, system.rotation_deg, system.scale) == pytest.approx((500, 900, 90, 1))
    np.testing.assert_allclose(system.to_metric([[10, 0], [0, 10]]), [[500, 910], [490, 900]], atol=1e-9)


def test_least_squares_by_hand():
    """Two points 100 m apart are known to be 100.2 m apart: the scale is 1.002 about their middle.

    A third in the middle is known 0.3 m too far north: a third of that goes into the shift, and nothing into turn or scale.
    """
    system = fit([[0, 0], [50, 0], [100, 0]], [[999.9, 2000], [1050, 2000.3], [1100.1, 2000]], limit_m=0.25)
    assert system.scale == pytest.approx(1.002)
    assert system.rotation_deg == pytest.approx(0.0, abs=1e-9)
    assert (system.east_m, system.north_m) == pytest.approx((999.9, 2000.1))
    np.testing.assert_allclose(system.residuals_m, [0.1, 0.2, 0.1], atol=1e-9)
    assert system.rms_m == pytest.approx(np.sqrt(0.06 / 3))


@pytest.mark.parametrize("degrees", [0.0, 0.73, -3.0, 33.0, 135.0, -90.0, 180.0])
@pytest.mark.parametrize("scale", [1.0, 0.9996, 1.004])
def test_a_turned_and_scaled_system_is_found_and_undone(degrees, scale):
    known = turned(SITE, degrees, scale) + CORNER
    before = SITE.copy(), known.copy()
    system = fit(SITE, known)
    assert (system.rotation_deg - degrees + 180) % 360 == pytest.approx(180)
    assert system.scale == pytest.approx(scale)
    away = np.random.default_rng(4).uniform(-5_000, 5_000, (100, 2))
    np.testing.assert_allclose(system.to_metric(away), turned(away, degrees, scale) + CORNER, rtol=0, atol=1e-5)
    np.testing.assert_allclose(system.to_local(system.to_metric(away)), away, rtol=0, atol=1e-7)
    np.testing.assert_array_equal((SITE, known), before)


def test_it_agrees_with_the_normal_equations():
    random = np.random.default_rng(8)
    local = random.uniform(0, 2_000, (12, 2))
    known = turned(local, 1.5, 1.0003) + CORNER + random.normal(0, 0.02, (12, 2))
    rows = np.zeros((24, 4))
    rows[0::2] = np.column_stack([local[:, 0], -local[:, 1], np.ones(12), np.zeros(12)])
    rows[1::2] = np.column_stack([local[:, 1], local[:, 0], np.zeros(12), np.ones(12)])
    a, b, east, north = np.linalg.lstsq(rows, (known - CORNER).ravel(), rcond=None)[0]
    system = fit(local, known)
    assert system.scale == pytest.approx(np.hypot(a, b), rel=1e-12)
    assert system.rotation_deg == pytest.approx(np.degrees(np.arctan2(b, a)), abs=1e-10)
    assert (system.east_m, system.north_m) == pytest.approx((east + CORNER[0], north + CORNER[1]), abs=1e-6)


def test_two_points_are_enough_and_unchecked():
    system = fit(SITE[:2], turned(SITE[:2], 2.0) + CORNER)
    assert isinstance(system, Similarity)
    assert not system.checked
    assert system.rotation_deg == pytest.approx(2.0)


def test_shapes_move_whole():
    system = fit(SITE, turned(SITE, 30.0) + CORNER)
    moved = shapely.transform(shapely.Polygon(SITE), system.to_metric)
    assert moved.area == pytest.approx(120_000)
    assert moved.exterior.coords[0] == pytest.approx(tuple(CORNER))


def test_an_empty_table_moves_to_an_empty_table():
    assert fit(SITE, SITE + CORNER).to_metric(np.zeros((0, 2))).shape == (0, 2)


# --- what is refused


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_points(count):
    assert "needs two" in refused(SITE[:count], SITE[:count] + CORNER)


def test_points_at_one_place():
    assert "the local points all lie at one place" in refused(np.zeros((3, 2)), SITE[:3] + CORNER)
    assert "the known points all lie at one place" in refused(SITE[:3], np.tile(CORNER, (3, 1)))


def test_missing_numbers_and_pairs():
    hole = SITE.copy()
    hole[2, 1] = np.nan
    assert "rows 3" in refused(hole, SITE + CORNER)
    assert "4 local points, but 3 known" in refused(SITE, SITE[:3] + CORNER)
    assert "3 names for 4 points" in refused(SITE, SITE + CORNER, names=["a", "b", "c"])


def test_degrees_are_not_metres():
    assert "degrees" in refused(SITE, [[121.85, 29.92], [121.853, 29.92], [121.853, 29.923], [121.85, 29.923]])


@pytest.mark.parametrize(
    ("unit", "metres"), [("millimetres", 0.001), ("centimetres", 0.01), ("inches", 0.0254), ("feet", 0.3048), ("kilometres", 1000)]
)
@pytest.mark.parametrize("count", [2, 4])
def test_a_unit_is_named(unit, metres, count):
    known = turned(SITE, 3.0, 1.0004) + CORNER
    text = refused(SITE[:count] / metres, known[:count])
    assert f"look like {unit}" in text
    assert f"multiply them by {metres:g}" in text


def test_market_feet_are_named():
    assert "市尺" in refused(SITE * 3, SITE + CORNER)


@pytest.mark.parametrize("scale", [0.98, 1.02, 2.0])
def test_a_scale_of_no_unit(scale):
    assert "within 1 % of 1" in refused(SITE, SITE * scale + CORNER)


@pytest.mark.parametrize("degrees", [0.0, 2.0, -4.0])
def test_axes_exchanged(degrees):
    assert "swapped: the points fit only" in refused(SITE[:, ::-1], turned(SITE, degrees) + CORNER)


def test_axes_exchanged_with_two_points_only():
    text = refused(SITE[[0, 2], ::-1], SITE[[0, 2]] + CORNER)
    assert "swapped: else the system is turned by" in text
    assert "prove it" in text


def test_a_turned_grid_is_no_exchange():
    """Three corners prove a turn by 73.7 degrees that two alone would let pass for exchanged axes."""
    known = turned(SITE, np.degrees(2 * np.arctan2(3, 4))) + CORNER
    pair = [0, 2]
    assert "swapped" in refused(SITE[pair], SITE[pair][:, ::-1] + CORNER)
    assert fit(SITE, known).rotation_deg == pytest.approx(73.739795)


def test_a_mirrored_system():
    assert "mirrored" in refused(SITE * [-1, 1], turned(SITE, 40.0) + CORNER)


def test_one_wrong_point_is_named():
    known = SITE + CORNER
    known[2] += [3.0, 4.0]
    text = refused(SITE, known, names=["NE gate", "well", "mast", "corner"])
    assert "point mast is 5.00 m from where the other 3 points put it" in text


def test_many_wrong_points_are_named_worst_first():
    local = np.column_stack([np.arange(8) * 100.0, (np.arange(8) % 2) * 100.0])
    known = local + CORNER
    known[::2, 1] += [2, -3, 4, -2]
    text = refused(local, known)
    assert "disagree by more than 0.5 m: 5 (" in text
    assert fit(local, known, limit_m=10.0).residuals_m.max() < 5.0


def test_the_limit_is_the_callers():
    known = SITE + CORNER
    known[2, 0] += 0.4
    assert fit(SITE, known).residuals_m.max() == pytest.approx(0.2, abs=0.1)
    assert "up to 0.1 m is accepted" in refused(SITE, known, limit_m=0.1)


@pytest.mark.parametrize("code", [4550, 4529, 4549, 4528, 4510, 4499, 32651, 32722, 2443])
@pytest.mark.parametrize("form", ["object", "wkt", "json"])
def test_the_fit_as_a_crs_puts_points_where_the_fit_does(code, form):
    #  northing comes first in some of these systems, and the zone stands before the easting in others
    metric = CRS.from_epsg(code)
    local = np.array([[0.0, 0], [1000, 0], [0, 800], [900, 700]])
    system = fit(local, turned(local, 12, 1.00003) + (380_000, 3_313_000))
    own = as_crs(system, metric, name="site")
    told = {"object": own, "wkt": CRS.from_wkt(own.to_wkt()), "json": CRS.from_user_input(own.to_json())}[form]
    there = np.column_stack(Transformer.from_crs(told, metric, always_xy=True).transform(*local.T))
    assert np.abs(there - system.to_metric(local)).max() < 1e-6
    back = np.column_stack(Transformer.from_crs(metric, told, always_xy=True).transform(*there.T))
    assert np.abs(back - local).max() < 1e-6
