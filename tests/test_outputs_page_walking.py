"""What the page's script walks on: read back as plain numbers, and agreeing with the layers it was made of."""

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, analyzed, facility_table, lines, residence_table
from pandas.testing import assert_frame_equal
from hypothesis import given
from hypothesis import strategies as st
from test_outputs_page import unpacked

from livingcircle import network as streets
from livingcircle.costs import Ground, Walker
from livingcircle.coverage import Group
from livingcircle.outputs.page import packing
from livingcircle.outputs.page.walking import walking_content

EAST, NORTH = 380_000.0, 3_313_000.0
#  a street of 400 m with a bend, a lane to its north, steps to its south
PATHS = [[(0, 0), (200, 30), (400, 0)], [(0, 0), (0, 120)], [(0, 120), (0.02, 240)], [(400, 0), (400, -90)]]


def moved(shapes):
    return [shapely.transform(shape, lambda xy: xy + (EAST, NORTH)) for shape in shapes]


@pytest.fixture
def result(tiny):
    table = lines(*PATHS, highway=["residential", "residential", "residential", "steps"])
    table = table.assign(name=["长街", "</script>", "长街", ""])
    table.geometry = moved(table.geometry)
    homes = residence_table(
        ("R1", 100, moved([shapely.box(50, 20, 150, 90)])[0]), ("R2", 30.25, moved([shapely.Point(380, 10)])[0]),
        ("R3", 50, moved([shapely.box(300, 20, 330, 60)])[0]), ("R4", 7, moved([shapely.Point(5000, 5000)])[0]),
    ).assign(open_year=[np.nan, np.nan, 2031, np.nan], people_slow=[10.0, 3.5, 5.0, 0.0])
    places = facility_table(("A", "school", shapely.Point(EAST + 10, NORTH + 100)), ("B", "park", shapely.Point(EAST + 390, NORTH - 60)))
    groups = (Group("all", 4.0), Group("slow", 3.0, "people_slow", Walker(3.0, steps="excluded")), Group("same", 4.5))
    return analyzed(tiny, streets.from_lines(table), places, homes, year=2025, groups=groups)


def running(text):
    return np.cumsum(unpacked(text)).tolist()


def spread(text):
    """Numbers told as runs."""
    told = np.array(unpacked(text)).reshape(-1, 2)
    return np.repeat(np.cumsum(told[:, 0]), told[:, 1]).tolist()


def stood(got, samples, network):
    """The edges of samples in the first view: the nearest of their residence's edges, and the difference from it."""
    order = np.lexsort([network.end, network.start])
    lines_, points = network.streets.geometry.to_numpy()[order], samples.geometry.to_numpy()
    numbers, row, before, out = unpacked(got["homes"]["edges"]), 0, 0, []
    for count in unpacked(got["homes"]["count"]):
        many = numbers.pop(0)
        known = np.cumsum([before, *(numbers.pop(0) for _ in range(many))])[1:]
        before = known[0] if many else before
        for point in points[row : row + count]:
            far = shapely.distance(lines_[known], point).round(1) if many else []
            out.append(known[np.argmin(far)] if many else -1)
        row += count
    assert numbers == []
    return (np.array(out) + spread(got["views"][0]["homes"])).tolist()


def told_lately(text):
    """Numbers told by how many others were since they were told last."""
    lately, out = [], []
    for code in unpacked(text):
        out.append(-1 - code if code < 0 else lately[code])
        lately = [out[-1], *(one for one in lately if one != out[-1])][:16]
    return out


def test_streets_come_back(result):
    got, network = walking_content(result), result.walking.network
    order = np.lexsort([network.end, network.start])
    start = running(got["start"])
    assert start == network.start[order].tolist()
    assert (np.array(start) + unpacked(got["span"])).tolist() == network.end[order].tolist()
    nodes = np.cumsum(np.array(unpacked(got["nodes"])).reshape(-1, 2), axis=0) / 10 + got["origin"]
    assert np.abs(nodes - network.places[: len(network.nodes)]).max() <= 0.05 + 1e-9
    assert sorted(unpacked(got["bends"])) == [0, 0, 0, 1]
    #  the lane leans by 2 cm and is 120 m long; the street has two straight pieces of 202.2375 m
    drawn = {0: {90.0, 120.0}, 1: {404.475}}
    metres = [min(drawn[bend], key=lambda one: abs(one - m)) for bend, m in zip(unpacked(got["bends"]), network.length_m[order], strict=True)]
    assert metres == pytest.approx(network.length_m[order], abs=0.001)
    assert np.abs(unpacked(got["length"])).max() <= 1
    assert set(got["names"]) == {"长街", "</script>"}


