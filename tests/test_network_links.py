"""Links on the streets: where they join, what a walk over them measures, gates opened and closed, costs of the pieces."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, lines, town
from hypothesis import given, settings
from hypothesis import strategies as st

from livingcircle import network as streets
from livingcircle.analysis.standing import on_links
from livingcircle.barriers import obstacles
from livingcircle.isochrone import areas, grid
from livingcircle.network import Costs
from livingcircle.network.links import GATE, Foot, Link, foot, gate_node, linked
from livingcircle.network.packing import pack, unpack
from livingcircle.snapping import as_positions, snap
from livingcircle.walk_time import Way, nearest

#  (0,100)────────────────(400,100)
#     │              ╎ link
#  (0,0)──────────────────(400,0)
COMB = ([(400, 100), (0, 100), (0, 0), (400, 0)],)
TWO = ([(0, 0), (400, 0)], [(0, 100), (400, 100)], [(0, 0), (0, 100)])


def link(network, *points, kind="footpath", name=""):
    line = np.array(points, dtype=float)
    return Link(line, (foot(network, line[0]), foot(network, line[-1])), kind, name)


def stand(network, joined, *places):
    """Places snapped on the streets as they were, as they lie on those with links."""
    found = snap(np.array(places, dtype=float), network, limit_m=150, isolated_m=0)
    edge, offset = joined.moved(found["edge"].to_numpy(), found["offset_m"].to_numpy())
    nothing = np.zeros(len(places))
    return as_positions(joined.network, edge, offset, found["leg_m"].to_numpy(), nothing)


def walk(network, links, start, stop, way=None):
    joined = linked(network, links)
    return nearest(joined.network, stand(network, joined, start), stand(network, joined, stop), speed_kmh=4, way=way or Way())["walk_m"].item()


def test_a_link_is_walked_with_both_its_legs():
    network = town(*TWO)
    bridge = link(network, (300, 10), (300, 90))
    assert bridge.length_m == 80 + 10 + 10
    assert [f[1:] for f in bridge.feet] == [(300, 10), (300, 10)]
    #  without: 350 m west, 100 m up, 350 m back
    assert walk(network, [], (350, 0), (350, 100)) == 800
    assert walk(network, [bridge], (350, 0), (350, 100)) == 50 + 100 + 50
    assert walk(network, [bridge], (300, 0), (100, 100)) == 100 + 200


def test_an_end_that_touches_a_street_has_no_leg():
    network = town(*TWO)
    assert link(network, (300, 0.4), (300, 99.5)).length_m == pytest.approx(99.1)
    assert link(network, (300, 0.6), (300, 99.5)).length_m == pytest.approx(98.9 + 0.6)
    bent = link(network, (300, 0), (320, 0), (320, 100))
    assert walk(network, [bent], (300, 0), (320, 100)) == 120


def test_an_end_drawn_to_a_junction_joins_every_street_there():
    network = town(*TWO)
    corner = link(network, (0.3, -0.2), (200, 99))
    assert corner.feet[0].offset_m == 0.0
    joined = linked(network, [corner])
    assert len(joined.cuts) == 1 and len(joined.network.nodes) == len(network.nodes) + 1
    assert walk(network, [corner], (0, 20), (200, 100)) == pytest.approx(20 + corner.length_m)


def test_two_links_on_one_edge_leave_its_homes_where_they_stand():
    network = town(*TWO)
    links = [link(network, (x, 0), (x, 100)) for x in (300, 100)]
    joined = linked(network, links)
    assert len(joined.cuts) == 4 and joined.network.length_m.sum() == network.length_m.sum() + 200
    places = [(x, 0) for x in (0, 50, 100, 150, 300, 350, 400)]
    moved = stand(network, joined, *places)
    on = shapely.line_interpolate_point(joined.network.streets.geometry.to_numpy()[moved["edge"]], moved["offset_m"].to_numpy())
    assert shapely.get_coordinates(on).tolist() == [list(map(float, place)) for place in places]
    assert walk(network, links, (50, 0), (350, 0)) == 300
    assert walk(network, links, (250, 0), (250, 100)) == 50 + 100 + 50
    assert walk(network, links, (150, 0), (150, 100)) == 50 + 100 + 50


def test_a_link_between_two_places_of_one_edge():
    network = town(*COMB)
    assert len(network.length_m) == 1
    assert walk(network, [], (50, 0), (50, 100)) == 200
    far = link(network, (350, 0), (350, 100))
    assert walk(network, [far], (300, 0), (320, 100)) == 50 + 100 + 30
    assert walk(network, [far], (300, 0), (350, 0)) == 50


def test_where_no_street_is_near_the_foot_tells_how_far():
    network = town(*TWO)
    assert foot(network, np.array([200.0, 50.0])).edge >= 0
    assert foot(network, np.array([500.0, 0.0])) == Foot(-1, 0.0, 100.0)
    assert foot(network, np.array([200.0, 40.0]), among=np.array([False, True, False])).edge == -1


def test_the_links_of_a_walker_who_may_not_use_the_street_join_nothing():
    network = town(*TWO)
    bridge = link(network, (300, 0), (300, 100))
    kept = np.array([True, False, True])
    joined = linked(network.only(kept), [bridge], kept=kept)
    assert len(joined.cuts) == 1 and len(joined.network.length_m) == 4
    ends = snap(np.array([[300.0, 0.0], [0.0, 100.0]]), joined.network, limit_m=1, isolated_m=0)
    assert nearest(joined.network, ends.iloc[:1], ends.iloc[1:], speed_kmh=4)["walk_m"].item() == 400


def test_pieces_keep_what_a_metre_costs_and_ends_what_they_cost():
    network = town(*TWO)
    row = int(foot(network, np.array([300.0, 0.0])).edge)
    size = len(network.length_m)
    start = np.where(np.arange(size) == row, 5.0, 0.0)
    costs = Costs(np.full(size, 2.0), np.full(size, 3.0), start, 2 * start)
    joined = linked(network.with_costs(costs), [link(network, (300, 0), (300, 100)), link(network, (100, 0), (100, 100))])
    got = joined.network.costs
    own = [row, *joined.cuts.loc[joined.cuts["edge"] == row, "piece"]]
    assert joined.network.length_m[own].tolist() == [100, 200, 100]
    assert got.forward[own].tolist() == [2, 2, 2] and got.backward[own].tolist() == [3, 3, 3]
    assert got.start_m[own].tolist() == [5, 0, 0] and got.end_m[own].tolist() == [0, 0, 10]
    for part, level in ((got.forward, 1), (got.backward, 1), (got.start_m, 0), (got.end_m, 0)):
        assert part[joined.added].tolist() == [level, level]
    #  from (50, 0) east to (350, 0) along the cut edge: 300 m of 2 flat metres; and back of 3
    there, back = stand(network, joined, (50, 0)), stand(network, joined, (350, 0))
    assert nearest(joined.network, there, back, speed_kmh=4)["flat_m"].item() == 600
    #  back over the links it is 50 m of 3, up 100, 200 m of 3 west, down 100, 50 m of 3: less would be 900 along the street
    assert nearest(joined.network, back, there, speed_kmh=4)["flat_m"].item() == 900


def test_streets_keep_their_columns_and_the_network_that_was_given_is_not_changed():
    network = town(*TWO)
    before = network.streets.copy()
    joined = linked(network, [link(network, (300, 10), (300, 90), kind="bridge", name="桥")])
    got = joined.network.streets
    assert got.dtypes.equals(before.dtypes) and got.crs == before.crs and network.streets.equals(before)
    row = got.iloc[joined.added[0]]
    assert (row["name"], row["highway"], row["layer"], row["compound"]) == ("桥", "footway", 1, -1)
    assert list(row["geometry"].coords) == [(300, 0), (300, 10), (300, 90), (300, 100)]
    nodes = joined.network.nodes
    assert got["from_node"].tolist() == nodes[joined.network.start].tolist() and len(set(nodes.tolist())) == len(nodes)
    assert joined.network.component.max() == 0


def test_isochrones_pass_over_links():
    network = town([(0, 0), (400, 0)], [(0, 500), (400, 500)])
    path = [(200, 30), (200, 470)]
    joined = linked(network, [link(network, *path)])
    for own, reached in ((network, 0.0), (joined.network, 1.0)):
        cells = grid(own, (-50, -50, 450, 550), limit_m=60, barriers=None)
        door = snap(np.array([[200.0, 0.0]]), own, limit_m=60, isolated_m=0)
        walks = nearest(own, cells.positions, door, speed_kmh=4)["walk_m"].to_numpy()
        drawn = areas(walks, cells, limits_m=[600.0], crs=CRS, origins=np.array([[200.0, 0.0]]))
        assert drawn.geometry.iloc[0].contains(shapely.Point(200, 510)) == bool(reached)


#  (0,200)─────────────────────(400,200)
#     │      ┌───────────┐          │
#  (0,100)───W───────────E─────(400,100)       W = (100,100) is the one gate, the wall stands at E = (300,100)
#     │      └───────────┘          │
#  (0,0)───────────────────────(400,0)
RING = [(0, 0), (400, 0), (400, 100), (400, 200), (0, 200), (0, 100), (0, 0)]
GARDEN = gpd.GeoDataFrame({"name": ["Garden"]}, geometry=[shapely.box(100, 50, 300, 150)], crs=CRS)
PERMEABILITIES = ("open", "visit", "residents")


def garden(*gates):
    given = gpd.GeoDataFrame(geometry=[shapely.Point(place) for place in gates], crs=CRS) if gates else None
    return streets.from_lines(lines(RING, [(0, 100), (400, 100)]), outlines=GARDEN, gates=given)


def opened(network, place):
    """The link through a gate opened at a place."""
    inner, outer = (foot(network, np.array(place, dtype=float), among=mask) for mask in (network.compound >= 0, network.compound < 0))
    shapes = network.streets.geometry.to_numpy()
    ends = [shapely.get_coordinates(shapes[f.edge].interpolate(f.offset_m))[0] for f in (inner, outer)]
    return Link(np.array([ends[0], place, ends[1]], dtype=float), (inner._replace(leg_m=0.0), outer._replace(leg_m=0.0)), GATE)


@pytest.mark.parametrize("permeability", PERMEABILITIES)
def test_a_gate_opened_where_the_wall_ends_two_streets(permeability):
    network = garden((100, 100)).with_permeability(permeability)
    gate = opened(network, (300, 100))
    assert gate.length_m == 0
    #  before: 90 m to the gate in the west, 100 m to the ring, 600 m round, 50 m
    assert walk(network, [], (190, 100), (350, 100)) == 90 + 100 + 600 + 50
    assert walk(network, [gate], (190, 100), (350, 100)) == 110 + 50
    assert walk(network, [gate], (350, 100), (190, 100)) == (np.inf if permeability == "residents" else 160)
    #  nobody but a walker to whom compounds are open passes through
    assert walk(network, [gate], (50, 100), (350, 100)) == (300 if permeability == "open" else 700)


@pytest.mark.parametrize("permeability", PERMEABILITIES)
def test_a_link_drawn_into_a_compound_makes_a_gate_there(permeability):
    network = garden((100, 100)).with_permeability(permeability)
    path = link(network, (200, 99), (200, 5))
    assert path.length_m == 94 + 1 + 5
    #  from (190, 100): 10 m, the path, 200 m along the south
    assert walk(network, [path], (190, 100), (400, 0)) == 10 + 100 + 200
    assert walk(network, [path], (50, 100), (200, 0)) == (250 if permeability == "open" else 350)
    assert not linked(network, [path]).network.compounds["without_gate"].any()


def test_a_compound_without_a_gate_has_one_once_a_gate_is_opened():
    network = streets.from_lines(lines(RING, [(120, 100), (280, 100)]), outlines=GARDEN, gates=None)
    assert network.compounds["without_gate"].tolist() == [True]
    gate = opened(network, (200, 150))
    #  50 m from the wall to each of the two streets
    assert walk(network, [], (200, 100), (200, 200)) == np.inf
    assert walk(network, [gate], (200, 100), (200, 200)) == 100
    joined = linked(network, [gate]).network
    assert joined.compounds["without_gate"].tolist() == [False] and network.compounds["without_gate"].tolist() == [True]


@pytest.mark.parametrize("permeability", PERMEABILITIES)
def test_a_closed_gate_lets_nobody_pass_and_the_others_stay(permeability):
    network = garden().with_permeability(permeability)
    node, compound = gate_node(network, np.array([110.0, 80.0]))
    assert compound == 0
    shut = network.with_closed_gates(((node, compound),))
    assert shut.closed_gates == ((node, compound),) and network.closed_gates == ()
    #  from (190, 100) to (50, 100): by the west 140 m, now 110 m east, 100 m, 600 m round and 50 m
    assert walk(network, [], (190, 100), (50, 100)) == 140
    assert walk(shut, [], (190, 100), (50, 100)) == 110 + 100 + 600 + 50
    assert walk(shut, [], (190, 100), (350, 100)) == 160
    assert walk(shut, [], (190, 100), (110, 100)) == 80
    assert walk(shut, [], (50, 100), (0, 0)) == 150
    assert walk(shut, [], (350, 100), (190, 100)) == (np.inf if permeability == "residents" else 160)
    everything = shut.only(np.ones(len(shut.length_m), dtype=bool)).with_costs(None).with_permeability(permeability)
    assert walk(everything, [], (190, 100), (50, 100)) == 860
    other = gate_node(network, np.array([300.0, 100.0]))
    locked = shut.with_closed_gates((other,))
    assert walk(locked, [], (190, 100), (350, 100)) == np.inf and walk(locked, [], (50, 100), (190, 100)) == np.inf
    assert walk(locked, [], (190, 100), (290, 100)) == 100
    assert np.isfinite(locked.places).all()


def test_only_a_gate_near_the_point_is_one():
    network = garden()
    assert gate_node(network, np.array([100.0, 131.0])) is None
    assert gate_node(town(*TWO), np.array([100.0, 100.0])) is None


def test_closed_gates_are_packed():
    network = garden().with_closed_gates(((3, 0),))
    assert unpack(pack(network)).closed_gates == ((3, 0),)


def plain(network, links):
    """The streets and links as a plain graph, put together without the package's cutting."""
    graph, cuts = nx.Graph(), {edge: {0.0: ("node", int(a)), float(length): ("node", int(b))} for edge, (a, b, length) in enumerate(
        zip(network.start, network.end, network.length_m, strict=True)
    )}
    for number, one in enumerate(links):
        ends = []
        for side, at in enumerate(one.feet):
            ends.append(cuts[at.edge].setdefault(at.offset_m, ("foot", number, side)))
        graph.add_edge(("middle", number), ends[0], weight=one.length_m / 2)
        graph.add_edge(("middle", number), ends[1], weight=one.length_m / 2)
    return graph, cuts


