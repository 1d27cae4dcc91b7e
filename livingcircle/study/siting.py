"""The command `site`: where to build, worked out on a study, and the files that say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from livingcircle.errors import Fault, StudyError
from livingcircle.outputs import publishing, run_record, site_page, site_tables
from livingcircle.outputs.site_words import Report
from livingcircle.scenario import laid
from livingcircle.siting.answer import answered
from livingcircle.siting.case import case_of
from livingcircle.siting.program import INFEASIBLE
from livingcircle.siting.wish import Wish, terms
from livingcircle.study.analyzing import Job, asked, read
from livingcircle.study.siting_ground import ground

FOLDER = "site"
FILES = ("sites.csv", "curve.csv", "uncovered.csv", "sites.geojson", "site.toml", "sites.html", "run.json")

Progress = Callable[[str, int, int], None]


class Asked(NamedTuple):
    """What the command line asks beside the wish: scenario, year and language of the study, and the folder of the results."""

    scenario: str | None = None
    year: int | None = None
    language: str | None = None
    out: Path | None = None


def site_study(path: Path, wish: Wish, *, told: Asked, progress: Progress) -> tuple[Report, list[Path]]:
    """The siting that is wished for on a study, and the files written into `maps/<study>/site/<category>/` or the folder told.

    Raises `StudyError`, `StandardError` or `DataError` with every fault found; then no output file was touched.
    """
    job = asked(path, scenario=told.scenario, year=told.year, language=told.language)
    if not wish.categories:
        raise StudyError(Fault("--category", "no category is named", "name one, or several with a comma between"))
    # What is wrong with the wish is said before any layer is read.
    terms(_as_studied(wish, job), standard=job.standard, settings=job.settings)
    target = told.out or Path("maps", job.study.study.id, FOLDER, "+".join(wish.categories))
    with publishing.publish(target) as folder:
        report = reported(job, wish, progress=progress)
        progress("outputs", 0, 1)
        site_tables.write(report, folder)
        site_tables.write_geojson(report, folder / "sites.geojson")
        site_tables.write_scenario(report, folder / "site.toml")
        site_page.write(report, folder / "sites.html", language=report.settings.language)
        run_record.write_told(record(report), folder / "run.json", inputs=job.files, base=job.base)
        progress("outputs", 1, 1)
    return report, [target / name for name in FILES]


def reported(job: Job, wish: Wish, *, progress: Progress) -> Report:
    """The siting of a job with what its outputs need, with the capacities that the study states; nothing is written."""
    wish = _as_studied(wish, job)
    layers = read(job, progress=progress)
    inputs, standard, settings = layers.inputs, job.standard, job.settings
    if job.plan is not None:
        inputs, standard, settings = laid(job.plan, inputs, standard=standard, settings=settings)
    found = ground(layers.study, job.base, inputs, standard=standard, categories=wish.categories)
    case = case_of(inputs, found.candidates, terms=terms(wish, standard=standard, settings=settings), standard=standard, settings=settings)
    answer = answered(case, progress=lambda done, total: progress("siting", done, total))
    osm = bool(layers.findings.counts.get("osm"))
    return Report(answer, standard, settings, found.how, found.needs_m2, job.study.siting.cost_unit, found.parcels, osm)


def _as_studied(wish: Wish, job: Job) -> Wish:
    own = job.study.siting
    return replace(wish, capacity=own.capacity, unserved_m=own.unserved_m)


def record(report: Report) -> dict[str, Any]:
    """What the record of a run tells of a siting: what was asked, and what was found and proven."""
    answer = report.answer
    siting, case, bounds = answer.siting, answer.case, answer.case.bounds
    return {
        "study": report.settings.study_id,
        "scenario": report.settings.scenario,
        "year": report.settings.year,
        "asked": {
            "categories": [term.category for term in case.terms.each],
            "model": siting.model,
            "group": case.terms.group.id,
            "rule": case.terms.rule,
            "limits_m": {term.category: term.reach_m for term in case.terms.each},
            "judged_m": {term.category: term.judged_m for term in case.terms.each},
            "sites": bounds.sites,
            "budget": bounds.budget,
            "time_s": bounds.time_s,
            "unserved_m": bounds.penalty_m,
            "capacity": dict(case.terms.wish.capacity),
            "candidates": {"how": report.how, "count": len(case.candidates), "needs_m2": report.needs_m2},
        },
        "found": {
            "status": siting.status,
            "objective": siting.objective,
            "bound": siting.bound,
            "gap": siting.gap,
            "seconds": siting.seconds,
            "cost": siting.cost,
            "sites": answer.sites["site_id"].tolist(),
            "coverage": answer.coverage.drop(columns="clause").to_dict("records"),
            "needed": answer.needed.to_dict("records"),
            "unmet": answer.unmet.drop(columns="row").to_dict("records") if siting.status == INFEASIBLE else [],
        },
    }
