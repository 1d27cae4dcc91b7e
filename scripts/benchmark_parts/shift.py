"""How often a layer in place is called shifted, and how often a shifted one is found: drawn subsamples of real and drawn towns."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from benchmark_parts.table import TARGETS, machine
from livingcircle import coordinates, shift, standards
from livingcircle.network import StreetNetwork, from_edges, from_ways
from livingcircle.sources import osm
from livingcircle.standards import Place, matcher
from livingcircle.standards.matching import tag_keys
from livingcircle.study import schema
from livingcircle.study.findings import Findings
from livingcircle.study.judging import standards_of
from livingcircle.study.reading import read_inputs

TOLD = tomllib.loads((Path(__file__).parent / "shift.toml").read_text(encoding="utf-8"))
POLYGONS = ("Polygon", "MultiPolygon")
WRONG = (shift.GCJ, shift.BD)
HEAD = ("place", "layer", "points", "drawn", "draws", "false alarms, %", *(f"{datum} found, %" for datum in WRONG), "verdict")


class Town(NamedTuple):
    """A place to draw from: streets, facilities and homes in one metric CRS."""

    name: str
    network: StreetNetwork
    facilities: gpd.GeoDataFrame
    homes: gpd.GeoDataFrame


class Rate(NamedTuple):
    """The rates of one layer in subsamples of so many points: alarms in place, and shares found, each rightly named, by datum."""

    place: str
    layer: str
    points: int
    drawn: str
    draws: int
    alarms: float
    found: tuple[float, ...]

    @property
    def passes(self) -> bool:
        """Whether the rates keep what is promised."""
        return self.alarms * 100 < TARGETS["shift_alarms"]["below"] and min(self.found) * 100 >= TARGETS["shift_found"]["least"]


def sample_town(study: Path) -> Town:
    """The town of a study, as its analysis reads it."""
    told, base = schema.load(study)
    standard, _ = standards_of(told, base=base)
    inputs = read_inputs(told, base, standard=standard, findings=Findings(), progress=lambda *_: None)
    return Town(told.study.id, inputs.network, inputs.facilities, inputs.residences)


def extract_town(extract: Path) -> Town:
    """The town of an OSM extract: places that serve a category, and residential land and dwellings; set down in China where it is not."""
    ways, standard = osm.read_ways(extract), standards.load(TOLD["standard"])
    west, south, east, north = ways.total_bounds
    middle = np.array([(west + east) / 2, (south + north) / 2])
    abroad = np.allclose(coordinates.wgs84_to_gcj02(*middle), middle, atol=1e-9)
    crs = coordinates.metric_crs(*middle)
    to_crs = pyproj.CRS(TOLD["china"]["crs"]) if abroad else crs
    away = np.zeros(2)
    if abroad:
        ends = ((crs, middle), (to_crs, (TOLD["china"]["lon"], TOLD["china"]["lat"])))
        here, there = (np.array(pyproj.Transformer.from_crs("EPSG:4326", own, always_xy=True).transform(*at)) for own, at in ends)
        away = there - here
    places = osm.read_places(extract, keys=(*tag_keys(standard), *TOLD["home_tags"]))
    match = matcher(standard)
    serves = np.array([bool(match(Place(name=tags.get("name", ""), tags=tags))) for tags in places["tags"]])
    lived = np.array([any(tags.get(key) in values for key, values in TOLD["home_tags"].items()) for tags in places["tags"]])
    lived &= places.geom_type.isin(POLYGONS).to_numpy()
    moved = _moved(places[["geometry"]].to_crs(crs), away, to_crs)
    network = from_ways(ways.to_crs(crs))
    if abroad:
        network = from_edges(_moved(network.streets, away, to_crs))
    return Town(extract.stem.removesuffix(".osm"), network, moved[serves], moved[lived])


def _moved(frame: gpd.GeoDataFrame, away: np.ndarray, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    shapes = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy + away)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=crs))


def rates(town: Town, *, draws: int = TOLD["draws"], seed: int = TOLD["seed"]) -> Iterator[Rate]:
    """The rates of both layers of a town, in the fewest points promised and in more, half of the draws each.

    Every subsample is looked at as it lies, and as it would lie if it were in GCJ-02 or BD-09 and not declared. Facilities have the homes
    as second evidence, as in a data check.
    """
    fewest, most = TOLD["fewest"], TOLD["most"]
    for number, (layer, frame) in enumerate((("facilities", town.facilities), ("homes", town.homes))):
        points = shapely.get_coordinates(shapely.point_on_surface(frame.geometry.to_numpy()))
        land = town.homes[town.homes.geom_type.isin(POLYGONS)] if layer == "facilities" else None
        dice = np.random.default_rng([seed, number])
        for least, largest in ((fewest, fewest), (fewest + 1, min(most, len(points)))):
            if not least <= largest <= len(points):
                continue
            sizes = dice.integers(least, largest + 1, draws // 2)
            told = np.array([_answers(town.network, points[dice.choice(len(points), size, replace=False)], land) for size in sizes])
            drawn = str(fewest) if largest == fewest else f"{least} to {largest}"
            yield Rate(town.name, layer, len(points), drawn, len(sizes), float(told[:, 0].mean()), tuple(map(float, told[:, 1:].mean(axis=0))))


def _answers(network: StreetNetwork, points: np.ndarray, land: gpd.GeoDataFrame | None) -> list[bool]:
    """Whether the layer in place raises an alarm, and whether each wrong datum is found and rightly named."""
    crs = pyproj.CRS(network.crs)
    degrees = pyproj.Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    plain = degrees.transform(*points.T, direction="INVERSE")
    answers = [shift.detect(points, network, crs=crs, buildings=land).state == shift.SHIFTED]
    for datum in WRONG:
        lies = np.column_stack(degrees.transform(*shift.FROM_PLAIN[datum](*plain)))
        verdict = shift.detect(lies, network, crs=crs, buildings=land)
        answers.append((verdict.state, verdict.datum, verdict.streets) == (shift.SHIFTED, datum, shift.PLAIN))
    return answers


def measured(study: Path, extracts: Sequence[Path]) -> list[Rate]:
    """The rates of a study's town and of the towns of extracts, each in a process of its own."""
    with ProcessPoolExecutor() as pool:
        tasks = [pool.submit(_of_a_place, path) for path in (study, *extracts)]
        return [rate for task in tasks for rate in task.result()]


def _of_a_place(path: Path) -> list[Rate]:
    return list(rates(extract_town(path) if path.is_file() else sample_town(path)))


def shift_table(found: Sequence[Rate]) -> str:
    """The Markdown table of the rates, headed by date, machine and versions, with what they are held to."""
    held = [f"{told['text']}: {'below' if 'below' in told else 'at least'} {told.get('below', told.get('least')):g}" for told in _held()]
    lines = [machine(), "", *held, "", f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    for rate in found:
        shares = (f"{100 * share:.1f}" for share in (rate.alarms, *rate.found))
        cells = (rate.place, rate.layer, f"{rate.points:,}", rate.drawn, str(rate.draws), *shares, "pass" if rate.passes else "fail")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _held() -> Iterator[dict]:
    return (TARGETS[name] for name in ("shift_alarms", "shift_found"))
