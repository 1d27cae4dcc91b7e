"""The last chapters of a report: what to do, what is under way, and how everything was worked out."""

from __future__ import annotations

from livingcircle import __version__
from livingcircle.facilities import CLOSED
from livingcircle.messages import words
from livingcircle.outputs.correction_words import correction_lines
from livingcircle.outputs.programme_words import money, rows_of, sentences
from livingcircle.outputs.report.numbers import DASH, count, decimal, share, year
from livingcircle.outputs.report.source import Source
from livingcircle.programme import Programme


def advice(told: Source) -> None:
    """Chapter: for every mandatory category with gaps, what would close them, and how large a site is."""
    paper, result = told.paper, told.result
    paper.chapter(told.say("advice.title"))
    own = result.gaps[(result.gaps["group"] == result.settings.groups[0].id) & (result.gaps["flag"] == "mandatory")]
    if not len(own):
        paper.paragraph(told.say("gaps.none"))
        return
    paper.paragraph(told.say("advice.text", table=paper.next_caption("table")))
    rows = []
    for (category, level), part in own.groupby(["category", "level"], sort=False):
        by = part.groupby("remedy")["people"].sum()
        main = by.idxmax() if by.max() > 0 else part["remedy"].iloc[0]
        units = part.groupby("unit")["people"].sum().sort_values(ascending=False, kind="stable").index[:3]
        rows.append((part["people"].sum(), [told.category(category), told.level(level), count(part["people"].sum()), told.known[f"remedy.{main}"], _size(told, category), told.join([told.area(unit) for unit in units if unit]) or DASH]))
    rows.sort(key=lambda pair: -pair[0])
    paper.table(told.say("advice.table"), told.head("category", "level", "left", "main_remedy", "size", "where"), [row for _, row in rows])
    paper.note(told.say("advice.note"))


def _size(told: Source, category: str) -> str:
    size = told.result.standard.categories[category].size
    if size is None:
        return DASH
    parts = [told.say(f"advice.{key}", size=_range(values), evidence=size.evidence) for key, values in (("floor", size.floor_m2), ("site", size.site_m2)) if values]
    return told.join(parts) or DASH


def _range(values: tuple[float, float]) -> str:
    low, high = values
    if not high:
        return f"≥{low:g}"
    return f"{low:g}" if low == high else f"{low:g}～{high:g}" if low else f"≤{high:g}"


def programme(told: Source) -> None:
    """Chapter: facilities planned or being built, by year, with the gaps that they will close."""
    paper, result = told.paper, told.result
    paper.chapter(told.say("programme.title"))
    if told.programme is not None:
        near_term(told, told.programme)
    places = result.facilities
    coming = places[~places["open"].to_numpy(dtype=bool) & ~places["status"].isin(("existing", CLOSED))].sort_values(["open_year", "name"], kind="stable")
    if not len(coming):
        paper.paragraph(told.say("programme.none"))
        return
    own = result.gaps[(result.gaps["group"] == result.settings.groups[0].id) & result.gaps["closes_in"].notna()]
    paper.paragraph(told.say("programme.text", count=len(coming), closed=count(len(own)), table=paper.next_caption("table")))
    rows = []
    for row in coming.itertuples():
        closed = own[own["category"].isin(row.categories) & (own["closes_in"] == row.open_year)]
        names = told.join([told.category(c) for c in row.categories])
        first = result.standard.categories[row.categories[0]] if row.categories else None
        rows.append(
            [
                row.name, names, told.known[f"standing.{row.status}"], year(row.open_year), count(row.capacity), count(len(closed)),
                count(closed["people"].max() if len(closed) else 0.0), first.department.get(told.language) if first and first.department else DASH,
            ]
        )  # fmt: skip
    paper.table(told.say("programme.table"), told.head("project", "serves", "standing", "opens", "capacity", "closes", "at_most", "department"), rows)
    paper.note(told.say("programme.note"))
    told.show("planned")


