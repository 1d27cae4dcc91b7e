"""Where homes and doors stand on the streets, and on the links that a scenario adds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.analysis.inputs import Inputs, Settings
from livingcircle.barriers import COMPOUND, Obstacles, obstacles, on_frontage, without_walls
from livingcircle.layers import Barriers, Positions
from livingcircle.network import StreetNetwork
from livingcircle.network.links import Linked
from livingcircle.reuse import Known, again, digest
from livingcircle.robustness import data_edge, extent, resnapped
from livingcircle.snapping import ISOLATED_M, REASONS, TOO_FAR, as_positions, snap

# Points in a run that is placed at once, and odd numbers without a pattern by which their digits are mixed.
RUN = 4096
MIXING = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)
# The positions of the rows given on the network given.
Again = Callable[[np.ndarray, StreetNetwork], Positions]


def coordinates(frame: gpd.GeoDataFrame) -> np.ndarray:
    """The (n, 2) coordinates of a layer of points."""
    return shapely.get_coordinates(frame.geometry.to_numpy())


def barriers_of(barriers: Barriers | None, *, known: Known | None = None) -> Obstacles | None:
    """The barriers as a leg meets them; `known` holds those made ready before."""
    return None if barriers is None else again(known, obstacles, barriers)


def snapped(inputs: Inputs, settings: Settings, *, known: Known | None = None) -> dict[str, Any]:
    """What every snapping of the run heeds."""
    return {"limit_m": settings.snap_limit_m, "barriers": barriers_of(inputs.barriers, known=known)}


def door_positions(
    points: np.ndarray, network: StreetNetwork, inputs: Inputs, settings: Settings, *, limit_m: float, isolated_m: float = ISOLATED_M
) -> Positions:
    """The street positions of entrances: like homes, but those along a compound's wall may open to the street outside."""
    return _entering(points, network, inputs.barriers, limit_m, isolated_m)


def _entering(
    points: np.ndarray, network: StreetNetwork, barriers: Barriers | None, limit_m: float, isolated_m: float, *, known: Known | None = None
) -> Positions:
    heeded = {"limit_m": limit_m, "isolated_m": isolated_m}
    found = snap(points, network, barriers=barriers_of(barriers, known=known), **heeded)
    if barriers is None or not (barriers["kind"] == COMPOUND).any():
        return found
    free = on_frontage(points, barriers)
    outside = snap(points[free], network, barriers=again(known, _unwalled, barriers), **heeded)
    out = pd.concat([found[~free], outside.set_axis(found.index[free])]).sort_index()
    return out.astype({"status": found["status"].dtype, "reason": found["reason"].dtype})


def _unwalled(barriers: Barriers) -> Obstacles:
    return obstacles(without_walls(barriers))


def _living(points: np.ndarray, network: StreetNetwork, barriers: Barriers | None, limit_m: float, *, known: Known | None) -> Positions:
    return snap(points, network, limit_m=limit_m, barriers=barriers_of(barriers, known=known))


def _living_again(
    points: np.ndarray, own: Positions, network: StreetNetwork, barriers: Barriers | None, limit_m: float, *, known: Known | None
) -> Positions:
    return resnapped(points, own, network, limit_m=limit_m, barriers=barriers_of(barriers, known=known))


def _runs(points: np.ndarray) -> np.ndarray:
    """Where runs of some `RUN` points begin, and the number of points.

    A point's own digits tell whether a run begins with it, so that homes added before or after others leave the runs of these as they are.
    """
    digits = np.ascontiguousarray(points).view(np.uint64).reshape(-1, 2)
    mixed = (digits[:, 0] * MIXING[0] ^ digits[:, 1] * MIXING[1]) * MIXING[0] >> np.uint64(40)
    first = np.flatnonzero(mixed % np.uint64(RUN) == 0)
    return np.unique(np.concatenate([[0], first, [len(points)]]))


def _by_runs(known: Known | None, step: Callable[..., Positions], points: np.ndarray, own: Positions | None, *told: Any) -> Positions:
    """`step` of points (and of the positions that they have), which places each of them by itself; those of runs that `known` holds are taken from there."""
    network = told[0]
    if known is None or not len(points):
        return step(points, *([] if own is None else [own]), *told, known=known)
    stops = _runs(points)
    had = () if own is None else _parts(own)
    whole = digest((step.__module__, step.__qualname__, told), known=known)
    keys = [digest((whole, *(part[a:b] for part in (points, *had)))) for a, b in zip(stops[:-1], stops[1:], strict=True)]
    lacking = [number for number, key in enumerate(keys) if key not in known.results]
    if lacking:
        rows = np.concatenate([np.arange(stops[number], stops[number + 1]) for number in lacking])
        found = step(points[rows], *([] if own is None else [own.iloc[rows].reset_index(drop=True)]), *told, known=known)
        parts = _parts(found)
        ends = np.cumsum([0] + [stops[number + 1] - stops[number] for number in lacking])
        for number, a, b in zip(lacking, ends[:-1], ends[1:], strict=True):
            known.results[keys[number]] = tuple(part[a:b].copy() for part in parts)
    known.asked.update(dict.fromkeys(keys))
    return as_positions(network, *(np.concatenate(part) for part in zip(*(known.results[key] for key in keys), strict=True)))


