"""The report: its chapters, tables and captions, on toy towns with and without what a report tells of."""

from __future__ import annotations

import re
import zipfile
from datetime import date

import docx
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, analyzed_once, facility_table, residence_table, town
from docx.oxml.ns import qn
from PIL import Image

from livingcircle.coverage import Group
from livingcircle.messages import words
from livingcircle.outputs import report
from livingcircle.outputs.figures import Drawn
from livingcircle.outputs.report import columns, paper
from livingcircle.outputs.report.paper import Paper
from livingcircle.outputs.report.source import Source

DAY = date(2024, 5, 6)
CHAPTERS = {
    "zh": [
        "第一章　总则", "第二章　生活圈单元划分", "第三章　人口与需求", "第四章　设施现状", "第五章　覆盖与可达评估", "第六章　规模与供需", "第七章　特殊人群（一老一小）",
        "第八章　公平性", "第九章　体检评估指标", "第十章　短板与缺口清单", "第十一章　配置建议", "第十二章　近期项目库", "第十三章　数据与方法说明", "附表", "附图",
    ],
    "en": [
        "Chapter 1  Scope and basis", "Chapter 2  Units", "Chapter 3  People", "Chapter 4  Facilities", "Chapter 5  Coverage", "Chapter 6  Supply and demand",
        "Chapter 7  The old and the young", "Chapter 8  Equity", "Chapter 9  Official indicators", "Chapter 10  Gaps", "Chapter 11  Advice",
        "Chapter 12  Projects under way", "Chapter 13  Data and method", "Annex tables", "Figures",
    ],
}  # fmt: skip
CAPTION = {"zh": re.compile(r"(附?[表图])(?:(\d+)-)?(\d+)　\S"), "en": re.compile(r"(Annex table|Table|Figure) (?:(\d+)-)?(\d+)  \S")}


def units():
    frame = gpd.GeoDataFrame({"unit": ["东社区", "西社区"]}, geometry=[shapely.box(400, -300, 1100, 500), shapely.box(-100, -300, 400, 500)], crs=CRS)
    return frame.assign(name=frame["unit"], parent="街道")


def places(*more):
    return facility_table(("西小学", "school", shapely.Point(0, 5)), ("绿园", "park", shapely.box(480, 310, 560, 380)), ("=1+1 <新校> &\x0b$", "school", shapely.Point(1000, 5), "planned", 2030), *more)


def homes(*, unit=True, people=(120, 0, 80)):
    table = residence_table(*((name, count, shapely.box(x, 5, x + 100, 60)) for name, count, x in zip("ABC", people, (100, 450, 820), strict=True)))
    return table.assign(unit=["西社区", "东社区", "东社区"] if unit else "", people_elderly=[12.0, 0.0, 8.0])


def toy(standard, **told):
    network = town([(0, 0), (1000, 0)], [(500, 0), (500, 300)])
    arguments = {"units": units(), "language": "zh", "year": 2025, "groups": (Group("all", 4.0), Group("elderly", 2.9, "people_elderly")), **told}
    return analyzed_once(standard, network, arguments.pop("facilities", places()), arguments.pop("residences", homes()), **arguments)


def written(result, folder, *, figures=()):
    report.write(result, folder / "report.docx", figures=figures, written_on=DAY)
    return docx.Document(folder / "report.docx")


