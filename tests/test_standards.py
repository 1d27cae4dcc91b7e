"""Standards: every shipped file keeps the contract; the loader, the lookups and the matching on a tiny standard by hand."""

from __future__ import annotations

import itertools
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from livingcircle import standards
from livingcircle.errors import StandardError
from livingcircle.standards import classify, load

CATEGORIES = """edu_kinder edu_primary edu_junior edu_nursery med_centre med_station med_hospital med_outpat eld_home
eld_nursing eld_day cul_centre cul_station spt_large spt_medium spt_small spt_outdoor spt_centre park com_market com_shops
com_mall com_post com_bank adm_centre adm_station adm_police trn_bus trn_rail trn_car trn_charge env_toilet com_canteen
com_food com_gym com_telecom adm_office adm_justice trn_terminal trn_bike env_recycle env_waste utl_switch utl_misc utl_fire
nbh_property nbh_play nbh_fitness nbh_store nbh_parcel nbh_bin""".split()

TINY = """
[standard]
id = "tiny"
number = "T 1"
name = { zh = "小标准", en = "tiny standard" }
in_force = "2020-02-01"

[match]
drop_name_regex = '[(（]建设中'
keep_bracket_regex = '部$'
drop_tags = { disused = "yes" }
drop_amap = ["9999"]

[levels.L10]
name = { zh = "十分钟", en = "10 minutes" }
minutes = 10
walk_m = 500
clause = "1.1"
evidence = "●"

[levels.L5]
name = { zh = "五分钟", en = "5 minutes" }
minutes = 5
walk_m = 300
clause = "1.2"
evidence = "◐"

[themes.learning]
name = { zh = "教育", en = "learning" }
color = "#0072B2"

[categories.school]
name = { zh = "学校", en = "school" }
theme = "learning"
source = "T 1"
area_facility = true
requirements = [
  { level = "L10", limit_m = 500, limit_min = 10, flag = "mandatory", clause = "2.1", verb = "不宜大于", evidence = "◐" },
  { level = "L5", limit_m = 250.5, limit_min = 5, flag = "on_demand", clause = "2.2", evidence = "○" },
]

[categories.school.match]
osm = [
  { amenity = "school", name_regex = "upper|高中", confidence = "low" },
  { amenity = ["school", "college"], not = { access = ["private", "no"] }, not_name_regex = "高中" },
]
amap = [
  { codes = ["1412"], name_regex = "小学|初中部", not_codes = ["141207"] },
  { name_regex = "书院", not_codes = ["15"], confidence = "medium" },
]
land = ["0804", { codes = ["07"], name_regex = "学校", confidence = "medium" }]

[categories.stop]
name = { zh = "车站", en = "stop" }
theme = "learning"
source = "T 1"
department = { zh = "交通局", en = "transport" }
requirements = [{ level = "L5", limit_m = 300, limit_min = 5, flag = "mandatory", clause = "3", evidence = "○" }]
match = { osm = [{ "railway:stop" = true }] }
"""


@pytest.fixture
def write(tmp_path: Path):
    """A function that writes the tiny standard, with some of its text replaced, and answers the file."""

    def write(*changes: tuple[str, str]) -> Path:
        told = TINY
        for old, new in changes:
            assert told.count(old) >= 1, old
            told = told.replace(old, new, 1)
        file = tmp_path / "tiny.toml"
        file.write_text(told, encoding="utf-8")
        return file

    return write


@pytest.fixture
def tiny(write) -> standards.Standard:
    return load(write())


@pytest.fixture(scope="module")
def shipped() -> standards.Standard:
    return load("gb50180-2018")


def served(*args, **kwargs) -> set[str]:
    return {category for category, _, _ in classify(*args, **kwargs)}


# --- every shipped file ---------------------------------------------------------------------------------------------


@pytest.fixture(params=standards.available())
def each(request) -> standards.Standard:
    return load(request.param)


def test_shipped_file_bears_its_id_and_says_what_it_renders(each):
    assert each.id in standards.available() and load(each.id) == each
    assert each.number and each.name.zh and each.name.en and each.in_force.year >= 1949


