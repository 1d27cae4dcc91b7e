"""The gap list as it is handed out: by residence or unit, with remedies in words and what planners verified."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from livingcircle.analysis import Result
from livingcircle.gaps import by_unit, ranked
from livingcircle.gaps.capacity import AMOUNTS, TOO_SMALL, seats_short, too_small
from livingcircle.layers import Gaps
from livingcircle.messages import words
from livingcircle.outputs.remedies import remedy_texts
from livingcircle.outputs.tables import UP
from livingcircle.outputs.verification import UNVERIFIED, Record
from livingcircle.outputs.walking_words import group_name

BY_UNIT = "unit"


def listed(result: Result, record: Record | None = None) -> Gaps:
    """The gap list in the order of its ranks: a row per residence or per unit (`Settings.gaps_by`), and one for every unit's shortage.

    The latter are those of `gaps.capacity.seats_short` and `too_small`, whose people are all of a unit: they do not add up with the others. Beyond
    `layers.GAPS`: `measure`, `demand`, `supply`, `short`, `short_far` and `short_full` of these rows, `remedy_text` in the study's language, `parent` (the street
    that the unit belongs to, empty where the units do not tell), and `verified` (a code) and `verified_note` from `record`, by `gap_id`.
    """
    table = _with_shortages(by_unit(result.gaps) if result.settings.gaps_by == BY_UNIT else result.gaps, result)
    noted = record.notes if record is not None else {}
    own = [noted.get(gap, (UNVERIFIED, "")) for gap in table["gap_id"]]
    return table.assign(
        remedy_text=pd.Series(remedy_texts(table, result), index=table.index, dtype=object),
        parent=pd.Series(_parents(table, result), index=table.index, dtype=object),
        verified=pd.Series([state for state, _ in own], index=table.index, dtype=object),
        verified_note=pd.Series([note for _, note in own], index=table.index, dtype=object),
    )


def _with_shortages(table: Gaps, result: Result) -> Gaps:
    """The gaps ranked together with what units are short of."""
    group, assigned = result.settings.groups[0].id, result.capacity.units
    # Whose people were assigned to places is told by that, not by sums of what lies in the same unit.
    pairs = set(zip(assigned["category"], assigned["measure"], strict=True))
    summed = [pair not in pairs for pair in zip(result.quotas["category"], result.quotas["measure"], strict=True)] if len(result.quotas) else []
    parts = [too_small(result.quotas[summed], result.coverage, group=group)] if any(summed) else []
    parts += [seats_short(assigned, group=group)] if len(assigned) else []
    short = pd.concat([part for part in parts if len(part)] or parts[:1] or [pd.DataFrame(columns=[*table.columns])], ignore_index=True)
    homes = result.residences["unit"].value_counts()
    short["residences"] = [int(homes.get(unit, 0)) if unit else len(result.residences) for unit in short["unit"]]
    told = table.assign(**{column: "" if column == "measure" else np.nan for column in AMOUNTS})
    if not len(short):
        return ranked([told])
    return ranked([told, short[[*told.columns, *(c for c in short if c not in told)]]])


def _parents(table: Gaps, result: Result) -> list[str]:
    units = result.units
    if units is None or "parent" not in units.columns:
        return [""] * len(table)
    of = dict(zip(units["unit"], units["parent"].fillna("").astype(str), strict=True))
    return [of.get(unit, "") for unit in table["unit"]]


def cause_word(cause: str, category: str, measure: str, known: Mapping[str, str]) -> str:
    """The word for a cause; that of a shortage names what is short, by category where it has a word of its own.

    >>> from livingcircle.messages import words
    >>> cause_word("too_small", "edu_primary", "places", words("zh", "gaps")), cause_word("far", "", "", words("zh", "gaps"))
    ('学位缺口', '无设施')
    """
    if cause != TOO_SMALL:
        return known[f"cause.{cause}"]
    return known.get(f"shortage.{category}") or known.get(f"shortage.{measure}") or known[f"cause.{cause}"]


def in_words(table: Gaps, result: Result) -> pd.DataFrame:
    """The gap list with every code replaced by the study language's word; infinite numbers become that word too."""
    language, standard = result.settings.language, result.standard
    known, own = words(language), words(language, "gaps")
    out = table.copy()
    of = [standard.categories[c] for c in table["category"]]
    out["theme"] = [standard.themes[c.theme].name.get(language) for c in of]
    out["category"] = [c.name.get(language) for c in of]
    out["level"] = [standard.levels[level].name.get(language) for level in table["level"]]
    out["group"] = [group_name(group, language) for group in table["group"]]
    for column in ("confidence", "flag", "robustness"):
        out[column] = [known.get(f"{column}.{value}", value) for value in table[column]]
    out["cause"] = [cause_word(*row, own) for row in zip(table["cause"], table["category"], table["measure"], strict=True)]
    out["verified"] = [own[f"verified.{state}"] for state in table["verified"]]
    # A study may name kinds of barriers of its own.
    out["severed_by"] = [own.get(f"severed.{kind}", kind) for kind in table["severed_by"]]
    apart = own["part.join"]
    out["fragile_to"] = [apart.join(known.get(f"change.{change}", change) for change in told.split(";") if change) for told in table["fragile_to"]]
    out["unit"] = [unit or own["word.outside"] for unit in table["unit"]]
    out["home"] = [name or id for name, id in zip(table["name"], table["residence_id"], strict=True)]
    out.loc[(table["cause"] == TOO_SMALL).to_numpy(), "home"] = own["word.whole_unit"]
    lost = [
        known["status.not_found" if cause == "not_found" else f"status.{status}"]
        for cause, status in zip(table["cause"], table["status"], strict=True)
    ]
    for column in UP:
        out[column] = np.ceil(out[column] * 10 - 1e-6) / 10
    for column in ("walk_m", "walk_min", "excess_m", "straight_m", "detour", "from_leg_m"):
        out[column] = [word if np.isinf(value) else value for word, value in zip(lost, out[column], strict=True)]
    return out
