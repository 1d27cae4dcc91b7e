"""What a standard's file may say: levels, themes, facility categories with what is asked of them, quotas, green space, and indicators."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from livingcircle.errors import Fault, Said, StandardError, listed, said
from livingcircle.standards.matching import Match, MatchAll

Slug = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
Count = Annotated[int, Field(ge=1, strict=True)]
Evidence = Literal["●", "◐", "○"]
# What an indicator may be worked out by; `livingcircle.indicators` has a function for each.
Formula = Literal[
    "land_within", "people_within", "land_within_all", "land_within_mean", "built_land_within",
    "capacity_per_people", "count_per_people", "area_per_person", "length_per_person",
    "units_failing", "number_short", "network_density", "not_computable",
]  # fmt: skip


class Part(BaseModel):
    """A part of a standard's file: unknown keys are refused, and it cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(Part):
    """A name in Chinese and English."""

    zh: Text
    en: Text

    def get(self, lang: str) -> str:
        """The name in `lang`: Chinese for `zh` and its variants, English for any other."""
        return self.zh if lang.lower().startswith("zh") else self.en


class Level(Part):
    """A level of living circle: the minutes and the metres people walk in it, and the people it is for.

    `population` and `dwellings` are the least and the most of one circle.
    """

    id: Slug
    name: Names
    minutes: Positive
    walk_m: Positive
    clause: Text
    evidence: Evidence
    population: tuple[Positive, Positive] | None = None
    dwellings: tuple[Positive, Positive] | None = None


class Theme(Part):
    """A group of categories, with the color (`#RRGGBB`) that maps draw it in."""

    id: Slug
    name: Names
    color: Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]


class Requirement(Part):
    """What a clause asks of a category at a level: the limit in metres and minutes, and how binding it is.

    `flag` is `mandatory` (▲ 应配建) or `on_demand` (△ 按需配建); `type` is that of TD/T 1062: `basic` 基础保障, `quality` 品质提升 or
    `character` 特色引导; `at_least` facilities must lie within the limit; `evidence` marks the source of the limit and
    `flag_evidence` that of the flag: ● found, ◐ secondary, ○ to verify against the standard's text.
    """

    level: str
    limit_m: Positive
    limit_min: Positive
    flag: Literal["mandatory", "on_demand"]
    clause: Text
    verb: str = ""
    evidence: Evidence
    flag_evidence: Evidence = "○"
    type: Literal["basic", "quality", "character"] | None = None
    at_least: Count = 1
    note: Names | None = None


class Size(Part):
    """How large one site should be, in m²: `floor_m2` building floor, `site_m2` land (least, most; 0 for not stated), and how it is sited.

    `siting` is `separate` (应独立占地), `preferably_separate` (宜独立占地) or `combined` (可联合建设).
    """

    floor_m2: tuple[float, float] | None = None
    site_m2: tuple[float, float] | None = None
    siting: Literal["separate", "preferably_separate", "combined", "mixed"] | None = None
    clause: Text
    evidence: Evidence
    note: Names | None = None


class Quota(Part):
    """How much of a thing a unit's people ask of a category: `value` of `measure` for every `per` of `of`.

    `measure` is what the facilities' capacity counts; `of` is `people`, a column of age groups of the study
    (`people_<group>`, written without `people_`), or `dwellings`.
    """

    measure: Literal["places", "beds", "berths", "guns", "classes", "floor_m2", "site_m2", "facilities"]
    value: Positive
    per: Positive
    of: Text
    clause: Text
    evidence: Evidence
    note: Names | None = None


class Category(Part):
    """A facility category: names, theme, what is asked of it, and how places are recognized.

    A category without requirements is not judged by itself; an indicator may count it.
    """

    id: Slug
    name: Names
    theme: str
    source: Text
    department: Names | None = None
    area_facility: bool = False
    requirements: tuple[Requirement, ...] = ()
    size: Size | None = None
    quotas: tuple[Quota, ...] = ()
    match: Match = Match()


class Green(Part):
    """Public green space asked of a level: m² a person (without the levels below), and the least park."""

    per_person_m2: Positive
    park_m2: Positive | None = None
    width_m: Positive | None = None
    clause: Text
    evidence: Evidence
    note: Names | None = None


class PerThousand(Part):
    """Control figures of a level and land class: least and most m² of land and of floor for 1,000 people."""

    level: str
    land_class: Text
    name: Names
    land_m2: tuple[float, float] | None = None
    floor_m2: tuple[float, float] | None = None
    clause: Text
    evidence: Evidence


class Band(Part):
    """The service radius of facilities from `min_m2` up to (not including) `below_m2` in size."""

    min_m2: Annotated[float, Field(ge=0)]
    below_m2: Positive | None = None
    radius_m: Positive