def _parts(found: Positions) -> tuple[np.ndarray, ...]:
    return (*(found[name].to_numpy() for name in ("edge", "offset_m", "leg_m")), found["reason"].cat.codes.to_numpy())


@dataclass(frozen=True)
class Standing:
    """The streets of a study as a walker meets them, and with the links of a scenario where it adds some (else None).

    Whoever stands on a street keeps that place when links are added, so that a link never takes anybody farther away. `known` holds the places
    found before.
    """

    own: StreetNetwork
    linked: Linked | None
    inputs: Inputs
    settings: Settings
    known: Known | None = None

    @cached_property
    def _heeded(self) -> dict[str, Any]:
        return snapped(self.inputs, self.settings, known=self.known)

    @property
    def network(self) -> StreetNetwork:
        """The streets that are walked, links included."""
        return self.own if self.linked is None else self.linked.network

    def homes_on_streets(self, points: np.ndarray) -> Positions:
        """The positions of homes on the study's own streets, as though no link were there."""
        return _by_runs(self.known, _living, points, None, self.own, self.inputs.barriers, self.settings.snap_limit_m)

    def homes(self, points: np.ndarray, own: Positions | None = None) -> Positions:
        """The street positions of homes; `own` are those of `homes_on_streets` where they are known."""
        found = self.homes_on_streets(points) if own is None else own
        return self.settled(found, on_links(points, **self._heeded))

    def homes_again(self, points: np.ndarray, own: Positions, *, limit_m: float) -> Positions:
        """The street positions of homes under another snapping limit; `own` are those of `homes_on_streets`."""
        found = _by_runs(self.known, _living_again, points, own, self.own, self.inputs.barriers, limit_m)
        return self.settled(found, on_links(points, **self._heeded | {"limit_m": limit_m}))

    def doors(self, points: np.ndarray, *, limit_m: float) -> Positions:
        """The street positions of entrances."""
        found = again(self.known, _entering, points, self.own, self.inputs.barriers, limit_m, ISOLATED_M, within=True)
        return self.settled(
            found, lambda rows, network: door_positions(points[rows], network, self.inputs, self.settings, limit_m=limit_m, isolated_m=0)
        )

    def settled(self, found: Positions, again: Again | None = None) -> Positions:
        """Positions on the study's own streets as they lie on the streets with links; see `settled`."""
        return settled(found, self.linked, again)


def edge_of_data(network: StreetNetwork, extent_of: gpd.GeoDataFrame | None, whole: StreetNetwork, known: Known | None = None) -> Positions:
    """The street positions by which a walk may leave the street data (`robustness.data_edge`), whose extent is that stated or that of the `whole` streets."""
    return again(known, _edge_of_data, network, extent_of, whole)


def _edge_of_data(network: StreetNetwork, extent_of: gpd.GeoDataFrame | None, whole: StreetNetwork) -> Positions:
    return data_edge(network, extent(whole, extent_of))


def on_links(points: np.ndarray, *, limit_m: float, barriers: Obstacles | None) -> Again:
    """What finds the positions of some of `points` on links alone, of whatever length. Only those that a link may be near to are looked at closely."""

    def found(rows: np.ndarray, network: StreetNetwork) -> Positions:
        west, south, east, north = network.streets.total_bounds
        own = points[rows]
        near = np.flatnonzero(((own >= (west - limit_m, south - limit_m)) & (own <= (east + limit_m, north + limit_m))).all(axis=1))
        edge, offset, leg = np.full(len(rows), -1), np.zeros(len(rows)), np.full(len(rows), np.inf)
        reason = np.full(len(rows), REASONS.index(TOO_FAR), dtype=np.int8)
        told = snap(own[near], network, limit_m=limit_m, barriers=barriers, isolated_m=0)
        for values, name in ((edge, "edge"), (offset, "offset_m"), (leg, "leg_m")):
            values[near] = told[name].to_numpy()
        reason[near] = told["reason"].cat.codes.to_numpy()
        return as_positions(network, edge, offset, leg, reason)

    return found


def settled(found: Positions, linked: Linked | None, again: Again | None = None) -> Positions:
    """Positions on streets as they lie on the same streets with links; the very same where no link is added.

    `again` finds those of the rows that no street is near to on the links alone; who is behind a barrier stays there.
    """
    if linked is None:
        return found
    edge, offset = linked.moved(found["edge"].to_numpy(), found["offset_m"].to_numpy())
    leg, reason = found["leg_m"].to_numpy().copy(), found["reason"].cat.codes.to_numpy().copy()
    rows = np.flatnonzero(reason == REASONS.index(TOO_FAR))
    if again is not None and len(rows):
        more = again(rows, linked.alone)
        # Whom only a barrier parts from a link has no street near, as before.
        on = more["edge"].to_numpy() >= 0
        edge[rows[on]] = linked.added[more["edge"].to_numpy()[on]]
        for values, name in ((offset, "offset_m"), (leg, "leg_m")):
            values[rows[on]] = more[name].to_numpy()[on]
        reason[rows[on]] = more["reason"].cat.codes.to_numpy()[on]
    return as_positions(linked.network, edge, offset, leg, reason).set_axis(found.index)
