"""The summary of a timeline, on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from livingcircle.messages import words
from livingcircle.outputs.timeline_words import change_lines, happenings, worked_words
from livingcircle.timeline import Timeline


def show_timeline(told: Timeline, files: Sequence[Path], *, language: str) -> None:
    """Print which years are worked out anew, what opens, the coverage that changes, and the paths written."""
    known = words(language, "timeline")
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    settings = told.settings
    console.print(f"{settings.name.get(language) or settings.study_id} · {known['title']}", style="bold")
    if settings.note.get(language):
        console.print(settings.note[language])
    console.print(worked_words(told, language=language), soft_wrap=True)
    for row in happenings(told, language=language):
        console.print("  ".join(str(row[key]) for key in ("year", "kind", "name", "categories") if row[key]))
    lines = change_lines(told, language=language)
    for label, line in lines:
        console.print(f"  · {label}  {line}", soft_wrap=True)
    if not lines:
        console.print(known["summary.same"])
    console.print(words(language)["summary.files"], style="bold")
    for file in files:
        console.print(f"  {file}", soft_wrap=True)
