"""Every formula by hand on a toy street; years, missing inputs, and what a facility does not count for."""

from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, facility_table, residence_table, town

from livingcircle import standards
from livingcircle.analysis import Inputs, Settings, analyze
from livingcircle.areas import Areas
from livingcircle.entrances import entrances
from livingcircle.indicators import COLUMNS, FORMULAS, Places, Town
from livingcircle.network.links import Link, foot
from livingcircle.standards import Indicator, Standard

STREET = town([(0, 0), (4000, 0)])
SCHOOL = ("S", "school", shapely.Point(0, 0))
NAMES = {"zh": "名", "en": "name"}


def indicator(formula, **told):
    base = {
        "id": "I1", "name": NAMES, "unit": {"zh": "%", "en": "%"}, "group": NAMES, "formula": formula, "categories": ("school",), "limit_m": 500.0,
        "numerator": NAMES, "denominator": NAMES, "definition": {"zh": "定义。", "en": "What it is."}, "clause": "5", "evidence": "○", "name_evidence": "●",
    }
    return Indicator(**base | told)


def system(*many):
    return Standard(id="toy-system", number="T", name=NAMES, in_force=date(2021, 7, 1), indicators={one.id: one for one in many})


def worked(tiny, facilities, homes, *many, network=STREET, **told):
    """The rows of the indicators of a toy town."""
    kept, doors = entrances(facilities, network, gates=None, snap_limit_m=150)
    layers = {key: told.pop(key) for key in ("units", "area", "built_land", "links") if key in told}
    inputs = Inputs(network=network, facilities=kept, entrances=doors, residences=homes, **layers)
    asked = Settings(**{"study_id": "toy", "name": NAMES, "language": "en", "year": 2025, "systems": (system(*many),)} | told)
    result = analyze(inputs, standard=told.pop("standard", tiny), settings=asked)
    assert list(result.indicators.columns) == list(COLUMNS)
    return result.indicators


def whole(*told, **more):
    table = worked(*told, **more)
    return table[table["area"] == "ALL"].iloc[0]


def block(name, people, x, width=100, depth=50):
    return residence_table((name, people, shapely.box(x, 0, x + width, depth)))


def blocks(*many):
    return pd.concat(many, ignore_index=True)


#   S──[A]────────────[ B ]──      A: 0.5 ha, 100 people, at most 300 m from S;  B: 1 ha, 300 people, 700 to 950 m
#   0  100-200        700-900
PAIR = blocks(block("A", 100, 100), block("B", 300, 700, width=200))


def test_covered_land_over_all_land(tiny):
    row = whole(tiny, facility_table(SCHOOL), PAIR, indicator("land_within", minutes=15.0, target=30.0))
    assert (row["value"], row["numerator"], row["denominator"]) == pytest.approx((100 / 3, 0.5, 1.5))
    #  15 min at 4 km/h are 1,000 m: both
    assert (row["value_radius"], row["value_time"]) == pytest.approx((100 / 3, 100))
    assert row[["system", "id", "name", "unit", "definition", "clause", "evidence"]].tolist() == ["toy-system", "I1", "name", "%", "What it is.", "5", "○"]
    assert row[["area_kind", "year", "status", "missing", "unknown", "meets", "measure"]].tolist() == ["whole", 2025, "computed", "", 0, True, "walk"]


def test_the_time_rule_decides_where_the_study_says_so(tiny):
    row = whole(tiny, facility_table(SCHOOL), PAIR, indicator("land_within", minutes=15.0), rule="time")
    assert row["value"] == row["value_time"] == pytest.approx(100)
    #  without minutes of its own a limit means its metres
    row = whole(tiny, facility_table(SCHOOL), PAIR, indicator("land_within"), rule="time")
    assert row["value"] == pytest.approx(100 / 3)
    assert np.isnan(row["value_time"])


