"""The chain from layers to judgement: walks, isochrones, coverage and gaps of one study as one `Result`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle import agreement
from livingcircle import coverage as judging
from livingcircle import gaps as gap_list
from livingcircle import isochrone, residences as homes
from livingcircle.barriers import obstacles
from livingcircle.coverage import Group, WHOLE_AREA
from livingcircle.facilities import is_open
from livingcircle.gaps import Reach
from livingcircle.layers import OFF_NETWORK, UNREACHABLE, Barriers, Coverage, Entrances, Facilities, Gaps, Isochrones, Positions, Residences, Samples, Units
from livingcircle.network import StreetNetwork
from livingcircle.snapping import snap
from livingcircle.standards import Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH, Way, nearest, straight

PROBES = 2000

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Settings:
    """What a study decides: names, year, speeds in km/h, the deciding rule, limits of snapping in metres."""

    study_id: str
    name: Mapping[str, str]
    note: Mapping[str, str] = field(default_factory=lambda: {"zh": "", "en": ""})
    language: str = "zh"
    year: int | None = None
    speed_kmh: float = 4.0
    rule: str = "distance"
    snap_limit_m: float = 150.0
    engine: str = "scipy"
    groups: tuple[Group, ...] = (Group("all", 4.0),)
    isochrone_minutes: tuple[float, ...] = (5.0, 10.0, 15.0)
    severed_detour: float = 1.8


@dataclass(frozen=True)
class Inputs:
    """The layers of a study in one metric CRS, planned facilities included; see `livingcircle.layers`."""

    network: StreetNetwork
    facilities: Facilities
    entrances: Entrances
    residences: Residences
    barriers: Barriers | None = None
    units: Units | None = None
    area: gpd.GeoDataFrame | None = None
    merged: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Result:
    """All that an analysis found; tables as in `livingcircle.layers`, geometry in the network's CRS."""

    settings: Settings
    standard: Standard
    network: StreetNetwork
    facilities: Facilities
    entrances: Entrances
    residences: Residences
    samples: Samples
    barriers: Barriers | None
    units: Units | None
    area: gpd.GeoDataFrame | None
    residence_walks: pd.DataFrame
    coverage: Coverage
    gaps: Gaps
    gap_areas: gpd.GeoDataFrame
    isochrones: Isochrones
    components: pd.DataFrame
    merged: pd.DataFrame
    counts: Mapping[str, Any]
    warnings: tuple[str, ...]


def _quiet(step: str, done: int, total: int) -> None:
    pass


def analyze(inputs: Inputs, *, standard: Standard, settings: Settings, progress: Progress = _quiet) -> Result:
    """The whole chain on layers already read and projected.

    Judges every category of `standard` for which the study has facilities, open or planned, and every category the
    standard makes mandatory. `progress(step, done, total)` is told of each step. Inputs are not changed.
    """
    network = inputs.network
    facilities = inputs.facilities.assign(open=is_open(inputs.facilities, year=settings.year))
    people = homes.in_year(inputs.residences, year=settings.year)
    progress("samples", 0, 1)
    samples = homes.sample(people, inputs.units)
    origins, doors = (snap(_xy(f), network, **_snapped(inputs, settings)) for f in (samples, inputs.entrances))
    progress("samples", 1, 1)
    reach = {}
    names = _judged(standard, facilities)
    for number, category in enumerate(names):
        progress("walk_times", number, len(names))
        reach[category] = _reach(category, (network, samples, origins, doors), inputs.entrances, facilities, settings)
    progress("walk_times", len(names), len(names))
    areas = _isochrones(names, (inputs, facilities, doors), standard, settings, progress)
    walks = {category: known.walk for category, known in reach.items()}
    progress("coverage", 0, 1)
    counts_in = _facilities_in(facilities, names, inputs.units)
    covered = judging.coverage(
        samples, walks, standard=standard, groups=settings.groups, rule=settings.rule, facilities_in=counts_in
    )
    judged = (settings.groups, settings.rule, settings.severed_detour)
    found = gap_list.gaps(samples, people, reach, facilities=facilities, standard=standard, judged=judged)
    table = _with_place(found, samples)
    progress("coverage", 1, 1)
    return Result(
        settings=settings,
        standard=standard,
        network=network,
        facilities=facilities,
        entrances=inputs.entrances,
        residences=people,
        samples=samples,
        barriers=inputs.barriers,
        units=inputs.units,
        area=inputs.area,
        residence_walks=_residence_walks(samples, reach, facilities, standard, settings),
        coverage=covered,
        gaps=table,
        gap_areas=_gap_areas(table, people, areas, settings),
        isochrones=areas,
        components=_components(network, origins, samples, doors, inputs.entrances),
        merged=inputs.merged,
        counts={
            **_counts(facilities, inputs.entrances, people, samples, origins, walks),
            "facilities_off_network": _cut_off(facilities, inputs.entrances, doors),
            "isochrone_cell_m": float(areas["cell_m"].max()) if len(areas) else 0.0,
        },
        warnings=(),
    )


