"""The summary of a timeline is told by the tests of its command; here only that nothing changing is said."""

from types import SimpleNamespace

import pandas as pd

from livingcircle.timeline import AMOUNTS, EVENTS, KEYS
from livingcircle.timeline_console import show_timeline


def test_nothing_that_changes_is_said(capsys):
    row = dict.fromkeys([*KEYS, *AMOUNTS], "") | {"unit": "ALL", "category": "park", "level": "L5", "group": "all", "people_share": 0.5, "land_share": 0.5}
    names = SimpleNamespace(get=lambda language: "a name")
    settings = SimpleNamespace(name={"en": "Toy"}, note={}, study_id="toy", groups=[SimpleNamespace(id="all")])
    standard = SimpleNamespace(categories={"park": SimpleNamespace(name=names)}, levels={"L5": SimpleNamespace(name=names)})
    table = pd.DataFrame([row | {"year": year} for year in (2025, 2026)])
    told = SimpleNamespace(years=(2025, 2026), worked={2025: ("park",)}, table=table, events=pd.DataFrame(columns=list(EVENTS)), settings=settings, standard=standard)
    show_timeline(told, [], language="en")
    out = capsys.readouterr().out
    assert "Coverage does not change in these years." in out and "carried from the year before" in out
