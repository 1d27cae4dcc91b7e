"""How the map is used: languages, the address, lists, paper, backgrounds; what the browser shows is what the tables hold."""

import html
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from page_scripts import run
from test_outputs_page import FACILITIES, PAYLOADS, Parts, after_start, opened, result, values  # noqa: F401

from livingcircle.coordinates import wgs84_to_gcj02
from livingcircle.messages import LANGUAGES
from livingcircle.outputs import page

HAN = re.compile(r"[\u3400-\u9fff]")


def driven(told, script, folder, address=""):
    """What `script` leaves in `report` after the page opened at an address; nothing may run and nothing may stand in the console."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.html(told))
    file = folder / "driven.html"
    end = "document.documentElement.dataset.report = JSON.stringify(report);"
    run = f"<script>const report = {{}}, lc = livingcircle; {after_start(script + end)}</script></body>"
    file.write_text(text.replace("</body>", run), encoding="utf-8", newline="\n")
    dom, console = opened(file, folder, address)
    assert console == []
    assert "data-hacked" not in dom
    return json.loads(html.unescape(re.search(r'data-report="([^"]*)"', dom)[1]))


SEEN = """
const seen = () => {
  const texts = [document.title];
  const walk = (node) => {
    if (/^(SCRIPT|STYLE|NOSCRIPT)$/.test(node.tagName || "")) return;
    if (node.nodeType === 3) texts.push(node.data);
    if (node.attributes) for (const name of ["aria-label", "title", "placeholder", "label"]) if (node.hasAttribute(name)) texts.push(node.getAttribute(name));
    node.childNodes.forEach(walk);
  };
  walk(document.body);
  return texts.map((text) => text.trim()).filter(Boolean);
};
"""
EVERYTHING = SEEN + """
const all = [], add = () => all.push(...seen());
[{lacking: false}, {lacking: true}].forEach((next) => {
  lc.choose(next);
  Object.keys(lc.panel.tabs).forEach((tab) => { lc.panel.open(tab); add(); });
});
lc.choose({lacking: false});
lc.goGap(0); add(); lc.goResidence(0); add(); lc.goFacility(3); add();
lc.choose({lacking: true}); lc.goResidence(0); add(); lc.choose({lacking: false});
document.getElementById("print").click(); add(); lc.closeDialog();
window.dispatchEvent(new Event("beforeprint")); add(); window.dispatchEvent(new Event("afterprint"));
report.seen = Array.from(new Set(all));
report.lang = document.documentElement.lang;
"""


def plain(told):
    """The result with names in plain Latin letters, so that every other letter on the screen is a word of the page."""
    names = {"name": {"zh": "Toy", "en": "Toy"}, "note": {"zh": "", "en": ""}}
    return replace(told, settings=replace(told.settings, **names), warnings=("W",))


def test_every_word_follows_the_language(result, tmp_path):  # noqa: F811
    told = replace(plain(result), warnings_by_language={"zh": ("中文提醒",), "en": ("an English remark",)})
    english = driven(told, 'lc.setLanguage("en");' + EVERYTHING, tmp_path)
    own = {page.page_words("zh")["language_name"], "语言 Language"}
    assert [text for text in english["seen"] if HAN.search(text) and text not in own] == []
    assert english["lang"] == "en"
    assert "an English remark" in english["seen"] and "N" in english["seen"]
    chinese = driven(told, 'lc.setLanguage("en"); lc.setLanguage("zh");' + EVERYTHING, tmp_path)
    assert chinese["lang"] == "zh-CN"
    assert "中文提醒" in chinese["seen"] and "北" in chinese["seen"]
    words = {key: {word for word in page.page_words(key).values() if len(word) > 5 and "{" not in word} for key in LANGUAGES}
    assert len(words["en"] & set(english["seen"])) > 40
    assert (words["en"] - words["zh"]) & set(chinese["seen"]) == {"English"}, "each language is named in itself"
    assert any(text.endswith(" 米") for text in chinese["seen"]) and any(text.endswith(" m") for text in english["seen"])


def test_both_languages_have_every_word_that_the_scripts_say():
    said = set()
    for name in page.document.SCRIPTS:
        script = page.document.HERE.joinpath(name).read_text("utf-8")
        # Scripts of the what-if say words of a family of their own.
        family = "whatif." if "const say = (key, values) => lc.say(`whatif.${key}`" in script else ""
        said |= {(family if not whole else "") + word for whole, word in re.findall(r'(?:(lc\.)|(?<![\w.]))say\("([\w.]+)"', script)}
    assert len(said) > 60
    for language in LANGUAGES:
        assert said - set(page.page_words(language)) == set()


VIEW = """
const { state, layers } = lc, center = layers.map.getCenter();
report.state = [state.category, state.level, state.group, state.lacking, lc.language, center.lat, center.lng, layers.map.getZoom()];
"""


def test_the_address_opens_the_same_view(result, tmp_path):  # noqa: F811
    asked = "#c=park&g=slow&lang=en&v=29.81234,121.75432,15.5"
    category, _, group, lacking, language, *where = driven(result, VIEW, tmp_path, asked)["state"]
    got = values(page.html(result))
    assert (got["categories"][category]["id"], got["groups"][group]["id"]) == ("park", "slow")
    assert (lacking, language) == (False, "en")
    assert where == pytest.approx([29.81234, 121.75432, 15.5], abs=1e-4)
    assert driven(result, VIEW, tmp_path, "#show=lacking&g=all&lang=zh")["state"][3:5] == [True, "zh"]


@pytest.mark.parametrize("asked", [
    "#c=<img src=x onerror=document.documentElement.dataset.hacked=1>&lang=__proto__&g=constructor&v=NaN,1,2",
    "#c=%3Cscript%3E&l=toString&lang=<b>&v=999,999,999&show=__proto__", "#%E0%A4%A&c", "#tab-gaps",
])  # fmt: skip
def test_an_address_that_the_page_does_not_know_changes_nothing(result, tmp_path, asked):  # noqa: F811
    assert driven(result, VIEW, tmp_path, asked)["state"] == driven(result, VIEW, tmp_path)["state"]


def test_the_address_says_what_is_chosen(result, tmp_path):  # noqa: F811
    script = 'lc.choose({category: 1, group: 1}); lc.setLanguage("en"); report.at = lc.address();'
    got = values(page.html(result))
    at = driven(result, script, tmp_path)["at"]
    assert at.startswith(f"#c={got['categories'][1]['id']}&l={got['levels'][got['categories'][1]['asked'][0]['level']]['id']}&g=slow&lang=en&v=")


COUNTS = """
report.lacks = [];
lc.data.groups.forEach((_, group) => {
  lc.lackingLevels().forEach((level) => {
    lc.choose({lacking: true, level, group});
    const told = lc.lackingNow();
    report.lacks.push([level, group, lc.data.residences.name.map((_, i) => told.lacks(i)), told.whole,
      Array.from(document.querySelectorAll(".tile strong"), (one) => one.textContent), lc.lackingOrder()]);
  });
});
"""


def test_what_homes_lack_is_the_table_of_it(result, tmp_path):  # noqa: F811
    got = values(page.html(result))
    names = [c["id"] for c in got["categories"]]
    homes = result.residences["residence_id"].tolist()
    told = driven(result, COUNTS, tmp_path)["lacks"]
    assert len(told) == len(result.completeness.drop_duplicates(["level", "group"]))
    for level, group, lacks, whole, tiles, order in told:
        own = {"level": got["levels"][level]["id"], "group": got["groups"][group]["id"]}
        row = result.completeness[(result.completeness["area"] == "ALL") & (result.completeness[list(own)] == list(own.values())).all(axis=1)].iloc[0]
        assert whole["people_all_share"] == pytest.approx(row["people_all_share"], abs=1e-6)
        assert float(tiles[0].rstrip("%")) == pytest.approx(100 * row["land_all_share"], abs=0.051)
        assert [len(lacks[i]) for i in order] == sorted((len(one) for one in lacks if one), reverse=True)
        if own["group"] == "all":
            table = result.lacking[result.lacking["level"] == own["level"]].set_index("residence_id")["lacks"]
            assert [";".join(names[c] for c in one) for one in lacks] == [
                ";".join(sorted(table[home].split(";"), key=names.index)) if table[home] else "" for home in homes
            ]


def test_the_other_groups_lack_what_their_gaps_say(result, tmp_path):  # noqa: F811
    """The slow walk half as fast: whatever everybody lacks they lack too, and their own gaps over half of the land are counted."""
    told = {(level, group): lacks for level, group, lacks, *_ in driven(result, COUNTS, tmp_path)["lacks"]}
    got = values(page.html(result))
    land = result.samples.groupby("residence_id")["land_m2"].sum() / 10_000
    for (level, group), lacks in told.items():
        assert all(set(a) <= set(b) for a, b in zip(told[level, 0], lacks, strict=True))
        own = result.gaps[(result.gaps["level"] == got["levels"][level]["id"]) & (result.gaps["group"] == got["groups"][group]["id"])]
        for home, one in zip(result.residences["residence_id"], lacks, strict=True):
            of = own[own["residence_id"] == home]
            expected = {r.category for r in of.itertuples() if r.land_ha > land[home] / 2 + 1e-9}
            assert {got["categories"][c]["id"] for c in one} == expected


def test_shares_by_every_rule_are_those_of_the_table(result, tmp_path):  # noqa: F811
    script = """
    report.rows = [];
    lc.data.categories.forEach((_, category) => { lc.choose({category}); report.rows.push(
      [category, Array.from(document.querySelectorAll(".rules td"), (cell) => cell.textContent), document.querySelector(".rules th.own").textContent]); });
    """
    got, table = values(page.html(result)), result.coverage
    whole = table[(table["unit"] == "ALL") & (table["group"] == "all")].set_index("category")
    for category, shares, own in driven(result, script, tmp_path)["rows"]:
        row = whole.loc[got["categories"][category]["id"]]
        expected = [100 * row[f"{kind}_share_{rule}"] for kind in ("land", "people") for rule in ("distance", "time", "radius")]
        assert [float(share.rstrip("%")) for share in shares] == pytest.approx(expected, abs=0.051)
        assert own == page.page_words("zh")["ruled.time"]


LIST = """
const names = () => Array.from(document.querySelectorAll("#list .row .what b"), (one) => one.textContent);
const people = () => Array.from(document.querySelectorAll("#list .row"), (one) => lc.now.gaps.people[one.dataset.gap]);
const pick = (id, value) => { const box = document.getElementById(id); box.value = value; box.dispatchEvent(new Event("change")); };
const every = document.getElementById("every"); every.checked = true; every.dispatchEvent(new Event("change"));
report.all = names().length;
pick("sort", "people"); report.people = people();
pick("sort", "name"); report.names = names();
pick("filter-unit", "east"); report.east = Array.from(document.querySelectorAll("#list .row"), (one) => lc.now.gaps.unit[one.dataset.gap]);
pick("filter-unit", ""); pick("sort", "rank");
lc.panel.open("remarks");
lc.panel.mark(lc.chosenGaps()[1]);
const row = document.querySelector('#list [aria-current="true"]');
report.marked = [row.dataset.gap === String(lc.chosenGaps()[1]), lc.state.tab, document.querySelectorAll("[aria-current]").length];
row.click();
report.popup = document.querySelector(".leaflet-popup-content h3").textContent === row.querySelector("b").textContent;
document.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}));
report.closed = !lc.layers.map._popup.isOpen();
row.focus(); row.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowDown", bubbles: true}));
report.next = document.activeElement === row.nextElementSibling;
const inputs = Array.from(document.querySelectorAll("button, select, input, a[href]"));
report.unreachable = inputs.filter((one) => one.tabIndex < 0 && one.getAttribute("role") !== "tab").length;
"""


def test_the_gap_list_is_sorted_filtered_and_linked_both_ways(result, tmp_path):  # noqa: F811
    told = driven(result, LIST, tmp_path)
    assert told["all"] == len(result.gaps)
    assert told["people"] == sorted(told["people"], reverse=True)
    assert len(told["names"]) == told["all"]
    assert set(told["east"]) == {"east"} and len(told["east"]) == (result.gaps["unit"] == "east").sum()
    assert told["marked"] == [True, "gaps", 1]
    assert (told["popup"], told["closed"], told["next"], told["unreachable"]) == (True, True, True, 0)


def test_names_are_found_and_lead_to_their_place(result, tmp_path):  # noqa: F811
    script = """
    const box = document.getElementById("search"), find = (text) => { box.value = text; box.dispatchEvent(new Event("input"));
      return Array.from(document.querySelectorAll("#found .row"), (row) =>
        [row.querySelector(".mark").className.split(" ")[1], row.querySelector("b").textContent]); };
    report.hits = find("hacked"); report.east = find("east");
    document.querySelector("#found .row").click();
    report.seen = lc.layers.map.getBounds().contains(lc.data.units[1].outline.getBounds());
    report.facility = find("onerror"); document.querySelector("#found .row").click();
    report.card = document.querySelector(".leaflet-popup-content h3").textContent;
    """
    told = driven(result, script, tmp_path)
    hits = {tuple(hit) for hit in told["hits"]}
    assert ("facility", PAYLOADS[0]) in hits and ("residence", PAYLOADS[4]) in hits and ("unit", PAYLOADS[4]) in hits
    assert told["east"] == [["unit", "east"]]
    assert told["seen"] is True
    assert told["card"] == FACILITIES["name"][0]


def test_gap_ids_are_those_of_the_table(result, tmp_path):  # noqa: F811
    ids = driven(result, "report.ids = lc.data.gaps.gap_id;", tmp_path)["ids"]
    assert ids == result.gaps.sort_values("rank")["gap_id"].tolist()
    other = replace(result, gaps=result.gaps.assign(gap_id=[f"own-{n}" for n in range(len(result.gaps))]))
    assert driven(other, "report.ids = lc.data.gaps.gap_id;", tmp_path)["ids"] == other.gaps.sort_values("rank")["gap_id"].tolist()


SHEETS = [("A4", False, (279, 192)), ("A4", True, (192, 279)), ("A3", False, (402, 279)), ("A3", True, (279, 402))]


@pytest.mark.parametrize(("paper", "portrait", "inner_mm"), SHEETS)
def test_a_sheet_is_full_and_its_scale_true(result, tmp_path, paper, portrait, inner_mm):  # noqa: F811
    script = f"""
    lc.sheet.paper = "{paper}"; lc.sheet.portrait = {str(portrait).lower()}; lc.askPaper();
    document.querySelector("#dialog input:checked").dispatchEvent(new Event("change"));
    window.dispatchEvent(new Event("beforeprint"));
    const size = (id) => {{ const box = document.getElementById(id); return [box.offsetWidth, box.offsetHeight]; }};
    const bar = document.querySelector(".leaflet-control-scale-line"), whole = lc.layers.bounds(), map = lc.layers.map;
    report.sizes = ["head", "frame", "foot"].map(size);
    report.bar = [bar.textContent, parseFloat(bar.style.width)];
    report.foot = document.getElementById("foot").textContent;
    report.wide = Array.from(document.querySelectorAll("#head *, #foot *"), (one) => one.getBoundingClientRect().right).reduce((a, b) => Math.max(a, b), 0);
    report.rule = document.getElementById("sheet-size").textContent;
    report.shown = map.getBounds().contains(whole);
    report.legend = document.querySelector(".legend").open;
    report.north = document.querySelector(".north svg").getBoundingClientRect().width;
    window.dispatchEvent(new Event("afterprint"));
    report.back = [document.documentElement.className, document.getElementById("frame").getAttribute("style"), map.options.zoomSnap];
    """
    told = driven(result, script, tmp_path)
    width, height = (mm / 25.4 * 96 for mm in inner_mm)
    assert [w for w, _ in told["sizes"]] == pytest.approx([width] * 3, abs=1.5)
    assert height - 12 < sum(h for _, h in told["sizes"]) <= height
    assert told["wide"] <= width + 9, "what is wider would make the browser shrink the sheet, and the scale with it"
    text, px = told["bar"]
    metres = float(text.split()[0]) * (1000 if "公里" in text else 1)
    scale = float(re.search(r"1:([\d,]+)", told["foot"])[1].replace(",", ""))
    # Web Mercator's metre and the bar's width in whole pixels: within 1.5 %.
    assert metres / scale * 1000 == pytest.approx(px / 96 * 25.4, rel=0.015)
    assert scale in {step * 10.0**power for step in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8) for power in (2, 3, 4, 5)}
    assert all(word in told["foot"] for word in ("toy", "审图号", "出图日期", "EPSG", "livingcircle"))
    assert f"size: {paper} {'portrait' if portrait else 'landscape'}" in told["rule"]
    assert told["shown"] and told["legend"] and told["north"] > 20
    assert [one or "" for one in told["back"]] == ["", "", 0.25]


def test_the_datum_of_amap_is_that_of_the_program(result, tmp_path):  # noqa: F811
    spots = [(121.85, 29.92), (116.4, 39.9), (104.06, 30.67), (105.0, 35.0), (2.35, 48.85)]
    script = f"report.to = {json.dumps(spots)}.map(([x, y]) => lc.toGcj(x, y)); report.back = report.to.map(([x, y]) => lc.fromGcj(x, y));"
    told = driven(result, script, tmp_path)
    assert np.abs(np.array(told["to"]) - np.array([wgs84_to_gcj02(*spot) for spot in spots])).max() < 1e-9
    assert np.abs(np.array(told["back"][:4]) - np.array(spots[:4])).max() < 1e-8


def policy(text):
    (told,) = [value for tag, name, value in Parts(text).attributes if tag == "meta" and name == "content" and "script-src" in value]
    return dict(rule.strip().split(" ", 1) for rule in told.split(";"))


def test_backgrounds_open_exactly_their_hosts_and_only_when_asked_for(result):  # noqa: F811
    assert policy(page.html(result))["img-src"] == "data:"
    assert not re.search(r"tianditu\.gov|autonavi", page.html(result))
    text = page.html(result, backgrounds=("tianditu", "amap"))
    rules, told = policy(text), page.style()["backgrounds"]
    expected = [told[key]["host"].replace("{s}", own) for key in ("tianditu", "amap") for own in told[key]["hosts"]]
    assert rules["img-src"].split() == ["data:", *expected]
    assert rules["default-src"] == "'none'" and "connect-src" not in rules
    assert "img" not in Parts(text).tags
    assert policy(page.html(result, backgrounds=("amap",)))["img-src"].count("tianditu") == 0


def test_a_background_is_asked_for_only_once_it_is_chosen_and_its_key_is_kept_nowhere(result, tmp_path):  # noqa: F811
    script = """
    const tiles = () => Array.from(document.querySelectorAll(".leaflet-tile"), (one) => one.src), box = () => document.getElementById("background");
    const pick = (value) => { box().value = value; box().dispatchEvent(new Event("change")); };
    report.before = tiles();
    pick("tianditu"); report.asked = [document.getElementById("dialog").open, tiles().length];
    document.getElementById("map-key").value = "our key<&"; document.querySelector("#dialog form").requestSubmit(); report.key = tiles();
    const at = lc.layers.map.getCenter(), point = lc.layers.map.latLngToLayerPoint(at);
    pick("amap"); report.amap = tiles(); report.attribution = document.querySelector(".attribution").textContent;
    const back = lc.layers.map.layerPointToLatLng(lc.layers.map.latLngToLayerPoint(at));
    report.stays = Math.max(Math.abs(back.lat - at.lat), Math.abs(back.lng - at.lng));
    pick(""); report.after = tiles();
    report.kept = [localStorage.length, sessionStorage.length, document.cookie, lc.address().includes("our")];
    """
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.html(result, backgrounds=("tianditu", "amap")))
    file = tmp_path / "tiles.html"
    end = "document.documentElement.dataset.report = JSON.stringify(report);"
    run = f"<script>const report = {{}}, lc = livingcircle; {after_start(script + end)}</script></body>"
    file.write_text(text.replace("</body>", run), encoding="utf-8", newline="\n")
    dom, _ = opened(file, tmp_path)
    told = json.loads(html.unescape(re.search(r'data-report="([^"]*)"', dom)[1]))
    assert told["before"] == told["after"] == []
    assert told["asked"] == [True, 0]
    assert told["key"] and all(".tianditu.gov.cn/" in one and one.endswith("tk=our%20key%3C%26") for one in told["key"])
    assert told["amap"] and all(re.search(r"\.is\.autonavi\.com/.*z=\d+$", one) for one in told["amap"])
    assert "GCJ-02" in told["attribution"]
    assert told["stays"] < 1e-5
    assert told["kept"] == [0, 0, "", False]


# Simulated color vision (Machado, Oliveira, Fernandes 2009, full severity), on linear RGB.
EYES = {
    "usual": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}


def lab(color, eye):
    """CIELAB of a color as an eye sees it."""
    rgb = np.array(list(bytes.fromhex(color[1:]))) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(EYES[eye]) @ linear, 0, 1)
    x, y, z = np.cbrt(np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ seen / np.array([0.9505, 1, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eye", EYES)
def test_every_class_is_told_from_its_neighbors_by_every_eye(eye):
    for ramp, least in (("walk", 15), ("lacking", 19)):
        seen = [lab(color, eye) for color in page.style()[ramp]["colors"]]
        assert min(np.linalg.norm(a - b) for a, b in zip(seen, seen[1:])) >= least
        dark = [one[0] for one in seen][ramp == "lacking" :]
        assert dark == sorted(dark, reverse=True), "ordered in grey print"


def test_numbers_are_grouped_as_the_browser_would(tmp_path):
    script = """
const odd = [0, 0.05, 0.5, 1.005, 2.5, 999.995, 999.5, 1000, 12345.678, 1234567.5, 98765432.1, 0.0000004, 1e15, 123456789012345];
let seed = 7;
for (let i = 0; i < 2000; i++) { seed = (seed * 48271) % 2147483647; odd.push(seed / 10 ** (i % 9)); }
const wrong = [];
odd.forEach((value) => [0, 1, 2, 3].forEach((digits) => {
  const said = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (lc.show.decimal(value, digits) !== said) wrong.push([value, digits, said, lc.show.decimal(value, digits)]);
}));
return [wrong, lc.show.decimal(-1234.56, 1), lc.show.decimal(-0.3, 0)];
"""
    assert run(script, {}, folder=tmp_path, files=("language.js",)) == [[], "-1,234.6", "0"]
