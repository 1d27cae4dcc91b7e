"""A planner's walk through the page: find the gap, ask why, build a kindergarten beside it, hand the scenario to the program."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest
from conftest import ROOT

KINDER = "edu_kinder"
SAME_POINTS = 0.001
SETTLED = "return !lc.whatIf.active() || (lc.whatIf.complete && !lc.whatIf.progress);"


def chosen(sheet) -> int:
    return sheet.js("return lc.data.categories.findIndex((one) => one.id === value)", KINDER)


def clicked(sheet, at: list[float]) -> None:
    """Clicks the map where a place of it (latitude, longitude) is on the screen, or taps it."""
    point = sheet.js("const at = lc.layers.map.latLngToContainerPoint(value); return [at.x, at.y];", at)
    box = sheet.page.locator(".folium-map").bounding_box()
    sheet.page.mouse.click(box["x"] + point[0], box["y"] + point[1])


def settled(sheet) -> None:
    """Waits until everything is worked out anew."""
    for _ in range(300):
        if sheet.js(SETTLED):
            return
        sheet.page.wait_for_timeout(100)
    raise AssertionError("the scenario is not worked out")


def headline(sheet) -> str:
    return sheet.page.locator("#headline").inner_text()


@pytest.fixture
def walked(opened, beilun, tmp_path):
    """The page before and after the walk, and the scenario saved on the way."""
    sheet, told = opened(beilun[1] / "out" / "index.html", lang="zh"), {}
    sheet.page.select_option("#category", str(chosen(sheet)))
    told["before"] = headline(sheet)
    sheet.page.locator("#tab-gaps").click()
    #  A small home: the new kindergarten takes in all of it.
    gap = sheet.js("const { land_ha } = lc.now.gaps; return lc.chosenGaps().filter((i) => lc.now.gaps.residence[i] >= 0).sort((a, b) => land_ha[a] - land_ha[b])[0];")
    home, at = sheet.js("const gaps = lc.now.gaps; return [gaps.residence[value], gaps.at[value]];", gap)
    told["home"] = sheet.js("return lc.data.residences.name[value]", home)
    told["gaps"] = sheet.js("return lc.chosenGaps().map((i) => lc.now.gaps.residence[i])")
    sheet.page.fill("#search", told["home"])
    sheet.page.locator("#found .row:has(.mark.residence)", has_text=told["home"]).first.click()
    sheet.page.fill("#search", "")
    told["card"] = sheet.page.locator(".leaflet-popup-content").last.inner_text()
    sheet.page.keyboard.press("Escape")
    sheet.page.wait_for_timeout(400)
    clicked(sheet, at)
    sheet.page.wait_for_timeout(200)
    if not sheet.js("return Boolean(lc.point.at)"):
        sheet.page.locator(".walk-from").first.click()
    told["why"] = sheet.page.locator("#panel").inner_text()
    sheet.page.locator("#tab-what_if").click()
    sheet.page.locator("#tool-place").click()
    sheet.page.fill("#new-name", "滨江新园")
    sheet.page.locator("#new-name").press("Tab")
    clicked(sheet, at)
    assert sheet.js("return lc.whatIf.active()")
    settled(sheet)
    sheet.page.locator("#bar-done").click()
    told["after"] = headline(sheet)
    told["left"] = sheet.js("return lc.chosenGaps().map((i) => lc.now.gaps.residence[i])")
    told["index"] = home
    told["rows"] = sheet.js("""
const rows = lc.now.coverage.rows.filter((row) => row.category === value && row.whole);
return rows.map((row) => [lc.data.levels[row.level].id, lc.data.groups[row.group].id, row.people_share, row.land_share]);
""", chosen(sheet))
    sheet.page.fill("#scenario-name", "滨江新园方案")
    sheet.page.locator("#scenario-name").press("Tab")
    with sheet.page.expect_download() as download:
        sheet.page.locator("#save").click()
    told["file"] = tmp_path / download.value.suggested_filename
    download.value.save_as(told["file"])
    assert sheet.is_quiet()
    return sheet, told


def test_a_planner_closes_a_gap_and_the_program_agrees(walked, beilun, opened, tmp_path):
    sheet, told = walked
    for words in ("步行", told["home"]):
        assert words in told["card"]
    assert "幼儿园" in told["why"] and "≤" in told["why"]
    assert told["index"] in told["gaps"] and told["index"] not in told["left"]
    assert len(told["left"]) < len(told["gaps"])
    assert told["after"] != told["before"]
    assert told["file"].suffix == ".toml" and "滨江新园" in told["file"].read_text(encoding="utf-8")
    out = tmp_path / "out"
    asked = [sys.executable, "-m", "livingcircle", "analyze", str(beilun[1] / "few.toml"), "--scenario", str(told["file"]), "--out", str(out)]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out / "coverage.csv", encoding="utf-8-sig")
    mine = table[(table["category"] == KINDER) & (table["unit"] == "ALL")].set_index(["level", "group"])
    assert len(told["rows"]) == len(mine)
    for level, group, people, land in told["rows"]:
        assert mine.loc[(level, group), "people_share"] == pytest.approx(people, abs=SAME_POINTS)
        assert mine.loc[(level, group), "land_share"] == pytest.approx(land, abs=SAME_POINTS)
    again = opened(out / "index.html", lang="zh")
    again.page.select_option("#category", str(chosen(again)))
    assert told["home"] not in again.js("return lc.chosenGaps().map((i) => lc.data.residences.name[lc.now.gaps.residence[i]])")
    assert "滨江新园" in again.js("return lc.data.facilities.name")
    assert again.is_quiet()
