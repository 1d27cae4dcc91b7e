"""`compare.xlsx`: states of a study side by side as a workbook in its language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from livingcircle.comparison import Comparison, State
from livingcircle.comparison.homes import ARRIVING, MOVES
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.messages import words
from livingcircle.outputs.compare_words import overview, standards_of
from livingcircle.outputs.walking_words import group_name
from livingcircle.outputs.workbook import EPOCH, FONTS
from livingcircle.outputs.workbook.table import Book, Column, add_notes, add_table

SHARE, COUNT, POINTS = "0.0%", "#,##0", "+0.0;-0.0;0.0"
STATES = {"before": (16, None), "after": (16, None)}
KIND = {"theme": (12, None), "category": (18, None), "level": (13, None), "group": (9, None), "flag": (11, None)}
MOVED = {
    "land_share_before": (10, SHARE), "land_share_after": (10, SHARE), "land_share_points": (14, POINTS), "land_gained_ha": (10, "#,##0.00"),
    "land_lost_ha": (10, "#,##0.00"), "people_share_before": (10, SHARE), "people_share_after": (10, SHARE), "people_share_points": (14, POINTS),
    "people_gained": (10, COUNT), "people_lost": (10, COUNT), "people_arrived": (10, COUNT), "people_arrived_covered": (10, COUNT),
    "people_left": (10, COUNT),
}  # fmt: skip
COVERAGE = {
    **STATES, **KIND, "limit_before": (11, None), "limit_after": (11, None), "facilities_before": (9, "0"), "facilities_after": (9, "0"), **MOVED,
    "closed": (8, "0"), "opened": (8, "0"), "moved": (8, "0"),
}  # fmt: skip
UNITS = {**STATES, "unit": (15, None), **{key: KIND[key] for key in ("category", "level", "group")}, "facilities_before": (9, "0"), "facilities_after": (9, "0"), **MOVED}
GAPS = {
    **STATES, "change": (12, None), "gap_id": (13, None), "unit": (13, None), "home": (18, None), **{key: KIND[key] for key in ("category", "level", "group", "flag")},
    "people_before": (10, COUNT), "people_after": (10, COUNT), "land_ha_before": (10, "0.00"), "land_ha_after": (10, "0.00"),
    "walk_m_before": (10, "#,##0.0"), "walk_m_after": (10, "#,##0.0"), "nearest_facility_before": (18, None), "nearest_facility_after": (18, None),
    "cause_before": (11, None), "cause_after": (11, None),
}  # fmt: skip
INDICATORS = {
    **STATES, "system": (18, None), "id": (10, None), "name": (40, None), "area": (14, None), "value_before": (11, "#,##0.00"),
    "value_after": (11, "#,##0.00"), "difference": (11, "+#,##0.00;-#,##0.00;0"), "unit_of": (10, None), "target": (9, "#,##0.##"),
    "meets_before": (9, None), "meets_after": (9, None),
}  # fmt: skip
EVEN = ("share_beyond", "mean_reached", "p50", "p90", "worst_mean", "gini", "palma", "theil", "concentration", "fgt1", "fgt2")
NUMBERS = {"share_beyond": (SHARE, "+0.0%;-0.0%;0.0%"), **{key: ("#,##0", "+#,##0;-#,##0;0") for key in ("mean_reached", "p50", "p90", "worst_mean")}}
EQUITY = {
    **STATES, **{key: KIND[key] for key in ("category", "level", "group")},
    **{f"{key}_{side}": (11, NUMBERS.get(key, ("0.000", "+0.000;-0.000;0.000"))[side == "change"]) for key in EVEN for side in ("before", "after", "change")},
}  # fmt: skip
# Left out where no row tells anything.
IF_ANY = ("people_arrived", "people_arrived_covered", "people_left", "land_lost_ha", "people_lost", "opened")


def write(states: Sequence[State], comparisons: Sequence[Comparison], path: Path, *, language: str) -> None:
    """Write the workbook: overview, coverage of the whole area, changes of gaps, coverage by unit, completeness and indicators, and equity."""
    known, own = words(language, "compare"), words(language, "gaps")
    options = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONTS[language], "font_size": 10},
    }  # fmt: skip
    told = _Words(language, {**own, **known})
    parts = {"coverage": (_coverage, COVERAGE), "gaps": (_gaps, GAPS), "units": (_units, UNITS), "indicators": (_indicators, INDICATORS), "equity": (_equity, EQUITY)}
    with xlsxwriter.Workbook(path, options) as file:
        file.set_properties({"created": EPOCH})
        book = Book(file)
        add_notes(book, known["sheet.overview"], overview(states, comparisons, language=language), page=known["sheet.page"])
        for sheet, (rows, columns) in parts.items():
            table = _every(comparisons, rows, columns, told)
            shown = {key: form for key, form in columns.items() if key not in IF_ANY or not _bare(table[key])}
            cells = [Column(_heading(key, told), table[key], *form) for key, form in shown.items()]
            add_table(book, known[f"sheet.{sheet}"], cells, page=known["sheet.page"], empty=known.get(f"sheet.no_{sheet}", ""))


def _heading(key: str, told: _Words) -> str:
    """The heading of a column; those of equity are put together of the measure and what it is told of."""
    known, own = words(told.language, "compare"), words(told.language, "capacity")
    measure, _, side = key.rpartition("_")
    if measure in EVEN:
        return known[f"column.of_{side}"].format(measure=own[f"column.{measure}"])
    return known[f"column.{key}"]


def _equity(comparison: Comparison, told: _Words) -> pd.DataFrame:
    """The whole area, wherever any of the measures shown changes."""
    table = comparison.equity
    if not len(table):
        return told.kinds(table.reindex(columns=[key for key in EQUITY if key not in STATES]), comparison)
    changes = table[[f"{key}_change" for key in EVEN]].round(6)
    own = table[(table["area"] == WHOLE_AREA) & (changes.notna() & (changes != 0)).any(axis=1)].reset_index(drop=True)
    infinite = own[[f"{key}_{side}" for key in EVEN for side in ("before", "after", "change")]].isin([np.inf, -np.inf])
    # A spreadsheet holds no infinite number.
    return told.kinds(own.assign(**{key: own[key].mask(infinite[key]) for key in infinite}), comparison)


def _bare(values: pd.Series) -> bool:
    return bool((values.fillna(0).astype(float) == 0).all())


class _Words:
    """The words of a language for the codes of tables."""

    def __init__(self, language: str, known: dict[str, str]) -> None:
        self.language, self.known, self.program = language, known, words(language)

    def kinds(self, table: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
        standard = comparison.after.result.standard
        of = [standard.categories[category] for category in table["category"]]
        flags = {(category, r.level): r.flag for category, r in standard.requirements()}
        flag = [flags.get(pair, "") for pair in zip(table["category"], table["level"], strict=True)]
        return table.assign(
            theme=[standard.themes[c.theme].name.get(self.language) for c in of],
            category=[c.name.get(self.language) for c in of],
            level=[standard.levels[level].name.get(self.language) for level in table["level"]],
            group=[group_name(group, self.language) for group in table["group"]],
            flag=[self.program.get(f"flag.{one}", one) for one in flag],
        )

    def areas(self, names: pd.Series) -> list[str]:
        told = {WHOLE_AREA: self.known["whole_area"], OUTSIDE: self.known["outside_units"], "": self.known["outside_units"]}
        return [told.get(name, name) for name in names]


def _every(comparisons: Sequence[Comparison], rows: Callable, columns: dict, told: _Words) -> pd.DataFrame:
    """The rows of all comparisons under each other; text where there is none is empty."""
    parts = []
    for comparison in comparisons:
        part = rows(comparison, told)
        names = {side: getattr(comparison, side).name[told.language] for side in ("before", "after")}
        parts.append(part.assign(**names)[list(columns)])
    table = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0].reset_index(drop=True)
    texts = [key for key, (_, number) in columns.items() if number is None]
    return table.assign(**{key: table[key].astype(object).where(table[key].notna(), "") for key in texts})


def _coverage(comparison: Comparison, told: _Words) -> pd.DataFrame:
    table = comparison.coverage[comparison.coverage["unit"] == WHOLE_AREA]
    keys = ["category", "level", "group"]
    counts = comparison.gaps.groupby([*keys, "change"]).size().unstack("change", fill_value=0)
    counts = counts.reindex(pd.MultiIndex.from_frame(table[keys]), fill_value=0)
    changed = {change: counts[change].to_numpy() if change in counts else np.zeros(len(table), dtype=int) for change in ("closed", "opened", "moved")}
    limits = {f"limit_{side}": _limits(table, comparison, side, told) for side in ("before", "after")}
    return told.kinds(table.assign(**changed, **limits), comparison)


def _limits(table: pd.DataFrame, comparison: Comparison, side: str, told: _Words) -> list[str]:
    rule = getattr(comparison, side).result.settings.rule
    column, word = ("limit_m", "part.limit_m") if rule == "distance" else ("limit_min", "part.limit_min")
    return [told.known[word].format(limit=f"{value:,g}") for value in table[f"{column}_{side}"]]


def _units(comparison: Comparison, told: _Words) -> pd.DataFrame:
    """Only what changes: most units are the same in most categories."""
    table = comparison.coverage[comparison.coverage["unit"] != WHOLE_AREA]
    changes = (table["land_covered_ha_before"] != table["land_covered_ha_after"]) | (table["facilities_before"] != table["facilities_after"])
    table = table[changes | (table[[*MOVES, *ARRIVING]] > 0).any(axis=1)]
    return told.kinds(table, comparison).assign(unit=told.areas(table["unit"]))


def _gaps(comparison: Comparison, told: _Words) -> pd.DataFrame:
    table = comparison.gaps
    out = told.kinds(table, comparison).assign(
        change=[told.known[f"gap.{change}"] for change in table["change"]],
        unit=told.areas(table["unit"]),
        home=[name or id for name, id in zip(table["name"], table["residence_id"], strict=True)],
    )
    lost = told.program["status.unreachable"]
    for side in ("before", "after"):
        out[f"cause_{side}"] = [told.known.get(f"cause.{cause}", "") for cause in table[f"cause_{side}"]]
        walks = np.ceil(table[f"walk_m_{side}"] * 10 - 1e-6) / 10
        out[f"walk_m_{side}"] = pd.Series([lost if np.isinf(walk) else walk for walk in walks], index=table.index, dtype=object)
    return out


def _indicators(comparison: Comparison, told: _Words) -> pd.DataFrame:
    """Completeness first, then the indicators of every standard asked."""
    known, table = told.known, comparison.indicators
    systems = standards_of(comparison)
    met = {True: known["indicator.meets"], False: known["indicator.fails"]}
    official = pd.DataFrame(
        {
            "system": [systems[id].name.get(told.language) if id in systems else id for id in table["system"]],
            "id": table["id"], "name": table["name"], "area": told.areas(table["area"]),
            **{key: pd.to_numeric(table[key], errors="coerce").astype(float) for key in ("value_before", "value_after", "difference", "target")},
            "unit_of": table["unit"],
            **{key: [met[bool(value)] if isinstance(value, bool | np.bool_) else "" for value in table[key]] for key in ("meets_before", "meets_after")},
        }
    )  # fmt: skip
    return pd.concat([_circles(comparison, told), official.dropna(subset=["value_before", "value_after"], how="all")], ignore_index=True)


def _circles(comparison: Comparison, told: _Words) -> pd.DataFrame:
    known, table = told.known, comparison.completeness
    levels = comparison.after.result.standard.levels
    parts = []
    for measure, word, unit, scale in (
        ("land_all_share", "land_all", "percent", 100), ("people_all_share", "people_all", "percent", 100), ("lacking_mean", "lacking", "elements", 1),
    ):  # fmt: skip
        named = zip(table["level"], table["group"], strict=True)
        names = [known[f"indicator.{word}"].format(level=levels[level].name.get(told.language), group=group_name(group, told.language)) for level, group in named]
        sides = {f"value_{side}": table[f"{measure}_{side}"] * scale for side in ("before", "after")}
        part = pd.DataFrame({"name": names, "area": told.areas(table["area"]), **sides, "difference": sides["value_after"] - sides["value_before"]})
        parts.append(part.assign(system=known["indicator.own"], id="", unit_of=known[f"indicator.{unit}"], target=np.nan, meets_before="", meets_after=""))
    return pd.concat(parts, ignore_index=True)
