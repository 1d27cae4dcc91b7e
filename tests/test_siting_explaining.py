"""What speaks for a siting: worth, next best, curve and need, by hand and by trying everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_siting import INF, PEOPLE, STREET, asked, choices, flow, towns

from livingcircle.errors import StudyError
from livingcircle.siting import Bounds, alternatives, curve, lscp, mclp, needed, p_center, p_median, worth


def test_the_worth_of_each_site_by_hand():
    town, bounds = asked(STREET, PEOPLE), Bounds(300, sites=3)
    found = mclp(town.holding([1, 2, 3]), bounds)
    got = worth(town, bounds, found)
    #  s1 alone has 10 in reach; 20 and 30 are in reach of s2, too; only s3 has 40
    assert got["site_id"].tolist() == ["s1", "s2", "s3"]
    assert got["people_lost"].tolist() == [10, 0, 40]
    assert got["objective_without"].tolist() == [90, 100, 60]
    assert got["difference"].tolist() == [-10, 0, -40]


def test_the_worth_in_metres_and_of_the_last_site_for_somebody():
    town, bounds = asked(STREET[:4], PEOPLE[:4]), Bounds(500, sites=2)
    found = p_median(town.holding([1, 3]), bounds)
    #  without s3 40 people count 500 m each; without s1 10, 20 and 30 do: the walk from s2 to s3 is 500 m, as bad as none
    assert worth(town, bounds, found)["difference"].tolist() == [60 * 500 - 10000, 40 * 500]
    center = p_center(town.holding([1, 3]), bounds)
    assert center.objective == 300
    without = worth(town, bounds, center)
    assert without["objective_without"].tolist() == [INF, INF]
    assert p_center(town, Bounds(1000, sites=4)).objective == 0


def test_the_next_best_to_each_site_by_hand():
    town, bounds = asked(STREET, PEOPLE), Bounds(300, sites=2)
    found = mclp(town, bounds)
    got = alternatives(town, bounds, found)
    #  in place of s1: s2 (20, 30); in place of s3 nothing more than what s1 has already
    assert got["leaves"].tolist() == ["s1", "s3"]
    assert got["objective"].tolist() == [90, 60]
    assert got["difference"].tolist() == [-10, -40]
    assert got["enters"].iloc[0] == "s2"
    cover = alternatives(town, Bounds(300), lscp(town, Bounds(300)))
    #  without s1, s0 or s2 must both be there; without s3 nobody else reaches 40
    assert cover["objective"].tolist() == [3, 1]
    assert cover["people_served"].tolist() == [100, 60]


def test_the_curve_by_hand():
    got = curve("mclp", asked(STREET, PEOPLE), Bounds(300), range(5))
    assert got["objective"].tolist() == [0, 60, 100, 100, 100]
    assert got["people_share"].tolist() == pytest.approx([0, 60 / 105, 100 / 105, 100 / 105, 100 / 105])
    assert (got["status"] == "optimal").all() and (got["gap"] == 0).all()
    with pytest.raises(StudyError) as told:
        curve("lscp", asked(STREET, PEOPLE), Bounds(300, sites={"park": 1}), range(3))
    assert len(told.value.faults) == 2


def test_what_serving_everybody_takes():
    got = needed(asked(STREET, PEOPLE, cost=[1.0, 7.0, 5.0, 2.0]), Bounds(300, sites=1, budget=1))
    assert got["by"].tolist() == ["sites", "cost"]
    #  s1 and s3 are two and cost 9; s0, s2 and s3 cost 8
    assert got[["sites", "cost"]].values.tolist() == [[2, 9], [3, 8]]
    assert got["people_left"].tolist() == [5, 5]
    assert needed(asked(STREET, PEOPLE), Bounds(300))["by"].tolist() == ["sites"]


@settings(max_examples=30, deadline=None)
@given(towns(True), st.data())
def test_no_exchange_is_better_and_every_one_is_the_best(case, data):
    town, bounds = case
    found = mclp(town, bounds)
    got = alternatives(town, bounds, found)
    assert (got["difference"] <= 1e-4).all()
    for site, row in zip(found.rows, got.itertuples(), strict=True):
        others = set(found.rows.tolist()) - {site}
        #  another position on the same parcel is no other place
        same = set(np.flatnonzero((town.sites["parcel"] == town.sites["parcel"].iloc[site]).to_numpy()).tolist())
        able = [rows for rows in choices(town, bounds=bounds) if others <= set(rows) and not same & set(rows) and len(rows) <= len(found.rows)]
        assert row.objective == pytest.approx(max(flow(town, rows, bounds.limit_m) for rows in able), abs=1e-4)
    for site, row in zip(found.rows, worth(town, bounds, found).itertuples(), strict=True):
        others = [other for other in found.rows.tolist() if other != site]
        assert row.objective_without == pytest.approx(flow(town, others, bounds.limit_m), abs=1e-4)
