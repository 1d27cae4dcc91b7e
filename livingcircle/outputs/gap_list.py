"""`gaps.xlsx`: the gap list as a workbook in the study's language, with a sheet of notes."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from livingcircle import __version__
from livingcircle.analysis import Result
from livingcircle.layers import GAPS
from livingcircle.messages import text, words
from livingcircle.outputs.tables import UP
from livingcircle.outputs.walking_words import group_name, walking_words

FORMATS = {
    "people": "#,##0", "land_ha": "0.00", "walk_m": "#,##0.0", "walk_min": "0.00", "limit_m": "#,##0", "limit_min": "0",
    "people_low": "#,##0", "people_high": "#,##0", "uncertain_share": "0%", "excess_m": "#,##0.0", "from_leg_m": "#,##0.0", "straight_m": "#,##0", "detour": "0.0", "closes_in": "0", "rank": "0",
}
WIDTHS = {"category": 24, "cause": 34, "remedy": 30, "nearest_facility": 26, "clause": 34, "unit": 14, "residence_id": 14, "name": 18}
EPOCH = datetime(2000, 1, 1)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write(result: Result, path: Path) -> None:
    """Write the workbook: headings in the study's language, frozen header, filters, number formats, text typed as text."""
    language = result.settings.language
    # Speed and costs are those of a whole group; the sheet of notes tells them once.
    columns = [column for column in (*GAPS.columns, "flag", "evidence") if column not in ("speed_kmh", "costs")]
    columns.insert(columns.index("residence_id") + 1, "name")
    # A name such as =1+1 or a web address stays text, and a run writes the same bytes again.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": EPOCH})
        head = book.add_format({"bold": True, "bg_color": "#DDE6EE", "text_wrap": True, "valign": "vcenter"})
        sheet = book.add_worksheet(text(language, "sheet.gaps"))
        formats = {c: book.add_format({"num_format": f, "align": "right"}) for c, f in FORMATS.items()}
        for number, column in enumerate(columns):
            sheet.set_column(number, number, WIDTHS.get(column, 12), formats.get(column))
            sheet.write_string(0, number, text(language, f"table.{column}"), head)
        table = in_words(result)[columns]
        for number, column in enumerate(columns):
            _fill(sheet, number, table[column])
        # Two lines of heading: a spreadsheet does not grow the row of a file that it did not make.
        sheet.set_row(0, 32)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(table), 1), len(columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(8)
        # On paper the columns up to the clause; more would print too small to read.
        sheet.print_area(0, 0, max(len(table), 1), columns.index("clause"))
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer("&C&P / &N")
        _write_notes(book, result)


def _fill(sheet: xlsxwriter.worksheet.Worksheet, column: int, values: pd.Series) -> None:
    """Write a column below its heading: numbers at once, words one by one."""
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(dtype=float).round(4)
        for row in np.flatnonzero(~np.isnan(numbers)).tolist():
            sheet.write_number(row + 1, column, numbers[row])
        return
    for row, value in enumerate(values, start=1):
        _put(sheet, row, column, value)


def _put(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: object) -> None:
    if isinstance(value, str):
        sheet.write_string(row, column, CONTROL.sub("", value))
    elif value is not None and not pd.isna(value):
        sheet.write_number(row, column, round(float(value), 4))


def _write_notes(book: xlsxwriter.Workbook, result: Result) -> None:
    sheet = book.add_worksheet(text(result.settings.language, "sheet.notes"))
    wrap = book.add_format({"text_wrap": True, "valign": "top", "align": "left"})
    sheet.set_column(0, 0, 24, wrap)
    sheet.set_column(1, 1, 100, wrap)
    for row, (name, value) in enumerate(_notes(result)):
        _put(sheet, row, 0, name)
        _put(sheet, row, 1, value)


def in_words(result: Result) -> pd.DataFrame:
    """The gap list with every code replaced by the study language's word; infinite numbers become that word too."""
    language, standard = result.settings.language, result.standard
    known = words(language)
    table = result.gaps.copy()
    table["category"] = [standard.categories[c].name.get(language) for c in table["category"]]
    table["level"] = [standard.levels[level].name.get(language) for level in table["level"]]
    table["group"] = [group_name(group, language) for group in table["group"]]
    for column in ("cause", "remedy", "confidence", "flag", "robustness"):
        table[column] = [known.get(f"{column}.{value}", value) for value in table[column]]
    table["fragile_to"] = [
        "; ".join(known.get(f"change.{change}", change) for change in told.split(";") if change) for told in table["fragile_to"]
    ]
    apart = [
        known["status.not_found" if cause == "not_found" else f"status.{status}"]
        for cause, status in zip(result.gaps["cause"], result.gaps["status"], strict=True)
    ]
    for column in UP:
        table[column] = np.ceil(table[column] * 10 - 1e-6) / 10
    for column in ("walk_m", "walk_min", "excess_m", "straight_m", "detour", "from_leg_m"):
        table[column] = [
            word if np.isinf(value) else value for word, value in zip(apart, table[column], strict=True)
        ]
    return table


def _notes(result: Result) -> list[tuple[str, object]]:
    settings, language = result.settings, result.settings.language
    known = words(language)
    return [
        (known["sheet.note_study"], settings.name.get(language) or settings.study_id),
        (known["sheet.note_remark"], settings.note.get(language, "")),
        (known["sheet.note_standard"], f"{result.standard.number} {result.standard.name.get(language)}"),
        (known["sheet.note_year"], settings.year or known["summary.no_year"]),
        (known["sheet.note_rule"], known[f"rule.{settings.rule}"]),
        (known["sheet.note_speed"], _speeds(result)),
        (known["sheet.note_snap"], settings.snap_limit_m),
        (known["sheet.note_crs"], result.network.crs.name),
        ("", known["sheet.note_people"]),
        ("", known["sheet.note_unreachable"]),
        ("", known["sheet.note_robust"]),
        ("", _areas_checked(result)),
        ("", known["sheet.note_marks"]),
        (known["sheet.note_version"], f"livingcircle {__version__}"),
        *(("", warning) for warning in result.warnings),
    ]


def _areas_checked(result: Result) -> str:
    areas = result.isochrones
    if not len(areas):
        return ""
    told = {"count": len(areas), "checked": int(areas["checked"].max()), "worst": float(areas["agreement"].min())}
    return text(result.settings.language, "sheet.note_areas", **told, far=float(areas["largest_m"].max()))


def _speeds(result: Result) -> str:
    return words(result.settings.language)["walker.apart"].join(walking_words(result.settings))
