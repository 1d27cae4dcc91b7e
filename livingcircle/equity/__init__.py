"""How evenly walks and access are shared out among people: the measures, and their table for a whole study."""

from livingcircle.equity.measures import (
    MEASURES, PERCENTILES, WORST, changes, concentration, equity, gini, measures, palma, percentile, theil, worst_off,
)  # fmt: skip
from livingcircle.equity.tables import COLUMNS, Living, by_category, group_columns, living, rank_of

__all__ = [
    "COLUMNS", "MEASURES", "PERCENTILES", "WORST", "Living", "by_category", "changes", "concentration", "equity", "gini", "group_columns",
    "living", "measures", "palma", "percentile", "rank_of", "theil", "worst_off",
]  # fmt: skip
