"""The ground from which facilities are reached on foot within so many metres, one area a facility and limit."""

from livingcircle.service_areas.areas import service_areas
from livingcircle.service_areas.ground import Ground

__all__ = ["Ground", "service_areas"]
