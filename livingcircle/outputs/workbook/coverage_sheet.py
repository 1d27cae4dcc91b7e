"""The sheets of coverage and of the official indicators."""

from __future__ import annotations

import pandas as pd

from livingcircle.analysis import Result
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.messages import words
from livingcircle.outputs.walking_words import group_name
from livingcircle.outputs.workbook.table import Column

SHARE, COUNT = "0.0%", "#,##0"
COVERAGE = {
    "unit": (16, None), "theme": (13, None), "category": (20, None), "level": (14, None), "group": (10, None), "flag": (11, None),
    "limit_m": (9, COUNT), "limit_min": (10, "0.#"), "rule": (9, None), "land_all_ha": (11, "#,##0.00"), "land_covered_ha": (12, "#,##0.00"),
    "land_share": (11, SHARE), "people_all": (10, COUNT), "people_covered": (10, COUNT), "people_share": (10, SHARE),
    "land_share_radius": (12, SHARE), "people_share_radius": (12, SHARE), "facilities": (9, "0"), "people_uncertain_share": (11, SHARE),
    "clause": (24, None), "evidence": (7, None),
}  # fmt: skip
INDICATORS = {
    "system": (18, None), "id": (12, None), "name": (30, None), "area": (14, None), "year": (7, "0"), "value": (10, "#,##0.00"),
    "unit_of": (10, None), "target": (9, "#,##0.##"), "meets": (9, None), "numerator": (13, "#,##0.00"), "denominator": (13, "#,##0.00"),
    "value_radius": (11, "#,##0.00"), "value_time": (11, "#,##0.00"), "status_indicator": (10, None), "missing": (20, None),
    "definition": (44, None), "clause": (24, None), "evidence": (7, None),
}  # fmt: skip


def coverage_columns(result: Result) -> list[Column]:
    """The columns of `Result.coverage`, residential land first, as it is the official denominator."""
    language, standard = result.settings.language, result.standard
    known, program = words(language, "gaps"), words(language)
    table = result.coverage
    of = [standard.categories[category] for category in table["category"]]
    table = table.assign(
        unit=_areas(table["unit"], known),
        theme=[standard.themes[c.theme].name.get(language) for c in of],
        category=[c.name.get(language) for c in of],
        level=[standard.levels[level].name.get(language) for level in table["level"]],
        group=[group_name(group, language) for group in table["group"]],
        flag=[program.get(f"flag.{flag}", flag) for flag in table["flag"]],
        rule=[program[f"rule.{rule}"] for rule in table["rule"]],
        land_all_ha=table["land_ha"],
        people_all=table["people"],
    )
    shown = {key: form for key, form in COVERAGE.items() if key in table}
    return [Column(known[f"column.{key}"], table[key], *form) for key, form in shown.items()]


def indicator_columns(result: Result) -> list[Column]:
    """The columns of `Result.indicators`; none when the run worked out no indicator."""
    table = getattr(result, "indicators", None)
    if table is None or not len(table):
        return []
    language = result.settings.language
    known = words(language, "gaps")
    told = {True: known["word.meets"], False: known["word.fails"]}
    table = table.assign(
        area=_areas(table["area"], known),
        unit_of=table["unit"],
        meets=[told[bool(value)] if isinstance(value, bool) or hasattr(value, "dtype") else "" for value in table["meets"]],
        status_indicator=[known.get(f"word.{status}", status) for status in table["status"]],
    )
    shown = {key: form for key, form in INDICATORS.items() if key in table}
    return [Column(known[f"column.{key}"], table[key], *form) for key, form in shown.items()]


def _areas(names: pd.Series, known: dict) -> list[str]:
    told = {WHOLE_AREA: known["word.all"], OUTSIDE: known["word.outside"]}
    return [told.get(name, name) for name in names]
