"""Candidates that no best siting has: proven before the exact program is put together, so that a large p-median stays small.

A Lagrangian bound of the p-median (Narula, Ogbu and Samuelsson 1977) by subgradients, a good siting by exchanges of one (Teitz and Bart 1968,
all exchanges at once as Resende and Werneck 2007), and the candidates that the two rule out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from livingcircle.siting.problem import Bounds, Problem
from livingcircle.siting.program import Clock

ROUNDS, PATIENCE, EXCHANGES = 800, 15, 200
# The share of the last step that goes into the next: it damps the zigzag of subgradients.
KEPT = 0.3
#  A candidate is ruled out only when its bound is worse by more than sums are rounded by.
SURE = 1e-9


@dataclass(frozen=True)
class Walks:
    """Walks that may matter: people `who` (from 0), candidate `which` (from 0), metres; the `last` metres and `people` of everybody.

    Nobody walks farther than `last`: the nearest site that stands, or what the unserved count. `sites` are the rows of the candidates.
    """

    who: np.ndarray
    which: np.ndarray
    walk: np.ndarray
    last: np.ndarray
    people: np.ndarray
    sites: np.ndarray


@dataclass(frozen=True)
class Pruned:
    """Rows of the candidates that are left, the rows of a good siting among them, its person-metres, and the fewest that are proven to be needed."""

    left: np.ndarray
    chosen: np.ndarray
    metres: float
    bound: float


def walks_that_matter(asked: Problem, bounds: Bounds) -> Walks:
    """The walks that are shorter than what each person has anyway."""
    demand, site, walk = asked.within(min(bounds.limit_m, bounds.penalty_m))
    last = np.full(len(asked.people), float(bounds.penalty_m))
    stands = asked.fixed[site]
    np.minimum.at(last, demand[stands], walk[stands])
    better = ~stands & (walk < last[demand])
    sites, which = np.unique(site[better], return_inverse=True)
    return Walks(demand[better], which, walk[better], last, asked.people, sites)


def pruned(walks: Walks, count: int, clock: Clock) -> Pruned:
    """What is left of the candidates for `count` new sites; the bound holds for all of them. Everybody's `last` must be finite.

    >>> line = Walks(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([0.0, 50, 50, 0]), np.full(2, 100.0), np.array([9.0, 1]), np.array([4, 7]))
    >>> got = pruned(line, 1, Clock(1))
    >>> got.chosen.tolist(), got.metres, got.bound <= 50
    ([4], 50.0, True)
    """
    size = len(walks.sites)
    if count >= size:
        return Pruned(walks.sites, walks.sites, _metres(walks, np.arange(size)), 0.0)
    best = _exchanged(walks, _greedy(walks, count), clock)
    most = _metres(walks, best)
    out = np.zeros(size, dtype=bool)
    price = walks.last.copy()
    np.minimum.at(price, walks.who, walks.walk)
    price = (price + walks.last) / 2
    bound, still, pace, step = -np.inf, 0, 1.0, np.zeros(len(price))
    top = price.copy()
    for _ in range(ROUNDS):
        low, gain, picked = _lagrangian(walks, price, count)
        order = np.partition(gain, count - 1)[count - 1]
        out |= low + gain - order > most * (1 + SURE) + SURE
        if low > bound:
            still, bound, top = 0, low, price.copy()
        else:
            still += 1
        if still >= PATIENCE:
            pace, still, price = pace / 2, 0, top.copy()
            #  what these prices pick is near to a good siting, from another side than one by one
            other = _exchanged(walks, np.flatnonzero(picked), clock)
            if _metres(walks, other) < most:
                best, most = other, _metres(walks, other)
        if pace < 1e-3 or most - bound <= SURE * max(most, 1.0) or clock.spent > clock.seconds / 3:
            break
        miss = _missing(walks, price, picked)
        step = KEPT * step + (1 - KEPT) * miss
        length = float((step**2).sum())
        if length == 0:
            break
        move = pace * (most - low) / length * step
        price = np.clip(price + np.divide(move, walks.people, out=np.zeros_like(move), where=walks.people > 0), 0.0, walks.last)
    out[best] = False
    return Pruned(walks.sites[~out], walks.sites[best], most, max(bound, 0.0))


def _lagrangian(walks: Walks, price: np.ndarray, count: int) -> tuple[float, np.ndarray, np.ndarray]:
    """The bound at these prices (metres a person), what each candidate adds to it (0 or less), and which are picked."""
    saved = np.minimum(walks.walk - price[walks.who], 0.0) * walks.people[walks.who]
    gain = np.bincount(walks.which, saved, minlength=len(walks.sites))
    picked = np.zeros(len(gain), dtype=bool)
    picked[np.argpartition(gain, count - 1)[:count]] = True
    return float(price @ walks.people + gain[picked].sum()), gain, picked


def _missing(walks: Walks, price: np.ndarray, picked: np.ndarray) -> np.ndarray:
    """One for everybody whom no picked candidate serves at these prices, minus one for every candidate too many."""
    serves = picked[walks.which] & (walks.walk < price[walks.who])
    miss = 1.0 - np.bincount(walks.who[serves], minlength=len(price))
    #  whoever pays the last price already has a place of that price
    return np.where((miss > 0) & (price >= walks.last), 0.0, miss)


def _nearest_two(walks: Walks, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Metres to the nearest and to the second nearest chosen candidate, at most the last ones, and which is the nearest (-1 for none)."""
    kept = np.flatnonzero(np.isin(walks.which, chosen))
    kept = kept[np.lexsort([walks.walk[kept], walks.who[kept]])]
    who = walks.who[kept]
    turn = np.arange(len(who)) - np.searchsorted(who, who)
    first, second, which = walks.last.copy(), walks.last.copy(), np.full(len(walks.last), -1)
    one, two = kept[turn == 0], kept[turn == 1]
    first[walks.who[one]], which[walks.who[one]] = walks.walk[one], walks.which[one]
    second[walks.who[two]] = walks.walk[two]
    return first, second, which


