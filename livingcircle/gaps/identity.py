"""The id by which a gap is known again."""

from __future__ import annotations

import hashlib


def gap_id(*parts: str) -> str:
    """The id of a gap, the same in every run and on every machine for the same place, category, level, group and clause.

    >>> gap_id("R1", "edu_primary", "L10", "all", "5.0.3") == gap_id("R1", "edu_primary", "L10", "all", "5.0.3")
    True
    """
    return "G" + hashlib.blake2b("\x1f".join(parts).encode(), digest_size=5).hexdigest()
