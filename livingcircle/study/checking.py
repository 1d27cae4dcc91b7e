"""The audit of a study: its files read, everything doubtful found, and the table and page of it written."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from livingcircle import network as streets
from livingcircle.analysis import Inputs, Settings
from livingcircle.audit import FAULT, Effect, Finding, Origin, audit
from livingcircle.errors import DataError, Fault, StudyError, reason, said
from livingcircle.facilities import is_open
from livingcircle.outputs import check_page
from livingcircle.outputs.check_page import Report
from livingcircle.sources import osm
from livingcircle.standards import Standard
from livingcircle.study import schema
from livingcircle.study.decisions import decisions, gate_findings, without_outlines
from livingcircle.study.findings import READ_COLUMNS, Findings
from livingcircle.study.judging import standards_of
from livingcircle.study.local_points import placed
from livingcircle.study.reading import datums_of, read_inputs, read_network, settings_of

FILES = ("check.csv", "check.html")
Progress = Callable[[str, int, int], None]


def check(path: Path, *, out: Path | None = None, language: str | None = None, progress: Progress) -> tuple[Report, list[Path]]:
    """The audit of the study at `path` and the two files written, into `maps/<study>/` unless `out` says otherwise.

    Faults of the data that forbid an analysis are findings, too. Raises `StudyError` and `StandardError` for a study or standard that
    cannot be understood; then nothing is written.
    """
    study, base = schema.load(path)
    standard, _ = standards_of(study, base=base)
    settings = settings_of(study, language=language)
    found = Findings(thorough=True)
    try:
        study = placed(study, base, found)
        inputs = read_inputs(study, base, standard=standard, findings=found, progress=progress)
    except DataError as error:
        pairs, crs, listed = [(_fault(fault), Effect()) for fault in error.faults], "", pd.DataFrame()
    else:
        files = (study.streets.path, study.residences.path)
        noticed = [*decisions(found, inputs), *gate_findings(study, base, inputs)]
        absent = frozenset(found.counts["verified_absent"])
        unwalled = without_outlines(study, base, inputs)
        origin = Origin(*files, _rebuild(study, base, inputs), noticed, datums_of(study), absent, unwalled)
        pairs = audit(inputs, settings, standard=standard, origin=origin, progress=progress)
        crs, listed = inputs.network.crs.to_string(), _categories(inputs, standard, settings)
    name = settings.name.get(settings.language) or settings.study_id
    read = pd.DataFrame(found.read, columns=READ_COLUMNS)
    report = Report(name, settings.language, standard, crs, pairs, read, listed)
    return report, _published(report, out or Path("maps") / study.study.id)


def _fault(fault: Fault) -> Finding:
    return Finding("fault", FAULT, fault.where, 1, {"problem": fault.problem, "remedy": fault.remedy})


def _rebuild(study: schema.Study, base: Path, inputs: Inputs) -> Callable:
    """How the streets would be, read with another tolerance, with crossings joined, or with every line walked."""

    def rebuild(tolerance_m: float | None, at_crossings: bool, everything: bool) -> streets.StreetNetwork:
        if not everything and not _is_line_layer(base / study.streets.path):
            return _joined(inputs.network, tolerance_m, at_crossings)
        told = study.streets.model_copy(update={"join_crossings": at_crossings})
        if tolerance_m is not None:
            told = told.model_copy(update={"join_tolerance_m": tolerance_m})
        asked = study.model_copy(update={"streets": told})
        return read_network(asked, base, inputs.network.crs, every_line=everything)

    return rebuild


def _is_line_layer(path: Path) -> bool:
    return not osm.is_extract(path) and path.suffix.lower() != ".graphml"


def _joined(network: streets.StreetNetwork, tolerance_m: float | None, at_crossings: bool) -> streets.StreetNetwork:
    """The streets of an extract joined as a line layer is."""
    lines = network.streets.drop(columns=["from_node", "to_node"])
    # Links across a plaza meet others at their ends alone: each is given a layer of its own.
    apart = lines["layer"].max() + 1 + np.arange(len(lines))
    lines = lines.assign(layer=np.where(network.street_m > 0, lines["layer"], apart))
    edges = streets.join_lines(lines, tolerance_m=tolerance_m or 0.0, at_crossings=at_crossings)
    joined = streets.from_edges(edges, dropped=network.dropped)
    return replace(joined, permeability=network.permeability, compounds=network.compounds)


def _categories(inputs: Inputs, standard: Standard, settings: Settings) -> pd.DataFrame:
    """A row a category that is served or mandatory: how many facilities, how many of them open, from which files."""
    served = inputs.facilities[["categories", "source"]].assign(open=is_open(inputs.facilities, year=settings.year, certainty=settings.certainty))
    each = served.explode("categories")
    judged = [pair for pair in standard.requirements() if settings.judges(standard.categories[pair[0]])]
    asked = {category for category, rule in judged if rule.flag == "mandatory"}
    rows = []
    for category in standard.categories:
        own = each[each["categories"] == category]
        if len(own) or category in asked:
            rows.append((category, len(own), int(own["open"].sum()), ", ".join(sorted(own["source"].unique()))))
    return pd.DataFrame(rows, columns=["category", "number", "open", "sources"])


def _published(report: Report, target: Path) -> list[Path]:
    """Both files, made beside the target and then moved there; what else is in the folder stays."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".check-", dir=target))
    except OSError as error:
        raise StudyError(Fault(str(target), said("cannot be written ({reason})", reason=reason(error)), "give another --out")) from error
    try:
        check_page.write_table(report, fresh / FILES[0])
        check_page.write(report, fresh / FILES[1])
        return [(fresh / name).replace(target / name) for name in FILES]
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
