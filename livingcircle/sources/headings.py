"""The heading of a table among the titles above it, and the rows between it and the notes below."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

from livingcircle.coordinates import name_rows
from livingcircle.errors import DataError, Fault, said

NOTE = re.compile(r"(注|备注|说明|附注|资料来源|数据来源|来源|notes?|sources?)\s*\d*\s*[:.、]", re.IGNORECASE)
PLAIN_NUMBER = re.compile(r"[+-]?[\d,]*\.?\d+%?")
TITLE_ROWS = 30  # the heading is looked for in so many rows


def below_heading(rows: list[tuple[int, list]], *, where: str) -> tuple[pd.DataFrame, list[str]]:
    """The table below the heading of numbered `rows` of cells (None is blank), with `row`, and the notes under it.

    A heading of two rows becomes one. Raises DataError when there is no heading, nothing below it, or a row is longer.
    >>> below_heading([(1, ["学校一览表", None]), (2, ["名称", "学位"]), (3, ["明港小学", 900])], where="学校.xlsx")[0].to_dict("records")
    [{'名称': '明港小学', '学位': 900, 'row': 3}]
    """
    if not rows:
        raise DataError(Fault(where, "the table is empty", "export the table again"))
    first, heading = _heading(rows, where)
    body, notes, width = rows[first:], [], len(heading)
    while body and width > 1 and filled(body[-1][1]) == 1:
        text = unicodedata.normalize("NFKC", str(next(cell for cell in body[-1][1] if cell is not None)))
        if not NOTE.match(text):
            break
        notes.insert(0, text)
        body = body[:-1]
    if not body:
        raise DataError(Fault(where, "there are no rows below the heading", "check that the export kept its rows"))
    longer = [at for at, cells in body if filled(cells[width:])]
    if longer:
        remedy = said("put cells that hold the separator into quotation marks, or name the further columns")
        raise DataError(Fault(where, said("{rows}: more cells than the heading has", rows=name_rows(longer)), remedy))
    table = {}
    for place, cell in enumerate(heading):
        name = " ".join(unicodedata.normalize("NFKC", str(cell)).split()) if cell is not None else f"column {place + 1}"
        cells = [row[place] if place < len(row) else None for _, row in body]
        unique, count = name, 1
        while unique in table or unique == "row":
            unique, count = f"{name}.{count}", count + 1
        if cell is not None or filled(cells):
            table[unique] = pd.Series(cells, dtype=object)
    table["row"] = pd.Series([at for at, _ in body], dtype="int64")
    return pd.DataFrame(table), notes


def filled(cells: list) -> int:
    """The number of cells that are not blank."""
    return sum(cell is not None for cell in cells)


def _is_word(cell) -> bool:
    """Whether a cell can be a heading: any text that is no number, or a year."""
    text = str(cell)
    year = len(text) == 4 and text.isdigit() and 1900 <= int(text) <= 2100
    return year or (isinstance(cell, str) and not PLAIN_NUMBER.fullmatch(text))


def _joined(upper: list, lower: list) -> list | None:
    """The heading of two rows as one, or None when `lower` is no second row of it.

    A second row fills blanks of the first, and is itself blank under a first-row cell that spans both.
    """
    width = max(len(upper), len(lower))
    upper, lower = (cells + [None] * (width - len(cells)) for cells in (upper, lower))
    fills = any(low is not None and up is None for up, low in zip(upper, lower, strict=True))
    spanned = any(low is None and up is not None for up, low in zip(upper, lower, strict=True))
    if not (fills and spanned and all(_is_word(cell) for cell in lower if cell is not None)):
        return None
    over, names = None, []
    for up, low in zip(upper, lower, strict=True):
        over = up if up is not None else over
        names.append(up if low is None else low if over is None else f"{over} {low}")
    return names


def _heading(rows: list[tuple[int, list]], where: str) -> tuple[int, list]:
    """The index of the first row below the heading, and the heading's cells."""
    for at in range(min(len(rows), TITLE_ROWS)):
        pair = _joined(rows[at][1], rows[at + 1][1]) if at + 1 < len(rows) else None
        names, depth = (pair, 2) if pair else (rows[at][1], 1)
        words = sum(_is_word(cell) for cell in names if cell is not None)
        width = np.quantile([filled(cells) for _, cells in rows[at : at + 20]], 0.75)
        if words > filled(names) / 2 and filled(names) >= 0.8 * width:
            return at + depth, names
    raise DataError(Fault(where, "no heading row was found", "write the names of the columns above the first data row"))