def test_people_count_their_group(tiny):
    row = whole(tiny, facility_table(SCHOOL), PAIR, indicator("people_within"))
    assert (row["value"], row["numerator"], row["denominator"]) == pytest.approx((25, 100, 400))
    homes = PAIR.assign(people_old=[30.0, 10.0])
    assert whole(tiny, facility_table(SCHOOL), homes, indicator("people_within", of="old"))["value"] == pytest.approx(75)
    assert whole(tiny, facility_table(SCHOOL), PAIR, indicator("people_within", of="old"))["missing"] == "people_old"


def test_a_river_parts_the_walk_from_the_straight_line(tiny):
    #      S
    #   0 ────────────── 1000     80 m of water, one bridge at 1,000 m; A lies across from S: 90 to 160 m straight, over 2,000 m on foot
    #   ~~~~~~~~~~~~~~~~ ║ ~~~
    #   0 ─[A]────────── 1000
    network = town([(0, 0), (1000, 0)], [(0, 80), (1000, 80)], [(1000, 0), (1000, 80)])
    homes = residence_table(("A", 10, shapely.box(0, -40, 50, -10)))
    school = facility_table(("S", "school", shapely.Point(0, 80)))
    row = whole(tiny, school, homes, indicator("land_within"), network=network)
    assert (row["value"], row["value_radius"]) == (0, pytest.approx(100))
    row = whole(tiny, school, homes, indicator("land_within", measure="radius"), network=network)
    assert (row["value"], row["value_radius"]) == (pytest.approx(100), pytest.approx(100))
    assert np.isnan(row["value_time"])


BANDS = ({"min_m2": 5000, "radius_m": 500.0}, {"min_m2": 2000, "below_m2": 5000.0, "radius_m": 300.0})


@pytest.mark.parametrize("measure", ["walk", "radius"])
def test_large_parks_serve_farther_than_small_ones(tiny, measure):
    #   P1 6,000 m²       P2 2,500 m²           P3 a point
    #   ██──[A]───────────██──────[B]───────────·─[C]──     A is within 500 m of P1, B beyond 300 m of P2, C beside P3
    #   0   450-500       1500    1950-2000     3000 3010
    parks = facility_table(
        ("P1", "park", shapely.box(0, 10, 100, 70)), ("P2", "park", shapely.box(1500, 10, 1550, 60)), ("P3", "park", shapely.Point(3000, 10)),
    )
    homes = blocks(*(block(name, 10, x, width=50, depth=40) for name, x in (("A", 450), ("B", 1950), ("C", 3010))))
    asked = indicator("land_within", categories=("park",), limit_m=None, bands=BANDS, measure=measure)
    row = whole(tiny, parks, homes, asked)
    assert row["value"] == pytest.approx(100 / 3)
    assert row[["status", "missing", "unknown"]].tolist() == ["computed", "facility_size", 1]
    row = whole(tiny, parks.iloc[2:].reset_index(drop=True), homes, asked)
    assert row[["status", "missing", "unknown"]].tolist() == ["missing_input", "facility_size", 1]
    #  a garden of 400 m² serves nobody under these bands, and its size is known
    small = facility_table(("P", "park", shapely.box(400, 10, 420, 30)))
    assert whole(tiny, small, homes, asked)[["value", "missing", "unknown"]].tolist() == [0, "", 0]


def test_every_element_and_their_mean(tiny):
    #   A has the school and the park, B the park alone
    facilities = facility_table(SCHOOL, ("P", "park", shapely.Point(450, 0)))
    told = {"categories": (), "elements": {"edu": ("school",), "green": ("park",)}, "limits": {"edu": (500.0, 10.0), "green": (700.0, 10.0)}}
    row = whole(tiny, facilities, PAIR, indicator("land_within_all", **told))
    assert (row["value"], row["numerator"]) == pytest.approx((100 / 3, 0.5))
    row = whole(tiny, facilities, PAIR, indicator("land_within_mean", **told))
    assert (row["value"], row["numerator"]) == pytest.approx(((100 / 3 + 100) / 2, 1.0))
    row = whole(tiny, facility_table(SCHOOL), PAIR, indicator("land_within_all", **told))
    assert row[["status", "missing"]].tolist() == ["missing_input", "facilities:green"]
    row = whole(tiny, facilities, PAIR, indicator("land_within_mean", **told | {"limits": {"edu": (500.0, 10.0)}, "limit_m": None}))
    assert row["missing"] == "limit:green"


