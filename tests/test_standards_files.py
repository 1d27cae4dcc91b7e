"""What the shipped standards say: their values against the published tables worked by hand, and the places they recognize."""

from __future__ import annotations

import re
import tomllib

import pytest

from livingcircle import standards
from livingcircle.standards import Place, Standard, indicator_systems, judged_with, load, matcher, missing_categories
from livingcircle.standards.files import SHIPPED

GB, TD62, TD63, CHECK = "gb50180-2018", "tdt1062-2021", "tdt1063-2021", "city-check-2023"
BUS, GREEN, MASTER = "gbt51328-2018", "gbt51346-2019", "master-plan-2020"
WHOLE, CIRCLE, ZHEJIANG = "complete-community-2020", "convenience-circle-2021", "zhejiang"
EVERY = [GB, TD62, TD63, CHECK, BUS, GREEN, MASTER, WHOLE, CIRCLE, ZHEJIANG]
# Words of inputs beyond homes, people and facilities that an indicator may say it needs.
NEEDS = {
    "built_land", "driving_network", "road_centerlines", "dwellings", "capacity", "area", "age_0_2", "age_3_5", "age_6_11",
    "age_12_14", "age_60", "greenway", "forest", "villages", "jobs", "local_ratio", "classes", "footway_survey",
}  # fmt: skip
PEOPLE = {"people", "dwellings", "age_0_2", "age_3_5", "age_6_11", "age_12_14", "age_60"}
UNJUDGED = "trn_terminal utl_switch utl_misc utl_fire nbh_property nbh_play nbh_fitness nbh_store nbh_parcel nbh_bin".split()


@pytest.fixture(scope="module")
def every() -> dict[str, Standard]:
    return {id: load(id) for id in EVERY}


@pytest.fixture(scope="module")
def recognized(every):
    """A function that tells what a place serves under the standard, those of every indicator system counted too."""
    judged = judged_with(every[GB], [every[id] for id in indicator_systems()])
    tell = matcher(judged)
    return lambda **told: {category for category, _, _ in tell(Place(**told))}


def rows(standard: Standard, category: str) -> dict[str, tuple]:
    return {one.level: (one.limit_m, one.limit_min, one.flag) for one in standard.category(category).requirements}


# --- every file -----------------------------------------------------------------------------------------------------


def test_these_files_are_shipped_and_no_other():
    assert standards.available() == sorted(EVERY)
    assert indicator_systems() == sorted([TD63, CHECK, BUS, GREEN, MASTER, WHOLE])


@pytest.mark.parametrize("id", EVERY)
def test_every_file_is_said_in_both_languages(every, id):
    standard = every[id]
    assert standard.note is not None and standard.tier == ("province" if id == ZHEJIANG else "national")
    told = (SHIPPED / f"{id}.toml").read_text(encoding="utf-8")
    for line in told.splitlines():
        if " zh = " in line and " en = " in line:
            zh, en = re.search(r'zh = "([^"]+)", en = "([^"]+)"', line).groups()
            assert re.search("[\u4e00-\u9fff%—]|m²|^m$|km", zh), line
            assert not re.search("[\u4e00-\u9fff]", en), line
    assert not re.search(r"TODO|TBD|XXX", told)


@pytest.mark.parametrize("id", EVERY)
def test_every_category_is_complete(every, id):
    standard = every[id]
    for key, category in standard.categories.items():
        assert category.source and category.theme in standard.themes and category.department, key
        assert category.match != standards.Match(), key
        for asked in category.requirements:
            level = standard.levels[asked.level]
            assert asked.clause and asked.evidence and asked.flag_evidence
            if asked.limit_m != level.walk_m or asked.limit_min != level.minutes:
                assert asked.note is not None or asked.verb, (key, asked.level)
        for quota in category.quotas:
            assert quota.of in PEOPLE and quota.note is not None, key


@pytest.mark.parametrize("id", EVERY)
def test_every_indicator_is_complete(every, id):
    for key, indicator in every[id].indicators.items():
        for told in (indicator.name, indicator.unit, indicator.group, indicator.numerator, indicator.denominator, indicator.definition):
            assert told.zh and told.en, key
        assert indicator.definition.zh.endswith("。") and indicator.definition.en.endswith("."), key
        assert re.search("[●◐○]", indicator.definition.zh), key
        assert set(indicator.needs) <= NEEDS and indicator.of in PEOPLE, key
        assert bool(indicator.needs) or indicator.formula != "not_computable", key
        assert set(indicator.elements) == set(indicator.limits), key
        assert (indicator.target is None) == (indicator.target_clause == ""), key
        assert indicator.quota is None or indicator.quota.of == indicator.of, key
        share = indicator.unit.zh == "%"
        assert (indicator.per == 100) == share, key
        lower = indicator.formula in ("units_failing", "number_short") or "缺口" in indicator.name.zh or "不达标" in indicator.name.zh
        assert (indicator.better == "lower") == lower, key


