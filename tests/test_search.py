"""The compiled searches against plain networkx."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from conftest import town
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from livingcircle import search
from livingcircle.errors import StudyError
from livingcircle.network import Arcs, Costs
from livingcircle.search import Doors, kernel, nearest_start, predecessors, within


@st.composite
def towns(draw):
    """A random town on a lattice with stubs, loops, parallel ways and islands."""
    size = draw(st.integers(2, 5))
    spots = [(x * 100.0 + draw(st.integers(-30, 30)), y * 100.0 + draw(st.integers(-30, 30))) for x in range(size) for y in range(size)]
    chosen = draw(st.lists(st.tuples(st.integers(0, len(spots) - 1), st.integers(0, len(spots) - 1)), min_size=1, max_size=14))
    paths = []
    for number, (a, b) in enumerate(chosen):
        if a == b:
            x, y = spots[a]
            paths.append([(x, y), (x + 40, y + 7 + number), (x - 10, y + 60 + number), (x, y)])
        else:
            (ax, ay), (bx, by) = spots[a], spots[b]
            paths.append([(ax, ay), ((ax + bx) / 2 + 5 + number, (ay + by) / 2 - 3 - number), (bx, by)])
    return town(*paths)


@settings(max_examples=60, deadline=None)
@given(towns(), st.data())
def test_equal_to_plain_networkx(network, data):
    size = len(network.nodes)
    count = data.draw(st.integers(1, 4))
    starts = np.array([data.draw(st.integers(0, size - 1)) for _ in range(count)])
    costs = np.array([float(data.draw(st.integers(0, 300))) for _ in range(count)])
    metres, label = nearest_start(network.arcs, starts, costs)[:2]
    simple = nx.Graph()
    simple.add_nodes_from(network.graph)
    for a, b, length in network.graph.edges(data="length_m"):
        if a != b and length < simple.get_edge_data(a, b, {"length_m": np.inf})["length_m"]:
            simple.add_edge(a, b, length_m=length)
    for row, node in enumerate(network.nodes.tolist()):
        walks = {
            number: cost + nx.dijkstra_path_length(simple, network.nodes[start].item(), node, weight="length_m")
            for number, (start, cost) in enumerate(zip(starts, costs, strict=True))
            if nx.has_path(simple, network.nodes[start].item(), node)
        }
        if walks:
            assert metres[row] == pytest.approx(min(walks.values()))
            assert walks[label[row]] == pytest.approx(metres[row])
        else:
            assert np.isinf(metres[row])
            assert label[row] == -1


@settings(max_examples=40, deadline=None)
@given(towns(), st.data())
def test_all_engines_give_the_same(network, data):
    starts = np.array([data.draw(st.integers(0, len(network.nodes) - 1)) for _ in range(3)])
    costs = np.array([1.5, 20.25, 7.125])
    limit = data.draw(st.sampled_from([np.inf, 150.0, 400.0]))
    fast = nearest_start(network.arcs, starts, costs, limit=limit)
    for engine in ("scipy", "networkx"):
        plain = nearest_start(network.arcs, starts, costs, limit=limit, engine=engine)
        assert fast.cost.tolist() == plain.cost.tolist()
        assert (fast.start >= 0).tolist() == (plain.start >= 0).tolist()


def test_no_start_reaches_nothing(ladder):
    metres, label = nearest_start(ladder.arcs, np.array([], dtype=int), np.array([]))[:2]
    assert np.isinf(metres).all()
    assert (label == -1).all()


def test_an_unknown_engine_is_refused(ladder):
    with pytest.raises(StudyError, match="unknown engine"):
        nearest_start(ladder.arcs, np.array([0]), np.array([0.0]), engine="abacus")


def judged(arcs, doors, limit):
    """Each door's catchment on plain networkx: what is summed to every state within the limit, door by door."""
    graph = nx.DiGraph()
    source = np.repeat(np.arange(arcs.matrix.shape[0]), np.diff(arcs.matrix.indptr))
    graph.add_weighted_edges_from(zip(source.tolist(), arcs.matrix.indices.tolist(), arcs.matrix.data.tolist(), strict=True))
    told = []
    for states, costs in zip(doors.states.tolist(), doors.costs.tolist(), strict=True):
        own = graph.copy()
        for state, cost in zip(states, costs, strict=True):
            own.add_edge("door", state, weight=min(cost, own.get_edge_data("door", state, {"weight": np.inf})["weight"]))
        found = nx.single_source_dijkstra_path_length(own, "door", cutoff=limit)
        told.append({state: cost for state, cost in found.items() if state != "door"})
    return told


def rows_of(got, door):
    return slice(got.indptr[door], got.indptr[door + 1])


def by_door(got):
    """The same shape as `judged`; fails on a state told twice."""
    parts = [rows_of(got, door) for door in range(len(got.indptr) - 1)]
    told = [dict(zip(got.state[part].tolist(), got.cost[part].tolist(), strict=True)) for part in parts]
    assert [len(one) for one in told] == np.diff(got.indptr).tolist()
    return told


