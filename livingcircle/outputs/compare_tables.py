"""`compare.csv`: everything that states of a study differ in, as one tidy table for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from livingcircle.comparison import Comparison, residences_moved
from livingcircle.coverage import WHOLE_AREA
from livingcircle.equity import MEASURES
from livingcircle.outputs.tables import write_csv

COLUMNS = (
    "before", "after", "kind", "change", "unit", "residence_id", "category", "level", "group", "system", "id", "name", "measure",
    "value_before", "value_after", "difference", "gained", "lost", "arrived", "left", "status",
)  # fmt: skip
# Measures of each kind of row; the second tells by which columns homes gain, lose, arrive and leave.
COVERAGE = {
    "land_share": "", "people_share": "", "land_covered_ha": "land_{}_ha", "people_covered": "people_{}", "land_ha": "", "people": "",
    "facilities": "", "limit_m": "", "limit_min": "",
}  # fmt: skip
CIRCLES = ("land_all_share", "people_all_share", "lacking_mean")
EQUITY = tuple(name for name in (*MEASURES, "worst_people") if name != "people")
GAPS = ("people", "land_ha", "walk_m")
# Told only where it differs: a limit is no result.
ONLY_CHANGED = ("limit_m", "limit_min")
DECIMALS = {"walk_m": 1, "lon": 6, "lat": 6}


def write(comparisons: Sequence[Comparison], path: Path) -> None:
    """Write the table of all comparisons; shares are 0-1, their differences as well."""
    write_csv(compare_table(comparisons), path)


def compare_table(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """A row per comparison x `kind` x place x `measure`: `value_before`, `value_after` and their `difference`.

    `kind` is `coverage` (of a `unit`), `completeness`, `indicator` and `equity` (of an area, in `unit`; of areas within the whole only what changes), `gap` (`change`: closed, opened, moved, arrived,
    left; `id` is the gap's), `residence` (people and land `gained` and `lost`, only where there are any), `facility` (`change`, and its `status`), `home` (`change`: arrived, left, resized) and `link` (`change`).
    `arrived` and `left` count what is covered in homes that only one state has: the difference of `people_covered` is gained - lost +
    arrived - left.
    """
    parts = [part.assign(before=c.before.id, after=c.after.id) for c in comparisons for part in _parts(c) if len(part)]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat([part.reindex(columns=list(COLUMNS)) for part in parts], ignore_index=True)


def _parts(comparison: Comparison) -> Iterator[pd.DataFrame]:
    for measure, moves in COVERAGE.items():
        yield _coverage(comparison.coverage, measure, moves)
    for measure in CIRCLES:
        keys = {"unit": "area", "level": "level", "group": "group"}
        yield _valued(comparison.completeness, "completeness", measure, keys, measure)
    yield _valued(comparison.indicators, "indicator", "value", {"unit": "area", "system": "system", "id": "id", "name": "name"}, "value")
    for measure in EQUITY:
        yield _equity(comparison.equity, measure)
    keys = {key: key for key in ("change", "unit", "residence_id", "category", "level", "group", "name")} | {"id": "gap_id"}
    for measure in GAPS:
        yield _valued(comparison.gaps, "gap", measure, keys, measure)
    moved = residences_moved(comparison)
    for measure, moves in (("land_covered_ha", "land_{}_ha"), ("people_covered", "people_{}")):
        own = {key: moved[key] for key in ("unit", "residence_id", "category", "level", "group", "name")}
        turns = {turn: moved[moves.format(turn)] for turn in ("gained", "lost")}
        yield pd.DataFrame({**own, **turns, "difference": turns["gained"] - turns["lost"]}).assign(kind="residence", measure=measure)
    places = comparison.facilities
    served = [";".join(categories) for categories in places["categories"]]
    keys = {"change": "change", "id": "facility_id", "name": "name", "category": "category", "status": "status"}
    yield _valued(places.assign(category=served), "facility", "capacity", keys, "capacity")
    keys = {key: key for key in ("change", "unit", "residence_id", "name")}
    yield _valued(comparison.homes, "home", "people", keys, "people")
    if comparison.links is not None:
        links = comparison.links
        told = {"change": links["change"], "name": links["name"], "id": links["kind"], "value_after": links.length.round(1)}
        yield pd.DataFrame(told).assign(kind="link", measure="length_m")


def _coverage(table: pd.DataFrame, measure: str, moves: str) -> pd.DataFrame:
    if measure in ONLY_CHANGED:
        table = table[table[f"{measure}_before"] != table[f"{measure}_after"]]
    out = _valued(table, "coverage", measure, {key: key for key in ("unit", "category", "level", "group")}, measure)
    if not moves:
        return out
    turns = {"gained": "gained", "lost": "lost", "arrived": "arrived_covered", "left": "left_covered"}
    return out.assign(**{turn: table[moves.format(column)] for turn, column in turns.items()})


def _equity(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The whole area, and every other area in which the measure changes."""
    if not len(table):
        return pd.DataFrame()
    changes = table[f"{measure}_change"]
    own = table[(table["area"] == WHOLE_AREA) | (changes.notna() & (changes.round(6) != 0))]
    keys = {"unit": "area", "category": "category", "level": "level", "group": "group"}
    return _valued(own, "equity", measure, keys, measure).assign(difference=own[f"{measure}_change"].round(6))


def _valued(table: pd.DataFrame, kind: str, measure: str, keys: dict[str, str], column: str) -> pd.DataFrame:
    was, now = (pd.to_numeric(table[f"{column}_{side}"], errors="coerce").astype(float) for side in ("before", "after"))
    told = {key: table[own] for key, own in keys.items()}
    digits = DECIMALS.get(measure, 6)
    values = {"value_before": was.round(digits), "value_after": now.round(digits), "difference": now - was}
    return pd.DataFrame({**told, **values}).assign(kind=kind, measure=measure)
