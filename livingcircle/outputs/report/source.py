"""What the chapters of a report draw on: the result with its names in the study's language, the paper, and the figures at hand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from livingcircle.analysis import Result
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.layers import Gaps
from livingcircle.messages import words
from livingcircle.outputs.figures import Drawn
from livingcircle.outputs.report.paper import Paper
from livingcircle.outputs.walking_words import group_name
from livingcircle.programme import Programme
from livingcircle.standards import Standard

AGES = re.compile(r"people_age_?(\d+)(?:_(\d+))?")


@dataclass(frozen=True)
class Source:
    """The result that a report tells of, its gap list as handed out, the paper it is written on, its figures, the day it is written, and the programme asked for."""

    result: Result
    listed: Gaps
    paper: Paper
    figures: Sequence[Drawn]
    written_on: date
    programme: Programme | None = None

    @property
    def language(self) -> str:
        """The study's language."""
        return self.result.settings.language

    @cached_property
    def known(self) -> Mapping[str, str]:
        """The words of reports and those common to all outputs."""
        return {**words(self.language), **words(self.language, "report")}

    def say(self, key: str, **values: object) -> str:
        """A sentence of the report with its values filled in."""
        return words(self.language, "report")[key].format(**values)

    def of_gaps(self, key: str) -> str:
        """A word of the gap list and its workbook."""
        return words(self.language, "gaps")[key]

    def missing(self, inputs: str) -> str:
        """Missing inputs (joined by `;`) in words."""
        known = words(self.language, "indicators")
        told = []
        for word in inputs.split(";"):
            ages = AGES.fullmatch(word)
            if ages:
                told.append(self.say("missing.ages" if ages[2] else "missing.ages_from", low=ages[1], high=ages[2]))
            elif word:
                told.append(known.get(f"missing.{word}", word))
        return self.join(told)

    def standard(self, system: Standard) -> str:
        """A standard's name with its number, the name alone where it holds the number."""
        name, number = system.name.get(self.language), system.number
        return number if name in number else self.say("general.standard", name=name, number=number)

    def join(self, names: Sequence[str]) -> str:
        """Names one after another."""
        return self.known["between"].join(names)

    def head(self, *columns: str) -> list[str]:
        """Headings of a table."""
        return [self.known[f"head.{column}"] for column in columns]

    def category(self, id: str) -> str:
        """The name of a category."""
        return self.result.standard.categories[id].name.get(self.language)

    def level(self, id: str) -> str:
        """The name of a level."""
        return self.result.standard.levels[id].name.get(self.language)

    def order_of_levels(self, ids: pd.Series) -> pd.Series:
        """The places of levels in the standard, to sort by."""
        places = {id: place for place, id in enumerate(self.result.standard.levels)}
        return ids.map(places)

    def group(self, id: str) -> str:
        """The name of a group of people."""
        return group_name(id, self.language)

    def area(self, name: str) -> str:
        """The name of a unit, in words for the whole area and for what lies outside every unit."""
        told = {WHOLE_AREA: self.known["whole_area"], OUTSIDE: self.known["outside"]}
        return told.get(name, name)

    @property
    def study(self) -> str:
        """The study's name."""
        settings = self.result.settings
        return settings.name.get(self.language) or settings.study_id

    @property
    def year(self) -> str:
        """The year judged, in words."""
        year = self.result.settings.year
        return self.known["summary.year"].format(year=year) if year else self.known["summary.no_year"]

    @cached_property
    def everybody(self) -> pd.DataFrame:
        """Coverage of the whole area for everybody."""
        table = self.result.coverage
        return table[(table["unit"] == WHOLE_AREA) & (table["group"] == self.result.settings.groups[0].id)].reset_index(drop=True)

    def figures_of(self, *names: str) -> list[Drawn]:
        """The figures whose names begin with one of `names`."""
        return [drawn for drawn in self.figures if drawn.path.stem.split("-", 1)[1].startswith(names)]

    def show(self, *names: str) -> None:
        """Put these figures on the paper."""
        for drawn in self.figures_of(*names):
            self.paper.figure(drawn.title, drawn.path)
