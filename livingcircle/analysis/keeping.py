"""What an addition may never do: take a walk or a limit kept away from anybody. Checked on the results themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from livingcircle.analysis.category import judged_before, walked
from livingcircle.analysis.inputs import FALLEN, LONGER, Inputs, Kept, Result, Settings
from livingcircle.analysis.outset import outset
from livingcircle.analysis.tables import walks_table
from livingcircle.coverage import ROUNDING_M, WHOLE_AREA, Columns
from livingcircle.layers import Samples
from livingcircle.reuse import Known, recalled
from livingcircle.standards import Standard


@dataclass(frozen=True)
class Had:
    """What everybody has in a state: of every category judged who is covered (packed bits by level and group), and the middle walks."""

    samples: Samples
    covered: Mapping[str, Mapping[tuple[str, str], np.ndarray]]
    walks: Mapping[str, Columns]


def had(inputs: Inputs, standard: Standard, settings: Settings, *, known: Known | None = None) -> Had:
    """What everybody has in a state. Only what the study has of each category is walked, nothing is judged; what `known` holds is not."""
    was = outset(inputs, standard=standard, settings=settings, known=known)
    covered, walks = {}, {}
    for question in was.questions(known=known):
        if question.judges:
            answer = judged_before(question, known=known)
            covered[question.category], walks[question.category] = walked(question) if answer is None else (answer.covered, answer.walks)
    return Had(was.samples, covered, walks)


def bare(settings: Settings) -> Settings:
    """The settings without what nobody's walk hangs on: names, words, years to come, and what is drawn or worked out beside."""
    return replace(
        settings, study_id="", name={}, note={}, language="", isochrone_minutes=(), systems=(), scenario=None, years=(), gaps_by="",
    )  # fmt: skip


def losses(before: Inputs, result: Result, *, standard: Standard, settings: Settings, known: Known | None = None) -> Kept:
    """What somebody loses in `result` who had it in the study `before`, under that study's own `standard` and `settings`.

    The homes of `before` come first among those of the result, at the same places; people are counted as they were.
    """
    found = recalled(known, had, before, standard, bare(settings))
    # Answers about single categories may be known where the whole is not; they are told by all settings.
    was = had(before, standard, settings, known=known) if found is None else found
    areas = 1 + was.samples["unit"].nunique()
    then = walks_table(was.walks.values())
    walks = dict(zip(_keys(result.residence_walks), result.residence_walks["walk_m"].tolist(), strict=True))
    now = np.array([walks.get(key, np.nan) for key in _keys(then)], dtype=float)
    grown = ~(now <= then["walk_m"].to_numpy() + ROUNDING_M)
    longer = then[grown].rename(columns={"walk_m": "walk_m_before"}).assign(walk_m=now[grown])[list(LONGER)].reset_index(drop=True)
    fallen = [row for category in was.covered for row in _fallen(category, was, result, settings)]
    compared = len(then) + areas * sum(map(len, was.covered.values()))
    return Kept(True, True, compared, pd.DataFrame(fallen, columns=list(FALLEN)), longer)


def _keys(walks: pd.DataFrame) -> list[tuple]:
    return list(zip(*(walks[name].tolist() for name in ("residence_id", "category", "group")), strict=True))


def _fallen(category: str, was: Had, result: Result, settings: Settings) -> list[tuple]:
    """A row for every unit in which somebody who was covered is so no more."""
    samples, rows = was.samples, []
    people_of = {group.id: group.people for group in settings.groups}
    for (level, group), mask in was.covered[category].items():
        there = result.covered.get((category, level, group))
        if there is not None and _still(mask, there, len(samples)):
            continue
        lost = np.unpackbits(mask, count=len(samples)).view(bool)
        if there is not None:
            # Homes that a scenario adds follow those of the study.
            lost = lost & ~np.unpackbits(there, count=len(result.samples)).view(bool)[: len(samples)]
        if not lost.any():
            continue
        table = pd.DataFrame({"people": samples[people_of[group]].to_numpy()[lost], "land_ha": samples["land_m2"].to_numpy()[lost] / 10_000})
        sums = table.groupby(samples["unit"].to_numpy()[lost]).sum()
        every = [(WHOLE_AREA, table.sum()), *sums.iterrows()]
        rows += [(unit, category, level, group, one["people"], one["land_ha"]) for unit, one in every]
    return rows


def _still(mask: np.ndarray, there: np.ndarray, size: int) -> bool:
    """Whether all that `mask` counts of the first `size` samples is there; both are packed bits, filled up with none."""
    return not (mask & ~there[: len(mask)]).any() and len(there) * 8 >= size
