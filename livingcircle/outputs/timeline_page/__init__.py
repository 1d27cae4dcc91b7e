"""The page of a timeline, `timeline.html`: coverage year by year as small charts and a table, one file that opens with no network."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

import livingcircle
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs import page
from livingcircle.outputs.page.document import Files, sheet_document, title_of, written
from livingcircle.outputs.page.names import in_both, number, positions, text
from livingcircle.outputs.walking_words import group_name
from livingcircle.timeline import KEYS, Timeline

HERE = resources.files(__package__)
SCRIPTS = ("charts.js", "timeline.js")
SHARED = ("values.js", "language.js")
AMOUNTS = {"people": 1, "people_covered": 1, "land_ha": 2, "land_covered_ha": 2, "facilities": 0}

Content = dict[str, Any]


def write(told: Timeline, path: str | Path, *, language: str) -> Path:
    """The path of the page written; the same timeline always gives the same bytes.

    The page speaks every language, `language` first, and loads nothing. Raises `LivingCircleError` when anything in it would be fetched.
    """
    return written(html(told, language=language), path)


def html(told: Timeline, *, language: str) -> str:
    """The text of the page, as `write` writes it."""
    known = {own: page_words(own) for own in LANGUAGES}
    values = content(told, language=language) | {"words": known}
    sheets, scripts = ((page.HERE, "every.css"), (HERE, "timeline.css")), (*((page.HERE, name) for name in SHARED), *((HERE, name) for name in SCRIPTS))
    files = Files(HERE, "timeline.html", sheets, scripts)
    return sheet_document(values, language=language, title=title_of(values, language=language), files=files)


def page_words(language: str) -> dict[str, str]:
    """The words of the page in a language, by key.

    >>> page_words("en")["measure"], page_words("en")["kind.facility"]
    ('Measure', 'facility opens')
    """
    told = words(language, "timeline")
    shared = {key: words(language, "page")[key] for key in ("m", "min")}
    own = {key: word for key, word in told.items() if "." not in key or key.startswith(("kind.", "overview.reading"))}
    return {**shared, **own, **{key.removeprefix("page."): word for key, word in told.items() if key.startswith("page.")}, "living_circle": told["title"]}


def content(told: Timeline, *, language: str) -> Content:
    """The values of the page, ready for JSON: names once, and for every series amounts of the years worked out anew."""
    standard, table = told.standard, told.table
    kinds = table[list(KEYS[1:])].drop_duplicates().itertuples(index=False, name=None)
    units = [*dict.fromkeys(table["unit"])]
    categories, levels = list(dict.fromkeys(table["category"])), [id for id in standard.levels if id in set(table["level"])]
    themes = list(dict.fromkeys(standard.categories[category].theme for category in categories))
    groups = [group.id for group in told.settings.groups]
    steps = sorted(told.worked)
    worked = table[table["year"].isin(steps)]
    return {
        "backgrounds": {},
        "style": {"colors": tomllib.loads(HERE.joinpath("style.toml").read_text("utf-8"))["colors"]},
        "study": _study(told, language),
        "years": list(told.years),
        "steps": steps,
        "worked": [positions(told.worked[year], categories) for year in steps],
        "themes": [{"names": in_both(standard.themes[theme].name)} for theme in themes],
        "categories": [{"names": in_both(standard.categories[c].name), "theme": themes.index(standard.categories[c].theme)} for c in categories],
        "levels": [{"names": in_both(standard.levels[level].name)} for level in levels],
        "groups": [{"names": {own: text(group_name(group, own)) for own in LANGUAGES}, "hows": {own: "" for own in LANGUAGES}} for group in groups],
        "units": [{WHOLE_AREA: 1, OUTSIDE: 2}.get(unit, text(unit)) for unit in units],
        "kinds": [_kind(kind, table, (categories, levels, groups)) for kind in kinds],
        "series": _series(worked, units, steps),
        "events": [_event(row, units, categories) for row in told.events.to_dict("records")],
    }


def _study(told: Timeline, language: str) -> Content:
    settings, standard = told.settings, told.standard
    return {
        "names": in_both(settings.name if any(settings.name.values()) else {settings.language: settings.study_id}),
        "notes": in_both(settings.note),
        "standard": text(standard.number),
        "standard_names": in_both(standard.name),
        "language": language,
        "warnings_by_language": {own: [] for own in LANGUAGES},
        "version": livingcircle.__version__,
    }


def _kind(kind: tuple[str, str, str], table: pd.DataFrame, order: tuple[list[str], list[str], list[str]]) -> list[Any]:
    """Positions of category, level and group; limits in metres and minutes, the one judged by; clause."""
    own = table[(table["category"] == kind[0]) & (table["level"] == kind[1])].iloc[0]
    at = [known.index(word) for word, known in zip(kind, order, strict=True)]
    return [*at, number(own["limit_m"]), number(own["limit_min"]), text(own["rule"]), text(own["clause"])]


def _series(worked: pd.DataFrame, units: list[str], steps: list[int]) -> list[list[Any]]:
    """For every kind (in their order) and unit the amounts in every step: people, people covered, hectares, hectares covered, facilities; null for no row."""
    index = {key: number for number, key in enumerate(worked[list(KEYS[1:])].drop_duplicates().itertuples(index=False, name=None))}
    out: list[list[Any]] = [[[None] * len(steps) for _ in units] for _ in index]
    unit_at, step_at = {unit: at for at, unit in enumerate(units)}, {year: at for at, year in enumerate(steps)}
    columns = [*KEYS, "year", *AMOUNTS]
    for row in worked[columns].itertuples(index=False, name=None):
        amounts = [number(value, digits) for value, digits in zip(row[5:], AMOUNTS.values(), strict=True)]
        out[index[row[1:4]]][unit_at[row[0]]][step_at[row[4]]] = amounts
    return out


def _event(row: Content, units: list[str], categories: list[str]) -> Content:
    unit = row["unit"] or OUTSIDE
    return {
        "year": row["year"],
        "kind": row["kind"],
        "name": text(row["name"]),
        "unit": units.index(unit) if unit in units and row["kind"] != "street" else -1,
        "categories": [at for at in positions(row["categories"], categories) if at >= 0],
        "people": number(row["people"], 0),
        "capacity": number(row["capacity"], 0),
        "count": row["count"],
    }