def test_what_indicators_count_is_defined(every):
    for system in (every[id] for id in indicator_systems()):
        assert missing_categories(judged_with(every[GB], [system]), system) == {}, system.id


def test_a_category_means_the_same_in_every_file(every):
    rules: dict[str, tuple[str, object]] = {}
    for id, standard in every.items():
        for key, category in standard.categories.items():
            first = rules.setdefault(key, (id, (category.match, category.name, category.theme, category.area_facility)))
            assert first[1] == (category.match, category.name, category.theme, category.area_facility), (key, id, first[0])


def test_no_indicator_name_stands_twice_in_a_system(every):
    for standard in every.values():
        for language in ("zh", "en"):
            names = [one.name.get(language) for one in standard.indicators.values()]
            assert len(names) == len(set(names))


# --- values against the tables --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "level", "wanted"),
    [
        ("com_food", "L15", (1000, 15, "mandatory")),
        ("com_food", "L10", (500, 10, "mandatory")),
        ("com_telecom", "L15", (1000, 15, "mandatory")),
        ("com_telecom", "L10", (500, 10, "mandatory")),
        ("com_gym", "L15", (1000, 15, "on_demand")),
        ("com_gym", "L10", (1000, 10, "on_demand")),
        ("adm_office", "L15", (1000, 15, "mandatory")),
        ("adm_justice", "L15", (1000, 15, "mandatory")),
        ("trn_bike", "L15", (1000, 15, "on_demand")),
        ("trn_bike", "L5", (300, 5, "on_demand")),
        ("env_recycle", "L5", (300, 5, "mandatory")),
        ("env_waste", "L5", (400, 5, "mandatory")),
        ("spt_medium", "L10", (500, 10, "mandatory")),
        ("com_market", "L10", (500, 10, "mandatory")),
        ("edu_junior", "L10", (1000, 10, "on_demand")),
        ("env_toilet", "L5", (300, 5, "mandatory")),
        ("com_canteen", "L5", (300, 5, "on_demand")),
    ],
)
def test_gb50180_requirements(every, category, level, wanted):
    assert rows(every[GB], category)[level] == wanted


@pytest.mark.parametrize(
    ("category", "floor", "site", "siting", "evidence"),
    [
        ("edu_junior", None, None, "separate", "○"),
        ("edu_primary", None, None, "separate", "○"),
        ("edu_kinder", (3150, 4550), (5240, 7580), "preferably_separate", "○"),
        ("spt_centre", (2000, 5000), (1200, 15000), "combined", "○"),
        ("spt_large", None, (3150, 5620), "preferably_separate", "○"),
        ("spt_medium", None, (1310, 2460), "preferably_separate", "○"),
        ("spt_small", None, (770, 1310), "preferably_separate", "○"),
        ("spt_outdoor", None, (150, 750), "preferably_separate", "○"),
        ("med_centre", (1700, 2000), (1420, 2860), "preferably_separate", "○"),
        ("med_station", (120, 270), None, "combined", "○"),
        ("eld_home", (7000, 17500), (3500, 22000), "preferably_separate", "○"),
        ("eld_nursing", (3500, 17500), (1750, 22000), "preferably_separate", "○"),
        ("eld_day", (350, 750), None, "combined", "○"),
        ("cul_centre", (3000, 6000), (3000, 12000), "combined", "○"),
        ("cul_station", (250, 1200), None, "combined", "○"),
        ("adm_centre", (700, 1500), (600, 1200), "combined", "○"),
        ("adm_office", (1000, 2000), (800, 1500), "combined", "○"),
        ("adm_justice", (80, 240), None, "combined", "○"),
        ("adm_police", (1000, 1600), (1000, 2000), "preferably_separate", "○"),
        ("adm_station", (600, 1000), (500, 800), "combined", "○"),
        ("com_mall", (1500, 3000), None, "combined", "○"),
        ("com_market", (750, 2500), None, "combined", "○"),
        ("com_gym", (600, 2000), None, "combined", "○"),
        ("env_recycle", None, (6, 10), "combined", "○"),
        ("env_waste", None, (120, 200), "preferably_separate", "○"),
        ("env_toilet", (30, 80), (60, 120), "combined", "○"),
        ("utl_switch", (200, 300), (500, 500), "combined", "○"),
        ("utl_misc", None, None, "mixed", "○"),
        ("nbh_play", None, (170, 450), "preferably_separate", "○"),
        ("nbh_store", (50, 100), None, "combined", "◐"),
        ("nbh_bin", (5, 0), None, "preferably_separate", "○"),
    ],
)
def test_gb50180_sizes(every, category, floor, site, siting, evidence):
    size = every[GB].category(category).size
    assert (size.floor_m2, size.site_m2, size.siting, size.evidence) == (floor, site, siting, evidence)


