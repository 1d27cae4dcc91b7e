"""Walking costs worked out by hand, and against plain networkx carrying the same costs."""

import networkx as nx
import numpy as np
import pytest
import shapely
from conftest import lines, town
from hypothesis import given, settings
from hypothesis import strategies as st
from test_search import towns

from livingcircle import network as streets
from livingcircle.costs import Ground, Walker, as_walked, closed, is_park, kind_of_crossing, presets, sources, waits
from livingcircle.errors import DataError
from livingcircle.network import Costs
from livingcircle.snapping import snap
from livingcircle.walk_time import QUICKEST, SHORTEST, Way, nearest

#        A (0,100)
#        │ residential
#  W ────┼──── E       primary road, 400 m
#        │ residential
#        B (0,-100)
CROSS = streets.from_lines(
    lines([(-200, 0), (0, 0), (200, 0)], [(0, 100), (0, 0)], [(0, 0), (0, -100)], highway=["primary", "residential", "residential"])
)
A_POINT, B_POINT, EAST, WEST = (0.0, 100.0), (0.0, -100.0), (200.0, 0.0), (-200.0, 0.0)

#   0 ──steps 100── 100 ; the way round by (50,80) is 94.34 x 2 = 188.68 m
STAIRS = streets.from_lines(lines([(0, 0), (100, 0)], [(0, 0), (50, 80), (100, 0)], highway=["steps", "footway"]))


def walk(network, a, b, *, way=QUICKEST, speed_kmh=3.6):
    positions = (snap(np.array([point]), network, limit_m=150) for point in (a, b))
    return nearest(network, *positions, speed_kmh=speed_kmh, way=way).iloc[0]


def test_without_costs_every_metre_is_a_metre():
    met = as_walked(CROSS, Walker(3.6))
    assert met.costs is None
    row = walk(met, A_POINT, B_POINT)
    assert (row["walk_m"], row["flat_m"], row["walk_min"]) == (200, 200, pytest.approx(200 / 60))


def test_a_road_takes_time_to_cross():
    #  primary: signals assumed, 25 s; at 3.6 km/h a second is a metre
    met = as_walked(CROSS, Walker(3.6, crossings=True))
    assert walk(met, A_POINT, B_POINT)["flat_m"] == pytest.approx(225)
    assert walk(met, A_POINT, EAST)["flat_m"] == pytest.approx(300 + 12.5)
    assert walk(met, WEST, EAST)["flat_m"] == pytest.approx(400)
    assert walk(met, A_POINT, B_POINT)["walk_m"] == pytest.approx(200)
    assert walk(met, A_POINT, B_POINT, way=SHORTEST)["flat_m"] == pytest.approx(225)
    assert walk(met, (0, 50), (0, -50))["flat_m"] == pytest.approx(125)


def test_seconds_follow_the_kind_of_crossing_and_the_study():
    node = int(CROSS.nodes[CROSS.end[CROSS.streets.index[CROSS.streets["highway"] == "residential"][0]]])
    middle = [n for n, d in CROSS.graph.degree() if d == 4]
    assert [node] == middle
    told = Ground(crossings={node: "zebra"})
    assert walk(as_walked(CROSS, Walker(3.6, crossings=True), told), A_POINT, B_POINT)["flat_m"] == pytest.approx(208)
    own = Walker(3.6, crossings=True, seconds={"signals": 40.0})
    assert walk(as_walked(CROSS, own), A_POINT, B_POINT)["flat_m"] == pytest.approx(240)
    #  a faster walker loses more metres in the same seconds
    assert walk(as_walked(CROSS, Walker(7.2, crossings=True)), A_POINT, B_POINT)["flat_m"] == pytest.approx(250)


def test_a_crossing_drawn_without_its_road_pays_once():
    drawn = lines([(0, 0), (100, 0)], [(100, 0), (120, 0)], [(120, 0), (200, 0)], highway=["footway"] * 3).assign(crossing=["", "zebra", ""])
    met = as_walked(streets.from_lines(drawn), Walker(3.6, crossings=True))
    assert walk(met, (0, 0), (200, 0))["flat_m"] == pytest.approx(208)
    start, end = waits(met, {})
    assert (start + end).max() == pytest.approx(8)


