"""From a study's files to the layers of the analysis, in the study's metric CRS."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from livingcircle import barriers, coordinates, layers
from livingcircle import network as streets
from livingcircle.analysis import Inputs, Settings
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.entrances import entrances as find_entrances
from livingcircle.errors import DataError, Fault, StandardError, StudyError, listed, raise_all, said
from livingcircle.network import compounds, store
from livingcircle.sources import geofile, osm
from livingcircle.standards import Standard
from livingcircle.study.files import file_of, source_of
from livingcircle.study.findings import Findings
from livingcircle.study.ground import read_compounds, read_ground, walkers
from livingcircle.study.homes import read_residences
from livingcircle.study.places import Parts, read_facilities, united
from livingcircle.study.rows import keep
from livingcircle.study.schema import About, Streets, Study
from livingcircle.study.street_years import OPEN_YEAR, open_by

CACHE = ".cache"
RESERVED_UNITS = (WHOLE_AREA, OUTSIDE)


def settings_of(
    study: Study, *, year: int | None = None, language: str | None = None, systems: tuple[Standard, ...] = ()
) -> Settings:
    """The settings a study states; `year` and `language` override it. The first group is everybody. `systems` give indicators."""
    walking, about = study.walking, study.study
    walker, groups = walkers(study)
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
        groups=groups,
        walker=walker,
        isochrone_minutes=walking.isochrone_minutes,
        severed_detour=walking.severed_detour,
        categories=about.categories,
        systems=systems,
        years=about.years,
        gaps_by=study.gaps.by,
        certainty=about.certainty,
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
        lines = file_of(path, study.streets)
        crs = coordinates.resolve_crs(study.streets.crs)[0] if study.streets.crs else lines.crs
        if crs is None:
            raise DataError(Fault(path.name, "states no CRS", 'write crs = "EPSG:..." into [streets]'))
        lon, lat = _middle(lines.set_crs(crs, allow_override=True).to_crs("EPSG:4326"))
    return coordinates.metric_crs(lon, lat)


def _middle(frame: gpd.GeoDataFrame) -> tuple[float, float]:
    west, south, east, north = frame.total_bounds
    return (west + east) / 2, (south + north) / 2


def datums_of(study: Study) -> dict[str, str]:
    """The datum word in which each file of facilities, and that of residences, was declared, by the file's name, of a geodatabase with the layer."""
    parts = {source_of(part): part for part in study.facilities if not osm.is_extract(Path(part.path))}
    if study.residences is not None:
        parts[study.residences.path] = study.residences
    return {name: coordinates.resolve_crs(part.crs)[1] if part.crs else "" for name, part in parts.items()}


# The outlines of compounds and their gates, either may be missing: as they are to be taken.
Enclosing = Callable[[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None], tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]]


def _as_given(outlines: gpd.GeoDataFrame | None, gates: gpd.GeoDataFrame | None) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
    return outlines, gates


def read_network(
    study: Study, base: Path, crs, findings: Findings | None = None, *, every_line: bool = False, enclosing: Enclosing = _as_given
) -> streets.StreetNetwork:
    """The walking network of the study's street file in `crs`; `findings` is told of lines that cross without a joint.

    It is kept in `.cache` beside the study file under a digest of all it hangs on, and read from there the next time. With
    `every_line`, ways that are left out by a doubtful rule are walked, too; `enclosing` changes the outlines of compounds and their gates.
    Such networks are not kept.
    """
    told, path = study.streets, base / study.streets.path

    def built() -> streets.StreetNetwork:
        return _built(study, base, crs, findings, every_line=every_line, enclosing=enclosing)

    if every_line or enclosing is not _as_given or (findings is not None and findings.thorough):
        network = built()
    else:
        network = store.cached([path, *(base / p.path for p in (*study.compounds, *study.gates))], _asked(study, crs), built, folder=base / CACHE)
    if findings is not None and not osm.is_extract(path) and path.suffix.lower() != ".graphml" and not told.join_crossings:
        # What lies nearer than this to a vertex is an unfinished joint, not a crossing.
        bare = len(streets.mere_crossings(network.streets, tolerance_m=told.join_tolerance_m or 0.5))
        if bare:
            findings.warnings.append(("crossings", {"count": bare}))
    return network


def _asked(study: Study, crs) -> dict:
    """What the network hangs on beside its files."""
    parts = {key: [p.model_dump(mode="json", exclude={"path"}) for p in getattr(study, key)] for key in ("compounds", "gates")}
    own = study.streets.model_dump(mode="json", exclude={"path", "extent", "extent_layer", "extent_crs", "place"})
    # The year decides only where streets state theirs.
    year = study.study.year if OPEN_YEAR in study.streets.columns else None
    return {"crs": crs.to_json(), "streets": own, "year": year, **parts, "tagged_compounds": study.walking.tagged_compounds}


