"""The fonts that the figures are lettered in, and text fitted to the room it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress

from matplotlib import font_manager
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

# A line may end after any wide character, and after a run of others with the blanks behind it.
PART = re.compile(r"[^\s\u2e80-\uffff]+\s*|[\u2e80-\uffff]\s*|\s+")
# Marks that no line begins with.
CLOSING = "，。、；：！？）》」』”’〉】,.;:!?)"
MEASURED_PT = 20.0

Measure = Callable[[str], float]


def family(wanted: Sequence[str]) -> str | None:
    """The first font family of `wanted` that this machine has; None where it has none of them.

    >>> family(["no such font"]) is None
    True
    """
    found = _first(wanted)
    if found is None:
        # matplotlib remembers the fonts of its first use: one installed since is not among them.
        seen = {entry.fname for entry in font_manager.fontManager.ttflist}
        for path in set(font_manager.findSystemFonts()) - seen:
            # A file that is no font it can read lends none.
            with suppress(Exception):
                font_manager.fontManager.addfont(path)
        found = _first(wanted)
    return found


def _first(wanted: Sequence[str]) -> str | None:
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in wanted if name in known), None)


def one_line(text: str) -> str:
    """Text in one line: every run of blanks and breaks as one blank.

    >>> one_line("a\\n b\\t")
    'a b'
    """
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip(" ")


def measure(families: Sequence[str]) -> Measure:
    """A function that tells how many millimetres wide a text of one point is in these fonts."""
    renderer = RendererAgg(10, 10, 72)
    known: dict[str, float] = {}
    face = FontProperties(family=list(families), size=MEASURED_PT)

    def width(text: str) -> float:
        if text not in known:
            known[text] = renderer.get_text_width_height_descent(text, face, False)[0] / 72 * 25.4 / MEASURED_PT
        return known[text]

    return width


def broken(text: str, wide: float, width: Measure) -> list[str]:
    """The lines of `text`, none wider than `wide`, broken between words, and between any two Chinese characters.

    >>> broken("a bc 路网", 3, len), broken("路网，图", 2, len), broken("abcde", 2, len)
    (['a', 'bc', '路网'], ['路', '网，', '图'], ['ab', 'cd', 'e'])
    """
    lines, line = [], ""
    parts = PART.findall(text)
    for at, part in enumerate(parts):
        follows = parts[at + 1] if at + 1 < len(parts) and parts[at + 1][0] in CLOSING else ""
        if line and width((line + part + follows).rstrip()) > wide:
            lines.append(line.rstrip())
            line = ""
        line += part
        while width(line.rstrip()) > wide and len(line.rstrip()) > 1:
            cut = next(n for n in range(len(line), 0, -1) if n == 1 or width(line[:n]) <= wide)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def fitted(text: str, wide: float, sizes: tuple[float, float], width: Measure, *, lines: int = 1) -> tuple[str, float]:
    """Text and its size in points, at which it fits `wide` millimetres in at most so many lines.

    `sizes` are the wanted and the least size; what does not fit even at the least is cut and ends with "…".

    >>> fitted("abcd", 8, (4, 1), len), fitted("abcd", 8, (4, 3), len), fitted("abcd", 8, (4, 4), len, lines=2)
    (('abcd', 2.0), ('a…', 3), ('ab\\ncd', 4))
    """
    most, least = sizes
    alone = width(text) * most
    if alone <= wide:
        return text, most
    if wide / alone * most >= least:
        return text, wide / alone * most
    told = broken(text, wide / least, width)
    if len(told) > lines:
        last = told[lines - 1]
        while last and width(last + "…") * least > wide:
            last = last[:-1]
        told = [*told[: lines - 1], last + "…"]
    return "\n".join(told), least