def test_shipped_categories_say_all_a_planner_needs(each):
    counted = {id for indicator in each.indicators.values() for id in indicator.counted}
    assert not each.levels or len({key for key, asked in each.requirements() if asked.flag == "mandatory"}) >= 12
    for key, category in each.categories.items():
        assert category.id == key and category.theme in each.themes and category.source
        assert category.name.zh and category.name.en
        assert category.requirements or category.size or category.quotas or key in counted, key
        assert any("\u4e00" <= sign <= "\u9fff" for sign in category.name.zh), key
        assert category.name.en.isascii(), key
        for asked in category.requirements:
            assert asked.level in each.levels
            assert 0 < asked.limit_m <= 5000 and 0 < asked.limit_min <= 60
            assert asked.flag in ("mandatory", "on_demand") and asked.clause
            assert {asked.evidence, asked.flag_evidence} <= set("●◐○")


def test_shipped_names_and_colors_differ(each):
    for part in (each.levels, each.themes, each.categories):
        for language in ("zh", "en"):
            said = [one.name.get(language) for one in part.values()]
            assert len(said) == len(set(said))
    colors = [theme.color.lower() for theme in each.themes.values()]
    assert len(colors) == len(set(colors))


def test_every_shipped_category_that_is_judged_can_be_matched_from_each_origin(each):
    for key, category in each.categories.items():
        match = category.match
        assert match.osm and match.amap and match.land if category.requirements else match.land, key


def test_shipped_limits_agree_with_their_level_or_say_why(each):
    for key, asked in each.requirements():
        level = each.levels[asked.level]
        if asked.limit_m > level.walk_m or asked.limit_min != level.minutes:
            assert asked.note is not None, (key, asked.level)


def test_gb50180_holds_the_agreed_categories_and_levels(shipped):
    assert sorted(shipped.categories) == sorted(CATEGORIES)
    assert {key: (level.minutes, level.walk_m) for key, level in shipped.levels.items()} == {
        "L15": (15, 1000), "L10": (10, 500), "L5": (5, 300),
    }  # fmt: skip
    assert all(asked.flag_evidence == "○" for _, asked in shipped.requirements())


@pytest.mark.parametrize(
    ("category", "wanted"),
    [
        ("edu_kinder", [("L5", 300, "mandatory")]),
        ("edu_primary", [("L10", 500, "mandatory")]),
        ("edu_junior", [("L15", 1000, "mandatory"), ("L10", 1000, "on_demand")]),
        ("med_centre", [("L15", 1000, "mandatory")]),
        ("med_station", [("L5", 300, "on_demand")]),
        ("med_hospital", [("L15", 2000, "on_demand")]),
        ("com_mall", [("L15", 500, "mandatory"), ("L10", 500, "mandatory")]),
        ("com_bank", [("L15", 1000, "mandatory"), ("L10", 500, "mandatory")]),
        ("cul_station", [("L5", 500, "mandatory")]),
        ("adm_police", [("L15", 800, "on_demand")]),
        ("trn_bus", [("L15", 500, "mandatory"), ("L10", 500, "mandatory"), ("L5", 500, "on_demand")]),
        ("trn_rail", [("L15", 800, "on_demand"), ("L10", 800, "on_demand")]),
    ],
)
def test_gb50180_limits_as_the_table_has_them(shipped, category, wanted):
    assert [(r.level, r.limit_m, r.flag) for r in shipped.category(category).requirements] == wanted


# --- what the shipped rules make of real names ----------------------------------------------------------------------

SCHOOL = {"amenity": "school"}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("小浃江小学", {"edu_primary": "high"}),
        ("鄞州中学附属下应中心小学", {"edu_primary": "high"}),
        ("清华附小", {"edu_primary": "high"}),
        ("Arabian ala-aste", {"edu_primary": "high"}),
        ("慈溪市耕民初级中学", {"edu_junior": "high"}),
        ("普迪学校（初中部）", {"edu_junior": "high"}),
        ("Xiaogang Junior High School", {"edu_junior": "high"}),
        ("小浃江中学", {"edu_junior": "medium"}),
        ("滨江九年一贯制学校", {"edu_primary": "high", "edu_junior": "high"}),
        ("桥头胡小学中学", {"edu_primary": "high", "edu_junior": "medium"}),
        ("小港中心学校", {"edu_primary": "low", "edu_junior": "low"}),
        ("宁波大学附属学校", {"edu_primary": "low", "edu_junior": "low"}),
        ("建设中学", {"edu_junior": "medium"}),
        ("", {"edu_primary": "low", "edu_junior": "low"}),
        ("四明幼儿园", {"edu_kinder": "medium"}),
        ("明港高级中学", {}),
        ("慈城高中", {}),
        ("某中学（高中部）", {}),
        ("Helsinki Senior High School", {}),
        ("北仑职业高级中学", {}),
        ("小港成人学校", {}),
        ("宁波大学", {}),
        ("滨江小学（建设中）", {}),
        ("滨江小学(在建)", {}),
        ("海曙区老年大学", {}),
        ("春蕾家长学校", {}),
        ("蓝天小学培训部", {}),
    ],
)
def test_the_name_decides_what_a_school_is(shipped, name, wanted):
    found = classify(shipped, tags=SCHOOL, name=name)
    assert {category: confidence for category, _, confidence in found} == wanted


