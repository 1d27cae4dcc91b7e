"""The sample district: made again it is the same, and it holds what its README says."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import openpyxl
import pytest
import shapely

from livingcircle import coordinates, network
from livingcircle.network.joining import mere_crossings
from livingcircle.sources import geofile, spreadsheet
from livingcircle.standards import classify, load
from livingcircle.study import schema

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data" / "beilun"
MODULES = sorted((ROOT / "scripts" / "sample_beilun").glob("*.py"))
LAYERS = [("路网.gpkg", "路网"), ("地物.gpkg", "水系"), ("地物.gpkg", "铁路"), ("地物.gpkg", "山体"), ("用地.gpkg", "用地")]
FILES = [*LAYERS, ("社区.geojson", None), ("研究范围.geojson", None), ("教育设施.shp", None), ("规划项目.geojson", None)]
SAME_M = 0.02


@pytest.fixture(scope="module")
def sample_beilun():
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import sample_beilun

        yield sample_beilun
    finally:
        sys.path.remove(str(ROOT / "scripts"))


@pytest.fixture(scope="module")
def made(sample_beilun, tmp_path_factory):
    folder = tmp_path_factory.mktemp("beilun")
    return sample_beilun.generate(folder)


@pytest.fixture(scope="module")
def facts(sample_beilun):
    return sample_beilun.district.FACTS


@pytest.fixture(scope="module")
def drawn():
    return geofile.read(SAMPLE / "路网.gpkg", layer="路网")


@pytest.fixture(scope="module")
def land():
    return geofile.read(SAMPLE / "用地.gpkg", layer="用地")


@pytest.fixture(scope="module")
def walked(drawn):
    return network.from_lines(drawn)


@pytest.fixture(scope="module")
def graph(walked):
    """The walking network as a plain graph, for answers that owe nothing to the package's own search."""
    plain = nx.Graph()
    for a, b, shape in zip(walked.streets["from_node"], walked.streets["to_node"], walked.streets.geometry, strict=True):
        if a != b and shape.length < plain.get_edge_data(a, b, {"length": np.inf})["length"]:
            plain.add_edge(a, b, length=shape.length)
        plain.nodes[a]["at"], plain.nodes[b]["at"] = (shapely.Point(shape.coords[end]) for end in (0, -1))
    return plain


def nearest_node(graph, shape, among=None):
    return min(among or graph, key=lambda node: graph.nodes[node]["at"].distance(shape))


def nearest_vertices(shapes, points):
    """The vertex of each shape that is nearest to the point beside it."""
    out = []
    for shape, point in zip(shapes, points, strict=True):
        corners = shapely.get_coordinates(shape)
        out.append(corners[np.hypot(*(corners - shapely.get_coordinates(point)).T).argmin()])
    return np.array(out)


def service_rows():
    return spreadsheet.read_points(SAMPLE / "高德POI.csv", crs="GCJ-02")


@pytest.mark.parametrize(("name", "layer"), FILES)
def test_made_again_the_layers_are_the_committed_ones(made, name, layer):
    fresh = geofile.read(made[0].parent / name, layer=layer)
    kept = geofile.read(SAMPLE / name, layer=layer)
    assert fresh.drop(columns="geometry").equals(kept.drop(columns="geometry"))
    metric = [frame.to_crs("EPSG:4550").geometry.to_numpy() for frame in (fresh, kept)]
    assert shapely.hausdorff_distance(*metric).max() < SAME_M


@pytest.mark.parametrize("name", ["高德POI.csv", "医疗养老.xlsx"])
def test_made_again_the_tables_are_the_committed_ones(made, name):
    fresh, kept = (spreadsheet.read_table(folder / name) for folder in (made[0].parent, SAMPLE))
    assert fresh.equals(kept)


def test_a_second_run_writes_the_same_bytes(made, sample_beilun, tmp_path):
    again = sample_beilun.generate(tmp_path)
    assert [path.name for path in again] == [path.name for path in made]
    assert [a.name for a, b in zip(again, made, strict=True) if a.read_bytes() != b.read_bytes()] == []


def test_every_file_is_committed_and_small(made):
    assert {path.name for path in made} | {"README.md", "study.toml"} == {path.name for path in SAMPLE.glob("[!.]*.*")}
    assert sum(path.stat().st_size for path in SAMPLE.glob("*.*")) < 3_000_000


def test_the_study_file_is_sound():
    study, base = schema.load(SAMPLE)
    assert base == SAMPLE
    assert study.study.id == "beilun"
    assert "示意" in study.study.note["zh"] and "synthetic" in study.study.note["en"]


