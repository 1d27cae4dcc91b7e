"""A seeded town with everything that the page judges, and a way to ask the page's script about it."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from conftest import CRS, facility_table, residence_table, town
from page_scripts import run
from pyproj import Transformer

from livingcircle import standards
from livingcircle.analysis import Inputs, Result, Settings, analyze
from livingcircle.coverage import Group
from livingcircle.entrances import entrances
from livingcircle.messages import LANGUAGES
from livingcircle.outputs.page import page_words, style
from livingcircle.outputs.page.content import page_content

TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
# Where toys are laid out: a corner of the district of the sample, so that degrees are as long as they are there.
EAST, NORTH = 380_000.0, 3_313_000.0

HEAD = """
[standard]
id = "judged"
number = "TOY 2"
name = { zh = "玩具标准", en = "Toy standard" }
in_force = "2020-01-01"
"""
LEVEL = """
[levels.{id}]
name = {{ zh = "{id}", en = "{id}" }}
minutes = {minutes}
walk_m = {walk_m}
clause = "1"
evidence = "○"
"""
THEME = """
[themes.all]
name = { zh = "全部", en = "all" }
color = "#0072B2"
"""
CATEGORY = """
[categories.{id}]
name = {{ zh = "{id}", en = "{id}" }}
theme = "all"
source = "TOY 2"
"""
ASKED = """
[[categories.{id}.requirements]]
level = "{level}"
limit_m = {limit_m}
limit_min = {limit_min}
flag = "{flag}"
at_least = {at_least}
clause = "{level} {id}"
evidence = "○"
"""
QUOTA = """
[[categories.{id}.quotas]]
measure = "{measure}"
value = {value}
per = {per}
of = "{of}"
clause = "9"
evidence = "○"
"""
INDICATOR = """
[indicators.{id}]
name = {{ zh = "{id}", en = "{id}" }}
unit = {{ zh = "%", en = "%" }}
group = {{ zh = "组", en = "group" }}
numerator = {{ zh = "分子", en = "above" }}
denominator = {{ zh = "分母", en = "below" }}
definition = {{ zh = "定义", en = "definition" }}
clause = "8"
evidence = "○"
name_evidence = "○"
{more}
"""
INDICATORS = {
    "walked": 'formula = "land_within"\ncategories = ["school", "clinic"]\nlimit_m = 450\nminutes = 6\ntarget = 50',
    "unminuted": 'formula = "land_within"\ncategories = ["shop"]\nlimit_m = 400',
    "straight": 'formula = "land_within"\ncategories = ["shop"]\nlimit_m = 300\nmeasure = "radius"',
    "by_size": 'formula = "land_within"\ncategories = ["park"]\nmeasure = "radius"\n'
    "bands = [{ min_m2 = 4000, radius_m = 500 }, { min_m2 = 500, below_m2 = 4000, radius_m = 250 }]",
    "by_size_walked": 'formula = "units_failing"\ncategories = ["park"]\nper = 1\nbetter = "lower"\ntarget = 1\n'
    "bands = [{ min_m2 = 4000, radius_m = 600 }, { min_m2 = 500, below_m2 = 4000, radius_m = 300 }]",
    "old": 'formula = "people_within"\ncategories = ["clinic"]\nlimit_m = 500\nminutes = 8\nof = "elderly"\nneeds = ["people_elderly"]',
    "every": 'formula = "land_within_all"\n[indicators.every.elements]\na = ["school"]\nb = ["shop", "clinic"]\n'
    "[indicators.every.limits]\na = [500, 8]\nb = [400, 5]",
    "mean": 'formula = "land_within_mean"\n[indicators.mean.elements]\na = ["school"]\nb = ["shop", "clinic"]\n'
    "[indicators.mean.limits]\na = [500, 8]\nb = [400, 5]",
    "failing": 'formula = "units_failing"\ncategories = ["clinic"]\nlimit_m = 300\nminutes = 5\nper = 1\nbetter = "lower"',
    "places": 'formula = "capacity_per_people"\ncategories = ["school"]\nper = 1000\nneeds = ["capacity"]\n'
    'quota = { measure = "places", value = 40, per = 1000, of = "people", clause = "8", evidence = "○" }',
    "number": 'formula = "count_per_people"\ncategories = ["clinic", "park"]\nper = 10000',
    "park_m2": 'formula = "area_per_person"\ncategories = ["park"]\nper = 1',
    "short": 'formula = "number_short"\ncategories = ["school"]\nper = 1\nbetter = "lower"\n'
    'quota = { measure = "places", value = 60, per = 1000, of = "people", clause = "8", evidence = "○" }',
}


def standard_text() -> str:
    """The text of the toy's standard: categories that ask for one and for several facilities, quotas, and an indicator of every formula."""
    asked = [
        ("school", "L15", 500, 8, "mandatory", 1), ("school", "L10", 320, 5, "on_demand", 1), ("clinic", "L15", 600, 9, "mandatory", 2),
        ("park", "L10", 300, 5, "on_demand", 1), ("shop", "L5", 200, 3, "mandatory", 1), ("shop", "L15", 350, 6, "mandatory", 1),
    ]  # fmt: skip
    levels = [LEVEL.format(id=f"L{n}", minutes=n, walk_m=n * 60) for n in (15, 10, 5)]
    parts = [HEAD, *levels, THEME]
    for id in ("school", "clinic", "park", "shop"):
        parts.append(CATEGORY.format(id=id))
        names = ("id", "level", "limit_m", "limit_min", "flag", "at_least")
        parts += [ASKED.format(**dict(zip(names, row, strict=True))) for row in asked if row[0] == id]
    parts.append(QUOTA.format(id="school", measure="places", value=50, per=1000, of="people"))
    parts.append(QUOTA.format(id="clinic", measure="beds", value=3, per=1000, of="elderly"))
    parts.append(QUOTA.format(id="shop", measure="facilities", value=1, per=900, of="people"))
    parts += [INDICATOR.format(id=id, more=more) for id, more in INDICATORS.items()]
    return "\n".join(parts)


