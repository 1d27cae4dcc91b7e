"""The scenario of the page: its file is TOML that any reader takes, comes back as it was, and each change can be taken back."""

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from livingcircle.facilities import STATUSES
from livingcircle.outputs.page import document
from livingcircle.scenario import Scenario, toml_text

HERE = Path(document.__file__).parent
SCRIPTS = ("values.js", "scenario.js", "outline.js", "scenario_check.js", "scenario_text.js")
NODE = shutil.which("node")
RUN = """
const fs = require("fs"), vm = require("vm");
const told = JSON.parse(fs.readFileSync(0, "utf-8"));
const page = vm.createContext({});
vm.runInContext(told.code, page);
page.told = told.values;
process.stdout.write(JSON.stringify(vm.runInContext(`(function (lc, told) { lc.data = ${JSON.stringify(told.data)}; ${told.run} })(livingcircle, told)`, page)));
"""
NASTY = [
    '<img src=x onerror="alert(1)">', "</script><script>1</script>", "line\nbreak\r\ttab \"double\" 'single' \\ back\\\\slash", "\x00\x01\x1f\x7f\x9f",
    "\u2028\u2029\u202e\u200f\ufeff", "${1}`{{ 7*7 }}{% raw %}", "滨江「幼儿园」🏫", "# no remark", "[[facilities]]", '"""', "'''", "a = 1", "\\u0041", " ",
]
FULL = {
    "name": {"zh": "滨江", "en": "Riverside"}, "note": "试", "year": 2030, "standard": ["GB 50180-2018", "own/town.toml"], "certainty": "在建",
    "homes": [
        {"change": "add", "name": "公寓", "polygon": [[121.7, 29.9], [121.71, 29.9], [121.71, 30]], "people": 600, "groups": {"elderly": 18, "0-6": 66.5}, "dwellings": 240,
         "ages": "as_study", "open_year": 2028, "certainty": "planned"},
        {"change": "remove", "id": "R1"}, {"change": "resize", "id": "R2", "people": 0, "ages": "as_before"},
        {"change": "add", "id": "new", "name": "n", "file": "用地.gpkg", "layer": "a", "crs": "EPSG:4490", "people": 5},
    ],
    "walking": {"rule": "time", "speeds": {"elderly": 3, "all": 4.5}},
    "facilities": [
        {"change": "open", "name": "幼儿园", "categories": ["edu_kinder", "edu_nursery"], "lon": 121.7, "lat": 30, "capacity": 270, "open_year": 2028, "certainty": "under_construction"},
        {"change": "open", "id": "规划项目.geojson#3"}, {"change": "close", "id": "a"},
        {"change": "move", "id": "b", "lon": 121.7000001, "lat": 29.9}, {"change": "resize", "id": "c", "capacity": 36.5},
    ],
    "links": [{"kind": "bridge", "name": "桥", "line": [[121.7, 29.9], [121.71, 30]], "open_year": 2029, "certainty": "拟建"}],
    "gates": [{"change": "open", "lon": 121.7, "lat": 29.9, "open_year": 2027, "certainty": "planned"}, {"change": "close", "lon": -0.0000001, "lat": 1e-7}],
    "limits": [{"category": "edu_kinder", "level": "L5", "limit_m": 400, "limit_min": 7.5}],
}


def node(run, values=None):
    """What a function body over `lc` and `told` returns, run without a document."""
    if not NODE:
        pytest.skip("no node")
    code = "\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS)
    told = json.dumps({"code": code, "values": values, "run": run, "data": {"statuses": STATUSES}})
    done = subprocess.run([NODE, "-e", RUN], input=told.encode("utf-8", "surrogatepass"), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def faults(text):
    """(line, key, problem) of every fault of a text."""
    got = node("return lc.fromText(told)", text)
    assert (got["scenario"] is None) == bool(got["faults"])
    return [(fault["line"], fault["key"], fault["problem"]) for fault in got["faults"]]


def test_the_file_is_toml_and_comes_back():
    text = node("return lc.toToml(told)", FULL)
    assert tomllib.loads(text) == FULL
    assert isinstance(tomllib.loads(text)["facilities"][0]["lat"], float), "degrees are decimal numbers"
    assert node("return lc.fromText(lc.toToml(told))", FULL) == {"scenario": FULL, "faults": []}
    assert node("return lc.fromText(told)", json.dumps(FULL)) == {"scenario": FULL, "faults": []}
    assert node("return lc.toToml({})") == "\n"
    assert node("return lc.fromText('')") == {"scenario": {}, "faults": []}


@pytest.mark.parametrize("name", NASTY)
def test_a_name_is_only_a_name(name):
    scenario = {"name": name, "walking": {"speeds": {name: 3}}, "facilities": [{"change": "open", "name": name, "categories": [name], "lon": 1, "lat": 2}, {"change": "close", "id": name}]}
    text = node("return lc.toToml(told)", scenario)
    assert tomllib.loads(text) == scenario
    assert text.isprintable() or set(text) - {"\n"} == {c for c in text if c.isprintable()}
    assert node("return lc.fromText(told)", text) == {"scenario": scenario, "faults": []}
    assert node("return lc.fromText(told)", json.dumps(scenario)) == {"scenario": scenario, "faults": []}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(min_size=1), min_size=60, max_size=60), st.lists(st.floats(-180, 180), min_size=60, max_size=60))
