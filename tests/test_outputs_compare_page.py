"""The page of a comparison: one file, nothing fetched, no name run as code, and numbers that are those of the tables."""

import base64
import hashlib
import html
import json
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import CRS, analyzed_once, facility_table, residence_table, town
from test_outputs_page import PAYLOADS, Parts, opened, values

from livingcircle.comparison import State, compare, pairs
from livingcircle.coverage import Group
from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs import compare_page

NETWORK = town([(0, 0), (310, 0), (640, 0), (1010, 0)], [(0, 190), (1010, 205)], [(0, 0), (0, 190)], [(1010, 0), (1010, 205)], [(2000, 0), (2200, 0)])
UNITS = gpd.GeoDataFrame({"unit": [PAYLOADS[4], "east"]}, geometry=[shapely.box(-50, -100, 500, 300), shapely.box(500, -100, 1100, 300)], crs=CRS)


def homes():
    """Four homes beside the streets, the last lived in from 2030, one on an island of streets, one far from any street."""
    spots = [(x, 30, x + 120, 170) for x in (30, 350, 480, 760)] + [(2040, 5, 2090, 60), (5000, 5000, 5050, 5050)]
    table = residence_table(*((f"R{n}", 100 + n, shapely.box(*spot)) for n, spot in enumerate(spots)))
    units = [PAYLOADS[4], PAYLOADS[4], "east", "east", "", ""]
    return table.assign(name=[*PAYLOADS[4:9], "far"], unit=units, people_slow=table["people"] / 4, open_year=[np.nan] * 3 + [2030, np.nan, np.nan])


def links(*names):
    shapes = [shapely.LineString([(310, 0), (330, 195)]), shapely.Point(640, 0)]
    return gpd.GeoDataFrame({"name": names, "kind": ["footpath", "gate"], "change": ["opened", "closed"]}, geometry=shapes, crs=CRS)


@pytest.fixture
def states(tiny):
    """Today; later, with a home, a school and links more; and a third state in which schools have moved, grown and closed."""
    places = facility_table(
        (PAYLOADS[0], "school", shapely.Point(20, 200)), (PAYLOADS[1], "school", shapely.box(880, -60, 960, -5), "planned", 2030),
        (PAYLOADS[2], "park", shapely.box(600, 20, 700, 120)), (PAYLOADS[3], "park", shapely.Point(2100, 10)),
    ).assign(capacity=[100.0, np.nan, np.nan, 20.0])  # fmt: skip
    moved = places.set_geometry([shapely.Point(600, 10), *places.geometry[1:]]).assign(capacity=[100.0, np.nan, np.nan, 50.0], status=["existing", "planned", "planned", "existing"], open_year=[np.nan, 2030, 2099, np.nan])
    groups = (Group("all", 4.0), Group("slow", 2.0, "people_slow"))
    out = []
    for id, own, year, ways in (("base", places, 2025, None), ("later", places, 2030, links(PAYLOADS[5], PAYLOADS[6])), ("moved", moved, 2025, None)):
        told = analyzed_once(tiny, NETWORK, own, homes(), units=UNITS, year=year, groups=groups, rule="time", language="zh")
        settings = replace(told.settings, name={"zh": PAYLOADS[8], "en": "Toy"}, note={"zh": PAYLOADS[0], "en": "toy"})
        if id == "moved":
            told = replace(told, residences=told.residences.assign(people=told.residences["people"].where(told.residences["residence_id"] != "R1", 90)))
        result = replace(told, settings=settings, warnings=tuple(PAYLOADS), counts={**told.counts, "osm": True}, area=UNITS)
        out.append(State(f"{id} {PAYLOADS[1]}", {"zh": f"{id} {PAYLOADS[7]}", "en": f"{id} {PAYLOADS[2]}"}, result, ways))
    return out


