"""What a study judges by: stacked standards, indicator systems, categories and years."""

from __future__ import annotations

import json

import pytest
import toy_study
from test_standards_stacking import counts

from livingcircle.errors import StandardError, StudyError
from livingcircle.standards import indicator_systems
from livingcircle.study import schema
from livingcircle.study.checking import check
from livingcircle.study.judging import standards_of
from livingcircle.study.reading import settings_of
from livingcircle.study.run import run

OWN = '[standard]\nid = "own"\nname = { zh = "自定", en = "own" }\nbased_on = "tiny.toml"\n[categories.school]\nrequirements = [{ level = "L15", limit_m = 300 }]\n'


@pytest.fixture
def folder(tmp_path):
    folder = toy_study.write(tmp_path / "toy")
    (folder / "own.toml").write_text(OWN, encoding="utf-8")
    (folder / "counts.toml").write_text(counts("sports"), encoding="utf-8")
    return folder


def say(folder, *keys: str) -> schema.Study:
    toy_study.edit(folder / "study.toml", 'standard = "tiny.toml"', "\n".join(keys))
    return schema.load(folder)[0]


def test_defaults_are_the_standard_and_every_system_shipped(folder):
    study, base = schema.load(folder)
    about = study.study
    assert (about.standard, about.indicators, about.categories, about.years, about.units_parent) == (("tiny.toml",), None, (), (), None)
    standard, systems = standards_of(study, base=base)
    assert [system.id for system in systems] == indicator_systems()
    assert [id for id, _ in standard.requirements()] == ["school", "park"]
    assert schema.About(id="x").standard == ("gb50180-2018",)


def test_a_stack_with_systems_categories_and_years(folder):
    study = say(folder, 'standard = ["tiny.toml", "own.toml"]', 'indicators = ["counts.toml"]', 'categories = ["school"]', "years = [2030, 2035]")
    with pytest.raises(StandardError, match="stands in the stack|also the id"):
        standards_of(study.model_copy(update={"study": study.study.model_copy(update={"standard": ("own.toml", "tiny.toml")})}), base=folder)
    standard, systems = standards_of(study, base=folder)
    assert (standard.layers, standard.category("school").requirements[0].limit_m) == (("tiny", "own"), 300)
    assert [system.id for system in systems] == ["counts"] and "pitch" in standard.categories
    assert study.study.years == (2030, 2035) and settings_of(study).categories == ("school",)
    files = [file.name for file in schema.input_files(study, folder)]
    assert files[-3:] == ["tiny.toml", "own.toml", "counts.toml"] and len(files) == len(set(files))


def test_indicators_of_the_standard_itself_are_worked_out(folder):
    (folder / "both.toml").write_text('[standard]\nid = "both"\nname = { zh = "合", en = "both" }\nbased_on = "counts.toml"\n[indicators.pitches]\nlimit_m = 400\n', encoding="utf-8")
    study = say(folder, 'standard = ["tiny.toml", "both.toml"]', "indicators = []")
    standard, systems = standards_of(study, base=folder)
    assert [(system.id, system.indicators["pitches"].limit_m) for system in systems] == [("both", 400)]
    assert standard.layers == ("tiny", "counts", "both")


@pytest.mark.parametrize(
    ("keys", "error", "words"),
    [
        (['standard = []'], StudyError, "study.standard: name at least one"),
        (['standard = 3'], StudyError, "study.standard: give one in quotes, or a list"),
        (['standard = ["tiny.toml", "tiny.toml"]'], StudyError, "tiny.toml stands twice"),
        (['standard = "no.toml"'], StudyError, "study.standard: no such file 'no.toml'"),
        (['standard = ["tiny.toml", "no.toml"]'], StudyError, "study.standard.1: no such file 'no.toml'"),
        (['standard = "tiny.toml"', 'indicators = ["none.toml"]'], StudyError, "study.indicators: no such file 'none.toml'"),
        (['standard = "tiny.toml"', 'indicators = ["tdt"]'], StandardError, "tdt: no such standard"),
        (['standard = "tiny.toml"', 'indicators = ["own.toml"]'], StandardError, "own: has no indicators"),
        (['standard = "counts.toml"'], StandardError, "counts: asks nothing of any category"),
        (['standard = "tiny.toml"', "years = [20300]"], StudyError, "study.years.0"),
        (['standard = "tiny.toml"', "years = [2030, 2030]"], StudyError, "2030 stands twice"),
        (['standard = "tiny.toml"', 'units_parent = "street"'], StudyError, "no units are given"),
        (['standard = "tiny.toml"', 'categories = ["scool", "parc"]'], StudyError, "'scool' is no category.*did you mean 'school'(.|\n)*'parc' is no"),
    ],
)
def test_faults_name_the_key(folder, keys, error, words):
    with pytest.raises(error, match=words):
        standards_of(say(folder, *keys), base=folder)


def test_faults_of_all_files_at_once(folder):
    toy_study.edit(folder / "own.toml", "limit_m = 300", "limit_m = 0")
    toy_study.edit(folder / "counts.toml", 'clause = "1"', "")
    study = say(folder, 'standard = "own.toml"', 'indicators = ["counts.toml"]')
    with pytest.raises(StandardError) as caught:
        standards_of(study, base=folder)
    told = [str(fault) for fault in caught.value.faults]
    assert len(told) == 2 and "own.toml: categories.school.requirements.0.limit_m" in told[0] and "counts.toml: indicators.pitches.clause: is required" in told[1]


def test_only_the_categories_chosen_are_judged(folder, tmp_path):
    whole, _ = run(folder, out=tmp_path / "whole", progress=lambda *_: None)
    say(folder, 'standard = ["own.toml"]', 'indicators = ["counts.toml"]', 'categories = ["school"]')
    some, _ = run(folder, out=tmp_path / "some", progress=lambda *_: None)
    assert set(whole.coverage["category"]) == {"school", "park"}
    assert set(some.coverage["category"]) == set(some.gaps["category"]) == {"school"}
    record = json.loads((tmp_path / "some" / "run.json").read_text(encoding="utf-8"))
    assert record["standard"]["layers"] == ["tiny", "own"] and record["parameters"]["categories"] == ["school"]
    assert {"tiny.toml", "own.toml", "counts.toml"} <= {one["file"] for one in record["inputs"]}
    report, _ = check(folder, out=tmp_path / "check", progress=lambda *_: None)
    assert report.standard.layers == ("tiny", "own")


def test_places_that_only_indicators_count_are_no_trouble(folder, tmp_path):
    toy_study.edit(folder / "study.toml", 'category = "park"', 'category = ["park", "pitch"]')
    say(folder, 'standard = "tiny.toml"', 'indicators = ["counts.toml"]')
    result, _ = run(folder, out=tmp_path / "out", progress=lambda *_: None)
    assert set(result.coverage["category"]) == {"school", "park"}
    assert any("pitch" in served for served in result.facilities["categories"])
    report, _ = check(folder, out=tmp_path / "check", progress=lambda *_: None)
    assert dict(zip(report.categories["category"], report.categories["number"], strict=True))["pitch"] == 1