def _metres(walks: Walks, chosen: np.ndarray) -> float:
    return float(_nearest_two(walks, chosen)[0] @ walks.people)


def _gain(walks: Walks, first: np.ndarray) -> np.ndarray:
    """Person-metres that each candidate would save."""
    return np.bincount(walks.which, walks.people[walks.who] * np.maximum(first[walks.who] - walks.walk, 0), minlength=len(walks.sites))


def _greedy(walks: Walks, count: int) -> np.ndarray:
    first, chosen = walks.last.copy(), []
    for _ in range(count):
        gain = _gain(walks, first)
        gain[chosen] = -1
        chosen.append(int(np.argmax(gain)))
        mine = walks.which == chosen[-1]
        np.minimum.at(first, walks.who[mine], walks.walk[mine])
    return np.array(chosen, dtype=int)


def _exchanged(walks: Walks, chosen: np.ndarray, clock: Clock) -> np.ndarray:
    """The chosen candidates, one exchanged for a better one as long as there is one."""
    chosen = chosen.copy()
    for _ in range(EXCHANGES):
        first, second, which = _nearest_two(walks, chosen)
        turn = np.full(len(walks.sites) + 1, -1)
        turn[chosen] = np.arange(len(chosen))
        own = turn[which]
        held = own >= 0
        loss = np.bincount(own[held], (walks.people * (second - first))[held], minlength=len(chosen))
        #  who loses the nearest may walk to the one that comes instead
        here = own[walks.who]
        back = walks.people[walks.who] * (second[walks.who] - np.maximum(first[walks.who], walks.walk))
        some = (here >= 0) & (back > 0)
        cell = walks.which[some] * len(chosen) + here[some]
        spared = np.bincount(cell, back[some], minlength=len(walks.sites) * len(chosen)).reshape(-1, len(chosen))
        saving = _gain(walks, first)[:, None] + spared - loss
        saving[chosen] = -np.inf
        enters, leaves = divmod(int(np.argmax(saving)), len(chosen))
        if saving[enters, leaves] <= SURE * max(1.0, float(first @ walks.people)) or clock.spent > clock.seconds / 4:
            break
        chosen[leaves] = enters
    return chosen
