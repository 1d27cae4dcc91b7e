"""How many people's coverage changes when a doubt is resolved the other way.

Judged for everybody on level ground, without walking costs, in the study's year: the difference is that of the layers alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from livingcircle import residences as homes
from livingcircle.analysis import Inputs, Settings
from livingcircle.analysis.reach import of_category
from livingcircle.analysis.standing import coordinates, door_positions, snapped
from livingcircle.audit.finding import Effect, Finding, Reading
from livingcircle.costs import as_walked
from livingcircle.coverage import covered
from livingcircle.facilities import is_open
from livingcircle.layers import Positions, Residences, Samples
from livingcircle.network import StreetNetwork
from livingcircle.snapping import snap
from livingcircle.standards import Standard
from livingcircle.walk_time import SHORTEST, nearest


@dataclass(frozen=True)
class Judged:
    """Layers judged for everybody: homes as points, where they and the doors stand, and who is covered.

    `covered` holds a row a (category, level) of `rules` and a column a sample.
    """

    inputs: Inputs
    people: Residences
    samples: Samples
    network: StreetNetwork
    origins: Positions
    doors: Positions
    rules: tuple[tuple[str, str], ...]
    covered: np.ndarray


def judged_categories(inputs: Inputs, standard: Standard, *, settings: Settings) -> list[str]:
    """The categories judged that any facility serves, open or planned."""
    served = {category for categories in inputs.facilities["categories"] for category in categories}
    return [id for id, category in standard.categories.items() if id in served and settings.judges(category)]


def judge(
    reading: Reading, *, standard: Standard, categories: Sequence[str], base: Judged | None = None
) -> Judged:
    """Who is covered in a reading of the layers; with `base`, homes that are the same stay the same points."""
    inputs, settings = reading
    if base is not None and inputs.residences is base.inputs.residences:
        people, samples = base.people, base.samples
    else:
        people = homes.in_year(inputs.residences, year=settings.year)
        samples = homes.sample(people, inputs.units)
    walker = replace(settings.everybody, slope="", crossings=False, night=False, steps="plain")
    network = as_walked(inputs.network, walker)
    spots = coordinates(samples)
    origins = snap(spots, network, **snapped(inputs, settings))
    doors = door_positions(coordinates(inputs.entrances), network, inputs, settings, limit_m=settings.snap_limit_m)
    opened = is_open(inputs.facilities, year=settings.year, certainty=settings.certainty)
    rules, rows = [], []
    for category in categories:
        chosen = of_category(inputs.entrances, inputs.facilities, category, opened)
        walk = nearest(network, origins, doors.iloc[chosen], speed_kmh=settings.speed_kmh, way=SHORTEST)["walk_m"].to_numpy()
        for requirement in standard.categories[category].requirements:
            rules.append((category, requirement.level))
            rows.append(covered(walk, requirement, rule=settings.rule, speed_kmh=settings.speed_kmh))
    table = np.array(rows, dtype=bool).reshape(len(rules), len(samples))
    return Judged(inputs, people, samples, network, origins, doors, tuple(rules), table)


def effect(finding: Finding, base: Judged, settings: Settings, *, standard: Standard) -> Effect:
    """What the finding would change; an empty effect where it names no other reading."""
    reading = None if finding.otherwise is None else finding.otherwise(base.inputs, settings)
    if reading is None:
        return Effect()
    found = {category for category, _ in base.rules} | set(judged_categories(reading[0], standard, settings=reading[1]))
    other = judge(reading, standard=standard, categories=[own for own in standard.categories if own in found], base=base)
    if not other.rules:
        return Effect(0.0, 0.0)
    # Nobody is covered for a category of which no facility is known.
    known, nobody = dict(zip(base.rules, base.covered, strict=True)), np.zeros(len(base.samples), dtype=bool)
    base = replace(base, rules=other.rules, covered=np.array([known.get(rule, nobody) for rule in other.rules]))
    weights = [(part.samples["people"].to_numpy(), part.samples["land_m2"].to_numpy()) for part in (base, other)]
    if other.samples is base.samples:
        changed = base.covered ^ other.covered
        people = float(weights[0][0][changed.any(axis=0)].sum())
        each = changed @ weights[0][0]
    else:
        # Other homes are other points: sums are compared, not answers.
        sums = [part.covered @ own[0] for part, own in zip((base, other), weights, strict=True)]
        each = np.abs(sums[0] - sums[1])
        people = float(each.max())
    shares = [_share(part.covered, own[1]) for part, own in zip((base, other), weights, strict=True)]
    points = np.abs(shares[0] - shares[1]) * 100
    most = int(np.argmax(each)) if each.max() > 0 else int(np.nanargmax(points)) if np.isfinite(points).any() else 0
    category, level = base.rules[most] if each.max() > 0 or np.nanmax(points, initial=0) > 0 else ("", "")
    return Effect(people, float(np.nanmax(points, initial=0.0)), category, level)


def _share(covered_by: np.ndarray, land: np.ndarray) -> np.ndarray:
    whole = land.sum()
    return covered_by @ land / whole if whole > 0 else np.full(len(covered_by), np.nan)