def standard_in(folder: Path) -> standards.Standard:
    """The toy's standard, written to `folder` and loaded."""
    file = folder / "judged.toml"
    file.write_text(standard_text(), encoding="utf-8")
    return standards.load(file)


def layers(seed: int = 7) -> dict:
    """Streets in a net with holes, 24 blocks of homes in two units, 18 facilities of which some are planned, each by its own draw."""
    draw = np.random.default_rng(seed)
    across, down, size = 9, 6, 130.0
    paths = []
    for i in range(across):
        for j in range(down):
            for di, dj in ((1, 0), (0, 1)):
                if i + di < across and j + dj < down and draw.random() < 0.82:
                    bend = draw.uniform(-15, 15, 2)
                    ends = np.array([(i, j), (i + di / 2, j + dj / 2), (i + di, j + dj)]) * size
                    ends[1] += bend
                    paths.append([(EAST + x, NORTH + y) for x, y in ends])
    streets = town(*paths)
    blocks = []
    for number in range(24):
        x, y = draw.uniform(0, (across - 1) * size), draw.uniform(0, (down - 1) * size)
        wide, high = draw.uniform(25, 80, 2)
        blocks.append((f"H{number:02d}", int(draw.integers(20, 400)), shapely.box(EAST + x, NORTH + y, EAST + x + wide, NORTH + y + high)))
    # One block off every street.
    blocks.append(("far", 50, shapely.box(EAST - 900, NORTH - 900, EAST - 860, NORTH - 860)))
    homes = residence_table(*blocks)
    homes["people_elderly"] = (homes["people"] * draw.uniform(0.05, 0.4, len(homes))).round(2)
    homes["open_year"] = np.where(np.arange(len(homes)) % 8 == 5, 2028.0, np.nan)
    rows = []
    for number in range(18):
        kind = ("school", "clinic", "park", "shop")[number % 4]
        x, y = EAST + draw.uniform(0, (across - 1) * size), NORTH + draw.uniform(0, (down - 1) * size)
        half = draw.uniform(8, 45)
        shape = shapely.box(x - half, y - half, x + half, y + half) if kind == "park" else shapely.Point(x, y)
        rows.append((f"{kind} {number}", kind, shape, *(("planned", 2029) if number % 6 == 4 else ("existing", float("nan")))))
    places = facility_table(*rows)
    places["capacity"] = np.where(places["name"].str.startswith(("school", "clinic")), draw.integers(20, 90, len(places)), np.nan)
    half = (across - 1) * size * 0.45
    units = gpd.GeoDataFrame(
        {"unit": ["东社区", "西社区"]},
        geometry=[shapely.box(EAST + half, NORTH - 50, EAST + 1300, NORTH + 900), shapely.box(EAST - 50, NORTH - 50, EAST + half, NORTH + 900)],
        crs=CRS,
    )
    kept, doors = entrances(places, streets, gates=None, snap_limit_m=150)
    return {"network": streets, "facilities": kept, "entrances": doors, "residences": homes, "units": units}