@pytest.mark.parametrize(
    ("id", "category", "wanted"),
    [
        (GB, "adm_police", {("facilities", 1, 50000, "people", "○"), ("floor_m2", 32, 1000, "people", "◐")}),
        (GB, "env_recycle", {("facilities", 1, 3000, "people", "○")}),
        (GB, "nbh_store", {("facilities", 1, 3000, "people", "◐")}),
        (GB, "utl_switch", {("facilities", 1, 10000, "dwellings", "○")}),
        (CIRCLE, "adm_station", {("floor_m2", 30, 100, "dwellings", "●")}),
    ],
)
def test_quotas(every, id, category, wanted):
    assert {(one.measure, one.value, one.per, one.of, one.evidence) for one in every[id].category(category).quotas} == wanted


def test_a_quota_with_a_range_says_the_other_end(every):
    for category, other in (("adm_police", "2.5万"), ("env_recycle", "1000～3000"), ("nbh_store", "1000～3000"), ("utl_switch", "6000～10000")):
        assert other in every[GB].category(category).quotas[0].note.zh


@pytest.mark.parametrize(
    ("level", "population", "dwellings", "evidence"),
    [
        ("L15", (50000, 100000), (17000, 32000), "◐"),
        ("L10", (15000, 25000), (5000, 8000), "●"),
        ("L5", (5000, 12000), (1500, 4000), "◐"),
    ],
)
def test_gb50180_levels(every, level, population, dwellings, evidence):
    one = every[GB].levels[level]
    assert (one.population, one.dwellings, one.evidence) == (population, dwellings, evidence)


@pytest.mark.parametrize(
    ("level", "wanted"),
    [("L15", (2.0, 50000, 80, "○")), ("L10", (1.0, 10000, 50, "●")), ("L5", (1.0, 4000, 30, "○"))],
)
def test_gb50180_green_space(every, level, wanted):
    one = every[GB].green[level]
    assert (one.per_person_m2, one.park_m2, one.width_m, one.evidence) == wanted
    assert "70%" in one.note.zh and "10%" in one.note.zh


@pytest.mark.parametrize(
    ("level", "land_class", "land", "floor"),
    [
        ("L15", "total", (1600, 2910), (1450, 1830)),
        ("L15", "A", (1250, 2360), (1130, 1380)),
        ("L15", "B", (350, 550), (320, 450)),
        ("L10", "total", (1980, 2660), (1050, 1270)),
        ("L10", "A", (1890, 2340), (730, 810)),
        ("L10", "S", (70, 80), None),
        ("L10", "B", (20, 240), (320, 460)),
        ("L5", "total", (1710, 2210), (1070, 1820)),
        ("L5", "R12、R22、R32", (1710, 2210), (1070, 1820)),
    ],
)
def test_gb50180_figures_for_a_thousand_people(every, level, land_class, land, floor):
    (one,) = [p for p in every[GB].per_thousand if (p.level, p.land_class) == (level, land_class)]
    assert (one.land_m2, one.floor_m2, one.evidence) == (land, floor, "○")


def test_the_parts_of_a_total_add_up_to_it_at_most(every):
    totals = {p.level: p for p in every[GB].per_thousand if p.land_class == "total"}
    for level, total in totals.items():
        parts = [p.land_m2 for p in every[GB].per_thousand if p.level == level and p.land_class != "total" and p.land_m2]
        assert sum(least for least, _ in parts) <= total.land_m2[0] and sum(most for _, most in parts) >= total.land_m2[1]


def test_what_is_not_judged_by_walks_is_listed_all_the_same(every):
    standard = every[GB]
    assert [key for key, one in standard.categories.items() if not one.requirements] == [
        key for key in standard.categories if key in UNJUDGED
    ]
    assert {key for key, one in standard.categories.items() if not one.requirements} == set(UNJUDGED)
    for key in UNJUDGED:
        note = standard.category(key).size.note
        assert "步行" in note.zh and ("▲" in note.zh or "△" in note.zh), key


def test_values_that_conflict_are_both_kept(every):
    standard = every[GB]
    assert "300～500" in standard.category("edu_kinder").requirements[0].note.zh
    assert "500米" in standard.category("med_station").requirements[0].note.zh
    assert "300米" in every[TD62].category("med_station").requirements[0].note.zh
    assert "750～1500" in standard.category("com_market").size.note.zh and "2000～2500" in standard.category("com_market").size.note.zh
    assert "1500米" in every[ZHEJIANG].category("cul_public").requirements[0].note.zh


