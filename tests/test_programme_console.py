"""The summary of a programme without any measure; one with measures is told by the tests of its command."""

from types import SimpleNamespace

import pandas as pd

from livingcircle.programme import STEPS, Costs, Terms
from livingcircle.programme_console import show_programme


def test_a_budget_that_pays_for_nothing(capsys):
    settings = SimpleNamespace(name={"en": "Toy"}, note={"en": "made up"}, study_id="toy")
    town = SimpleNamespace(start=SimpleNamespace(case=SimpleNamespace(settings=settings)))
    told = SimpleNamespace(town=town, steps=pd.DataFrame(columns=list(STEPS)), terms=Terms(5.0, costs=Costs({"park": 9.0}), cost_unit="k"), left_out={"gate": 2})
    show_programme(told, [], language="en")
    out = capsys.readouterr().out
    assert "Within 5 k no measure serves anybody more." in out and "gate: 2" in out and "made up" in out
