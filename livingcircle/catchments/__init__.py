"""Who is within reach of every door: catchments, pairs, the nearest few, counts, exclusive areas, what a closure costs."""

from livingcircle.catchments.choice import Exclusive, counts, exclusive, k_nearest, marginal
from livingcircle.catchments.nth import nth_nearest, nth_straight
from livingcircle.catchments.walks import ROUNDING_M, catchments, pairs

__all__ = ["ROUNDING_M", "Exclusive", "catchments", "counts", "exclusive", "k_nearest", "marginal", "nth_nearest", "nth_straight", "pairs"]
