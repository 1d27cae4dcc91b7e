"""Pages opened from the disk: nothing fetched, nothing said in the console, all of it usable at a desk and on a phone."""

from __future__ import annotations

import pytest

LANGUAGES = ("zh", "en")
#  What a reader can operate; of long lists the first rows, as all rows are alike. Links that skip to the content show for the keyboard only.
CONTROLS = """
const seen = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility === "visible";
const rows = new Map();
const first = (node) => { const n = rows.get(node.parentNode) || 0; rows.set(node.parentNode, n + 1); return n < 12; };
const controls = Array.from(document.querySelectorAll("button, select, input, summary, a[href], [role=button], [role=tab], [role=slider]"));
"""
COVERED = CONTROLS + """
const covered = [];
controls.filter((node) => seen(node) && first(node) && !node.closest("#skip")).forEach((node) => {
  node.scrollIntoView({ block: "center", inline: "nearest" });
  const box = node.getBoundingClientRect();
  [[0.5, 0.5], [0.2, 0.3], [0.8, 0.7]].forEach(([x, y]) => {
    const top = document.elementFromPoint(box.left + x * box.width, box.top + y * box.height);
    if (!top || !(node.contains(top) || top.contains(node))) covered.push([node.id || node.className || node.textContent, top ? top.className || top.id || top.tagName : "nothing"]);
  });
});
window.scrollTo(0, 0);
return covered;
"""
CROSSING = """
const boxes = Array.from(document.querySelectorAll(".leaflet-control")).map((node) => [node.className, node.getBoundingClientRect()]).filter(([, box]) => box.width && box.height);
const crossing = [];
boxes.forEach(([a, one], i) => boxes.slice(i + 1).forEach(([b, two]) => {
  if (one.left < two.right - 1 && two.left < one.right - 1 && one.top < two.bottom - 1 && two.top < one.bottom - 1) crossing.push([a, b]);
}));
return crossing;
"""
WIDER = """
const width = document.documentElement.clientWidth;
const wide = Array.from(document.querySelectorAll("body *")).filter((node) => !node.closest(".folium-map") && node.getBoundingClientRect().right > width + 1);
return { scrolls: document.documentElement.scrollWidth - width, wide: wide.slice(0, 5).map((node) => node.id || node.className || node.tagName) };
"""
#  A reader's tour: every tab, every category, every layer, a search, a row of the list.
TOUR = """
document.querySelectorAll("[role=tab]").forEach((tab) => tab.click());
document.querySelectorAll(".leaflet-control-layers input[type=checkbox]").forEach((box) => { box.click(); box.click(); });
lc.data.categories.forEach((_, category) => lc.choose({ category }));
const search = document.getElementById("search");
search.value = lc.data.facilities.name[0].slice(0, 2);
search.dispatchEvent(new Event("input"));
search.value = "";
search.dispatchEvent(new Event("input"));
document.getElementById("tab-gaps").click();
const row = document.querySelector("#list .row");
if (row) row.click();
window.dispatchEvent(new Event("beforeprint"));
window.dispatchEvent(new Event("afterprint"));
return document.getElementById("headline").textContent;
"""


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_page_of_every_study_opens_in_both_languages_and_asks_for_nothing(any_study, opened, phone):
    headlines = set()
    for lang in LANGUAGES:
        sheet = opened(any_study / "out" / "index.html", lang=lang, phone=phone)
        headlines.add(sheet.js(TOUR))
        assert sheet.is_quiet()
    assert len(headlines) == len(LANGUAGES)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_nothing_lies_over_what_a_reader_operates(any_study, opened, phone):
    sheet = opened(any_study / "out" / "index.html", phone=phone)
    for lang in LANGUAGES:
        sheet.speak(lang)
        assert sheet.js(COVERED) == []
        assert sheet.js(CROSSING) == []


def test_a_phone_scrolls_downward_only(any_study, opened):
    sheet = opened(any_study / "out" / "index.html", phone=True)
    for lang in LANGUAGES:
        sheet.speak(lang)
        for tab in sheet.js("return Array.from(document.querySelectorAll('[role=tab]'), (tab) => tab.id)"):
            sheet.js("document.getElementById(value).click()", tab)
            assert sheet.js(WIDER)["scrolls"] <= 0, sheet.js(WIDER)["wide"]
