"""One category judged by itself: its walks, coverage and gaps from its own facilities, so that what hangs on others never counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from livingcircle import coverage as judging
from livingcircle import equity
from livingcircle import gaps as gap_list
from livingcircle.analysis import tables
from livingcircle.analysis.inputs import Inputs, Settings
from livingcircle.analysis.reach import View, limit_streets, of_category, reaches, straight_lines, walked_as, walks_to
from livingcircle.analysis.served import Homes, Inside, Served, Year, served_by
from livingcircle.analysis.severing import parted
from livingcircle.facilities import CLOSED, EVERY, certain
from livingcircle.indicators import Target
from livingcircle.layers import Barriers, Entrances, Facilities, Residences, Samples
from livingcircle.reuse import Known, again, recalled
from livingcircle.standards import Requirement, Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH


@dataclass
class Found:
    """Walks that came out beside an answer: no part of what was asked."""

    walks: judging.Walks | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Question:
    """All that the judgement of one category hangs on, and nothing else; `answered` sees no more than this.

    `facilities` are those of the category, with the column `open`, and `entrances` theirs. `views` are those of the groups, by `view_of`, with the
    category's doors alone; `homes` stand on the streets of the first. `standard` asks nothing but of the category; `judges` says whether it is judged
    at all or only counted by indicators, for the `targets` and the facilities `opened` in every year. `found` takes up walks that are of use beside
    the answer. `counted` is the number of open facilities by unit,
    `lived` where everybody lives.
    """

    category: str
    standard: Standard
    settings: Settings
    judges: bool
    people: Residences
    samples: Samples
    sampled: judging.Sampled
    barriers: Barriers | None
    facilities: Facilities
    entrances: Entrances
    views: tuple[View, ...]
    view_of: Mapping[str, int]
    homes: Homes | None
    counted: pd.Series | None
    targets: tuple[Target, ...]
    opened: Mapping[Year, np.ndarray]
    lived: equity.Living | None
    found: Found = field(default_factory=Found, compare=False)

    def asked(self) -> Question:
        """The question without what indicators alone ask for."""
        return replace(self, homes=None, opened={}, found=Found())


@dataclass(frozen=True)
class Answer:
    """What is kept of one category; its walks are let go, as those of all would fill the memory.

    `covered` are masks of samples as packed bits by level and group; `inside` is what indicators count (`served.served_by`), `equity` how evenly
    walks are shared out.
    """

    coverage: tuple[judging.Columns, ...]
    gaps: tuple[gap_list.Columns, ...]
    walks: judging.Columns
    unreachable: Mapping[str, float]
    covered: Mapping[tuple[str, str], np.ndarray]
    inside: Inside
    equity: tuple[equity.Told, ...]


@dataclass(frozen=True)
class Study:
    """The layers that the questions about all categories are cut from; `facilities` have the column `open`, `views` and `view_of` are as in `Question`.

    `serving` holds the rows of the facilities of every category; `code` is a number for the id of every facility, `owner` that of every entrance's.
    """

    inputs: Inputs
    people: Residences
    samples: Samples
    facilities: Facilities
    views: tuple[View, ...]
    view_of: Mapping[str, int]
    homes: Homes
    lived: equity.Living
    sampled: judging.Sampled
    standard: Standard
    settings: Settings
    serving: Mapping[str, np.ndarray]
    code: np.ndarray
    owner: np.ndarray

    @classmethod
    def of(cls, layers: tuple, seen: Mapping[str, View], homes: tuple[Homes, equity.Living, judging.Sampled], standard: Standard, settings: Settings) -> Study:
        """The study of `Inputs`, people, samples and facilities (`layers`), the view of every group, where `homes` stand, who lives in them, and
        their samples as they are judged.

        What is too uncertain to open in any year is as good as closed, so that nothing else hangs on the certainty asked for.
        """
        inputs, people, samples, facilities = layers
        status = facilities["status"].where(certain(facilities["status"], certainty=settings.certainty), CLOSED)
        number: dict[int, int] = {}
        for view in seen.values():
            number.setdefault(id(view), len(number))
        views = tuple({id(view): view for view in seen.values()}.values())
        # What a table of one category cannot hang on: names, languages, what is drawn and the indicators.
        bare = replace(
            settings, study_id="", name={}, note={}, language="", isochrone_minutes=(), systems=(), scenario=None, categories=(), years=(), gaps_by="",
            certainty=EVERY,
        )  # fmt: skip
        told = (inputs, people, samples, facilities.assign(status=status))
        serving: dict[str, list[int]] = {}
        for row, categories in enumerate(facilities["categories"]):
            for category in dict.fromkeys(categories):
                serving.setdefault(category, []).append(row)
        code, ids = pd.factorize(facilities["facility_id"].to_numpy(dtype=object))
        owner = pd.Index(ids).get_indexer(inputs.entrances["facility_id"].to_numpy(dtype=object))
        of = {group: number[id(view)] for group, view in seen.items()}
        return cls(*told, views, of, *homes, standard, bare, {category: np.array(rows) for category, rows in serving.items()}, code, owner)

    def question(self, category: str, served: Served, counted: pd.Series | None, *, known: Known | None = None) -> Question:
        """What is asked of one category; it is judged where `counted` tells its facilities by unit. `known` holds tables cut before."""
        own = self.serving.get(category, np.empty(0, dtype=int))
        facilities = again(known, _part, self.facilities, own)
        rows = np.flatnonzero(np.isin(self.owner, self.code[own]))
        targets = tuple(target for target in served.targets if category in target.categories)
        one = self.standard.categories.get(category)
        asked = {"categories": {} if one is None else {category: one}, "indicators": {}, "green": {}, "per_thousand": (), "origins": {}}
        return Question(
            category,
            self.standard.model_copy(update=asked),
            self.settings,
            counted is not None,
            self.people,
            self.samples,
            self.sampled,
            self.inputs.barriers,
            facilities,
            again(known, _part, self.inputs.entrances, rows),
            tuple(_cut(view, rows, known) for view in self.views),
            self.view_of,
            self.homes,
            counted,
            targets,
            {year: there[own] for year, there in served.opened.items()} if targets else {},
            None if counted is None else self.lived,
        )


def _part(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    return table.iloc[rows].reset_index(drop=True)


def _cut(view: View, rows: np.ndarray, known: Known | None) -> View:
    varied = {change: (homes, again(known, _part, doors, rows)) for change, (homes, doors) in view.varied.items()}
    return replace(view, doors=again(known, _part, view.doors, rows), varied=varied, standing=None)


def answered(question: Question, *, known: Known | None = None) -> Answer:
    """What is found for one category: the very answer of an equal question where one was asked before.

    What indicators count hangs on coming years and homes, which nothing else does.
    """
    asked = question.asked()
    answer = again(known, _judged, asked, within=True)
    told = ((question.targets, question.opened), (question.facilities, question.entrances, question.views[0], question.homes), question.settings)
    # Walks just found need not be looked for again.
    return replace(answer, inside=again(known, _inside, asked.found, *told, within=True))


def _inside(found: Found, asked: tuple, homes: tuple, settings: Settings, *, known: Known | None) -> Inside:
    return served_by(asked, homes, settings, found.walks, known=known)


def judged_before(question: Question, *, known: Known | None) -> Answer | None:
    """The answer to an equal question where one was asked before, else None."""
    return recalled(known, _judged, question.asked())


def walked(question: Question) -> tuple[Mapping[tuple[str, str], np.ndarray], judging.Columns]:
    """Of the answer to a question, who is covered and the middle walks, without anything that explains them."""
    settings, facilities = question.settings, question.facilities
    rows = of_category(question.entrances, facilities, question.category, facilities["open"].to_numpy())
    covered: dict[tuple[str, str], np.ndarray] = {}
    middle: judging.Columns = {}
    first = question.standard.categories[question.category].requirements[0].at_least
    for n, part in _by_number(question.standard, question.category):
        nowhere = np.full(len(question.samples), np.inf)
        walks = [walks_to(view, view.doors.iloc[rows], settings, n=n, straight_m=nowhere) for view in question.views]
        for group in settings.groups:
            own = walks[question.view_of[group.id]]
            for _, one in part.requirements():
                inside = judging.covered(own.measure(settings.rule), one, rule=settings.rule, speed_kmh=group.speed_kmh)
                covered[one.level, group.id] = np.packbits(inside)
        if n == first:
            groups = {number: group for group, number in reversed(question.view_of.items())}
            shown = {(question.category, groups[number]): own.table for number, own in enumerate(walks)}
            middle = tables.middle_walks(question.sampled, shown)
    return covered, middle


def _judged(question: Question, *, known: Known | None) -> Answer:
    facilities, entrances, settings = question.facilities, question.entrances, question.settings
    inputs = Inputs(question.views[0].network, facilities, entrances, question.people, barriers=question.barriers)
    seen = {group: question.views[number] for group, number in question.view_of.items()}
    layers = (inputs, question.sampled, facilities, seen)
    everybody = settings.groups[0].id
    if not question.judges:
        return Answer((), (), {}, {}, {}, {}, ())
    requirements = question.standard.categories[question.category].requirements
    farthest = max((target.farthest_m for target in question.targets), default=0.0)
    within_m = max([farthest, *(one.limit_m for one in requirements)])
    found, reach = [], {}
    for n, part in _by_number(question.standard, question.category):
        lines = again(known, straight_lines, question.sampled.points, (facilities, entrances), n, within_m)
        reach[n] = reaches(question.category, (inputs, question.sampled.points, facilities), seen, settings, n=n, lines=lines)
        found.append(_judge_part(reach[n], layers, part, question.counted, settings))
    first = reach[requirements[0].at_least]
    shown = {key: one for key, one in first.items() if key[1] in walked_as(seen).values()}
    question.found.walks = reach[1][question.category, everybody].walks if 1 in reach else None
    return Answer(
        tuple(part[0] for part in found),
        tuple(part[1] for part in found),
        tables.residence_walks(question.sampled, shown, facilities, question.standard, settings),
        tables.unreachable_people(question.samples, {question.category: first[question.category, everybody].walk}),
        {key: mask for part in found for key, mask in part[2].items()},
        {},
        _equity(question, reach, seen),
    )


def _equity(question: Question, reach: Mapping[int, Mapping], seen: Mapping[str, View]) -> tuple[equity.Told, ...]:
    """How evenly the walks to a category are shared out; groups that the study lets nobody walk for walk like everybody."""
    category, settings, lived = question.category, question.settings, question.lived
    everybody = settings.groups[0]
    walkers = {group.id: group for group in settings.groups}
    kinds: dict[int, list[str]] = {}
    for group in lived.groups:
        kinds.setdefault(id(seen[walkers.get(group, everybody).id]), []).append(group)
    told: list[equity.Told] = []
    for n, part in _by_number(question.standard, category):
        for groups in kinds.values():
            limits = {
                asked.level: {group: _limit_m(asked, settings.rule, walkers.get(group, everybody).speed_kmh) for group in groups}
                for _, asked in part.requirements()
            }
            walks = reach[n][category, walkers.get(groups[0], everybody).id].walks.measure(settings.rule)
            told += equity.told_of(lived, walks, limits=limits)
    return tuple(told)


def _limit_m(asked: Requirement, rule: str, speed_kmh: float) -> float:
    """The limit in the metres that the rule measures."""
    return float(asked.limit_m if rule == "distance" else asked.limit_min * speed_kmh * METRES_PER_MINUTE_PER_KMH)


def _by_number(standard: Standard, category: str) -> list[tuple[int, Standard]]:
    """The standard cut down to one category, apart for each number of facilities that its requirements ask for."""
    own = standard.categories[category]
    parts = []
    for n in sorted({asked.at_least for asked in own.requirements}):
        asked = tuple(one for one in own.requirements if one.at_least == n)
        part = own.model_copy(update={"requirements": asked})
        parts.append((n, standard.model_copy(update={"categories": {category: part}})))
    return parts


def _judge_part(reach: Mapping, layers: tuple, standard: Standard, counted: pd.Series, settings: Settings) -> tuple:
    """Coverage, gaps and masks of who is covered, for the requirements of one category that ask for the same number of facilities."""
    inputs, sampled, facilities, seen = layers
    (category,) = standard.categories
    walks = {key: known.walks for key, known in reach.items()}
    told = (settings.groups, settings.rule, settings.severed_detour)
    rows = of_category(inputs.entrances, facilities, category, facilities["open"].to_numpy())
    shares = judging.counted(sampled, walks, standard=standard, groups=settings.groups, rule=settings.rule, facilities_in={category: counted})
    found = gap_list.gaps(sampled, reach, facilities=facilities, standard=standard, judged=told)
    if found:
        found = limit_streets(found, rows, seen, settings)
        found = parted(found, category, (inputs, sampled, facilities, rows), seen, settings)
    covered = {}
    for _, requirement in standard.requirements():
        for group in settings.groups:
            measure = walks[category, group.id].measure(settings.rule)
            inside = judging.covered(measure, requirement, rule=settings.rule, speed_kmh=group.speed_kmh)
            covered[requirement.level, group.id] = np.packbits(inside)
    return shares, found, covered
