"""From a study's files to the layers of the analysis, in the study's metric CRS."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from livingcircle import barriers, coordinates, facilities as places, network as streets, residences as homes
from livingcircle.analysis import Inputs, Settings
from livingcircle.coverage import Group
from livingcircle.entrances import entrances as find_entrances
from livingcircle.errors import DataError, Fault, StudyError
from livingcircle.facilities import Classes, Mapped
from livingcircle.sources import geofile, osm, spreadsheet
from livingcircle.standards import Standard, classify
from livingcircle.study.schema import FacilityFile, ResidenceFile, Study

TABLES = (".csv", ".tsv", ".txt", ".xlsx")


@dataclass
class Findings:
    """What reading noticed: counts for the run record, and warnings as (message key, values)."""

    counts: dict = field(default_factory=dict)
    warnings: list[tuple[str, dict]] = field(default_factory=list)


def settings_of(study: Study, *, year: int | None = None, language: str | None = None) -> Settings:
    """The settings a study states; `year` and `language` override it. The first group is everybody."""
    walking, about = study.walking, study.study
    groups = [Group("all", walking.speed_kmh, "people")]
    groups += [Group(g.id, g.speed_kmh, f"people_{g.id}" if g.people else "people") for g in walking.groups if g.id != "all"]
    return Settings(
        study_id=about.id,
        name=about.name or {"zh": about.id, "en": about.id},
        note=about.note or {"zh": "", "en": ""},
        language=language or about.language,
        year=year if year is not None else about.year,
        speed_kmh=walking.speed_kmh,
        rule=walking.rule,
        snap_limit_m=walking.snap_limit_m,
        engine=walking.engine,
        groups=tuple(groups),
        isochrone_minutes=walking.isochrone_minutes,
        severed_detour=walking.severed_detour,
    )


def metric_crs(study: Study, base: Path):
    """The study's metric CRS: the one it states, else the one that fits the place of its streets."""
    if study.study.crs:
        crs, _ = coordinates.resolve_crs(study.study.crs)
        coordinates.require_metric(crs, where="[study] crs")
        return crs
    path = base / study.streets.path
    if osm.is_extract(path):
        box = osm.bounds(path)
        lon, lat = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) if box else _middle(osm.read_ways(path))
    elif path.suffix.lower() == ".graphml":
        lon, lat = _middle(_graphml_nodes(path))
    else:
        lines = _file(path, study.streets)
        crs = coordinates.resolve_crs(study.streets.crs)[0] if study.streets.crs else lines.crs
        if crs is None:
            raise DataError(Fault(path.name, "states no CRS", 'write crs = "EPSG:..." into [streets]'))
        lon, lat = _middle(lines.set_crs(crs, allow_override=True).to_crs("EPSG:4326"))
    return coordinates.metric_crs(lon, lat)


def _middle(frame: gpd.GeoDataFrame) -> tuple[float, float]:
    west, south, east, north = frame.total_bounds
    return (west + east) / 2, (south + north) / 2


def read_network(study: Study, base: Path, crs, findings: Findings | None = None) -> streets.StreetNetwork:
    """The walking network of the study's street file in `crs`; `findings` is told of lines that cross without a joint."""
    told, path = study.streets, base / study.streets.path
    if osm.is_extract(path):
        return streets.from_ways(osm.read_ways(path).to_crs(crs))
    if path.suffix.lower() == ".graphml":
        return streets.from_osmnx(_graphml(path), crs=crs)
    lines = coordinates.to_crs(_file(path, told), declared=told.crs, target=crs, where=path.name)
    lines = lines.rename(columns={file: ours for ours, file in told.columns.items()})
    kinds = set(lines.geom_type) - {"LineString", "MultiLineString"}
    if kinds:
        raise DataError(Fault(path.name, f"holds {', '.join(sorted(kinds))} among the streets", "give lines only"))
    network = streets.from_lines(lines, tolerance_m=told.join_tolerance_m, at_crossings=told.join_crossings)
    bare = len(streets.mere_crossings(network.streets, tolerance_m=0.5)) if findings is not None else 0
    if bare and not told.join_crossings:
        findings.warnings.append(("crossings", {"count": bare}))
    return network


