"""`livingcircle check` as a script: python scripts/check.py --help."""

import sys

from livingcircle.cli import main

if __name__ == "__main__":
    main(["check", *sys.argv[1:]])
