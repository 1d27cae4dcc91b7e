"""Workbook and report as an office program opens them: LibreOffice reads both, and what it prints has every character."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date

import pandas as pd
import pytest
import shapely
from conftest import analyzed, facility_table, residence_table, town

from livingcircle.outputs import figures, gap_list, report, verification, workbook

pytestmark = pytest.mark.skipif(
    not (shutil.which("soffice") and shutil.which("pdftotext")),
    reason="needs LibreOffice and poppler: apt-get install libreoffice-writer libreoffice-calc poppler-utils",
)


#   R3 10 m           R1 1200 m
#   S─────────────────x────────────────── 3000         R2 on a street of its own, joined to nothing
@pytest.fixture(scope="module", params=["zh", "en"])
def pages(request, tmp_path_factory):
    """The text that LibreOffice prints of the workbook and of the report, and the fonts it prints them in."""
    folder = tmp_path_factory.mktemp(request.param)
    from conftest import TINY

    from livingcircle import standards

    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    network = town([(0, 0), (3000, 0)], [(0, 900), (500, 900)])
    homes = [("=R1", 100, shapely.box(1190, 0, 1210, 20)), ("R2", 50, shapely.box(90, 900, 110, 920)), ("滨江苑", 30, shapely.box(0, 0, 20, 20))]
    places = facility_table(("=1+1 滨江小学", "school", shapely.Point(0, 0)))
    result = analyzed(standards.load(folder / "tiny.toml"), network, places, pd.concat([residence_table(*homes)]), language=request.param)
    record = verification.read(folder / "gaps.xlsx", language=request.param)
    workbook.write(result, folder / "gaps.xlsx", table=gap_list.listed(result, record), record=record)
    drawn = figures.write(result, folder / "figures", drawn_on=date(2026, 5, 1))
    report.write(result, folder / "report.docx", figures=drawn, written_on=date(2026, 5, 1))
    office = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "pdf", "--outdir", str(folder)]
    done = subprocess.run([*office, str(folder / "gaps.xlsx"), str(folder / "report.docx")], capture_output=True, text=True, timeout=240, check=True)
    # It may miss Java; of the files it has nothing to say.
    assert [line for line in done.stderr.splitlines() if line and "java" not in line.lower()] == []
    printed = {}
    for name in ("gaps", "report"):
        file = str(folder / f"{name}.pdf")
        text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
        fonts = subprocess.run(["pdffonts", file], capture_output=True, text=True, check=True).stdout
        printed[name] = (text, fonts)
    return request.param, printed


def test_nothing_became_a_formula_and_no_cell_is_in_error(pages):
    _, printed = pages
    text, _ = printed["gaps"]
    assert "=R1" in text and "=1+1" in text
    assert not re.search(r"Err:\d|#(REF|NAME|VALUE|DIV/0)", text)


def test_the_report_has_all_its_chapters_and_the_runs_numbers(pages):
    language, printed = pages
    text, _ = printed["report"]
    squeezed = re.sub(r"\s", "", text)
    expected = ("总则", "覆盖与可达评估", "短板与缺口清单", "数据与方法说明") if language == "zh" else ("Scopeandbasis", "Coverage", "Gaps", "Dataandmethod")
    for chapter in expected:
        assert chapter in squeezed
    assert "180" in squeezed  # the people of the toy town
    assert "滨江小学" in squeezed


def test_chinese_is_lettered_by_a_font_that_has_it(pages):
    _, printed = pages
    for text, fonts in printed.values():
        assert re.search(r"CJK|Song|Hei|Fang|Ming|Kai|Sun", fonts)
        assert "\ufffd" not in text