def _graphml(path: Path):
    # OSMnx pulls in heavy packages; only a GraphML file needs it.
    import osmnx

    try:
        return osmnx.load_graphml(path)
    except Exception as error:
        raise DataError(
            Fault(str(path), f"cannot be read as an OSMnx GraphML file ({str(error)[:200]})", "save it with OSMnx")
        ) from error


def _graphml_nodes(path: Path) -> gpd.GeoDataFrame:
    graph = _graphml(path)
    points = [shapely.Point(data["x"], data["y"]) for _, data in graph.nodes(data=True)]
    return gpd.GeoDataFrame(geometry=points, crs=graph.graph["crs"]).to_crs("EPSG:4326")


def read_barriers(study: Study, base: Path, crs) -> gpd.GeoDataFrame:
    """The barriers given in the study and, with `tagged_barriers`, those tagged in its street extract, in `crs`."""
    frames = []
    path = base / study.streets.path
    if study.walking.tagged_barriers and osm.is_extract(path):
        for read in (osm.read_lines, osm.read_places):
            frames.append(barriers.from_places(read(path, keys=barriers.keys()).to_crs(crs)))
    for told in study.barriers:
        raw = coordinates.to_crs(_file(base / told.path, told), declared=told.crs, target=crs, where=told.path)
        raw = _keep(raw, told.where, told.path)
        points = set(raw.geom_type) & {"Point", "MultiPoint"}
        if points:
            raise DataError(Fault(told.path, "holds points among the barriers", "give lines or polygons"))
        ids = [f"{told.path}#{row + 1}" for row in range(len(raw))]
        frames.append(gpd.GeoDataFrame({"kind": told.kind, "source_id": ids}, geometry=raw.geometry.to_numpy(), crs=crs))
    if not frames:
        return gpd.GeoDataFrame({"kind": [], "source_id": []}, geometry=[], crs=crs)
    return pd.concat(frames, ignore_index=True)


def _file(path: Path, told) -> gpd.GeoDataFrame:
    return geofile.read(path, layer=told.layer, encoding=told.encoding, where=path.name)


def _any_file(path: Path, told: FacilityFile | ResidenceFile) -> gpd.GeoDataFrame:
    if path.suffix.lower() in TABLES:
        placed = ("lon", "lat", "x", "y", "location", "entrance", "entrance_lon", "entrance_lat")
        columns = {k: v for k, v in told.columns.items() if k in placed}
        return spreadsheet.read_points(
            path, columns=columns, crs=told.crs, encoding=told.encoding, sheet=told.layer, where=path.name
        )
    return _file(path, told)


def _keep(frame: gpd.GeoDataFrame, where, name: str) -> gpd.GeoDataFrame:
    if where is None:
        return frame
    told = where if isinstance(where, dict) else where.model_dump()
    column, starts = told.get("column"), told.get("starts_with", [])
    if column not in frame.columns:
        raise DataError(Fault(name, f"no column '{column}' (where)", f"choose one of: {', '.join(map(str, frame.columns))}"))
    starts = tuple([starts] if isinstance(starts, str) else starts)
    kept = frame[frame[column].astype(str).str.strip().str.startswith(starts)]
    if kept.empty:
        raise DataError(Fault(name, f"no row whose '{column}' starts with {' or '.join(starts)}", "correct [where]"))
    return kept.reset_index(drop=True)


