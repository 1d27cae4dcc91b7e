"""How evenly walks and access are shared out: by unit and group, how far from equal, who is beyond the limit, and the worst-off tenth.

Everything weighs people, not rows; rows without people count nowhere. More is worse by default (walks), better for what facilities hold for
each (`more_is_better`). What cannot be reached is infinite, and each measure says what it does with it:

- `share_beyond` (which is Foster, Greer and Thorbecke's measure of order 0), the percentiles and `worst_mean` take it as the value it is;
- `mean_reached`, `gini`, `palma`, `theil`, `concentration`, `fgt1` and `fgt2` have no meaning with it: they are those of the people who
  reach one, and NaN where nobody does; `share_unreached` stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from livingcircle.coverage import OUTSIDE, ROUNDING_M, WHOLE_AREA, numbered
from livingcircle.errors import DataError, Fault, raise_all, said
from livingcircle.layers import Samples

PERCENTILES = (10, 50, 90)
TOP, BOTTOM, WORST = 0.1, 0.4, 0.1
MEASURES = (
    "people", "share_unreached", "share_beyond", "mean_reached", "p10", "p50", "p90", "gini", "palma", "theil", "concentration",
    "fgt1", "fgt2", "worst_mean", "worst_unreached",
)  # fmt: skip


def equity(
    samples: Samples,
    values: Mapping[str, np.ndarray],
    *,
    groups: Mapping[str, str],
    limit: float,
    more_is_better: bool = False,
    rank_by: np.ndarray | None = None,
) -> pd.DataFrame:
    """The `MEASURES` of every unit and group, in the unit of the values: a row for the whole area (`ALL`) and each unit, by group.

    `values` holds a walk or an access for each sample, by group; `groups` the column of their people in `samples`, by group; `limit`
    is inclusive. `rank_by` ranks the samples for the concentration index, lowest first; without it that is NaN. Samples outside every unit form the
    unit `OUTSIDE`; without units the whole area says it all. Columns: `unit`, `group`, then `MEASURES` as told by `measures`.
    Raises `DataError`, all faults at once, for values, people and ranks that are none or fit no sample.

    >>> homes = pd.DataFrame({"unit": ["W", "E"], "people": [30.0, 10.0]})
    >>> equity(homes, {"all": np.array([200.0, np.inf])}, groups={"all": "people"}, limit=500)[["unit", "share_beyond", "share_unreached"]].values.tolist()
    [['ALL', 0.25, 0.25], ['E', 1.0, 1.0], ['W', 0.0, 0.0]]
    """
    _check(samples, values, groups, rank_by)
    code, lived = numbered(samples["unit"].fillna("").to_numpy(dtype=object))
    lived = [name or OUTSIDE for name in lived]
    names = [WHOLE_AREA, *(sorted(lived) if set(lived) - {OUTSIDE} else [])]
    rows = {}
    for place, (group, column) in enumerate(groups.items()):
        # Sorted once for all units: what is in order already costs no second sorting.
        order = _order(np.asarray(values[group], dtype=float))
        parts = (values[group], samples[column], *([] if rank_by is None else [rank_by]))
        value, people, *ranks = (np.asarray(part, dtype=float)[order] for part in parts)
        for number, unit in enumerate(names):
            own = slice(None) if unit == WHOLE_AREA else code[order] == lived.index(unit)
            told = {"limit": limit, "more_is_better": more_is_better, "rank_by": ranks[0][own] if ranks else None}
            rows[number, place] = {"unit": unit, "group": group, **measures(value[own], people[own], **told)}
    return pd.DataFrame([rows[key] for key in sorted(rows)], columns=["unit", "group", *MEASURES])


def measures(
    values: np.ndarray, people: np.ndarray, *, limit: float, more_is_better: bool = False, rank_by: np.ndarray | None = None
) -> dict[str, float]:
    """The `MEASURES` of one lot of people: shares and indexes without unit, the others in that of the values; all but `people` NaN without people.

    `share_unreached` is the share of people with an infinite value, `share_beyond` of those beyond the limit (above it, infinite ones
    included; below it where more is better); `p10`, `p50`, `p90` the least value that so many percent of people do not exceed.
    `gini` (0 to 1), `theil` (T, natural logarithm, 0 or more) and `palma` (what the tenth with the highest values has of the sum over what the four tenths with
    the lowest have, 0.25 where all are equal) measure inequality; `concentration` (-1 to 1) is above 0 where values rise with rank; `fgt1` and
    `fgt2` are the mean of the gap to the limit over the limit, plain and squared, 0 for whoever keeps it. `worst_mean` is the mean of
    the worst-off tenth, infinite where any of them reaches nothing, `worst_unreached` the share of these among them.
    Source: Gini (1912); Theil (1967); Palma (2011); Kakwani, Wagstaff and van Doorslaer (1997); Foster, Greer and Thorbecke (1984).

    >>> told = measures(np.array([100.0, 300.0]), np.array([10.0, 10.0]), limit=200)
    >>> told["gini"], told["share_beyond"], told["fgt1"]
    (0.25, 0.5, 0.25)
    """
    counted = np.flatnonzero(np.asarray(people) > 0)
    counted = counted[_order(np.asarray(values, dtype=float)[counted])]
    values, people = np.asarray(values, dtype=float)[counted], np.asarray(people, dtype=float)[counted]
    ranks = None if rank_by is None else np.asarray(rank_by)[counted]
    total = float(people.sum())
    if not total > 0:
        return {name: 0.0 if name == "people" else float("nan") for name in MEASURES}
    reached = np.isfinite(values)
    finite, those = values[reached], people[reached]
    worst = worst_off(values, people, more_is_better=more_is_better)
    beyond = _gap(values, limit, more_is_better) > 0
    return {
        "people": total,
        "share_unreached": float(people[~reached].sum() / total),
        "share_beyond": float(people[beyond].sum() / total),
        "mean_reached": _mean(finite, those),
        **{f"p{part}": percentile(values, people, part=part / 100) for part in PERCENTILES},
        "gini": gini(finite, those),
        "palma": palma(finite, those),
        "theil": theil(finite, those),
        "concentration": float("nan") if ranks is None else concentration(finite, those, rank_by=ranks[reached]),
        "fgt1": _mean(_gap(finite, limit, more_is_better), those),
        "fgt2": _mean(_gap(finite, limit, more_is_better) ** 2, those),
        "worst_mean": _mean(values[worst > 0], worst[worst > 0]),
        "worst_unreached": float(worst[~reached].sum() / worst.sum()),
    }


def changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """What every measure of `equity` gains from one table to another: a row for each unit and group of both, after less before.

    Infinite before and after is no change; NaN where either is. Units and groups that stand in one table only are left out.

    >>> one, two = ({"unit": ["ALL"], "group": ["all"], "gini": [value], "p90": [np.inf]} for value in (0.5, 0.25))
    >>> changes(pd.DataFrame(one), pd.DataFrame(two))[["gini", "p90"]].values.tolist()
    [[-0.25, 0.0]]
    """
    keys = ["unit", "group"]
    old, new = before.set_index(keys), after.set_index(keys)
    shared = old.index[old.index.isin(new.index)]
    old, new = old.loc[shared], new.loc[shared, old.columns]
    same = np.isinf(old) & (old == new)
    return new.where(~same, 0.0).sub(old.where(~same, 0.0)).reset_index()


def worst_off(values: np.ndarray, people: np.ndarray, *, more_is_better: bool = False, share: float = WORST) -> np.ndarray:
    """How many people of each row are among the worst-off `share` of all; rows with the same value in equal parts.

    >>> worst_off(np.array([100.0, np.inf, 300.0]), np.array([15.0, 1.0, 4.0])).tolist()
    [0.0, 1.0, 1.0]
    """
    order = _order(np.asarray(values, dtype=float))
    value, weight = np.asarray(values, dtype=float)[order], np.asarray(people, dtype=float)[order]
    first = np.flatnonzero(np.append(True, value[1:] != value[:-1])[: len(value)])
    size = np.add.reduceat(weight, first) if len(first) else weight
    worse = np.cumsum(size) - size if more_is_better else np.cumsum(size[::-1])[::-1] - size
    taken = np.clip(share * size.sum() - worse, 0.0, size)
    part = np.divide(taken, size, out=np.zeros(len(size)), where=size > 0)
    out = np.empty(len(value))
    out[order] = weight * np.repeat(part, np.diff(np.append(first, len(value))))
    return out


def percentile(values: np.ndarray, people: np.ndarray, *, part: float) -> float:
    """The least value that at least `part` (0 to 1) of the people do not exceed; infinite where they cannot reach one, NaN without people.

    >>> percentile(np.array([100.0, 300.0, np.inf]), np.array([5.0, 4.0, 1.0]), part=0.5)
    100.0
    """
    order = _order(np.asarray(values))
    order = order[np.asarray(people)[order] > 0]
    if not len(order):
        return float("nan")
    sums = np.cumsum(np.asarray(people, dtype=float)[order])
    #  Sums of parts of people differ from the true number by their last digits.
    place = np.searchsorted(sums, part * sums[-1] * (1 - 1e-12))
    return float(np.asarray(values)[order[min(place, len(order) - 1)]])


def gini(values: np.ndarray, people: np.ndarray) -> float:
    """Gini's index, 0 (all equal) to 1: half the mean difference of any two people over the mean; NaN without people.

    >>> gini(np.array([0.0, 1.0]), np.array([3.0, 1.0]))
    0.75
    """
    if not people.sum() > 0:
        return float("nan")
    order = _order(values)
    value, weight = values[order], people[order]
    total = float((value * weight).sum())
    below = np.cumsum(weight) - weight
    above = weight.sum() - below - weight
    return float((weight * value * (below - above)).sum() / (total * weight.sum())) if total > 0 else 0.0


def theil(values: np.ndarray, people: np.ndarray) -> float:
    """Theil's T index, 0 (all equal) or more: the mean of (value over mean) x its natural logarithm; NaN without people.

    >>> round(theil(np.array([0.0, 1.0]), np.array([1.0, 1.0])), 6)
    0.693147
    """
    mean = _mean(values, people)
    if not mean > 0:
        return 0.0 if mean == 0 else mean
    part = values / mean
    logarithm = np.log(part, out=np.zeros(len(part)), where=part > 0)
    return max(0.0, _mean(part * logarithm, people))


def palma(values: np.ndarray, people: np.ndarray) -> float:
    """Palma's ratio: what the highest tenth of the people has of the sum over what the lowest four tenths have; 0.25 where all are equal.

    Infinite where the lowest have nothing; NaN without people.

    >>> round(palma(np.array([1.0, 2.0]), np.array([9.0, 1.0])), 6)
    0.5
    """
    if not people.sum() > 0:
        return float("nan")
    top = float((values * worst_off(values, people, share=TOP)).sum())
    bottom = float((values * worst_off(values, people, more_is_better=True, share=BOTTOM)).sum())
    if bottom > 0:
        return top / bottom
    return float("inf") if top > 0 else TOP / BOTTOM


def concentration(values: np.ndarray, people: np.ndarray, *, rank_by: np.ndarray) -> float:
    """The concentration index, -1 to 1: above 0 where values rise with the rank, 0 where they do not go with it; NaN without people.

    Twice the covariance of value and rank (0 to 1, lowest `rank_by` first, equal ones in the middle of their place) over the mean.

    >>> concentration(np.array([3.0, 1.0]), np.array([1.0, 1.0]), rank_by=np.array([0.2, 0.8]))
    -0.25
    """
    mean = _mean(values, people)
    if not mean > 0:
        return 0.0 if mean == 0 else mean
    code = np.unique(rank_by, return_inverse=True)[1]
    size = np.bincount(code, people)
    rank = ((np.cumsum(size) - size / 2) / size.sum())[code]
    return float(2 * _mean((values - mean) * (rank - 0.5), people) / mean)


def _mean(values: np.ndarray, people: np.ndarray) -> float:
    total = people.sum()
    return float((values * people).sum() / total) if total > 0 else float("nan")


def _order(values: np.ndarray) -> np.ndarray:
    return np.arange(len(values)) if (values[1:] >= values[:-1]).all() else np.argsort(values, kind="stable")


def _gap(values: np.ndarray, limit: float, more_is_better: bool) -> np.ndarray:
    """What is beyond the limit over the limit, 0 for who keeps it; infinite beyond a limit of 0."""
    beyond = limit - values if more_is_better else values - limit
    beyond = np.where(beyond > ROUNDING_M, beyond, 0.0)
    return beyond / limit if limit > 0 else np.where(beyond > 0, np.inf, 0.0)


def _check(samples: Samples, values: Mapping[str, np.ndarray], groups: Mapping[str, str], rank_by: np.ndarray | None) -> None:
    faults = []
    for group, column in groups.items():
        if group not in values:
            faults.append(Fault("values", said("no values for group {group}", group=group), "give a walk or an access for each origin"))
            continue
        told = np.asarray(values[group], dtype=float)
        if len(told) != len(samples):
            problem = said("{rows} values for {origins} origins", rows=len(told), origins=len(samples))
            faults.append(Fault("values", problem, "give a walk or an access for each origin"))
        wrong = np.flatnonzero(~(told >= 0))
        if len(wrong):
            problem = said("'{name}' is empty or no quantity in rows {rows}", name=group, rows=wrong[:5].tolist())
            faults.append(Fault("values", problem, "give 0 or more, infinite for what cannot be reached"))
        if column not in samples.columns:
            faults.append(Fault("samples", said("no column '{column}'", column=column), "give the people of this group, or their share of everybody"))
            continue
        people = samples[column].to_numpy(dtype=float)
        wrong = np.flatnonzero(~(np.isfinite(people) & (people >= 0)))
        if len(wrong):
            faults.append(Fault("samples", said("'{name}' is no quantity in rows {rows}", name=column, rows=wrong[:5].tolist()), "give 0 or more"))
    if rank_by is not None:
        ranks = np.asarray(rank_by, dtype=float)
        wrong = np.flatnonzero(~np.isfinite(ranks))
        if len(ranks) != len(samples):
            faults.append(Fault("rank_by", said("{rows} values for {origins} origins", rows=len(ranks), origins=len(samples)), "give a number in every row"))
        if len(wrong):
            faults.append(Fault("rank_by", said("'{name}' is no number in rows {rows}", name="rank_by", rows=wrong[:5].tolist()), "give a number in every row"))
    raise_all(faults, DataError)
