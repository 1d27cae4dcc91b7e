"""The remedy of every gap as a sentence with the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from livingcircle.analysis import Result
from livingcircle.analysis.severing import CLOSED_COMPOUND, MISSING_LINK
from livingcircle.gaps.capacity import NUMBER, TOO_SMALL
from livingcircle.gaps.causes import uncertain_from
from livingcircle.layers import Gaps
from livingcircle.messages import words
from livingcircle.standards import Category
from livingcircle.standards.model import Size


def remedy_texts(table: Gaps, result: Result) -> list[str]:
    """A sentence for every gap (`layers.GAPS`), in the study's language: what to do, how much of it, and why.

    How large a thing to build should be comes from `Category.size`, with its clause and evidence mark; how many from the
    requirement's `at_least`.
    """
    language = result.settings.language
    known, standard = words(language, "gaps"), result.standard
    least = {(id, asked.level): asked.at_least for id, asked in standard.requirements()}
    size = {id: size_text(category.size, known) for id, category in standard.categories.items()}
    out = []
    for row in table.to_dict("records"):
        category = standard.categories[row["category"]]
        told = {
            **_figures(row, known, result.settings.rule),
            "category": category.name.get(language),
            "count": least.get((row["category"], row["level"]), 1),
            "size": size[row["category"]],
            "snap": f"{result.settings.snap_limit_m:g}",
        }
        out.append(known[f"remedy.{_key(row)}"].format(**told))
    return out


def size_text(size: Size | None, known: Mapping[str, str]) -> str:
    """How large one site should be, with its clause and evidence mark; empty where the standard does not say.

    >>> from livingcircle.messages import words
    >>> size_text(Size(floor_m2=(0, 0), site_m2=(600, 0), clause="annex C", evidence="○"), words("en", "gaps"))
    ' (each at least 600 m² of land, by annex C ○)'
    """
    if size is None:
        return ""
    spans = {"floor": size.floor_m2, "site": size.site_m2}
    figures = [known[f"part.{key}"].format(range=_range(span, known)) for key, span in spans.items() if span and any(span)]
    if not figures:
        return ""
    siting = known["part.siting"].format(siting=known[f"siting.{size.siting}"]) if size.siting else ""
    return known["part.size"].format(figures=known["part.join"].join(figures), siting=siting, clause=size.clause, evidence=size.evidence)


def siting_text(category: Category, known: Mapping[str, str]) -> str:
    """How a category is sited, in words; empty where the standard does not say."""
    return known[f"siting.{category.size.siting}"] if category.size and category.size.siting else ""


def _range(span: tuple[float, float], known: Mapping[str, str]) -> str:
    least, most = span
    if least == most:
        return f"{least:,.0f}"
    key = "range" if least and most else "range_least" if least else "range_most"
    return known[f"part.{key}"].format(least=f"{least:,.0f}", most=f"{most:,.0f}")


def _key(row: Mapping[str, Any]) -> str:
    """The word of the sentence that fits the row's cause and what severs it."""
    cause, severed = row["cause"], row["severed_by"]
    kind = {MISSING_LINK: "missing", CLOSED_COMPOUND: "compound"}.get(severed, "barrier")
    if cause == "severed":
        return f"link_{kind}"
    if cause == "unreachable":
        # Two pieces that a link joins are told with it, also where a compound's wall lies on that link.
        return "join_barrier" if kind == "compound" and np.isfinite(row["link_m"]) else f"join_{kind}"
    if cause == "data_doubtful":
        doubted = row["confidence"] == "low" and not row["uncertain_share"] >= uncertain_from()
        return "verify_facility" if doubted else "verify_edge"
    if cause == TOO_SMALL and row["measure"] == NUMBER:
        return "add"
    if cause == TOO_SMALL and row.get("short_full", np.nan) >= 0:
        return "seats_far" if row["short_far"] > 0 else "seats"
    return {"behind_barrier": "exit_barrier", "planned_only": "build_planned"}.get(cause, row["remedy"])


def _figures(row: Mapping[str, Any], known: Mapping[str, str], rule: str) -> dict[str, str]:
    """Every figure that a sentence may name, as text."""
    named = known["part.facility"]
    nearest = row["closing_facility"] if row["cause"] == "not_yet_open" else row["nearest_facility"]
    by_time = rule == "time"
    severed = row["severed_by"] or "barrier"
    return {
        "people": f"{row['people']:,.0f}",
        "facility": named.format(name=nearest) if nearest else known["part.facility_nameless"],
        "straight": _metres(row["straight_m"]),
        "walk": _metres(row["walk_m"]),
        "excess": _metres(row["excess_m"]),
        "link": _metres(row["link_m"]),
        "detour": f"{row['detour']:.1f}",
        "limit": known["part.limit_min" if by_time else "part.limit_m"].format(limit=f"{row['limit_min' if by_time else 'limit_m']:,g}"),
        "from": named.format(name=row["link_from"]) if row["link_from"] else known["part.nameless"],
        "to": named.format(name=row["link_to"]) if row["link_to"] else known["part.nameless_other"],
        "barrier": known.get(f"severed.{severed}", severed),
        "year": f"{row['closes_in']:.0f}",
        "certainty": _certainty(row["closing_status"], known),
        "share": f"{row['uncertain_share']:.0%}",
        **_amounts(row, known),
    }


def _certainty(status: str, known: Mapping[str, str]) -> str:
    """How certain a facility to come is, in brackets; nothing where it is not told to be less than certain."""
    return known["part.certainty"].format(status=known[f"status.{status}"]) if status not in ("", "existing") else ""


def _amounts(row: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    """What a unit is short of with its measure, what it needs and has; nothing for a gap by distance."""
    if row["cause"] != TOO_SMALL:
        return {}
    demand = np.ceil(row["demand"] - 1e-6)
    every, far = (max(np.ceil(row.get(key, 0.0) - 1e-6), 0) + 0.0 for key in ("short", "short_far"))
    # Parts rounded up must not add up to more than the whole.
    parts = {"far": f"{far:,.0f}", "full": f"{max(every - far, 0.0):,.0f}"}
    short = short_text(row["measure"], row["short"], known, category=row["category"])
    return {"short": short, "demand": f"{demand:,.0f}", "supply": f"{row['supply']:,.0f}", **parts}


def short_text(measure: str, amount: float, known: Mapping[str, str], *, category: str = "") -> str:
    """An amount that is short, in its measure (the word of its category where that has one) and rounded up.

    >>> from livingcircle.messages import words
    >>> short_text("places", 319.2, words("zh", "gaps"))
    '学位 320 个'
    """
    return known.get(f"short.{category}", known[f"short.{measure}"]).format(amount=f"{np.ceil(amount - 1e-6):,.0f}")


def _metres(value: float) -> str:
    """Whole metres upward, so that a walk beyond its limit does not read as equal to it."""
    return f"{np.ceil(value - 1e-6):,.0f}" if np.isfinite(value) else "—"
