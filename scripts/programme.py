"""`livingcircle programme` as a script: python scripts/programme.py --help."""

import sys

from livingcircle.cli import main

if __name__ == "__main__":
    main(["programme", *sys.argv[1:]])
