"""The official indicator tables: every indicator of every system, for every area and year, with what it was worked out from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from livingcircle.indicators.formulas import FORMULAS, lacking
from livingcircle.indicators.town import STRAIGHT, TIMED, WALKED, Target, Town, Worked, all_targets, targets_of
from livingcircle.messages import words
from livingcircle.quotas import COMPUTED, MISSING, ROUNDING, serving
from livingcircle.reuse import Known, again
from livingcircle.standards import Indicator, Standard

__all__ = ["STRAIGHT", "TIMED", "WALKED", "FORMULAS", "Target", "Town", "Worked", "all_targets", "indicators", "targets_of"]

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
    # Of the standard that is judged, quotas alone count here.
    quotas = {key: one.model_copy(update={"requirements": ()}) for key, one in town.standard.categories.items()}
    town = replace(town, standard=town.standard.model_copy(update={"categories": quotas, "indicators": {}, "origins": {}}))
    parts = [
        part
        for system in systems
        for indicator in system.indicators.values()
        for part in again(known, _years, indicator, system.id, _cut(indicator, town), language)
    ]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    # Joined as plain columns: a table of its own for every indicator and year would take longer than working them out.
    told = {column: [value for part in parts for value in part[column]] for column in COLUMNS}
    told["year"] = pd.array(told["year"], dtype="Int64")
    return pd.DataFrame(told)


def _cut(indicator: Indicator, town: Town) -> Town:
    """The town as far as the indicator may look: the facilities that it counts, their entrances, and who is within reach of its targets."""
    targets = {target for target in targets_of(indicator).values()}
    own = np.flatnonzero(serving(town.facilities, tuple({c for target in targets for c in target.categories} | set(indicator.categories))))
    facilities = town.facilities.iloc[own].reset_index(drop=True)
    doors = town.entrances[town.entrances["facility_id"].isin(set(facilities["facility_id"]))].reset_index(drop=True)
    return replace(
        town,
        facilities=facilities,
        places=town.places[own],
        entrances=doors,
        opened={year: there[own] for year, there in town.opened.items()},
        within={key: masks for key, masks in town.within.items() if key[0] in targets},
    )


def _years(indicator: Indicator, system: str, town: Town, language: str) -> list[Mapping[str, Sequence]]:
    """The columns of an indicator for every year; years in which the same of it is open and the same homes are lived in share the work."""
    counted = {c for target in targets_of(indicator).values() for c in target.categories} | set(indicator.categories)
    own = serving(town.facilities, tuple(counted))
    known: dict[tuple[bytes, bytes], Mapping[str, Sequence]] = {}
    out = []
    for year in town.opened:
        key = (town.opened[year] & own).tobytes(), town.lived[year].tobytes()
        if key not in known:
            known[key] = _columns(indicator, system, town, year, language)
        out.append({**known[key], "year": [pd.NA if year is None else year] * len(town.areas.name)})
    return out


def unmet(indicator: Indicator, town: Town) -> tuple[str, ...]:
    """Inputs that an indicator needs beyond homes, people and facilities, and that the town does not have."""
    held = {
        "units": lambda: bool(town.areas.units),
        "area": lambda: town.shapes()[0] is not None,
        "built_land": lambda: town.built_land is not None and len(town.built_land) > 0,
        "capacity": lambda: _capacities(indicator, town),
        "streets": lambda: town.streets is not None,
    }
    columns = {column for column in town.samples.columns if column == "dwellings" or column.startswith("people")}
    return tuple(word for word in indicator.needs if word not in columns and not (word in held and held[word]()))


def _capacities(indicator: Indicator, town: Town) -> bool:
    """Whether any facility counted tells its capacity."""
    own = serving(town.facilities, indicator.categories)
    return bool(town.facilities["capacity"].to_numpy()[own].size and town.facilities["capacity"][own].notna().any())


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
