"""`timeline.xlsx`: coverage year by year as a workbook in the study's language."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.messages import words
from livingcircle.outputs.timeline_words import happenings, overview
from livingcircle.outputs.walking_words import group_name
from livingcircle.outputs.workbook import EPOCH, FONTS
from livingcircle.outputs.workbook.table import Book, Column, add_notes, add_table
from livingcircle.timeline import KEYS, Timeline

SHARE = "0.0%"
MEASURES = ("people_share", "land_share")
POINTS = "+0.0;-0.0;0.0"


def write(told: Timeline, path: Path, *, language: str) -> None:
    """Write the workbook: overview, what opens, and the shares of people and land covered, a column a year; whole area first, then units."""
    known = words(language, "timeline")
    options = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONTS[language], "font_size": 10},
    }  # fmt: skip
    with xlsxwriter.Workbook(path, options) as file:
        file.set_properties({"created": EPOCH})
        book = Book(file)
        page = known["sheet.page"]
        add_notes(book, known["sheet.overview"], overview(told, language=language), page=page)
        whole = told.table["unit"] == WHOLE_AREA
        for measure in MEASURES:
            add_table(book, known[f"sheet.{measure}"], _by_year(told, told.table[whole], measure, language), page=page)
        add_table(book, known["sheet.events"], _events(told, language), page=page, empty=known["sheet.no_events"])
        if not whole.all():
            for measure in MEASURES:
                columns = _by_year(told, told.table[~whole], measure, language)
                add_table(book, known[f"sheet.units_{measure}"], columns, page=page)


def _by_year(told: Timeline, table: pd.DataFrame, measure: str, language: str) -> list[Column]:
    """A row per unit x category x level x group, a column a year; the change from the first year to the last in points."""
    known, standard = words(language, "timeline"), told.standard
    keys = table[list(KEYS)].drop_duplicates(ignore_index=True)
    rows = pd.MultiIndex.from_frame(keys)
    by_year = {year: part.set_index(list(KEYS))[measure].reindex(rows).to_numpy(dtype=float) for year, part in table.groupby("year")}
    limits = table.drop_duplicates(list(KEYS))
    units = {WHOLE_AREA: known["whole_area"], OUTSIDE: known["outside_units"]}
    texts = {
        "unit": ([units.get(unit, unit) for unit in keys["unit"]], 15),
        "theme": ([standard.themes[standard.categories[c].theme].name.get(language) for c in keys["category"]], 12),
        "category": ([standard.categories[c].name.get(language) for c in keys["category"]], 18),
        "level": ([standard.levels[level].name.get(language) for level in keys["level"]], 14),
        "group": ([group_name(group, language) for group in keys["group"]], 10),
        "limit": (_limits(limits, known), 11),
    }
    columns = [Column(known[f"column.{key}"], pd.Series(values, dtype=object), width) for key, (values, width) in texts.items()]
    columns += [Column(known["column.year"].format(year=year), pd.Series(by_year[year]), 9, SHARE) for year in told.years]
    change = 100 * (by_year[told.years[-1]] - by_year[told.years[0]])
    return [*columns, Column(known["column.change"], pd.Series(change), 13, POINTS), Column(known["column.clause"], limits["clause"].reset_index(drop=True), 14)]


def _limits(table: pd.DataFrame, known: dict[str, str]) -> list[str]:
    by_time = (table["rule"] == "time").to_numpy()
    values = np.where(by_time, table["limit_min"], table["limit_m"])
    return [known["limit_min" if timed else "limit_m"].format(limit=f"{value:,g}") for timed, value in zip(by_time, values, strict=True)]


def _events(told: Timeline, language: str) -> list[Column]:
    known = words(language, "timeline")
    rows = happenings(told, language=language)
    forms = {"year": (8, "0"), "kind": (12, None), "name": (30, None), "unit": (15, None), "categories": (26, None), "capacity": (10, "#,##0"), "people": (11, "#,##0")}
    return [Column(known[f"column.{key}"], pd.Series([row[key] for row in rows], dtype=object), *form) for key, form in forms.items()]
