"""Walks: legs at both ends, exact inside an edge, unreachable as a value."""

import networkx as nx
import numpy as np
import pytest
import shapely
from conftest import town
from hypothesis import given, settings
from hypothesis import strategies as st
from test_search import towns

from livingcircle.snapping import snap
from livingcircle.catchments import pairs
from livingcircle.walk_time import minutes, nearest, straight


def walk(network, homes, doors, **options):
    origins = snap(np.array(homes, dtype=float), network, limit_m=150)
    entrances = snap(np.array(doors, dtype=float), network, limit_m=150)
    return nearest(network, origins, entrances, speed_kmh=4.0, **options)


def test_by_hand(ladder):
    #  door 10 m below (100, 0); home 20 m above (300, 100):
    #  20 + 100 east + 100 south + 300 west + 10 = 530, or 20 + 300 west + 100 + 100 east + 10 = 530
    got = walk(ladder, [(300, 120)], [(100, -10)]).iloc[0]
    assert got["walk_m"] == pytest.approx(530)
    assert got["walk_min"] == pytest.approx(530 / 4000 * 60)
    assert (got["from_leg_m"], got["to_leg_m"], got["status"], got["source"]) == (20, 10, "reached", 0)


def test_on_the_same_edge_no_detour_by_a_node(ladder):
    assert walk(ladder, [(180, 0)], [(220, 0)])["walk_m"].tolist() == pytest.approx([40])


def test_the_middle_of_a_loop_is_the_farthest_point():
    #  a loop of 300 m hangs on the door's node: its middle is 150 m away, not 0 or 300
    network = town([(0, 0), (-100, 0)], [(0, 0), (100, 0), (100, 50), (0, 50), (0, 0)])
    points = [(50, 0), (100, 25), (100, 50), (50, 50), (0, 25)]
    assert walk(network, points, [(0, 0)])["walk_m"].tolist() == pytest.approx([50, 125, 150, 100, 25])


def test_a_street_entered_from_both_ends_peaks_inside():
    #  doors at both ends, 30 m beyond the ends' nodes: the peak of 400 m lies at 200
    network = town([(0, 0), (400, 0)])
    got = walk(network, [(x, 0) for x in (0, 100, 200, 300, 400)], [(0, 0), (400, 0)])["walk_m"]
    assert got.tolist() == [0, 100, 200, 100, 0]


def test_the_longer_of_two_parallel_ways_is_not_taken():
    network = town([(0, 0), (100, 0)], [(0, 0), (50, 80), (100, 0)])
    assert walk(network, [(0, 0)], [(100, 0)])["walk_m"].tolist() == [100]


def test_unreachable_off_network_and_reached_stay_apart():
    network = town([(0, 0), (300, 0)], [(0, 1000), (300, 1000)])
    got = walk(network, [(10, 0), (10, 1000), (10, 500)], [(200, 0)])
    assert got["status"].tolist() == ["reached", "unreachable", "off_network"]
    assert got["walk_m"].tolist() == [190, np.inf, np.inf]
    assert got["source"].tolist() == [0, -1, -1]


def test_a_limit_is_inclusive_and_says_so():
    network = town([(0, 0), (1000, 0)])
    got = walk(network, [(500, 0), (501, 0)], [(0, 0)], limit_m=500.0)
    assert got["status"].tolist() == ["reached", "beyond_limit"]


def test_no_entrance_is_unreachable_for_all(ladder):
    got = nearest(ladder, snap(np.array([[0.0, 0.0]]), ladder, limit_m=150), snap(np.empty((0, 2)), ladder, limit_m=150), speed_kmh=4)
    assert got["status"].tolist() == ["unreachable"]


def test_the_index_of_the_caller_stays(ladder):
    origins = snap(np.array([[0.0, 0.0], [5.0, 0.0]]), ladder, limit_m=150).set_axis(["a", "b"])
    got = nearest(ladder, origins, snap(np.array([[9.0, 0.0]]), ladder, limit_m=150), speed_kmh=4)
    assert got.index.tolist() == ["a", "b"]


