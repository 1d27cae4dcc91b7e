"""The programme of a study: what `[programme]` asks for, the measures chosen, and the files that say so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from livingcircle.errors import Fault, StudyError, raise_all, said
from livingcircle.links import ranked, terms_of
from livingcircle.outputs import programme_page, programme_tables, programme_workbook, publishing, run_record
from livingcircle.programme import Costs, Programme, Terms, programme_of
from livingcircle.scenario import laid, toml_text
from livingcircle.standards import Standard, nearest
from livingcircle.study.analyzing import Job, Layers, asked, read
from livingcircle.study.schema import ProgrammeTable, Study
from livingcircle.study.siting_ground import ground
from livingcircle.study.timeline import categories_of

FOLDER = "programme"
FILES = ("programme.html", "programme.xlsx", "programme.csv", "programme.geojson", "programme.toml", "run.json")
# So many of the best links are on offer.
LINKS = 20

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for instead of `[programme]`: budget, categories or themes of new sites, year, number of links on offer, scenario and language."""

    budget: float | None = None
    categories: tuple[str, ...] = ()
    year: int | None = None
    sites: int | None = None
    scenario: str | None = None
    language: str | None = None


def programme_study(path: Path, wanted: Wanted, *, out: Path | None = None, progress: Progress) -> tuple[Programme, list[Path]]:
    """The programme of the study at `path`, and the files written into `maps/<study>/programme/` or `out`.

    Raises `StudyError`, `StandardError` or `DataError` with every fault found; then no output file was touched.
    """
    job = asked(path, scenario=wanted.scenario, year=wanted.year, language=wanted.language)
    terms = terms_for(job.study, job.standard, wanted)
    target = out or Path("maps", job.study.study.id, FOLDER, *([job.plan.id] if job.plan else []))
    with publishing.publish(target) as folder:
        layers = read(job, progress=progress)
        told = planned(job, layers, terms, progress=progress)
        progress("outputs", 0, 2)
        language = job.settings.language
        programme_tables.write(told, folder / "programme.csv", language=language)
        programme_tables.write_geojson(told, folder / "programme.geojson", language=language)
        (folder / "programme.toml").write_text(toml_text(programme_tables.scenario(told, job.plan, layers.inputs.network)), encoding="utf-8")
        programme_workbook.write(told, folder / "programme.xlsx", language=language)
        progress("outputs", 1, 2)
        programme_page.write(told, folder / "programme.html", language=language)
        run_record.write_told(_recorded(told), folder / "run.json", inputs=job.files, base=job.base)
        progress("outputs", 2, 2)
    return told, [target / name for name in FILES]


def planned(job: Job, layers: Layers, terms: Terms, *, progress: Progress) -> Programme:
    """The programme of a job whose layers are read."""
    inputs, standard, settings = layers.inputs, job.standard, job.settings
    if job.plan is not None:
        inputs, standard, settings = laid(job.plan, inputs, standard=standard, settings=settings)
    progress("programme", 0, 3)
    told, (per_m, each) = layers.study.links, _link_costs(layers.study)
    costs = {"cost_per_m": per_m, "cost_each": each}
    settings = replace(settings, systems=())
    ranking = ranked(inputs, standard=standard, settings=settings, asked=terms_of(kinds=told.kinds, built=0, best=LINKS, **costs))
    progress("programme", 1, 3)
    parts = [_candidates(layers, job.base, inputs, standard, category) for category in terms.categories]
    candidates = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=inputs.network.crs) if parts else _none(inputs.network.crs)
    progress("programme", 2, 3)
    found = programme_of(ranking, candidates, standard=standard, terms=terms)
    progress("programme", 3, 3)
    return found


def _candidates(layers: Layers, base: Path, inputs: Any, standard: Standard, category: str) -> gpd.GeoDataFrame:
    """Candidate sites of a category as `[siting]` has them; their `cost` is that of the land alone."""
    told = ground(layers.study, base, inputs, standard=standard, categories=(category,))
    found = told.candidates
    land = found["cost"].astype(float) - layers.study.siting.cost.get(category, 0.0)
    return found.assign(category=category, cost=land, needs_m2=told.needs_m2)


