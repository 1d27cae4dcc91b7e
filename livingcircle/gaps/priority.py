"""The priority of every gap by a stated rule, with its parts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from livingcircle.gaps.capacity import TOO_SMALL
from livingcircle.layers import Gaps

PARTS = ("people", "flag", "excess", "vulnerable")


@cache
def rules() -> Mapping[str, Any]:
    """Weights, classes and points, as `gaps/priority.toml` states them."""
    return tomllib.loads((files(__name__.rpartition(".")[0]) / "priority.toml").read_text(encoding="utf-8"))


def columns_of(kind: str, columns: Iterable[str]) -> str | None:
    """The first column `people_<group>` of `columns` that tells people of a kind (`elderly` or `children`), None for none.

    >>> columns_of("elderly", ["people", "people_age65", "people_age60"])
    'people_age60'
    """
    held = set(columns)
    named = (f"people_{group}" for group in rules()["parts"]["vulnerable"][kind])
    return next((column for column in named if column in held), None)


def people_without(table: Gaps) -> pd.Series:
    """The people of every gap who go without: those beyond the limit; of a shortage, as large a part of its unit's people as is short.

    Beside gaps of single residences a unit's shortage counts with those of a residence on average, so that the two can be ranked together.

    >>> people_without(pd.DataFrame({"people": [80.0, 500.0], "excess_share": [2.0, 0.1], "cause": ["far", "too_small"]})).tolist()
    [80.0, 50.0]
    """
    if "cause" not in table:
        return table["people"]
    short = table["cause"] == TOO_SMALL
    without = table["people"].where(~short, table["people"] * table["excess_share"])
    if "residence_id" not in table or (table["residence_id"][~short] == "").all():
        return without
    return without.where(~short, without / table["residences"].clip(lower=1))


def judged(table: Gaps) -> Gaps:
    """The gaps with `priority` (A, B or C), its weighted mean `priority_points` and the points 0-3 of its four parts.

    Needs `people` (see `people_without`), `flag`, `excess_share` (what is beyond the limit, in parts of it) and `vulnerable_share` (NaN where age groups
    are not known; then that part is NaN, and the mean is over the others). Source: conventions stated in `gaps/priority.toml`.
    """
    told = rules()["parts"]
    points = {
        "people": _points(people_without(table).to_numpy(dtype=float), told["people"]["bounds"]),
        "flag": np.array([float(told["flag"]["points"].get(flag, 0)) for flag in table["flag"].tolist()]),
        "excess": _points(table["excess_share"].to_numpy(dtype=float), told["excess"]["bounds"]),
        "vulnerable": _points(table["vulnerable_share"].to_numpy(dtype=float), told["vulnerable"]["bounds"]),
    }
    values = np.stack([points[part] for part in PARTS])
    weights = np.array([float(told[part]["weight"]) for part in PARTS])[:, None] * ~np.isnan(values)
    mean = np.nansum(values * weights, axis=0) / weights.sum(axis=0)
    # Points are decimal sums: a bound that is met must not be missed by the last bit.
    mean = mean.round(6)
    classes = rules()["classes"]
    letter = np.select([mean >= bound for bound in classes.values()], list(classes), "C")
    return table.assign(
        priority=letter, priority_points=mean, **{f"priority_{part}": points[part] for part in PARTS}
    )


def _points(values: np.ndarray, bounds: list[float]) -> np.ndarray:
    points = np.searchsorted(np.asarray(bounds, dtype=float), values + 1e-9, side="right").astype(float)
    return np.where(np.isnan(values), np.nan, points)