def test_a_tagged_school_level_is_believed(shipped):
    assert served(shipped, tags={**SCHOOL, "isced:level": "1"}, name="某学校") == {"edu_primary"}
    assert served(shipped, tags={**SCHOOL, "isced:level": "1;2"}, name="某学校") == {"edu_primary", "edu_junior"}
    assert served(shipped, tags={**SCHOOL, "isced:level": "3"}, name="镇海中学") == set()


@pytest.mark.parametrize(
    ("tags", "name", "wanted"),
    [
        ({"amenity": "hospital"}, None, {"med_hospital"}),
        ({"amenity": "hospital"}, "北仑区人民医院", {"med_hospital"}),
        ({"amenity": "hospital"}, "新明街道社区卫生服务中心", {"med_centre"}),
        ({"amenity": "hospital"}, "爱心动物医院", set()),
        ({"amenity": "clinic"}, None, {"med_centre"}),
        ({"amenity": "clinic"}, "红联社区卫生服务站", {"med_station"}),
        ({"amenity": "clinic"}, "王氏诊所", set()),
        ({"amenity": "clinic"}, "某门诊部", {"med_outpat"}),
        ({"leisure": "park"}, None, {"park"}),
        ({"leisure": "park", "access": "private"}, None, set()),
        ({"highway": "bus_stop"}, "清华大学西门", {"trn_bus"}),
        ({"railway": "subway_entrance"}, "A出入口", {"trn_rail"}),
        ({"railway": "subway_entrance"}, "红联地铁站B出入口", {"trn_rail"}),
        ({"railway": "station", "station": "subway"}, "红联", {"trn_rail"}),
        ({"railway": "station", "station": "subway"}, "小港(建设中)", set()),
        ({"amenity": "parking"}, None, {"trn_car"}),
        ({"amenity": "parking", "access": "customers"}, None, set()),
        ({"amenity": "parking"}, "万达停车场出入口", set()),
        ({"amenity": "charging_station"}, None, {"trn_charge"}),
        ({"amenity": "library"}, None, {"cul_centre"}),
        ({"amenity": "library"}, "宁波大学图书馆", set()),
        ({"amenity": "community_centre"}, "建设村文化礼堂", {"cul_station"}),
        ({"amenity": "community_centre"}, "红联社区居委会", {"adm_station"}),
        ({"amenity": "community_centre"}, "小港街道党群服务中心", {"adm_centre"}),
        ({"amenity": "social_facility", "social_facility": "nursing_home"}, "小港敬老院", {"eld_home"}),
        ({"amenity": "social_facility", "social_facility": "nursing_home"}, "某护理院", {"eld_nursing"}),
        ({"amenity": "social_facility"}, "红联居家养老服务站", {"eld_day"}),
        ({"amenity": "social_facility", "social_facility": "day_care"}, None, set()),
        ({"amenity": "marketplace"}, "红联菜市场", {"com_market"}),
        ({"amenity": "marketplace"}, "花鸟市场", set()),
        ({"shop": "supermarket"}, "某生鲜超市", {"com_market", "com_shops"}),
        ({"amenity": "pharmacy"}, None, {"com_shops"}),
        ({"shop": "mall"}, "银泰城", {"com_mall"}),
        ({"amenity": "police"}, "小港派出所", {"adm_police"}),
        ({"amenity": "police"}, "北仑交警大队", set()),
        ({"amenity": "restaurant"}, "红联社区食堂", {"com_canteen"}),
        ({"amenity": "restaurant"}, "海鲜楼", {"com_food"}),
        ({"leisure": "pitch", "sport": "basketball"}, None, {"spt_small"}),
        ({"leisure": "pitch", "sport": "soccer"}, None, {"spt_large"}),
        ({"leisure": "pitch", "sport": "multi"}, None, {"spt_medium"}),
        ({"leisure": "fitness_station"}, None, {"spt_outdoor"}),
        ({"amenity": "childcare"}, None, {"edu_nursery"}),
        ({"amenity": "toilets"}, None, {"env_toilet"}),
        ({"amenity": "bank"}, "工商银行", {"com_bank"}),
        ({"amenity": "post_office"}, None, {"com_post"}),
        ({"amenity": "cafe"}, "某咖啡", set()),
    ],
)
def test_what_osm_places_serve(shipped, tags, name, wanted):
    assert served(shipped, tags=tags, name=name) == wanted


