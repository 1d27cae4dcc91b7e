"""The measured rows: nearest facilities, catchments, pairs and growth on generated cities, areas on an extract."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmark_parts import peers, polygons
from benchmark_parts.city import city, facilities, places
from benchmark_parts.clock import in_turn, megabytes, once, ratio
from benchmark_parts.memory import ENGINES, EVERY, LIMIT_M
from benchmark_parts.reach import incident, reached_metres
from benchmark_parts.table import Figure
from livingcircle.catchments import catchments
from livingcircle.network import StreetNetwork
from livingcircle.search import Catchments, Doors, nearest_start, within
from livingcircle.walk_time import nearest

CATCHMENTS_M = (1000.0, 1200.0)


class Sizes(NamedTuple):
    """How much is measured: nodes of the three cities, of those for networkx and for pandana; doors, homes, samples."""

    cities: tuple[int, int, int]
    networkx: int
    pandana: int
    igraph: int
    rounds: int
    categories: int
    doors: int
    ego: int
    homes: int
    polygons: polygons.Sample


FULL = Sizes((10_000, 100_000, 1_020_000), 1_020_000, 20_000, 100_000, 5, 20, 2000, 40, 20_000, polygons.Sample(2000, 20, 20_000, 20))
QUICK = Sizes((900, 2_500, 10_000), 10_000, 2_500, 2_500, 5, 5, 100, 10, 1_000, polygons.Sample(40, 3, 2_000, 3))


def run(sizes: Sizes, *, extract: Path | None = None, crs: str = "EPSG:32629") -> list[Figure]:
    """All figures, the generated cities first."""
    towns = [city(nodes) for nodes in sizes.cities]
    figures = nearest_rows(towns[-1], sizes) + growth_row(towns, sizes)
    figures += catchment_rows(towns[-2], towns[-1], sizes)
    small = {count: city(count) for count in {sizes.networkx, sizes.pandana, sizes.igraph}}
    figures += networkx_row(small[sizes.networkx], sizes) + igraph_row(small[sizes.igraph], sizes)
    figures += pandana_rows(small[sizes.pandana], sizes)
    figures += memory_rows(sizes)
    network = city(sizes.cities[0]) if extract is None else polygons.streets_of(extract, crs)
    name = "generated streets" if extract is None else extract.name
    figures += extract_rows(network, sizes, name=name) if extract else []
    return figures + polygons.rows(network, sizes.polygons, name=name, rounds=sizes.rounds)


def _doors(network: StreetNetwork, categories: int) -> list[np.ndarray]:
    return facilities(network, max(1, len(network.nodes) // EVERY), categories, seed=1)


def _ours(network: StreetNetwork, doors: np.ndarray) -> np.ndarray:
    return nearest_start(network.arcs, doors, np.zeros(len(doors)), limit=LIMIT_M).cost


def _told(network: StreetNetwork) -> str:
    return f"{len(network.nodes):,} nodes, {len(network.length_m):,} edges"


def nearest_rows(network: StreetNetwork, sizes: Sizes) -> list[Figure]:
    """Every node and every home to its nearest facility, beside raw SciPy; every category is a round."""
    built, _ = once(lambda: network.arcs)
    homes = places(network, len(network.nodes), seed=2)
    network.states, network.component
    seconds, same = [], True
    for number, doors in enumerate(_doors(network, sizes.categories)):
        ends = _as_positions(network, doors)
        runs = [
            lambda doors=doors: _ours(network, doors),
            lambda doors=doors: peers.nearest_scipy(network, doors, LIMIT_M),
            lambda ends=ends: nearest(network, homes, ends, speed_kmh=4, limit_m=LIMIT_M),
        ]
        if number == 0:
            same = peers.agree(runs[0](), runs[1](), limit=LIMIT_M)
        seconds.append(in_turn(runs[number % 2 :] + runs[: number % 2], 1)[0][np.roll(np.arange(3), number % 2)])
    took = np.array(seconds)
    total = took.sum(axis=0)
    how = f"{_told(network)}; {sizes.categories} categories in turn, limit {LIMIT_M:g} m"
    return [
        Figure("scipy", ratio(took, 0, 1), f"{how}; {total[0]:.3g} s ours, {total[1]:.3g} s SciPy; arcs once {built:.3g} s", same),
        Figure("homes", ratio(took, 2, 0), f"{len(homes):,} homes; {total[2]:.3g} s", homes_agree(network, homes, sizes)),
    ]


def _as_positions(network: StreetNetwork, nodes: np.ndarray):
    """Doors at nodes as positions: at an end of any edge of each."""
    edge = np.empty(len(network.nodes), dtype=np.int64)
    edge[network.end] = np.arange(len(network.end))
    edge[network.start] = np.arange(len(network.start))
    at = places(network, len(nodes), seed=3)
    offset = np.where(network.start[edge[nodes]] == nodes, 0.0, network.length_m[edge[nodes]])
    return at.assign(edge=edge[nodes], offset_m=offset, leg_m=0.0, component=network.component[edge[nodes]])


def homes_agree(network: StreetNetwork, homes, sizes: Sizes) -> bool:
    """Whether homes get what raw SciPy and both ends of their edges tell."""
    doors = _doors(network, 1)[0]
    cost = peers.nearest_scipy(network, doors, np.inf)
    edge, offset = homes["edge"].to_numpy(), homes["offset_m"].to_numpy()
    ends = np.minimum(cost[network.start[edge]] + offset, cost[network.end[edge]] + network.length_m[edge] - offset)
    walk = ends + homes["leg_m"].to_numpy()
    ours = nearest(network, homes, _as_positions(network, doors), speed_kmh=4, limit_m=LIMIT_M)["walk_m"].to_numpy()
    return peers.agree(ours, np.where(walk <= LIMIT_M, walk, np.inf), limit=LIMIT_M)


def growth_row(towns: list[StreetNetwork], sizes: Sizes) -> list[Figure]:
    """The exponent of the time of the nearest facilities by the number of nodes."""
    took = []
    for town in towns:
        doors = _doors(town, sizes.rounds)
        _ours(town, doors[0])
        took.append(np.median([once(lambda town=town, own=own: _ours(town, own))[0] for own in doors]))
    size = [len(town.nodes) for town in towns]
    slope = float(np.polyfit(np.log(size), np.log(took), 1)[0])
    told = ", ".join(f"{n:,} nodes {t:.3g} s" for n, t in zip(size, took, strict=True))
    raw = []
    for town in towns:
        doors = _doors(town, sizes.rounds)
        raw.append(np.median([once(lambda town=town, own=own: peers.nearest_scipy(town, own, LIMIT_M))[0] for own in doors]))
    theirs = float(np.polyfit(np.log(size), np.log(raw), 1)[0])
    return [
        Figure("growth", slope, f"one category, median of {sizes.rounds}: {told}"),
        Figure("growth exponent of raw SciPy on the same matrices", theirs, "large cities leave the processor's cache"),
    ]


def _search(network: StreetNetwork, doors, limit: float) -> Catchments:
    edge, offset, leg = (doors[c].to_numpy() for c in ("edge", "offset_m", "leg_m"))
    states, metres, _ = network.entering(edge, offset)
    return within(network.arcs_back, Doors(states, metres + leg[:, None]), limit=limit)


def _catchments(network: StreetNetwork, doors, limit: float, ends: tuple) -> tuple[Catchments, np.ndarray]:
    found = _search(network, doors, limit)
    told = tuple(doors[c].to_numpy() for c in ("edge", "offset_m", "leg_m"))
    return found, reached_metres(network, told, found, limit, ends=ends)


def catchment_rows(smaller: StreetNetwork, larger: StreetNetwork, sizes: Sizes) -> list[Figure]:
    """Catchments with partial edges in two cities of one density, beside ego_graph; and pairs."""
    figures = []
    for limit in CATCHMENTS_M:
        towns = (smaller, larger, larger)
        doors = [places(smaller, sizes.doors, seed=4), _in_the_middle(larger, smaller, sizes.doors), places(larger, sizes.doors, seed=4)]
        ends = [incident(town) for town in towns]
        for town, own in zip(towns, doors, strict=True):
            _search(town, own.iloc[:2], limit)
        runs = [lambda args=args, m=limit: _catchments(*args[:2], m, args[2]) for args in zip(towns, doors, ends, strict=True)]
        took = in_turn(runs, sizes.rounds)
        told = f"{sizes.doors:,} at {limit:g} m, {sizes.rounds} rounds; {_told(smaller)}, {_told(larger)}"
        middle = np.median(took, axis=0)
        figures.append(Figure("larger", ratio(took, 1, 0), f"{told}; {middle[0]:.3g} s, {middle[1]:.3g} s"))
        figures.append(Figure("larger_spread", ratio(took, 2, 0), f"the same; {middle[2]:.3g} s"))
        figures += [_ego_row(smaller, limit, middle[0], sizes), *_pairs_rows(smaller, limit, sizes)]
    return figures


def _in_the_middle(larger: StreetNetwork, smaller: StreetNetwork, count: int):
    """As many places in the middle of the larger city, on as much ground as the smaller city has."""
    half = np.ptp(smaller.places, axis=0) / 2
    middle = (larger.places.min(axis=0) + larger.places.max(axis=0)) / 2
    there = (np.abs(larger.places[larger.start] - middle) <= half).all(axis=1)
    found = places(larger, 30 * count, seed=4)
    return found[there[found["edge"].to_numpy()]].iloc[:count].reset_index(drop=True)


def extract_rows(network: StreetNetwork, sizes: Sizes, *, name: str) -> list[Figure]:
    """Catchments on real streets beside ego_graph."""
    figures, ends = [], incident(network)
    for limit in CATCHMENTS_M:
        doors = places(network, sizes.doors, seed=4)
        took = in_turn([lambda m=limit, own=doors: _catchments(network, own, m, ends)], sizes.rounds)
        row = _ego_row(network, limit, float(np.median(took)), sizes)
        figures.append(row._replace(how=f"{name}, {_told(network)}; {row.how}"))
    return figures


def _ego_row(network: StreetNetwork, limit: float, ours: float, sizes: Sizes) -> Figure:
    graph = peers.simple(network)
    nodes = np.random.default_rng(5).choice(len(network.nodes), sizes.ego, replace=False)
    # The example runs on the multigraph that OSMnx makes; the product's own is one, too.
    multi = network.graph
    seconds, _ = once(lambda: [peers.catchment_ego(multi, node, limit) for node in network.nodes[nodes].tolist()])
    parts = [peers.catchment_ego(graph, int(node), limit) for node in nodes]
    theirs = [peers.metres_within(part, int(node), limit) for part, node in zip(parts, nodes, strict=True)]
    found, metres = _catchments(network, _as_positions(network, nodes), limit, incident(network))
    same = True
    for row, own in enumerate(theirs):
        part = slice(*found.indptr[row : row + 2])
        told = np.array([own.get(int(state), np.inf) for state in found.state[part]])
        same &= peers.agree(found.cost[part], told, limit=limit) and len(own) == part.stop - part.start
        same &= abs(_partial(network, own, limit) - metres[row]) < 1e-3
    how = f"at {limit:g} m; {sizes.ego} of {sizes.doors:,} by networkx, scaled, without cutting edges: {seconds / sizes.ego * 1e3:.3g} ms each"
    return Figure("ego", seconds / sizes.ego * sizes.doors / ours, how, bool(same))


def _partial(network: StreetNetwork, own: dict[int, float], limit: float) -> float:
    cost = np.full(len(network.nodes), np.inf)
    cost[list(own)] = list(own.values())
    left, right = (np.maximum(limit - cost[ends], 0) for ends in (network.start, network.end))
    return float(np.minimum(network.length_m, left + right).sum())


def _pairs_rows(network: StreetNetwork, limit: float, sizes: Sizes) -> list[Figure]:
    homes, doors = places(network, sizes.homes, seed=6), places(network, sizes.doors, seed=4)
    ends = incident(network)
    runs = [
        lambda: catchments(network, doors, homes, limit_m=limit),
        lambda: _catchments(network, doors, limit, ends),
        lambda: _search(network, doors, limit),
    ]
    found = runs[0]()
    took = in_turn(runs, sizes.rounds)
    least = np.full(len(homes), np.inf)
    np.minimum.at(least, found["origin"].to_numpy(), found["walk_m"].to_numpy())
    walk = nearest(network, homes, doors, speed_kmh=4, limit_m=limit)["walk_m"].to_numpy()
    how = (
        f"{len(homes):,} homes x {len(doors):,} doors ({sizes.categories} categories) at {limit:g} m: {len(found):,} pairs, "
        f"{np.median(took[:, 0]):.3g} s; answers beside the nearest walks"
    )
    return [
        Figure("pairs", ratio(took, 0, 1), how, peers.agree(least, walk, limit=limit)),
        Figure("the same pairs: time / time of the search alone, without partial edges", ratio(took, 0, 2), f"at {limit:g} m"),
    ]


def networkx_row(network: StreetNetwork, sizes: Sizes) -> list[Figure]:
    """Plain networkx beside ours, one category a round."""
    graph = peers.simple(network)
    network.arcs
    doors = _doors(network, 1)[0]
    runs = [lambda: peers.nearest_networkx(graph, doors, LIMIT_M), lambda: _ours(network, doors)]
    same = peers.agree(*(run() for run in runs), limit=LIMIT_M)
    took = in_turn(runs, sizes.rounds)
    return [Figure("networkx", ratio(took, 0, 1), f"{_told(network)}; 1 category, {sizes.rounds} rounds", same)]


def igraph_row(network: StreetNetwork, sizes: Sizes) -> list[Figure]:
    """igraph beside ours; it has no limit, ours has."""
    if not peers.installed("igraph"):
        return []
    doors = _doors(network, 1)[0]
    graph, weights = peers.super_source(network, doors)
    runs = [lambda: peers.nearest_igraph(graph, weights, LIMIT_M), lambda: _ours(network, doors)]
    same = peers.agree(*(run() for run in runs), limit=LIMIT_M)
    took = in_turn(runs, sizes.rounds)
    return [Figure("igraph", ratio(took, 0, 1), f"{_told(network)}; 1 category, {sizes.rounds} rounds", same)]


def pandana_rows(network: StreetNetwork, sizes: Sizes) -> list[Figure]:
    """pandana beside ours: its index ready, its index counted, its range query."""
    if not peers.installed("pandana"):
        return []
    limit = CATCHMENTS_M[-1]
    network.__dict__.pop("arcs", None)
    ours_built, _ = once(lambda: network.arcs)
    doors = _doors(network, sizes.categories)
    built, index = once(lambda: peers.pandana_network(network, doors, LIMIT_M))
    number = range(len(doors))
    runs = [lambda: [peers.nearest_pandana(index, n, LIMIT_M) for n in number], lambda: [_ours(network, own) for own in doors]]
    same = all(peers.agree(a, b, within_m=peers.PANDANA_M, limit=LIMIT_M) for a, b in zip(*(run() for run in runs), strict=True))
    took = in_turn(runs, sizes.rounds)
    middle = np.median(took, axis=0)
    how = f"{_told(network)}; {sizes.categories} categories, {sizes.rounds} rounds; same within {peers.PANDANA_M:g} m, as it sums whole millimeters"
    nodes = np.random.default_rng(5).choice(len(network.nodes), min(sizes.doors, len(network.nodes)), replace=False)
    ends = _as_positions(network, nodes)
    at = incident(network)
    ranges = in_turn([lambda: index.nodes_in_range(nodes, limit), lambda: _catchments(network, ends, limit, at)], sizes.rounds)
    theirs, found = index.nodes_in_range(nodes, limit), _search(network, ends, limit)
    close = int((found.cost >= limit - peers.PANDANA_M).sum())
    return [
        Figure("pandana", ratio(took, 0, 1), how, same),
        Figure("pandana_built", (middle[0] + built) / (middle[1] + ours_built), f"index {built:.3g} s, our arcs {ours_built:.3g} s"),
        Figure("range", ratio(ranges, 0, 1), f"{len(nodes):,} at {limit:g} m, ours with partial edges", abs(len(theirs) - len(found.cost)) <= close),
    ]


def memory_rows(sizes: Sizes) -> list[Figure]:
    """The peak memory of every engine."""
    out = []
    for engine in ENGINES:
        nodes = sizes.pandana if engine == "pandana" else sizes.cities[1]
        if engine in ("igraph", "pandana") and not peers.installed(engine):
            continue
        out.append(Figure(f"peak memory, MB: {engine}", megabytes(engine, nodes), f"{nodes:,} nodes, a process of its own, making the city included"))
    return out
