"""A study from its file to the files of its run."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from livingcircle.analysis import Inputs, Result, Settings, analyze
from livingcircle.audit import datum_findings
from livingcircle.errors import Fault
from livingcircle.gaps.capacity import TOO_SMALL
from livingcircle.isochrone import USUAL_M
from livingcircle.layers import Gaps
from livingcircle.messages import LANGUAGES, text
from livingcircle.messages.faults import in_words
from livingcircle.outputs import figures, gap_list, layers_gpkg, page, publishing, report, run_record, tables, verification, workbook
from livingcircle.outputs.walking_words import group_name
from livingcircle.snapping import TOO_FAR
from livingcircle.standards import Standard
from livingcircle.study import schema
from livingcircle.study.findings import Findings
from livingcircle.study.judging import standards_of
from livingcircle.study.local_points import placed
from livingcircle.study.reading import datums_of, read_inputs, settings_of

# A border between lattice points is true within a cell; what lies farther off is told.
CELLS_ASTRAY = 1.5
WORKBOOK = "gaps.xlsx"

# A planner opens these first; the others follow by name.
FIRST = ("index.html", "report.docx", "gaps.xlsx", "layers.gpkg", "gaps.csv", "coverage.csv", "indicators.csv")

Progress = Callable[[str, int, int], None]


def run(
    path: Path, *, out: Path | None = None, year: int | None = None, language: str | None = None, progress: Progress
) -> tuple[Result, list[Path]]:
    """The result of the study at `path` and the files written, `maps/<study>/` unless `out` says otherwise.

    Raises `StudyError`, `StandardError` or `DataError` with every fault found; then no output file was touched.
    """
    clock = _Clock(progress)
    study, base = schema.load(path)
    if year is not None:
        # Streets of a later year are not there either.
        study = study.model_copy(update={"study": study.study.model_copy(update={"year": year})})
    standard, systems = standards_of(study, base=base)
    settings = settings_of(study, year=year, language=language, systems=systems)
    target = out or Path("maps") / study.study.id
    # The place is taken before the work, so that a second run learns at once.
    with publishing.publish(target) as folder:
        # The workbook of the last run goes when this one appears; what planners wrote into it is read before.
        record = verification.read(target / WORKBOOK, language=settings.language)
        findings = Findings()
        study = placed(study, base, findings)
        inputs = read_inputs(study, base, standard=standard, findings=findings, progress=clock)
        settings = replace(settings, years=settings.years or _coming(inputs, settings))
        result = analyze(inputs, standard=standard, settings=settings, progress=clock)
        findings.warnings += [*_shifted(inputs, study), *_unlettered(study, settings)]
        counts = {**result.counts, **findings.counts}
        told = {own: _warnings(result, standard, findings, own) for own in LANGUAGES}
        result = replace(result, counts=counts, warnings=told[settings.language], warnings_by_language=told)
        files = [schema.study_file(path), *schema.input_files(study, base)]
        listed = gap_list.listed(result, record)
        result = _carried(result, listed, record, (folder, target))
        _write((result, listed, record), folder, study=study, files=files, clock=clock)
        written = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
        if record.damaged:
            # Written after the record of the run, so that it counts as a planner's own file and stays.
            shutil.copyfile(target / WORKBOOK, verification.free_name(folder, target / WORKBOOK))
    return result, [target / name for name in (*(n for n in FIRST if n in written), *(n for n in written if n not in FIRST))]


def _coming(inputs: Inputs, settings: Settings) -> tuple[int, ...]:
    """The years in which facilities will open, from the year judged on; without that year all of those stated."""
    years = inputs.facilities.loc[inputs.facilities["status"] != "existing", "open_year"].dropna().astype(int)
    return tuple(sorted({year for year in years if settings.year is None or year > settings.year}))


def _carried(result: Result, listed: Gaps, record: verification.Record, folders: tuple[Path, Path]) -> Result:
    """The result with what a planner is told of the last workbook."""
    fresh, target = folders
    names = (WORKBOOK, verification.free_name(fresh, target / WORKBOOK).name)
    told = {own: tuple(verification.warnings(record, listed["gap_id"], language=own, names=names)) for own in LANGUAGES}
    every = {own: (*result.warnings_by_language.get(own, ()), *told[own]) for own in LANGUAGES}
    counts = {**result.counts, verification.COUNTED: len(record.notes), "shortages": int((listed["cause"] == TOO_SMALL).sum())}
    return replace(result, warnings=every[result.settings.language], warnings_by_language=every, counts=counts)


def _write(handed: tuple[Result, Gaps, verification.Record], folder: Path, *, study: schema.Study, files: list[Path], clock: _Clock) -> None:
    """Every file of a run; `files` are what it read, the study file first."""
    result, listed, record = handed
    clock("outputs", 0, 6)
    tables.write_coverage(result, folder / "coverage.csv")
    tables.write_gaps(result, folder / "gaps.csv", listed)
    tables.write_indicators(result, folder / "indicators.csv")
    tables.write_completeness(result, folder / "completeness.csv")
    tables.write_lacking(result, folder / "lacking.csv")
    tables.write_quotas(result, folder / "quotas.csv")
    clock("outputs", 1, 6)
    workbook.write(result, folder / WORKBOOK, table=listed, record=record)
    layers_gpkg.write(result, folder / "layers.gpkg")
    clock("outputs", 2, 6)
    page.write(result, folder / "index.html", backgrounds=study.outputs.map.asked())
    clock("outputs", 3, 6)
    told, today = study.outputs, date.today()
    drawn = figures.write(result, folder / "figures", drawn_on=today, paper=told.paper) if told.figures else []
    clock("outputs", 4, 6)
    if told.report:
        report.write(result, folder / "report.docx", listed, figures=drawn, written_on=today)
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
    shown = ({name: in_words(one, language) if isinstance(one, Fault) else one for name, one in values.items()} for _, values in told)
    return tuple(text(language, f"warning.{key}", **values) for (key, _), values in zip(told, shown, strict=True))


def _shifted(inputs: Inputs, study: schema.Study) -> list[tuple[str, dict]]:
    """Layers that seem to be in another datum than they were read in."""
    found = datum_findings(inputs, datums_of(study), homes=study.residences.path)
    return [(finding.kind, {"layer": finding.layer, **finding.values}) for finding in found]


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