def test_a_crossing_in_two_pieces_pays_once():
    #  a zebra over a residential street, joined in its middle: half the wait at each outer end
    drawn = lines(
        [(0, 0), (100, 0)], [(100, 0), (110, 0)], [(110, 0), (120, 0)], [(120, 0), (200, 0)], [(110, -50), (110, 50)],
        highway=["footway"] * 4 + ["residential"],
    ).assign(crossing=["", "zebra", "zebra", "", ""])
    met = as_walked(streets.from_lines(drawn), Walker(3.6, crossings=True))
    assert walk(met, (0, 0), (200, 0))["flat_m"] == pytest.approx(208)


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"highway": "crossing", "crossing": "traffic_signals"}, "signals"), ({"highway": "crossing", "crossing": "uncontrolled"}, "zebra"),
        ({"highway": "crossing", "crossing": "unmarked"}, "unmarked"), ({"highway": "traffic_signals"}, "signals"),
        ({"highway": "crossing"}, ""), ({"highway": "bus_stop"}, ""), ({"highway": "crossing", "crossing": "marked", "crossing:signals": "yes"}, "signals"),
    ],
)
def test_kinds_of_crossing(tags, kind):
    assert kind_of_crossing(tags) == kind


def test_steps_are_plain_slow_or_excluded():
    assert walk(as_walked(STAIRS, Walker(3.6)), (0, 0), (100, 0))["flat_m"] == 100
    slow = walk(as_walked(STAIRS, Walker(3.6, steps="slow")), (0, 0), (100, 0))
    #  206 flat metres on the steps, 188.68 round them: the quickest walk goes round
    assert slow["walk_m"] == pytest.approx(2 * np.hypot(50, 80))
    assert slow["flat_m"] == pytest.approx(2 * np.hypot(50, 80))
    short = walk(as_walked(STAIRS, Walker(3.6, steps="slow")), (0, 0), (100, 0), way=SHORTEST)
    assert (short["walk_m"], short["flat_m"]) == (100, pytest.approx(206))
    without = as_walked(STAIRS, Walker(3.6, steps="excluded"))
    assert len(without.length_m) == 1
    assert walk(without, (0, 0), (100, 0))["walk_m"] == pytest.approx(2 * np.hypot(50, 80))
    #  a door beside the steps is joined to another street, never to the steps
    assert walk(without, (0, 0), (50, -5))["to_leg_m"] > 40


def test_only_steps_leave_nobody_a_way():
    only = streets.from_lines(lines([(0, 0), (100, 0)], highway=["steps"]))
    with pytest.raises(DataError, match="no walkable street is left"):
        as_walked(only, Walker(3.6, steps="excluded"))


def test_parks_and_ways_with_hours_close_at_night():
    #  (0,0) ──path through the park── (200,0); round it 400 m
    drawn = lines([(0, 0), (200, 0)], [(0, 0), (0, 100), (200, 100), (200, 0)], highway=["path", "residential"])
    network, park = streets.from_lines(drawn), Ground(parks=(shapely.box(50, -20, 150, 20),))
    assert walk(as_walked(network, Walker(3.6), park), (0, 0), (200, 0))["walk_m"] == 200
    assert walk(as_walked(network, Walker(3.6, night=True), park), (0, 0), (200, 0))["walk_m"] == 400
    #  a road through a park stays open
    road = streets.from_lines(drawn.assign(highway="residential"))
    assert not closed(road, Walker(3.6, night=True), park).any()
    hours = streets.from_lines(drawn.assign(opening_hours=["06:00-22:00", "24/7"]))
    assert closed(hours, Walker(3.6, night=True), Ground()).tolist() == [True, False]


def test_parks_by_tags():
    assert is_park({"leisure": "park"})
    assert not is_park({"leisure": "park", "opening_hours": "24/7"})
    assert not is_park({"leisure": "pitch"})


def test_slope_is_directed_and_level_ground_is_not():
    size = len(CROSS.length_m)
    up = Ground(slopes={"hill": (np.full(size, 1.5), np.full(size, 0.9))})
    hill = as_walked(CROSS, Walker(3.6, slope="hill"), up)
    there, back = walk(hill, WEST, EAST), walk(hill, EAST, WEST)
    assert {round(there["flat_m"]), round(back["flat_m"])} == {600, 360}
    assert there["walk_m"] == back["walk_m"] == 400
    outward = walk(hill, EAST, WEST, way=Way(outward=True))
    assert outward["flat_m"] == there["flat_m"]
    level = as_walked(CROSS, Walker(3.6, crossings=True))
    assert walk(level, A_POINT, EAST)["flat_m"] == pytest.approx(walk(level, EAST, A_POINT)["flat_m"])


