"""The summary of a search for links, on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from livingcircle.links import Answer
from livingcircle.messages import words
from livingcircle.outputs.links_words import judged_as, places, table_of


def show_links(answer: Answer, files: Sequence[Path]) -> None:
    """Print the ranked list, what all links of it bring together, how they were found, and the paths written."""
    settings, language = answer.settings, answer.settings.language
    known = words(language, "links")
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    console.print(known["summary.title"].format(study=settings.name.get(language) or settings.study_id), style="bold")
    if settings.note.get(language):
        console.print(settings.note[language])
    if answer.scenario[language]:
        console.print(known["summary.scenario"].format(scenario=answer.scenario[language]))
    console.print(known["summary.judged"].format(**judged_as(answer, language)))
    counts = answer.ranking.counts
    numbers = {"candidates": counts["candidates"], "shut": counts["shut"], "helpful": counts["helpful"], "looked": counts["looked_into"]}
    console.print(known["summary.searched"].format(**{key: f"{count:,}" for key, count in numbers.items()}))
    if len(answer.ranking.table):
        console.print(_table(answer, known))
        console.print(known["summary.reading"])
    console.print(_together(answer, known), style="bold")
    console.print(words(language)["summary.files"], style="bold")
    for file in files:
        console.print(f"  {file}", soft_wrap=True)
    if answer.package.built.any():
        console.print(known["summary.next"])


def _table(answer: Answer, known: Mapping[str, str]) -> Table:
    table = Table(box=None, pad_edge=False)
    costs = bool(answer.ranking.table["cost"].notna().any())
    table.add_column(known["summary.rank"], justify="right")
    table.add_column(known["summary.place"], overflow="fold")
    for key in ("length", "walk", "people", "sum", "sequence", *(["cost"] if costs else [])):
        table.add_column(known[f"summary.{key}"], justify="right", no_wrap=True)
    for row, place in zip(table_of(answer).to_dict("records"), places(answer, answer.settings.language), strict=True):
        keys = ("length_m", "walk_m", "people_distinct", "people_gained", "people_in_sequence", *(["cost"] if costs else []))
        table.add_row(str(row["rank"]), place, *(f"{row[key]:,.0f}" if abs(row[key]) < float("inf") else "—" for key in keys))
    return table


def _together(answer: Answer, known: Mapping[str, str]) -> str:
    joint, built = answer.package.joint, answer.package.built
    if not built.any():
        return known["summary.none"]
    numbers = {"people": joint.distinct_people[0], "sum": joint.people.sum(), "length": answer.ranking.table["length_m"][built].sum()}
    land = f"{joint.distinct_land_ha[0]:,.2f}"
    return known["summary.together"].format(count=int(built.sum()), land=land, **{key: f"{value:,.0f}" for key, value in numbers.items()})
