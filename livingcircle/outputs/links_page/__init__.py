"""The page of links worth building, `links.html`: a ranked list and its map, one file that opens with no network."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from livingcircle.links import Answer
from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs import page
from livingcircle.outputs.links_page.content import links_content
from livingcircle.outputs.page.document import EVERY, answer_document, written

HERE = resources.files(__package__)
SCRIPTS = ("links_data.js", "links_map.js", "links_cards.js", "links_list.js", "links.js")
SHARED = ("m", "min", "ha", "persons", "comma")


def write(answer: Answer, path: str | Path, *, language: str) -> Path:
    """The path of the page written; the same answer always gives the same bytes.

    The page speaks every language, `language` first, and loads nothing. Raises `LivingCircleError` when anything in it would be fetched,
    `OSError` when `path` cannot be written.
    """
    return written(html(answer, language=language), path)


def html(answer: Answer, *, language: str) -> str:
    """The text of the page, as `write` writes it."""
    known = {own: page_words(own) for own in LANGUAGES}
    values = links_content(answer, words=known, style=style())
    return answer_document(values, language=language, own=(HERE, "links"), scripts=SCRIPTS, css=(*EVERY, "ranked.css"))


def page_words(language: str) -> dict[str, str]:
    """The words of the page in a language, by key.

    >>> page_words("en")["kind.gate"], page_words("en")["why"]
    ('gate', 'Why this one')
    """
    told = words(language, "links")
    codes = {key: word for key, word in words(language).items() if key.startswith(("rule.", "group."))}
    units = {key: words(language, "page")[key] for key in SHARED}
    own = {key: word for key, word in told.items() if key.startswith(("kind.", "how."))}
    return {**codes, **units, **page.scale_words(language), **own, **{key.removeprefix("page."): word for key, word in told.items() if key.startswith("page.")},
            "noscript": told["noscript"], "living_circle": told["page.title"]}  # fmt: skip


def style() -> dict[str, Any]:
    """Colors and class breaks: those of the interactive map, and of links and of who gains."""
    own = tomllib.loads(HERE.joinpath("style.toml").read_text("utf-8"))
    return {"map": {**page.style()["map"], **own["map"]}, "gain": own["gain"], "draw": {**page.style()["draw"], **own["draw"]}}
