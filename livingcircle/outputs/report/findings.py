"""The chapters of a report on who is covered: by category and by all of them together, supply against demand, the old and the young."""

from __future__ import annotations

import numpy as np
import pandas as pd

from livingcircle.coverage import WHOLE_AREA
from livingcircle.outputs.report.numbers import DASH, count, decimal, share
from livingcircle.outputs.report.paper import capital
from livingcircle.outputs.report.seats import seats
from livingcircle.outputs.report.source import Source

# A committee reads so many rows of a list; the workbook holds all.
SHOWN = 20
TOGETHER = 3


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
    elif len(asked):
        paper.paragraph(told.say("coverage.nothing", count=len(asked)))
    for theme in standard.themes.values():
        own = told.everybody[[standard.categories[c].theme == theme.id for c in told.everybody["category"]]]
        if len(own):
            paper.section(theme.name.get(told.language))
            _of_theme(told, own, theme.name.get(told.language))
            told.show(f"coverage-{theme.id}")
    _together(told)


def _of_theme(told: Source, own: pd.DataFrame, theme: str) -> None:
    paper = told.paper
    asked = own[own["flag"] == "mandatory"].sort_values("land_share", kind="stable")
    sentences = [
        told.say(
            "coverage.sentence", category=capital(told.category(row.category)), level=told.level(row.level), limit=f"{row.limit_m:g}", land=share(row.land_share),
            people=share(row.people_share), left=count(row.people - row.people_covered), facilities=count(row.facilities),
        )
        for row in asked[asked["facilities"] > 0].itertuples()
    ]  # fmt: skip
    known = {category for served in told.result.facilities["categories"] for category in served}
    closed = asked.loc[asked["facilities"] == 0, "category"].drop_duplicates()
    for key, names in (("closed", [c for c in closed if c in known]), ("absent", [c for c in closed if c not in known])):
        if names:
            sentences.append(told.say(f"coverage.{key}", names=told.join([told.category(c) for c in names])))
    paper.paragraph(told.say("coverage.theme", theme=theme, table=paper.next_caption("table")) + "".join(sentences))
    rows = [
        [
            told.category(row.category), told.level(row.level), told.known[f"mark.{row.flag}"], f"{row.limit_m:g}", count(row.facilities), share(row.land_share), share(row.people_share),
            share(row.land_share_radius), share(row.land_share_time), row.evidence,
        ]
        for row in own.itertuples()
    ]  # fmt: skip
    columns = told.head("category", "level", "mark", "limit", "open", "land_share", "people_share", "radius_share", "time_share", "evidence")
    paper.table(told.say("coverage.table", theme=theme), columns, rows)


def _together(told: Source) -> None:
    """How much of the homes has everything a level asks."""
    paper, result = told.paper, told.result
    everybody = result.settings.groups[0].id
    own = result.completeness[result.completeness["group"] == everybody]
    table = own[own["area"] == WHOLE_AREA].sort_values("level", key=told.order_of_levels, kind="stable")
    if not len(table):
        return
    paper.section(told.say("together.title"))
    sentences = [
        told.say("together.sentence", level=told.level(row.level), elements=row.elements, land=share(row.land_all_share), people=share(row.people_all_share), lacking=decimal(row.lacking_mean))
        for row in table.itertuples()
    ]
    paper.paragraph(told.say("together.text", table=paper.next_caption("table")) + "".join(sentences))
    rows = [[told.level(row.level), str(row.elements), share(row.land_all_share), share(row.people_all_share), decimal(row.lacking_mean), str(row.lacking_most)] for row in table.itertuples()]
    paper.table(told.say("together.table"), told.head("level", "elements", "land_all", "people_all", "lacking", "lacking_most"), rows)
    _by_unit(told, own[own["area_kind"] == "community"], list(table["level"]))
    told.show("lacking")