def settings(standard: standards.Standard, **told: object) -> Settings:
    """How the toy is judged: everybody, and old people who walk slower."""
    groups = (Group("all", 4.0), Group("elderly", 3.0, people="people_elderly"))
    asked = {"year": 2025, "groups": groups, "systems": (standard,), "language": "zh", "name": {"zh": "玩具", "en": "Toy"}, **told}
    return Settings(study_id="toy", **asked)


def judged(told: dict, standard: standards.Standard, **asked: object) -> Result:
    """The result of layers under the toy's settings."""
    from livingcircle import residences

    homes = residences.assign_units(told["residences"], told["units"])
    return analyze(Inputs(**{**told, "residences": homes}), standard=standard, settings=settings(standard, **asked))


def degrees(x: float, y: float) -> dict[str, float]:
    """Longitude and latitude of a point in metres, as a scenario tells them."""
    lon, lat = TO_DEGREES.transform(x, y)
    return {"lon": lon, "lat": lat}


def page_values(result: Result) -> dict:
    """The values of the page of a result, as JSON holds them."""
    words = {language: page_words(language) for language in LANGUAGES}
    return json.loads(json.dumps(page_content(result, words=words, style=style()), allow_nan=False))


# The page reads its values from its document; what a script says is handed back in turn.
READ = """
const answers = [], say = (value) => answers.push(value);
if (typeof document === "undefined") globalThis.document = { documentElement: {} };
lc.read(lc.data);
lc.state = { group: 0, category: 0 };
"""


class Asked:
    """The page's script over one page's values, run without the page."""

    def __init__(self, values: dict, folder: Path) -> None:
        self.values, self.folder = values, folder

    def __call__(self, script: str) -> list:
        """What the script says with `say(value)`, in turn."""
        return run(f"{READ}{script}\nreturn answers;", self.values, folder=self.folder, files=("language.js",))


# Everything that a town says, with names in place of positions.
TOLD = """
const named = (row) => ({ ...row, category: lc.data.judging.categories[row.category].id, level: lc.data.levels[row.level].id, group: lc.data.groups[row.group].id });
const told = (town) => {
  const gaps = town.gaps(), rows = gaps.rank.map((_, i) => named(Object.fromEntries(Object.entries(gaps).map(([key, column]) => [key, column[i]]))));
  const complete = [];
  lc.data.levels.forEach((level, l) => lc.data.groups.forEach((group, g) => {
    const { elements, land_share, people_share } = town.completeness(l, g);
    complete.push({ level: level.id, group: group.id, elements, land_share, people_share });
  }));
  return { coverage: town.coverageRows().map(named), gaps: rows, complete, quotas: town.quotas(), indicators: town.indicators() };
};
"""


def frames(told: dict) -> dict[str, pd.DataFrame]:
    """The tables of what a town says."""
    return {key: pd.DataFrame(rows) for key, rows in told.items()}
