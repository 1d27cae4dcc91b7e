"""`livingcircle site` as a script: python scripts/site.py --help."""

import sys

from livingcircle.cli import main

if __name__ == "__main__":
    main(["site", *sys.argv[1:]])
