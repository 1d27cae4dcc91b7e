"""Isochrones checked in the product: sampled points are re-routed and compared with the areas drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import shapely

from livingcircle.layers import Isochrones

SEED = 20180


def probes(bounds: Sequence[float], *, count: int, seed: int = SEED) -> np.ndarray:
    """A fixed set of `count` points over `bounds` (west, south, east, north), an (n, 2) array, the same in every run.

    >>> bool((probes((0, 0, 1, 1), count=5) == probes((0, 0, 1, 1), count=5)).all())
    True
    """
    west, south, east, north = bounds
    return np.random.default_rng(seed).uniform((west, south), (east, north), (count, 2))


def agreement(areas: Isochrones, points: np.ndarray, walks: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """How well each area agrees with walks, on the index of `areas`.

    `areas` has `category`, `limit_m` and polygons; `walks` holds, for each category, the re-routed walk in metres of
    every one of `points` (infinite where unreachable). Columns: `checked` (points asked), `agreement` (share of them
    inside exactly when their walk keeps the limit), `largest_m` (the farthest that a point which disagrees lies from
    the border, 0 when all agree). No point is left out, not even beside the border.
    """
    told = [
        of_area(shape, points, walks[category] <= limit)
        for category, limit, shape in zip(areas["category"], areas["limit_m"], areas.geometry, strict=True)
    ]
    rows = [(len(points), *one) for one in told]
    return pd.DataFrame(rows, columns=["checked", "agreement", "largest_m"], index=areas.index)


def of_area(shape: shapely.Geometry, points: np.ndarray, reached: np.ndarray) -> tuple[float, float]:
    """The share of `points` that lie in the area exactly when they are `reached`, and the farthest metres of another from its border."""
    shapely.prepare(shape)
    wrong = shapely.contains_xy(shape, *points.T) != reached
    if not wrong.any():
        return (1.0 if len(points) else np.nan), 0.0
    far = shapely.distance(shape.boundary, shapely.points(points[wrong]))
    # An empty area has no border: a point reached outside it is as wrong as can be.
    return float(1 - wrong.mean()), float(np.nan_to_num(far, nan=np.inf).max())
