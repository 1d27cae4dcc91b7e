"""The figures as a Markdown table beside what they are held to."""

from __future__ import annotations

import os
import platform
import tomllib
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

TARGETS = tomllib.loads((Path(__file__).parent / "targets.toml").read_text(encoding="utf-8"))
PACKAGES = ("numba", "scipy", "numpy", "networkx", "shapely", "pandana", "igraph")


class Figure(NamedTuple):
    """One figure: the target it answers to (or a text of its own), its value, and how it was come by.

    `agrees` says whether the answers behind it were found to agree (None: nothing to compare).
    """

    target: str
    value: float
    how: str
    agrees: bool | None = None


def verdict(figure: Figure) -> str:
    """`pass`, `fail`, or nothing where no target is set."""
    held = TARGETS.get(figure.target)
    if figure.agrees is False:
        return "fail: answers differ"
    if held is None:
        return ""
    met = figure.value <= held.get("most", float("inf")) and figure.value >= held.get("least", -float("inf"))
    return "pass" if met else "fail"


def table(figures: list[Figure]) -> str:
    """The Markdown table of the figures, headed by date, machine and versions."""
    rows = []
    for figure in figures:
        held = TARGETS.get(figure.target, {})
        bound = f"≤ {held['most']:g}" if "most" in held else f"≥ {held['least']:g}" if "least" in held else ""
        same = {True: "yes", False: "NO", None: ""}[figure.agrees]
        rows.append(f"| {held.get('text', figure.target)} | {bound} | {figure.value:.4g} | {verdict(figure)} | {same} | {figure.how} |")
    head = ["| what | target | reached | verdict | answers agree | how |", "|---|---|---|---|---|---|"]
    return "\n".join([machine(), "", *head, *rows, ""])


def machine() -> str:
    """The day, the processor and the versions a measurement was made with."""
    told = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            told.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            told.append(f"no {package}")
    return f"{date.today().isoformat()}, {_processor()}, {os.cpu_count()} cores; {', '.join(told)}."


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
