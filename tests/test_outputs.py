"""Files of a run: tables, workbook, record, and how they appear together."""

from __future__ import annotations

import json

import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from conftest import analyzed, analyzed_once, facility_table, residence_table, town

from livingcircle.errors import StudyError
from livingcircle.outputs import publishing, run_record, tables, workbook


@pytest.fixture
def result(tiny):
    network = town([(0, 0), (3000, 0)], [(0, 900), (500, 900)])
    homes = pd.concat(
        [residence_table(("=R1", 100, shapely.Point(1200, 0)), ("R2", 50, shapely.Point(100, 900)), ("R3", 30, shapely.Point(10, 0)))]
    )
    return analyzed_once(tiny, network, facility_table(("=1+1", "school", shapely.Point(0, 0))), homes, language="zh")


def test_csv_has_a_mark_keeps_infinity_and_runs_no_formula(result, tmp_path):
    tables.write_gaps(result, tmp_path / "gaps.csv")
    data = (tmp_path / "gaps.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(tmp_path / "gaps.csv", encoding="utf-8-sig").query("category == 'school'").set_index("residence_id")
    assert table.loc["'=R1", "nearest_facility"] == "'=1+1"
    assert table.loc["'=R1", "walk_m"] == 1200
    assert np.isinf(table.loc["R2", "walk_m"])
    assert table.loc["R2", "status"] == "unreachable"


def test_no_gap_is_an_empty_list_with_headings(tiny, tmp_path):
    both = facility_table(("S", "school", shapely.Point(0, 0)), ("P", "park", shapely.Point(5, 0)))
    happy = analyzed(tiny, town([(0, 0), (100, 0)]), both, residence_table(("A", 1, shapely.Point(10, 0))))
    assert len(happy.gaps) == 0
    tables.write_gaps(happy, tmp_path / "gaps.csv")
    workbook.write(happy, tmp_path / "gaps.xlsx")
    assert len(pd.read_csv(tmp_path / "gaps.csv")) == 0
    assert openpyxl.load_workbook(tmp_path / "gaps.xlsx").worksheets[0].max_row == 1


def test_the_record_is_strict_json_with_digests(result, tmp_path):
    (tmp_path / "in.csv").write_text("x", encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    tables.write_coverage(result, out / "coverage.csv")
    run_record.write(result, out / "run.json", inputs=[tmp_path / "in.csv"], base=tmp_path, seconds={})

    def refuse(word):
        raise ValueError(word)

    record = json.loads((out / "run.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert record["inputs"] == [{"file": "in.csv", "bytes": 1, "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}]
    assert [o["file"] for o in record["outputs"]] == ["coverage.csv"]
    assert record["parameters"]["speed_kmh"] == 4


def test_a_geodatabase_is_one_input_of_the_record(result, tmp_path):
    base, out = tmp_path / "规划.gdb", tmp_path / "out"
    base.mkdir()
    out.mkdir()
    told = []
    for name, data in (("a00000001.gdbtable", b"one"), ("gdb", b"two"), ("x.lock", b"open")):
        (base / name).write_bytes(data)
        run_record.write(result, out / "run.json", inputs=[base], base=tmp_path, seconds={})
        told += json.loads((out / "run.json").read_text(encoding="utf-8"))["inputs"]
    assert [(one["file"], one["bytes"]) for one in told] == [("规划.gdb", 3), ("规划.gdb", 6), ("规划.gdb", 6)]
    assert told[0]["sha256"] != told[1]["sha256"] == told[2]["sha256"]


def files(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file() and path.name != "run.json"}


def write_run(folder, text, *names):
    for name in names or ("gaps.csv",):
        (folder / name).write_text(text)
    (folder / "run.json").write_text(json.dumps({"outputs": [{"file": name} for name in names or ("gaps.csv",)]}))


def test_files_appear_together(tmp_path):
    target = tmp_path / "maps" / "a"
    with publishing.publish(target) as folder:
        write_run(folder, "1")
        assert not target.exists()
    assert files(target) == {"gaps.csv": "1"}


def test_a_failed_run_leaves_the_last_one(tmp_path):
    target = tmp_path / "a"
    with publishing.publish(target) as folder:
        write_run(folder, "1")
    with pytest.raises(RuntimeError), publishing.publish(target) as folder:
        write_run(folder, "2")
        raise RuntimeError
    assert files(target) == {"gaps.csv": "1"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


def test_scenarios_and_own_files_stay_and_stale_files_go(tmp_path):
    target = tmp_path / "a"
    with publishing.publish(target) as folder:
        write_run(folder, "1", "gaps.csv", "report.docx")
    (target / "remarks.txt").write_text("mine")
    (target / "layers.gpkg").write_text("mine too")
    (target / "scenario").mkdir()
    (target / "scenario" / "run.json").write_text("s")
    with publishing.publish(target) as folder:
        write_run(folder, "2")
    assert files(target) == {"gaps.csv": "2", "remarks.txt": "mine", "layers.gpkg": "mine too"}
    assert (target / "scenario" / "run.json").read_text() == "s"


def test_a_planners_file_is_never_replaced(tmp_path):
    target = tmp_path / "a"
    target.mkdir()
    (target / "gaps.csv").write_text("mine")
    with pytest.raises(StudyError, match="gaps.csv that no run"), publishing.publish(target) as folder:
        write_run(folder, "1")
    assert files(target) == {"gaps.csv": "mine"}


def test_the_folder_worked_in_is_refused(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    for place in (".", ".."):
        with pytest.raises(StudyError, match="folder you work in"), publishing.publish(place):
            pass


def test_a_run_that_died_between_two_steps_is_undone(tmp_path):
    target, old = tmp_path / "a", tmp_path / ".a.old"
    old.mkdir()
    write_run(old, "1")
    (tmp_path / ".a.new-x").mkdir()
    with pytest.raises(RuntimeError), publishing.publish(target):
        raise RuntimeError
    assert files(target) == {"gaps.csv": "1"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


def test_two_runs_at_once_do_not_mix(tmp_path):
    with publishing.publish(tmp_path / "a"):
        with pytest.raises(StudyError, match="another run"), publishing.publish(tmp_path / "a"):
            pass


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "a").write_text("x")
    with pytest.raises(StudyError, match="not a folder"), publishing.publish(tmp_path / "a"):
        pass


def test_the_tables_beside_coverage(tiny, tmp_path):
    from test_indicators import indicator, system

    asked = system(indicator("land_within", name={"zh": "=覆盖率", "en": "=share"}, target=90.0), indicator("not_computable", id="I2", needs=("jobs",)))
    table = facility_table(("S", "school", shapely.Point(0, 0)))
    homes = residence_table(("A", 10, shapely.box(10, 0, 20, 10)), ("B", 10, shapely.box(800, 0, 810, 10)))
    told = analyzed(tiny, town([(0, 0), (1000, 0)]), table, homes, systems=(asked,), language="zh")
    tables.write_indicators(told, tmp_path / "indicators.csv")
    got = pd.read_csv(tmp_path / "indicators.csv", encoding="utf-8-sig")
    assert got["value"].iloc[0] == pytest.approx(50)
    assert got["name"].tolist() == ["'=覆盖率", "名"]
    assert got["meets"].tolist()[0] in (False, "False")
    assert np.isnan(got["value"].iloc[1]) and got["missing"].iloc[1] == "jobs"
    assert got["year"].isna().all()
    tables.write_completeness(told, tmp_path / "completeness.csv")
    assert pd.read_csv(tmp_path / "completeness.csv", encoding="utf-8-sig").set_index("level").loc["L15", "people_all"] == 10
    tables.write_lacking(told, tmp_path / "lacking.csv")
    lacking = pd.read_csv(tmp_path / "lacking.csv", encoding="utf-8-sig").set_index(["residence_id", "level"])["lacking"]
    assert (lacking["A", "L15"], lacking["B", "L15"]) == (0, 1)
    tables.write_quotas(told, tmp_path / "quotas.csv")
    assert list(pd.read_csv(tmp_path / "quotas.csv", encoding="utf-8-sig").columns)[:3] == ["area", "area_kind", "category"]