def test_no_mark_is_better_than_its_source(every):
    standard = every[GB]
    assert {asked.flag_evidence for _, asked in standard.requirements()} == {"○"}
    quoted = {key for key, asked in standard.requirements() if asked.evidence == "◐"}
    assert quoted == {"edu_kinder", "edu_primary", "edu_junior", "med_centre", "med_outpat", "com_market", "com_shops", "adm_centre", "park"}
    assert {key for key, asked in standard.requirements() if asked.evidence == "●"} == {"med_hospital"}
    assert {asked.evidence for _, asked in every[TD62].requirements()} == {"◐", "○"}
    quoted = {key for key, asked in every[TD62].requirements() if asked.evidence == "◐"}
    assert quoted == {"med_centre", "med_outpat", "med_station", "edu_primary", "com_market", "com_shops", "adm_centre"}
    assert {one.evidence for one in every[TD63].indicators.values()} == {"○"}
    assert {key for key, one in every[TD63].indicators.items() if one.name_evidence != "●"} == {"I01b"}
    assert {key for key, one in every[CHECK].indicators.items() if one.name_evidence != "●"} == {"C12"}
    assert {key for key, one in every[CHECK].indicators.items() if one.evidence == "●"} == {"C13b", "C15"}


# --- TD/T 1062, complete community, convenience circle, Zhejiang ------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "wanted"),
    [
        ("med_centre", {("T15", 1000, 15, "basic", "mandatory")}),
        ("med_outpat", {("T15", 1000, 15, "basic", "mandatory")}),
        ("med_station", {("T5_10", 500, 10, "basic", "mandatory")}),
        ("eld_day", {("T5_10", 300, 5, "basic", "mandatory")}),
        ("edu_junior", {("T15", 1000, 15, "basic", "mandatory")}),
        ("edu_primary", {("T15", 500, 10, "basic", "mandatory")}),
        ("edu_kinder", {("T5_10", 300, 5, "basic", "mandatory")}),
        ("edu_nursery", {("T15", 1000, 15, "quality", "on_demand"), ("T5_10", 500, 10, "quality", "on_demand")}),
        ("cul_station", {("T5_10", 500, 10, "basic", "mandatory")}),
        ("spt_medium", {("T5_10", 500, 10, "basic", "mandatory")}),
        ("spt_small", {("T5_10", 300, 5, "basic", "mandatory")}),
        ("com_market", {("T15", 500, 10, "basic", "mandatory")}),
        ("com_shops", {("T5_10", 300, 5, "basic", "mandatory")}),
        ("adm_police", {("T15", 1000, 15, "basic", "mandatory")}),
        ("trn_bus", {("T15", 500, 10, "basic", "mandatory"), ("T5_10", 500, 10, "basic", "mandatory")}),
        ("trn_rail", {("T15", 800, 15, "basic", "mandatory"), ("T5_10", 800, 10, "basic", "mandatory")}),
    ],
)
def test_tdt1062_elements(every, category, wanted):
    asked = every[TD62].category(category).requirements
    assert {(one.level, one.limit_m, one.limit_min, one.type, one.flag) for one in asked} == wanted


def test_tdt1062_has_its_own_levels_and_only_what_it_lists(every):
    standard = every[TD62]
    assert {key: (one.minutes, one.walk_m, one.evidence) for key, one in standard.levels.items()} == {
        "T15": (15, 1000, "○"), "T5_10": (10, 500, "○"),
    }  # fmt: skip
    assert {"com_mall", "com_bank", "com_food", "med_hospital", "env_toilet"}.isdisjoint(standard.categories)
    assert standard.green == {} and standard.per_thousand == () and standard.in_force.isoformat() == "2021-07-01"
    assert all(asked.type in ("basic", "quality") for _, asked in standard.requirements())
    size = standard.category("med_station").size
    assert (size.floor_m2, size.evidence, size.clause) == ((120, 0), "◐", "TD/T 1062-2021 附录A.3")


def test_a_private_clinic_is_no_health_facility_of_tdt1062(every):
    tell = matcher(every[TD62])
    for place in (
        Place(name="王医生诊所", amap_code="090300"), Place(name="张氏口腔诊所", tags={"amenity": "clinic"}),
        Place(name="红联诊所", baidu_tag="医疗;诊所"), Place(name="百姓诊所", land_code="080602"),
    ):  # fmt: skip
        assert tell(place) == (), place


@pytest.mark.parametrize(
    ("category", "floor", "site", "evidence"),
    [
        ("adm_station", (800, 0), None, "○"),
        ("edu_kinder", (2200, 0), None, "○"),
        ("edu_nursery", (200, 0), None, "○"),
        ("eld_day", (350, 0), None, "○"),
        ("med_station", (120, 0), None, "○"),
        ("com_supermarket", (300, 0), None, "○"),
        ("spt_outdoor", None, (150, 0), "●"),
        ("park", None, (4000, 0), "○"),
    ],
)
def test_complete_community_sizes(every, category, floor, site, evidence):
    standard = every[WHOLE]
    size = standard.category(category).size
    if floor:
        assert size.floor_m2 == floor
    if site:
        assert size.site_m2 == site
    assert size.evidence == evidence and "完整居住社区" in size.clause
    assert rows(standard, category) == {"L5": (300, 5, "mandatory")}
    assert list(standard.levels) == ["L5"]


