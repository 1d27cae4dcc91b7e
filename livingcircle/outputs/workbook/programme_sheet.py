"""The sheets of a programme: its measures in columns, for its own workbook and for that of the gap list."""

from __future__ import annotations

import pandas as pd

from livingcircle.messages import words
from livingcircle.outputs.programme_words import rows_of
from livingcircle.outputs.workbook.table import Column
from livingcircle.programme import Programme

COUNT, MONEY = "#,##0", "#,##0.0"
CHOSEN = {
    "turn": (6, "0"), "what": (10, None), "title": (36, None), "unit": (14, None), "cost": (11, MONEY), "cost_joint": (12, MONEY), "people": (12, COUNT), "people_joint": (12, COUNT),
    "people_distinct": (12, COUNT), "people_alone": (12, COUNT), "land_ha": (11, "0.00"), "places_filled": (10, COUNT), "gaps_closed": (9, COUNT), "serves_words": (40, None),
    "year": (8, "0"), "clause": (26, None), "evidence": (9, None),
}  # fmt: skip
OTHERS = {"what": (10, None), "title": (36, None), "unit": (14, None), "cost": (11, MONEY), "people_alone": (14, COUNT)}


def columns_of(told: Programme, *, language: str) -> list[Column]:
    """The columns of the sheet of measures chosen, in their turn."""
    return _columns(rows_of(told, language=language), CHOSEN, told, language)


def others_of(told: Programme, *, language: str) -> list[Column]:
    """The columns of the sheet of measures that are not chosen, the best of them first."""
    return _columns(rows_of(told, language=language, others=True), OTHERS, told, language)


def _columns(rows: list[dict], forms: dict[str, tuple[float, str | None]], told: Programme, language: str) -> list[Column]:
    known = words(language, "programme")
    unit = told.terms.cost_unit if told.terms.costs.told else known["measures"]
    heads = {key: known[f"column.{key}"].format(unit=unit) for key in forms}
    return [Column(heads[key], pd.Series([_cell(row[key]) for row in rows], dtype=object), *form) for key, form in forms.items()]


def _cell(value: object) -> object:
    """What a cell shows: nothing for what is not told."""
    return None if value is None or value != value else value
