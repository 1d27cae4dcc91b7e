"""Doubts about the street network: pieces, missing joints, streets left out, compounds that nobody can leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import shapely

from livingcircle.analysis import Inputs, Settings
from livingcircle.audit.effect import Judged
from livingcircle.audit.finding import DOUBT, NOTE, Finding, Reading, limits
from livingcircle.barriers import COMPOUND
from livingcircle.network import OPEN, StreetNetwork, mere_crossings
from livingcircle.network.compounds import OUTLINE

# Reads the study's streets anew: the joining tolerance in metres, whether crossings are joints, whether nothing is left out.
# None where that cannot be told.
Rebuild = Callable[[float | None, bool, bool], StreetNetwork | None]
# Reads them anew without the outlines of compounds of these numbers.
Unwalled = Callable[[Sequence[int]], StreetNetwork]


def street_findings(
    base: Judged, *, layer: str, rebuild: Rebuild | None = None, unwalled: Unwalled | None = None
) -> Iterator[Finding]:
    """Every doubt about the streets of `base`; `layer` names their file, `rebuild` and `unwalled` read it anew in another way."""
    yield from _islands(base, layer)
    yield from _joints(base.inputs.network, layer, rebuild)
    yield from _left_out(base.inputs.network, layer, rebuild)
    yield from _compounds(base.inputs.network, layer, unwalled)


def _with_network(build: Callable[[], StreetNetwork | None]) -> Callable[[Inputs, Settings], Reading | None]:
    def otherwise(inputs: Inputs, settings: Settings) -> Reading | None:
        network = build()
        return None if network is None else (replace(inputs, network=network), settings)

    return otherwise


def _islands(base: Judged, layer: str) -> Iterator[Finding]:
    network = base.network
    many = len(network.components)
    if many < 2:
        return
    on = base.origins["component"].to_numpy()
    people = float(base.samples["people"].to_numpy()[on > 0].sum())
    main = network.component == 0
    lines = network.streets.geometry.to_numpy()
    _, first = np.unique(network.component[~main], return_index=True)
    values = {"length_km": float(network.components["length_m"].iloc[1:].sum() / 1000), "pieces": many}
    yield Finding(
        "islands", DOUBT, layer, many - 1, values,
        places=_middles(lines[~main][first]), people=people,
        otherwise=_with_network(lambda: base.inputs.network.only(base.inputs.network.component == 0)),
    )


def _joints(network: StreetNetwork, layer: str, rebuild: Rebuild | None) -> Iterator[Finding]:
    told = limits()["streets"]
    # Links across a plaza and assumed ways cross one another; nobody drew them.
    drawn = network.only(network.street_m > 0)
    crossing = mere_crossings(drawn.streets, tolerance_m=told["joined_m"])
    lines = drawn.streets.geometry.to_numpy()
    if len(crossing):
        at = shapely.line_interpolate_point(lines[crossing[:, 0].astype(int)], crossing[:, 1])
        joined = None if rebuild is None else _with_network(lambda: rebuild(None, True, False))
        yield Finding("crossings_without_joint", DOUBT, layer, len(crossing), places=shapely.get_coordinates(at), otherwise=joined)
    ends = dead_ends_near(drawn, within_m=told["dead_end_m"])
    if len(ends):
        joined = None if rebuild is None else _with_network(lambda: rebuild(told["dead_end_m"], False, False))
        yield Finding("dead_ends", DOUBT, layer, len(ends), {"within_m": told["dead_end_m"]}, places=ends, otherwise=joined)


def dead_ends_near(network: StreetNetwork, *, within_m: float) -> np.ndarray:
    """The (n, 2) places of nodes where one street ends within `within_m` of another one that it does not meet.

    >>> import geopandas as gpd
    >>> from livingcircle.network import from_lines
    >>> wkt = ["LINESTRING (0 0, 100 0)", "LINESTRING (50 3, 50 90)"]
    >>> streets = from_lines(gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(wkt), crs="EPSG:4550"))
    >>> dead_ends_near(streets, within_m=5).tolist()
    [[50.0, 3.0]]
    """
    degree = np.bincount(np.concatenate([network.start, network.end]), minlength=len(network.nodes))
    rows = np.flatnonzero(degree == 1)
    places = network.places[rows]
    lines = network.streets.geometry.to_numpy()
    node, edge = shapely.STRtree(lines).query(shapely.points(places), predicate="dwithin", distance=within_m)
    apart = (network.start[edge] != rows[node]) & (network.end[edge] != rows[node])
    # The neighbor along the dead end's own street is met by walking; only a street that is far on foot is missed.
    own = np.full(len(network.nodes), -1)
    own[network.start], own[network.end] = np.arange(len(lines)), np.arange(len(lines))
    shared = _share_a_node(network, own[rows[node]], edge)
    return places[np.unique(node[apart & ~shared])]


def _share_a_node(network: StreetNetwork, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    ends = np.stack([network.start, network.end])
    return (ends[:, None, a] == ends[None, :, b]).any(axis=(0, 1))


def _left_out(network: StreetNetwork, layer: str, rebuild: Rebuild | None) -> Iterator[Finding]:
    dropped = network.dropped
    if not len(dropped):
        return
    classes = dropped.groupby("highway")["length_m"].sum().sort_values(ascending=False)
    names = [f"{name or '?'} {metres / 1000:.1f} km" for name, metres in classes.items()]
    walked = None if rebuild is None else _with_network(lambda: rebuild(None, False, True))
    values = {"length_km": float(dropped["length_m"].sum() / 1000), "classes": ", ".join(names[:8])}
    yield Finding("streets_left_out", NOTE, layer, int(dropped["ways"].sum()), values, names=names, otherwise=walked)


def _compounds(network: StreetNetwork, layer: str, unwalled: Unwalled | None) -> Iterator[Finding]:
    listed = network.compounds
    if listed is None:
        return
    shut = listed[listed["without_gate"]]
    if len(shut):
        drawn = shut.index[shut["how"] == OUTLINE].tolist()
        opened = None if unwalled is None or not drawn else _without_walls(unwalled, drawn)
        yield Finding("compounds_without_gate", DOUBT, layer, len(shut), names=[str(n) for n in shut["name"]], otherwise=opened)
    if len(listed):
        opened = _with_network(lambda: network.with_permeability(OPEN))
        yield Finding("compounds", NOTE, layer, len(listed), otherwise=lambda i, s: (opened(i, s)[0], _open_to_all(s)))


def _without_walls(unwalled: Unwalled, numbers: Sequence[int]) -> Callable[[Inputs, Settings], Reading]:
    """The streets and barriers without the outlines of these numbers; the walls of compounds stand in the order of their outlines."""

    def otherwise(inputs: Inputs, settings: Settings) -> Reading:
        walls = inputs.barriers
        if walls is not None:
            gone = np.flatnonzero((walls["kind"] == COMPOUND).to_numpy())[numbers]
            walls = walls.drop(index=walls.index[gone])
        return replace(inputs, network=unwalled(numbers), barriers=walls), settings

    return otherwise


def _open_to_all(settings: Settings) -> Settings:
    return replace(settings, walker=replace(settings.everybody, permeability=OPEN))


def _middles(lines: np.ndarray) -> np.ndarray:
    return shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
