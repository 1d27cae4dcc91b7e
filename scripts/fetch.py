"""`livingcircle fetch` as a script: python scripts/fetch.py --help."""

import sys

from livingcircle.cli import main

if __name__ == "__main__":
    main(["fetch", *sys.argv[1:]])