def read_inputs(
    study: Study, base: Path, *, standard: Standard, findings: Findings, progress: Callable[[str, int, int], None]
) -> Inputs:
    """Every layer of the study, read, projected, classified and checked. `findings` collects counts and warnings."""
    if study.residences is None or not study.facilities:
        lacking = [k for k, v in (("residences", study.residences), ("facilities", study.facilities)) if not v]
        raise StudyError([Fault(f"[{key}]", "is required for an analysis", "add it to study.toml") for key in lacking])
    crs = metric_crs(study, base)
    progress("streets", 0, 1)
    network = read_network(study, base, crs, findings)
    progress("streets", 1, 1)
    bounds = network.streets.total_bounds
    area = _polygons(study.study.area, base, crs, bounds)
    units = _polygons(study.study.units, base, crs, bounds)
    if units is not None:
        units = _named_units(units, study)
    residences = _residences(study, base, crs, bounds)
    inside = homes.assign_units(residences, units)
    if area is not None:
        inside = _inside(inside, area, findings)
    frames = []
    for number, told in enumerate(study.facilities):
        progress("facilities", number, len(study.facilities))
        frames.append(_facilities(told, base, crs, bounds, standard, findings))
    everything = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=crs)
    kept, merged = places.merge_duplicates(everything)
    findings.counts.update(facilities_merged=len(merged), components=len(network.components), osm=osm.is_extract(base / study.streets.path))
    gates = _gates(study, base, crs)
    walls = read_barriers(study, base, crs)
    findings.counts["barriers"] = walls["kind"].value_counts().sort_index().to_dict()
    kept, doors = find_entrances(
        kept, network, gates=gates, snap_limit_m=study.walking.snap_limit_m, barriers=walls
    )
    progress("facilities", len(study.facilities), len(study.facilities))
    return Inputs(
        network=network, facilities=kept, entrances=doors, residences=inside, barriers=walls, units=units, area=area
    )


def _polygons(name: str | None, base: Path, crs, bounds) -> gpd.GeoDataFrame | None:
    if not name:
        return None
    frame = coordinates.to_crs(geofile.read(base / name, where=name), declared=None, target=crs, where=name)
    coordinates.check_overlap(frame, bounds, where=name)
    if set(frame.geom_type) - {"Polygon", "MultiPolygon"}:
        raise DataError(Fault(name, "holds more than polygons", "give polygons only"))
    return frame


def _named_units(units: gpd.GeoDataFrame, study: Study) -> gpd.GeoDataFrame:
    column = study.study.units_name
    if column not in units.columns:
        known = ", ".join(c for c in units.columns if c != "geometry")
        raise DataError(Fault(str(study.study.units), f"no column '{column}'", f"set units_name to one of: {known}"))
    return units.assign(unit=units[column].astype(str))


def _residences(study: Study, base: Path, crs, bounds) -> gpd.GeoDataFrame:
    told = study.residences
    raw = _any_file(base / told.path, told)
    raw = coordinates.to_crs(raw, declared=told.crs, target=crs, where=told.path)
    raw = _keep(raw, told.where, told.path)
    coordinates.check_overlap(raw, bounds, where=told.path)
    groups = {g.id: g.people for g in study.walking.groups if g.people and g.id != "all"}
    return homes.from_places(raw, columns=told.columns, people=told.population, groups=groups, where=told.path)


def _inside(residences: gpd.GeoDataFrame, area: gpd.GeoDataFrame, findings: Findings) -> gpd.GeoDataFrame:
    whole = shapely.union_all(area.geometry.to_numpy())
    inside = shapely.intersects(shapely.point_on_surface(residences.geometry.to_numpy()), whole)
    if not inside.any():
        raise DataError(Fault("[study] area", "holds no residence", "check the area and the residences"))
    if not inside.all():
        out = residences[~inside]
        findings.warnings.append(("residences_outside", {"count": len(out), "people": round(out["people"].sum())}))
    return residences[inside].reset_index(drop=True)