def sloped(network, data):
    """The same streets with random costs up, down and at the ends; some far below a flat metre a metre."""
    draw = [np.array([data.draw(st.sampled_from(values)) for _ in network.length_m]) for values in [(0.125, 0.8, 1, 2)] * 2 + [(0, 7.5)] * 2]
    return network.with_costs(Costs(*(part.astype(float) for part in draw)))


@settings(max_examples=40, deadline=None)
@given(towns(), st.data())
def test_catchments_equal_plain_networkx(network, data):
    if data.draw(st.booleans()):
        network = sloped(network, data)
    arcs = data.draw(st.sampled_from([network.arcs, network.arcs_back, network.shortest_arcs]))
    rows = np.array([data.draw(st.integers(0, len(network.length_m) - 1)) for _ in range(data.draw(st.integers(1, 5)))])
    states, costs, others = network.entering(rows, np.array([data.draw(st.floats(0, 1)) for _ in rows]) * network.length_m[rows])
    doors = Doors(states, costs, others)
    limit = data.draw(st.sampled_from([0.0, 60.0, 150.0, 400.0, np.inf]))
    got = within(arcs, doors, limit=limit)
    assert by_door(got) == judged(arcs, doors, limit)
    for engine in ("scipy", "networkx"):
        assert by_door(within(arcs, doors, limit=limit, engine=engine)) == by_door(got)


@settings(max_examples=15, deadline=None)
@given(towns(), st.data())
def test_the_other_measure_is_that_of_the_same_walk(network, data):
    network = sloped(network, data)
    #  no two walks of one cost: the other measure is then that of one walk only
    shaken = network.length_m * (1 + np.random.default_rng(3).uniform(0, 0.01, len(network.length_m)))
    network = replace(network, length_m=shaken)
    rows = np.arange(len(network.length_m))[:4]
    doors = Doors(*network.leaving(rows, 0.3 * network.length_m[rows]))
    got = within(network.arcs, doors, limit=500.0)
    for row in range(len(rows)):
        begun = doors.costs[row] <= 500
        alone = nearest_start(network.arcs, doors.states[row][begun], doors.costs[row][begun], others=doors.others[row][begun], limit=500.0)
        part = rows_of(got, row)
        assert got.cost[part].tolist() == alone.cost[got.state[part]].tolist()
        assert got.other[part].tolist() == pytest.approx(alone.other[got.state[part]].tolist())


