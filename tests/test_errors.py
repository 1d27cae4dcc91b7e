"""Errors carry faults and exit codes."""

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
