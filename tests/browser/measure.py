"""How large pages are and how long they take: `python tests/browser/measure.py` prints a table, each figure beside its limit.

The cities are synthetic and say so: a grid of bent streets, homes and facilities drawn by a seeded generator. Run it on a machine that does
nothing else.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
#  Found as the tests find them: the package of these files, and what all tests share.
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

OPENINGS, TRIES, FIRSTS = 5, 5, 3
#  How long a planner looks at the page before the first change, at least.
IDLE_MS = 1000
MS, MB = "ms", "MB"
CATEGORIES = 20
#  What a page may weigh (million bytes) and how long it may take to open or to answer (milliseconds).
LIMITS = {
    "beilun size": (1.5, MB), "beilun opens": (500, MS),
    "city size": (6.0, MB), "city opens": (2000, MS),
    "one category": (200, MS), "every category": (1000, MS),
    "click": (200, MS), "year": (1000, MS),
}
#  The moment at which the reader sees the page: it said that it was ready, and two frames were drawn after that.
WATCH = """
const seen = () => requestAnimationFrame(() => requestAnimationFrame(() => { window.seenAt = performance.now(); }));
new MutationObserver((_, watch) => { if (document.documentElement.dataset.ready === "1") { watch.disconnect(); seen(); } })
  .observe(document, { attributes: true, subtree: true, attributeFilter: ["data-ready"] });
