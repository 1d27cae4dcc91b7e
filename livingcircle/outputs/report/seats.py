"""The section of a report on who finds a place within the limit, and how full facilities are."""

from __future__ import annotations

import pandas as pd

from livingcircle.areas import KINDS, WHOLE
from livingcircle.messages import words
from livingcircle.outputs.report.numbers import count, share
from livingcircle.outputs.report.paper import capital
from livingcircle.outputs.report.source import Source
from livingcircle.outputs.workbook.capacity_sheets import unit_word

# A committee reads so many rows of a list; the workbook holds all.
SHOWN, FULLEST = 20, 10
# Sums of parts of people differ from the true number by their last digits.
ALMOST = 1e-6
AMOUNTS = ("demand", "served", "too_far", "full", "not_told", "short")


def seats(told: Source) -> None:
    """Section: what people find within the limit when places run out, by category, by unit and by facility; nothing without a case."""
    table = told.result.capacity.units
    if not len(table):
        return
    known, paper = words(told.language, "capacity"), told.paper
    whole = table[table["area"] == WHOLE]
    worked, lacking = whole[whole["status"] == "computed"], whole[whole["status"] != "computed"]
    paper.section(known["seats.title"])
    if len(worked):
        worked = _numbers(worked)
        sentences = [_sentence(told, row, known) for row in worked.itertuples()]
        paper.paragraph(known["seats.method"].format(table=paper.next_caption("table")) + "".join(sentences))
        rows = [[_name(told, row, known), *_cells(told, row, known), row.clause, row.evidence] for row in worked.itertuples()]
        head = [*told.head("category"), *(known[f"seats.head_{key}"] for key in HEAD), *told.head("clause", "evidence")]
        paper.table(known["seats.table"], head, rows)
        paper.note(known["seats.note"])
    if len(lacking):
        each = [known["seats.missing_one"].format(category=told.category(row.category), inputs=told.missing(row.missing)) for row in lacking.itertuples()]
        paper.paragraph(known["seats.missing"].format(each=told.known["semicolon"].join(each)))
    if len(worked):
        _by_unit(told, table, known)
        _by_facility(told, known)


HEAD = ("unit_of", "demand", "served", "share", "far", "full", "unknown", "short")


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{key: table[key].astype(float) for key in AMOUNTS})


def _cells(told: Source, row, known: dict) -> list[str]:
    part = row.served / row.demand if row.demand > 0 else float("nan")
    numbers = [count(row.demand), count(row.served), share(part), *(count(getattr(row, key)) for key in ("too_far", "full", "not_told", "short"))]
    return [unit_word(row.category, row.measure, known), *numbers]


def _limit(told: Source, row, known: dict) -> str:
    if told.result.settings.rule == "distance":
        return known["seats.of_limit_m"].format(limit=f"{row.limit_m:g}")
    return known["seats.of_limit_min"].format(limit=f"{row.limit_min:g}")


def _name(told: Source, row, known: dict) -> str:
    return told.say("gaps.of_level", category=told.category(row.category), level=_limit(told, row, known))


def _sentence(told: Source, row, known: dict) -> str:
    """What people of a category find, who finds none, and how thinly it is shared out."""
    values = {
        "category": capital(told.category(row.category)), "limit": _limit(told, row, known), "unit": unit_word(row.category, row.measure, known),
        "demand": count(row.demand), "served": count(row.served), "share": share(row.served / row.demand if row.demand > 0 else float("nan")),
        "short": count(row.short), "far": count(row.too_far), "full": count(row.full),
    }  # fmt: skip
    text = known["seats.sentence"].format(**values)
    if row.not_told > ALMOST:
        text += known["seats.unknown"].format(unknown=count(row.not_told))
    homes = told.result.capacity.homes
    own = homes[(homes["category"] == row.category) & (homes["measure"] == row.measure) & (homes["of"] == row.of) & (homes["level"] == row.level)]
    if row.not_told <= ALMOST and len(own):
        low = own.loc[own["access_gaussian"] < 1 - ALMOST, "demand"].sum() / own["demand"].sum()
        text += known["seats.access"].format(low=share(low))
    return text


def _by_unit(told: Source, table: pd.DataFrame, known: dict) -> None:
    units = _numbers(table[(table["area_kind"] == KINDS[-1]) & (table["status"] == "computed")])
    units = units[units["short"] > ALMOST].sort_values("short", ascending=False, kind="stable").head(SHOWN)
    if not len(units):
        return
    paper = told.paper
    paper.paragraph(known["seats.units"].format(table=paper.next_caption("table")))
    rows = [[told.area(row.area), _name(told, row, known), *_cells(told, row, known)] for row in units.itertuples()]
    paper.table(known["seats.units_table"].format(count=len(rows)), [*told.head("unit", "category"), *(known[f"seats.head_{key}"] for key in HEAD)], rows)


def _by_facility(told: Source, known: dict) -> None:
    table = told.result.capacity.facilities
    table = table[table["use"].notna()]
    if not len(table):
        return
    # A facility that categories share is one.
    table = table.drop_duplicates("facility_id").sort_values("use", ascending=False, kind="stable")
    paper, shown = told.paper, table.head(FULLEST)
    full = int((table["use"] >= 1 - ALMOST).sum())
    paper.paragraph(known["seats.loads"].format(known=len(table), full=full, table=paper.next_caption("table")))
    rows = [
        [str(row.name_of), told.category(row.category), unit_word(row.category, row.measure, known), count(row.capacity), count(row.load_all), share(row.use)]
        for row in shown.rename(columns={"name": "name_of"}).itertuples()
    ]
    head = [known["seats.head_facility"], *told.head("category"), *(known[f"seats.head_{key}"] for key in ("unit_of", "capacity", "load", "use"))]
    paper.table(known["seats.loads_table"].format(count=len(rows)), head, rows)
