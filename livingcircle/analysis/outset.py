"""What every category of a study is judged from: homes and their samples, the streets as every group meets them, what is judged at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle import coverage as judging
from livingcircle import equity
from livingcircle import gaps as gap_list
from livingcircle import residences as homes
from livingcircle.analysis.category import Question, Study
from livingcircle.analysis.inputs import Inputs, Settings
from livingcircle.analysis.reach import View, views
from livingcircle.analysis.served import Served
from livingcircle.areas import Areas
from livingcircle.coverage import WHOLE_AREA, Group
from livingcircle.facilities import is_open
from livingcircle.layers import Facilities, Residences, Samples, Units
from livingcircle.reuse import Known, again
from livingcircle.standards import Standard


@dataclass(frozen=True)
class Outset:
    """The layers of the year judged on, and what is asked of them.

    `facilities` have the column `open`; `seen` holds the view of every group; `names` are the categories judged; `served` is what indicators count.
    """

    inputs: Inputs
    facilities: Facilities
    people: Residences
    samples: Samples
    seen: Mapping[str, View]
    names: Sequence[str]
    served: Served
    study: Study

    @property
    def view(self) -> View:
        """The streets as everybody meets them."""
        return self.seen[self.study.settings.groups[0].id]

    def questions(self, *, known: Known | None = None) -> Iterator[Question]:
        """What is asked of every category judged, then of those that indicators alone count."""
        counted = again(known, _facilities_in, self.facilities, self.names, self.inputs.units)
        every = [*self.names, *(category for category in self.served.categories() if category not in self.names)]
        for category in every:
            yield self.study.question(category, self.served, counted.get(category), known=known)


def outset(inputs: Inputs, *, standard: Standard, settings: Settings, known: Known | None = None) -> Outset:
    """The layers of a study as its year has them, on the streets as its groups meet them. `known` holds what was placed before."""
    facilities = inputs.facilities.assign(open=is_open(inputs.facilities, year=settings.year, certainty=settings.certainty))
    people = again(known, _lived_in, inputs.residences, settings.year)
    samples = again(known, _sampled, people, inputs.units, inputs.sampled_among, within=True)
    seen = views(inputs, samples, settings, known=known)
    served = Served.begin((inputs, people, samples, seen[settings.groups[0].id]), settings, known)
    lived = again(known, _living, samples, inputs.units, settings.groups)
    ages = {kind: column for kind in gap_list.KINDS if (column := gap_list.priority.columns_of(kind, samples.columns)) is not None}
    sampled = again(known, judging.Sampled.of, samples, people, tuple(dict.fromkeys(group.people for group in settings.groups)), ages)
    study = Study.of((inputs, people, samples, facilities), seen, (served.homes(), lived, sampled), standard, settings)
    return Outset(inputs, facilities, people, samples, seen, _judged(standard, facilities, settings), served, study)


def _lived_in(residences: Residences, year: int | None) -> Residences:
    return homes.in_year(residences, year=year)


def _sampled(people: Residences, units: Units | None, among: int, *, known: Known | None) -> Samples:
    """The samples with one text object for each residence and unit, as they are asked for with every category."""
    samples = homes.sample(people, units, among=among, known=known)
    told = {}
    for column in ("residence_id", "unit"):
        code, names = pd.factorize(samples[column])
        told[column] = pd.Series(np.asarray(names, dtype=object)[code], index=samples.index, dtype=object)
    return samples.assign(**told)


def _living(samples: Samples, units: Units | None, groups: tuple[Group, ...]) -> equity.Living:
    """Where everybody lives, ranked by the share of old people and children where homes tell them."""
    weak = [column for kind in gap_list.KINDS if (column := gap_list.priority.columns_of(kind, samples.columns))]
    told = equity.group_columns(samples, {group.id: group.people for group in groups})
    return equity.living(samples, groups=told, areas=Areas.of(units), rank_by=equity.rank_of(samples, weak))


def _judged(standard: Standard, facilities: Facilities, settings: Settings) -> list[str]:
    served = {category for categories in facilities["categories"] for category in categories}
    mandatory = {category for category, requirement in standard.requirements() if requirement.flag == "mandatory"}
    return [id for id, category in standard.categories.items() if id in served | mandatory and settings.judges(category)]


def _facilities_in(facilities: Facilities, names: Sequence[str], units: Units | None) -> dict[str, pd.Series]:
    points = gpd.GeoSeries(shapely.point_on_surface(facilities.geometry.to_numpy()), crs=facilities.crs)
    units_of = [unit or judging.OUTSIDE for unit in homes.unit_of(points, units)]
    every = [] if units is None else [*dict.fromkeys(units["unit"])]
    there = {category: Counter() for category in names}
    for unit, categories, opened in zip(units_of, facilities["categories"], facilities["open"], strict=True):
        for category in dict.fromkeys(categories) if opened else ():
            if category in there:
                there[category][unit] += 1
    out = {}
    for category, counts in there.items():
        listed = {**dict.fromkeys(every, 0), **counts, WHOLE_AREA: counts.total()}
        out[category] = pd.Series([*listed.values()], index=[*listed], dtype=np.int64, name="count")
    return out
