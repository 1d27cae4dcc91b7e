"""States of a study set side by side: the study as it is, its scenarios, other years; the comparison and its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from livingcircle.comparison import Comparison, State, compare
from livingcircle.errors import Fault, LivingCircleError, StudyError, listed, raise_all, said
from livingcircle.facilities import EVERY
from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs import compare_page, compare_tables, compare_workbook, publishing, run_record
from livingcircle.reuse import Known
from livingcircle.scenario import Plan, is_there
from livingcircle.study import schema
from livingcircle.study.analyzing import Job, Layers, asked, judged, read

BASE = "base"
FOLDER = "compare"
FILES = ("compare.html", "compare.xlsx", "compare.csv")
YEAR = re.compile(r"(.*)@(\d{4})", re.S)

Progress = Callable[[str, int, int], None]
# A scenario by its name in the study or its file, None for the study as it is; and the year, None for its own.
Wanted = tuple[str | None, int | None]


def compare_study(
    path: Path, told: Sequence[str], *, years: Sequence[int] = (), out: Path | None = None, language: str | None = None, progress: Progress
) -> tuple[list[State], list[Comparison], list[Path]]:
    """The states asked for, each of the others against the first, and the files written into `maps/<study>/compare/` or `out`.

    `told` names states (`wanted`). Raises `StudyError`, `StandardError` or `DataError` with every fault found; then no output file was touched.
    """
    study, base = schema.load(path)
    jobs = _jobs(path, wanted(told, years=years, scenarios=[*study.scenarios]), language)
    target = out or Path("maps", study.study.id, FOLDER)
    with publishing.publish(target) as folder:
        states = list(_states(jobs, progress))
        comparisons = [compare(states[0], state) for state in states[1:]]
        spoken = jobs[0].settings.language
        progress("outputs", 0, 3)
        compare_tables.write(comparisons, folder / "compare.csv")
        compare_workbook.write(states, comparisons, folder / "compare.xlsx", language=spoken)
        progress("outputs", 1, 3)
        compare_page.write(states, folder / "compare.html", language=spoken)
        progress("outputs", 2, 3)
        files = list(dict.fromkeys(file for job in jobs for file in job.files))
        run_record.write_compared(states, folder / "run.json", inputs=files, base=base)
        progress("outputs", 3, 3)
    return states, comparisons, [target / name for name in (*FILES, "run.json")]


def wanted(told: Sequence[str], *, years: Sequence[int], scenarios: Sequence[str]) -> list[Wanted]:
    """The states that a planner names: `base`, a scenario of the study or a scenario file, each with `@` and a year where it has one.

    Without any, the study as it is and all of its `scenarios`, or with `years` the study as it is in each of them. Where none is `base`, the
    study as it is stands first, in the year of the first. `years` asks for every state in each of them. Raises `StudyError` for fewer than two
    states, and for one named twice.

    >>> wanted(["riverside@2030"], years=[], scenarios=["riverside"])
    [(None, 2030), ('riverside', 2030)]
    >>> wanted([], years=[2023, 2030], scenarios=["riverside"])
    [(None, 2023), (None, 2030)]
    """
    states = [_state_told(word) for word in told]
    if not states:
        states = [(None, None)] if years else [(None, None), *((name, None) for name in scenarios)]
    if all(name is not None for name, _ in states):
        states = [(None, states[0][1]), *states]
    if years:
        states = [(name, year) for name, own in states for year in ([own] if own is not None else years)]
    twice = list(dict.fromkeys(state for state in states if states.count(state) > 1))
    if twice:
        raise StudyError(Fault("STUDY SCENARIO", said("{names} stands twice", names=listed(map(_word, twice))), "name every state once"))
    if len(states) < 2:
        remedy = said("name a scenario or a scenario file, give --years, or write [scenarios.NAME] into the study file")
        raise StudyError(Fault("STUDY SCENARIO", "there is one state only, and nothing to compare it with", remedy))
    return states


def _state_told(word: str) -> Wanted:
    # A file may bear an @ in its name.
    found = None if Path(word).is_file() else YEAR.fullmatch(word)
    name, year = (found[1], int(found[2])) if found else (word, None)
    return None if name == BASE else name, year


def _word(state: Wanted) -> str:
    name, year = state
    return f"{name or BASE}@{year}" if year else name or BASE


def _jobs(path: Path, states: Sequence[Wanted], language: str | None) -> list[Job]:
    """The jobs of all states; every one is understood before the first is worked out."""
    jobs, faults = [], []
    kind: type[LivingCircleError] = StudyError
    own = next((year for name, year in states if name is None), None)
    for name, year in states:
        try:
            jobs.append(asked(path, scenario=name, year=year, language=language))
        except LivingCircleError as error:
            faults += [fault for fault in error.faults if fault not in faults]
            kind = type(error)
    raise_all(faults, kind)
    planned = next((job.settings.year for job in jobs if job.plan is not None), None)
    if own is None and planned is not None:
        # The study as it is stands beside the first scenario in the scenario's year: what differs is then the scenario's doing.
        jobs = [asked(path, year=planned, language=language) if state == (None, None) else job for state, job in zip(states, jobs, strict=True)]
    return jobs


def _states(jobs: Sequence[Job], progress: Progress) -> Iterator[State]:
    """The states in their order; the layers of a year and standard are read once."""
    held: dict[Hashable, Layers] = {}
    known, kept = Known(), None
    years = {job.settings.year for job in jobs}
    for job in jobs:
        if job.read_as not in held:
            held[job.read_as] = read(job, progress=progress)
        result = judged(job, layers=held[job.read_as], progress=progress, known=known)
        used = known.forget(kept or frozenset())
        kept = used if kept is None else kept
        id = job.plan.id if job.plan else BASE
        names = dict(job.plan.name) if job.plan else {own: words(own, "compare")["base"] for own in LANGUAGES}
        if len(years) > 1 and job.settings.year is not None:
            id = f"{id}@{job.settings.year}"
            names = {own: words(own, "compare")["in_year"].format(name=name, year=job.settings.year) for own, name in names.items()}
        settings = replace(result.settings, name=job.settings.name, note=job.settings.note)
        yield State(id, names, replace(result, settings=settings), links_of(job.plan, result.network.crs, counted=(settings.year, settings.certainty)))


def links_of(plan: Plan | None, crs: object, *, counted: tuple[int | None, str] = (None, EVERY)) -> gpd.GeoDataFrame | None:
    """The links and gates of a scenario that are there (`scenario.is_there`) as `State.links`: lines of links, points of gates; None without any.

    `counted` is the year judged, and the certainty asked for.
    """
    if plan is None:
        return None
    year, certainty = counted
    links, gates = ([one for one in part if is_there(one, year=year, certainty=certainty)] for part in (plan.scenario.links, plan.scenario.gates))
    if not links and not gates:
        return None
    turned = {"open": "opened", "close": "closed"}
    rows = [(link.name, link.kind, "opened", shapely.LineString(link.line)) for link in links]
    rows += [("", "gate", turned[gate.change], shapely.Point(gate.lon, gate.lat)) for gate in gates]
    table = pd.DataFrame(rows, columns=["name", "kind", "change", "shape"])
    return gpd.GeoDataFrame(table[["name", "kind", "change"]], geometry=table["shape"].tolist(), crs="EPSG:4326").to_crs(crs)
