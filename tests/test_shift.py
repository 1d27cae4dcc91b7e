"""Whether a layer lies in another datum than it says. Towns and layers here are synthetic unless they are named."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from conftest import CRS, EXTRACTS, ROOT, town

from livingcircle import shift
from livingcircle.errors import DataError
from livingcircle.network import from_edges, from_ways
from livingcircle.sources import osm
from livingcircle.study import judging, reading, schema

CORNER = np.array([386_000.0, 3_309_000.0])
SIZE = 4_000.0
DEGREES = pyproj.Transformer.from_crs(4490, 4550, always_xy=True)
MISTAKES = [(declared, truth) for declared in shift.DATUMS for truth in shift.DATUMS if declared != truth]


@cache
def irregular():
    """Streets at uneven distances of 60 to 220 m, across and along, over 4 km by 4 km."""
    random = np.random.default_rng(3)
    rows, columns = ((np.cumsum(random.uniform(60, 220, 40)) - 60) for _ in range(2))
    rows, columns = rows[rows <= SIZE], columns[columns <= SIZE]
    across = [[(0, y), (SIZE, y)] for y in rows]
    along = [[(x, 0), (x, SIZE)] for x in columns]
    return town(*(np.array(path) + CORNER for path in across + along)), rows, columns


def doors(count, *, distance=10.0, seed=0):
    """Points `distance` metres north of a street, and at least 25 m from the streets across, all over the town."""
    _, rows, columns = irregular()
    random = np.random.default_rng(seed)
    wide = np.flatnonzero(np.diff(columns) > 60)
    gap = random.choice(wide, count)
    x = random.uniform(columns[gap] + 25, columns[gap + 1] - 25)
    y = random.choice(rows[:-1], count) + distance
    return np.column_stack([x, y]) + CORNER


def mistaken(points, *, truth, declared):
    """The points where they come to lie when a file written in `truth` is read as `declared`."""
    written = shift.FROM_PLAIN[truth](*DEGREES.transform(*points.T, direction="INVERSE"))
    return np.column_stack(DEGREES.transform(*shift.TO_PLAIN[declared](*written)))


def detect(points, network=None, **told):
    return shift.detect(points, irregular()[0] if network is None else network, crs=CRS, **told)


# --- what is told


def test_a_layer_in_place_fits_and_the_figures_are_those_of_the_hand():
    """30 doors 10 m and 30 doors 20 m from the street: the median is 15 m, all are near, none is in the carriageway."""
    points = np.vstack([doors(30), doors(30, distance=20.0, seed=1)])
    verdict = detect(points)
    assert (verdict.state, verdict.datum, verdict.streets, verdict.points, verdict.small) == ("fits", "", "", 60, False)
    present = verdict.placings.iloc[0]
    assert present["placing"] == "present"
    assert present["median_m"] == pytest.approx(15.0, abs=1e-6)
    assert (present["near_share"], present["carriageway_share"]) == (1.0, 0.0)
    #  slid along the streets, a layer fits as well
    assert present["as_good_by_chance"] < 0.05
    assert np.isnan(present["inside_share"])


@pytest.mark.parametrize(("declared", "truth"), MISTAKES)
def test_every_mistake_of_datums_is_found_and_named(declared, truth):
    points = mistaken(doors(50), truth=truth, declared=declared)
    verdict = detect(points, declared=declared)
    assert (verdict.state, verdict.declared, verdict.datum, verdict.streets) == ("shifted", declared, truth, "")
    found = verdict.placings.query("placing == 'other' and datum == @truth and streets == ''").iloc[0]
    assert found["median_m"] == pytest.approx(10.0, abs=0.01)
    assert found["special"] > verdict.placings["special"].iloc[0] + 5


@pytest.mark.parametrize("datum", ["GCJ-02", "BD-09"])
def test_streets_in_another_datum_are_told(datum):
    """A plain layer over shifted streets: the layer has moved against them the other way."""
    points = doors(60)
    lines = irregular()[0].streets
    moved = lines.set_geometry(shapely.transform(lines.geometry.to_numpy(), lambda c: mistaken(c, truth=datum, declared="")))
    verdict = detect(points, from_edges(moved.set_crs(CRS, allow_override=True)))
    assert (verdict.state, verdict.datum, verdict.streets) == ("shifted", "", datum)


def test_the_table_of_placings():
    table = detect(doors(50)).placings
    assert table.columns.tolist() == [
        "placing", "datum", "streets", "median_m", "near_share", "carriageway_share", "inside_share", "gain", "special", "as_good_by_chance",
    ]  # fmt: skip
    rows = [tuple(row) for row in table[["placing", "datum", "streets"]].to_numpy()]
    assert rows == [
        ("present", "", ""), ("other", "GCJ-02", ""), ("other", "BD-09", ""), ("other", "", "GCJ-02"), ("other", "", "BD-09"), ("chance", "", ""),
    ]  # fmt: skip
    shares = table[["near_share", "carriageway_share"]].to_numpy()
    assert ((shares >= 0) & (shares <= 1)).all()


def test_a_mistake_that_moves_alike_is_listed_once():
    """Plain numbers declared GCJ-02 lie as a GCJ-02 layer would lie over GCJ-02 streets: one row tells both."""
    table = detect(doors(50), declared="GCJ-02").placings
    others = table[table["placing"] == "other"]
    assert list(zip(others["datum"], others["streets"], strict=True)) == [("", ""), ("BD-09", ""), ("GCJ-02", "BD-09")]


# --- when nothing may be said


@pytest.mark.parametrize("declared", shift.DATUMS)
def test_points_without_a_habit_are_undecided(declared):
    random = np.random.default_rng(12)
    states = [detect(random.uniform(CORNER, CORNER + SIZE, (80, 2)), declared=declared).state for _ in range(30)]
    assert states.count("undecided") >= 29
    assert "shifted" not in states


def test_a_grid_that_repeats_itself_raises_no_alarm():
    """Streets every 20 m: wherever the layer lies, it lies equally near to one."""
    steps = np.arange(0, 2_001, 20)
    grid = town(*(np.array([(0, y), (2_000, y)]) + CORNER for y in steps), *(np.array([(x, 0), (x, 2_000)]) + CORNER for x in steps))
    points = np.random.default_rng(5).uniform(CORNER + 500, CORNER + 1_500, (60, 2))
    assert detect(points, grid).state == "undecided"
    assert detect(mistaken(points, truth="GCJ-02", declared=""), grid).state == "undecided"


@pytest.mark.parametrize("count", [0, 1, 29])
def test_too_few_points_are_told_so(count):
    verdict = detect(doors(count) if count else np.zeros((0, 2)))
    assert (verdict.state, verdict.points, verdict.datum) == ("too_few", count, "")
    assert verdict.placings[["median_m", "gain", "special"]].isna().all(axis=None)


def test_a_layer_off_the_ground_of_the_streets_is_too_few():
    assert detect(doors(100) + [20_000, 0]).state == "too_few"


def test_points_beyond_the_streets_do_not_matter():
    """A city-wide layer over a district's streets: what lies beyond them says nothing."""
    random = np.random.default_rng(6)
    beyond = random.uniform(CORNER + [SIZE + 1_500, 0], CORNER + [SIZE + 40_000, SIZE], (3_000, 2))
    assert detect(np.vstack([beyond, doors(60)])).state == "fits"
    wrong = mistaken(np.vstack([beyond, doors(60)]), truth="BD-09", declared="")
    assert detect(wrong).datum == "BD-09"


