"""The corrections of a run in words."""

from __future__ import annotations

from types import SimpleNamespace

from livingcircle.corrections import _told
from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs.correction_words import correction_lines

DROPPED = {"action": "drop", "facility_id": "a.csv#3", "before": "老小学", "after": "", "reason": "已拆除", "by": "王工", "date": "2026-05-01"}
RENAMED = {"action": "rename", "facility_id": "a.csv#4", "before": "甲", "after": "乙", "reason": None, "by": float("nan"), "date": ""}
ABSENT = {"action": "absent", "facility_id": "", "before": "", "after": "司法所", "reason": "", "by": "", "date": ""}


def result(done, language="zh"):
    return SimpleNamespace(settings=SimpleNamespace(language=language), counts={"corrections": done} if done else {})


def test_each_says_what_was_done_and_why():
    assert correction_lines(result([DROPPED, RENAMED, ABSENT])) == [
        "不计：a.csv#3，老小学（已拆除，王工，2026-05-01）",
        "改名：a.csv#4，甲 → 乙",
        "核实没有：司法所",
    ]
    assert correction_lines(result([RENAMED], "en")) == ["renamed: a.csv#4, 甲 → 乙"]


def test_without_corrections_there_is_no_line():
    assert correction_lines(result(None)) == []


def test_every_action_has_its_word():
    for language in LANGUAGES:
        assert all(f"correction.{action}" in words(language, "gaps") for action in _told()["actions"])