def _facilities(told: FacilityFile, base: Path, crs, bounds, standard: Standard, findings: Findings) -> gpd.GeoDataFrame:
    path = base / told.path
    if osm.is_extract(path):
        raw = osm.read_places(path, keys=standard.osm_keys())
    else:
        raw = _any_file(path, told)
    raw = coordinates.to_crs(raw, declared=told.crs, target=crs, where=told.path)
    raw = _keep(raw, told.where, told.path)
    if len(raw):
        coordinates.check_overlap(raw, bounds, where=told.path)
    columns = dict(told.columns)
    if told.mapping == "osm":
        raw = raw.assign(name=[t.get("name:zh") or t.get("name", "") for t in raw["tags"]])
        columns = {"id": "source_id", "name": "name"}
    elif told.mapping == "amap":
        columns = {"id": "id", "name": "name", "code": "typecode", **columns}
    mapped = Mapped(columns=columns, status_default=told.status_default, source=path.name)
    frame = places.from_places(raw, mapped=mapped, classify=classifier(told, columns, standard, raw))
    if frame.attrs["unclassified"]:
        findings.counts.setdefault("places_of_no_category", {})[path.name] = frame.attrs["unclassified"]
    if frame.empty and told.mapping != "osm":
        findings.warnings.append(("no_facility_in_file", {"file": path.name}))
    return frame


def classifier(told: FacilityFile, columns: dict, standard: Standard, raw: gpd.GeoDataFrame) -> Callable[[pd.Series], Classes]:
    """The function that answers which categories a row of a facility file serves.

    Raises `StandardError` for a category the standard does not know, and `DataError` for a column that is missing or,
    with `mapping = "table"`, cells that name no category; every such cell is listed.
    """
    if told.category is not None:
        ids = [told.category] if isinstance(told.category, str) else list(told.category)
        fixed = tuple((standard.category(i).id, "given", "high") for i in ids)
        return lambda row: fixed
    if told.mapping == "osm":
        return lambda row: classify(standard, tags=row["tags"], name=row["name"])
    key = "category" if told.mapping == "table" else "code"
    column = columns.get(key)
    if column is None or column not in raw.columns:
        known = ", ".join(str(c) for c in raw.columns if c != raw.geometry.name)
        raise DataError(
            Fault(told.path, f"mapping '{told.mapping}' needs the column of {key}", f"set columns.{key} to one of: {known}")
        )
    name = columns.get("name", "")
    if told.mapping == "land":
        return lambda row: classify(standard, land_code=str(row[column]), name=str(row.get(name, "")))
    if told.mapping == "amap":
        return lambda row: classify(standard, amap_code=str(row[column]), name=str(row.get(name, "")))
    return _by_table(told, column, standard, raw)


def _by_table(told: FacilityFile, column: str, standard: Standard, raw: gpd.GeoDataFrame) -> Callable[[pd.Series], Classes]:
    known = {}
    for category in standard.categories.values():
        names = (category.id, category.name.zh, category.name.en)
        known |= {_plain(name): category.id for name in names}
    answers: dict[str, Classes] = {}
    faults = []
    for cell in raw[column].unique():
        text = "" if pd.isna(cell) else str(cell).strip()
        words = [w.strip() for w in text.replace("|", ";").replace("；", ";").replace("、", ";").split(";") if w.strip()]
        wrong = [w for w in words if _plain(w) not in known]
        rows = [int(i) + 1 for i in (raw[column] == cell).to_numpy().nonzero()[0][:3]]
        faults += [
            Fault(f"{told.path} rows {rows}", f"unknown category '{w}'", "use an id or name of `livingcircle standards show`, or leave it blank")
            for w in wrong
        ]
        answers[text] = tuple((known.get(_plain(w), ""), f"table:{w}", "high") for w in words)
    if faults:
        raise DataError(faults)
    return lambda row: answers["" if pd.isna(row[column]) else str(row[column]).strip()]


def _plain(name: str) -> str:
    """A name without the differences of full and half width, case and blanks."""
    return unicodedata.normalize("NFKC", name).replace(" ", "").lower()


def _gates(study: Study, base: Path, crs) -> gpd.GeoDataFrame | None:
    paths = dict.fromkeys([study.streets.path, *(f.path for f in study.facilities)])
    frames = [osm.read_gates(base / path).to_crs(crs) for path in paths if osm.is_extract(base / path)]
    return pd.concat(frames, ignore_index=True) if frames else None
