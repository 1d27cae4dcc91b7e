"""A study whose layers are in a local coordinate system: fitted once, told, and put in the place of the word."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import shapely
import toy_study
from pyproj import Transformer
from toy_study import CORNERS, EAST, NORTH, edit, in_local, local_xy, place, to_local, write_common_points

from livingcircle import coordinates
from livingcircle.errors import DataError, StudyError
from livingcircle.standards import load as load_standard
from livingcircle.study import ask, fetching, local_points, schema
from livingcircle.study.checking import check
from livingcircle.study.findings import Findings
from livingcircle.study.layer_crs import crs_of_layers
from livingcircle.study.reading import metric_crs, read_inputs, read_network
from livingcircle.study.run import run

pytestmark = pytest.mark.filterwarnings("ignore:'crs' was not provided")
SQUARE = np.array([(0.0, 0.0), (1000.0, 0.0), (1000.0, 1000.0), (0.0, 1000.0)])


@pytest.fixture
def study(tmp_path):
    folder = toy_study.write(tmp_path / "toy")
    write_common_points(folder)
    in_local(folder, "streets")
    return folder


def points(folder, local, known, *, names=("local_x", "local_y", "x", "y")):
    """Other common points, under the default names of the columns."""
    table = pd.DataFrame(np.hstack([local, known]), columns=list(names))
    table.insert(0, "name", [f"P{n + 1}" for n in range(len(table))])
    table.to_csv(folder / "points.csv", index=False)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("columns = { name")]
    (folder / "study.toml").write_text("\n".join(kept), encoding="utf-8")


def faults(call):
    with pytest.raises((DataError, StudyError)) as caught:
        call()
    return [str(fault) for fault in caught.value.faults]


def placed(folder, findings=None):
    return local_points.placed(*schema.load(folder), findings)


def analyzed(folder):
    result, files = run(folder, out=folder / "out", progress=lambda *_: None)
    return result, json.loads(files[-1].read_text(encoding="utf-8"))


def test_the_fit_is_told_in_the_record_and_on_the_page(study):
    result, record = analyzed(study)
    told = record["counts"]["local_system"]
    assert (told["file"], told["points"], told["checked"], told["crs"]) == ("points.csv", 4, True, "EPSG:4550")
    #  from local to known: turned back by 3 degrees and stretched again; the points are rounded to millimetres
    assert told["rotation_deg"] == pytest.approx(-3, abs=1e-4)
    assert told["scale"] == pytest.approx(1 / 0.99996, abs=1e-6)
    assert 0 < told["rms_m"] <= told["worst_m"] < 0.001
    assert "points.csv" in [one["file"] for one in record["inputs"]]
    report, files = check(study, out=study / "out", progress=lambda *_: None)
    notes = [(finding.kind, finding.severity, finding.layer, finding.count) for finding, _ in report.findings if finding.kind.startswith("local")]
    assert notes == [("local_system", "note", "points.csv", 4)]
    page = files[1].read_text(encoding="utf-8")
    assert "地方坐标系由 4 个公共点拟合" in page
    #  the page names the system, and does not spell it out
    assert "local (" in page and "DERIVEDPROJCRS" not in page


def test_residuals_worked_out_by_hand(study):
    #  two opposite corners 0.2 m too far east, the others too far west: neither shift, turn nor scale helps
    off = np.array([(0.2, 0), (-0.2, 0), (0.2, 0), (-0.2, 0)])
    points(study, SQUARE, SQUARE + (EAST, NORTH) + off)
    found = Findings()
    placed(study, found)
    told = found.counts["local_system"]
    assert (told["worst_m"], told["rms_m"]) == (pytest.approx(0.2, abs=1e-6), pytest.approx(0.2, abs=1e-6))
    assert (told["scale"], told["rotation_deg"]) == (pytest.approx(1, abs=1e-9), pytest.approx(0, abs=1e-9))
    assert (told["east_m"], told["north_m"]) == (pytest.approx(EAST, abs=1e-6), pytest.approx(NORTH, abs=1e-6))


def test_the_streets_lie_where_they_were_drawn(study):
    told, base = placed(study), study
    network = read_network(told, base, metric_crs(told, base))
    lines = shapely.union_all(network.streets.geometry.to_numpy())
    drawn = shapely.union_all([shapely.LineString(np.array(p) + (EAST, NORTH)) for p in ([(0, 0), (1000, 0)], [(500, 0), (500, 300)])])
    assert shapely.hausdorff_distance(lines, drawn) < 0.002


def test_two_points_are_not_checked(study):
    points(study, local_xy(CORNERS[:2]), np.array(CORNERS[:2]) + (EAST, NORTH))
    _, record = analyzed(study)
    assert record["counts"]["local_system"]["checked"] is False
    assert any("只由 2 个公共点推算" in warning for warning in record["warnings"])
    report, _ = check(study, out=study / "out", progress=lambda *_: None)
    assert ("local_unchecked", "doubt") in [(finding.kind, finding.severity) for finding, _ in report.findings]


def test_a_run_fits_once(study, monkeypatch):
    calls, real = [], local_points.fit
    monkeypatch.setattr(local_points, "fit", lambda *args, **told: calls.append(1) or real(*args, **told))
    analyzed(study)
    assert len(calls) == 1


def test_every_layer_that_says_local_is_placed_and_no_other(study):
    edit(study / "study.toml", 'path = "homes.geojson"', 'path = "homes.geojson"\ncrs = "CGCS2000"')
    before, _ = schema.load(study)
    after = placed(study)
    assert crs_of_layers(before) == {"streets.crs": "local", "facilities.0.crs": "WGS84", "residences.crs": "CGCS2000"}
    told = crs_of_layers(after)
    assert told.pop("streets.crs").startswith('DERIVEDPROJCRS["local"')
    assert told == {"facilities.0.crs": "WGS84", "residences.crs": "CGCS2000"}
    assert after.model_copy(update={"streets": before.streets}) == before


def test_every_layer_may_be_local(study):
    shape = shapely.box(-300, -200, 1300, 600)
    drawn_as = {"extent": shape, "area": shapely.box(-50, -50, 1050, 400), "units": shapely.box(-50, -50, 600, 400)}
    for name, drawn in drawn_as.items():
        toy_study.write_layer(study / f"{name}.geojson", [drawn], name=["西社区"])
        to_local(study, name)
    edit(study / "study.toml", 'id = "toy"', 'id = "toy"\narea = "area.gpkg"\narea_crs = "local"\nunits = "units.gpkg"\nunits_crs = "local"')
    edit(study / "study.toml", 'path = "streets.gpkg"', 'path = "streets.gpkg"\nextent = "extent.gpkg"\nextent_crs = "local"')
    walls = {"barriers": shapely.LineString([(300, 50), (400, 50)]), "compounds": shapely.box(90, 0, 210, 70), "gates": shapely.Point(150, 0)}
    for name, drawn in {**walls, "parks_at_night": shapely.box(480, 310, 560, 380), "houses": shapely.box(110, 10, 120, 20)}.items():
        toy_study.write_layer(study / f"{name}.geojson", [drawn], name=["甲"])
        kind = name.removesuffix("_at_night")
        heading = "[residences.buildings]" if kind == "houses" else f"[[{kind}]]"
        with (study / "study.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n{heading}\npath = "{name}.geojson"\n')
        in_local(study, name)
    for name in ("homes", "parks"):
        in_local(study, name)
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write("\n[walking]\nnight = true\n")
    told = placed(study)
    inputs = read_inputs(told, study, standard=load_standard(told.study.standard, base=study), findings=Findings(), progress=lambda *_: None)

    def drawn_at(frame, box):
        return frame.total_bounds - [EAST, NORTH, EAST, NORTH] == pytest.approx(box, abs=0.01)

    assert drawn_at(inputs.extent, shape.bounds) and drawn_at(inputs.area, drawn_as["area"].bounds) and drawn_at(inputs.units, drawn_as["units"].bounds)
    homes = inputs.residences.set_index("residence_id")
    #  a house is its middle
    assert drawn_at(homes.loc[["A/1"]], (115, 15, 115, 15)) and drawn_at(homes.loc[["C"]], (820, 5, 920, 60))
    assert drawn_at(inputs.barriers[inputs.barriers["kind"] == "barrier"], (300, 50, 400, 50))
    assert list(inputs.network.compounds["name"]) == [""] and inputs.network.unused_gates == 0
    assert shapely.union_all(list(inputs.ground.parks)).bounds == pytest.approx((EAST + 480, NORTH + 310, EAST + 560, NORTH + 380), abs=0.01)


def test_a_study_without_a_crs_takes_the_one_that_fits_the_points(study):
    edit(study / "study.toml", 'crs = "EPSG:4550"\n', "")
    lon_lat = np.array([place(*corner) for corner in CORNERS])
    points(study, local_xy(CORNERS), lon_lat, names=("local_x", "local_y", "lon", "lat"))
    found = Findings()
    told = placed(study, found)
    assert metric_crs(told, study).to_epsg() == 4550 and found.counts["local_system"]["crs"] == "EPSG:4550"
    assert found.counts["local_system"]["worst_m"] < 0.01


def test_known_points_in_another_system_are_projected_first(study):
    to_other = Transformer.from_crs("EPSG:4550", "EPSG:4528", always_xy=True)
    known = np.column_stack(to_other.transform(*(np.array(CORNERS) + (EAST, NORTH)).T))
    points(study, local_xy(CORNERS), known)
    edit(study / "study.toml", 'points = "points.csv"', 'points = "points.csv"\ncrs = "EPSG:4528"')
    found = Findings()
    placed(study, found)
    assert found.counts["local_system"]["scale"] == pytest.approx(1 / 0.99996, abs=1e-7)


def test_another_fit_is_another_network(study):
    def kept():
        told = placed(study)
        read_network(told, study, metric_crs(told, study))
        return {file.name for file in (study / ".cache").iterdir()}

    first = kept()
    assert kept() == first
    points(study, local_xy(CORNERS), np.array(CORNERS) + (EAST + 1, NORTH))
    assert kept() > first


def test_questions_to_local_streets(study):
    lines = [f"{name},{place(*spot)[0]:.9f},{place(*spot)[1]:.9f}" for name, spot in (("a", (0, 0)), ("b", (500, 300)))]
    (study / "p.csv").write_text("\n".join(["id,lon,lat", *lines]), encoding="utf-8")
    ask.times(study, starts=study / "p.csv", ends=study / "p.csv", out=study / "t.csv")
    walks = pd.read_csv(study / "t.csv").set_index(["from_id", "to_id"])["walk_m"]
    #  800 m, rounded up in the table
    assert walks["a", "b"] == pytest.approx(800, abs=0.11)
    answer = ask.area(study, at=place(500, 0), limits=ask.Limits([100], "m"), out=study / "a.geojson")
    assert len(answer.areas) == 1


def test_local_without_common_points_is_one_fault(tmp_path):
    folder = toy_study.write(tmp_path / "toy")
    for name in ("streets", "homes"):
        in_local(folder, name)
    told = faults(lambda: schema.load(folder))
    assert len(told) == 1
    assert '"local" in streets.crs, residences.crs' in told[0] and "add [study.local_system]" in told[0]


def test_the_study_itself_is_not_local_and_its_points_must_be_there(study):
    edit(study / "study.toml", 'crs = "EPSG:4550"', 'crs = "local"')
    edit(study / "study.toml", '"points.csv"', '"no.csv"')
    told = faults(lambda: schema.load(study))
    assert [("study.crs" in one, "no such file 'no.csv'" in one) for one in told] == [(False, True), (True, False)]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        #  survey order: the known pair, the local pair, exchanged
        ('x = "Y", y = "X"', 'x = "X", y = "Y"', ["northing and easting look swapped"]),
        ('local_x = "地方Y", local_y = "地方X"', 'local_x = "地方X", local_y = "地方Y"', ["northing and easting look swapped: the points fit only"]),
        ('name = "点名", local_x = "地方Y"', 'name = "点号"', ["no column '点号' (columns.name)", "no column 'local_x'"]),
        ('x = "Y", y = "X"', 'x = "Y"', ["no two columns of the known coordinates"]),
        ('x = "Y", y = "X"', 'x = "点名", y = "X"', ["no coordinates in decimal numbers"]),
        ('local_x = "地方Y"', 'local_x = "点名"', ["no number in '点名'"]),
    ],
)
def test_tables_at_fault(study, old, new, words):
    edit(study / "study.toml", old, new)
    told = faults(lambda: placed(study))
    assert len(told) == len(words) and all("points.csv" in one for one in told)
    for one, word in zip(sorted(told, key=lambda one: "local_x" in one), words, strict=True):
        assert word in one


def test_a_wrong_point_is_named(study):
    known = np.array(CORNERS) + (EAST, NORTH)
    known[2] += (0, 30)
    points(study, local_xy(CORNERS), known)
    assert "point P3 is 30.00 m from where the other 3 points put it" in faults(lambda: placed(study))[0]
    report, _ = check(study, out=study / "out", progress=lambda *_: None)
    assert report.faulty and len(report.findings) == 1


def test_a_table_that_does_not_say_its_system(study):
    edit(study / "study.toml", 'crs = "EPSG:4550"\n', "")
    assert "nothing says in which CRS the known coordinates are" in faults(lambda: placed(study))[0]


def test_a_study_without_a_local_system_is_answered_as_it_is(tmp_path):
    folder = toy_study.write(tmp_path / "toy")
    told, base = schema.load(folder)
    assert local_points.placed(told, base) is told


def test_a_fetch_places_a_local_area(study, monkeypatch):
    toy_study.write_layer(study / "area.geojson", [shapely.box(0, 0, 1000, 300)])
    to_local(study, "area")
    edit(study / "study.toml", 'id = "toy"', 'id = "toy"\narea = "area.gpkg"\narea_crs = "local"')
    grounds = []
    monkeypatch.setattr(fetching.overpass, "download", lambda ground, **_: grounds.append(ground) or [])
    fetching.fetch(study)
    to_metric = Transformer.from_crs("EPSG:4326", "EPSG:4550", always_xy=True)
    west, south, east, north = shapely.transform(grounds[0], lambda xy: np.column_stack(to_metric.transform(*xy.T))).bounds
    assert (west - EAST, south - NORTH, east - EAST, north - NORTH) == pytest.approx((-1500, -1500, 2500, 1800), abs=0.01)
    edit(study / "study.toml", '"points.csv"', '"no.csv"')
    assert "no such file 'no.csv'" in faults(lambda: fetching.fetch(study))[0]


def test_a_local_grid_may_begin_at_its_site(study):
    #  all numbers are below 180, as degrees are, but no layer in degrees is wide
    points(study, [(0, 0), (170, 0), (170, 80), (0, 80)], np.array([(0, 0), (170, 0), (170, 80), (0, 80)]) + (EAST, NORTH))
    crs = placed(study).streets.crs
    drawn = toy_study.gpd.GeoDataFrame(geometry=[shapely.box(10, 10, 160, 70)])
    got = coordinates.to_crs(drawn, declared=crs, target="EPSG:4550", where="homes.shp")
    assert got.total_bounds - [EAST, NORTH, EAST, NORTH] == pytest.approx((10, 10, 160, 70), abs=1e-3)
    degrees = toy_study.gpd.GeoDataFrame(geometry=[shapely.box(121.76, 29.92, 121.78, 29.94)])
    told = faults(lambda: coordinates.to_crs(degrees, declared=crs, target="EPSG:4550", where="homes.shp"))
    assert len(told) == 1 and "degrees labelled as metres of local" in told[0]


def test_a_long_crs_is_shown_by_its_name(study):
    found = Findings()
    frame = toy_study.gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)])
    for crs in (placed(study).streets.crs, "EPSG:4550", None):
        found.note(frame, SimpleNamespace(path="a.shp", crs=crs, encoding=None, layer=None), "streets")
    assert [row["crs"] for row in found.read] == ["local", "EPSG:4550", ""]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[study.local_system]\npoint = "points.csv"', ["study.local_system.points: is required", "did you mean 'points'?"]),
        ('[study.local_system]\npoints = "points.csv"\n[residences.totals]\npath = "t.csv"\nunits = "a"', ["did you mean 'unit'?"]),
    ],
)
def test_keys_of_inner_parts_are_guessed(study, text, words):
    kept = (study / "study.toml").read_text(encoding="utf-8").split("[study.local_system]")[0]
    (study / "study.toml").write_text(f'{kept}{text}\n[streets]\npath = "streets.gpkg"\n', encoding="utf-8")
    told = "\n".join(faults(lambda: schema.load(study)))
    assert all(word in told for word in words)
