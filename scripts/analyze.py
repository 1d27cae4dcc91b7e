"""`livingcircle analyze` as a script: python scripts/analyze.py --help."""

import sys

from livingcircle.cli import main

if __name__ == "__main__":
    main(["analyze", *sys.argv[1:]])
