"""Land codes: the file keeps its own promises, columns are recognized, and codes mean what the dictionary says."""

from __future__ import annotations

import pytest

from livingcircle import land_codes
from livingcircle.errors import DataError
from livingcircle.land_codes import equivalents, is_residential, recognize, split, vocabularies


@pytest.mark.parametrize("vocabulary", list(vocabularies()))
def test_every_code_is_named_marked_and_read_in_the_first_vocabulary(vocabulary):
    first = vocabularies()["mnr2023"]
    for code, one in vocabularies()[vocabulary].codes.items():
        assert split(code) == (code,), code
        assert one.zh and one.en.isascii() and one.evidence in "●◐○" and len(one.evidence) == 1, code
        assert set(one.to) <= set(first.codes) and set(one.parts) <= set(first.codes), code
        assert not set(one.to) & set(one.parts), code


def test_the_first_vocabulary_stands_for_itself():
    for code, one in vocabularies()["mnr2023"].codes.items():
        assert one.to == (code,) and one.parts == ()


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("R21", ("R21",)), ("r21", ("R21",)), ("Ｒ２１", ("R21",)), ("G1/S42", ("G1", "S42")), ("A33 中小学用地", ("A33",)),
        ("R2＋B1", ("R2", "B1")), ("80403", ("080403",)), (80403.0, ("080403",)), ("701", ("0701",)), ("8H2A", ("08H2A",)),
        ("0810A", ("0810A",)), ("1401", ("1401",)), ("", ()), (None, ()), ("—", ()), ("居住用地", ()), (float("nan"), ()),
    ],
)  # fmt: skip
def test_cells_as_people_write_them(cell, wanted):
    assert split(cell) == wanted


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [
        (["R21", "R22", "A33", "G1", "B1", "S42", "E2"], "gb50137"),
        (["R2", "G1/S42", "A3"], "gb50137"),
        (["0701", "0702", "08H2", "0810", "1004", "05H1"], "survey3"),
        (["0101", "0303", "0702", "08H1"], "survey3"),
        (["070102", "080403", "1401", "1207"], "mnr2023"),
        (["0701", "0804", "1401", "1207", "16"], "mnr2023"),
        (["0701", "0803", "0805", "0810", "1004", "0501"], "gbt21010"),
        (["R21a", "R21b", "A331"], "gb50137"),
    ],
)
def test_the_vocabulary_that_explains_most(codes, wanted):
    got = recognize(codes)
    assert (got.vocabulary, got.rivals, got.ambiguous) == (wanted, (), ())


def test_a_tie_is_told_with_the_codes_it_leaves_open():
    got = recognize(["0701", "0702", "0701"])
    assert got.vocabulary == "mnr2023" and "survey3" in got.rivals and got.ambiguous == ("0702",)
    alike = recognize(["0701"])
    assert alike.rivals and alike.ambiguous == ()


def test_what_no_vocabulary_lists_is_told():
    assert recognize(["R21", "ZZ9", "G1"]).unknown == ("Z",)
    nothing = recognize(["—", None])
    assert (nothing.vocabulary, nothing.codes) == ("", 0)


def test_the_order_and_number_of_rows_do_not_matter():
    codes = ["0701", "08H2", "1401", "0702"]
    assert recognize(codes) == recognize(codes[::-1] * 3)


@pytest.mark.parametrize(
    ("vocabulary", "lived_on", "not_lived_on"),
    [
        ("mnr2023", ["07", "0701", "070102", "0703", "701"], ["0702", "0704", "080403", "1401", ""]),
        ("survey3", ["0701", "0702"], ["08H2", "0810"]),
        ("gb50137", ["R", "R1", "R2", "R21", "R3", "R2/B1"], ["R12", "R22", "R32", "A33", "B1", "G1"]),
        ("gbt21010", ["0701", "0702"], ["0803"]),
    ],
)
def test_land_people_live_on(vocabulary, lived_on, not_lived_on):
    assert [code for code in lived_on if not is_residential(code, vocabulary)] == []
    assert [code for code in not_lived_on if is_residential(code, vocabulary)] == []


def test_a_wider_code_holds_its_finer_ones_in_part():
    assert equivalents("A3", "gb50137")[0] == ()
    assert {"080403", "080404", "0802"} <= set(equivalents("A3", "gb50137")[1])
    assert equivalents("080403", "mnr2023") == (("080403",), ())
    assert equivalents("ZZ", "gb50137") == ((), ())


def test_a_finer_local_code_is_kept_as_it_is():
    assert equivalents("08040301", "mnr2023") == (("08040301",), ())


def test_an_unknown_vocabulary_is_refused_with_the_known_ones():
    with pytest.raises(DataError, match="choose one of: mnr2023, survey3"):
        land_codes.is_residential("R2", "gb99999")
