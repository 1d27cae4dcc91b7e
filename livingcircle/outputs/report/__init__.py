"""`report.docx`: the text, tables and figures that a planner pastes from, in the study's language, with the run's own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from livingcircle.analysis import Result
from livingcircle.messages import words
from livingcircle.outputs.figures import Drawn
from livingcircle.outputs.report import findings, measures, opening
from livingcircle.outputs.report.paper import Paper
from livingcircle.outputs.report.source import Source

CHAPTERS = (
    opening.general, opening.units, opening.demand, opening.supply,
    findings.coverage, findings.indicators, findings.capacity, findings.old_and_young, findings.gaps,
    measures.advice, measures.programme, measures.method, measures.annex,
)  # fmt: skip


def write(result: Result, path: Path, *, figures: Sequence[Drawn], written_on: date) -> None:
    """Write the report with `figures`, chapter after chapter; `written_on` is the date it bears."""
    language = result.settings.language
    known = words(language, "report")
    name = result.settings.name.get(language) or result.settings.study_id
    title = known["title"].format(study=name)
    told = Source(result, Paper(language, known, title=title), figures, written_on)
    told.paper.title(title, [known["subtitle"].format(year=told.year), known["made"], f"{written_on:%Y-%m-%d}"])
    for chapter in CHAPTERS:
        chapter(told)
    told.paper.save(path)
