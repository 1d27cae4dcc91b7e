"""People from dwellings, buildings, parcels, cells and totals: worked by hand, and every sum kept."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS
from hypothesis import given, settings
from hypothesis import strategies as st

from livingcircle import population, residences
from livingcircle.errors import DataError
from livingcircle.layers import RESIDENCES, check
from livingcircle.population.totals import COLUMNS, filled

#  The toy town, metres; A, B and C are residential land, 1 to 4 dwelling houses, 5 stands on no residential land:
#
#    y
#  100 ┌──────────┐┌──────────┐  ┌─────┐
#      │ 1 ██  2 ██││ 3 ██     │  │  C  │   5 ██
#      │  A (300) ││  B (120) │  │(30) │
#    0 └──────────┘└──────────┘  └─────┘
#      0        100          200 250  300    400   x
#
#  House 1: 10 x 20 m, 6 storeys, 1200 m2; 2: 10 x 40 m, 1 storey, 400 m2; 3: 10 x 10 m; 5: 10 x 10 m.
LAND = {"A": shapely.box(0, 0, 100, 100), "B": shapely.box(100, 0, 200, 100), "C": shapely.box(250, 0, 300, 100)}
HOUSES = shapely.box([10, 60, 120, 400], [50, 50, 50, 50], [20, 70, 130, 410], [70, 90, 60, 60])


def town(**columns):
    told = {"residence_id": ["A", "B", "C"], "name": ["east", "", ""], "unit": "", "people": [300.0, 120.0, 30.0]}
    frame = gpd.GeoDataFrame({**told, "land_m2": [1e4, 1e4, 5e3], "open_year": np.nan}, geometry=list(LAND.values()), crs=CRS)
    return frame.assign(**columns)


def houses(**columns):
    told = {"no": ["h1", "h2", "h3", "h5"], "storeys": [6, 1, 3, 9]}
    return gpd.GeoDataFrame({**told, **columns}, geometry=HOUSES, crs=CRS)


def raw(**columns):
    return gpd.GeoDataFrame({"ref": ["A", "B", "C"], **columns}, geometry=list(LAND.values()), crs=CRS)


def people_of(frame):
    return dict(zip(frame["residence_id"], frame["people"].round(9), strict=True))


def unchanged(*frames):
    """What the frames are now, to be compared again after a call."""
    return [frame.copy(deep=True) for frame in frames]


def same(before, *frames):
    for old, new in zip(before, frames, strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(old), pd.DataFrame(new))
        assert old.attrs == new.attrs


# --- facts ---


def test_every_figure_shipped_bears_its_evidence_mark():
    facts = population.facts()
    parts = {key: value for key, value in facts.items() if isinstance(value, dict)}
    assert all(part["evidence"] in "●◐○" for part in parts.values())
    assert all("source" in part for part in parts.values() if part["evidence"] in "●◐")
    assert facts["parcels"] == {**facts["parcels"], "floor_area_per_person_m2": 35, "evidence": "◐"}
    #  a local figure must not become everybody's default
    assert "people_per_dwelling" not in str(facts)


# --- dwellings and parcels ---


def test_dwellings_times_people_a_dwelling():
    places = raw(households=["120户", 40, None])
    before = unchanged(places)
    got = population.from_dwellings(places, dwellings="households", people_per_dwelling=2.5, columns={"id": "ref"})
    check(got, RESIDENCES, where="test")
    assert people_of(got) == {"A": 300, "B": 100, "C": 0}
    assert got["land_m2"].tolist() == [1e4, 1e4, 5e3]
    assert got.attrs["without_people"] == 1
    same(before, places)


def test_all_faults_of_dwellings_at_once():
    places = raw(households=["many", -4, 1e9]).assign(ref=["A", "A", "C"])
    with pytest.raises(DataError) as caught:
        population.from_dwellings(places, dwellings="households", people_per_dwelling=0, columns={"id": "ref"}, where="plots.gpkg")
    words = str(caught.value)
    assert "0 people a dwelling" in words
    assert "plots.gpkg row 1: numbers in 'households' are not numbers" in words
    assert "plots.gpkg row 2: numbers in 'households' are negative" in words
    assert "plots.gpkg row 3: numbers in 'households' are above 100000" in words
    assert "more than once: ['A']" in words


def test_rows_are_numbered_as_in_their_file():
    places = raw(households=[3, "many", 4], row=[5, 8, 9])
    places.attrs["row_column"] = "row"
    with pytest.raises(DataError, match="row 8: numbers in 'households'"):
        population.from_dwellings(places, dwellings="households", people_per_dwelling=2)


def test_people_a_dwelling_must_be_stated_and_a_number():
    with pytest.raises(TypeError):
        population.from_dwellings(raw(households=[1, 2, 3]), dwellings="households")
    with pytest.raises(DataError, match="nan people a dwelling"):
        population.from_dwellings(raw(households=[1, 2, 3]), dwellings="households", people_per_dwelling=float("nan"))


def test_planned_parcels_by_hand():
    plan = raw(far=["2.1", 0.7, None])
    before = unchanged(plan)
    got = population.from_parcels(plan, floor_area_ratio="far", columns={"id": "ref"})
    #  10 000 m2 x 2.1 / 35 m2; 10 000 m2 x 0.7 / 35 m2
    assert people_of(got) == {"A": 600, "B": 200, "C": 0}
    half = population.from_parcels(plan, floor_area_ratio="far", floor_area_per_person_m2=70, columns={"id": "ref"})
    assert people_of(half) == {"A": 300, "B": 100, "C": 0}
    same(before, plan)


def test_all_faults_of_parcels_at_once():
    plan = raw(far=[210, "high", 1.0]).set_geometry([shapely.Point(0, 0), *list(LAND.values())[1:]], crs=CRS)
    with pytest.raises(DataError) as caught:
        population.from_parcels(plan, floor_area_ratio="far", floor_area_per_person_m2=0)
    words = str(caught.value)
    assert "row 1: numbers in 'far' are above 20" in words
    assert "row 2: numbers in 'far' are not numbers" in words
    assert "row 1: a ratio needs land" in words
    assert "0 m2 of floor area a person" in words


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_land_is_measured_in_metres_only(crs):
    with pytest.raises(DataError, match="degrees|stretches"):
        population.from_parcels(raw(far=[1, 1, 1]).set_crs(crs, allow_override=True), floor_area_ratio="far")
    with pytest.raises(DataError, match="degrees|stretches"):
        population.over_buildings(town(), houses().set_crs(crs, allow_override=True), columns={})


def test_land_that_states_nobody():
    got = population.residential_land(raw(), columns={"id": "ref"})
    assert people_of(got) == {"A": 0, "B": 0, "C": 0}
    check(got, RESIDENCES, where="test")


# --- buildings ---


def test_floor_area_splits_the_people_of_each_plot():
    homes, footprints = town(people_old=[60.0, 12.0, 3.0]), houses()
    before = unchanged(homes, footprints)
    got = population.over_buildings(homes, footprints, columns={"id": "no", "storeys": "storeys"})
    check(got, RESIDENCES, where="test")
    #  A: 300 x 1200 / 1600 and 300 x 400 / 1600
    assert people_of(got) == {"A/h1": 225, "A/h2": 75, "B/h3": 120, "C": 30}
    assert got["people_old"].tolist() == pytest.approx([45, 15, 12, 3])
    #  land by footprint: 200 and 400 of 600 m2
    assert got["land_m2"].tolist() == pytest.approx([1e4 / 3, 2e4 / 3, 1e4, 5e3])
    assert got.geom_type.tolist() == ["Point", "Point", "Point", "Polygon"]
    assert got["name"].tolist() == ["east", "east", "", ""]
    assert got.attrs == {
        "buildings": 3, "buildings_outside": 1, "split_by_dwellings": 0, "storeys_from_height": 0, "storeys_unknown": 0,
        "residences_without_building": 1, "people_without_building": 30.0,
    }  # fmt: skip
    same(before, homes, footprints)


def test_footprints_and_names_of_buildings_can_be_kept():
    got = population.over_buildings(town(), houses(t=["tower", None, " ", "x"]), columns={"name": "t"}, shape="footprint")
    assert got["residence_id"].tolist() == ["A/1", "A/2", "B/3", "C"]
    assert got.geometry.tolist() == [*HOUSES[:3], LAND["C"]]
    assert got["name"].tolist() == ["tower", "east", "", ""]


def test_storeys_not_told_come_from_height_else_one_and_are_counted():
    lacking = houses(storeys=[None, None, 3, None], height=[18, None, 30, None])
    got = population.over_buildings(town(), lacking, columns={"id": "no", "storeys": "storeys", "height_m": "height"})
    #  18 m / 3 m = 6 storeys on 200 m2; one storey on 400 m2
    assert people_of(got)["A/h1"] == 225
    assert (got.attrs["storeys_from_height"], got.attrs["storeys_unknown"]) == (1, 1)


def test_a_shed_lower_than_a_storey_counts_as_one():
    got = population.over_buildings(town(), houses(height=[2, 3, 3, 3]), columns={"id": "no", "height_m": "height"})
    assert people_of(got)["A/h1"] == 100


def test_floor_area_told_goes_before_storeys():
    told = houses(area=[100, 100, None, None])
    got = population.over_buildings(town(), told, columns={"id": "no", "storeys": "storeys", "floor_area_m2": "area"})
    assert people_of(got)["A/h1"] == people_of(got)["A/h2"] == 150


def test_dwellings_split_a_plot_only_where_all_of_it_tells_them():
    told = houses(flats=[10, 20, None, None])
    got = population.over_buildings(town(), told, columns={"id": "no", "storeys": "storeys", "dwellings": "flats"})
    assert people_of(got) == {"A/h1": 100, "A/h2": 200, "B/h3": 120, "C": 30}
    assert got.attrs["split_by_dwellings"] == 1
    partly = houses(flats=[10, None, None, None])
    got = population.over_buildings(town(), partly, columns={"id": "no", "storeys": "storeys", "dwellings": "flats"})
    assert people_of(got)["A/h1"] == 225


def test_points_of_buildings_need_dwellings_or_floor_area():
    points = houses(flats=[10, 20, 1, 1]).set_geometry(shapely.centroid(HOUSES), crs=CRS)
    got = population.over_buildings(town(), points, columns={"id": "no", "dwellings": "flats"})
    assert people_of(got) == {"A/h1": 100, "A/h2": 200, "B/h3": 120, "C": 30}
    assert got["land_m2"].sum() == pytest.approx(25_000)
    with pytest.raises(DataError, match="rows 1, 2, 3: a building without floor area → give footprints"):
        population.over_buildings(town(), points, columns={"storeys": "storeys"})


def test_the_total_of_a_unit_over_its_buildings():
    units = gpd.GeoDataFrame({"unit": ["W", "E"]}, geometry=[shapely.box(0, 0, 225, 100), shapely.box(225, 0, 500, 100)], crs=CRS)
    totals = pd.DataFrame({"unit": ["W", "E", "Z"], "people": [1900.0, 90.0, 5.0], "people_old": [190.0, np.nan, 1.0]})
    whole = population.of_units(units, totals)
    assert whole.attrs["unplaced"] == {"Z": 5.0}
    got = population.over_buildings(whole, houses(), columns={"id": "no", "storeys": "storeys"})
    #  1200 + 400 + 300 m2 of floors
    assert people_of(got) == {"W/h1": 1200, "W/h2": 400, "W/h3": 300, "E/h5": 90}
    assert got["people_old"].tolist() == pytest.approx([120, 40, 30, 0])
    assert got["unit"].tolist() == ["W", "W", "W", "E"]
    assert got["land_m2"].sum() == 0


def test_two_parts_of_one_unit_are_one():
    parts = gpd.GeoDataFrame({"unit": ["W", "E", "W"]}, geometry=[LAND["A"], LAND["C"], LAND["B"]], crs=CRS)
    got = population.of_units(parts, pd.DataFrame({"unit": ["W", "E"], "people": [10.0, 20.0]}))
    assert people_of(got) == {"W": 10, "E": 20}
    assert got.geometry.iloc[0].equals(shapely.box(0, 0, 200, 100))
    assert got.geometry.iloc[1].equals(LAND["C"])


def test_totals_of_no_unit_on_the_map_are_refused():
    units = gpd.GeoDataFrame({"unit": ["W"]}, geometry=[shapely.box(0, 0, 225, 100)], crs=CRS)
    with pytest.raises(DataError, match="none of the totals is of a unit on the map.*: W"):
        population.of_units(units, pd.DataFrame({"unit": ["Z"], "people": [1.0]}))


def test_all_faults_of_buildings_at_once():
    wrong = houses(no=["h1", "h1", None, "h5"], storeys=["x", -1, 0, 400]).to_crs("EPSG:32651")
    with pytest.raises(DataError) as caught:
        population.over_buildings(town(), wrong, columns={"id": "no", "storeys": "storeys", "height_m": "tall", "floors": "z"})
    words = str(caught.value)
    for part in (
        "buildings: lies in WGS 84 / UTM zone 51N", "no use for columns floors", "row 3: no id in 'no'", "more than once: ['h1']",
        "row 1: numbers in 'storeys' are not numbers", "row 2: numbers in 'storeys' are negative", "row 3: a building of 0 storeys",
        "row 4: numbers in 'storeys' are above 170", "no column 'tall'",
    ):  # fmt: skip
        assert part in words


def test_buildings_elsewhere_are_refused():
    with pytest.raises(DataError, match="no building stands on a residence"):
        population.over_buildings(town(), houses().translate(9000).to_frame("geometry"), columns={})


def test_a_house_on_two_plots_goes_to_the_first():
    both = town().set_geometry([LAND["A"], LAND["A"], LAND["C"]], crs=CRS)
    got = population.over_buildings(both, houses(), columns={"id": "no"})
    assert got["residence_id"].tolist() == ["A/h1", "A/h2", "B", "C"]


counts = st.one_of(st.just(0.0), st.floats(0.001, 1e5))


@given(
    people=st.lists(counts, min_size=4, max_size=4),
    places=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 30), st.one_of(st.none(), st.integers(0, 99))), min_size=1, max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_every_plot_keeps_its_people_over_any_buildings(people, places):
    plots = shapely.box(np.arange(4) * 100, 0, np.arange(4) * 100 + 100, 100)
    told = {"residence_id": list("ABCD"), "name": "", "unit": "", "people": people, "people_old": np.array(people) / 3}
    homes = gpd.GeoDataFrame({**told, "land_m2": 1e4, "open_year": np.nan}, geometry=plots, crs=CRS)
    x = np.array([place[0] * 100 + 10.0 + number for number, place in enumerate(places)])
    built = {"storeys": [place[1] for place in places], "flats": [place[2] for place in places]}
    footprints = gpd.GeoDataFrame(built, geometry=shapely.box(x, 10, x + 8, 30), crs=CRS)
    if all(place[0] == 4 for place in places):
        return
    got = population.over_buildings(homes, footprints, columns={"storeys": "storeys", "dwellings": "flats"})
    sums = got.groupby(got["residence_id"].str[0])[["people", "people_old", "land_m2"]].sum()
    np.testing.assert_allclose(sums.loc[list("ABCD")].to_numpy(), homes[["people", "people_old", "land_m2"]].to_numpy(), rtol=1e-12, atol=1e-6)
    assert got["residence_id"].is_unique
    assert len(got) == got.attrs["buildings"] + (4 - len({place[0] for place in places} - {4}))


# --- cells ---


def cells(*rows):
    """Cells of (id, people, geometry)."""
    told = {"residence_id": [row[0] for row in rows], "name": "", "unit": "", "people": [float(row[1]) for row in rows]}
    return gpd.GeoDataFrame({**told, "land_m2": 1.0, "open_year": np.nan}, geometry=[row[2] for row in rows], crs=CRS)


#  Cells of 100 m over the toy town, moved by half a cell; people in them:
#
#    ┌────┬────┬────┬────┬────┐        ┌────┐
#    │ 10 │ 40 │ 20 │ 30 │ 8  │        │ 5  │
#    └────┴────┴────┴────┴────┘        └────┘
#   -50   50  150  250  350  450      900  1000
#         A: 0-100, B: 100-200, C: 250-300
GRID = [(f"c{n}", p, shapely.box(x, 0, x + 100, 100)) for n, (p, x) in enumerate([(10, -50), (40, 50), (20, 150), (30, 250), (8, 350), (5, 900)])]


def test_cells_onto_the_land_in_them_by_hand():
    grid, land = cells(*GRID).assign(people_old=[1.0, 4, 2, 3, 1, 0]), town()
    before = unchanged(grid, land)
    got = population.onto_land(grid, land, within_m=60)
    check(got, RESIDENCES, where="test")
    #  A: all of c0 and half of c1; B: half of c1 and all of c2; C: all of c3, and c4 from 50 m off; c5 is 600 m off
    assert people_of(got) == {"A": 30, "B": 40, "C": 38, "c5": 5}
    assert got["people_old"].tolist() == pytest.approx([3, 4, 4, 0])
    assert got["land_m2"].tolist() == [1e4, 1e4, 5e3, 0]
    assert got.attrs == {
        "people_before": 113.0, "people_after": 113.0, "difference": 0.0, "cells_moved": 1, "people_moved": 8.0,
        "cells_kept": 1, "people_kept": 5.0, "land_without_people": 0,
    }  # fmt: skip
    same(before, grid, land)


def test_cells_beyond_the_stated_metres_stay_cells():
    got = population.onto_land(cells(*GRID), town(), within_m=49.9)
    assert people_of(got) == {"A": 30, "B": 40, "C": 30, "c4": 8, "c5": 5}
    assert got.geometry.iloc[3].equals(GRID[4][2])
    assert (got.attrs["cells_moved"], got.attrs["cells_kept"], got.attrs["people_kept"]) == (0, 2, 13)
    assert population.onto_land(cells(*GRID), town(), within_m=600).attrs["cells_kept"] == 0


def test_points_go_to_the_land_that_holds_them():
    points = cells(("p1", 7, shapely.Point(20, 20)), ("p2", 3, shapely.Point(225, 50)), ("p3", 2, shapely.Point(240, 50)))
    got = population.onto_land(points, town(), within_m=20)
    assert people_of(got) == {"A": 7, "B": 0, "C": 2, "p2": 3}
    assert (got.attrs["cells_moved"], got.attrs["land_without_people"]) == (1, 1)


def test_cells_without_people_and_land_are_no_rows():
    got = population.onto_land(cells(*GRID, ("empty", 0, shapely.box(5000, 0, 5100, 100))), town(), within_m=60)
    assert got["residence_id"].tolist() == ["A", "B", "C", "c5"]


def test_cells_of_a_tie_go_to_the_first_land():
    got = population.onto_land(cells(("c", 9, shapely.box(220, 0, 230, 10))), town(), within_m=50)
    assert people_of(got) == {"A": 0, "B": 9, "C": 0}
    got = population.onto_land(cells(("c", 9, shapely.box(210, 0, 240, 10))), town(), within_m=50)
    assert people_of(got) == {"A": 0, "B": 9, "C": 0}


def test_all_faults_of_cells_at_once():
    far = cells(*GRID).to_crs("EPSG:32651")
    with pytest.raises(DataError) as caught:
        population.onto_land(far, town().set_geometry(shapely.centroid(town().geometry), crs=CRS), within_m=-1)
    words = str(caught.value)
    assert "UTM zone 51N" in words
    assert "-1 m to the nearest land" in words
    assert "holds points" in words
    with pytest.raises(DataError, match="ids of cells are ids of land.*'A'"):
        population.onto_land(cells(("A", 1, shapely.Point(9000, 0))), town(), within_m=1)
    with pytest.raises(DataError, match="take the cells as residences"):
        population.onto_land(cells(*GRID), town().iloc[:0], within_m=1)


@given(seed=st.integers(0, 10_000), within_m=st.floats(0, 300))
@settings(max_examples=60, deadline=None)
def test_no_one_is_lost_between_cells_and_land(seed, within_m):
    rng = np.random.default_rng(seed)
    x, y = (axis.ravel() * 100.0 for axis in np.meshgrid(np.arange(6), np.arange(6)))
    grid = cells(*[(f"c{n}", p, s) for n, (p, s) in enumerate(zip(rng.integers(0, 90, 36), shapely.box(x, y, x + 100, y + 100), strict=True))])
    grid = grid.assign(people_old=grid["people"] * rng.uniform(0, 1, 36))
    west, south = rng.uniform(-50, 550, (2, 7))
    plots = shapely.box(west, south, west + rng.uniform(1, 150, 7), south + rng.uniform(1, 150, 7))
    land = cells(*[(f"L{n}", 0, plot) for n, plot in enumerate(plots)])
    got = population.onto_land(grid, land, within_m=within_m)
    assert got["people"].sum() == pytest.approx(grid["people"].sum(), abs=1e-6)
    assert got["people_old"].sum() == pytest.approx(grid["people_old"].sum(), abs=1e-6)
    assert (got["people_old"] <= got["people"] + 1e-9).all()
    assert abs(got.attrs["difference"]) < 1e-6
    assert got["residence_id"].tolist()[:7] == land["residence_id"].tolist()
    wider = population.onto_land(grid, land, within_m=within_m + 100)
    assert wider.attrs["people_kept"] <= got.attrs["people_kept"]


def test_overlaps_agree_with_plain_cutting():
    rng = np.random.default_rng(5)
    land = cells(*[(f"L{n}", 0, shapely.Point(*rng.uniform(0, 600, 2)).buffer(rng.uniform(10, 120))) for n in range(8)])
    x, y = (axis.ravel() * 100.0 for axis in np.meshgrid(np.arange(6), np.arange(6)))
    grid = cells(*[(f"c{n}", 10 + n, s) for n, s in enumerate(shapely.box(x, y, x + 100, y + 100))])
    got = people_of(population.onto_land(grid, land, within_m=0))
    plain = dict.fromkeys(land["residence_id"], 0.0)
    for _, cell in grid.iterrows():
        parts = [cell.geometry.intersection(plot).area for plot in land.geometry]
        for key, part in zip(plain, parts, strict=True):
            plain[key] += cell["people"] * part / sum(parts) if sum(parts) else 0.0
    assert {key: got[key] for key in plain} == pytest.approx(plain)


# --- totals ---


def settled(**columns):
    """A and B in W, C in E, and D outside every unit."""
    told = {"residence_id": list("ABCD"), "name": "", "unit": ["W", "W", "E", ""], "people": [300.0, 100.0, 50.0, 7.0]}
    shapes = [*LAND.values(), shapely.box(900, 0, 950, 100)]
    return gpd.GeoDataFrame({**told, "land_m2": [1e4, 1e4, 5e3, 5e3], "open_year": np.nan, **columns}, geometry=shapes, crs=CRS)


def totals(**columns):
    return pd.DataFrame({"unit": ["W", "E"], "people": [800.0, 60.0], **columns})


def status(factors, unit, group="all"):
    return factors.set_index(["unit", "group"]).loc[(unit, group), "status"]


def test_totals_by_hand():
    homes, told = settled(people_old=[30.0, 40.0, 10.0, 1.0]).set_index(pd.Index([9, 4, 2, 7])), totals()
    before = unchanged(homes, told)
    got, factors = population.rescaled(homes, told)
    assert got["people"].tolist() == [600, 200, 60, 7]
    assert got["people_old"].tolist() == [60, 80, 12, 1]
    assert got.index.tolist() == [9, 4, 2, 7]
    assert got.drop(columns=["people", "people_old"]).equals(homes.drop(columns=["people", "people_old"]))
    assert factors.columns.tolist() == list(COLUMNS)
    everybody = factors[factors["group"] == "all"].drop(columns=["group", "unplaced"]).values.tolist()
    assert everybody[:2] == [["W", 2, 400.0, 800.0, 2.0, 800.0, "scaled"], ["E", 1, 50.0, 60.0, 1.2, 60.0, "scaled"]]
    assert factors.loc[(factors["unit"] == "") & (factors["group"] == "all"), ["factor", "status"]].values.tolist() == [[1.0, "outside"]]
    same(before, homes, told)


def test_factors_far_from_one_are_flagged_and_worded():
    got, factors = population.rescaled(settled(), totals(people=[900.0, 20.0]))
    assert (status(factors, "W"), status(factors, "E")) == ("high", "low")
    words = [str(fault) for fault in population.remarks(factors)]
    assert "totals W: the people of the layer grow to 2.25 times themselves" in words[0]
    assert "totals E: the people of the layer shrink to 0.40 of themselves" in words[1]
    assert "7 people outside every unit" in words[2]
    assert got["people"].sum() == 927


def test_a_total_for_whom_there_is_no_residence_is_told_with_the_name_meant():
    told = pd.DataFrame({"unit": ["W街道", "E"], "people": [800.0, 60.0]})
    got, factors = population.rescaled(settled(unit=["W", "W", "E", ""]), told)
    assert got["people"].tolist() == [300, 100, 60, 7]
    row = factors.set_index(["unit", "group"]).loc[("W街道", "all")]
    assert (row["unplaced"], row["status"], row["residences"], row["factor"]) == (800, "nobody", 0, 1)
    words = "\n".join(str(fault) for fault in population.remarks(factors))
    assert "W街道: no residence for the 800 of the total → add residences there, or correct the unit's name; without a total is: W" in words
    assert "totals W: no total; its 400 people stay" in words
    placed = factors.loc[factors["group"] == "all", ["people_after", "unplaced"]].to_numpy().sum()
    assert placed == got["people"].sum() + 800


def test_land_without_people_is_filled_by_its_area():
    got, factors = population.rescaled(settled(people=0.0, land_m2=[1e4, 3e4, 1.0, 1.0]), totals())
    assert got["people"].tolist() == [200, 600, 60, 0]
    assert status(factors, "W") == "by_land"
    assert np.isinf(factors["factor"].iloc[0])
    assert "800 are spread by residential land" in str(population.remarks(factors)[0])


def test_points_without_people_leave_the_total_unplaced():
    got, factors = population.rescaled(settled(people=[0.0, 0, 50, 7], land_m2=0.0), totals())
    assert got["people"].tolist() == [0, 0, 60, 7]
    assert factors["unplaced"].iloc[0] == 800


def test_a_group_with_its_own_total_is_scaled_on_its_own():
    homes = settled(people_old=[30.0, 40.0, 10.0, 1.0])
    got, factors = population.rescaled(homes, totals(people_old=[140.0, np.nan]))
    assert got["people_old"].tolist() == pytest.approx([60, 80, 12, 1])
    got, factors = population.rescaled(homes, totals(people_old=[70.0, np.nan]))
    assert got["people_old"].tolist() == pytest.approx([30, 40, 12, 1])
    assert factors.set_index(["unit", "group"]).loc[("W", "old"), "factor"] == pytest.approx(1)


def test_a_group_never_exceeds_everybody_and_still_meets_its_total():
    #  B holds 200 after scaling; 4 x 60 does not fit there, so that A takes the rest: 280 - 200
    got, factors = population.rescaled(settled(people_old=[10.0, 60.0, 10.0, 1.0]), totals(people_old=[280.0, np.nan]))
    assert got["people_old"].tolist() == pytest.approx([80, 200, 12, 1])
    assert status(factors, "W", "old") == "capped"
    assert any("W group old: 280 of the group fit only by filling" in str(f) for f in population.remarks(factors))


def test_a_group_that_no_residence_states_follows_everybody():
    told = totals(people_old=[80.0, 6.0])
    got, factors = population.rescaled(settled(people=[300.0, 100.0, 50.0, 0.0]), told)
    assert got["people_old"].tolist() == pytest.approx([60, 20, 6, 0])
    assert status(factors, "W", "old") == "by_people"
    with pytest.raises(DataError, match="group old is not known for people of: outside every unit"):
        population.rescaled(settled(), told)
    with pytest.raises(DataError, match="group old is not known for people of: E"):
        population.rescaled(settled(people=[300.0, 100.0, 50.0, 0.0]), totals(people_old=[80.0, np.nan]))


def test_units_without_anybody_are_not_worth_a_remark():
    _, factors = population.rescaled(settled(people=[300.0, 100, 0, 0]), totals().iloc[:1])
    assert (status(factors, "E"), status(factors, "")) == ("no_total", "outside")
    assert population.remarks(factors) == []


def test_a_group_without_anybody_beside_people_is_told():
    homes = settled(people_old=[0.0, 0, 10, 1])
    _, factors = population.rescaled(homes, totals())
    assert status(factors, "W", "old") == "unknown"
    assert any("the group counts nobody beside 2 residences" in str(f) for f in population.remarks(factors))


def test_own_totals_change_nothing():
    homes = settled(people_old=[30.0, 40.0, 10.0, 1.0])
    got, factors = population.rescaled(homes, totals(people=[400.0, 50.0], people_old=[70.0, 10.0]))
    np.testing.assert_allclose(got[["people", "people_old"]], homes[["people", "people_old"]], rtol=1e-12)
    assert set(factors["status"]) == {"scaled", "outside"}


def test_all_faults_of_totals_at_once():
    table = pd.DataFrame({"street": ["W", "W", None, "E"], "all": ["800", "x", 5, None], "old": [900, 1, 1, -3]})
    with pytest.raises(DataError) as caught:
        population.unit_totals(table, unit="street", people="all", groups={"old": "old", "child": "kids"})
    words = str(caught.value)
    for part in (
        "row 2: numbers in 'all' are not numbers", "row 4: numbers in 'old' are negative", "no column 'kids'", "row 3: no unit",
        "row 2: a unit given before", "row 1: group old exceeds everybody", "rows 2, 4: no people",
    ):  # fmt: skip
        assert part in words
    with pytest.raises(DataError, match="none of the totals is of a unit with residences.*: E, W"):
        population.rescaled(settled(), totals(unit=["X", "Y"]))
    with pytest.raises(DataError, match="assign the units first"):
        population.rescaled(settled(unit=""), totals())
    with pytest.raises(DataError, match="row 1: no people"):
        population.rescaled(settled(), totals(people=[np.nan, 3.0]))


def test_totals_as_a_bureau_writes_them():
    table = pd.DataFrame({"街道": [" W ", "E"], "常住人口": ["0.08万", "60人"], "60+": ["140", None]})
    got = population.unit_totals(table, unit="街道", people="常住人口", groups={"old": "60+"})
    assert got["unit"].tolist() == ["W", "E"]
    assert got["people"].tolist() == [800, 60]
    assert got["people_old"].tolist()[0] == 140
    assert np.isnan(got["people_old"].iloc[1])


@st.composite
def scaled_towns(draw):
    size = draw(st.integers(1, 12))
    units = draw(st.lists(st.sampled_from(["W", "E", "N", ""]), min_size=size, max_size=size))
    people = np.array(draw(st.lists(counts, min_size=size, max_size=size)))
    share = np.array(draw(st.lists(st.one_of(st.just(0.0), st.floats(0.001, 1)), min_size=size, max_size=size)))
    homes = pd.DataFrame({"unit": units, "people": people, "people_old": people * share})
    wanted = draw(st.lists(st.tuples(counts, st.one_of(st.none(), st.floats(0, 1))), min_size=3, max_size=3))
    asked = [(name, p, np.nan if s is None else p * s) for name, (p, s) in zip("WEN", wanted, strict=True)]
    return homes, pd.DataFrame(asked, columns=["unit", "people", "people_old"])


@given(scaled_towns())
@settings(max_examples=200, deadline=None)
def test_every_unit_meets_its_totals_and_no_group_exceeds_everybody(drawn):
    table, told = drawn
    if not set(table["unit"]) - {""}:
        return
    told = told.assign(people_old=np.minimum(told["people_old"], told["people"]))
    shapes = gpd.points_from_xy(np.arange(len(table)), np.zeros(len(table)))
    frame = table.assign(residence_id=[f"R{n}" for n in range(len(table))], name="", land_m2=1.0, open_year=np.nan)
    homes = gpd.GeoDataFrame(frame, geometry=shapes, crs=CRS)
    got, factors = population.rescaled(homes, told)
    assert (got["people_old"] <= got["people"] + 1e-6).all()
    assert (got[["people", "people_old"]] >= 0).all(axis=None)
    sums = got.groupby("unit")[["people", "people_old"]].sum()
    for unit, people, old in told.itertuples(index=False):
        if unit in sums.index:
            assert sums.loc[unit, "people"] == pytest.approx(people, abs=1e-6, rel=1e-12)
            assert np.isnan(old) or sums.loc[unit, "people_old"] == pytest.approx(old, abs=1e-6, rel=1e-12)
    outside = (homes["unit"] == "").to_numpy()
    assert got[outside].equals(homes[outside])
    #  nobody of a total is lost: they live somewhere or are told as unplaced
    everybody = factors[(factors["group"] == "all") & (factors["unit"] != "")]
    assert everybody["people_after"].sum() + everybody["unplaced"].sum() == pytest.approx(told["people"].sum(), abs=1e-6)


def test_filling_up_by_hand():
    got, word = filled(np.array([1.0, 1.0, 2.0, 0.0]), np.array([1.0, 10.0, 30.0, 5.0]), 10.0)
    #  twice and more everywhere, but the first holds 1: (10 - 1) / 3 = 3 times for the others
    assert (got.tolist(), word) == (pytest.approx([1, 3, 6, 0]), "capped")
    got, word = filled(np.array([1.0, 1.0, 2.0, 0.0]), np.array([1.0, 10.0, 30.0, 5.0]), 44.0)
    assert got.tolist() == pytest.approx([1, 10, 30, 3])


# --- shares ---


def test_shares_of_groups():
    homes = settled()
    before = unchanged(homes)
    got = population.with_shares(homes, {"elderly": 0.146, "child": 0.1196})
    assert got["people_elderly"].tolist() == pytest.approx([43.8, 14.6, 7.3, 1.022])
    assert got["people_child"].sum() == pytest.approx(457 * 0.1196)
    table = pd.DataFrame({"unit": ["W", ""], "elderly": ["14.6%", 0.2]})
    got = population.with_shares(homes, table)
    assert got["people_elderly"].tolist() == pytest.approx([43.8, 14.6, 10, 1.4])
    same(before, homes)


def test_all_faults_of_shares_at_once():
    table = pd.DataFrame({"unit": ["W", "W"], "elderly": [14.6, "x"], "child": [0.1, 0.1]})
    with pytest.raises(DataError) as caught:
        population.with_shares(settled(people_child=1.0), table)
    words = str(caught.value)
    assert "row 2: a unit given before" in words
    assert "row 1: numbers in 'elderly' are above 1" in words
    assert "row 2: numbers in 'elderly' are not numbers" in words
    assert "count group child already" in words
    assert "no share of group child for people of: outside every unit, E" in words


def test_shares_then_totals():
    got, _ = population.rescaled(population.with_shares(settled(), {"old": 0.5}), totals(people_old=[100.0, np.nan]))
    assert got["people_old"].tolist() == pytest.approx([75, 25, 30, 3.5])


# --- many buildings ---


def test_many_buildings_keep_the_sums_of_all_plots():
    #  Synthetic: 400 plots of 200 m with 25 houses each, storeys at random.
    rng = np.random.default_rng(7)
    x, y = (axis.ravel() * 200.0 for axis in np.meshgrid(np.arange(20), np.arange(20)))
    told = {"residence_id": [f"P{n}" for n in range(400)], "name": "", "unit": "", "people": rng.uniform(0, 3000, 400).round()}
    homes = gpd.GeoDataFrame({**told, "land_m2": 4e4, "open_year": np.nan}, geometry=shapely.box(x, y, x + 200, y + 200), crs=CRS)
    at = np.repeat(np.column_stack([x, y]), 25, axis=0) + np.tile(np.stack(np.meshgrid(np.arange(5), np.arange(5)), -1).reshape(-1, 2) * 38.0 + 5, (400, 1))
    footprints = gpd.GeoDataFrame({"f": rng.integers(1, 33, 10_000)}, geometry=shapely.box(*at.T, *(at + 12).T), crs=CRS)
    got = population.over_buildings(homes, footprints, columns={"storeys": "f"})
    assert len(got) == 10_000
    sums = got.groupby(got["residence_id"].str.split("/").str[0])["people"].sum().loc[homes["residence_id"]]
    np.testing.assert_allclose(sums.to_numpy(), homes["people"].to_numpy(), atol=1e-6)
    assert residences.sample(got)["people"].sum() == pytest.approx(homes["people"].sum(), abs=1e-6)
