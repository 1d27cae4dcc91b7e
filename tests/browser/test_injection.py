"""Names that would run as code: every place where the page shows them shows them letter by letter, and none of them runs."""

from __future__ import annotations

import re

import pytest
from browser.conftest import opening
from browser.odd_town import COUNT, PAYLOADS, result

from livingcircle.outputs import page

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
#  What the town's names could have brought into the document, were they read as markup.
TRACES = """
const found = [];
const all = Array.from(document.querySelectorAll("*"));
if (document.documentElement.dataset.ran) found.push("ran");
all.forEach((node) => Array.from(node.attributes).forEach(({ name, value }) => {
  if (/^on/i.test(name)) found.push(`${node.tagName} ${name}`);
  if (["src", "href", "srcset", "data", "action"].includes(name) && value && !/^(data:|blob:|#)/.test(value)) found.push(`${node.tagName} ${name}=${value}`);
}));
document.querySelectorAll("iframe, object, embed, base, textarea[onfocus]").forEach((node) => found.push(node.tagName));
found.push(`${document.scripts.length} scripts`);
return found;
"""
#  For each place where names are shown: how it is brought up, and the texts that then stand in it.
EVERY_CATEGORY = "const each = (act) => lc.data.categories.flatMap((_, category) => { lc.choose({ category }); return act(category); });"
TAB = EVERY_CATEGORY + """
const tab = (key) => { document.getElementById(`tab-${key}`).click(); return document.getElementById("list").textContent; };
"""
#  A card that is being closed fades out beside the new one.
CARD = "const card = () => Array.from(document.querySelectorAll('.leaflet-popup-content')).pop().textContent;"
SINKS = {
    "title": "return [document.getElementById('title').textContent];",
    "note": "return [document.getElementById('note').textContent];",
    "standard": "return [document.getElementById('head').textContent + document.getElementById('foot').textContent];",
    "choices": EVERY_CATEGORY + "return each(() => [document.getElementById('choices').textContent]);",
    "headline": EVERY_CATEGORY + "return each(() => [document.getElementById('headline').textContent]);",
    "legend": EVERY_CATEGORY + "return each(() => [document.querySelector('.legend').textContent]);",
    "layer list": "return [document.querySelector('.leaflet-control-layers').textContent];",
    "unit labels": "return [document.querySelector('.leaflet-tooltip-pane').textContent];",
    "gap list": TAB + "return each(() => { lc.state.everyGap = true; return [tab('gaps')]; });",
    "units": TAB + "return each(() => [tab('by_unit')]);",
    "remarks": TAB + "return each(() => [tab('remarks')]);",
    "gap card": CARD + EVERY_CATEGORY + "return each(() => { lc.goGap(lc.chosenGaps()[0]); return [card()]; });",
    "residence card": CARD + EVERY_CATEGORY + "return each((i) => { lc.goResidence(i); return [card()]; });",
    "facility card": CARD + "return lc.data.facilities.name.map((_, i) => { lc.goFacility(i); return card(); });",
    "search": """
const box = document.getElementById("search");
return value.flatMap((name) => Array.from(new Set(name.match(/[A-Za-z]{3,}|[$`&;{\\\\]+/g) || [])).concat([name]).map((part) => {
  box.value = part;
  box.dispatchEvent(new Event("input"));
  return document.getElementById("found").textContent;
}));
""",
    "print": """
window.dispatchEvent(new Event("beforeprint"));
const told = document.body.textContent;
window.dispatchEvent(new Event("afterprint"));
return [told];
""",
}
#  These say nothing of the town's own names.
SILENT = {"layer list", "legend"}


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    return result(tmp_path_factory.mktemp("odd"))


@pytest.fixture(scope="module", params=["policy", "no policy"])
def odd_page(request, odd, tmp_path_factory):
    """The page of the town of odd names, with the policy that lets only its own scripts run, and without."""
    text = page.html(odd)
    assert len(POLICY.findall(text)) == 1
    file = tmp_path_factory.mktemp("page") / "index.html"
    file.write_text(text if request.param == "policy" else POLICY.sub("", text), encoding="utf-8", newline="\n")
    return file


@pytest.fixture(scope="module")
def odd_sheet(odd_page, browser):
    """The page opened once; every place is brought up from whatever stood there before."""
    with opening(browser) as open_:
        sheet = open_(odd_page)
        sheet.page.on("dialog", lambda dialog: sheet.errors.append(dialog.message))
        yield sheet, sheet.js("return document.scripts.length")


def plain(text: str) -> str:
    """Text as it is typed into one line: the parts of a name may stand in fields that fold blanks."""
    return re.sub(r"\s+", " ", text)


def missing(texts: list[str]) -> list[str]:
    told = plain("\n".join(texts))
    return [payload for payload in PAYLOADS if plain(payload).strip() not in told]


def unharmed(sheet, scripts) -> bool:
    sheet.page.wait_for_timeout(50)
    assert sheet.js(TRACES) == [f"{scripts} scripts"]
    return sheet.is_quiet()


@pytest.mark.parametrize("sink", SINKS)
def test_names_are_shown_letter_by_letter_and_none_runs(odd_sheet, sink):
    sheet, scripts = odd_sheet
    texts = sheet.js(SINKS[sink], list(PAYLOADS))
    assert len(texts) > 0
    assert sink in SILENT or missing(texts) == []
    assert unharmed(sheet, scripts)


def test_the_windows_title_is_text(odd_sheet):
    sheet, _ = odd_sheet
    assert missing([sheet.page.title()]) == []
    assert sheet.is_quiet()


def test_hovering_and_clicking_all_over_the_map_runs_nothing(odd_sheet):
    sheet, scripts = odd_sheet
    box = sheet.page.locator("#frame").bounding_box()
    for step in range(1, 12):
        at = box["x"] + box["width"] * step / 12, box["y"] + box["height"] * (0.35 + 0.3 * (step % 2))
        sheet.page.mouse.move(*at)
        sheet.page.mouse.click(*at)
        sheet.page.keyboard.press("Escape")
    assert unharmed(sheet, scripts)


def test_a_name_in_the_address_runs_nothing(odd_page, opened):
    sheet = opened(odd_page)
    scripts = sheet.js("return document.scripts.length")
    for payload in PAYLOADS[:COUNT:4]:
        sheet.page.goto("about:blank")
        sheet.page.goto(f"{odd_page.as_uri()}#{payload.replace(chr(10), ' ')}&c={payload[:9]}&lang={payload[:20]}&v={payload[:20]}")
        sheet.page.wait_for_function("document.documentElement.dataset.ready === '1'")
        assert unharmed(sheet, scripts)


def test_the_check_sees_what_runs(odd_page, opened):
    """The traces are looked for in the right place: markup put into the page by hand is found."""
    sheet = opened(odd_page)
    sheet.js("document.getElementById('foot').innerHTML = value", PAYLOADS[1])
    sheet.page.wait_for_timeout(50)
    assert [trace for trace in sheet.js(TRACES) if trace.startswith("IMG")] == ["IMG src=x", "IMG onerror"]
    assert sheet.requests or sheet.console
