"""What planners write into gaps.xlsx comes back in the next run."""

import json
import re

import openpyxl
import pandas as pd
import pytest
import toy_study

from livingcircle.errors import StudyError
from livingcircle.outputs import verification
from livingcircle.study.run import run


def quiet(step, done, total):
    pass


def ran(folder, out, **told):
    return run(folder, out=out, progress=quiet, **told)[0]


@pytest.fixture
def study(tmp_path):
    return toy_study.write(tmp_path / "study")


def columns(sheet):
    return {re.sub(r"\s", "", str(cell.value)): cell.column for cell in sheet[1]}


def fill(path, *records):
    """Write (row of the list from 1, state, note) into the workbook as a planner does; gap ids of these rows."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    at = columns(sheet)
    state, note = (at.get(zh, at.get(en)) for zh, en in (("核实状态", "verified"), ("备注", "note")))
    ids = []
    for row, word, said in records:
        sheet.cell(row + 1, state).value, sheet.cell(row + 1, note).value = word, said
        # The cells are typed as text, and what is typed into them is no formula.
        sheet.cell(row + 1, note).data_type = "n" if isinstance(said, int) else "s"
        ids.append(sheet.cell(row + 1, at.get("缺口编号", at.get("gapid"))).value)
    book.save(path)
    return ids


def table(out):
    return pd.read_csv(out / "gaps.csv", encoding="utf-8-sig", keep_default_na=False).set_index("gap_id")


def test_state_and_note_survive_two_runs(study, tmp_path):
    out = tmp_path / "out"
    ran(study, out)
    first, second = fill(out / "gaps.xlsx", (1, "属实", "已现场看过"), (2, "", "=等补路"))
    for _ in range(2):
        result = ran(study, out)
        got = table(out)
        assert got.loc[first, ["verified", "verified_note"]].tolist() == ["confirmed", "已现场看过"]
        assert got.loc[second, ["verified", "verified_note"]].tolist() == ["unverified", "'=等补路"]
        assert (got["verified"] == "confirmed").sum() == 1
        assert result.counts["gaps_with_record"] == 2
        read = verification.read(out / "gaps.xlsx", language="zh")
        assert read.notes == {first: ("confirmed", "已现场看过"), second: ("unverified", "=等补路")}


def test_two_runs_are_the_same_bytes(study, tmp_path):
    for name in ("a", "b"):
        ran(study, tmp_path / name)
    for file in ("gaps.csv", "gaps.xlsx", "coverage.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_gap_that_is_gone_keeps_its_record_and_gets_it_back(study, tmp_path):
    out = tmp_path / "out"
    before = ran(study, out)
    number = int(before.gaps.loc[(before.gaps["category"] == "school") & (before.gaps["residence_id"] == "C"), "rank"].iloc[0])
    (gap,) = fill(out / "gaps.xlsx", (number, "不属实", "学校已开"))
    #  in 2030 the eastern school is open, and the gap is gone
    later = ran(study, out, year=2030)
    kept = set(later.gaps["gap_id"])
    assert gap not in kept and kept < set(before.gaps["gap_id"])
    sheet = openpyxl.load_workbook(out / "gaps.xlsx")["已消除缺口的核实记录"]
    assert sheet.cell(2, columns(sheet)["缺口编号"]).value == gap
    assert sheet.cell(2, columns(sheet)["居住用地"]).value == "C"
    assert any("1 条核实记录" in warning for warning in later.warnings)
    ran(study, out, year=2030)
    ran(study, out)
    assert table(out).loc[gap, ["verified", "verified_note"]].tolist() == ["refuted", "学校已开"]
    assert "已消除缺口的核实记录" not in openpyxl.load_workbook(out / "gaps.xlsx").sheetnames


def test_a_workbook_of_the_other_language_rearranged_is_read(study, tmp_path):
    out = tmp_path / "out"
    ran(study, out, language="en")
    (gap,) = fill(out / "gaps.xlsx", (1, "Resolved ", 3))
    book = openpyxl.load_workbook(out / "gaps.xlsx")
    sheet = book.worksheets[0]
    rows = [[cell.value for cell in row][::-1] for row in sheet.iter_rows()]
    fresh = book.create_sheet("mine", 0)
    fresh.append(["list for the meeting of March"])
    fresh.append([])
    for row in rows:
        fresh.append(row)
    del book[sheet.title]
    book.save(out / "gaps.xlsx")
    ran(study, out)
    assert table(out).loc[gap, ["verified", "verified_note"]].tolist() == ["resolved", "3"]


def test_a_row_copied_or_emptied_does_no_harm(study, tmp_path):
    out = tmp_path / "out"
    ran(study, out)
    (gap,) = fill(out / "gaps.xlsx", (1, "属实", "看过"))
    book = openpyxl.load_workbook(out / "gaps.xlsx")
    sheet = book.worksheets[0]
    sheet.append([cell.value for cell in sheet[2]])
    sheet.append([None] * 5)
    sheet.cell(sheet.max_row, columns(sheet)["备注"]).value = "没有编号"
    book.save(out / "gaps.xlsx")
    assert verification.read(out / "gaps.xlsx", language="zh").notes == {gap: ("confirmed", "看过")}


def test_a_word_that_is_no_state_is_told_and_kept_in_the_note(study, tmp_path):
    out = tmp_path / "out"
    ran(study, out)
    one, two = fill(out / "gaps.xlsx", (1, "大概属实", "问过居委会"), (2, "？", None))
    result = ran(study, out)
    assert table(out).loc[one, ["verified", "verified_note"]].tolist() == ["unverified", "大概属实: 问过居委会"]
    assert table(out).loc[two, "verified_note"] == "？"
    assert [w for w in result.warnings if "大概属实" in w and "2 处" in w]


@pytest.mark.parametrize("damage", ["truncated", "text", "no heading"])
def test_a_damaged_workbook_is_one_warning_and_is_kept(study, tmp_path, damage):
    out = tmp_path / "out"
    ran(study, out)
    path = out / "gaps.xlsx"
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:3000])
    elif damage == "text":
        path.write_text("not a workbook", encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        book.active.append(["a", "b"])
        book.save(path)
    broken = path.read_bytes()
    result = ran(study, out)
    assert len([w for w in result.warnings if "gaps.previous.xlsx" in w]) == 1
    assert (out / "gaps.previous.xlsx").read_bytes() == broken
    assert set(table(out)["verified"]) == {"unverified"}
    #  it is a planner's file from now on: the next run leaves it, and another damaged one gets another name
    assert not [w for w in ran(study, out).warnings if "previous" in w]
    assert (out / "gaps.previous.xlsx").read_bytes() == broken
    path.write_text("broken again", encoding="utf-8")
    ran(study, out)
    assert (out / "gaps.previous.xlsx").read_bytes() == broken
    assert (out / "gaps.previous-2.xlsx").read_text(encoding="utf-8") == "broken again"


def test_a_workbook_open_elsewhere_is_told(study, tmp_path):
    out = tmp_path / "out"
    ran(study, out)
    (gap,) = fill(out / "gaps.xlsx", (1, "属实", ""))
    (out / ".~lock.gaps.xlsx#").write_text("planner", encoding="utf-8")
    result = ran(study, out)
    assert [w for w in result.warnings if "正在其他程序中打开" in w]
    assert table(out).loc[gap, "verified"] == "confirmed"


def test_a_locked_workbook_stops_the_run_before_anything_is_written(study, tmp_path, monkeypatch):
    out = tmp_path / "out"
    ran(study, out)
    fill(out / "gaps.xlsx", (1, "属实", ""))
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    whole = verification.Path.open

    def locked(self, mode="r", *told, **more):
        if self.name == "gaps.xlsx":
            raise PermissionError(13, "Permission denied")
        return whole(self, mode, *told, **more)

    monkeypatch.setattr(verification.Path, "open", locked)
    monkeypatch.setattr(verification, "_untouched", lambda path: False)
    with pytest.raises(StudyError, match="close it there"):
        ran(study, out)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before


def test_an_untouched_workbook_is_not_searched(study, tmp_path, monkeypatch):
    out = tmp_path / "out"
    ran(study, out)

    def refuse(*told, **more):
        raise AssertionError("searched")

    monkeypatch.setattr(verification.openpyxl, "load_workbook", refuse)
    assert verification.read(out / "gaps.xlsx", language="zh") == verification.Record()
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    record["counts"]["gaps_with_record"] = 1
    (out / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(AssertionError, match="searched"):
        verification.read(out / "gaps.xlsx", language="zh")


def test_without_a_workbook_there_is_no_record(tmp_path):
    assert verification.read(tmp_path / "gaps.xlsx", language="zh").notes == {}
