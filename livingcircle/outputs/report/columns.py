"""How wide the columns of a table are, by what stands in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# A column's text has room for so many letters' widths before it breaks into lines, and a heading breaks in so many lines at most.
MOST, HEAD_LINES = 26.0, 2
# Text no longer than this stays in one line.
SHORT, BLANK = 5.0, 0.9
# What never breaks: a run of letters, digits and marks that are not Chinese.
RUN = re.compile(r"[^\s\u2e80-\uffff]+")


def wide(text: str) -> float:
    """The width of a text in widths of a Chinese character.

    >>> wide("图 ab"), wide("")
    (2.55, 0)
    """
    return sum(_width(letter) for letter in text)


def _width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WFA":
        return 1.0
    return 0.3 if letter == " " else 0.625 if letter.isalpha() else 0.55


def least(text: str) -> float:
    """The width of the longest part of a text that never breaks.

    >>> least("图 12")
    1.1
    """
    return max([wide(run) for run in RUN.findall(text)] + [1.0 if text.strip() else 0.0])


def widths(head: Sequence[str], rows: Sequence[Sequence[str]], room: float) -> tuple[list[float], float]:
    """The widths of columns that fill `room`, both in widths of a character, and how much smaller letters must be to fit (1 for not at all).

    Every column holds its longest word; what is left goes to the columns with long text.

    >>> widths(["a", "b"], [["1", "一二三四五六七八"]], 20)[1]
    1.0
    >>> narrow, wide_one = widths(["a", "b"], [["1", "一二三四五六七八"]], 20)[0]
    >>> narrow < wide_one and round(narrow + wide_one, 6) == 20
    True
    """
    low, want = [], []
    for title, *column in zip(head, *rows, strict=True):
        words = max([wide(text) if wide(text) <= SHORT else least(text) for text in column], default=0.0)
        # Words longer than a line are broken all the same.
        low.append(max(min(words, MOST), min(wide(title) / HEAD_LINES + 0.5, wide(title)), least(title), 1.0) + BLANK)
        longest = max([wide(text) for text in column], default=0.0)
        want.append(max(min(longest, MOST) + BLANK, low[-1]))
    smaller = min(1.0, room / sum(low))
    room_then = room / smaller
    if sum(want) <= room_then:
        spare = (room_then - sum(want)) / len(want)
        return [(one + spare) * smaller for one in want], smaller
    more = [a - b for a, b in zip(want, low, strict=True)]
    part = (room_then - sum(low)) / sum(more)
    return [(a + part * b) * smaller for a, b in zip(low, more, strict=True)], smaller
