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
    samples: Sampled, walk_m: np.ndarray, requirement: Requirement, *, judged: tuple[Group, str], told: tuple[np.ndarray | None, Mapping, Mapping]
) -> dict[str, np.ndarray]:
    """The residences with people or land beyond the limit, a value each by column: `home`, `people`, `land_ha`, `sample`, `closes_in` and more.

    `walk_m` is the measure of the rule for every sample, `judged` the group and the rule; `told` the walks to where the street data end (None where
    that is not known), the walks by coming year and by change tried. `sample` is the middle one of what lies beyond.
    """
    group, rule = judged
    edge_m, later, varied = told
    weights, size = samples.weights[group.people], len(samples.ids)
    limit = limit_of(requirement, rule=rule, speed_kmh=group.speed_kmh) + ROUNDING_M
    counted, sums, ends = _sums(samples.owner, (walk_m, limit), walk_m if edge_m is None else edge_m, weights, size)
    held = np.flatnonzero(counted)
    middle = middles(samples.first, walk_m, beyond_m=limit)[held]
    kept = (sums[held, PEOPLE] > 0) | (sums[held, LAND] > 0)
    held, middle = held[kept], middle[kept]
    sums, ends = sums[held], ends[held]
    closes_in = np.full(len(held), np.nan)
    for year in sorted(later):
        left = _left(samples.owner, (walk_m, limit), (later[year], limit), size)[held]
        closes_in[np.isnan(closes_in) & (left == 0)] = year
    return {
        "home": held,
        "people": sums[:, PEOPLE],
        "land_ha": sums[:, LAND],
        "sample": middle,
        "closes_in": closes_in,
        **_robust(samples, (walk_m, varied), (requirement, group, rule), sums, held),
        "uncertain_share": np.full(len(held), np.nan) if edge_m is None else _uncertain(sums, ends),
        **_ages(samples, sums),
    }


def _robust(samples: Sampled, walked: tuple, judged: tuple, sums: np.ndarray, held: np.ndarray) -> dict[str, np.ndarray]:
    """Robust or fragile by people, by land where nobody lives."""
    walk_m, varied = walked
    requirement, group, rule = judged
    weights = samples.weights[group.people]
    limits = {change.id: limit_of(requirement, rule=rule, speed_kmh=group.speed_kmh, change=change) + ROUNDING_M for change in robustness.changes()}
    same = [id for id in limits if id not in varied]
    found = dict(zip(same, _lefts((samples.first, held), walk_m, np.array([limits[id] for id in same]), weights), strict=True))
    for id in limits.keys() - found.keys():
        found[id] = _lefts((samples.first, held), varied[id], np.array([limits[id]]), weights)[0]
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
def _sums(owner, walked, edge_m, weights, size):
    """By residence, of the samples beyond the limit: their number, the sums of `weights`, and people and land whose limit passes the data's edge."""
    walk, limit = walked
    counted, sums, ends = np.zeros(size, dtype=np.int64), np.zeros((size, len(weights))), np.zeros((size, 2))
    for row in range(len(owner)):
        if walk[row] <= limit:
            continue
        own = owner[row]
        counted[own] += 1
        for column in range(len(weights)):
            sums[own, column] += weights[column, row]
        if edge_m[row] <= limit:
            ends[own, 0] += weights[0, row]
            ends[own, 1] += weights[1, row]
    return counted, sums, ends


@njit(cache=True, nogil=True)
def _left(owner, walked, tried, size):
    """By residence the number of samples that are beyond the limit both as walked and as tried."""
    (walk, limit), (then, other) = walked, tried
    out = np.zeros(size, dtype=np.int64)
    for row in range(len(owner)):
        if not walk[row] <= limit and not then[row] <= other:
            out[owner[row]] += 1
    return out


@njit(cache=True, nogil=True)
def _lefts(homes, walk, limits, weights):
    """By limit and residence asked about (rows of `Sampled.first`): people and land beyond it."""
    first, asked = homes
    out, least = np.zeros((len(limits), len(asked), 2)), limits.min()
    for own in range(len(asked)):
        for row in range(first[asked[own]], first[asked[own] + 1]):
            if walk[row] <= least:
                continue
            for at in range(len(limits)):
                if not walk[row] <= limits[at]:
                    out[at, own, 0] += weights[0, row]
                    out[at, own, 1] += weights[1, row]
    return out
