"""The rules of a standard's file that tell which categories a place serves: by OSM tags, Amap, Baidu or land codes, and names.

No tag, code or name is known here; a file without rules for an origin simply matches nothing of it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from livingcircle.errors import said

if TYPE_CHECKING:
    from livingcircle.standards import Standard

AMAP_DIGITS = 6
CONFIDENCES = ("high", "medium", "low")
BRACKETS = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
NAME_TAGS = ("name", "name:zh", "name:en")
# Names are tested with every name of a place on a line of its own, so that ^ and $ mean one name.
FLAGS = re.IGNORECASE | re.MULTILINE

# (category id, rule, confidence) of each category a place serves, in the order of the standard's file.
Classes = tuple[tuple[str, str, str], ...]


def _pattern(value: object) -> object:
    if not isinstance(value, str) or not value:
        raise ValueError(said("Input should be a regular expression in quotes"))
    try:
        return re.compile(value, FLAGS)
    except re.error as error:
        raise ValueError(said("is not a regular expression ({error})", error=error)) from error


def _many(value: object) -> object:
    """A tag's wanted value as the file may write it: one text, a list of texts, or true for any."""
    if value is True:
        return ()
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not texts or not all(isinstance(t, str) and t for t in texts):
        raise ValueError(said("Input should be a text, a list of texts, or true"))
    return tuple(texts)


Regex = Annotated[re.Pattern[str], BeforeValidator(_pattern)]
Code = Annotated[str, Field(pattern=r"^[0-9]+$")]
# Words of a tag path from the top, joined by `;`, as Baidu writes them.
TagPath = Annotated[str, Field(pattern=r"^[^;；|\s]+(;[^;；|\s]+)*$")]
# OSM key -> the values wanted; an empty tuple stands for any value.
Tags = dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_:\-]*$")], Annotated[tuple[str, ...], BeforeValidator(_many)]]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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
                raise ValueError(said("'{key}' looks like '{known}'", key=key, known=close[0]))
        return {**{key: value for key, value in told.items() if key in own}, "tags": tags}

    def fits(self, tags: Mapping[str, str]) -> bool:
        """Whether a place with these tags matches, its name aside."""
        has = all(_has(tags, key, values) for key, values in self.tags.items())
        return has and not any(_has(tags, key, values) for key, values in self.unless.items())


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
            raise ValueError(said("a rule needs codes or name_regex"))
        return self

    def fits(self, codes: tuple[str, ...], parts: tuple[str, ...] = ()) -> str | None:
        """The prefix matched (empty for a rule by name alone), or None; the name aside.

        `parts` are codes that only some of the place may have, so that the name must say which: a rule without a name
        does not look at them.
        """
        if any(code.startswith(self.not_codes) for code in codes if self.not_codes):
            return None
        if not self.codes:
            return ""
        named = tuple(p for p in parts if not p.startswith(self.not_codes or "-")) if self.name_regex is not None else ()
        return next((prefix for prefix in self.codes for code in (*codes, *named) if code.startswith(prefix)), None)


