"""The interactive map: one file, nothing fetched, no name run as code, and what the browser shows agrees with the tables."""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, analyzed_once, facility_table, residence_table, town
from hypothesis import given
from hypothesis import strategies as st
from page_scripts import held

from livingcircle import standards
from livingcircle.coverage import Group
from livingcircle.errors import LivingCircleError
from livingcircle.network import from_edges
from livingcircle.outputs import page
from livingcircle.outputs.page import document, packing

HACK = "document.documentElement.dataset.hacked='1'"
PAYLOADS = [
    f'<img src=x onerror="{HACK}">',
    f"${{{HACK}}}",
    f"`+({HACK})+`",
    f"\\`;{HACK};//",
    f"</script><script>{HACK}</script>",
    "line\nbreak\r\u2028 \"double\" 'single' & \\",
    "{{ 7*7 }}{% raw %}{# x #}",
    '<!--part:data--><a href="http://example.invalid/">x</a>',
    "</title></option></select></style><b>",
]
NETWORK = town(
    [(0, 0), (310, 0), (640, 0), (1010, 0)], [(0, 190), (1010, 205)], [(0, 0), (0, 190)], [(310, 0), (330, 195)], [(1010, 0), (1010, 205)],
    [(2000, 0), (2200, 0)],
)
FACILITIES = facility_table(
    (PAYLOADS[0], "school", shapely.Point(20, 200)), (PAYLOADS[1], "school", shapely.box(880, -60, 960, -5)),
    (PAYLOADS[2], "park", shapely.box(600, 20, 700, 120)), (PAYLOADS[3], "park", shapely.Point(2100, 10), "planned", 2030),
).assign(source=["toy", PAYLOADS[0], PAYLOADS[4], PAYLOADS[7]])
UNITS = gpd.GeoDataFrame(
    {"unit": [PAYLOADS[4], "east"]}, geometry=[shapely.box(-50, -100, 500, 300), shapely.box(500, -100, 1100, 300)], crs=CRS
)


def homes():
    """Four homes beside the streets, one on an island of streets, one far from any street."""
    spots = [(x, 30, x + 120, 170) for x in (30, 350, 480, 760)] + [(2040, 5, 2090, 60), (5000, 5000, 5050, 5050)]
    table = residence_table(*((f"R{n}", 100 + n, shapely.box(*spot)) for n, spot in enumerate(spots)))
    units = [PAYLOADS[4], PAYLOADS[4], "east", "east", "", ""]
    return table.assign(name=[*PAYLOADS[4:9], "far"], unit=units, people_slow=table["people"] / 4)


@pytest.fixture
def result(tiny):
    groups = (Group("all", 4.0), Group("slow", 2.0, "people_slow"))
    told = analyzed_once(tiny, NETWORK, FACILITIES, homes(), units=UNITS, year=2025, groups=groups, rule="time", language="zh")
    settings = replace(told.settings, name={"zh": PAYLOADS[8], "en": "Toy"}, note={"zh": PAYLOADS[0], "en": "toy"})
    return replace(told, settings=settings, warnings=tuple(PAYLOADS), counts={**told.counts, "osm": True}, area=UNITS)


