"""The what-if of the page, worked as a planner works it: by mouse, by touch and by keyboard, in both languages."""

from __future__ import annotations

import tomllib

import pytest

#  Waits until the page has worked a change out for every category.
SETTLED = "() => { const w = livingcircle.whatIf; return !w.progress && (!w.active() || (w.complete && w.quotas && w.indicators)); }"
WHERE = """
const at = lc.layers.map.latLngToContainerPoint(value), box = document.querySelector(".folium-map").getBoundingClientRect();
return [at.x + box.x, at.y + box.y];
"""
COVERED = "const row = lc.now.coverage.rows.find((r) => r.whole && ['category', 'level', 'group'].every((k) => r[k] === lc.state[k])); return row.people_covered;"
CATEGORY = "edu_kinder"
PAYLOAD = '<img src=x onerror="document.documentElement.dataset.hacked=1">"\\'


class Planner:
    """Someone who works with the page: the page, and what the test does again and again."""

    def __init__(self, sheet, *, touch=False):
        self.sheet, self.page, self.js, self.touch = sheet, sheet.page, sheet.js, touch
        self.press("#tab-what_if")
        self.js(f"lc.choose({{ category: lc.data.categories.findIndex((c) => c.id === '{CATEGORY}') }})")

    def press(self, selector):
        self.page.locator(selector).first.scroll_into_view_if_needed()
        (self.page.tap if self.touch else self.page.click)(selector)

    def near(self, lon, lat, zoom=16):
        """The map about a place, and where the place is in the window."""
        self.js("document.getElementById('frame').scrollIntoView({ block: 'start' })")
        self.js("lc.layers.map.setView([value[1], value[0]], value[2], { animate: false })", [lon, lat, zoom])

    def click(self, lon, lat, *, double=False):
        x, y = self.js(WHERE, [lat, lon])
        if self.touch:
            self.page.touchscreen.tap(x, y)
        else:
            (self.page.mouse.dblclick if double else self.page.mouse.click)(x, y)

    def settle(self):
        self.page.wait_for_function(SETTLED, timeout=60_000)
        return self

    @property
    def scenario(self):
        return self.js("return lc.whatIf.whole()")

    @property
    def covered(self):
        return self.js(COVERED)

    def text(self, selector):
        return self.page.locator(selector).first.inner_text()


@pytest.fixture
def planner(beilun, opened):
    """A planner at a desk with the page of the sample district."""
    return Planner(opened(beilun[1] / "out" / "index.html"))


def uncovered(planner):
    """Longitude and latitude of a gap where a street is near: a facility there closes something."""
    return planner.js("const gap = lc.chosenGaps()[0]; return lc.now.gaps.at[gap].slice().reverse();")


def test_a_new_facility_by_mouse_and_everything_undone_again(planner):
    before, gaps = planner.covered, planner.js("return lc.chosenGaps().length")
    lon, lat = uncovered(planner)
    planner.near(lon, lat)
    planner.press("#tool-place")
    planner.page.fill("#new-name", PAYLOAD)
    planner.page.fill("#new-capacity", "270")
    planner.page.keyboard.press("Tab")
    planner.click(lon, lat)
    planner.settle()
    (row,) = planner.scenario["facilities"]
    assert {**row, "lon": 0, "lat": 0} == {"change": "open", "name": PAYLOAD, "categories": [CATEGORY], "lon": 0, "lat": 0, "capacity": 270}
    assert (row["lon"], row["lat"]) == pytest.approx((lon, lat), abs=1e-4)
    assert planner.covered > before
    assert PAYLOAD in planner.text(".changes")
    assert planner.js("return document.documentElement.dataset.hacked") is None
    planner.press("#view-before")
    assert planner.covered == before
    planner.press("#view-after")
    planner.press("#undo")
    planner.settle()
    assert planner.scenario == {}
    assert (planner.covered, planner.js("return lc.chosenGaps().length")) == (before, gaps)
    planner.press("#redo")
    planner.settle()
    assert planner.covered > before
    planner.press(".remove")
    assert planner.scenario == {}
    assert planner.sheet.is_quiet()


