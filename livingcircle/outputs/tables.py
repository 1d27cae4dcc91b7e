"""`coverage.csv`, `gaps.csv` and the tables beside them: tables for programs, UTF-8 with a byte-order mark, English column ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from livingcircle.analysis import Result
from livingcircle.layers import Gaps

DECIMALS = {
    "land_ha": 4, "land_covered_ha": 4, "people": 2, "people_covered": 2, "walk_m": 1, "walk_min": 2, "excess_m": 1,
    "straight_m": 1, "detour": 2, "limit_m": 1, "limit_min": 2, "from_leg_m": 1, "to_leg_m": 2, "people_low": 2,
    "people_high": 2, "uncertain_share": 4, "link_m": 1, "people_elderly": 2, "people_children": 2, "vulnerable_share": 4,
    "excess_share": 4, "priority_points": 4,
}
# A walk beyond its limit must not read as equal to it.
UP = ("walk_m", "excess_m")


def write_coverage(result: Result, path: Path) -> None:
    """Write the coverage table; shares keep six decimals."""
    write_csv(result.coverage, path)


def write_gaps(result: Result, path: Path, table: Gaps | None = None) -> None:
    """Write the gap list in the order of its ranks; `table` is the one handed out (`gap_list.listed`), else that of the result."""
    table = (result.gaps if table is None else table).copy()
    table["closes_in"] = table["closes_in"].astype("Int64")
    write_csv(table, path)


def write_indicators(result: Result, path: Path) -> None:
    """Write the indicator tables, a row per system x indicator x area x year; those that cannot be worked out included."""
    write_csv(result.indicators, path)


def write_completeness(result: Result, path: Path) -> None:
    """Write how complete the living circles of every area are."""
    write_csv(result.completeness, path)


def write_lacking(result: Result, path: Path) -> None:
    """Write which mandatory elements every residence lacks, worst first."""
    write_csv(result.lacking, path)


def write_quotas(result: Result, path: Path) -> None:
    """Write demand and supply of every area and quota."""
    write_csv(result.quotas, path)


def write_capacity(result: Result, folder: Path) -> None:
    """Write what facilities hold against who asks: by facility, by area, and what every residence finds (`capacity`)."""
    for name, table in (("capacity", result.capacity.facilities), ("capacity_units", result.capacity.units), ("access", result.capacity.homes)):
        write_csv(table, folder / f"{name}.csv")


def write_equity(result: Result, path: Path) -> None:
    """Write how evenly walks are shared out, a row per area x category x level x group."""
    write_csv(result.equity, path)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write any table: numbers rounded by the meaning of their column, infinity as `inf`, blanks for what is unknown.

    Text that a spreadsheet would run as a formula gets a leading apostrophe.
    """
    out = table.copy()
    for column in out.columns:
        if pd.api.types.is_float_dtype(out[column]):
            out[column] = out[column].round(DECIMALS.get(column, 6))
            if column in UP:
                out[column] = (np.ceil(table[column] * 10 - 1e-6) / 10).round(1)
        elif not pd.api.types.is_numeric_dtype(out[column]):
            out[column] = [as_text(value) for value in out[column]]
    out.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def as_text(value: object) -> object:
    """Text that no spreadsheet takes for a formula; other values as they are.

    >>> as_text("=1+1")
    "'=1+1"
    """
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value if not (isinstance(value, float) and np.isnan(value)) else None