def test_convenience_circle_has_basic_and_quality_services(every):
    types = {key: asked.type for key, asked in every[CIRCLE].requirements()}
    assert {key for key, type in types.items() if type == "basic"} == {
        "nbh_store", "com_supermarket", "com_market", "com_breakfast", "com_hair", "com_laundry", "com_pharmacy", "com_print",
        "com_housekeeping", "com_repair", "env_recycle", "com_post", "nbh_parcel", "com_depot",
    }  # fmt: skip
    assert {"eld_day", "edu_nursery", "com_bookshop", "com_pets"} <= {key for key, type in types.items() if type == "quality"}
    assert every[CIRCLE].category("com_pharmacy").requirements[0].flag_evidence == "◐"
    assert list(every[CIRCLE].levels) == ["Q15"]


def test_zhejiang_counts_cultural_facilities_over_the_national_standard(every):
    (asked,) = every[ZHEJIANG].category("cul_public").requirements
    assert (asked.level, asked.limit_m, asked.limit_min, asked.at_least, asked.evidence) == ("L15", 1000, 15, 3, "●")
    assert every[ZHEJIANG].layers == (GB, ZHEJIANG)
    assert set(every[ZHEJIANG].categories) == {*every[GB].categories, "cul_public"}


# --- indicators -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "name", "formula", "categories", "limit", "measure"),
    [
        ("I02", "社区卫生服务设施步行15分钟覆盖率", "land_within", {"med_centre", "med_station"}, (1000, 15), "walk"),
        ("I03", "社区小学步行10分钟覆盖率", "land_within", {"edu_primary"}, (500, 10), "walk"),
        ("I04", "社区中学步行15分钟覆盖率", "land_within", {"edu_junior"}, (1000, 15), "walk"),
        ("I05", "社区养老设施步行5分钟覆盖率", "land_within", {"eld_day"}, (300, 5), "walk"),
        ("I06", "社区文化活动设施步行15分钟覆盖率", "land_within", {"cul_centre", "cul_station"}, (1000, 15), "walk"),
        ("I07", "菜市场（生鲜超市）步行10分钟覆盖率", "land_within", {"com_market"}, (500, 10), "walk"),
        ("I09", "足球场地设施步行15分钟覆盖率", "land_within", {"spt_football"}, (1000, 15), "walk"),
        ("I10", "公园绿地、广场步行5分钟覆盖率", "land_within", {"park", "park_plaza"}, (300, 5), "walk"),
        ("I11", "森林步行15分钟覆盖率", "land_within", {"forest"}, (1000, 15), "walk"),
        ("I12", "轨道交通站点800米半径服务覆盖率", "people_within", {"trn_rail"}, (800, None), "radius"),
        ("I13", "市区级医院2公里覆盖率", "land_within", {"med_hospital"}, (2000, None), "radius"),
        ("I14", "消防救援5分钟可达覆盖率", "not_computable", {"utl_fire"}, (None, None), "walk"),
        ("I20", "等级医院交通30分钟行政村覆盖率", "not_computable", {"med_hospital"}, (None, None), "walk"),
    ],
)
def test_tdt1063_indicators(every, id, name, formula, categories, limit, measure):
    one = every[TD63].indicators[id]
    assert (one.name.zh, one.formula, set(one.categories)) == (name, formula, categories)
    assert ((one.limit_m, one.minutes), one.measure) == (limit, measure)


