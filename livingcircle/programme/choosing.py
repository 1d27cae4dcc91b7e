"""Which measures to take for a budget: the exact choice with its proof, and the greedy one beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from livingcircle.siting.program import WHOLE, Clock, Program

# What is less than this is rounding of sums.
NOTHING = 1e-9


@dataclass(frozen=True)
class Rooms:
    """Places of one kind, and who asks for them: what enlarging full facilities brings.

    Pairs (`cell`, `room`) say which of the cells (`asking`: places asked for) are near enough to which rooms (`holds`: places held today).
    `measure` names for every room the measure that enlarges it, -1 for none, by `more` places. A place filled counts `weight`.
    """

    asking: np.ndarray
    holds: np.ndarray
    cell: np.ndarray
    room: np.ndarray
    measure: np.ndarray
    more: np.ndarray
    weight: float = 1.0

    def held(self, chosen: np.ndarray) -> np.ndarray:
        """The places of every room with the measures chosen."""
        own = np.isin(self.measure, chosen) & (self.measure >= 0)
        return self.holds + np.where(own, self.more, 0.0)

    def filled(self, chosen: np.ndarray) -> float:
        """The most places that can be filled with the measures chosen."""
        if not len(self.cell):
            return 0.0
        pairs = np.arange(len(self.cell))
        rows = np.concatenate([self.cell, len(self.asking) + self.room])
        matrix = csr_array((np.ones(2 * len(pairs)), (rows, np.tile(pairs, 2))), shape=(len(self.asking) + len(self.holds), len(pairs)))
        found = linprog(-np.ones(len(pairs)), A_ub=matrix, b_ub=np.concatenate([self.asking, self.held(chosen)]), method="highs")
        return float(-found.fun)


@dataclass(frozen=True)
class Offer:
    """Measures to choose among: what each costs, which rows of demand (`people`) each covers, and the rooms that some enlarge.

    `covers` is a sparse (measures, rows) table of ones. `exclusive` numbers groups of measures of which one at most may be taken (two doors of one
    parcel); -1 for a measure in none. Of the measures that are `counted` (new sites) at most `most` may be taken; None for any number.
    `land` tells the plot that each measure stands on (-1 for none) and the land that it takes there; `plots` the land of every plot.
    """

    cost: np.ndarray
    people: np.ndarray
    covers: csr_array
    exclusive: np.ndarray
    rooms: tuple[Rooms, ...] = ()
    counted: np.ndarray | None = None
    most: int | None = None
    land: tuple[np.ndarray, np.ndarray] | None = None
    plots: np.ndarray | None = None

    def value(self, chosen: Sequence[int]) -> float:
        """People x requirements newly served by all measures chosen together, everybody once for each requirement."""
        rows = np.asarray(chosen, dtype=int)
        covered = np.asarray(self.covers[rows].sum(axis=0)).ravel() > 0 if len(rows) else np.zeros(len(self.people), dtype=bool)
        places = sum(one.weight * (one.filled(rows) - one.filled(rows[:0])) for one in self.rooms if np.isin(one.measure, rows).any())
        return float(self.people[covered].sum() + places)

    def price(self, chosen: Sequence[int]) -> float:
        """What all measures chosen cost together."""
        return float(self.cost[np.asarray(chosen, dtype=int)].sum())


@dataclass(frozen=True)
class Choice:
    """Measures chosen, in their turn, what they are worth together, and the most that any choice can be worth (`bound`).

    `status` is `optimal`, `time_limit` (the best found; the bound is proven all the same) or `greedy` (nothing is proven).
    """

    chosen: tuple[int, ...]
    value: float
    bound: float
    status: str
    seconds: float = field(default=0.0, compare=False)

    @property
    def gap(self) -> float:
        """By which share of the bound a better choice may exceed this one; 0 for a proven best."""
        return max(0.0, (self.bound - self.value) / self.bound) if np.isfinite(self.bound) and self.bound > 0 else 0.0


def greedy(offer: Offer, budget: float) -> Choice:
    """Measures taken one after another, each the one that adds most for its cost of those that the budget still pays for; nothing is proven.

    A measure that costs nothing is taken first. Where one affordable measure alone is worth more than all these together it is the choice: that
    keeps the rule from missing a large measure for many small ones.
    """
    clock = Clock(np.inf)
    chosen = _in_turn(offer, np.arange(len(offer.cost)), budget)
    value = offer.value(chosen)
    for one in np.flatnonzero(offer.cost <= budget + NOTHING).tolist():
        if _shut(offer, one, []):
            continue
        alone = offer.value([one])
        if alone > value + NOTHING:
            chosen, value = [one], alone
    return Choice(tuple(chosen), value, np.inf, "greedy", clock.spent)


def in_turn(offer: Offer, chosen: Sequence[int]) -> list[int]:
    """The measures chosen in the order in which each adds most for its cost beside those before it; none is left out."""
    told = _in_turn(offer, np.asarray(chosen, dtype=int), np.inf)
    return [*told, *(one for one in chosen if one not in told)]


def _in_turn(offer: Offer, among: np.ndarray, budget: float) -> list[int]:
    """Rows of `among` by what each adds for its cost, those that add something. Gains only shrink as measures are taken, so most are looked at once.

    Places are worked out anew in every turn: an enlargement may be worth more where others have taken up what it would have been used for.
    """
    left = {int(row): _gain(offer, row) for row in among}
    chosen: list[int] = []
    covered = np.zeros(len(offer.people), dtype=bool)
    spent, worth = 0.0, 0.0
    while left:
        best, most = -1, 0.0
        for row in sorted(left, key=lambda row: -_rate(left[row], offer.cost[row])):
            if offer.cost[row] + spent > budget + NOTHING or _shut(offer, row, chosen):
                continue
            if best >= 0 and _rate(left[row], offer.cost[row]) <= most and not _enlarges(offer, row):
                break
            left[row] = _added(offer, row, chosen, (covered, worth))
            rate = _rate(left[row], offer.cost[row])
            if left[row] > NOTHING and rate > most:
                best, most = row, rate
        if best < 0:
            return chosen
        chosen.append(best)
        del left[best]
        spent += float(offer.cost[best])
        covered[offer.covers[[best]].indices] = True
        worth = _places(offer, chosen)
    return chosen


def _gain(offer: Offer, row: int) -> float:
    return offer.value([row])


def _enlarges(offer: Offer, row: int) -> bool:
    return any((one.measure == row).any() for one in offer.rooms)


def _places(offer: Offer, chosen: Sequence[int]) -> float:
    rows = np.asarray(chosen, dtype=int)
    return sum(one.weight * (one.filled(rows) - one.filled(rows[:0])) for one in offer.rooms if np.isin(one.measure, rows).any())


def _added(offer: Offer, row: int, chosen: Sequence[int], so_far: tuple[np.ndarray, float]) -> float:
    covered, worth = so_far
    own = offer.covers[[row]].indices
    people = float(offer.people[own[~covered[own]]].sum())
    return people + (_places(offer, [*chosen, row]) - worth if _enlarges(offer, row) else 0.0)


def _rate(gain: float, cost: float) -> float:
    return gain / cost if cost > 0 else (np.inf if gain > NOTHING else 0.0)


def _shut(offer: Offer, row: int, chosen: Sequence[int]) -> bool:
    own, group = np.asarray(chosen, dtype=int), offer.exclusive[row]
    if offer.most is not None and offer.counted is not None and offer.counted[row] and offer.counted[own].sum() >= offer.most:
        return True
    if offer.land is not None and offer.plots is not None and offer.land[0][row] >= 0:
        plot, takes = offer.land
        if takes[row] + takes[own][plot[own] == plot[row]].sum() > offer.plots[plot[row]] + NOTHING:
            return True
    return bool(group >= 0 and (offer.exclusive[own] == group).any())


def exact(offer: Offer, budget: float, *, time_s: float = 60.0) -> Choice:
    """The measures worth most within the budget, with the proof; the best found, with the bound proven, where the time runs out.

    Maximum coverage under a budget: a row of demand counts once however many measures cover it, and places are filled by whoever is near
    enough, those of today taken into account. Solved as a mixed integer program by HiGHS.
    """
    clock, program = Clock(time_s), Program()
    take = program.variables(len(offer.cost), whole=True)
    people, groups = _alike(offer)
    total = max(float(people.sum()) + sum(one.weight * float(one.asking.sum()) for one in offer.rooms), 1.0)
    served = program.variables(len(people), cost=-people / total)
    cells = groups.tocoo()
    rows, columns = np.arange(len(people)), cells.coords
    matrix = np.concatenate([rows, columns[1]]), np.concatenate([served, take[columns[0]]]), np.concatenate([np.ones(len(rows)), -np.ones(len(columns[0]))])
    program.rows(len(people), matrix, high=0.0)
    for one in offer.rooms:
        _fill(program, one, take, total)
    scale = max(budget, 1.0)
    program.row(take, offer.cost / scale, high=budget / scale)
    for group in np.unique(offer.exclusive[offer.exclusive >= 0]):
        own = take[offer.exclusive == group]
        program.row(own, np.ones(len(own)), high=1.0)
    if offer.most is not None and offer.counted is not None:
        own = take[offer.counted]
        program.row(own, np.ones(len(own)), high=float(offer.most))
    if offer.land is not None and offer.plots is not None:
        plot, takes = offer.land
        for number, area in enumerate(offer.plots):
            own = np.flatnonzero(plot == number)
            if takes[own].sum() > area:
                program.row(take[own], takes[own], high=float(area) + NOTHING)
    found = program.solve(time_s=clock.left)
    today = sum(one.weight * one.filled(np.empty(0, dtype=int)) for one in offer.rooms)
    bound = -found.bound * total - today
    if found.values is None:
        other = greedy(offer, budget)
        return Choice(other.chosen, other.value, max(bound, other.value), found.status, clock.spent)
    taken = np.flatnonzero(found.values[take] > WHOLE)
    chosen = _in_turn(offer, taken, np.inf)
    value = offer.value(chosen)
    return Choice(tuple(chosen), value, value if found.status == "optimal" else max(bound, value), found.status, clock.spent)


def _alike(offer: Offer) -> tuple[np.ndarray, csr_array]:
    """Rows of demand that the same measures cover as one: their people, and the (measures, groups) table; rows that none covers are left out."""
    by_row = offer.covers.T.tocsr()
    by_row.sort_indices()
    found: dict[bytes, int] = {}
    first: list[int] = []
    sums: list[float] = []
    people = offer.people
    for row in np.flatnonzero((np.diff(by_row.indptr) > 0) & (people > 0)).tolist():
        key = by_row.indices[by_row.indptr[row] : by_row.indptr[row + 1]].tobytes()
        if key not in found:
            found[key] = len(sums)
            sums.append(0.0)
            first.append(row)
        sums[found[key]] += float(people[row])
    return np.array(sums), offer.covers.tocsc()[:, first].tocsr()


def _fill(program: Program, rooms: Rooms, take: np.ndarray, total: float) -> None:
    """Variables of places filled by pair of cell and room, bounded by what is asked and what is held."""
    flow = program.variables(len(rooms.cell), cost=-rooms.weight / total, most=np.inf)
    program.rows(len(rooms.asking), (rooms.cell, flow, np.ones(len(flow))), high=rooms.asking)
    own = np.flatnonzero(rooms.measure >= 0)
    cells = np.concatenate([rooms.room, own]), np.concatenate([flow, take[rooms.measure[own]]]), np.concatenate([np.ones(len(flow)), -rooms.more[own]])
    program.rows(len(rooms.holds), cells, high=rooms.holds)