def test_by_keyboard_alone(planner):
    planner.js("document.getElementById('tool-place').focus()")
    planner.page.keyboard.press("Enter")
    planner.js("document.querySelector('.folium-map').focus()")
    planner.page.keyboard.press("ArrowRight")
    planner.page.wait_for_timeout(400)
    center = planner.js("const c = lc.layers.map.getCenter(); return [c.lng, c.lat];")
    planner.page.keyboard.press("Enter")
    planner.settle()
    (row,) = planner.scenario["facilities"]
    assert (row["lon"], row["lat"]) == pytest.approx(center, abs=1e-6)
    planner.page.keyboard.press("Control+z")
    assert planner.scenario == {}
    planner.page.keyboard.press("Escape")
    assert planner.js("return lc.tools.current()") is None
    planner.js("document.getElementById('tool-close').focus()")
    planner.page.keyboard.press("Enter")
    planner.js("document.querySelector('.handle.shut').focus()")
    planner.page.keyboard.press("Enter")
    planner.settle()
    assert [row["change"] for row in planner.scenario["facilities"]] == ["close"]
    assert planner.sheet.is_quiet()


def test_closing_lowers_and_reopening_restores(planner):
    before = planner.covered
    ids = planner.js("const { id, categories, open } = lc.now.facilities; return id.filter((_, i) => open[i] && categories[i].includes(lc.state.category));")
    planner.js("value.forEach((id) => lc.whatIf.apply(lc.scenario.edit.close(lc.whatIf.scenario(), id)))", ids)
    planner.settle()
    assert planner.covered == pytest.approx(0, abs=2)
    row = planner.js("return lc.now.coverage.rows.find((r) => r.whole && r.category === lc.state.category)")
    assert row["facilities"] == 0
    planner.js("value.forEach((id) => lc.whatIf.apply(lc.scenario.edit.open(lc.whatIf.scenario(), id, null)))", ids)
    assert planner.scenario == {}
    assert planner.covered == before


def test_moving_and_resizing_on_the_map(planner):
    i = planner.js("return lc.now.facilities.open.findIndex((open, i) => open && lc.now.facilities.categories[i].includes(lc.state.category))")
    own = planner.js("return lc.now.facilities.id[value]", i)
    lat, lon = planner.js("return lc.now.facilities.at[value]", i)
    planner.near(lon, lat)
    planner.press("#tool-move")
    planner.click(lon, lat)
    planner.click(lon + 0.001, lat)
    planner.settle()
    (row,) = planner.scenario["facilities"]
    assert (row["change"], row["id"]) == ("move", own)
    assert (row["lon"], row["lat"]) == pytest.approx((lon + 0.001, lat), abs=1e-4)
    planner.press("#tool-resize")
    planner.click(lon + 0.001, lat)
    planner.page.fill(".leaflet-popup input", "540")
    planner.page.keyboard.press("Enter")
    planner.settle()
    assert planner.scenario["facilities"][1] == {"change": "resize", "id": own, "capacity": 540}
    assert planner.js("return lc.now.facilities.capacity[value]", i) == 540
    assert planner.sheet.is_quiet()


def far_ends(planner):
    """Two crossings of the network, a few hundred metres from each other, as longitude and latitude."""
    return planner.js(
        """
        const w = lc.walking(), at = (n) => lc.walking().plane.toDegrees(w.nodes.x[n], w.nodes.y[n]);
        const far = (n) => Math.hypot(w.nodes.x[n] - w.nodes.x[0], w.nodes.y[n] - w.nodes.y[0]);
        for (let n = 1; n < w.nodes.count; n++) if (far(n) > 300 && far(n) < 400) return [at(0), at(n)];
        """
    )


def test_a_facility_that_nobody_can_walk_to_is_told_at_once(planner):
    before, (lon, lat) = planner.covered, uncovered(planner)
    planner.press("#tool-place")
    planner.js("lc.tell('click', { latlng: L.latLng(value[1] + 0.5, value[0]) })", [lon, lat])
    planner.settle()
    assert planner.page.locator("#tool-bar .alarm").count() == 1
    assert planner.covered == before
    planner.near(lon, lat)
    planner.click(lon, lat)
    assert planner.page.locator("#tool-bar .alarm").count() == 0


