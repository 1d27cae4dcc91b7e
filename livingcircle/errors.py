"""Every error raised on purpose, worded for a planner.

An error carries *faults*: where (file, row or key), what is wrong, and what to do. All faults of one check
travel in one error, so that a planner repairs them in one round. The exit codes are those of the command line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the input: `where` it is, `problem`, and the `remedy` in planner's words."""

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
