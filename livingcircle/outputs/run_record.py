"""`run.json`: what went in, what was decided, what came out, so that a run can be repeated and checked."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from livingcircle import __version__
from livingcircle.analysis import Kept, Result
from livingcircle.comparison import State
from livingcircle.costs import Walker, sources
from livingcircle.links import Answer
from livingcircle.robustness import changes
from livingcircle.sources import content

LIBRARIES = ("geopandas", "shapely", "pyproj", "pyogrio", "numpy", "pandas", "scipy", "numba", "networkx", "osmium", "folium", "matplotlib", "python-docx", "xlsxwriter")


def write(result: Result, path: Path, *, inputs: Iterable[Path], base: Path, seconds: dict[str, float]) -> None:
    """Write the record. `inputs` are listed by their path from `base` with size and SHA-256 digest, a folder as one.

    Infinite numbers are written as text, missing ones as null, so that every JSON reader takes the file.
    """
    settings = result.settings
    record = {
        "livingcircle": __version__,
        "study": settings.study_id,
        "name": dict(settings.name),
        "note": dict(settings.note),
        "scenario": settings.scenario,
        "standard": {
            "id": result.standard.id,
            "number": result.standard.number,
            "layers": list(result.standard.layers),
            "sha256": hashlib.sha256(result.standard.model_dump_json().encode()).hexdigest(),
        },
        "parameters": {
            "year": settings.year,
            "years": list(settings.years),
            "certainty": settings.certainty,
            "systems": [system.id for system in settings.systems],
            "language": settings.language,
            "speed_kmh": settings.speed_kmh,
            "rule": settings.rule,
            "snap_limit_m": settings.snap_limit_m,
            "engine": settings.engine,
            "groups": [{"id": g.id, "people": g.people, **_walker(settings.walker_of(g))} for g in settings.groups],
            "changes_tried": [asdict(change) for change in changes()],
            "isochrone_minutes": list(settings.isochrone_minutes),
            "severed_detour": settings.severed_detour,
            "categories": list(settings.categories),
            "crs": result.network.crs.to_string(),
        },
        "inputs": [_digest(file, base) for file in inputs],
        "facilities_merged": result.merged.to_dict("records"),
        "counts": {
            **result.counts,
            "street_edges": len(result.network.length_m),
            "street_km": float(result.network.street_m.sum() / 1000),
            "gaps": len(result.gaps),
        },
        "components": result.components.to_dict("records"),
        "compounds": _compounds(result),
        "isochrones": result.isochrones.drop(columns="geometry").to_dict("records"),
        "ways_left_out": result.network.dropped.to_dict("records"),
        "checks": _checks(result.kept),
        "warnings": list(result.warnings),
        "seconds": seconds,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "outputs": [_digest(file, path.parent) for file in sorted(path.parent.rglob("*")) if file != path and file.is_file()],
    }
    path.write_text(json.dumps(_finite(record), ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def write_compared(states: Sequence[State], path: Path, *, inputs: Iterable[Path], base: Path) -> None:
    """Write the record of a comparison: every state with its year, scenario, standard and warnings, what was read and what was written."""
    record = {
        "livingcircle": __version__,
        "study": states[0].result.settings.study_id,
        "states": [
            {
                "id": state.id,
                "name": dict(state.name),
                "year": state.result.settings.year,
                "scenario": state.result.settings.scenario,
                "standard": {"id": state.result.standard.id, "sha256": hashlib.sha256(state.result.standard.model_dump_json().encode()).hexdigest()},
                "gaps": len(state.result.gaps),
                "checks": _checks(state.result.kept),
                "warnings": list(state.result.warnings),
            }
            for state in states
        ],
        "inputs": [_digest(file, base) for file in inputs],
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "outputs": [_digest(file, path.parent) for file in sorted(path.parent.rglob("*")) if file != path and file.is_file()],
    }
    path.write_text(json.dumps(_finite(record), ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def write_links(answer: Answer, path: Path, *, inputs: Iterable[Path], base: Path) -> None:
    """Write the record of a search for links: what it was judged by, how many were looked at, what all of the list bring together."""
    settings, standard, package = answer.settings, answer.standard, answer.package
    record = {
        "livingcircle": __version__,
        "study": settings.study_id,
        "scenario": settings.scenario,
        "standard": {"id": standard.id, "sha256": hashlib.sha256(standard.model_dump_json().encode()).hexdigest()},
        "parameters": {
            "year": settings.year,
            "language": settings.language,
            "rule": settings.rule,
            "group": {"id": answer.group.id, "people": answer.group.people, **_walker(settings.walker_of(answer.group))},
            "categories": list(dict.fromkeys(one.category for one in answer.ranking.start.case.asked)),
            "search": asdict(answer.terms),
            "cost_unit": answer.cost_unit,
        },
        "counts": dict(answer.ranking.counts),
        "together": {
            "links": answer.ranking.table["link_id"][package.built].tolist(),
            "people": float(package.joint.people.sum()),
            "people_distinct": float(package.joint.distinct_people[0]),
            "land_ha": float(package.joint.land_ha.sum()),
            "land_distinct_ha": float(package.joint.distinct_land_ha[0]),
            "lost_people": float(package.joint.lost_people[0]),
            "coverage": package.by_requirement.to_dict("records"),
        },
        "inputs": [_digest(file, base) for file in inputs],
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "outputs": [_digest(file, path.parent) for file in sorted(path.parent.rglob("*")) if file != path and file.is_file()],
    }
    path.write_text(json.dumps(_finite(record), ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def write_told(told: Mapping[str, Any], path: Path, *, inputs: Iterable[Path], base: Path) -> None:
    """Write the record of a run of its own kind: what was asked and found (`told`), what was read and what was written."""
    record = {
        "livingcircle": __version__,
        **told,
        "inputs": [_digest(file, base) for file in inputs],
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "outputs": [_digest(file, path.parent) for file in sorted(path.parent.rglob("*")) if file != path and file.is_file()],
    }
    path.write_text(json.dumps(_finite(record), ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _checks(kept: Kept | None) -> dict[str, Any] | None:
    """What the checks of a scenario found; None without one."""
    if kept is None:
        return None
    told = {"no_op_equals_base": kept.unchanged, "only_adds": kept.adds, "same_homes": kept.same_homes, "compared": kept.compared}
    return {**told, "coverage_fallen": kept.fallen.to_dict("records"), "walks_longer": kept.longer.to_dict("records")}


def _compounds(result: Result) -> list[dict[str, Any]]:
    listed = result.network.compounds
    return [] if listed is None else listed.reset_index().to_dict("records")


def _walker(walker: Walker) -> dict[str, Any]:
    return {**asdict(walker), "sources": sources(walker)}


def _digest(file: Path, base: Path) -> dict[str, Any]:
    size, told = content.size_and_digest(file)
    name = file.relative_to(base).as_posix() if file.is_relative_to(base) else file.name
    return {"file": name, "bytes": size, "sha256": told}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