def test_a_footpath_is_drawn_and_a_wrong_end_is_told_at_once(planner):
    one, other = far_ends(planner)
    planner.near((one[0] + other[0]) / 2, (one[1] + other[1]) / 2, 16.5)
    planner.press("#tool-link")
    planner.js("value.forEach(([lon, lat]) => lc.tell('click', { latlng: L.latLng(lat, lon) }))", [[one[0] + 1, one[1] + 1]])
    assert planner.page.locator("#tool-bar .alarm").count() == 1
    planner.click(*one)
    assert planner.page.locator("#tool-bar .alarm").count() == 0
    planner.page.keyboard.press("Escape")
    assert planner.page.locator("#bar-take_back").count() == 0, "Escape takes the line back and keeps the tool"
    assert planner.js("return lc.tools.current()") == "link"
    planner.click(*one)
    planner.click(*other, double=True)
    planner.settle()
    (link,) = planner.scenario["links"]
    assert link["kind"] == "footpath"
    assert link["line"][0] == pytest.approx(one, abs=1e-4)
    assert link["line"][-1] == pytest.approx(other, abs=1e-4)
    assert len(link["line"]) == 2
    assert planner.sheet.is_quiet()


def test_gates_close_and_open(planner):
    before = planner.covered
    gate = planner.js("const { lon, lat } = lc.walking().gates[0]; return [lon, lat];")
    planner.near(*gate, 17)
    planner.press("#tool-gate_close")
    planner.click(*gate)
    planner.settle()
    (row,) = planner.scenario["gates"]
    assert row["change"] == "close"
    assert planner.covered <= before
    assert planner.page.locator(".handle.gate.closed").count() == 1
    planner.click(*gate)
    assert planner.scenario == {}
    assert planner.covered == before
    wall = planner.js(
        "const w = lc.walking(); for (let n = 0; n < w.nodes.count; n += 3) { const p = w.plane.toDegrees(w.nodes.x[n], w.nodes.y[n]); if (!lc.gateLink(w, ...p).fault) return p; }"
    )
    planner.near(*wall, 17)
    planner.press("#tool-gate_open")
    planner.click(*wall)
    planner.settle()
    assert [row["change"] for row in planner.scenario["gates"]] == ["open"]
    assert planner.covered >= before, "another way in takes nothing away"
    assert planner.sheet.is_quiet()


@pytest.mark.parametrize("tool", ["link", "gate_open"])
def test_a_planned_link_or_gate_is_there_from_its_year(planner, tool):
    one, other = far_ends(planner)
    wall = planner.js(
        "const w = lc.walking(); for (let n = 0; n < w.nodes.count; n += 3) { const p = w.plane.toDegrees(w.nodes.x[n], w.nodes.y[n]); if (!lc.gateLink(w, ...p).fault) return p; }"
    )
    spots, part = ([one, other], "links") if tool == "link" else ([wall], "gates")

    def draw():
        planner.js("value.forEach(([lon, lat]) => lc.tell('click', { latlng: L.latLng(lat, lon) }))", spots)
        if tool == "link":
            planner.press("#bar-finish")

    planner.near(*spots[0])
    planner.press(f"#tool-{tool}")
    planner.page.select_option("#certainty", "planned")
    draw()
    assert planner.scenario == {}, "what is not built yet needs a year"
    assert planner.page.locator("#tool-bar .alarm").count() == 1
    planner.page.fill("#opens", "2032")
    planner.page.press("#opens", "Tab")
    draw() if tool == "gate_open" else planner.press("#bar-finish")
    planner.settle()
    (row,) = planner.scenario[part]
    assert (row["open_year"], row["certainty"]) == (2032, "planned")
    assert tomllib.loads(planner.js("return lc.toToml(lc.whatIf.whole())"))[part][0]["certainty"] == "planned"
    assert planner.js("return lc.fromText(lc.toToml(lc.whatIf.whole())).scenario") == planner.scenario
    assert "2032" in planner.text("#whatif-changes")
    network = "return lc.whatIf.after.network(0) === lc.whatIf.before().network(0)"
    assert planner.js(network), "not there yet in the year judged"
    planner.js("lc.whatIf.apply(lc.scenario.edit.year(lc.whatIf.scenario(), 2032))")
    planner.settle()
    assert not planner.js(network)
    assert planner.sheet.is_quiet()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_a_capacity_does_not_tell_here_is_said_where_it_is_set(beilun, opened, lang):
    planner = Planner(opened(beilun[1] / "out" / "index.html", lang=lang))
    said = planner.js("return lc.say('whatif.beyond_capacity')")
    assert "livingcircle analyze" in said
    planner.press("#tool-resize")
    assert said in planner.text("#whatif .fields")
    planner.js("const i = lc.now.facilities.categories.findIndex((own) => own.includes(lc.state.category)); lc.whatIf.askCapacity(i);")
    assert said in planner.text(".leaflet-popup .card.edit")
    planner.js("lc.whatIf.apply(lc.scenario.edit.resize({}, lc.now.facilities.id[0], 12))")
    planner.settle()
    assert planner.page.locator('#whatif > [role="note"]').all_inner_texts() == [said]
    planner.js("lc.whatIf.apply({ homes: [{ change: 'add', name: 'x', people: 100, lon: 121.8, lat: 29.9 }] })")
    (homes,) = planner.page.locator('#whatif > [role="note"]').all_inner_texts()
    assert homes == planner.js("return lc.say('whatif.beyond_homes')")
    assert planner.text("#whatif-results") == planner.js("return lc.say('whatif.nothing_here')")


