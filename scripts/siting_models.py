"""The four siting models on one study, with seconds and gap: python scripts/siting_models.py STUDY --category C --sites N [--limit METRES]."""

import argparse
import time
from pathlib import Path

from livingcircle.siting import solved
from livingcircle.siting.case import case_of
from livingcircle.siting.wish import Wish, terms
from livingcircle.study.analyzing import asked, read
from livingcircle.study.siting_ground import ground


def main() -> None:
    """Read the study once, and print a line a model."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("study", type=Path)
    told.add_argument("--category", required=True)
    told.add_argument("--sites", type=int, default=10)
    told.add_argument("--limit", type=float, help="metres; the standard's where not given; none for p-center")
    told.add_argument("--time-limit", type=float, default=60.0)
    given = told.parse_args()
    job = asked(given.study)
    layers = read(job)
    found = ground(layers.study, job.base, layers.inputs, standard=job.standard, categories=(given.category,))
    for model in ("mclp", "lscp", "p-median", "p-center"):
        wish = Wish((given.category,), model, None if model == "lscp" else given.sites, limit_m=None if model == "p-center" else given.limit, time_s=given.time_limit)
        begun = time.perf_counter()
        case = case_of(layers.inputs, found.candidates, terms=terms(wish, standard=job.standard, settings=job.settings), standard=job.standard, settings=job.settings)
        problem = case.problem[0]
        ready = time.perf_counter() - begun
        siting = solved(model, problem, case.bounds)
        size = f"{len(problem.demand)} demand rows, {int(problem.fixed.sum())} standing, {len(problem.new)} candidates, {len(problem.walks)} walks"
        print(f"{model}: {siting.status}, objective {siting.objective:,.2f}, bound {siting.bound:,.2f}, gap {siting.gap:.2e}; walks {ready:.1f} s, solved {siting.seconds:.1f} s; {size}")


if __name__ == "__main__":
    main()
