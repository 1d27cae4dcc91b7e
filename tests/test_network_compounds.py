"""Gated compounds: what lies within, which gates open, who walks where."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, lines
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from livingcircle import network as streets
from livingcircle.errors import DataError
from livingcircle.network import compounds, cutting
from livingcircle.network.compounds import enclose, tagged_gates, tagged_outlines
from livingcircle.snapping import snap
from livingcircle.walk_time import Way, nearest

#  (0,200)─────────────────────(400,200)
#     │      ┌───────────┐          │
#     │      │  Garden   │          │
#  (0,100)───W───────────E─────(400,100)       W = (100,100), E = (300,100)
#     │      │           │          │
#     │      └───────────┘          │
#  (0,0)───────────────────────(400,0)
RING = [(0, 0), (400, 0), (400, 100), (400, 200), (0, 200), (0, 100), (0, 0)]
THROUGH = [(0, 100), (400, 100)]
WEST, EAST = (100, 100), (300, 100)


def outlined(*shapes, names=None):
    return gpd.GeoDataFrame({"name": names or [f"C{row}" for row in range(len(shapes))]}, geometry=list(shapes), crs=CRS)


GARDEN = outlined(shapely.box(100, 50, 300, 150), names=["Garden"])


def gates(*places, kinds=None):
    kind = {"kind": kinds} if kinds else {}
    return gpd.GeoDataFrame(kind, geometry=[shapely.Point(place) for place in places], crs=CRS)


def block(outlines=GARDEN, gates=None, paths=(RING, THROUGH), **told):
    return streets.from_lines(lines(*paths, **told), outlines=outlines, gates=gates)


def walk(network, start, stop, permeability, way=None):
    network = network.with_permeability(permeability)
    found = [snap(np.array([place], dtype=float), network, limit_m=60, isolated_m=0) for place in (start, stop)]
    return nearest(network, *found, speed_kmh=4, way=way or Way())["walk_m"].item()


def edges_of(*paths, layer=None, highway=None, private=None):
    """Cut edges whose nodes are the whole coordinates of their ends."""
    node = {}
    ends = [[node.setdefault(tuple(path[end]), len(node) + 1) for end in (0, -1)] for path in paths]
    frame = lines(*paths, layer=layer, highway=highway).assign(name="", source_id=[f"s{row}" for row in range(len(paths))])
    frame.insert(0, "from_node", [pair[0] for pair in ends])
    frame.insert(1, "to_node", [pair[1] for pair in ends])
    return frame if private is None else frame.assign(private=private)


def test_streets_are_cut_exactly_at_the_outline():
    network = block()
    inner = network.streets[network.compound == 0]
    assert inner.geometry.tolist() == [shapely.LineString([WEST, EAST])]
    assert network.length_m.sum() == 1200 + 400
    assert not network.streets["assumed"].any()
    assert network.compounds.to_dict("records") == [
        {
            "name": "Garden", "how": "outline", "inner_m": 200, "gates": 2, "walled": 0, "unused_gates": 0, "assumed": 0,
            "without_gate": False, "overlap_m2": 0,
        }
    ]
    assert [(p.x, p.y) for p in network.gates.geometry] == [WEST, EAST]
    assert network.gates[["compound", "kind", "how"]].to_numpy().tolist() == [[0, "residents", "crossing"]] * 2


@pytest.mark.parametrize(("permeability", "metres"), [("open", 300), ("visit", 700), ("residents", 700)])
def test_others_walk_round_a_compound_that_is_not_open(permeability, metres):
    #  50 m back to the ring, 100 + 400 + 100 m round, 50 m out again
    assert walk(block(), (50, 100), (350, 100), permeability) == pytest.approx(metres)


@pytest.mark.parametrize("permeability", ["open", "visit", "residents"])
def test_two_residents_leave_by_the_one_gate(permeability):
    network = block(gates=gates(WEST))
    #  50 m (or 190 m) to the gate, 100 m to the ring, 600 m round it, 50 m to the shop
    assert walk(network, (150, 100), (350, 100), permeability) == pytest.approx(50 + 100 + 600 + 50)
    assert walk(network, (290, 100), (350, 100), permeability) == pytest.approx(190 + 100 + 600 + 50)
    assert network.compounds.loc[0, ["gates", "walled", "unused_gates"]].tolist() == [1, 1, 0]
    assert network.gates["how"].tolist() == ["given"]


@pytest.mark.parametrize(("permeability", "metres"), [("open", 150), ("visit", 150), ("residents", np.inf)])
def test_a_clinic_within_is_for_visitors_or_for_residents_only(permeability, metres):
    network = block(gates=gates(WEST))
    assert walk(network, (50, 100), (200, 100), permeability) == metres
    assert walk(network, (290, 100), (200, 100), permeability) == 90


def test_a_wall_ends_two_streets_at_one_place():
    network = block(gates=gates(WEST))
    places = pd.DataFrame(network.graph.nodes.values(), index=network.graph.nodes)
    at = {place: places.index[(places["x"] == place[0]) & (places["y"] == place[1])] for place in (WEST, EAST)}
    assert {place: len(nodes) for place, nodes in at.items()} == {WEST: 1, EAST: 2}
    assert all(network.graph.degree(node) == 1 for node in at[EAST])


def test_a_compound_with_a_closed_gate_is_unreachable_and_keeps_its_streets():
    network = block(gates=gates(WEST, kinds=["closed"]))
    assert network.length_m.sum() == 1600
    assert network.compounds.loc[0, ["gates", "walled", "unused_gates", "without_gate"]].tolist() == [0, 2, 1, True]
    for permeability in streets.PERMEABILITIES:
        assert walk(network, (200, 100), (350, 100), permeability) == np.inf
        assert walk(network, (200, 100), (110, 100), permeability) == 90


def test_the_nearest_gate_decides_and_its_kind_is_told():
    network = block(gates=gates(WEST, (100, 104), EAST, kinds=["open", "closed", "residents"]))
    assert network.gates[["kind", "how"]].to_numpy().tolist() == [["open", "given"], ["residents", "given"]]
    assert network.compounds.loc[0, ["gates", "walled", "unused_gates"]].tolist() == [2, 0, 1]


def test_a_gate_is_near_an_outline_and_a_crossing_near_a_gate():
    within, beyond = compounds.rules()["outlines"]["gate_m"], compounds.rules()["outlines"]["crossing_m"]
    #  a gate that is too far from the wall is none of it: every crossing stays a gate
    assert block(gates=gates((100 - within - 0.1, 100))).compounds["gates"].item() == 2
    assert block(gates=gates((100 - within, 100))).compounds["walled"].item() == 1
    assert block(gates=gates((100, 100 + beyond))).compounds["gates"].item() == 1
    apart = block(gates=gates((100, 100 + beyond + 0.1)))
    assert apart.compounds.loc[0, "walled"] == 2


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_opening_a_gate_never_lengthens_a_walk(order):
    sides, paths = [WEST, EAST, (200, 150), (200, 50)], (RING, THROUGH, [(200, 0), (200, 200)])
    spots = np.array([(150, 100), (350, 100), (200, 20), (200, 120), (20, 200)], dtype=float)
    metres = []
    for opened in range(5):
        kinds = ["open" if side in order[:opened] else "closed" for side in range(4)]
        network = block(gates=gates(*sides, kinds=kinds), paths=paths)
        walks = []
        for permeability in streets.PERMEABILITIES:
            seen = network.with_permeability(permeability)
            at = snap(spots, seen, limit_m=60, isolated_m=0)
            walks += [nearest(seen, at, at.iloc[[row]], speed_kmh=4)["walk_m"].to_numpy() for row in range(len(at))]
        metres.append(walks)
    metres = np.array(metres)
    assert (metres[1:] <= metres[:-1] + 1e-9).all()
    assert (metres[-1] < metres[0]).any()


def by_hand(network, permeability):
    """Metres between the middles of all edges in plain networkx, with states written out: at home, outside, come in."""
    graph = nx.DiGraph()
    free = (network.compound < 0) | (permeability == "open")
    outside = {*network.start[free], *network.end[free]}
    kinds = {}
    for row, (a, b, own) in enumerate(zip(network.start, network.end, network.compound, strict=True)):
        private = own >= 0 and permeability != "open"
        for node in (a, b):
            if private:
                kinds.setdefault(node, set()).add(own)
        for layer in [("home", own), ("in", own)] if private else ["out"]:
            leave, enter = (layer[0] != "in", layer[0] != "home") if private else (True, True)
            for node in (a, b):
                half = network.length_m[row] / 2
                if leave:
                    graph.add_edge(("from", row), (layer, node), metres=half)
                if enter:
                    graph.add_edge((layer, node), ("to", row), metres=half)
            metres = network.length_m[row]
            for p, q in ((a, b), (b, a)):
                if metres < graph.get_edge_data((layer, p), (layer, q), {"metres": np.inf})["metres"]:
                    graph.add_edge((layer, p), (layer, q), metres=metres)
    for node, owners in kinds.items():
        for own in owners:
            graph.add_edge((("home", own), node), (("in", own), node), metres=0)
            if node in outside or len(owners) > 1:
                graph.add_edge((("home", own), node), ("out", node), metres=0)
                if permeability == "visit":
                    graph.add_edge(("out", node), (("in", own), node), metres=0)
    size = len(network.length_m)
    out = np.full((size, size), np.inf)
    for row in range(size):
        for place, metres in nx.single_source_dijkstra_path_length(graph, ("from", row), weight="metres").items():
            if place[0] == "to":
                out[row, place[1]] = metres
    return out


@st.composite
def walled_towns(draw):
    """A lattice of streets with two outlines that may overlap, and gates here and there."""
    paths = [[(0, y), (400, y)] for y in (0, 100, 200, 300)] + [[(x, 0), (x, 300)] for x in (0, 100, 200, 300, 400)]
    corner = st.tuples(st.integers(0, 6), st.integers(0, 4))
    shapes = [shapely.box(x * 50 + 21, y * 50 + 23, x * 50 + 151, y * 50 + 133) for x, y in draw(st.lists(corner, min_size=1, max_size=2))]
    along = draw(st.lists(st.tuples(st.integers(0, len(shapes) - 1), st.integers(0, 47)), max_size=5))
    places = [shapes[row].exterior.interpolate(step * 10.0) for row, step in along]
    kinds = [draw(st.sampled_from(["open", "residents", "closed", ""])) for _ in places]
    given_gates = gpd.GeoDataFrame({"kind": kinds}, geometry=places, crs=CRS) if places else None
    private = draw(st.lists(st.sampled_from(["private", "yes"]), min_size=9, max_size=9))
    drawn = lines(*paths).assign(access=private)
    return streets.from_lines(drawn, at_crossings=True, outlines=outlined(*shapes), gates=given_gates), shapes


@settings(max_examples=15, deadline=None)
@given(walled_towns(), st.sampled_from(streets.PERMEABILITIES), st.booleans())
def test_equal_to_plain_networkx_on_states_written_by_hand(told, permeability, outward):
    network = told[0].with_permeability(permeability)
    want = by_hand(network, permeability)
    size = len(network.length_m)
    middles = pd.DataFrame({"edge": np.arange(size), "offset_m": network.length_m / 2, "leg_m": 0.0})
    for row in range(0, size, 7):
        got = nearest(network, middles, middles.iloc[[row]], speed_kmh=4, way=Way(outward=outward))["walk_m"].to_numpy()
        hand = want[row] if outward else want[:, row]
        hand[row] = 0
        assert got == pytest.approx(hand)


@settings(max_examples=15, deadline=None)
@given(walled_towns())
def test_what_lies_within_is_the_first_outlines_own(told):
    network, shapes = told
    middle = shapely.line_interpolate_point(network.streets.geometry.to_numpy(), 0.5, normalized=True)
    drawn = ~network.streets["assumed"].to_numpy()
    first = np.full(len(middle), -1)
    for number in reversed(range(len(shapes))):
        first[drawn & shapely.contains_properly(shapes[number], middle)] = number
    assert (network.compound[first >= 0] == first[first >= 0]).all()
    assert network.length_m[drawn].sum() == pytest.approx(4 * 400 + 5 * 300)
    overlap = shapely.area(shapely.intersection(shapes[0], shapes[-1])) if len(shapes) > 1 else 0
    assert network.compounds["overlap_m2"].sum() == pytest.approx(overlap)
    assert len(network.gates) == network.compounds["gates"].sum()


def test_public_roads_and_bridges_pass_whole():
    paths = (RING, THROUGH)
    road = block(paths=paths, highway=["residential", "primary"])
    bridge = block(paths=paths, layer=[0, 1])
    for network in (road, bridge):
        assert (network.compound == -1).all()
        assert 400 in network.length_m


def test_a_bridge_within_is_inner():
    paths = (RING, [(0, 100), (180, 100)], [(180, 100), (220, 100)], [(220, 100), (400, 100)])
    network = block(paths=paths, layer=[0, 0, 1, 0])
    assert network.length_m[network.compound == 0].sum() == 200


def test_an_inner_street_that_meets_a_public_road_within_has_a_gate_there():
    network = block(paths=(RING, THROUGH, [(200, 100), (200, 140)]), highway=["residential", "primary", "service"])
    assert network.length_m[network.compound == 0].tolist() == [40]
    assert [(p.x, p.y) for p in network.gates.geometry] == [(200, 100)]
    away = block(
        paths=(RING, THROUGH, [(200, 100), (200, 140)]), highway=["residential", "primary", "service"], gates=gates((110, 150))
    )
    assert away.compounds["walled"].item() == 1


@pytest.mark.parametrize("sway", [0.0, 0.3])
def test_a_street_along_the_outline_is_public_and_whole(sway):
    along = [(0, 50), (100, 50 + sway), (150, 50 - sway), (200, 50 + sway), (250, 50 - sway), (300, 50 + sway), (400, 50)]
    network = block(paths=(RING, along, THROUGH))
    assert network.length_m[network.compound == 0].sum() == 200
    assert shapely.LineString(along).length in network.length_m


def test_a_street_that_bulges_out_and_comes_back_is_inner():
    network = block(paths=(RING, [(0, 100), (200, 100), (200, 160), (250, 160), (250, 120)]), gates=gates(WEST))
    assert network.length_m[network.compound == 0].sum() == 100 + 60 + 50 + 40
    assert network.compounds["walled"].item() == 0
    assert walk(network, (250, 130), (50, 100), "residents") == 30 + 50 + 60 + 100 + 50


def test_a_street_that_strays_along_the_outline_is_not_cut():
    #  150 m in, 100 m along the wall but 0.3 m outside it, and in again
    network = block(paths=(RING, [(0, 100), (150, 100), (150, 150.3), (250, 150.3), (250, 120)]))
    assert network.compounds.loc[0, ["gates", "inner_m"]].tolist() == [1, pytest.approx(50 + 50.3 + 100 + 30.3)]
    assert (network.compound == 0).sum() == 1


def test_a_gate_opens_its_own_compound_only():
    #  6 m apart with an alley between: the closed gate on the first one's wall is none of the second's
    pair = outlined(shapely.box(100, 50, 200, 150), shapely.box(206, 50, 300, 150))
    network = block(pair, gates((200, 100), kinds=["closed"]), paths=(RING, THROUGH, [(203, 0), (203, 100), (203, 200)]))
    assert network.compounds[["gates", "walled"]].to_numpy().tolist() == [[0, 2], [2, 0]]


def test_neighbors_share_a_passage_only_when_both_open_it():
    pair = outlined(shapely.box(100, 50, 200, 150), shapely.box(200, 50, 300, 150))
    free = block(pair)
    assert free.compounds["gates"].tolist() == [2, 2]
    assert walk(free, (150, 100), (250, 100), "visit") == 100
    shut = block(pair, gates(WEST))
    assert shut.compounds["gates"].tolist() == [1, 1]
    assert walk(shut, (150, 100), (250, 100), "visit") == 150 + 600 + 150


def test_an_outline_within_an_earlier_one_has_no_ground():
    network = block(outlined(*GARDEN.geometry, shapely.box(150, 80, 250, 120), names=["Garden", "Court"]))
    assert set(network.compound) == {-1, 0}
    assert network.compounds["overlap_m2"].tolist() == [0, 100 * 40]
    assert network.compounds["without_gate"].tolist() == [False, True]
    turned = block(outlined(shapely.box(150, 80, 250, 120), *GARDEN.geometry))
    assert turned.compounds["inner_m"].tolist() == [100, 100]


def test_a_compound_without_streets_gets_links_between_its_gates_and_its_middle():
    #  gate 20 m from the street on the west; another on the wall's corner side of the south street
    outline = outlined(shapely.box(20, 20, 220, 180))
    network = block(outline, gates((20, 100), (120, 20)), paths=(RING,))
    told = network.streets[network.streets["assumed"]]
    assert set(told["highway"]) == {compounds.rules()["assumed"]["highway"]}
    assert sorted(told.length[told["compound"] == -1]) == [20, 20]
    #  gate to gate, and each of them to the middle (120,100)
    assert sorted(told.length[told["compound"] == 0]) == pytest.approx(sorted([100, 80, np.hypot(100, 80)]))
    assert network.compounds.loc[0, ["gates", "assumed", "without_gate", "inner_m"]].tolist() == [2, 3, False, 0]
    assert walk(network, (120, 100), (0, 100), "residents") == pytest.approx(120)
    assert walk(network, (0, 100), (120, 0), "visit") == pytest.approx(220)
    assert network.length_m[~network.streets["assumed"]].sum() == pytest.approx(1200)


def test_links_go_round_a_bend():
    #  an L: the way from one gate to the other turns at its inner corner (100,100)
    bend = shapely.Polygon([(20, 20), (380, 20), (380, 100), (100, 100), (100, 180), (20, 180)])
    network = block(outlined(bend), gates((380, 90), (90, 180)), paths=(RING,))
    got = walk(network, (380, 90), (90, 180), "open")
    assert got == pytest.approx(np.hypot(280, 10) + np.hypot(10, 80))
    assert shapely.union_all(network.streets.geometry[network.compound == 0]).difference(bend.buffer(0.02)).is_empty


def test_links_stay_off_corners_that_lie_on_no_way():
    notched = shapely.box(20, 20, 220, 180) - shapely.box(100, 20, 140, 60)
    network = block(outlined(notched), gates((20, 100)), paths=(RING,))
    assert network.compounds["assumed"].tolist() == [1]


def test_a_stub_within_is_led_on_to_the_middle():
    network = block(paths=(RING, [(0, 100), (110, 100)]))
    assert network.compounds.loc[0, ["inner_m", "gates", "assumed"]].tolist() == [10, 1, 1]
    assert walk(network, (200, 100), (50, 100), "residents") == 150


def test_a_gate_off_the_inner_streets_is_joined_on_both_sides():
    #  the gate on the north wall: 25 m to the street, 40 m to the inner street below
    paths = (RING, THROUGH, [(0, 165), (400, 165)])
    network = block(gates=gates(WEST, (200, 150)), paths=paths)
    assert sorted(network.length_m[network.streets["assumed"]]) == [15, 50]
    assert network.compounds.loc[0, ["gates", "walled", "assumed"]].tolist() == [2, 1, 1]
    assert walk(network, (210, 100), (200, 165), "residents") == 10 + 50 + 15


def test_a_gate_between_two_streets_that_end_at_it_joins_them():
    paths = ([(0, 0), (0, 100), (100, 100)], [(300, 100), (100, 100.0)])
    edges = edges_of(*paths)
    edges["to_node"] = [2, 4]
    got = enclose(edges, GARDEN, gates=gates(WEST))
    assert got.edges["compound"].tolist() == [-1, 0]
    assert got.edges.loc[0, "to_node"] == got.edges.loc[1, "to_node"]
    assert not got.edges["assumed"].any()
    assert got.compounds.loc[0, ["gates", "without_gate"]].tolist() == [1, False]


def test_a_gate_far_from_every_street_is_told():
    network = block(outlined(shapely.box(100, 50, 300, 150)), gates((200, 150)), paths=(RING,))
    assert network.compounds.loc[0, ["gates", "unused_gates", "without_gate"]].tolist() == [0, 1, True]
    assert (network.compound == -1).all()


def test_an_outline_without_gate_and_street_is_listed():
    network = block(paths=(RING,))
    assert network.compounds.loc[0, ["inner_m", "gates", "assumed", "without_gate"]].tolist() == [0, 0, 0, True]


def private_block(*private, paths=(RING, THROUGH), **told):
    drawn = lines(*paths).assign(access=["private" if row in private else "yes" for row in range(len(paths))])
    return streets.from_lines(drawn, **told)


def test_a_private_way_is_a_compound():
    network = private_block(1)
    assert network.compounds[["how", "inner_m", "gates"]].to_numpy().tolist() == [["private", 400, 2]]
    assert walk(network, (0, 0), (400, 0), "visit") == 400
    assert walk(network, (0, 90), (400, 90), "open") == 10 + 400 + 10
    assert walk(network, (0, 90), (400, 90), "visit") == 90 + 400 + 90


def test_private_ways_within_an_outline_are_its_own_and_those_that_lead_to_it_too():
    network = private_block(1, outlines=GARDEN)
    assert network.compounds["how"].tolist() == ["outline"]
    assert network.length_m[network.compound == 0].sum() == 400
    assert walk(network, (200, 100), (0, 100), "residents") == 200


def test_a_private_way_between_two_outlines_is_open_to_the_residents_of_both():
    pair = outlined(shapely.box(100, 150, 300, 190), shapely.box(100, 10, 300, 50))
    paths = (RING, THROUGH, [(200, 100), (200, 170)], [(200, 100), (200, 30)])
    network = private_block(1, 2, 3, paths=paths, outlines=pair)
    assert network.compounds["how"].tolist() == ["outline", "outline"]
    assert walk(network, (200, 170), (0, 100), "residents") == 70 + 200
    assert walk(network, (200, 30), (400, 100), "residents") == 70 + 200


def test_a_wall_divides_private_ways():
    network = private_block(1, outlines=GARDEN, gates=gates(WEST))
    assert network.compounds["how"].tolist() == ["outline", "private"]
    assert sorted(network.length_m[network.compound == 0]) == [100, 200]
    assert network.length_m[network.compound == 1].tolist() == [100]


def test_paths_that_only_private_ways_lead_to_are_private_ground_too():
    #  ring ── private ── path ── private ── dead end
    paths = (RING, [(400, 100), (450, 100)], [(450, 100), (450, 160)], [(450, 160), (500, 160)])
    network = private_block(1, 3, paths=paths)
    assert network.compounds["inner_m"].tolist() == [50 + 60 + 50]
    assert walk(network, (450, 150), (400, 100), "residents") == 50 + 50
    limit = compounds.rules()["streets"]["enclosed_m"]
    quarter = [(450, 100), (450, 100 + limit / 2), (950, 100 + limit / 2), (950, 100), (450 + limit, 100)]
    big = [(-limit, y) for y in (0, 3 * limit)]
    network = private_block(1, paths=([*RING, *big, (0, 3 * limit)], [(400, 100), (450, 100)], quarter))
    assert network.length_m[network.compound == 0].sum() == 50


def test_inputs_are_not_changed():
    edges, outlines, given_gates = edges_of(RING[:4], THROUGH), GARDEN.copy(), gates(WEST, kinds=[None])
    before = [frame.copy(deep=True) for frame in (edges, outlines, given_gates)]
    enclose(edges, outlines, gates=given_gates)
    for frame, was in zip((edges, outlines, given_gates), before, strict=True):
        assert frame.equals(was)
        assert list(frame.columns) == list(was.columns)


def test_without_outlines_and_private_ways_nothing_changes():
    edges = edges_of(RING[:4], THROUGH, [(0, 0), (0, 0.5)])
    got = enclose(edges, None)
    assert_frame_equal(got.edges.drop(columns=["compound", "assumed"]), edges)
    assert got.compounds.empty
    assert got.gates.empty
    far = enclose(edges, outlined(shapely.box(5000, 5000, 5100, 5100)))
    assert_frame_equal(far.edges, got.edges)


def test_bad_layers_are_refused():
    edges = edges_of(THROUGH)
    with pytest.raises(DataError, match="outlines.*streets in"):
        enclose(edges, GARDEN.to_crs("EPSG:32651"))
    with pytest.raises(DataError, match="gates.*streets in"):
        enclose(edges, GARDEN, gates=gates(WEST).to_crs("EPSG:32651"))
    with pytest.raises(DataError, match="outlines: holds LineString"):
        enclose(edges, outlined(shapely.LineString(THROUGH)))
    with pytest.raises(DataError, match="gates: holds Polygon"):
        enclose(edges, GARDEN, gates=GARDEN)
    with pytest.raises(DataError, match="no column 'name'"):
        enclose(edges, GARDEN.drop(columns="name"))
    with pytest.raises(DataError, match="unknown kind 'ajar' in rows \\[1\\].*open, residents, closed"):
        enclose(edges, GARDEN, gates=gates(WEST, EAST, kinds=["open", "ajar"]))
    with pytest.raises(DataError):
        enclose(edges.set_crs("EPSG:3857", allow_override=True), GARDEN.set_crs("EPSG:3857", allow_override=True))


def test_cuts_keep_order_and_length():
    edges = edges_of([(0, 0), (10, 0)], [(10, 0), (10, 30)])
    pieces, node = cutting.cut(edges, np.array([1, 0, 1, 1, 0]), np.array([20.0, 0.0, 5.0, 20.0, 10.0]))
    assert pieces.length.tolist() == [10, 5, 15, 10]
    assert pieces[["from_node", "to_node"]].to_numpy().tolist() == [[1, 2], [2, 4], [4, 5], [5, 3]]
    assert node.tolist() == [5, 1, 4, 5, 2]
    assert pieces["source_id"].tolist() == ["s0", "s1", "s1", "s1"]


def test_a_loop_is_cut_wherever_it_passes():
    loop = [(150, 100), (50, 100), (50, 120), (150, 120), (150, 100)]
    got = enclose(edges_of(loop, [(50, 110), (0, 110)]), GARDEN)
    assert sorted(got.edges.length[got.edges["compound"] == 0]) == [50, 70]


def places(*rows):
    return gpd.GeoDataFrame(
        {"source_id": [f"way/{row}" for row in range(len(rows))], "tags": [tags for tags, _ in rows]},
        geometry=[shape for _, shape in rows],
        crs=CRS,
    )


def test_outlines_by_their_tags():
    box = shapely.box(0, 0, 9, 9)
    tags = [
        ({"landuse": "residential", "barrier": "fence", "name": "花园"}, box),
        ({"landuse": "residential"}, box),
        ({"landuse": "residential", "access": "private"}, box),
        ({"landuse": "industrial", "barrier": "wall"}, box),
        ({"landuse": "residential", "residential": "gated"}, shapely.Point(0, 0)),
        ({"landuse": "residential", "gated": "yes"}, box),
    ]
    got = tagged_outlines(places(*tags))
    assert got[["name", "source_id", "rule"]].to_numpy().tolist() == [
        ["花园", "way/0", "walled"], ["", "way/2", "private"], ["", "way/5", "gated"],
    ]
    assert got.crs == CRS
    assert tagged_outlines(places(*tags).iloc[:0]).empty
    for rule in compounds.rules()["outlines"]["rules"]:
        assert set(rule["tags"]) & set(compounds.outline_keys())


def test_gates_by_their_tags():
    point = shapely.Point(0, 0)
    tags = [
        ({"barrier": "gate"}, point),
        ({"entrance": "main"}, point),
        ({"barrier": "lift_gate", "foot": "yes", "access": "no"}, point),
        ({"barrier": "gate", "locked": "yes"}, point),
        ({"barrier": "gate", "access": "private"}, point),
    ]
    got = tagged_gates(places(*tags))
    assert got["kind"].tolist() == ["residents", "open", "closed", "residents"]
    assert set(got["kind"]) <= set(compounds.KINDS)
    assert tagged_gates(places(*tags).iloc[:0]).empty
    assert {rule["kind"] for rule in compounds.rules()["gates"]["kinds"]} <= set(compounds.KINDS)
