"""Links in words: where each one is, and why it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.links import Answer
from livingcircle.links.walls import CLOSED, WALLED
from livingcircle.messages import words
from livingcircle.outputs.walking_words import group_name, walking_words
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH

Row = Mapping[str, Any]
# A share of what a link brings alone that reads as all of it.
ALL = 0.995


def places(answer: Answer, language: str) -> list[str]:
    """Where every link of the list is, in words: the compound, the streets at its ends, what it passes, the communities.

    The name that a planner gave stands first.
    """
    known = words(language, "links")
    rows = answer.ranking.table.to_dict("records")
    return [_place(row, units, known, language) for row, units in zip(rows, units_of(answer), strict=True)]


def units_of(answer: Answer) -> list[list[str]]:
    """The names of the units in which the ends of every link lie, each once; none without units."""
    layer, table = answer.inputs.units, answer.ranking.table
    out: list[list[str]] = [[] for _ in range(len(table))]
    if layer is None or not len(layer):
        return out
    tree, names = shapely.STRtree(layer.geometry.to_numpy()), layer["unit"].astype(str).to_numpy()
    for end in (0, -1):
        link, unit = tree.query(shapely.get_point(table.geometry.to_numpy(), end), predicate="intersects")
        for own, name in zip(link.tolist(), names[unit].tolist(), strict=True):
            if name not in out[own]:
                out[own].append(name)
    return out


def _place(row: Row, units: list[str], known: Mapping[str, str], language: str) -> str:
    homes = known["join"].join(name for name in row["residences"].split(";") if name)
    a, b = (_street(row[key], homes, known) for key in ("from_street", "to_street"))
    barrier = barriers(row["barrier"], language)
    kind, ends = row["kind"], {"from": a, "to": b}
    if kind == "gate":
        key = {CLOSED: "reopen", WALLED: "through"}.get(row["how"], "gate")
        street = next((_street(row[own], "", known) for own in ("from_street", "to_street") if _named(row[own])), "")
        told = known[f"place.homes_{key}"].format(homes=homes, street=street) if homes and street else known[f"place.{key}_same" if a == b else f"place.{key}"].format(**ends)
    elif kind == "bridge" and barrier:
        told = known["place.bridge_same" if a == b else "place.bridge"].format(barrier=barrier, **ends)
    elif a == b:
        told = known["place.same"].format(kind=known[f"kind.{kind}"], **ends)
    else:
        told = known[f"place.{'footpath' if kind == 'bridge' else kind}"].format(**ends)
    # What lies within named residences needs no community to be found.
    told = told if homes or not units else known["place.in_units"].format(place=told, units=known["join"].join(units))
    return f"{row['name']}{known['join']}{told}" if row["name"] else _started(told)


def _named(street: str) -> bool:
    return bool(street) and not street.startswith("(")


def _street(street: str, homes: str, known: Mapping[str, str]) -> str:
    if _named(street):
        return street
    if homes and street == "(service)":
        return known["place.within"].format(homes=homes)
    return known.get(f"way.{street.strip('()')}", known["way.none"])


def barriers(kinds: str, language: str) -> str:
    """The kinds of barriers that a link passes, in words.

    >>> barriers("water;railway", "en")
    'water, a railway'
    """
    told = words(language)
    return words(language, "links")["join"].join(told.get(f"reasons.barrier.{kind}", told["reasons.barrier.unknown"]) for kind in kinds.split(";") if kind)


def measure(metres: float, answer: Answer) -> float:
    """A walk in the measure of the rule as a planner reads it: metres by distance, minutes by time."""
    return metres if answer.settings.rule == "distance" else metres / (answer.group.speed_kmh * METRES_PER_MINUTE_PER_KMH)


def measured(metres: float, answer: Answer, language: str) -> str:
    """The same in words."""
    known, value = words(language, "links"), measure(metres, answer)
    return known["reason.metres"].format(value=f"{value:,.0f}") if answer.settings.rule == "distance" else known["reason.minutes"].format(value=f"{value:,.1f}")


def table_of(answer: Answer) -> gpd.GeoDataFrame:
    """The list with what every link adds in turn: columns of `layers.LINKS` and `Package.added`, and `categories` (ids joined by `;`, most people first)."""
    table = answer.ranking.table.reset_index(drop=True)
    gains = answer.ranking.by_requirement
    people = gains.groupby(["link_id", "category"], sort=False)["people"].max().reset_index().sort_values("people", ascending=False, kind="stable")
    served = people.groupby("link_id", sort=False)["category"].agg(";".join)
    told = pd.concat([table, answer.package.added], axis=1)
    return told.assign(categories=told["link_id"].map(served).fillna(""))


def reasons(answer: Answer, language: str) -> list[str]:
    """Why every link of the list is told, in one sentence or more."""
    known = words(language, "links")
    return [known["stop"].join(_reason(row, answer, language)) + known["stop"].strip() for row in table_of(answer).to_dict("records")]


def _reason(row: Row, answer: Answer, language: str) -> list[str]:
    known = words(language, "links")
    length, walk = f"{row['length_m']:,.0f}", row["walk_m"]
    told = [known["reason.apart"].format(length=length) if np.isinf(walk) else known["reason.round"].format(walk=f"{walk:,.0f}", length=length)]
    if row["barrier"]:
        told.append(known["reason.passes"].format(barrier=barriers(row["barrier"], language)))
    if not row["people_gained"] > 0:
        return [_started(one) for one in (*told, known["reason.nobody"])]
    count = len(row["categories"].split(";"))
    land = f"{row['land_distinct_ha']:,.2f}"
    told.append(known["reason.gains"].format(people=f"{row['people_distinct']:,.0f}", count=count, sum=f"{row['people_gained']:,.0f}", land=land))
    if row["saved_m"] > 0:
        told.append(known["reason.saved"].format(saved=measured(row["saved_m"], answer, language)))
    told.append(known["reason.per_m"].format(people=f"{row['people_per_m']:,.0f}"))
    if not np.isnan(row["cost"]):
        cost = f"{row['cost']:,.0f} {answer.cost_unit}".strip()
        told.append(known["reason.cost"].format(cost=cost, people=f"{row['people_per_cost']:,.1f}"))
    if row["rank"] > 1:
        share = row["people_in_sequence"] / row["people_gained"]
        told.append(known["reason.all_added"] if share >= ALL else known["reason.some_added"].format(sum=f"{row['people_in_sequence']:,.0f}", share=f"{share:.0%}"))
    if row["alternatives"]:
        told.append(known["reason.alternatives"].format(count=row["alternatives"]))
    return [_started(one) for one in told]


def _started(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def judged_as(answer: Answer, language: str) -> dict[str, str]:
    """Who walks and how, by what rule, and how many kinds of facilities are judged, in words."""
    known, settings = words(language), answer.settings
    at = [group.id for group in settings.groups].index(answer.group.id)
    return {
        "group": group_name(answer.group.id, language),
        "how": walking_words(replace(settings, language=language))[at],
        "rule": known[f"rule.{settings.rule}"],
        "count": str(len({one.category for one in answer.ranking.start.case.asked})),
    }