def text_of(document) -> str:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def headings(document) -> list[str]:
    return [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 1"]


def assert_sound(document, language):
    """Chapters in order and none empty, full tables, captions numbered one after another, no word left unfilled."""
    assert headings(document) == CHAPTERS[language]
    styles = [paragraph.style.name for paragraph in document.paragraphs]
    for this, following in zip(styles, [*styles[1:], "end"], strict=True):
        assert not (this == "Heading 1" and following in ("Heading 1", "end")) and not (this == "Heading 2" and following.startswith("Heading"))
    for table in document.tables:
        across = {len(row.cells) for row in table.rows}
        assert len(table.rows) >= 2 and len(across) == 1, [cell.text for cell in table.rows[0].cells]
        assert all(cell.text for cell in table.rows[0].cells)
    captions = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Caption"]
    last: dict[tuple[str, str | None], int] = {}
    for caption in captions:
        kind, chapter, number = CAPTION[language].match(caption).groups()
        assert int(number) == last.get((kind, chapter), 0) + 1, caption
        last[kind, chapter] = int(number)
    kinds = [CAPTION[language].match(caption)[1] for caption in captions]
    assert sum(kind.endswith(("表", "able")) for kind in kinds) == len(document.tables)
    text = text_of(document)
    assert not re.search(r"\bnan\b|\binf\b|None|\{\w|\bTrue\b|\bFalse\b", text), re.search(r".*(\bnan\b|\binf\b|None|\{\w).*", text)
    assert "\x0b" not in text.replace("\n", "")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_full_report(tiny, tmp_path, language):
    document = written(toy(tiny, language=language, name={"zh": "甲$_1$<乙>&", "en": "甲$_1$<乙>&"}), tmp_path)
    assert_sound(document, language)
    text = text_of(document)
    for name in ("甲$_1$<乙>&", "=1+1 <新校> &$", "西社区", "2024-05-06", "2030"):
        assert name in text
    assert "玩具标准" in text if language == "zh" else "Toy standard" in text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "told",
    [
        {"units": None, "residences": homes(unit=False), "groups": (Group("all", 4.0),)},
        {"residences": homes(people=(0, 0, 0))},
        {"facilities": facility_table(("新校", "school", shapely.Point(1000, 5), "planned", 2030))},
        {"facilities": facility_table(("校", "school", shapely.Point(500, 5)), ("园", "park", shapely.Point(150, 5)), ("园", "park", shapely.Point(500, 5)), ("园", "park", shapely.Point(870, 5)))},
        {"gaps_by": "unit", "year": None},
        {"rule": "time"},
        {"groups": (Group("all", 4.0), Group("elderly", 2.9, "people_elderly"), Group("child", 3.0), Group("wheelchair", 3.0), Group("couriers", 6.0))},
        {"area": True},
    ],
    ids=["no units and groups", "nobody", "nothing open", "everything covered", "gaps by unit, no year", "by time", "many groups", "an area"],
)
def test_a_report_of_less(tiny, tmp_path, language, told):
    if told.get("area"):
        told = {"layers": {"area": gpd.GeoDataFrame(geometry=[shapely.box(-100, -300, 1100, 500)], crs=CRS)}}
    result = toy(tiny, language=language, **told)
    document = written(result, tmp_path)
    assert_sound(document, language)
    own = words(language, "report")
    text = text_of(document)
    asked = result.gaps[result.gaps["flag"] == "mandatory"] if "flag" in result.gaps else result.gaps
    assert (own["gaps.none"] in text) == (len(asked) == 0)
    assert (own["units.none"] in text) == (result.units is None)
    assert (own["drawings.none"] in text)


def test_numbers_of_the_run_stand_in_the_text(tiny, tmp_path):
    #  B lives 500 m from the school, A 100 to 200 m, C 820 to 920 m; the park is 300 m and more from all
    result = toy(tiny)
    document = written(result, tmp_path)
    row = result.coverage[(result.coverage["unit"] == "ALL") & (result.coverage["category"] == "school") & (result.coverage["group"] == "all")].iloc[0]
    text = text_of(document)
    assert row.people_share == pytest.approx(0.6)
    assert f"学校（十五分钟，500 m）已开放 1 处，覆盖居住用地 {row.land_share:.1%}、人口 60.0%，尚有 80 人在限值之外。" in text
    assert "居住人口 200 人" in text and "居住用地 3 块" in text and "其中 1 块居住用地没有人口。" in text
    heads = [[cell.text for cell in table.rows[0].cells] for table in document.tables]
    known = words("zh", "report")
    (first,) = [table for table, head in zip(document.tables, heads, strict=True) if head[0] == known["head.rank"]]
    assert [row.cells[0].text for row in first.rows[1:]] == [str(n) for n in result.gaps.query("group == 'all' and flag == 'mandatory'")["rank"]][:20]
    (project,) = [table for table, head in zip(document.tables, heads, strict=True) if head[0] == known["head.project"]]
    assert [cell.text for cell in project.rows[1].cells][:4] == ["=1+1 <新校> &$", "学校", "规划", "2030"]


