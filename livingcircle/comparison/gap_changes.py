"""Gaps closed, opened and moved between two states."""

from __future__ import annotations

import numpy as np
import pandas as pd

from livingcircle.analysis import Result

KEYS = ["residence_id", "category", "level", "group"]
CLOSED, OPENED, MOVED, ARRIVED, LEFT = CHANGES = ("closed", "opened", "moved", "arrived", "left")
# What a gap is told by, with the decimals that its table shows; a smaller difference is none.
AMOUNTS = {"people": 2, "land_ha": 4, "walk_m": 1}
WORDS = ["gap_id", "unit", "name", "clause", "flag"]
OWN = ["nearest_facility", "cause", "lon", "lat"]


def gap_changes(before: Result, after: Result) -> pd.DataFrame:
    """A row per gap that two states differ in, `change` first: `closed`, `opened`, `moved`, or of homes that `arrived` or `left`.

    A gap is known by residence, category, level and group, as its id is. `people`, `land_ha` (beyond the limit), `walk_m`,
    `nearest_facility` and `cause` stand side by side (`_before`, `_after`); `lon` and `lat` are of the state that has the gap, the later
    one where both do. Gaps of a category that only one state judges are left out: the other has no list of them. Most people first.
    """
    judged = [{*zip(*(result.coverage[key] for key in KEYS[1:]), strict=True)} for result in (before, after)]
    both = judged[0] & judged[1]
    was, now = (_judged_in_both(result.gaps, both) for result in (before, after))
    table = was.merge(now, on=KEYS, how="outer", suffixes=("_before", "_after"), indicator="side", sort=False)
    homes = [set(result.residences["residence_id"]) for result in (before, after)]
    stays = table["residence_id"].isin(homes[0] & homes[1]).to_numpy()
    side = table["side"].astype(str).to_numpy()
    told = [(side == "left_only") & stays, (side == "right_only") & stays, (side == "both") & _differ(table), side == "right_only", side == "left_only"]
    table["change"] = np.select(told, CHANGES, "")
    for word in [*WORDS, "lon", "lat"]:
        table[word] = table[f"{word}_after"].where(table[f"{word}_after"].notna(), table[f"{word}_before"])
    amounts = [f"{amount}_{side}" for amount in [*AMOUNTS, "nearest_facility", "cause"] for side in ("before", "after")]
    table = table.loc[table["change"] != "", ["change", "gap_id", *KEYS, *WORDS[1:], *amounts, "lon", "lat"]]
    most = table[["people_before", "people_after"]].fillna(0).max(axis=1)
    order = table["change"].map({change: turn for turn, change in enumerate(CHANGES)})
    table = table.assign(_turn=order, _most=most).sort_values(["_turn", "_most", "gap_id"], ascending=[True, False, True], ignore_index=True)
    return table.drop(columns=["_turn", "_most"])


def _judged_in_both(gaps: pd.DataFrame, both: set) -> pd.DataFrame:
    kept = [kind in both for kind in zip(*(gaps[key] for key in KEYS[1:]), strict=True)]
    return gaps.loc[np.array(kept, dtype=bool), [*KEYS, *WORDS, *AMOUNTS, *OWN]]


def _differ(table: pd.DataFrame) -> np.ndarray:
    """Whether people, land or metres differ, as far as tables show them; two infinite walks do not."""
    out = np.zeros(len(table), dtype=bool)
    for amount, digits in AMOUNTS.items():
        was, now = (table[f"{amount}_{side}"].to_numpy(dtype=float).round(digits) for side in ("before", "after"))
        out |= ~((was == now) | (np.isnan(was) | np.isnan(now)))
    return out
