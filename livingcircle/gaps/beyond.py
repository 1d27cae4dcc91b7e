"""What of every residence lies beyond a limit: people and land, their middle point, how sure it is, and when it closes; compiled."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit

from livingcircle import robustness
from livingcircle.coverage import ROUNDING_M, Group, Sampled, limit_of, middles
from livingcircle.robustness import Change
from livingcircle.standards import Requirement

# Kinds of people that weigh more in the priority of a gap (`gaps/priority.toml`).
KINDS = ("elderly", "children")
# Rows of `Sampled.weights`.
PEOPLE, LAND, EVERYBODY, AGES = 0, 1, 2, 3


def beyond(
    samples: Sampled,
    walk_m: np.ndarray,
    requirement: Requirement,
    *,
    judged: tuple[Group, str],
    told: tuple[np.ndarray | None, Mapping, Mapping],
    shared: dict[tuple[int, float], np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """The residences with people or land beyond the limit, a value each by column: `home`, `people`, `land_ha`, `sample`, `closes_in` and more.

    `walk_m` is the measure of the rule for every sample, `judged` the group and the rule; `told` the walks to where the street data end (None where
    that is not known), the walks by coming year and by change tried. `sample` is the middle one of what lies beyond; `shared` keeps these for others
    asked about with the very same walks and limit.
    """
    group, rule = judged
    edge_m, later, varied = told
    weights, size = samples.weights[group.people], len(samples.ids)
    limit = limit_of(requirement, rule=rule, speed_kmh=group.speed_kmh) + ROUNDING_M
    (sums,) = _weighed((samples.first, np.arange(size)), walk_m, np.array([limit]), (weights, samples.wholes[group.people]))
    held = np.flatnonzero((sums[:, PEOPLE] > 0) | (sums[:, LAND] > 0))
    sums = sums[held]
    homes = samples.first, held
    # Who shares keeps the walks, so that no other array takes their place meanwhile.
    shared, key = {} if shared is None else shared, (id(walk_m), limit)
    if key not in shared:
        shared[key] = middles(samples.first, walk_m, beyond_m=limit)
    closes_in = np.full(len(held), np.nan)
    for year in sorted(later):
        closes_in[np.isnan(closes_in) & ~_left(homes, walk_m, later[year], limit)] = year
    return {
        "home": held,
        "people": sums[:, PEOPLE],
        "land_ha": sums[:, LAND],
        "sample": shared[key][held],
        "closes_in": closes_in,
        **_robust(samples, (walk_m, varied), (requirement, group, rule), sums, held),
        "uncertain_share": np.full(len(held), np.nan) if edge_m is None else _uncertain(sums, _ends(homes, (walk_m, edge_m), limit, weights)),
        **_ages(samples, sums),
    }


def _robust(samples: Sampled, walked: tuple, judged: tuple, sums: np.ndarray, held: np.ndarray) -> dict[str, np.ndarray]:
    """Robust or fragile by people, by land where nobody lives."""
    walk_m, varied = walked
    requirement, group, rule = judged
    weights = samples.weights[group.people]
    limits = {change.id: limit_of(requirement, rule=rule, speed_kmh=group.speed_kmh, change=change) + ROUNDING_M for change in robustness.changes()}
    asked = (samples.first, held), (weights[: LAND + 1], samples.wholes[group.people][:, : LAND + 1])
    # Where metres decide, no speed moves the limit.
    tried, number = np.unique([limits[id] for id in limits if id not in varied], return_inverse=True)
    moved = _weighed(asked[0], walk_m, tried, asked[1])[number]
    found = dict(zip([id for id in limits if id not in varied], moved, strict=True))
    as_is = limit_of(requirement, rule=rule, speed_kmh=group.speed_kmh) + ROUNDING_M
    for id in limits.keys() & varied.keys():
        # Most homes walk as before.
        rows = np.flatnonzero(_moved(asked[0], walk_m, varied[id])) if limits[id] == as_is else np.arange(len(held))
        found[id] = sums[:, : LAND + 1].copy()
        found[id][rows] = _weighed((samples.first, held[rows]), varied[id], np.array([limits[id]]), asked[1])[0]
    lefts = {id: found[id] for id in limits}
    by_people = _named(sums[:, PEOPLE], {id: left[:, PEOPLE] for id, left in lefts.items()})
    empty = sums[:, PEOPLE] == 0
    if empty.any():
        by_land = _named(sums[:, LAND], {id: left[:, LAND] for id, left in lefts.items()})
        for word in ("robustness", "fragile_to"):
            by_people[word][empty] = by_land[word][empty]
    return by_people


def _named(weight: np.ndarray, left: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """`robustness.judged` by the names of the gap list."""
    told = robustness.judged(weight, left)
    return {"robustness": told["robustness"], "fragile_to": told["fragile_to"], "people_low": told["low"], "people_high": told["high"]}


def _uncertain(sums: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Of every gap, the share of people (land where nobody lives) whose limit reaches beyond the street data."""
    whole = sums[:, [PEOPLE, LAND]]
    shares = np.divide(ends, whole, out=np.full(ends.shape, np.nan), where=whole > 0)
    return np.where(np.isnan(shares[:, 0]), shares[:, 1], shares[:, 0])


