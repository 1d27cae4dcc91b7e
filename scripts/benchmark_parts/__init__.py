"""The searches and areas measured beside other engines on the same streets, with all answers compared."""

from benchmark_parts.rows import FULL, QUICK, Sizes, run
from benchmark_parts.table import Figure, table

__all__ = ["FULL", "QUICK", "Figure", "Sizes", "run", "table"]