def _built(
    study: Study, base: Path, crs, findings: Findings | None, *, every_line: bool, enclosing: Enclosing
) -> streets.StreetNetwork:
    told, path = study.streets, base / study.streets.path
    outlines, gates = enclosing(*read_compounds(study, base, crs))
    if osm.is_extract(path):
        ways = osm.read_ways(path)
        if findings is not None:
            findings.note(ways, told, "streets")
        if every_line:
            ways = ways.assign(tags=[streets.if_doubts_were_walked(tags) for tags in ways["tags"]])
        return streets.from_ways(ways.to_crs(crs), outlines=outlines, gates=gates)
    if path.suffix.lower() == ".graphml":
        return streets.from_osmnx(_graphml(path), crs=crs)
    raw = file_of(path, told)
    if findings is not None:
        findings.note(raw, told, "streets")
    lines = coordinates.to_crs(raw, declared=told.crs, target=crs, where=path.name)
    lines = lines.rename(columns={file: ours for ours, file in told.columns.items()})
    kinds = set(lines.geom_type) - {"LineString", "MultiLineString"}
    if kinds:
        raise DataError(Fault(path.name, said("holds {kinds} among the streets", kinds=listed(sorted(kinds))), "give lines only"))
    lines = open_by(lines, study.study.year, told)
    if every_line:
        lines = _every_line(lines)
    return streets.from_lines(
        lines, tolerance_m=told.join_tolerance_m, at_crossings=told.join_crossings, outlines=outlines, gates=gates
    )


