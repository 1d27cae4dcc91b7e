"""The sheets of the gap list: the list itself, and the records of gaps that are gone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from livingcircle.analysis import Result
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.gaps.capacity import NUMBER
from livingcircle.layers import Gaps
from livingcircle.messages import words
from livingcircle.outputs.gap_list import BY_UNIT, in_words
from livingcircle.outputs.remedies import short_text, siting_text
from livingcircle.outputs.verification import CONTEXT, KEYS, STATES, Record
from livingcircle.outputs.workbook.table import Column

METRES, COUNT, SHARE = "#,##0.0", "#,##0", "0.0%"
# Width and number format of the printed columns, in the order in which planners read them, then those of detail.
PRINTED = {
    "rank": (7, "0"), "gap_id": (12, None), "priority": (8, None), "parent": (10, None), "unit": (13, None), "home": (17, None),
    "residences": (8, "0"), "theme": (13, None), "category": (17, None), "level": (12, None), "group": (9, None), "flag": (11, None),
    "clause": (17, None), "evidence": (7, None), "limit_m": (8, COUNT), "limit_min": (8, "0.#"), "facilities": (8, "0"),
    "unit_land_share": (9, SHARE), "unit_people_share": (9, SHARE), "people": (9, COUNT), "people_elderly": (8, COUNT),
    "people_children": (8, COUNT), "number_short": (8, COUNT), "amount_short": (15, None), "land_ha": (9, "0.00"), "cause": (11, None), "nearest_facility": (18, None), "walk_m": (11, METRES),
    "remedy_text": (46, None), "siting": (12, None), "department": (14, None), "closes_in": (9, "0"), "confidence": (8, None),
    "verified": (10, None), "verified_note": (22, None),
}  # fmt: skip
DETAIL = {
    "residence_id": (14, None), "walk_min": (9, "0.00"), "excess_m": (10, METRES), "straight_m": (9, COUNT), "detour": (8, "0.0"),
    "severed_by": (12, None), "link_m": (9, COUNT), "from_leg_m": (9, METRES), "limit_street": (18, None), "robustness": (8, None),
    "fragile_to": (22, None), "people_low": (9, COUNT), "people_high": (9, COUNT), "uncertain_share": (10, "0%"),
    "priority_points": (8, "0.00"), "priority_people": (8, "0"), "priority_flag": (8, "0"), "priority_excess": (8, "0"),
    "priority_vulnerable": (8, "0"),
}  # fmt: skip
# Left out where the study does not tell them.
IF_KNOWN = ("parent", "number_short", "amount_short", "people_elderly", "people_children", "siting", "department", "priority_vulnerable")


def gap_columns(listed: Gaps, result: Result) -> list[Column]:
    """The columns of the gap list (`gap_list.listed`) in words, those that a planner hands in first."""
    known = words(result.settings.language, "gaps")
    table = _with_surroundings(in_words(listed, result), listed, result)
    by_unit = result.settings.gaps_by == BY_UNIT
    left_out = {"home", "residence_id"} if by_unit else {"residences"}
    out = []
    for key, (width, number) in (PRINTED | DETAIL).items():
        values = table[key]
        bare = values.isna().all() if pd.api.types.is_numeric_dtype(values) else (values.astype(str) == "").all()
        if key in left_out or (key in IF_KNOWN and bare):
            continue
        choices = [known[f"verified.{state}"] for state in STATES] if key == "verified" else ()
        help = known["sheet.verified_help"] if key == "verified" else ""
        told = {"detail": key in DETAIL, "choices": choices, "help": help, "shaded": key == "priority"}
        out.append(Column(known[f"column.{key}"], values, width, number, **told))
    return out


def _with_surroundings(table: pd.DataFrame, listed: Gaps, result: Result) -> pd.DataFrame:
    """The list with what its unit has (facilities, shares covered) and what the standard says of its category."""
    language, standard = result.settings.language, result.standard
    known = words(language, "gaps")
    keys = ["unit", "category", "level", "group"]
    inside = result.coverage.set_index(keys)[["facilities", "land_share", "people_share"]]
    # Without units the whole area stands for them.
    whole = WHOLE_AREA if set(result.coverage["unit"]) <= {WHOLE_AREA} else OUTSIDE
    own = listed[keys].assign(unit=listed["unit"].where(listed["unit"] != "", whole))
    found = inside.reindex(pd.MultiIndex.from_frame(own))
    of = [standard.categories[category] for category in listed["category"]]
    counted = listed["measure"] == NUMBER
    told = zip(listed["measure"], listed["short"], listed["category"], strict=True)
    amounts = [short_text(measure, short, known, category=category) if measure not in ("", NUMBER) else "" for measure, short, category in told]
    return table.assign(
        facilities=found["facilities"].to_numpy(dtype=float),
        unit_land_share=found["land_share"].to_numpy(dtype=float),
        unit_people_share=found["people_share"].to_numpy(dtype=float),
        number_short=np.ceil(listed["short"].where(counted).astype(float) - 1e-6),
        amount_short=pd.Series(amounts, index=table.index, dtype=object),
        siting=pd.Series([siting_text(category, known) for category in of], index=table.index, dtype=object),
        department=pd.Series([c.department.get(language) if c.department else "" for c in of], index=table.index, dtype=object),
        closes_in=listed["closes_in"].astype(float),
        limit_min=np.round(listed["limit_min"].to_numpy(dtype=float), 1),
    )


def closed_columns(record: Record, gone: list[str], *, language: str) -> list[Column]:
    """The columns of the records whose gap is gone: id, what it was, state and note."""
    known = words(language, "gaps")
    states = {"verified": [known[f"verified.{record.notes[gap][0]}"] for gap in gone], "verified_note": [record.notes[gap][1] for gap in gone]}
    told = {"gap_id": gone, **{key: [record.context[gap][key] for gap in gone] for key in CONTEXT}, **states}
    width = {"gap_id": 14, "verified": 12, "verified_note": 50, "home": 20, "category": 22}
    shown = {key: values for key, values in told.items() if key in KEYS or any(values)}
    return [Column(known[f"column.{key}"], pd.Series(values, dtype=object), width.get(key, 14)) for key, values in shown.items()]