def test_any_text_and_any_number_come_back(texts, numbers):
    scenario = {"facilities": [{"change": "move", "id": t, "lon": n, "lat": n / 2} for t, n in zip(texts, numbers, strict=True)]}
    text = node("return lc.toToml(told)", scenario)
    assert tomllib.loads(text) == scenario
    assert node("return lc.fromText(told)", text)["scenario"] == scenario


def test_half_a_character_is_replaced():
    text = node("return lc.toToml(told)", {"name": "a\ud800b\udc00\ud83c\udfeb"})
    assert tomllib.loads(text) == {"name": "a\ufffdb\ufffd🏫"}


def test_what_others_write_in_toml_is_read():
    text = '\ufeff# a remark\r\nname = \'it\\s\' # more\r\nyear=2_030\r\nwalking.rule = "time"\nwalking.speeds = { "all" = 4.0, elderly = +3e0 }\n' \
        '[[ "links" ]]\nkind = "footpath"\nline = [ # start\n  [121.7, 29.9],\n  [121.8, 29.9], # end\n]\n[[limits]]\ncategory="a"\nlevel="L5"\nlimit_m=400'
    got = node("return lc.fromText(told)", text)
    assert got["faults"] == []
    assert got["scenario"] == tomllib.loads(text.lstrip("\ufeff"))
    assert got["scenario"]["name"] == "it\\s"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("year = 2030\nyear = 2031", [(2, "", "duplicate")]),
        ("\n\nname = \"open", [(3, "", "string")]),
        ('name = """\nx\n', [(1, "", "string")]),
        ('name = "\\x41"\nnote = "\\uD800"', [(1, "", "escape"), (2, "", "escape")]),
        ('name = "a\x07"', [(1, "", "control")]),
        ("year = 1979-05-27\nnote = nan", [(1, "", "value"), (2, "", "value")]),
        ("name = \"a\" extra\n= 3\n[links", [(1, "", "syntax"), (2, "", "syntax"), (3, "", "syntax")]),
        ("[walking]\nrule = \"time\"\n[walking]\nspeeds = {}", [(3, "", "duplicate")]),
        ("[scenarios.one]\nyear = 2030", [(1, "scenarios", "unknown")]),
        ("__proto__ = 1\nconstructor = 2", [(1, "__proto__", "unknown"), (2, "constructor", "unknown")]),
        ('year = "2030"\nname = 3\nwalking = 4', [(1, "year", "year"), (2, "name", "words"), (3, "walking", "rows")]),
        (
            '[[facilities]]\nchange = "open"\nlon = 400\nfoo = 1\n[[facilities]]\nchange = "shut"\n[[facilities]]\nid = "a"\n',
            [(3, "facilities.1.lon", "lon"), (4, "facilities.1.foo", "unknown"), *[(1, "facilities.1", "missing")] * 3,
             (6, "facilities.2.change", "facility_change"), (7, "facilities.3", "facility_change")],
        ),
        ('[[links]]\nkind = "tunnel"\nline = [[1.0, 2.0]]', [(2, "links.1.kind", "link"), (3, "links.1.line", "line")]),
        ('[[gates]]\nchange = "move"\nlon = 1.0\nlat = 91.0', [(4, "gates.1.lat", "lat"), (2, "gates.1.change", "gate_change")]),
        ('[[limits]]\ncategory = "a"\nlevel = "L5"\nlimit_m = 0\n[[limits]]\ncategory = "a"\nlevel = "L5"', [(4, "limits.1.limit_m", "limit"), (5, "limits.2", "missing"), (5, "limits.2", "duplicate")]),
        ('[walking]\nrule = "fast"\n[walking.speeds]\nall = -1', [(2, "walking.rule", "rule"), (4, "walking.speeds.all", "speed")]),
        ('year = 1899\nname = { fr = "x" }\n[walking.speeds]\nall = 15.1', [(1, "year", "year"), (2, "name", "words"), (4, "walking.speeds.all", "speed")]),
        (
            '[[facilities]]\nchange = "open"\nname = ""\ncategories = []\nlon = 1\nlat = 1\ncapacity = -1\n[[facilities]]\nchange = "close"\nid = ""',
            [(3, "facilities.1.name", "some"), (4, "facilities.1.categories", "texts"), (7, "facilities.1.capacity", "amount"), (10, "facilities.2.id", "some")],
        ),
        ('[[links]]\nkind = "bridge"\nline = [[1, 2], [1.0, 2.0]]', [(3, "links.1.line", "line")]),
        ("[links]\nkind = 1", [(1, "links", "rows")]),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text, expected):
    assert sorted(faults(text)) == sorted(expected)


