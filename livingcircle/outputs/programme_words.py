"""What a programme says in words: its measures by name, and what was chosen, proven and left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import shapely

from livingcircle.messages import words
from livingcircle.programme import ENLARGEMENT, SITE, Programme
from livingcircle.residences import unit_of

Notes = list[tuple[str, object]]
# So many of the measures that are not chosen are told.
OTHERS = 20
# Categories named one by one; more are counted.
MOST_NAMES = 6
UNNAMED = "("


def rows_of(told: Programme, *, language: str, others: bool = False) -> list[dict[str, Any]]:
    """The measures in words, in their turn (with `others` the best of those not chosen): the columns of `STEPS` that both have, `title`, `what`, `unit`, `serves_words`, `year`, `lon`, `lat`."""
    known, table = words(language, "programme"), told.others.head(OTHERS) if others else told.steps
    points = gpd.GeoSeries(shapely.point_on_surface(table.geometry.to_numpy()), crs=table.crs)
    # A line between two units lies in that of its middle.
    units = unit_of(points, told.town.start.case.inputs.units)
    degrees = points.to_crs("EPSG:4326")
    streets = _streets(told, table)
    out = []
    for number, row in enumerate(table.drop(columns="geometry").to_dict("records")):
        out.append({
            **row,
            "what": known[f"kind.{row['kind']}"],
            "title": _title(told, row, streets[number], (known, language)),
            "unit": units[number] or known["outside_units"],
            "serves_words": _serves(told, row, (known, language)),
            "year": told.town.start.case.settings.year,
            "lon": round(float(degrees.iloc[number].x), 6),
            "lat": round(float(degrees.iloc[number].y), 6),
        })
    return out


def _streets(told: Programme, table: gpd.GeoDataFrame) -> list[str]:
    """The name of the nearest named street to each measure."""
    streets = told.town.start.case.inputs.network.streets
    named = streets[streets["name"].fillna("").astype(str).str.strip() != ""]
    if not len(named) or not len(table):
        return [""] * len(table)
    tree = shapely.STRtree(named.geometry.to_numpy())
    near = tree.nearest(table.geometry.to_numpy())
    return [str(name) for name in named["name"].to_numpy()[near]]


def _title(told: Programme, row: Mapping[str, Any], street: str, said: tuple[Mapping[str, str], str]) -> str:
    known, language = said
    category = told.standard.categories[row["category"]].name.get(language) if row["category"] else ""
    if row["kind"] == SITE:
        place = " ".join(part for part in (row["name"], street) if part) or row["measure_id"].split(":", 2)[-1]
        return known["named.site"].format(category=category, place=place)
    if row["kind"] == ENLARGEMENT:
        return known["named.enlargement"].format(name=row["name"], category=category, places=f"{row['places']:,.0f}")
    ends = [end if not end.startswith(UNNAMED) else known["unnamed_street"] for end in row["name"].split(" – ")]
    street = known["between"].join(dict.fromkeys(ends))
    homes = known["join"].join(name for name in str(row["homes"]).split(";") if name)
    return known["named.link_at" if homes else "named.link"].format(kind=known[f"kind.{row['kind']}"], name=street, homes=homes)


def _serves(told: Programme, row: Mapping[str, Any], said: tuple[Mapping[str, str], str]) -> str:
    known, language = said
    names = [told.standard.categories[one].name.get(language) for one in str(row.get("serves") or row["category"]).split(";") if one]
    listed = known["join"].join(names[:MOST_NAMES])
    return listed if len(names) <= MOST_NAMES else known["and_more"].format(names=listed, count=len(names))


def money(value: float, told: Programme, *, language: str) -> str:
    """A cost with its unit; a number of measures where no cost is told."""
    known = words(language, "programme")
    if not told.terms.costs.told:
        return known["measures_count"].format(count=f"{value:,.0f}")
    digits = 0 if abs(value - round(value)) < 0.05 else 1
    return f"{value:,.{digits}f} {told.terms.cost_unit}".strip()


def sentences(told: Programme, *, language: str) -> list[str]:
    """What the programme costs and brings, what is proven of its choice, what the greedy rule would lose, and what was left out, a sentence each."""
    known = words(language, "programme")
    if not len(told.steps):
        return [known["say.nothing"].format(budget=money(told.terms.budget, told, language=language)), *_left(told, known)]
    budget, cost = (money(value, told, language=language) for value in (told.terms.budget, told.cost))
    numbers = {"people": f"{told.people:,.0f}", "distinct": f"{told.distinct_people:,.0f}", "land": f"{told.steps['land_ha'].sum():,.1f}", "gaps": f"{told.steps['gaps_closed'].sum():,.0f}"}
    lines = [known["say.brings"].format(count=len(told.steps), cost=cost, budget=budget, **numbers)]
    filled = told.steps["places_filled"].sum()
    if filled > 0:
        lines.append(known["say.places"].format(places=f"{filled:,.0f}"))
    proof = {"value": f"{told.exact.value:,.0f}", "bound": f"{told.exact.bound:,.0f}", "gap": f"{told.exact.gap:.2%}", "offered": told.counts["offered"], "points": told.terms.points}
    lines.append(known["say.optimal" if told.exact.status == "optimal" else "say.bound"].format(**proof))
    lines.append(known["say.recount"].format(value=proof["value"], people=numbers["people"]))
    lines.append(known["say.greedy"].format(value=f"{told.greedy.value:,.0f}", loss=f"{told.loss:.2%}"))
    together = {"people": numbers["people"], "sum": f"{told.people_sum:,.0f}"}
    difference = told.people - told.people_sum
    key = "say.overlap" if difference < -1 else "say.help" if difference > 1 else "say.apart"
    lines.append(known[key].format(**together, difference=f"{abs(difference):,.0f}"))
    return [*lines, *_left(told, known)]


def _left(told: Programme, known: Mapping[str, str]) -> list[str]:
    if not told.left_out:
        return []
    kinds = known["join"].join(known["left.count"].format(kind=known[f"kind.{kind}"], count=count) for kind, count in told.left_out.items())
    return [known["say.left_out"].format(kinds=kinds)]


def overview(told: Programme, *, language: str) -> Notes:
    """Labels and what they say for the overview sheet: study, year, budget, what was chosen and proven, costs, and how to read it."""
    known, settings = words(language, "programme"), told.town.start.case.settings
    notes: Notes = [(f"{settings.name.get(language) or settings.study_id} · {known['title']}", None)]
    if settings.note.get(language):
        notes.append((known["overview.note"], settings.note[language]))
    if settings.year is not None:
        notes.append((known["overview.year"], str(settings.year)))
    notes.append((known["overview.budget"], money(told.terms.budget, told, language=language)))
    notes.append((known["overview.standard"], f"{told.standard.number} {told.standard.name.get(language)}"))
    notes += [(known["overview.found"] if number == 0 else "", line) for number, line in enumerate(sentences(told, language=language))]
    notes.append((known["overview.reading"], None))
    return [*notes, *(("", line) for line in reading(language))]


def reading(language: str) -> list[str]:
    """How a programme is to be read, a sentence each."""
    known = words(language, "programme")
    return [known[f"reading.{key}"] for key in ("people", "turn", "exact", "places", "links", "cost", "several", "file")]

