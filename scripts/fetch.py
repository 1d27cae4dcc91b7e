"""Streets and facilities of a study from OpenStreetMap: python scripts/fetch.py data/beilun [https://.../api/interpreter ...]."""

import sys

from livingcircle.errors import LivingCircleError
from livingcircle.sources.overpass import Watch
from livingcircle.study.fetching import fetch


def main(study: str, *servers: str) -> int:
    """Download into the study's folder `raw/`; the servers named are asked instead of the public ones."""
    watch = Watch(told=lambda done, total: print(f"{done}/{total}", file=sys.stderr))
    try:
        files = fetch(study, servers=servers or None, watch=watch)
    except LivingCircleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(*files, sep="\n")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