class Parts(HTMLParser):
    """Scripts, attributes and style sheets of a page."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.attributes, self.styles, self.tags = [], [], [], []
        self._into = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._into = {"script": self.scripts, "style": self.styles}.get(tag)
        if self._into is not None:
            self._into.append([dict(attrs), ""])

    def handle_data(self, data):
        if self._into is not None:
            self._into[-1][1] += data

    def handle_endtag(self, tag):
        self._into = None


values = held


def test_nothing_is_fetched(result):
    text = page.html(result)
    parts = Parts(text)
    linked = [(tag, value) for tag, name, value in parts.attributes if name in ("src", "href", "srcset", "action", "data")]
    assert linked == [("link", "data:,"), ("link", "#end")]
    for _, style in parts.styles:
        assert "@import" not in style
        assert all(url.startswith(("data:image/png;base64,", "#")) for url in re.findall(r"url\(([^)]*)\)", style))
    assert not re.search(r"(src|href)\s*=\s*[\"'`]?https?:|fetch\(|XMLHttpRequest|sourceMappingURL|importScripts|WebSocket", text)
    assert len(re.findall("jquery|bootstrap|awesome", text, re.I)) == 0


def test_leaflet_keeps_its_licence(result):
    text = page.html(result)
    assert "Leaflet 1.9.3, a JS library" in text
    assert "Redistribution and use in source and binary forms" in text
    assert "Volodymyr Agafonkin" in text


def test_the_policy_allows_exactly_our_scripts(result):
    parts = Parts(page.html(result))
    (policy,) = [value for tag, name, value in parts.attributes if tag == "meta" and name == "content" and "script-src" in value]
    run = [body for attrs, body in parts.scripts if attrs.get("id") != "livingcircle-data"]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'" for body in run]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"].split() == hashes
    assert len(hashes) == 3
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert not [name for _, name, _ in parts.attributes if name.startswith("on")]


def test_no_name_is_markup(result):
    text = page.html(result)
    for payload in PAYLOADS:
        if set(payload) & set("<&"):
            assert payload not in text
    assert Parts(text).tags.count("script") == 4
    assert "img" not in Parts(text).tags
    got = values(text)
    assert got["facilities"]["name"] == FACILITIES["name"].tolist()
    assert got["residences"]["name"] == [*PAYLOADS[4:9], "far"]
    assert got["study"]["warnings_by_language"] == {"zh": PAYLOADS, "en": PAYLOADS}
    assert html.unescape(re.search(r"<title>(.*?)</title>", text, re.S)[1]).startswith(PAYLOADS[8])


def test_the_same_result_gives_the_same_bytes(result, tmp_path):
    first = page.write(result, tmp_path / "a.html").read_bytes()
    assert page.write(result, tmp_path / "b.html").read_bytes() == first
    assert b"\r\n" not in first
    assert not re.search(rb"map_[0-9a-f]{32}", first)


def test_the_page_is_fit_for_readers(result):
    text = page.html(result)
    assert '<html lang="zh-CN">' in text
    assert "user-scalable" not in text.split("<style>")[0]
    assert '<html lang="en">' in page.html(replace(result, settings=replace(result.settings, language="en")))


def test_folium_is_left_as_it_was(result):
    before = list(folium.Map.default_js), list(folium.Map.default_css)
    page.html(result)
    assert (folium.Map.default_js, folium.Map.default_css) == before
    assert before[0]


def test_the_result_is_not_changed(result):
    gaps, homes_, walks = result.gaps.copy(), result.residences.copy(), result.residence_walks.copy()
    page.html(result)
    assert result.gaps.equals(gaps)
    assert result.residences.equals(homes_)
    assert result.residence_walks.equals(walks)


@pytest.mark.parametrize(
    "bad",
    [
        '<script src="https://example.invalid/x.js"></script>',
        '<link rel="stylesheet" href="//example.invalid/x.css">',
        "<style>a{background:url(http://example.invalid/x.png)}</style>",
        '<style>@import "x.css";</style>',
        '<p style="background:url(x.png)">',
        "<script>a.innerHTML='<a href=\"https://example.invalid\">'</script>",
        '<img src="x.png">',
    ],
)
def test_a_link_is_an_error(bad):
    document.refuse_links("<p><a href='#top'>x</a><img src='data:image/png;base64,AA'></p>")
    with pytest.raises(LivingCircleError, match="would load"):
        document.refuse_links(f"<html>{bad}</html>")


def test_numbers_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="JSON"):
        document.json_text({"walk": float("inf")})
    with pytest.raises(ValueError, match="JSON"):
        document.packed_text({"walk": float("inf")})


def unpacked(text):
    """Plain reading of packed numbers, as the page's script does it."""
    numbers, number, weight = [], 0, 1
    for letter in text:
        bits = packing.ALPHABET.index(letter)
        number += bits % 32 * weight
        weight *= 32
        if bits < 32:
            numbers.append(-(number + 1) // 2 if number % 2 else number // 2)
            number, weight = 0, 1
    return numbers


@given(st.lists(st.integers(-(2**40), 2**40)))
def test_numbers_come_back(numbers):
    assert unpacked(packing.packed(numbers)) == numbers


def test_shapes_come_back():
    ring, hole = [(121.5, 29.9), (121.6, 29.9), (121.6, 30.0)], [(121.55, 29.91), (121.58, 29.91), (121.58, 29.93)]
    origin = 121_000_000, 29_000_000
    got = unpacked(packing.shape(shapely.MultiPolygon([shapely.Polygon(ring, [hole])]), origin=origin))
    assert got[:3] == [1, 2, 3]
    outer = np.array(origin) + np.cumsum(np.array(got[3:9]).reshape(3, 2), axis=0)
    assert (outer / 1e6).tolist() == np.array(ring).tolist()
    assert unpacked(packing.shape(shapely.Point(121.5, 29.9), origin=origin)) == [0, 1, 500_000, 900_000]
    assert packing.shape(shapely.Polygon(), origin=origin) == packing.shape(None, origin=origin) == ""


def test_long_runs_read_like_short_ones():
    numbers = [(-1) ** n * n**5 for n in range(200)]
    assert packing.packed(numbers) == "".join(packing.packed([number]) for number in numbers)
    assert unpacked(packing.packed(np.array(numbers))) == numbers


def test_unreachable_has_its_own_code(result):
    got = values(page.html(result))
    walk = got["walks"]["columns"][1]["0"]
    assert "unreachable" in result.residence_walks["status"].tolist()
    assert walk["status"] == "000012"
    assert [n == 0 for n in unpacked(walk["walk_m"])] == [False] * 4 + [True] * 2


def city(result):
    """The toy grown to 15,000 street edges, 1,300 residences and every category of a shipped standard, a third in gaps."""
    rng, standard, count = np.random.default_rng(1), standards.load("gb50180-2018"), 1300
    bends = rng.uniform([380_000, 3_300_000], [390_000, 3_310_000], (15_000, 1, 2)) + np.cumsum(rng.normal(0, 25, (15_000, 5, 2)), axis=1)
    streets = gpd.GeoDataFrame(geometry=shapely.linestrings(bends), crs=CRS)
    x, y = rng.uniform([380_000, 3_300_000], [390_000, 3_310_000], (count, 2)).T
    ids = [f"R{n}" for n in range(count)]
    homes_ = gpd.GeoDataFrame(
        {"residence_id": ids, "name": [f"第{n}居住小区" for n in range(count)], "unit": "east", "people": rng.integers(50, 3000, count) * 1.0},
        geometry=shapely.box(x, y, x + 90, y + 60), crs=CRS,
    ).assign(people_slow=5.0)
    walk, far = rng.exponential(900, count), np.arange(count) % 3 == 0
    steps = np.linspace(0, 2 * np.pi, 400)
    blob = shapely.Polygon(np.column_stack([385_000 + 4000 * np.cos(steps), 3_305_000 + 3000 * np.sin(steps) + 40 * np.sin(40 * steps)]))
    walks, gaps, areas, rings = [], [], [], []
    for category in standard.categories:
        told = {"residence_id": ids, "category": category, "walk_m": walk, "walk_min": walk / 66.7, "straight_m": walk / 1.3}
        walks.append(pd.DataFrame({**told, "nearest_facility": "某某设施", "status": "reached", "land_share": 0.5, "group": "all"}))
        gap = pd.concat([result.gaps.iloc[[0]]] * int(far.sum()), ignore_index=True)
        gap_ids = [f"G{category[:6]}{n}" for n in range(len(gap))]
        gap = gap.assign(category=category, gap_id=gap_ids, residence_id=np.array(ids)[far], walk_m=walk[far], straight_m=walk[far] / 1.3)
        gaps.append(gap)
        areas.append(gpd.GeoDataFrame(gap[["category", "level", "residence_id", "gap_id"]], geometry=homes_.geometry[far].scale(0.7).to_numpy(), crs=CRS))
        rings.append(gpd.GeoDataFrame({"category": category, "limit_m": 1.0, "minutes": [5.0, 10.0, 15.0, np.nan], "level": ["", "", "", "L15"]}, geometry=[blob] * 4, crs=CRS))
    ends = np.arange(30_000).reshape(2, -1)
    walked = from_edges(streets.assign(from_node=ends[0], to_node=ends[1], name="", highway="footway"))
    return replace(
        result, standard=standard, network=replace(result.network, streets=streets), walking=replace(result.walking, network=walked), residences=homes_, residence_walks=pd.concat(walks),
        gaps=pd.concat(gaps, ignore_index=True).assign(rank=lambda t: range(1, len(t) + 1)), gap_areas=pd.concat(areas, ignore_index=True),
        isochrones=pd.concat(rings, ignore_index=True),
    )


def test_light(result):
    grown = city(result)
    assert len(grown.gaps) > 10_000
    assert len(page.html(grown).encode()) < 4_000_000


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVE = """
const report = { texts: [], rows: [] }, look = (node) => report.texts.push(node.textContent), all = (list, act) => list.forEach((_, i) => act(i));
const d = livingcircle.data;
document.querySelectorAll(".leaflet-control-layers input").forEach((box) => { if (!box.checked) box.click(); });
all(d.categories, (category) => all(d.levels, (level) => all(d.groups, (group) => {
  livingcircle.choose({ category, level, group });
  report.rows.push([category, livingcircle.state.level, group, ...Array.from(document.querySelectorAll(".tile strong"), (e) => e.textContent), livingcircle.chosenGaps().length]);
  ["gaps", "by_unit", "facilities", "remarks"].forEach((tab) => { document.getElementById(`tab-${tab}`).click(); look(document.getElementById("list")); });
})));
livingcircle.gapList.every = true;
document.getElementById("tab-gaps").click();
all(Array.from(document.querySelectorAll("#list .row")), (i) => document.querySelectorAll("#list .row")[i].click());
all(d.gaps.rank, (i) => { livingcircle.goGap(i); look(document.querySelector(".leaflet-popup-content")); });
all(d.residences.name, (i) => { livingcircle.goResidence(i); look(document.querySelector(".leaflet-popup-content")); });
all(d.facilities.name, (i) => { livingcircle.goFacility(i); look(document.querySelector(".leaflet-popup-content")); });
const search = document.getElementById("search");
["hacked", "IMG", "East", "zzz"].forEach((q) => { search.value = q; search.dispatchEvent(new Event("input")); look(document.getElementById("panel")); });
window.dispatchEvent(new Event("beforeprint"));
window.dispatchEvent(new Event("afterprint"));
report.shares = [0, 0.00001, 0.5, 0.99999, 1, null].map(livingcircle.show.share);
report.minutes = [15, 15.01].map(livingcircle.show.minutes);
report.walk = d.gaps.walk_m; report.at = d.gaps.at; report.head = document.getElementById("head").textContent;
report.first = d.residences.shape[0].polygons[0][0];
document.documentElement.dataset.report = JSON.stringify(report);
"""


def after_start(script):
    """The script as run once the page has started."""
    return f"(function go() {{ if (!document.documentElement.dataset.ready) {{ setTimeout(go, 5); return; }} {script} }})();"


def opened(file, folder, address=""):
    """The document after the browser ran it, and what stood in its console."""
    if not BROWSER:
        pytest.skip("no browser: apt-get install chromium")
    quiet = ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
             "disable-component-update", "disable-sync", "virtual-time-budget=3000", "host-resolver-rules=MAP * ~NOTFOUND",
             "enable-logging=stderr", "v=0", f"user-data-dir={folder / 'profile'}", "dump-dom")
    told = subprocess.run([BROWSER, *(f"--{word}" for word in quiet), file.as_uri() + address], capture_output=True, timeout=120, check=True)
    return told.stdout.decode(), [line for line in told.stderr.decode().splitlines() if "CONSOLE" in line]