@pytest.mark.parametrize(
    ("code", "name", "wanted"),
    [
        ("141203", "蔚斗小学", {"edu_primary"}),
        ("141205", "蔚斗小学", {"edu_primary"}),
        ("141203", "滨江九年一贯制学校", {"edu_primary", "edu_junior"}),
        ("141202", "明港高级中学", set()),
        ("141202", "裘村初中", {"edu_junior"}),
        ("141207", "蔚斗小学食堂", set()),
        ("141204|141400", "星星幼儿园", {"edu_kinder"}),
        ("150700", "蔚斗小学(公交站)", {"trn_bus"}),
        ("90101", "北仑区人民医院", {"med_hospital"}),
        ("090100", "同仁堂药店", set()),
        ("090300", "小港街道社区卫生服务中心", {"med_centre"}),
        ("090300", "王氏诊所", set()),
        ("060100", "红联菜市场", {"com_market"}),
        ("150501", "红联地铁站A口", {"trn_rail"}),
        ("150905", "某单位停车场", set()),
        ("80108", "中心健身广场", {"spt_outdoor"}),
        ("070000", "小港敬老院", {"eld_home"}),
    ],
)
def test_what_amap_places_serve(shipped, code, name, wanted):
    assert served(shipped, amap_code=code, name=name) == wanted


@pytest.mark.parametrize(
    ("code", "name", "wanted"),
    [
        ("080403", None, {"edu_primary", "edu_junior"}),
        ("080403", "滨江小学", {"edu_primary"}),
        ("080403", "镇海高级中学", set()),
        ("80404", None, {"edu_kinder"}),
        ("080601", "宁波国际医院", {"med_hospital"}),
        ("1401", None, {"park"}),
        ("120803", None, {"trn_car"}),
        ("070102", "小港花园", set()),
    ],
)
def test_what_land_serves(shipped, code, name, wanted):
    assert served(shipped, land_code=code, name=name) == wanted


# --- values on the tiny standard ------------------------------------------------------------------------------------


def test_a_standard_says_what_its_file_says(tiny):
    assert (tiny.id, tiny.number, tiny.in_force.isoformat(), tiny.note) == ("tiny", "T 1", "2020-02-01", None)
    assert (tiny.name.get("zh"), tiny.name.get("zh-CN"), tiny.name.get("en")) == ("小标准", "小标准", "tiny standard")
    assert [(key, r.level, r.limit_m, r.limit_min, r.flag) for key, r in tiny.requirements()] == [
        ("school", "L10", 500, 10, "mandatory"),
        ("school", "L5", 250.5, 5, "on_demand"),
        ("stop", "L5", 300, 5, "mandatory"),
    ]
    assert list(tiny.categories) == ["school", "stop"] and list(tiny.levels) == ["L10", "L5"]
    assert tiny.category("school").area_facility and not tiny.category("stop").area_facility
    assert tiny.category("stop").department.get("en") == "transport"


def test_keys_to_read_an_extract_by_are_the_first_tags(tiny):
    assert tiny.osm_keys() == ("amenity", "railway:stop")


def test_the_surest_rule_counts_then_the_first(tiny):
    assert classify(tiny, tags={"amenity": "school"}, name="upper school") == (("school", "osm:1", "high"),)
    assert classify(tiny, tags={"amenity": "school"}, name="一中高中") == (("school", "osm:0", "low"),)
    both = {"amenity": "college", "railway:stop": "anything"}
    assert classify(tiny, tags=both) == (("school", "osm:1", "high"), ("stop", "osm:0", "high"))


