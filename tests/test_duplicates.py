"""Repeats: which rows are one facility, what the one keeps, and that neither the order of rows nor a third row decides."""

from __future__ import annotations

import tomllib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS

from livingcircle.duplicates import COLUMNS, merge_duplicates
from livingcircle.duplicates.names import learned_places, plain
from livingcircle.duplicates.rules import FILE, rules
from livingcircle.errors import DataError

CAMPUS = shapely.box(0, 0, 100, 100)


def table(*rows, **columns):
    """Facilities of (name, category or categories, geometry or x[, capacity])."""
    shape = [row[2] if isinstance(row[2], shapely.Geometry) else shapely.Point(row[2], 0) for row in rows]
    return gpd.GeoDataFrame(
        {
            "facility_id": [f"f{n}" for n in range(len(rows))],
            "name": [row[0] for row in rows],
            "raw_name": [f" {row[0]}" for row in rows],
            "raw_type": [f"type{n}" for n in range(len(rows))],
            "categories": [(row[1],) if isinstance(row[1], str) else tuple(row[1]) for row in rows],
            "status": "existing",
            "open_year": float("nan"),
            "capacity": [float(row[3]) if len(row) > 3 else float("nan") for row in rows],
            "entrance_source": "",
            "source": "synthetic",
            "rule": [f"rule{n}" for n in range(len(rows))],
            "confidence": "high",
            "entrance": None,
            **columns,
        },
        geometry=shape,
        crs=CRS,
    )


#  Names of one invented city, so that its words can be learned: five kinds of facilities begin with them.
CITY = [
    (f"{head}{what}", kind, 10_000 + 1_000 * n)
    for n, (head, what, kind) in enumerate(
        (head, what, kind)
        for head in ("甬城市", "甬城市镇北区", "镇北区")
        for what, kind in (("图书馆", "cul_centre"), ("体育馆", "spt_centre"), ("公园", "park"), ("派出所", "adm_police"), ("第九小学", "edu_primary"))
    )
]


def one(first, second, category, metres) -> bool:
    """Whether two names so far apart are one facility, among the names of a city."""
    got, _ = merge_duplicates(table(*CITY, (first, category, 0), (second, category, metres)))
    return len(got) == len(CITY) + 1


@pytest.mark.parametrize(
    ("first", "second", "category", "metres", "wanted"),
    [
        ("红联小学", "红联 小学", "edu_primary", 40, True),
        ("红联小学", "红联小学", "edu_primary", 60, False),
        ("社区卫生服务中心", "社区卫生服务中心", "med_centre", 30, True),
        ("甬城市镇北区红联社区卫生服务中心", "红联社区卫生服务中心", "med_centre", 30, True),
        ("红联街道社区卫生服务中心", "红联社区卫生服务中心", "med_centre", 30, True),
        ("甬城市红联医院", "镇北区红联医院", "med_hospital", 30, True),
        ("甬城市小学", "镇北区小学", "edu_primary", 30, False),
        ("甬城市镇北区红联小学", "镇北区红联小学", "edu_primary", 30, True),
        ("海城市红联小学", "红联小学", "edu_primary", 30, False),
        ("红联社区居民委员会", "红联社区居委会", "adm_station", 20, True),
        ("红联（公交站）", "红联公交车站", "trn_bus", 30, True),
        ("第一小学", "第1小学", "edu_primary", 30, True),
        ("第一小学", "第二小学", "edu_primary", 10, False),
        ("甬城市第一小学", "第二小学", "edu_primary", 10, False),
        ("红联1号公厕", "红联2号公厕", "env_toilet", 10, False),
        ("1号停车场", "2号停车场", "trn_car", 10, False),
        ("红联公园北门", "红联公园南门", "park", 10, False),
        ("红联小学(东校区)", "红联小学(西校区)", "edu_primary", 10, False),
        ("红联小学", "红联小学(东校区)", "edu_primary", 10, False),
        ("红联中学", "红联中学分校", "edu_junior", 0, False),
        ("红联小学", "红联小学(滨江校区)", "edu_primary", 5, False),
        ("红联小学滨江校区", "红联小学（滨江校区）", "edu_primary", 5, True),
        ("红联地铁站A口", "红联地铁站B口", "trn_rail", 10, False),
        ("罗森(红联店)", "罗森(建设店)", "com_shops", 30, False),
        ("罗森(红联店)", "罗森(建设店)", "com_shops", 5, False),
        ("罗森便利店红联店", "罗森便利店（红联店）", "com_shops", 30, True),
        ("罗森便利店", "罗森便利店(红联店)", "com_shops", 10, True),
        ("罗森便利店", "罗森便利店(红联店)", "com_shops", 30, False),
        ("罗森便利店", "罗森便利店2店", "com_shops", 10, False),
        ("工商银行(红联支行)", "工商银行(建设支行)", "com_bank", 10, False),
        ("红联路口", "红联路口", "trn_bus", 90, True),
        ("红联路口", "红联路口", "trn_bus", 110, False),
        ("红联路口东", "红联路口西", "trn_bus", 20, False),
        ("红联小学", "建设小学", "edu_primary", 10, False),
        ("Lawson", "LAWSON ", "com_shops", 10, True),
        ("No. 1 School", "No. 2 School", "edu_primary", 10, False),
        ("", "", "env_toilet", 5, False),
    ],
)
def test_which_names_are_one_facility(first, second, category, metres, wanted):
    assert one(first, second, category, metres) is wanted
    assert one(second, first, category, metres) is wanted


