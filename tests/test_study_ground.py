"""Walking costs, compounds and gates as a study file names them, from file to table."""

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
import toy_study
from conftest import CRS
from rasterio.transform import from_origin

from livingcircle.costs import presets
from livingcircle.errors import DataError, StudyError
from livingcircle.study import schema
from livingcircle.study.ground import read_compounds, read_ground, walkers
from livingcircle.study.reading import metric_crs, read_network
from livingcircle.study.run import run


@pytest.fixture
def folder(tmp_path):
    return toy_study.write(tmp_path / "toy")


def told(folder, text):
    toy_study.edit(folder / "study.toml", "[streets]", text + "\n[streets]")
    return schema.load(folder)


def hill(folder, rise=0.1):
    """A plane that rises eastward, as a GeoTIFF over the toy."""
    size, cell = 80, 50.0
    west, north = toy_study.EAST - 1000, toy_study.NORTH + 2000
    heights = (np.arange(size) * cell * rise)[None, :].repeat(size, axis=0).astype("float32")
    with rasterio.open(
        folder / "dem.tif", "w", driver="GTiff", height=size, width=size, count=1, dtype="float32", crs=CRS,
        transform=from_origin(west, north, cell, cell),
    ) as file:
        file.write(heights, 1)


def analyzed(folder):
    return run(folder, out=folder / "out", progress=lambda *_: None)[0]


def share(result, group, category="school"):
    table = result.coverage
    return table[(table["category"] == category) & (table["group"] == group) & (table["unit"] == "ALL")].iloc[0]


def test_groups_take_what_they_do_not_say(folder):
    study, _ = told(
        folder,
        '[walking]\nsteps = "slow"\ncrossings = true\npermeability = "open"\n'
        '[[walking.groups]]\nid = "elderly"\n[[walking.groups]]\nid = "wheelchair"\n'
        '[[walking.groups]]\nid = "courier"\nspeed_kmh = 6\ncrossings = false\npermeability = "residents"\nnight = true\n',
    )
    base, groups = walkers(study)
    got = {group.id: group.walker for group in groups}
    assert got["all"] == base
    assert got["elderly"].speed_kmh == pytest.approx(presets()["elderly"]["speed_m_s"] * 3.6)
    assert (got["elderly"].steps, got["elderly"].crossings, got["elderly"].permeability) == ("slow", True, "open")
    assert got["wheelchair"].steps == "excluded"
    assert (got["courier"].crossings, got["courier"].permeability, got["courier"].night) == (False, "residents", True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[walking]\nslope = "tobler"', "slope needs elevation"),
        ('[walking]\nslope = "escalator"\nelevation = "streets.geojson"', "unknown slope function escalator; known: tobler"),
        ('[walking]\n[[walking.groups]]\nid = "giants"', "give speed_kmh, or one of the kinds of walkers shipped"),
        ('[walking]\nelevation = "nowhere.tif"', "no such file 'nowhere.tif'"),
        ('[walking]\nsteps = "sometimes"', "'plain', 'slow' or 'excluded'"),
        ('[walking]\ncrossing_seconds = { magic = 3 }', "crossing_seconds"),
        ('[[gates]]\npath = "nowhere.geojson"', "no such file 'nowhere.geojson'"),
    ],
)
def test_what_cannot_be_is_refused(folder, text, words):
    with pytest.raises(StudyError, match="study.toml") as error:
        told(folder, text)
    assert words in str(error.value)


def test_gates_and_outlines_are_checked(folder):
    toy_study.write_layer(folder / "gates.geojson", [shapely.Point(0, 0)], sort=["ajar"])
    toy_study.write_layer(folder / "walls.geojson", [shapely.Point(0, 0)])
    study, base = told(folder, '[[gates]]\npath = "gates.geojson"\nkind = "sort"')
    with pytest.raises(DataError, match=r"unknown kind \['ajar'\].*open, residents, closed"):
        read_compounds(study, base, metric_crs(study, base))
    toy_study.edit(folder / "study.toml", '[[gates]]\npath = "gates.geojson"\nkind = "sort"', '[[compounds]]\npath = "walls.geojson"')
    study, base = schema.load(folder)
    with pytest.raises(DataError, match="polygons only"):
        read_compounds(study, base, metric_crs(study, base))