def test_tags_may_hold_several_values_and_not_cancels(tiny):
    assert served(tiny, tags={"amenity": "library; school"}) == {"school"}
    assert served(tiny, tags={"amenity": "school", "access": "no"}) == set()
    assert served(tiny, tags={"amenity": "school", "disused": "yes"}) == set()
    assert served(tiny, tags={"amenity": "preschool"}) == set()


def test_names_come_from_tags_too_in_any_case(tiny):
    assert classify(tiny, tags={"amenity": "school", "access": "no", "name:en": "UPPER"}) == (("school", "osm:0", "low"),)
    assert served(tiny, tags={"amenity": "school", "name": "新校（建设中）"}) == set()


def test_brackets_are_left_out_unless_they_tell_of_the_place(tiny):
    assert served(tiny, amap_code="141200", name="便利店(小学店)") == set()
    assert served(tiny, amap_code="141200", name="实验学校(初中部)") == {"school"}


def test_codes_match_by_prefix_and_several_are_joined(tiny):
    assert classify(tiny, amap_code="060100|141203", name="一小学") == (("school", "amap:0", "high"),)
    assert served(tiny, amap_code="141203|141207", name="一小学") == set()
    assert classify(tiny, amap_code="070000", name="明德书院") == (("school", "amap:1", "medium"),)
    assert served(tiny, amap_code="150700", name="明德书院") == set()
    assert served(tiny, amap_code="999901", name="明德书院") == set()
    assert served(tiny, amap_code="999901|070000", name="明德书院") == {"school"}


def test_land_codes_match_by_prefix(tiny):
    assert classify(tiny, land_code="080403") == (("school", "land:0804", "high"),)
    assert classify(tiny, land_code="80403.0") == (("school", "land:0804", "high"),)
    assert classify(tiny, land_code="0702", name="社区学校") == (("school", "land:07", "medium"),)
    assert classify(tiny, land_code="0702") == ()


@pytest.mark.parametrize("nothing", [{}, {"tags": {}}, {"amap_code": ""}, {"amap_code": "nan"}, {"land_code": "None"}, {"name": "小学"}])
def test_a_place_that_says_nothing_serves_nothing(tiny, nothing):
    assert classify(tiny, **nothing) == ()


def test_classifying_leaves_the_tags_alone(tiny):
    tags = {"amenity": "school", "name": "upper"}
    classify(tiny, tags=tags)
    assert tags == {"amenity": "school", "name": "upper"}


def test_fewer_rules_never_serve_more(write):
    less = load(write(('  { amenity = "school", name_regex = "upper|高中", confidence = "low" },\n', "")))
    full = load(write())
    for name, amenity in itertools.product(["", "upper", "高中", "一小学"], ["school", "college", "bank"]):
        assert served(less, tags={"amenity": amenity}, name=name) <= served(full, tags={"amenity": amenity}, name=name)


def test_a_standard_cannot_be_changed_and_travels_between_processes(tiny):
    with pytest.raises(Exception, match="frozen"):
        tiny.category("school").theme = "other"
    again = pickle.loads(pickle.dumps(tiny))
    assert again == tiny and served(again, tags={"amenity": "school"}) == {"school"}


# --- refusals -------------------------------------------------------------------------------------------------------


def faults(path, **kwargs) -> list[str]:
    with pytest.raises(StandardError) as caught:
        load(path, **kwargs)
    return [str(fault) for fault in caught.value.faults]


def test_an_unknown_category_suggests_the_near_ones(shipped, tiny):
    with pytest.raises(StandardError, match="unknown category 'edu_primery'.*did you mean 'edu_primary'"):
        shipped.category("edu_primery")
    with pytest.raises(StandardError, match="known: school, stop"):
        tiny.category("xyzzy")


def test_an_unknown_standard_lists_the_shipped_ones(tmp_path):
    for asked in ("gb50180", "nothing-like-it", "own.toml", Path("own")):
        (fault,) = faults(asked, base=tmp_path)
        assert "no such" in fault and "gb50180-2018" in fault


def test_a_path_starts_at_base(write):
    file = write()
    assert load("tiny.toml", base=file.parent).id == load(file).id == load(str(file), base=Path("/nowhere")).id == "tiny"


def test_broken_toml_tells_file_and_line(write):
    (fault,) = faults(write(("minutes = 10", "minutes = ")))
    assert "tiny.toml" in fault and "line 16" in fault


def test_a_file_in_another_encoding_is_refused(tmp_path):
    file = tmp_path / "gbk.toml"
    file.write_bytes(TINY.encode("gb18030"))
    (fault,) = faults(file)
    assert "gbk.toml" in fault and "UTF-8" in fault


