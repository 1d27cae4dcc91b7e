"""The tables of standards on the terminal: every value with its mark, and the layer it came from."""

from __future__ import annotations

import re

import pytest
from conftest import TINY
from test_standards_stacking import CITY, PROJECT, PROVINCE, counts

from livingcircle import standards
from livingcircle.errors import StandardError
from livingcircle.standard_tables import show_checked, show_list, show_standard

MORE = """
[green.L15]
per_person_m2 = 2
park_m2 = 50000
clause = "g 1"
evidence = "●"

[[per_thousand]]
level = "L15"
land_class = "A"
name = { zh = "公服", en = "public" }
land_m2 = [1250, 2360]
floor_m2 = [0, 1380]
clause = "t 1"
evidence = "◐"
"""


@pytest.fixture
def folder(tmp_path):
    told = {"tiny": TINY + MORE, "province": PROVINCE, "city": CITY, "project": PROJECT, "counts": counts("sports")}
    for name, text in told.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def line(told: str, start: str) -> str:
    """The first line that starts so, its cells apart by one bar."""
    rows = ("|".join(re.split(r"\s{2,}", row.strip())) for row in told.splitlines())
    return next(row for row in rows if row.startswith(start))


def test_the_list_has_every_file_shipped(capsys):
    show_list("en")
    told = capsys.readouterr().out
    for name in standards.available():
        one = standards.load(name)
        row = line(told, name + "|")
        assert row.split("|")[0] == name and one.number in row and one.in_force.isoformat() in row
        assert row.endswith(f"|{len(one.categories)}|{len(one.indicators)}")


def test_one_standard_has_no_column_of_layers(folder, capsys):
    show_standard(standards.load("tiny.toml", base=folder), language="en")
    told = capsys.readouterr().out
    assert line(told, "school") == "school|school|L15|▲ mandatory|—|500|15|—|2|○|○"
    assert line(told, "L15|15") == "L15|15 minutes|15|1,000|—|—|1|○"
    assert line(told, "L15|2") == "L15|2|5|—|g 1|●"
    assert line(told, "L15|A public") == "L15|A public|1,250-2,360|≤1,380|t 1|◐"
    assert "layer" not in told


def test_a_stack_tells_where_each_value_came_from(folder, capsys):
    show_standard(standards.load(["project.toml", "counts.toml"], base=folder), language="en")
    told = capsys.readouterr().out
    assert "tiny < province < city < project < counts" in told
    assert line(told, "school") == "school|school|L15|▲ mandatory|—|450|15|—|p 2|◐|○|tiny; province: limit_m, clause, evidence"
    assert line(told, "clinic") == "clinic|clinic|L15|△ on demand|—|800|15|—|project|●|○|city; project: flag, clause, flag_evidence"
    assert line(told, "pitch|") == "pitch|pitch|—|—|—|—|—|no limit on foot, not judged by itself|I 1|counts"
    assert "35 places for every 1,000 people|City 1|○|province; city: value, clause, evidence" in "|".join(re.split(r"\s{2,}", told))
    assert line(told, "pitches") == (
        "pitches|pitches within reach|%|sports|share of residential land within all|pitch, school, clinic|500 m on foot|—|1|◐|●|counts"
    )
    assert "pitches within reach: What it is. Numerator: above; denominator: below." in told


def test_one_category_with_what_counts_it(folder, capsys):
    standard = standards.load(["tiny.toml", "counts.toml"], base=folder)
    show_standard(standard, language="zh", category="school")
    told = capsys.readouterr().out
    assert "学校" in told and "公园" not in told and "公服" not in told
    assert "统计它的指标：pitches" in told and "门类：全部" in told
    with pytest.raises(StandardError, match="did you mean 'school'"):
        show_standard(standard, language="zh", category="schol")


def test_every_shipped_standard_is_shown_whole_in_both_languages(capsys):
    for name in standards.available():
        standard = standards.load(name)
        for language in ("zh", "en"):
            show_standard(standard, language=language)
            told = capsys.readouterr().out
            for id, rule in standard.requirements():
                assert id in told and rule.clause in told
            for one in standard.indicators.values():
                assert one.name.get(language) in told and one.definition.get(language) in told


def test_a_file_without_faults_says_what_it_holds(folder, capsys):
    file = folder / "counts.toml"
    show_checked(file, standards.load(file), language="en")
    told = capsys.readouterr().out
    assert "no fault found" in told and "levels 0, themes 1, categories 1 (with requirements 0), indicators 1" in told
    #  `school` and `clinic` are ids of no standard shipped
    assert told.rstrip().endswith(": school, clinic")
    file = folder / "city.toml"
    show_checked(file, standards.load(file), language="zh")
    told = capsys.readouterr().out
    assert "没有发现错误" in told and "tiny < province < city" in told and "未定义" not in told
