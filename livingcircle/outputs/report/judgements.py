"""The chapters of a report that are filed: the official indicators, and the gaps by priority and cause."""

from __future__ import annotations

import numpy as np
import pandas as pd

from livingcircle.coverage import WHOLE_AREA
from livingcircle.layers import Gaps
from livingcircle.messages import words
from livingcircle.outputs.gap_list import cause_word
from livingcircle.outputs.report.numbers import DASH, count, decimal, share
from livingcircle.outputs.report.source import Source

# A committee reads so many rows of a list; the workbook holds all.
SHOWN = 20


def indicators(told: Source) -> None:
    """Chapter: the official indicators of the whole area, system by system; those that cannot be computed with what is missing."""
    paper, result = told.paper, told.result
    paper.chapter(told.say("indicators.title"))
    table = result.indicators
    table = table[table["area"] == WHOLE_AREA] if len(table) else table
    if not len(table):
        paper.paragraph(told.say("indicators.none"))
        return
    first, last = table["year"].min(), table["year"].max()
    today = table[table["year"] == first] if pd.notna(first) else table.drop_duplicates(["system", "id"])
    computed = today["status"] == "computed"
    judged = today[computed & today["meets"].isin([True, False])]
    paper.paragraph(told.say("indicators.text", systems=today["system"].nunique(), count=len(today), computed=int(computed.sum())))
    if len(judged):
        paper.paragraph(told.say("indicators.judged", count=len(judged), met=int((judged["meets"] == True).sum())))  # noqa: E712
    later = table[table["year"] == last].set_index(["system", "id"])["value"] if pd.notna(last) and last > first else None
    for system in result.settings.systems:
        own = today[today["system"] == system.id]
        if len(own):
            paper.section(told.standard(system))
            head, rows = _of_system(told, own, later)
            paper.table(told.say("indicators.table", system=told.standard(system)), head, rows)
    if later is not None:
        paper.note(told.say("indicators.last", last=f"{last:.0f}"))
    paper.note(told.say("indicators.note"))


def _of_system(told: Source, own: pd.DataFrame, later: pd.Series | None) -> tuple[list[str], list[list[str]]]:
    """The head and rows of a system's table; columns that would be empty are left out."""
    aimed = own["target"].notna().any()
    head = ["id", "indicator", "unit_of", "value_now", *(["value_last"] if later is not None else []), "value_radius", *(["target", "meets"] if aimed else []), "evidence", "remark"]
    rows = []
    for row in own.itertuples(index=False):
        values = [row.value, *([later.get((row.system, row.id), np.nan)] if later is not None else []), row.value_radius]
        whole = all(pd.isna(value) or float(value).is_integer() for value in values)
        shown = [DASH if pd.isna(value) else count(value) if whole else decimal(value, 2) for value in values]
        goal = [f"{row.target:,g}" if pd.notna(row.target) else DASH, _met(told, row)] if aimed else []
        remark = "" if row.status == "computed" else told.say("indicators.missing", inputs=told.missing(str(row.missing)))
        rows.append([row.id, row.name, row.unit, *shown, *goal, row.evidence, remark])
    return told.head(*head), rows


def _met(told: Source, row) -> str:
    if pd.isna(row.meets) or row.status != "computed":
        return DASH
    return told.of_gaps("word.meets" if row.meets else "word.fails")


def gaps(told: Source) -> None:
    """Chapter: the gap list in numbers: by priority and cause, and the first rows with what to do."""
    paper, result = told.paper, told.result
    paper.chapter(told.say("gaps.title"))
    own = result.gaps[result.gaps["group"] == result.settings.groups[0].id]
    asked = own[own["flag"] == "mandatory"]
    if not len(asked):
        paper.paragraph(told.say("gaps.none"))
        return
    paper.paragraph(
        told.say(
            "gaps.text", count=count(len(asked)), homes=count(asked["residence_id"].nunique()), categories=asked["category"].nunique(),
            all=count(len(told.listed)), kind=told.say(f"gaps.by_{result.settings.gaps_by}"),
        )
    )  # fmt: skip
    paper.section(told.say("gaps.by_priority"))
    parts = [(grade, asked[asked["priority"] == grade]) for grade in sorted(asked["priority"].unique())]
    paper.paragraph(told.say("gaps.priority_text", first=count(len(parts[0][1])), grade=parts[0][0], table=paper.next_caption("table")))
    rows = [[grade, count(len(part)), share(len(part) / len(asked)), count(part["residence_id"].nunique()), told.join(_most(told, part))] for grade, part in parts]
    paper.table(told.say("gaps.priority_table"), told.head("priority", "rows", "part", "homes", "most"), rows)
    paper.section(told.say("gaps.by_cause"))
    _by_cause(told, asked)
    listed = told.listed
    _first(told, listed[(listed["group"] == result.settings.groups[0].id) & (listed["flag"] == "mandatory")])


def _most(told: Source, part: Gaps) -> list[str]:
    """The three categories with most gaps."""
    return [told.category(category) for category in part["category"].value_counts(sort=True).index[:3]]


def _by_cause(told: Source, asked: Gaps) -> None:
    paper = told.paper
    causes = asked["cause"].value_counts()
    main = causes.index[0]
    paper.paragraph(
        told.say("gaps.cause_text", cause=told.of_gaps(f"cause.{main}"), part=share(causes.iloc[0] / len(asked)), table=paper.next_caption("table"))
    )
    remedy = asked.drop_duplicates("cause").set_index("cause")["remedy"]
    rows = [
        [told.of_gaps(f"cause.{cause}"), told.of_gaps(f"meaning.{cause}"), count(rows), share(rows / len(asked)), told.known[f"remedy.{remedy[cause]}"]]
        for cause, rows in causes.items()
    ]
    paper.table(told.say("gaps.cause_table"), told.head("cause", "meaning", "rows", "part", "remedy"), rows)


def _first(told: Source, listed: Gaps) -> None:
    """The first rows of the list as it is handed out."""
    paper = told.paper
    shown = listed.head(SHOWN)
    if not len(shown):
        return
    paper.section(told.say("gaps.first"))
    paper.paragraph(told.say("gaps.first_text", shown=len(shown), table=paper.next_caption("table")))
    rows = [
        [
            str(row.rank), row.priority, told.say("gaps.place", unit=told.area(row.unit) or told.known["outside"], home=_home(told, row)),
            told.say("gaps.of_level", category=told.category(row.category), level=told.level(row.level)), count(row.people),
            f"{_metres(row.walk_m)} / {row.limit_m:,g}", cause_word(row.cause, row.category, row.measure, words(told.language, "gaps")), row.remedy_text,
        ]
        for row in shown.itertuples()
    ]  # fmt: skip
    paper.table(told.say("gaps.first_table"), told.head("rank", "priority", "place", "category", "left", "walk_limit", "cause", "remedy"), rows)
    paper.note(told.say("gaps.note"))


def _home(told: Source, row) -> str:
    if row.residences > 1:
        return told.say("gaps.homes", count=count(row.residences))
    return str(row.name or row.residence_id)


def _metres(value: float) -> str:
    return count(np.ceil(value - 1e-6)) if np.isfinite(value) else DASH
