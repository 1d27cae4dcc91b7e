"""How evenly walks are shared out: known values, the textbook's double sums, and what must not change the answer."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livingcircle import equity
from livingcircle.areas import Areas
from livingcircle.errors import DataError

HOMES = pd.DataFrame({"unit": ["W", "W", "E", ""], "people": [10.0, 30.0, 40.0, 20.0], "people_old": [10.0, 0.0, 0.0, 10.0]})
WALKS = np.array([100.0, 300.0, 600.0, np.inf])


def tell(values, people, **told):
    told = {"limit": 500.0, **told}
    return equity.measures(np.array(values, dtype=float), np.array(people, dtype=float), **told)


def test_by_hand():
    got = equity.equity(HOMES, {"all": WALKS, "old": WALKS}, groups={"all": "people", "old": "people_old"}, limit=500)
    assert list(got.columns) == ["unit", "group", *equity.MEASURES]
    assert got[["unit", "group"]].values.tolist() == [[u, g] for u in ("ALL", "E", "OUTSIDE", "W") for g in ("all", "old")]
    whole = got.iloc[0]
    assert (whole["people"], whole["share_unreached"], whole["share_beyond"]) == (100, 0.2, pytest.approx(0.6))
    assert whole["mean_reached"] == pytest.approx((1000 + 9000 + 24000) / 80)
    assert (whole["p10"], whole["p50"], whole["p90"]) == (100, 600, np.inf)
    #  600 m are 0.2 of the limit beyond it, for 40 of 80 people
    assert (whole["fgt1"], whole["fgt2"]) == pytest.approx((0.1, 0.02))
    assert (whole["worst_mean"], whole["worst_unreached"]) == (np.inf, 1)
    old = got[(got["group"] == "old") & (got["unit"] == "ALL")].iloc[0]
    assert (old["people"], old["share_unreached"], old["mean_reached"]) == (20, 0.5, 100)


def test_a_unit_without_people_is_nan_and_outside_reaches_nothing():
    got = equity.equity(HOMES, {"old": WALKS}, groups={"old": "people_old"}, limit=500).set_index("unit")
    assert got.loc["E", "people"] == 0
    assert got.loc["E", list(equity.MEASURES[1:])].isna().all()
    assert got.loc["OUTSIDE", ["share_unreached", "share_beyond", "p10", "worst_mean"]].tolist() == [1, 1, np.inf, np.inf]
    assert got.loc["OUTSIDE", ["mean_reached", "gini", "palma", "theil", "fgt1", "fgt2"]].isna().all()


def test_nobody_at_all_is_a_row_of_nothing():
    got = equity.equity(HOMES.iloc[:0], {"all": WALKS[:0]}, groups={"all": "people"}, limit=500)
    assert got[["unit", "group", "people"]].values.tolist() == [["ALL", "all", 0]]
    assert got["gini"].isna().all()


def test_without_units_the_whole_area_says_it_all():
    got = equity.equity(HOMES.assign(unit=""), {"all": WALKS}, groups={"all": "people"}, limit=500)
    assert got["unit"].tolist() == ["ALL"]


def test_inputs_stay_and_the_limit_is_included():
    homes, walks = HOMES.copy(), WALKS.copy()
    equity.equity(homes, {"all": walks}, groups={"all": "people"}, limit=500, rank_by=np.arange(4))
    assert homes.equals(HOMES) and np.array_equal(walks, WALKS)
    assert tell([500.0, 500.1], [1, 1])["share_beyond"] == 0.5
    assert tell([500.0 + 5e-7], [1])["share_beyond"] == 0


def test_sums_of_parts_of_people_move_no_percentile():
    #  the last digits of twenty times a tenth add up to more than two
    got = tell(np.arange(1, 21), np.full(20, 0.1))
    assert (got["p10"], got["p50"], got["p90"]) == (2, 10, 18)
    got = tell(np.arange(1, 11), np.full(10, 0.7))
    assert (got["p10"], got["p50"], got["p90"]) == (1, 5, 9)


def test_all_faults_at_once():
    bad = HOMES.assign(people=[1.0, -1.0, np.nan, 1.0])
    with pytest.raises(DataError) as raised:
        equity.equity(bad, {"all": np.array([1.0, np.nan, -1.0])}, groups={"all": "people", "old": "people_old"}, limit=9, rank_by=np.array([np.nan]))
    assert [str(fault.problem) for fault in raised.value.faults] == [
        "3 values for 4 origins", "'all' is empty or no quantity in rows [1, 2]", "'people' is no quantity in rows [1, 2]", "no values for group old",
        "1 values for 4 origins", "'rank_by' is no number in rows [0]",
    ]  # fmt: skip
    with pytest.raises(DataError, match="no column 'people_old'"):
        equity.equity(HOMES.drop(columns="people_old"), {"old": WALKS}, groups={"old": "people_old"}, limit=9)


def test_known_values():
    #  1 to 5: the mean difference of two of 25 pairs is 1.6, the mean 3
    five = tell([1, 2, 3, 4, 5], np.ones(5))
    assert five["gini"] == pytest.approx(1.6 / 6)
    assert five["theil"] == pytest.approx(sum(v / 3 * np.log(v / 3) for v in (1, 2, 3, 4, 5)) / 5)
    #  of 15, half a person in the highest tenth has 2.5, the two lowest have 3
    assert five["palma"] == pytest.approx(2.5 / 3)
    #  one of four has all: Gini 1 - 1/4, Theil ln 4, the lowest four tenths nothing
    one = tell([0, 0, 0, 8], np.ones(4))
    assert (one["gini"], one["theil"], one["palma"]) == (0.75, pytest.approx(np.log(4)), np.inf)


@pytest.mark.parametrize("people", [[7.0], [1.0, 5.0, 0.25]])
@pytest.mark.parametrize("value", [0.0, 250.0, 900.0])
def test_one_person_and_all_equal(people, value):
    got = tell([value] * len(people), people, rank_by=np.arange(len(people)))
    assert [got[name] for name in ("gini", "theil", "concentration")] == pytest.approx([0, 0, 0], abs=1e-12)
    assert got["palma"] == pytest.approx(0.25)
    assert [got[name] for name in ("mean_reached", "p10", "p50", "p90", "worst_mean")] == pytest.approx([value] * 5)
    assert got["fgt1"] == pytest.approx(max(0, value / 500 - 1))


def test_access_is_better_the_more_there_is():
    got = tell([0.0, 0.4, 2.0], [10, 80, 10], limit=0.5, more_is_better=True)
    assert got["share_beyond"] == pytest.approx(0.9)
    #  gaps of 1 and 0.2
    assert got["fgt1"] == pytest.approx(0.1 * 1 + 0.8 * 0.2)
    assert got["fgt2"] == pytest.approx(0.1 * 1 + 0.8 * 0.04)
    assert got["worst_mean"] == 0


def test_the_worst_off_tenth_and_who_it_is():
    people = np.array([4.0, 12.0, 4.0])
    #  two of twenty: of four who walk farthest, or of those with the least
    assert equity.worst_off(np.array([100.0, 200.0, 300.0]), people).tolist() == [0, 0, 2]
    assert equity.worst_off(np.array([100.0, 200.0, 300.0]), people, more_is_better=True).tolist() == [2, 0, 0]
    #  who reaches nothing comes first; equals by their numbers
    assert equity.worst_off(np.array([np.inf, 200.0, 200.0]), np.array([1.0, 12.0, 7.0])).tolist() == pytest.approx([1, 12 / 19, 7 / 19])
    assert tell([np.inf, 200, 200], [1, 12, 7])["worst_unreached"] == 0.5
    assert tell([100, 200, 300], people)["worst_mean"] == 300


def test_the_concentration_index_by_hand():
    #  the first by rank has all of it: mean 1/2, covariance with ranks 1/4 and 3/4 is -1/8 -> 2 x -1/8 / 1/2
    assert tell([1, 0], [1, 1], rank_by=np.array([0, 1]))["concentration"] == pytest.approx(-0.5)
    assert tell([1, 0], [1, 1], rank_by=np.array([1, 0]))["concentration"] == pytest.approx(0.5)
    assert tell([1, 0], [1, 1], rank_by=np.array([3, 3]))["concentration"] == 0
    assert np.isnan(tell([1, 0], [1, 1])["concentration"])


def test_changes_between_scenarios():
    before = equity.equity(HOMES, {"all": WALKS}, groups={"all": "people"}, limit=500)
    nearer = equity.equity(HOMES, {"all": np.array([100.0, 300.0, 400.0, np.inf])}, groups={"all": "people"}, limit=500)
    got = equity.changes(before, nearer).set_index("unit")
    assert list(got.columns) == list(before.columns)[1:]
    assert got.loc["ALL", "share_beyond"] == pytest.approx(-0.4)
    assert got.loc["ALL", ["p50", "p90", "people"]].tolist() == [-200, 0, 0]
    assert got.loc["W", ["gini", "mean_reached"]].tolist() == [0, 0]
    assert (equity.changes(before, before).drop(columns=["unit", "group"]).fillna(0) == 0).all(axis=None)
    bridged = equity.equity(HOMES, {"all": np.array([100.0, 300.0, 600.0, 700.0])}, groups={"all": "people"}, limit=500)
    assert equity.changes(before, bridged).set_index("unit").loc["ALL", "p90"] == -np.inf
    assert equity.changes(before, bridged[bridged["unit"] == "W"])["unit"].tolist() == ["W"]


PEOPLE = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=8)


def by_each_person(rows):
    """Gini, Theil, Palma, concentration and percentiles by the textbook, person by person."""
    values = np.sort(np.array([v for v, count, _ in rows for _ in range(count)], dtype=float))
    n, mean = len(values), values.mean()
    if mean == 0:
        return values, 0.0, 0.0, 0.25, 0.0
    gini = sum(abs(a - b) for a in values for b in values) / (2 * n * n * mean)
    theil = sum(v / mean * np.log(v / mean) for v in values if v > 0) / n
    #  ten parts of each person, so that tenths are whole numbers
    parts = np.repeat(values, 10)
    low, high = parts[: 4 * n].sum(), parts[9 * n :].sum()
    palma = high / low if low > 0 else np.inf
    ranked = [(r, v) for v, count, r in rows for _ in range(count)]
    rank = {r: (sum(o < r for o, _ in ranked) + sum(o == r for o, _ in ranked) / 2) / n for r, _ in ranked}
    concentration = 2 / (n * mean) * sum(v * rank[r] for r, v in ranked) - 1
    return values, gini, theil, palma, concentration


@settings(max_examples=120, deadline=None)
@given(PEOPLE)
def test_equal_to_the_textbook_person_by_person(rows):
    values, people, ranks = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    got = tell(values, people, rank_by=ranks)
    if people.sum() == 0:
        assert np.isnan(got["gini"]) and got["people"] == 0
        return
    each, gini, theil, palma, concentration = by_each_person(rows)
    assert [got[name] for name in ("gini", "theil", "palma", "concentration")] == pytest.approx([gini, theil, palma, concentration], abs=1e-9)
    for part in (10, 50, 90):
        assert got[f"p{part}"] == each[-(-len(each) * part // 100) - 1]
    assert got["worst_mean"] == pytest.approx(np.repeat(each, 10)[9 * len(each) :].mean())
    gaps = np.maximum(each / 500 - 1, 0)
    assert (got["share_beyond"], got["fgt1"], got["fgt2"]) == pytest.approx(((gaps > 0).mean(), gaps.mean(), (gaps**2).mean()))


@settings(max_examples=60, deadline=None)
@given(PEOPLE, st.sampled_from([0.5, 3.0, 1000.0]), st.integers(2, 4), st.randoms(use_true_random=False))
def test_scale_replication_order_and_nobody_change_no_index(rows, scale, times, random):
    def tell_of(told, factor=1.0):
        values, people, ranks = (np.array(column, dtype=float) for column in zip(*told, strict=True))
        return tell(values * factor, people, rank_by=ranks, limit=500 * factor)

    names = ("gini", "theil", "palma", "concentration", "share_beyond", "fgt1", "fgt2")
    plain = tell_of(rows)
    shuffled = random.sample(rows, len(rows))
    for other in (tell_of(rows, scale), tell_of(rows * times), tell_of(shuffled), tell_of([*rows, (777, 0, 2)])):
        assert [other[name] for name in names] == pytest.approx([plain[name] for name in names], abs=1e-9, nan_ok=True)
    assert equity.MEASURES == tuple(plain)


@settings(max_examples=60, deadline=None)
@given(PEOPLE)
def test_bounds_and_that_who_reaches_nothing_moves_shares_alone(rows):
    values, people, ranks = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if people.sum() == 0:
        return
    got = tell(values, people, rank_by=ranks)
    assert 0 <= got["gini"] < 1 and got["theil"] >= 0 and abs(got["concentration"]) <= got["gini"] + 1e-9
    assert got["palma"] >= 0.25 - 1e-9
    with_cut_off = tell([*values, np.inf], [*people, people.sum()], rank_by=np.append(ranks, 9))
    same = ("mean_reached", "gini", "palma", "theil", "concentration", "fgt1", "fgt2")
    assert [with_cut_off[name] for name in same] == pytest.approx([got[name] for name in same])
    assert with_cut_off["share_unreached"] == 0.5
    assert with_cut_off["share_beyond"] == pytest.approx((1 + got["share_beyond"]) / 2)
    nearer = tell(np.maximum(values - 100, 0), people)
    assert all(nearer[name] <= got[name] + 1e-9 for name in ("share_beyond", "fgt1", "fgt2", "worst_mean", "p50"))


@settings(max_examples=40, deadline=None)
@given(PEOPLE, st.integers(1, 40))
def test_a_walk_taken_from_the_longer_and_given_to_the_shorter_evens_out(rows, metres):
    values, people = np.array([r[0] for r in rows], dtype=float), np.ones(len(rows))
    high, low = values.argmax(), values.argmin()
    if values[high] - values[low] < 2 * metres:
        return
    evened = values.copy()
    evened[high] -= metres
    evened[low] += metres
    before, after = tell(values, people), tell(evened, people)
    assert after["gini"] < before["gini"] and after["theil"] < before["theil"]


ROWS = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["W", "E", ""]), st.one_of(st.integers(0, 900), st.just(np.inf)), st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=10)


def homes_of(rows):
    """Samples of the rows, their walks, and a rank of each residence."""
    home, unit, walk, people, old = zip(*rows, strict=True)
    table = pd.DataFrame({"residence_id": home, "unit": unit, "people": np.array(people, dtype=float), "people_old": np.minimum(people, old).astype(float)})
    return table, np.array(walk, dtype=float), np.where(table["residence_id"] == "A", 0.2, 0.7)


@settings(max_examples=80, deadline=None)
@given(ROWS, st.sampled_from([0.0, 300.0, 466.5]))
def test_the_table_of_all_units_equals_the_measures_one_by_one(rows, limit):
    homes, walks, ranks = homes_of(rows)
    areas = Areas.of(pd.DataFrame({"unit": ["W", "E"], "parent": ["S", "S"]}))
    groups = {"all": "people", "old": "people_old"}
    got = equity.by_category(equity.living(homes, groups=groups, areas=areas, rank_by=ranks), walks, limits={"L5": dict.fromkeys(groups, limit), "L9": {"old": 9.5}})
    assert list(got.columns) == [*(c for c in equity.COLUMNS if c in got and c not in equity.MEASURES and c != "worst_people"), *equity.MEASURES, "worst_people"]
    inside = {"ALL": homes["unit"].notna(), "S": homes["unit"] != "", "W": homes["unit"] == "W", "E": homes["unit"] == "E"}
    assert got["area"].tolist() == [name for name in inside for _ in groups] + [*inside]
    everybody = homes["people"].to_numpy()
    part = np.divide(equity.worst_off(walks, everybody), everybody, out=np.zeros(len(homes)), where=everybody > 0)
    for row in got.to_dict("records"):
        own = inside[row["area"]].to_numpy()
        people = homes[groups[row["group"]]].to_numpy()
        wanted = equity.measures(walks[own], people[own], limit=row["limit_m"], rank_by=ranks[own])
        assert [row[name] for name in equity.MEASURES] == pytest.approx([wanted[name] for name in equity.MEASURES], abs=1e-9, nan_ok=True)
        assert row["worst_people"] == pytest.approx((people * part)[own].sum(), abs=1e-9)


def test_walks_are_told_in_whole_metres_and_the_limit_parts_them_exactly():
    homes = pd.DataFrame({"residence_id": "A", "unit": "", "people": [1.0, 2.0, 4.0, 8.0]})
    lived = equity.living(homes, groups={"all": "people"}, areas=Areas.of(None))
    got = equity.by_category(lived, np.array([299.2, 300.0 + 5e-7, 300.001, 301.0]), limits={"L5": {"all": 300.0}}).iloc[0]
    assert (got["share_beyond"], got["p10"], got["p90"], got["mean_reached"]) == (0.8, 300, 301, pytest.approx((3 * 300 + 12 * 301) / 15))
    assert np.isnan(got["concentration"])


def test_groups_are_told_once_and_homes_ranked_by_who_lives_there():
    homes = pd.DataFrame({"residence_id": ["A", "A", "B"], "people": 4.0, "people_elderly": [1.0, 1.0, 0.0], "people_age_60": [1.0, 1.0, 0.0], "people_age_3_5": 1.0})
    assert equity.group_columns(homes, {"all": "people", "elderly": "people_elderly"}) == {"all": "people", "elderly": "people_elderly", "age_3_5": "people_age_3_5"}
    assert equity.rank_of(homes, ["people_elderly", "people_age_3_5"]).tolist() == [0.5, 0.5, 0.25]
    assert equity.rank_of(homes, []) is None
