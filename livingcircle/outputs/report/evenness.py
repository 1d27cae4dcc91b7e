"""The chapter of a report on equity: how far walks differ, by group, and where the worst-off tenth lives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from livingcircle.areas import KINDS, WHOLE
from livingcircle.messages import words
from livingcircle.outputs.report.numbers import DASH, count, decimal, share
from livingcircle.outputs.report.paper import capital
from livingcircle.outputs.report.source import Source

SHOWN, NAMED = 20, 3
INDEXES = ("gini", "palma", "concentration", "fgt1")
WALKS = ("mean_reached", "p50", "p90")
KEYS = ["category", "level"]


def evenness(told: Source) -> None:
    """Chapter: how evenly walks to mandatory facilities are shared out."""
    known, paper = words(told.language, "capacity"), told.paper
    paper.chapter(known["even.title"])
    asked = _mandatory(told)
    everybody = told.result.settings.groups[0].id
    whole = asked[(asked["area"] == WHOLE) & (asked["group"] == everybody)] if len(asked) else asked
    if not len(whole):
        paper.paragraph(known["even.none"])
        return
    most = whole.loc[whole["gini"].idxmax()] if whole["gini"].notna().any() else None
    text = known["even.method"].format(table=paper.next_caption("table"))
    if most is not None:
        figures = {"half": _metres(most.p50, known), "nine": _metres(most.p90, known), "worst": _metres(most.worst_mean, known)}
        text += known["even.sentence"].format(category=told.category(most.category), gini=decimal(most.gini, 3), **figures)
    paper.paragraph(text)
    # Levels with the same limit say the same.
    rows = [
        [told.category(row.category), decimal(row.limit_m, 0), *(_metres(getattr(row, key), known) for key in WALKS), share(row.share_beyond),
         *(_index(getattr(row, key)) for key in INDEXES), _metres(row.worst_mean, known)]
        for row in whole.drop_duplicates(["category", "limit_m"]).itertuples()
    ]  # fmt: skip
    heads = ("mean", "p50", "p90", "beyond", *INDEXES, "worst")
    paper.table(known["even.table"], [*told.head("category", "limit"), *(known[f"even.head_{key}"] for key in heads)], rows)
    paper.note(known["even.note"])
    _by_group(told, asked[asked["area"] == WHOLE], known)
    _worst_off(told, asked, known)


def _mandatory(told: Source) -> pd.DataFrame:
    """Equity of what the standard makes mandatory and somebody reaches."""
    table = told.result.equity
    if not len(table):
        return table
    asked = {(category, requirement.level) for category, requirement in told.result.standard.requirements() if requirement.flag == "mandatory"}
    reached = set(table.loc[(table["area"] == WHOLE) & table["mean_reached"].notna(), "category"])
    return table[[pair in asked and pair[0] in reached for pair in zip(table["category"], table["level"], strict=True)]]


def _by_group(told: Source, whole: pd.DataFrame, known: dict) -> None:
    means = whole.groupby("group", sort=False)[["people", "mean_reached", "share_beyond", "gini", "fgt1"]].mean()
    means = means[means["people"] > 0]
    everybody = told.result.settings.groups[0].id
    if len(means) < 2 or everybody not in means.index:
        return
    paper = told.paper
    text = known["even.groups"].format(table=paper.next_caption("table"))
    more = 100 * (means["share_beyond"] - means.loc[everybody, "share_beyond"])
    if more.max() >= 0.05:
        text += known["even.groups_more"].format(group=told.group(more.idxmax()), points=decimal(more.max()))
    paper.paragraph(capital(text))
    rows = [
        [told.group(row.Index), count(row.people), decimal(row.mean_reached, 0), share(row.share_beyond), _index(row.gini), _index(row.fgt1)]
        for row in means.itertuples()
    ]
    head = [*told.head("group", "people"), *(known[f"even.head_{key}"] for key in ("mean", "beyond", "gini", "fgt1"))]
    paper.table(known["even.groups_table"], head, rows)


def _worst_off(told: Source, asked: pd.DataFrame, known: dict) -> None:
    """Who is among the worst-off tenth, and in which units; the mean of the categories."""
    everybody = told.result.settings.groups[0].id
    whole = asked[asked["area"] == WHOLE]
    of = whole[whole["group"] == everybody].set_index(KEYS)["worst_people"]
    tenth = of.reindex(pd.MultiIndex.from_frame(asked[KEYS])).to_numpy()
    parts = asked.assign(part=np.divide(asked["worst_people"].to_numpy(), tenth, out=np.zeros(len(tenth)), where=tenth > 0))
    units = parts[(parts["area_kind"] == KINDS[-1]) & (parts["group"] == everybody)]
    paper = told.paper
    if not len(units):
        return
    table = units.groupby("area", sort=False)[["part", "people"]].mean().sort_values("part", ascending=False, kind="stable").head(SHOWN)
    total = whole.loc[whole["group"] == everybody, "people"].iloc[0]
    text = known["even.worst"].format(units=told.join([told.area(area) for area in table.index[:NAMED]]), table=paper.next_caption("table"))
    text += "".join(_who(told, parts[(parts["area"] == WHOLE) & (parts["group"] == group.id)], total, known) for group in told.result.settings.groups[1:])
    paper.paragraph(text)
    rows = []
    for row in table.itertuples():
        held = row.people / total if total > 0 else np.nan
        rows.append([told.area(row.Index), count(row.people), share(held), share(row.part), decimal(row.part / held, 2) if held > 0 else DASH])
    head = [*told.head("unit", "people"), *(known[f"even.head_{key}"] for key in ("share", "worst_share", "times"))]
    paper.table(known["even.worst_table"], head, rows)


def _who(told: Source, own: pd.DataFrame, total: float, known: dict) -> str:
    """A sentence on a group's share of the worst-off tenth; empty where the group counts everybody."""
    people = own["people"].mean() if len(own) else 0.0
    if not 0 < people < total:
        return ""
    return known["even.worst_who"].format(group=told.group(own["group"].iloc[0]), own=share(own["part"].mean()), all=share(people / total))


def _metres(value: float, known: dict) -> str:
    return known["even.infinite"] if np.isinf(value) else decimal(value, 0)


def _index(value: float) -> str:
    return decimal(value, 3)
