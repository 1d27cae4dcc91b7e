"""The isochrones of a study and how well they agree with walks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from livingcircle import agreement, isochrone
from livingcircle.analysis.inputs import Settings
from livingcircle.analysis.reach import of_category
from livingcircle.analysis.standing import barriers_of, coordinates, settled
from livingcircle.layers import Barriers, Isochrones, Positions
from livingcircle.network import StreetNetwork
from livingcircle.network.links import Linked
from livingcircle.reuse import Known, again
from livingcircle.snapping import snap
from livingcircle.standards import Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH, Way, nearest

PROBES = 2000

Progress = Callable[[str, int, int], None]


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
    ground = bounds + np.array([-margin, -margin, margin, margin])
    heeded = (settings.snap_limit_m, inputs.barriers)
    own = view.standing.own
    cells = again(known, _cells, own, ground, *heeded)
    asked = agreement.probes(bounds, count=PROBES)
    legs = again(known, _legs, own, asked, *heeded)
    if view.standing.linked is not None:
        cells = again(known, _linked, cells, view.standing.linked, *heeded)
        legs = view.standing.homes(asked, legs)
    frames = []
    for number, category in enumerate(names):
        progress("isochrones", number, len(names))
        rows = of_category(entrances, facilities, category, facilities["open"].to_numpy())
        if len(rows):
            ends = view.doors.iloc[rows]
            origins = cells.inside(coordinates(entrances)[rows][ends["edge"].to_numpy() >= 0])
            for shortest, wanted in _limits(category, standard, settings, level=network.costs is None).items():
                way = Way(shortest=shortest, engine=settings.engine)
                frames.append(again(known, _areas, (category, wanted, way), network, (cells, origins), (asked, legs), ends, within=True))
    progress("isochrones", len(names), len(names))
    if not frames:
        columns = ("category", "limit_m", "minutes", "level", "checked", "agreement", "largest_m", "cell_m")
        return gpd.GeoDataFrame({column: [] for column in columns}, geometry=[], crs=network.crs)
    return pd.concat(frames, ignore_index=True).assign(cell_m=cells.cell_m)


def _cells(network: StreetNetwork, bounds: np.ndarray, limit_m: float, barriers: Barriers | None) -> isochrone.Grid:
    return isochrone.grid(network, bounds, limit_m=limit_m, barriers=barriers_of(barriers))


def _legs(network: StreetNetwork, points: np.ndarray, limit_m: float, barriers: Barriers | None) -> Positions:
    return snap(points, network, limit_m=limit_m, barriers=barriers_of(barriers))


def _linked(cells: isochrone.Grid, links: Linked, limit_m: float, barriers: Barriers | None) -> isochrone.Grid:
    """The lattice on the streets with links: ground keeps its place on the streets, as homes do, and the links have points of their own."""
    size, points, walls = cells.rows * cells.columns, cells.points, barriers_of(barriers)
    ground = settled(
        cells.positions.iloc[:size], links, lambda rows, network: snap(points[rows], network, limit_m=limit_m, barriers=walls, isolated_m=0)
    )
    parts = pd.concat([ground, settled(cells.positions.iloc[size:], links)], ignore_index=True)
    with_links = isochrone.with_streets(replace(cells, positions=parts), links.alone)
    fresh = len(parts)
    edge = with_links.positions["edge"].to_numpy().copy()
    edge[fresh:] = links.added[edge[fresh:]]
    component = np.where(edge < 0, -1, links.network.component[edge])
    return replace(with_links, positions=with_links.positions.assign(edge=edge, component=component))


def _areas(
    asked: tuple, network: StreetNetwork, ground: tuple, probes: tuple[np.ndarray, Positions], doors: Positions, *, known: Known | None = None
) -> Isochrones:
    """The areas of one category (`asked`: its id, the limits, the way walked) on a lattice, with how well they agree with walks from `probes`."""
    (category, _, way), (cells, origins), (points, legs) = asked, ground, probes
    # What is drawn hangs on walks near the limits alone, whatever streets they take.
    drawn = _drawn(asked, (network, cells, doors), origins, known)
    return drawn.join(agreement.agreement(drawn, points, {category: _measured(network, legs, doors, way)}))


def _measured(network: StreetNetwork, origins: Positions, doors: Positions, way: Way) -> np.ndarray:
    walk = nearest(network, origins, doors, speed_kmh=1, way=way)
    return walk["walk_m" if way.shortest else "flat_m"].to_numpy()


def _drawn(asked: tuple, layers: tuple, origins: np.ndarray, known: Known | None) -> Isochrones:
    (category, wanted, way), (network, cells, doors) = asked, layers
    limits = sorted({metres for metres, _, _ in wanted})
    field = isochrone.field_of(_measured(network, cells.positions, doors, way), cells)
    # Borders are told by walks within a cell of the limits; what lies farther off may be anything.
    near = np.clip(field, limits[0] - cells.cell_m, limits[-1] + cells.cell_m)
    bare = replace(cells, positions=cells.positions.iloc[:0], nearest_cell=np.empty(0, dtype=int))
    drawn = again(known, _contours, near, bare, limits, network.crs, origins).set_index("limit_m")
    return gpd.GeoDataFrame(
        {
            "category": category,
            "limit_m": [w[0] for w in wanted],
            "minutes": [w[1] for w in wanted],
            "level": [w[2] for w in wanted],
        },
        geometry=drawn.geometry.loc[[w[0] for w in wanted]].to_numpy(),
        crs=network.crs,
    )


def _contours(field: np.ndarray, cells: isochrone.Grid, limits_m: list[float], crs: pyproj.CRS, origins: np.ndarray) -> Isochrones:
    return isochrone.contours(field, cells, limits_m=limits_m, crs=crs, origins=origins)


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