def test_tdt1063_holds_every_indicator_and_both_composites(every):
    told = every[TD63].indicators
    assert set(told) == {"I01", "I01b", *(f"I{n:02}" for n in range(2, 21) if n not in (16, 18)), "I16a", "I16b", "I18a", "I18b"}
    assert (told["I01"].formula, told["I01b"].formula) == ("land_within_all", "land_within_mean")
    assert told["I01"].elements == told["I01b"].elements and told["I01"].limits == told["I01b"].limits
    single = {"health": "I02", "primary": "I03", "junior": "I04", "elderly": "I05", "culture": "I06", "market": "I07", "sports": "I08"}
    for element, id in single.items():
        assert told["I01"].elements[element] == told[id].categories
        assert told["I01"].limits[element] == (told[id].limit_m, told[id].minutes)
    assert {id: one.needs for id, one in told.items() if one.needs} == {
        "I14": ("driving_network",), "I15": ("classes",), "I16a": ("capacity",), "I16b": ("capacity",),
        "I19": ("road_centerlines",), "I20": ("driving_network", "villages"),
    }  # fmt: skip
    rates = {id: (told[id].per, told[id].of) for id in ("I15", "I16a", "I16b", "I17", "I18a", "I18b")}
    assert rates == {
        "I15": (10000, "people"), "I16a": (1000, "people"), "I16b": (1000, "age_60"), "I17": (100000, "people"),
        "I18a": (1, "people"), "I18b": (1, "people"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("system", "id", "radius", "target", "bands"),
    [
        (BUS, "T01", 300, 50, []),
        (BUS, "T02", 500, 90, []),
        (BUS, "T03", 800, None, []),
        (GREEN, "P01", 500, 80, []),
        (GREEN, "P02", 500, 80, []),
        (GREEN, "P03", None, 80, [(5000, None, 500), (2000, 5000, 300)]),
        (GREEN, "P04", None, 8.0, []),
        (CHECK, "C10", 1000, None, []),
        (CHECK, "C13", None, None, [(5000, None, 500), (400, 5000, 300)]),
        (CHECK, "C13b", None, None, [(5000, None, 500), (2000, 5000, 300)]),
        (CHECK, "C15", 1000, None, []),
    ],
)
def test_radii_bands_and_targets(every, system, id, radius, target, bands):
    one = every[system].indicators[id]
    assert (one.limit_m, one.target) == (radius, target)
    assert [(band.min_m2, band.below_m2, band.radius_m) for band in one.bands] == bands
    assert one.measure == "radius" or one.formula == "area_per_person"
    assert target is None or "◐" in one.target_clause


def test_the_city_check_counts_communities_and_numbers_short(every):
    told = every[CHECK].indicators
    assert {id for id, one in told.items() if one.formula == "units_failing"} == {"C01", "C02", "C03", "C07", "C08", "C11", "C12"}
    assert told["C01"].name.zh == "未达标配建的养老服务设施的社区（小区）数量"
    assert (told["C04"].name.zh, told["C04"].formula, told["C04"].quota.of) == ("小学学位缺口数", "number_short", "age_6_11")
    for id in ("C05", "C06"):
        assert told[id].formula == "not_computable" and "local_ratio" in told[id].needs


def test_a_city_can_give_the_ratio_that_the_nation_leaves_to_it(tmp_path):
    own = tmp_path / "city.toml"
    own.write_text(
        "\n".join(
            [
                "[standard]", 'id = "own-check"', 'number = "own"', 'name = { zh = "本市城市体检", en = "own check" }', 'in_force = "2025-01-01"',
                'tier = "city"', f'based_on = "{CHECK}"', "[indicators.C05]", 'formula = "number_short"', "needs = []", "[indicators.C05.quota]",
                'measure = "berths"', "value = 1.2", "per = 1", 'of = "dwellings"', 'clause = "own"', 'evidence = "●"',
            ]
        ),
        encoding="utf-8",
    )  # fmt: skip
    one = load(own).indicators["C05"]
    assert (one.formula, one.quota.value, one.name.zh) == ("number_short", 1.2, "停车泊位缺口数")


def test_the_master_plan_asks_for_five_kinds_of_facility_within_fifteen_minutes(every):
    one = every[MASTER].indicators["M01"]
    assert one.name.zh == "卫生、养老、教育、文化、体育等社区公共服务设施步行15分钟覆盖率"
    assert set(one.elements) == {"health", "elderly", "education", "culture", "sports"}
    assert set(one.limits.values()) == {(1000, 15)}


# --- what places are ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "name", "wanted"),
    [
        ("050100", "甬江鲜海鲜酒楼", {"com_food"}),
        ("050300", "老街牛肉面馆", {"com_food"}),
        ("050100", "红联社区老年食堂", {"com_canteen"}),
        ("050500", "瑞幸咖啡(红联店)", set()),
        ("070601", "中国移动营业厅(红联店)", {"com_telecom"}),
        ("070600", "中国电信小港营业厅", {"com_telecom"}),
        ("080111", "威尔士健身(红联店)", {"com_gym"}),
        ("080111", "小港全民健身中心", {"spt_centre"}),
        ("130105", "戚家山街道办事处", {"adm_centre", "adm_office"}),
        ("130105", "戚家山街道便民服务中心", {"adm_centre"}),
        ("130500", "小港司法所", {"adm_justice"}),
        ("150700", "红联公交首末站", {"trn_bus", "trn_terminal"}),
        ("150900", "红联非机动车停车场", {"trn_bike", "trn_car"}),
        ("070000", "红联再生资源回收站", {"env_recycle"}),
        ("070000", "宁波再生资源有限公司", set()),
        ("070000", "红联生活垃圾收集站", {"env_waste"}),
        ("070000", "小港垃圾中转站", {"utl_misc"}),
        ("130504", "小港消防救援站", {"utl_fire"}),
        ("130504", "红联社区微型消防站", set()),
        ("120000", "滨江花园物业服务中心", {"nbh_property"}),
        ("070500", "菜鸟驿站(滨江花园店)", {"nbh_parcel"}),
        ("070500", "顺丰速运有限公司分拨中心", set()),
        ("060200", "罗森(红联店)", {"com_shops", "nbh_store"}),
        ("080105", "小港足球公园", {"spt_football", "spt_large"}),
        ("080105", "小港中学足球场", set()),
        ("110105", "滨江市民广场", {"park_plaza"}),
        ("110105", "滨江购物广场", set()),
        ("140100", "北仑区博物馆", {"cul_museum"}),
        ("140500", "北仑区图书馆", {"cul_centre", "cul_library"}),
        ("140600", "北仑科技馆", {"cul_science"}),
        ("140400", "北仑美术馆", {"cul_art"}),
        ("060400", "三江超市(红联店)", {"com_shops", "com_supermarket"}),
        ("011100", "红联小区电动自行车充电棚", {"trn_bikecharge"}),
        ("110000", "甬江绿道", {"greenway"}),
    ],
)
def test_amap_places(recognized, code, name, wanted):
    assert recognized(amap_code=code, name=name) == wanted