def test_built_land_inside_the_circles(tiny):
    #   built land 600 x 600 m around the stop: a circle of 300 m fills pi / 4 of it, in the west half as in the east
    built = gpd.GeoDataFrame(geometry=[shapely.box(-300, -300, 300, 0), shapely.box(-300, 0, 300, 300)], crs=CRS)
    units = gpd.GeoDataFrame({"unit": ["w", "e", "far"]}, geometry=[shapely.box(x, -400, x + 400, 400) for x in (-400, 0, 2000)], crs=CRS)
    asked = indicator("built_land_within", limit_m=300.0, measure="radius")
    table = worked(tiny, facility_table(SCHOOL), PAIR, asked, built_land=built, units=units).set_index("area")
    for area, hectares in (("ALL", 36), ("w", 18), ("e", 18)):
        assert table.loc[area, ["value", "value_radius", "denominator"]].tolist() == pytest.approx([25 * np.pi, 25 * np.pi, hectares], rel=1e-4)
    assert table.loc["far", ["status", "missing"]].tolist() == ["missing_input", "built_land"]
    assert whole(tiny, facility_table(SCHOOL), PAIR, asked)["missing"] == "built_land"
    planned = facility_table((*SCHOOL, "planned", 2030))
    assert whole(tiny, planned, PAIR, asked, built_land=built)["value"] == 0


def test_rates_for_so_many_people(tiny):
    two = facility_table(SCHOOL, ("T", "school", shapely.Point(900, 0)))
    row = whole(tiny, two.assign(capacity=[10.0, 6.0]), PAIR, indicator("capacity_per_people", per=10_000.0))
    assert (row["value"], row["numerator"], row["denominator"]) == pytest.approx((400, 16, 400))
    assert whole(tiny, two, PAIR, indicator("count_per_people", per=1000.0))["value"] == pytest.approx(5)
    #  one that tells nothing leaves no value, only what is known above the line
    row = whole(tiny, two.assign(capacity=[10.0, np.nan]), PAIR, indicator("capacity_per_people", per=10_000.0))
    assert row[["status", "missing", "numerator", "unknown"]].tolist() == ["missing_input", "capacity", 10, 1]
    assert np.isnan(row["value"])


def test_square_metres_and_metres_for_each_person(tiny):
    park = facility_table(("P", "park", shapely.box(0, 10, 100, 70)))
    assert whole(tiny, park, PAIR, indicator("area_per_person", categories=("park",)))["value"] == pytest.approx(6000 / 400)
    way = facility_table(("W", "park", shapely.LineString([(0, 10), (1200, 10)])))
    assert whole(tiny, way, PAIR, indicator("length_per_person", categories=("park",)))["value"] == pytest.approx(3)
    point = facility_table(("P", "park", shapely.Point(0, 10)))
    for formula, word in (("area_per_person", "facility_size"), ("length_per_person", "facility_length")):
        assert whole(tiny, point, PAIR, indicator(formula, categories=("park",)))[["missing", "unknown"]].tolist() == [word, 1]


def test_facilities_outside_the_study_area_serve_but_are_not_its_own(tiny):
    area = gpd.GeoDataFrame(geometry=[shapely.box(50, -50, 1000, 100)], crs=CRS)
    asked = indicator("land_within"), indicator("count_per_people", id="I2")
    table = worked(tiny, facility_table(SCHOOL), PAIR, *asked, area=area).set_index("id")
    assert table["value"].to_dict() == {"I1": pytest.approx(100 / 3), "I2": 0}


