"""`gaps.xlsx`: the gap list, coverage, indicators, facilities, capacity, equity and notes as a workbook in the study's language."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import xlsxwriter

from livingcircle.analysis import Result
from livingcircle.layers import Gaps
from livingcircle.messages import words
from livingcircle.outputs.gap_list import listed
from livingcircle.outputs.verification import Record
from livingcircle.outputs.workbook.capacity_sheets import equity_columns, load_columns, unit_columns
from livingcircle.outputs.workbook.coverage_sheet import coverage_columns, indicator_columns
from livingcircle.outputs.workbook.facility_sheet import facility_columns
from livingcircle.outputs.workbook.gap_sheet import closed_columns, gap_columns
from livingcircle.outputs.workbook.notes import notes
from livingcircle.outputs.workbook.programme_sheet import columns_of
from livingcircle.outputs.workbook.table import Book, add_notes, add_table
from livingcircle.programme import Programme

EPOCH = datetime(2000, 1, 1)
FONTS = {"zh": "宋体", "en": "Arial"}


def write(result: Result, path: Path, *, table: Gaps | None = None, record: Record | None = None, programme: Programme | None = None) -> None:
    """Write the workbook: headings in the study's language, frozen, with filters and number formats, text typed as text.

    `table` is the gap list handed out (`gap_list.listed`), by default without any verification; `record` what planners wrote into the
    last one, of which records of gaps that are gone get a sheet of their own. `programme` is that of near-term projects, where the study asks for one.
    """
    language = result.settings.language
    known, record = words(language, "gaps"), record or Record()
    table = listed(result, record) if table is None else table
    # A name such as =1+1 or a web address stays text, and a run writes the same bytes again.
    options = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONTS[language], "font_size": 10},
    }  # fmt: skip
    page = known["sheet.page"]
    with xlsxwriter.Workbook(path, options) as file:
        file.set_properties({"created": EPOCH})
        book = Book(file)
        add_table(book, known["sheet.gaps"], gap_columns(table, result), page=page)
        add_table(book, known["sheet.coverage"], coverage_columns(result), page=page)
        indicators = indicator_columns(result)
        if indicators:
            add_table(book, known["sheet.indicators"], indicators, page=page)
        else:
            add_notes(book, known["sheet.indicators"], [("", known["sheet.no_indicators"])], page=page)
        add_table(book, known["sheet.facilities"], facility_columns(result), page=page)
        own = words(language, "capacity")
        for sheet, columns in (("units", unit_columns(result)), ("loads", load_columns(result)), ("equity", equity_columns(result))):
            if columns:
                add_table(book, own[f"sheet.{sheet}"], columns, page=page)
        gone = record.gone(table["gap_id"])
        if gone:
            add_table(book, known["sheet.closed"], closed_columns(record, gone, language=language), page=page)
        if programme is not None:
            near = words(language, "programme")
            add_table(book, near["sheet.chosen"], columns_of(programme, language=language), page=page, empty=near["sheet.none"])
        add_notes(book, known["sheet.notes"], notes(result), page=page)
    for sheet in file.worksheets():
        # Sheets and their workbook hold on to each other: without this half a million cells stay in memory.
        getattr(sheet, "table", {}).clear()
