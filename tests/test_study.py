"""The study file and the layers it names."""

import geopandas as gpd
import networkx as nx
import pyogrio
import pytest
import shapely
import toy_study
from conftest import CRS

from livingcircle.errors import DataError, StudyError
from livingcircle.study import reading, schema
from livingcircle.study.judging import standards_of
from livingcircle.study.run import run


@pytest.fixture
def folder(tmp_path):
    return toy_study.write(tmp_path / "toy")


def inputs(folder, **changes):
    study, base = schema.load(folder)
    findings = reading.Findings()
    standard, _ = standards_of(study, base=base)
    return reading.read_inputs(study, base, standard=standard, findings=findings, progress=lambda *_: None), findings


def test_defaults_are_stated(folder):
    study, _ = schema.load(folder)
    walking = study.walking
    assert (walking.speed_kmh, walking.rule, walking.snap_limit_m, walking.engine) == (4, "distance", 150, "numba")


def test_a_file_or_its_folder(folder):
    assert schema.load(folder) == schema.load(folder / "study.toml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "toy"', 'id = "../x"', "study.id"),
        ('category = "park"', "", "give either category or mapping"),
        ('category = "park"', 'mapping = "gaode"', "mapping"),
        ("[streets]", "[walking]\nspeed_kmh = 40\n[streets]", "walking.speed_kmh"),
        ("[streets]", '[walking]\nrule = "metres"\n[streets]', "walking.rule"),
        ("[streets]", "[roads]", "did you mean|known keys"),
        ('path = "parks.geojson"', 'path = "no.geojson"', "no such file 'no.geojson'"),
    ],
)
def test_faults_name_the_key(folder, old, new, words):
    toy_study.edit(folder / "study.toml", old, new)
    with pytest.raises(StudyError, match=words):
        schema.load(folder)


def test_layers_come_in_the_metric_crs(folder):
    got, _ = inputs(folder)
    assert {got.network.crs.to_string(), got.facilities.crs.to_string(), got.residences.crs.to_string()} == {CRS}
    assert got.network.length_m.sum() == pytest.approx(1300, abs=0.01)
    assert got.residences["land_m2"].sum() == pytest.approx(3 * 5500, rel=1e-4)


def test_homes_outside_the_study_area_are_told(folder):
    toy_study.write_layer(folder / "area.geojson", [shapely.box(-50, -50, 600, 400)])
    toy_study.edit(folder / "study.toml", 'crs = "EPSG:4550"', 'crs = "EPSG:4550"\narea = "area.geojson"')
    got, findings = inputs(folder)
    assert got.residences["residence_id"].tolist() == ["A", "B"]
    assert findings.warnings == [("residences_outside", {"count": 1, "people": 80})]


def test_units_need_their_column(folder):
    toy_study.write_layer(folder / "units.geojson", [shapely.box(-50, -50, 2000, 400)], 社区=["一社区"])
    toy_study.edit(folder / "study.toml", 'crs = "EPSG:4550"', 'crs = "EPSG:4550"\nunits = "units.geojson"')
    with pytest.raises(DataError, match="no column 'name'.*社区"):
        inputs(folder)
    toy_study.edit(folder / "study.toml", 'units = "units.geojson"', 'units = "units.geojson"\nunits_name = "社区"')
    assert set(inputs(folder)[0].residences["unit"]) == {"一社区"}


def test_area_units_and_extent_are_layers_of_one_geodatabase(folder):
    drawn = {"范围": (600, {}), "社区": (2000, {"name": ["一社区"]}), "资料": (5000, {})}
    for layer, (width, columns) in drawn.items():
        toy_study.write_layer(folder / "a.geojson", [shapely.box(-50, -50, width, 400)], **columns)
        made = gpd.read_file(folder / "a.geojson")
        pyogrio.write_dataframe(made, folder / "规划.gdb", layer=layer, driver="OpenFileGDB", append=layer != "范围")
    toy_study.edit(folder / "study.toml", 'crs = "EPSG:4550"', 'crs = "EPSG:4550"\narea = "规划.gdb"\nunits = "规划.gdb"')
    toy_study.edit(folder / "study.toml", 'path = "streets.geojson"', 'path = "streets.geojson"\nextent = "规划.gdb"')
    with pytest.raises(DataError) as caught:
        inputs(folder)
    told = str(caught.value)
    assert all(f'write {key}_layer = "..." in study.toml, one of: 范围, 社区, 资料' in told for key in ("area", "units", "extent"))
    toy_study.edit(folder / "study.toml", 'units = "', 'area_layer = "范围"\nunits_layer = "社区"\nunits = "')
    toy_study.edit(folder / "study.toml", 'extent = "', 'extent_layer = "资料"\nextent = "')
    got, _ = inputs(folder)
    assert got.residences["residence_id"].tolist() == ["A", "B"]
    assert set(got.residences["unit"]) == {"一社区"}
    east = got.extent.total_bounds[2] - toy_study.EAST
    assert east == pytest.approx(5000, abs=0.01)
    study, base = schema.load(folder)
    assert [file.name for file in schema.input_files(study, base)] == ["规划.gdb", "streets.geojson", "schools.csv", "parks.geojson", "homes.geojson", "tiny.toml"]