def test_causes_and_remedies_have_words_in_both_languages():
    from livingcircle.gaps.causes import remedies

    for language in ("zh", "en"):
        common, own = words(language), words(language, "gaps")
        for cause, remedy in remedies().items():
            assert own[f"cause.{cause}"] and own[f"meaning.{cause}"] and common[f"cause.{cause}"] and common[f"remedy.{remedy}"]


def test_figures_stand_in_their_chapters_and_in_the_list(tiny, tmp_path):
    drawn = []
    for number, name in enumerate(("facilities", "people", "lacking-L15", "coverage-all", "planned"), start=1):
        path = tmp_path / "figures" / f"{number:02d}-{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (30, 20), "white").save(path)
        drawn.append(Drawn(path, f"图名 {name}"))
    document = written(toy(tiny), tmp_path, figures=drawn)
    assert_sound(document, "zh")
    assert len(document.inline_shapes) == 5
    captions = [p.text for p in document.paragraphs if p.style.name == "Caption" and p.text.startswith("图")]
    assert captions == ["图3-1　图名 people", "图4-1　图名 facilities", "图5-1　图名 coverage-all", "图5-2　图名 lacking-L15", "图12-1　图名 planned"]
    listed = [[cell.text for cell in row.cells] for row in document.tables[-1].rows[1:]]
    assert listed == [[f"{n:02d}", f"图名 {d.path.stem[3:]}", f"figures/{d.path.name}"] for n, d in enumerate(drawn, start=1)]
    #  every picture is as wide as the text and says in words what it shows
    page = paper.style()["page"]
    assert {round(shape.width.mm) for shape in document.inline_shapes} == {page["width_mm"] - page["left_mm"] - page["right_mm"]}
    assert [shape._inline.docPr.get("descr") for shape in document.inline_shapes] == [caption.split("　", 1)[1] for caption in captions]


def test_tables_have_three_lines_and_repeat_their_heads(tiny, tmp_path):
    document = written(toy(tiny), tmp_path)
    page = paper.style()["page"]
    for table in document.tables:
        borders = table._tbl.tblPr.find(qn("w:tblBorders"))
        assert [child.tag for child in borders] == [qn("w:top"), qn("w:bottom")]
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(cell._tc.tcPr.find(qn("w:tcBorders")).find(qn("w:bottom")) is not None for cell in table.rows[0].cells)
        across = sum(column.width.mm for column in table.columns)
        assert across == pytest.approx(page["width_mm"] - page["left_mm"] - page["right_mm"], abs=0.5)
    #  the order of a table's properties is that of the format
    order = ["w:tblStyle", "w:tblW", "w:jc", "w:tblBorders", "w:tblLayout", "w:tblCellMar", "w:tblLook"]
    tags = [child.tag for child in document.tables[0]._tbl.tblPr]
    assert tags == [qn(name) for name in order if qn(name) in tags] and qn("w:tblCellMar") in tags


def test_styles_name_east_asian_fonts(tiny, tmp_path):
    document = written(toy(tiny), tmp_path)
    fonts = paper.style()["fonts"]["zh"]
    for name, font in (("Title", "title"), ("Heading 1", "heading"), ("Body Text", "body"), ("Table Cell", "table")):
        assert document.styles[name].element.rPr.rFonts.get(qn("w:eastAsia")) == fonts[font], name
    language = document.styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}")
    assert language.get(qn("w:eastAsia")) == "zh-CN"


def test_numbers_stand_at_the_right():
    paper_ = Paper("en", {**words("en", "report")}, title="t")
    paper_.table("x", ["a", "b", "c"], [["name", "1,234", "▲"], ["other", "12.5%", "△"]])
    (table,) = paper_._document.tables
    sides = [[cell.paragraphs[0].alignment for cell in row.cells] for row in table.rows]
    center, right = docx.enum.text.WD_ALIGN_PARAGRAPH.CENTER, docx.enum.text.WD_ALIGN_PARAGRAPH.RIGHT
    assert sides == [[center, right, center], [None, right, center], [None, right, center]]