#   ┌──── u1 ────┬──── u2 ────┬──── u3 ────┬──── u4 ────┐
#   S────────[A]─┼[B]─────────┼───────[C]──┼────────────│    u1 holds S, u2 lies within 500 m of it, u3 does not, nobody lives in u4
#   0           300          1000         2000         3000
UNITS = gpd.GeoDataFrame(
    {"unit": ["u1", "u2", "u3", "u4"], "parent": ["S1", "S1", "S2", "S2"]},
    geometry=[shapely.box(a, -50, b, 60) for a, b in ((-10, 300), (300, 1000), (1000, 2000), (2000, 3000))], crs=CRS,
)
THREE = blocks(block("A", 200, 200, width=50), block("B", 100, 320, width=50), block("C", 60, 1800, width=50))


def test_communities_that_fail(tiny):
    table = worked(tiny, facility_table(SCHOOL), THREE, indicator("units_failing", target=0.0, better="lower"), units=UNITS).set_index("area")
    assert table["value"].to_dict() == {"ALL": 1, "S1": 0, "S2": 1, "u1": 0, "u2": 0, "u3": 1, "u4": pytest.approx(np.nan, nan_ok=True)}
    assert table["denominator"].to_dict() == {"ALL": 3, "S1": 2, "S2": 1, "u1": 1, "u2": 1, "u3": 1, "u4": 0}
    assert table.loc[["ALL", "S1", "S2"], "meets"].tolist() == [False, True, False]
    assert "less than half" in table.loc["ALL", "definition"]
    assert table.loc["u4", ["status", "missing"]].tolist() == ["missing_input", "residential_land"]
    assert whole(tiny, facility_table(SCHOOL), THREE, indicator("units_failing"))["missing"] == "units"


def test_a_community_with_half_its_land_served_passes(tiny):
    #  u2 alone, of two equal blocks: one is served, one is not
    homes = blocks(block("B", 100, 320, width=50), block("D", 900, 900, width=50))
    at = {row["area"]: row["value"] for _, row in worked(tiny, facility_table(SCHOOL), homes, indicator("units_failing"), units=UNITS).iterrows()}
    assert at["u2"] == 0
    more = blocks(homes, block("E", 1, 800, width=50))
    table = worked(tiny, facility_table(SCHOOL), more, indicator("units_failing"), units=UNITS).set_index("area")
    assert table.loc["u2", "value"] == 1


QUOTA = {"measure": "places", "value": 5.0, "per": 100.0, "of": "people", "clause": "1", "evidence": "○"}


def test_what_is_short_in_one_community_is_not_made_up_by_another(tiny):
    asked = indicator("number_short", limit_m=None, quota=QUOTA)
    table = worked(tiny, facility_table(SCHOOL).assign(capacity=30.0), THREE, asked, units=UNITS).set_index("area")
    #  u1 asks for 10 and has 30; u2 asks for 5, u3 for 3
    assert table["value"].to_dict() == pytest.approx({"ALL": 8, "S1": 5, "S2": 3, "u1": 0, "u2": 5, "u3": 3, "u4": 0})
    assert table.loc["ALL", "denominator"] == pytest.approx(18)
    #  without communities the whole is one: 18 asked, 30 there
    assert whole(tiny, facility_table(SCHOOL).assign(capacity=30.0), THREE, asked)["value"] == 0


def test_a_shortage_that_hangs_on_an_unknown_number_is_not_told(tiny):
    asked = indicator("number_short", limit_m=None, quota=QUOTA)
    table = worked(tiny, facility_table(SCHOOL), THREE, asked, units=UNITS).set_index("area")
    assert table.loc["u1", ["status", "missing", "unknown"]].tolist() == ["missing_input", "capacity", 1]
    assert table.loc["ALL", "status"] == "missing_input"
    assert table.loc["u2", "status"] == "computed"
    assert table.loc["u2", "value"] == pytest.approx(5)


def test_streets_of_the_classes_named(tiny):
    area = gpd.GeoDataFrame(geometry=[shapely.box(1000, -500, 2000, 500)], crs=CRS)
    told = {"categories": (), "limit_m": None, "elements": {"highway": ("residential",)}}
    #  1 km of street in 1 km²
    homes = block("A", 10, 1200)
    assert whole(tiny, facility_table(SCHOOL), homes, indicator("network_density", **told), area=area)["value"] == pytest.approx(1)
    assert whole(tiny, facility_table(SCHOOL), homes, indicator("network_density", **told))["missing"] == "area"
    assert whole(tiny, facility_table(SCHOOL), homes, indicator("network_density", **told | {"elements": {}}), area=area)["missing"] == "road_classes"


