"""Faults in the language of a planner: the catalog of sentences that the code says in English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from livingcircle.errors import Fault, Listed, Said
from livingcircle.messages import words

SOURCE = "en"


@cache
def catalog(language: str) -> Mapping[str, str]:
    """The sentences of a language by their English template; none for English itself."""
    if language == SOURCE:
        return {}
    tables = tomllib.loads((files(__package__) / f"faults.{language}.toml").read_text(encoding="utf-8"))
    values = {template: words(language, "values")[key] for key, template in words(SOURCE, "values").items()}
    return {**values, **{template: own for table in tables.values() for template, own in table.items()}}


def in_words(told: Fault | str, language: str) -> str:
    """A fault, or one sentence of it, in a language; a sentence that is not in the catalog stays English.

    >>> from livingcircle.errors import Fault, said
    >>> in_words(Fault("study.toml", said("no such file '{name}'", name="路.gpkg"), "add it"), "zh")
    'study.toml：没有文件“路.gpkg” → 请补上'
    """
    if not isinstance(told, Fault):
        return _sentence(told, language)
    if language == SOURCE:
        return str(told)
    known = words(language)
    text = known["fault.told"].format(where=_sentence(told.where, language), problem=_sentence(told.problem, language))
    return known["fault.remedy"].format(fault=text, remedy=_sentence(told.remedy, language)) if told.remedy else text


def _sentence(told: str, language: str) -> str:
    known = catalog(language)
    if isinstance(told, Said | Listed):
        return str(_value(told, language))
    return known.get(told, str(told))


def _value(told: Any, language: str) -> Any:
    """A value to be filled in, its sentences and lists in the language."""
    known = catalog(language)
    if language == SOURCE:
        return told
    if isinstance(told, Listed):
        return known.get(told.between, told.between).join(str(_value(item, language)) for item in told.items)
    if isinstance(told, Said) and told.template in known:
        own = known[told.template]
        return own.format(**{key: _value(value, language) for key, value in told.values.items()}) if told.values else own
    if isinstance(told, list | tuple):
        return known[", "].join(str(item) for item in told)
    return told
