"""What an audit finds: a kind, where, how much, and how the layers would be if it were resolved the other way."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd
from pyproj import Transformer

from livingcircle.analysis import Inputs, Settings

FAULT, DOUBT, NOTE = "fault", "doubt", "note"
SEVERITIES = (FAULT, DOUBT, NOTE)
# A reading of the layers and settings: those given, or those that would hold.
Reading = tuple[Inputs, Settings]


@cache
def limits() -> Mapping[str, Mapping[str, float]]:
    """From when on the audit speaks, as `audit/limits.toml` states it."""
    return tomllib.loads((files("livingcircle") / "audit" / "limits.toml").read_text(encoding="utf-8"))


def shown(file: str) -> str:
    """A file as it is shown to planners: one outside the study's folder by its name alone.

    >>> shown("roads/streets.gpkg")
    'roads/streets.gpkg'
    """
    path = PurePath(file)
    return path.name if path.is_absolute() else file


@dataclass(frozen=True)
class Finding:
    """One thing an audit found. `kind` names its words, `values` fill them in; `layer` is a file or a layer of the study.

    `places` are (n, 2) coordinates in the study's CRS, `names` what stands there. `people` are those concerned. `otherwise` gives
    the layers and settings as they would be if the doubt were resolved the other way; it is None, or answers None, where that is
    not known.
    """

    kind: str
    severity: str
    layer: str
    count: int
    values: Mapping[str, Any] = field(default_factory=dict)
    places: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    names: Sequence[str] = ()
    people: float = float("nan")
    otherwise: Callable[[Inputs, Settings], Reading | None] | None = None

    @property
    def where(self) -> str:
        """The layer as it is shown: a file that lies outside the study's folder by its name alone."""
        return shown(self.layer)


@dataclass(frozen=True)
class Effect:
    """What a finding would change: people whose answer changes for a requirement, and the largest change of a land share.

    `category` and `level` name the requirement whose people change most; both numbers are NaN where nothing can be said.
    """

    people: float = float("nan")
    land_points: float = float("nan")
    category: str = ""
    level: str = ""


def ranked(findings: Sequence[tuple[Finding, Effect]]) -> list[tuple[Finding, Effect]]:
    """Faults first, then doubts, then notes; within each what changes most people first."""

    def place(pair: tuple[Finding, Effect]) -> tuple:
        finding, effect = pair
        weight = effect.people if np.isfinite(effect.people) else -1.0
        return SEVERITIES.index(finding.severity), -weight, finding.kind, finding.layer

    return sorted(findings, key=place)


def as_table(findings: Sequence[tuple[Finding, Effect]], crs: Any) -> pd.DataFrame:
    """A row a finding: `kind`, `severity`, `layer`, `count`, `people`, `effect_people`, `effect_land_points`,
    `effect_category`, `effect_level`, `names` (the first five), `lon`, `lat` (WGS-84, of the first place; `crs` is only asked for where there is one)."""
    rows = []
    for finding, effect in findings:
        lon, lat = _degrees(finding.places[0], crs) if len(finding.places) else (np.nan, np.nan)
        rows.append(
            {
                "kind": finding.kind,
                "severity": finding.severity,
                "layer": finding.where,
                "count": finding.count,
                "people": finding.people,
                "effect_people": effect.people,
                "effect_land_points": effect.land_points,
                "effect_category": effect.category,
                "effect_level": effect.level,
                "names": "; ".join(str(name) for name in list(finding.names)[:5] if name),
                "lon": round(lon, 6),
                "lat": round(lat, 6),
            }
        )
    columns = ["kind", "severity", "layer", "count", "people", "effect_people", "effect_land_points", "effect_category", "effect_level", "names", "lon", "lat"]
    return pd.DataFrame(rows, columns=columns)


def _degrees(place: np.ndarray, crs: Any) -> tuple[float, float]:
    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(*place)
