"""`livingcircle links` as a script: python scripts/links.py --help."""

import sys

from livingcircle.cli import main

if __name__ == "__main__":
    main(["links", *sys.argv[1:]])
