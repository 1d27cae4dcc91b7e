"""`check.html`: what an audit read and found, as one page that needs no network and runs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from importlib.resources import files
from pathlib import Path

import pandas as pd

from livingcircle import __version__
from livingcircle.audit import DOUBT, FAULT, NOTE, Effect, Finding, as_table, shown
from livingcircle.messages import words
from livingcircle.messages.faults import in_words
from livingcircle.outputs.check_words import told
from livingcircle.outputs.tables import write_csv
from livingcircle.standards import Standard

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Report:
    """An audit ready to be written: its findings with their effects, and tables of what was read and of the categories.

    `read` has a row a file (`file`, `role`, `rows`, `kinds`, `crs`, `stated`, `encoding`, `repaired`, `asked`, `kept`, `rules`), `categories` a
    row a category (`category`, `number`, `open`, `sources`).
    """

    name: str
    language: str
    standard: Standard | None
    crs: str
    findings: Sequence[tuple[Finding, Effect]]
    read: pd.DataFrame
    categories: pd.DataFrame

    @property
    def faulty(self) -> bool:
        """Whether a fault forbids the analysis."""
        return self.count(FAULT) > 0

    def count(self, severity: str) -> int:
        """How many findings are of this severity."""
        return sum(finding.severity == severity for finding, _ in self.findings)


def write_table(report: Report, path: Path) -> None:
    """Write `check.csv`: a row a finding, for programs, with the sentences of the study's language."""
    table = as_table(report.findings, report.crs)
    sentences = [told(pair, language=report.language, standard=report.standard) for pair in report.findings]
    for column in ("finding", "effect", "remedy"):
        table[column] = [getattr(sentence, column) for sentence in sentences]
    write_csv(table, path)


def write(report: Report, path: Path) -> None:
    """Write the page."""
    known = words(report.language, "check")
    language = {"zh": "zh-CN"}.get(report.language, report.language)
    title = escape(known["page.title"].format(name=report.name))
    style = (files("livingcircle") / "outputs" / "check.css").read_text(encoding="utf-8")
    standard = "" if report.standard is None else f"{report.standard.number} {report.standard.name.get(report.language)}"
    made = known["page.made"].format(date=date.today().isoformat(), version=__version__, standard=standard, crs=report.crs)
    parts = [
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<h1>{title}</h1>",
        f"<p class=\"verdict\">{escape(verdict(report))}</p>\n<p>{escape(known['page.intro'])}</p>",
        f"<h2>{escape(known['page.findings'])}</h2>",
        _findings(report),
        f"<h2>{escape(known['page.read'])}</h2>",
        _table(("file", "role", "rows", "kinds", "crs", "encoding", "repaired", "asked", "kept", "rules"), _read_rows(report), report.language),
    ]
    if len(report.categories):
        parts += [f"<h2>{escape(known['page.categories'])}</h2>", _table(("category", "count", "open", "sources"), _category_rows(report), report.language)]
    parts.append(f"<footer>{escape(made)}</footer>\n</body>\n</html>\n")
    path.write_text("\n".join(parts), encoding="utf-8")


def verdict(report: Report) -> str:
    """Whether the study can be analyzed, and how much hangs on its doubts, in one sentence."""
    known = words(report.language, "check")
    if report.count(FAULT):
        return known["page.verdict_faults"].format(count=report.count(FAULT))
    weight = max((effect.people for _, effect in report.findings if effect.people == effect.people), default=0.0)
    key = "page.verdict" if weight >= 0.5 else "page.verdict_still"
    return known[key].format(doubts=report.count(DOUBT), notes=report.count(NOTE), people=f"{weight:,.0f}")


def _findings(report: Report) -> str:
    if not report.findings:
        return f"<p>{escape(words(report.language, 'check')['page.none'])}</p>"
    rows = []
    for finding, effect in report.findings:
        said = told((finding, effect), language=report.language, standard=report.standard)
        rows.append((finding.severity, (said.severity, in_words(finding.where, report.language), said.finding, said.effect, said.remedy, said.where)))
    heads = ("severity", "layer", "finding", "effect", "remedy", "where")
    return _table(heads, [cells for _, cells in rows], report.language, marks=[mark for mark, _ in rows])


def _read_rows(report: Report) -> list[tuple]:
    known = words(report.language, "check")
    rows = []
    for row in report.read.itertuples():
        crs = f"{row.crs} ({known['page.stated' if row.stated else 'page.own']})" if row.crs else ""
        rows.append((shown(row.file), known[f"role.{row.role}"], row.rows, row.kinds, crs, row.encoding, row.repaired or "", row.asked, row.kept, row.rules))
    return rows


def _category_rows(report: Report) -> list[tuple]:
    known = words(report.language, "check")
    rows = []
    for row in report.categories.itertuples():
        name = row.category if report.standard is None else report.standard.categories[row.category].name.get(report.language)
        rows.append((name, row.number if row.number else known["page.not_found"], row.open if row.number else "", row.sources))
    return rows


def _table(heads: Sequence[str], rows: Sequence[tuple], language: str, *, marks: Sequence[str] = ()) -> str:
    known = words(language, "check")
    head = "".join(f'<th scope="col">{escape(known[f"page.{name}"])}</th>' for name in heads)
    body = []
    for number, cells in enumerate(rows):
        mark = f' class="{marks[number]}"' if marks else ""
        body.append(f"<tr{mark}>" + "".join(_cell(cell) for cell in cells) + "</tr>")
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n' + "\n".join(body) + "\n</tbody></table></div>"


def _cell(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{escape(str(value))}</td>"
