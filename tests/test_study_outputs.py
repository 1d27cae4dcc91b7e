"""What a study asks to be written: figures, report, the paper, and a machine without fonts."""

from __future__ import annotations

import json

import docx
import pytest
import toy_study
from page_scripts import held
from PIL import Image

from livingcircle.messages import text
from livingcircle.errors import StudyError
from livingcircle.outputs import figures
from livingcircle.study.run import run


@pytest.fixture
def folder(tmp_path):
    return toy_study.write(tmp_path / "toy", whole=True)


def ran(folder, asked=""):
    study = folder / "study.toml"
    study.write_text(study.read_text(encoding="utf-8") + asked, encoding="utf-8")
    return run(folder, out=folder / "out", progress=lambda *_: None)


def names(files) -> set[str]:
    return {file.name for file in files}


@pytest.mark.skipif(not figures.fonts_of("zh"), reason="this machine has no font for Chinese: install one to run this test (Debian: fonts-noto-cjk)")
def test_a_run_draws_and_reports_on_the_paper_asked_for(folder):
    result, files = ran(folder, '[outputs]\npaper = "A3"\n')
    drawn = sorted((folder / "out" / "figures").glob("*.png"))
    assert [file.name for file in drawn] == ["01-facilities.png", "02-people.png", "03-lacking-L15.png", "04-lacking-L5.png", "05-coverage-all.png", "06-planned.png"]
    with Image.open(drawn[0]) as picture:
        #  420 x 297 mm at 300 dots an inch
        assert abs(picture.width - 4961) <= 1 and abs(picture.height - 3508) <= 1
    assert len(docx.Document(folder / "out" / "report.docx").inline_shapes) == len(drawn)
    assert files[1].name == "report.docx" and set(drawn) <= set(files)
    recorded = {one["file"] for one in json.loads((folder / "out" / "run.json").read_text(encoding="utf-8"))["outputs"]}
    assert {"report.docx", "layers.gpkg", *(f"figures/{file.name}" for file in drawn)} <= recorded
    assert text("zh", "warning.no_font") not in result.warnings


def test_figures_and_report_can_be_left_out(folder, monkeypatch):
    monkeypatch.setattr(figures, "fonts_of", lambda language: [])
    result, files = ran(folder, "[outputs]\nfigures = false\nreport = false\n")
    assert not names(files) & {"report.docx"} and not any(file.suffix == ".png" for file in files)
    assert not (folder / "out" / "figures").exists()
    #  nobody is told of a font that nothing needs
    assert text("zh", "warning.no_font") not in result.warnings


def test_a_machine_without_a_font_is_told_how_to_get_one(folder, monkeypatch):
    monkeypatch.setattr(figures, "fonts_of", lambda language: [])
    result, files = ran(folder)
    assert result.warnings.count(text("zh", "warning.no_font")) == 1
    assert "report.docx" in names(files) and not any(file.suffix == ".png" for file in files)
    told = "\n".join(paragraph.text for paragraph in docx.Document(folder / "out" / "report.docx").paragraphs)
    assert "fonts-noto-cjk" in told and text("zh", "warning.no_font") in told


def test_a_run_warns_in_every_language_and_the_map_holds_both(folder, monkeypatch):
    monkeypatch.setattr(figures, "fonts_of", lambda language: [])
    result, _ = ran(folder)
    told = result.warnings_by_language
    assert told["zh"] == result.warnings
    assert len(told["en"]) == len(told["zh"]) and text("en", "warning.no_font") in told["en"]
    page = held((folder / "out" / "index.html").read_text(encoding="utf-8"))
    assert page["study"]["warnings_by_language"] == {language: list(told[language]) for language in ("zh", "en")}


def test_the_map_offers_the_backgrounds_asked_for_and_no_other(folder):
    ran(folder, "[outputs]\nfigures = false\nreport = false\n[outputs.map]\ntianditu = true\n")
    page = (folder / "out" / "index.html").read_text(encoding="utf-8")
    assert "tianditu.gov.cn" in page and "autonavi" not in page


def test_a_background_that_nobody_knows_is_a_fault(folder):
    with pytest.raises(StudyError, match="osm"):
        ran(folder, "[outputs.map]\nosm = true\n")
