"""The trail in plain sentences of a language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np

from livingcircle.layers import REACHED
from livingcircle.reasons.causes import NOT_JOINED
from livingcircle.reasons.trails import Trail
from livingcircle.snapping import AVOIDED, BEHIND, INSIDE, SKIPPED, TOO_FAR

WHOLE_M = 10


def sentence(trail: Trail, words: Mapping[str, str]) -> str:
    """One to four sentences on a trail: street, walk in metres and minutes, where the limit falls, what is crossed.

    `words` are those of `messages.words(language)`.

    >>> import geopandas as gpd
    >>> from livingcircle.messages import words
    >>> from livingcircle.network import from_lines
    >>> from livingcircle.reasons import Spots, Terms, trail
    >>> from livingcircle.snapping import snap
    >>> line = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 900 0)"])
    >>> town = from_lines(gpd.GeoDataFrame({"name": ["Long Street"]}, geometry=line, crs="EPSG:4550"))
    >>> home, door = (Spots(p, snap(p, town, limit_m=150)) for p in (np.array([[500.0, 12]]), np.array([[0.0, 0]])))
    >>> print(sentence(trail(town, home, door, terms=Terms(speed_kmh=4, snap_limit_m=150)), words("en")))
    The nearest street is Long Street, 12 m away. The walk is 512 m (7.7 min).
    """
    said = [_position(trail, words)]
    if trail.cause not in (TOO_FAR, BEHIND, INSIDE):
        said.append(_walk(trail, words))
    if trail.limit is not None:
        said.append(_limit(trail, words))
    if trail.crossed is not None:
        said.append(_crossed(trail, words))
    return reduce(lambda first, second: words["reasons.joined"].format(first=first, second=second), filter(None, said))


def _position(trail: Trail, words: Mapping[str, str]) -> str:
    reason = trail.position["reason"]
    # Where no street was taken, or another one, the nearest is what the planner sees and asks about.
    other = trail.nearest or {"street": None, "leg_m": np.inf}
    own = other if reason in (TOO_FAR, BEHIND, INSIDE) else trail.position
    key = "no_street_at_all" if own["street"] is None else reason
    return words[f"reasons.position.{key}"].format(
        street=_street(own["street"], words),
        leg=_metres(own["leg_m"]),
        other=_street(other["street"], words) if reason in (SKIPPED, AVOIDED) else "",
        other_leg=_metres(other["leg_m"]),
        barrier=_barrier(trail, words),
        within=_metres(trail.snap_limit_m),
    )


def _walk(trail: Trail, words: Mapping[str, str]) -> str:
    key, more = trail.cause, {}
    if trail.cause == NOT_JOINED:
        link = trail.component["missing_link"]
        more = {
            "gap": _metres(link["gap_m"]),
            "length": f"{trail.component['street_m'] / 1000:,.1f}",
            "from_street": _street(link["from_street"], words),
            "to_street": _street(link["to_street"], words),
        }
    if trail.status == REACHED and np.isinf(trail.limit_m):
        key = "no_limit"
    # Slope, steps and waits make a walk cost more than its metres; the limit is then held against what it costs.
    plain = _metres(trail.flat_m) == _metres(trail.walk_m)
    told = words["reasons.metres" if plain else "reasons.flat"]
    told = told.format(walk=_metres(trail.walk_m), flat=_metres(trail.flat_m))
    return words[f"reasons.walk.{key}"].format(
        walk=told,
        minutes=f"{trail.walk_min:.1f}",
        limit=_metres(trail.limit_m),
        excess=_metres(trail.excess_m),
        leg=_metres(trail.position["leg_m"]),
        **more,
    )


def _limit(trail: Trail, words: Mapping[str, str]) -> str:
    told = trail.limit
    return words[f"reasons.limit.{told['falls']}"].format(
        street=_street(told["street"], words), rest=_metres(told["rest_m"]), walked=_metres(told["walked_m"])
    )


def _crossed(trail: Trail, words: Mapping[str, str]) -> str:
    told = trail.crossed
    counts = {
        "steps": told["steps"],
        "waits": told["waits"],
        "compounds_left": len(told["compounds_left"]),
        "compounds_entered": len(told["compounds_entered"]),
    }
    met = [words[f"reasons.crossed.{key}"].format(count=count) for key, count in counts.items() if count]
    return words["reasons.crossed.sentence"].format(met=words["reasons.list"].join(met)) if met else ""


def _street(street: Mapping[str, Any] | None, words: Mapping[str, str]) -> str:
    if street is None:
        return ""
    if street["name"]:
        return street["name"]
    return words["reasons.street.nameless" if street["class"] else "reasons.street.unknown"].format(highway=street["class"])


def _barrier(trail: Trail, words: Mapping[str, str]) -> str:
    if trail.barrier is None:
        return words["reasons.barrier.unknown"]
    kind = trail.barrier["kind"]
    # A study may name kinds of its own; these are told as the study words them.
    return words.get(f"reasons.barrier.{kind}", kind)


def _metres(value: float) -> str:
    return f"{value:,.0f}" if value >= WHOLE_M else f"{value:.1f}"