def test_links_of_a_scenario_count_among_the_streets_of_their_class(tiny):
    area = gpd.GeoDataFrame(geometry=[shapely.box(1000, -500, 2000, 500)], crs=CRS)
    told = {"categories": (), "limit_m": None, "elements": {"highway": ("residential", "footway")}}
    #  1 km of street and the first 340 m of a path that leaves it 300 m before the area's end, in 1 km²
    line = np.array([[1700.0, 0], [1700, 40], [2260, 40]])
    path = Link(line, (foot(STREET, line[0]), foot(STREET, line[2])), "footpath")
    inside = 40 + 300
    for links, classes, density in (((), ("residential", "footway"), 1), ((path,), ("residential", "footway"), 1 + inside / 1000), ((path,), ("residential",), 1)):
        asked = indicator("network_density", **told | {"elements": {"highway": classes}})
        assert whole(tiny, facility_table(SCHOOL), block("A", 10, 1200), asked, area=area, links=links)["value"] == pytest.approx(density)


def test_what_cannot_be_worked_out_keeps_its_row(tiny):
    asked = indicator("not_computable", needs=("jobs", "rail_ridership"))
    row = whole(tiny, facility_table(SCHOOL), PAIR, asked)
    assert row[["status", "missing"]].tolist() == ["missing_input", "jobs;rail_ridership"]
    assert np.isnan(row["value"])
    assert row["meets"] is None
    assert whole(tiny, facility_table(SCHOOL), PAIR, indicator("land_within", needs=("jobs",)))["missing"] == "jobs"
    #  not found is not the same as none; planned ones are found, and serve nobody yet
    assert whole(tiny, facility_table(SCHOOL), PAIR, indicator("land_within", categories=("fire",)))["missing"] == "facilities"
    assert whole(tiny, facility_table((*SCHOOL, "planned", 2030)), PAIR, indicator("land_within"))[["value", "status"]].tolist() == [0, "computed"]


def test_homes_without_land_have_no_share_of_land(tiny):
    homes = residence_table(("A", 10, shapely.Point(100, 0)))
    assert whole(tiny, facility_table(SCHOOL), homes, indicator("land_within"))["missing"] == "residential_land"
    assert whole(tiny, facility_table(SCHOOL), homes, indicator("people_within"))["value"] == 100


def test_areas_add_up(tiny):
    table = worked(tiny, facility_table(SCHOOL), THREE, indicator("land_within"), units=UNITS).set_index("area")
    assert table["area_kind"].tolist() == ["whole", "street", "street", *["community"] * 4]
    assert table.loc["S1", "value"] == pytest.approx(100)
    assert table.loc["ALL", "numerator"] == pytest.approx(table.loc[["u1", "u2", "u3", "u4"], "numerator"].sum())
    assert table.loc["u4", "missing"] == "residential_land"


def test_sums_over_homes_are_those_of_every_home_by_itself():
    """Homes in runs of a unit, of which a part is lived in, weighed by masks and by shares of them."""
    rng = np.random.default_rng(5)
    areas = Areas.of(pd.DataFrame({"unit": ["a", "b", "c"]}))
    codes = np.repeat([2, 0, 3, 1, 0, 2], [40, 7, 30, 1, 90, 12])
    people, masks = rng.random(len(codes)) * 9, [rng.random(len(codes)) < 0.4, rng.random(len(codes))]
    lived = {2025: np.ones(len(codes), dtype=bool), 2030: np.arange(len(codes)) < 50, 2035: rng.random(len(codes)) < 0.5, 2040: np.zeros(len(codes), dtype=bool)}
    places = Places((), np.zeros(0, dtype=int), np.zeros(0), np.zeros(0), np.zeros(0))
    doors = (np.zeros(0, dtype=int), np.zeros(0))
    told = Town(areas, {"people": people}, codes, places, doors, lived, {}, {}, "distance", {})
    for year, there in lived.items():
        for mask in (None, *masks):
            every = people * there if mask is None else people * there * mask
            assert told.summed("people", year, mask).tolist() == areas.by_unit(codes, every).tolist()
            assert told.summed("people", year, mask) == pytest.approx(np.bincount(codes, every, minlength=4))
    empty = replace(told, homes={"people": np.zeros(0)}, codes=np.zeros(0, dtype=int), lived={2025: np.zeros(0, dtype=bool)}, sums={})
    assert empty.summed("people", 2025).tolist() == [0.0] * 4


