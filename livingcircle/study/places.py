"""The facilities of a study: every file read and classified, corrections applied, repeats merged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from livingcircle import coordinates, corrections
from livingcircle import facilities as places
from livingcircle.corrections import Corrections
from livingcircle.errors import DataError, Fault, listed, said
from livingcircle.facilities import Mapped
from livingcircle.layers import Entrances, Facilities, Residences
from livingcircle.sources import osm
from livingcircle.standards import Standard
from livingcircle.study.classifying import Classifier, classifier, suggesting, usual_columns, whole_codes
from livingcircle.study.correcting import read_corrections
from livingcircle.study.files import any_file, require_columns, source_of
from livingcircle.study.findings import Findings
from livingcircle.study.rows import keep
from livingcircle.study.schema import FacilityFile, Study

Gather = Callable[..., object]


class Read(NamedTuple):
    """What the files hold: facilities of every file, ids that serve no category, and the corrections."""

    frames: list[Facilities]
    corrections: Corrections


def read_facilities(
    study: Study, ground: tuple, standard: Standard, findings: Findings, gather: tuple[Gather, Callable[[str, int, int], None]]
) -> Read:
    """The facilities of every file in the order of the study; faults are gathered and told by the caller.

    `ground` is the study's folder, its CRS and the bounds of its streets; `gather` calls a reader and keeps its faults, and
    is told of progress.
    """
    gathered, progress = gather
    told = gathered(read_corrections, ground[0], standard) or corrections.NOTHING
    frames = []
    for number, part in enumerate(study.facilities):
        progress("facilities", number, len(study.facilities))
        frames.append(gathered(_one_file, part, ground, standard, (findings, told)))
    return Read(frames, told)


class Parts(NamedTuple):
    """What a study's layers were made of: facilities as the files have them, homes within the study area and beyond, how entrances are
    found, and the language of the study."""

    read: Read
    residences: Residences
    with_doors: Callable[[Facilities], tuple[Facilities, Entrances]]
    language: str


class Combined(NamedTuple):
    """All facilities corrected (`apart`), the same without repeats (`kept`), what was merged, and what the corrections did."""

    apart: Facilities
    kept: Facilities
    merged: pd.DataFrame
    done: pd.DataFrame


def combined(read: Read, crs, *, language: str) -> Combined:
    """All facilities corrected, and without repeats."""
    everything = places.with_own_ids(gpd.GeoDataFrame(pd.concat(read.frames, ignore_index=True), crs=crs))
    left_out = [own for frame in read.frames for own in frame.attrs["left_out"]]
    corrected, done = corrections.applied(everything, read.corrections, known=left_out)
    here = set(corrected["facility_id"])
    # A pair of which one was dropped says nothing any more.
    pairs = {action: [p for p in read.corrections.pairs(action) if set(p) <= here] for action in ("same", "apart")}
    kept, merged = places.merge_duplicates(corrected, same=pairs["same"], keep_apart=pairs["apart"], language=language)
    return Combined(corrected, kept, merged, done)


def united(read: Read, crs, findings: Findings, *, language: str) -> tuple[Facilities, pd.DataFrame]:
    """All facilities corrected and without repeats, and the list of what was merged; `findings` is told of both."""
    got = combined(read, crs, language=language)
    if len(got.done):
        findings.counts["corrections"] = got.done.astype(object).where(pd.notna(got.done), None).to_dict("records")
    findings.counts["facilities_merged"] = len(got.merged)
    findings.counts["verified_absent"] = sorted(read.corrections.absent)
    return got.kept, got.merged


def _one_file(told: FacilityFile, ground: tuple, standard: Standard, noted: tuple[Findings, Corrections]) -> Facilities:
    (base, crs, bounds), (findings, corrected) = ground, noted
    path = base / told.path
    if osm.is_extract(path):
        file = osm.read_places(path, keys=standard.osm_keys())
    else:
        file = any_file(path, told)
        require_columns(file, told)
    raw = coordinates.to_crs(file, declared=told.crs, target=crs, where=told.path)
    raw = keep(whole_codes(raw, told), told.where, told.path)
    if len(raw):
        coordinates.check_overlap(raw, bounds, where=told.path)
    columns = {**usual_columns(told.mapping, raw), **told.columns}
    if told.mapping == "osm" and "tags" not in raw.columns:
        raise DataError(Fault(told.path, "is no OSM extract", said("give one of {kinds}, or another mapping", kinds=listed(osm.SUFFIXES))))
    if told.mapping == "osm":
        raw = raw.assign(name=[t.get("name") or t.get("name:zh", "") for t in raw["tags"]])
        columns = {"id": "source_id", "name": "name"}
    mapped = Mapped(columns=columns, status_default=told.status_default, source=source_of(told))
    classify = classifier(told, columns, standard, raw, vocabulary=told.vocabulary)
    frame = places.from_places(raw, mapped=mapped, classify=classify, given=corrected.categories)
    rules = frame["rule"].astype(str).str.split(":").str[0].value_counts()
    shown = ", ".join(f"{rule} {count}" for rule, count in rules.items())
    findings.note(file, told, "facilities", asked=len(raw), kept=len(frame), rules=shown)
    if findings.thorough and frame.attrs["unclassified"]:
        answer = suggesting(told, columns, standard, vocabulary=told.vocabulary)
        findings.read[-1]["maybe"] = _maybe(raw, frame, mapped, answer)
    _tell(frame, mapped.source, findings)
    return frame


def _maybe(raw: gpd.GeoDataFrame, frame: Facilities, mapped: Mapped, answer: Classifier) -> Facilities | None:
    """The rows that serve no category as what they may be after all; None where a row states what cannot be read."""
    try:
        guessed = places.from_places(raw, mapped=mapped, classify=answer)
    except DataError:
        return None
    guessed = guessed[guessed["facility_id"].isin(frame.attrs["left_out"])].reset_index(drop=True)
    guessed.attrs["left_out"] = []
    return guessed


def _tell(frame: Facilities, source: str, findings: Findings) -> None:
    if frame.attrs["unclassified"]:
        findings.counts.setdefault("places_of_no_category", {})[source] = frame.attrs["unclassified"]
    for key, value in frame.attrs["notes"].items():
        findings.counts.setdefault(key, {})[source] = value
    codes = frame.attrs["notes"].get("land_codes")
    if codes and (codes.get("ambiguous") or codes.get("unknown")):
        shown = ", ".join(map(str, list(codes.get("ambiguous") or codes.get("unknown"))[:5]))
        findings.warnings.append(("land_codes_doubtful", {"file": source, "vocabulary": codes.get("vocabulary") or "?", "codes": shown}))
    if frame.empty:
        findings.warnings.append(("no_facility_in_file", {"file": source}))
