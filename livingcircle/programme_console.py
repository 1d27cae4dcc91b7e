"""The summary of a programme, on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from livingcircle.messages import words
from livingcircle.outputs.programme_words import money, rows_of, sentences
from livingcircle.programme import Programme


def show_programme(told: Programme, files: Sequence[Path], *, language: str) -> None:
    """Print the measures in their turn, what they bring and what is proven of their choice, and the paths written."""
    known, settings = words(language, "programme"), told.town.start.case.settings
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    console.print(known["summary.title"].format(study=settings.name.get(language) or settings.study_id), style="bold")
    if settings.note.get(language):
        console.print(settings.note[language])
    if len(told.steps):
        table = Table(box=None, pad_edge=False)
        unit = told.terms.cost_unit if told.terms.costs.told else known["measures"]
        for key in ("turn", "title", "unit", "cost", "people", "gaps_closed"):
            table.add_column(known[f"column.{key}"].format(unit=unit), justify="right" if key in ("turn", "cost", "people", "gaps_closed") else "left")
        for row in rows_of(told, language=language):
            cost = money(row["cost"], told, language=language).removesuffix(unit).strip()
            table.add_row(str(row["turn"]), row["title"], row["unit"], cost, f"{row['people']:,.0f}", str(row["gaps_closed"]))
        console.print(table)
    for line in sentences(told, language=language):
        console.print(f"  · {line}", soft_wrap=True)
    console.print(words(language)["summary.files"], style="bold")
    for file in files:
        console.print(f"  {file}", soft_wrap=True)