def with_places(graph, cuts, edges, offsets):
    graph = graph.copy()
    cuts = {edge: dict(own) for edge, own in cuts.items()}
    names = [cuts[edge].setdefault(offset, ("place", number)) for number, (edge, offset) in enumerate(zip(edges, offsets, strict=True))]
    for own in cuts.values():
        stops = sorted(own)
        for a, b in zip(stops[:-1], stops[1:], strict=True):
            known = graph.get_edge_data(own[a], own[b], {"weight": np.inf})["weight"]
            graph.add_edge(own[a], own[b], weight=min(known, b - a))
    return graph, names


GRID = town(*([(0, y), (150, y), (320, y)] for y in (0, 90, 210)), *([(x, 0), (x, 90), (x, 210)] for x in (0, 150, 320)))
SPOTS = st.tuples(st.floats(-40, 360), st.floats(-40, 250))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(SPOTS, SPOTS), max_size=4), st.lists(SPOTS, min_size=2, max_size=6))
def test_walks_over_links_agree_with_plain_networkx_and_are_never_longer(pairs, spots):
    links = [one for one in (link(GRID, *pair) for pair in pairs) if min(f.edge for f in one.feet) >= 0]
    joined = linked(GRID, links)
    found = snap(np.array(spots), GRID, limit_m=200, isolated_m=0)
    edge, offset = found["edge"].to_numpy(), found["offset_m"].to_numpy()
    moved = stand(GRID, joined, *spots)
    graph, names = with_places(*plain(GRID, links), edge.tolist(), offset.tolist())
    far = nx.single_source_dijkstra_path_length(graph, names[0])
    got = nearest(joined.network, moved, moved.iloc[:1], speed_kmh=4)["walk_m"].to_numpy()
    legs = found["leg_m"].to_numpy()
    assert got == pytest.approx(np.array([far[name] for name in names]) + legs + legs[0], abs=1e-6)
    before = nearest(GRID, found, found.iloc[:1], speed_kmh=4)["walk_m"].to_numpy()
    assert (got <= before + 1e-6).all()