MULTILINE = [
    'note = """\nfirst\n  second \\\n   third "quoted" ""twice\\t\u4e2d"""\nyear = 2_030', "note = '''\r\na\\b\r\nc'''", 'note = """a"""""', "note = ''''''",
    "year = 0x7EE", "year = 0o3756\nname = 'x'",
    '[[homes]]\nchange = "resize"\nid = "a"\npeople = 1\n[homes.groups]\nall = 1\n[[homes]]\nchange = "resize"\nid = "b"\npeople = 2\n[homes.groups]\nall = 2',
]


@pytest.mark.parametrize("text", MULTILINE)
def test_more_of_toml_that_others_write(text):
    got = node("return lc.fromText(told)", text)
    assert got["faults"] == []
    assert got["scenario"] == {key: value.replace("\r\n", "\n") if isinstance(value, str) else value for key, value in tomllib.loads(text).items() if value != ""}


def taken(scenario):
    """Whether the command line takes a scenario."""
    try:
        Scenario.model_validate(scenario)
    except ValidationError:
        return False
    return True


def disagreeing(scenarios):
    """The scenarios that the page takes and the command line does not, or the other way about."""
    run = "return told.map((text) => lc.fromText(text).faults)"
    got = node(run, [json.dumps(one) for one in scenarios])
    return [(one, faults) for one, faults in zip(scenarios, got, strict=True) if taken(one) == bool(faults)]


