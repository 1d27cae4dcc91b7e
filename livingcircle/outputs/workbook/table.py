"""One table of a workbook: headings, widths, number formats, and text typed as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

HEAD, DETAIL, LINE = "#1F4E79", "#7F8C99", "#BFC8D2"
SHADES = {"A": "#F8CBAD", "B": "#FFE699"}
LATIN = re.compile(r"[A-Za-z]+")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
LINE_HEIGHT, MOST_LINES = 14, 8
# Columns up to this width hold codes and short words.
SHORT = 12
A3 = 8


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its heading, its values, its width in Latin letters, and the number format of its numbers.

    `detail` columns stand right of the others, under a grey heading, and are not printed. `choices` are offered in every cell, with
    `help` beside it; `shaded` colors a cell by its word (`SHADES`).
    """

    heading: str
    values: pd.Series
    width: float = 10
    number: str | None = None
    detail: bool = False
    choices: Sequence[str] = ()
    help: str = ""
    shaded: bool = False


@dataclass
class Book:
    """A workbook being written, with the formats that its sheets share."""

    file: xlsxwriter.Workbook
    formats: dict[tuple, xlsxwriter.format.Format] = field(default_factory=dict)

    def format(self, **told: object) -> xlsxwriter.format.Format:
        """The format of these properties, made once."""
        key = tuple(sorted(told.items()))
        if key not in self.formats:
            self.formats[key] = self.file.add_format(dict(told))
        return self.formats[key]


class Sheet(Worksheet):
    """A worksheet that words its plain cells at once; a table of ten thousand gaps has half a million."""

    def _write_cell(self, row: int, col: int, cell: tuple) -> None:
        kind, form = type(cell).__name__, cell.format
        if form is None or kind not in ("Number", "String", "Blank"):
            super()._write_cell(row, col, cell)
            return
        where = f'<c r="{_letters(col)}{row + 1}" s="{form._get_xf_index()}"'
        if kind == "String":
            self.fh.write(f'{where} t="s"><v>{cell.string}</v></c>')
        elif kind == "Number":
            self.fh.write(f"{where}><v>{cell.number:.16G}</v></c>")
        else:
            self.fh.write(f"{where}/>")


@cache
def _letters(column: int) -> str:
    return xl_col_to_name(column)


