"""`timeline.csv`: coverage year by year, for programs."""

from __future__ import annotations

from pathlib import Path

from livingcircle.outputs.tables import write_csv
from livingcircle.timeline import Timeline


def write(told: Timeline, path: Path) -> None:
    """Write the table, a row per year x unit x category x level x group (`timeline.COLUMNS`); shares are 0-1."""
    write_csv(told.table, path)
