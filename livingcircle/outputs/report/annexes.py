"""The annexes of a report: coverage by unit, the definitions of indicators, and the list of figures."""

from __future__ import annotations

import pandas as pd

from livingcircle.coverage import WHOLE_AREA
from livingcircle.outputs.report.numbers import share
from livingcircle.outputs.report.source import Source

# So many categories stand side by side in a table as wide as a page.
ACROSS = 7


def tables(told: Source) -> None:
    """Annex: coverage of residential land, units by categories, theme by theme; and how each indicator is defined."""
    paper, result = told.paper, told.result
    paper.annex(told.say("annex.title"))
    table = result.coverage[(result.coverage["group"] == result.settings.groups[0].id) & (result.coverage["flag"] == "mandatory")]
    held = set(told.everybody.loc[told.everybody["facilities"] > 0, "category"])
    table = table[table["category"].isin(held) & ((table["land_ha"] > 0) | (table["unit"] == WHOLE_AREA))]
    if len(table) and result.units is not None:
        paper.section(told.say("annex.units"))
        for theme in result.standard.themes.values():
            own = table[[result.standard.categories[c].theme == theme.id for c in table["category"]]]
            if len(own):
                _by_unit(told, own, theme.name.get(told.language))
    if len(result.indicators):
        paper.section(told.say("annex.indicators"))
        listed = result.indicators.drop_duplicates(["system", "id"])
        rows = [[row.id, row.name, str(row.definition), str(row.clause), row.evidence] for row in listed.itertuples()]
        paper.table(told.say("annex.indicator_table"), told.head("id", "indicator", "definition", "clause", "evidence"), rows)
    if not (len(table) and result.units is not None) and not len(result.indicators):
        paper.paragraph(told.say("annex.none"))


def _by_unit(told: Source, own: pd.DataFrame, theme: str) -> None:
    """Units by categories, in as many tables as a page is wide; the whole area stands last."""
    wide = own.pivot_table(index="unit", columns=["category", "level"], values="land_share", aggfunc="first", sort=False, dropna=False)
    order = [unit for unit in wide.index if unit != WHOLE_AREA] + [unit for unit in wide.index if unit == WHOLE_AREA]
    wide = wide.reindex(order)
    columns = list(dict.fromkeys(own[["category", "level"]].itertuples(index=False, name=None)))
    for start in range(0, len(columns), ACROSS):
        shown = columns[start : start + ACROSS]
        head = [told.known["head.unit"], *(told.say("gaps.of_level", category=told.category(c), level=told.level(level)) for c, level in shown)]
        rows = [[told.area(unit), *(share(value) for value in values)] for unit, values in zip(wide.index, wide[shown].to_numpy(), strict=True)]
        told.paper.table(told.say("annex.unit_table", theme=theme), head, rows)


def drawings(told: Source) -> None:
    """Annex: the figures, with their files."""
    paper = told.paper
    paper.annex(told.say("drawings.title"))
    if not told.figures:
        paper.paragraph(told.say("drawings.none"))
        return
    paper.paragraph(told.say("drawings.text", count=len(told.figures)))
    rows = [[drawn.path.stem.split("-", 1)[0], drawn.title, f"{drawn.path.parent.name}/{drawn.path.name}"] for drawn in told.figures]
    paper.table(told.say("drawings.table"), told.head("figure", "figure_title", "file"), rows)
    paper.note(told.say("method.review"))