@settings(max_examples=60, deadline=None)
@given(towns(), st.data())
def test_equal_to_plain_networkx_with_the_same_costs(network, data):
    size = len(network.length_m)
    factor = st.floats(0.5, 4)
    forward, backward = (np.array(data.draw(st.lists(factor, min_size=size, max_size=size))) for _ in range(2))
    start_m, end_m = (np.array(data.draw(st.lists(st.floats(0, 60), min_size=size, max_size=size))) for _ in range(2))
    costed = network.with_costs(Costs(forward, backward, start_m, end_m))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    places = rng.uniform(-50, 450, (6, 2))
    homes, doors = (snap(part, costed, limit_m=500) for part in (places[:4], places[4:]))
    if (homes["edge"] < 0).any() or (doors["edge"] < 0).any():
        return
    graph = nx.DiGraph()
    for e, (a, b) in enumerate(zip(network.start, network.end, strict=True)):
        stops = sorted([(p["offset_m"], f"{kind}{row}") for kind, table in (("h", homes), ("d", doors)) for row, p in table.iterrows() if p["edge"] == e])
        chain = [(0.0, int(a)), *stops, (network.length_m[e], int(b))]
        for number, ((m, u), (n, v)) in enumerate(zip(chain, chain[1:], strict=False)):
            first, last = number == 0, number == len(chain) - 2
            paid = start_m[e] * first + end_m[e] * last
            middle = f"e{e}.{number}"
            #  through a node of its own, so that parallel ways stay apart
            graph.add_edge(u, middle + "f", weight=0)
            graph.add_edge(middle + "f", v, weight=(n - m) * forward[e] + paid)
            graph.add_edge(v, middle + "b", weight=0)
            graph.add_edge(middle + "b", u, weight=(n - m) * backward[e] + paid)
    for engine in ("numba", "scipy", "networkx"):
        got = nearest(costed, homes, doors, speed_kmh=4, way=Way(engine=engine))
        back = nearest(costed, homes, doors, speed_kmh=4, way=Way(outward=True, engine=engine))
        for row in range(4):
            for table, swap in ((got, False), (back, True)):
                found = []
                for door in range(2):
                    ends = (f"d{door}", f"h{row}") if swap else (f"h{row}", f"d{door}")
                    if nx.has_path(graph, *ends):
                        path = nx.dijkstra_path_length(graph, *ends)
                        found.append(path + homes["leg_m"][row] + doors["leg_m"][door])
                assert table["flat_m"][row] == pytest.approx(min(found, default=np.inf))


@settings(max_examples=40, deadline=None)
@given(towns(), st.integers(0, 1000))
def test_dearer_never_quicker_and_never_shorter_than_the_shortest(network, seed):
    rng = np.random.default_rng(seed)
    places = rng.uniform(-50, 450, (30, 2))
    homes, doors = (snap(part, network, limit_m=600) for part in (places[:25], places[25:]))
    size = len(network.length_m)
    costs = Costs(rng.uniform(1, 3, size), rng.uniform(1, 3, size), rng.uniform(0, 40, size), rng.uniform(0, 40, size))
    level = nearest(network, homes, doors, speed_kmh=4)
    dear = nearest(network.with_costs(costs), homes, doors, speed_kmh=4)
    assert (dear["flat_m"] >= level["flat_m"] - 1e-9).all()
    assert (dear["walk_m"] >= level["walk_m"] - 1e-6).all()
    assert (dear["flat_m"] >= dear["walk_m"] - 1e-6).all()
    nothing = nearest(network.with_costs(Costs(np.ones(size), np.ones(size), np.zeros(size), np.zeros(size))), homes, doors, speed_kmh=4)
    np.testing.assert_allclose(nothing["flat_m"], level["flat_m"])
    np.testing.assert_allclose(nothing["walk_m"], level["walk_m"])
    shortest = nearest(network.with_costs(costs), homes, doors, speed_kmh=4, way=SHORTEST)
    np.testing.assert_array_equal(shortest["walk_m"], level["walk_m"])


def test_presets_and_sources_are_told():
    assert presets()["wheelchair"]["steps"] == "excluded"
    assert all(group["source"] and group["evidence"] in "●◐○" for group in presets().values())
    told = sources(Walker(3.6, steps="slow", crossings=True, night=True))
    assert {"steps", "crossing signals", "night"} <= set(told)
    assert sources(Walker(3.6)) == {}


def test_groups_that_meet_the_streets_alike_share_their_ground():
    assert Walker(4).ground == Walker(2.88).ground
    assert Walker(4, crossings=True).ground != Walker(2.88, crossings=True).ground
    assert town([(0, 0), (9, 0)]).with_permeability("visit").permeability == "visit"
