"""Pedestrian areas stay crossable: straight links between the points where streets enter them."""

from __future__ import annotations

import numpy as np
import shapely


def crossings(area: shapely.Polygon, *, entries: np.ndarray, most: int) -> np.ndarray:
    """Pairs of points between which a walker crosses `area` in a straight line.

    `entries` is an (n, 2) array of the ring vertices where streets meet the area, in metres. Corners that bend into the
    area are added, so that a way round a bend or a hole is found too. At most `most` points are linked; entries go first.
    Returns an (m, 2, 2) array of segments; empty when no two points see each other.

    >>> square = shapely.box(0, 0, 100, 100)
    >>> crossings(square, entries=np.array([[0.0, 0.0], [100.0, 100.0]]), most=40).shape
    (1, 2, 2)
    """
    points = np.vstack([entries, _reentrant_corners(area)])
    if len(points) > most:
        others = points[len(entries) :]
        room = max(most - len(entries), 0)
        step = max(len(others) // room, 1) if room else 1
        points = np.vstack([entries[:most], others[::step][:room]])
    points = np.unique(points, axis=0)
    if len(points) < 2:
        return np.empty((0, 2, 2))
    first, second = np.triu_indices(len(points), 1)
    segments = np.stack([points[first], points[second]], axis=1)
    # A ring edge lies on the boundary; rounding must not push it out.
    roomy = shapely.buffer(area, 0.01)
    shapely.prepare(roomy)
    return segments[shapely.covers(roomy, shapely.linestrings(segments))]


def _reentrant_corners(area: shapely.Polygon) -> np.ndarray:
    corners = [np.empty((0, 2))]
    oriented = shapely.normalize(area)
    rings = [oriented.exterior, *oriented.interiors]
    for ring in rings:
        points = shapely.get_coordinates(ring)[:-1]
        before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
        turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
        # normalize() makes shells clockwise and holes counter-clockwise, so a left turn bends into the area.
        corners.append(points[turn > 0])
    return np.vstack(corners)