def _none(crs: object) -> gpd.GeoDataFrame:
    columns = {name: pd.Series(dtype=object) for name in ("site_id", "name", "parcel", "allowed", "cost", "area_m2", "needs_m2", "category")}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=crs), crs=crs)


def _link_costs(study: Study) -> tuple[dict[str, float], dict[str, float]]:
    """What links cost a metre, and each, by kind: as `[programme]` says, else as `[links]` does."""
    told, links = study.programme, study.links
    each = {**links.cost_each, **({"gate": told.cost_gate} if told.cost_gate is not None else {})}
    per_m = {**links.cost_per_m, **told.cost_per_m}
    # A gate that costs a sum costs nothing a metre, and what costs a metre nothing besides.
    return {**({"gate": 0.0} if "gate" in each else {}), **per_m}, each


def terms_for(study: Study, standard: Standard, wanted: Wanted) -> Terms:
    """What a programme is asked for by the study file and the command line; raises `StudyError` with every fault.

    Without categories new sites may serve those whose cost is told; without any cost all that the standard makes mandatory.
    """
    told, siting = study.programme, study.siting
    site, faults = {**siting.cost, **told.cost_site}, []
    judged = {id for id, one in standard.categories.items() if one.requirements}
    for key, named in (("cost_site", told.cost_site), ("cost_place", told.cost_place)):
        faults += [
            Fault(f"programme.{key}", said("'{id}' is no category that {standard} judges", id=id, standard=standard.id), nearest(id, sorted(judged)))
            for id in named if id not in judged
        ]
    budget = wanted.budget if wanted.budget is not None else told.budget
    if budget is None:
        faults.append(Fault("--budget", "no budget is told", "give --budget, or budget = ... under [programme] in study.toml"))
    raise_all(faults, StudyError)
    per_m, each = _link_costs(study)
    costs = Costs(site, told.cost_place, bool(per_m or each))
    named = categories_of(wanted.categories or told.categories, standard)
    mandatory = tuple(dict.fromkeys(id for id, one in standard.requirements() if one.flag == "mandatory"))
    categories = named or (tuple(id for id in standard.categories if id in site and id in judged) if costs.told else mandatory)
    unit = told.cost_unit or siting.cost_unit or study.links.cost_unit
    return Terms(
        float(budget), categories, told.sites if wanted.sites is None else wanted.sites, told.points, told.time_s, told.enlarge_most, costs, unit if costs.told else "",
    )  # fmt: skip


def _recorded(told: Programme) -> dict[str, Any]:
    """What the record of a run tells of a programme: what was asked, chosen and proven."""
    settings, standard, terms = told.town.start.case.settings, told.standard, told.terms
    proof = {name: {"value": one.value, "bound": one.bound, "gap": one.gap, "status": one.status, "seconds": one.seconds} for name, one in (("exact", told.exact), ("greedy", told.greedy))}
    return {
        "study": settings.study_id,
        "scenario": settings.scenario,
        "year": settings.year,
        "standard": {"id": standard.id, "sha256": hashlib.sha256(standard.model_dump_json().encode()).hexdigest()},
        "asked": {
            "budget": terms.budget, "cost_unit": terms.cost_unit, "categories": list(terms.categories), "sites": terms.sites, "points": terms.points,
            "time_s": terms.time_s, "enlarge_most": terms.enlarge_most, "cost_site": dict(terms.costs.sites), "cost_place": dict(terms.costs.places),
        },
        "offered": told.counts,
        "left_out_without_cost": told.left_out,
        **proof,
        "greedy_loss": told.loss,
        "measures": told.steps["measure_id"].tolist(),
        "cost": told.cost,
        "people": told.people,
        "people_added_up": told.people_sum,
        "lost_people": told.lost_people,
    }  # fmt: skip