def test_outside_china_nothing_is_shifted():
    streets = irregular()[0].streets
    abroad = from_edges(streets.set_crs("EPSG:32722", allow_override=True))
    for points in (doors(60), doors(60) + [430.0, -270.0]):
        assert shift.detect(points, abroad, crs="EPSG:32722").state in ("fits", "undecided")


def test_a_layer_of_two_sources_is_told_by_its_greater_part():
    points = doors(120)
    wrong = mistaken(points, truth="GCJ-02", declared="")
    assert detect(np.vstack([wrong[:90], points[90:]])).datum == "GCJ-02"
    assert detect(np.vstack([points[:90], wrong[90:]])).state == "fits"


def test_few_points_are_marked():
    assert detect(doors(40)).small
    assert not detect(doors(50)).small


# --- buildings as the second evidence


def test_buildings_tell_where_streets_do_not():
    """Houses of 12 m by 12 m anywhere, each point in a house: the streets know nothing of them, the houses do."""
    random = np.random.default_rng(9)
    middles = random.uniform(CORNER, CORNER + SIZE, (6_000, 2))
    houses = gpd.GeoDataFrame(geometry=shapely.box(*(middles - 6).T, *(middles + 6).T), crs=CRS)
    points = middles[random.choice(len(middles), 60, replace=False)]
    wrong = mistaken(points, truth="GCJ-02", declared="")
    assert detect(wrong).state == "undecided"
    verdict = detect(wrong, buildings=houses)
    assert (verdict.state, verdict.datum) == ("shifted", "GCJ-02")
    assert verdict.placings["inside_share"].iloc[1] == 1.0
    assert verdict.placings["inside_share"].iloc[0] < 0.2
    assert detect(points, buildings=houses).state == "fits"


