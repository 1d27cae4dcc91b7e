"""Errors carry faults and exit codes."""

import pickle
import tomllib

import pytest

from livingcircle import errors


def test_the_tree_and_its_exit_codes():
    codes = {
        errors.StudyError: 3, errors.DataError: 3, errors.StandardError: 3, errors.MissingPartError: 5, errors.LivingCircleError: 1,
    }
    for kind, code in codes.items():
        assert issubclass(kind, errors.LivingCircleError)
        assert kind(errors.Fault("a", "b")).exit_code == code


def test_every_fault_is_in_the_message():
    faults = [errors.Fault("file.csv row 3", "no number", "write one"), errors.Fault("key", "unknown")]
    with pytest.raises(errors.DataError, match="file.csv row 3: no number → write one\nkey: unknown"):
        errors.raise_all(faults)


def test_no_fault_is_no_error():
    errors.raise_all([])


def test_a_sentence_is_the_english_text_and_knows_what_it_was_made_of():
    told = errors.said("no column {name!r}; there are: {known}", name="学校", known=errors.listed(["a", "b"]))
    assert told == "no column '学校'; there are: a, b" and isinstance(told, str)
    assert told.template == "no column {name!r}; there are: {known}"
    assert str(errors.Fault("t.csv", told)) == "t.csv: no column '学校'; there are: a, b"
    assert errors.said("write {} as it is") == "write {} as it is"


def test_lists_stand_with_what_is_between_them():
    assert errors.listed(["a", 2], " or ") == "a or 2"
    assert not errors.listed([])


def test_sentences_pass_between_processes():
    for told in (errors.said("row {row}", row=3), errors.listed(["a", "b"], " and ")):
        again = pickle.loads(pickle.dumps(told))
        assert again == told and vars(again) == vars(told)


def test_a_reason_is_what_the_system_says():
    assert errors.reason(FileNotFoundError(2, "No such file or directory")) == "No such file or directory"
    assert errors.reason(ValueError("{odd}")) == "{odd}"


def test_where_a_parser_stopped_is_told_apart_from_why():
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads("[study]\nid = toy\n")
    told = errors.reason(raised.value)
    assert told == str(raised.value) and told.values["line"] == "2"
