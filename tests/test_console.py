"""The summary of a run."""

import pandas as pd
import shapely
from conftest import analyzed, facility_table, residence_table, town

from livingcircle.console import progress_bars, show_summary


def test_the_summary_tells_shares_warnings_and_paths(tiny, capsys, tmp_path):
    homes = pd.concat([residence_table(("A", 100, shapely.Point(100, 0)), ("B", 300, shapely.Point(900, 0)))])
    result = analyzed(tiny, town([(0, 0), (1000, 0)]), facility_table(("S", "school", shapely.Point(0, 0))), homes)
    show_summary(result, [tmp_path / "index.html"])
    told = capsys.readouterr().out
    assert "Toy" in told and "400 people" in told and "25.0%" in told and "index.html" in told


def test_progress_is_silent_without_a_terminal(capsys):
    with progress_bars("en") as progress:
        progress("walk_times", 0, 2)
        progress("walk_times", 2, 2)
    told = capsys.readouterr()
    assert told.out + told.err.strip() == ""
