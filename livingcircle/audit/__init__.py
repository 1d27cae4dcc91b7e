"""The audit of a study's layers before any analysis: what is doubtful, and how many people's coverage hangs on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from livingcircle.analysis import Inputs, Settings
from livingcircle.audit.datums import datum_findings
from livingcircle.audit.effect import Judged, effect, judge, judged_categories
from livingcircle.audit.finding import DOUBT, FAULT, NOTE, Effect, Finding, as_table, ranked, shown
from livingcircle.audit.homes import home_findings
from livingcircle.audit.places import place_findings
from livingcircle.audit.streets import Rebuild, Unwalled, street_findings
from livingcircle.standards import Standard

__all__ = ["DOUBT", "FAULT", "NOTE", "Effect", "Finding", "Judged", "Origin", "as_table", "audit", "datum_findings", "shown"]


class Origin(NamedTuple):
    """Where the layers came from: the street and the residence file, how to read the streets anew in another way (so that doubts
    about joints have an effect), and without some outlines of compounds, what was noticed while reading, and the datum word in which each file was declared, and the
    categories that were verified not to exist."""

    streets: str = "streets"
    residences: str = "residences"
    rebuild: Rebuild | None = None
    noticed: Sequence[Finding] = ()
    datums: Mapping[str, str] = MappingProxyType({})
    absent: frozenset[str] = frozenset()
    unwalled: Unwalled | None = None


HERE = Origin()
Progress = Callable[[str, int, int], None]


def _quiet(step: str, done: int, total: int) -> None:
    pass


def audit(
    inputs: Inputs,
    settings: Settings,
    *,
    standard: Standard,
    origin: Origin = HERE,
    progress: Progress = _quiet,
) -> list[tuple[Finding, Effect]]:
    """Every finding with its effect, faults first, then what changes most people.

    Inputs are not changed.
    """
    base = judge((inputs, settings), standard=standard, categories=judged_categories(inputs, standard, settings=settings))
    found = [
        *origin.noticed,
        *datum_findings(inputs, origin.datums, homes=origin.residences),
        *street_findings(base, layer=origin.streets, rebuild=origin.rebuild, unwalled=origin.unwalled),
        *place_findings(base, settings, standard=standard, absent=origin.absent),
        *home_findings(base, settings, layer=origin.residences),
    ]
    out = []
    for number, finding in enumerate(found):
        progress("audit", number, len(found))
        out.append((finding, effect(finding, base, settings, standard=standard)))
    progress("audit", len(found), len(found))
    return ranked(out)