def test_nothing_is_fetched(states):
    text = compare_page.html(states, language="zh")
    parts = Parts(text)
    linked = [(tag, value) for tag, name, value in parts.attributes if name in ("src", "href", "srcset", "action", "data")]
    assert linked == [("link", "data:,")]
    for _, style in parts.styles:
        assert "@import" not in style
        assert all(url.startswith(("data:image/png;base64,", "#")) for url in re.findall(r"url\(([^)]*)\)", style))
    assert not re.search(r"(src|href)\s*=\s*[\"'`]?https?:|fetch\(|XMLHttpRequest|sourceMappingURL|importScripts|WebSocket", text)


def test_the_policy_allows_exactly_our_scripts(states):
    parts = Parts(compare_page.html(states, language="zh"))
    (policy,) = [value for tag, name, value in parts.attributes if tag == "meta" and name == "content" and "script-src" in value]
    run = [body for attrs, body in parts.scripts if attrs.get("type") != "application/json"]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'" for body in run]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"].split() == hashes and len(hashes) == 3
    assert (rules["default-src"], rules["img-src"]) == ("'none'", "data:")


def test_no_name_is_markup(states):
    text = compare_page.html(states, language="zh")
    for payload in PAYLOADS:
        if set(payload) & set("<&"):
            assert payload not in text
    assert Parts(text).tags.count("script") == 4


def test_equal_columns_are_told_once(states):
    told = values(compare_page.html(states[:1] + [replace(states[0], id="again")], language="zh"))
    assert told["states"][0]["walks"] == told["states"][1]["walks"] and told["states"][0]["gaps"] == told["states"][1]["gaps"]
    assert len(set(told["columns"])) == len(told["columns"])
    assert [pair["homes"]["kind"] + pair["units"]["kind"] + pair["gaps"]["kind"] for pair in told["pairs"]] == [""]


def test_the_words_of_the_page_are_those_that_it_says():
    """Every key that a script says stands in both languages; and nothing is worded that no script says."""
    scripts = "\n".join(compare_page.HERE.joinpath(name).read_text("utf-8") for name in compare_page.SCRIPTS)
    said = set(re.findall(r'lc\.say\("([\w.]+)"', scripts)) | set(re.findall(r'lc\.say\([^()"]*\? "([\w.]+)" : "', scripts)) | set(re.findall(r'lc\.say\([^()"]*\? "[\w.]+" : "([\w.]+)"', scripts))
    assert len(said) > 40
    quoted = set(re.findall(r'["`]([a-z_]+)["`]', scripts)) | set(re.findall(r"\b([a-z_]+)(?=[,:} ])", scripts))
    for language in LANGUAGES:
        known = compare_page.page_words(language)
        assert said - set(known) == set()
        own = {key.removeprefix("page.") for key in words(language, "compare") if key.startswith("page.")}
        assert {key for key in own if key not in quoted and not key.startswith("badge_")} == set()


