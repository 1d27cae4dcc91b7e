"""What a siting says in sentences: what was asked, what is proven, who gains, and who stays uncovered and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle.analysis import Settings
from livingcircle.messages import words
from livingcircle.outputs.walking_words import group_name
from livingcircle.siting.answer import Answer
from livingcircle.siting.program import OPTIMAL, TIME_LIMIT
from livingcircle.siting.wish import Term
from livingcircle.standards import Standard

# A gap below this reads as nothing.
SEEN_GAP = 5e-5
# Residences named one by one; more are counted.
NAMED = 5
FILE = "site.toml"


@dataclass(frozen=True)
class Report:
    """An answer with what its outputs need: the standard, the settings, how candidates came about, the land each needs, and the unit of costs.

    `parcels` are those that candidates lie on, None for positions along streets; `osm` tells whether anything was read from OpenStreetMap.
    """

    answer: Answer
    standard: Standard
    settings: Settings
    how: str
    needs_m2: float
    cost_unit: str
    parcels: gpd.GeoDataFrame | None = None
    osm: bool = False

    def category(self, id: str, language: str) -> str:
        """The name of a category."""
        return self.standard.categories[id].name.get(language)

    def categories(self, language: str) -> str:
        """The names of all categories of a site."""
        known = words(language, "site")
        return known["and"].join(self.category(term.category, language) for term in self.answer.case.terms.each)

    def home(self, id: str) -> tuple[str, str]:
        """The name of a residence and its unit."""
        row = self.answer.case.inputs.residences.set_index("residence_id").loc[id]
        return str(row["name"] or id), str(row["unit"])


def sentences(report: Report, *, language: str) -> list[str]:
    """What the siting says, sentence by sentence; people are weights, and what is proven is told apart from what is not."""
    known, answer = words(language, "site"), report.answer
    out = [asked(report, language), proof(report, language)]
    if len(answer.case.terms.each) > 1:
        out.append(known["together"])
    out += _coverage(report, language)
    if answer.case.terms.limited:
        out.append(_capacity(report, known))
    if np.isfinite(answer.mean_m):
        out.append(known["walks"].format(mean=_count(answer.mean_m), far=_count(answer.farthest_m)))
    if not answer.case.terms.covering:
        out.append(known["approximate"])
    if not len(answer.sites):
        out.append(known["nothing"])
    out += [*unmet(report, language), needs(report, language), left(report, language)]
    return [*out, known["scenario"].format(file=FILE)] if len(answer.sites) else out


def asked(report: Report, language: str) -> str:
    """What was looked for: model, number, people, limits and candidates."""
    known, case = words(language, "site"), report.answer.case
    limits = known["join"].join(_limit(term, report, known, language) for term in case.terms.each)
    return known["asked"].format(
        model=known[f"model.{case.terms.wish.model}"],
        sites=_allowed(report, known),
        group=group_name(case.terms.group.id, language),
        limits=limits,
        candidates=len(case.candidates),
        how=known[f"how.{report.how}"],
        needs=known["needs"].format(area=_count(report.needs_m2)) if report.needs_m2 and report.parcels is not None else "",
    )


def _allowed(report: Report, known: Mapping[str, str]) -> str:
    """How many sites may be built, and for how much."""
    bounds = report.answer.case.bounds
    sites = known["sites_free"] if bounds.sites is None else known["sites_most"].format(n=bounds.sites)
    return sites if bounds.budget is None else known["sites_budget"].format(n=sites, budget=f"{bounds.budget:,.10g}", unit=_unit(report))


def _limit(term: Term, report: Report, known: Mapping[str, str], language: str) -> str:
    key = "limit_none" if not np.isfinite(term.reach_m) else "limit" if term.clause else "limit_own"
    return known[key].format(category=report.category(term.category, language), limit=_count(term.judged_m), clause=term.clause)


def proof(report: Report, language: str) -> str:
    """How near to the best the siting is proven to be."""
    known, siting = words(language, "site"), report.answer.siting
    told = {"value": objective(report, siting.objective, known), "bound": objective(report, siting.bound, known), "gap": f"{siting.gap:.2%}", "seconds": f"{siting.seconds:.1f}"}
    if siting.status == OPTIMAL:
        return known["status.optimal" if siting.gap < SEEN_GAP else "status.near"].format(**told)
    if siting.status == TIME_LIMIT:
        return known["status.time_limit" if np.isfinite(siting.gap) else "status.unknown"].format(**told)
    return known["status.infeasible"].format(**told)


def objective(report: Report, value: float, known: Mapping[str, str]) -> str:
    """A value of the model's objective in words."""
    model, bounds = report.answer.siting.model, report.answer.case.bounds
    if not np.isfinite(value):
        return "—"
    if model == "lscp" and bounds.by_cost:
        return known["objective.lscp_cost"].format(value=f"{value:,.10g}{_unit(report)}")
    return known[f"objective.{model}"].format(value=_count(value / 1000) if model == "p-median" else _count(value))


