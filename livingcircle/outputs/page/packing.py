"""Whole numbers and shapes as short text that the page's script reads back.

A number is written as a zigzag variable-length integer, five bits to a character of the URL-safe alphabet, so the text holds no
character that means anything to HTML, JSON or JavaScript. Coordinates are whole millionths of a degree, each the
difference from the one before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import shapely

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
LETTERS = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
# Short runs, as most outlines are, take longer laid out as an array.
FEW = 48
PER_DEGREE = 1_000_000
# As many as one character tells apart.
LATELY = 16


def packed(numbers: Iterable[int]) -> str:
    """The text of whole numbers, positive or negative.

    >>> packed([0, -1, 1, 16])
    'ABCgB'
    """
    given = numbers if isinstance(numbers, np.ndarray) else list(numbers)
    if len(given) < FEW:
        return "".join(map(_letters, given))
    values = np.asarray(given, dtype=np.int64)
    left = np.where(values >= 0, values << 1, (-values << 1) - 1)
    # A column a character: the first five bits of all numbers, the next five, as far as the longest number goes.
    columns = []
    while True:
        more = left > 31
        columns.append(np.where(left < 0, -1, (left & 31) | (more << 5)))
        if not more.any():
            break
        left = np.where(more, left >> 5, -1)
    codes = np.stack(columns, axis=1).ravel()
    return LETTERS[codes[codes >= 0]].tobytes().decode("ascii")


def _letters(number: int) -> str:
    number = int(number)
    left = number << 1 if number >= 0 else (-number << 1) - 1
    text = ""
    while left > 31:
        text += ALPHABET[(left & 31) | 32]
        left >>= 5
    return text + ALPHABET[left]


def packed_or_none(numbers: Iterable[float], *, scale: int = 1) -> str:
    """The text of numbers times `scale`, rounded; what is missing or infinite has its own code, 0, and reads as null.

    >>> packed_or_none([0.0, float("inf"), 2.0]) == packed([1, 0, 3])
    True
    """
    return packed(0 if not math.isfinite(n) else round(n * scale) + 1 for n in map(float, numbers))


def minutes(values: Iterable[float]) -> str:
    """The text of minutes in hundredths, rounded up, so that a walk beyond a limit never reads as within it.

    >>> minutes([15.001, 15.0]) == packed([1502, 1501])
    True
    """
    hundredths = (math.ceil(round(m * 100, 6)) if math.isfinite(m) else -1 for m in map(float, values))
    return packed(h + 1 for h in hundredths)


def lines(geometries: Iterable[shapely.Geometry], *, origin: tuple[int, int]) -> str:
    """The text of lines: for each the number of its points, then their differences; all in one run from `origin`."""
    numbers: list[int] = []
    x, y = origin
    for geometry in geometries:
        for part in shapely.get_parts(geometry):
            points = _millionths(part)
            if len(points) > 1:
                numbers.append(len(points))
                x, y = _differences(points, x, y, numbers)
    return packed(numbers)


def shape(geometry: shapely.Geometry | None, *, origin: tuple[int, int]) -> str:
    """The text of one polygon, point or line: the number of polygons, of rings, of points; 0 polygons announce points.

    Lines and points come as `0, number of points, differences`. What is missing or empty is empty text.
    """
    if geometry is None or geometry.is_empty:
        return ""
    parts = [p for p in shapely.get_parts(geometry) if not p.is_empty]
    areas = [p for p in parts if p.geom_type == "Polygon"]
    x, y = origin
    if not areas:
        points = np.vstack([_millionths(p) for p in parts])
        numbers: list[int] = [0, len(points)]
        _differences(points, x, y, numbers)
        return packed(numbers)
    # A ring smaller than the rounding is no ring any more; without its outline a polygon is nothing.
    every = [[_millionths(ring)[:-1] for ring in (area.exterior, *area.interiors)] for area in areas]
    outlines = [[ring for ring in rings if len(ring) > 2] for rings in every if len(rings[0]) > 2]
    if not outlines:
        return ""
    numbers = [len(outlines)]
    for rings in outlines:
        numbers.append(len(rings))
        for points in rings:
            numbers.append(len(points))
            x, y = _differences(points, x, y, numbers)
    return packed(numbers)


def millionths(degrees: float) -> int:
    """Whole millionths of a degree.

    >>> millionths(121.5440004)
    121544000
    """
    return round(degrees * PER_DEGREE)


def _millionths(geometry: shapely.Geometry) -> np.ndarray:
    points = np.rint(shapely.get_coordinates(geometry) * PER_DEGREE).astype(np.int64)
    moved = np.ones(len(points), dtype=bool)
    moved[1:] = (points[1:] != points[:-1]).any(axis=1)
    return points[moved]


def _differences(points: np.ndarray, x: int, y: int, numbers: list[int]) -> tuple[int, int]:
    before = np.vstack([[x, y], points[:-1]])
    numbers.extend((points - before).ravel().tolist())
    return int(points[-1, 0]), int(points[-1, 1])


def steps(numbers: Iterable[int]) -> str:
    """The text of numbers told as differences from the one before, the first from 0.

    >>> steps([100, 101, 99]) == packed([100, 1, -2])
    True
    """
    values = numbers if isinstance(numbers, np.ndarray) else np.array(list(numbers), dtype=np.int64)
    return packed(np.diff(values, prepend=0))


def runs(numbers: Iterable[int]) -> str:
    """The text of numbers that repeat: for each run the difference from the run before, and how many they are.

    >>> runs([0, 0, 0, 7, 7]) == packed([0, 3, 7, 2])
    True
    """
    values = np.asarray(list(numbers) if not isinstance(numbers, np.ndarray) else numbers, dtype=np.int64)
    if not len(values):
        return ""
    first = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    counts = np.diff(np.append(first, len(values)))
    return packed(np.column_stack([np.diff(values[first], prepend=0), counts]).ravel())


def recent(numbers: Iterable[int]) -> str:
    """The text of numbers, 0 or more, that soon come again: one told lately by how many others were since (0 to 15), else -1 less itself.

    >>> recent([5, 7, 5, 5]) == packed([-6, -8, 1, 0])
    True
    """
    lately: list[int] = []
    codes = []
    for number in map(int, numbers):
        if number in lately:
            code = lately.index(number)
            del lately[code]
        else:
            code = -1 - number
            del lately[LATELY - 1 :]
        lately.insert(0, number)
        codes.append(code)
    return packed(codes)
