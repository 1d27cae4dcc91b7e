"""Figures: sheets at a round scale whose parts keep their places, with names shown as they are."""

from __future__ import annotations

import warnings
from datetime import date

import geopandas as gpd
import matplotlib
import pandas as pd
import pytest
import shapely
from conftest import CRS, analyzed_once, facility_table, residence_table, town
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from livingcircle.outputs import figures
from livingcircle.outputs.figures import fonts, maps, sheet

DAY = date(2024, 5, 6)


@pytest.fixture(autouse=True)
def lettered():
    if not figures.fonts_of("zh"):
        pytest.skip("this machine has no font for Chinese: install one to run this test (Debian: fonts-noto-cjk)")


def layers(**more):
    area = gpd.GeoDataFrame(geometry=[shapely.box(-100, -300, 1100, 500)], crs=CRS)
    walls = gpd.GeoDataFrame({"kind": ["water", "railway"]}, geometry=[shapely.box(600, -300, 640, 500), shapely.LineString([(900, -300), (900, 500)])], crs=CRS)
    return {"area": area, "barriers": walls, **more}


def units():
    frame = gpd.GeoDataFrame({"unit": ["东社区", "西社区"]}, geometry=[shapely.box(500, -300, 1100, 500), shapely.box(-100, -300, 500, 500)], crs=CRS)
    return frame.assign(name=frame["unit"])


def toy(standard, *, homes=None, places=None, **told):
    network = town([(0, 0), (1000, 0)], [(500, 0), (500, 300)])
    if places is None:
        places = facility_table(("西小学", "school", shapely.Point(0, 5)), ("绿园", "park", shapely.box(480, 310, 560, 380)), ("新校 $a_1^2$ <b>\n东", "school", shapely.Point(1000, 5), "planned", 2030))
    if homes is None:
        homes = residence_table(("A", 120, shapely.box(100, 5, 200, 60)), ("B", 0, shapely.box(450, 5, 550, 60)), ("C", 80, shapely.box(820, 5, 920, 60)))
    return analyzed_once(standard, network, places, homes, **{"language": "zh", "year": 2025, **told})


@pytest.fixture
def seen(monkeypatch):
    """Every sheet that is drawn, as its figure."""
    kept = []
    draw = FigureCanvasAgg.draw

    def keep(canvas):
        draw(canvas)
        if len(canvas.figure.texts):
            kept.append(canvas.figure)

    monkeypatch.setattr(FigureCanvasAgg, "draw", keep)
    return kept


@pytest.fixture
def coarse(monkeypatch):
    """Sheets of few dots, for tests that look at none of them."""
    monkeypatch.setitem(sheet.style()["paper"], "dpi", 60)


