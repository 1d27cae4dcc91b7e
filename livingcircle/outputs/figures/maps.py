"""What the figures of a run show: facilities, people, what homes lack, coverage by category, and what is planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.path import Path as Outline

from livingcircle.analysis import Result
from livingcircle.coverage import WHOLE_AREA
from livingcircle.facilities import CLOSED
from livingcircle.outputs.figures.fonts import one_line
from livingcircle.outputs.figures.sheet import Key, Panel, style

MM_PT = 72 / 25.4


class Map(NamedTuple):
    """One sheet: its file name without suffix, title, maps and legend."""

    name: str
    title: str
    panels: Sequence[Panel]
    keys: Sequence[Key]


def drawn(axes: Axes, shapes: Sequence[shapely.Geometry], **told) -> None:
    """Draw polygons, points or lines into `axes`; points as small circles."""
    kinds = shapely.get_type_id(np.asarray(shapes, dtype=object)) if len(shapes) else np.array([])
    polygons = np.asarray(shapes, dtype=object)[np.isin(kinds, (3, 6))] if len(shapes) else kinds
    paths = _outlines(polygons[~shapely.is_empty(polygons)]) if len(polygons) else []
    if paths:
        # Maps show a ground told beforehand, so what is drawn need not be measured.
        axes.add_collection(PathCollection(paths, **told), autolim=False)
    points = shapely.get_coordinates([s for s, kind in zip(shapes, kinds, strict=True) if kind in (0, 4)])
    if len(points):
        axes.plot(*points.T, "o", ms=2.2, color=told.get("facecolor", "black"), mec="none", zorder=told.get("zorder", 1))


def _outlines(polygons: np.ndarray) -> list[Outline]:
    """The path of every polygon, holes included."""
    parts, of_part = shapely.get_parts(polygons, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(points), Outline.LINETO, dtype=Outline.code_type)
    begins = np.diff(ring, prepend=-1) > 0
    codes[begins] = Outline.MOVETO
    codes[np.append(begins[1:], True)] = Outline.CLOSEPOLY
    cuts = np.searchsorted(of_part[of_ring[ring]], np.arange(len(polygons) + 1))
    return [Outline(points[low:high], codes[low:high]) for low, high in zip(cuts[:-1], cuts[1:], strict=True)]


def lines_of(axes: Axes, shapes: Sequence[shapely.Geometry], **told) -> None:
    """Draw lines and the borders of polygons into `axes`."""
    parts = shapely.get_parts([s.boundary if shapely.get_type_id(s) in (3, 6) else s for s in shapes])
    parts = shapely.get_parts(parts)
    axes.add_collection(LineCollection([shapely.get_coordinates(part) for part in parts], **told), autolim=False)


class Ground:
    """What lies below every map of a run: streets, water, borders."""

    def __init__(self, result: Result, words: Mapping[str, str]) -> None:
        self._result, self._words = result, words

    def __call__(self, axes: Axes) -> None:
        """Draw the ground into `axes`."""
        told, result = style()["ground"], self._result
        for kind, shapes in self._barriers():
            if kind == "water":
                drawn(axes, shapes, facecolor=told["water"], edgecolor="none", zorder=0)
            else:
                lines_of(axes, shapes, color=told["barrier"], linewidth=0.9, linestyle=(0, (5, 2)), zorder=2)
        lines_of(axes, result.network.streets.geometry.to_numpy(), color=told["street"], linewidth=told["street_mm"] * MM_PT, zorder=1)
        if result.units is not None:
            lines_of(axes, result.units.geometry.to_numpy(), color=told["unit"], linewidth=0.5, linestyle=(0, (4, 2)), zorder=3)
        if result.area is not None:
            lines_of(axes, result.area.geometry.to_numpy(), color=told["area"], linewidth=1.1, linestyle=(0, (7, 2, 1, 2)), zorder=3)

    def _barriers(self) -> Iterator[tuple[str, np.ndarray]]:
        walls = self._result.barriers
        if walls is not None and len(walls):
            for kind, own in walls.groupby("kind", sort=True):
                yield str(kind), own.geometry.to_numpy()

    def keys(self) -> list[Key]:
        """The legend of the ground."""
        told, words = style()["ground"], self._words
        out: list[Key] = [Line2D([], [], color=told["street"], lw=1, label=words["key.street"])]
        kinds = [kind for kind, _ in self._barriers()]
        if "water" in kinds:
            out.append(Patch(fc=told["water"], label=words["key.water"]))
        others = [words.get(f"barrier.{kind}", kind) for kind in kinds if kind != "water"]
        if others:
            out.append(Line2D([], [], color=told["barrier"], lw=0.9, ls=(0, (5, 2)), label=words["key.barrier"].format(kinds=words["between"].join(others))))
        if self._result.units is not None:
            out.append(Line2D([], [], color=told["unit"], lw=0.6, ls=(0, (4, 2)), label=words["key.unit"]))
        if self._result.area is not None:
            out.append(Line2D([], [], color=told["area"], lw=1.1, ls=(0, (7, 2, 1, 2)), label=words["key.area"]))
        return out


class Drawing(NamedTuple):
    """What every map is made from: the result, the words, the shared ground, and the names that titles bear."""

    result: Result
    words: Mapping[str, str]
    ground: Ground
    study: str
    year: str
    statuses: Mapping[str, str]

    def title(self, key: str, **more: str) -> str:
        """A title with the study and the year filled in."""
        return self.words[f"title.{key}"].format(study=self.study, year=self.year, **more)


def sheets(told: Drawing) -> Iterator[Map]:
    """Every sheet of a run, one after another."""
    yield facilities(told)
    yield people(told)
    yield from lacking(told)
    yield from coverage(told)
    planned_sheet = planned(told)
    if planned_sheet is not None:
        yield planned_sheet


def facilities(told: Drawing) -> Map:
    """Where facilities open in the year stand, by theme."""
    result = told.result
    language, standard = result.settings.language, result.standard
    open_now = result.facilities[result.facilities["open"]]
    theme = [standard.categories[served[0]].theme if served else "" for served in open_now["categories"]]
    spots = shapely.get_coordinates(shapely.point_on_surface(open_now.geometry.to_numpy()))
    themes = [name for name in standard.themes if name in theme]

    def draw(axes: Axes) -> None:
        drawn(axes, result.residences.geometry.to_numpy(), facecolor=style()["ground"]["residence"], edgecolor="none", zorder=0.5)
        for name in themes:
            own = spots[np.array(theme) == name]
            axes.plot(*own.T, "o", ms=4, color=standard.themes[name].color, mec="white", mew=0.4, zorder=4)

    many = {name: theme.count(name) for name in themes}
    keys = [
        Line2D([], [], marker="o", ls="", ms=5, color=standard.themes[name].color, mec="white", mew=0.4, label=told.words["key.theme"].format(name=standard.themes[name].name.get(language), count=many[name]))
        for name in themes
    ]
    keys.append(Patch(fc=style()["ground"]["residence"], label=told.words["key.residence"]))
    return Map("facilities", told.title("facilities"), [Panel((), draw)], [*keys, *told.ground.keys()])


def classed(told: Drawing, values: np.ndarray, colors: Sequence[str], shapes: np.ndarray) -> Callable[[Axes], None]:
    """What draws `shapes` by class: `values` are rows of `colors`."""

    def draw(axes: Axes) -> None:
        for row, color in enumerate(colors):
            own = shapes[values == row]
            if len(own):
                drawn(axes, own, facecolor=color, edgecolor="#77777799", linewidth=0.2, zorder=0.5)

    return draw


def people(told: Drawing) -> Map:
    """How densely people live on residential land."""
    homes, steps = told.result.residences, style()["people"]
    edges = steps["breaks_per_ha"]
    with np.errstate(divide="ignore", invalid="ignore"):
        density = (homes["people"] / homes["land_m2"] * 10_000).to_numpy()
    row = np.digitize(np.nan_to_num(density, posinf=edges[-1]), edges)
    words = told.words
    labels = [
        words["key.per_ha_first"].format(high=edges[0]),
        *(words["key.per_ha"].format(low=low, high=high) for low, high in zip(edges, edges[1:], strict=False)),
        words["key.per_ha_last"].format(low=edges[-1]),
    ]
    keys = [Patch(fc=color, label=label) for color, label in zip(steps["colors"], labels, strict=True)]
    draw = classed(told, row, steps["colors"], homes.geometry.to_numpy())
    return Map("people", told.title("people"), [Panel((), draw)], [*keys, *told.ground.keys()])


def classes_of(most: int, count: int) -> list[tuple[int, int]]:
    """At most `count` classes of equal width for the whole numbers from 1 to `most`, each as its first and last number.

    >>> classes_of(4, 6), classes_of(14, 6)
    ([(1, 1), (2, 2), (3, 3), (4, 4)], [(1, 3), (4, 6), (7, 9), (10, 12), (13, 14)])
    """
    step = -(-most // count)
    return [(low, min(low + step - 1, most)) for low in range(1, most + 1, step)]


def lacking(told: Drawing) -> Iterator[Map]:
    """For each level, how many mandatory facilities homes lack."""
    result, steps, words = told.result, style()["lacking"], told.words
    homes = result.residences.set_index("residence_id")
    for level in result.standard.levels:
        own = result.lacking[(result.lacking["level"] == level) & result.lacking["residence_id"].isin(homes.index)]
        if not len(own):
            continue
        classes = classes_of(max(int(own["elements"].max()), 1), len(steps["colors"]) - 1)
        lost = np.round(own["lacking"].to_numpy(dtype=float))
        count = np.searchsorted([high for _, high in classes], lost) + (lost > 0)
        shapes = homes.geometry.reindex(own["residence_id"]).to_numpy()
        spans = [words["key.lacking" if low == high else "key.lacking_span"].format(low=low, high=high) for low, high in classes]
        labels = [words["key.none_lacking"], *spans]
        keys = [Patch(fc=color, label=label) for color, label in zip(steps["colors"], labels, strict=False)]
        name = result.standard.levels[level].name.get(result.settings.language)
        yield Map(f"lacking-{level}", told.title("lacking", level=name), [Panel((), classed(told, count, steps["colors"], shapes))], [*keys, *told.ground.keys()])


def coverage(told: Drawing) -> Iterator[Map]:
    """For each theme its mandatory categories, four maps a sheet: land covered, land beyond the limit, facilities."""
    result = told.result
    standard, language = result.standard, result.settings.language
    whole = result.coverage[(result.coverage["unit"] == WHOLE_AREA) & (result.coverage["group"] == result.settings.groups[0].id)]
    asked = whole[(whole["flag"] == "mandatory") & (whole["facilities"] > 0)]
    for theme in standard.themes:
        rows = asked[[standard.categories[c].theme == theme for c in asked["category"]]]
        sheets = [rows.iloc[at : at + 4] for at in range(0, len(rows), 4)]
        for number, own in enumerate(sheets, start=1):
            panels = [_covered(told, row) for row in own.itertuples()]
            name = f"coverage-{theme}" + (f"-{number}" if len(sheets) > 1 else "")
            title = told.title("coverage", theme=standard.themes[theme].name.get(language))
            yield Map(name, title, panels, [*_coverage_keys(told), *told.ground.keys()])


def _coverage_keys(told: Drawing) -> list[Key]:
    colors, words = style()["coverage"], told.words
    return [
        Patch(fc=colors["covered"], label=words["key.covered"]),
        Patch(fc=colors["beyond"], label=words["key.beyond"]),
        Line2D([], [], color=colors["limit"], lw=0.8, label=words["key.limit"]),
        Line2D([], [], marker="o", ls="", ms=4, color=colors["facility"], label=words["key.facility"]),
        Line2D([], [], marker="o", ls="", ms=4, mfc=colors["planned"], mec=colors["facility"], label=words["key.planned"]),
    ]


def _covered(told: Drawing, row) -> Panel:
    result, colors = told.result, style()["coverage"]
    language = result.settings.language
    beyond, areas, places = result.gap_areas, result.isochrones, result.facilities
    lost = beyond[(beyond["category"] == row.category) & (beyond["level"] == row.level)].geometry.to_numpy()
    limit = areas[(areas["category"] == row.category) & (areas["level"] == row.level)].geometry.to_numpy()
    serves = places[[row.category in served for served in places["categories"]]]
    spots = shapely.get_coordinates(shapely.point_on_surface(serves.geometry.to_numpy())).reshape(-1, 2)
    opened = serves["open"].to_numpy(dtype=bool)

    def draw(axes: Axes) -> None:
        drawn(axes, result.residences.geometry.to_numpy(), facecolor=colors["covered"], edgecolor="none", zorder=0.5)
        drawn(axes, lost, facecolor=colors["beyond"], edgecolor="none", zorder=0.6)
        lines_of(axes, limit, color=colors["limit"], linewidth=0.6, zorder=3)
        axes.plot(*spots[opened].T, "o", ms=2.4, color=colors["facility"], mec="white", mew=0.3, zorder=4)
        axes.plot(*spots[~opened].T, "o", ms=2.8, mfc=colors["planned"], mec=colors["facility"], mew=0.6, zorder=4)

    def share(value: float) -> str:
        return f"{value:.1%}" if np.isfinite(value) else "—"

    title = (
        told.words["panel.category"].format(
            category=result.standard.categories[row.category].name.get(language), level=result.standard.levels[row.level].name.get(language), limit=row.limit_m
        ),
        told.words["panel.shares"].format(land=share(row.land_share), people=share(row.people_share)),
    )  # fmt: skip
    return Panel(title, draw)


def planned(told: Drawing) -> Map | None:
    """Where facilities will open, numbered, each with its year; None when none is planned."""
    result, words = told.result, told.words
    coming: gpd.GeoDataFrame = result.facilities[~result.facilities["status"].isin(("existing", CLOSED)) & ~result.facilities["open"]]
    if not len(coming):
        return None
    coming = coming.sort_values(["open_year", "name"], kind="stable")
    spots = shapely.get_coordinates(shapely.point_on_surface(coming.geometry.to_numpy()))
    color = style()["coverage"]["beyond"]

    def draw(axes: Axes) -> None:
        drawn(axes, result.residences.geometry.to_numpy(), facecolor=style()["ground"]["residence"], edgecolor="none", zorder=0.5)
        axes.plot(*spots.T, "o", ms=9, color=color, mec="white", mew=0.7, zorder=4)
        for number, (x, y) in enumerate(spots, start=1):
            axes.text(x, y, str(number), color="white", fontsize=6.5 if number < 10 else 5, ha="center", va="center_baseline", zorder=5, clip_on=True)

    keys: list[Key] = []
    for number, row in enumerate(coming.itertuples(), start=1):
        year = words["key.no_year"] if np.isnan(row.open_year) else f"{row.open_year:.0f}"
        label = words["key.opens"].format(number=number, name=one_line(row.name), status=told.statuses[row.status], year=year)
        keys.append(Line2D([], [], marker="o", ls="", ms=5, color=color, mec="none", label=label))
    # The list may be longer than the sheet; the ground's few signs come first.
    first = Patch(fc=style()["ground"]["residence"], label=words["key.residence"])
    return Map("planned", told.title("planned"), [Panel((), draw)], [first, *told.ground.keys(), *keys])
