"""A study from its file to what was found, with a scenario laid over it where one is asked for; nothing is written."""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from livingcircle.analysis import Inputs, Kept, Result, Settings, analyze, losses
from livingcircle.audit import Finding, datum_findings
from livingcircle.errors import Fault
from livingcircle.facilities import CLOSED, certain, opens_in
from livingcircle.isochrone import USUAL_M
from livingcircle.messages import LANGUAGES, text, words
from livingcircle.messages.faults import in_words
from livingcircle.outputs import figures
from livingcircle.outputs.kept_words import fault_lines
from livingcircle.outputs.walking_words import group_name
from livingcircle.reuse import Known, again
from livingcircle.scenario import Plan, Scenario, changes_nothing, laid, only_adds
from livingcircle.snapping import TOO_FAR
from livingcircle.standards import Standard
from livingcircle.study import schema
from livingcircle.study.findings import Findings
from livingcircle.study.judging import standards_of
from livingcircle.study.local_points import placed
from livingcircle.study.reading import datums_of, read_inputs, settings_of
from livingcircle.study.scenarios import overridden, own_files, recorded, scenario_of
from livingcircle.study.street_years import OPEN_YEAR

# A border between lattice points is true within a cell; what lies farther off is told.
CELLS_ASTRAY = 1.5

Progress = Callable[[str, int, int], None]


def _quiet(step: str, done: int, total: int) -> None:
    pass


@dataclass(frozen=True)
class Job:
    """What is asked: the study, the folder its paths start from, the scenario, the standard and settings without it, and the files named.

    `own` is the table `[study]` without the year, standard and certainty of a scenario.
    """

    study: schema.Study
    base: Path
    plan: Plan | None
    standard: Standard
    settings: Settings
    files: list[Path]
    own: schema.About

    @property
    def read_as(self) -> Hashable:
        """What the layers hang on beside the study: its year where streets open in years, and the standard, by which places are recognized."""
        opening = OPEN_YEAR in self.study.streets.columns
        return self.study.study.year if opening else None, self.study.study.standard


@dataclass(frozen=True)
class Layers:
    """The layers of a study as its files have them, the study as it was read, and what reading noticed."""

    study: schema.Study
    inputs: Inputs
    findings: Findings = field(default_factory=Findings)


def asked(path: Path, *, scenario: str | None = None, year: int | None = None, language: str | None = None) -> Job:
    """What a study and a scenario (its name in the study file, or a file) ask for; no layer is read yet.

    `year` is judged on before the scenario's, and that before the study's. Raises `StudyError` and `StandardError` with every fault.
    """
    study, base = schema.load(path)
    own = study.study
    plan, file = scenario_of(scenario, study, schema.study_file(path)) if scenario else (None, None)
    year = year if year is not None or plan is None else plan.scenario.year
    # Streets of a later year are not there either, and a standard tells which places are read.
    told = {"year": year} if year is not None else {}
    study = study.model_copy(update={"study": study.study.model_copy(update={**told, **(overridden(plan, base) if plan else {})})})
    standard, systems = standards_of(study, base=base)
    settings = settings_of(study, year=year, language=language, systems=systems)
    files = [schema.study_file(path), *schema.input_files(study, base), *([file] if file else []), *(own_files(plan) if plan else [])]
    return Job(study, base, plan, standard, replace(settings, scenario=recorded(plan, file)) if plan else settings, files, own)


def read(job: Job, *, progress: Progress = _quiet) -> Layers:
    """The layers of a study as its files have them, without its scenario."""
    findings = Findings()
    study = placed(job.study, job.base, findings)
    return Layers(study, read_inputs(study, job.base, standard=job.standard, findings=findings, progress=progress), findings)