@pytest.mark.parametrize(
    ("tags", "name", "wanted"),
    [
        ({"amenity": "restaurant"}, "甬江鲜酒楼", {"com_food"}),
        ({"amenity": "fast_food"}, None, {"com_food"}),
        ({"amenity": "restaurant"}, "小港邻里食堂", {"com_canteen"}),
        ({"shop": "mobile_phone"}, "中国联通营业厅", {"com_telecom"}),
        ({"shop": "mobile_phone"}, "苹果手机维修", set()),
        ({"leisure": "fitness_centre"}, "一兆韦德", {"com_gym"}),
        ({"amenity": "townhall"}, "小港街道办事处", {"adm_centre", "adm_office"}),
        ({"office": "government"}, "小港司法所", {"adm_justice"}),
        ({"amenity": "bus_station"}, "红联公交枢纽", {"trn_bus", "trn_terminal"}),
        ({"amenity": "bicycle_parking"}, None, {"trn_bike"}),
        ({"amenity": "recycling"}, None, {"env_recycle"}),
        ({"amenity": "waste_transfer_station"}, "小港垃圾收集站", {"env_waste"}),
        ({"amenity": "waste_disposal"}, None, {"nbh_bin"}),
        ({"amenity": "fire_station"}, "小港消防站", {"utl_fire"}),
        ({"leisure": "playground"}, None, {"nbh_play"}),
        ({"shop": "convenience"}, None, {"com_shops", "nbh_store"}),
        ({"amenity": "parcel_locker"}, None, {"nbh_parcel"}),
        ({"leisure": "pitch", "sport": "soccer"}, None, {"spt_football", "spt_large"}),
        ({"place": "square"}, "滨江广场", {"park_plaza"}),
        ({"landuse": "forest"}, None, {"forest"}),
        ({"highway": "cycleway"}, "甬江绿道", {"greenway"}),
        ({"highway": "cycleway"}, "江南路", set()),
        ({"tourism": "museum"}, "北仑博物馆", {"cul_museum"}),
        ({"amenity": "charging_station", "bicycle": "yes", "motorcar": "no"}, None, {"trn_bikecharge"}),
    ],
)
def test_osm_places(recognized, tags, name, wanted):
    assert recognized(tags=tags, name=name or "") == wanted


@pytest.mark.parametrize(
    ("tag", "name", "wanted"),
    [
        ("美食;中餐厅", "甬江鲜酒楼", {"com_food"}),
        ("政府机构;各级政府", "小港街道办事处", {"adm_centre", "adm_office"}),
        ("政府机构;公检法机构", "小港司法所", {"adm_justice"}),
        ("生活服务;通讯营业厅", "中国移动红联营业厅", {"com_telecom"}),
        ("交通设施;电动自行车充电站", "小区充电站", {"trn_bikecharge"}),
        ("休闲娱乐;休闲广场", "滨江广场", {"park_plaza"}),
        ("购物;便利店", "罗森便利店", {"com_shops", "nbh_store"}),
    ],
)
def test_baidu_places(recognized, tag, name, wanted):
    assert recognized(baidu_tag=tag, name=name) == wanted


@pytest.mark.parametrize(
    ("code", "name", "wanted"),
    [
        ("090103", "", {"com_food"}),
        ("1403", "", {"park_plaza"}),
        ("1401", "", {"park"}),
        ("0301", "", {"forest"}),
        ("1310", "小港消防救援站", {"utl_fire"}),
        ("1309", "红联垃圾收集站", {"env_waste"}),
        ("1303", "红联开闭所", {"utl_switch"}),
        ("120802", "红联公交首末站", {"trn_bus", "trn_terminal"}),
        ("070102", "滨江花园", set()),
    ],
)
def test_land(recognized, code, name, wanted):
    assert recognized(land_code=code, name=name) == wanted


