"""The official indicator tables: every indicator of every system, for every area and year, with what it was worked out from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from livingcircle.indicators.formulas import FORMULAS, lacking
from livingcircle.indicators.town import STRAIGHT, TIMED, WALKED, Target, Town, Worked, all_targets, targets_of
from livingcircle.messages import words
from livingcircle.quotas import COMPUTED, MISSING, ROUNDING, serving
from livingcircle.standards import Indicator, Standard

__all__ = ["STRAIGHT", "TIMED", "WALKED", "FORMULAS", "Target", "Town", "Worked", "all_targets", "indicators", "targets_of"]

COLUMNS = (
    "system", "id", "name", "value", "unit", "numerator", "denominator", "definition", "clause", "evidence", "area", "area_kind", "year",
    "value_radius", "value_time", "status", "missing", "unknown", "target", "meets", "measure",
)  # fmt: skip


def indicators(systems: Sequence[Standard], town: Town, *, language: str) -> pd.DataFrame:
    """A row per system x indicator x area x year; one that cannot be worked out keeps its row.

    `value` is by the deciding rule (by straight line where the indicator's `measure` is `radius`), `value_radius` the same by
    straight line and `value_time` by the time rule, NaN where that makes no sense. Land is in hectares above and below the line. `status`
    is `computed` or `missing_input`; `missing` names the inputs (joined by `;`), `unknown` counts facilities whose size or capacity is
    not told. `year` is missing where the study states none. `meets` compares with `target`, where there are both.
    """
    parts = [
        _rows(indicator, system, town, year, language)
        for system in systems
        for indicator in system.indicators.values()
        for year in town.opened
    ]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def unmet(indicator: Indicator, town: Town) -> tuple[str, ...]:
    """Inputs that an indicator needs beyond homes, people and facilities, and that the town does not have."""
    held = {
        "units": bool(town.areas.units),
        "area": town.shapes()[0] is not None if "area" in indicator.needs else False,
        "built_land": town.built_land is not None and len(town.built_land) > 0,
        "capacity": _capacities(indicator, town),
        "streets": town.streets is not None,
        **{column: True for column in town.samples.columns if column == "dwellings" or column.startswith("people")},
    }
    return tuple(word for word in indicator.needs if not held.get(word))


def _capacities(indicator: Indicator, town: Town) -> bool:
    """Whether any facility counted tells its capacity."""
    own = serving(town.facilities, indicator.categories)
    return bool(town.facilities["capacity"].to_numpy()[own].size and town.facilities["capacity"][own].notna().any())


def _rows(indicator: Indicator, system: Standard, town: Town, year: int | None, language: str) -> pd.DataFrame:
    wanting = unmet(indicator, town)
    worked = lacking(town, *wanting) if wanting else FORMULAS[indicator.formula](indicator, town, year)
    stands = np.array([not missing for missing in worked.missing], dtype=bool)
    value = np.where(stands, worked.value, np.nan)
    target = np.nan if indicator.target is None else indicator.target
    return town.areas.table().assign(
        system=system.id,
        id=indicator.id,
        name=indicator.name.get(language),
        value=value,
        unit=indicator.unit.get(language),
        numerator=worked.numerator,
        denominator=worked.denominator,
        definition=_definition(indicator, language),
        clause=indicator.clause,
        evidence=indicator.evidence,
        year=pd.array([pd.NA if year is None else year] * len(value), dtype="Int64"),
        value_radius=np.where(stands, worked.radius, np.nan),
        value_time=np.where(stands, worked.time, np.nan),
        status=np.where(stands, COMPUTED, MISSING),
        missing=[";".join(dict.fromkeys([*missing, *worked.noted])) for missing in worked.missing],
        unknown=worked.unknown,
        target=target,
        meets=[_meets(one, target, indicator.better) for one in value],
        measure=indicator.measure,
    )


def _definition(indicator: Indicator, language: str) -> str:
    """The indicator's definition, and after it how this program reads a formula that leaves that open."""
    told = indicator.definition.get(language)
    added = words(language, "indicators").get(f"reading.{indicator.formula}")
    return f"{told} {added}" if added else told


def _meets(value: float, target: float, better: str) -> bool | None:
    if np.isnan(value) or np.isnan(target):
        return None
    return bool(value >= target - ROUNDING if better == "higher" else value <= target + ROUNDING)
