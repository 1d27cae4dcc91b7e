"""The compiled search against plain networkx."""

import networkx as nx
import numpy as np
import pytest
from conftest import town
from hypothesis import given, settings
from hypothesis import strategies as st

from livingcircle.errors import StudyError
from livingcircle.search import nearest_start


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
def test_both_engines_give_the_same(network, data):
    starts = np.array([data.draw(st.integers(0, len(network.nodes) - 1)) for _ in range(3)])
    costs = np.array([1.5, 20.25, 7.125])
    limit = data.draw(st.sampled_from([np.inf, 150.0, 400.0]))
    fast = nearest_start(network.arcs, starts, costs, limit=limit)[:2]
    plain = nearest_start(network.arcs, starts, costs, limit=limit, engine="networkx")[:2]
    assert fast[0].tolist() == plain[0].tolist()
    assert (fast[1] >= 0).tolist() == (plain[1] >= 0).tolist()


def test_no_start_reaches_nothing(ladder):
    metres, label = nearest_start(ladder.arcs, np.array([], dtype=int), np.array([]))[:2]
    assert np.isinf(metres).all()
    assert (label == -1).all()


def test_an_unknown_engine_is_refused(ladder):
    with pytest.raises(StudyError, match="unknown engine"):
        nearest_start(ladder.arcs, np.array([0]), np.array([0.0]), engine="abacus")