def _snapped(inputs: Inputs, settings: Settings) -> dict[str, Any]:
    """What every snapping of the run heeds."""
    walls = None if inputs.barriers is None else obstacles(inputs.barriers)
    return {"limit_m": settings.snap_limit_m, "barriers": walls}


def _xy(frame: gpd.GeoDataFrame) -> np.ndarray:
    return shapely.get_coordinates(frame.geometry.to_numpy())


def _judged(standard: Standard, facilities: Facilities) -> list[str]:
    served = {category for categories in facilities["categories"] for category in categories}
    mandatory = {category for category, requirement in standard.requirements() if requirement.flag == "mandatory"}
    return [category for category in standard.categories if category in served | mandatory]


def _of_category(entrances: Entrances, facilities: Facilities, category: str, chosen: np.ndarray) -> np.ndarray:
    """Rows of the entrances that lead into chosen facilities of a category."""
    serves = np.array([category in categories for categories in facilities["categories"]], dtype=bool)
    ids = set(facilities["facility_id"][serves & chosen])
    return np.flatnonzero(entrances["facility_id"].isin(ids).to_numpy())


def _reach(category: str, streets: tuple, entrances: Entrances, facilities: Facilities, settings: Settings) -> Reach:
    network, samples, origins, doors = streets
    opened = facilities["open"].to_numpy()
    rows = _of_category(entrances, facilities, category, opened)
    walk = nearest(
        network, origins, doors.iloc[rows], speed_kmh=settings.speed_kmh, way=Way(engine=settings.engine)
    )
    straight_m, _ = straight(_xy(samples), _xy(entrances)[rows])
    years = facilities["open_year"].to_numpy()
    coming = np.array([category in c for c in facilities["categories"]], dtype=bool) & ~opened & ~np.isnan(years)
    later = {}
    for year in np.unique(years[coming]):
        then = _of_category(entrances, facilities, category, opened | (coming & (years <= year)))
        walks = nearest(network, origins, doors.iloc[then], speed_kmh=settings.speed_kmh, way=Way(engine=settings.engine))
        later[int(year)] = walks["walk_m"].to_numpy()
    row_of = pd.Series(np.arange(len(facilities)), index=facilities["facility_id"])
    return Reach(
        walk=walk,
        straight_m=straight_m,
        facility=row_of[entrances["facility_id"].iloc[rows]].to_numpy(dtype=int),
        source=entrances["entrance_source"].iloc[rows].to_numpy(),
        later=later,
        known=any(category in c for c in facilities["categories"]),
        joined=bool((doors["edge"].to_numpy()[rows] >= 0).any()),
    )


