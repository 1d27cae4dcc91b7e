"""Both languages say the same things."""

import ast
import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

import livingcircle
from livingcircle import standards
from livingcircle.errors import Fault, listed, reason, said
from livingcircle.messages import LANGUAGES, text, words
from livingcircle.messages.faults import in_words
from livingcircle.messages.values import wrong_value

PARTS = ("", "page", "check", "standards", "indicators", "gaps", "gis", "figures", "report", "values", "compare", "timeline", "links", "site", "programme")
PACKAGE = Path(livingcircle.__file__).parent
#  errors whose first argument is the problem of a fault
TOLD = {"ValueError", "Refused", "_Unfit"}


@pytest.mark.parametrize("part", PARTS)
def test_the_same_keys_and_placeholders(part):
    told = [words(language, part) for language in LANGUAGES]
    assert list(told[0]) == list(told[1])
    for key in told[0]:
        fields = [sorted(re.findall(r"{(\w+)", language[key])) for language in told]
        assert fields[0] == fields[1], key
        assert all(language[key].strip() for language in told), key


def test_every_code_of_the_gap_list_has_words():
    from livingcircle.gaps.causes import remedies

    for language in LANGUAGES:
        known = words(language)
        assert {f"cause.{cause}" for cause in remedies()} <= set(known)
        assert {f"remedy.{remedy}" for remedy in remedies().values()} <= set(known)


def test_values_are_filled_in():
    assert "3" in text("zh", "warning.centroids", count=3)
    with pytest.raises(KeyError):
        text("zh", "no.such.key")


def _named():
    """Every pair of a Chinese and an English name that planners see, with where it stands."""
    for part in PARTS:
        chinese, english = (words(language, part) for language in LANGUAGES)
        yield from ((f"{part}.{key}", chinese[key], english[key]) for key in chinese)
    for standard in map(standards.load, standards.available()):
        for kind in (standard.levels, standard.themes, standard.categories, standard.indicators):
            yield from ((f"{standard.id} {one.id}", one.name.zh, one.name.en) for one in kind.values())


def test_one_word_for_each_thing():
    told = tomllib.loads((files("livingcircle.messages") / "glossary.toml").read_text(encoding="utf-8"))
    terms = {term: [english] if isinstance(english, str) else english for term, english in told.items()}
    found = [(where, chinese, english) for where, chinese, english in _named() if chinese in terms]
    assert len(found) > 100
    assert [one for one in found if one[2].lower() not in terms[one[1]]] == []


def literals(node):
    """The texts a part of a call may be, and whether anything in it is put together out of our sight."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    return [text for value in node.values for text in literals(value)] if isinstance(node, ast.BoolOp) else []


def put_together(node):
    return isinstance(node, ast.JoinedStr | ast.BinOp) or (isinstance(node, ast.IfExp) and (put_together(node.body) or put_together(node.orelse)))


def is_call(node, *names):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def loose(function):
    """Names that a function gives plain texts or texts put together, by name."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
            pairs += [p for t, v in pairs if isinstance(t, ast.Tuple) and isinstance(v, ast.Tuple) for p in zip(t.elts, v.elts, strict=False)]
            yield from (target.id for target, value in pairs if isinstance(target, ast.Name) and (put_together(value) or any(literals(value))))


@cache
def sentences():
    """Every text that the code gives as problem or remedy: templates, plain texts, places in words, and what no one can look up."""
    templates, plain, places, wrong = set(), set(), set(), []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
            unseen = set(loose(function)) | set(loose(ast.Module([n for n in tree.body if isinstance(n, ast.Assign)], [])))
            faults = [n for n in ast.walk(function) if is_call(n, "Fault")]
            named = [a for n in faults for a in n.args[1:] if isinstance(a, ast.Name)]
            wrong += [f"{path.name} {a.lineno}: say {a.id} with said()" for a in named if a.id in unseen]
        for node in ast.walk(tree):
            if is_call(node, "said"):
                assert isinstance(node.args[0], ast.Constant), f"{path.name} {node.lineno}"
                templates.add(node.args[0].value)
            elif is_call(node, "Fault"):
                plain.update(text for a in node.args[1:] for text in literals(a) if text)
                places.update(text for a in node.args[:1] for text in literals(a))
                wrong += [f"{path.name} {a.lineno}: put together" for a in node.args[1:] if put_together(a)]
            elif is_call(node, *TOLD) and "lines" not in path.name and path.name != "line_ends.py":
                wrong += [f"{path.name} {a.lineno}: not said()" for a in node.args[:1] if put_together(a) or literals(a)]
    return templates, plain, places, wrong


