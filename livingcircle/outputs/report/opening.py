"""The first chapters of a report: scope and basis, units, people, and the facilities there are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.outputs.report.numbers import DASH, count, decimal, share
from livingcircle.outputs.report.source import Source
from livingcircle.outputs.walking_words import walking_words


def general(told: Source) -> None:
    """Chapter: what was judged, by which standards, and by what rule."""
    paper, result = told.paper, told.result
    people, settings = result.residences, result.settings
    paper.chapter(told.say("general.title"))
    paper.section(told.say("general.scope"))
    ground = told.say("general.area", area=decimal(result.area.area.sum() / 10_000)) if result.area is not None else ""
    units = told.say("general.units", count=len(result.units)) if result.units is not None else ""
    paper.paragraph(
        told.say(
            "general.scope_text", study=told.study, ground=ground, units=units, year=told.year, homes=count(len(people)),
            land=decimal(people["land_m2"].sum() / 10_000), people=count(people["people"].sum()),
        )
    )  # fmt: skip
    note = settings.note.get(told.language, "")
    if note:
        paper.paragraph(told.say("general.note", note=note.rstrip("。. ") + told.known["stop"]))
    paper.section(told.say("general.basis"))
    paper.paragraph(told.say("general.basis_text", table=paper.next_caption("table")))
    rows = [
        [told.standard(each), f"{each.in_force:%Y-%m-%d}", told.known[f"tier.{each.tier}"], told.say(f"general.use_{use}")]
        for use, each in [("judged", result.standard), *(("counted", system) for system in settings.systems)]
    ]
    paper.table(told.say("general.basis_table"), told.head("standard", "in_force", "tier", "use"), rows)
    paper.note(told.say("general.marks"))
    paper.section(told.say("general.rule"))
    for key in ("rule_text", "denominator", "levels", "entrances"):
        paper.paragraph(
            told.say(
                f"general.{key}", rule=told.known[f"rule.{settings.rule}"], walking=told.known["walker.apart"].join(walking_words(settings)),
                snap=f"{settings.snap_limit_m:g}", detour=f"{settings.severed_detour:g}",
            )
        )  # fmt: skip


def units(told: Source) -> None:
    """Chapter: the units that results are broken down by."""
    paper, result = told.paper, told.result
    paper.chapter(told.say("units.title"))
    people = result.residences["people"].sum()
    for level in result.standard.levels.values():
        if level.population is not None:
            low, high = level.population
            paper.paragraph(
                told.say(
                    "units.level", level=level.name.get(told.language), minutes=f"{level.minutes:g}", metres=f"{level.walk_m:g}", low=count(low), high=count(high),
                    clause=level.clause, evidence=level.evidence, least=decimal(people / high), most=decimal(people / low),
                )
            )  # fmt: skip
    if result.units is None:
        paper.paragraph(told.say("units.none"))
        return
    table = _by_unit(told)
    parent = "parent" in result.units.columns
    paper.paragraph(told.say("units.text", count=len(result.units), table=paper.next_caption("table")))
    columns = ["unit", *(["parent"] if parent else []), "land", "people", "density", "facilities"]
    rows = [[told.area(row.unit), *([row.parent] if parent else []), decimal(row.land_ha), count(row.people), decimal(row.density), count(row.facilities)] for row in table.itertuples()]
    paper.table(told.say("units.table"), told.head(*columns), rows)


def _by_unit(told: Source) -> pd.DataFrame:
    """Land, people and open facilities of every unit and of the whole area, whose row is the last."""
    result = told.result
    rows = result.coverage[result.coverage["group"] == result.settings.groups[0].id].drop_duplicates("unit")
    table = rows[["unit", "land_ha", "people"]].copy()
    held = result.coverage.drop_duplicates(["unit", "category"]).groupby("unit")["facilities"].sum()
    parents = result.units.drop_duplicates("unit").set_index("unit")["parent"] if "parent" in result.units.columns else pd.Series(dtype=object)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = (table["people"] / table["land_ha"]).to_numpy()
    table = table.assign(
        density=np.where(np.isfinite(density), density, np.nan),
        facilities=held.reindex(table["unit"]).to_numpy(),
        parent=[str(parents.get(unit, DASH)) for unit in table["unit"]],
    )
    whole, beside = ((table["unit"] == word).to_numpy() for word in (WHOLE_AREA, OUTSIDE))
    # What lies outside every unit is told where there is anything.
    held = beside & ((table["land_ha"] > 0) | (table["facilities"] > 0)).to_numpy()
    return pd.concat([table[~whole & ~beside], table[held], table[whole]], ignore_index=True)


def demand(told: Source) -> None:
    """Chapter: the people, and those of them who walk or need otherwise."""
    paper, result = told.paper, told.result
    paper.chapter(told.say("demand.title"))
    people = result.residences
    total, land = people["people"].sum(), people["land_m2"].sum() / 10_000
    empty = int((people["people"] == 0).sum())
    paper.paragraph(told.say("demand.text", people=count(total), land=decimal(land), density=decimal(total / land) if land else DASH, homes=count(len(people))) + (told.say("demand.empty", empty=count(empty)) if empty else ""))
    groups = [group for group in result.settings.groups[1:] if group.people != "people"]
    if groups:
        paper.paragraph(told.say("demand.groups", table=paper.next_caption("table")))
        rows = [
            [told.group(group.id), count(people[group.people].sum()), share(people[group.people].sum() / total if total else float("nan")), f"{group.speed_kmh:g}"]
            for group in groups
        ]
        paper.table(told.say("demand.table"), told.head("group", "people", "share", "speed"), rows)
    else:
        paper.paragraph(told.say("demand.no_groups"))
    told.show("people")


def supply(told: Source) -> None:
    """Chapter: the facilities there are, and those to come."""
    paper, result = told.paper, told.result
    places = result.facilities
    paper.chapter(told.say("supply.title"))
    coming = ~places["open"].to_numpy(dtype=bool)
    paper.paragraph(
        told.say(
            "supply.text", facilities=count(len(places)), open=count((~coming).sum()), coming=count(coming.sum()), merged=len(result.merged),
            entrances=count(len(result.entrances)), table=paper.next_caption("table"),
        )
    )  # fmt: skip
    each = places[["categories", "capacity", "status", "open"]].explode("categories")
    flags = {category.id: [r.flag for r in category.requirements] for category in result.standard.categories.values()}
    rows, absent = [], []
    for id, category in result.standard.categories.items():
        own = each[each["categories"] == id]
        if not len(own):
            absent += [category.name.get(told.language)] if "mandatory" in flags[id] else []
            continue
        mark = told.known["mark.mandatory"] if "mandatory" in flags[id] else told.known["mark.on_demand"] if flags[id] else DASH
        opened = own["open"].to_numpy(dtype=bool)
        capacity = own.loc[opened, "capacity"]
        rows.append([category.name.get(told.language), mark, count(opened.sum()), count((~opened).sum()), count(capacity.sum()) if capacity.notna().any() else DASH, _department(category, told.language)])
    paper.table(told.say("supply.table"), told.head("category", "mark", "open", "coming", "capacity", "department"), rows)
    paper.note(told.say("supply.note"))
    if absent:
        paper.paragraph(told.say("supply.absent", names=told.join(absent), count=len(absent)))
    told.show("facilities")


def _department(category, language: str) -> str:
    return category.department.get(language) if category.department else DASH