DRIVE = """
const report = { texts: [], rows: [], gaps: [], homes: [], modes: [], changed: [] }, all = (list, act) => list.forEach((_, i) => act(i));
const look = (node) => { if (node) report.texts.push(node.textContent); }, cards = () => document.querySelectorAll(".leaflet-popup-content").forEach(look);
const clicked = new Set(), d = livingcircle.data, whole = livingcircle.wholeUnit();
all(d.states, (before) => all(d.states, (after) => {
  if (before === after) return;
  livingcircle.choose({ before, after });
  const { residences, facilities } = livingcircle.state.pair;
  report.changed.push([before, after, residences, facilities.facility.map((facility) => [facility, livingcircle.certaintyOf(before, after, facility)])]);
  all(d.kinds, (kind) => {
    const [category, level, group] = d.kinds[kind];
    livingcircle.choose({ category, level, group });
    const pair = livingcircle.state.pair;
    all(d.unit_names, (unit) => {
      const [was, now] = [before, after].map((state) => livingcircle.coverageOf(state, kind, unit)), moves = livingcircle.movesOf(pair, kind, unit);
      report.rows.push({ before, after, kind, unit, was, now, moves });
    });
    pair.gaps.kind.forEach((one, i) => { if (one === kind) report.gaps.push([before, after, kind, pair.gaps.change[i], pair.gaps.home[i], ...[before, after].map((state) => livingcircle.gapPeople(state, kind)[pair.gaps.home[i]])]); });
    report.homes.push([before, after, kind, Array.from(livingcircle.movesOfHomes(pair, kind))]);
    ["gap_changes", "by_unit", "changes", "remarks"].forEach((tab) => {
      document.getElementById(`tab-${tab}`).click();
      look(document.getElementById("panel"));
      if (before + after === 1) all(Array.from(document.querySelectorAll("#list .row")), (i) => { const row = document.querySelectorAll("#list .row")[i]; if (row && !clicked.has(row.textContent)) { clicked.add(row.textContent); row.click(); cards(); } });
    });
    look(document.getElementById("head"));
  });
}));
livingcircle.choose({ before: 0, after: 1 });
["swipe", "linked", "difference"].forEach((mode) => {
  document.getElementById(`mode-${mode}`).click();
  report.modes.push([mode, document.getElementById("frame").className]);
  livingcircle.maps[1].homes.forEach((home) => { if (home && mode === "swipe") { home.openPopup(); cards(); } });
  look(document.getElementById("legend"));
  look(document.getElementById("frame"));
});
document.getElementById("mode-swipe").click();
const press = (key) => document.getElementById("divider").dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
report.divider = ["End", "ArrowLeft", "PageDown", "Home"].map((key) => { press(key); return Math.round(100 * livingcircle.state.at); });
livingcircle.maps[0].map.setView([30.001, 121.001], 16, { animate: false });
livingcircle.maps[1].map.panBy([37, -21], { animate: false });
report.together = livingcircle.maps.map(({ map }) => [map.getCenter().lat, map.getCenter().lng, map.getZoom()]);
document.getElementById("language").click();
report.language = [document.documentElement.lang, document.title];
look(document.body);
document.getElementById("swap").click();
report.swapped = [livingcircle.state.before, livingcircle.state.after];
window.dispatchEvent(new Event("beforeprint"));
report.sheets = document.querySelectorAll("canvas.paper").length;
window.dispatchEvent(new Event("afterprint"));
report.left = document.querySelectorAll("canvas.paper").length;
report.walks = d.states.map((_, state) => d.categories.map((_, category) => d.groups.map((_, group) => livingcircle.walksOf(state, category, group))));
document.documentElement.dataset.report = JSON.stringify(report);
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("page")


def driven(states, folder):
    """What a browser shows of the page when everything in it is clicked, without its policy."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", compare_page.html(states, language="zh"))
    file = folder / "open.html"
    file.write_text(text.replace("</body>", f"<script>{DRIVE}</script></body>"), encoding="utf-8", newline="\n")
    dom, console = opened(file, folder)
    assert console == []
    assert "data-hacked" not in dom
    return json.loads(html.unescape(re.search(r'data-report="([^"]*)"', dom)[1]))


def test_the_browser_opens_it(states, tmp_path):
    dom, console = opened(compare_page.write(states, tmp_path / "compare.html", language="zh"), tmp_path)
    assert console == []
    assert 'data-ready="1"' in dom and "data-hacked" not in dom
    assert "hacked" in re.sub(r"<(script|style).*?</\1>", "", dom, flags=re.S), "names are shown, not dropped"


def test_names_are_text_and_numbers_are_those_of_the_tables(states, folder):
    report = driven(states, folder)
    seen = "\n".join(report["texts"])
    for payload in PAYLOADS:
        assert payload in seen
    agrees_with_tables(report, states)
    assert report["modes"] == [[mode, mode] for mode in ("swipe", "linked", "difference")]
    assert report["divider"] == [100, 98, 88, 0]
    assert np.allclose(*report["together"], atol=2e-5)
    assert report["language"] == ["en", "Toy · Comparison"]
    assert (report["swapped"], report["sheets"], report["left"]) == ([1, 0], 2, 0)