def test_no_buildings_are_no_evidence():
    nothing = gpd.GeoDataFrame(geometry=[], crs=CRS)
    assert detect(doors(50), buildings=nothing).placings["inside_share"].isna().all()
    far = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 9, 9)], crs=CRS)
    verdict = detect(doors(50), buildings=far)
    assert (verdict.placings["inside_share"] == 0.0).all()
    np.testing.assert_allclose(verdict.placings["gain"], detect(doors(50)).placings["gain"])


# --- manners


def test_inputs_stay_and_answers_repeat():
    points = doors(80)
    before, streets = points.copy(), irregular()[0].streets.copy()
    first, second = detect(points), detect(points[::-1])
    np.testing.assert_array_equal(points, before)
    assert irregular()[0].streets.equals(streets)
    numbers = ["median_m", "near_share", "gain", "special"]
    np.testing.assert_allclose(first.placings[numbers], second.placings[numbers])


def test_a_long_layer_is_thinned():
    start = time.perf_counter()
    verdict = detect(mistaken(doors(20_000), truth="GCJ-02", declared=""))
    print(f"20,000 points: {time.perf_counter() - start:.2f} s")
    assert (verdict.state, verdict.datum) == ("shifted", "GCJ-02")
    assert verdict.points == 500


@pytest.mark.parametrize(
    ("points", "told", "problem"),
    [
        ([[np.nan, 0.0], [1.0, np.inf]], {}, "rows 1, 2: coordinates are missing"),
        ([[0.0, 0.0]], {"declared": "WGS84"}, "is no datum word"),
        ([[0.0, 0.0]], {"crs": "EPSG:4549"}, "streets: are in CGCS2000"),
        ([[0.0, 0.0]], {"crs": "EPSG:4326"}, "degrees"),
        ([[0.0, 0.0]], {"buildings": gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=4326)}, "buildings: are in WGS 84"),
    ],
)
def test_bad_input_is_refused(points, told, problem):
    with pytest.raises(DataError, match=problem) as caught:
        shift.detect(points, irregular()[0], **{"crs": CRS, **told})
    assert all(fault.remedy for fault in caught.value.faults)


# --- rates, on seeded trials


