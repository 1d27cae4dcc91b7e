"""A Word document as Chinese planning reports are set: numbered chapters, three-line tables, numbered captions, East Asian fonts."""

from __future__ import annotations

import re
import tomllib
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
from docx.oxml.text.paragraph import CT_P
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table
from docx.text.paragraph import Paragraph

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# A report of the same run is the same file.
EPOCH = datetime(2000, 1, 1)


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
        self._fonts = style()["fonts"][language]
        self._set_page()
        self._set_styles()
        told = self._document.core_properties
        told.title, told.author, told.created, told.modified = _clean(title), "", EPOCH, EPOCH
        told.comments, told.last_modified_by = "", ""

    def title(self, text: str, lines: Sequence[str]) -> None:
        """The title and the lines below it, centered."""
        self._add(text, "Title")
        for line in lines:
            self._add(line, "Subtitle")

    def chapter(self, text: str) -> None:
        """Begin a chapter."""
        self._chapter += 1
        self._section = self._tables = self._figures = 0
        self._add(self._words["chapter"].format(number=self._chapter, title=text), "Heading 1")

    def section(self, text: str) -> None:
        """Begin a section of the chapter."""
        self._section += 1
        self._add(self._words["section"].format(chapter=self._chapter, number=self._section, title=text), "Heading 2")

    def paragraph(self, text: str) -> None:
        """A paragraph of running text."""
        self._add(text, "Body Text")

    def note(self, text: str) -> None:
        """A note in small letters, below a table."""
        self._add(text, "Note")

    def table(self, caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, widths: Sequence[float]) -> None:
        """A three-line table below its numbered caption; `widths` are parts of the page's width. The head is repeated on every page.

        Cells that read as numbers stand at the right.
        """
        self._tables += 1
        number = self._words["table_caption"].format(chapter=self._chapter, number=self._tables, title=caption)
        self._add(number, "Caption").paragraph_format.keep_with_next = True
        table = self._document.add_table(rows=0, cols=len(head))
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        across = self._width() / sum(widths)
        # Widths are copied with each new row, and a name is looked up among all styles: both once a table.
        for column, part in zip(table.columns, widths, strict=True):
            column.width = Mm(part * across)
        told = [self._document.styles[name].style_id for name in ("Table Head", "Table Cell")]
        for line in (head, *rows):
            cells = table.add_row()._tr.tc_lst
            for cell, text in zip(cells, line, strict=True):
                _fill(cell.p_lst[0], text, style_id=told[line is not head], is_head=line is head)
        _three_lines(table)
        for row in table.rows:
            _flag(row, "w:cantSplit")
        _flag(table.rows[0], "w:tblHeader")

    def figure(self, caption: str, file: Path) -> None:
        """A picture as wide as the text, above its numbered caption."""
        self._figures += 1
        holder = self._add("", "Figure")
        holder.paragraph_format.keep_with_next = True
        holder.add_run().add_picture(str(file), width=Mm(self._width()))
        number = self._words["figure_caption"].format(chapter=self._chapter, number=self._figures, title=caption)
        shown = self._document.inline_shapes[-1]._inline.docPr
        shown.set("descr", _clean(caption))
        self._add(number, "Caption")

    def next_caption(self, kind: str) -> str:
        """How the coming `table` or `figure` will be called, for the text before it."""
        count = self._tables if kind == "table" else self._figures
        return self._words[f"{kind}_reference"].format(chapter=self._chapter, number=count + 1)

    def page_break(self) -> None:
        """Go on on a new page."""
        self._document.add_page_break()

    def save(self, path: Path) -> None:
        """Write the document."""
        self._document.save(path)

    def _width(self) -> float:
        page = style()["page"]
        return page["width_mm"] - page["left_mm"] - page["right_mm"]

    def _add(self, text: str, name: str) -> Paragraph:
        return self._document.add_paragraph(_clean(text), style=name)

    def _set_page(self) -> None:
        page, section = style()["page"], self._document.sections[0]
        section.page_width, section.page_height = Mm(page["width_mm"]), Mm(page["height_mm"])
        section.top_margin, section.bottom_margin = Mm(page["top_mm"]), Mm(page["bottom_mm"])
        section.left_margin, section.right_margin = Mm(page["left_mm"]), Mm(page["right_mm"])
        foot = section.footer.paragraphs[0]
        foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
            run = foot.add_run()
            part = OxmlElement("w:instrText" if kind is None else "w:fldChar")
            if kind is None:
                part.text = text
            else:
                part.set(qn("w:fldCharType"), kind)
            run._r.append(part)

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
            ("Table Head", "Normal", fonts["table"], size["table_pt"], {"bold": True, "center": True, "before": 2, "after": 2}),
            ("Table Cell", "Normal", fonts["table"], size["table_pt"], {"before": 1.5, "after": 1.5}),
            ("Figure", "Normal", fonts["table"], size["table_pt"], {"before": 8, "after": 2, "center": True}),
        ):
            known.add_style(name, 1).base_style = known[base]
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
        shape.first_line_indent = Pt(more.get("indent", 0))
        shape.alignment = WD_ALIGN_PARAGRAPH.CENTER if more.get("center") else None
        for border in own.element.findall(f".//{qn('w:pBdr')}"):
            border.getparent().remove(border)


def _fill(paragraph: CT_P, text: str, *, style_id: str, is_head: bool) -> None:
    paragraph.style = style_id
    paragraph.add_r().text = _clean(text)
    if not is_head and _is_number(text):
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _three_lines(table: Table) -> None:
    """Rules above, below and under the head, and none else."""
    line = style()["line"]
    borders = OxmlElement("w:tblBorders")
    for side, size in (("top", line["outer"]), ("bottom", line["outer"])):
        borders.append(_rule(side, size))
    table._tbl.tblPr.append(borders)
    # Of the two rows that meet in a rule, one program asks the upper, another the lower.
    for row, side in zip(table.rows, ("bottom", "top"), strict=False):
        for cell in row.cells:
            own = OxmlElement("w:tcBorders")
            if side == "bottom":
                own.append(_rule("top", line["outer"]))
            own.append(_rule(side, line["inner"]))
            if side == "top" and len(table.rows) == 2:
                own.append(_rule("bottom", line["outer"]))
            cell._tc.get_or_add_tcPr().append(own)


def _rule(side: str, size: int) -> OxmlElement:
    rule = OxmlElement(f"w:{side}")
    for key, value in (("val", "single"), ("sz", str(size)), ("space", "0"), ("color", "000000")):
        rule.set(qn(f"w:{key}"), value)
    return rule


def _flag(row, name: str) -> None:
    flag = OxmlElement(name)
    flag.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(flag)


def _clean(text: str) -> str:
    """Text without what XML cannot hold."""
    return CONTROL.sub("", str(text))


def _is_number(text: str) -> bool:
    """Whether a cell reads as a number.

    >>> [_is_number(t) for t in ("1,234.5", "12.3%", "—", "L15", "")]
    [True, True, True, False, False]
    """
    return bool(re.fullmatch(r"[-+−]?[\d,.\s]+\s*%?|—", text.strip())) if text.strip() else False