@pytest.mark.parametrize(
    ("id", "place", "wanted"),
    [
        (TD62, Place(name="红联应急避难场所", land_code="1401"), {"park", "saf_shelter"}),
        (TD62, Place(name="红联社区微型消防站", amap_code="130504"), {"saf_fire"}),
        (TD62, Place(name="小港区域性居家养老服务中心", amap_code="070000"), {"eld_service", "eld_day"}),
        (TD62, Place(name="红联居家养老服务站", amap_code="070000"), {"eld_day"}),
        (TD62, Place(name="小港游泳馆", amap_code="080110"), {"spt_pool"}),
        (CIRCLE, Place(name="老百姓大药房", amap_code="090601"), {"com_pharmacy"}),
        (CIRCLE, Place(name="巴比馒头", amap_code="050300"), {"com_breakfast", "com_food"}),
        (CIRCLE, Place(tags={"shop": "hairdresser"}), {"com_hair"}),
        (CIRCLE, Place(name="福奈特洗衣", amap_code="071500"), {"com_laundry"}),
        (CIRCLE, Place(name="红联图文打印店", amap_code="070000"), {"com_print"}),
        (CIRCLE, Place(name="好帮手家政", amap_code="070000"), {"com_housekeeping"}),
        (CIRCLE, Place(name="红联开锁修鞋", amap_code="071200"), {"com_repair"}),
        (ZHEJIANG, Place(name="建设村文化礼堂", amap_code="130106"), {"cul_station", "cul_public"}),
        (ZHEJIANG, Place(name="北仑区图书馆", amap_code="140500"), {"cul_centre", "cul_public"}),
        (ZHEJIANG, Place(name="宁波大学图书馆", amap_code="140500"), set()),
    ],
)
def test_places_of_other_standards(every, id, place, wanted):
    assert {category for category, _, _ in matcher(every[id])(place)} == wanted


# --- the named projects of the district's programme -------------------------------------------------------------------


def served_by(every, *categories: str) -> set[str]:
    """The indicators of the natural resources ministry that a place of these categories counts for."""
    return {id for id, one in every[TD63].indicators.items() if set(categories) & set(one.counted)}


@pytest.mark.parametrize(
    ("place", "categories"),
    [
        (Place(name="镇海中学甬江校区（高中部）", amap_code="141202"), set()),
        (Place(name="镇海中学甬江校区", tags={"amenity": "school", "isced:level": "3"}), set()),
        (Place(name="滨江高级中学", tags={"amenity": "school", "isced:level": "3"}), set()),
        (Place(name="滨江高级中学", land_code="080403"), set()),
        (Place(name="滨江新城第一学校(九年一贯制)", amap_code="141202"), {"edu_primary", "edu_junior"}),
        (Place(name="滨江九年一贯制学校", land_code="080403"), {"edu_primary", "edu_junior"}),
        (Place(name="浙大一院宁波国际医院", amap_code="090100"), {"med_hospital"}),
        (Place(name="浙大一院宁波国际医院", land_code="080601"), {"med_hospital"}),
        (Place(name="浙大一院宁波国际医院", tags={"amenity": "hospital"}), {"med_hospital"}),
        (Place(name="小浃江公园", land_code="1401"), {"park"}),
        (Place(name="小浃江都市田园休闲区", land_code="0103"), set()),
        (Place(name="滨江公共停车场", land_code="120803"), {"trn_car"}),
        (Place(name="滨江充电站", amap_code="011100"), {"trn_charge"}),
        (Place(name="红联地铁站A口", amap_code="150501"), {"trn_rail"}),
        (Place(name="滨江人才公寓", land_code="070102"), set()),
        (Place(name="滨江体育中心", amap_code="080101"), {"spt_centre"}),
        (Place(name="滨江文化活动中心", amap_code="140800"), {"cul_centre"}),
    ],
)
def test_what_the_named_projects_serve(recognized, place, categories):
    told = {key: getattr(place, key) for key in ("name", "tags", "amap_code", "land_code")}
    assert recognized(**told) == categories


def test_a_middle_school_whose_name_does_not_say_senior_is_never_sure(every):
    tell = matcher(every[GB])
    for place in (Place(name="镇海中学甬江校区", amap_code="141202"), Place(name="镇海中学甬江校区", land_code="080403")):
        assert {(category, confidence) for category, _, confidence in tell(place)} == {("edu_junior", "medium")}


def test_what_the_named_projects_count_for(every):
    assert served_by(every) == set()
    nine_years = served_by(every, "edu_primary", "edu_junior")
    assert {"I03", "I04"} <= nine_years and "I15" not in nine_years
    hospital = served_by(every, "med_hospital")
    assert {"I13", "I16a"} <= hospital and "I02" not in hospital
    assert {"I10", "I18a"} <= served_by(every, "park")
    assert served_by(every, "trn_rail") == {"I12"}
    assert {"I06"} <= served_by(every, "cul_centre") and {"I08"} <= served_by(every, "spt_centre")
    assert served_by(every, "trn_car", "trn_charge") == set()
    assert served_by(every, "spt_football") == {"I09"} and served_by(every, "cul_library") == {"I17"}


def test_the_files_say_where_a_value_comes_from(every):
    for id in EVERY:
        told = tomllib.loads((SHIPPED / f"{id}.toml").read_text(encoding="utf-8"))
        assert told["standard"]["id"] == id
        assert every[id].origin("standard", "id") in (id, GB)
    assert every[TD62].origin("categories", "med_centre", "requirements", "T15") == TD62
    assert every[TD62].origin("categories", "med_centre", "match") == GB
