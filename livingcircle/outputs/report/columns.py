"""How wide the columns of a table are, by what stands in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

# A word wider than this many letters is broken. A short heading takes one line, others two, a long one up to four.
MOST, SHORT_HEAD, LONG_HEAD, HEAD_LINES = 20.0, 2.0, 8.0, (2, 4)
# Text no longer than this stays in one line; the blank is at both sides of a cell.
SHORT, BLANK = 5.0, 0.9
# A row is as high as its highest cell: the power makes many lines in one cell dearer than a few in many.
STEP, POWER = 0.5, 4
# What never breaks: a run of letters, digits and marks that are not Chinese.
RUN = re.compile(r"[^\s\u2e80-\uffff]+")


def wide(text: str) -> float:
    """The width of a text in widths of a Chinese character.

    >>> round(wide("图 ab"), 2), wide("")
    (2.36, 0)
    """
    return sum(_width(letter) for letter in text)


def _width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WFA":
        return 1.0
    return 0.3 if letter == " " else 0.67 if letter.isupper() else 0.53 if letter.isalpha() else 0.556


def least(text: str) -> float:
    """The width of the longest part of a text that never breaks: a word that is not Chinese, and a short one that is.

    >>> least("图 12"), least("老街社区 竹山新村"), least("步行路网与可达计算")
    (1.112, 4.0, 1.0)
    """
    parts = [part for part in text.split() if wide(part) <= SHORT]
    return max([wide(run) for run in (*RUN.findall(text), *parts)] + [1.0 if text.strip() else 0.0])


def widths(head: Sequence[str], rows: Sequence[Sequence[str]], room: float) -> tuple[list[float], float]:
    """The widths of columns that fill `room`, both in widths of a character, and how much smaller letters must be to fit (1 for not at all).

    Every column holds its longest word; what is left goes, step by step, to the column where it saves most lines.

    >>> columns, smaller = widths(["a", "b"], [["1", "一二三四五六七八"]], 12)
    >>> columns[0] < columns[1], round(sum(columns), 6), smaller
    (True, 12.0, 1.0)
    """
    cells = [[wide(text) for text in column] for column in zip(*rows, strict=True)] or [[] for _ in head]
    low = np.array([_low(title, column) for title, column in zip(head, list(zip(*rows, strict=True)) or [()] * len(head), strict=True)])
    smaller = min(1.0, room / low.sum())
    out, spare = low.copy(), room / smaller - low.sum()
    text = np.array([[*column, wide(title) / 2] for title, column in zip(head, cells, strict=True)])
    while spare > 0:
        step = min(STEP, spare)
        saved = (_lines(text, out) ** POWER - _lines(text, out + step) ** POWER).sum(axis=1)
        if saved.max() <= 0:
            out += spare / len(out)
            break
        out[saved.argmax()] += step
        spare -= step
    return (out * smaller).tolist(), smaller


def _low(title: str, column: Sequence[str]) -> float:
    """The least width of a column."""
    words = max([wide(text) if wide(text) <= SHORT else least(text) for text in column], default=0.0)
    across = wide(title) if wide(title) <= SHORT_HEAD else wide(title) / HEAD_LINES[wide(title) > LONG_HEAD] + 0.5
    # Words longer than a line are broken all the same.
    return max(min(words, MOST), min(across, wide(title)), min(max(map(wide, RUN.findall(title)), default=0.0), MOST), 1.0) + BLANK


def _lines(text: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """How many lines every text takes in its column, not less than one."""
    return np.maximum(text / (columns - BLANK)[:, None], 1.0)
