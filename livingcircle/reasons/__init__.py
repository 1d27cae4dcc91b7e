"""Why a point is reached or not: status, cause, street, barrier, missing link, the walk and where its limit falls."""

from livingcircle.reasons.causes import CAUSES, Spots, Terms, barriers_met, explained, missing_link
from livingcircle.reasons.falls import falls
from livingcircle.reasons.sentences import sentence
from livingcircle.reasons.trails import FALLS, Trail, Trails, trail, trails
from livingcircle.reasons.walks import Tree, tree

__all__ = [
    "CAUSES", "FALLS", "Spots", "Terms", "Trail", "Trails", "Tree", "barriers_met", "explained", "falls", "missing_link",
    "sentence", "trail", "trails", "tree",
]
