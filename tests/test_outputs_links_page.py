"""The page of links: one file, nothing fetched, no name run as code, list and map linked both ways, numbers those of the ranking."""

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
from conftest import CRS, facility_table, lines, residence_table
from test_links import BANKS, RIVER, drawn, inputs_of, settings_of
from test_outputs_page import PAYLOADS, Parts, opened, values

from livingcircle import network as streets
from livingcircle.links import Answer, package_of, ranked, terms_of, ways_round
from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs import links_page

UNITS = gpd.GeoDataFrame({"unit": [PAYLOADS[4], "north"]}, geometry=[shapely.box(-50, -100, 1600, 60), shapely.box(-50, 60, 1600, 300)], crs=CRS)


def answer_of(tiny, *, paths=None, rule="distance"):
    """The town of two banks (`test_links`), everything in it named by a payload, and what crosses its river."""
    drawn_lines = lines(*BANKS).assign(name=[PAYLOADS[0], PAYLOADS[1], PAYLOADS[2]])
    network = streets.from_lines(drawn_lines)
    school = facility_table((PAYLOADS[3], "school", shapely.Point(900, 130)))
    places = (("A", 100, 600), ("B", 50, 900), ("C", 70, 1200))
    homes = residence_table(*((name, people, shapely.Point(x, -10).buffer(9)) for name, people, x in places)).assign(name=PAYLOADS[4:7], unit=PAYLOADS[4])
    inputs = inputs_of(network, school, homes, barriers=RIVER, units=UNITS, area=UNITS)
    settings = settings_of(language="zh", rule=rule, year=2025, name={"zh": PAYLOADS[7], "en": "Toy"}, note={"zh": PAYLOADS[8], "en": "toy"})
    terms = terms_of(best=3, built=0, cost_each={"bridge": 30})
    ranking = ranked(inputs, standard=tiny, settings=settings, asked=terms, lines=paths)
    return Answer(ranking, package_of(ranking), ways_round(ranking), terms, tiny, PAYLOADS[0], {"zh": PAYLOADS[1], "en": "plan"})


@pytest.fixture
def answer(tiny):
    return answer_of(tiny, paths=drawn([(1000, 0), (1000, 120)], [(100, 0), (100, 120)], name=[PAYLOADS[5], PAYLOADS[6]], kind=["", "footpath"]))


def test_nothing_is_fetched_and_no_name_is_markup(answer):
    text = links_page.html(answer, language="zh")
    parts = Parts(text)
    assert [(tag, value) for tag, name, value in parts.attributes if name in ("src", "href", "srcset", "action", "data")] == [("link", "data:,")]
    assert all("@import" not in style and all(url.startswith(("data:image/png;base64,", "#")) for url in re.findall(r"url\(([^)]*)\)", style)) for _, style in parts.styles)
    assert not re.search(r"(src|href)\s*=\s*[\"'`]?https?:|fetch\(|XMLHttpRequest|sourceMappingURL|importScripts|WebSocket", text)
    assert [payload for payload in PAYLOADS if set(payload) & set("<&") and payload in text] == []
    (policy,) = [value for tag, name, value in parts.attributes if tag == "meta" and name == "content" and "script-src" in value]
    run = [body for attrs, body in parts.scripts if attrs.get("type") != "application/json"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"].split() == [f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'" for body in run] and len(run) == 3
    assert (rules["default-src"], rules["img-src"]) == ("'none'", "data:")


def test_the_same_answer_gives_the_same_bytes(answer, tmp_path):
    one, two = (links_page.write(answer, tmp_path / name, language="zh").read_bytes() for name in ("a.html", "b.html"))
    assert one == two


def test_the_words_of_the_page_are_those_that_it_says():
    scripts = "\n".join(links_page.HERE.joinpath(name).read_text("utf-8") for name in links_page.SCRIPTS)
    quoted = set(re.findall(r'"([a-z_]+)"', scripts))
    said = set(re.findall(r'lc\.say\("([\w.]+)"', scripts))
    assert len(said) > 25
    for language in LANGUAGES:
        assert said - set(links_page.page_words(language)) == set()
        own = {key.removeprefix("page.") for key in words(language, "links") if key.startswith("page.")}
        assert {key for key in own - quoted if f"data.words[other].{key}" not in scripts} == set()


