"""Whether a gap stands when speed, limit or snapping limit change a little, and where the street data end too soon."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.layers import Positions
from livingcircle.network import StreetNetwork
from livingcircle.snapping import ISOLATED_M, REASONS, SKIPPED, TOO_FAR, as_positions, snap

ROBUST, FRAGILE = "robust", "fragile"


@dataclass(frozen=True)
class Change:
    """One change tried: `speed` multiplies the speed, `limit_m` and `snap_m` are added to the limits, in metres."""

    id: str
    speed: float = 1.0
    limit_m: float = 0.0
    snap_m: float = 0.0


AS_IS = Change("")


@cache
def _told() -> dict:
    return tomllib.loads((files("livingcircle") / "walking" / "robustness.toml").read_text(encoding="utf-8"))


@cache
def changes() -> tuple[Change, ...]:
    """The changes shipped in `walking/robustness.toml`, in their order."""
    return tuple(Change(**told) for told in _told()["changes"])


def judged(weight: np.ndarray, left: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Robust or fragile, for every gap.

    `weight` holds what lies beyond the limit (people), `left` the same under every change, by its id. Arrays as long as `weight`:
    `robustness`, `fragile_to` (ids of the changes that alone leave less than half, joined by `;`), `low` and `high`, the
    least and the most over all changes.

    >>> told = judged(np.array([10.0]), {"limit+50m": np.array([4.0]), "limit-50m": np.array([12.0])})
    >>> [told[key].tolist() for key in ("robustness", "fragile_to", "low", "high")]
    [['fragile'], ['limit+50m'], [4.0], [12.0]]
    """
    share = _told()["fragile_share"]
    words = np.full(len(weight), "", dtype=object)
    for change, amount in left.items():
        broken = amount < share * weight
        words[broken] = [f"{word};{change}" if word else change for word in words[broken]]
    every = np.array([weight, *left.values()])
    return {
        "robustness": np.where(words.astype(bool), FRAGILE, ROBUST).astype(object),
        "fragile_to": words,
        "low": every.min(axis=0),
        "high": every.max(axis=0),
    }


def resnapped(
    points: np.ndarray, positions: Positions, network: StreetNetwork, *, limit_m: float, barriers: object
) -> Positions:
    """The `positions` of `points` under another snapping limit: legs beyond it fall off, points off the network try again."""
    leg = positions["leg_m"].to_numpy()
    edge = positions["edge"].to_numpy()
    length = np.append(network.components["length_m"].to_numpy(), np.inf)
    # Whom an isolated piece concerns may be joined to another street under another limit.
    isolated = (length[np.where(edge < 0, -1, network.component[edge])] < ISOLATED_M) | (positions["reason"] == SKIPPED).to_numpy()
    fallen = (leg > limit_m) & ~isolated
    off = np.flatnonzero((edge < 0) | isolated)
    edge, reason = edge.copy(), positions["reason"].cat.codes.to_numpy().copy()
    offset, far = positions["offset_m"].to_numpy().copy(), leg.copy()
    edge[fallen], offset[fallen], far[fallen], reason[fallen] = -1, 0, np.inf, REASONS.index(TOO_FAR)
    again = snap(points[off], network, limit_m=limit_m, barriers=barriers)
    edge[off], offset[off], far[off] = (again[column].to_numpy() for column in ("edge", "offset_m", "leg_m"))
    reason[off] = again["reason"].cat.codes.to_numpy()
    return as_positions(network, edge, offset, far, reason).set_axis(positions.index)


def extent(network: StreetNetwork, stated: gpd.GeoDataFrame | None = None) -> shapely.Geometry:
    """The ground that the street data cover: the polygons stated, else the convex hull of the streets."""
    if stated is not None and len(stated):
        return shapely.union_all(stated.geometry.to_numpy())
    return shapely.convex_hull(shapely.MultiPoint(shapely.get_coordinates(network.streets.geometry.to_numpy())))


def data_edge(network: StreetNetwork, ground: shapely.Geometry) -> Positions:
    """The street positions by which a walk may leave the street data, as `layers.POSITIONS` without a leg.

    These are the ends of edges beyond `ground`, or within 50 m of its border (`walking/robustness.toml`).
    """
    near = _told()["data_edge"]["near_m"]
    lines = network.streets.geometry.to_numpy()
    shapely.prepare(ground)
    edges, offsets = [], []
    for which, offset in ((0, np.zeros(len(lines))), (-1, network.length_m)):
        ends = shapely.get_point(lines, which)
        out = ~shapely.contains(ground, ends) | shapely.dwithin(ground.boundary, ends, near)
        edges.append(np.flatnonzero(out))
        offsets.append(offset[out])
    edge = np.concatenate(edges)
    nothing = np.zeros(len(edge))
    return as_positions(network, edge, np.concatenate(offsets), nothing, nothing)
