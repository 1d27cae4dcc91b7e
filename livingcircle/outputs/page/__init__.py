"""The interactive map of a study, `index.html`: one file that opens with no network."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs.page.content import page_content
from livingcircle.outputs.page.document import page_document, title_of, written
from livingcircle.outputs.page.packing import PER_DEGREE

if TYPE_CHECKING:
    from livingcircle.analysis import Result

HERE = resources.files(__package__)
# Families of words that the page has in common with the tables.
SHARED = ("cause.", "remedy.", "confidence.", "flag.", "rule.", "group.", "status.", "robustness.", "change.")


def write(result: Result, path: str | Path, *, backgrounds: Iterable[str] = ()) -> Path:
    """The path of the interactive map written for `result`; the same result always gives the same bytes.

    The page speaks every language, `result.settings.language` first; it judges nothing and loads nothing: Leaflet, styles, words
    and values are inside it. Only the tile services named in `backgrounds` (keys of `style()["backgrounds"]`) may be asked, and only
    once a reader chooses one. Raises `LivingCircleError` when anything in it would be fetched, `OSError` when `path` cannot be
    written.
    """
    return written(html(result, backgrounds=backgrounds), path)


def html(result: Result, *, backgrounds: Iterable[str] = ()) -> str:
    """The text of the interactive map, as `write` writes it."""
    language, asked = result.settings.language, tuple(backgrounds)
    known = {own: page_words(own) for own in LANGUAGES}
    values = page_content(result, words=known, style=style(), backgrounds=asked)
    x, y = values["origin"]
    return page_document(values, language=language, title=title_of(values, language=language), center=(y / PER_DEGREE, x / PER_DEGREE))


def scale_words(language: str) -> dict[str, str]:
    """The units that the scale bar of every page tells, by key.

    >>> scale_words("zh")
    {'scale.m': '米', 'scale.km': '公里'}
    """
    known = words(language, "page")
    return {f"scale.{unit}": known[unit] for unit in ("m", "km")}


def page_words(language: str) -> dict[str, str]:
    """The words of the page in a language, by key: its own, and those for causes, remedies, groups and the like.

    >>> page_words("en")["gaps"], page_words("en")["confidence.low"]
    ('Gap list', 'low')
    """
    shared = {key: word for key, word in words(language).items() if key.startswith(SHARED)}
    return {**shared, **words(language, "page"), **scale_words(language)}


def style() -> dict[str, Any]:
    """Colors, class breaks and tile services of the page."""
    return tomllib.loads(HERE.joinpath("style.toml").read_text("utf-8"))
