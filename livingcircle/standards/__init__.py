"""Planning standards as data: one TOML file each, checked when loaded, and the rules that tell a place's categories.

Levels, categories, limits, clauses and the tags, codes and names of places all stand in the file; none is known here.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from livingcircle.errors import Fault, StandardError, raise_all

SHIPPED = Path(__file__).parent
AMAP_DIGITS = 6
PARTS = {"match", "levels", "themes", "categories"}
BRACKETS = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
# Names are tested with every name of a place on a line of its own, so that ^ and $ mean one name.
FLAGS = re.IGNORECASE | re.MULTILINE


def _pattern(value: object) -> object:
    if not isinstance(value, str) or not value:
        raise ValueError("Input should be a regular expression in quotes")
    try:
        return re.compile(value, FLAGS)
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error})") from error


def _many(value: object) -> object:
    """A tag's wanted value as the file may write it: one text, a list of texts, or true for any."""
    if value is True:
        return ()
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not texts or not all(isinstance(t, str) and t for t in texts):
        raise ValueError("Input should be a text, a list of texts, or true")
    return tuple(texts)


Slug = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
Regex = Annotated[re.Pattern[str], BeforeValidator(_pattern)]
Evidence = Literal["●", "◐", "○"]
Code = Annotated[str, Field(pattern=r"^[0-9]+$")]
# OSM key -> the values wanted; an empty tuple stands for any value.
Tags = dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_:\-]*$")], Annotated[tuple[str, ...], BeforeValidator(_many)]]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(_Part):
    """A name in Chinese and English."""

    zh: Text
    en: Text

    def get(self, lang: str) -> str:
        """The name in `lang`: Chinese for `zh` and its variants, English for any other."""
        return self.zh if lang.lower().startswith("zh") else self.en


class Level(_Part):
    """A level of living circle: the minutes and the metres people walk in it."""

    id: Slug
    name: Names
    minutes: Positive
    walk_m: Positive
    clause: Text
    evidence: Evidence


class Theme(_Part):
    """A group of categories, with the color (`#RRGGBB`) that maps draw it in."""

    id: Slug
    name: Names
    color: Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]


class Requirement(_Part):
    """What a clause asks of a category at a level: the limit in metres and minutes, and how binding it is.

    `flag` is `mandatory` (▲ 应配建) or `on_demand` (△ 按需配建); `evidence` marks the source of the limit and
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
    note: Names | None = None


class MatchRule(_Part):
    """What every kind of rule may say about a place's names, and how sure a match is."""

    name_regex: Regex | None = None
    not_name_regex: Regex | None = None
    confidence: Literal["high", "medium", "low"] = "high"

    def fits_name(self, name: str) -> bool:
        """Whether the names (one a line) hold what is wanted and nothing that is not."""
        wanted = self.name_regex is None or self.name_regex.search(name) is not None
        return wanted and not (self.not_name_regex and self.not_name_regex.search(name))


class TagRule(MatchRule):
    """OSM: every tag wanted is there and none of `not`; in the file the tags stand beside the other keys."""

    tags: Annotated[Tags, Field(min_length=1)]
    unless: Tags = Field(default={}, alias="not")

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, told: object) -> object:
        if not isinstance(told, Mapping):
            return told
        own = {field.alias or key for key, field in cls.model_fields.items()} - {"tags"}
        tags = {key: value for key, value in told.items() if key not in own}
        # A misspelt key would pass for a tag that no place has; only long words are compared, so `note` is no typo of `not`.
        for key in tags:
            close = difflib.get_close_matches(key, [word for word in own if len(word) > 3], n=1, cutoff=0.8)
            if close:
                raise ValueError(f"'{key}' looks like '{close[0]}'")
        return {**{key: value for key, value in told.items() if key in own}, "tags": tags}

    def fits(self, tags: Mapping[str, str], name: str) -> bool:
        """Whether a place with these tags and names matches."""
        has = all(_has(tags, key, values) for key, values in self.tags.items())
        return has and not any(_has(tags, key, v) for key, v in self.unless.items()) and self.fits_name(name)