class Indicator(Part):
    """An official indicator: exact name, unit, and how it is worked out.

    `formula` names the way; `categories` the facility categories counted (any of them serves; for `land_within_all` and
    `land_within_mean` each group in `elements`). The limit is `limit_m` metres on foot (`minutes` under the time rule) when
    `measure` is `walk`, straight metres when it is `radius`, by size in `bands`. `per` scales a share or rate (100 for %). `of` names the people of the denominator.
    `needs` lists inputs without which it cannot be worked out, beyond homes, people and facilities. `name_evidence`
    marks the source of the name, `evidence` that of definition and limit. `better` is where a higher or a lower value is better.
    """

    id: Slug
    name: Names
    unit: Names
    group: Names
    formula: Formula
    categories: tuple[str, ...] = ()
    elements: dict[str, tuple[str, ...]] = {}
    limit_m: Positive | None = None
    minutes: Positive | None = None
    measure: Literal["walk", "radius"] = "walk"
    bands: tuple[Band, ...] = ()
    limits: dict[str, tuple[Positive, Positive]] = {}
    per: Positive = 100.0
    of: str = "people"
    quota: Quota | None = None
    needs: tuple[str, ...] = ()
    target: float | None = None
    target_clause: str = ""
    numerator: Names
    denominator: Names
    definition: Names
    clause: Text
    evidence: Evidence
    name_evidence: Evidence
    better: Literal["higher", "lower"] = "higher"

    @property
    def counted(self) -> tuple[str, ...]:
        """The categories it counts, each once: its own and those of its groups."""
        return tuple(dict.fromkeys([*self.categories, *(id for group in self.elements.values() for id in group)]))

    @model_validator(mode="after")
    def _complete(self) -> Self:
        within = self.formula in ("land_within", "people_within", "built_land_within", "units_failing")
        if within and not self.categories:
            raise ValueError(said("needs categories"))
        if within and self.limit_m is None and not self.bands:
            raise ValueError(said("needs limit_m or bands"))
        if self.formula.startswith("land_within_") and not self.elements:
            raise ValueError(said("needs elements"))
        if self.formula == "number_short" and self.quota is None:
            raise ValueError(said("needs quota"))
        return self


class Standard(Part):
    """A standard, or several stacked: what `[standard]` says of it, and its levels, themes, categories and indicators by id, in the order of the file.

    `tier` is where it stands: national, province, city or project. `based_on` names the standard that this one states only its
    differences from; with `keep = "listed"` categories that it does not name are left out. `layers` are the ids stacked, lowest first; `origins` has the id that every value came from.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    number: Text
    name: Names
    in_force: date
    tier: Literal["national", "province", "city", "project"] = "national"
    note: Names | None = None
    match: MatchAll = MatchAll()
    levels: dict[str, Level] = {}
    themes: dict[str, Theme] = {}
    categories: dict[str, Category] = {}
    green: dict[str, Green] = {}
    per_thousand: tuple[PerThousand, ...] = ()
    indicators: dict[str, Indicator] = {}
    layers: tuple[str, ...] = ()
    origins: dict[str, str] = Field(default={}, repr=False)

    def origin(self, *path: str) -> str:
        """The id of the layer that gave the value, or the nearest table around it; rows by their level, or measure and base.

        >>> from livingcircle.standards import load
        >>> load("gb50180-2018").origin("categories", "edu_primary", "requirements", "L10", "limit_m")
        'gb50180-2018'
        """
        known = (".".join(path[:end]) for end in range(len(path), 0, -1))
        return next((self.origins[key] for key in known if key in self.origins), self.id)

    def category(self, id: str) -> Category:
        """The category of that id. Raises `StandardError` with the nearest ids when there is none.

        >>> from livingcircle.standards import load
        >>> load("gb50180-2018").category("edu_primary").name.get("en")
        'primary school'
        """
        if id in self.categories:
            return self.categories[id]
        raise StandardError(Fault(self.id, said("unknown category '{name}'", name=id), nearest(id, self.categories)))

    def requirements(self) -> tuple[tuple[str, Requirement], ...]:
        """Every requirement with its category's id, in the order of the file."""
        return tuple((key, asked) for key, category in self.categories.items() for asked in category.requirements)

    def osm_keys(self) -> tuple[str, ...]:
        """The OSM keys to read an extract by, the first tag of each rule: a place that has none of them matches no rule."""
        return tuple(sorted({next(iter(rule.tags)) for c in self.categories.values() for rule in c.match.osm}))


def nearest(word: str, known: Collection[str]) -> Said:
    """What `word` may have meant among the words known, as a remedy.

    >>> nearest("parc", ["park", "school"])
    "did you mean 'park'?"
    """
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    if close:
        return said("did you mean {words}?", words=listed(map(repr, close), " or "))
    return said("known: {known}", known=listed(known))
