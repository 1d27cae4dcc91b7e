"""What the shipped rules make of places as services, surveyors and mappers write them: a table of codes, names and answers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from livingcircle import land_codes
from livingcircle.standards import Place, classify, load, matcher

PRIMARY, JUNIOR = "edu_primary", "edu_junior"

AMAP = [
    ("141203", "宁波市北仑区蔚斗小学", {PRIMARY}),
    ("141203", "蔚斗小学(东校区)", {PRIMARY}),
    ("141202", "滨江新城第一学校", {PRIMARY, JUNIOR}),
    ("141203", "滨江九年一贯制学校", {PRIMARY, JUNIOR}),
    ("141202", "顾国和外国语学校(九年一贯制)", {PRIMARY, JUNIOR}),
    ("141202", "北仑区完全中学", {JUNIOR}),
    ("141202", "小港中学", {JUNIOR}),
    ("141202", "明港高级中学", set()),
    ("141202", "镇海中学(高中部)", set()),
    ("141202", "北仑职业高级中学", set()),
    ("141206", "宁波职业技术学院", set()),
    ("141201", "宁波大学", set()),
    ("141201", "宁波大学附属中学", set()),
    ("141205", "小港成人学校", set()),
    ("141205", "蔚斗小学", {PRIMARY}),
    ("141203", "滨江小学(建设中)", set()),
    ("141203", "建设小学", {PRIMARY}),
    ("141207", "蔚斗小学体育馆", set()),
    ("141207", "小港中学食堂", set()),
    ("141203|141207", "蔚斗小学-东门", set()),
    ("141203", "蔚斗小学南门", set()),
    ("141200", "春蕾家长学校", set()),
    ("141200", "北仑区老年大学", set()),
    ("141400", "学而思培训学校", set()),
    ("141400|141203", "新东方小学部培训中心", set()),
    ("141204", "红联幼儿园", {"edu_kinder"}),
    ("141204|141400", "星星幼儿园", {"edu_kinder"}),
    ("141204", "阳光托育中心", {"edu_nursery"}),
    ("072000", "小太阳托育园", {"edu_nursery"}),
    ("090100", "北仑区人民医院", {"med_hospital"}),
    ("090101", "浙江大学医学院附属第一医院", {"med_hospital"}),
    ("090100", "同仁堂大药房", set()),
    ("090100", "老百姓药店(红联店)", set()),
    ("090100|090601", "海王星辰健康药房", {"com_shops"}),
    ("090601", "老百姓大药房", {"com_shops"}),
    ("090100", "小港街道社区卫生服务中心", {"med_centre"}),
    ("090300", "红联社区卫生服务站", {"med_station"}),
    ("090102", "柴桥街道卫生院", {"med_centre"}),
    ("090300", "张氏口腔诊所", set()),
    ("090300", "王医生诊所", set()),
    ("090200", "爱尔眼科医院", {"med_hospital"}),
    ("090701", "爱宠动物医院", set()),
    ("090100", "瑞鹏宠物医院", set()),
    ("090100", "某某门诊部", {"med_outpat"}),
    ("060703", "红联菜市场", {"com_market"}),
    ("060100", "小港农贸市场", {"com_market"}),
    ("060700", "北仑建材批发市场", set()),
    ("060400", "三江超市(红联店)", {"com_shops"}),
    ("060400", "盒马生鲜超市", {"com_market", "com_shops"}),
    ("060200", "罗森便利店", {"com_shops", "nbh_store"}),
    ("060101", "银泰城购物中心", {"com_mall"}),
    ("060101", "银泰城停车场", set()),
    ("150904", "银泰城停车场出入口", set()),
    ("150907", "银泰城停车场入口", set()),
    ("150904", "红联公共停车场", {"trn_car"}),
    ("150905", "红联小区停车场", set()),
    ("150904", "供电局职工停车场", set()),
    ("150700", "红联(公交站)", {"trn_bus"}),
    ("150700|150702", "蔚斗小学(公交站)", {"trn_bus"}),
    ("150501", "红联地铁站A口", {"trn_rail"}),
    ("150500", "红联(地铁站)", {"trn_rail"}),
    ("150500", "小港站(建设中)", set()),
    ("011100", "特来电汽车充电站", {"trn_charge"}),
    ("11100", "国家电网充电站", {"trn_charge"}),
    ("011100", "公交充电站(公交专用)", set()),
    ("110101", "滨江公园", {"park"}),
    ("110101", "滨江公园南门", set()),
    ("110106", "滨江公园儿童乐园", set()),
    ("130105", "小港街道办事处", {"adm_centre", "adm_office"}),
    ("130106", "红联社区居民委员会", {"adm_station"}),
    ("130501", "小港派出所", {"adm_police"}),
    ("130501", "北仑公安分局交警大队", set()),
    ("160100", "宁波银行(红联支行)", {"com_bank"}),
    ("160300", "宁波银行ATM", set()),
    ("070400", "中国邮政(小港支局)", {"com_post"}),
    ("070500", "菜鸟驿站", {"nbh_parcel"}),
    ("200300", "公共厕所", {"env_toilet"}),
    ("140500", "北仑区图书馆", {"cul_centre"}),
    ("140500", "宁波大学图书馆", set()),
    ("140800", "小港文化宫", {"cul_centre"}),
    ("130106", "建设村文化礼堂", {"cul_station"}),
    ("080402", "小港敬老院", {"eld_home"}),
    ("070000", "红联居家养老服务中心", {"eld_day"}),
    ("070000", "康宁护理院", {"eld_nursing"}),
    ("070000", "养老服务咨询公司", set()),
    ("050100", "红联社区食堂", {"com_canteen"}),
    ("050100", "海鲜大排档", {"com_food"}),
    ("080101", "北仑区体育馆", {"spt_centre"}),
    ("", "蔚斗小学", set()),
    ("nonsense", "蔚斗小学", set()),
]

BAIDU = [
    ("教育培训;小学", "蔚斗小学", {PRIMARY}),
    ("教育培训；小学", "蔚斗小学", {PRIMARY}),
    ("教育培训;中学", "滨江九年一贯制学校", {PRIMARY, JUNIOR}),
    ("教育培训;中学", "小港中学", {JUNIOR}),
    ("教育培训;中学", "明港高级中学", set()),
    ("教育培训;中学", "北仑区完全中学", {JUNIOR}),
    ("教育培训;小学", "滨江小学(建设中)", set()),
    ("教育培训;小学", "蔚斗小学-北门", set()),
    ("教育培训;幼儿园", "红联幼儿园", {"edu_kinder"}),
    ("教育培训;亲子教育", "阳光托育中心", {"edu_nursery"}),
    ("教育培训;培训机构", "小学奥数培训", set()),
    ("教育培训;培训机构", "蓝天小学辅导", set()),
    ("教育培训;成人教育", "小港成人学校", set()),
    ("教育培训;高等院校", "宁波大学", set()),
    ("医疗;综合医院", "北仑区人民医院", {"med_hospital"}),
    ("医疗;综合医院", "同仁堂大药房", set()),
    ("医疗;药店", "老百姓大药房", {"com_shops"}),
    ("医疗;诊所", "红联社区卫生服务站", {"med_station"}),
    ("医疗;诊所", "王氏诊所", set()),
    ("医疗;综合医院", "小港街道社区卫生服务中心", {"med_centre"}),
    ("生活服务;宠物服务", "爱宠动物医院", set()),
    ("购物;便利店", "罗森便利店", {"com_shops", "nbh_store"}),
    ("购物;市场", "红联菜市场", {"com_market"}),
    ("购物;购物中心", "银泰城", {"com_mall"}),
    ("交通设施;公交车站", "蔚斗小学", {"trn_bus"}),
    ("交通设施;公交线路", "788路", set()),
    ("交通设施;地铁站", "红联", {"trn_rail"}),
    ("交通设施;停车场", "红联公共停车场", {"trn_car"}),
    ("出入口;停车场出入口", "红联公共停车场入口", set()),
    ("交通设施;充电站", "特来电充电站", {"trn_charge"}),
    ("交通设施;电动自行车充电站", "小区充电站", set()),
    ("旅游景点;公园", "滨江公园", {"park"}),
    ("旅游景点;公园", "滨江公园-南门", set()),
    ("出入口;门", "滨江公园", set()),
    ("政府机构;福利机构", "小港敬老院", {"eld_home"}),
    ("政府机构", "红联社区居委会", {"adm_station"}),
    ("政府机构;公检法机构", "小港派出所", {"adm_police"}),
    ("金融;银行", "宁波银行(红联支行)", {"com_bank"}),
    ("金融;ATM", "宁波银行ATM", set()),
    ("生活服务;公共厕所", "公共厕所", {"env_toilet"}),
    ("教育培训;图书馆", "北仑区图书馆", {"cul_centre"}),
    ("公司企业;公司", "托育咨询有限公司", set()),
    ("教育培训", "蔚斗小学", set()),
]

OSM = [
    ({"amenity": "school", "isced:level": "1"}, "某学校", {PRIMARY}),
    ({"amenity": "school", "isced:level": "1;2"}, "某学校", {PRIMARY, JUNIOR}),
    ({"amenity": "school", "isced:level": "3"}, "镇海中学", set()),
    ({"amenity": "school"}, "北仑区完全中学", {JUNIOR}),
    ({"amenity": "school"}, "滨江小学 (建设中)", set()),
    ({"amenity": "school", "landuse": "construction"}, "滨江小学", set()),
    ({"amenity": "school"}, "驾驶学校", set()),
    ({"amenity": "veterinary"}, "动物医院", set()),
    ({"amenity": "hospital"}, "宠物医院", set()),
    ({"amenity": "parking", "access": "private"}, None, set()),
    ({"amenity": "parking_entrance"}, "停车场", set()),
    ({"amenity": "clinic"}, "小港街道社区卫生服务中心", {"med_centre"}),
    ({"amenity": "doctors"}, "王氏诊所", set()),
    ({"amenity": "community_centre"}, "北仑区老年大学", set()),
]

LAND = [
    ("mnr2023", "080403", "蔚斗小学", {PRIMARY}),
    ("mnr2023", "080403", "", {PRIMARY, JUNIOR}),
    ("mnr2023", "0804", "蔚斗小学", {PRIMARY}),
    ("mnr2023", "0804", "", set()),
    ("mnr2023", "1401", "", {"park"}),
    ("mnr2023", "0703", "", set()),
    ("gb50137", "A33", "", {PRIMARY, JUNIOR}),
    ("gb50137", "A33", "滨江九年一贯制学校", {PRIMARY, JUNIOR}),
    ("gb50137", "A33", "明港高级中学", set()),
    ("gb50137", "A51", "北仑区人民医院", {"med_hospital"}),
    ("gb50137", "A51", "小港街道社区卫生服务中心", {"med_centre"}),
    ("gb50137", "G1", "", {"park"}),
    ("gb50137", "G2", "", set()),
    ("gb50137", "S42", "", {"trn_car"}),
    ("gb50137", "R22", "红联幼儿园", {"edu_kinder"}),
    ("gb50137", "R22", "", set()),
    ("gb50137", "G1/S42", "", {"park", "trn_car"}),
    ("gb50137", "R21", "小港花园", set()),
    ("gb50137", "B11", "红联菜市场", {"com_market"}),
    ("survey3", "08H2", "蔚斗小学", {PRIMARY}),
    ("survey3", "08H2", "北仑区人民医院", {"med_hospital"}),
    ("survey3", "08H2", "红联幼儿园", {"edu_kinder"}),
    ("survey3", "08H2", "", set()),
    ("survey3", "0810", "滨江公园", {"park"}),
    ("survey3", "0810", "", set()),
    ("survey3", "0702", "", set()),
    ("survey3", "05H1", "银泰城购物中心", {"com_mall"}),
    ("gbt21010", "0803", "蔚斗小学", {PRIMARY}),
    ("gbt21010", "0805", "北仑区人民医院", {"med_hospital"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def shipped():
    return load("gb50180-2018")


def ids(found) -> set[str]:
    return {category for category, _, _ in found}


@pytest.mark.parametrize(("code", "name", "wanted"), AMAP)
def test_amap(shipped, code, name, wanted):
    assert ids(classify(shipped, amap_code=code, name=name)) == wanted


@pytest.mark.parametrize(("tag", "name", "wanted"), BAIDU)
def test_baidu(shipped, tag, name, wanted):
    assert ids(classify(shipped, baidu_tag=tag, name=name)) == wanted


@pytest.mark.parametrize(("tags", "name", "wanted"), OSM)
def test_osm(shipped, tags, name, wanted):
    assert ids(classify(shipped, tags=tags, name=name)) == wanted


@pytest.mark.parametrize(("vocabulary", "code", "name", "wanted"), LAND)
def test_land(shipped, vocabulary, code, name, wanted):
    to, parts = land_codes.equivalents(code, vocabulary)
    assert ids(matcher(shipped)(Place(name=name, land_code="|".join(to), land_parts="|".join(parts)))) == wanted


def test_the_table_is_as_long_as_it_should_be():
    assert len(AMAP) + len(BAIDU) + len(OSM) + len(LAND) >= 170


def test_one_matcher_answers_as_many_single_questions_do(shipped):
    match = matcher(shipped)
    for code, name, _ in AMAP:
        assert match(Place(name=name, amap_code=code)) == classify(shipped, amap_code=code, name=name)


def test_a_narrower_code_serves_no_less_by_name_than_the_wider_one(shipped):
    match = matcher(shipped)
    for name in ("蔚斗小学", "北仑区人民医院", "红联幼儿园", "滨江公园", ""):
        wide = match(Place(name=name, land_parts="0804|080403|080404|080601|1401"))
        sure = match(Place(name=name, land_code="0804|080403|080404|080601|1401"))
        assert ids(wide) <= ids(sure)


def test_a_tag_path_is_read_word_by_word(shipped):
    assert ids(classify(shipped, baidu_tag="交通设施;停车场", name="甲")) == {"trn_car"}
    assert ids(classify(shipped, baidu_tag="交通设施;停车场所", name="甲")) == set()


def test_importing_it_brings_no_table_library():
    code = "import sys, livingcircle.standards.matching; print(sorted({'pandas', 'geopandas', 'numpy', 'shapely'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
