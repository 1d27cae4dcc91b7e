"""Progress bars and the summary of a run, on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from livingcircle.analysis import Result
from livingcircle.comparison import Comparison, State
from livingcircle.comparison.homes import MOVES
from livingcircle.messages import words
from livingcircle.messages.faults import in_words
from livingcircle.outputs.check_page import Report, verdict
from livingcircle.outputs.check_words import told
from livingcircle.outputs.kept_words import check_lines
from livingcircle.outputs.compare_words import headline, overview_lines, percent, signed
from livingcircle.outputs.site_tables import curve_table, sites_table
from livingcircle.outputs.site_words import Report as Sited
from livingcircle.outputs.site_words import next_best, sentences
from livingcircle.outputs.walking_words import walking_words

# More sites are left to sites.csv.
MOST_SITES = 30


@contextmanager
def progress_bars(language: str) -> Iterator[Callable[[str, int, int], None]]:
    """A function that shows steps as bars on the error stream; silent when that is not a terminal."""
    known = words(language)
    console = Console(stderr=True)
    bars = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, disable=not sys.stderr.isatty()
    )
    tasks: dict[str, int] = {}
    with bars:

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(known[f"step.{step}"], total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield show


def show_summary(result: Result, files: Sequence[Path]) -> None:
    """Print what was judged, the share of land and people covered by category, what checks of a scenario found, the warnings and the paths written."""
    settings, language = result.settings, result.settings.language
    known = words(language)
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    name = settings.name.get(language) or settings.study_id
    console.print(known["summary.title"].format(name=name), style="bold")
    if settings.note.get(language):
        console.print(settings.note[language])
    counts = result.counts
    console.print(
        known["summary.people"].format(
            people=f"{counts['people']:,.0f}",
            land_ha=counts["land_ha"],
            facilities=counts["facilities"],
            open=counts["facilities_open"],
            year=known["summary.year"].format(year=settings.year) if settings.year else known["summary.no_year"],
        )
    )
    standard = f"{result.standard.number} {result.standard.name.get(language)}"
    console.print(
        known["summary.speed"].format(walking=known["walker.apart"].join(walking_words(settings)), rule=known[f"rule.{settings.rule}"], standard=standard)
    )
    console.print(_table(result, known))
    for line in check_lines(result, language):
        console.print(line)
    if result.warnings:
        console.print(known["summary.warnings"], style="bold")
        for warning in result.warnings:
            console.print(f"  · {warning}")
    console.print(known["summary.files"], style="bold")
    for file in files:
        console.print(f"  {file}", soft_wrap=True)


def show_comparison(states: Sequence[State], comparisons: Sequence[Comparison], files: Sequence[Path], *, language: str) -> None:
    """Print for every comparison the coverage that changes, the gaps closed and opened, people gained and lost, and the paths written."""
    known = words(language, "compare")
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    settings = states[0].result.settings
    console.print(known["summary.title"].format(study=settings.name.get(language) or settings.study_id), style="bold")
    if settings.note.get(language):
        console.print(settings.note[language])
    for comparison in comparisons:
        console.print(known["versus"].format(before=comparison.before.name[language], after=comparison.after.name[language]), style="bold")
        console.print(_compared(comparison, language))
        for label, line in overview_lines(comparison, language=language):
            console.print(f"{label}: {line}" if label else line)
    console.print(words(language)["summary.files"], style="bold")
    for file in files:
        console.print(f"  {file}", soft_wrap=True)


def _compared(comparison: Comparison, language: str) -> Table | str:
    known, standard = words(language, "compare"), comparison.after.result.standard
    table = Table(box=None, pad_edge=False)
    table.add_column(known["summary.category"])
    table.add_column(known["summary.level"])
    for key in ("land", "points", "gained", "lost"):
        table.add_column(known[f"summary.{key}"], justify="right")
    changes = headline(comparison, group=comparison.after.result.settings.groups[0].id)
    # Shares that move only because other homes are lived in are left to the workbook.
    changes = changes[(changes[[*MOVES]] > 0).any(axis=1)]
    for row in changes.to_dict("records"):
        table.add_row(
            standard.categories[row["category"]].name.get(language),
            row["level"],
            f"{percent(row['land_share_before'])} → {percent(row['land_share_after'])}",
            signed(row["land_share_points"]),
            f"{row['people_gained']:,.0f}",
            f"{row['people_lost']:,.0f}",
        )
    return table if len(changes) else known["overview.same"]


def show_siting(report: Sited, files: Sequence[Path], *, language: str) -> None:
    """Print what a siting found and what is proven, its sites with their gains and next best, the curve, who stays uncovered, and the paths written."""
    known, settings = words(language, "site"), report.settings
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    console.print(f"{settings.name.get(language) or settings.study_id} · {known['title']} · {report.categories(language)}", style="bold")
    if settings.note.get(language):
        console.print(settings.note[language])
    for line in sentences(report, language=language):
        console.print(line)
    if len(report.answer.sites):
        console.print(_sites(report, known))
    curve = Table(box=None, pad_edge=False)
    for key in ("sites", "people", "share", "bound"):
        curve.add_column(known[f"head.{key}"], justify="right")
    for row in curve_table(report).to_dict("records"):
        curve.add_row(str(row["sites"]), f"{row['people_covered']:,.0f}", _percent(row["people_share"]), "=" if row["status"] == "optimal" else f"≤ {row['bound']:,.0f}")
    console.print(curve)
    console.print(words(language)["summary.files"], style="bold")
    for file in files:
        console.print(f"  {file}", soft_wrap=True)


def _sites(report: Sited, known: Mapping[str, str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for key in ("turn", "site", "street"):
        table.add_column(known[f"head.{key}"])
    for key in ("people", "gained", "only", "farthest"):
        table.add_column(known[f"head.{key}"], justify="right")
    table.add_column(known["head.next"])
    for row in sites_table(report).head(MOST_SITES).to_dict("records"):
        numbers = (f"{row[column]:,.0f}" for column in ("people_served", "people_gained", "people_only", "farthest_m"))
        name = " ".join(part for part in (row["site_id"], row["name"]) if part)
        table.add_row(str(row["turn"]), name, row["street"], *numbers, next_best(row, known))
    return table


def show_findings(report: Report, files: Sequence[Path]) -> None:
    """Print the verdict of a data check, every finding with its effect and remedy, and the paths written."""
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    console.print(verdict(report), style="bold")
    for pair in report.findings:
        said = told(pair, language=report.language, standard=report.standard)
        layer = f"{in_words(pair[0].layer, report.language)}: " if pair[0].layer else ""
        console.print(f"  · [{said.severity}] {layer}{said.finding}")
        for line in (said.effect, said.remedy, *([said.where] if said.where else [])):
            console.print(f"      {line}")
    console.print(words(report.language)["summary.files"], style="bold")
    for file in files:
        console.print(f"  {file}", soft_wrap=True)


def _table(result: Result, known: dict[str, str]) -> Table:
    language = result.settings.language
    table = Table(box=None, pad_edge=False)
    table.add_column(known["summary.category"])
    table.add_column(known["summary.level"])
    for key in ("limit", "land", "people_share", "gaps"):
        table.add_column(known[f"summary.{key}"], justify="right")
    whole = result.coverage
    whole = whole[(whole["unit"] == "ALL") & (whole["group"] == result.settings.groups[0].id)]
    gaps = result.gaps[result.gaps["group"] == result.settings.groups[0].id]
    counts = gaps.groupby(["category", "level"]).size()
    for row in whole.itertuples():
        limit = f"{row.limit_min:g} {known['summary.minutes']}" if row.rule == "time" else f"{row.limit_m:g} {known['summary.metres']}"
        table.add_row(
            result.standard.categories[row.category].name.get(language),
            row.level,
            limit,
            _percent(row.land_share),
            _percent(row.people_share),
            str(counts.get((row.category, row.level), 0)),
        )
    return table


def _percent(share: float) -> str:
    return "—" if share != share else f"{share:.1%}"