def paths(value, path=()):
    """The place of every value in a scenario."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    yield from ([path] if path else [])
    for key in keys:
        yield from paths(value[key], (*path, key))


def put(scenario, path, value):
    """The scenario with another value in one place; `...` leaves the place out."""
    made = json.loads(json.dumps(scenario))
    at = made
    for key in path[:-1]:
        at = at[key]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return made


ODD = [
    ..., None, "", "x", "planned", "已建", " Built ", "existing", "soon", 0, -1, 1, 2030, 2030.0, 2030.5, 181, 1e8, 1e12, True, [], ["a"], ["a", "a"], [""], {}, {"zh": "x"}, {"a": 1},
    {"": 1}, {"a": -1}, [[1, 2], [3, 4]], [[0, 0], [1, 1], [1, 0], [0, 1]], [[1, 2]], "open", "close", "move", "add", "remove", "resize", "time", "bridge", "as_before", "2030",
]  # fmt: skip


def test_the_page_takes_what_the_command_line_takes():
    cases = [put(FULL, path, value) for path in paths(FULL) for value in ODD]
    keys = sorted({path[-1] for path in paths(FULL) if isinstance(path[-1], str)})
    rows = [path for path in paths(FULL) if len(path) == 2 and path[0] != "standard" and isinstance(path[1], int)]
    cases += [put(FULL, (*path, key), value) for path in rows for key in keys for value in (None, [], "planned", 2030)]
    cases += [{part: rows} for part in ("homes", "facilities", "links", "gates", "limits") for rows in ([], [{}], [[]], ["a"], None, {})]
    assert taken(FULL)
    assert 100 < sum(map(taken, cases)) < len(cases) - 1000
    assert disagreeing(cases) == []


@settings(max_examples=5, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=7), min_size=150, max_size=150))
def test_outlines_go_round_once_as_shapely_sees_it(lines):
    told = node("return told.map((line) => lc.outlineOnce(line))", lines)
    for line, once in zip(lines, told, strict=True):
        assert once == (len(set(line)) >= 3 and shapely.Polygon(line).is_valid and shapely.Polygon(line).area > 0), line


SAMPLE = tomllib.loads((Path(__file__).parent.parent / "data" / "beilun" / "study.toml").read_text("utf-8"))["scenarios"]


@pytest.mark.parametrize("told", [FULL, *SAMPLE.values()], ids=["full", *SAMPLE])
def test_what_the_commands_write_is_read(told):
    text = toml_text(Scenario.model_validate(told))
    got = node("const read = lc.fromText(told); return read.faults.concat(lc.fromText(lc.toToml(read.scenario)))", text)
    assert [one["faults"] for one in got] == [[]]
    assert Scenario.model_validate(got[0]["scenario"]) == Scenario.model_validate(told) == Scenario.model_validate(tomllib.loads(text))


def test_what_is_not_worked_out_here():
    shown = "{categories: new Set(['a']), levels: new Set(['a L5'])}"
    told = {
        "homes": [{"change": "remove", "id": "r"}], "facilities": [{"change": "open", "name": "n", "categories": ["a", "b"], "lon": 1, "lat": 2}],
        "limits": [{"category": "a", "level": "L5", "limit_m": 1}, {"category": "a", "level": "L15", "limit_m": 1}, {"category": "c", "level": "L5", "limit_m": 1}],
    }
    assert node(f"return lc.scenario.beyond(told, {shown})", told) == {"all": ["homes"], "categories": ["c", "b"], "limits": [told["limits"][1]], "capacity": False}
    assert node(f"return lc.scenario.beyond(told, {shown})", {"year": 2030}) == {"all": [], "categories": [], "limits": [], "capacity": False}
    larger = {"facilities": [{"change": "resize", "id": "a", "capacity": 9}]}
    assert node(f"return lc.scenario.beyond(told, {shown})", larger)["capacity"]


def test_an_added_facility_may_be_named_later():
    new, close = {"change": "open", "name": "n", "categories": ["k"], "lon": 1, "lat": 2}, {"change": "close", "id": "scenario#1"}
    known = "{category: new Set(['k']), level: new Set(), group: new Set(), facility: new Set(), requirement: new Set()}"
    got = [node(f"return lc.scenario.checkNames(told, {known})", {"facilities": rows}) for rows in ([new, close], [close, new])]
    assert [[fault["key"] for fault in faults] for faults in got] == [[], ["facilities.1.id"]]


def test_json_that_is_none():
    assert [fault[1:] for fault in faults('{"name": "a",\n "year": }')] == [("", "json")]
    assert faults('{"year": "2030", "links": {}}') == [(None, "year", "year"), (None, "links", "rows")]


def test_an_endless_text_ends():
    assert len(faults("?\n" * 10_000)) == 12
    assert faults("[" * 3000)[0] == (1, "", "syntax")
    assert faults("name = " + "[" * 20_000)[0][2] == "syntax"


def test_names_the_study_does_not_have():
    known = "{category: new Set(['edu_kinder']), level: new Set(), group: new Set(['all']), facility: new Set(['a']), requirement: new Set(['edu_kinder L5'])}"
    plain = {key: value for key, value in FULL.items() if key != "standard"}
    got = node(f"return lc.scenario.checkNames(told, {known})", plain)
    assert [(fault["key"], fault["problem"], fault["values"]["id"]) for fault in got] == [
        ("facilities.1.categories", "no_category", "edu_nursery"), ("facilities.2.id", "no_facility", "规划项目.geojson#3"),
        ("facilities.4.id", "no_facility", "b"), ("facilities.5.id", "no_facility", "c"), ("walking.speeds", "no_group", "elderly"),
    ]


def edited(steps):
    """The scenario after edits of `lc.scenario.edit`, from the empty one."""
    return node("return told.reduce((s, [name, ...more]) => lc.scenario.edit[name](s, ...more), {})", steps)


def test_what_is_said_again_replaces_what_was_said():
    place = ["place", {"name": "K", "categories": ["k"], "lon": 121.123456789, "lat": 29.9, "capacity": None}]
    new = {"change": "open", "name": "K", "categories": ["k"], "lon": 121.1234568, "lat": 29.9}
    assert edited([place]) == {"facilities": [new]}
    assert edited([place, ["move", "scenario#1", 1, 2], ["resize", "scenario#1", 90]]) == {"facilities": [{**new, "lon": 1, "lat": 2, "capacity": 90}]}
    assert edited([["move", "a", 1, 2], ["move", "a", 3, 4]]) == {"facilities": [{"change": "move", "id": "a", "lon": 3, "lat": 4}]}
    assert edited([["resize", "a", 10], ["resize", "a", 0]]) == {"facilities": [{"change": "resize", "id": "a", "capacity": 0}]}
    assert edited([["limit", {"category": "k", "level": "L5", "limit_m": 400}], ["limit", {"category": "k", "level": "L5", "limit_m": 500}]]) == {
        "limits": [{"category": "k", "level": "L5", "limit_m": 500}]
    }
    assert edited([["speed", "all", 3], ["rule", "time"], ["year", 2030]]) == {"walking": {"speeds": {"all": 3}, "rule": "time"}, "year": 2030}
    assert edited([["speed", "all", 3], ["speed", "all", None], ["rule", "time"], ["rule", None], ["limit", {"category": "k", "level": "L5", "limit_m": 1}], ["limit", {"category": "k", "level": "L5"}]]) == {}


def test_closing_and_reopening():
    place = ["place", {"name": "K", "categories": ["k"], "lon": 1, "lat": 2}]
    close = {"change": "close", "id": "a"}
    assert edited([["close", "a"]]) == {"facilities": [close]}
    assert edited([["close", "a"], ["open", "a", None]]) == {}
    assert edited([["move", "a", 1, 2], ["resize", "a", 5], ["close", "a"]]) == {"facilities": [close]}, "nothing else matters of what is closed"
    assert edited([["open", "planned", None], ["close", "planned"]]) == {}, "what the scenario opened is not closed but taken back"
    assert edited([["open", "planned", 2030]]) == {"facilities": [{"change": "open", "id": "planned", "open_year": 2030}]}
    assert edited([place, place, ["close", "scenario#1"]])["facilities"] == edited([place])["facilities"]
    assert node("return [0, 1, 2].map((at) => lc.scenario.facilityId(told, at))", edited([place, ["close", "a"], place])) == ["scenario#1", "a", "scenario#2"]


def test_every_change_is_told_and_can_be_taken_out():
    changes = node("return lc.scenario.changes(told)", FULL)
    assert changes == [
        ["year", None], ["standard", None], ["certainty", None], ["rule", None], ["speeds", "elderly"], ["speeds", "all"], *(["homes", n] for n in range(4)), *(["facilities", n] for n in range(5)), ["links", 0], ["gates", 0], ["gates", 1], ["limits", 0],
    ]
    for change in changes:
        left = node("return lc.scenario.without(told[0], told[1])", [FULL, change])
        assert len(node("return lc.scenario.changes(told)", left)) == len(changes) - 1
    bare = node("return lc.scenario.changes(told).reverse().reduce((s, change) => lc.scenario.without(s, change), told)", FULL)
    assert bare == {"name": FULL["name"], "note": FULL["note"]}
    assert node("lc.scenario.without(told, ['links', 0]); return told", FULL) == FULL, "the value before is not touched"


def test_undo_and_redo():
    run = """
      const h = new lc.scenario.History(), seen = [];
      const look = (done) => seen.push([done, h.now, h.past.length, h.future.length]);
      look(h.undo()); look(h.set({year: 1})); look(h.set({year: 1})); look(h.set({year: 2})); look(h.undo()); look(h.redo()); look(h.redo());
      look(h.undo()); look(h.set({year: 3})); look(h.redo());
      look(h.set({year: 4}, "year")); look(h.set({year: 5}, "year")); look(h.undo());
      return seen;
    """
    assert node(run) == [
        [False, {}, 0, 0], [True, {"year": 1}, 1, 0], [False, {"year": 1}, 1, 0], [True, {"year": 2}, 2, 0], [True, {"year": 1}, 1, 1], [True, {"year": 2}, 2, 0],
        [False, {"year": 2}, 2, 0], [True, {"year": 1}, 1, 1], [True, {"year": 3}, 2, 0], [False, {"year": 3}, 2, 0],
        [True, {"year": 4}, 3, 0], [True, {"year": 5}, 3, 0], [True, {"year": 3}, 2, 1],
    ]
