"""`report.docx`: the text, tables and figures that a planner pastes from, in the study's language, with the run's own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from livingcircle.analysis import Result
from livingcircle.layers import Gaps
from livingcircle.messages import words
from livingcircle.outputs import gap_list
from livingcircle.outputs.figures import Drawn
from livingcircle.outputs.report import annexes, evenness, findings, judgements, measures, opening
from livingcircle.outputs.report.paper import Paper
from livingcircle.outputs.report.source import Source
from livingcircle.programme import Programme

CHAPTERS = (
    opening.general, opening.units, opening.demand, opening.supply,
    findings.coverage, findings.capacity, findings.old_and_young, evenness.evenness, judgements.indicators, judgements.gaps,
    measures.advice, measures.programme, measures.method, annexes.tables, annexes.drawings,
)  # fmt: skip


def write(result: Result, path: Path, listed: Gaps | None = None, *, figures: Sequence[Drawn], written_on: date, programme: Programme | None = None) -> None:
    """Write the report with `figures`, chapter after chapter; `written_on` is the date it bears, `listed` the gap list as handed out.

    `programme` is that of near-term projects, where the study asks for one.
    """
    language = result.settings.language
    known = words(language, "report")
    name = result.settings.name.get(language) or result.settings.study_id
    paper = Paper(language, known, title=known["title"].format(study=name))
    told = Source(result, gap_list.listed(result) if listed is None else listed, paper, figures, written_on, programme)
    paper.cover([name, known["cover"]], [known["subtitle"].format(year=told.year), known["made"], f"{written_on:%Y-%m-%d}"])
    paper.contents(known["contents"])
    for chapter in CHAPTERS:
        chapter(told)
    paper.save(path)
