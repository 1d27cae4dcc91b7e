"""The middle chapters of a report: coverage by category, indicators, completeness, supply against demand, the old and the young, gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from livingcircle.coverage import WHOLE_AREA
from livingcircle.outputs.report.numbers import DASH, count, decimal, share
from livingcircle.outputs.report.source import Source

# A committee reads so many rows of a list; the workbook holds all.
SHOWN = 20


def coverage(told: Source) -> None:
    """Chapter: who is covered by what, theme by theme, then all that a level asks together."""
    paper, result, standard = told.paper, told.result, told.result.standard
    paper.chapter(told.say("coverage.title"))
    asked = told.everybody[told.everybody["flag"] == "mandatory"]
    held = asked[asked["facilities"] > 0].sort_values("land_share", kind="stable")
    if len(held):
        worst, best = held.iloc[0], held.iloc[-1]
        paper.paragraph(
            told.say(
                "coverage.text", count=len(asked), held=len(held), worst=told.category(worst.category), worst_level=told.level(worst.level), worst_share=share(worst.land_share),
                best=told.category(best.category), best_level=told.level(best.level), best_share=share(best.land_share), half=int((held["land_share"] >= 0.5).sum()),
            )
        )  # fmt: skip
    for theme in standard.themes.values():
        own = told.everybody[[standard.categories[c].theme == theme.id for c in told.everybody["category"]]]
        if len(own):
            paper.section(theme.name.get(told.language))
            _of_theme(told, own, theme.name.get(told.language))
            told.show(f"coverage-{theme.id}")
    _together(told)


def _of_theme(told: Source, own: pd.DataFrame, theme: str) -> None:
    paper = told.paper
    lost = own[own["flag"] == "mandatory"].sort_values("land_share", kind="stable")
    sentences = [
        told.say(
            "coverage.sentence", category=told.category(row.category), level=told.level(row.level), limit=f"{row.limit_m:g}", land=share(row.land_share),
            people=share(row.people_share), left=count(row.people - row.people_covered), facilities=count(row.facilities),
        )
        for row in lost.itertuples()
    ]  # fmt: skip
    paper.paragraph(told.say("coverage.theme", theme=theme, table=paper.next_caption("table")) + "".join(sentences))
    rows = [
        [
            told.category(row.category), told.level(row.level), told.known[f"mark.{row.flag}"], f"{row.limit_m:g}", count(row.facilities), share(row.land_share), share(row.people_share),
            share(row.land_share_radius), share(row.land_share_time), row.evidence,
        ]
        for row in own.itertuples()
    ]  # fmt: skip
    columns = told.head("category", "level", "mark", "limit", "open", "land_share", "people_share", "radius_share", "time_share", "evidence")
    paper.table(told.say("coverage.table", theme=theme), columns, rows, widths=[26, 16, 6, 8, 7, 11, 11, 11, 11, 6])


def _together(told: Source) -> None:
    """How much of the homes has everything a level asks."""
    paper, result = told.paper, told.result
    everybody = result.settings.groups[0].id
    table = result.completeness[(result.completeness["area"] == WHOLE_AREA) & (result.completeness["group"] == everybody)]
    if not len(table):
        return
    paper.section(told.say("together.title"))
    sentences = [
        told.say("together.sentence", level=told.level(row.level), elements=row.elements, land=share(row.land_all_share), people=share(row.people_all_share), lacking=decimal(row.lacking_mean))
        for row in table.itertuples()
    ]
    paper.paragraph(told.say("together.text", table=paper.next_caption("table")) + "".join(sentences))
    units = result.completeness[(result.completeness["group"] == everybody)]
    units = units.sort_values("lacking_mean", ascending=False, kind="stable")
    rows = [
        [told.area(row.area), told.level(row.level), str(row.elements), share(row.land_all_share), share(row.people_all_share), decimal(row.lacking_mean)]
        for row in units[units["area"] != WHOLE_AREA].head(SHOWN).itertuples()
    ] or [[told.area(row.area), told.level(row.level), str(row.elements), share(row.land_all_share), share(row.people_all_share), decimal(row.lacking_mean)] for row in table.itertuples()]
    paper.table(told.say("together.table"), told.head("area", "level", "elements", "land_all", "people_all", "lacking"), rows, widths=[18, 16, 10, 14, 14, 12])
    told.show("lacking")


def indicators(told: Source) -> None:
    """Chapter: the official indicators of the whole area, system by system; those that cannot be computed with what is missing."""
    paper, result = told.paper, told.result
    table = result.indicators[result.indicators["area"] == WHOLE_AREA] if len(result.indicators) else result.indicators
    paper.chapter(told.say("indicators.title"))
    done = int((table["status"] == "computed").sum()) if len(table) else 0
    year = table["year"].min() if len(table) else 0
    today = table[table["year"] == year] if len(table) else table
    paper.paragraph(told.say("indicators.text", systems=len(result.settings.systems), count=len(today), computed=int((today["status"] == "computed").sum()) if done else 0))
    for system in result.settings.systems:
        own = today[today["system"] == system.id] if len(today) else today
        if not len(own):
            continue
        paper.section(f"{system.number} {system.name.get(told.language)}")
        last = table[(table["system"] == system.id) & (table["year"] == table["year"].max())].set_index("id")["value"]
        rows = [
            [row.id, row.name, row.unit, _value(row.value), _value(last.get(row.id, np.nan)), _value(row.value_radius), row.evidence, _remark(told, row)]
            for row in own.rename(columns={"name": "name"}).itertuples(index=False)
        ]
        head = told.head("id", "indicator", "unit_of", "value_now", "value_last", "value_radius", "evidence", "remark")
        paper.table(told.say("indicators.table", system=system.number, last=_last(table)), head, rows, widths=[8, 34, 9, 11, 11, 11, 6, 26])
    paper.note(told.say("indicators.note", last=_last(table)))


def _last(table: pd.DataFrame) -> str:
    return f"{table['year'].max():.0f}" if len(table) else DASH


def _value(value: float) -> str:
    return decimal(value, 2) if pd.notna(value) else DASH


def _remark(told: Source, row) -> str:
    if row.status == "computed":
        return ""
    missing = [told.known.get(f"missing.{word}", word) for word in str(row.missing).split(";") if word]
    return told.say("indicators.missing", inputs=told.join(missing))


def capacity(told: Source) -> None:
    """Chapter: what facilities hold against what people ask."""
    paper, result = told.paper, told.result
    paper.chapter(told.say("capacity.title"))
    table = result.quotas[result.quotas["area"] == WHOLE_AREA] if len(result.quotas) else result.quotas
    counted = table[table["status"] == "computed"] if len(table) else table
    if not len(counted):
        paper.paragraph(told.say("capacity.none"))
        return
    short = counted[counted["short"] > 0]
    paper.paragraph(told.say("capacity.text", count=len(counted), short=len(short), table=paper.next_caption("table")))
    rows = [
        [told.category(row.category), told.known[f"measure.{row.measure}"], count(row.demand), count(row.supply), count(row.short), f"{row.supply_known}/{row.facilities}", row.clause, row.evidence]
        for row in counted.itertuples()
    ]
    paper.table(told.say("capacity.table"), told.head("category", "measure", "demand", "supply", "short", "known", "clause", "evidence"), rows, widths=[24, 10, 11, 11, 11, 10, 28, 6])
    paper.note(told.say("capacity.note"))


def old_and_young(told: Source) -> None:
    """Chapter: coverage as other groups of people walk."""
    paper, result = told.paper, told.result
    paper.chapter(told.say("groups.title"))
    groups = [group.id for group in result.settings.groups[1:]]
    if not groups:
        paper.paragraph(told.say("groups.none"))
        return
    whole = result.coverage[(result.coverage["unit"] == WHOLE_AREA) & (result.coverage["flag"] == "mandatory") & (result.coverage["facilities"] > 0)]
    by = whole.set_index(["category", "level", "group"])
    first = result.settings.groups[0].id
    rows = []
    for category, level in whole[["category", "level"]].drop_duplicates().itertuples(index=False):
        shares = [by.loc[(category, level, group)] for group in (first, *groups)]
        rows.append([told.category(category), told.level(level), *(share(each["people_share"]) for each in shares), *(share(each["people_share_time"]) for each in shares)])
    names = [told.group(group) for group in (first, *groups)]
    head = [*told.head("category", "level"), *(told.say("groups.by_distance", group=name) for name in names), *(told.say("groups.by_time", group=name) for name in names)]
    paper.paragraph(told.say("groups.text", names=told.join(names[1:]), table=paper.next_caption("table")))
    paper.table(told.say("groups.table"), head, rows, widths=[24, 16, *[13] * (2 * len(names))])
    paper.note(told.say("groups.note"))


def gaps(told: Source) -> None:
    """Chapter: the gap list in numbers: by cause, by category, and the first rows."""
    paper, result = told.paper, told.result
    paper.chapter(told.say("gaps.title"))
    own = result.gaps[result.gaps["group"] == result.settings.groups[0].id]
    asked = own[own["flag"] == "mandatory"]
    if not len(asked):
        paper.paragraph(told.say("gaps.none"))
        return
    paper.paragraph(told.say("gaps.text", count=count(len(asked)), homes=count(asked["residence_id"].nunique()), categories=asked["category"].nunique(), all=count(len(result.gaps))))
    paper.section(told.say("gaps.by_cause"))
    causes = asked.groupby("cause").agg(rows=("people", "size"), people=("people", "sum")).sort_values(["rows"], ascending=False, kind="stable")
    remedy = asked.drop_duplicates("cause").set_index("cause")["remedy"]
    rows = [[told.known.get(f"cause.{cause}", cause), count(row.rows), share(row.rows / len(asked)), told.known.get(f"remedy.{remedy[cause]}", remedy[cause])] for cause, row in causes.iterrows()]
    paper.paragraph(told.say("gaps.cause_text", table=paper.next_caption("table")))
    paper.table(told.say("gaps.cause_table"), told.head("cause", "rows", "part", "remedy"), rows, widths=[36, 10, 10, 34])
    paper.section(told.say("gaps.first"))
    paper.paragraph(told.say("gaps.first_text", shown=min(SHOWN, len(asked)), table=paper.next_caption("table")))
    home = result.residences.set_index("residence_id")["name"]
    rows = [
        [str(row.rank), told.area(row.unit), str(home.get(row.residence_id, "") or row.residence_id), told.category(row.category), count(row.people), _metres(told, row), f"{row.limit_m:g}", row.nearest_facility or DASH, told.known.get(f"cause.{row.cause}", row.cause)]
        for row in asked.head(SHOWN).itertuples()
    ]
    paper.table(told.say("gaps.first_table"), told.head("rank", "unit", "home", "category", "left", "walk", "limit", "nearest", "cause"), rows, widths=[7, 13, 16, 18, 9, 10, 8, 20, 24])
    paper.note(told.say("gaps.note"))


def _metres(told: Source, row) -> str:
    return count(np.ceil(row.walk_m)) if np.isfinite(row.walk_m) else told.known["status.not_found" if row.cause == "not_found" else f"status.{row.status}"]
