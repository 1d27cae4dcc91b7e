"""What of every residence lies beyond a limit: people and land, their middle point, how sure it is, and when it closes; compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from livingcircle import robustness
from livingcircle.coverage import ROUNDING_M, Group, limit_of, middle_rows, numbered
from livingcircle.gaps import priority
from livingcircle.layers import Residences, Samples
from livingcircle.robustness import Change
from livingcircle.standards import Requirement

KINDS = ("elderly", "children")
# Columns of `Homes.weights`.
PEOPLE, LAND, EVERYBODY, AGES = 0, 1, 2, 3


@dataclass(frozen=True)
class Homes:
    """The samples of all residences as gaps are told from them, worked out once for all categories.

    `owner` is the residence of each sample, a row of `ids`, `names` and `units`; `weights` maps a column of people to a (samples, 3 or more) array:
    these people, hectares of land, everybody, then those of each of `kinds` (old people, children) that the study tells.
    """

    owner: np.ndarray
    ids: np.ndarray
    names: np.ndarray
    units: np.ndarray
    kinds: tuple[str, ...]
    weights: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, samples: Samples, residences: Residences, groups: Sequence[Group]) -> Homes:
        """The homes of a study's samples and residences, for its groups."""
        owner, ids = numbered(samples["residence_id"].to_numpy())
        told = residences.set_index("residence_id")[["name", "unit"]].reindex(ids)
        ages = {kind: column for kind in KINDS if (column := priority.columns_of(kind, samples.columns)) is not None}
        land, everybody = samples["land_m2"].to_numpy() / 10_000, samples["people"].to_numpy()
        rest = [land, everybody, *(samples[column].to_numpy() for column in ages.values())]
        columns = dict.fromkeys(group.people for group in groups)
        weights = {column: np.column_stack([samples[column].to_numpy(), *rest]).astype(float) for column in columns}
        names, units = (told[column].to_numpy(dtype=object) for column in ("name", "unit"))
        return cls(owner.astype(np.int64), np.asarray(ids, dtype=object), names, units, tuple(ages), weights)


def beyond(
    homes: Homes, walk_m: np.ndarray, requirement: Requirement, *, judged: tuple[Group, str], told: tuple[np.ndarray | None, Mapping, Mapping]
) -> dict[str, np.ndarray]:
    """The residences with people or land beyond the limit, a value each by column: `home`, `people`, `land_ha`, `sample`, `closes_in` and more.

    `walk_m` is the measure of the rule for every sample, `judged` the group and the rule; `told` the walks to where the street data end (None where
    that is not known), the walks by coming year and by change tried. `sample` is the middle one of what lies beyond.
    """
    group, rule = judged
    edge_m, later, varied = told
    weights, size = homes.weights[group.people], len(homes.ids)
    limit = limit_of(requirement, rule=rule, speed_kmh=group.speed_kmh) + ROUNDING_M
    counted, sums, ends = _sums(homes.owner, (walk_m, limit), walk_m if edge_m is None else edge_m, weights, size)
    held = np.flatnonzero(counted)
    out = np.flatnonzero(~(walk_m <= limit))
    middle = out[middle_rows(homes.owner[out], walk_m[out])]
    kept = (sums[held, PEOPLE] > 0) | (sums[held, LAND] > 0)
    held, middle = held[kept], middle[kept]
    sums, ends = sums[held], ends[held]
    closes_in = np.full(len(held), np.nan)
    for year in sorted(later):
        left = _left(homes.owner, (walk_m, limit), (later[year], limit), weights, size)[held, 2]
        closes_in[np.isnan(closes_in) & (left == 0)] = year
    return {
        "home": held,
        "people": sums[:, PEOPLE],
        "land_ha": sums[:, LAND],
        "sample": middle,
        "closes_in": closes_in,
        **_robust(homes, (walk_m, varied), (requirement, group, rule), sums, held),
        "uncertain_share": np.full(len(held), np.nan) if edge_m is None else _uncertain(sums, ends),
        **_ages(homes, sums),
    }


def _robust(homes: Homes, walked: tuple, judged: tuple, sums: np.ndarray, held: np.ndarray) -> dict[str, np.ndarray]:
    """Robust or fragile by people, by land where nobody lives."""
    walk_m, varied = walked
    weights, size = homes.weights[judged[1].people], len(homes.ids)
    lefts = {}
    for change in robustness.changes():
        tried = varied.get(change.id, walk_m), _limit(judged, change)
        lefts[change.id] = _left(homes.owner, (walk_m, -np.inf), tried, weights, size)[held]
    by_people = _named(sums[:, PEOPLE], {id: left[:, PEOPLE] for id, left in lefts.items()})
    empty = sums[:, PEOPLE] == 0
    if empty.any():
        by_land = _named(sums[:, LAND], {id: left[:, LAND] for id, left in lefts.items()})
        for word in ("robustness", "fragile_to"):
            by_people[word][empty] = by_land[word][empty]
    return by_people


def _limit(judged: tuple, change: Change) -> float:
    requirement, group, rule = judged
    return limit_of(requirement, rule=rule, speed_kmh=group.speed_kmh, change=change) + ROUNDING_M


def _named(weight: np.ndarray, left: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """`robustness.judged` by the names of the gap list."""
    told = robustness.judged(weight, left)
    return {"robustness": told["robustness"], "fragile_to": told["fragile_to"], "people_low": told["low"], "people_high": told["high"]}


def _uncertain(sums: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Of every gap, the share of people (land where nobody lives) whose limit reaches beyond the street data."""
    whole = sums[:, [PEOPLE, LAND]]
    shares = np.divide(ends, whole, out=np.full(ends.shape, np.nan), where=whole > 0)
    return np.where(np.isnan(shares[:, 0]), shares[:, 1], shares[:, 0])


def _ages(homes: Homes, sums: np.ndarray) -> dict[str, np.ndarray]:
    """Old people and children beyond the limit, NaN where the study does not tell them, and their share of everybody there."""
    told = {kind: sums[:, AGES + at] for at, kind in enumerate(homes.kinds)}
    nothing = np.full(len(sums), np.nan)
    everybody = sums[:, EVERYBODY]
    weak = sum(told.values()) if told else nothing
    share = np.divide(weak, everybody, out=nothing.copy(), where=everybody > 0)
    return {**{f"people_{kind}": told.get(kind, nothing) for kind in KINDS}, "vulnerable_share": share}


@njit(cache=True, nogil=True)
def _sums(owner, walked, edge_m, weights, size):
    """By residence, of the samples beyond the limit: their number, the sums of `weights`, and people and land whose limit passes the data's edge."""
    walk, limit = walked
    counted, sums, ends = np.zeros(size, dtype=np.int64), np.zeros((size, weights.shape[1])), np.zeros((size, 2))
    for row in range(len(owner)):
        if walk[row] <= limit:
            continue
        own = owner[row]
        counted[own] += 1
        for column in range(weights.shape[1]):
            sums[own, column] += weights[row, column]
        if edge_m[row] <= limit:
            ends[own, 0] += weights[row, 0]
            ends[own, 1] += weights[row, 1]
    return counted, sums, ends


@njit(cache=True, nogil=True)
def _left(owner, walked, tried, weights, size):
    """By residence: people, land and number of samples that are beyond the limit both as walked and as tried."""
    (walk, limit), (then, other) = walked, tried
    out = np.zeros((size, 3))
    for row in range(len(owner)):
        if walk[row] <= limit or then[row] <= other:
            continue
        own = owner[row]
        out[own, 0] += weights[row, 0]
        out[own, 1] += weights[row, 1]
        out[own, 2] += 1
    return out
