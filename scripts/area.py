"""`livingcircle area` as a script: python scripts/area.py --help."""

import sys

from livingcircle.cli import main

if __name__ == "__main__":
    main(["area", *sys.argv[1:]])
