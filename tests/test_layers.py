"""Contracts of tables: all faults at once."""

import geopandas as gpd
import pytest
import shapely
from conftest import CRS, facility_table

from livingcircle.errors import DataError
from livingcircle.layers import FACILITIES, UNITS, check


def test_a_table_that_keeps_its_contract_passes():
    check(facility_table(("S", "school", shapely.Point(0, 0))), FACILITIES, where="test")


def test_every_fault_is_told():
    frame = gpd.GeoDataFrame({"unit": [None, "B", "C"]}, geometry=[shapely.Point(0, 0), None, shapely.Point(float("nan"), 1)], crs=CRS)
    with pytest.raises(DataError) as caught:
        check(frame.assign(extra=1), UNITS, where="units.shp")
    told = str(caught.value)
    assert "units.shp: column 'unit' is empty in rows [0]" in told
    assert "holds Point" in told
    assert "no geometry in rows [1" in told


def test_a_missing_column_and_geometry_are_told():
    import pandas as pd

    with pytest.raises(DataError) as caught:
        check(pd.DataFrame({"x": [1]}), UNITS, where="units.csv")
    assert "no column 'unit'" in str(caught.value)
    assert "no geometry" in str(caught.value)