class CodeRule(MatchRule):
    """Codes: one starts with one of `codes` (any code will do when there are none), and none with one of `not_codes`."""

    codes: tuple[Code, ...] = ()
    not_codes: tuple[Code, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short(cls, told: object) -> object:
        return {"codes": [told]} if isinstance(told, str) else told

    @model_validator(mode="after")
    def _says_something(self) -> CodeRule:
        if not self.codes and self.name_regex is None:
            raise ValueError("a rule needs codes or name_regex")
        return self

    def fits(self, codes: tuple[str, ...], name: str) -> str | None:
        """The prefix matched (empty for a rule by name alone), or None."""
        if any(code.startswith(self.not_codes) for code in codes if self.not_codes) or not self.fits_name(name):
            return None
        if not self.codes:
            return ""
        return next((prefix for prefix in self.codes for code in codes if code.startswith(prefix)), None)


class Match(_Part):
    """The rules of one category, by origin: OSM tags, Amap POI codes, land-use codes."""

    osm: tuple[TagRule, ...] = ()
    amap: tuple[CodeRule, ...] = ()
    land: tuple[CodeRule, ...] = ()


class MatchAll(_Part):
    """`[match]`: what holds for every category: places that are none, and brackets that tell about the place itself.

    Brackets in a name are left out of name tests unless what they hold matches `keep_bracket_regex`.
    """

    drop_name_regex: Regex | None = None
    keep_bracket_regex: Regex | None = None
    drop_tags: Tags = {}
    drop_amap: tuple[Code, ...] = ()


class Category(_Part):
    """A facility category: names, theme, what is asked of it, and how places are recognized."""

    id: Slug
    name: Names
    theme: str
    source: Text
    department: Names | None = None
    area_facility: bool = False
    requirements: tuple[Requirement, ...]
    match: Match = Match()


class Standard(_Part):
    """A standard: what `[standard]` says of it, and its levels, themes and categories by id, in the order of the file."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    number: Text
    name: Names
    in_force: date
    note: Names | None = None
    match: MatchAll = MatchAll()
    levels: Annotated[dict[str, Level], Field(min_length=1)]
    themes: Annotated[dict[str, Theme], Field(min_length=1)]
    categories: Annotated[dict[str, Category], Field(min_length=1)]

    def category(self, id: str) -> Category:
        """The category of that id. Raises `StandardError` with the nearest ids when there is none.

        >>> load("gb50180-2018").category("edu_primary").name.get("en")
        'primary school'
        """
        if id in self.categories:
            return self.categories[id]
        raise StandardError(Fault(self.id, f"unknown category '{id}'", _nearest(id, self.categories)))

    def requirements(self) -> tuple[tuple[str, Requirement], ...]:
        """Every requirement with its category's id, in the order of the file."""
        return tuple((key, asked) for key, category in self.categories.items() for asked in category.requirements)

    def osm_keys(self) -> tuple[str, ...]:
        """The OSM keys to read an extract by, the first tag of each rule: a place that has none of them matches no rule."""
        return tuple(sorted({next(iter(rule.tags)) for c in self.categories.values() for rule in c.match.osm}))


def available() -> list[str]:
    """Ids of the standards shipped, sorted.

    >>> "gb50180-2018" in available()
    True
    """
    return sorted(file.stem for file in SHIPPED.glob("*.toml"))


def load(id_or_path: str | Path, *, base: Path | None = None) -> Standard:
    """The standard of a shipped id, or of a TOML file whose path starts at `base` (or at the working folder).

    Raises `StandardError`: an unknown id or no such file (lists the ids shipped), broken TOML (with its line), or every
    fault of the file's keys and values at once.

    >>> load("gb50180-2018").levels["L15"].walk_m
    1000.0
    >>> load("gb50180")
    Traceback (most recent call last):
    livingcircle.errors.StandardError: gb50180: no such standard → ...gb50180-2018
    """
    file = _find(id_or_path, base)
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StandardError(Fault(str(file), f"is not valid TOML ({error})", "correct this line; save as UTF-8")) from error
    faults, standard = list(_cross_faults(told)), None
    try:
        standard = Standard.model_validate(_flat(told))
    except ValidationError as error:
        faults = [*(_schema_fault(problem) for problem in error.errors(include_url=False)), *faults]
    raise_all((Fault(f"{file}: {fault.where}", fault.problem, fault.remedy) for fault in faults), StandardError)
    return standard


def classify(
    standard: Standard, *, tags: Mapping[str, str] | None = None,
    amap_code: str | None = None, land_code: str | None = None, name: str | None = None,
) -> tuple[tuple[str, str, str], ...]:
    """Every category a place serves, as (category id, rule, confidence) in the order of the file; empty when none.

    `rule` is `osm:2` or `amap:0` (the rule's place in the file) or `land:0804` (the prefix matched). Where several rules of
    a category match, the surest counts, then the first. `amap_code` may hold several codes joined by `|`; codes that
    lost a leading zero in a spreadsheet are read as if they had it. Names are `name` and the OSM name tags.

    >>> shipped = load("gb50180-2018")
    >>> classify(shipped, amap_code="141202", name="滨江九年一贯制学校")
    (('edu_primary', 'amap:0', 'high'), ('edu_junior', 'amap:0', 'high'))
    >>> classify(shipped, tags={"amenity": "school"}, name="滨江高级中学")
    ()
    """
    tags = tags or {}
    told = [name, *(tags.get(key) for key in ("name", "name:zh", "name:en"))]
    names = "\n".join(dict.fromkeys(text for text in told if isinstance(text, str) and text))
    amap, land = _amap_codes(amap_code), _land_codes(land_code)
    rules = standard.match
    kept = tuple(code for code in amap if not (rules.drop_amap and code.startswith(rules.drop_amap)))
    dropped = rules.drop_name_regex is not None and rules.drop_name_regex.search(names) is not None
    if dropped or any(_has(tags, key, values) for key, values in rules.drop_tags.items()):
        return ()
    keep = rules.keep_bracket_regex
    names = BRACKETS.sub(lambda aside: aside[0] if keep is not None and keep.search(aside[1]) else "", names)
    served = []
    for category in standard.categories.values():
        found = list(_matches(category.match, tags=tags, amap=kept, land=land, names=names))
        if found:
            rule, confidence = min(found, key=lambda match: ("high", "medium", "low").index(match[1]))
            served.append((category.id, rule, confidence))
    return tuple(served)


def _matches(
    match: Match, *, tags: Mapping[str, str], amap: tuple[str, ...], land: tuple[str, ...], names: str
) -> Iterator[tuple[str, str]]:
    yield from ((f"osm:{n}", rule.confidence) for n, rule in enumerate(match.osm) if tags and rule.fits(tags, names))
    coded = ((n, rule, rule.fits(amap, names)) for n, rule in enumerate(match.amap) if amap)
    yield from ((f"amap:{n}", rule.confidence) for n, rule, prefix in coded if prefix is not None)
    landed = ((rule, rule.fits(land, names)) for rule in match.land if land)
    yield from ((f"land:{prefix or 'name'}", rule.confidence) for rule, prefix in landed if prefix is not None)


def _has(tags: Mapping[str, str], key: str, values: tuple[str, ...]) -> bool:
    if key not in tags:
        return False
    return not values or any(part.strip() in values for part in str(tags[key]).split(";"))


def _amap_codes(told: object) -> tuple[str, ...]:
    parts = (part.strip().removesuffix(".0") for part in str(told or "").split("|"))
    return tuple(part.zfill(AMAP_DIGITS) for part in parts if part.isdigit())


def _land_codes(told: object) -> tuple[str, ...]:
    # Land codes grow by two digits a class, so an odd number of digits has lost its leading zero.
    part = str(told or "").strip().removesuffix(".0")
    return (part.zfill(len(part) + len(part) % 2),) if part.isdigit() else ()


def _find(id_or_path: str | Path, base: Path | None) -> Path:
    told = str(id_or_path)
    if told in available():
        return SHIPPED / f"{told}.toml"
    file = (base or Path()) / Path(id_or_path)
    if file.is_file():
        return file
    where, what = (str(file), "file") if told.endswith(".toml") or isinstance(id_or_path, Path) else (told, "standard")
    shipped = f"correct the path of the TOML file, or name a shipped standard: {', '.join(available())}"
    raise StandardError(Fault(where, f"no such {what}", shipped))


def _nearest(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else f"known: {', '.join(known)}"


def _flat(told: Mapping[str, Any]) -> dict[str, Any]:
    """The file as the model wants it: `[standard]` on top, and every table with its own name as its id."""
    head = told.get("standard")
    flat = {**head} if isinstance(head, Mapping) else {}
    for key in PARTS & told.keys():
        flat[key] = told[key]
        if key != "match" and isinstance(told[key], Mapping):
            flat[key] = {id: {**one, "id": id} if isinstance(one, Mapping) else one for id, one in told[key].items()}
    return flat


def _schema_fault(problem: Mapping[str, Any]) -> Fault:
    top = () if problem["loc"][0] in PARTS else ("standard",)
    where = ".".join(str(part) for part in (*top, *problem["loc"]))
    plain = {"extra_forbidden": ("unknown key", "correct its spelling or remove it"), "missing": ("is required", "add it")}
    if problem["type"] in plain:
        return Fault(where, *plain[problem["type"]])
    given = problem.get("input")
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return Fault(where, problem["msg"].removeprefix("Value error, ") + shown, "correct the value")


def _cross_faults(told: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults between parts of the file, found on what could be read, so that they are told with those of the schema."""
    for key in sorted(told.keys() - PARTS - {"standard"}):
        yield Fault(key, "unknown key", f"known: standard, {', '.join(sorted(PARTS))}")
    part = {key: told[key] if isinstance(told.get(key), Mapping) else {} for key in ("levels", "themes", "categories")}
    for key, many in part.items():
        for name in (n for n, one in many.items() if isinstance(one, Mapping) and "id" in one):
            yield Fault(f"{key}.{name}.id", "unknown key", "remove it; the table's own name is the id")
    for id, category in part["categories"].items():
        if not isinstance(category, Mapping):
            continue
        theme = category.get("theme")
        if isinstance(theme, str) and theme not in part["themes"]:
            yield Fault(f"categories.{id}.theme", f"unknown theme '{theme}'", _nearest(theme, part["themes"]))
        asked = category.get("requirements")
        rows = [row for row in asked if isinstance(row, Mapping)] if isinstance(asked, list) else []
        if asked == []:
            yield Fault(f"categories.{id}.requirements", "is empty", "add a requirement, or remove the category")
        levels = [row.get("level") for row in rows]
        for number, level in enumerate(levels):
            where = f"categories.{id}.requirements.{number}.level"
            if isinstance(level, str) and level not in part["levels"]:
                yield Fault(where, f"unknown level '{level}'", _nearest(level, part["levels"]))
            if isinstance(level, str) and level in levels[:number]:
                yield Fault(where, f"a second requirement for level '{level}'", "keep one per level")