def test_facilities_of_several_layers_of_a_geodatabase_are_told_apart(folder):
    parks = gpd.read_file(folder / "parks.geojson")
    for layer, east in (("公园", 0), ("游园", 0.003)):
        pyogrio.write_dataframe(parks.set_geometry(parks.translate(east)), folder / "规划.gdb", layer=layer, driver="OpenFileGDB", append=layer == "游园")
    second = '[[facilities]]\npath = "规划.gdb"\nlayer = "游园"\ncrs = "CGCS2000"\ncategory = "park"\n\n[residences]'
    toy_study.edit(folder / "study.toml", 'path = "parks.geojson"', 'path = "规划.gdb"\nlayer = "公园"\ncrs = "WGS84"')
    toy_study.edit(folder / "study.toml", "[residences]", second)
    got, findings = inputs(folder)
    parks = got.facilities[got.facilities["categories"] == ("park",)]
    assert set(parks["facility_id"]) == {"规划.gdb/公园#1", "规划.gdb/游园#1"}
    assert {"规划.gdb/公园", "规划.gdb/游园"} <= {read["file"] for read in findings.read}
    assert reading.datums_of(schema.load(folder)[0]).keys() >= {"schools.csv", "规划.gdb/公园", "规划.gdb/游园"}


def test_a_folder_is_a_file_only_where_it_is_a_geodatabase(folder):
    for name in ("parks.gdb", "parks.gpkg"):
        (folder / name).mkdir()
    toy_study.edit(folder / "study.toml", "parks.geojson", "parks.gpkg")
    with pytest.raises(StudyError, match="no such file 'parks.gpkg'"):
        schema.load(folder)
    toy_study.edit(folder / "study.toml", "parks.gpkg", "parks.gdb")
    with pytest.raises(DataError, match="parks.gdb: the folder is empty"):
        inputs(folder)


def test_a_table_of_categories_lists_unknown_words(folder):
    toy_study.edit(folder / "study.toml", 'category = "school"', 'mapping = "table"')
    toy_study.edit(folder / "study.toml", 'status = "状态"', 'category = "类别"')
    toy_study.edit(folder / "schools.csv", "名称,状态", "名称,类别")
    toy_study.edit(folder / "schools.csv", "现状", "School；公 园")
    with pytest.raises(DataError, match="unknown category '规划'"):
        inputs(folder)
    toy_study.edit(folder / "schools.csv", "规划", "")
    got, findings = inputs(folder)
    assert got.facilities["categories"].tolist() == [("school", "park"), ("park",)]
    assert findings.counts["places_of_no_category"] == {"schools.csv": 1}


def graphml(folder):
    import osmnx

    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, (x, y) in {1: (0, 0), 2: (500, 0), 3: (1000, 0), 4: (500, 300)}.items():
        lon, lat = toy_study.place(x, y)
        graph.add_node(node, x=lon, y=lat)
    for number, (a, b, kind) in enumerate([(1, 2, "residential"), (2, 3, "residential"), (2, 4, "footway"), (4, 2, "footway")]):
        graph.add_edge(a, b, osmid=number, highway=kind, oneway=a < b, length=1.0)
    osmnx.save_graphml(graph, folder / "streets.graphml")
    toy_study.edit(folder / "study.toml", "streets.geojson", "streets.graphml")


def test_an_osmnx_graphml_gives_the_same_coverage(folder, tmp_path):
    lines, _ = run(folder, out=tmp_path / "a", progress=lambda *_: None)
    graphml(folder)
    graph, _ = run(folder, out=tmp_path / "b", progress=lambda *_: None)
    assert graph.network.length_m.sum() == pytest.approx(1300, abs=0.05)
    assert graph.coverage["land_share"].tolist() == pytest.approx(lines.coverage["land_share"].tolist(), abs=1e-3)


def test_the_metric_crs_is_found_when_none_is_stated(folder):
    toy_study.edit(folder / "study.toml", 'crs = "EPSG:4550"\n', "")
    assert inputs(folder)[0].network.crs.to_epsg() in (4549, 4550)


def test_mere_crossings_are_told(folder, tmp_path):
    lines = [shapely.LineString(p) for p in ([(0, 0), (1000, 0)], [(300, -100), (300, 300)])]
    toy_study.write_layer(folder / "streets.geojson", lines)
    result, _ = run(folder, out=tmp_path / "a", language="en", progress=lambda *_: None)
    assert any(warning.startswith("1 places where lines of one level cross") for warning in result.warnings)
    toy_study.edit(folder / "study.toml", 'path = "streets.geojson"', 'path = "streets.geojson"\njoin_crossings = true')
    joined, _ = run(folder, out=tmp_path / "b", language="en", progress=lambda *_: None)
    assert len(joined.network.components) == 1
    assert not any("cross without a joint" in warning for warning in joined.warnings)