def _coverage(report: Report, language: str) -> list[str]:
    known, out = words(language, "site"), []
    for row in report.answer.coverage.itertuples():
        share = {"before": percent(row.before, row.people), "after": percent(row.after, row.people)}
        out.append(known["coverage"].format(category=report.category(row.category, language), gained=_count(row.after - row.before), people=_count(row.people), **share))
    return out


def _capacity(report: Report, known: Mapping[str, str]) -> str:
    case, siting = report.answer.case, report.answer.siting
    sites = case.sites
    unknown = int((sites["fixed"] & np.isinf(sites["capacity"])).sum())
    room = f"{case.terms.each[0].capacity:,.10g}"
    return known["capacity"].format(room=room, demand=_count(float(siting.demand["people"].sum())), served=_count(siting.people_served), unknown=unknown)


def unmet(report: Report, language: str) -> Iterator[str]:
    """Where the model must serve everybody and cannot: how many, and who, the most first."""
    known, answer = words(language, "site"), report.answer
    if answer.siting.status in (OPTIMAL, TIME_LIMIT):
        return
    siting, bounds, table = answer.siting, answer.case.bounds, answer.unmet
    dear = bounds.budget is not None and siting.cost > bounds.budget * (1 + 1e-9)
    if siting.model == "lscp" and (dear or bounds.sites is not None and len(answer.sites) > bounds.sites):
        needed = objective(report, siting.objective, known) if not dear else known["objective.lscp_cost"].format(value=f"{siting.cost:,.10g}{_unit(report)}")
        yield known["beyond"].format(needed=needed, allowed=_allowed(report, known))
    if table.empty:
        return
    yield known["infeasible"].format(people=_count(table["people"].sum()))
    for row in table.head(NAMED).itertuples():
        home, unit = report.home(row.residence_id)
        yield "  " + known["infeasible_row"].format(home=home, unit=unit or known["whole"], people=_count(row.people), reason=known[f"reason.{row.reason}"])
    more = len(table) - NAMED
    if more > 0:
        yield "  " + known["infeasible_more"].format(n=more)


def needs(report: Report, language: str) -> str:
    """What covering everybody takes."""
    known = words(language, "site")
    row = report.answer.needed.iloc[0]
    if not np.isfinite(row["sites"]) or row["status"] == TIME_LIMIT and not np.isfinite(row["bound"]):
        return known["need_unknown"]
    proven = row["status"] != TIME_LIMIT
    proof_ = known["proof_sites"] if proven else known["proof_bound"].format(bound=_count(row["bound"]))
    return known["need"].format(sites=_count(row["sites"]), proof=proof_, left=_count(row["people_left"]))


def left(report: Report, language: str) -> str:
    """How many stay uncovered, by reason."""
    known, table = words(language, "site"), report.answer.uncovered
    by = table.groupby("reason")["people"].sum().sort_values(ascending=False)
    parts = [known["left_by"].format(reason=known[f"reason.{reason}"], people=_count(people)) for reason, people in by.items()]
    reasons = known["left_reasons"].format(list=known["join"].join(parts)) if parts else ""
    return known["left"].format(people=_count(table["people"].sum()), reasons=reasons)


def next_best(row: pd.Series, known: Mapping[str, str]) -> str:
    """What takes the place of a site, and how the people served differ."""
    if not isinstance(row["next_id"], str) or not row["next_id"]:
        return known["next_none"]
    return f"{row['next_id']} ({difference(row['next_people'], known)})"


def difference(people: float, known: Mapping[str, str]) -> str:
    """A difference of people in words."""
    if not abs(people) >= 0.5:
        return known["people_same"]
    return known["people_fewer" if people < 0 else "people_more"].format(people=_count(abs(people)))


def percent(part: float, whole: float) -> str:
    """A share in words.

    >>> percent(1.0, 8.0), percent(0.0, 0.0)
    ('12.5%', '—')
    """
    return f"{part / whole:.1%}" if whole > 0 else "—"


def _unit(report: Report) -> str:
    return f" {report.cost_unit}" if report.cost_unit else ""


def _count(value: float) -> str:
    return f"{value:,.0f}" if np.isfinite(value) else "∞"
