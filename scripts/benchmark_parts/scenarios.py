"""The measured rows of scenarios: a study as it is, then every scenario of it and a later year, in one process that keeps what did not change."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from livingcircle.study import schema
from livingcircle.study.analyzing import analyzed_all

MOST_S = 3.0


class State(NamedTuple):
    """One state of a study: what it is, seconds by the clock and of the processor until it is judged; nothing is written."""

    name: str
    seconds: float
    cpu: float


def measured(study: Path, *, years: tuple[int, ...] = ()) -> list[State]:
    """The study itself, then its own scenarios in their order, then it in each of `years`."""
    own = [*schema.load(study)[0].scenarios]
    names: list[str | None] = [None, *own]
    with tempfile.TemporaryDirectory() as folder:
        for year in years:
            (Path(folder) / f"{year}.toml").write_text(f"year = {year}\n", encoding="utf-8")
        states = analyzed_all(study, [*names, *(f"{folder}/{year}.toml" for year in years)])
        out = []
        for name in ["as it is", *own, *map(str, years)]:
            clock, processor = time.perf_counter(), time.process_time()
            next(states)
            out.append(State(name, time.perf_counter() - clock, time.process_time() - processor))
    return out


def scenario_table(states: list[State]) -> str:
    """A row for each state as Markdown; the limit counts from the second on."""
    lines = ["| state | seconds | of the processor | at most |", "|---|---|---|---|"]
    for number, state in enumerate(states):
        limit = f"{MOST_S:g}: {'pass' if state.seconds <= MOST_S else 'over'}" if number else ""
        lines.append(f"| {state.name} | {state.seconds:.1f} | {state.cpu:.1f} | {limit} |")
    return "\n".join(lines) + "\n"
