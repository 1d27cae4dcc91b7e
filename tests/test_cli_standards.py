"""The commands about standards stand in a file of their own, and speak the language asked for."""

import pytest
import typer
from test_cli import run

from livingcircle.cli_standards import language_told


def test_only_languages_that_are_spoken():
    assert language_told("zh") == "zh"
    with pytest.raises(typer.BadParameter):
        language_told("fr")


def test_the_list_speaks_both(capsys):
    assert run("standards", "list", "--lang", "en") == 0
    assert "gb50180-2018" in capsys.readouterr().out
    assert run("standards", "list", "--lang", "fr") == 2
