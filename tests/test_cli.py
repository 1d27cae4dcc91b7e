"""The command line as planners use it: results, exit codes, messages that name the fault, nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import toy_study

from livingcircle import cli


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return toy_study.write(tmp_path / "toy", whole=True)


@pytest.fixture
def light(tmp_path, monkeypatch):
    """The study without drawings and a report, for tests that look at neither."""
    monkeypatch.chdir(tmp_path)
    return toy_study.write(tmp_path / "toy")


def run(*arguments):
    """The exit code of the command line in this process."""
    with pytest.raises(SystemExit) as left:
        cli.main([str(a) for a in arguments])
    return left.value.code or 0


def read(path):
    return pd.read_csv(path, encoding="utf-8-sig")


def test_analyze_writes_all_files(study, tmp_path, capsys):
    assert run("analyze", study) == 0
    folder = tmp_path / "maps" / "toy"
    assert sorted(p.name for p in folder.iterdir()) == [
        "access.csv", "capacity.csv", "capacity_units.csv", "completeness.csv", "coverage.csv", "equity.csv", "figures", "gaps.csv", "gaps.xlsx", "index.html",
        "indicators.csv", "lacking.csv", "layers.gpkg", "quotas.csv", "report.docx", "run.json",
    ]
    coverage = read(folder / "coverage.csv").set_index("category")
    #  school: block A whole and B up to x + y + 10 = 500; park: by the branch, entered at its south boundary
    assert coverage.loc["school", "facilities"] == 1
    assert 0.3 < coverage.loc["school", "land_share"] < 0.6
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["counts"]["people"] == 400
    assert {i["file"] for i in record["inputs"]} == {
        "study.toml", "streets.geojson", "schools.csv", "parks.geojson", "homes.geojson", "tiny.toml",
    }
    told = capsys.readouterr().out
    assert "玩具城" in told and "虚构数据" in told and "index.html" in told


def test_year_language_and_out(light, tmp_path, capsys):
    assert run("analyze", light, "--year", 2030, "--lang", "en", "--out", tmp_path / "later") == 0
    assert read(tmp_path / "later" / "coverage.csv").set_index("category").loc["school", "facilities"] == 2
    assert "Toy town" in capsys.readouterr().out


def test_networkx_gives_the_same_tables(light, tmp_path):
    assert run("analyze", light, "--out", tmp_path / "a") == 0
    toy_study.edit(light / "study.toml", "[streets]", '[walking]\nengine = "networkx"\n\n[streets]')
    assert run("analyze", light, "--out", tmp_path / "b") == 0
    for name in ("coverage.csv", "gaps.csv", "completeness.csv", "lacking.csv", "quotas.csv", "capacity_units.csv", "equity.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_two_runs_are_byte_identical(light, tmp_path):
    for name in ("a", "b"):
        assert run("analyze", light, "--out", tmp_path / name) == 0
    for name in ("coverage.csv", "gaps.csv", "indicators.csv", "completeness.csv", "lacking.csv", "quotas.csv", "equity.csv", "index.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def missing_file(folder):
    (folder / "parks.geojson").unlink()


def wrong_crs(folder):
    toy_study.edit(folder / "study.toml", 'path = "homes.geojson"', 'path = "homes.geojson"\ncrs = "EPSG:4550"')


def far_away(folder):
    toy_study.edit_features(folder / "homes.geojson", lambda f: json.loads(json.dumps(f).replace("[121.", "[119.")))


def empty_layer(folder):
    toy_study.edit_features(folder / "parks.geojson", lambda features: [])


def swapped(folder):
    lines = (folder / "schools.csv").read_text(encoding="utf-8-sig").replace("lon,lat", "lat,lon")
    (folder / "schools.csv").write_text(lines, encoding="utf-8-sig")


def nan_coordinates(folder):
    text = (folder / "schools.csv").read_text(encoding="utf-8-sig").splitlines()
    text[2] = "东小学,规划,2030,NaN,"
    (folder / "schools.csv").write_text("\n".join(text), encoding="utf-8-sig")


def unknown_key(folder):
    toy_study.edit(folder / "study.toml", "language", "langage")


def unknown_category(folder):
    toy_study.edit(folder / "study.toml", 'category = "school"', 'category = "scool"')


def mercator(folder):
    toy_study.edit(folder / "study.toml", "EPSG:4550", "EPSG:3857")


def no_column(folder):
    toy_study.edit(folder / "study.toml", 'population = "people"', 'population = "人口"')


def broken_toml(folder):
    toy_study.edit(folder / "study.toml", 'id = "toy"', "id = toy")


def truncated(folder):
    data = (folder / "streets.geojson").read_bytes()
    (folder / "streets.geojson").write_bytes(data[: len(data) // 2])


def negative_people(folder):
    toy_study.edit(folder / "homes.geojson", '"people": 80', '"people": -80')


def bad_year(folder):
    toy_study.edit(folder / "schools.csv", "规划,2030", "规划,soon")


def no_walkable_street(folder):
    text = (folder / "streets.geojson").read_text(encoding="utf-8").replace("residential", "motorway").replace("footway", "motorway")
    (folder / "streets.geojson").write_text(text, encoding="utf-8")


def garbage_extract(folder):
    (folder / "streets.osm").write_text("<html>not found</html>", encoding="utf-8")
    toy_study.edit(folder / "study.toml", "streets.geojson", "streets.osm")
    toy_study.edit(folder / "study.toml", 'crs = "EPSG:4550"\n', "")


def osm_mapping_on_a_table(folder):
    toy_study.edit(folder / "study.toml", 'category = "school"', 'mapping = "osm"')


def homes_of_later_years(folder):
    toy_study.edit(folder / "homes.geojson", '"ref"', '"year": 2090, "ref"')
    toy_study.edit(folder / "study.toml", 'id = "ref"', 'id = "ref"\nopen_year = "year"')


def people_without_end(folder):
    toy_study.edit(folder / "homes.geojson", '"people": 80', '"people": 1e300')


def two_groups_of_one_id(folder):
    toy_study.edit(folder / "study.toml", "[streets]", '[[walking.groups]]\nid = "all"\nspeed_kmh = 3\n[streets]')


def a_scenario_of_an_unknown_key(folder):
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write("[scenarios.x]\nfoo = 1\n")


def plain_graphml(folder):
    import networkx

    networkx.write_graphml(networkx.path_graph(3), folder / "streets.graphml")
    toy_study.edit(folder / "study.toml", "streets.geojson", "streets.graphml")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (garbage_extract, ["streets.osm：", "无法作为 OpenStreetMap 数据文件读取"]),
        (osm_mapping_on_a_table, ["schools.csv：不是 OSM 数据文件"]),
        (homes_of_later_years, ["居住用地：到 2025 年没有一处入住"]),
        (people_without_end, ["homes.geojson 第 3 行：“people”列的人口大得不合理"]),
        (two_groups_of_one_id, ["walking.groups：人群 id 不得重复"]),
        (a_scenario_of_an_unknown_key, ["scenarios.x.foo：未知的键"]),
        (plain_graphml, ["streets.graphml：", "OSMnx"]),
        (missing_file, ["没有文件“parks.geojson”"]),
        (wrong_crs, ["homes.geojson：第 1、2、3 行：经纬度被标成了", "→"]),
        (far_away, ["homes.geojson：全部落在研究范围之外", "km"]),
        (empty_layer, ["parks.geojson：图层 parks 是空的"]),
        (swapped, ["schools.csv", "经度与纬度似乎写反了"]),
        (nan_coordinates, ["schools.csv，“lon和lat”列：第 3 行：没有坐标"]),
        (unknown_key, ["langage：未知的键", "是否指 'language'？"]),
        (unknown_category, ["scool", "school"]),
        (mercator, ["Mercator 在北纬 30 度处把长度拉长", "→"]),
        (no_column, ["没有“人口”列", "people"]),
        (broken_toml, ["study.toml：不符合 TOML 写法（第 3 行第 6 列，值的写法有误）"]),
        (truncated, ["streets.geojson：无法读取"]),
        (negative_people, ["homes.geojson 第 3 行：“people”列的人口为负数"]),
        (bad_year, ["schools.csv open_year 第 3 行：“soon”不是数字"]),
        (no_walkable_street, ["步行路网：没有可步行的道路"]),
    ],
)
def test_bad_input_is_told_and_nothing_is_touched(study, tmp_path, capsys, spoil, words):
    folder = tmp_path / "maps" / "toy"
    folder.mkdir(parents=True)
    for name in ("index.html", "coverage.csv", "gaps.csv", "gaps.xlsx"):
        (folder / name).write_text("last run", encoding="utf-8")
    (folder / "run.json").write_text(json.dumps({"outputs": [{"file": p.name} for p in folder.iterdir()]}), encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    spoil(study)
    assert run("analyze", study) == 3
    told = capsys.readouterr().err
    for word in words:
        assert word in told
    assert "Traceback" not in told
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in (tmp_path / "maps").iterdir()] == ["toy"]


@pytest.mark.parametrize("command", ["analyze", "check"])
def test_a_part_that_is_not_installed_is_named(study, tmp_path, command):
    (study / "parks.parquet").write_bytes(b"PAR1 is how such a file begins")
    toy_study.edit(study / "study.toml", "parks.geojson", "parks.parquet")
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    without = "import sys; sys.modules['pyarrow'] = None; from livingcircle import cli; cli.main(sys.argv[1:])"
    told = subprocess.run([sys.executable, "-c", without, command, study], capture_output=True, text=True, env=environment)
    assert told.returncode == 5, told.stderr
    assert "parks.parquet" in told.stderr and "pip install 'livingcircle[parquet]'" in told.stderr and "Traceback" not in told.stderr
    folder = tmp_path / "maps"
    assert not folder.exists() or not [file for file in folder.rglob("*") if file.is_file()]


def test_all_faults_of_the_study_at_once(study, capsys):
    toy_study.edit(study / "study.toml", "language", "langage")
    toy_study.edit(study / "study.toml", "year = 2025", 'year = "soon"')
    toy_study.edit(study / "study.toml", 'population = "people"', "")
    assert run("analyze", study) == 3
    told = capsys.readouterr().err
    assert "langage" in told and "study.year：应为整数（现填 'soon'）" in told and "没有人口数据" in told


def test_the_command_line_at_fault(study, capsys):
    assert run("analyze") == 2
    assert run("analyze", study, "--lang", "fr") == 2
    assert run("area", study, "--at", "here", "--out", "a.geojson") == 2
    assert run("area", study, "--at", "121.7,29.9", "--minutes", "-5", "--out", "a.geojson") == 2
    assert run("area", study, "--at", "121.7,29.9", "--minutes", "inf", "--out", "a.geojson") == 2
    assert run("analyze", study, "--year", "99999") == 2
    assert run("fly", study) == 2


def test_no_study_there(tmp_path, capsys):
    assert run("analyze", tmp_path) == 3
    assert "没有这个研究文件" in capsys.readouterr().err
    assert run("analyze", tmp_path, "--lang", "en") == 3
    assert "no such study file" in capsys.readouterr().err


def test_faults_speak_the_language_of_the_study_however_broken_it_is(study, capsys):
    for spoil in (lambda: None, lambda: unknown_category(study), lambda: broken_toml(study)):
        toy_study.edit(study / "study.toml", 'language = "zh"', 'language = "en"')
        missing_file(study) if (study / "parks.geojson").exists() else None
        spoil()
        assert run("analyze", study) == 3
        english = capsys.readouterr().err
        assert english.isascii() or "→" in english and not any("一" <= sign <= "鿿" for sign in english.replace(str(study), ""))
        assert run("analyze", study, "--lang", "zh") == 3
        assert "请" in capsys.readouterr().err
        toy_study.edit(study / "study.toml", 'language = "en"', 'language = "zh"')
        assert run("times", study, "--from", "a.csv", "--to", "b.csv", "--out", "t.csv") == 3
        assert "请" in capsys.readouterr().err


def test_what_the_system_refuses_is_told_in_the_language(study, tmp_path, capsys, monkeypatch):
    from livingcircle.study import ask

    def refused(*_arguments, **_named):
        raise PermissionError(13, "Permission denied", "a.csv")

    monkeypatch.setattr(ask, "times", refused)
    assert run("times", study, "--from", "a.csv", "--to", "b.csv", "--out", tmp_path / "t.csv") == 3
    assert capsys.readouterr().err == "livingcircle: a.csv：没有权限 → 请核对路径和磁盘\n"

    def broken(*_arguments, **_named):
        raise RuntimeError("odd")

    monkeypatch.setattr(ask, "times", broken)
    assert run("times", study, "--from", "a.csv", "--to", "b.csv", "--out", tmp_path / "t.csv") == 1
    assert capsys.readouterr().err == "livingcircle: 程序出错：RuntimeError：odd（加 --debug 可看出错位置）\n"


def points(path, *rows):
    path.write_text("id,lon,lat\n" + "".join("{},{:.9f},{:.9f}\n".format(i, *toy_study.place(x, y)) for i, x, y in rows), encoding="utf-8")
    return path


def test_times(study, tmp_path):
    homes = points(tmp_path / "a.csv", ("h1", 100, 30), ("h2", 700, 500))
    ends = points(tmp_path / "b.csv", ("s1", 500, 200), ("s2", 900, -40))
    assert run("times", study, "--from", homes, "--to", ends, "--out", tmp_path / "t.csv") == 0
    table = read(tmp_path / "t.csv")
    assert list(table.columns) == ["from_id", "to_id", "walk_m", "walk_min", "from_leg_m", "to_leg_m", "status"]
    #  30 + 400 along the street + 200 up the branch; 30 + 800 + 40
    assert table["walk_m"][:2].tolist() == pytest.approx([630, 870], abs=0.2)
    assert table["walk_min"][:2].tolist() == pytest.approx([9.45, 13.05], abs=0.01)
    assert table["from_leg_m"][0] == pytest.approx(30, abs=0.05)
    assert table["to_leg_m"][1] == pytest.approx(40, abs=0.05)
    assert table["status"].tolist() == ["reached", "reached", "off_network", "off_network"]


def test_times_needs_ids_and_leaves_nothing_behind(study, tmp_path, capsys):
    bad = tmp_path / "a.csv"
    bad.write_text("lon,lat\n121.7,29.9\n", encoding="utf-8")
    assert run("times", study, "--from", bad, "--to", bad, "--out", tmp_path / "t.csv") == 3
    assert "没有“id”列" in capsys.readouterr().err
    assert not (tmp_path / "t.csv").exists()


def test_times_never_replaces_what_it_reads(study, tmp_path, capsys):
    homes = points(tmp_path / "a.csv", ("h1", 100, 30), ("h1", 200, 30))
    before = homes.read_bytes()
    assert run("times", study, "--from", homes, "--to", homes, "--out", homes) == 3
    assert run("times", study, "--from", homes, "--to", homes, "--out", tmp_path / "t.csv") == 3
    assert "编号为空或重复" in capsys.readouterr().err
    assert homes.read_bytes() == before


def test_area(study, tmp_path):
    at = "{:.9f},{:.9f}".format(*toy_study.place(500, 10))
    assert run("area", study, "--at", at, "--minutes", "2,4", "--out", tmp_path / "a.geojson") == 0
    shapes = gpd.read_file(tmp_path / "a.geojson")
    assert shapes["minutes"].tolist() == [2, 4]
    assert shapes["limit_m"].tolist() == pytest.approx([400 / 3, 800 / 3])
    #  nested up to the rounding of degrees
    assert shapes.geometry[1].buffer(1e-9).contains(shapes.geometry[0])


def test_area_far_from_any_street(study, tmp_path, capsys):
    at = "{:.9f},{:.9f}".format(*toy_study.place(500, 900))
    assert run("area", study, "--at", at, "--out", tmp_path / "a.geojson") == 3
    assert "150 米内没有可步行的道路；最近的是“小巷”，相距 600 米" in capsys.readouterr().err
    assert not (tmp_path / "a.geojson").exists()


def test_times_and_area_need_only_streets(study, tmp_path):
    (study / "study.toml").write_text('[study]\nid = "toy"\n[streets]\npath = "streets.geojson"\n', encoding="utf-8")
    at = "{:.9f},{:.9f}".format(*toy_study.place(500, 10))
    assert run("area", study, "--at", at, "--metres", "300", "--out", tmp_path / "a.geojson") == 0
    assert run("analyze", study) == 3


def test_standards(capsys):
    assert run("standards", "list") == 0
    told = capsys.readouterr().out
    assert "gb50180-2018" in told and "城市居住区规划设计标准" in told
    assert run("standards", "show", "gb50180-2018") == 0
    told = capsys.readouterr().out
    assert "edu_primary" in told and "小学" in told and "取自" not in told
    assert run("standards", "show", "gb50180-2018", "--category", "edu_primary", "--lang", "en") == 0
    told = capsys.readouterr().out
    assert "primary school" in told and "edu_junior" not in told
    assert run("standards", "show", "gb50180") == 3
    assert run("standards", "show", "gb50180-2018", "--category", "edu_primery") == 3
    assert "是否指 'edu_primary'" in capsys.readouterr().err
    assert run("standards", "show", "gb50180-2018", "--category", "edu_primery", "--lang", "en") == 3
    assert "did you mean 'edu_primary'" in capsys.readouterr().err
    assert run("standards", "show", "gb50180-2018", "--lang", "fr") == 2
    assert run("standards", "show") == 2


def test_a_standard_of_ones_own(study, capsys):
    own = study / "own.toml"
    own.write_text('[standard]\nid = "own"\nname = { zh = "自定", en = "own" }\nbased_on = "tiny.toml"\n[categories.park]\ndrop = true\n', encoding="utf-8")
    assert run("standards", "check", own) == 0
    told = capsys.readouterr().out
    assert "没有发现错误" in told and "tiny < own" in told
    assert run("standards", "show", study / "tiny.toml", own, "--lang", "en") == 0
    told = capsys.readouterr().out
    assert "school" in told and "park" not in told and "layer" in told
    own.write_text('[standard]\nid = "own"\nbased_on = "tiny.toml"\nkept = 1\n[categories.pork]\ndrop = true\n[levels.L5]\nwalk_m = -1\n', encoding="utf-8")
    assert run("standards", "check", own) == 3
    told = capsys.readouterr().err
    assert told.count("own.toml: ") == 3 and "standard.kept：未知的键 → 是否指 'keep'" in told and "levels.L5.walk_m：应大于 0（现填 -1）" in told
    assert run("standards", "check", own, "--lang", "en") == 3
    told = capsys.readouterr().err
    assert told.count("own.toml: ") == 3 and "Traceback" not in told
    for words in ("standard.kept: unknown key → did you mean 'keep'", "categories.pork: nothing to drop: no file below has it → did you mean 'park'", "levels.L5.walk_m"):
        assert words in told


def test_scripts_and_module_do_the_same(light, tmp_path):
    for start in ([sys.executable, "-m", "livingcircle", "analyze"], [sys.executable, str(toy_study.Path(__file__).parent.parent / "scripts" / "analyze.py")]):
        told = subprocess.run([*start, str(light), "--out", str(tmp_path / "out")], capture_output=True, text=True, cwd=tmp_path)
        assert told.returncode == 0, told.stderr


def test_help_and_version_answer_in_half_a_second():
    command = [str(toy_study.Path(sys.executable).parent / "livingcircle")]
    if not os.path.exists(command[0]):
        command = [sys.executable, "-m", "livingcircle"]
    for option in ("--help", "--version"):
        spent = []
        for _ in range(3):
            began = time.perf_counter()
            subprocess.run([*command, option], capture_output=True, check=True)
            spent.append(time.perf_counter() - began)
        assert min(spent) < 0.5


def test_debug_shows_the_traceback(tmp_path):
    told = subprocess.run([sys.executable, "-m", "livingcircle", "--debug", "analyze", str(tmp_path)], capture_output=True, text=True)
    assert "Traceback" in told.stderr
