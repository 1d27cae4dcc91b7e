"""The searches behind every walk time: to every state from the nearest start, and from each of many doors on its own.

Three engines give the same answer: `numba` (compiled by `kernel`), `scipy` and `networkx` (plain, the judge of the others).
A faster kernel replaces `kernel` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from livingcircle.errors import Fault, StudyError, said
from livingcircle.network import Arcs
from livingcircle.search import kernel, plain
from livingcircle.search.arrival import Ends, at_positions
from livingcircle.search.found import Found

__all__ = ["ENGINES", "Catchments", "Doors", "Ends", "Found", "at_positions", "nearest_start", "predecessors", "within"]

ENGINES: dict[str, Callable[..., Found]] = {
    "numba": kernel.spread,
    "scipy": plain.by_scipy,
    "networkx": plain.by_networkx,
}


def nearest_start(
    arcs: Arcs,
    states: np.ndarray,
    costs: np.ndarray,
    *,
    others: np.ndarray | None = None,
    limit: float = np.inf,
    engine: str = "numba",
) -> Found:
    """The walk along `arcs` to every state from the start nearest to it.

    `states` are the rows of the starts (repeats allowed), `costs` what was already walked there in the measure of
    `arcs.matrix`, `others` the same in the other measure (by default `costs`). To search where walks end, give the arcs
    walked backward. The limit is inclusive. Raises `StudyError` for an unknown engine.
    Source: Dijkstra (1959), one search for all starts together.
    """
    return _spread(arcs, (states, costs, costs if others is None else others), limit=limit, engine=engine, tree=False)


def predecessors(arcs: Arcs, states: np.ndarray, costs: np.ndarray, *, engine: str = "numba") -> Found:
    """The same search without a limit, with its tree: `before` is the state before every state (-1 for none)."""
    return _spread(arcs, (states, costs, costs), limit=np.inf, engine=engine, tree=True)


def _spread(arcs: Arcs, starts: tuple[np.ndarray, ...], *, limit: float, engine: str, tree: bool) -> Found:
    _check(engine)
    size = arcs.matrix.shape[0]
    states, costs, others = starts
    if not len(states):
        nothing = np.full(size, np.inf)
        return Found(nothing, np.full(size, -1, dtype=np.int32), nothing, np.full(size if tree else 0, -1, dtype=np.int32))
    order = np.lexsort([np.arange(len(states)), costs, states])
    first = np.ones(len(order), dtype=bool)
    first[1:] = states[order][1:] != states[order][:-1]
    best = order[first]
    return ENGINES[engine](arcs, (states[best], best, costs[best], others[best]), limit=limit, tree=tree)


def _check(engine: str) -> None:
    if engine not in ENGINES:
        raise StudyError(Fault("[walking] engine", said("unknown engine {engine!r}", engine=engine), said("choose one of {known}", known=sorted(ENGINES))))


class Doors(NamedTuple):
    """Where searches begin: (n, 2) states by the start and by the end of each door's edge, and what was walked to them.

    `costs` in the measure of `arcs.matrix`, `others` in the other one (None: the same).
    """

    states: np.ndarray
    costs: np.ndarray
    others: np.ndarray | None = None


class Catchments(NamedTuple):
    """The states within the limit of each door: door `d` owns rows `indptr[d]` to `indptr[d + 1]` of the other arrays.

    No state stands twice with a door. `cost` is the measure searched for, `other` the other one of the same walk (the
    very array of `cost` where every metre is a metre).
    """

    indptr: np.ndarray
    state: np.ndarray
    cost: np.ndarray
    other: np.ndarray


def within(arcs: Arcs, doors: Doors, *, limit: float, engine: str = "numba") -> Catchments:
    """The walks along `arcs` to every state from each of `doors` on its own, up to `limit` (inclusive).

    The work follows the catchments and not the city. To search where walks end, give the arcs walked backward.
    Raises `StudyError` for an unknown engine.
    Source: Dijkstra (1959), one search a door.
    """
    _check(engine)
    told = doors.states, doors.costs, doors.costs if doors.others is None else doors.others
    if engine == "numba":
        indptr, state, cost, other = kernel.catchments(arcs, told, limit=limit)
        return Catchments(indptr, state, cost, cost if arcs.level else other)
    found = [_spread(arcs, start, limit=limit, engine=engine, tree=False) for start in zip(*told, strict=True)]
    states = [np.flatnonzero(np.isfinite(one.cost)) for one in found]
    indptr = np.cumsum([0] + [len(own) for own in states])
    state = np.concatenate([*states, np.empty(0, dtype=int)])
    cost, other = (
        np.concatenate([*(one[n][own] for one, own in zip(found, states, strict=True)), np.empty(0)]) for n in (0, 2)
    )
    return Catchments(indptr, state, cost, cost if arcs.level else other)
