"""Units whose homes are near enough to facilities that hold too little."""

from __future__ import annotations

import pandas as pd

from livingcircle.gaps.causes import remedies
from livingcircle.gaps.identity import gap_id
from livingcircle.layers import Coverage

TOO_SMALL = "too_small"


def too_small(quotas: pd.DataFrame, coverage: Coverage, *, group: str = "all") -> pd.DataFrame:
    """A row per unit x category x quota whose covered people have facilities that are short of the quota; worst first.

    `quotas` has `area`, `category`, `measure`, `clause`, `facilities`, `supply_known` (facilities whose capacity is known), `short`
    (in `measure`, 0 where nothing lacks). A unit counts only where it has facilities and the capacity of all of them is known:
    without one its homes lack it by distance, and what is not known is no shortage. `people` are those of `group` covered by
    distance (`layers.COVERAGE`), at the level that covers most. Columns: `gap_id`, `unit`, `category`, `measure`, `short`, `people`,
    `cause`, `remedy`, `clause`. These rows are no part of `gaps.gaps`, whose people lie beyond the limit.
    """
    known = (quotas["facilities"] > 0) & (quotas["supply_known"] == quotas["facilities"]) & (quotas["short"] > 0)
    short = quotas[known.to_numpy(dtype=bool)]
    own = coverage[coverage["group"] == group]
    covered = own.groupby(["unit", "category"])["people_covered"].max()
    people = covered.reindex(pd.MultiIndex.from_frame(short[["area", "category"]])).fillna(0.0).to_numpy()
    ids = [gap_id(TOO_SMALL, *row) for row in zip(*(short[c] for c in ("area", "category", "measure", "clause")), strict=True)]
    table = short[["area", "category", "measure", "short", "clause"]].rename(columns={"area": "unit"})
    table = table.assign(gap_id=ids, people=people, cause=TOO_SMALL, remedy=remedies()[TOO_SMALL])
    table = table[table["people"] > 0].sort_values(["people", "short", "gap_id"], ascending=[False, False, True], ignore_index=True)
    return table[["gap_id", "unit", "category", "measure", "short", "people", "cause", "remedy", "clause"]]