def test_limits_speeds_and_rule(planner):
    before = planner.covered
    planner.press("#settings-head")
    planner.page.fill("#limit-m", "1500")
    planner.page.keyboard.press("Tab")
    planner.settle()
    assert planner.scenario["limits"] == [{"category": CATEGORY, "level": "L5", "limit_m": 1500}]
    assert planner.covered > before
    planner.press("#undo")
    planner.page.fill("#speed", "2")
    planner.page.keyboard.press("Tab")
    planner.settle()
    assert planner.covered == before, "metres do not depend on the speed"
    planner.page.select_option("#rule", "time")
    planner.settle()
    slow = planner.covered
    planner.page.fill("#speed", "6")
    planner.page.keyboard.press("Tab")
    planner.settle()
    assert planner.covered > slow
    assert planner.scenario["walking"] == {"speeds": {"all": 6}, "rule": "time"}
    planner.press("#reset")
    assert planner.scenario == {}
    assert planner.covered == before


def test_years_by_the_slider(planner):
    years = planner.js("return lc.whatIf.years()")
    assert years == sorted(set(years))
    assert years[0] == planner.js("return lc.data.study.year")
    planner.js("document.getElementById('year').focus()")
    for _ in years[1:]:
        planner.page.keyboard.press("ArrowRight")
    planner.settle()
    assert planner.scenario == {"year": years[-1]}
    assert all(planner.js("return lc.now.facilities.open.filter((_, i) => lc.now.facilities.year[i] !== null)"))
    assert planner.js("return document.activeElement.id") == "year", "the slider keeps the focus"
    planner.press("#undo")
    assert planner.scenario == {}, "steps of the slider in a row are one step"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_scenario_is_saved_and_read_back(beilun, opened, tmp_path, lang):
    planner = Planner(opened(beilun[1] / "out" / "index.html", lang=lang))
    lon, lat = uncovered(planner)
    planner.js("lc.whatIf.apply(lc.scenario.edit.place(lc.whatIf.scenario(), { name: value[2], categories: ['edu_kinder'], lon: value[0], lat: value[1], capacity: 90 }))", [lon, lat, PAYLOAD])
    planner.settle()
    covered = planner.covered
    planner.page.fill("#scenario-name", "滨江 / 方案 1")
    planner.page.keyboard.press("Tab")
    with planner.page.expect_download() as told:
        planner.press("#save")
    file = tmp_path / told.value.suggested_filename
    told.value.save_as(file)
    assert file.name == "滨江_方案_1.toml"
    saved = tomllib.loads(file.read_text("utf-8"))
    assert saved == planner.scenario
    assert saved["name"] == "滨江 / 方案 1"
    assert f"--scenario {file.name}" in planner.text(".command")
    planner.press("#reset")
    planner.page.set_input_files("#scenario-file", str(file))
    planner.page.wait_for_function("() => livingcircle.whatIf.active()")
    planner.settle()
    assert planner.scenario == saved
    assert planner.covered == covered
    planner.press("#reset")
    planner.page.fill("#scenario-paste", 'year = "soon"\n[[facilities]]\nchange = "close"\nid = "nobody"')
    planner.press("#take")
    assert planner.page.locator(".faults li").count() == 1
    planner.page.fill("#scenario-paste", '[[facilities]]\nchange = "close"\nid = "nobody"\n[[links]]\nkind = "bridge"\nline = [[0.0, 0.0], [1.0, 1.0]]')
    planner.press("#take")
    assert planner.page.locator(".faults li").count() == 2
    assert planner.scenario == {"name": saved["name"]}
    assert planner.sheet.is_quiet()