def _by_unit(told: Source, own: pd.DataFrame, levels: list[str]) -> None:
    """The units that lack most, with what a resident lacks on each level."""
    # A unit where nobody lives has nobody who lacks anything.
    own = own[own["lacking_mean"].notna()]
    if not len(own):
        return
    paper = told.paper
    lacks = own.pivot_table(index="area", columns="level", values="lacking_mean", aggfunc="first", sort=False).reindex(columns=levels)
    lacks = lacks.loc[lacks.sum(axis=1).sort_values(ascending=False, kind="stable").index].head(SHOWN)
    people = own.drop_duplicates("area").set_index("area")["people"]
    paper.paragraph(told.say("together.units", worst=told.area(lacks.index[0]), lacking=decimal(lacks.iloc[0].sum()), table=paper.next_caption("table")))
    rows = [[told.area(area), count(people[area]), *(decimal(value) for value in row), decimal(float(np.nansum(row)))] for area, row in zip(lacks.index, lacks.to_numpy(), strict=True)]
    head = [*told.head("unit", "people"), *(told.level(level) for level in levels), told.known["head.sum"]]
    paper.table(told.say("together.units_table", count=len(rows)), head, rows)


def capacity(told: Source) -> None:
    """Chapter: what facilities hold against what people ask."""
    paper, result = told.paper, told.result
    paper.chapter(told.say("capacity.title"))
    table = result.quotas[result.quotas["area"] == WHOLE_AREA] if len(result.quotas) else result.quotas
    counted = table[table["status"] == "computed"] if len(table) else table
    unknown = table[table["status"] != "computed"] if len(table) else table
    if not len(counted):
        # What is assigned within limits says more than that no sum can be worked out.
        if not (result.capacity.units["status"] == "computed").any():
            paper.paragraph(told.say("capacity.none"))
        _uncounted(told, unknown)
        seats(told)
        return
    short = counted[counted["short"] > 0]
    paper.paragraph(told.say("capacity.text", count=len(counted), short=len(short), table=paper.next_caption("table")))
    rows = [
        [told.category(row.category), told.known[f"measure.{row.measure}"], _amount(row, row.demand), _amount(row, row.supply), _amount(row, row.short), f"{row.supply_known}/{row.facilities}", row.clause, row.evidence]
        for row in counted.itertuples()
    ]
    paper.table(told.say("capacity.table"), told.head("category", "measure", "demand", "supply", "short", "known", "clause", "evidence"), rows)
    paper.note(told.say("capacity.note"))
    _uncounted(told, unknown)
    seats(told)


def _amount(row, value: float) -> str:
    return decimal(value) if row.measure == "facilities" else count(value)


def _uncounted(told: Source, unknown: pd.DataFrame) -> None:
    """What could not be held against the standard, and for want of what."""
    if not len(unknown):
        return
    each = [
        told.say("capacity.uncounted_one", category=told.category(row.category), measure=told.known[f"measure.{row.measure}"], inputs=told.missing(str(row.missing)))
        for row in unknown.itertuples()
    ]
    told.paper.paragraph(told.say("capacity.uncounted", count=len(each), each=told.known["semicolon"].join(each)))


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
    everyone = (first, *groups)
    names = [told.group(group) for group in everyone]
    if not len(whole):
        paper.paragraph(told.say("groups.nothing", names=told.join(names[1:])))
        return
    paper.paragraph(told.say("groups.text", names=capital(told.join(names[1:])), table=paper.next_caption("table")) + "".join(_behind(told, by, group) for group in groups))
    rules = {"by_distance": "people_share", "by_time": "people_share_time"}
    # Two rules side by side where there is room for them, else one after the other.
    for keys in [list(rules)] if len(everyone) <= TOGETHER else [[key] for key in rules]:
        rows = [
            [told.category(category), told.level(level), *(share(by.loc[(category, level, group), rules[key]]) for key in keys for group in everyone)]
            for category, level in whole[["category", "level"]].drop_duplicates().itertuples(index=False)
        ]
        head = [*told.head("category", "level"), *(told.say(f"groups.{key}", group=name) for key in keys for name in names)]
        paper.table(told.say("groups.table"), head, rows)
    paper.note(told.say("groups.note"))


def _behind(told: Source, by: pd.DataFrame, group: str) -> str:
    """A sentence on how far a group's coverage by time stays behind everybody's; empty where it does nowhere."""
    shares = by["people_share_time"].unstack("group")
    lost = (shares[told.result.settings.groups[0].id] - shares[group]).dropna()
    if not len(lost) or lost.max() <= 0:
        return ""
    category, level = lost.idxmax()
    return told.say(
        "groups.behind", group=told.group(group), fewer=int((lost > 0).sum()), all=len(lost), category=told.category(category), level=told.level(level),
        own=share(shares.loc[(category, level), group]), everybody=share(shares.loc[(category, level), told.result.settings.groups[0].id]),
    )  # fmt: skip
