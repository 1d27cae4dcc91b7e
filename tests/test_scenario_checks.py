"""The checks of every run of a scenario: what only adds takes nothing away, and no change changes nothing."""

from __future__ import annotations

import base64
import json
import re
import zipfile
import zlib
from dataclasses import replace

import numpy as np
import pytest
import toy_study
from pandas.testing import assert_frame_equal
from test_scenario import BRIDGE, degrees, inputs_of, lay, plan, settings_of

from livingcircle import cli, scenario
from livingcircle.analysis import Kept, analyze, losses
from livingcircle.console import show_summary
from livingcircle.outputs.kept_words import check_lines, fault_lines
from livingcircle.reuse import Known
from livingcircle.scenario import changes_nothing, laid, only_adds

NEW = {"change": "open", "name": "N", "categories": ["school"], **degrees(560, 40)}
HOME = {"change": "add", "name": "C", "people": 100, **degrees(100, 30)}
#  what each scenario does, and whether it only adds
TOLD = {
    "nothing": ({}, True),
    "a school": ({"facilities": [NEW]}, True),
    "a planned school": ({"facilities": [{"change": "open", "id": "F2"}]}, True),
    "a bridge": ({"links": [BRIDGE]}, True),
    "more places": ({"facilities": [{"change": "resize", "id": "F1", "capacity": 9}]}, True),
    "a looser limit": ({"limits": [{"category": "school", "level": "L15", "limit_m": 600}]}, True),
    "a tighter limit": ({"limits": [{"category": "school", "level": "L15", "limit_m": 499}]}, False),
    "a school closed": ({"facilities": [{"change": "close", "id": "F1"}]}, False),
    "a school moved": ({"facilities": [{"change": "move", "id": "F1", **degrees(100, 0)}]}, False),
    "a school put off": ({"facilities": [{"change": "open", "id": "F1", "open_year": 2040}]}, False),
    "slower people": ({"walking": {"speeds": {"elderly": 2.0}}}, False),
    "another rule": ({"walking": {"rule": "time"}}, False),
    "a home": ({"homes": [HOME]}, True),
    "more people in a home": ({"homes": [{"change": "resize", "id": "A", "people": 900}]}, True),
    "a home less": ({"homes": [HOME, {"change": "remove", "id": "B"}]}, False),
    "planned schools left out": ({"certainty": "existing"}, True),
    "a bridge, but one school less": ({"links": [BRIDGE], "facilities": [{"change": "close", "id": "F1"}]}, False),
}


@pytest.fixture
def before(tiny):
    return inputs_of(), tiny, settings_of()


@pytest.mark.parametrize("name", TOLD)
def test_what_only_adds(tiny, before, name):
    told, adds = TOLD[name]
    assert only_adds(before, lay(tiny, inputs=before[0], **told)) is adds


def test_a_scenario_without_changes_changes_nothing(before, monkeypatch):
    assert changes_nothing(before)

    def careless(plan, inputs, **rest):
        inputs, standard, settings = scenario.laid(plan, inputs, **rest)
        return replace(inputs, facilities=inputs.facilities.assign(capacity=np.nextafter(0, 1))), standard, settings

    monkeypatch.setattr("livingcircle.scenario.adding.laid", careless)
    assert not changes_nothing(before)


@pytest.mark.parametrize("name", ["a school", "a bridge"])
def test_additions_take_nothing_from_anybody_whatever_was_known(tiny, before, name):
    known = Known()
    inputs, standard, settings = before
    after, limits, stated = lay(tiny, inputs=inputs, **TOLD[name][0])
    found = analyze(after, standard=limits, settings=stated, known=known)
    told = [losses(inputs, found, standard=standard, settings=settings, known=one) for one in (None, known)]
    #  two homes, two categories, two kinds of walker: 8 walks; school L15 and park L5 for two groups, the whole and one unit: 8 shares
    assert [(kept.compared, kept.holds) for kept in told] == [(16, True)] * 2
    analyze(inputs, standard=standard, settings=settings, known=known)
    assert losses(inputs, found, standard=standard, settings=settings, known=known).compared == 16


def test_what_a_state_had_is_not_looked_for_again(tiny, before, monkeypatch):
    known = Known()
    inputs, standard, settings = before
    analyze(inputs, standard=standard, settings=settings, known=known)
    after, limits, stated = lay(tiny, inputs=inputs, facilities=[{"change": "close", "id": "F1"}])
    found = analyze(after, standard=limits, settings=stated, known=known)
    anew = losses(inputs, found, standard=standard, settings=settings)
    monkeypatch.setattr("livingcircle.analysis.keeping.outset", None)
    told = losses(inputs, found, standard=standard, settings=replace(settings, years=(2030,), language="en"), known=known)
    assert len(anew.fallen) and len(anew.longer) and told.compared == anew.compared
    assert_frame_equal(told.fallen, anew.fallen, check_exact=True)
    assert_frame_equal(told.longer, anew.longer, check_exact=True)


def test_what_is_too_uncertain_is_taken_away_where_it_was_open(tiny, before):
    inputs, _, settings = before
    later = replace(settings, year=2030)
    after, limits, stated = laid(plan(certainty="existing"), inputs, standard=tiny, settings=later)
    assert not only_adds((inputs, tiny, later), (after, limits, stated))
    assert only_adds((inputs, tiny, replace(later, certainty="existing")), (inputs, tiny, later))


