"""Borders on a lattice: by hand, against another program, larger limits around smaller ones to the last bit."""

import contourpy
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from livingcircle.contours import Lattice, area, borders, framed

CELL = 10.0


def areas(field, limits, west=380_000.0, south=3_313_000.0, below=0):
    field = np.asarray(field, dtype=float)
    lattice = Lattice(west, south, CELL, field.shape[1], field.shape[0], below)
    return [area(border) for border in borders(framed(field), lattice, limits)]


def by_contourpy(field, limit, west=380_000.0, south=3_313_000.0):
    """The same area as contourpy draws it from values that count a cell at most."""
    field = np.asarray(field, dtype=float)
    values = np.pad(np.clip(field - limit, -CELL, CELL), 1, constant_values=CELL)
    x, y = west + CELL * (np.arange(values.shape[1]) - 1), south + CELL * (np.arange(values.shape[0]) - 1)
    made = contourpy.contour_generator(x, y, values, name="serial", fill_type=contourpy.FillType.OuterOffset).filled(-np.inf, np.nextafter(0, 1))
    polygons = [
        shapely.Polygon(points[offsets[0] : offsets[1]], [points[a:b] for a, b in zip(offsets[1:-1], offsets[2:], strict=True)])
        for points, offsets in zip(*made, strict=True)
    ]
    return shapely.union_all([shapely.make_valid(polygon) for polygon in polygons if polygon.area > 0])


def test_one_point_within_gets_a_diamond_to_where_the_line_meets_the_limit():
    #  from 96 to 108 the limit of 100 lies 4 / 12 of the cell away; far jumps count a cell: 4 / 14
    far, near = np.full((3, 3), 500.0), np.full((3, 3), 108.0)
    far[1, 1] = near[1, 1] = 96.0
    (jump,), (slope,) = areas(far, [100.0], 0, 0), areas(near, [100.0], 0, 0)
    assert slope.area == pytest.approx(2 * (10 * 4 / 12) ** 2) and jump.area == pytest.approx(2 * (10 * 4 / 14) ** 2)
    assert slope.centroid.coords[0] == pytest.approx((10, 10))


def test_ground_beyond_the_lattice_is_not_within():
    (all_of_it,) = areas(np.zeros((2, 3)), [100.0], 0, 0)
    #  half a cell around the outermost points, corners cut
    assert all_of_it.area == pytest.approx(30 * 20 - 4 * 12.5) and all_of_it.bounds == (-5, -5, 25, 15)


def test_holes_and_islands_in_holes_belong_to_the_ring_around_them():
    field = np.zeros((9, 9))
    field[1:8, 1:8] = 500.0
    field[3:6, 3:6] = 0.0
    field[4, 4] = 500.0
    (shape,) = areas(field, [100.0])
    assert sorted(len(part.interiors) for part in shape.geoms) == [1, 1] and shape.is_valid
    assert shape.symmetric_difference(by_contourpy(field, 100.0)).area < 1e-6


def test_nothing_within_is_an_empty_area():
    assert areas(np.full((3, 3), np.inf), [100.0])[0].is_empty


def test_some_rows_of_a_lattice_give_the_very_same_border():
    field = np.full((7, 5), np.inf)
    field[3:5, 1:4] = [[90.0, 95.0, 99.0], [97.0, 130.0, 93.0]]
    whole, part = areas(field, [100.0])[0], areas(field[2:6], [100.0], below=2)[0]
    assert shapely.equals_exact(whole, part, 0)


FIELDS = st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(0, 2**32 - 1), st.sampled_from([1, 5, 20]))


def drawn(told):
    """A field of whole metres, so that many a point lies at a limit, or of any."""
    rows, columns, seed, step = told
    random = np.random.default_rng(seed)
    field = random.integers(0, 12, (rows, columns)) * float(step) + (random.random((rows, columns)) if seed % 2 else 0)
    field[random.random(field.shape) < 0.2] = np.inf
    return field


@settings(max_examples=150, deadline=None)
@given(FIELDS, st.lists(st.integers(1, 220), min_size=1, max_size=4, unique=True))
def test_any_field_is_drawn_as_contourpy_draws_it(told, limits):
    field = drawn(told)
    for limit, shape in zip(sorted(limits), areas(field, sorted(map(float, limits))), strict=True):
        assert shape.is_valid
        assert shapely.symmetric_difference(shape, by_contourpy(field, float(limit))).area < 1e-6


@settings(max_examples=150, deadline=None)
@given(FIELDS, st.lists(st.floats(1, 220), min_size=2, max_size=6, unique=True))
def test_larger_limits_hold_smaller_ones_to_the_last_bit(told, limits):
    shapes = areas(drawn(told), sorted(limits), west=376_123.4567, south=3_312_987.6543)
    for small, large in zip(shapes, shapes[1:], strict=False):
        assert small.is_empty or shapely.covers(large, small)