def judged(job: Job, *, layers: Layers | None = None, progress: Progress = _quiet, known: Known | None = None) -> Result:
    """What is found for a study under its scenario; `layers` are those of another job on the same study and year, where they are read.

    `known` holds what other jobs worked out: what nothing changed is taken from there.
    """
    layers = layers or read(job, progress=progress)
    inputs, standard, settings = layers.inputs, job.standard, job.settings
    years = set(_coming(inputs, settings))
    if job.plan is not None:
        inputs, standard, settings = laid(job.plan, inputs, standard=standard, settings=settings)
    # The years of the study stay, so that tables of a scenario can be laid beside those of the study.
    settings = replace(settings, years=settings.years or tuple(sorted({*years, *_coming(inputs, settings)})))
    if job.plan is not None and known is None:
        # Even where nothing was worked out before, the checks share what the scenario leaves alone.
        known = Known()
    result = analyze(inputs, standard=standard, settings=settings, progress=progress, known=known)
    if job.plan is not None:
        result = replace(result, kept=_kept(job, layers.inputs, (inputs, standard, settings), result, known))
    noticed = (*layers.findings.warnings, *_shifted(layers, known), *_unlettered(layers.study, settings), *_uncounted(inputs, job.plan, settings))
    told = Findings(warnings=list(noticed))
    result = replace(result, counts={**result.counts, **layers.findings.counts})
    every = {own: (*fault_lines(result, own), *_warnings(result, standard, told, own)) for own in LANGUAGES}
    return replace(result, warnings=every[settings.language], warnings_by_language=every)


def analyzed(
    path: Path, *, scenario: str | None = None, year: int | None = None, language: str | None = None, progress: Progress = _quiet
) -> Result:
    """The result of the study at `path` under a scenario (its name in the study file, or a file; None for the study as it is), nothing written.

    Raises `StudyError`, `StandardError` or `DataError` with every fault found.
    """
    return judged(asked(path, scenario=scenario, year=year, language=language), progress=progress)


def analyzed_all(
    path: Path, scenarios: Sequence[str | None], *, year: int | None = None, language: str | None = None, progress: Progress = _quiet
) -> Iterator[tuple[Job, Result]]:
    """The jobs and results of several scenarios one after another (None for the study as it is); the layers are read once for each year and standard.

    Every scenario is understood before the first is worked out.
    """
    jobs = [asked(path, scenario=scenario, year=year, language=language) for scenario in scenarios]
    held: dict[Hashable, Layers] = {}
    known, kept = Known(), None
    try:
        for job in jobs:
            if job.read_as not in held:
                held[job.read_as] = read(job, progress=progress)
            yield job, judged(job, layers=held[job.read_as], progress=progress, known=known)
            # Most states differ from the first by a little; of the others the last one is kept, too.
            used = known.forget(kept or frozenset())
            if kept is None:
                kept = used
                # What is kept of the first stays to the end: looking half a million things through for garbage takes a tenth of a further state.
                gc.freeze()
    finally:
        gc.unfreeze()


def _kept(job: Job, inputs: Inputs, after: tuple, result: Result, known: Known) -> Kept:
    """The checks of a scenario: that one without changes changes nothing, and that one that only adds takes nothing from anybody."""
    settings = replace(job.settings, years=result.settings.years, certainty=job.own.certainty)
    before = (inputs, job.standard, settings)
    nothing = changes_nothing(before, known=known)
    # Under another standard nothing of the study can be told from what it was.
    if job.own.standard != job.study.study.standard or not only_adds(before, after):
        return Kept(nothing, False)
    kept = losses(inputs, result, standard=job.standard, settings=settings, known=known)
    return replace(kept, unchanged=nothing, same_homes=inputs.residences is after[0].residences)


def _coming(inputs: Inputs, settings: Settings) -> tuple[int, ...]:
    """The years in which facilities will open, from the year judged on; without that year all of those stated."""
    coming = opens_in(inputs.facilities, certainty=settings.certainty)[(inputs.facilities["status"] != "existing").to_numpy()]
    return tuple(sorted({int(year) for year in coming if np.isfinite(year) and (settings.year is None or year > settings.year)}))


