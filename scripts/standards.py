"""`livingcircle standards` as a script: python scripts/standards.py --help."""

import sys

from livingcircle.cli import main

if __name__ == "__main__":
    main(["standards", *sys.argv[1:]])
