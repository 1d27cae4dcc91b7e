"""The order of places in which neighbors on the ground are neighbors in memory."""

from __future__ import annotations

import numpy as np

BITS = 16
# Each step moves the upper half of the bits that are still together apart from the lower half.
SPREAD = ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555))


def along_curve(places: np.ndarray) -> np.ndarray:
    """The rows of (n, 2) `places` along a Z-order curve; equal cells keep their order.

    A search spreads over the ground, so it finds what it needs next in the processor's cache.
    Source: Morton (1966), A computer oriented geodetic data base and a new technique in file sequencing.

    >>> along_curve(np.array([[0.0, 0.0], [9.0, 9.0], [1.0, 0.0], [0.0, 9.0]])).tolist()
    [0, 2, 3, 1]
    """
    if not len(places):
        return np.empty(0, dtype=np.int64)
    low = places.min(axis=0)
    extent = max(float(np.ptp(places, axis=0).max()), np.finfo(float).tiny)
    cells = ((places - low) / extent * (2**BITS - 1)).astype(np.uint64)
    for shift, mask in SPREAD:
        cells = (cells | (cells << np.uint64(shift))) & np.uint64(mask)
    return np.argsort(cells[:, 0] | (cells[:, 1] << np.uint64(1)), kind="stable")