def catalog():
    return tomllib.loads((PACKAGE / "messages" / "faults.zh.toml").read_text(encoding="utf-8"))


def test_every_fault_can_be_looked_up():
    from livingcircle.population.totals import REMARKS

    templates, plain, places, wrong = sentences()
    assert len(templates) > 200 and len(plain) > 100
    assert wrong == []
    told = catalog()
    remarks = {text for pair in REMARKS.values() for text in pair}
    known = {template for table in told.values() for template in table}
    assert sorted((templates | plain | remarks) - known) == []
    assert sorted({*told["said"], *told["where"]} - templates - plain - places - remarks - LAYERS) == []


#  layers that are named by their contract
LAYERS = {"outlines", "gates", "streets", "land"}


def test_the_catalog_keeps_every_placeholder():
    for table in catalog().values():
        for template, own in table.items():
            assert sorted(re.findall(r"{(\w+)", template)) == sorted(re.findall(r"{(\w+)", own)), template
            assert own.strip()


def test_a_fault_in_chinese_with_its_lists_and_the_sentences_within():
    rows = said("rows {rows} and {more} more", rows=listed([2, 3]), more=4)
    fault = Fault(said("{where} {rows}", where="学校.csv", rows=rows), said("unknown status {word!r}", word="soon"), said("write one of {known}", known=listed(["现状", "规划"])))
    assert in_words(fault, "zh") == "学校.csv 第 2、3 行等，另有 4 行：未知的状态“soon” → 请写为 现状、规划 之一"
    assert in_words(fault, "en") == str(fault) == "学校.csv rows 2, 3 and 4 more: unknown status 'soon' → write one of 现状, 规划"


def test_plain_faults_system_reasons_and_unknown_sentences():
    assert in_words(Fault("streets", "no walkable street", ""), "zh") == "步行路网：没有可步行的道路"
    cannot = said("cannot be written ({reason})", reason=reason(PermissionError(13, "Permission denied")))
    assert in_words(cannot, "zh") == "无法写入（没有权限）"
    assert in_words(said("the {thing} is {other}", thing="moon", other=said("row {row}", row=1)), "zh") == "the moon is row 1"


def test_wrong_values_are_told_by_their_type():
    class Part(BaseModel):
        whole: int = 0
        speed: float = Field(default=1, gt=0)
        names: tuple[str, ...] = ()
        ours: str = ""

        @field_validator("ours")
        @classmethod
        def _ours(cls, value):
            if value == "x":
                raise ValueError(said("needs quota"))
            if value == "y":
                raise ValueError("of somebody else")
            return value

    def told(**given):
        with pytest.raises(ValidationError) as raised:
            Part(**given)
        said_of_it = wrong_value(raised.value.errors()[0])
        return str(said_of_it), in_words(said_of_it, "zh")

    assert told(whole="two") == ("should be a whole number (given: 'two')", "应为整数（现填 'two'）")
    assert told(speed=-1.5) == ("should be above 0 (given: -1.5)", "应大于 0（现填 -1.5）")
    assert told(names=[3]) == ("should be text in quotes (given: 3)", "应为带引号的文字（现填 3）")
    assert told(names={}) == ("should be a list in square brackets", "应为列表，写在方括号中")
    assert told(ours="x") == ("needs quota (given: 'x')", "须有 quota（现填 'x'）")
    assert told(ours="y")[1] == "of somebody else（现填 'y'）"
    choice = {"type": "literal_error", "ctx": {"expected": "'a', 'b' or 'c'"}, "input": [], "msg": ""}
    assert in_words(wrong_value(choice), "zh") == "只能填写 'a'、'b' 或 'c'"
    assert wrong_value({"type": "of_another_release", "msg": "Input is odd", "input": None}) == "Input is odd"