def test_streets_are_joined_by_shared_points_and_hang_together(drawn, walked):
    assert list(walked.components["edges"]) == [len(walked.streets)]
    walkable = drawn[~drawn["highway"].isin(["motorway", "motorway_link", "construction"])].reset_index(drop=True)
    assert len(mere_crossings(walkable, tolerance_m=0.5)) == 0
    # Where a line ends, it ends on a vertex of another or away from all: nothing is joined by mere nearness.
    shapes = walkable.geometry.to_numpy()
    ends = np.array([shapely.Point(shape.coords[at]) for shape in shapes for at in (0, -1)])
    end, line = shapely.STRtree(shapes).query(ends, predicate="dwithin", distance=0.5)
    end, line = end[end // 2 != line], line[end // 2 != line]
    apart = shapely.distance(ends[end], shapely.points(nearest_vertices(shapes[line], ends[end])))
    assert np.unique(end[apart == 0.0]).tolist() == np.unique(end).tolist()


def test_no_street_is_parallel_to_an_axis(drawn):
    points = [np.diff(shapely.get_coordinates(shape), axis=0) for shape in drawn.geometry if shape.length > 100.0]
    assert not [steps for steps in points if (np.abs(steps).min(axis=1)[np.hypot(*steps.T) > 50.0] == 0.0).any()]


def test_only_the_stated_ways_cross_river_and_railway(drawn, facts):
    rail, river = (geofile.read(SAMPLE / "地物.gpkg", layer=layer).geometry.iloc[0] for layer in ("铁路", "水系"))
    assert list(drawn.loc[drawn.intersects(rail), "name"]) == [facts["rail"]["underpass"]["name"]]
    assert list(drawn.loc[drawn.intersects(rail), "layer"]) == [-1]
    over = drawn[drawn.intersects(river) & (drawn["highway"] != "motorway")]
    assert sorted(over["name"]) == sorted(bridge["name"] for bridge in facts["river"]["bridges"])
    assert set(over["layer"]) == {1}


def test_closed_ways_are_left_out_and_named(walked):
    rules = set(walked.dropped["rule"])
    assert {"motorway", "not_built"} <= rules


def test_the_planted_estate_opens_away_from_the_school(graph, walked, land, facts):
    told = facts["planted"]["one_gate"]
    estate = land.loc[land["名称"] == told["name"], "geometry"].iloc[0]
    school = land.loc[land["名称"] == "翠柏小学", "geometry"].iloc[0]
    gates = walked.streets["name"] == f"{told['name']}出入口"
    assert gates.sum() == 1
    inside = [node for node in graph if estate.contains(graph.nodes[node]["at"])]
    outside = [node for node in graph if not estate.buffer(20.0).contains(graph.nodes[node]["at"])]
    start = nearest_node(graph, estate.centroid, inside)
    end = nearest_node(graph, school, [node for node in outside if graph.nodes[node]["at"].distance(school) < 30.0])
    walk = nx.shortest_path_length(graph, start, end, weight="length")
    straight = graph.nodes[start]["at"].distance(graph.nodes[end]["at"])
    assert straight < 300.0 and walk > 2.0 * straight


def reached(graph, starts, metres):
    """The nodes within `metres` of any of the nodes `starts`."""
    return set(nx.multi_source_dijkstra_path_length(graph, set(starts), cutoff=metres, weight="length"))


def homes_by_node(graph, land):
    """People of today by the node nearest to the middle of their parcel."""
    today = land[land["人口"].notna() & ~(land["建成年份"] > 2023)]
    return [(nearest_node(graph, shape.representative_point()), people) for shape, people in zip(today.geometry, today["人口"], strict=True)]


def test_an_east_gate_of_the_planted_estate_would_bring_it_to_the_school(graph, land, facts):
    estate = land[land["名称"] == facts["planted"]["one_gate"]["name"]].iloc[0]
    school = nearest_node(graph, land.loc[land["名称"] == "翠柏小学", "geometry"].iloc[0].representative_point())
    inside = [node for node in graph if estate.geometry.contains(graph.nodes[node]["at"])]
    east = max(inside, key=lambda node: graph.nodes[node]["at"].x)
    outside = nearest_node(graph, graph.nodes[east]["at"], [node for node in graph if node not in inside])
    length = graph.nodes[east]["at"].distance(graph.nodes[outside]["at"])
    assert length < 40.0
    opened = graph.copy()
    opened.add_edge(east, outside, length=length)
    home = nearest_node(graph, estate.geometry.representative_point())
    assert home not in reached(graph, [school], 500.0) and home in reached(opened, [school], 500.0)
    assert estate["人口"] > 900


def test_a_footbridge_at_the_planted_gap_would_serve_thousands(sample_beilun, graph, walked, land, facts):
    spot = shapely.Point(sample_beilun.district.placed(*facts["planted"]["no_bridge"]))
    streets = walked.streets
    ends = []
    for road in (facts["river"]["west_road"], facts["river"]["east_road"]):
        own = streets[streets["name"] == road]
        ends.append(nearest_node(graph, spot, {*own["from_node"], *own["to_node"]}))
    length = graph.nodes[ends[0]]["at"].distance(graph.nodes[ends[1]]["at"])
    assert length < 200.0
    bridged = graph.copy()
    bridged.add_edge(*ends, length=length)
    rows = coordinates.to_crs(service_rows(), declared="GCJ-02", target="EPSG:4550", where="高德POI.csv")
    standard = load("gb50180-2018")
    telecom = [
        nearest_node(graph, row.geometry)
        for _, row in rows.iterrows()
        if any(category == "com_telecom" for category, *_ in classify(standard, amap_code=row["typecode"], name=row["name"]))
    ]
    before, after = (reached(net, telecom, 1000.0) for net in (graph, bridged))
    newly = sum(people for node, people in homes_by_node(graph, land) if node in after - before)
    # Whole parcels by their middle; the run, by points of a lattice, has 2,527 people.
    assert len(telecom) == 6 and newly > 2000


def test_the_scenario_of_the_sample_builds_that_footbridge(sample_beilun, graph, walked, facts):
    spot = shapely.Point(sample_beilun.district.placed(*facts["planted"]["no_bridge"]))
    told = schema.load(SAMPLE)[0].scenarios["footbridge"]
    (bridge,) = told.links
    line = gpd.GeoSeries([shapely.LineString(bridge.line)], crs="EPSG:4326").to_crs("EPSG:4550").iloc[0]
    for end, road in zip((0, -1), (facts["river"]["west_road"], facts["river"]["east_road"]), strict=True):
        own = walked.streets[walked.streets["name"] == road]
        node = nearest_node(graph, spot, {*own["from_node"], *own["to_node"]})
        #  to the junction, so that every street there is joined
        assert shapely.get_point(line, end).distance(graph.nodes[node]["at"]) < 0.5
    (kindergarten,) = told.facilities
    assert kindergarten.fresh and kindergarten.categories == ("edu_kinder",)
    assert {"虚构" in told.note["zh"], "made-up" in told.note["en"]} == {True}


def test_the_planted_gap_between_bridges(sample_beilun, graph, drawn, land, facts):
    spot = shapely.Point(sample_beilun.district.placed(*facts["planted"]["no_bridge"]))
    river = geofile.read(SAMPLE / "地物.gpkg", layer="水系").geometry.iloc[0]
    assert river.contains(spot)
    bridges = drawn[drawn["bridge"].eq("yes") & (drawn["layer"] == 1)]
    assert bridges.distance(spot).min() > 900.0
    homes = land[(land["人口"] > 500) & (land.distance(spot) < 200.0)]
    west = homes.geometry.centroid.x < spot.x
    assert west.any() and not west.all()
    a, b = (nearest_node(graph, homes[side].geometry.iloc[0]) for side in (west, ~west))
    assert nx.shortest_path_length(graph, a, b, weight="length") > 1800.0


def test_people_are_as_many_as_the_readme_says(land):
    homes = land[land["人口"].notna()]
    assert set(homes["用地代码"].str[:2]) == {"07"}
    today = homes[~(homes["建成年份"] > 2023)]
    assert f"{int(today['人口'].sum()):,}" in (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert f"{len(homes)}" in (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert (homes[["儿童0_6", "少年7_15", "老人60以上"]].sum(axis=1) < homes["人口"]).all()
    assert today["老人60以上"].sum() / today["人口"].sum() == pytest.approx(0.146, abs=0.001)
    assert sorted(homes.loc[homes["建成年份"] > 2023, "建成年份"]) == [2025, 2026, 2027]
    assert homes["小区名称"].is_unique and homes["建成年份"].isna().any()


def test_children_by_age_bands_add_up_to_the_numbers_beside_them(land):
    homes = land[land["人口"].notna()].astype({"儿童0_6": int, "少年7_15": int})
    bands = homes[["年龄0_2", "年龄3_5", "年龄6_11", "年龄12_14"]].astype(int)
    assert (bands.sum(axis=1) == homes["年龄0_14"]).all()
    six = homes["儿童0_6"] - bands["年龄0_2"] - bands["年龄3_5"]
    fifteen = homes["儿童0_6"] + homes["少年7_15"] - homes["年龄0_14"]
    assert (six >= 0).all() and (fifteen >= 0).all() and (bands["年龄6_11"] >= six).all()
    # A year of age is about a seventh of the one and a ninth of the other.
    assert six.sum() / homes["儿童0_6"].sum() == pytest.approx(1 / 7, abs=0.04)
    assert fifteen.sum() / homes["少年7_15"].sum() == pytest.approx(1 / 9, abs=0.02)
    assert land.loc[land["人口"].isna(), bands.columns].isna().all(axis=None)


def test_communities_fill_the_study_area_without_overlap():
    units = geofile.read(SAMPLE / "社区.geojson").to_crs("EPSG:4550")
    area = geofile.read(SAMPLE / "研究范围.geojson").to_crs("EPSG:4550").geometry.iloc[0]
    assert 12 <= len(units) <= 16 and set(units["street"]) == {"小港街道", "戚家山街道"}
    assert units.area.sum() == pytest.approx(area.area, rel=1e-6)
    assert shapely.union_all(units.geometry.to_numpy()).area == pytest.approx(area.area, rel=1e-6)


def test_the_service_list_is_shifted_and_lies_inside_the_area():
    rows = coordinates.to_crs(service_rows(), declared="GCJ-02", target="EPSG:4550", where="高德POI.csv")
    area = geofile.read(SAMPLE / "研究范围.geojson").to_crs("EPSG:4550").geometry.iloc[0]
    assert rows.within(area.buffer(20.0)).all()
    raw = gpd.GeoSeries(service_rows().geometry.to_numpy(), crs="EPSG:4326").to_crs("EPSG:4550")
    assert raw.distance(rows.geometry).between(450.0, 520.0).all()
    text = (SAMPLE / "高德POI.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf") and b"[]" in text and b"060101|060100" in text


def test_traps_serve_nothing_and_one_row_is_there_twice(facts):
    standard, rows = load("gb50180-2018"), service_rows()
    served = {row["name"]: classify(standard, amap_code=row["typecode"], name=row["name"]) for _, row in rows.iterrows()}
    traps = [told["name"] for told in [*facts["traps"], *facts["later"]["traps"]]]
    assert len(traps) == 17 and {name: served[name] for name in traps} == dict.fromkeys(traps, ())
    assert rows.drop(columns=["geometry", "entrance", "row"]).duplicated().sum() == 1
    kinds = {category for classes in served.values() for category, *_ in classes}
    assert len(kinds) >= 20


def test_what_was_added_to_the_service_list_is_named_as_its_categories_are(facts):
    standard, rows = load("gb50180-2018"), service_rows()
    kinds = rows.apply(lambda row: {c for c, *_ in classify(standard, amap_code=row["typecode"], name=row["name"])}, axis=1)
    counts = {category: int(kinds.map(lambda held, own=category: own in held).sum()) for category in standard.categories}
    # A courtyard for sanitation is what map services leave out.
    assert counts["env_waste"] == 0 and not rows["name"].str.contains("垃圾收集站").any()
    told = facts["later"]["points"]
    assert counts["com_food"] == 2 + sum(kind["count"] for kind in told if kind["code"].startswith("05"))
    assert counts["com_telecom"] == 2 + sum(kind["count"] for kind in told if kind["code"] == "070600")
    assert counts["env_recycle"] == 2 + sum(kind["count"] for kind in told if kind["code"] == "070000")
    assert counts["adm_justice"] == counts["adm_office"] == 2


def test_schools_are_gbk_without_a_label_and_senior_schools_serve_nothing():
    assert not (SAMPLE / "教育设施.cpg").exists()
    table = (SAMPLE / "教育设施.dbf").read_bytes()
    assert "学校名称".encode("gbk") in table and table[29] == 0
    schools = geofile.read(SAMPLE / "教育设施.shp")
    assert schools.attrs["encoding"] == "GB18030"
    assert set(schools.loc[schools["类别"].isna() | (schools["类别"] == ""), "学段"]) == {"高中"}
    assert set(schools["建设状态"]) == {"现状", "在建", "规划"}


def test_the_workbook_is_as_people_type_it():
    sheet = openpyxl.load_workbook(SAMPLE / "医疗养老.xlsx").active
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert sheet.merged_cells.ranges and sheet["A2"].value == "序号"
    assert "—" in cells and any(isinstance(cell, str) and "０" in cell for cell in cells)


def test_projects_are_not_open_in_the_study_year():
    projects = geofile.read(SAMPLE / "规划项目.geojson")
    names = {"镇海中学甬江校区", "滨江新城第一学校", "浙大一院宁波国际医院", "小浃江都市田园休闲区"}
    assert names <= set(projects["项目名称"])
    assert set(projects["建设状态"]) == {"在建", "规划"} and projects["开放年份"].between(2024, 2028).all()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_generator_keeps_the_house_sizes(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno <= 51, node.name
            assert len(node.args.args) + len(node.args.kwonlyargs) <= 6, node.name
