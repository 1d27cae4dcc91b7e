"""How evenly walks and access are shared out among people: the measures, and their table for a whole study."""

from livingcircle.equity.measures import (
    MEASURES, PERCENTILES, WORST, changes, concentration, equity, gini, measures, palma, percentile, theil, worst_off,
)  # fmt: skip
from livingcircle.equity.tables import COLUMNS, Living, Told, by_category, group_columns, living, rank_of, table, told_of

__all__ = [
    "COLUMNS", "MEASURES", "PERCENTILES", "WORST", "Living", "Told", "by_category", "changes", "concentration", "equity", "gini", "group_columns",
    "living", "measures", "palma", "percentile", "rank_of", "table", "theil", "told_of", "worst_off",
]  # fmt: skip