def rates(network, layer, *, size, trials, seed):
    """Alarms on layers in place, and mistakes found and rightly named, over subsets of `layer` by `seed`."""
    random = np.random.default_rng(seed)
    alarms, found = [], []
    for turn in range(trials):
        points = layer[random.choice(len(layer), size, replace=False)]
        alarms.append(detect(points, network, declared=shift.DATUMS[turn % 3]).state == "shifted")
        declared, truth = MISTAKES[turn % len(MISTAKES)]
        verdict = detect(mistaken(points, truth=truth, declared=declared), network, declared=declared)
        found.append((verdict.state, verdict.datum, verdict.streets) == ("shifted", truth, ""))
    return np.mean(alarms), np.mean(found)


def inner(frame):
    return shapely.get_coordinates(shapely.point_on_surface(frame.geometry.to_numpy()))


@pytest.fixture(scope="module")
def sample():
    """The schematic district that is shipped."""
    study, base = schema.load(ROOT / "data" / "beilun")
    standard, _ = judging.standards_of(study, base=base)
    return reading.read_inputs(study, base, standard=standard, findings=reading.Findings(), progress=lambda *_: None)


@pytest.mark.parametrize("kind", ["all facilities", "map service", "residences"])
def test_rates_in_the_schematic_district(sample, kind):
    amap = sample.facilities["source"].str.endswith(".csv")
    layer = {"all facilities": sample.facilities, "map service": sample.facilities[amap], "residences": sample.residences}[kind]
    alarms, found = rates(sample.network, inner(layer), size=50, trials=60, seed=20)
    print(f"{kind}: false alarms {alarms:.3f}, found {found:.3f}")
    assert alarms < 0.01
    assert found >= 0.95


REAL = {
    "beijing_tsinghua_osm/beijing_tsinghua.osm": {"shop", "amenity", "building", "bus_stop"},
    "shenzhen_longgang_osm/shenzhen_longgang.osm": {"building"},
}


def kinds_of(places):
    """Layers of an extract by OSM key, as points: shops, amenities, buildings, bus stops."""
    points = inner(places)
    for key in ("shop", "amenity", "building"):
        yield key, points[[key in tags for tags in places["tags"]]]
    yield "bus_stop", points[[tags.get("highway") == "bus_stop" for tags in places["tags"]]]


@pytest.fixture(scope="module", params=REAL)
def city(request):
    """A real extract's streets and layers, set down about 121.8 E, 29.9 N."""
    file = EXTRACTS / Path(request.param)
    if not file.is_file():
        pytest.skip(f"no real extracts at {EXTRACTS.parent.name}/{EXTRACTS.name}: put them beside the project to run this test")
    ways = osm.read_ways(file)
    crs = ways.estimate_utm_crs()
    network = from_ways(ways.to_crs(crs))
    middle = network.streets.total_bounds.reshape(2, 2).mean(axis=0)
    away = np.array(DEGREES.transform(121.8, 29.92)) - middle
    lines = network.streets.set_geometry(shapely.transform(network.streets.geometry.to_numpy(), lambda c: c + away))
    places = osm.read_places(file, keys=("shop", "amenity", "building", "highway")).to_crs(crs)
    ground = shapely.box(*network.streets.total_bounds)
    places = places[places.within(ground)]
    layers = {key: points + away for key, points in kinds_of(places) if key in REAL[request.param]}
    return from_edges(lines.set_crs(CRS, allow_override=True)), layers


@pytest.mark.parametrize("size", [50, 100])
def test_rates_on_real_streets(city, size):
    network, layers = city
    alarms, found = [], []
    for key, points in layers.items():
        if len(points) < size:
            continue
        one = rates(network, points, size=size, trials=30, seed=31)
        print(f"{key}, {size} points: false alarms {one[0]:.3f}, found {one[1]:.3f}")
        alarms.append(one[0])
        found.append(one[1])
    assert len(found) >= 1
    assert np.mean(alarms) < 0.01
    assert min(found) >= 0.95
