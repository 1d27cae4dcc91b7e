"""The tables of coverage, completeness and indicators of two states side by side."""

from __future__ import annotations

import pandas as pd

from livingcircle import equity
from livingcircle.analysis import Result
from livingcircle.comparison.homes import ARRIVING, MOVES, summed
from livingcircle.coverage import WHOLE_AREA

KEYS = ["unit", "category", "level", "group"]
AMOUNTS = ["limit_m", "limit_min", "land_ha", "land_covered_ha", "land_share", "people", "people_covered", "people_share", "facilities"]
SHARES = ("land_share", "people_share")
CIRCLES = ["elements", "land_ha", "land_all_ha", "land_all_share", "people", "people_all", "people_all_share", "lacking_mean"]
FIGURES = ["value", "numerator", "denominator", "meets", "status"]


def compared_coverage(before: Result, after: Result, moved: pd.DataFrame) -> pd.DataFrame:
    """A row per unit x category x level x group of either state: amounts `_before` and `_after`, what is gained, lost, arrived and left."""
    every = pd.concat([result.coverage[KEYS] for result in (before, after)]).drop_duplicates(ignore_index=True)
    was, now = (_filled(result, other, every) for result, other in ((before, after), (after, before)))
    table = _side_by_side(was, now, KEYS)
    for share in SHARES:
        table[f"{share}_points"] = 100 * (table[f"{share}_after"] - table[f"{share}_before"])
    whole = summed(moved, KEYS[1:]).assign(unit=WHOLE_AREA)
    sums = pd.concat([whole, summed(moved, KEYS)], ignore_index=True)
    table = table.merge(sums, on=KEYS, how="left")
    columns = [*MOVES, *ARRIVING]
    return table.assign(**{column: table[column].fillna(0.0) for column in columns})


def _filled(result: Result, other: Result, every: pd.DataFrame) -> pd.DataFrame:
    """The coverage of a state for `every` row of either: what it does not judge covers nobody, and a unit that it does not name holds nobody."""
    table = every.merge(result.coverage[[*KEYS, *AMOUNTS]], on=KEYS, how="left")
    limits = pd.concat([one.coverage[[*KEYS[1:], "limit_m", "limit_min"]] for one in (result, other)]).drop_duplicates(KEYS[1:])
    lived = result.coverage.drop_duplicates(["unit", "group"])[["unit", "group", "land_ha", "people"]]
    known = every.merge(limits, on=KEYS[1:], how="left").merge(lived, on=["unit", "group"], how="left")
    known = known.assign(land_ha=known["land_ha"].fillna(0.0), people=known["people"].fillna(0.0), land_covered_ha=0.0, people_covered=0.0, facilities=0)
    for share, whole in (("land_share", "land_ha"), ("people_share", "people")):
        known[share] = (0 / known[whole]).where(known[whole] > 0)
    lacking = table["facilities"].isna()
    return table.assign(**{amount: table[amount].where(~lacking, known[amount]) for amount in AMOUNTS})


def compared_completeness(before: Result, after: Result) -> pd.DataFrame:
    """A row per area x level x group: the figures of `completeness` before and after, and their differences in percentage points."""
    keys = ["area", "area_kind", "level", "group"]
    table = _side_by_side(before.completeness[[*keys, *CIRCLES]], after.completeness[[*keys, *CIRCLES]], keys)
    for share in ("land_all_share", "people_all_share"):
        table[f"{share}_points"] = 100 * (table[f"{share}_after"] - table[f"{share}_before"])
    return table


def compared_indicators(before: Result, after: Result) -> pd.DataFrame:
    """A row per system x indicator x area, each state in its own year: value, numerator, denominator and whether the target is met."""
    keys = ["system", "id", "area", "area_kind"]
    was, now = (_of_its_year(result, keys) for result in (before, after))
    table = _side_by_side(was[[*keys, *FIGURES]], now[[*keys, *FIGURES]], keys)
    shared = pd.concat([now, was]).drop_duplicates(keys)[[*keys, "name", "unit", "target", "clause", "evidence"]]
    table = table.merge(shared, on=keys, how="left")
    numbers = (pd.to_numeric(table[f"value_{side}"], errors="coerce") for side in ("after", "before"))
    return table.assign(difference=next(numbers) - next(numbers))


def compared_equity(before: Result, after: Result) -> pd.DataFrame:
    """A row per area x category x level x group of both states: every measure of equity `_before`, `_after` and its `_change`.

    Measures are those of `equity.MEASURES`, and `worst_people`. A walk that is infinite before and after has not changed.
    """
    keys = ["area", "area_kind", "category", "level", "group"]
    sides = [result.equity if len(result.equity) else pd.DataFrame(columns=list(equity.COLUMNS)) for result in (before, after)]
    amounts = [column for column in equity.COLUMNS if column not in (*keys, "limit_m")]
    # Areas, categories and levels are told apart together.
    whole = [
        table[[*amounts, "group"]].astype({name: float for name in amounts}).assign(unit=[*table[keys[:-1]].itertuples(index=False, name=None)])
        for table in sides
    ]
    gained = equity.changes(*whole)
    was, now = (table.set_index(["unit", "group"]) for table in whole)
    index = pd.MultiIndex.from_frame(gained[["unit", "group"]])
    told = pd.DataFrame(gained["unit"].tolist(), columns=keys[:-1]).assign(group=gained["group"])
    columns = {}
    for name in amounts:
        columns[f"{name}_before"], columns[f"{name}_after"] = was[name].reindex(index).to_numpy(), now[name].reindex(index).to_numpy()
        columns[f"{name}_change"] = gained[name].to_numpy()
    return told.assign(**columns)


def _of_its_year(result: Result, keys: list[str]) -> pd.DataFrame:
    table = result.indicators
    if not len(table):
        return pd.DataFrame(columns=[*keys, *FIGURES, "name", "unit", "target", "clause", "evidence"])
    year = result.settings.year
    return table[table["year"].isna() if year is None else table["year"] == year]


def _side_by_side(was: pd.DataFrame, now: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Both tables joined by `keys` in the order of the first; rows of the second alone follow where their neighbors stand."""
    table = now.merge(was, on=keys, how="outer", suffixes=("_after", "_before"), sort=False)
    order = pd.concat([was[keys], now[keys]]).drop_duplicates(ignore_index=True)
    table = order.merge(table, on=keys, how="left")
    amounts = [column for column in was.columns if column not in keys]
    return table[[*keys, *(f"{amount}_{side}" for amount in amounts for side in ("before", "after"))]]