def test_the_list_says_what_was_merged_and_why():
    rows = table(("红联小学", "edu_primary", 30), ("红联 小学", "edu_primary", CAMPUS), ("建设小学", "edu_primary", 500))
    got, merged = merge_duplicates(rows, language="en")
    assert list(merged.columns) == list(COLUMNS)
    assert merged.to_numpy().tolist() == [["f1", "f0", "红联 小学", "红联小学", 0.0, "same name, 0 m apart", "same_name", ""]]
    assert got["facility_id"].tolist() == ["f1", "f2"]
    assert merge_duplicates(rows)[1]["why"].tolist() == ["同名，相距0米"]


def test_node_building_and_campus_of_two_sources_are_one():
    node, building = shapely.Point(20, 20), shapely.box(40, 40, 60, 60)
    got, merged = merge_duplicates(table(("甲小学", "edu_primary", node), ("甲小学", "edu_primary", building), ("甲小学", "edu_primary", CAMPUS)))
    assert (len(got), len(merged)) == (1, 2)
    assert got.geometry.iloc[0].equals(CAMPUS)


@pytest.mark.parametrize("reverse", [False, True])
def test_nothing_is_merged_by_way_of_a_third(reverse):
    """
    ::

        A ─40 m─ B ─40 m─ C     A and C are 80 m apart: at most two of them are one
    """
    rows = table(("甲店", "com_shops", 0), ("甲店", "com_shops", 40), ("甲店", "com_shops", 80))
    got, merged = merge_duplicates(rows.iloc[::-1] if reverse else rows)
    assert (len(got), len(merged)) == (2, 1)


def test_a_bare_name_does_not_bring_two_branches_together():
    got, _ = merge_duplicates(table(("甲", "com_shops", 0), ("甲(红联店)", "com_shops", 10), ("甲(建设店)", "com_shops", -10)))
    assert len(got) == 2


def test_other_categories_and_other_states_stay():
    assert len(merge_duplicates(table(("红联", "trn_bus", 0), ("红联", "trn_rail", 10)))[0]) == 2
    assert len(merge_duplicates(table(("甲小学", "edu_primary", 0), ("甲小学", "edu_primary", 10), status=["existing", "planned"]))[0]) == 2
    assert len(merge_duplicates(table(("甲小学", "edu_primary", 0), ("甲小学", "edu_primary", 10), open_year=[2025, 2035]))[0]) == 2


