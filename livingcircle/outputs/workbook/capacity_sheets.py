"""The sheets of capacity: demand and supply by area, the load of facilities, and equity of walks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from livingcircle.analysis import Result
from livingcircle.areas import WHOLE
from livingcircle.messages import words
from livingcircle.outputs.walking_words import group_name
from livingcircle.outputs.workbook.table import Column

COUNT, METRES, SHARE, INDEX = "#,##0", "#,##0", "0.0%", "0.000"
UNITS = {
    "area": (16, None), "category": (18, None), "level": (13, None), "measure": (9, None), "of": (11, None), "limit_m": (9, COUNT), "limit_min": (9, "0.#"),
    "demand": (10, COUNT), "served": (10, COUNT), "served_share": (9, SHARE), "too_far": (11, COUNT), "full": (11, COUNT), "not_told": (12, COUNT),
    "short": (9, COUNT), "walk_m": (10, METRES), "facilities": (9, "0"), "capacity_known": (10, "0"), "supply": (11, COUNT), "clause": (26, None),
    "evidence": (7, None), "remark": (24, None),
}  # fmt: skip
LOADS = {
    "facility_name": (26, None), "category": (18, None), "level": (13, None), "measure": (9, None), "limit_m": (9, COUNT), "limit_min": (9, "0.#"),
    "capacity": (9, COUNT), "capacity_status": (12, None), "shared_with": (16, None), "demand_within": (10, COUNT), "load": (9, COUNT),
    "load_all": (10, COUNT), "left": (9, COUNT), "use": (9, SHARE), "people_served": (11, COUNT), "walk_m": (10, METRES), "facility_id": (24, None),
}  # fmt: skip
EQUITY = {
    "area": (16, None), "category": (18, None), "level": (13, None), "group": (11, None), "limit_m": (9, COUNT), "people": (10, COUNT),
    "share_beyond": (11, SHARE), "share_unreached": (10, SHARE), "mean_reached": (10, METRES), "p10": (10, METRES), "p50": (10, METRES), "p90": (10, METRES),
    "gini": (9, INDEX), "palma": (9, INDEX), "theil": (9, INDEX), "concentration": (9, INDEX), "fgt1": (10, INDEX), "fgt2": (10, INDEX),
    "worst_mean": (12, METRES), "worst_unreached": (11, SHARE), "worst_people": (11, COUNT),
}  # fmt: skip


def unit_columns(result: Result) -> list[Column]:
    """The columns of `Result.capacity.units`; none without rows."""
    table, known = result.capacity.units, _known(result)
    if not len(table):
        return []
    missing = words(result.settings.language, "indicators")
    table = _named(table, result, known).assign(
        served_share=(table["served"] / table["demand"]).astype(float).where(table["demand"].astype(float) > 0),
        of=[known.get(f"of.{of}") or group_name(of, result.settings.language) for of in table["of"]],
        remark=["; ".join(missing.get(f"missing.{word}", word) for word in told.split(";") if word) for told in table["missing"]],
    )
    return _columns(table, UNITS, known)


def load_columns(result: Result) -> list[Column]:
    """The columns of `Result.capacity.facilities`; none without rows."""
    table, known = result.capacity.facilities, _known(result)
    if not len(table):
        return []
    category, language = result.standard.categories, result.settings.language
    table = _named(table, result, known).assign(
        facility_name=table["name"],
        capacity_status=[known[f"status.{status}"] for status in table["status"]],
        shared_with=[known["part.join"].join(category[one].name.get(language) for one in told.split(";") if one) for told in table["shared_with"]],
    )
    return _columns(table, LOADS, known)


def equity_columns(result: Result) -> list[Column]:
    """The columns of `Result.equity`: every group in the whole area, and everybody in every area; none without rows."""
    table, known = result.equity, _known(result)
    if not len(table):
        return []
    table = table[(table["area"] == WHOLE) | (table["group"] == result.settings.groups[0].id)].reset_index(drop=True)
    names = {group: group_name(group, result.settings.language) for group in table["group"].unique()}
    table = _named(table, result, known).assign(group=table["group"].map(names))
    word = words(result.settings.language)["status.unreachable"]
    for column in ("p10", "p50", "p90", "worst_mean", "palma"):
        values = [word if np.isinf(value) else value for value in table[column]]
        table[column] = pd.Series(values, index=table.index, dtype=object) if word in values else table[column]
    return _columns(table, EQUITY, known)


def _known(result: Result) -> Mapping[str, str]:
    language = result.settings.language
    return {**words(language, "gaps"), **words(language, "capacity")}


def _named(table: pd.DataFrame, result: Result, known: Mapping[str, str]) -> pd.DataFrame:
    """The table with category, level, area and measure in words."""
    language, standard = result.settings.language, result.standard
    out = table.assign(
        category=[standard.categories[category].name.get(language) for category in table["category"]],
        level=[standard.levels[level].name.get(language) for level in table["level"]],
    )
    if "area" in table:
        out["area"] = [known["word.all"] if area == WHOLE else area for area in table["area"]]
    if "measure" in table:
        out["measure"] = [unit_word(*pair, known) for pair in zip(table["category"], table["measure"], strict=True)]
    return out


def unit_word(category: str, measure: str, known: Mapping[str, str]) -> str:
    """What is counted, in words; by category where it has a word of its own.

    >>> unit_word("edu_nursery", "places", words("zh", "capacity")), unit_word("edu_primary", "places", words("zh", "capacity"))
    ('托位', '学位')
    """
    return known.get(f"unit_of.{category}") or known[f"unit_of.{measure}"]


def _columns(table: pd.DataFrame, shown: Mapping[str, tuple], known: Mapping[str, str]) -> list[Column]:
    out = []
    for key, (width, number) in shown.items():
        values = table[key]
        if number is not None and values.dtype == object and not any(isinstance(value, str) for value in values):
            values = values.astype(float)
        out.append(Column(known[f"column.{key}"], values, width, number))
    return out