def agrees_with_tables(report, states):
    told = values(compare_page.html(states, language="zh"))
    ids = ["school", "park"] if told["categories"][0]["names"]["en"] == "school" else ["park", "school"]
    names = {1: "ALL", 2: "OUTSIDE"}
    levels, groups = {"school": "L15", "park": "L5"}, ("all", "slow")
    kinds = [(ids[c], levels[ids[c]], groups[g]) for c, _, g in told["kinds"]]
    order = list(dict.fromkeys(home for state in states for home in state.result.residences["residence_id"]))
    tables = {pair: compare(states[pair[0]], states[pair[1]]) for pair in [*pairs(states), *(pair[::-1] for pair in pairs(states))]}
    assert len(report["rows"]) == 6 * len(kinds) * len(told["unit_names"])
    for row in report["rows"]:
        unit = names.get(told["unit_names"][row["unit"]], told["unit_names"][row["unit"]])
        table = tables[row["before"], row["after"]].coverage.set_index(["unit", "category", "level", "group"])
        own = table.loc[(unit, *kinds[row["kind"]])]
        for side, shown in (("before", row["was"]), ("after", row["now"])):
            for key in ("people_share", "land_share"):
                share = own[f"{key}_{side}"]
                assert shown[key] is None if share != share else shown[key] == pytest.approx(share, abs=1e-3)
            assert shown["facilities"] == own[f"facilities_{side}"] and shown["limit_min"] == own[f"limit_min_{side}"]
        for key in ("people_gained", "people_lost", "people_arrived", "people_arrived_covered", "people_left"):
            assert row["moves"][key] == pytest.approx(own[key], abs=0.0051)
        assert row["moves"]["land_gained"] == pytest.approx(own["land_gained_ha"], abs=1e-4)
    for before, after, kind, change, home, *people in report["gaps"]:
        table = tables[before, after].gaps.set_index(["residence_id", "category", "level", "group"])
        own = table.loc[(order[home], *kinds[kind])]
        assert own["change"] == change
        for shown, side in zip(people, ("before", "after"), strict=True):
            count = own[f"people_{side}"]
            assert shown is None if count != count else shown == pytest.approx(count, abs=0.051)
    assert_changed(report, states, tables, order)
    assert len(report["gaps"]) == sum(len(table.gaps) for table in tables.values())
    assert {change for _, _, _, change, *_ in report["gaps"]} >= {"closed", "opened", "arrived", "left"}
    assert_walks(report, states, ids, order)


def assert_changed(report, states, tables, order):
    """The homes that arrive, leave or have other people, and how certain the facilities are that change, are those of the tables."""
    ids = list(dict.fromkeys(id for state in states for id in state.result.facilities["facility_id"]))
    said = words("zh", "gis")
    assert len(report["changed"]) == 6 and any(status for *_, told in report["changed"] for _, status in told)
    for before, after, homes, facilities in report["changed"]:
        own = tables[before, after]
        told = {order[home]: (change, *people) for change, home, *people in zip(*(homes[key] for key in ("change", "home", "before", "after")), strict=True)}
        assert told == {row.residence_id: (row.change, *(None if v != v else v for v in (row.people_before, row.people_after))) for row in own.homes.itertuples()}
        status = own.facilities.set_index("facility_id")["status"]
        assert {ids[at]: word for at, word in facilities} == {id: "" if one == "existing" else said[f"status.{one}"] for id, one in status.items()}
    assert {change for _, _, homes, _ in report["changed"] for change in homes["change"]} == {"arrived", "left", "resized"}


def assert_walks(report, states, ids, order):
    for state, by_category in zip(states, report["walks"], strict=True):
        walks = state.result.residence_walks.set_index(["category", "group", "residence_id"])
        for category, by_group in zip(ids, by_category, strict=True):
            for speed, shown in zip((4.0, 2.0), by_group, strict=True):
                for home, told in zip(order, shown, strict=True):
                    if ("all" not in walks.index.levels[1]) or (category, "all", home) not in walks.index:
                        assert told == {"minutes": None, "status": ""}
                        continue
                    own = walks.loc[(category, "all", home)]
                    assert told["status"] == own["status"]
                    if own["status"] == "reached":
                        assert told["minutes"] == pytest.approx(own["walk_min"] * 4.0 / speed, abs=0.021)
