"""A map sheet on paper: title, map frames at a round scale, legend, north arrow, scale bar and the footer that Chinese figures carry."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon
from PIL import Image

from livingcircle.outputs.figures.fonts import Measure, broken, fitted

MM, MM_PER_PT = 1 / 25.4, 25.4 / 72
# Of a legend, in parts of its letters' size: the sign, the blank behind it, a second line of a label, and the blank below it.
HANDLE, APART, LINE, SPACING = 1.9, 0.8, 1.2, 0.5
Key = Patch | Line2D


@cache
def style() -> Mapping[str, Any]:
    """What `figures.toml` says."""
    return tomllib.loads((files("livingcircle.outputs.figures") / "figures.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Frame:
    """What all sheets of a run share: the ground shown (metres: west, south, east, north), fonts, words, and lines of the footer.

    A character that the first of `fonts` lacks is taken from the next; `width` measures text in them.
    `ground` draws what lies below every map; it is drawn once for each size of map and kept in `images`.
    """

    bounds: tuple[float, float, float, float]
    fonts: Sequence[str]
    width: Measure
    words: Mapping[str, str]
    footer: Sequence[str]
    ground: Callable[[Axes], None]
    images: dict[tuple, Image.Image] = field(default_factory=dict)


class Panel(NamedTuple):
    """One map of a sheet: the lines of its own title (none for no title) and what draws it into its axes."""

    title: Sequence[str]
    draw: Callable[[Axes], None]


def columns_of(count: int) -> int:
    """How many maps stand side by side.

    >>> [columns_of(n) for n in (1, 2, 3, 4, 6)]
    [1, 2, 2, 2, 3]
    """
    return 1 if count == 1 else 2 if count <= 4 else 3


def write(path: Path, *, title: str, panels: Sequence[Panel], keys: Sequence[Key], frame: Frame, paper: str = "A4") -> None:
    """Write a sheet as PNG at 300 dpi on landscape `paper` (`A4` or `A3`); every map of it has the same scale."""
    told = style()["paper"]
    width, height = told[paper]
    figure = Figure(figsize=(width * MM, height * MM), dpi=told["dpi"])
    canvas = FigureCanvasAgg(figure)
    figure.patch.set_alpha(0)
    placed = boxes(len(panels), width, height, titled=any(panel.title for panel in panels))
    scale = scale_of(frame.bounds, placed[0][2], placed[0][3])
    for panel, box in zip(panels, placed, strict=True):
        _map(figure, panel, (box, (width, height)), frame, scale)
    below = _below(figure, frame, canvas.get_width_height())
    margin, fonts = told["margin_mm"], style()["fonts"]
    shown, size = fitted(title, width - 2 * margin, fonts["title_pt"], frame.width, lines=2)
    figure.text(0.5, 1 - (margin + told["title_mm"] * 0.45) / height, shown, ha="center", va="center", fontsize=size, fontfamily=frame.fonts)
    _legend(figure, keys, frame, (width, height, scale))
    _footer(figure, frame, width, height)
    canvas.draw()
    below.alpha_composite(Image.fromarray(np.asarray(canvas.buffer_rgba())))
    # Figures and their parts hold on to each other: without this the pixels of many sheets stay in memory.
    canvas.renderer = None
    # Maps have few colors: a palette makes the file a third as large.
    shown = below.convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.array(shown.getpalette()).reshape(-1, 3)
    # The quick palette makes paper a shade grey.
    palette[(palette >= 253).all(axis=1)] = 255
    shown.putpalette(palette.ravel().tolist())
    shown.save(path, dpi=(told["dpi"], told["dpi"]), compress_level=5)


def _below(figure: Figure, frame: Frame, size: tuple[int, int]) -> Image.Image:
    """White paper with the ground where the maps of `figure` are."""
    out = Image.new("RGBA", size, "white")
    for axes in figure.axes:
        box = axes.get_position()
        key = (round(box.width, 4), round(box.height, 4), size, axes.get_xlim(), axes.get_ylim())
        if key not in frame.images:
            frame.images[key] = image_of(frame.ground, axes)
        out.alpha_composite(frame.images[key], (round(box.x0 * size[0]), round((1 - box.y1) * size[1])))
    return out


def boxes(count: int, width: float, height: float, *, titled: bool = False) -> list[tuple[float, float, float, float]]:
    """Left, bottom, width and height in millimetres of each of `count` maps on such a sheet, row by row; `titled` ones have room above.

    >>> boxes(1, 297, 210)
    [(9.0, 26.0, 213.0, 160.0)]
    """
    told = style()["paper"]
    margin, gap = told["margin_mm"], told["gap_mm"]
    across = columns_of(count)
    down = math.ceil(count / across)
    head = 2 * told["panel_line_mm"] + 1 if titled else 0
    wide = (width - 2 * margin - told["legend_mm"] - gap * across) / across
    high = (height - 2 * margin - told["title_mm"] - told["footer_mm"] - (gap + head) * down) / down
    top = height - margin - told["title_mm"]
    return [
        (margin + (n % across) * (wide + gap), top - (n // across + 1) * (high + head) - (n // across) * gap, wide, high)
        for n in range(count)
    ]


def scale_of(bounds: Sequence[float], width_mm: float, height_mm: float) -> float:
    """The n of the largest round scale 1 : n at which `bounds` (metres) fit a map of so many millimetres.

    >>> scale_of((0, 0, 2000, 1000), 200, 150)
    10000
    """
    steps = style()["scale"]["steps"]
    least = max((bounds[2] - bounds[0]) / width_mm, (bounds[3] - bounds[1]) / height_mm) * 1000
    return next((step for step in steps if step >= least), math.ceil(least / steps[-1]) * steps[-1])


def _map(figure: Figure, panel: Panel, placed: tuple, frame: Frame, scale: float) -> None:
    (left, bottom, wide, high), (width, height) = placed
    axes = figure.add_axes((left / width, bottom / height, wide / width, high / height))
    middle = (frame.bounds[0] + frame.bounds[2]) / 2, (frame.bounds[1] + frame.bounds[3]) / 2
    half = wide * scale / 2000, high * scale / 2000
    axes.set_xlim(middle[0] - half[0], middle[0] + half[0])
    axes.set_ylim(middle[1] - half[1], middle[1] + half[1])
    axes.patch.set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_linewidth(0.5)
    panel.draw(axes)
    sizes = style()["fonts"]["panel_pt"]
    for number, line in enumerate(reversed(panel.title)):
        shown, size = fitted(line, wide, sizes, frame.width)
        above = 1 + (1.2 + number * style()["paper"]["panel_line_mm"]) / high
        axes.text(0, above, shown, transform=axes.transAxes, fontsize=size, fontfamily=frame.fonts, va="bottom")


def _legend(figure: Figure, keys: Sequence[Key], frame: Frame, paper: tuple[float, float, float]) -> None:
    width, height, scale = paper
    told, fonts = style()["paper"], style()["fonts"]
    margin = told["margin_mm"]
    left = width - margin - told["legend_mm"] + 2
    bottom, high = margin + told["footer_mm"], height - 2 * margin - told["footer_mm"] - told["title_mm"]
    axes = figure.add_axes((left / width, bottom / height, (told["legend_mm"] - 2) / width, high / height))
    axes.set_xlim(0, told["legend_mm"] - 2)
    axes.set_ylim(0, high)
    axes.axis("off")
    _arrow(axes, 4, high - 3, frame)
    axes.text(0, high - 26, frame.words["legend"], fontsize=fonts["legend_pt"][0] + 2.5, fontfamily=frame.fonts, va="center")
    labels, size = labeled([key.get_label() for key in keys], (told["legend_mm"] - 2, high - 50), frame.width)
    axes.legend(
        list(keys[: len(labels)]), labels, loc="upper left", bbox_to_anchor=(0, (high - 31) / high), frameon=False, borderaxespad=0,
        borderpad=0, prop={"family": list(frame.fonts), "size": size}, handlelength=HANDLE, handletextpad=APART, labelspacing=SPACING,
    )  # fmt: skip
    _bar(axes, scale, frame)


def labeled(labels: Sequence[str], room: tuple[float, float], width: Measure) -> tuple[list[str], float]:
    """The labels of a legend, broken into lines, and their size in points, at which they fit `room` (width and height in millimetres).

    What does not fit at the least size is left out from the end; then the last label is "…".
    """
    most, least = style()["fonts"]["legend_pt"]
    wide, high = room
    size, told = most, list(labels)
    while True:
        lines = ["\n".join(broken(label, wide / size - (HANDLE + APART) * MM_PER_PT, width)) for label in labels]
        tall = [(1 + LINE * line.count("\n") + SPACING) * MM_PER_PT * size for line in lines]
        if sum(tall) <= high or size <= least:
            break
        size = max(size - 0.5, least)
    told, left = [], high
    for number, (line, own) in enumerate(zip(lines, tall, strict=True)):
        if own > left or (number + 1 < len(lines) and own + tall[number + 1] > left):
            return [*told, "…"], size
        told.append(line)
        left -= own
    return told, size


def _arrow(axes: Axes, x: float, top: float, frame: Frame) -> None:
    axes.add_patch(Polygon([(x, top - 4), (x - 3, top - 15), (x, top - 12)], closed=True, fc="black", ec="black", lw=0.5))
    axes.add_patch(Polygon([(x, top - 4), (x + 3, top - 15), (x, top - 12)], closed=True, fc="white", ec="black", lw=0.5))
    axes.text(x, top, frame.words["north"], ha="center", va="center", fontsize=style()["fonts"]["legend_pt"][0] + 1, fontfamily=frame.fonts)


def _bar(axes: Axes, scale: float, frame: Frame) -> None:
    """A bar of two halves, at most 40 mm long, above the scale in figures."""
    metres = max((m for m in style()["scale"]["bar_m"] if m / scale * 1000 <= 40), default=style()["scale"]["bar_m"][0])
    long, size = metres / scale * 1000, style()["fonts"]["legend_pt"][0]
    for part, color in ((0, "black"), (0.5, "white")):
        axes.add_patch(Polygon([(part * long, 7), ((part + 0.5) * long, 7), ((part + 0.5) * long, 8.6), (part * long, 8.6)], closed=True, fc=color, ec="black", lw=0.5))
    unit = (metres, "m") if metres < 2000 else (metres / 1000, "km")
    for at, value in ((0, 0), (0.5, unit[0] / 2), (1, unit[0])):
        label = f"{value:g}" + (f" {unit[1]}" if at == 1 else "")
        axes.text(at * long, 10, label, ha="center" if at < 1 else "left", va="bottom", fontsize=size - 1, fontfamily=frame.fonts)
    axes.text(0, 3, frame.words["scale"].format(scale=f"{scale:,.0f}".replace(",", " ")), fontsize=size, fontfamily=frame.fonts, va="center")


def _footer(figure: Figure, frame: Frame, width: float, height: float) -> None:
    told = style()["paper"]
    margin = told["margin_mm"]
    figure.add_artist(Line2D([margin / width, 1 - margin / width], [(margin + told["footer_mm"] - 3) / height] * 2, color="black", lw=0.4))
    step = (told["footer_mm"] - 4) / max(len(frame.footer), 1)
    for number, line in enumerate(frame.footer):
        y = (margin + told["footer_mm"] - 5 - number * step) / height
        shown, size = fitted(line, width - 2 * margin, style()["fonts"]["footer_pt"], frame.width)
        figure.text(margin / width, y, shown, fontsize=size, fontfamily=frame.fonts, va="center")


def image_of(draw: Callable[[Axes], None], axes: Axes) -> Image.Image:
    """What `draw` draws, as an image of the size and extent of `axes`, so that several maps can share it."""
    source = axes.figure
    box = axes.get_position()
    size = source.get_size_inches() * (box.width, box.height)
    figure = Figure(figsize=tuple(size), dpi=source.dpi)
    canvas = FigureCanvasAgg(figure)
    figure.patch.set_alpha(0)
    own = figure.add_axes((0, 0, 1, 1))
    own.set_xlim(axes.get_xlim())
    own.set_ylim(axes.get_ylim())
    own.axis("off")
    draw(own)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba()).copy())
    canvas.renderer = None
    return image
