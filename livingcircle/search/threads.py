"""Rows shared out among the processor's cores."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

THREADS = min(os.cpu_count() or 1, 8)
Part = TypeVar("Part")


def in_threads(work: Callable[[slice], Part], rows: int, *, least: int) -> list[Part]:
    """What `work` gives for runs of rows that together are all `rows`, in their order; none but the only run is below `least`.

    Runs are at work at the same time where `work` lets go of Python's lock, as compiled loops do.
    """
    threads = max(1, min(THREADS, rows // least))
    cuts = np.linspace(0, rows, threads + 1).astype(int).tolist()
    parts = [slice(low, high) for low, high in zip(cuts[:-1], cuts[1:], strict=True)]
    if threads == 1:
        return [work(parts[0])]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, parts))
