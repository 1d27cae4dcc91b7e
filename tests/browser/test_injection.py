"""Names that would run as code: every place where the page shows them shows them letter by letter, and none of them runs."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import replace

import pytest
from browser.conftest import opening, ready
from browser.odd_town import COUNT, JOINED, PAYLOADS, result

from livingcircle.comparison import State
from livingcircle.outputs import compare_page, page

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
#  Facilities, links, a name and a note that a planner types, or that come from a file of somebody else's.
WHAT_IF = """
const { edit } = lc.scenario, { lat, lon } = lc.walking().gates[0], { id } = lc.data.categories[0];
let next = value.reduce((made, name, i) => edit.place(made, { name, categories: [id], lon: lon + 0.0001 * i, lat }), {});
next = value.reduce((made, name, i) => edit.link(made, { kind: "footpath", name, line: [[lon, lat], [lon + 0.0002, lat - 0.0001 * i]] }), next);
lc.whatIf.named = { name: value.join(" "), note: value.join(" ") };
lc.whatIf.apply(next);
"""
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
const told = value.flatMap((name) => Array.from(new Set(name.match(/[A-Za-z]{3,}|[$`&;{\\\\]+/g) || [])).concat([name]).map((part) => {
  box.value = part;
  box.dispatchEvent(new Event("input"));
  return document.getElementById("found").textContent;
}));
box.value = "";
box.dispatchEvent(new Event("input"));
return told;
""",
    "facility list": TAB + "return each(() => [tab('facilities')]);",
    "point card": EVERY_CATEGORY + """
const told = each((category) => {
  lc.point.set(lc.data.residences.shape[category].polygons[0][0][0], { category });
  return [document.getElementById("list").textContent, document.querySelector(".here-label").textContent];
});
lc.point.clear();
return told;
""",
    "what-if": WHAT_IF + """
const told = ["place", "move", "close", "gate_close"].map((tool) => {
  lc.tools.start(tool);
  const names = Array.from(document.querySelectorAll("#frame [title], #frame [alt]"), (node) => `${node.title} ${node.alt}`).join("\\n");
  lc.tools.stop();
  return names;
});
lc.panel.open("what_if");
lc.panel.list();
told.push(document.getElementById("list").textContent);
return told;
""",
    "new facilities": CARD + WHAT_IF + """
const known = lc.data.facilities.name.length;
lc.panel.open("facilities");
const told = [document.getElementById("list").textContent];
lc.now.facilities.name.forEach((_, i) => {
  if (i < known) return;
  lc.goFacility(i);
  told.push(card());
});
return told;
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


def test_a_saved_scenario_keeps_every_name_and_comes_back_as_it_was(odd_sheet):
    """As any reader of TOML reads it, and as the page reads it back."""
    sheet, scripts = odd_sheet
    text = sheet.js(WHAT_IF + "return lc.toToml(lc.whatIf.whole());", list(PAYLOADS))
    told = tomllib.loads(text)
    assert [one["name"] for one in told["facilities"]] == list(PAYLOADS)
    assert [one["name"] for one in told["links"]] == list(PAYLOADS)
    assert (told["name"], told["note"]) == (JOINED, JOINED)
    assert not [letter for letter in text if letter != "\n" and unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp")]
    sheet.js("lc.whatIf.reset(); lc.panel.open('what_if'); lc.panel.list();")
    sheet.page.fill("#scenario-paste", text)
    sheet.page.locator("#take").click()
    back = sheet.js("return lc.whatIf.whole()")
    assert [one["name"] for one in back["facilities"]] == list(PAYLOADS)
    assert [one["name"] for one in back["links"]] == list(PAYLOADS)
    assert (back["name"], back["note"]) == (JOINED, JOINED)
    sheet.js("lc.whatIf.reset()")
    assert unharmed(sheet, scripts)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_scenario_that_is_none_is_refused_in_words(odd_sheet, payload):
    sheet, scripts = odd_sheet
    sheet.js("lc.panel.open('what_if'); lc.panel.list();")
    sheet.page.fill("#scenario-paste", f'{payload}\n[[facilities]]\nchange = "{payload}"')
    sheet.page.locator("#take").click()
    assert sheet.page.locator("#whatif-said").inner_text() != ""
    assert sheet.js("return lc.whatIf.active()") is False
    assert unharmed(sheet, scripts)


@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no policy"])
def test_the_page_of_a_comparison_shows_names_as_text(odd, opened, tmp_path, policy):
    closed = odd.gaps.iloc[:: max(1, len(odd.gaps) // 200)].index
    other = replace(odd, gaps=odd.gaps.drop(closed), facilities=odd.facilities.iloc[:-1])
    names = {"zh": JOINED, "en": JOINED + " "}
    text = compare_page.html([State("base", names, odd), State("other", names, other)], language="zh")
    file = tmp_path / "compare.html"
    file.write_text(text if policy else POLICY.sub("", text), encoding="utf-8", newline="\n")
    sheet = opened(file)
    scripts = sheet.js("return document.scripts.length")
    told = sheet.js("""
const all = () => document.body.textContent;
const told = [all()];
document.querySelectorAll("[role=tab], main button").forEach((one) => { one.click(); told.push(all()); });
document.querySelectorAll("select").forEach((box) => Array.from(box.options).forEach((option) => {
  box.value = option.value;
  box.dispatchEvent(new Event("change", { bubbles: true }));
  told.push(all());
}));
return told;
""")
    assert missing(told) == []
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
        ready(sheet)
        assert unharmed(sheet, scripts)


def test_the_check_sees_what_runs(odd_page, opened):
    """The traces are looked for in the right place: markup put into the page by hand is found."""
    sheet = opened(odd_page)
    sheet.js("document.getElementById('foot').innerHTML = value", PAYLOADS[1])
    sheet.page.wait_for_timeout(50)
    assert [trace for trace in sheet.js(TRACES) if trace.startswith("IMG")] == ["IMG src=x", "IMG onerror"]
    assert sheet.requests or sheet.console