def _warnings(result: Result, standard: Standard, findings: Findings, language: str) -> tuple[str, ...]:
    told = list(findings.warnings)
    away = result.counts["people_off_network_by_reason"]
    far = away.get(TOO_FAR, 0)
    if round(far):
        told.append(("people_off_network", {"people": round(far), "limit": result.settings.snap_limit_m}))
    walled = sum(away.values()) - far
    if round(walled):
        told.append(("people_behind_barriers", {"people": round(walled), "limit": result.settings.snap_limit_m}))
    islands = result.components.iloc[1:]
    if len(islands):
        numbers = {"length_km": islands["length_m"].sum() / 1000, "people": round(islands["people"].sum())}
        told.append(("islands", {"count": len(result.components), **numbers}))
    known = {category for served in result.facilities["categories"] for category in served}
    mandatory = result.coverage[result.coverage["flag"] == "mandatory"]["category"].drop_duplicates()
    absent = [category for category in mandatory if category not in known]
    if absent:
        names = "、".join(standard.categories[c].name.get(language) for c in absent)
        told.append(("not_found", {"names": names if language == "zh" else names.replace("、", ", ")}))
    if result.counts["isochrone_cell_m"] > USUAL_M:
        told.append(("coarse", {"cell": result.counts["isochrone_cell_m"]}))
    astray = result.isochrones["largest_m"].max() if len(result.isochrones) else 0.0
    if astray > CELLS_ASTRAY * result.counts["isochrone_cell_m"]:
        told.append(("areas_astray", {"far": float(astray), "worst": float(result.isochrones["agreement"].min())}))
    cut_off = result.counts["facilities_off_network"]
    if cut_off:
        names = [f"{name} ({own})" for own, name in list(cut_off.items())[:5]]
        told.append(("facilities_off_network", {"count": len(cut_off), "names": "; ".join(names)}))
    centroids = int((result.facilities["entrance_source"] == "centroid").sum())
    if centroids:
        told.append(("centroids", {"count": centroids}))
    told += _of_compounds(result) + _of_groups(result, language)
    if result.counts.get("street_m_without_height"):
        told.append(("without_height", {"length_km": result.counts["street_m_without_height"] / 1000}))
    dropped = result.network.dropped
    if len(dropped):
        classes = ", ".join(dropped["highway"].drop_duplicates().head(6))
        told.append(("dropped", {"length_km": dropped["length_m"].sum() / 1000, "classes": classes}))
    known = words(language, "gis")
    told = [(key, {name: known[f"status.{one}"] if name == "certainty" else one for name, one in values.items()}) for key, values in told]
    shown = ({name: in_words(one, language) if isinstance(one, Fault) else one for name, one in values.items()} for _, values in told)
    return tuple(text(language, f"warning.{key}", **values) for (key, _), values in zip(told, shown, strict=True))


def _shifted(layers: Layers, known: Known | None) -> list[tuple[str, dict]]:
    """Layers that seem to be in another datum than they were read in."""
    found = again(known, _datums, layers.inputs, datums_of(layers.study), layers.study.residences.path)
    return [(finding.kind, {"layer": finding.layer, **finding.values}) for finding in found]


def _datums(inputs: Inputs, datums: dict[str, str], homes: str) -> list[Finding]:
    return list(datum_findings(inputs, datums, homes=homes))


def _uncounted(inputs: Inputs, plan: Plan | None, settings: Settings) -> list[tuple[str, dict]]:
    """What is left out because it is less certain than what is asked for."""
    def less(stated: Iterable[str | None]) -> int:
        known = [one for one in stated if one not in (None, CLOSED)]
        return int((~certain(known, certainty=settings.certainty)).sum())

    told = plan.scenario if plan else Scenario()
    number = {"facilities": less(inputs.facilities["status"])}
    number["homes"] = less(home.certainty for home in told.homes)
    number["links"] = less(link.certainty for link in (*told.links, *told.gates))
    return [("uncounted", {**number, "certainty": settings.certainty})] if any(number.values()) else []


def _unlettered(study: schema.Study, settings: Settings) -> list[tuple[str, dict]]:
    """Figures that are asked for and that this machine has no font for."""
    return [("no_font", {})] if study.outputs.figures and not figures.fonts_of(settings.language) else []


def _of_compounds(result: Result) -> list[tuple[str, dict]]:
    listed = result.network.compounds
    if listed is None:
        return []
    told = []
    shut = listed[listed["without_gate"]]
    if len(shut):
        names = ", ".join(str(name) or f"#{number}" for number, name in shut["name"].head(5).items())
        told.append(("compounds_without_gate", {"count": len(shut), "names": names}))
    unused = result.network.unused_gates
    if unused:
        told.append(("gates_unused", {"count": unused}))
    return told


def _of_groups(result: Result, language: str) -> list[tuple[str, dict]]:
    """Groups that count everybody, and costs that no street bears."""
    told = []
    everybody = [g for g in result.settings.groups[1:] if g.people == "people"]
    if everybody:
        told.append(("groups_of_everybody", {"names": ", ".join(group_name(g.id, language) for g in everybody)}))
    return told