def near_term(told: Source, programme: Programme) -> None:
    """Section: the programme of near-term projects within its budget, measure by measure, and what is proven of its choice."""
    paper, known = told.paper, words(told.language, "programme")
    paper.section(known["report.title"])
    for line in sentences(programme, language=told.language):
        paper.paragraph(line)
    if not len(programme.steps):
        return
    paper.paragraph(known["report.intro"].format(budget=money(programme.terms.budget, programme, language=told.language), table=paper.next_caption("table")))
    unit = programme.terms.cost_unit if programme.terms.costs.told else known["measures"]
    head = [known[f"column.{key}"].format(unit=unit) for key in ("turn", "title", "unit", "cost", "people", "gaps_closed", "clause")]
    rows = [
        [str(row["turn"]), row["title"], row["unit"], decimal(row["cost"]), count(row["people"]), count(row["gaps_closed"]), row["clause"].replace(";", known["join"])]
        for row in rows_of(programme, language=told.language)
    ]
    paper.table(known["report.table"], head, rows)
    paper.note(known["reading.people"])
    paper.section(known["report.planned"])


def _corrections(told: Source) -> None:
    """What planners corrected, line by line; files that were read stay as they are."""
    lines = correction_lines(told.result)
    if lines:
        told.paper.paragraph(told.say("method.corrections", count=len(lines)))
        for line in lines:
            told.paper.paragraph(f"· {line}")


def method(told: Source) -> None:
    """Chapter: the data, the network, how far results can be trusted, and what remains doubtful."""
    paper, result = told.paper, told.result
    counts, network = result.counts, result.network
    paper.chapter(told.say("method.title"))
    paper.section(told.say("method.data"))
    each = result.facilities.groupby("source").agg(rows=("facility_id", "size"), confident=("confidence", lambda c: float((c == "high").mean())))
    paper.paragraph(told.say("method.data_text", table=paper.next_caption("table")))
    paper.table(told.say("method.data_table"), told.head("file", "facilities", "confident"), [[str(file), count(row.rows), share(row.confident)] for file, row in each.iterrows()])
    _corrections(told)
    paper.section(told.say("method.network"))
    long = result.components["length_m"]
    main = long.max() / long.sum() if len(long) and long.sum() else float("nan")
    off = counts["people_off_network"]
    paper.paragraph(
        told.say("method.network_text", edges=count(len(network.length_m)), km=decimal(float(network.street_m.sum()) / 1000), components=len(long), main=share(main))
        + (told.say("method.off", off=count(off)) if round(off) else told.say("method.all_joined"))
        + told.say("method.crs", crs=network.crs.name)
    )
    sources = told.join([f"{told.known[f'entrance.{key}']} {value}" for key, value in counts["entrances"].items()])
    paper.paragraph(told.say("method.entrances", sources=sources))
    if len(result.isochrones):
        areas = result.isochrones
        paper.paragraph(told.say("method.areas", count=len(areas), checked=int(areas["checked"].max()), worst=f"{areas['agreement'].min():.2%}", far=decimal(float(areas["largest_m"].max()))))
    asked = result.gaps[(result.gaps["flag"] == "mandatory") & (result.gaps["group"] == result.settings.groups[0].id)]
    if len(asked):
        fragile = float((asked["robustness"] == "fragile").mean())
        low = float((asked["confidence"] == "low").mean())
        paper.paragraph(told.say("method.robust", fragile=share(fragile), low=share(low)))
    paper.section(told.say("method.limits"))
    for key in ("not_found", "sum", "evidence", "review"):
        paper.paragraph(told.say(f"method.{key}"))
    if result.warnings:
        paper.paragraph(told.say("method.warnings", count=len(result.warnings)))
        for warning in result.warnings:
            paper.paragraph(f"· {warning}")
    paper.paragraph(told.say("method.version", version=__version__, date=f"{told.written_on:%Y-%m-%d}"))