def test_the_same_run_makes_the_same_bytes(tiny, tmp_path):
    result = toy(tiny)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    written(result, tmp_path / "a")
    written(result, tmp_path / "b")
    assert (tmp_path / "a" / "report.docx").read_bytes() == (tmp_path / "b" / "report.docx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a" / "report.docx") as file:
        assert file.testzip() is None and {info.date_time[0] for info in file.infolist()} == {2000}


def test_the_inputs_are_not_changed(tiny, tmp_path):
    result = toy(tiny)
    before = [frame.copy() for frame in (result.gaps, result.coverage, result.completeness, result.units)]
    written(result, tmp_path)
    for old, new in zip(before, (result.gaps, result.coverage, result.completeness, result.units), strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(old), pd.DataFrame(new))


def test_control_characters_go_and_all_else_stays(tmp_path):
    sheet = Paper("zh", {**words("zh", "report")}, title="\x00t\ud800")
    names = ["a\x01b", "𠮷野", "=1+1", "<b>&amp;", "‮abc", "\ufffe", "🙂"]
    sheet.chapter("章")
    sheet.table("表", ["名"], [[name] for name in names])
    sheet.save(tmp_path / "x.docx")
    document = docx.Document(tmp_path / "x.docx")
    assert [row.cells[0].text for row in document.tables[0].rows[1:]] == ["ab", "𠮷野", "=1+1", "<b>&amp;", "‮abc", "", "🙂"]


def test_the_contents_list_every_heading(tiny, tmp_path):
    document = written(toy(tiny), tmp_path)
    listed = [p.text for p in document.paragraphs if p.style.name.startswith("toc ")]
    assert listed == [p.text for p in document.paragraphs if p.style.name in ("Heading 1", "Heading 2")]
    marks = [mark.get(qn("w:fldCharType")) for p in document.paragraphs if p.style.name.startswith("toc ") for mark in p._p.iter(qn("w:fldChar"))]
    assert marks == ["begin", "separate", "end"]


@pytest.mark.parametrize("number", range(1, 100))
def test_numerals(number):
    digits = {mark: value for value, mark in enumerate("零一二三四五六七八九")}
    text = paper.numeral(number)
    tens, _, ones = text.rpartition("十")
    assert number == ((digits[tens] if tens else 1) * 10 if "十" in text else 0) + (digits[ones] if ones else 0)


def test_columns_fill_the_room_and_hold_their_longest_word():
    head = ["序号", "名称", "限值（m）", "说明", *(f"第{n}列" for n in range(9))]
    rows = [["1", "很长很长的名称" * 3, "1,000", "说明" * 60, *["12.3%"] * 9]] * 5
    found, smaller = columns.widths(head, rows, 50)
    assert sum(found) == pytest.approx(50) and smaller <= 1
    for width, text in zip(found, ("1", "很", "1,000", "说", *["12.3%"] * 9), strict=True):
        assert width >= columns.wide(text) * smaller
    assert found[3] == max(found)
    many, less = columns.widths(["a"] * 40, [["12.3%"] * 40], 50)
    assert sum(many) == pytest.approx(50) and less < 1
    assert np.ptp(many) == pytest.approx(0)


def test_a_missing_age_is_told_in_words(tiny, tmp_path):
    told = Source(toy(tiny), pd.DataFrame(), Paper("zh", {**words("zh", "report")}, title="t"), (), DAY)
    assert told.missing("people_age_6_11;people_age_60;dwellings") == "6～11 岁人口、60 岁及以上人口、住宅套数"
    assert told.missing("something_else") == "something_else"


def test_corrections_are_listed(tiny, tmp_path):
    from dataclasses import replace

    result = toy(tiny)
    assert "更正" not in text_of(written(result, tmp_path))
    done = {"action": "drop", "facility_id": "a.csv#3", "before": "老小学", "after": "", "reason": "已拆除", "by": "", "date": ""}
    text = text_of(written(replace(result, counts={**result.counts, "corrections": [done]}), tmp_path))
    assert "按更正表对设施作了 1 处更正，原始文件未改：" in text and "· 不计：a.csv#3，老小学（已拆除）" in text
