"""Where a walker can be and what a step costs: nodes, copies of them within compounds, and the arcs between them.

A compound that is not open may begin or end a walk but is never cut through. So every node of a compound stands twice
beside the public node: once for residents on their way out, once for those who have entered.

::

    home copy ──gate──> public node ──gate──> door copy
        └──────────────────────────────────────^

A walk goes down these layers only, never back up; a walk within one compound takes the lower way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

OPEN, VISIT, RESIDENTS = "open", "visit", "residents"
PERMEABILITIES = (OPEN, VISIT, RESIDENTS)


@dataclass(frozen=True)
class Costs:
    """What edges cost, in flat metres: metres of level street that take as long.

    `forward` and `backward` are flat metres a metre from start to end and back; `start_m` and `end_m` are flat metres paid
    once at the ends, such as half the wait to cross the road that the edge meets there. All are arrays over the edges.
    """

    forward: np.ndarray
    backward: np.ndarray
    start_m: np.ndarray
    end_m: np.ndarray

    def only(self, kept: np.ndarray) -> Costs:
        """The costs of the edges that the mask leaves."""
        return Costs(self.forward[kept], self.backward[kept], self.start_m[kept], self.end_m[kept])


@dataclass(frozen=True)
class States:
    """The states of a network and the steps between them.

    `leaving` and `entering` are (edges, 2) arrays: the states by which walks leave an edge (at its start, at its end) and
    enter it. `edge_steps` are (edges or copies, 3) rows of state, state, edge that may be walked both ways; `free` are
    (k, 2) rows of steps that cost nothing, one way.
    """

    size: int
    leaving: np.ndarray
    entering: np.ndarray
    edge_steps: np.ndarray
    free: np.ndarray

    @classmethod
    def of(
        cls, start: np.ndarray, end: np.ndarray, compound: np.ndarray, *, size: int, permeability: str, closed: Sequence[tuple[int, int]] = ()
    ) -> States:
        """The states of edges between node rows; `compound` is -1 for public edges, `size` the number of nodes.

        `closed` are gates that let nobody pass, as node row and compound: there the compound's edges meet each other, and nothing else.
        """
        ends = np.stack([start, end], axis=1)
        if permeability == OPEN:
            size = _walled(ends, compound, closed, size)
        number = np.arange(len(start))
        inner = (compound >= 0) & (permeability != OPEN)
        public = np.column_stack([ends, number])[~inner]
        if not inner.any():
            return cls(size, ends, ends, public, np.empty((0, 2), dtype=int))
        owner = np.repeat(compound[inner], 2)
        copies, code = np.unique(np.column_stack([owner, ends[inner].ravel()]), axis=0, return_inverse=True)
        code = code.reshape(-1, 2)
        node, count = copies[:, 1], len(copies)
        home, door = size + np.arange(count), size + count + np.arange(count)
        # A gate is a node that public streets, or another compound, share.
        owners = np.bincount(node, minlength=size)
        gate = np.zeros(size, dtype=bool)
        gate[ends[~inner].ravel()] = True
        gate |= owners > 1
        at = gate[node]
        for shut, whose in closed:
            at &= (node != shut) | (copies[:, 0] != whose)
        free = [np.column_stack([home, door]), np.column_stack([home[at], node[at]])]
        if permeability == VISIT:
            free.append(np.column_stack([node[at], door[at]]))
        leaving, entering = ends.copy(), ends.copy()
        leaving[inner], entering[inner] = home[code], door[code]
        within = [np.column_stack([copy[code], number[inner]]) for copy in (home, door)]
        return cls(size + 2 * count, leaving, entering, np.vstack([public, *within]), np.vstack(free))


def _walled(ends: np.ndarray, compound: np.ndarray, closed: Sequence[tuple[int, int]], size: int) -> int:
    """Give the edges of a compound a state of their own at each of its closed gates, in `ends`; the number of states then."""
    for number, (shut, whose) in enumerate(closed):
        ends[(ends == shut) & (compound == whose)[:, None]] = size + number
    return size + len(closed)


@dataclass(frozen=True)
class Arcs:
    """Directed arcs: `matrix` holds what a search sums up, `metres` the metres of the same arcs, entry by entry.

    Where every metre is a metre, both are one array and `level` is true.
    """

    matrix: csr_array
    metres: np.ndarray
    level: bool

    @cached_property
    def longest(self) -> float:
        """The greatest finite number that `matrix` holds, 0 without arcs."""
        return float(self.matrix.data.max(initial=0.0, where=np.isfinite(self.matrix.data)))

    def reversed(self) -> Arcs:
        """The arcs walked backward, for searches from where walks end."""
        number = csr_array((np.arange(self.matrix.nnz), self.matrix.indices, self.matrix.indptr), shape=self.matrix.shape)
        order = number.T.tocsr()
        turned = csr_array((self.matrix.data[order.data], order.indices, order.indptr), shape=self.matrix.shape)
        return Arcs(turned, self.metres[order.data], self.level)


def compiled(states: States, length_m: np.ndarray, costs: Costs | None, *, quickest: bool) -> Arcs:
    """The arcs between states, of parallel edges the quickest (or the shortest), without loops.

    What is summed is flat metres; without `quickest` it is metres, and `metres` then holds the flat metres.
    """
    a, b, edge = states.edge_steps.T
    metres = length_m[edge]
    there = back = metres
    if costs is not None:
        extra = costs.start_m[edge] + costs.end_m[edge]
        there, back = metres * costs.forward[edge] + extra, metres * costs.backward[edge] + extra
    nothing = np.zeros(len(states.free))
    source = np.concatenate([a, b, states.free[:, 0]])
    target = np.concatenate([b, a, states.free[:, 1]])
    flat = np.concatenate([there, back, nothing])
    plain = np.concatenate([metres, metres, nothing])
    weight, other = (flat, plain) if quickest else (plain, flat)
    keep = source != target
    source, target, weight, other = source[keep], target[keep], weight[keep], other[keep]
    order = np.lexsort([other, weight, target, source])
    source, target, weight, other = source[order], target[order], weight[order], other[order]
    first = np.ones(len(source), dtype=bool)
    first[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
    indptr = np.concatenate([[0], np.cumsum(np.bincount(source[first], minlength=states.size))])
    index = np.int32 if states.size < 2**31 - 1 else np.int64
    matrix = csr_array((weight[first], target[first].astype(index), indptr.astype(index)), shape=(states.size,) * 2)
    return Arcs(matrix, matrix.data if costs is None else other[first], costs is None)
