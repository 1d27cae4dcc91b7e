"""Walking costs as data: how one kind of walker meets the street network, from steps, slope, crossings and the night."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import shapely

from livingcircle import slope
from livingcircle.network import RESIDENTS, VISIT, Costs, StreetNetwork

PLAIN, SLOW, EXCLUDED = "plain", "slow", "excluded"
STEPS = (PLAIN, SLOW, EXCLUDED)
SECONDS_AN_HOUR = 3600


@cache
def _told(name: str) -> Mapping[str, Any]:
    return tomllib.loads((files("livingcircle") / "walking" / f"{name}.toml").read_text(encoding="utf-8"))


def presets() -> Mapping[str, Mapping[str, Any]]:
    """The kinds of walkers shipped, by id: `name`, `speed_m_s`, `steps`, `source`, `evidence`.

    >>> presets()["elderly"]["speed_m_s"]
    0.8
    """
    return _told("groups")["groups"]


def sources(walker: Walker) -> dict[str, str]:
    """The source of every cost that the walker bears, with its mark."""
    told = _told("costs")
    out = {}
    if walker.slope:
        function = slope.rules()["functions"][walker.slope]
        out["slope"] = f"{function['source']} {function['evidence']}"
    if walker.steps == SLOW:
        out["steps"] = f"{told['steps']['source']} {told['steps']['evidence']}"
    if walker.crossings:
        for kind in told["crossings"]["kinds"]:
            own = kind["id"] in walker.seconds
            out[f"crossing {kind['id']}"] = "the study" if own else f"{kind['source']} {kind['evidence']}"
    if walker.night:
        out["night"] = f"{told['night']['source']} {told['night']['evidence']}"
    return out


@dataclass(frozen=True)
class Walker:
    """How one kind of people walks: speed on level ground in km/h, and which costs it bears.

    `steps` is `plain` (like any way), `slow` or `excluded`; `slope` a function of `walking/slope.toml`, or empty;
    `crossings` whether roads take time to cross; `permeability` who may enter compounds (`network.PERMEABILITIES`);
    `night` closes parks, and compounds to all but their residents; `seconds` replaces the seconds of kinds of crossing.
    """

    speed_kmh: float
    steps: str = PLAIN
    slope: str = ""
    crossings: bool = False
    permeability: str = VISIT
    night: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict, hash=False)

    def at_speed(self, speed_kmh: float) -> Walker:
        """The same walker at another speed."""
        return replace(self, speed_kmh=speed_kmh)

    @property
    def costs(self) -> str:
        """What the walker bears beyond level metres, as short words for tables; empty for nothing.

        >>> Walker(4, steps="slow", slope="tobler", permeability="open").costs
        'slope=tobler;steps=slow;permeability=open'
        """
        told = [f"slope={self.slope}"] if self.slope else []
        told += [f"steps={self.steps}"] if self.steps != PLAIN else []
        told += ["crossings"] * self.crossings + ["night"] * self.night
        told += [f"permeability={self.permeability}"] if self.permeability != VISIT and not self.night else []
        return ";".join(told)

    @property
    def ground(self) -> tuple:
        """What tells this walker's network from another's; level speed alone does not, unless seconds count."""
        timed = (self.speed_kmh, *sorted(self.seconds.items())) if self.crossings else ()
        return (self.steps, self.slope, self.crossings, self.permeability, self.night, timed)


@dataclass(frozen=True)
class Ground:
    """What the costs are worked out from, for one street network.

    `slopes` maps a slope function to flat metres a metre of every edge, forward and backward; `crossings` maps a node id
    to the kind of crossing there; `parks` are polygons in the network's CRS; `without_height_m` are metres of street
    whose heights are not known, taken as level.
    """

    slopes: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    crossings: Mapping[int, str] = field(default_factory=dict)
    parks: tuple[shapely.Geometry, ...] = ()
    without_height_m: float = 0.0


def as_walked(network: StreetNetwork, walker: Walker, ground: Ground | None = None) -> StreetNetwork:
    """The street network as this walker meets it: ways closed to it left out, and every edge at its cost.

    A walker without costs gets lengths alone: flat metres are metres, exactly. Raises `DataError` when no way is left,
    and `KeyError` when `ground` lacks the walker's slope function.
    """
    ground = ground or Ground()
    permeability = RESIDENTS if walker.night else walker.permeability
    met = network.with_permeability(permeability)
    costs = _costs(met, walker, ground)
    if costs is not None:
        met = met.with_costs(costs)
    shut = closed(network, walker, ground)
    return met.only(~shut) if shut.any() else met


def closed(network: StreetNetwork, walker: Walker, ground: Ground) -> np.ndarray:
    """Whether each edge is closed to the walker: steps that are excluded, parks and ways with hours at night."""
    shut = np.zeros(len(network.length_m), dtype=bool)
    if walker.steps == EXCLUDED:
        shut |= _is_steps(network)
    if walker.night:
        shut |= _shut_at_night(network, ground)
    return shut


def _is_steps(network: StreetNetwork) -> np.ndarray:
    return network.streets["highway"].isin(_told("costs")["steps"]["classes"]).to_numpy()


def _shut_at_night(network: StreetNetwork, ground: Ground) -> np.ndarray:
    night, streets = _told("costs")["night"], network.streets
    hours = streets.get("opening_hours", pd.Series("", index=streets.index)).fillna("").astype(str).str.strip()
    shut = np.array((hours != "") & ~hours.isin(night["always"]))
    walked = np.flatnonzero(streets["highway"].isin(night["highway"]).to_numpy())
    if len(ground.parks) and len(walked):
        middles = shapely.line_interpolate_point(streets.geometry.to_numpy()[walked], 0.5, normalized=True)
        way, _ = shapely.STRtree(list(ground.parks)).query(middles, predicate="intersects")
        shut[walked[way]] = True
    return shut


def _costs(network: StreetNetwork, walker: Walker, ground: Ground) -> Costs | None:
    if walker.steps != SLOW and not walker.slope and not walker.crossings:
        return None
    size = len(network.length_m)
    forward, backward = np.ones(size), np.ones(size)
    if walker.slope:
        forward, backward = (part.copy() for part in ground.slopes[walker.slope])
    if walker.steps == SLOW:
        stairs = _is_steps(network)
        # The speed on stairs is measured on stairs: their slope is in it.
        forward[stairs] = backward[stairs] = _told("costs")["steps"]["slow_factor"]
    start_m, end_m = np.zeros(size), np.zeros(size)
    if walker.crossings:
        start_m, end_m = (
            seconds * walker.speed_kmh * 1000 / SECONDS_AN_HOUR for seconds in waits(network, ground.crossings, walker.seconds)
        )
    return Costs(forward, backward, start_m, end_m)


def waits(
    network: StreetNetwork, crossings: Mapping[int, str], seconds: Mapping[str, float] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Seconds waited at the start and at the end of every edge, to get on or over a greater road there.

    At a node on a road of `walking/costs.toml`, every edge of a lesser class pays half the wait at its end: crossing from
    one such edge to another pays it whole, turning into the road half of it, and walking along the road nothing. The
    kind of crossing is that of the node (`crossings`, by node id), else that of the edge's own `crossing`, else the one
    assumed for the road. A way tagged as a crossing that meets no such road pays half at both ends.
    """
    told = _told("costs")["crossings"]
    lost = {kind["id"]: float(kind["seconds"]) for kind in told["kinds"]} | dict(seconds or {})
    kind_of = {tag: kind["id"] for kind in told["kinds"] for tag in kind["tags"]}
    roads = told["roads"]
    rank_of = {name: rank for rank, road in enumerate(roads) for name in road["highway"]}
    streets = network.streets
    least = len(roads)
    rank = streets["highway"].map(rank_of).fillna(least).to_numpy(dtype=int)
    greatest = np.full(len(network.nodes), least)
    np.minimum.at(greatest, network.start, rank)
    np.minimum.at(greatest, network.end, rank)
    told_kind = streets.get("crossing", pd.Series("", index=streets.index)).fillna("").astype(str)
    own = np.array([lost.get(kind_of.get(word, ""), np.nan) for word in told_kind])
    node_wait = np.array([lost.get(crossings.get(node, ""), np.nan) for node in network.nodes.tolist()])
    assumed = np.array([lost[road["kind"]] for road in roads] + [0.0])
    out = []
    for ends in (network.start, network.end):
        wait = np.where(np.isnan(node_wait[ends]), np.where(np.isnan(own), assumed[greatest[ends]], own), node_wait[ends])
        out.append(np.where(greatest[ends] < rank, wait / 2, 0.0))
    alone = ~np.isnan(own) & (out[0] + out[1] == 0) & (rank == least)
    # A crossing drawn in several pieces is paid once: half where it begins, half where it ends.
    pieces = np.bincount(np.concatenate([network.start[alone], network.end[alone]]), minlength=len(network.nodes))
    return tuple(
        np.where(alone & (pieces[ends] == 1), own / 2, side)
        for ends, side in zip((network.start, network.end), out, strict=True)
    )


def kind_of_crossing(tags: Mapping[str, str]) -> str:
    """The kind of crossing that a node with these OSM tags is; empty when it is none, or its kind is not told.

    >>> kind_of_crossing({"highway": "crossing", "crossing": "traffic_signals"})
    'signals'
    """
    if tags.get("highway") not in ("crossing", "traffic_signals"):
        return ""
    told = tags.get("crossing", "traffic_signals" if tags["highway"] == "traffic_signals" else "")
    signaled = tags.get("crossing:signals") == "yes"
    for kind in _told("costs")["crossings"]["kinds"]:
        if told in kind["tags"] or (signaled and "traffic_signals" in kind["tags"]):
            return kind["id"]
    return ""


def park_keys() -> tuple[str, ...]:
    """The OSM keys to read parks by."""
    return tuple(_told("costs")["night"]["park_tags"])


def is_park(tags: Mapping[str, str]) -> bool:
    """Whether an area with these OSM tags is a park that closes at night; one with hours round the clock does not."""
    night = _told("costs")["night"]
    park = any(tags.get(key) in values for key, values in night["park_tags"].items())
    return park and tags.get("opening_hours", "") not in night["always"]
