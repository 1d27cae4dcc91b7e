"""The font that the figures are lettered in."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import font_manager


def family(wanted: Sequence[str]) -> str | None:
    """The first font family of `wanted` that this machine has; None where there is none, which only Chinese text minds.

    >>> family(["no such font"]) is None
    True
    """
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in wanted if name in known), None)