def test_barriers_are_read_and_heeded(folder, tmp_path):
    #  a wall between block C and the street: the block is cut off
    toy_study.write_layer(folder / "wall.geojson", [shapely.LineString([(700, 3), (1300, 3)])])
    free, _ = run(folder, out=tmp_path / "a", progress=lambda *_: None)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[barriers]]\npath = "wall.geojson"\nkind = "wall"\n')
    walled, _ = run(folder, out=tmp_path / "b", progress=lambda *_: None)
    assert free.counts["people_off_network"] == 0
    assert walled.counts["barriers"] == {"wall": 1}
    assert walled.counts["people_off_network_by_reason"] == {"behind_barrier": pytest.approx(80)}
    mine = walled.gaps[walled.gaps["residence_id"] == "C"]
    assert set(mine["cause"]) == {"behind_barrier"} and set(mine["remedy"]) == {"link"}
    assert any("阻隔" in warning for warning in walled.warnings)


def test_one_file_under_two_entries_mixes_no_doors(folder, tmp_path):
    #  park west, school east, in one file told apart by a column: each serves its own home only
    places = [shapely.Point(0, 5), shapely.Point(1000, 5)]
    toy_study.write_layer(folder / "mix.geojson", places, kind=["p", "s"], name=["园", "校"])
    text = toy_study.STUDY[: toy_study.STUDY.index("[[facilities]]")]
    for kind, category in (("p", "park"), ("s", "school")):
        text += f'[[facilities]]\npath = "mix.geojson"\ncategory = "{category}"\nwhere = {{ column = "kind", starts_with = ["{kind}"] }}\n'
    (folder / "study.toml").write_text(text + toy_study.STUDY[toy_study.STUDY.index("[residences]") :], encoding="utf-8")
    result, _ = run(folder, out=tmp_path / "a", progress=lambda *_: None)
    shares = result.coverage[result.coverage["unit"] == "ALL"].set_index("category")["people_share"]
    assert shares["park"] == pytest.approx(120 / 400, abs=0.01)
    assert shares["school"] < 1
    assert result.facilities["facility_id"].is_unique


def test_a_column_that_is_not_there_is_told(folder):
    toy_study.edit(folder / "study.toml", 'status = "状态"', 'status = "状态X"')
    toy_study.edit(folder / "study.toml", 'id = "ref"', 'id = "reff"')
    with pytest.raises(DataError) as caught:
        inputs(folder)
    assert "no column '状态X' (columns.status)" in str(caught.value)
    assert "no column 'reff' (columns.id)" in str(caught.value)


def test_lines_are_no_residences(folder):
    toy_study.write_layer(folder / "homes.geojson", [shapely.LineString([(0, 0), (100, 0)])], ref=["A"], people=[5])
    with pytest.raises(DataError, match="homes.geojson: holds LineString"):
        inputs(folder)


def test_a_planned_street_is_walked_from_its_year_on(tmp_path):
    #  the branch to the park opens in 2030: the park serves block B only from then on
    folder = toy_study.write(tmp_path / "toy")
    toy_study.edit_features(folder / "streets.geojson", lambda f: [f[0] | {"properties": f[0]["properties"] | {"通车": None}}, f[1] | {"properties": f[1]["properties"] | {"通车": "2030年"}}])
    toy_study.edit(folder / "study.toml", 'path = "streets.geojson"', 'path = "streets.geojson"\ncolumns = { open_year = "通车" }')

    def share(year):
        result, _ = run(folder, out=tmp_path / "out", year=year, progress=lambda *_: None)
        return result.coverage.query("unit == 'ALL' and category == 'park'")["people_share"].iloc[0], len(result.network.length_m)

    before, after = share(None), share(2030)
    assert before[0] == 0 < after[0]
    assert before[1] < after[1]
    toy_study.edit_features(folder / "streets.geojson", lambda f: [f[0], f[1] | {"properties": f[1]["properties"] | {"通车": "以后"}}])
    with pytest.raises(DataError, match="row 2: opening years"):
        share(2030)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('[study]\nlanguage = "en"\nunknown = 1\n', "en"),
        ('[study]\nid = toy\nlanguage = "en"\n', "en"),
        ("[study]\nlanguage = 3\n", "zh"),
        ('study = "en"\n', "zh"),
        ("", "zh"),
        ('[study]\nlanguage = "fr"\n', "zh"),
    ],
)
def test_the_language_is_read_however_broken_the_file_is(tmp_path, text, language):
    from livingcircle.study.language import language_of

    assert language_of(tmp_path) == "zh"
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    assert language_of(tmp_path) == language_of(tmp_path / "study.toml") == language
