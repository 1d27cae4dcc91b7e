"""Writes the sample district of data/beilun: python scripts/make_beilun.py [FOLDER]."""

from __future__ import annotations

import argparse
from pathlib import Path

from sample_beilun import generate

DEFAULT = Path(__file__).parents[1] / "data" / "beilun"


def main() -> None:
    """Writes the files and lists them with their sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT, help="where the files go")
    for file in generate(parser.parse_args().folder):
        print(f"{file}  {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
