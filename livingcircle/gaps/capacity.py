"""Units whose homes are near enough to facilities that hold too little."""

from __future__ import annotations

import numpy as np
import pandas as pd

from livingcircle.areas import KINDS
from livingcircle.coverage import WHOLE_AREA
from livingcircle.gaps.causes import remedies
from livingcircle.gaps.identity import gap_id
from livingcircle.layers import GAPS, Coverage, Gaps

TOO_SMALL = "too_small"
# What is known of these rows alone.
AMOUNTS = ("measure", "demand", "supply", "short")
NUMBER = "facilities"
WORDS = (
    "residence_id", "nearest_facility", "robustness", "fragile_to", "limit_street", "costs", "priority", "severed_by", "link_from", "link_to",
    "closing_facility", "closing_status", "name",
)  # fmt: skip


def too_small(quotas: pd.DataFrame, coverage: Coverage, *, group: str) -> Gaps:
    """A row per unit x category x quota whose facilities are short of the quota although some of its people are near enough; not yet ranked.

    `quotas` and `coverage` are those of a result. A unit counts only where it has facilities and the capacity of all of them is known:
    without one its homes lack it by distance, and what is not known is no shortage. Without communities the whole area is the unit,
    and `unit` is empty. `people` are all people of the unit in `group`, so these rows are not to be added to those of residences, whose
    people lie beyond a limit. `level`, `flag` and the limits are those at which most of them are covered; `excess_share` is
    what is short over the demand, `short`, `demand` and `supply` are in `measure`; `clause` and `evidence` are the quota's. What only a
    walk tells is NaN or empty. Nothing found may be missed, so a mere number short is of medium confidence.
    """
    kind = KINDS[-1] if (quotas["area_kind"] == KINDS[-1]).any() else KINDS[0]
    known = (quotas["facilities"] > 0) & (quotas["supply_known"] == quotas["facilities"]) & (quotas["short"] > 0)
    short = quotas[((quotas["area_kind"] == kind) & known).to_numpy(dtype=bool)]
    near = coverage[(coverage["group"] == group) & (coverage["people_covered"] > 0)]
    near = near.sort_values("people_covered", ascending=False, kind="stable").drop_duplicates(["unit", "category"])
    near = near[["unit", "category", "level", "flag", "limit_m", "limit_min", "people"]]
    table = short.merge(near, left_on=["area", "category"], right_on=["unit", "category"], validate="many_to_one")
    keys = ("area", "category", "measure", "of", "clause")
    columns = [*GAPS.columns, "name", "status", "flag", "evidence", "lon", "lat", *AMOUNTS]
    told = {
        **{column: "" if column in WORDS else np.nan for column in columns if column not in table.columns},
        "residences": 0,
        "rank": 0,
        "gap_id": [gap_id(TOO_SMALL, *row) for row in zip(*(table[key] for key in keys), strict=True)],
        "unit": table["unit"].where(table["unit"] != WHOLE_AREA, ""),
        "group": group,
        "excess_share": table["short"] / table["demand"],
        "cause": TOO_SMALL,
        "remedy": remedies()[TOO_SMALL],
        "confidence": np.where(table["measure"] == NUMBER, "medium", "high"),
        "status": "reached",
    }
    return table.assign(**told)[columns]
