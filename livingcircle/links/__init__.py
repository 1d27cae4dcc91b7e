"""Which gate to open and which footpath, crossing or bridge to build: links that move most people into coverage."""

from livingcircle.links.answer import Answer
from livingcircle.links.candidates import candidate_links, links_of
from livingcircle.links.case import Built, Case, case_of
from livingcircle.links.changes import scenario_changes
from livingcircle.links.gains import Gains, bounds, first_look, gains_of, homes_gaining, served_by
from livingcircle.links.package import Package, package_of, ways_round
from livingcircle.links.ranking import Ranking, ranked
from livingcircle.links.terms import KINDS, ORDERS, Terms, terms_of

__all__ = [
    "KINDS", "ORDERS", "Answer", "Built", "Case", "Gains", "Package", "Ranking", "Terms",
    "bounds", "candidate_links", "case_of", "first_look", "gains_of", "homes_gaining", "links_of", "package_of", "ranked", "scenario_changes", "served_by", "terms_of", "ways_round",
]