def test_no_category_and_no_capacity_is_lost():
    wide = ("edu_primary", "edu_junior")
    got, merged = merge_duplicates(table(("甲学校", "edu_primary", CAMPUS), ("甲学校", wide, 5, 900), ("甲学校", "edu_primary", 9, 1200)))
    assert [set(c) for c in got["categories"]] == [set(wide)]
    assert got["capacity"].tolist() == [900]
    assert sorted(merged["conflict"]) == ["", "capacity 1200 ≠ 900"]
    assert got["rule"].tolist() == ["rule0|rule1"] and got["raw_type"].tolist() == ["type0|type1"]


def test_no_door_is_lost():
    doors = [None, shapely.Point(100, 50), shapely.Point(50, 0)]
    got, _ = merge_duplicates(table(("甲", "park", CAMPUS), ("甲", "park", 5), ("甲", "park", 9), entrance=doors))
    assert {tuple(c) for c in shapely.get_coordinates(got["entrance"][0])} == {(100, 50), (50, 0)}
    stops, _ = merge_duplicates(table(("甲", "trn_bus", 0), ("甲", "trn_bus", 40), ("甲", "trn_bus", 80)))
    assert {tuple(c) for c in shapely.get_coordinates(stops.geometry[0])} == {(0, 0), (40, 0), (80, 0)}
    grounds, _ = merge_duplicates(table(("甲", "park", CAMPUS), ("甲", "park", shapely.box(120, 0, 150, 100))))
    assert grounds.geometry[0].area == pytest.approx(13_000)


def test_nameless_shapes_inside_are_parts():
    inner, courts = shapely.Point(10, 10), shapely.Point(80, 80)
    got, merged = merge_duplicates(table(("甲公园", "park", CAMPUS), ("", "park", inner), ("", "park", courts), ("", "env_toilet", inner)))
    assert got["facility_id"].tolist() == ["f0", "f3"]
    assert merged["rule"].tolist() == ["nameless_inside"] * 2


def test_nameless_grounds_take_the_one_name_inside():
    got, merged = merge_duplicates(table(("", "edu_primary", CAMPUS), ("甲小学", "edu_primary", shapely.Point(10, 10))))
    assert got[["facility_id", "name", "raw_name"]].to_numpy().tolist() == [["f0", "甲小学", " 甲小学"]]
    assert merged["rule"].tolist() == ["named_inside"]
    two = table(("", "edu_primary", CAMPUS), ("甲小学", "edu_primary", shapely.Point(10, 10)), ("乙小学", "edu_primary", shapely.Point(90, 90)))
    assert len(merge_duplicates(two)[0]) == 3


def test_pairs_told_override():
    rows = table(("甲小学", "edu_primary", 0), ("甲小学", "edu_primary", 10), ("乙小学", "edu_junior", 900))
    assert len(merge_duplicates(rows, keep_apart=[("f1", "f0")])[0]) == 3
    got, merged = merge_duplicates(rows, same=[("f2", "f0")], keep_apart=[("f0", "f1")])
    assert (len(got), merged["rule"].tolist()) == (2, ["told_same"])
    assert {"edu_primary", "edu_junior"} in [set(c) for c in got["categories"]]


def test_all_faults_of_pairs_are_told_at_once():
    rows = table(("甲", "park", 0), ("乙", "park", 500), ("丙", "park", 900))
    with pytest.raises(DataError) as caught:
        merge_duplicates(rows, same=[("f0", "f1"), ("f1", "f2"), ("f0", "x9")], keep_apart=[("f0", "f2"), ("y9", "f1")])
    told = [str(fault) for fault in caught.value.faults]
    assert len(told) == 3 and "no facility 'x9'" in told[0] and "no facility 'y9'" in told[1] and "same and apart" in told[2]


