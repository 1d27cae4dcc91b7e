"""`livingcircle compare` as a script: python scripts/compare.py --help."""

import sys

from livingcircle.cli import main

if __name__ == "__main__":
    main(["compare", *sys.argv[1:]])