def test_facilities_and_homes_of_their_year(tiny):
    #   T opens in 2026 between B's ends; C (0.5 ha, 100 people) is lived in from 2027, far from both
    facilities = facility_table(SCHOOL, ("T", "school", shapely.Point(800, 0), "planned", 2026))
    homes = blocks(PAIR, block("C", 100, 3000).assign(open_year=2027.0))
    asked = indicator("land_within"), indicator("count_per_people", id="I2", per=1000.0)
    table = worked(tiny, facilities, homes, *asked, years=(2023, 2026, 2027))
    got = table.pivot(index="year", columns="id", values="value")
    assert got["I1"].to_dict() == pytest.approx({2023: 100 / 3, 2025: 100 / 3, 2026: 100, 2027: 75})
    assert got["I2"].to_dict() == pytest.approx({2023: 2.5, 2025: 2.5, 2026: 5, 2027: 4})
    assert table[table["id"] == "I1"]["year"].tolist() == [2025, 2023, 2026, 2027]
    #  the rows of the study's own year are those of a study that asks for no other
    alone = worked(tiny, facilities, homes, *asked)
    pd.testing.assert_frame_equal(table[table["year"] == 2025].reset_index(drop=True), alone)


def test_a_study_without_a_year(tiny):
    table = worked(tiny, facility_table((*SCHOOL, "planned", 2026)), PAIR, indicator("land_within"), year=None, years=(2026,))
    assert table["value"].tolist() == pytest.approx([0, 100 / 3])
    assert table["year"].isna().tolist() == [True, False]


def test_walks_that_cost_more_than_metres_are_told_apart(tiny):
    from livingcircle.network import Costs

    #  every metre takes as long as two: A's 100 to 250 m keep 500 m on foot and 10 min (667 m) only while twice their metres do
    slow = STREET.with_costs(Costs(*(np.full(len(STREET.length_m), value) for value in (2.0, 2.0, 0.0, 0.0))))
    homes = block("A", 10, 380, width=50, depth=20)
    row = whole(tiny, facility_table(SCHOOL), homes, indicator("land_within", minutes=10.0), network=slow)
    assert row["value"] == pytest.approx(100)
    assert row["value_time"] == 0


SEED = """
[standard]
id = "seed"
number = "TOY 2"
name = { zh = "玩具", en = "Toy" }
in_force = "2020-01-01"
[levels.L10]
name = { zh = "十分钟", en = "10 minutes" }
minutes = 10
walk_m = 500
clause = "1"
evidence = "○"
[themes.all]
name = { zh = "全部", en = "all" }
color = "#0072B2"
"""
CATEGORY = """
[categories.{id}]
name = {{ zh = "{id}", en = "{id}" }}
theme = "all"
source = "TOY"
"""
ASKED = """
[[categories.{id}.requirements]]
level = "L10"
limit_m = 500
limit_min = 10
flag = "mandatory"
clause = "2"
evidence = "○"
"""


@pytest.fixture
def seed(tmp_path):
    """Primary and junior schools and health centres are asked for; senior schools and city hospitals are only known."""
    asked, known = ("edu_primary", "edu_junior", "med_centre"), ("edu_senior", "med_city")
    text = SEED + "".join(CATEGORY.format(id=id) + (ASKED.format(id=id) if id in asked else "") for id in (*asked, *known))
    (tmp_path / "seed.toml").write_text(text, encoding="utf-8")
    return standards.load(tmp_path / "seed.toml")


