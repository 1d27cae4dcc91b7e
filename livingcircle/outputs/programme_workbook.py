"""`programme.xlsx`: the programme of near-term projects as a workbook in the study's language."""

from __future__ import annotations

from pathlib import Path

import xlsxwriter

from livingcircle.messages import words
from livingcircle.outputs.workbook.programme_sheet import columns_of, others_of
from livingcircle.outputs.programme_words import overview
from livingcircle.outputs.workbook import EPOCH, FONTS
from livingcircle.outputs.workbook.table import Book, add_notes, add_table
from livingcircle.programme import Programme

def write(told: Programme, path: Path, *, language: str) -> None:
    """Write the workbook: overview, the measures chosen, and the best of those that are not."""
    known = words(language, "programme")
    options = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONTS[language], "font_size": 10},
    }  # fmt: skip
    with xlsxwriter.Workbook(path, options) as file:
        file.set_properties({"created": EPOCH})
        book = Book(file)
        add_notes(book, known["sheet.overview"], overview(told, language=language), page=known["sheet.page"])
        add_table(book, known["sheet.chosen"], columns_of(told, language=language), page=known["sheet.page"], empty=known["sheet.none"])
        add_table(book, known["sheet.others"], others_of(told, language=language), page=known["sheet.page"], empty=known["sheet.no_others"])