class PathRule(MatchRule):
    """Baidu: a tag path starts with one of `paths`, word by word (any path when there are none), and none with one of `not_paths`."""

    paths: tuple[TagPath, ...] = ()
    not_paths: tuple[TagPath, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short(cls, told: object) -> object:
        return {"paths": [told]} if isinstance(told, str) else told

    @model_validator(mode="after")
    def _says_something(self) -> PathRule:
        if not self.paths and self.name_regex is None:
            raise ValueError(said("a rule needs paths or name_regex"))
        return self

    def fits(self, paths: tuple[str, ...]) -> bool:
        """Whether a place with these tag paths matches, its name aside."""
        if any(_under(path, self.not_paths) for path in paths):
            return False
        return not self.paths or any(_under(path, self.paths) for path in paths)


class Match(_Part):
    """The rules of one category, by origin: OSM tags, Amap codes, Baidu tag paths, land-use codes."""

    osm: tuple[TagRule, ...] = ()
    amap: tuple[CodeRule, ...] = ()
    baidu: tuple[PathRule, ...] = ()
    land: tuple[CodeRule, ...] = ()


class MatchAll(_Part):
    """`[match]`: what holds for every category: places that are none, and brackets that tell about the place itself.

    Brackets in a name are left out of name tests unless what they hold matches `keep_bracket_regex`.
    """

    drop_name_regex: Regex | None = None
    keep_bracket_regex: Regex | None = None
    drop_tags: Tags = {}
    drop_amap: tuple[Code, ...] = ()
    drop_baidu: tuple[TagPath, ...] = ()


@dataclass(frozen=True)
class Place:
    """What a source says of one place; all but what it says may be left out.

    `amap_code`, `baidu_tag` and `land_code` may hold several joined by `|`. `land_parts` are land codes that only some of
    the place may have, because its own code is a wider one: they count for rules that also ask for a name.
    """

    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    amap_code: str = ""
    baidu_tag: str = ""
    land_code: str = ""
    land_parts: str = ""


def classify(
    standard: Standard, *, tags: Mapping[str, str] | None = None, amap_code: str | None = None,
    baidu_tag: str | None = None, land_code: str | None = None, name: str | None = None,
) -> Classes:
    """Every category a place serves, as (category id, rule, confidence) in the order of the file; empty when none.

    `rule` is `osm:2`, `amap:0` or `baidu:1` (the rule's place in the file) or `land:0804` (the prefix matched). Where
    several rules of a category match, the surest counts, then the first. Codes may be joined by `|`; codes that lost a
    leading zero in a spreadsheet are read as if they had it. Names are `name` and the OSM name tags. For many places
    take `matcher`, which gives the same answers.

    >>> from livingcircle.standards import load
    >>> shipped = load("gb50180-2018")
    >>> classify(shipped, amap_code="141202", name="滨江九年一贯制学校")
    (('edu_primary', 'amap:0', 'high'), ('edu_junior', 'amap:0', 'high'))
    >>> classify(shipped, tags={"amenity": "school"}, name="滨江高级中学")
    ()
    """
    told = {"amap_code": amap_code, "baidu_tag": baidu_tag, "land_code": land_code, "name": name}
    return matcher(standard)(Place(tags=tags or {}, **{key: value or "" for key, value in told.items()}))


def matcher(standard: Standard) -> Callable[[Place], Classes]:
    """The function that tells the categories of one place after another, as `classify` does.

    It remembers which rules come into question for codes and tags it has met, so that a name is tested by these alone.

    >>> from livingcircle.standards import load
    >>> matcher(load("gb50180-2018"))(Place(name="蔚斗小学", baidu_tag="教育培训;小学"))
    (('edu_primary', 'baidu:0', 'high'),)
    """
    rules = standard.match
    keys = frozenset(tag_keys(standard))
    questioned = cache(lambda facts: tuple(_in_question(standard, facts)))

    def categories(place: Place) -> Classes:
        asked, names = questioned(_facts(place, keys)), _names(place)
        if not asked or (rules.drop_name_regex is not None and rules.drop_name_regex.search(names)):
            return ()
        names, served = _without_asides(rules, names), []
        for category, candidates in asked:
            found = next(((label, rule.confidence) for label, rule in candidates if rule.fits_name(names)), None)
            if found:
                served.append((category, *found))
        return tuple(served)

    return categories


def suggester(standard: Standard) -> Callable[[Place], Classes]:
    """The function that tells what a place that serves no category may be after all, with low confidence; empty where nothing is named.

    The name alone suggests every category of which a rule's words end it, as the last words of a name say what the thing is; else the code
    or the tags alone suggest those of which they are the sign, though the name spoke against it. Places that the standard leaves out by
    their code, tags or name are none.

    >>> from livingcircle.standards import load
    >>> suggested = suggester(load("gb50180-2018"))
    >>> suggested(Place(name="滨江幼儿园", amap_code="120000")), suggested(Place(name="幼儿园路", amap_code="190301"))
    ((('edu_kinder', 'name', 'low'),), ())
    """
    rules, match, keys = standard.match, matcher(standard), frozenset(tag_keys(standard))
    questioned = cache(lambda facts: tuple(_in_question(standard, facts)))
    worded = [(category.id, [rule for rule in _every_rule(category.match) if rule.name_regex is not None]) for category in standard.categories.values()]

    def suggested(place: Place) -> Classes:
        names = _names(place)
        if match(place) or _left_out(rules, place) or (rules.drop_name_regex is not None and rules.drop_name_regex.search(names)):
            return ()
        names = _without_asides(rules, names)
        by_name = tuple((own, "name", "low") for own, many in worded if any(_ends_with(rule, names) for rule in many))
        if by_name:
            return by_name
        asked = questioned(_facts(place, keys))
        sure = ((own, label) for own, many in asked for label, rule in many if rule.name_regex is None and rule.confidence != "low")
        told: dict[str, str] = {}
        for own, label in sure:
            told.setdefault(own, label)
        return tuple((own, label, "low") for own, label in told.items())

    return suggested


def _every_rule(match: Match) -> tuple[MatchRule, ...]:
    return (*match.osm, *match.amap, *match.baidu, *match.land)


def _ends_with(rule: MatchRule, names: str) -> bool:
    """Whether one of the names (one a line) ends with the words of a rule, and the rule has nothing against it."""
    lines = [name.strip() for name in names.split("\n")]
    return any(rule.fits_name(name) and any(hit[0] and hit.end() == len(name) for hit in rule.name_regex.finditer(name)) for name in lines)


def _left_out(rules: MatchAll, place: Place) -> bool:
    """Whether the standard leaves a place out by a code or tag of its own."""
    codes, paths = _amap_codes(place.amap_code), _paths(place.baidu_tag)
    return (
        any(_has(place.tags, key, values) for key, values in rules.drop_tags.items())
        or any(code.startswith(rules.drop_amap) for code in codes if rules.drop_amap)
        or any(_under(path, rules.drop_baidu) for path in paths)
    )


def _facts(place: Place, keys: frozenset[str]) -> tuple:
    """What decides beside the names."""
    tags = tuple((key, str(value)) for key, value in place.tags.items() if key in keys)
    return tags, place.amap_code, place.baidu_tag, place.land_code, place.land_parts


def _names(place: Place) -> str:
    """Every name of a place, one a line."""
    told = (place.name, *(place.tags.get(key) for key in NAME_TAGS))
    return "\n".join(dict.fromkeys(text for text in told if isinstance(text, str) and text))


def _without_asides(rules: MatchAll, names: str) -> str:
    """The names without the brackets that do not tell about the place itself."""
    keep = rules.keep_bracket_regex
    return BRACKETS.sub(lambda aside: aside[0] if keep is not None and keep.search(aside[1]) else "", names)


def tag_keys(standard: Standard) -> tuple[str, ...]:
    """Every OSM key the standard's rules look at: first those a rule starts with, then the others, each part sorted."""
    every = [rule for category in standard.categories.values() for rule in category.match.osm]
    first = {next(iter(rule.tags)) for rule in every}
    other = {key for rule in every for key in (*rule.tags, *rule.unless)} | set(standard.match.drop_tags)
    return (*sorted(first), *sorted(other - first))


def _in_question(standard: Standard, facts: tuple) -> Iterator[tuple[str, tuple[tuple[str, MatchRule], ...]]]:
    """The categories and their rules that fit the tags and codes, the surest rules first; names decide among them."""
    pairs, amap, baidu, land, parts = facts
    tags, rules = dict(pairs), standard.match
    if any(_has(tags, key, values) for key, values in rules.drop_tags.items()):
        return
    codes = tuple(c for c in _amap_codes(amap) if not (rules.drop_amap and c.startswith(rules.drop_amap)))
    paths = tuple(p for p in _paths(baidu) if not _under(p, rules.drop_baidu))
    grounds = _land_codes(land), _land_codes(parts)
    for category in standard.categories.values():
        match = category.match
        found: list[tuple[str, MatchRule]] = []
        found += [(f"osm:{n}", rule) for n, rule in enumerate(match.osm) if tags and rule.fits(tags)]
        found += [(f"amap:{n}", rule) for n, rule in enumerate(match.amap) if codes and rule.fits(codes) is not None]
        found += [(f"baidu:{n}", rule) for n, rule in enumerate(match.baidu) if paths and rule.fits(paths)]
        landed = ((rule, rule.fits(*grounds)) for rule in match.land if any(grounds))
        found += [(f"land:{prefix or 'name'}", rule) for rule, prefix in landed if prefix is not None]
        if found:
            yield category.id, tuple(sorted(found, key=lambda one: CONFIDENCES.index(one[1].confidence)))


def _has(tags: Mapping[str, str], key: str, values: tuple[str, ...]) -> bool:
    if key not in tags:
        return False
    return not values or any(part.strip() in values for part in str(tags[key]).split(";"))


def _under(path: str, heads: tuple[str, ...]) -> bool:
    return any(path == head or path.startswith(f"{head};") for head in heads)


def whole_amap_code(told: object) -> str:
    """Amap codes in all their digits, joined by `|`: a spreadsheet that keeps them as numbers loses the zero in front.

    >>> whole_amap_code(90100.0), whole_amap_code("141203|90100")
    ('090100', '141203|090100')
    """
    parts = (part.strip().removesuffix(".0") for part in str(told or "").split("|"))
    return "|".join(part.zfill(AMAP_DIGITS) if part.isdigit() else part for part in parts)


def _amap_codes(told: object) -> tuple[str, ...]:
    return tuple(part for part in whole_amap_code(told).split("|") if part.isdigit())


def _paths(told: object) -> tuple[str, ...]:
    paths = ("".join(path.split()) for path in unicodedata.normalize("NFKC", str(told or "")).split("|"))
    return tuple(path.strip(";") for path in paths if path.strip(";"))


def _land_codes(told: object) -> tuple[str, ...]:
    parts = (part.strip().removesuffix(".0") for part in str(told or "").split("|"))
    # Land codes grow by two digits a class, so an odd number of digits has lost its leading zero.
    return tuple(part.zfill(len(part) + len(part) % 2) for part in parts if part.isdigit())
