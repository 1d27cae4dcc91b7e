"""`programme.xlsx`: the programme of near-term projects as a workbook in the study's language."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import xlsxwriter

from livingcircle.messages import words
from livingcircle.outputs.programme_words import overview, rows_of
from livingcircle.outputs.workbook import EPOCH, FONTS
from livingcircle.outputs.workbook.table import Book, Column, add_notes, add_table
from livingcircle.programme import Programme

COUNT, MONEY = "#,##0", "#,##0.0"
CHOSEN = {
    "turn": (6, "0"), "what": (10, None), "title": (36, None), "unit": (14, None), "cost": (11, MONEY), "cost_joint": (12, MONEY), "people": (12, COUNT), "people_joint": (12, COUNT),
    "people_distinct": (12, COUNT), "people_alone": (12, COUNT), "land_ha": (11, "0.00"), "places_filled": (10, COUNT), "gaps_closed": (9, COUNT), "serves_words": (40, None),
    "year": (8, "0"), "clause": (26, None), "evidence": (9, None),
}  # fmt: skip
OTHERS = {"what": (10, None), "title": (36, None), "unit": (14, None), "cost": (11, MONEY), "people_alone": (14, COUNT)}


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
        add_table(book, known["sheet.others"], _columns(rows_of(told, language=language, others=True), OTHERS, told, language), page=known["sheet.page"], empty=known["sheet.no_others"])


def columns_of(told: Programme, *, language: str) -> list[Column]:
    """The columns of the sheet of measures chosen, in their turn."""
    return _columns(rows_of(told, language=language), CHOSEN, told, language)


def _columns(rows: list[dict], forms: dict[str, tuple[float, str | None]], told: Programme, language: str) -> list[Column]:
    known = words(language, "programme")
    unit = told.terms.cost_unit if told.terms.costs.told else known["measures"]
    heads = {key: known[f"column.{key}"].format(unit=unit) for key in forms}
    return [Column(heads[key], pd.Series([_cell(row[key]) for row in rows], dtype=object), *form) for key, form in forms.items()]


def _cell(value: object) -> object:
    """What a cell shows: nothing for what is not told."""
    return None if value is None or value != value else value