def _ages(samples: Sampled, sums: np.ndarray) -> dict[str, np.ndarray]:
    """Old people and children beyond the limit, NaN where the study does not tell them, and their share of everybody there."""
    told = {kind: sums[:, AGES + at] for at, kind in enumerate(samples.ages)}
    nothing = np.full(len(sums), np.nan)
    everybody = sums[:, EVERYBODY]
    weak = sum(told.values()) if told else nothing
    share = np.divide(weak, everybody, out=nothing.copy(), where=everybody > 0)
    return {**{f"people_{kind}": told.get(kind, nothing) for kind in KINDS}, "vulnerable_share": share}


@njit(cache=True, nogil=True)
def _weighed(homes, walk, limits, told):
    """By limit and residence asked about (rows of `Sampled.first`): the sums of weights of what lies beyond it.

    `told` are the weights, and those of whole residences: most lie wholly within or wholly beyond.
    """
    (first, asked), (weights, wholes) = homes, told
    out = np.zeros((len(limits), len(asked), len(weights)))
    for own in range(len(asked)):
        begin, end = first[asked[own]], first[asked[own] + 1]
        for at in range(len(limits)):
            limit, number = limits[at], 0
            for row in range(begin, end):
                number += not walk[row] <= limit
            if number == end - begin:
                out[at, own] = wholes[asked[own]]
            elif number:
                for row in range(begin, end):
                    if not walk[row] <= limit:
                        for column in range(len(weights)):
                            out[at, own, column] += weights[column, row]
    return out


@njit(cache=True, nogil=True)
def _moved(homes, walk, then):
    """By residence asked about: whether any sample walks otherwise."""
    first, asked = homes
    out = np.zeros(len(asked), dtype=np.bool_)
    for own in range(len(asked)):
        for row in range(first[asked[own]], first[asked[own] + 1]):
            if walk[row] != then[row]:
                out[own] = True
                break
    return out


@njit(cache=True, nogil=True)
def _ends(homes, walks, limit, weights):
    """By residence asked about: people and land beyond the limit whose limit passes the data's edge."""
    (first, asked), (walk, edge) = homes, walks
    out = np.zeros((len(asked), 2))
    for own in range(len(asked)):
        begin, end, number = first[asked[own]], first[asked[own] + 1], 0
        for row in range(begin, end):
            number += edge[row] <= limit
        if number:
            for row in range(begin, end):
                if edge[row] <= limit and not walk[row] <= limit:
                    out[own, 0] += weights[0, row]
                    out[own, 1] += weights[1, row]
    return out


@njit(cache=True, nogil=True)
def _left(homes, walk, then, limit):
    """By residence asked about: whether any sample is beyond the limit both today and then."""
    first, asked = homes
    out = np.zeros(len(asked), dtype=np.bool_)
    for own in range(len(asked)):
        for row in range(first[asked[own]], first[asked[own] + 1]):
            if not walk[row] <= limit and not then[row] <= limit:
                out[own] = True
                break
    return out