def test_an_empty_file_lacks_every_part(tmp_path):
    file = tmp_path / "empty.toml"
    file.write_text("")
    said = "\n".join(faults(file))
    for key in ("standard.id", "standard.number", "standard.name", "levels", "themes", "categories"):
        assert f"{key}: is required" in said


def test_all_faults_are_told_at_once_with_their_keys(write):
    file = write(
        ('id = "tiny"', 'id = "tiny"\ncolour = 1'),
        ("minutes = 10", "minutes = -1"),
        ('color = "#0072B2"', 'color = "blue"'),
        ('zh = "学校", en = "school"', 'zh = "学校"'),
        ('theme = "learning"', 'theme = "lerning"'),
        ('level = "L5", limit_m = 250.5', 'level = "L10", limit_m = 0'),
        ('flag = "on_demand"', 'flag = "maybe"'),
        ('evidence = "○" }]', 'evidence = "?" }]'),
        ('name_regex = "upper|高中"', 'name_regex = "upper|("'),
        ("not_name_regex = ", "not_name_regexp = "),
        ('{ name_regex = "书院", not_codes = ["15"], confidence = "medium" }', '{ confidence = "sure" }'),
        ("[categories.stop]", "[categories.2-stop]"),
        ('[{ level = "L5", limit_m = 300', '[{ level = "L6", limit_m = "300"'),
    )
    file.write_text("extra = 1\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    told = faults(file)
    assert all(fault.startswith(str(file)) and "→" in fault for fault in told)
    wanted = [
        "extra: unknown key", "standard.colour: unknown key", "levels.L10.minutes: ", "themes.learning.color: ",
        "categories.school.name.en: is required", "categories.school.theme: unknown theme 'lerning' → did you mean 'learning'?",
        "categories.school.requirements.1.level: a second requirement for level 'L10'",
        "categories.school.requirements.1.limit_m: ", "categories.school.requirements.1.flag: ",
        "categories.school.match.osm.0.name_regex: is not a regular expression",
        "categories.school.match.osm.1: 'not_name_regexp' looks like 'not_name_regex'",
        "categories.school.match.amap.1.confidence: ",
        "categories.2-stop.id: ", "categories.2-stop.requirements.0.limit_m: ", "categories.2-stop.requirements.0.evidence: ",
        "categories.2-stop.requirements.0.level: unknown level 'L6'",
    ]  # fmt: skip
    for text in wanted:
        assert sum(text in fault for fault in told) == 1, (text, told)
    assert [fault for fault in told if not any(text in fault for text in wanted)] == []


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("limit_m = 500,", "limit_m = true,", "requirements.0.limit_m"),
        ("limit_m = 500,", "limit_m = inf,", "requirements.0.limit_m"),
        ('"railway:stop" = true', '"railway:stop" = false', "match.osm.0"),
        ('"railway:stop" = true', 'name_regex = "x"', "match.osm.0"),
        ('land = ["0804", ', 'land = ["08a4", ', "match.land.0.codes.0"),
        ('land = ["0804", ', 'land = [{ confidence = "low" }, ', "match.land.0"),
        ('[{ level = "L5", limit_m = 300, limit_min = 5, flag = "mandatory", clause = "3", evidence = "○" }]', "[]", "stop.requirements: is empty"),
        ("[categories.stop]", '[categories.stop]\nid = "halt"', "categories.stop.id"),
        ('in_force = "2020-02-01"', 'in_force = "soon"', "standard.in_force"),
        ("drop_name_regex = '[(（]建设中'", "drop_name_regex = '['", "match.drop_name_regex"),
    ],
)
def test_one_fault_is_one_line(write, old, new, where):
    (fault,) = faults(write((old, new)))
    assert where in fault


@pytest.mark.parametrize("part", ["levels = 1", "categories = []", "standard = 3", "match = 'x'", "categories = { a = 1 }"])
def test_parts_of_a_wrong_kind_are_faults_not_crashes(tmp_path, part):
    file = tmp_path / "odd.toml"
    file.write_text(part)
    assert any(part.split()[0] in fault for fault in faults(file))


def test_importing_it_brings_no_table_library():
    code = "import sys, livingcircle.standards; print(sorted({'pandas', 'geopandas', 'numpy', 'shapely'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
