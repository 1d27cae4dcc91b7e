"""The official indicator tables: every indicator of every system, for every area and year, with what it was worked out from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from livingcircle.indicators.formulas import FORMULAS, READS, lacking
from livingcircle.indicators.town import STRAIGHT, TIMED, WALKED, Places, Target, Town, Worked, all_targets, built_on, grounds, targets_of, weights_of
from livingcircle.messages import words
from livingcircle.quotas import COMPUTED, MISSING, ROUNDING
from livingcircle.reuse import Known, again
from livingcircle.standards import Indicator, Standard

__all__ = [
    "STRAIGHT", "TIMED", "WALKED", "FORMULAS", "Places", "Target", "Town", "Worked", "all_targets", "built_on", "grounds", "indicators", "targets_of",
    "weights_of",
]  # fmt: skip

COLUMNS = (
    "system", "id", "name", "value", "unit", "numerator", "denominator", "definition", "clause", "evidence", "area", "area_kind", "year",
    "value_radius", "value_time", "status", "missing", "unknown", "target", "meets", "measure",
)  # fmt: skip


def indicators(systems: Sequence[Standard], town: Town, *, language: str, known: Known | None = None) -> pd.DataFrame:
    """A row per system x indicator x area x year; one that cannot be worked out keeps its row.

    `value` is by the deciding rule (by straight line where the indicator's `measure` is `radius`), `value_radius` the same by
    straight line and `value_time` by the time rule, NaN where that makes no sense. Land is in hectares above and below the line. `status`
    is `computed` or `missing_input`; `missing` names the inputs (joined by `;`), `unknown` counts facilities whose size or capacity is
    not told. `year` is missing where the study states none. `meets` compares with `target`, where there are both.
    `known` holds what was worked out before.
    """
    rows_of: dict[str, list[int]] = {}
    for row, served in enumerate(town.places.categories):
        for category in served:
            rows_of.setdefault(category, []).append(row)
    parts = [
        part
        for system in systems
        for indicator in system.indicators.values()
        for part in again(known, _years, indicator, system.id, _cut(indicator, town, rows_of), language)
    ]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    # Joined as plain columns: a table of its own for every indicator and year would take longer than working them out.
    told = {column: [value for part in parts for value in part[column]] for column in COLUMNS}
    told["year"] = pd.array(told["year"], dtype="Int64")
    return pd.DataFrame(told)


def _cut(indicator: Indicator, town: Town, rows_of: Mapping[str, list[int]]) -> Town:
    """The town as far as the indicator may look: the facilities that it counts (`rows_of`), who is within reach of its targets, what its formula reads."""
    targets = {target for target in targets_of(indicator).values()}
    counted = {*indicator.categories, *(category for target in targets for category in target.categories)}
    own = np.array(sorted({row for category in counted for row in rows_of.get(category, ())}), dtype=int)
    told = {*READS.get(indicator.formula, ()), *indicator.needs}
    place = np.full(len(town.places.codes), -1)
    place[own] = np.arange(len(own))
    doors = place[town.doors[0]] if "doors" in told else np.zeros(0, dtype=int)
    return replace(
        town,
        places=town.places.rows(own),
        doors=(doors[doors >= 0], town.doors[1][: len(doors)][doors >= 0]),
        opened={year: there[own] for year, there in town.opened.items()},
        within={key: masks for key, masks in town.within.items() if key[0] in targets},
        sharing=town.sharing if "sharing" in told else {},
        streets=town.streets if "streets" in told else None,
        ground=town.ground if "area" in told else (None,),
        built=town.built if "built_land" in told else None,
    )


def _years(indicator: Indicator, system: str, town: Town, language: str) -> list[Mapping[str, Sequence]]:
    """The columns of an indicator for every year; years in which the same of it is open and the same homes are lived in share the work."""
    known: dict[tuple[bytes, bytes], Mapping[str, Sequence]] = {}
    out = []
    for year in town.opened:
        key = town.opened[year].tobytes(), town.lived[year].tobytes()
        if key not in known:
            known[key] = _columns(indicator, system, town, year, language)
        out.append({**known[key], "year": [pd.NA if year is None else year] * len(town.areas.name)})
    return out


def unmet(indicator: Indicator, town: Town) -> tuple[str, ...]:
    """Inputs that an indicator needs beyond homes, people and facilities, and that the town does not have."""
    held = {
        "units": lambda: bool(town.areas.units),
        "area": lambda: town.ground[0] is not None,
        "built_land": lambda: town.built is not None,
        "capacity": lambda: _capacities(indicator, town),
        "streets": lambda: town.streets is not None,
    }
    columns = {column for column in town.homes if column == "dwellings" or column.startswith("people")}
    return tuple(word for word in indicator.needs if word not in columns and not (word in held and held[word]()))


def _capacities(indicator: Indicator, town: Town) -> bool:
    """Whether any facility counted tells its capacity."""
    return not np.isnan(town.places.capacity[town.places.serving(indicator.categories)]).all()


def _columns(indicator: Indicator, system: str, town: Town, year: int | None, language: str) -> dict[str, Sequence]:
    wanting = unmet(indicator, town)
    worked = lacking(town, *wanting) if wanting else FORMULAS[indicator.formula](indicator, town, year)
    stands = np.array([not missing for missing in worked.missing], dtype=bool)
    value = np.where(stands, worked.value, np.nan)
    target = np.nan if indicator.target is None else indicator.target
    same = {
        "system": system,
        "id": indicator.id,
        "name": indicator.name.get(language),
        "unit": indicator.unit.get(language),
        "definition": _definition(indicator, language),
        "clause": indicator.clause,
        "evidence": indicator.evidence,
        "target": target,
        "measure": indicator.measure,
    }
    return {
        **{column: [told] * len(value) for column, told in same.items()},
        "area": town.areas.name,
        "area_kind": town.areas.kind,
        "value": value.tolist(),
        "numerator": np.asarray(worked.numerator).tolist(),
        "denominator": np.asarray(worked.denominator).tolist(),
        "value_radius": np.where(stands, worked.radius, np.nan).tolist(),
        "value_time": np.where(stands, worked.time, np.nan).tolist(),
        "status": np.where(stands, COMPUTED, MISSING).tolist(),
        "missing": [";".join(dict.fromkeys([*missing, *worked.noted])) for missing in worked.missing],
        "unknown": np.asarray(worked.unknown).tolist(),
        "meets": [_meets(one, target, indicator.better) for one in value],
    }


def _definition(indicator: Indicator, language: str) -> str:
    """The indicator's definition, and after it how this program reads a formula that leaves that open."""
    told = indicator.definition.get(language)
    added = words(language, "indicators").get(f"reading.{indicator.formula}")
    return f"{told} {added}" if added else told


def _meets(value: float, target: float, better: str) -> bool | None:
    if np.isnan(value) or np.isnan(target):
        return None
    return bool(value >= target - ROUNDING if better == "higher" else value <= target + ROUNDING)