def test_a_catchment_by_hand():
    #  0────100────1────100────2────100────3     the door stands 30 m from node 1 on the first street, 5 m off it;
    #  its limit of 135 m just includes node 2: 5 + 30 + 100
    network = town([(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (300, 0)])
    node = {x: row for row, (x, _) in enumerate(network.places.tolist())}
    states, costs, _ = network.leaving(np.array([0]), np.array([70.0]))
    got = within(network.arcs, Doors(states, costs + 5), limit=135.0)
    assert by_door(got) == [{node[0.0]: 75.0, node[100.0]: 35.0, node[200.0]: 135.0}]
    nearer = within(network.arcs, Doors(states, costs + 5), limit=134.99)
    assert by_door(nearer) == [{node[0.0]: 75.0, node[100.0]: 35.0}]


def test_a_street_that_costs_next_to_nothing_is_followed_far_beyond_the_limit_in_metres():
    #  a hundredth of its metres: of the first door 20 streets and the node it stands on, of the other one a node more
    network = town(*[[(x, 0), (x + 100, 0)] for x in range(0, 3000, 100)])
    fast = np.full(len(network.length_m), 0.01)
    network = network.with_costs(Costs(fast, fast, 0 * fast, 0 * fast))
    doors = Doors(*network.leaving(np.array([0, 29]), np.array([0.0, 0.0])))
    got = within(network.arcs, doors, limit=20.0)
    assert by_door(got) == judged(network.arcs, doors, 20.0)
    assert np.diff(got.indptr).tolist() == [21, 22]


@pytest.mark.parametrize(("width", "threads", "least"), [(20.0, 1, 50), (0.5, 2, 1), (1e4, 3, 7), (70.0, 8, 1)])
def test_many_doors_on_many_threads_keep_their_order(monkeypatch, width, threads, least):
    monkeypatch.setattr(kernel, "WIDTH_M", width)
    monkeypatch.setattr(search.threads, "THREADS", threads)
    monkeypatch.setattr(kernel, "DOORS_A_THREAD", least)
    network = town(*[[(x, y), (x + 100, y)] for x in range(0, 2000, 100) for y in (0, 900)])
    rows = np.random.default_rng(5).permutation(len(network.length_m))
    doors = Doors(*network.leaving(rows, network.length_m[rows] / 4))
    got = within(network.arcs, doors, limit=160.0)
    assert by_door(got) == judged(network.arcs, doors, 160.0)


@pytest.mark.parametrize(("width", "stride", "most"), [(20.0, 2000.0, 2**16), (1.0, 30.0, 2**16), (500.0, 100.0, 2**16), (20.0, 2000.0, 4)])
def test_a_city_of_many_parts_is_searched_as_by_scipy(monkeypatch, width, stride, most):
    #  a lattice of 40,000 nodes with steep and level streets, islands cut off, is three parts in memory; walks cross them
    monkeypatch.setattr(kernel, "WIDTH_M", width)
    monkeypatch.setattr(kernel, "STRIDE_M", stride)
    monkeypatch.setattr(kernel, "MOST_BUCKETS", most)
    rng = np.random.default_rng(11)
    side = 200
    node = np.arange(side * side).reshape(side, side)
    a = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    b = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    kept = rng.random(len(a)) < 0.6
    a, b = a[kept], b[kept]
    shape = (side * side,) * 2
    weight = csr_array((rng.choice([0.0, 5.0, 90.0, 4000.0], 2 * len(a)) + rng.random(2 * len(a)), (np.r_[a, b], np.r_[b, a])), shape=shape)
    arcs = Arcs(weight, weight.data * rng.uniform(0.5, 2, weight.nnz), False)
    starts, begun = rng.choice(side * side, 30, replace=False), rng.uniform(0, 900, 30)
    for limit in (np.inf, 700.0):
        fast, slow = (nearest_start(arcs, starts, begun, others=2 * begun, limit=limit, engine=e) for e in ("numba", "scipy"))
        assert fast.cost.tolist() == slow.cost.tolist()
        assert fast.start.tolist() == slow.start.tolist()
        np.testing.assert_allclose(fast.other, slow.other)
    tree = predecessors(arcs, starts, begun)
    assert tree.before.tolist() == predecessors(arcs, starts, begun, engine="scipy").before.tolist()


def test_doors_beyond_their_own_limit_and_none_at_all(ladder):
    far = Doors(np.array([[0, 1], [1, 2]]), np.array([[200.0, 300.0], [10.0, 400.0]]))
    got = within(ladder.arcs, far, limit=120.0)
    assert np.diff(got.indptr).tolist()[0] == 0
    assert by_door(got) == judged(ladder.arcs, far, 120.0)
    just = within(ladder.arcs, far, limit=200.0)
    assert by_door(just)[0] == {0: 200.0}
    none = within(ladder.arcs, Doors(np.empty((0, 2), dtype=int), np.empty((0, 2))), limit=120.0)
    assert (none.indptr.tolist(), len(none.state)) == ([0], 0)


def test_copies_within_compounds_lie_at_their_node(compound_town):
    network = compound_town
    public = network.places[: len(network.nodes)]
    xy = np.array([[network.graph.nodes[node]["x"], network.graph.nodes[node]["y"]] for node in network.nodes.tolist()])
    assert public.tolist() == xy.tolist()
    assert len(network.places) == network.states.size > len(public)
    assert set(map(tuple, network.places.tolist())) == set(map(tuple, xy.tolist()))
    #  steps between copies of one node cost nothing, and so lead nowhere else
    assert network.places[network.states.free[:, 0]].tolist() == network.places[network.states.free[:, 1]].tolist()
    doors = Doors(*network.leaving(np.arange(len(network.length_m)), np.zeros(len(network.length_m))))
    got = within(network.arcs, doors, limit=250.0)
    assert by_door(got) == judged(network.arcs, doors, 250.0)


@pytest.fixture
def compound_town():
    """A compound of one inner street and a gate at (100, 0).

    ::

        (0,0)────(100,0)────(200,0)
                    │ inner
                 (100,80)
    """
    network = town([(0, 0), (100, 0)], [(100, 0), (200, 0)], [(100, 0), (100, 80)])
    inner = network.streets.geometry.bounds["maxy"].to_numpy() > 0
    return replace(network, streets=network.streets.assign(compound=np.where(inner, 0, -1)), permeability="residents")


def test_an_unknown_engine_for_catchments_is_refused(ladder):
    with pytest.raises(StudyError, match="unknown engine"):
        within(ladder.arcs, Doors(np.array([[0, 1]]), np.array([[0.0, 0.0]])), limit=9.0, engine="abacus")


@settings(max_examples=30, deadline=None)
@given(towns(), st.data())
def test_the_tree_adds_up_to_the_walks(network, data):
    size = len(network.nodes)
    starts = np.unique([data.draw(st.integers(0, size - 1)) for _ in range(3)])
    costs = np.array([float(data.draw(st.integers(0, 300))) for _ in starts])
    for engine in ("numba", "scipy", "networkx"):
        cost, start, _, before = predecessors(network.arcs, starts, costs, engine=engine)
        found = nearest_start(network.arcs, starts, costs)
        np.testing.assert_allclose(cost, found.cost)
        assert ((start < 0) == np.isinf(cost)).all()
        inner, table = np.flatnonzero(before >= 0), network.matrix.toarray()
        steps = np.array([table[b, s] for b, s in zip(before[inner], inner, strict=True)])
        np.testing.assert_allclose(cost[inner], cost[before[inner]] + steps)
        ends = np.flatnonzero((before < 0) & np.isfinite(cost))
        np.testing.assert_allclose(cost[ends], costs[start[ends]])
    assert predecessors(network.arcs, starts[:0], costs[:0]).before.tolist() == [-1] * size
