"""A mixed integer program of openings and services, put together row by row and solved by HiGHS to proven optimality."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds as Range
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array

from livingcircle.siting.problem import Bounds, Problem

OPTIMAL, TIME_LIMIT, INFEASIBLE = "optimal", "time_limit", "infeasible"
# How far a variable of the solver may lie from a whole number.
WHOLE = 0.5


@dataclass(frozen=True)
class Solved:
    """What the solver found: values of all variables (None for nothing), the least objective that is still possible, and the status."""

    values: np.ndarray | None
    objective: float
    bound: float
    status: str


@dataclass
class Program:
    """Variables (cost, least, most, whole) and rows (least, most) of a program that is minimized."""

    cost: list[float] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    cells: tuple[list, list, list] = field(default_factory=lambda: ([], [], []))
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def variables(self, count: int, *, cost: object = 0.0, most: object = 1.0, least: object = 0.0, whole: bool = False) -> np.ndarray:
        """The numbers of `count` new variables."""
        first = len(self.cost)
        for kept, value in ((self.cost, cost), (self.least, least), (self.most, most)):
            kept.extend(np.broadcast_to(np.asarray(value, dtype=float), count).tolist())
        self.whole.extend([int(whole)] * count)
        return np.arange(first, first + count)

    def row(self, variables: Iterable[int], factors: Iterable[float], *, low: float = -np.inf, high: float = np.inf) -> None:
        """One row: the sum of the variables times their factors lies between `low` and `high`."""
        number = len(self.low)
        names = list(variables)
        self.cells[0].extend([number] * len(names))
        self.cells[1].extend(names)
        self.cells[2].extend(factors)
        self.low.append(low)
        self.high.append(high)

    def rows(self, count: int, cells: tuple[np.ndarray, np.ndarray, np.ndarray], *, low: object = -np.inf, high: object = np.inf) -> None:
        """`count` rows at once, by cells (row from 0, variable, factor)."""
        first = len(self.low)
        self.cells[0].extend((cells[0] + first).tolist())
        self.cells[1].extend(cells[1].tolist())
        self.cells[2].extend(cells[2].tolist())
        self.low.extend(np.broadcast_to(np.asarray(low, dtype=float), count).tolist())
        self.high.extend(np.broadcast_to(np.asarray(high, dtype=float), count).tolist())

    def solve(self, *, time_s: float) -> Solved:
        """The least objective: proven, or the best found within `time_s` seconds with the bound that is proven.

        Without a gap left: HiGHS stops by itself at a ten-thousandth.
        """
        if not self.cost:
            return Solved(np.empty(0), 0.0, 0.0, OPTIMAL)
        rules = []
        if self.low:
            matrix = csr_array((self.cells[2], (self.cells[0], self.cells[1])), shape=(len(self.low), len(self.cost)))
            rules = [LinearConstraint(matrix, self.low, self.high)]
        found = milp(
            np.array(self.cost),
            integrality=self.whole,
            bounds=Range(self.least, self.most),
            constraints=rules,
            options={"mip_rel_gap": 0.0, "time_limit": max(time_s, 0.01)},
        )
        status = {0: OPTIMAL, 2: INFEASIBLE}.get(found.status, TIME_LIMIT)
        if found.x is None:
            bound = getattr(found, "mip_dual_bound", None)
            return Solved(None, np.inf, np.inf if status == INFEASIBLE else -np.inf if bound is None else bound, status)
        bound = found.fun if getattr(found, "mip_dual_bound", None) is None else min(found.mip_dual_bound, found.fun)
        return Solved(found.x, float(found.fun), float(bound), status)


@dataclass(frozen=True)
class Openings:
    """The variables of a program that say which sites are open: `of[site]` is its variable, -1 for a site that cannot be."""

    of: np.ndarray
    new: np.ndarray
    parcel: Mapping[object, int]

    def chosen(self, solved: Solved) -> np.ndarray:
        """Rows of the new sites that are open."""
        if solved.values is None:
            return np.empty(0, dtype=int)
        return self.new[solved.values[self.of[self.new]] > WHOLE]


def openings(program: Program, asked: Problem, bounds: Bounds) -> Openings:
    """Variables for every site and shared parcel, with the rows that bound their number, their cost, and what a parcel holds."""
    of = np.full(len(asked.sites), -1)
    new = asked.new
    of[new] = program.variables(len(new), least=np.isin(new, asked.held).astype(float), whole=True)
    standing = np.flatnonzero(asked.fixed)
    of[standing] = program.variables(len(standing), least=1.0)
    parcels = _land(program, asked, of)
    _numbers(program, asked, bounds, of)
    if bounds.budget is not None:
        land = asked.parcels.set_index("parcel")["cost"]
        names = [*of[new], *parcels.values()]
        factors = [*asked.sites["cost"].to_numpy(dtype=float)[new], *(float(land[id]) for id in parcels)]
        scale = max(bounds.budget, 1.0)
        program.row(names, [factor / scale for factor in factors], high=bounds.budget / scale)
    return Openings(of, new, parcels)


def _land(program: Program, asked: Problem, of: np.ndarray) -> dict[object, int]:
    """At most one site of a category on a parcel, and no more land than it has; the variables of parcels that cost something."""
    parcel, category, area = (asked.sites[name].to_numpy() for name in ("parcel", "category", "area_m2"))
    held: dict[object, list[int]] = {}
    for row in asked.new:
        held.setdefault(parcel[row], []).append(row)
    own = asked.parcels.set_index("parcel")
    used = {}
    for id, rows in held.items():
        kinds: dict[object, list[int]] = {}
        for row in rows:
            kinds.setdefault(category[row], []).append(row)
        for alike in kinds.values():
            if len(alike) > 1:
                program.row(of[alike], [1.0] * len(alike), high=1.0)
        if id not in own.index:
            continue
        if area[rows].sum() > own.at[id, "area_m2"]:
            program.row(of[rows], area[rows].astype(float), high=float(own.at[id, "area_m2"]))
        if own.at[id, "cost"] > 0:
            (used[id],) = program.variables(1, whole=True)
            for row in rows:
                program.row([of[row], used[id]], [1.0, -1.0], high=0.0)
    return used


def _numbers(program: Program, asked: Problem, bounds: Bounds, of: np.ndarray) -> None:
    if bounds.sites is None:
        return
    if not isinstance(bounds.sites, Mapping):
        program.row(of[asked.new], [1.0] * len(asked.new), high=float(bounds.sites))
        return
    category = asked.sites["category"].to_numpy()[asked.new]
    for name, most in bounds.sites.items():
        rows = asked.new[category == name]
        program.row(of[rows], [1.0] * len(rows), high=float(most))


class Clock:
    """The seconds left of those given."""

    def __init__(self, seconds: float) -> None:
        self.begun, self.seconds = time.perf_counter(), seconds

    @property
    def spent(self) -> float:
        """Seconds since it began."""
        return time.perf_counter() - self.begun

    @property
    def left(self) -> float:
        """Seconds left, a hundredth at least."""
        return max(self.seconds - self.spent, 0.01)
