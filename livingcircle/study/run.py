"""A study from its file to the files of its run."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from livingcircle.analysis import Result
from livingcircle.gaps.capacity import TOO_SMALL
from livingcircle.layers import Gaps
from livingcircle.messages import LANGUAGES
from livingcircle.outputs import figures, gap_list, layers_gpkg, page, publishing, report, run_record, tables, verification, workbook
from livingcircle.programme import Programme
from livingcircle.study import schema
from livingcircle.study.analyzing import asked, judged, read
from livingcircle.study.programming import Wanted, planned, terms_for

WORKBOOK = "gaps.xlsx"

# A planner opens these first; the others follow by name.
FIRST = ("index.html", "report.docx", "gaps.xlsx", "layers.gpkg", "gaps.csv", "coverage.csv", "indicators.csv")

Progress = Callable[[str, int, int], None]


def run(
    path: Path,
    *,
    scenario: str | None = None,
    out: Path | None = None,
    year: int | None = None,
    language: str | None = None,
    progress: Progress,
) -> tuple[Result, list[Path]]:
    """The result of the study at `path` and the files written, `maps/<study>/` (`maps/<study>/<scenario>/`) unless `out` says otherwise.

    `scenario` is the name of one in the study file, or the path of a file.
    Raises `StudyError`, `StandardError` or `DataError` with every fault found; then no output file was touched.
    """
    clock = _Clock(progress)
    job = asked(path, scenario=scenario, year=year, language=language)
    target = out or Path("maps", job.study.study.id, *([job.plan.id] if job.plan else []))
    # The place is taken before the work, so that a second run learns at once.
    with publishing.publish(target) as folder:
        # The workbook of the last run goes when this one appears; what planners wrote into it is read before.
        record = verification.read(target / WORKBOOK, language=job.settings.language)
        layers = read(job, progress=clock) if job.study.programme.budget is not None else None
        result = judged(job, layers=layers, progress=clock)
        # Nothing of a programme is worked out unless the study asks for one.
        programme = planned(job, layers, terms_for(job.study, job.standard, Wanted()), progress=clock) if layers is not None else None
        listed = gap_list.listed(result, record)
        result = _carried(result, listed, record, (folder, target))
        _write((result, listed, record, programme), folder, study=job.study, files=job.files, clock=clock)
        written = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
        if record.damaged:
            # Written after the record of the run, so that it counts as a planner's own file and stays.
            shutil.copyfile(target / WORKBOOK, verification.free_name(folder, target / WORKBOOK))
    return result, [target / name for name in (*(n for n in FIRST if n in written), *(n for n in written if n not in FIRST))]


def _carried(result: Result, listed: Gaps, record: verification.Record, folders: tuple[Path, Path]) -> Result:
    """The result with what a planner is told of the last workbook."""
    fresh, target = folders
    names = (WORKBOOK, verification.free_name(fresh, target / WORKBOOK).name)
    told = {own: tuple(verification.warnings(record, listed["gap_id"], language=own, names=names)) for own in LANGUAGES}
    every = {own: (*result.warnings_by_language.get(own, ()), *told[own]) for own in LANGUAGES}
    counts = {**result.counts, verification.COUNTED: len(record.notes), "shortages": int((listed["cause"] == TOO_SMALL).sum())}
    return replace(result, warnings=every[result.settings.language], warnings_by_language=every, counts=counts)


def _write(handed: tuple[Result, Gaps, verification.Record, Programme | None], folder: Path, *, study: schema.Study, files: list[Path], clock: _Clock) -> None:
    """Every file of a run; `files` are what it read, the study file first."""
    result, listed, record, programme = handed
    clock("outputs", 0, 6)
    tables.write_coverage(result, folder / "coverage.csv")
    tables.write_gaps(result, folder / "gaps.csv", listed)
    tables.write_indicators(result, folder / "indicators.csv")
    tables.write_completeness(result, folder / "completeness.csv")
    tables.write_lacking(result, folder / "lacking.csv")
    tables.write_quotas(result, folder / "quotas.csv")
    tables.write_capacity(result, folder)
    tables.write_equity(result, folder / "equity.csv")
    clock("outputs", 1, 6)
    workbook.write(result, folder / WORKBOOK, table=listed, record=record, programme=programme)
    layers_gpkg.write(result, folder / "layers.gpkg")
    clock("outputs", 2, 6)
    page.write(result, folder / "index.html", backgrounds=study.outputs.map.asked())
    clock("outputs", 3, 6)
    told, today = study.outputs, date.today()
    drawn = figures.write(result, folder / "figures", drawn_on=today, paper=told.paper) if told.figures else []
    clock("outputs", 4, 6)
    if told.report:
        report.write(result, folder / "report.docx", listed, figures=drawn, written_on=today, programme=programme)
    clock("outputs", 5, 6)
    run_record.write(result, folder / "run.json", inputs=files, base=files[0].parent, seconds=clock.seconds())
    clock("outputs", 6, 6)


class _Clock:
    """Passes progress on and keeps the seconds of every step."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._began, self._spent = progress, {}, {}

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.perf_counter()
        self._began.setdefault(step, now)
        self._spent[step] = now - self._began[step]
        self._progress(step, done, total)

    def seconds(self) -> dict[str, float]:
        return {step: round(spent, 3) for step, spent in self._spent.items()}