"""
FRAMES = "const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));"
WAIT = "const whole = async () => { while (!(lc.whatIf.complete && !lc.whatIf.progress)) await new Promise((done) => setTimeout(done, 4)); };"
#  A new facility near the middle of the map: when the chosen category is told anew, and when all are.
PLACE = FRAMES + WAIT + """
return (async () => {
  const { lat, lng } = lc.layers.map.getCenter(), times = [];
  for (let i = 0; i <= value; i++) {
    const at = [lng + 0.002 * (i % 3 - 1), lat + 0.0015 * (i - 2)], start = performance.now();
    lc.whatIf.apply(lc.scenario.edit.place({}, { name: `new ${i}`, categories: [lc.data.categories[lc.state.category].id], lon: at[0], lat: at[1] }));
    while (!lc.whatIf.after) await new Promise((done) => setTimeout(done, 1));
    const worked = performance.now() - start;
    await drawn();
    const shown = performance.now() - start;
    await whole();
    times.push([worked, shown, performance.now() - start]);
    lc.whatIf.reset();
    await drawn();
  }
  return times;
})();
"""
CLICK = FRAMES + """
return (async () => {
  const { lat, lng } = lc.layers.map.getCenter(), times = [];
  for (let i = 0; i <= value; i++) {
    const start = performance.now();
    lc.point.set([lat + 0.001 * (i - 2), lng + 0.0013 * (i % 3)]);
    times.push([performance.now() - start]);
    await drawn();
  }
  lc.point.clear();
  return times;
})();
"""
YEAR = FRAMES + WAIT + """
return (async () => {
  const years = lc.whatIf.years(), times = [];
  if (years.length < 2) return times;
  for (let i = 0; i <= value; i++) {
    const start = performance.now();
    lc.whatIf.apply(lc.scenario.edit.year({}, years[1 + i % (years.length - 1)]));
    while (!lc.whatIf.after) await new Promise((done) => setTimeout(done, 1));
    times.push([performance.now() - start]);
    await whole();
    lc.whatIf.reset();
    await drawn();
  }
  return times;
})();
"""


def opening_ms(browser: Any, file: Path) -> float:
    """Milliseconds from the start of the navigation until the page is seen: the median of several fresh windows."""
    times = []
    for _ in range(OPENINGS):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(file.as_uri())
        while page.evaluate("window.seenAt || 0") == 0:
            page.wait_for_timeout(20)
        times.append(page.evaluate("window.seenAt"))
        context.close()
    return statistics.median(times)


def answers(browser: Any, file: Path, codes: dict[str, str]) -> dict[str, list[list[float]]]:
    """The times of every try of each code on one page."""
    from browser.conftest import opening

    with opening(browser) as open_:
        sheet = open_(file)
        found = {name: sheet.js(code, TRIES) for name, code in codes.items()}
        for fault in (*sheet.requests, *sheet.console, *sheet.errors):
            print(f"  the page said: {fault}")
    return found


def first(browser: Any, file: Path, code: str) -> list[float]:
    """The times of the very first try on a page that has been open and idle for a second: medians over several fresh windows."""
    from browser.conftest import opening

    tries = []
    for _ in range(FIRSTS):
        with opening(browser) as open_:
            sheet = open_(file)
            sheet.page.wait_for_timeout(IDLE_MS)
            tries += sheet.js(code, 0)
    return [statistics.median(times) for times in zip(*tries, strict=True)]


def beilun(folder: Path) -> Path:
    """The page of the sample district, made anew."""
    from browser.conftest import made_beilun

    made_beilun(folder)
    return folder / "out" / "index.html"


def city(folder: Path, *, side: int, residences: int) -> tuple[Path, str]:
    """The page of a synthetic city, and what the city is."""
    from browser.big_city import city as made

    from livingcircle.outputs import page

    result = made(side=side, residences=residences, categories=CATEGORIES)
    streets, nodes = len(result.network.length_m), len(result.network.nodes)
    words = f"synthetic city: {streets:,} street segments, {nodes:,} nodes, {residences:,} residences, {CATEGORIES} categories, {len(result.gaps):,} gaps"
    return page.write(result, folder / f"city-{side}.html"), words


def told(name: str, figure: float, limit: str) -> None:
    """One line of the table."""
    most, unit = LIMITS[limit]
    digits = 2 if unit == MB else 0
    print(f"  {name:<58} {figure:>9,.{digits}f} {unit:<3} limit {most:>7,.{digits}f} {unit:<3} {'OK' if figure <= most else 'over'}", flush=True)


def weighed(browser: Any, file: Path, name: str) -> None:
    told("size", file.stat().st_size / 1e6, f"{name} size")
    told(f"opens, until drawn (median of {OPENINGS})", opening_ms(browser, file), f"{name} opens")


def middle(tries: list[list[float]], at: int) -> float:
    """The median of one time of all tries but the first."""
    return statistics.median(one[at] for one in tries[1:])


def worked(browser: Any, file: Path) -> None:
    """What the page answers while a planner waits: the very first try, and those after it."""
    told("the first click on the map", first(browser, file, CLICK)[0], "click")
    worked_out, drawn, _ = first(browser, file, PLACE)
    told("the first facility placed: its category worked out", worked_out, "one category")
    told("the first facility placed: its category drawn", drawn, "one category")
    found = answers(browser, file, {"click": CLICK, "place": PLACE, "year": YEAR})
    told("a click anywhere, every category", middle(found["click"], 0), "click")
    told("a facility placed: its category worked out", middle(found["place"], 0), "one category")
    told("a facility placed: its category drawn", middle(found["place"], 1), "one category")
    told("a facility placed: every category and indicator", middle(found["place"], 2), "every category")
    if found["year"]:
        told("a step of the year: the chosen category", middle(found["year"], 0), "year")


def main(arguments: list[str] | None = None) -> None:
    """Prints every figure beside its limit."""
    from browser.conftest import BROWSER, started

    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--only", choices=("beilun", "city", "what-if"), help="one part of the table")
    only = asked.parse_args(arguments).only
    if not BROWSER:
        sys.exit("no browser: apt-get install chromium")
    with tempfile.TemporaryDirectory() as name, started() as browser:
        folder = Path(name)
        if only in (None, "beilun"):
            print("data/beilun", flush=True)
            (folder / "beilun").mkdir()
            file = beilun(folder / "beilun")
            weighed(browser, file, "beilun")
            worked(browser, file)
        if only in (None, "city"):
            file, words = city(folder, side=317, residences=1500)
            print(words, flush=True)
            weighed(browser, file, "city")
        if only in (None, "what-if"):
            file, words = city(folder, side=224, residences=600)
            print(words, flush=True)
            worked(browser, file)


if __name__ == "__main__":
    main()
