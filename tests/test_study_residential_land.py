"""Homes picked out of a land-use layer by its codes, in whatever vocabulary they are written."""

import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import toy_study
from toy_study import edit

from livingcircle.errors import DataError, StudyError
from livingcircle.study import schema
from livingcircle.study.checking import check
from livingcircle.study.findings import Findings
from livingcircle.study.residential_land import residential
from livingcircle.study.run import run

#  Parcels west to east: houses, community services, houses, shops, a school, a village.
PARCELS = ["A", "S", "B", "K", "E", "V"]
CODES = {
    "mnr2023": ["070102", "0702", "0701", "0901", "080403", "0703"],
    "gb50137": ["R21", "R22", "R2", "B1", "A33", "H14"],
    "survey3": ["0701", "05H1", "0701", "05H1", "08H2", "0702"],
}
PEOPLE = [120, 3, 200, 5, 7, 80]


def write(folder, codes):
    """The toy study with a land-use layer of six parcels in place of its homes."""
    toy_study.write(folder)
    shapes = [shapely.box(x, 5, x + 100, 60) for x in (100, 210, 450, 560, 700, 820)]
    toy_study.write_layer(folder / "homes.geojson", shapes, ref=PARCELS, people=PEOPLE, 用地代码=codes)
    edit(folder / "study.toml", 'id = "ref"', 'id = "ref"\nland_code = "用地代码"')
    return folder


def analyzed(folder):
    result, files = run(folder, out=folder / "out", progress=lambda *_: None)
    return result, json.loads(files[-1].read_text(encoding="utf-8"))


def kept(folder):
    told, _ = schema.load(folder)
    return list(residential(gpd.read_file(folder / "homes.geojson"), told.residences, Findings())["ref"])


def test_three_vocabularies_give_the_same_residences(tmp_path):
    tables, records = {}, {}
    for vocabulary, codes in CODES.items():
        result, records[vocabulary] = analyzed(write(tmp_path / vocabulary, codes))
        tables[vocabulary] = pd.DataFrame(result.residences.drop(columns="geometry"))
    first = tables["mnr2023"]
    assert dict(zip(first["residence_id"], first["people"], strict=True)) == {"A": 120, "B": 200, "V": 80}
    for vocabulary, table in tables.items():
        pd.testing.assert_frame_equal(table, first)
        told = records[vocabulary]["counts"]["residential_land"]
        assert (told["vocabulary"], told["given"], told["rows"], told["kept"], told["rural"]) == (vocabulary, False, 6, 3, 1)
        assert told["doubtful"] == [] and not any("用地代码" in warning for warning in records[vocabulary]["warnings"])


@pytest.mark.parametrize("codes", CODES.values(), ids=CODES)
def test_homesteads_may_be_left_out(tmp_path, codes):
    folder = write(tmp_path / "toy", codes)
    edit(folder / "study.toml", 'population = "people"', 'population = "people"\nhomesteads = false')
    result, record = analyzed(folder)
    assert set(result.residences["residence_id"]) == {"A", "B"}
    told = record["counts"]["residential_land"]
    assert (told["homesteads"], told["kept"], told["rural"]) == (False, 2, 1)


def test_a_code_of_two_meanings_is_told_and_may_be_decided(tmp_path):
    #  0702 is community services in the first vocabulary and a homestead in two others; nothing else decides
    folder = write(tmp_path / "toy", ["0701", "0702", "0701", "0701", "0701", "0702"])
    result, record = analyzed(folder)
    assert set(result.residences["residence_id"]) == {"A", "B", "K", "E"}
    assert record["counts"]["residential_land"]["doubtful"] == ["0702"]
    assert any("homes.geojson：用地代码按 mnr2023 理解，其中 0702 不确定" in warning for warning in record["warnings"])
    report, _ = check(folder, out=folder / "out", progress=lambda *_: None)
    assert ("home_codes_doubtful", "doubt", 1) in [(one.kind, one.severity, one.count) for one, _ in report.findings]
    edit(folder / "study.toml", 'population = "people"', 'population = "people"\nvocabulary = "survey3"')
    result, record = analyzed(folder)
    assert set(result.residences["residence_id"]) == set(PARCELS)
    told = record["counts"]["residential_land"]
    assert (told["given"], told["doubtful"]) == (True, [])


def test_codes_that_no_vocabulary_knows_are_told(tmp_path):
    folder = write(tmp_path / "toy", ["070102", "0702", "0701", "99", "080403", None])
    _, record = analyzed(folder)
    assert record["counts"]["residential_land"]["doubtful"] == ["99"]
    assert record["counts"]["residential_land"]["codes"] == ["0701", "070102"]


def test_the_check_page_tells_what_was_taken(tmp_path):
    folder = write(tmp_path / "toy", CODES["gb50137"])
    report, files = check(folder, out=folder / "out", progress=lambda *_: None)
    found = {one.kind: one for one, _ in report.findings}
    assert (found["homes_by_code"].count, found["homes_by_code"].layer) == (3, "homes.geojson")
    assert "6 行用地中有 3 行为居住用地，按 gb50137 的用地代码（H14, R2, R21）选取；农村宅基地计入（1 行）" in files[1].read_text(encoding="utf-8")


def test_lost_zeros_are_put_back_and_rows_keep_their_numbers(tmp_path):
    folder = write(tmp_path / "toy", [70102.0, 702.0, 701.0, 901.0, 80403.0, None])
    edit(folder / "homes.geojson", '"people": 200', '"people": -200')
    assert kept(folder) == ["A", "B"]
    with pytest.raises(DataError, match="row 3"):
        analyzed(folder)


def test_the_layer_given_is_not_changed(tmp_path):
    folder = write(tmp_path / "toy", CODES["mnr2023"])
    told, _ = schema.load(folder)
    layer = gpd.read_file(folder / "homes.geojson")
    before = layer.copy(deep=True)
    residential(layer, told.residences, Findings())
    pd.testing.assert_frame_equal(layer, before)


def test_without_a_column_of_codes_every_row_is_a_home(tmp_path):
    folder = write(tmp_path / "toy", CODES["mnr2023"])
    edit(folder / "study.toml", '\nland_code = "用地代码"', "")
    assert kept(folder) == PARCELS


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('land_code = "用地代码"', 'land_code = "DLBM"', "no column 'DLBM' (columns.land_code)"),
        ('land_code = "用地代码"', 'land_code = "ref"', "no row whose 'ref' is residential land"),
        ('population = "people"', 'population = "people"\nvocabulary = "gb50138"', "Input should be 'mnr2023'"),
        ('id = "ref"\nland_code = "用地代码"', 'id = "ref"\n[walking]', None),
    ],
)
def test_faults(tmp_path, old, new, words):
    folder = write(tmp_path / "toy", CODES["mnr2023"])
    edit(folder / "study.toml", old, new)
    if words is None:
        edit(folder / "study.toml", 'population = "people"', 'population = "people"\nhomesteads = true\nvocabulary = "survey3"')
        words = "vocabulary and homesteads read land-use codes: name their column, columns.land_code"
    with pytest.raises((DataError, StudyError)) as caught:
        analyzed(folder)
    assert len(caught.value.faults) == 1 and words in str(caught.value)
