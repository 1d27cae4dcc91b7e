"""Clocks: runs timed in turn, and the memory an engine takes in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from benchmark_parts.memory import peak; peak(sys.argv[2], int(sys.argv[3]))"


def once(run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what the run gave."""
    begun = time.perf_counter()
    answer = run()
    return time.perf_counter() - begun, answer


def in_turn(runs: list[Callable[[], Any]], rounds: int) -> np.ndarray:
    """Seconds of every run in every round, (rounds, runs); the order turns with the round, so that no run is always first."""
    out = np.empty((rounds, len(runs)))
    for number in range(rounds):
        for turn in range(len(runs)):
            run = (turn + number) % len(runs)
            out[number, run] = once(runs[run])[0]
    return out


def ratio(seconds: np.ndarray, over: int, under: int) -> float:
    """The median over the rounds of one run's time divided by another's."""
    return float(np.median(seconds[:, over] / seconds[:, under]))


def megabytes(engine: str, nodes: int) -> float:
    """The peak memory of a process that makes the city and asks one engine for the nearest facilities; NaN if it fails."""
    here = str(Path(__file__).resolve().parents[1])
    told = subprocess.run([sys.executable, "-c", PROGRAM, here, engine, str(nodes)], capture_output=True, text=True)
    return float(told.stdout.split()[-1]) if told.returncode == 0 else float("nan")
