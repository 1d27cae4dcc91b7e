"""Units whose people do not all find a place: their facilities hold too little, or none is near enough."""

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
AMOUNTS = ("measure", "demand", "supply", "short", "short_far", "short_full")
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
    known = (quotas["facilities"] > 0) & (quotas["supply_known"] == quotas["facilities"]) & (quotas["short"] > 0)
    short = quotas[((quotas["area_kind"] == _kind(quotas)) & known).to_numpy(dtype=bool)]
    near = coverage[(coverage["group"] == group) & (coverage["people_covered"] > 0)]
    near = near.sort_values("people_covered", ascending=False, kind="stable").drop_duplicates(["unit", "category"])
    near = near[["unit", "category", "level", "flag", "limit_m", "limit_min", "people"]]
    table = short.merge(near, left_on=["area", "category"], right_on=["unit", "category"], validate="many_to_one")
    return _rows(table, group=group, keys=("area", "category", "measure", "of", "clause")).assign(
        confidence=np.where(table["measure"] == NUMBER, "medium", "high")
    )


def seats_short(units: pd.DataFrame, *, group: str) -> Gaps:
    """A row per unit x category x limit whose people do not all find a place, bed, berth or charging gun within it; not yet ranked.

    `units` is that of a result's `capacity`. `demand` is what the unit's people ask for, `supply` what they find within the limit by the
    assignment, wherever the facility stands, `short` what they do not: `short_far`, no facility within the limit, and `short_full`, those within are
    full. Who only has facilities that do not tell what they hold is no shortage; then `demand` - `supply` is more than `short`, and confidence is
    medium. The other columns are as in `too_small`.
    """
    short = units[(units["area_kind"] == _kind(units)) & (units["short"].astype(float).round(6) > 0)].reset_index(drop=True)
    table = short.assign(unit=short["area"], supply=short["served"], short_far=short["too_far"], short_full=short["full"])
    table = table.assign(limit_m=table["limit_m"].astype(float), limit_min=table["limit_min"].astype(float), people=table["people"].astype(float))
    # A second limit of the same quota is a gap of its own.
    table["further"] = table["level"].where(table.duplicated(["area", "category", "measure", "of", "clause"]), "")
    rows = _rows(table, group=group, keys=("area", "category", "measure", "of", "clause", "further"))
    return rows.assign(confidence=np.where(table["not_told"].astype(float).round(6) > 0, "medium", "high"))


def _kind(areas: pd.DataFrame) -> str:
    return KINDS[-1] if (areas["area_kind"] == KINDS[-1]).any() else KINDS[0]


def _rows(table: pd.DataFrame, *, group: str, keys: tuple[str, ...]) -> Gaps:
    """The columns of the gap list; what only a walk tells is NaN or empty."""
    columns = [*GAPS.columns, "name", "status", "flag", "evidence", "lon", "lat", *AMOUNTS]
    told = {
        **{column: "" if column in WORDS else np.nan for column in columns if column not in table.columns},
        "residences": 0,
        "rank": 0,
        "gap_id": [gap_id(TOO_SMALL, *filter(None, row)) for row in zip(*(table[key] for key in keys), strict=True)],
        "unit": table["unit"].where(table["unit"] != WHOLE_AREA, ""),
        "group": group,
        "walk_m": np.nan,
        "excess_share": table["short"].astype(float) / table["demand"].astype(float),
        "cause": TOO_SMALL,
        "remedy": remedies()[TOO_SMALL],
        "status": "reached",
    }
    return table.assign(**told)[columns]
