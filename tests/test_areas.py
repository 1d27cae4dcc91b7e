"""Areas: the whole, streets, communities, and what lies outside of all."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from conftest import CRS

from livingcircle.areas import Areas

#   ┌───┬───┬───┐
#   │ a │ b │ c │   a and b are of the street S, c is of none
#   └───┴───┴───┘
UNITS = gpd.GeoDataFrame(
    {"unit": ["a", "b", "c"], "parent": ["S", "S", None]}, geometry=[shapely.box(x, 0, x + 1, 1) for x in (0, 1, 2)], crs=CRS
)


def test_whole_then_streets_then_communities():
    areas = Areas.of(UNITS)
    assert areas.table().values.tolist() == [["ALL", "whole"], ["S", "street"], ["a", "community"], ["b", "community"], ["c", "community"]]


def test_only_the_whole_holds_what_lies_outside_every_unit():
    areas = Areas.of(UNITS)
    codes = areas.codes(np.array(["b", "a", "", "c", "a"], dtype=object))
    assert codes.tolist() == [1, 0, 3, 2, 0]
    assert areas.sums(codes, np.array([1.0, 10, 100, 1000, 10_000])).tolist() == [11_111, 10_011, 10_010, 1, 1000]


def test_negative_codes_count_nowhere():
    areas = Areas.of(UNITS)
    assert areas.sums(np.array([0, -1]), np.array([1.0, 10])).tolist() == [1, 1, 1, 0, 0]


def test_without_units_there_is_the_whole_alone():
    for units in (None, UNITS.iloc[:0]):
        areas = Areas.of(units)
        assert areas.name == ("ALL",)
        assert areas.sums(areas.codes(np.array(["", "x"], dtype=object)), np.array([1.0, 2])).tolist() == [3]


def test_units_without_streets_and_a_unit_of_two_parts():
    twice = pd.concat([UNITS.drop(columns="parent"), UNITS.drop(columns="parent").iloc[:1]], ignore_index=True)
    assert Areas.of(twice).name == ("ALL", "a", "b", "c")