def add_table(book: Book, name: str, columns: Sequence[Column], *, page: str, empty: str = "") -> None:
    """Add a sheet with a table: frozen heading, filters, printed on A3 across, as wide as one page.

    `page` is the footer that counts pages, `empty` the sentence below the headings where there is no row.
    """
    sheet = book.file.add_worksheet(name, worksheet_class=Sheet)
    rows = len(columns[0].values)
    for number, column in enumerate(columns):
        sheet.set_column(number, number, max([column.width, *(len(word) + 2 for word in LATIN.findall(column.heading))]))
        color = DETAIL if column.detail else HEAD
        head = book.format(bold=True, font_color="#FFFFFF", bg_color=color, text_wrap=True, valign="vcenter", align="center", border=1, border_color=LINE)
        sheet.write_string(0, number, _broken(column), head)
        _fill(book, sheet, number, column)
        _offer(book, sheet, number, column, rows)
    sheet.set_row(0, LINE_HEIGHT * max(_lines(_broken(c), c.width - 1) for c in columns) + 8)
    for row, lines in enumerate(_heights(columns, rows), start=1):
        # A spreadsheet does not grow the rows of a file that it did not make.
        sheet.set_row(row, LINE_HEIGHT * lines + 4)
    if not rows and empty:
        sheet.write_string(1, 0, empty)
    printed = max((number for number, c in enumerate(columns) if not c.detail), default=0)
    sheet.freeze_panes(1, min(2, len(columns) - 1))
    sheet.autofilter(0, 0, max(rows, 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(A3)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.print_area(0, 0, max(rows, 1), printed)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&C&14&B{name.replace('&', '&&')}")
    sheet.set_footer(f"&C{page}")


def _fill(book: Book, sheet: xlsxwriter.worksheet.Worksheet, place: int, column: Column) -> None:
    """Write a column below its heading; in printed columns blanks have their lines, too."""
    told = {"valign": "vcenter", "border": 1, "border_color": LINE}
    # Codes and short words stand in the middle, sentences and names to the left.
    align = {"align": "center"} if column.width <= SHORT else {"align": "left", "indent": 1}
    words = book.format(**told, **align, text_wrap=True, num_format="@")
    numbers = book.format(**told, align="right", num_format=column.number or "General")
    # A word among numbers, such as that for no walk at all, stands where they stand.
    aside = book.format(**told, align="right", text_wrap=True) if column.number else words
    for row, value in enumerate(column.values.tolist(), start=1):
        if isinstance(value, str) and value:
            sheet.write_string(row, place, CONTROL.sub("", value), aside)
        elif not isinstance(value, str) and value is not None and value is not pd.NA and value == value:
            sheet.write_number(row, place, round(float(value), 6), numbers)
        elif not column.detail:
            sheet.write_blank(row, place, None, aside)


def _offer(book: Book, sheet: xlsxwriter.worksheet.Worksheet, place: int, column: Column, rows: int) -> None:
    if column.choices and rows:
        told = {"validate": "list", "source": list(column.choices), "input_message": column.help, "error_type": "warning"}
        sheet.data_validation(1, place, rows, place, told)
    if column.shaded and rows:
        for word, color in SHADES.items():
            shade = book.format(bg_color=color)
            sheet.conditional_format(1, place, rows, place, {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": shade})


def _heights(columns: Sequence[Column], rows: int) -> np.ndarray:
    """The lines that every row needs."""
    out = np.ones(rows, dtype=int)
    for column in columns:
        if not column.detail and not pd.api.types.is_numeric_dtype(column.values):
            values = column.values.tolist()
            told = {value: _lines(value, column.width - 0.5) for value in dict.fromkeys(values)}
            out = np.maximum(out, [told[value] for value in values])
    return np.minimum(out, MOST_LINES)


def _lines(value: object, width: float) -> int:
    """Lines that a text takes in a cell so wide: a Chinese character is as wide as two Latin letters, and as two bytes of GBK."""
    if not isinstance(value, str) or not value:
        return 1
    return sum(max(1, int(np.ceil(len(part.encode("gbk", "replace")) / width))) for part in value.split("\n"))


def _broken(column: Column) -> str:
    """The heading with its unit of measure on a line of its own, where it does not fit one line."""
    at = max(column.heading.find("（"), column.heading.find(" ("))
    if at <= 0 or _lines(column.heading, column.width - 1) == 1:
        return column.heading
    return f"{column.heading[:at]}\n{column.heading[at:].strip()}"


def add_notes(book: Book, name: str, notes: Sequence[tuple[str, object]], *, page: str) -> None:
    """Add a sheet of notes: a label and what it says; a row with a label alone is a heading."""
    sheet = book.file.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 110)
    wrap = book.format(text_wrap=True, valign="top", align="left")
    label = book.format(text_wrap=True, valign="top", align="left", font_color=HEAD)
    head = book.format(bold=True, font_color="#FFFFFF", bg_color=HEAD, valign="vcenter")
    for row, (key, value) in enumerate(notes):
        if value is None:
            sheet.set_row(row, 20)
            sheet.write_string(row, 0, key, head)
            sheet.write_blank(row, 1, None, head)
            continue
        sheet.write_string(row, 0, CONTROL.sub("", key), label)
        if isinstance(value, str):
            sheet.write_string(row, 1, CONTROL.sub("", value), wrap)
            sheet.set_row(row, LINE_HEIGHT * _lines(value, 108) + 4)
        else:
            sheet.write_number(row, 1, float(value), wrap)
    sheet.set_landscape()
    sheet.set_paper(A3)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&C{page}")