def test_a_faster_walker_never_waits_longer():
    metres = np.array([10.0, 500.0, np.inf])
    assert (minutes(metres, speed_kmh=5)[:2] < minutes(metres, speed_kmh=4)[:2]).all()
    assert np.isinf(minutes(metres, speed_kmh=5)[2])


def points_on(network, data, count):
    rows = [data.draw(st.integers(0, len(network.length_m) - 1)) for _ in range(count)]
    shares = [data.draw(st.floats(0, 1)) for _ in range(count)]
    spots = shapely.line_interpolate_point(network.streets.geometry.to_numpy()[rows], shares, normalized=True)
    return shapely.get_coordinates(spots)


def by_networkx(network, a, b):
    """The walk between two street positions on plain networkx, both put in as nodes of their own."""
    graph = nx.MultiGraph(network.graph)
    cuts = {}
    for name, place in (("a", a), ("b", b)):
        cuts.setdefault(int(place["edge"]), []).append((float(place["offset_m"]), name))
    for edge, stops in cuts.items():
        start, end = network.nodes[network.start[edge]].item(), network.nodes[network.end[edge]].item()
        at, before = 0.0, start
        for offset, name in sorted(stops):
            graph.add_edge(before, name, length_m=max(offset - at, 0))
            at, before = offset, name
        graph.add_edge(before, end, length_m=max(network.length_m[edge] - at, 0))
    if not nx.has_path(graph, "a", "b"):
        return np.inf
    return nx.dijkstra_path_length(graph, "a", "b", weight="length_m") + a["leg_m"] + b["leg_m"]


@settings(max_examples=60, deadline=None)
@given(towns(), st.data())
def test_equal_to_plain_networkx_at_any_position(network, data):
    origins = snap(points_on(network, data, 4), network, limit_m=150, isolated_m=0)
    doors = snap(points_on(network, data, 3), network, limit_m=150, isolated_m=0)
    judge = np.array([[by_networkx(network, a, b) for _, b in doors.iterrows()] for _, a in origins.iterrows()])
    got = nearest(network, origins, doors, speed_kmh=4)
    assert got["walk_m"].tolist() == pytest.approx(judge.min(axis=1).tolist())
    table = pairs(network, origins, doors, speed_kmh=4)
    assert table["walk_m"].tolist() == pytest.approx(judge.ravel().tolist())


@settings(max_examples=30, deadline=None)
@given(towns(), st.data())
def test_one_more_door_never_lengthens_a_walk(network, data):
    origins = snap(points_on(network, data, 5), network, limit_m=150)
    doors = snap(points_on(network, data, 4), network, limit_m=150)
    fewer, more = (nearest(network, origins, doors.iloc[:n], speed_kmh=4)["walk_m"] for n in (3, 4))
    assert (more <= fewer).all()


def test_pairs_keep_every_status_apart():
    network = town([(0, 0), (300, 0)], [(0, 1000), (300, 1000)])
    origins = snap(np.array([[0.0, 0.0], [0.0, 1000.0], [0.0, 500.0]]), network, limit_m=150)
    ends = snap(np.array([[100.0, 0.0], [300.0, 0.0]]), network, limit_m=150)
    got = pairs(network, origins, ends, speed_kmh=4, limit_m=200)
    assert got["status"].tolist() == ["reached", "beyond_limit", "unreachable", "unreachable", "off_network", "off_network"]
    assert np.isinf(got["walk_m"][1:]).all()


def test_walks_are_the_same_there_and_back(ladder):
    a = snap(np.array([[30.0, 5.0], [390.0, 120.0]]), ladder, limit_m=150)
    there, back = (pairs(ladder, x, y, speed_kmh=4)["walk_m"].to_numpy().reshape(2, 2) for x, y in ((a, a), (a.iloc[::-1], a.iloc[::-1])))
    assert there == pytest.approx(there.T)
    assert there[0, 0] == pytest.approx(back[1, 1])


def test_straight_lines():
    metres, row = straight(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [10.0, 0.0]]))
    assert (metres.tolist(), row.tolist()) == ([5], [0])
    assert np.isinf(straight(np.array([[0.0, 0.0]]), np.empty((0, 2)))[0]).all()