def _isochrones(
    names: Sequence[str], layers: tuple, standard: Standard, settings: Settings, progress: Progress
) -> Isochrones:
    """The 5/10/15-minute areas of every category, and the areas of its limits."""
    inputs, facilities, doors = layers
    network, entrances = inputs.network, inputs.entrances
    bounds = (inputs.area if inputs.area is not None else inputs.residences).total_bounds
    # An area of a facility inside the study is whole up to the longest minutes drawn.
    pace = settings.speed_kmh * METRES_PER_MINUTE_PER_KMH
    margin = max(settings.snap_limit_m, pace * max(settings.isochrone_minutes, default=0))
    snapped = _snapped(inputs, settings)
    cells = isochrone.grid(network, bounds + np.array([-margin, -margin, margin, margin]), **snapped)
    asked = agreement.probes(bounds, count=PROBES)
    legs = snap(asked, network, **snapped)
    frames, probed = [], {}
    for number, category in enumerate(names):
        progress("isochrones", number, len(names))
        rows = _of_category(entrances, facilities, category, facilities["open"].to_numpy())
        wanted = _limits(category, standard, settings)
        if not len(rows):
            continue
        walk = nearest(network, cells.positions, doors.iloc[rows], speed_kmh=settings.speed_kmh, way=Way(engine=settings.engine))
        drawn = isochrone.areas(
            walk["walk_m"].to_numpy(),
            cells,
            limits_m=sorted({metres for metres, _, _ in wanted}),
            crs=network.crs,
            origins=cells.inside(_xy(entrances)[rows][doors["edge"].to_numpy()[rows] >= 0]),
        ).set_index("limit_m")
        again = nearest(network, legs, doors.iloc[rows], speed_kmh=settings.speed_kmh, way=Way(engine=settings.engine))
        probed[category] = again["walk_m"].to_numpy()
        frames.append(
            gpd.GeoDataFrame(
                {
                    "category": category,
                    "limit_m": [w[0] for w in wanted],
                    "minutes": [w[1] for w in wanted],
                    "level": [w[2] for w in wanted],
                },
                geometry=drawn.geometry.loc[[w[0] for w in wanted]].to_numpy(),
                crs=network.crs,
            )
        )
    progress("isochrones", len(names), len(names))
    if not frames:
        empty = {"category": [], "limit_m": [], "minutes": [], "level": [], "checked": [], "agreement": [], "largest_m": [], "cell_m": []}
        return gpd.GeoDataFrame(empty, geometry=[], crs=network.crs)
    areas = pd.concat(frames, ignore_index=True)
    return areas.join(agreement.agreement(areas, asked, probed)).assign(cell_m=cells.cell_m)


def _limits(category: str, standard: Standard, settings: Settings) -> list[tuple[float, float, str]]:
    """(metres, minutes or NaN, level or empty) of every area drawn for a category."""
    pace = settings.speed_kmh * METRES_PER_MINUTE_PER_KMH
    drawn = [(minutes * pace, minutes, "") for minutes in settings.isochrone_minutes]
    for requirement in standard.categories[category].requirements:
        metres = requirement.limit_min * pace if settings.rule == "time" else float(requirement.limit_m)
        drawn.append((metres, float("nan"), requirement.level))
    return drawn


def _facilities_in(facilities: Facilities, names: Sequence[str], units: Units | None) -> dict[str, pd.Series]:
    points = gpd.GeoSeries(shapely.point_on_surface(facilities.geometry.to_numpy()), crs=facilities.crs)
    unit = homes.unit_of(points, units)
    every = [] if units is None else [*dict.fromkeys(units["unit"])]
    out = {}
    for category in names:
        serves = np.array([category in c for c in facilities["categories"]], dtype=bool) & facilities["open"].to_numpy()
        counts = pd.Series(np.where(unit[serves] == "", judging.OUTSIDE, unit[serves])).value_counts()
        counts = counts.reindex([*dict.fromkeys([*every, *counts.index])], fill_value=0)
        counts[WHOLE_AREA] = int(serves.sum())
        out[category] = counts
    return out


def _with_place(table: Gaps, samples: Samples) -> Gaps:
    points = samples.geometry.iloc[table["sample"].to_numpy(dtype=int)].to_crs("EPSG:4326")
    return table.drop(columns="sample").assign(lon=points.x.to_numpy().round(6), lat=points.y.to_numpy().round(6))


def _residence_walks(
    samples: Samples, reach: Mapping[str, Reach], facilities: Facilities, standard: Standard, settings: Settings
) -> pd.DataFrame:
    frames = []
    for category, known in reach.items():
        middle = judging.median_walks(samples, known.walk)
        first = standard.categories[category].requirements[0]
        inside = judging.covered(
            known.walk["walk_m"].to_numpy(), first, rule=settings.rule, speed_kmh=settings.speed_kmh
        )
        share = pd.Series(inside, dtype=float).groupby(samples["residence_id"].to_numpy()).mean()
        source = middle["source"].to_numpy()
        facility = np.where(source >= 0, np.append(known.facility, -1)[source], -1)
        frames.append(
            middle[["residence_id", "walk_m", "walk_min", "status"]].assign(
                category=category,
                straight_m=known.straight_m[middle["sample"].to_numpy()],
                nearest_facility=np.append(facilities["name"].to_numpy(), "")[facility],
                land_share=share.reindex(middle["residence_id"]).to_numpy(),
            )
        )
    return pd.concat(frames, ignore_index=True)