def test_the_difference_shows_who_gains(planner):
    lon, lat = uncovered(planner)
    planner.js("lc.whatIf.apply(lc.scenario.edit.place({}, { name: 'N', categories: ['edu_kinder'], lon: value[0], lat: value[1] }))", [lon, lat])
    planner.settle()
    planner.press("#view-difference")
    kinds = planner.js("return lc.whatIf.differenceOfHomes()")
    assert {"gained", "part_gained"} & set(kinds)
    assert not {"lost", "part_lost"} & set(kinds), "a facility more takes nothing away"
    colors = planner.js("return lc.layers.homes.map((home) => home && home.options.fillColor)")
    wanted = planner.js("return lc.data.style.difference")
    assert colors == [wanted[kind] for kind in kinds]
    gained = planner.js("return lc.whatIf.changeOf(lc.state).people_gained")
    row = planner.js("const [b, a] = [lc.whatIf.before(), lc.whatIf.after].map((t) => t.coverage(lc.state.category, lc.state.level, lc.state.group).find((r) => r.whole)); return a.people_covered - b.people_covered;")
    assert gained == pytest.approx(row, abs=1)


def test_by_touch_on_a_phone(beilun, opened):
    planner = Planner(opened(beilun[1] / "out" / "index.html", phone=True), touch=True)
    lon, lat = uncovered(planner)
    planner.press("#tool-place")
    planner.near(lon, lat)
    planner.click(lon, lat)
    planner.settle()
    assert len(planner.scenario["facilities"]) == 1
    planner.press("#bar-at_cross")
    planner.settle()
    assert len(planner.scenario["facilities"]) == 2
    box = planner.page.locator("#tool-bar").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    planner.press("#bar-done")
    assert planner.sheet.is_quiet()


def test_a_newer_change_drops_the_older_calculation(planner):
    lon, lat = uncovered(planner)
    steps = "for (let n = 0; n < 5; n++) lc.whatIf.apply(lc.scenario.edit.place(lc.whatIf.scenario(), { name: `N${n}`, categories: ['edu_kinder'], lon: value[0] + n * 1e-3, lat: value[1] }));"
    planner.js(steps, [lon, lat])
    planner.settle()
    assert planner.js("return lc.now.facilities.id.filter((id) => id.startsWith('scenario#')).length") == 5
    assert planner.js("return lc.whatIf.changed.size") == planner.js("return lc.data.categories.flatMap((_, c) => lc.whatIf.judged(c)).length")
    planner.press("#reset")
    planner.settle()
    assert planner.js("return lc.now.facilities === lc.data.facilities")


def test_other_categories_show_their_own_numbers_before_their_turn(planner):
    """A category chosen while the rest is being worked out is worked out at once."""
    told = planner.js(
        """
        const other = lc.data.categories.findIndex((c, i) => i !== lc.state.category && lc.data.walks && lc.whatIf.judged(i).length && c.id !== 'edu_kinder');
        const closed = lc.now.facilities.id.filter((_, i) => lc.now.facilities.categories[i].includes(other));
        lc.whatIf.warm = true;
        lc.whatIf.apply({ facilities: closed.map((id) => ({ change: "close", id })) });
        lc.choose({ category: other });
        const row = lc.chosenCoverage().find((r) => r.whole);
        return [lc.whatIf.complete, row.facilities, row.people_covered];
        """
    )
    assert told[:2] == [False, 0]
    assert told[2] == pytest.approx(0, abs=2)
