"""Every error raised on purpose, worded for a planner.

An error carries *faults*: where (file, row or key), what is wrong, and what to do. All faults of one check
travel in one error, so that a planner repairs them in one round. The exit codes are those of the command line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# How a parser tells where it stopped.
PLACED = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.S)


class Said(str):
    """A sentence in English that knows its `template` and `values`, so that it can be said in another language.

    A text in every respect: it is compared, joined and written like the English sentence it is.
    """

    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, values: Mapping[str, Any]) -> Said:
        """The template with its values filled in; one without values may hold any sign."""
        self = super().__new__(cls, template.format(**values) if values else template)
        self.template, self.values = template, values
        return self

    def __getnewargs__(self) -> tuple[str, Mapping[str, Any]]:
        return self.template, self.values


class Listed(str):
    """Things one after another in English, that know their `items` and what stands `between` them."""

    items: tuple
    between: str

    def __new__(cls, items: Iterable, between: str = ", ") -> Listed:
        """The items with `between` between them."""
        told = tuple(items)
        self = super().__new__(cls, between.join(map(str, told)))
        self.items, self.between = told, between
        return self

    def __getnewargs__(self) -> tuple[tuple, str]:
        return self.items, self.between


def said(template: str, /, **values: object) -> Said:
    """The sentence of a template: its placeholders name the `values`, which may be sentences or lists in turn.

    >>> said("no such file: {path}", path="a.csv")
    'no such file: a.csv'
    """
    return Said(template, values)


def listed(items: Iterable, between: str = ", ") -> Listed:
    """The items one after another, to be a value of a sentence.

    >>> said("choose one of: {known}", known=listed(["a", "b"]))
    'choose one of: a, b'
    """
    return Listed(items, between)


def reason(error: Exception) -> Said:
    """What an operating system or a library says went wrong; words that are not ours, yet may be known."""
    told = getattr(error, "strerror", None) or str(error)
    placed = PLACED.fullmatch(told)
    if placed is None:
        return Said(told, {})
    problem = Said(placed[1], {})
    if placed[2] is None:
        return said("{problem} (at end of document)", problem=problem)
    return said("{problem} (at line {line}, column {column})", problem=problem, line=placed[2], column=placed[3])


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the input: `where` it is, `problem`, and the `remedy` in planner's words.

    Each is English text; `messages.faults.in_words` says those made by `said`, and plain ones that it knows, in another language.
    """

    where: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.problem}"
        return f"{text} → {self.remedy}" if self.remedy else text


class LivingCircleError(Exception):
    """The root of all errors raised on purpose; `faults` lists every fault found."""

    exit_code = 1

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class StudyError(LivingCircleError):
    """The study file is at fault: an unknown key, a value out of range, a missing file."""

    exit_code = 3


class DataError(LivingCircleError):
    """A layer is at fault: wrong CRS, empty, NaN coordinates, unreadable, missing columns."""

    exit_code = 3


class StandardError(LivingCircleError):
    """A planning standard's file is at fault, or a category is not in the standard."""

    exit_code = 3


class MissingPartError(LivingCircleError):
    """An optional part is not installed; the fault names it."""

    exit_code = 5


def raise_all(faults: Iterable[Fault], error: type[LivingCircleError] = DataError) -> None:
    """Nothing when there are no faults; otherwise one `error` that lists them all."""
    found = tuple(faults)
    if found:
        raise error(found)
