"""The page of a comparison, `compare.html`: two states of a study on two maps, one file that opens with no network."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from livingcircle.comparison import State
from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs import page
from livingcircle.outputs.compare_page.content import compare_content
from livingcircle.outputs.page.document import answer_document, written

HERE = resources.files(__package__)
SCRIPTS = ("states.js", "maps.js", "cards.js", "lists.js", "headline.js", "swipe.js", "compare.js")
SHARED = ("cause.", "flag.", "group.", "rule.", "status.")
# Families of `compare` that the page says; its own stand in `page`.
OWN = ("gap.", "facility.", "link.", "overview.reading", "overview.check")


def write(states: Sequence[State], path: str | Path, *, language: str) -> Path:
    """The path of the page written for two states or more; the same states always give the same bytes.

    The page speaks every language, `language` first, and loads nothing. Raises `LivingCircleError` when anything in it would be fetched,
    `OSError` when `path` cannot be written.
    """
    return written(html(states, language=language), path)


def html(states: Sequence[State], *, language: str) -> str:
    """The text of the page, as `write` writes it."""
    known = {own: page_words(own) for own in LANGUAGES}
    values = compare_content(states, words=known, style=style(), language=language)
    return answer_document(values, language=language, own=(HERE, "compare"), scripts=SCRIPTS)


def page_words(language: str) -> dict[str, str]:
    """The words of the page in a language, by key.

    >>> page_words("en")["swipe"], page_words("en")["gap.closed"]
    ('Swipe', 'closed')
    """
    told = words(language, "compare")
    shared = {key: word for key, word in words(language).items() if key.startswith(SHARED)}
    units = {key: words(language, "page")[key] for key in ("m", "min", "ha", "persons", "comma", "noscript", "north", "up_to", "between", "over")}
    shared |= {key: word for key, word in words(language, "gis").items() if key.startswith("status.")}
    own = {key: word for key, word in told.items() if key.startswith(OWN) or "." not in key}
    return {**shared, **units, **own, **{key.removeprefix("page."): word for key, word in told.items() if key.startswith("page.")}, **page.scale_words(language), "living_circle": told["title"]}


def style() -> dict[str, Any]:
    """Colors and class breaks: those of the interactive map, and of what two states differ in."""
    own = tomllib.loads(HERE.joinpath("style.toml").read_text("utf-8"))
    shared = page.style()
    return {"walk": shared["walk"], "map": {**shared["map"], **own["map"]}, "difference": own["difference"], "draw": {**shared["draw"], **own["draw"]}}
