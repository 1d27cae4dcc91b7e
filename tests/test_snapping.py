"""The off-street leg: to a position on an edge, with its metres, its limit and a reason."""

import numpy as np
import pytest
from conftest import town

from livingcircle.snapping import coordinates_of, snap


def test_to_a_position_on_an_edge_never_to_a_node(ladder):
    got = snap(np.array([[130.0, 20.0]]), ladder, limit_m=150).iloc[0]
    assert (got["leg_m"], got["offset_m"], got["status"], got["reason"]) == (20, 130, "reached", "nearest")


def test_too_far_is_a_status_with_a_reason(ladder):
    got = snap(np.array([[200.0, -151.0], [200.0, -150.0]]), ladder, limit_m=150)
    assert got["status"].tolist() == ["off_network", "reached"]
    assert got["reason"].tolist() == ["no_street_within_limit", "nearest"]
    assert got["leg_m"].tolist() == [np.inf, 150]
    assert got["edge"].iloc[0] == -1


def test_the_limit_is_inclusive(ladder):
    assert snap(np.array([[200.0, -30.0]]), ladder, limit_m=30)["status"].tolist() == ["reached"]


def test_an_isolated_piece_gives_way_to_a_street_within_the_limit():
    network = town([(0, 0), (1000, 0)], [(480, 40), (520, 40)])
    got = snap(np.array([[500.0, 45.0]]), network, limit_m=150).iloc[0]
    assert (got["leg_m"], got["reason"]) == (45, "isolated_piece_skipped")
    kept = snap(np.array([[500.0, 45.0]]), network, limit_m=44).iloc[0]
    assert (kept["leg_m"], kept["reason"]) == (5, "nearest")


def test_splitting_an_edge_changes_nothing():
    whole = town([(0, 0), (400, 0)])
    split = town([(0, 0), (100, 0)], [(100, 0), (230, 0)], [(230, 0), (400, 0)])
    points = np.column_stack([np.linspace(0, 400, 41), np.full(41, 12.0)])
    a, b = (snap(points, network, limit_m=150) for network in (whole, split))
    assert a["leg_m"].tolist() == b["leg_m"].tolist()
    assert coordinates_of(a, whole) == pytest.approx(coordinates_of(b, split))


def test_no_points_is_an_empty_table(ladder):
    assert len(snap(np.empty((0, 2)), ladder, limit_m=150)) == 0
