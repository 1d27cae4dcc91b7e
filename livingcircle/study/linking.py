"""The links worth building in a study, as a planner asks for them: read, ranked, and written as tables, map and scenario."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle import coordinates
from livingcircle.analysis import Settings
from livingcircle.errors import DataError, Fault, StudyError, listed, raise_all, said
from livingcircle.layers import row_numbers
from livingcircle.links import KINDS, Answer, Terms, package_of, ranked, scenario_changes, terms_of, ways_round
from livingcircle.links.walls import CLOSED
from livingcircle.messages import LANGUAGES, words
from livingcircle.network import StreetNetwork
from livingcircle.outputs import links_page, links_tables, publishing, run_record
from livingcircle.outputs.links_words import places
from livingcircle.scenario import Plan, Scenario, laid, toml_text, without_closing
from livingcircle.sources.spreadsheet import number
from livingcircle.standards import Standard, nearest
from livingcircle.study.analyzing import Job, Layers, asked, read
from livingcircle.study.files import file_of
from livingcircle.study.rows import keep
from livingcircle.study.schema import LinkSearch

FOLDER = "links"
FILES = ("links.html", "links.csv", "links.geojson", "links.toml")
COLUMNS = ("name", "kind", "cost")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Search:
    """What a planner asks for: how many links, of which categories and group, under which scenario, in which year, with which lines of a file."""

    top: int | None = None
    categories: tuple[str, ...] = ()
    group: str | None = None
    scenario: str | None = None
    year: int | None = None
    lines: Path | None = None


def find_links(path: Path, search: Search, *, out: Path | None = None, language: str | None = None, progress: Progress) -> tuple[Answer, list[Path]]:
    """The best links of the study at `path`, and the files written into `maps/<study>/links/` or `out`.

    Raises `StudyError`, `StandardError` or `DataError` with every fault found; then no output file was touched.
    """
    job = asked(path, scenario=search.scenario, year=search.year, language=language)
    told = job.study.links
    settings = replace(job.settings, categories=_categories(job, search))
    terms = _terms(told, search)
    target = out or Path("maps", job.study.study.id, FOLDER)
    with publishing.publish(target) as folder:
        layers = read(job, progress=progress)
        lines = _lines(layers, job.base, search.lines)
        inputs, standard = layers.inputs, job.standard
        if job.plan is not None:
            inputs, standard, settings = laid(job.plan, inputs, standard=standard, settings=settings)
        progress("links", 0, 3)
        ranking = ranked(inputs, standard=standard, settings=settings, asked=terms, lines=lines, group=search.group)
        progress("links", 1, 3)
        package = package_of(ranking)
        progress("links", 2, 3)
        name = job.plan.name if job.plan else dict.fromkeys(LANGUAGES, "")
        answer = Answer(ranking, package, ways_round(ranking), terms, standard, told.cost_unit, name, bool(layers.findings.counts.get("osm")))
        progress("links", 3, 3)
        _write(answer, (job, layers), search, folder, progress)
    return answer, [target / name for name in (*FILES, "run.json")]


def _write(answer: Answer, read_from: tuple[Job, Layers], search: Search, folder: Path, progress: Progress) -> None:
    job, layers = read_from
    progress("outputs", 0, 2)
    links_tables.write_csv(answer, folder / "links.csv")
    links_tables.write_geojson(answer, folder / "links.geojson")
    scenario = _scenario(answer, job.plan, layers.inputs.network, search.year)
    (folder / "links.toml").write_text(toml_text(scenario), encoding="utf-8")
    links_page.write(answer, folder / "links.html", language=answer.settings.language)
    progress("outputs", 1, 2)
    files = [*job.files, *([search.lines] if search.lines else [])]
    run_record.write_links(answer, folder / "run.json", inputs=files, base=job.base)
    progress("outputs", 2, 2)


def _categories(job: Job, search: Search) -> tuple[str, ...]:
    """The categories that links are judged by; every one that the study judges where none is named. Tells the faults of group and categories at once."""
    wanted = search.categories or job.study.links.categories
    where = "--category" if search.categories else "[links] categories"
    known = sorted(id for id, one in job.standard.categories.items() if job.settings.judges(one))
    faults = [
        Fault(where, said("'{id}' is no category that {standard} judges", id=id, standard=job.standard.id), nearest(id, known))
        for id in dict.fromkeys(wanted)
        if id not in known
    ]
    groups = [group.id for group in job.settings.groups]
    if search.group is not None and search.group not in groups:
        faults.append(Fault("--group", said("'{id}' is no group of the study", id=search.group), nearest(search.group, groups)))
    raise_all(faults, StudyError)
    return tuple(dict.fromkeys(wanted)) or job.settings.categories


def _terms(told: LinkSearch, search: Search) -> Terms:
    """The terms of the search. None is built one after another by what it adds: that is told in the order of the ranks."""
    stated = {key: getattr(told, key) for key in ("max_m", "order") if getattr(told, key) is not None}
    top = {} if search.top is None else {"best": search.top}
    return terms_of(kinds=told.kinds, cost_per_m=told.cost_per_m, cost_each=told.cost_each, built=0, **stated, **top)


def _lines(layers: Layers, base: Path, file: Path | None) -> gpd.GeoDataFrame | None:
    """The lines that a planner gives, with `name`, `kind` and `cost` where a column tells them, in the CRS of the streets; None without any."""
    told = layers.study.links
    if file is None and told.lines is None:
        return None
    path = file or base / told.lines
    # What the study says of its own file says nothing of another.
    own = told if file is None else told.model_copy(update={"layer": None, "crs": None, "encoding": None, "where": None})
    raw = coordinates.to_crs(file_of(path, own), declared=own.crs, target=layers.inputs.network.crs, where=path.name)
    raw = keep(raw, own.where, path.name)
    columns = {key: own.columns.get(key, key) for key in COLUMNS}
    if file is not None:
        columns = {key: name if name in raw else key for key, name in columns.items()}
    _require_lines(raw, path.name, {} if file is not None else {key: columns[key] for key in own.columns})
    numbers = row_numbers(raw)
    table = gpd.GeoDataFrame({key: raw[name] if name in raw else None for key, name in columns.items()}, geometry=raw.geometry.to_numpy(), crs=raw.crs, index=raw.index)
    table["cost"] = _costs(table["cost"], numbers, path.name)
    table = table[(table.geometry.notna() & ~table.geometry.is_empty).to_numpy()].explode(ignore_index=True)
    return table.assign(kind=_kinds(table["kind"]), name=table["name"].fillna("").astype(str))


def _require_lines(raw: gpd.GeoDataFrame, where: str, columns: dict[str, str]) -> None:
    """Raises `DataError` for every column that is named and not there, and for what is no line."""
    known = listed(str(name) for name in raw.columns.drop(raw.geometry.name))
    faults = [
        Fault(where, said("no column '{column}' (columns.{key})", column=name, key=key), said("choose one of: {known}", known=known))
        for key, name in columns.items()
        if name not in raw
    ]
    odd = sorted(set(raw.geom_type.dropna()) - {"LineString", "MultiLineString"})
    if odd:
        faults.append(Fault(where, said("holds {kinds} among the lines of links", kinds=listed(odd)), "give lines"))
    raise_all(faults, DataError)


def _kinds(told: pd.Series) -> list[str]:
    """The kinds by their id; the words of every language are understood."""
    known = {words(language, "links")[f"kind.{kind}"]: kind for language in LANGUAGES for kind in KINDS}
    return [known.get(word, word) for word in told.fillna("").astype(str).str.strip()]


def _costs(told: pd.Series, rows: np.ndarray, where: str) -> np.ndarray:
    values, unread = number(told)
    wrong = (values < 0).to_numpy() | told.index.isin(unread)
    raise_all(
        [
            Fault(said("{where} row {row}", where=where, row=row), said("no cost can be read from '{value}'", value=value), said("give a number, {least} or more", least=0))
            for row, value in zip(rows[wrong], told[wrong], strict=True)
        ],
        DataError,
    )
    return values.to_numpy(dtype=float)


def _scenario(answer: Answer, plan: Plan | None, network: StreetNetwork, year: int | None) -> Scenario:
    """What builds every link of the list that brings something, beside what the scenario that it was looked for under changes."""
    table = answer.ranking.table.assign(name=places(answer, answer.settings.language))[answer.package.built]
    opened = _opened(answer)
    under = without_closing(plan, network, opened).model_dump(mode="json", exclude_unset=True) if plan else {}
    changes = scenario_changes(table[table["how"] != CLOSED])
    named = {language: words(language, "links")["scenario.name"].format(count=len(table), scenario=answer.scenario[language]) for language in LANGUAGES}
    if plan is None:
        named = {language: words(language, "links")["scenario.alone"].format(count=len(table)) for language in LANGUAGES}
    told = {**under, "name": named, **({"year": year} if year is not None else {})}
    for part, rows in changes.items():
        told[part] = [*under.get(part, ()), *rows]
    return Scenario.model_validate(told)


def _opened(answer: Answer) -> Collection[tuple[int, int]]:
    """The closed gates that the links built open again, as node id and compound."""
    case = answer.ranking.start.case
    gates = (case.opens(link) for link, own in zip(answer.ranking.links, answer.package.built, strict=True) if own)
    return [gate for gate in gates if gate is not None]
