"""Metres of street within catchments, edges cut where the limit falls."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array

from livingcircle.network import StreetNetwork
from livingcircle.search import Catchments


def incident(network: StreetNetwork) -> tuple[csr_array, csr_array]:
    """Which edges start, and which end, at every node: once for a network."""
    size, number = len(network.length_m), np.arange(len(network.length_m))
    shape = (len(network.nodes), size)
    return tuple(coo_array((number, (ends, number)), shape=shape).tocsr() for ends in (network.start, network.end))


def reached_metres(
    network: StreetNetwork,
    doors: tuple[np.ndarray, np.ndarray, np.ndarray],
    found: Catchments,
    limit: float,
    *,
    ends: tuple[csr_array, csr_array],
) -> np.ndarray:
    """Metres of street within the limit of each door on level streets that are open to all; a stretch counts once."""
    count = len(found.indptr) - 1
    by_start, by_end = (_entered(network, found, limit, part) for part in ends)
    both = by_start + by_end
    both.data = np.minimum(both.data, network.length_m[both.indices])
    total = np.bincount(np.repeat(np.arange(count), np.diff(both.indptr)), weights=both.data, minlength=count)
    return total + _own(network, doors, (by_start, by_end), limit)


def _entered(network: StreetNetwork, found: Catchments, limit: float, at: csr_array) -> csr_array:
    """(doors, edges): metres of each edge within the limit from one of its ends."""
    count = len(found.indptr) - 1
    low = at.indptr[found.state]
    many = at.indptr[found.state + 1] - low
    before = np.concatenate([[0], np.cumsum(many)])
    edge = at.indices[np.repeat(low - before[:-1], many) + np.arange(before[-1])]
    rest = np.minimum(np.repeat(limit - found.cost, many), network.length_m[edge])
    made = csr_array((rest, edge, before[found.indptr]), shape=(count, len(network.length_m)))
    made.sort_indices()
    return made


def _own(
    network: StreetNetwork, doors: tuple[np.ndarray, ...], entered: tuple[csr_array, csr_array], limit: float
) -> np.ndarray:
    """What the direct way along the doors' own edges adds."""
    edge, offset, leg = doors
    length, reach = network.length_m[edge], np.maximum(limit - leg, 0)
    low, high = np.maximum(offset - reach, 0), np.minimum(offset + reach, length)
    a, b = (np.asarray(part[np.arange(len(edge)), edge]).ravel() for part in entered)
    had = np.minimum(a + b, length)
    # Three stretches: from the start up to a, from low to high, from length - b to the end.
    outside = np.minimum(a, low) + np.minimum(b, length - high)
    both = np.where(a + b >= length, length, (high - low) + outside)
    return np.where(leg <= limit, np.maximum(both, had) - had, 0)
