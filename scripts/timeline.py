"""`livingcircle timeline` as a script: python scripts/timeline.py --help."""

import sys

from livingcircle.cli import main

if __name__ == "__main__":
    main(["timeline", *sys.argv[1:]])
