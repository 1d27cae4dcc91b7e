"""The programme of near-term projects: new sites, enlargements, gates and links, ranked under a budget."""

from livingcircle.programme.choosing import Choice, Offer, Rooms, exact, greedy
from livingcircle.programme.measures import ENLARGEMENT, SITE, Costs
from livingcircle.programme.planning import STEPS, Programme, Terms, programme_of

__all__ = ["ENLARGEMENT", "SITE", "STEPS", "Choice", "Costs", "Offer", "Programme", "Rooms", "Terms", "exact", "greedy", "programme_of"]