def _every_line(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    keys = [key for key in ("highway", "foot", "access", "motorroad") if key in lines.columns]
    records = lines[keys].astype(object).where(lines[keys].notna(), "").to_dict("records")
    walked = [streets.if_doubts_were_walked({k: str(v) for k, v in record.items() if v}) for record in records]
    return lines.assign(**{key: [tags.get(key, "") for tags in walked] for key in keys if "highway" in keys})


def _graphml(path: Path):
    # OSMnx pulls in heavy packages; only a GraphML file needs it.
    import osmnx

    try:
        graph = osmnx.load_graphml(path)
        # What plain networkx writes has no places; reading them here names the file.
        for _, data in graph.nodes(data=True):
            data["x"], data["y"] = float(data["x"]), float(data["y"])
        return graph
    except Exception as error:
        raise DataError(
            Fault(str(path), said("cannot be read as an OSMnx GraphML file ({error})", error=str(error)[:200]), "save it with OSMnx")
        ) from error


def _graphml_nodes(path: Path) -> gpd.GeoDataFrame:
    graph = _graphml(path)
    points = [shapely.Point(data["x"], data["y"]) for _, data in graph.nodes(data=True)]
    return gpd.GeoDataFrame(geometry=points, crs=graph.graph["crs"]).to_crs("EPSG:4326")


def read_barriers(study: Study, base: Path, crs) -> gpd.GeoDataFrame:
    """The barriers given in the study, those tagged in its street extract (`tagged_barriers`), and walls of compounds."""
    frames = []
    path = base / study.streets.path
    outlines, _ = read_compounds(study, base, crs)
    if outlines is not None:
        frames.append(barriers.walls(outlines))
    if study.walking.tagged_barriers and osm.is_extract(path):
        for read in (osm.read_lines, osm.read_places):
            frames.append(barriers.from_places(read(path, keys=barriers.keys()).to_crs(crs)))
    for told in study.barriers:
        raw = coordinates.to_crs(file_of(base / told.path, told), declared=told.crs, target=crs, where=told.path)
        raw = keep(raw, told.where, told.path)
        points = set(raw.geom_type) & {"Point", "MultiPoint"}
        if points:
            raise DataError(Fault(told.path, "holds points among the barriers", "give lines or polygons"))
        ids = [f"{told.path}#{row + 1}" for row in range(len(raw))]
        frames.append(gpd.GeoDataFrame({"kind": told.kind, "source_id": ids}, geometry=raw.geometry.to_numpy(), crs=crs))
    if not frames:
        return gpd.GeoDataFrame({"kind": [], "source_id": []}, geometry=[], crs=crs)
    return pd.concat(frames, ignore_index=True)


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
    ground = (base, crs, network.streets.total_bounds)
    gathered = _Gathered()
    area = gathered(_polygons, study.study, "area", ground)
    extent = gathered(_polygons, study.streets, "extent", ground)
    costs = gathered(read_ground, study, base, crs, network)
    units = gathered(_units, study, ground)
    built = gathered(_built_land, study, ground)
    residences = gathered(read_residences, study, ground, units, findings)
    walls = gathered(read_barriers, study, base, crs)
    read = read_facilities(study, ground, standard, findings, (gathered, progress))
    gathered.raise_all()
    inside = residences if area is None else _inside(residences, area, findings)
    kept, merged = united(read, crs, findings, language=study.study.language)
    findings.counts.update(
        components=len(network.components),
        osm=any(osm.is_extract(base / path) for path in (study.streets.path, *(f.path for f in study.facilities))),
        barriers=walls["kind"].value_counts().sort_index().to_dict(),
    )
    with_doors = partial(_with_doors, network=network, walls=walls, study=study, base=base)
    kept, doors = with_doors(kept)
    if findings.thorough:
        findings.parts = Parts(read, residences, with_doors, study.study.language)
    progress("facilities", len(study.facilities), len(study.facilities))
    return Inputs(
        network=network,
        facilities=kept,
        entrances=doors,
        residences=inside,
        barriers=walls,
        units=units,
        area=area,
        merged=merged,
        ground=costs,
        extent=extent,
        built_land=built,
    )


def _with_doors(
    facilities: gpd.GeoDataFrame, *, network: streets.StreetNetwork, walls: gpd.GeoDataFrame, study: Study, base: Path
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    kept, doors = find_entrances(
        facilities,
        network,
        gates=_gates(study, base, network.crs),
        snap_limit_m=study.walking.snap_limit_m,
        barriers=barriers.obstacles(barriers.without_walls(walls)),
    )
    layers.check(kept, layers.FACILITIES, where="facilities")
    layers.check(doors, layers.ENTRANCES, where="entrances")
    return kept, doors


class _Gathered:
    """Calls readers one after another and keeps their faults, so that all are told in one round."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def __call__(self, read: Callable, *arguments: object):
        try:
            return read(*arguments)
        except (DataError, StandardError) as error:
            self._faults += error.faults
            return None

    def raise_all(self) -> None:
        raise_all(self._faults, DataError)


def _polygons(told: About | Streets, key: str, ground: tuple[Path, CRS, np.ndarray]) -> gpd.GeoDataFrame | None:
    name, (base, crs, bounds) = getattr(told, key), ground
    if not name:
        return None
    raw = geofile.read(base / name, layer=getattr(told, f"{key}_layer"), where=name, layer_key=f"{key}_layer")
    frame = coordinates.to_crs(raw, declared=getattr(told, f"{key}_crs"), target=crs, where=name)
    coordinates.check_overlap(frame, bounds, where=name)
    if set(frame.geom_type) - {"Polygon", "MultiPolygon"}:
        raise DataError(Fault(name, "holds more than polygons", "give polygons only"))
    return frame


def _units(study: Study, ground: tuple[Path, CRS, np.ndarray]) -> gpd.GeoDataFrame | None:
    units = _polygons(study.study, "units", ground)
    if units is None:
        return None
    column = study.study.units_name
    if column not in units.columns:
        known = listed(c for c in units.columns if c != "geometry")
        raise DataError(Fault(str(study.study.units), said("no column '{column}'", column=column), said("set units_name to one of: {known}", known=known)))
    names = units[column].astype(object)
    blank = (names.isna() | (names.astype(str).str.strip() == "")).to_numpy()
    rows = layers.row_numbers(units)
    wrong = np.isin(names.astype(str).str.strip(), RESERVED_UNITS)
    raise_all(
        Fault(said("{where} {rows}", where=study.study.units, rows=coordinates.name_rows(rows[bad])), problem, "give every unit a name of its own")
        for bad, problem in ((blank, said("no name in '{column}'", column=column)), (wrong, said("{names} are taken", names=listed(RESERVED_UNITS, " and "))))
        if bad.any()
    )
    out = units.assign(unit=names.astype(str).str.strip())
    return out if study.study.units_parent is None else out.assign(parent=_parents(out, study.study))


def _parents(units: gpd.GeoDataFrame, told: About) -> pd.Series:
    """The street (街道) of every unit, empty where none is told."""
    column = told.units_parent
    if column not in units.columns:
        known = listed(c for c in units.columns if c not in ("geometry", "unit"))
        raise DataError(Fault(str(told.units), said("no column '{column}'", column=column), said("set units_parent to one of: {known}", known=known)))
    return units[column].astype(object).where(units[column].notna(), "").astype(str).str.strip()


def _built_land(study: Study, ground: tuple[Path, CRS, np.ndarray]) -> gpd.GeoDataFrame | None:
    told, (base, crs, bounds) = study.built_land, ground
    if told is None:
        return None
    raw = coordinates.to_crs(file_of(base / told.path, told), declared=told.crs, target=crs, where=told.path)
    raw = keep(raw, told.where, told.path)
    coordinates.check_overlap(raw, bounds, where=told.path)
    if set(raw.geom_type) - {"Polygon", "MultiPolygon"}:
        raise DataError(Fault(told.path, "holds more than polygons", "give polygons only"))
    return raw[["geometry"]]


def _inside(residences: gpd.GeoDataFrame, area: gpd.GeoDataFrame, findings: Findings) -> gpd.GeoDataFrame:
    whole = shapely.union_all(area.geometry.to_numpy())
    inside = shapely.intersects(shapely.point_on_surface(residences.geometry.to_numpy()), whole)
    if not inside.any():
        raise DataError(Fault("[study] area", "holds no residence", "check the area and the residences"))
    if not inside.all():
        out = residences[~inside]
        findings.warnings.append(("residences_outside", {"count": len(out), "people": round(out["people"].sum())}))
    return residences[inside].reset_index(drop=True)


def _gates(study: Study, base: Path, crs) -> gpd.GeoDataFrame | None:
    paths = dict.fromkeys([study.streets.path, *(f.path for f in study.facilities)])
    frames = [osm.read_gates(base / path, kinds=compounds.gate_tags()).to_crs(crs) for path in paths if osm.is_extract(base / path)]
    return pd.concat(frames, ignore_index=True) if frames else None
