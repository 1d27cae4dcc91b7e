"""Results found again: told apart by every bit they hang on, and the same as those of a run from scratch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import TINY
from geopandas.testing import assert_geodataframe_equal
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from test_scenario import BRIDGE, HOMES, degrees, inputs_of, plan, settings_of, spot

from livingcircle import capacity
from livingcircle.analysis import Result, analyze
from livingcircle.layers import Units
from livingcircle.reuse import Known, Untold, again, digest, entered, recalled
from livingcircle.scenario import laid
from livingcircle.standards import load

POINTS = gpd.GeoDataFrame({"name": ["a", "b"], "size": [1.0, np.nan]}, geometry=[shapely.Point(0, 0), shapely.Point(1, 2)], crs="EPSG:4550")


@dataclass(frozen=True)
class Pair:
    left: object
    right: object


class Word(str):
    """A word of a kind of its own."""


OTHERS = {
    "number": (1, 2),
    "kind of number": (1, 1.0),
    "truth": (1, True),
    "word": ("1", 1),
    "where one ends": (("ab", "c"), ("a", "bc")),
    "nesting": ((1, (2, 3)), (1, 2, 3)),
    "order of keys": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "last bit": (np.array([0.1 + 0.2]), np.array([0.3])),
    "kind of array": (np.array([1, 2]), np.array([1.0, 2.0])),
    "shape": (np.zeros((2, 3)), np.zeros((3, 2))),
    "words of an array": (np.array(["ab", "c"], dtype=object), np.array(["a", "bc"], dtype=object)),
    "missing word": (np.array(["a", None], dtype=object), np.array(["a", "None"], dtype=object)),
    "value": (POINTS, POINTS.assign(size=[1.0, 2.0])),
    "name of a column": (POINTS, POINTS.rename(columns={"size": "length"})),
    "order of rows": (POINTS, POINTS.iloc[::-1]),
    "index": (POINTS, POINTS.set_axis([3, 4])),
    "place": (POINTS, POINTS.set_geometry([shapely.Point(0, 0), shapely.Point(1, 2.0000000001)], crs="EPSG:4550")),
    "crs": (POINTS, POINTS.set_crs("EPSG:4549", allow_override=True)),
    "height": (np.array([shapely.Point(0, 0)]), np.array([shapely.Point(0, 0, 0)])),
    "no shape": (np.array([shapely.Point(0, 0), None]), np.array([shapely.Point(0, 0), shapely.Point()])),
    "ring": (shapely.box(0, 0, 1, 1), shapely.box(0, 0, 1, 1).reverse()),
    "category": (pd.Series(["a", "b"], dtype="category"), pd.Series(["a", "c"], dtype="category")),
    "dataclass": (Pair(1, 2), Pair(2, 1)),
    "time": (pd.DataFrame({"a": pd.to_datetime(["2024-01-01"])}), pd.DataFrame({"a": pd.to_datetime(["2024-01-02"])})),
    "days": (np.array(["2024-01-01"], dtype="M8[D]"), np.array(["2024-01-02"], dtype="M8[D]")),
    "short words": (np.array(["a"]), np.array(["b"])),
    "no number": (pd.Series([1, None], dtype="Int64"), pd.Series([1, 0], dtype="Int64")),
    "kind of table": (POINTS, pd.DataFrame(POINTS)),
    "where one of many words ends": (["ab", "c"], ["a", "bc"]),
    "numbers of one kind": ([1.0, 2.0], [1, 2]),
    "no number among numbers": ([1.0, float("nan")], [1.0, 0.0]),
    "where one of many lists ends": ([("a", "b"), ("c",)], [("a",), ("b", "c")]),
    "lists of lists": ([("a",), ()], [(), ("a",)]),
    "many names": (np.array(["a", "b"] * 2000, dtype=object), np.array(["b", "a"] * 2000, dtype=object)),
    "truths": (np.array([True, False] * 2000), np.array([False, True] * 2000)),
    "how many truths": (np.zeros(7, dtype=bool), np.zeros(8, dtype=bool)),
    "pattern": (re.compile("a"), re.compile("a", re.IGNORECASE)),
    "word of a kind": (Word("a"), "a"),
    "rows": (pd.DataFrame(index=range(3)), pd.DataFrame(index=range(1, 4))),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_differs_has_another_digest_and_what_is_equal_the_same(name):
    one, other = OTHERS[name]
    known = Known()
    assert len({digest(one), digest(other), digest(one, known=known), digest(other, known=known)}) == 2
    assert digest(one, known=known) == digest(one)


def test_a_standard_is_told_by_its_every_value():
    standard = load("gb50180-2018")
    category = standard.categories["edu_primary"]
    limits = tuple(one.model_copy(update={"limit_m": one.limit_m + 1}) for one in category.requirements)
    other = standard.model_copy(update={"categories": {**standard.categories, "edu_primary": category.model_copy(update={"requirements": limits})}})
    assert digest(standard) != digest(other) and digest(standard) == digest(load("gb50180-2018"))


def test_what_is_kept_for_convenience_tells_nothing_apart():
    @dataclass(frozen=True)
    class Sum:
        parts: tuple
        kept: dict = field(default_factory=dict, compare=False)

    assert digest(Sum((1, 2))) == digest(Sum((1, 2), {"sum": 3})) != digest(Sum((1, 3)))


def test_what_came_out_beside_other_work_is_found_by_the_same_question():
    known = Known()
    entered(known, sum, [1, 2], result="three")
    assert again(known, sum, [1, 2]) == recalled(known, sum, [1, 2]) == "three" and again(known, sum, [1, 3]) == 4
    entered(known, sum, [1, 3], result="another")
    assert recalled(known, sum, [1, 3]) == 4
    entered(known, sum, {1, 2}, result="nothing")
    entered(None, sum, [1, 2], result="nothing")
    assert len(known.results) == 2


def test_what_cannot_be_told_is_worked_out_anew_rather_than_taken_for_equal():
    with pytest.raises(Untold):
        digest(lambda: 1)
    known = Known()
    assert again(known, len, {1, 2}) == 2 and known.results == {} and recalled(known, len, {1, 2}) is None


def test_a_layer_in_the_place_of_one_that_is_gone_is_read_anew():
    known = Known()
    for value in range(50):
        table = pd.DataFrame({"a": np.full(5000, value)})
        assert digest(table, known=known) == digest(table)
        del table


def test_steps_that_fail_leave_nothing_behind_and_what_is_not_asked_for_is_let_go():
    known, asked = Known(), []

    def step(number):
        asked.append(number)
        return 1 / number

    with pytest.raises(ZeroDivisionError):
        again(known, step, 0)
    assert again(known, step, 2) == again(known, step, 2) == recalled(known, step, 2) == 0.5
    assert recalled(known, step, 3) is None and asked == [0, 2]
    first = known.forget()
    again(known, step, 4)
    again(known, step, 5)
    known.forget(first)
    again(known, step, 5)
    known.forget(first)
    assert [recalled(known, step, number) for number in (2, 4, 5)] == [0.5, None, 0.2]
    assert again(None, step, 2) == 0.5 and asked == [0, 2, 4, 5, 2]


def same(one: object, other: object, where: str) -> None:
    """Fail where two results differ in a single bit."""
    if isinstance(one, gpd.GeoDataFrame):
        assert_geodataframe_equal(one, other, check_less_precise=False)
        assert shapely.equals_exact(one.geometry.to_numpy(), other.geometry.to_numpy(), tolerance=0).all(), where
        one, other = pd.DataFrame(one.drop(columns=one.geometry.name)), pd.DataFrame(other.drop(columns=other.geometry.name))
    if isinstance(one, pd.DataFrame):
        assert_frame_equal(one, other, check_exact=True, obj=where)
        return
    assert digest(one) == digest(other), where


def same_results(one: Result, other: Result) -> None:
    for field in fields(Result):
        same(getattr(one, field.name), getattr(other, field.name), field.name)


UNITS: Units = gpd.GeoDataFrame(
    {"unit": ["west", "east"]},
    geometry=[shapely.transform(shapely.box(a, -100, a + 330, 300), lambda xy: xy + (380_000.0, 3_313_000.0)) for a in (0, 330)],
    crs=HOMES.crs,
)
FRESH = {"change": "open", "name": "N", "categories": ["school"], **degrees(560, 40)}
FAR = {"change": "add", "name": "D", "people": 100, **degrees(560, 30)}
# A place at school for every tenth, and a berth at the park.
QUOTAS = """
[[categories.{category}.quotas]]
measure = "{measure}"
value = 1
per = 10
of = "people"
clause = "7"
evidence = "◐"
"""
#  one change after another, each against all that came before it
STATES = (
    {},
    {"facilities": [FRESH]},
    {"facilities": [{"change": "close", "id": "F1"}]},
    {"facilities": [{"change": "move", "id": "F3", **degrees(500, 180)}]},
    {"facilities": [{"change": "resize", "id": "F1", "capacity": 12}, {"change": "open", "id": "F2"}]},
    {"certainty": "under_construction"},
    {"homes": [FAR, {"change": "resize", "id": "A", "people": 250}]},
    {"homes": [FAR, {"change": "remove", "id": "B"}]},
    {"links": [BRIDGE]},
    {"links": [BRIDGE], "facilities": [FRESH]},
    {"limits": [{"category": "school", "level": "L15", "limit_m": 450}]},
    {"walking": {"speeds": {"all": 5.0, "elderly": 2.0}}},
    {"walking": {"rule": "time"}},
    {"facilities": []},
)


@pytest.fixture
def asking(tmp_path):
    """The tiny standard with places and berths for the people."""
    told = [QUOTAS.format(category=category, measure=measure) for category, measure in (("school", "places"), ("park", "berths"))]
    (tmp_path / "asking.toml").write_text(TINY + "".join(told), encoding="utf-8")
    return load(tmp_path / "asking.toml")


def state(standard, told, year=2025, systems=()):
    homes = HOMES.assign(open_year=[np.nan, 2028.0], unit=["west", "east"])
    stated = settings_of(year=year, years=(2025, 2028, 2030), systems=systems, language="zh", isochrone_minutes=(5.0,))
    inputs = replace(inputs_of(units=UNITS), residences=homes)
    inputs = replace(inputs, facilities=inputs.facilities.assign(capacity=[20.0, 30.0, 9.0]))
    return laid(plan(**told), inputs, standard=standard, settings=stated)


def test_every_table_of_a_state_equals_that_of_a_run_from_scratch(asking):
    known, systems = Known(), (load("complete-community-2020"),)
    for told in STATES:
        #  the last state is in a later year, in which home B is lived in as well
        inputs, standard, settings = state(asking, told, 2029 if told is STATES[-1] else 2025, systems)
        reused = analyze(inputs, standard=standard, settings=settings, known=known)
        same_results(reused, analyze(inputs, standard=standard, settings=settings))
        assert set(reused.equity["category"]) == {"school", "park"} and set(reused.capacity.units["measure"]) == {"places", "berths"}
        assert len(reused.capacity.facilities) and len(reused.capacity.homes)


def test_a_state_met_before_works_out_nothing(asking, monkeypatch):
    known = Known()
    inputs, standard, settings = state(asking, {"facilities": [FRESH]})
    first = analyze(inputs, standard=standard, settings=settings, known=known)
    monkeypatch.setattr("livingcircle.analysis.category.reaches", None)
    monkeypatch.setattr("livingcircle.analysis.category.equity.by_category", None)
    monkeypatch.setattr("livingcircle.capacity.assign", None)
    monkeypatch.setattr("livingcircle.analysis.areas.isochrone.reach", None)
    monkeypatch.setattr("livingcircle.analysis.standing.snap", None)
    #  layers read anew are other objects with the same content
    inputs, standard, settings = state(asking, {"facilities": [FRESH]})
    same_results(first, analyze(inputs, standard=standard, settings=settings, known=known))


def test_one_facility_more_asks_again_for_its_own_category_alone(tiny, monkeypatch):
    from livingcircle.analysis import category

    known, asked, reaches = Known(), [], category.reaches
    monkeypatch.setattr(category, "reaches", lambda name, *rest, **told: asked.append(name) or reaches(name, *rest, **told))
    for told in ({}, {"facilities": [FRESH]}, {"limits": [{"category": "park", "level": "L5", "limit_m": 450}]}):
        inputs, standard, settings = state(tiny, told)
        analyze(inputs, standard=standard, settings=settings, known=known)
    #  categories of one state are at work at the same time
    assert sorted(asked[:2]) == ["park", "school"] and asked[2:] == ["school", "park"]


def test_an_indicator_is_worked_out_again_for_what_it_reads_alone(tiny, monkeypatch):
    from livingcircle import indicators as tables
    from livingcircle.standards import Indicator

    known, asked, columns = Known(), [], tables._columns
    names = {"zh": "名", "en": "name"}
    told = {"name": names, "unit": names, "group": names, "numerator": names, "denominator": names, "definition": names, "clause": "1", "evidence": "○"}
    every = {
        id: Indicator(id=id, formula=formula, categories=(category,), limit_m=limit_m, name_evidence="○", **told)
        for id, formula, category, limit_m in (
            ("near", "people_within", "school", 500.0), ("many", "count_per_people", "park", None), ("failing", "units_failing", "park", 300.0),
        )
    }  # fmt: skip
    systems = (tiny.model_copy(update={"id": "toy", "indicators": every}),)
    monkeypatch.setattr(tables, "_columns", lambda one, *rest: asked.append(one.id) or columns(one, *rest))
    park = {"change": "open", "name": "P", "categories": ["park"], **degrees(560, 40)}
    found = []
    for changes in ({}, {"facilities": [FRESH]}, {"facilities": [park]}, {"limits": [{"category": "park", "level": "L5", "limit_m": 450}]}):
        asked.clear()
        inputs, standard, settings = state(tiny, changes, systems=systems)
        reused = analyze(inputs, standard=standard, settings=settings, known=known)
        found.append(sorted(set(asked)))
        assert_frame_equal(reused.indicators, analyze(inputs, standard=standard, settings=settings).indicators, check_exact=True)
    assert found == [["failing", "many", "near"], ["near"], ["failing", "many"], []]


def test_only_who_competes_for_what_changed_is_assigned_again(asking, monkeypatch):
    known, asked, assign = Known(), [], capacity.assign
    monkeypatch.setattr(capacity, "assign", lambda pairs, demand, held: asked.append(held.tolist()) or assign(pairs, demand, held))
    limit = {"limits": [{"category": "school", "level": "L15", "limit_m": 450}]}
    for told in ({}, {"facilities": [{"change": "resize", "id": "F1", "capacity": 12}]}, limit, {"walking": {"speeds": {"all": 5.0}}}, {"links": [BRIDGE]}):
        inputs, standard, settings = state(asking, told)
        analyze(inputs, standard=standard, settings=settings, known=known)
    # F1 is the school, F3 the park; neither speed nor bridge changes who walks how far to them while B is not lived in
    assert asked == [[20.0], [9.0], [12.0], [20.0]]


def test_homes_that_come_between_others_leave_these_where_they_stand(monkeypatch):
    from livingcircle.analysis import standing

    inputs, known, asked = inputs_of(), Known(), []
    settings = settings_of()
    network = inputs.network
    monkeypatch.setattr(standing, "RUN", 16)
    snap = standing.snap
    monkeypatch.setattr(standing, "snap", lambda points, *rest, **told: asked.append(len(points)) or snap(points, *rest, **told))
    points = np.random.default_rng(1).uniform(network.streets.total_bounds[:2] - 100, network.streets.total_bounds[2:] + 100, (4000, 2))
    more = np.vstack([points[:1500], points[:7] + 0.5, points[1500:]])
    for places in (points, more, more):
        own, fresh = (standing.Standing(network, None, inputs, settings, one) for one in (known, None))
        found, scratch = own.homes_on_streets(places), fresh.homes_on_streets(places)
        assert_frame_equal(found, scratch, check_exact=True)
        again_at = [one.homes_again(places, found, limit_m=60.0) for one in (own, fresh)]
        assert_frame_equal(*again_at, check_exact=True)
    #  with `known` and without: all of them, then only those next to the new ones, then none
    assert asked[:2] == [4000, 4000] and 7 <= asked[2] < 200 and asked[3:] == [4007, 4007]


PLACES = st.lists(st.tuples(st.integers(-5, 65), st.integers(-5, 25), st.sampled_from(["school", "park"])), max_size=2)
ENDS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=2)
SHARED = Known()


@trying(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ENDS, PLACES)
def test_any_state_after_any_other_equals_a_run_from_scratch(asking, ends, places):
    links = [{"kind": "footpath", "line": [spot(10 * a, 0), spot(10 * b, 200)]} for a, b in ends]
    fresh = [{"change": "open", "name": "N", "categories": [c], **degrees(10 * x, 10 * y)} for x, y, c in places]
    inputs, standard, settings = state(asking, {"links": links, "facilities": fresh})
    reused = analyze(inputs, standard=standard, settings=settings, known=SHARED)
    same_results(reused, analyze(inputs, standard=standard, settings=settings))