def texts(figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def assert_within_the_page(figure):
    renderer = figure.canvas.get_renderer()
    width, height = figure.canvas.get_width_height()
    for text in texts(figure):
        box = text.get_window_extent(renderer)
        #  what a map labels is cut at its frame
        if text.get_clip_on():
            continue
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text.get_text()


@pytest.mark.parametrize(("extent", "width", "height", "scale"), [((0, 0, 2000, 1000), 200, 150, 10_000), ((0, 0, 100, 3010), 200, 150, 25_000), ((5, 5, 105, 25), 200, 150, 500)])
def test_the_scale_is_the_largest_round_one_that_fits(extent, width, height, scale):
    #  3,010 m on 150 mm ask for 1:20,067, one step above 1:20,000
    assert sheet.scale_of(extent, width, height) == scale
    assert (extent[2] - extent[0]) / scale * 1000 <= width and (extent[3] - extent[1]) / scale * 1000 <= height


def test_a_scale_beyond_the_last_step_is_a_multiple_of_it():
    assert sheet.scale_of((0, 0, 500_000, 10), 200, 150) == 3_000_000


@pytest.mark.parametrize("paper", [(297, 210), (420, 297)])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_maps_stand_apart_within_the_page_and_left_of_the_legend(paper, count):
    width, height = paper
    told = sheet.style()["paper"]
    found = [shapely.box(x, y, x + w, y + h) for x, y, w, h in sheet.boxes(count, width, height, titled=True)]
    page = shapely.box(told["margin_mm"], told["margin_mm"] + told["footer_mm"], width - told["margin_mm"] - told["legend_mm"], height - told["margin_mm"] - told["title_mm"])
    assert len(found) == count
    assert all(shapely.covers(page.buffer(1e-6), box) for box in found)
    for number, one in enumerate(found):
        assert all(one.distance(other) >= told["gap_mm"] - 1e-6 for other in found[number + 1 :])


def test_every_sheet_is_a_page_at_300_dpi_and_shows_what_it_must(tiny, tmp_path, seen):
    result = toy(tiny, units=units(), layers=layers())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = figures.write(result, tmp_path / "figures", drawn_on=DAY)
    assert [each.path.name for each in drawn] == ["01-facilities.png", "02-people.png", "03-lacking-L15.png", "04-lacking-L5.png", "05-coverage-all.png", "06-planned.png"]
    assert all("玩具" in each.title for each in drawn)
    for each in drawn:
        with Image.open(each.path) as picture:
            #  297 x 210 mm at 300 dots an inch
            assert abs(picture.width - 3507) <= 1 and abs(picture.height - 2480) <= 1
            assert tuple(round(dpi) for dpi in picture.info["dpi"]) == (300, 300)
    assert len(seen) == len(drawn)
    for figure, each in zip(seen, drawn, strict=True):
        shown = "\n".join(text.get_text() for text in texts(figure))
        assert each.title in shown and "图  例" in shown and "北" in shown and "2024-05-06" in shown and "审图号" in shown and "toy" in shown
        assert "研究范围" in shown and "社区（单元）" in shown and "水面" in shown and "铁路" in shown
        assert_within_the_page(figure)


def test_a_name_stands_as_it_is(tiny, tmp_path, seen, coarse):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures.write(toy(tiny, name={"zh": "甲$x_1$<乙>\n丙", "en": "$"}), tmp_path / "figures", drawn_on=DAY)
    planned = "".join(text.get_text() for text in texts(seen[-1])).replace("\n", "")
    #  a break within a name is a blank; a label may be broken into lines anywhere
    assert "新校 $a_1^2$ <b> 东" in planned.replace("1新校", "新校") or "新校$a_1^2$<b>东" in planned.replace(" ", "")
    assert "甲$x_1$<乙> 丙" in planned


def test_a_long_name_of_the_study_is_made_to_fit(tiny, tmp_path, seen, monkeypatch):
    monkeypatch.setattr(figures, "sheets", lambda told: [maps.facilities(told), *maps.coverage(told)])
    figures.write(toy(tiny, name={"zh": "非常长的研究名称" * 12, "en": "long " * 60}, units=units()), tmp_path / "figures", drawn_on=DAY)
    figures.write(toy(tiny, language="en", name={"zh": "长", "en": "a very long name of a study " * 8}), tmp_path / "more", drawn_on=DAY, paper="A3")
    assert len(seen) == 4
    for figure in seen:
        assert_within_the_page(figure)


def test_a_study_with_streets_homes_and_nothing_else(tiny, tmp_path, coarse):
    homes = residence_table(("A", 0, shapely.Point(100, 5)), ("B", 0, shapely.Point(900, 5)))
    none = facility_table(("S", "school", shapely.Point(0, 0)))
    drawn = figures.write(toy(tiny, homes=homes, places=none, language="en"), tmp_path / "figures", drawn_on=DAY)
    #  nothing is planned, so that no sheet says what is
    assert [each.path.stem.split("-", 1)[1] for each in drawn] == ["facilities", "people", "lacking-L15", "lacking-L5", "coverage-all"]


@pytest.mark.parametrize("stretch", [(60, 1), (1, 60)])
def test_a_very_wide_or_tall_area_fits(tiny, tmp_path, seen, monkeypatch, stretch):
    monkeypatch.setattr(figures, "sheets", lambda told: [maps.people(told), *maps.coverage(told)])
    area = gpd.GeoDataFrame(geometry=[shapely.box(-100, -300, -100 + 1200 * stretch[0], -300 + 800 * stretch[1])], crs=CRS)
    figures.write(toy(tiny, layers={"area": area}), tmp_path / "figures", drawn_on=DAY)
    west, south, east, north = area.total_bounds
    assert len(seen) == 2
    for figure in seen:
        for axes in [a for a in figure.axes if a.axison]:
            (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
            assert left <= west and right >= east and low <= south and high >= north
            box = axes.get_window_extent()
            #  a metre is as long across as up
            assert box.width / (right - left) == pytest.approx(box.height / (high - low), rel=1e-6)


def test_the_color_of_a_home_tells_whether_it_is_covered(tiny, tmp_path):
    drawn = figures.write(toy(tiny), tmp_path / "figures", drawn_on=DAY)
    with Image.open(next(each.path for each in drawn if "coverage" in each.path.name)) as picture:
        found = [color for _, color in picture.convert("RGB").getcolors(1 << 24)]
    for key in ("covered", "beyond"):
        wanted = sheet.style()["coverage"][key]
        rgb = tuple(int(wanted[at : at + 2], 16) for at in (1, 3, 5))
        assert min(max(abs(a - b) for a, b in zip(rgb, color, strict=True)) for color in found) <= 4, key


def test_without_a_font_nothing_is_drawn_and_the_folder_is_not_made(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "family", lambda wanted: None)
    assert figures.fonts_of("zh") == []
    assert figures.write(toy(tiny), tmp_path / "figures", drawn_on=DAY) == []
    assert not (tmp_path / "figures").exists()


def test_a_font_installed_since_is_found(monkeypatch):
    listed = [entry for entry in fonts.font_manager.fontManager.ttflist if "DejaVu Sans" not in entry.name]
    monkeypatch.setattr(fonts.font_manager.fontManager, "ttflist", listed)
    path = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"
    monkeypatch.setattr(fonts.font_manager, "findSystemFonts", lambda: [path, __file__])
    assert fonts.family(["DejaVu Sans"]) == "DejaVu Sans"


def test_english_figures_letter_chinese_names(tiny, tmp_path, coarse):
    assert len(figures.fonts_of("en")) >= 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("error", message="Glyph")
        figures.write(toy(tiny, language="en"), tmp_path / "figures", drawn_on=DAY)


def test_a_legend_too_long_ends_with_dots_within_its_room():
    width = fonts.measure(figures.fonts_of("zh"))
    labels = [f"{n}　很长很长的设施名称第{n}号（规划，2030）" for n in range(1, 200)]
    told, size = sheet.labeled(labels, (60, 114), width)
    assert told[-1] == "…" and 2 < len(told) < 100 and size == sheet.style()["fonts"]["legend_pt"][1]
    short, most = sheet.labeled(labels[:3], (60, 114), width)
    assert len(short) == 3 and most == sheet.style()["fonts"]["legend_pt"][0]
    assert all(width(line) * most <= 60 for label in short for line in label.split("\n"))


@pytest.mark.parametrize("text", ["步行覆盖分析图（二〇二三）" * 5, "walking coverage of all " * 9, "甲" * 300, "x" * 300])
def test_text_is_fitted_to_its_room(text):
    width = fonts.measure(figures.fonts_of("zh"))
    shown, size = fonts.fitted(text, 100, (17, 11), width, lines=2)
    assert 11 <= size <= 17 and shown.count("\n") <= 1
    assert all(width(line) * size <= 100 + 1e-6 for line in shown.split("\n"))


def test_lacking_classes_hold_every_count():
    for most in range(1, 40):
        classes = maps.classes_of(most, 6)
        assert [n for low, high in classes for n in range(low, high + 1)] == list(range(1, most + 1)) and len(classes) <= 6


def test_the_inputs_are_not_changed(tiny, tmp_path, coarse):
    result = toy(tiny)
    before = [frame.copy() for frame in (result.facilities, result.coverage, result.lacking, result.residences)]
    figures.write(result, tmp_path / "figures", drawn_on=DAY)
    for old, new in zip(before, (result.facilities, result.coverage, result.lacking, result.residences), strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(old), pd.DataFrame(new))


def test_polygons_with_holes_and_points_are_drawn():
    axes = Axes(Figure(), (0, 0, 1, 1))
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6))
    maps.drawn(axes, [ring, shapely.Point(20, 20), shapely.Polygon()], facecolor="red")
    (patches,) = axes.collections
    #  two closed rings of five points each
    assert len(patches.get_paths()) == 1 and len(patches.get_paths()[0].vertices) == 10
    assert [tuple(line.get_xydata()[0]) for line in axes.lines] == [(20.0, 20.0)]
