"""What a study judges by: its standard, the indicator systems worked out beside it, and the categories chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from livingcircle.errors import Fault, StandardError, StudyError, listed, raise_all, said
from livingcircle.standards import Standard, indicator_systems, judged_with, load, nearest
from livingcircle.study.schema import Study


def standards_of(study: Study, *, base: Path) -> tuple[Standard, tuple[Standard, ...]]:
    """The standard that the study judges by, with the categories that only indicators count, and the indicator systems.

    `base` is the folder of the study file. Without `[study] indicators` every system shipped is worked out, and what the
    standard itself says of indicators always. Raises `StandardError` with every fault of the files, and `StudyError` for
    `[study] categories` that the standard does not judge.
    """
    about = study.study
    standard, systems = read_standards(about.standard, indicators=about.indicators, base=base)
    asked = {category for category, _ in standard.requirements()}
    raise_all(
        (Fault(
            "study.categories", said("'{id}' is no category that {standard} judges", id=id, standard=standard.id), nearest(id, sorted(asked))
        ) for id in about.categories if id not in asked),
        StudyError,
    )
    return standard, systems


def read_standards(
    asked: str | Sequence[str], *, indicators: Sequence[str] | None, base: Path
) -> tuple[Standard, tuple[Standard, ...]]:
    """The standard with the categories that only indicators count, and the indicator systems; None for all those shipped.

    Raises `StandardError` with every fault of the files, for a standard that asks nothing of any category, and for a system
    without indicators.
    """
    names = indicator_systems() if indicators is None else indicators
    loaded: list[Standard] = []
    faults: list[Fault] = []
    for one in (asked, *names):
        try:
            loaded.append(load(one, base=base))
        except StandardError as error:
            faults += error.faults
    raise_all(faults, StandardError)
    standard, systems = loaded[0], loaded[1:]
    if not standard.requirements():
        faults.append(Fault(standard.id, "asks nothing of any category", "name it under [study] indicators, or stack it on a standard"))
    bare = [system.id for system in systems if not system.indicators]
    faults += [Fault(
        id, "has no indicators", said("name those of [study] indicators: {known}, or your own", known=listed(indicator_systems()))
    ) for id in bare]
    raise_all(faults, StandardError)
    shared = {system.id for system in systems}
    own = {id: one for id, one in standard.indicators.items() if standard.origin("indicators", id) not in shared}
    first = [standard.model_copy(update={"indicators": own})] if own else []
    return judged_with(standard, systems), (*first, *systems)
