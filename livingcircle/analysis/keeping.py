"""What an addition may never do: take a walk or a limit kept away from anybody. Checked on the results themselves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from livingcircle.analysis.category import Question, judged_before, walked
from livingcircle.analysis.inputs import FALLEN, LONGER, Inputs, Kept, Result, Settings
from livingcircle.analysis.outset import outset
from livingcircle.coverage import ROUNDING_M, WHOLE_AREA
from livingcircle.reuse import Known
from livingcircle.standards import Standard


def losses(before: Inputs, result: Result, *, standard: Standard, settings: Settings, known: Known | None = None) -> Kept:
    """What somebody loses in `result` who had it in the study `before`, under that study's own `standard` and `settings`.

    The homes of `before` come first among those of the result, at the same places; people are counted as they were. Only what the study has of each
    category is walked again, nothing is judged; what `known` holds is not.
    """
    was = outset(before, standard=standard, settings=settings, known=known)
    walks = result.residence_walks.set_index(["residence_id", "category", "group"])["walk_m"]
    areas = 1 + was.samples["unit"].nunique()
    fallen, longer, compared = [], [], 0
    for question in was.questions(known=known):
        if not question.judges:
            continue
        answer = judged_before(question, known=known)
        covered, then = walked(question) if answer is None else (answer.covered, answer.walks)
        now = walks.reindex(pd.MultiIndex.from_frame(then[["residence_id", "category", "group"]])).to_numpy()
        grown = ~(now <= then["walk_m"].to_numpy() + ROUNDING_M)
        longer.append(then[grown].rename(columns={"walk_m": "walk_m_before"}).assign(walk_m=now[grown])[list(LONGER)])
        fallen += _fallen(question, covered, result)
        compared += len(then) + areas * len(covered)
    return Kept(True, True, compared, pd.DataFrame(fallen, columns=list(FALLEN)), pd.concat(longer, ignore_index=True))


def _fallen(question: Question, covered: Mapping, result: Result) -> list[tuple]:
    """A row for every unit in which somebody who was covered is so no more."""
    samples, rows = question.samples, []
    people_of = {group.id: group.people for group in question.settings.groups}
    for (level, group), mask in covered.items():
        there = result.covered.get((question.category, level, group))
        lost = np.unpackbits(mask, count=len(samples)).view(bool)
        if there is not None:
            # Homes that a scenario adds follow those of the study.
            lost = lost & ~np.unpackbits(there, count=len(result.samples)).view(bool)[: len(samples)]
        if not lost.any():
            continue
        table = pd.DataFrame({"people": samples[people_of[group]].to_numpy()[lost], "land_ha": samples["land_m2"].to_numpy()[lost] / 10_000})
        sums = table.groupby(samples["unit"].to_numpy()[lost]).sum()
        every = [(WHOLE_AREA, table.sum()), *sums.iterrows()]
        rows += [(unit, question.category, level, group, one["people"], one["land_ha"]) for unit, one in every]
    return rows
