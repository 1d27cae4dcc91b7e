"""Measures livingcircle beside plain networkx, raw SciPy and, where installed, pandana and igraph: scripts/benchmark.py --help."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark_parts import FULL, QUICK, reading, run, scenarios, shift, table

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "beilun"


def main() -> None:
    """Prints the table, and writes it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extract", type=Path, help="an OSM extract (.osm.pbf) for the areas on real streets")
    parser.add_argument("--crs", default="EPSG:32629", help="the metric CRS of the extract")
    parser.add_argument("--reading", type=Path, metavar="EXTRACT", help="measure reading this OSM extract alone, first and again")
    parser.add_argument("--shift", type=Path, nargs="*", metavar="EXTRACT", help="measure shift detection alone, on the sample and these OSM extracts")
    parser.add_argument("--scenarios", type=Path, metavar="STUDY", help="measure the scenarios of this study alone, one after the other in one process")
    parser.add_argument("--years", type=int, nargs="*", default=(), help="years measured beside the scenarios")
    parser.add_argument("--out", type=Path, help="a Markdown file to write the table to")
    parser.add_argument("--quick", action="store_true", help="small sizes, within a minute")
    told = parser.parse_args()
    if told.shift is not None:
        text = shift.shift_table(shift.measured(SAMPLE, told.shift))
    elif told.scenarios:
        text = scenarios.scenario_table(scenarios.measured(told.scenarios, years=tuple(told.years)))
    elif told.reading:
        text = table(reading.rows(told.reading, crs=told.crs))
    else:
        text = table(run(QUICK if told.quick else FULL, extract=told.extract, crs=told.crs))
    print(text)
    if told.out:
        told.out.write_text(text, encoding="utf-8")
        print(told.out)


if __name__ == "__main__":
    main()
