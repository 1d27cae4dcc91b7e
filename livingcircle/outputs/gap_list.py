"""`gaps.xlsx`: the gap list as a workbook in the study's language, with a sheet of notes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from livingcircle import __version__
from livingcircle.analysis import Result
from livingcircle.layers import GAPS
from livingcircle.messages import text, words

FORMATS = {
    "people": "#,##0", "land_ha": "0.00", "walk_m": "#,##0", "walk_min": "0.0", "limit_m": "#,##0", "limit_min": "0",
    "excess_m": "#,##0", "straight_m": "#,##0", "detour": "0.0", "closes_in": "0", "rank": "0",
}
WIDTHS = {"category": 24, "cause": 34, "remedy": 30, "nearest_facility": 26, "clause": 34, "unit": 14, "residence_id": 14}
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write(result: Result, path: Path) -> None:
    """Write the workbook: headings in the study's language, frozen header, filters, number formats, text typed as text."""
    language = result.settings.language
    book = Workbook()
    sheet = book.active
    sheet.title = text(language, "sheet.gaps")
    columns = [*GAPS.columns, "flag", "evidence"]
    sheet.append([text(language, f"table.{column}") for column in columns])
    for values in in_words(result)[columns].itertuples(index=False):
        sheet.append([_cell(value) for value in values])
    _dress(sheet, columns)
    notes = book.create_sheet(text(language, "sheet.notes"))
    for name, value in _notes(result):
        notes.append([_cell(name), _cell(value)])
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 24, 100
    for (cell,) in notes.iter_rows(min_col=2, max_col=2):
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    book.save(path)


def in_words(result: Result) -> pd.DataFrame:
    """The gap list with every code replaced by the study language's word; infinite numbers become that word too."""
    language, standard = result.settings.language, result.standard
    known = words(language)
    table = result.gaps.copy()
    table["category"] = [standard.categories[c].name.get(language) for c in table["category"]]
    table["level"] = [standard.levels[level].name.get(language) for level in table["level"]]
    for column in ("group", "cause", "remedy", "confidence", "flag"):
        table[column] = [known.get(f"{column}.{value}", value) for value in table[column]]
    apart = known["status.unreachable"]
    for column in ("walk_m", "walk_min", "excess_m", "straight_m", "detour"):
        table[column] = [apart if np.isinf(value) else value for value in table[column]]
    return table


def _cell(value: object) -> object:
    if isinstance(value, str):
        return CONTROL.sub("", value)
    if isinstance(value, float) and np.isnan(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _dress(sheet, columns: list[str]) -> None:
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    for number, column in enumerate(columns, start=1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = WIDTHS.get(column, 12)
        head = sheet[f"{letter}1"]
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6EE")
        head.alignment = Alignment(wrap_text=True, vertical="center")
        for (cell,) in sheet.iter_rows(min_row=2, min_col=number, max_col=number):
            if isinstance(cell.value, str):
                # A name such as =1+1 stays a name.
                cell.data_type = "s"
                cell.alignment = Alignment(horizontal="right") if column in FORMATS else Alignment()
            elif column in FORMATS:
                cell.number_format = FORMATS[column]


def _notes(result: Result) -> list[tuple[str, object]]:
    settings, language = result.settings, result.settings.language
    known = words(language)
    return [
        (known["sheet.note_study"], settings.name.get(language) or settings.study_id),
        (known["sheet.note_remark"], settings.note.get(language, "")),
        (known["sheet.note_standard"], f"{result.standard.number} {result.standard.name.get(language)}"),
        (known["sheet.note_year"], settings.year or known["summary.no_year"]),
        (known["sheet.note_rule"], known[f"rule.{settings.rule}"]),
        (known["sheet.note_speed"], settings.speed_kmh),
        (known["sheet.note_snap"], settings.snap_limit_m),
        (known["sheet.note_crs"], result.network.crs.name),
        ("", known["sheet.note_people"]),
        ("", known["sheet.note_unreachable"]),
        ("", known["sheet.note_marks"]),
        (known["sheet.note_version"], f"livingcircle {__version__}"),
        *(("", warning) for warning in result.warnings),
    ]
