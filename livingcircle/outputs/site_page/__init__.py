"""The page of a siting, `sites.html`: candidates, chosen sites, people newly covered and still uncovered; one file that opens with no network."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs import page
from livingcircle.outputs.page.document import answer_document, written
from livingcircle.outputs.site_page.content import site_content
from livingcircle.outputs.site_words import Report

HERE = resources.files(__package__)
SCRIPTS = ("map.js", "curve.js", "panel.js", "site.js")


def write(report: Report, path: str | Path, *, language: str) -> Path:
    """The path of the page written; the same siting always gives the same bytes.

    The page speaks every language, `language` first, and loads nothing. Raises `LivingCircleError` when anything in it would be fetched,
    `OSError` when `path` cannot be written.
    """
    return written(html(report, language=language), path)


def html(report: Report, *, language: str) -> str:
    """The text of the page, as `write` writes it."""
    known = {own: page_words(own) for own in LANGUAGES}
    values = site_content(report, words=known, style=style(), language=language)
    return answer_document(values, language=language, own=(HERE, "site"), scripts=SCRIPTS)


def page_words(language: str) -> dict[str, str]:
    """The words of the page in a language, by key.

    >>> page_words("en")["chosen"], page_words("en")["reason.off_network"]
    ('new site', 'no street near')
    """
    told = words(language, "site")
    shared = {key: words(language, "page")[key] for key in ("persons", "comma", "north")}
    codes = {key: word for key, word in told.items() if key.startswith(("reason.", "head."))}
    plain = {key: told[key] for key in ("whole", "noscript", "people_fewer", "people_more", "people_same")}
    return {**shared, **page.scale_words(language), **codes, **plain, **{key.removeprefix("page."): word for key, word in told.items() if key.startswith("page.")}}


def style() -> dict[str, Any]:
    """Colors, and how fine things are drawn."""
    return tomllib.loads(HERE.joinpath("style.toml").read_text("utf-8"))