def test_homes_that_come_are_told_apart_from_those_of_the_study(tiny, before):
    """Of 400 people 100 are near the school; 100 more who are not lower its share, and nobody loses a thing."""
    inputs, standard, settings = before
    far = {"change": "add", "name": "D", "people": 100, **degrees(560, 30)}
    after, limits, stated = lay(tiny, inputs=inputs, homes=[far, {"change": "resize", "id": "A", "people": 300}])
    found = analyze(after, standard=limits, settings=stated)
    kept = losses(inputs, found, standard=standard, settings=settings)
    assert kept.holds and kept.compared == 16
    more = check_lines(replace(found, kept=replace(kept, same_homes=False)), "zh")
    assert "覆盖率可升可降" in more[-1] and "无一处覆盖下降" in check_lines(replace(found, kept=kept), "zh")[-1]
    shut = lay(tiny, inputs=inputs, homes=[far], facilities=[{"change": "close", "id": "F1"}])
    lost = losses(inputs, analyze(shut[0], standard=shut[1], settings=shut[2]), standard=standard, settings=settings)
    whole = lost.fallen[(lost.fallen["unit"] == "ALL") & (lost.fallen["group"] == "all")].set_index("category")["people"]
    assert whole.to_dict() == pytest.approx({"school": 100})


def test_what_is_lost_is_named_as_a_fault_of_the_program(tiny, before, capsys):
    inputs, standard, settings = before
    after, limits, stated = lay(tiny, inputs=inputs, facilities=[{"change": "close", "id": "F1"}])
    found = analyze(after, standard=limits, settings=stated)
    kept = losses(inputs, found, standard=standard, settings=settings)
    base = analyze(inputs, standard=standard, settings=settings)
    whole = {}
    for name, result in (("was", base), ("now", found)):
        table = result.coverage[(result.coverage["unit"] == "ALL") & (result.coverage["category"] == "school")]
        whole[name] = table.set_index("group")["people_covered"]
    lost = kept.fallen[kept.fallen["unit"] == "ALL"].set_index("group")["people"]
    assert lost.to_dict() == pytest.approx((whole["was"] - whole["now"]).to_dict()) and lost.min() > 0
    assert set(kept.fallen["category"]) == set(kept.longer["category"]) == {"school"}
    #  home A stood 210 m to 260 m from the school, and has none left
    row = kept.longer[(kept.longer["residence_id"] == "A") & (kept.longer["group"] == "all")].iloc[0]
    assert 210 < row["walk_m_before"] < 290 and row["walk_m"] == np.inf
    assert not kept.holds
    told = replace(found, kept=kept)
    assert len(fault_lines(told, "en")) == 2 and "school" in fault_lines(told, "en")[0] and "A" in fault_lines(told, "en")[1]
    show_summary(replace(told, settings=replace(settings, language="zh")), [])
    assert "程序有误" in capsys.readouterr().out
    assert check_lines(replace(found, kept=Kept(False, False)), "zh")[0].startswith("程序有误")
    assert check_lines(base, "zh") == []


SCENARIOS = """
[scenarios.nothing]
[scenarios.more]
[[scenarios.more.facilities]]
change = "open"
name = "新学校"
categories = ["school"]
lon = {lon}
lat = {lat}
[scenarios.less]
[[scenarios.less.facilities]]
change = "close"
id = "parks.geojson#1"
"""


def run(*arguments):
    with pytest.raises(SystemExit) as left:
        cli.main([str(a) for a in arguments])
    return left.value.code or 0


def test_every_run_tells_its_checks_and_no_change_gives_the_files_of_the_study(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = toy_study.write(tmp_path / "toy", whole=True)
    lon, lat = toy_study.place(560, 0)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write("\n[outputs]\nfigures = false\nreport = false\n" + SCENARIOS.format(lon=lon, lat=lat))
    assert run("analyze", folder) == 0
    assert "方案" not in capsys.readouterr().out
    checks = {}
    for name in ("nothing", "more", "less"):
        assert run("analyze", folder, "--scenario", name) == 0
        checks[name] = json.loads((tmp_path / "maps" / "toy" / name / "run.json").read_text(encoding="utf-8"))["checks"]
        told = capsys.readouterr().out
        assert "逐字节一致" in told and ("无一处覆盖下降" in told) is (name != "less")
    assert {name: (told["no_op_equals_base"], told["only_adds"]) for name, told in checks.items()} == {
        "nothing": (True, True), "more": (True, True), "less": (True, False),
    }
    assert all(told["coverage_fallen"] == told["walks_longer"] == [] for told in checks.values())
    assert checks["nothing"]["compared"] > 0 and checks["less"]["compared"] == 0
    base, same = tmp_path / "maps" / "toy", tmp_path / "maps" / "toy" / "nothing"
    names = sorted(file.name for file in base.iterdir() if file.is_file())
    assert names == sorted(file.name for file in same.iterdir())
    #  the record tells of the scenario and of the seconds taken
    assert [name for name in names if unnamed(same / name) != unnamed(base / name)] == ["run.json"]


def unnamed(file):
    """The bytes of a file, of a workbook those of its parts, with the name of the study alone where the scenario's stands beside it."""
    parts = {"": file.read_bytes()}
    if file.suffix == ".xlsx":
        with zipfile.ZipFile(file) as packed:
            parts = {name: packed.read(name) for name in packed.namelist()}
    if file.suffix == ".html":
        # The values of a page stand in it compressed, as JSON of plain ASCII.
        def values(found):
            return found[1] + json.dumps(json.loads(zlib.decompress(base64.b64decode(found[2]))), ensure_ascii=False).encode()

        parts[""] = re.sub(rb'(id="livingcircle-data"[^>]*>)([^<{]+)', values, parts[""])
    named = {"玩具城（方案：nothing）": "玩具城", "Toy town (scenario: nothing)": "Toy town"}
    for whole, short in named.items():
        parts = {name: told.replace(whole.encode(), short.encode()) for name, told in parts.items()}
    return parts
