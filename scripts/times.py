"""`livingcircle times` as a script: python scripts/times.py --help."""

import sys

from livingcircle.cli import main

if __name__ == "__main__":
    main(["times", *sys.argv[1:]])
