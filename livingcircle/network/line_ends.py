"""Where lines begin and end."""

from __future__ import annotations

import numpy as np
import shapely


def line_ends(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last point of every line, each an (n, 2) array in the lines' own unit.

    Raises `ValueError` where a line is empty or missing: it has no ends.

    >>> first, last = line_ends(np.array([shapely.LineString([(0, 0), (3, 4), (5, 5)])]))
    >>> first.tolist(), last.tolist()
    ([[0.0, 0.0]], [[5.0, 5.0]])
    """
    counts = shapely.get_num_coordinates(lines)
    if len(counts) and counts.min() < 1:
        raise ValueError("a line without any point has no ends")
    # One sweep over all coordinates is several times faster than to ask every line for a point.
    points = shapely.get_coordinates(lines)
    stops = np.cumsum(counts)
    return points[stops - counts], points[stops - 1]
