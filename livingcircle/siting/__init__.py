"""Where to build: candidate sites, the models that choose among them, and what speaks for each choice."""

from livingcircle.siting.candidates import Places, existing, from_parcels, from_streets, lots, together, vacant
from livingcircle.siting.explaining import alternatives, curve, needed, worth
from livingcircle.siting.models import MODELS, Siting, lscp, mclp, p_center, p_median, solved
from livingcircle.siting.problem import DEMAND, PARCELS, SITES, Bounds, Problem, joint, problem, sites_of
from livingcircle.siting.serving import REASONS, served

__all__ = [
    "DEMAND", "MODELS", "PARCELS", "REASONS", "SITES", "Bounds", "Places", "Problem", "Siting", "alternatives", "curve", "existing", "from_parcels",
    "from_streets", "joint", "lots", "lscp", "mclp", "needed", "p_center", "p_median", "problem", "served", "sites_of", "solved", "together", "vacant", "worth",
]  # fmt: skip