def _gap_areas(table: Gaps, people: Residences, areas: Isochrones, settings: Settings) -> gpd.GeoDataFrame:
    """The part of every residence that lies beyond the limit, for the first group of people."""
    rows = table[table["group"] == settings.groups[0].id]
    shape_of = dict(zip(people["residence_id"], people.geometry, strict=True))
    limit = areas[areas["level"] != ""]
    area_of = {(c, lv): g for c, lv, g in zip(limit["category"], limit["level"], limit.geometry, strict=True)}
    shapes = np.array([shape_of[i] for i in rows["residence_id"]], dtype=object)
    reached = np.array(
        [area_of.get(key, shapely.Polygon()) for key in zip(rows["category"], rows["level"], strict=True)], dtype=object
    )
    polygon = np.isin(shapely.get_type_id(shapes), (3, 6)) if len(shapes) else np.array([], dtype=bool)
    beyond = shapes.copy()
    beyond[polygon] = shapely.difference(shapes[polygon], reached[polygon])
    frame = gpd.GeoDataFrame(
        rows[["category", "level", "residence_id", "gap_id"]].reset_index(drop=True), geometry=beyond, crs=people.crs
    )
    return frame[~frame.geometry.is_empty].reset_index(drop=True)


def _components(
    network: StreetNetwork, origins: Positions, samples: Samples, doors: Positions, entrances: Entrances
) -> pd.DataFrame:
    """Every street component with its edges, length, people and facilities whose street position lies on it."""
    on = origins["component"].to_numpy() >= 0
    size = len(network.components)
    people = np.bincount(
        origins["component"].to_numpy()[on], weights=samples["people"].to_numpy()[on], minlength=size
    )
    ways_in = pd.DataFrame({"component": doors["component"].to_numpy(), "id": entrances["facility_id"].to_numpy()})
    facilities = ways_in[ways_in["component"] >= 0].drop_duplicates().groupby("component").size()
    return network.components.assign(people=people, facilities=facilities.reindex(range(size), fill_value=0).to_numpy())


def _counts(
    facilities: Facilities,
    entrances: Entrances,
    people: Residences,
    samples: Samples,
    origins: pd.DataFrame,
    walks: Mapping[str, pd.DataFrame],
) -> dict[str, Any]:
    off = (origins["status"] == OFF_NETWORK).to_numpy()
    return {
        "residences": len(people),
        "people": float(people["people"].sum()),
        "land_ha": float(people["land_m2"].sum() / 10_000),
        "samples": len(samples),
        "people_off_network": float(samples["people"].to_numpy()[off].sum()),
        "land_off_network_ha": float(samples["land_m2"].to_numpy()[off].sum() / 10_000),
        "people_off_network_by_reason": _by_reason(origins["reason"][off], samples["people"].to_numpy()[off]),
        "snapped_past_isolated_pieces": int((origins["reason"] == "isolated_piece_skipped").sum()),
        "facilities": len(facilities),
        "facilities_open": int(facilities["open"].sum()),
        "entrances": entrances["entrance_source"].value_counts().sort_index().to_dict(),
        "unreachable_people": {
            category: float(samples["people"].to_numpy()[(walk["status"] == UNREACHABLE).to_numpy()].sum())
            for category, walk in walks.items()
            if (walk["source"] >= 0).any()
        },
    }


def _by_reason(reasons: pd.Series, people: np.ndarray) -> dict[str, float]:
    sums = pd.Series(people).groupby(reasons.astype(str).to_numpy()).sum()
    return {reason: float(count) for reason, count in sums.items()}


def _cut_off(facilities: Facilities, entrances: Entrances, doors: Positions) -> dict[str, str]:
    """Facilities none of whose entrances has a street within the limit: id and name."""
    on = set(entrances["facility_id"][doors["edge"].to_numpy() >= 0])
    off = facilities[~facilities["facility_id"].isin(on)]
    return dict(zip(off["facility_id"], off["name"], strict=True))
