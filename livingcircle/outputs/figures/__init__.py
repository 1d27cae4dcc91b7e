"""`figures/*.png`: the maps of a run as pictures for reports, at 300 dpi with title, scale, north arrow, legend, sources and date."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np

from livingcircle import __version__
from livingcircle.analysis import Result
from livingcircle.messages import words
from livingcircle.outputs.figures import sheet
from livingcircle.outputs.figures.fonts import family, measure, one_line
from livingcircle.outputs.figures.maps import Drawing, Ground, sheets

__all__ = ["Drawn", "fonts_of", "write"]

SHOWN_SOURCES = 5


class Drawn(NamedTuple):
    """A figure written: its file and its title."""

    path: Path
    title: str


def fonts_of(language: str) -> list[str]:
    """The fonts that figures in a language are lettered in, the first before the others; none where the machine has none for it.

    A font that holds Chinese stands behind those of other languages, for names.
    """
    wanted = sheet.style()["fonts"]
    first, names = family(wanted[language]), family(wanted["zh"])
    return [] if first is None else list(dict.fromkeys(font for font in (first, names, *wanted["en"]) if font))


def write(result: Result, folder: Path, *, drawn_on: date, paper: str = "A4") -> list[Drawn]:
    """The figures written into `folder`, in the order of a report; none where the machine has no font for the study's language.

    `drawn_on` is the date that figures bear, `paper` is `A4` or `A3`.
    """
    language = result.settings.language
    fonts = fonts_of(language)
    if not fonts:
        return []
    known = dict(words(language, "figures"))
    ground = Ground(result, known)
    frame = sheet.Frame(_bounds(result), fonts, measure(fonts), known, _footer(result, known, drawn_on), ground)
    year = words(language)["summary.year"].format(year=result.settings.year) if result.settings.year else words(language)["summary.no_year"]
    name = one_line(result.settings.name.get(language) or result.settings.study_id)
    told = Drawing(result, known, ground, name, year, _statuses(language))
    folder.mkdir(exist_ok=True)
    out = []
    # A dollar sign in a name is no formula.
    with warnings.catch_warnings(), matplotlib.rc_context({"text.parse_math": False, "text.usetex": False}):
        # A rare character that the font lacks is drawn as a box; the figure is still of use.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        for number, each in enumerate(sheets(told), start=1):
            path = folder / f"{number:02d}-{each.name}.png"
            sheet.write(path, title=each.title, panels=each.panels, keys=each.keys, frame=frame, paper=paper)
            out.append(Drawn(path, each.title))
            # A drawn figure refers to itself: without this its pixels stay, 30 MB and more a sheet.
            gc.collect()
    return out


def _statuses(language: str) -> Mapping[str, str]:
    return {key.removeprefix("status."): word for key, word in words(language, "gis").items() if key.startswith("status.")}


def _bounds(result: Result) -> tuple[float, float, float, float]:
    """The ground shown: the study area with a margin, or the homes with a wider one, so that what is around them is seen."""
    frame, part = (result.area, 0.03) if result.area is not None else (result.residences, 0.1)
    west, south, east, north = frame.total_bounds
    margin = part * max(east - west, north - south, 200.0)
    return float(west - margin), float(south - margin), float(east + margin), float(north + margin)


def _footer(result: Result, known: Mapping[str, str], drawn_on: date) -> list[str]:
    settings = result.settings
    sources = list(np.unique(result.facilities["source"].to_numpy(dtype=str)))
    shown = known["between"].join(sources[:SHOWN_SOURCES]) + ("…" if len(sources) > SHOWN_SOURCES else "")
    year = str(settings.year) if settings.year else words(settings.language)["summary.no_year"]
    return [
        known["footer.crs"].format(crs=result.network.crs.name, sources=one_line(shown), year=year),
        known["footer.made"].format(date=drawn_on.isoformat(), version=__version__),
        known["footer.internal"].format(note=one_line(settings.note.get(settings.language, ""))),
    ]
