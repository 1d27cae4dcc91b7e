"""The page of a programme, `programme.html`: its measures as a list and on a map, one file that opens with no network."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import livingcircle
from livingcircle import residences as homes
from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs import page
from livingcircle.outputs.page import packing, places
from livingcircle.outputs.page.document import EVERY, answer_document, written
from livingcircle.outputs.page.names import in_both, number, text
from livingcircle.outputs.programme_words import money, reading, rows_of, sentences
from livingcircle.programme import Programme

HERE = resources.files(__package__)
SCRIPTS = ("programme_map.js", "programme.js")
NUMBERS = {"people": 0, "people_joint": 0, "people_alone": 0, "people_distinct": 0, "land_ha": 2, "places_filled": 0, "gaps_closed": 0}

Content = dict[str, Any]


def write(told: Programme, path: str | Path, *, language: str) -> Path:
    """The path of the page written; the same programme always gives the same bytes.

    The page speaks every language, `language` first, and loads nothing. Raises `LivingCircleError` when anything in it would be fetched.
    """
    return written(html(told, language=language), path)


def html(told: Programme, *, language: str) -> str:
    """The text of the page, as `write` writes it."""
    known = {own: page_words(own) for own in LANGUAGES}
    values = content(told, language=language) | {"words": known}
    return answer_document(values, language=language, own=(HERE, "programme"), scripts=SCRIPTS, css=(*EVERY, "ranked.css"))


def page_words(language: str) -> dict[str, str]:
    """The words of the page in a language, by key.

    >>> page_words("en")["budget"], page_words("en")["kind.gate"]
    ('Budget', 'gate')
    """
    told = words(language, "programme")
    own = {key: word for key, word in told.items() if "." not in key or key.startswith("kind.")}
    shared = {key: words(language, "page")[key] for key in ("m", "min", "ha", "comma")}
    return {**shared, **page.scale_words(language), **own, **{key.removeprefix("page."): word for key, word in told.items() if key.startswith("page.")}, "living_circle": told["title"]}


def content(told: Programme, *, language: str) -> Content:
    """The values of the page, ready for JSON; shapes in longitude and latitude."""
    style = tomllib.loads(HERE.joinpath("style.toml").read_text("utf-8"))
    inputs, settings = told.town.start.case.inputs, told.town.start.case.settings
    lived = homes.in_year(inputs.residences, year=settings.year).reset_index(drop=True)
    town = SimpleNamespace(network=inputs.network, residences=lived, facilities=inputs.facilities, barriers=inputs.barriers)
    origin, draw = places.origin_of(town), style["draw"]
    both = {own: told_ for own in LANGUAGES for told_ in [(rows_of(told, language=own), rows_of(told, language=own, others=True))]}
    shapes = told.steps.geometry.to_crs(places.DEGREES)
    return {
        "backgrounds": {},
        "style": {"map": {**page.style()["map"], **style["map"]}, "kinds": style["kinds"]},
        "origin": list(origin),
        "study": _study(told, language),
        "themes": [], "categories": [], "levels": [], "groups": [],
        "units": places.areas(inputs.units, origin, names="unit"),
        "area": places.areas(inputs.area, origin),
        "water": places.water(town, origin, draw["water_m"]),
        "streets": packing.lines(places.drawn(places.streets(town), draw["street_m"]), origin=origin),
        "homes": places.shapes_of(lived.geometry, origin, draw["residence_m"]),
        "sentences": {own: [text(line) for line in sentences(told, language=own)] for own in LANGUAGES},
        "reading": {own: reading(own) for own in LANGUAGES},
        "totals": _totals(told),
        "measures": [_measure(told, number_, {own: both[own][0][number_] for own in LANGUAGES}, packing.shape(shape, origin=origin)) for number_, shape in enumerate(shapes)],
        "others": [_other(told, {own: both[own][1][number_] for own in LANGUAGES}) for number_ in range(len(both[language][1]))],
    }  # fmt: skip


def _study(told: Programme, language: str) -> Content:
    settings, standard = told.town.start.case.settings, told.standard
    crs = told.town.start.case.inputs.network.crs
    authority = crs.to_authority()
    return {
        "names": in_both(settings.name if any(settings.name.values()) else {settings.language: settings.study_id}),
        "notes": in_both(settings.note),
        "standard": text(standard.number),
        "standard_names": in_both(standard.name),
        "language": language,
        "year": settings.year,
        "crs": f"{crs.name} ({':'.join(authority)})" if authority else text(crs.name),
        "warnings_by_language": {own: [] for own in LANGUAGES},
        "version": livingcircle.__version__,
    }


def _totals(told: Programme) -> Content:
    in_money = {key: {own: money(value, told, language=own) for own in LANGUAGES} for key, value in (("budget", told.terms.budget), ("cost", told.cost))}
    return {**in_money, "people": number(told.people, 0), "distinct": number(told.distinct_people, 0), "gaps": int(told.steps["gaps_closed"].sum())}


def _measure(told: Programme, at: int, rows: dict[str, dict], shape: str) -> Content:
    row = next(iter(rows.values()))
    return {
        "kind": row["kind"],
        "titles": {own: text(one["title"]) for own, one in rows.items()},
        "units": {own: text(one["unit"]) for own, one in rows.items()},
        "serves": {own: text(one["serves_words"]) for own, one in rows.items()},
        "costs": {own: money(row["cost"], told, language=own) for own in rows},
        "costs_joint": {own: money(row["cost_joint"], told, language=own) for own in rows},
        "clause": text(row["clause"]).replace(";", "；"),
        "shape": shape,
        **{key: number(row[key], digits) for key, digits in NUMBERS.items()},
    }


def _other(told: Programme, rows: dict[str, dict]) -> Content:
    row = next(iter(rows.values()))
    return {
        "kind": row["kind"],
        "titles": {own: text(one["title"]) for own, one in rows.items()},
        "costs": {own: money(row["cost"], told, language=own) for own in rows},
        "people_alone": number(row["people_alone"], 0),
    }