DRIVE = """
const report = { texts: [], links: [], lines: [] }, look = (node) => { if (node) report.texts.push(node.textContent); };
const lc = livingcircle, cards = () => document.querySelectorAll(".leaflet-popup-content").forEach(look);
lc.data.links.forEach((link) => {
  document.getElementById(`link-${link.at}`).click();
  report.links.push([lc.state.link, document.querySelectorAll("#list li.on").length, document.querySelectorAll(".badge.chosen").length, document.getElementById("detail").textContent]);
  link.gains.get(-1) && link.gains.get(-1).forEach((row) => { lc.goHome(row.home); cards(); });
  document.querySelectorAll("#detail .gains .pick").forEach((_, i) => { const pick = document.querySelectorAll("#detail .gains .pick")[i]; pick.click(); look(document.getElementById("detail")); look(document.getElementById("legend")); });
  report.lines.push([link.points.length, link.way ? link.way.length : 0]);
});
// From the map to the list: a badge opens its row.
lc.choose({ link: -1, kind: -1 });
report.titles = Array.from(document.querySelectorAll(".rank")).map((icon) => icon.title);
document.querySelectorAll(".rank")[0].click();
report.fromMap = lc.state.link;
lc.data.facilities.name.forEach((_, i) => report.texts.push(lc.facilityCard(i).textContent));
look(document.body);
document.querySelectorAll(".kinds input").forEach((box) => { if (box.id === "show-bridge") box.click(); });
report.hidden = [lc.listed().map((link) => link.kind), lc.state.link];
document.querySelectorAll(".kinds input").forEach((box) => { if (box.id === "show-bridge") box.click(); });
document.getElementById("language").click();
report.language = [document.documentElement.lang, document.title];
look(document.body);
window.dispatchEvent(new Event("beforeprint"));
report.sheets = document.querySelectorAll("canvas.paper").length;
window.dispatchEvent(new Event("afterprint"));
report.left = document.querySelectorAll("canvas.paper").length;
document.documentElement.dataset.report = JSON.stringify(report);
"""


def test_list_and_map_are_linked_and_names_are_text(answer, tmp_path):
    #  without the policy, which would hide a name that is run
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", links_page.html(answer, language="zh"))
    file = tmp_path / "open.html"
    file.write_text(text.replace("</body>", f"<script>{{{DRIVE}}}</script></body>"), encoding="utf-8", newline="\n")
    dom, console = opened(file, tmp_path)
    assert console == [] and "data-hacked" not in dom
    report = json.loads(html.unescape(re.search(r'data-report="([^"]*)"', dom)[1]))
    seen, table = "\n".join(report["texts"]), answer.ranking.table
    assert [payload for payload in PAYLOADS if payload not in seen] == []
    assert [(at, on, chosen) for at, on, chosen, _ in report["links"]] == [(at, 1, 1) for at in range(len(table))]
    for (_, _, _, detail), row in zip(report["links"], table.to_dict("records"), strict=True):
        assert f"{row['people_distinct']:,.0f} 人" in detail and f"{row['walk_m']:,.0f} 米" in detail and "为什么是这一条" in detail
    assert report["fromMap"] == 0 and len(report["titles"]) == len(table) and report["titles"][0].startswith("1. ")
    assert report["hidden"] == [["footpath"], -1]
    assert report["language"] == ["en", "Toy · links worth building"] and (report["sheets"], report["left"]) == (1, 0)
    assert all(way > 1 for _, way in report["lines"])


def test_the_browser_opens_it_under_its_policy(answer, tmp_path):
    dom, console = opened(links_page.write(answer, tmp_path / "links.html", language="zh"), tmp_path)
    assert console == [] and 'data-ready="1"' in dom and "data-hacked" not in dom and "© OpenStreetMap contributors (ODbL)" not in re.sub(r"<script.*?</script>", "", dom, flags=re.S)
    dom, _ = opened(links_page.write(replace(answer, osm=True), tmp_path / "osm.html", language="zh"), tmp_path)
    assert "© OpenStreetMap contributors (ODbL)" in re.sub(r"<script.*?</script>", "", dom, flags=re.S)


def test_the_values_are_those_of_the_ranking(answer):
    told = values(links_page.html(answer, language="zh"))
    table = answer.ranking.table
    for link, row, added in zip(told["links"], table.to_dict("records"), answer.package.added["people_in_sequence"], strict=True):
        assert link["people_distinct"] == pytest.approx(row["people_distinct"], abs=0.06) and link["people_in_sequence"] == pytest.approx(added, abs=0.06)
        assert link["walk_m"] == pytest.approx(row["walk_m"], abs=0.06) and link["cost"] == (None if np.isnan(row["cost"]) else row["cost"])
    assert told["together"]["people_distinct"] == pytest.approx(220) and told["study"]["scenarios"]["en"] == "plan"
    assert {tuple(kind) for kind in told["kinds"]} == {(0, 0)} and told["categories"][0]["names"]["zh"] == "学校"


def test_minutes_where_time_decides_and_a_page_without_links(tiny):
    timed = answer_of(tiny, rule="time")
    best = values(links_page.html(timed, language="en"))["links"][0]
    #  4 km/h are 66.7 flat metres a minute
    assert best["saved"] == pytest.approx(timed.ranking.table["saved_m"].iloc[0] / (4000 / 60), abs=0.06)
    ranking = ranked(timed.inputs, standard=tiny, settings=timed.settings, asked=terms_of(max_m=1, built=0))
    told = values(links_page.html(replace(timed, ranking=ranking, package=package_of(ranking), ways=[]), language="en"))
    assert told["links"] == [] and told["together"]["count"] == 0 and told["together"]["cost"] is None
