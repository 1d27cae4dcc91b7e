"""The scenario that a planner names: one of the study file, or a TOML or JSON file of its own."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from livingcircle.errors import Fault, StudyError, reason, said
from livingcircle.scenario import Plan, Scenario
from livingcircle.sources import content
from livingcircle.standards import nearest
from livingcircle.study.key_faults import key_faults
from livingcircle.study.schema import TAKEN, Study, load, parts_of, study_file

KINDS = (".toml", ".json")


def scenario_of(asked: str, study: Study, file: Path) -> tuple[Plan, Path | None]:
    """The scenario of that name in the study, or in the file of that path, and the file where it is one.

    `file` is the study file. The id of a scenario in a file is the file's name without its ending, in small letters, with `-` for what no folder bears.
    Raises `StudyError` with every fault: no such scenario, a file that cannot be read, unknown keys, wrong values.
    """
    if asked in study.scenarios:
        return Plan(asked, study.scenarios[asked], f"{file}: scenarios.{asked}.", file.parent, group_columns(study)), None
    path = Path(asked)
    if path.suffix.lower() not in KINDS and not path.is_file():
        known = sorted(study.scenarios)
        remedy = nearest(asked, known) if known else said("write [scenarios.{name}] into it, or give a file (.toml, .json)", name=asked)
        raise StudyError(Fault(str(file), said("no scenario '{name}'", name=asked), remedy))
    try:
        told = Scenario.model_validate(_read(path))
    except ValidationError as error:
        raise StudyError(key_faults(path, error, Scenario)) from error
    return Plan(_id_of(path), told, f"{path}: ", path.parent, group_columns(study)), path


def group_columns(study: Study) -> dict[str, str]:
    """The column, in the file that tells it, of every group that the study counts people by."""
    homes = study.residences
    if homes is None:
        return {}
    walking = {group.id: group.people for group in study.walking.groups if group.people and group.id != "all"}
    return {**(homes.groups | walking if homes.population is not None else {}), **(homes.totals.groups if homes.totals else {})}


def overridden(plan: Plan, base: Path) -> dict[str, Any]:
    """The keys of `[study]` that a scenario states for itself beside the year: `standard` (paths from the study's folder `base`) and `certainty`."""
    told = plan.scenario
    standard = None if told.standard is None else tuple(_from(base, plan.base, name) if name.endswith(".toml") else name for name in told.standard)
    return {key: value for key, value in (("standard", standard), ("certainty", told.certainty)) if value is not None}


def _from(base: Path, folder: Path, name: str) -> str:
    """A path from `folder` as one from `base`: unchanged where both are one folder."""
    return name if base.resolve() == folder.resolve() else str((folder / name).resolve())


def own_files(plan: Plan) -> list[Path]:
    """The files of homes that a scenario names, each once."""
    named = dict.fromkeys(plan.base / home.file for home in plan.scenario.homes if home.file)
    return [part for file in named if file.exists() for part in parts_of(file)]


def streets_asked(path: Path, scenario: str | None) -> tuple[Study, Path, Plan | None]:
    """A study for questions to its streets alone, in the year and with everybody's speed of a scenario; its folder; and the scenario."""
    study, base = load(path)
    if scenario is None:
        return study, base, None
    plan, _ = scenario_of(scenario, study, study_file(path))
    about, walking = study.study, study.walking
    told = {"study": about.model_copy(update={"year": plan.scenario.year or about.year, **overridden(plan, base)})}
    told["walking"] = walking.model_copy(update={"speed_kmh": plan.scenario.walking.speeds.get("all", walking.speed_kmh)})
    return study.model_copy(update=told), base, plan


def recorded(plan: Plan, file: Path | None) -> dict[str, Any]:
    """What the record of a run tells of its scenario: id, name, file with bytes and digest (None for one of the study file), and content."""
    told = None
    if file is not None:
        size, digest = content.size_and_digest(file)
        told = {"file": file.name, "bytes": size, "sha256": digest}
    return {"id": plan.id, "name": plan.name, "file": told, "content": plan.scenario.model_dump(mode="json", exclude_unset=True)}


def _id_of(path: Path) -> str:
    word = re.sub(r"[^\w-]+", "-", path.stem.lower()).strip("-_")[:64]
    return word if word and word not in TAKEN else f"scenario-{word}".rstrip("-")


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise StudyError(Fault(str(path), said("cannot be read ({reason})", reason=reason(error)), "check the path")) from error
    except UnicodeDecodeError as error:
        raise StudyError(Fault(str(path), "is not UTF-8", "save it as UTF-8")) from error
    if path.suffix.lower() != ".json":
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise StudyError(Fault(str(path), said("is not valid TOML ({error})", error=reason(error)), "correct this line; save as UTF-8")) from error
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        problem = said("is no JSON: {error} at line {line}, column {column}", error=error.msg, line=error.lineno, column=error.colno)
        raise StudyError(Fault(str(path), problem, "correct this line; save as UTF-8")) from error
    except RecursionError as error:
        raise StudyError(Fault(str(path), "lists within lists without end", "give a scenario as the map saves it")) from error
    if not isinstance(told, dict):
        raise StudyError(Fault(str(path), "holds no scenario", "give one table of keys, as the map saves it"))
    return told
