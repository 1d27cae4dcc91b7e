"""The findings of an audit as sentences in the study's language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from livingcircle.audit import FAULT, Effect, Finding
from livingcircle.messages import words
from livingcircle.messages.faults import in_words
from livingcircle.standards import Standard

SOME = 0.005
# Categories listed one by one in a sentence.
MANY = 6


class Told(NamedTuple):
    """A finding in words: its severity, what was found, what it would change, what to do, and an example."""

    severity: str
    finding: str
    effect: str
    remedy: str
    where: str


def told(pair: tuple[Finding, Effect], *, language: str, standard: Standard | None) -> Told:
    """One finding and its effect in words."""
    finding, effect = pair
    known = words(language, "check")
    values = {**finding.values, "count": f"{finding.count:,}"}
    if finding.severity == FAULT:
        values |= {key: in_words(values[key], language) for key in ("problem", "remedy")}
    if not math.isnan(finding.people):
        values["people_count"] = f"{finding.people:,.0f}"
    if "categories" in values:
        apart = "、" if language == "zh" else ", "
        values["categories"] = apart.join(_category(standard, own, language) for own in values["categories"])
    if "by_category" in values:
        values["by_category"] = _counted(values["by_category"], known, language, standard)
    if "rest" in values:
        values["rest"] = known["unclassified.rest"].format(count=f"{values['rest']:,}") if values["rest"] else ""
    names = ", ".join(str(name) for name in list(finding.names)[:5] if name)
    return Told(
        known[f"severity.{finding.severity}"],
        known[f"{finding.kind}.what"].format(**values),
        _effect(finding, effect, known, language, standard),
        known[f"{finding.kind}.remedy"].format(**values),
        names,
    )


def _effect(finding: Finding, effect: Effect, known: Mapping[str, str], language: str, standard: Standard | None) -> str:
    if finding.severity == FAULT:
        return known["effect.blocking"]
    if finding.kind == "not_found":
        return known["effect.all"].format(people=f"{finding.people:,.0f}")
    if math.isnan(effect.people):
        # Each kind that has no other reading says why; the others lack the files to be read anew.
        why = known.get(f"{finding.kind}.effect", known["effect.unread"])
        return why.format(people="" if math.isnan(finding.people) else f"{finding.people:,.0f}")
    values = {
        "people": f"{effect.people:,.0f}",
        "points": f"{effect.land_points:.2f}",
        "category": _category(standard, effect.category, language),
    }
    if effect.people >= 0.5:
        return known["effect.people"].format(**values)
    return known["effect.land"].format(**values) if effect.land_points >= SOME else known["effect.none"]


def _counted(counts: Mapping[str, int], known: Mapping[str, str], language: str, standard: Standard | None) -> str:
    """The categories with the most, each with its number."""
    apart = "、" if language == "zh" else ", "
    shown = [known["page.each"].format(category=_category(standard, own, language), count=count) for own, count in list(counts.items())[:MANY]]
    more = len(counts) - len(shown)
    return apart.join(shown) + (known["page.more"].format(count=more) if more else "")


def _category(standard: Standard | None, category: str, language: str) -> str:
    if standard is None or category not in standard.categories:
        return category
    return standard.categories[category].name.get(language)
