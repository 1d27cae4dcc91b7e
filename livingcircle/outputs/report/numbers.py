"""Numbers as a report writes them: shares, counts, metres and hectares as text, a dash for what is unknown."""

from __future__ import annotations

import math

DASH = "—"


def share(value: float) -> str:
    """A share of 0 to 1 in percent.

    >>> share(0.1234), share(float("nan"))
    ('12.3%', '—')
    """
    return f"{value * 100:.1f}%" if math.isfinite(value) else DASH


def count(value: float) -> str:
    """A number of people or things, with thousands apart.

    >>> count(12345.6), count(float("inf"))
    ('12,346', '—')
    """
    return f"{value:,.0f}" if math.isfinite(value) else DASH


def decimal(value: float, places: int = 1) -> str:
    """A number with so many decimals.

    >>> decimal(1234.56), decimal(float("nan"))
    ('1,234.6', '—')
    """
    return f"{value:,.{places}f}" if math.isfinite(value) else DASH


def year(value: float) -> str:
    """A year, a dash where none is known.

    >>> year(2025.0), year(float("nan"))
    ('2025', '—')
    """
    return f"{value:.0f}" if math.isfinite(value) else DASH