I03 = indicator("land_within", id="I03", categories=("edu_primary",))
I04 = indicator("land_within", id="I04", categories=("edu_junior",), limit_m=1000.0)
I02 = indicator("land_within", id="I02", categories=("med_centre",), limit_m=1000.0)
I13 = indicator("land_within", id="I13", categories=("med_city",), limit_m=2000.0, measure="radius")


def seeded(seed, facilities, **told):
    kept, doors = entrances(facilities, STREET, gates=None, snap_limit_m=150)
    asked = Settings(study_id="toy", name=NAMES, language="en", year=2023, systems=(system(I02, I03, I04, I13),), **told)
    return analyze(Inputs(STREET, kept, doors, PAIR), standard=seed, settings=asked)


def test_what_the_named_projects_count_for(seed):
    #   H city hospital   Y boarding senior high school   N nine-year school from 2026, all beside the homes; a health centre and
    #   a primary school far away keep the other elements known
    table = facility_table(
        ("H", "med_city", shapely.Point(450, 0)), ("Y", "edu_senior", shapely.Point(450, 0)), ("N", "edu_primary", shapely.Point(450, 0), "planned", 2026),
        ("M", "med_centre", shapely.Point(3900, 0)), ("P", "edu_primary", shapely.Point(3900, 0)),
    )
    table["categories"] = [("med_city",), ("edu_senior",), ("edu_primary", "edu_junior"), ("med_centre",), ("edu_primary",)]
    result = seeded(seed, table, years=(2026,))
    got = result.indicators.pivot(index="id", columns="year", values="value")
    assert got.loc["I13"].tolist() == pytest.approx([100, 100])
    assert got.loc["I02"].tolist() == [0, 0]
    assert got.loc["I03"].tolist() == pytest.approx([0, 100 * (0.5 + 1) / 1.5])
    assert got.loc["I04"].tolist() == pytest.approx([0, 100])
    gaps = result.gaps.set_index(["residence_id", "category"])
    assert set(gaps.index.get_level_values("category")) == {"edu_primary", "edu_junior", "med_centre"}
    for home in ("A", "B"):
        assert gaps.loc[(home, "edu_primary"), "people"] == pytest.approx(PAIR.set_index("residence_id").loc[home, "people"])
        assert gaps.loc[(home, "edu_primary"), "closes_in"] == 2026
        assert gaps.loc[(home, "edu_junior"), "closes_in"] == 2026
        assert np.isnan(gaps.loc[(home, "med_centre"), "closes_in"])
    assert set(result.coverage["category"]) == {"edu_primary", "edu_junior", "med_centre"}


def test_a_category_that_only_indicators_know_is_walked_to(tiny):
    #  no standard judges pitches, the table counts them
    pitch = facility_table(SCHOOL, ("F", "spt_football", shapely.Point(800, 0)))
    row = whole(tiny, pitch, PAIR, indicator("land_within", categories=("spt_football",)))
    assert row["value"] == pytest.approx(100 * 1 / 1.5)


def test_one_more_facility_never_lowers_a_share(tiny):
    few = facility_table(SCHOOL)
    more = facility_table(SCHOOL, ("T", "school", shapely.Point(800, 0)))
    for formula in ("land_within", "people_within"):
        assert whole(tiny, more, PAIR, indicator(formula))["value"] >= whole(tiny, few, PAIR, indicator(formula))["value"]


def test_every_formula_of_the_model_has_a_function():
    from typing import get_args

    from livingcircle.standards.model import Formula

    assert set(FORMULAS) == set(get_args(Formula))


def test_inputs_are_not_changed(tiny):
    facilities, homes = facility_table(SCHOOL), PAIR.copy(deep=True)
    before = facilities.copy(deep=True)
    worked(tiny, facilities, homes, indicator("land_within"), years=(2030,))
    assert facilities.equals(before)
    assert homes.equals(PAIR)


def test_without_systems_the_table_is_empty_with_its_columns(tiny):
    table = worked(tiny, facility_table(SCHOOL), PAIR, indicator("land_within"), systems=())
    assert len(table) == 0