def synthetic(seed: int, rows: int = 120):
    """Invented places in a square of 400 m: few names, so that many stand near their like."""
    chance = np.random.default_rng(seed)
    names = ["甲小学", "甲 小学", "甲小学(东校区)", "罗森", "罗森(红联店)", "罗森(建设店)", "", "红联公交站", "红联", "第一公厕", "第二公厕"]
    sorts = [("edu_primary",), ("edu_primary", "edu_junior"), ("com_shops",), ("trn_bus",)]
    made = []
    for _ in range(rows):
        x, y = chance.uniform(0, 400, 2).round(1)
        shape = shapely.box(x, y, x + 30, y + 30) if chance.random() < 0.3 else shapely.Point(x, y)
        capacity = float(chance.integers(1, 9)) if chance.random() < 0.3 else float("nan")
        made.append((chance.choice(names), sorts[chance.integers(len(sorts))], shape, capacity))
    doors = [shapely.Point(chance.uniform(0, 400, 2)) if chance.random() < 0.2 else None for _ in made]
    return table(*made, entrance=doors)


def told(result) -> tuple:
    kept, merged = result
    rows = {
        r.facility_id: (r.name_, frozenset(r.categories), r.geometry.normalize().wkt, str(r.capacity), "" if r.entrance is None else r.entrance.normalize().wkt)
        for r in kept.rename(columns={"name": "name_"}).itertuples()
    }
    return rows, sorted(map(str, merged.to_numpy().tolist()))


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_rows_does_not_matter(seed):
    rows = synthetic(seed)
    base = merge_duplicates(rows)
    assert 0 < len(base[1]) < len(rows) and len(base[0]) + len(base[1]) == len(rows)
    shuffled = rows.iloc[np.random.default_rng(seed).permutation(len(rows))]
    assert told(merge_duplicates(shuffled)) == told(base)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_and_no_group_holds_what_is_apart(seed):
    rows = synthetic(seed)
    kept, merged = merge_duplicates(rows)
    group = {**{own: own for own in kept["facility_id"]}, **dict(zip(merged["merged"], merged["kept"], strict=True))}
    assert set(group) == set(rows["facility_id"])
    own = kept.set_index("facility_id")
    for row in rows.itertuples():
        into = own.loc[group[row.facility_id]]
        assert set(row.categories) <= set(into["categories"])
        assert row.entrance is None or into["entrance"].covers(row.entrance)
        assert np.isnan(row.capacity) or not np.isnan(into["capacity"])
    named = rows[rows["name"] != ""].assign(group=lambda f: f["facility_id"].map(group))
    for _, members in named.groupby("group"):
        shapes = members.geometry.to_numpy()
        assert all(shapely.distance(a, b) <= rules().reach_m for a in shapes for b in shapes)
        assert not ({"罗森(红联店)", "罗森(建设店)"} <= set(members["name"]))
        assert not ({"第一公厕", "第二公厕"} <= set(members["name"]))


def test_inputs_are_not_changed_and_an_empty_table_is_one():
    rows = synthetic(1)
    before = rows.copy(deep=True)
    merge_duplicates(rows)
    pd.testing.assert_frame_equal(rows, before)
    kept, merged = merge_duplicates(rows.iloc[:0])
    assert len(kept) == 0 and list(merged.columns) == list(COLUMNS)


def test_chains_and_ordinals_are_no_places():
    kinds = ("edu_primary", "park", "com_bank", "med_centre", "trn_bus")
    cores = {f"第1{n}": {kind} for n, kind in enumerate(kinds)} | {f"罗森便利{n}": {"com_shops"} for n in range(20)}
    assert learned_places(cores) == frozenset()


def test_a_name_of_signs_alone_is_none():
    assert plain("—·(）").flat == "" and plain("").flat == ""


def test_every_limit_has_a_reason_and_a_mark():
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for rule in told["rules"].values():
        assert rule["reason"] and rule["evidence"] in "●◐○" and rule["zh"] and rule["en"]
    assert rules().reach_m == 100
