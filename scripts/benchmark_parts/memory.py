"""What one engine holds in memory at most, asked in a process of its own."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np

from benchmark_parts import peers
from benchmark_parts.city import city, facilities
from livingcircle.search import nearest_start

LIMIT_M = 2400.0
EVERY = 2000
ENGINES = ("streets alone", "livingcircle", "scipy", "networkx", "igraph", "pandana")


def peak(engine: str, nodes: int) -> None:
    """Prints the peak memory in megabytes after one search for the nearest facility."""
    network = city(nodes)
    doors = facilities(network, max(1, nodes // EVERY), 1, seed=1)[0]
    if engine == "livingcircle":
        nearest_start(network.arcs, doors, np.zeros(len(doors)), limit=LIMIT_M)
    elif engine == "scipy":
        peers.nearest_scipy(network, doors, LIMIT_M)
    elif engine == "networkx":
        peers.nearest_networkx(peers.simple(network), doors, LIMIT_M)
    elif engine == "igraph":
        peers.nearest_igraph(*peers.super_source(network, doors), LIMIT_M)
    elif engine == "pandana":
        peers.nearest_pandana(peers.pandana_network(network, [doors], LIMIT_M), 0, LIMIT_M)
    sys.__stdout__.write(f"\n{highest()}")


def highest() -> float:
    """The most memory that this process has held, in megabytes."""
    # What getrusage tells on Linux outlives exec: a child of a large process would be told its parent's peak.
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(float(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        unit = 1e6 if sys.platform == "darwin" else 1e3
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
