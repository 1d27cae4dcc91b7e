"""The isochrones of a study and how well they agree with walks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle import agreement, contours, isochrone
from livingcircle.analysis.inputs import Settings
from livingcircle.analysis.reach import of_category
from livingcircle.analysis.standing import barriers_of, coordinates, on_links, settled
from livingcircle.layers import Barriers, Isochrones, Positions
from livingcircle.network import StreetNetwork
from livingcircle.network.links import Linked
from livingcircle.reuse import Known, again
from livingcircle.search.threads import THREADS
from livingcircle.snapping import snap
from livingcircle.standards import Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH, Way

PROBES = 2000
AT_ONCE = 2

Progress = Callable[[str, int, int], None]


COLUMNS = ("category", "limit_m", "minutes", "level", "geometry", "checked", "agreement", "largest_m", "cell_m")


def isochrones(
    names: Sequence[str], layers: tuple, standard: Standard, settings: Settings, told: tuple[Progress, Known | None]
) -> Isochrones:
    """The 5/10/15-minute areas of every category, and the areas of its limits, as everybody walks.

    Areas of minutes follow the quickest walk, areas of limits what the rule judges. Every row tells how well it agrees
    with `PROBES` seeded points walked again (`checked`, `agreement`, `largest_m`) and the lattice it was drawn on.
    """
    (inputs, facilities, view), (progress, known) = layers, told
    network, entrances = view.network, inputs.entrances
    bounds = (inputs.area if inputs.area is not None else inputs.residences).total_bounds
    # An area of a facility inside the study is whole up to the longest minutes drawn.
    pace = settings.speed_kmh * METRES_PER_MINUTE_PER_KMH
    margin = max(settings.snap_limit_m, pace * max(settings.isochrone_minutes, default=0) / network.least_pace)
    extents = bounds, bounds + np.array([-margin, -margin, margin, margin])
    spots, cells, asked = again(known, _ground, (view.standing.own, view.standing.linked), extents, settings.snap_limit_m, inputs.barriers, within=True)
    doors, places = [view.doors[column].to_numpy() for column in isochrone.PLACE], coordinates(entrances)
    opened = facilities["open"].to_numpy()

    def of(category: str) -> list[tuple]:
        own = of_category(entrances, facilities, category, opened)
        if not len(own):
            return []
        ends, out = tuple(part[own] for part in doors), []
        origins = cells.inside(places[own][ends[0] >= 0])
        for shortest, wanted in _limits(category, standard, settings, level=network.costs is None).items():
            way, limits = Way(shortest=shortest, engine=settings.engine), sorted({metres for metres, _, _ in wanted})
            drawn = again(known, _drawn, limits, way, network, (spots, asked), (ends, origins), within=True)
            out += [(category, *one, *drawn[limits.index(one[0])], cells.cell_m) for one in wanted]
        return out

    rows: list[tuple] = []
    # Compiled loops and geometry let go of Python's lock.
    with ThreadPoolExecutor(min(THREADS, AT_ONCE)) as pool:
        for number, found in enumerate(pool.map(of, names)):
            progress("isochrones", number, len(names))
            rows += found
    progress("isochrones", len(names), len(names))
    return gpd.GeoDataFrame(dict(zip(COLUMNS, zip(*rows, strict=True) if rows else [[]] * len(COLUMNS), strict=True)), crs=network.crs)


def _ground(
    streets: tuple[StreetNetwork, Linked | None], extents: tuple, limit_m: float, barriers: Barriers | None, *, known: Known | None = None
) -> tuple[isochrone.Spots, isochrone.Grid, np.ndarray]:
    """Where the points of the lattice and those asked about stand on the streets that are walked; the lattice, and these points."""
    (own, links), (bounds, drawn) = streets, extents
    asked = agreement.probes(bounds, count=PROBES)
    cells = again(known, _cells, own, drawn, limit_m, barriers)
    legs = again(known, _legs, own, asked, limit_m, barriers)
    if links is not None:
        heeded = {"limit_m": limit_m, "barriers": barriers_of(barriers)}
        cells, legs = _linked(cells, links, heeded), settled(legs, links, on_links(asked, **heeded))
    spots = isochrone.Spots.of(own if links is None else links.network, cells, legs)
    return spots, replace(cells, positions=cells.positions.iloc[:0], nearest_cell=cells.nearest_cell[:0]), asked


def _cells(network: StreetNetwork, bounds: np.ndarray, limit_m: float, barriers: Barriers | None) -> isochrone.Grid:
    return isochrone.grid(network, bounds, limit_m=limit_m, barriers=barriers_of(barriers))


def _legs(network: StreetNetwork, points: np.ndarray, limit_m: float, barriers: Barriers | None) -> Positions:
    return snap(points, network, limit_m=limit_m, barriers=barriers_of(barriers))


def _linked(cells: isochrone.Grid, links: Linked, heeded: Mapping[str, Any]) -> isochrone.Grid:
    """The lattice on the streets with links, told by places alone: ground keeps its place on the streets, as homes do; the links have points of their own."""
    parts = [cells.positions[column].to_numpy() for column in isochrone.PLACE]
    parts = [*links.moved(*parts[:2]), parts[2].copy()]
    points, bounds = cells.points, links.alone.streets.total_bounds.reshape(2, 2)
    # Nobody else may have come near to a street; the points along streets have no leg.
    near = np.flatnonzero(((points >= bounds[0] - heeded["limit_m"]) & (points <= bounds[1] + heeded["limit_m"])).all(axis=1))
    stood = settled(cells.positions.iloc[near], links, on_links(points[near], **heeded))
    for values, column in zip(parts, isochrone.PLACE, strict=True):
        values[near] = stood[column].to_numpy()
    bare = replace(cells, positions=cells.positions.iloc[:0], nearest_cell=cells.nearest_cell[:0])
    alone = isochrone.with_streets(bare, links.alone)
    along = alone.positions.assign(edge=links.added[alone.positions["edge"].to_numpy()])
    places = {column: np.concatenate([values, along[column].to_numpy()]) for values, column in zip(parts, isochrone.PLACE, strict=True)}
    return replace(cells, positions=pd.DataFrame(places), nearest_cell=np.concatenate([cells.nearest_cell, alone.nearest_cell]))


def _drawn(
    limits: list[float],
    way: Way,
    network: StreetNetwork,
    ground: tuple[isochrone.Spots, np.ndarray],
    entered: tuple[tuple[np.ndarray, ...], np.ndarray],
    *,
    known: Known | None = None,
) -> list[tuple]:
    """For every limit the area within it of doors, and how well it agrees with walks from the points asked: those, the share, metres."""
    (spots, asked), (doors, origins) = ground, entered
    field, lattice, walk = isochrone.reach(network, spots, doors, way=way, limit_m=limits[-1])
    out, around = [], np.empty(0, dtype=object)
    for limit, border in zip(limits, contours.borders(field, lattice, limits), strict=True):
        # A border may stay where it was though walks took other ways.
        told, around = again(known, _checked, border, (origins, lattice.cell_m, around), asked, walk <= limit)
        out.append(told)
    return out


def _checked(border: contours.Border, drawn: tuple, asked: np.ndarray, reached: np.ndarray) -> tuple[tuple, np.ndarray]:
    shape, around = isochrone.area(border, *drawn)
    return (shape, len(asked), *agreement.of_area(shape, asked, reached)), around


def _limits(
    category: str, standard: Standard, settings: Settings, *, level: bool
) -> dict[bool, list[tuple[float, float, str]]]:
    """(metres, minutes or NaN, level or empty) of every area of a category, by whether shortest walks are meant.

    On `level` ground the shortest walk is the quickest.
    """
    pace = settings.speed_kmh * METRES_PER_MINUTE_PER_KMH
    out: dict[bool, list] = {False: [(minutes * pace, minutes, "") for minutes in settings.isochrone_minutes]}
    for requirement in standard.categories[category].requirements:
        metres = requirement.limit_min * pace if settings.rule == "time" else float(requirement.limit_m)
        shortest = settings.rule == "distance" and not level
        out.setdefault(shortest, []).append((metres, float("nan"), requirement.level))
    return {shortest: wanted for shortest, wanted in out.items() if wanted}
