"""The measured rows of reading: an extract into a walking network for the first time, and again from what was kept."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely

from benchmark_parts.memory import highest
from benchmark_parts.table import Figure
from livingcircle.network import StreetNetwork, from_ways
from livingcircle.network.store import cached
from livingcircle.sources.osm import read_ways

PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from benchmark_parts.reading import child; child(*sys.argv[2:])"


class Reading(NamedTuple):
    """What one process took: seconds by the clock, seconds of the processor, and megabytes at most."""

    seconds: float
    cpu: float
    megabytes: float


def streets(extract: Path, crs: str, folder: Path | None) -> StreetNetwork:
    """The walking network of the extract, from `folder` where it is kept there."""
    return cached([extract], {"crs": crs}, lambda: from_ways(read_ways(extract).to_crs(crs)), folder=folder)


def child(extract: str, crs: str, folder: str) -> None:
    """Prints what reading takes in this process; what the libraries take to come up is not counted in the seconds."""
    clock, processor = time.perf_counter(), time.process_time()
    streets(Path(extract), crs, Path(folder))
    sys.__stdout__.write(f"{time.perf_counter() - clock} {time.process_time() - processor} {highest()}\n")


def rows(extract: Path, *, crs: str, rounds: int = 3) -> list[Figure]:
    """The figures of reading `extract`, medians of `rounds` processes each; every first reading has an empty folder."""
    first, again = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            first.append(_in_a_process(extract, crs, name))
            again.append(_in_a_process(extract, crs, name))
            loaded = streets(extract, crs, Path(name))
    built = streets(extract, crs, None)
    ways = read_ways(extract)
    told = f"{extract.name}: {sum(map(len, ways['node_ids'])):,} vertices of ways, {len(built.length_m):,} edges; median of {rounds} processes"
    out = []
    for readings, targets in ((first, ("reading", "reading_mb")), (again, ("reading_again", "reading_again_mb"))):
        seconds, cpu, peak = np.median(np.array(readings), axis=0)
        out.append(Figure(targets[0], seconds, f"{told}; {cpu:.2f} s of one processor", _same(built, loaded)))
        out.append(Figure(targets[1], peak, "the whole process with its libraries"))
    return out


def _in_a_process(extract: Path, crs: str, folder: str) -> Reading:
    here = str(Path(__file__).resolve().parents[1])
    told = subprocess.run([sys.executable, "-c", PROGRAM, here, str(extract), crs, folder], capture_output=True, text=True, check=True)
    return Reading(*map(float, told.stdout.split()[-3:]))


def _same(one: StreetNetwork, other: StreetNetwork) -> bool:
    arrays = all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("nodes", "start", "end", "length_m", "component")
    )
    columns = one.streets.drop(columns="geometry").equals(other.streets.drop(columns="geometry"))
    lines = (network.streets.geometry.to_numpy() for network in (one, other))
    return arrays and columns and bool(shapely.equals_identical(*lines).all())
