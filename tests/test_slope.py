"""Slope as flat metres a metre: worked by hand, against networkx, over bridges and without heights."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import exp

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import rasterio
from conftest import CRS, town
from hypothesis import given, settings
from hypothesis import strategies as st
from test_search import towns

from livingcircle import slope
from livingcircle.errors import DataError, StudyError
from livingcircle.network import Costs
from livingcircle.sources.elevation import heights
from livingcircle.walk_time import Way, nearest

#  Flat metres a metre on 10 %, by hand. Tobler: exp(-3.5 (0.05 - 0.15)) up, exp(-3.5 (0.05 - 0.05)) down.
#  Irmischer & Clarke: 0.11 + exp(-25 / 1800) on level ground and, by the symmetry about -5 %, at 10 % down;
#  0.11 + exp(-225 / 1800) up.
UP = {"tobler": exp(0.35), "irmischer_clarke": (0.11 + exp(-25 / 1800)) / (0.11 + exp(-225 / 1800))}
DOWN = {"tobler": 1.0, "irmischer_clarke": 1.0}
FUNCTIONS = sorted(UP)


def plane(east, north=0.0, base=100.0):
    """A plane that rises by `east` and `north` metres a metre."""
    return lambda points: base + points @ np.array([east, north])


def drawn(folder, ground):
    """The GeoTIFF of a ground, cells of 10 m from (-500, -500) to (1000, 1000)."""
    x, y = np.meshgrid(np.arange(-495, 1000, 10.0), np.arange(995, -500, -10.0))
    values = ground(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    told = {"driver": "GTiff", "width": x.shape[1], "height": x.shape[0], "count": 1, "dtype": "float64", "crs": CRS}
    with rasterio.open(folder / "ground.tif", "w", transform=rasterio.Affine(10, 0, -500, 0, -10, 1000), **told) as raster:
        raster.write(values, 1)
    return partial(heights, folder / "ground.tif", crs=CRS)


def hilly(network, found):
    nothing = np.zeros(len(network.length_m))
    return network.with_costs(Costs(found.forward, found.backward, nothing, nothing))


def at(*places):
    """Street positions of (edge, metres along it)."""
    edge, offset = zip(*places, strict=True)
    return pd.DataFrame({"edge": edge, "offset_m": np.array(offset, dtype=float), "leg_m": 0.0, "component": 0, "status": "reached"})


def minutes(network, start, end, **way):
    return nearest(network, at(start), at(end), speed_kmh=6.0, way=Way(**way))["walk_min"].iloc[0]


def test_what_is_shipped_says_its_source():
    told = slope.rules()
    assert slope.names() == tuple(told["functions"])
    assert set(slope.names()) == set(FUNCTIONS)
    for function in told["functions"].values():
        assert function["formula"] in slope.FORMULAS
        assert any(year in function["source"] for year in ("1993", "2018"))
        assert function["evidence"] in "●◐○"
    assert told["pieces"]["evidence"] == told["heights"]["evidence"] == "○"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_plane_of_ten_percent_by_hand(tmp_path, function):
    #  (0,0) ── 100 m ── (100,0)      east is up by 10 %, north is level
    #    │ 70 m
    #  (0,70)
    network = town([(0, 0), (100, 0)], [(0, 0), (0, 70)])
    found = slope.factors(network, drawn(tmp_path, plane(0.1)), function=function)
    assert found.forward.tolist() == pytest.approx([UP[function], 1.0])
    assert found.backward.tolist() == pytest.approx([DOWN[function], 1.0])
    assert found.grade.tolist() == pytest.approx([0.1, 0.0])
    assert found.unknown_m == 0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_slight_descent_is_quicker_than_level_as_published(function):
    #  At -5 % Tobler walks 6 km/h and 6 exp(-0.175) on level ground; Irmischer & Clarke 1.11 m/s.
    best = {"tobler": exp(-0.175), "irmischer_clarke": (0.11 + exp(-25 / 1800)) / 1.11}
    assert slope.pace(np.array([-0.05]), function=function)[0] == pytest.approx(best[function])
    assert slope.pace(np.linspace(-0.35, 0.35, 1401), function=function).min() == pytest.approx(best[function])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_level_ground_gives_exactly_one(tmp_path, ladder, function):
    found = slope.factors(ladder, drawn(tmp_path, lambda points: np.full(len(points), 33.3)), function=function)
    assert (found.forward == 1.0).all()
    assert (found.backward == 1.0).all()
    assert (found.grade == 0.0).all()


def test_level_costs_change_no_walk(ladder):
    flat = hilly(ladder, slope.factors(ladder, plane(0.0), function="tobler"))
    homes, doors = at((0, 130), (1, 50), (2, 333), (3, 0)), at((2, 10), (0, 390))
    for way in (Way(), Way(outward=True), Way(shortest=True)):
        pd.testing.assert_frame_equal(
            nearest(flat, homes, doors, speed_kmh=4.0, way=way), nearest(ladder, homes, doors, speed_kmh=4.0, way=way)
        )


def test_up_the_hill_takes_longer_than_down_and_flat_ground_is_the_same_both_ways(ladder):
    #  The ladder of the conftest on a plane of 10 % to the east: 400 m up, or down, and 100 m level.
    hill = hilly(ladder, slope.factors(ladder, plane(0.1), function="tobler"))
    west, east = (0, 0.0), (2, 0.0)
    up, down = minutes(hill, west, east), minutes(hill, east, west)
    assert up == pytest.approx((400 * UP["tobler"] + 100) / 100)
    assert down == pytest.approx(5.0)
    assert minutes(hill, east, west, outward=True) == pytest.approx(up)
    assert minutes(hill, west, east, outward=True) == pytest.approx(down)
    flat = hilly(ladder, slope.factors(ladder, plane(0.0), function="tobler"))
    assert minutes(flat, west, east) == minutes(flat, east, west) == 5.0


def test_two_hills_within_one_edge():
    #     /\    /\
    #    /  \  /  \      four pieces of 30 m, 10 % up and down in turn; both ends equally high
    network = town([(0, 0), (120, 0)])
    found = slope.factors(network, lambda points: 3 - np.abs(points[:, 0] % 60 - 30) / 10, function="tobler")
    assert found.forward[0] == found.backward[0] == pytest.approx((exp(0.35) + 1) / 2)
    assert found.grade[0] == pytest.approx(0.1)


def test_an_edge_is_charged_evenly():
    #  60 m level, then 60 m of 10 % up: the way to the middle costs half of the whole.
    network = town([(0, 0), (120, 0)])
    hill = hilly(network, slope.factors(network, lambda points: np.maximum(points[:, 0] - 60, 0) / 10, function="tobler"))
    assert minutes(hill, (0, 0), (0, 120)) == pytest.approx(120 * (1 + exp(0.35)) / 2 / 100)
    assert minutes(hill, (0, 0), (0, 60)) == pytest.approx(minutes(hill, (0, 60), (0, 120)))


def test_pieces_are_at_most_thirty_metres_and_no_more_than_needed():
    network = town([(0, 0), (90, 0)], [(90, 0), (90, 91)], [(0, 0), (0, 7)], [(0, 7), (0, 7.8), (30, 7.8)])
    calls = []

    def ground(points):
        calls.append(points.copy())
        return np.zeros(len(points))

    before = network.streets.copy()
    slope.factors(network, ground, function="tobler")
    assert len(calls) == 1
    #  3 + 4 + 1 + 2 pieces, each edge with one end more than pieces
    assert len(calls[0]) == 3 + 4 + 1 + 2 + 4
    assert calls[0][:4].tolist() == [[0, 0], [30, 0], [60, 0], [90, 0]]
    #  The bent edge is cut by metres along it: half of 30.8 m lies 14.6 m past its bend.
    assert calls[0][-2].tolist() == pytest.approx([14.6, 7.8])
    pd.testing.assert_frame_equal(network.streets, before)


def test_a_hair_more_than_a_piece_is_one_piece():
    asked = []
    slope.factors(town([(0, 0), (30 + 1e-9, 0)]), lambda points: asked.append(len(points)) or np.zeros(len(points)), function="tobler")
    assert asked == [2]


def test_a_bend_runs_as_long_as_the_walk():
    #  20 m up over a zigzag of 200 m is 10 %, though its ends are only 120 m apart.
    network = town([(0, 0), (60, 80), (120, 0)])
    found = slope.factors(network, plane(1 / 6), function="tobler")
    assert found.forward[0] == pytest.approx(exp(0.35), rel=1e-9)


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_too_steep_for_a_street_counts_as_the_steepest(sign):
    network = town([(0, 0), (100, 0)])
    steepest = slope.rules()["pieces"]["steepest"]
    wall, edge = (slope.factors(network, plane(sign * grade), function="tobler") for grade in (3.0, steepest))
    assert wall.forward[0] == pytest.approx(edge.forward[0])
    assert wall.backward[0] == pytest.approx(edge.backward[0])
    assert wall.grade[0] == pytest.approx(steepest)


#  A valley from x = 100 to x = 300, 20 m deep at x = 200, its east side 20 m higher than its west side:
#
#             20 ━━━━━
#   0 ━━━━━\   /
#           \ /
#        x = 200
def valley(points):
    x = points[:, 0]
    return np.where(x <= 100, 0, np.where(x >= 300, 20, np.where(x < 200, (100 - x) / 5, -20 + (x - 200) * 0.4)))


@pytest.mark.parametrize("layer", [1, -1])
def test_a_bridge_or_tunnel_takes_the_straight_grade_between_its_ends(layer):
    paths = [(0, 0), (100, 0)], [(100, 0), (300, 0)], [(300, 0), (400, 0)]
    bridge = slope.factors(town(*paths, layer=[0, layer, 0]), valley, function="tobler")
    ground = slope.factors(town(*paths), valley, function="tobler")
    assert bridge.forward.tolist() == pytest.approx([1, exp(0.35), 1])
    assert bridge.backward.tolist() == pytest.approx([1, 1, 1])
    assert bridge.grade.tolist() == pytest.approx([0, 0.1, 0])
    assert ground.forward[1] > bridge.forward[1]
    assert ground.grade[1] > 0.2


def test_a_bridge_of_several_edges_hangs_straight():
    #  0 ── 100 ══ 140 ══ 200 ══ 300 ── 400: the nodes at 140 and 200 are in the air
    spots = [0, 100, 140, 200, 300, 400]
    paths = [[(a, 0), (b, 0)] for a, b in zip(spots[:-1], spots[1:], strict=True)]
    network = town(*paths, layer=[0, 1, 1, 1, 0])
    found = slope.factors(network, valley, function="tobler")
    assert found.grade.tolist() == pytest.approx([0, 0.1, 0.1, 0.1, 0])
    assert found.forward.tolist() == pytest.approx([1, exp(0.35), exp(0.35), exp(0.35), 1])
    level = slope.factors(network, lambda points: np.where(np.abs(points[:, 0] - 200) < 90, 5.3, 17.7), function="tobler")
    assert (level.forward == 1.0).all()


def test_two_bridges_that_meet_on_an_island():
    #  0 ══ 100 ══ 200, and a street on the ground at 100, where the island is 30 m high
    network = town([(0, 0), (100, 0)], [(100, 0), (200, 0)], [(100, 0), (100, 50)], layer=[1, 1, 0])
    found = slope.factors(network, lambda points: np.where(np.abs(points[:, 0] - 100) < 50, 30.0, 0.0), function="tobler")
    assert found.grade.tolist() == pytest.approx([0.3, 0.3, 0])


def test_a_deck_with_three_shores():
    #  Three arms of 50 m meet in the air; shores at 0, 0 and 30 m: the middle hangs at 10 m.
    arms = [[(50, 0), (0, 0)], [(-50, 0), (0, 0)], [(0, 50), (0, 0)]]
    roads = [[(50, 0), (90, 0)], [(-50, 0), (-90, 0)], [(0, 50), (0, 90)]]
    network = town(*arms, *roads, layer=[1, 1, 1, 0, 0, 0])
    shores = lambda points: np.where(points[:, 1] > 45, 30.0, np.where(np.abs(points[:, 0]) > 45, 0.0, -40.0))  # noqa: E731
    found = slope.factors(network, shores, function="tobler")
    assert found.grade[:3].tolist() == pytest.approx([0.2, 0.2, 0.35])
    assert found.unknown_m == 0


def test_decks_without_a_shore_or_with_an_unknown_one():
    #  A ring in the air that touches no street keeps the raster's heights; a bridge to the unknown is unknown.
    ring = town([(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 0)], layer=[1, 1, 1])
    assert slope.factors(ring, plane(0.1), function="tobler").forward[0] == pytest.approx(exp(0.35))
    bridge = town([(0, 0), (50, 0)], [(50, 0), (80, 0)], [(80, 0), (120, 0)], [(120, 0), (150, 0)], layer=[0, 1, 1, 0])
    found = slope.factors(bridge, lambda points: np.where(points[:, 0] > 110, np.nan, points[:, 0] / 10), function="tobler")
    assert found.forward.tolist() == pytest.approx([exp(0.35), 1, 1, 1])
    assert np.isnan(found.grade).tolist() == [False, True, True, True]
    assert found.unknown_m == pytest.approx(100)


@pytest.mark.parametrize("lack", [np.nan, np.inf, -np.inf])
def test_edges_without_heights_are_level_and_counted(lack):
    network = town([(0, 0), (100, 0)], [(100, 0), (100, 80)], [(0, 0), (0, 33)])
    found = slope.factors(network, lambda points: np.where(points[:, 1] > 79, lack, points[:, 0] / 10), function="tobler")
    assert found.forward.tolist() == pytest.approx([exp(0.35), 1.0, 1.0])
    assert found.backward[1] == 1.0
    assert np.isnan(found.grade).tolist() == [False, True, False]
    assert found.unknown_m == pytest.approx(80)
    linked = replace(network, streets=network.streets.assign(plaza_link=[False, True, False]))
    assert slope.factors(linked, lambda points: np.full(len(points), lack), function="tobler").unknown_m == pytest.approx(133)


def test_an_unknown_function_is_refused_before_any_height_is_asked():
    def never(points):
        raise AssertionError

    with pytest.raises(StudyError, match=r"\[walking\] slope: unknown function 'naismith' → choose one of \['irmischer_clarke', 'tobler'\]"):
        slope.factors(town([(0, 0), (100, 0)]), never, function="naismith")


def test_heights_that_are_not_one_a_point_are_refused():
    for wrong in (lambda points: points, lambda points: points[:-1, 0], lambda points: 7.0):
        with pytest.raises(DataError, match="heights for 5 points"):
            slope.factors(town([(0, 0), (100, 0)]), wrong, function="tobler")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_steeper_is_never_quicker_there_and_back(function):
    grades = np.linspace(0, 0.35, 701)
    up, down = slope.pace(grades, function=function), slope.pace(-grades, function=function)
    assert (np.diff(up) > 0).all()
    assert (up + down >= 2 - 1e-12).all()
    assert (np.diff(up + down) > -1e-12).all()


@settings(max_examples=15, deadline=None)
@given(towns(), st.floats(0, 60), st.floats(0, 6), st.sampled_from(FUNCTIONS))
def test_a_round_trip_is_never_quicker_than_on_level_ground(network, height, phase, function):
    found = slope.factors(network, lambda points: height * np.sin(points[:, 0] / 80 + points[:, 1] / 130 + phase), function=function)
    assert (found.forward + found.backward >= 2 - 1e-12).all()


@settings(max_examples=25, deadline=None)
@given(towns(), st.integers(0, 2**32 - 1), st.data())
def test_walks_between_nodes_equal_plain_networkx(network, seed, data):
    rng = np.random.default_rng(seed)
    layer = rng.choice([-1, 0, 0, 0, 1], len(network.length_m))
    network = replace(network, streets=network.streets.assign(layer=layer))
    tops = rng.uniform(0, 30, (3, 2))
    ground = lambda points: 15 * np.sin(points @ tops.T / 900).sum(axis=1)  # noqa: E731
    found = slope.factors(network, ground, function=data.draw(st.sampled_from(FUNCTIONS)))
    plain = nx.DiGraph()
    plain.add_nodes_from(range(len(network.nodes)))
    rows = zip(network.start.tolist(), network.end.tolist(), network.length_m * found.forward, network.length_m * found.backward, strict=True)
    for a, b, there, back in rows:
        for source, target, cost in ((a, b, there), (b, a, back)):
            if cost < plain.get_edge_data(source, target, {"cost": np.inf})["cost"]:
                plain.add_edge(source, target, cost=cost)
    ends = np.concatenate([network.start, network.end])
    edges = np.tile(np.arange(len(network.length_m)), 2)
    offset = np.concatenate([np.zeros(len(network.length_m)), network.length_m])
    homes = at(*zip(edges.tolist(), offset.tolist(), strict=True))
    row = data.draw(st.integers(0, len(edges) - 1))
    hill, doors = hilly(network, found), homes.iloc[[row]].reset_index(drop=True)
    for outward in (False, True):
        told = nx.single_source_dijkstra_path_length(plain if outward else plain.reverse(), int(ends[row]), weight="cost")
        want = [told.get(node, np.inf) / 100 for node in ends.tolist()]
        got = nearest(hill, homes, doors, speed_kmh=6.0, way=Way(outward=outward))
        assert got["walk_min"].tolist() == pytest.approx(want)
