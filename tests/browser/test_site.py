"""The page of a siting in a browser: quiet, at a desk and on a phone, in both languages, and names stay text."""

from __future__ import annotations

import pytest
import toy_study
from browser.conftest import opening
from browser.odd_town import PAYLOADS
from browser.test_injection import TRACES

from livingcircle.siting.wish import Wish
from livingcircle.study.siting import Asked, site_study

TOUR = """
["sites", "curve", "left", "about"].forEach((tab) => document.getElementById(`tab-${tab}`).click());
window.dispatchEvent(new Event("beforeprint"));
window.dispatchEvent(new Event("afterprint"));
document.getElementById("tab-sites").click();
document.querySelector("#list .row").click();
return document.body.textContent;
"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """The page of a town whose homes, parcels, school and name are payloads."""
    folder = toy_study.write(tmp_path_factory.mktemp("odd") / "toy")
    boxes = toy_study.shapely.box
    toy_study.write_layer(folder / "parcels.geojson", [boxes(700, -60, 780, -5), boxes(900, -60, 990, -5)], 编号=list(PAYLOADS[:2]))
    toy_study.write_layer(folder / "homes.geojson", [boxes(x, 5, x + 100, 60) for x in (100, 450, 820)], ref=list(PAYLOADS[2:5]), people=[120, 200, 80])
    toy_study.edit(folder / "schools.csv", "西小学", PAYLOADS[4].replace(",", ""))
    toy_study.edit(folder / "study.toml", "玩具城", "<script>document.documentElement.dataset.ran='1'</script>")
    file = folder / "study.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + '[siting]\ncandidates = "parcels"\n[siting.parcels]\npath = "parcels.geojson"\ncolumns = { id = "编号" }\n', encoding="utf-8")
    _, files = site_study(folder, Wish(("school",), sites=1, limit_m=200.0), told=Asked(out=folder / "out"), progress=lambda *step: None)
    return next(file for file in files if file.name == "sites.html")


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_page_is_quiet_and_its_names_are_text(browser, page_file, phone):
    with opening(browser) as opened:
        page = opened(page_file, phone=phone)
        text = page.js(TOUR)
        assert PAYLOADS[0] in text or PAYLOADS[1] in text
        assert page.js(TRACES) == [f"{page.js('return document.scripts.length;')} scripts"]
        page.js("document.getElementById('language').click();")
        assert page.js("return [document.documentElement.lang, document.getElementById('tab-left').textContent];") == ["en", "Uncovered"]
        page.js(TOUR)
        assert page.js("return document.documentElement.scrollWidth - document.documentElement.clientWidth;") == 0
        assert page.is_quiet()
