"""What the interactive map shows, as plain values: names once, rows as numbers, shapes as short text.

Everything that comes from data leaves this module as a JSON value; no markup is built here. What the program words itself stands in
every language of the page, what the data word stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import livingcircle
from livingcircle.facilities import STATUSES
from livingcircle.messages import LANGUAGES
from livingcircle.outputs.page import judgements, packing, places
from livingcircle.outputs.page.judging import judging
from livingcircle.outputs.page.names import Order, in_both, number, text
from livingcircle.outputs.page.walking import walking_content
from livingcircle.outputs.walking_words import group_name, walking_words

if TYPE_CHECKING:
    from livingcircle.analysis import Result, Settings
    from livingcircle.standards import Category

__all__ = ["number", "page_content", "text"]

Content = dict[str, Any]


def page_content(
    result: Result, *, words: Mapping[str, Mapping[str, str]], style: Mapping[str, Any], backgrounds: Iterable[str] = ()
) -> Content:
    """The values of the page for `result`, ready for JSON; shapes in longitude and latitude.

    `words` are the page's words by language, `style` the colors and class breaks, `backgrounds` the keys of the tile services
    offered. The result is not changed. Columns of numbers are text of `packing`; rows refer to names, categories and residences
    by position.
    """
    order = Order(result)
    origin = places.origin_of(result)
    draw = style["draw"]
    homes = places.drawn(result.residences.geometry, draw["residence_m"])
    hidden = {"draw", "backgrounds"}
    return {
        "words": {language: dict(known) for language, known in words.items()},
        "style": {key: value for key, value in style.items() if key not in hidden},
        "backgrounds": {key: style["backgrounds"][key] for key in backgrounds},
        "origin": list(origin),
        "study": _study(result),
        "statuses": {status: list(words) for status, words in STATUSES.items()},
        "elsewhere": _elsewhere(result, order),
        "themes": _themes(result, order),
        "categories": [_category(result.standard.categories[c], order) for c in order.categories],
        "levels": [{"id": level, "names": order.name(result.standard.levels[level])} for level in order.levels],
        "groups": _groups(result, order),
        "units": places.areas(result.units, origin, names="unit"),
        "area": places.areas(result.area, origin),
        "water": places.water(result, origin, draw["water_m"]),
        "walking": walking_content(result),
        "judging": judging(result, categories=order.categories, levels=order.levels),
        "facilities": places.facilities(result, order, origin),
        "residences": places.residences(result, homes, origin),
        "walks": judgements.walks(result, order),
        "coverage": judgements.coverage(result, order),
        "lacking": judgements.lacking(result, order),
        "gaps": judgements.gaps(result, order, homes, origin=origin),
    }


def _study(result: Result) -> Content:
    settings, standard, crs = result.settings, result.standard, result.network.crs
    authority = crs.to_authority()
    sources = result.facilities["source"]
    told = result.warnings_by_language
    return {
        "id": text(settings.study_id),
        "names": in_both(settings.name if any(settings.name.values()) else {settings.language: settings.study_id}),
        "notes": in_both(settings.note),
        "standard": text(standard.number),
        "standard_names": in_both(standard.name),
        "language": settings.language,
        "year": settings.year,
        "certainty": settings.certainty,
        "speed_kmh": float(settings.speed_kmh),
        "rule": text(settings.rule),
        "minutes": [float(m) for m in settings.isochrone_minutes],
        "crs": f"{crs.name} ({':'.join(authority)})" if authority else text(crs.name),
        "osm": bool(result.counts.get("osm")),
        "sources": [s for s in dict.fromkeys(map(text, sources)) if s],
        "warnings_by_language": {language: [text(w) for w in told.get(language, result.warnings)] for language in LANGUAGES},
        "version": livingcircle.__version__,
    }


def _elsewhere(result: Result, order: Order) -> list[Content]:
    """Categories of the standard that the page does not show, and those with levels that it does not: a scenario may name them all the same."""
    told = [(c, [text(r.level) for r in c.requirements if c.id not in order.categories or r.level not in order.levels]) for c in result.standard.categories.values()]
    return [{"id": text(c.id), "names": order.name(c), "levels": levels} for c, levels in told if levels or c.id not in order.categories]


def _themes(result: Result, order: Order) -> list[Content]:
    themes = result.standard.themes
    return [{"id": text(t), "names": order.name(themes[t]), "color": text(themes[t].color)} for t in order.themes]


def _category(category: Category, order: Order) -> Content:
    """Id, names and theme of a category, and what the standard asks: for each level how binding, by which clause, on what evidence."""
    levels = order.level(r.level for r in category.requirements)
    return {
        "id": text(category.id),
        "names": order.name(category),
        "theme": order.themes.index(order.theme(category.id)),
        "asked": [
            {"level": level, "flag": text(r.flag), "clause": text(r.clause), "evidence": text(r.evidence)}
            for r, level in zip(category.requirements, levels, strict=True)
        ],
    }


def _groups(result: Result, order: Order) -> list[Content]:
    settings: Settings = result.settings
    hows = {language: walking_words(replace(settings, language=language)) for language in LANGUAGES}
    return [
        {
            "id": text(group.id),
            "names": {language: text(group_name(group.id, language)) for language in LANGUAGES},
            "speed_kmh": float(group.speed_kmh),
            "walks": order.groups.index(result.walked_as[group.id]),
            "hows": {language: text(hows[language][at]) for language in LANGUAGES},
        }
        for at, group in enumerate(settings.groups)
    ]
