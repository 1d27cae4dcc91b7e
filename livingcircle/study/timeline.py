"""The timeline of a study: coverage year by year, and its files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from livingcircle import timeline as told_by_year
from livingcircle.errors import Fault, StudyError, said
from livingcircle.outputs import publishing, run_record, timeline_page, timeline_tables, timeline_workbook
from livingcircle.reuse import Known
from livingcircle.scenario import laid
from livingcircle.standards import Standard, nearest
from livingcircle.study import schema
from livingcircle.study.analyzing import Job, Layers, asked, judged, read
from livingcircle.study.street_years import street_years
from livingcircle.timeline import Timeline

FOLDER = "timeline"
FILES = ("timeline.html", "timeline.xlsx", "timeline.csv", "run.json")
LONGEST = 200

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Span:
    """What a timeline is asked for: its first and last year (None: the study's, and the last in which anything opens), categories or themes
    (none: all that the study judges), scenario (its name in the study file, or a file) and language.
    """

    first: int | None = None
    last: int | None = None
    categories: tuple[str, ...] = ()
    scenario: str | None = None
    language: str | None = None


def timeline_study(path: Path, span: Span, *, out: Path | None = None, progress: Progress) -> tuple[Timeline, list[Path]]:
    """Coverage of the study in every year of the span, and the files written into `maps/<study>/timeline/` or `out`.

    Raises `StudyError`, `StandardError` or `DataError` with every fault found; then no output file was touched.
    """
    job = _job(path, span)
    target = out or Path("maps", job.study.study.id, FOLDER, *([job.plan.id] if job.plan else []))
    with publishing.publish(target) as folder:
        told = year_by_year(path, job, span, progress=progress)
        spoken = job.settings.language
        progress("outputs", 0, 3)
        timeline_tables.write(told, folder / "timeline.csv")
        timeline_workbook.write(told, folder / "timeline.xlsx", language=spoken)
        progress("outputs", 1, 3)
        timeline_page.write(told, folder / "timeline.html", language=spoken)
        progress("outputs", 2, 3)
        run_record.write_told(_recorded(told), folder / "run.json", inputs=job.files, base=job.base)
        progress("outputs", 3, 3)
    return told, [target / name for name in FILES]


def year_by_year(path: Path, job: Job, span: Span, *, progress: Progress) -> Timeline:
    """Coverage in every year of the span; only what changes in a year is worked out anew."""
    layers = read(job, progress=progress)
    inputs, settings = layers.inputs, job.settings
    if job.plan is not None:
        inputs, _, settings = laid(job.plan, inputs, standard=job.standard, settings=settings)
    streets = street_years(job.study, job.base)
    first = job.settings.year
    last = span.last or max((first, *told_by_year.opening_years(inputs, streets, certainty=settings.certainty)))
    years = tuple(range(first, last + 1))
    events = told_by_year.events(inputs, years=years, streets=streets, certainty=settings.certainty)
    held, known = {_open(streets, first): layers}, Known()
    begun = judged(_only(job, job.settings.categories), layers=layers, progress=progress, known=known)
    kept = known.forget()
    plan = told_by_year.anew(events, years=years, judged=list(dict.fromkeys(begun.coverage["category"])))
    found: dict[int, pd.DataFrame] = {first: begun.coverage}
    for number, (year, categories) in enumerate(plan.items()):
        progress("timeline", number, len(plan))
        if year not in found:
            own = _only(asked(path, scenario=span.scenario, year=year, language=span.language), categories)
            found[year] = judged(own, layers=_layers(own, streets, held), known=known).coverage
            known.forget(kept)
    progress("timeline", len(plan), len(plan))
    begun = replace(begun, settings=replace(begun.settings, name=job.settings.name, note=job.settings.note))
    mine = [bool(set(served) & set(begun.coverage["category"])) for served in events["categories"]]
    shown = events[(events["kind"] != told_by_year.FACILITY) | pd.Series(mine, index=events.index, dtype=bool)].reset_index(drop=True)
    return Timeline(years, told_by_year.timeline(found, shown, years=years), shown, plan, begun)


def _recorded(told: Timeline) -> dict[str, Any]:
    """What the record of a run tells of a timeline."""
    standard, settings = told.standard, told.settings
    return {
        "study": settings.study_id,
        "scenario": settings.scenario,
        "years": list(told.years),
        "worked_out": {year: list(categories) for year, categories in told.worked.items()},
        "standard": {"id": standard.id, "sha256": hashlib.sha256(standard.model_dump_json().encode()).hexdigest()},
        "warnings": list(told.first.warnings),
    }


def _job(path: Path, span: Span) -> Job:
    """The job of the first year, judging the categories asked for."""
    job = asked(path, scenario=span.scenario, year=span.first, language=span.language)
    first = job.settings.year
    if first is None:
        raise StudyError(Fault(f"{schema.study_file(path)}: study.year", "the study states no year to begin with", "add year = ... to study.toml, or give --from"))
    if span.last is not None and span.last < first:
        raise StudyError(Fault("--to", said("{last} lies before {first}", last=span.last, first=first), "give a last year that is not before the first"))
    if span.last is not None and span.last - first > LONGEST:
        raise StudyError(Fault("--to", said("{last} is more than {longest} years after {first}", last=span.last, longest=LONGEST, first=first), "give a shorter span"))
    named = categories_of(span.categories, job.standard)
    return replace(job, settings=replace(job.settings, categories=named or job.settings.categories))


def categories_of(words: Sequence[str], standard: Standard) -> tuple[str, ...]:
    """The categories judged that ids of categories or of themes name, in the order of the standard; raises `StudyError` for any other word."""
    judged = [id for id, one in standard.categories.items() if one.requirements]
    themes = {standard.categories[id].theme for id in judged}
    unknown = [word for word in words if word not in judged and word not in themes]
    if unknown:
        known = sorted({*judged, *themes})
        raise StudyError(
            Fault("--category", said("'{id}' is no category that {standard} judges", id=word, standard=standard.id), nearest(word, known)) for word in unknown
        )
    return tuple(id for id in judged if id in words or standard.categories[id].theme in words)


def _only(job: Job, categories: Sequence[str]) -> Job:
    """The job without what a timeline does not tell: other categories, and indicators."""
    return replace(job, settings=replace(job.settings, categories=tuple(categories), systems=()))


def _open(streets: dict[int, int], year: int) -> tuple[int, ...]:
    return tuple(opens for opens in streets if opens <= year)


def _layers(job: Job, streets: dict[int, int], held: dict[tuple[int, ...], Layers]) -> Layers:
    """The layers of a year; years with the same streets have the same."""
    key = _open(streets, job.settings.year)
    if key not in held:
        held[key] = read(job)
    return held[key]
