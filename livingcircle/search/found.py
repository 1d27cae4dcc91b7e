"""What a search finds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Found(NamedTuple):
    """Arrays over the states: the sum searched for, the start (-1 for none), the other measure, and the state before.

    `cost` and `other` are infinite where no start is within the limit; where every metre is a metre they are one array.
    `before` is -1 at starts and where nothing leads, and empty unless the search was asked for its tree.
    """

    cost: np.ndarray
    start: np.ndarray
    other: np.ndarray
    before: np.ndarray
