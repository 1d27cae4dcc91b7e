"""A Word document as Chinese planning reports are set: numbered chapters, three-line tables, numbered captions, East Asian fonts."""

from __future__ import annotations

import io
import re
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table
from docx.text.paragraph import Paragraph

from livingcircle.outputs.report.columns import widths

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# A report of the same run is the same file.
EPOCH = datetime(2000, 1, 1)
MM_PER_PT = 25.4 / 72
KEPT = 8
MARKS = ("▲", "△", "●", "◐", "○", "A", "B", "C")


@cache
def style() -> Mapping[str, Any]:
    """What `report.toml` says."""
    return tomllib.loads((files("livingcircle.outputs.report") / "report.toml").read_text(encoding="utf-8"))


class Paper:
    """A report being written, in one language; chapters, tables and figures are numbered as they come.

    `words` gives the patterns `chapter`, `section`, `table_caption` and `figure_caption`, with the numbers to fill in.
    """

    def __init__(self, language: str, words: Mapping[str, str], *, title: str) -> None:
        self._language, self._words = language, words
        self._document = Document()
        self._chapter = self._section = self._tables = self._figures = 0
        self._annexed, self._contents, self._entries = False, None, []
        self._fonts = style()["fonts"][language]
        self._set_page()
        self._set_styles()
        self._ids = {name: self._document.styles[name].style_id for name in ("Table Head", "Table Cell")}
        told = self._document.core_properties
        told.title, told.author, told.created, told.modified = _clean(title), "", EPOCH, EPOCH
        told.comments, told.last_modified_by = "", ""

    def cover(self, titles: Sequence[str], lines: Sequence[str]) -> None:
        """The cover: the lines of the title, and those below it, centered on a page of their own."""
        for text in titles:
            self._add(text, "Title")
        for line in lines:
            self._add(line, "Subtitle")

    def contents(self, heading: str) -> None:
        """A page for the contents, which the program that opens the document fills with the headings when fields are brought up to date."""
        self._contents = self._add(heading, "Contents Heading")
        self._contents.paragraph_format.page_break_before = True

    def chapter(self, text: str) -> None:
        """Begin a chapter; the first begins a page."""
        self._chapter += 1
        self._section = self._tables = self._figures = 0
        number = numeral(self._chapter) if self._language == "zh" else str(self._chapter)
        line = self._words["chapter"].format(number=number, title=capital(text))
        added = self._add(line, "Heading 1")
        added.paragraph_format.page_break_before = self._chapter == 1
        self._entries.append((1, line))

    def annex(self, text: str) -> None:
        """Begin an annex, on a new page; its tables are numbered through all annexes."""
        if not self._annexed:
            self._tables = self._figures = 0
        self._annexed = True
        self._add(text, "Heading 1").paragraph_format.page_break_before = True
        self._entries.append((1, text))

    def section(self, text: str) -> None:
        """Begin a section of the chapter."""
        self._section += 1
        line = capital(text) if self._annexed else self._words["section"].format(chapter=self._chapter, number=self._section, title=capital(text))
        self._add(line, "Heading 2")
        self._entries.append((2, line))

    def paragraph(self, text: str) -> None:
        """A paragraph of running text."""
        self._add(text, "Body Text")

    def note(self, text: str) -> None:
        """A note in small letters, below a table."""
        self._add(text, "Note")

    def table(self, caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A three-line table below its numbered caption, as wide as the text. The head is repeated on every page.

        Columns are as wide as their text asks; where that is too much, letters are smaller. Cells that read as numbers stand at the right.
        """
        self._tables += 1
        self._add(self._numbered("table", self._tables, caption), "Caption").paragraph_format.keep_with_next = True
        points = style()["size"]["table_pt"]
        shares, smaller = widths(head, rows, self._width() / (points * MM_PER_PT))
        table = self._document.add_table(rows=1 + len(rows), cols=len(head))
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        size = Pt(round(points * smaller * 2) / 2) if smaller < 1 else None
        across = [Mm(share * points * MM_PER_PT) for share in shares]
        numeric = [bool(column) and sum(map(_is_number, column)) * 2 > len(column) for column in (list(cells) for cells in zip(*rows, strict=True))] or [False] * len(head)
        for number, (line, row) in enumerate(zip((head, *rows), table._tbl.tr_lst, strict=True)):
            # A short table stays on one page, and a head with its first rows.
            holds = number < min(2, len(rows)) or number < len(rows) <= KEPT
            for cell, text, width, is_right in zip(row.tc_lst, line, across, numeric, strict=True):
                cell.width = width
                paragraph = Paragraph(cell.p_lst[0], table)
                self._fill(paragraph, text, name="Table Head" if number == 0 else "Table Cell", size=size)
                paragraph.alignment = _alignment(text, is_head=number == 0, is_right=is_right)
                if holds:
                    paragraph.paragraph_format.keep_with_next = True
        for column, width in zip(table._tbl.tblGrid.gridCol_lst, across, strict=True):
            column.w = width
        _margins(table)
        _three_lines(table)
        for row in table._tbl.tr_lst:
            _flag(row, "w:cantSplit")
        _flag(table._tbl.tr_lst[0], "w:tblHeader")

    def figure(self, caption: str, file: Path) -> None:
        """A picture as wide as the text, above its numbered caption."""
        self._figures += 1
        holder = self._add("", "Figure")
        holder.paragraph_format.keep_with_next = True
        holder.add_run().add_picture(str(file), width=Mm(self._width()))
        shown = self._document.inline_shapes[-1]._inline.docPr
        shown.set("descr", _clean(caption))
        self._add(self._numbered("figure", self._figures, caption), "Caption")

    def next_caption(self, kind: str) -> str:
        """How the coming `table` or `figure` will be called, for the text before it."""
        count = self._tables if kind == "table" else self._figures
        return self._numbered(kind, count + 1, "").strip()

    def save(self, path: Path) -> None:
        """Write the document; the same content makes the same bytes."""
        self._list_contents()
        made = io.BytesIO()
        self._document.save(made)
        with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                told = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
                # Pictures are packed already.
                told.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
                target.writestr(told, source.read(name))

    def _numbered(self, kind: str, number: int, title: str) -> str:
        word = f"annex_{kind}_caption" if self._annexed else f"{kind}_caption"
        return self._words[word].format(chapter=self._chapter, number=number, title=title)

    def _list_contents(self) -> None:
        """The headings as the contents stand before a program has counted pages."""
        if self._contents is None:
            return
        last = self._contents
        for at, (level, line) in enumerate(self._entries):
            entry = self._add(line, f"toc {level}")
            ends = ("begin" if at == 0 else "", "end" if at == len(self._entries) - 1 else "")
            _in_field(entry, 'TOC \\o "1-2" \\u', ends)
            last._p.addnext(entry._p)
            last = entry

    def _width(self) -> float:
        page = style()["page"]
        return page["width_mm"] - page["left_mm"] - page["right_mm"]

    def _add(self, text: str, name: str) -> Paragraph:
        return self._document.add_paragraph(_clean(text), style=name)

    def _fill(self, paragraph: Paragraph, text: str, *, name: str, size: Pt | None) -> None:
        paragraph._p.style = self._ids[name]
        run = paragraph.add_run(_clean(text))
        if size is not None:
            run.font.size = size

    def _set_page(self) -> None:
        page, section = style()["page"], self._document.sections[0]
        section.page_width, section.page_height = Mm(page["width_mm"]), Mm(page["height_mm"])
        section.top_margin, section.bottom_margin = Mm(page["top_mm"]), Mm(page["bottom_mm"])
        section.left_margin, section.right_margin = Mm(page["left_mm"]), Mm(page["right_mm"])
        foot = section.footer.paragraphs[0]
        foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _in_field(foot, "PAGE", ("begin", "end"))

    def _set_styles(self) -> None:
        size, fonts = style()["size"], self._fonts
        known = self._document.styles
        spoken = known.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}")
        # Without its language, a program letters Chinese as Japanese or as written in Taiwan.
        spoken.set(qn("w:eastAsia"), "zh-CN")
        spoken.set(qn("w:val"), "en-US")
        indent = 2 * size["body_pt"] if self._language == "zh" else 0
        self._face("Title", fonts["title"], size["title_pt"], before=60, after=24, center=True, bold=True)
        self._face("Subtitle", fonts["body"], size["body_pt"], after=6, center=True)
        self._face("Heading 1", fonts["heading"], size["heading1_pt"], before=18, after=10, bold=True)
        self._face("Heading 2", fonts["heading"], size["heading2_pt"], before=12, after=6, bold=True)
        self._face("Body Text", fonts["body"], size["body_pt"], after=4, line=1.5, indent=indent)
        self._face("Caption", fonts["heading"], size["caption_pt"], before=6, after=6, center=True)
        for name, base, face, points, told in (
            ("Note", "Body Text", fonts["table"], size["note_pt"], {"before": 3, "after": 8, "line": 1.15}),
            ("Table Head", "Normal", fonts["table"], size["table_pt"], {"bold": True, "center": True, "before": 2, "after": 2, "keep": True}),
            ("Table Cell", "Normal", fonts["table"], size["table_pt"], {"before": 1.5, "after": 1.5}),
            ("Contents Heading", "Normal", fonts["heading"], size["heading1_pt"], {"after": 10, "center": True, "bold": True}),
            ("toc 1", "Normal", fonts["body"], size["caption_pt"], {"before": 1.5}),
            ("toc 2", "Normal", fonts["body"], size["table_pt"], {"left": 2 * size["body_pt"]}),
            ("Figure", "Normal", fonts["table"], size["table_pt"], {"before": 8, "after": 2, "center": True}),
        ):
            known.add_style(name, 1, builtin=name.startswith("toc")).base_style = known[base]
            self._face(name, face, points, **told)

    def _face(
        self, name: str, font: str, points: float, *, before: float = 0, after: float = 0, **more: Any
    ) -> None:
        own: ParagraphStyle = self._document.styles[name]
        own.font.name, own.font.size = self._fonts["latin"] if self._language == "zh" else font, Pt(points)
        own.font.bold, own.font.italic, own.font.color.rgb = more.get("bold", False), False, RGBColor(0, 0, 0)
        faces = own.element.get_or_add_rPr().get_or_add_rFonts()
        for key in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            faces.attrib.pop(qn(key), None)
        faces.set(qn("w:eastAsia"), font)
        shape = own.paragraph_format
        shape.space_before, shape.space_after, shape.line_spacing = Pt(before), Pt(after), more.get("line", 1.0)
        shape.first_line_indent, shape.left_indent = Pt(more.get("indent", 0)), Pt(more.get("left", 0))
        shape.widow_control, shape.keep_with_next = True, more.get("keep") or name.startswith("Heading")
        shape.alignment = WD_ALIGN_PARAGRAPH.CENTER if more.get("center") else None
        for border in own.element.findall(f".//{qn('w:pBdr')}"):
            border.getparent().remove(border)


def _margins(table: Table) -> None:
    """Little room at the sides of cells, so that many columns fit."""
    room = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        own = OxmlElement(f"w:{side}")
        own.set(qn("w:w"), str(style()["line"]["beside"]))
        own.set(qn("w:type"), "dxa")
        room.append(own)
    table._tbl.tblPr.insert_element_before(room, "w:tblLook")


def _three_lines(table: Table) -> None:
    """Rules above, below and under the head, and none else."""
    line = style()["line"]
    borders = OxmlElement("w:tblBorders")
    for side, size in (("top", line["outer"]), ("bottom", line["outer"])):
        borders.append(_rule(side, size))
    table._tbl.tblPr.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")
    rows = table._tbl.tr_lst
    # Of the two rows that meet in a rule, one program asks the upper, another the lower.
    for row, side in zip(rows, ("bottom", "top"), strict=False):
        for cell in row.tc_lst:
            own = OxmlElement("w:tcBorders")
            if side == "bottom":
                own.append(_rule("top", line["outer"]))
            own.append(_rule(side, line["inner"]))
            if side == "top" and len(rows) == 2:
                own.append(_rule("bottom", line["outer"]))
            cell.get_or_add_tcPr().append(own)


def _rule(side: str, size: int) -> OxmlElement:
    rule = OxmlElement(f"w:{side}")
    for key, value in (("val", "single"), ("sz", str(size)), ("space", "0"), ("color", "000000")):
        rule.set(qn(f"w:{key}"), value)
    return rule


def _in_field(paragraph: Paragraph, code: str, ends: tuple[str, str]) -> None:
    """Begin a field before the text of a paragraph, or end it after, by which of the `ends` are named."""
    begin, end = ends
    if begin:
        parts = [_field_mark("begin"), OxmlElement("w:instrText"), _field_mark("separate")]
        parts[1].set(qn("xml:space"), "preserve")
        parts[1].text = code
        place = 1 if paragraph._p.pPr is not None else 0
        for number, part in enumerate(parts):
            run = OxmlElement("w:r")
            run.append(part)
            paragraph._p.insert(place + number, run)
    if end:
        paragraph.add_run()._r.append(_field_mark("end"))


def _field_mark(kind: str) -> OxmlElement:
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    return mark


def capital(text: str) -> str:
    """A text that begins with a capital letter, where its script has them.

    >>> capital("bus stop"), capital("公交")
    ('Bus stop', '公交')
    """
    return text[:1].upper() + text[1:]


def numeral(number: int) -> str:
    """A number from 1 to 99 in Chinese.

    >>> [numeral(n) for n in (1, 10, 12, 20, 35)]
    ['一', '十', '十二', '二十', '三十五']
    """
    tens, ones = divmod(number, 10)
    digits = " 一二三四五六七八九"
    return (digits[tens] if tens > 1 else "") + ("十" if tens else "") + (digits[ones] if ones else "")


def _flag(row, name: str) -> None:
    flag = OxmlElement(name)
    flag.set(qn("w:val"), "true")
    row.get_or_add_trPr().append(flag)


def _clean(text: str) -> str:
    """Text without what XML cannot hold."""
    return CONTROL.sub("", str(text))


def _alignment(text: str, *, is_head: bool, is_right: bool) -> WD_ALIGN_PARAGRAPH | None:
    """Numbers stand at the right, and so do the heads above them; marks in the middle."""
    if _is_number(text) or (is_head and is_right):
        return WD_ALIGN_PARAGRAPH.RIGHT
    return WD_ALIGN_PARAGRAPH.CENTER if is_head or text in MARKS else None


def _is_number(text: str) -> bool:
    """Whether a cell reads as a number.

    >>> [_is_number(t) for t in ("1,234.5", "12.3%", "—", "L15", "")]
    [True, True, True, False, False]
    """
    return bool(re.fullmatch(r"[-+−]?[\d,.\s]+\s*%?|—( / [\d,.]+)?|[\d,.]+ / [\d,.]+", text.strip())) if text.strip() else False