def test_everybody_of_every_year_stands_on_the_streets(result):
    got, told = walking_content(result), result.walking
    assert told.residences["residence_id"].tolist() == ["R1", "R2", "R4", "R3"]
    counts = unpacked(got["homes"]["count"])
    assert counts == told.samples.groupby("residence_id", sort=False).size().tolist()
    assert got["residences"]["own"] == 3
    assert got["residences"]["later"] == ["R3"]
    assert unpacked(got["residences"]["open_year"]) == [0, 0, 0, 2032]
    assert unpacked(got["residences"]["people"][0]) == [10_001, 3_026, 701, 5_001]
    assert unpacked(got["residences"]["people"][1]) == [1_001, 351, 1, 501]
    edges = stood(got, told.samples, told.network)
    assert len(edges) == len(told.samples)
    assert edges[sum(counts[:2])] == -1, "the home far from every street has no edge"
    assert (np.array(edges) >= 0).sum() == len(edges) - 1
    order = np.lexsort([told.network.end, told.network.start])
    true = np.append(np.argsort(order), -1)[told.views[0].origins["edge"]]
    assert (np.array(edges) == true).mean() > 0.98, "but for samples as near to one street as to another, to a decimetre"


def test_views_differ_by_the_ways_that_are_shut(result):
    got = walking_content(result)
    assert got["view_of"] == [0, 1, 0]
    first, second = got["views"]
    assert (first["shut"], first["costs"]) == ("", None)
    order = np.lexsort([result.walking.network.end, result.walking.network.start])
    steps = result.walking.network.streets["highway"].to_numpy()[order] == "steps"
    assert spread(second["shut"]) == steps.astype(int).tolist()
    #  the park's entrance stands on the steps, and for who takes none at their upper end
    assert steps[running(first["doors"]["edge"])[1]]
    assert not steps[running(second["doors"]["edge"])[1]]
    assert second["doors"]["leg"] != first["doors"]["leg"]


def test_costs_are_told_to_four_figures(tiny):
    table = lines([(0, 0), (300, 0)], [(300, 0), (300, 200)], highway=["primary", "footway"])
    table.geometry = moved(table.geometry)
    network = streets.from_lines(table)
    walker = Walker(3.6, slope="tobler", crossings=True)
    ground = Ground({"tobler": (np.array([1.25, 0.9]), np.array([1.0, 1.33333]))})
    homes = residence_table(("R", 10, shapely.Point(EAST, NORTH)))
    result = analyzed(
        tiny, network, facility_table(("A", "school", shapely.Point(EAST, NORTH))), homes, layers={"ground": ground},
        groups=(Group("all", 3.6, "people", walker),), rule="time",
    )
    order = np.lexsort([network.end, network.start])
    forward, backward, start_m, end_m = map(unpacked, walking_content(result)["views"][0]["costs"])
    assert forward == np.array([2500, -1000])[order].tolist()
    assert backward == np.array([0, 3333])[order].tolist()
    #  half of 25 s at a metre a second, where the footway meets the primary road
    assert sorted(start_m + end_m) == [0, 0, 0, 1250]


def test_names_that_are_markup_or_broken_are_plain_json(result):
    network = result.walking.network
    spoiled = replace(network, streets=network.streets.assign(name=pd.Series(["\udc80", None, "x", "y"], dtype=object)))
    got = walking_content(replace(result, walking=replace(result.walking, network=spoiled)))
    assert set(got["names"]) == {"?", "x", "y"}
    json.dumps(got, allow_nan=False).encode("utf-8")


def test_nothing_is_changed_and_the_same_is_told_again(result):
    before = result.walking.samples.copy(), result.walking.network.streets.copy(), result.walking.views[0].origins.copy()
    assert walking_content(result) == walking_content(result)
    for kept, now in zip(before, (result.walking.samples, result.walking.network.streets, result.walking.views[0].origins), strict=True):
        assert_frame_equal(pd.DataFrame(kept), pd.DataFrame(now))


def test_barriers_come_back(result):
    water = gpd.GeoDataFrame(
        {"kind": ["water", "railway", "compound"], "source_id": ""},
        geometry=moved([shapely.box(10, 10, 30, 30), shapely.LineString([(0, 0), (50, 5)]), shapely.LinearRing([(0, 0), (9, 0), (9, 9)])]), crs=CRS,
    )
    got = walking_content(replace(result, barriers=water))["barriers"]
    origin = np.array(walking_content(result)["origin"])
    area, line, wall = (unpacked(got[key]) for key in ("areas", "lines", "walls"))
    assert area[:2] == [1, 5]
    ring = np.cumsum(np.array(area[2:]).reshape(-1, 2), axis=0) / 10 + origin - (EAST, NORTH)
    assert {tuple(point) for point in ring.tolist()} == {(10, 10), (30, 10), (30, 30), (10, 30)}
    assert line[0] == 2
    assert (np.array(line[1:3]) / 10 + origin - (EAST, NORTH)).tolist() == [0, 0]
    assert line[3:] == [500, 50]
    assert wall[0] == 4


@given(st.lists(st.integers(0, 25)))
def test_numbers_that_come_again_come_back(numbers):
    assert told_lately(packing.recent(numbers)) == numbers
    assert (spread(packing.runs(numbers)) if numbers else []) == numbers
    assert running(packing.steps(numbers)) == numbers


def test_what_came_lately_takes_one_character():
    assert len(packing.recent([*range(16), *range(16)] * 9)) < 16 * 2 + 16 * 17 + 1
    assert packing.recent([]) == packing.runs([]) == packing.steps([]) == ""
