"""The interactive map of a study, `index.html`: one file that opens with no network."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livingcircle.messages import words
from livingcircle.outputs.page.content import page_content, text
from livingcircle.outputs.page.document import page_document
from livingcircle.outputs.page.packing import PER_DEGREE

if TYPE_CHECKING:
    from livingcircle.analysis import Result

# Families of words that the page has in common with the tables.
SHARED = ("cause.", "remedy.", "confidence.", "flag.", "rule.", "group.", "status.", "robustness.", "change.")


def write(result: Result, path: str | Path) -> Path:
    """The path of the interactive map written for `result`; the same result always gives the same bytes.

    The page speaks `result.settings.language`, judges nothing and loads nothing: Leaflet, styles, words and values are
    inside it. Raises `LivingCircleError` when anything in it would be fetched, `OSError` when `path` cannot be written.
    """
    path = Path(path)
    path.write_text(html(result), encoding="utf-8", newline="\n")
    return path


def html(result: Result) -> str:
    """The text of the interactive map, as `write` writes it."""
    settings = result.settings
    values = page_content(result, words=page_words(settings.language), style=style())
    x, y = values["origin"]
    title = f"{values['study']['name']} · {values['words']['living_circle']}"
    return page_document(
        values, language=settings.language, title=text(title), center=(y / PER_DEGREE, x / PER_DEGREE)
    )


def page_words(language: str) -> dict[str, str]:
    """The words of the page in a language, by key: its own, and those for causes, remedies, groups and the like.

    >>> page_words("en")["gaps"], page_words("en")["confidence.low"]
    ('Gap list', 'low')
    """
    shared = {key: word for key, word in words(language).items() if key.startswith(SHARED)}
    return {**shared, **words(language, "page")}


def style() -> dict[str, Any]:
    """Colours and class breaks of the page."""
    return tomllib.loads(resources.files(__package__).joinpath("style.toml").read_text("utf-8"))