def test_the_browser_opens_it(result, tmp_path):
    dom, console = opened(page.write(result, tmp_path / "index.html"), tmp_path)
    assert console == []
    assert 'data-ready="1"' in dom
    assert "data-hacked" not in dom
    shown = re.sub(r"<(script|style).*?</\1>", "", dom, flags=re.S)
    assert "leaflet-attribution-flag" not in shown
    assert re.search(r'leaflet-control-attribution[^>]*><span>© OpenStreetMap contributors \(ODbL\)<', shown)
    assert "hacked" in shown, "names are shown, not dropped"


def test_every_card_shows_names_as_text_even_without_the_policy(result, tmp_path):
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.html(result))
    file = tmp_path / "open.html"
    file.write_text(text.replace("</body>", f"<script>{after_start(DRIVE)}</script></body>"), encoding="utf-8", newline="\n")
    dom, console = opened(file, tmp_path)
    assert console == []
    assert "data-hacked" not in dom
    report = json.loads(html.unescape(re.search(r'data-report="([^"]*)"', dom)[1]))
    seen = "\n".join(report["texts"])
    for payload in PAYLOADS:
        assert payload in seen or payload in report["head"]
    assert report["shares"] == ["0.0%", "0.1%", "50.0%", "99.9%", "100.0%", "—"]
    assert report["minutes"] == ["15.0 分钟", "15.1 分钟"]
    agrees_with_tables(report, result)


def agrees_with_tables(report, result):
    """Headline, gap list and positions in the browser are those of the result's tables."""
    whole = result.coverage[result.coverage["unit"] == "ALL"].set_index(["category", "group"])
    for category, _, group, land, people, *_, gaps in report["rows"]:
        name, which = ("school", "park")[category], ("all", "slow")[group]
        row = whole.loc[(name, which)]
        assert float(land.rstrip("%")) == pytest.approx(100 * row["land_share"], abs=0.051)
        assert float(people.rstrip("%")) == pytest.approx(100 * row["people_share"], abs=0.051)
        assert gaps == len(result.gaps[(result.gaps["category"] == name) & (result.gaps["group"] == which)])
    expected = [None if np.isinf(m) else round(m) for m in result.gaps.sort_values("rank")["walk_m"]]
    assert report["walk"] == expected
    at = result.gaps.sort_values("rank")[["lat", "lon"]].to_numpy()
    assert np.abs(np.array(report["at"]) - at).max() < 2e-6
    corner = result.residences.geometry.to_crs(4326).iloc[0].exterior.coords
    assert min(abs(y - report["first"][0][0]) + abs(x - report["first"][0][1]) for x, y in corner) < 2e-6