def test_a_slope_study_falls_from_level_to_hill_to_elderly(folder):
    hill(folder)
    told(
        folder,
        '[walking]\nrule = "time"\nelevation = "dem.tif"\n[[walking.groups]]\nid = "hill"\nspeed_kmh = 4\nslope = "tobler"\n'
        '[[walking.groups]]\nid = "elderly"\nslope = "tobler"\n',
    )
    result = analyzed(folder)
    #  the open school is at the west, downhill of every home; back uphill nobody walks
    shares = [share(result, group)["people_share"] for group in ("all", "hill", "elderly")]
    assert shares[0] >= shares[1] > shares[2]
    study, base = schema.load(folder)
    crs = metric_crs(study, base)
    network = read_network(study, base, crs)
    ground = read_ground(study, base, crs, network)
    forward, backward = ground.slopes["tobler"]
    east = network.streets["name"].to_numpy() == "长街"
    #  10 % up takes 1.4191 times as long, 10 % down exactly as long (Tobler)
    assert sorted([float(forward[east].max()), float(backward[east].max())]) == pytest.approx([1.0, 1.4191], abs=2e-3)
    assert ground.without_height_m == 0
    record = (folder / "out" / "run.json").read_text(encoding="utf-8")
    assert '"slope": "tobler"' in record


def test_a_compound_of_the_study_is_not_cut_through(folder):
    #  block B (450-550) becomes a compound across the long street; from C (820-920) to the west school leads a way round
    #  (0,0)──A──[B]──C──(1000,0)
    #    └──────(0,-200)──(1000,-200)──────┘   1,400 m from the east end
    outline = shapely.box(440, -30, 560, 70)
    paths = ([(0, 0), (1000, 0)], [(500, 0), (500, 300)], [(0, 0), (0, -200), (1000, -200), (1000, 0)])
    toy_study.write_layer(folder / "streets.geojson", [shapely.LineString(p) for p in paths], highway=["residential"] * 3)
    toy_study.write_layer(folder / "walls.geojson", [outline], label=["学府里"])
    told(folder, '[[compounds]]\npath = "walls.geojson"\nname = "label"')
    result = analyzed(folder)
    walks = result.residence_walks.query("category == 'school'").set_index("residence_id")
    assert set(walks["status"]) == {"reached"}
    assert walks.loc["C", "walk_m"] > 1400 + 80
    assert walks.loc["B", "walk_m"] < 600
    assert result.network.compounds["name"].tolist() == ["学府里"]
    toy_study.edit(folder / "study.toml", "[streets]", '[walking]\npermeability = "open"\n\n[streets]')
    opened = run(folder, out=folder / "out", progress=lambda *_: None)[0]
    walks = opened.residence_walks.query("category == 'school'").set_index("residence_id")
    assert walks.loc["C", "walk_m"] < 1000


def test_outlines_need_no_names_and_gates_that_fit_none_are_told(folder):
    toy_study.write_layer(folder / "walls.geojson", [shapely.box(90, 3, 210, 70)])
    toy_study.write_layer(folder / "gates.geojson", [shapely.Point(150, 500)])
    told(folder, '[[compounds]]\npath = "walls.geojson"\n[[gates]]\npath = "gates.geojson"')
    result = analyzed(folder)
    assert result.network.unused_gates == 1
    said = " ".join(result.warnings)
    assert "1 个大门" in said and "1 个小区没有通向公共道路的大门" in said and "小区围墙" in said


def test_downhill_an_area_reaches_beyond_its_level_metres(folder):
    from livingcircle.study.ask import Limits, area

    hill(folder, rise=0.05)
    told(folder, '[walking]\nelevation = "dem.tif"\nslope = "tobler"')
    at, far = toy_study.place(1000, 0), toy_study.place(-5, 0)
    got = area(folder, at=at, limits=Limits([13]), out=folder / "a.geojson", explain=far)
    #  1,000 m westward, 5 % downhill at 0.84 flat metres a metre, are 840 of 866.7 flat metres
    assert got.trails[0].status == "reached"
    west = got.areas.geometry.iloc[0].bounds[0] - toy_study.EAST
    assert west < 5


def test_the_extent_of_the_streets_is_read(folder):
    toy_study.write_layer(folder / "ground.geojson", [shapely.box(-5000, -5000, 6000, 5000)])
    toy_study.edit(folder / "study.toml", 'path = "streets.geojson"', 'path = "streets.geojson"\nextent = "ground.geojson"')
    table = analyzed(folder).coverage
    assert (table["people_uncertain_share"] == 0).all()
    gaps = pd.read_csv(folder / "out" / "gaps.csv", encoding="utf-8-sig")
    assert (gaps["uncertain_share"] == 0).all()