def test_no_link_leaves_the_network_as_it_is():
    network = town(*TWO)
    joined = linked(network, [])
    assert joined.network.length_m.tolist() == network.length_m.tolist() and joined.cuts.empty and not len(joined.added)
    assert replace(joined.network, streets=network.streets).nodes.tolist() == network.nodes.tolist()
    pd.testing.assert_frame_equal(joined.network.streets, network.streets)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_only_points_near_a_link_are_looked_at_and_they_stand_as_in_a_full_placing(seed, walled):
    network = town(*TWO)
    random = np.random.default_rng(seed)
    joined = linked(network, [link(network, (300, 0), (300, 100)), link(network, (100, 0), random.uniform(0, 400, 2), (120, 100))])
    points = random.uniform(-300, 700, (300, 2))
    wall = gpd.GeoDataFrame({"kind": ["wall"], "source_id": ["w"]}, geometry=[shapely.LineString([(310, -100), (310, 200)])], crs=CRS)
    heeded = {"limit_m": 60.0, "barriers": obstacles(wall) if walled else None}
    rows = np.sort(random.choice(300, 200, replace=False))
    few, every = on_links(points, **heeded)(rows, joined.alone), snap(points[rows], joined.alone, isolated_m=0, **heeded)
    pd.testing.assert_frame_equal(few, every, check_exact=True)
