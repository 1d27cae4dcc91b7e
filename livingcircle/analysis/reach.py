"""The walks of every group to every category: today, in years to come, and when a limit changes a little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from livingcircle.analysis.inputs import Inputs, Settings
from livingcircle.analysis.standing import Standing, coordinates, edge_of_data
from livingcircle.catchments import nth_nearest, nth_straight
from livingcircle.costs import Walker, as_walked, closed
from livingcircle.coverage import Walks
from livingcircle.facilities import opens_in
from livingcircle.gaps import Columns, Reach, causes
from livingcircle.layers import Entrances, Facilities, Positions, Samples, WalkTimes
from livingcircle.network import StreetNetwork
from livingcircle.network.links import Link, Linked, linked
from livingcircle.reasons import falls, tree
from livingcircle.reuse import Known, again
from livingcircle.robustness import changes
from livingcircle.snapping import BEHIND, INSIDE
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH, Way, measured, nearest


@dataclass(frozen=True)
class View:
    """A study as one kind of walker meets it: its streets, and where homes (samples) and doors (entrances) stand on them.

    `varied` holds samples and doors under other snapping limits, by the id of the change; `edge_m` the walk
    from every sample to where the street data end, in the measure of the rule; `paced` the streets at another speed, by the
    id of the change, where waits make that more than a matter of scale. `standing` places further homes and doors; None in the cut of one category.
    """

    network: StreetNetwork
    speed_kmh: float
    origins: Positions
    doors: Positions
    varied: Mapping[str, tuple[Positions, Positions]]
    edge_m: np.ndarray
    standing: Standing | None
    paced: Mapping[str, StreetNetwork] = field(default_factory=dict)


def views(inputs: Inputs, samples: Samples, settings: Settings, *, known: Known | None = None) -> dict[str, View]:
    """The view of every group, by its id; groups that meet the streets alike share one. `known` holds streets and places worked out before."""
    shared: dict[tuple, View] = {}
    placed: dict[bytes, tuple] = {}
    out = {}
    for group in settings.groups:
        walker = settings.walker_of(group)
        if walker.ground not in shared:
            standing = _standing(walker, inputs, settings, known)
            # Where homes and doors stand depends on the ways open to the walker, not on what they cost.
            ways = closed(inputs.network, walker, inputs.ground).tobytes()
            if ways not in placed:
                placed[ways] = _placed(standing, inputs, samples, settings)
            origins, doors, varied, ends = placed[ways]
            edge_m = again(known, _walked, standing.network, walker.speed_kmh, origins, ends, (settings.rule, settings.engine))
            paced = _paced(walker, inputs, settings, known)
            shared[walker.ground] = View(standing.network, walker.speed_kmh, origins, doors, varied, edge_m, standing, paced)
        out[group.id] = shared[walker.ground]
    return out


def _standing(walker: Walker, inputs: Inputs, settings: Settings, known: Known | None) -> Standing:
    """The streets as the walker meets them, with the links of the inputs."""
    # Where nothing is waited for, streets are the same at every speed.
    alike = walker if walker.crossings else walker.at_speed(1.0)
    own = again(known, as_walked, inputs.network, alike, inputs.ground)
    kept = ~closed(inputs.network, walker, inputs.ground) if inputs.links else None
    return Standing(own, again(known, _linked, own, inputs.links, kept) if inputs.links else None, inputs, settings, known)


def _linked(network: StreetNetwork, links: tuple[Link, ...], kept: np.ndarray) -> Linked:
    return linked(network, links, kept=kept)


def _paced(walker: Walker, inputs: Inputs, settings: Settings, known: Known | None) -> dict[str, StreetNetwork]:
    """A wait lasts as long for a faster walker, so its flat metres grow with the speed."""
    if not walker.crossings or settings.rule != "time":
        return {}
    return {
        change.id: _standing(walker.at_speed(walker.speed_kmh * change.speed), inputs, settings, known).network
        for change in changes()
        if change.speed != 1
    }


def walked_as(seen: Mapping[str, View]) -> dict[str, str]:
    """For every group the first group that meets the streets alike, itself included."""
    first: dict[int, str] = {}
    return {group: first.setdefault(id(view), group) for group, view in seen.items()}


def _placed(standing: Standing, inputs: Inputs, samples: Samples, settings: Settings) -> tuple:
    """Samples and doors on the streets, both again under other snapping limits, and where the street data end."""
    homes, entrances = coordinates(samples), coordinates(inputs.entrances)
    facility = pd.factorize(inputs.entrances["facility_id"])[0]
    doors = standing.doors(entrances, limit_m=settings.snap_limit_m).assign(facility=facility)
    own = standing.homes_on_streets(homes)
    varied = {}
    for change in changes():
        if change.snap_m:
            limit_m = max(settings.snap_limit_m + change.snap_m, 0)
            varied[change.id] = (standing.homes_again(homes, own, limit_m=limit_m), standing.doors(entrances, limit_m=limit_m).assign(facility=facility))
    edge = standing.settled(edge_of_data(standing.own, inputs.extent, inputs.network, standing.known))
    return standing.homes(homes, own), doors, varied, edge


def _nearest(walked: tuple[StreetNetwork, float], origins: Positions, doors: Positions, way: Way, n: int) -> WalkTimes:
    """The walk to the nearest facility, or to the nth nearest where several are asked for."""
    network, speed_kmh = walked
    if n == 1:
        return nearest(network, origins, doors, speed_kmh=speed_kmh, way=way)
    return nth_nearest(network, origins, doors, n=n, speed_kmh=speed_kmh, way=way)


def walks_to(view: View, doors: Positions, settings: Settings, *, n: int, straight_m: np.ndarray) -> Walks:
    """The walks of a view's origins to doors: to the nearest facility, or to the nth nearest."""
    walked = view.network, view.speed_kmh
    quickest = _nearest(walked, view.origins, doors, Way(engine=settings.engine), n)
    flat = quickest["flat_m"].to_numpy()
    if view.network.costs is None:
        return Walks(quickest, flat, flat, view.edge_m, straight_m)
    shortest = _nearest(walked, view.origins, doors, Way(shortest=True, engine=settings.engine), n)
    deciding = shortest if settings.rule == "distance" else quickest
    return Walks(deciding, shortest["walk_m"].to_numpy(), flat, view.edge_m, straight_m)


def of_category(entrances: Entrances, facilities: Facilities, category: str, chosen: np.ndarray) -> np.ndarray:
    """Rows of the entrances that lead into chosen facilities of a category."""
    serves = np.array([category in categories for categories in facilities["categories"]], dtype=bool) & chosen
    ids = set(facilities["facility_id"].to_numpy(dtype=object)[serves].tolist())
    return np.flatnonzero([whose in ids for whose in entrances["facility_id"].to_numpy(dtype=object).tolist()])


def straight_lines(points: np.ndarray, layers: tuple[Facilities, Entrances], n: int, within_m: float) -> np.ndarray:
    """Straight metres from every point to the nth nearest open one of these facilities, infinite beyond `within_m`."""
    facilities, entrances = layers
    rows = np.flatnonzero(entrances["facility_id"].isin(set(facilities["facility_id"][facilities["open"]])).to_numpy())
    owner = pd.factorize(entrances["facility_id"].to_numpy()[rows])[0]
    return nth_straight(points, coordinates(entrances)[rows], owner, n=n, within_m=within_m)


def reaches(
    category: str, layers: tuple, seen: Mapping[str, View], settings: Settings, *, n: int = 1, lines: np.ndarray | None = None
) -> dict[tuple[str, str], Reach]:
    """All that is known of a category for every group: (category, group id) -> `gaps.Reach`.

    `layers` are the study's `Inputs`, the coordinates of its samples, and its facilities with the column `open`. Where `n` facilities are asked for
    within the limit, every walk and line is that to the nth nearest. `lines` are those of the samples (`straight_lines`) where they are known.
    """
    inputs, homes, facilities = layers
    rows = of_category(inputs.entrances, facilities, category, facilities["open"].to_numpy())
    entrances = coordinates(inputs.entrances)[rows]
    owner = pd.factorize(inputs.entrances["facility_id"].to_numpy()[rows])[0]

    def straight_m(chosen: np.ndarray) -> np.ndarray:
        # Asked for the few points that a table shows, not for every sample.
        return nth_straight(homes[chosen], entrances, owner, n=n)

    lines = nth_straight(homes, entrances, owner, n=n) if lines is None else lines
    shared: dict[int, Reach] = {}
    out = {}
    for group in settings.groups:
        view = seen[group.id]
        if id(view) not in shared:
            shared[id(view)] = _reach(category, (rows, n), (straight_m, lines), (inputs, facilities, view), settings)
        out[category, group.id] = shared[id(view)]
    return out


def _reach(category: str, asked: tuple[np.ndarray, int], lines: tuple, layers: tuple, settings: Settings) -> Reach:
    (rows, n), (straight_m, within) = asked, lines
    inputs, facilities, view = layers
    entrances, opened = inputs.entrances, facilities["open"].to_numpy()
    walks = walks_to(view, view.doors.iloc[rows], settings, n=n, straight_m=within)
    years = opens_in(facilities, certainty=settings.certainty)
    coming = np.array([category in c for c in facilities["categories"]], dtype=bool) & ~opened & np.isfinite(years)
    later = {}
    for year in np.unique(years[coming]):
        then = of_category(entrances, facilities, category, opened | (coming & (years <= year)))
        later[int(year)] = _measure((view.network, view.speed_kmh), view.origins, view.doors.iloc[then], settings, n=n)
    row_of = {facility: row for row, facility in enumerate(facilities["facility_id"].tolist())}
    return Reach(
        walks=walks,
        straight_m=straight_m,
        facility=np.array([row_of[facility] for facility in entrances["facility_id"].to_numpy(dtype=object)[rows]], dtype=int),
        source=entrances["entrance_source"].iloc[rows].to_numpy(),
        later=later,
        varied=_varied(asked, walks, view, settings),
        known=any(category in c for c in facilities["categories"]),
        joined=bool((view.doors["edge"].to_numpy()[rows] >= 0).any()),
    )


def limit_streets(told: Columns, rows: np.ndarray, seen: Mapping[str, View], settings: Settings) -> Columns:
    """The columns of a category's gaps with `from_leg_m`, the leg of the walk shown, and `limit_street`, where its limit is used up.

    Homes off the network for a barrier in between get that for their cause.
    The name of the street, its class in brackets where it has no name, empty where that is on no street. `rows` are the entrances
    of the category's open facilities.
    """
    way = Way(shortest=settings.rule == "distance", engine=settings.engine)
    size = len(told["sample"])
    street, legs, shut = np.full(size, "", dtype=object), np.full(size, np.nan), np.zeros(size, dtype=bool)
    speed = {group.id: group.speed_kmh for group in settings.groups}
    pace = np.array([speed[group] for group in told["group"].tolist()])
    limits = told["limit_m"] if way.shortest else told["limit_min"] * pace * METRES_PER_MINUTE_PER_KMH
    for view, own in by_view(told["group"], seen):
        doors, homes = on_streets(view.doors, rows), on_streets(view.origins, told["sample"][own])
        reason = view.origins["reason"].array
        legs[own] = homes["leg_m"].to_numpy()
        shut[own] = np.isin(reason.codes[told["sample"][own]], reason.categories.get_indexer([BEHIND, INSIDE]))
        met = falls(view.network, tree(view.network, doors, way=way), homes, doors, limit_m=limits[own], way=way)
        street[own] = view.network.labels[met]
    cause = np.where(shut & (told["cause"] == "off_network"), "behind_barrier", told["cause"]).astype(object)
    return {**told, "from_leg_m": legs, "limit_street": street, "cause": cause, "remedy": causes.remedy_of(cause)}


def by_view(groups: np.ndarray, seen: Mapping[str, View]) -> list[tuple[View, np.ndarray]]:
    """Every view of groups met in a table, with the rows of all groups that share it."""
    number = {group: id(seen[group]) for group in dict.fromkeys(groups.tolist())}
    of = np.array([number[group] for group in groups.tolist()], dtype=np.int64)
    return [(view, np.flatnonzero(of == which)) for which, view in {number[group]: seen[group] for group in number}.items()]


def on_streets(positions: Positions, rows: np.ndarray) -> pd.DataFrame:
    """Where some of many positions stand: `edge`, `offset_m`, `leg_m` and `component` of the rows asked for, in their order."""
    told = {name: positions[name].to_numpy()[rows] for name in ("edge", "offset_m", "leg_m", "component")}
    return pd.DataFrame(told, copy=False)


def _measure(
    walked: tuple[StreetNetwork, float], origins: Positions, doors: Positions, settings: Settings, *, n: int = 1
) -> np.ndarray:
    """What the rule judges: metres of the shortest walk, or flat metres of the quickest."""
    return _walked(*walked, origins, doors, (settings.rule, settings.engine), n)


def _walked(
    network: StreetNetwork, speed_kmh: float, origins: Positions, doors: Positions, how: tuple[str, str], n: int = 1
) -> np.ndarray:
    rule, engine = how
    shortest = rule == "distance"
    way = Way(shortest=shortest, engine=engine)
    if n == 1:
        return measured(network, origins, doors, way=way)
    walk = nth_nearest(network, origins, doors, n=n, speed_kmh=speed_kmh, way=way)
    return walk["walk_m" if shortest else "flat_m"].to_numpy()


def _varied(asked: tuple[np.ndarray, int], walks: Walks, view: View, settings: Settings) -> dict[str, np.ndarray]:
    """The measure of every sample under other snapping limits and speeds; only what moved is asked again."""
    rows, n = asked
    base = walks.measure(settings.rule)
    before, stand = view.doors["edge"].to_numpy()[rows], view.origins["edge"].to_numpy()
    walked = view.network, view.speed_kmh
    out = {}
    for change, (origins, doors) in view.varied.items():
        if not np.array_equal(doors["edge"].to_numpy()[rows], before):
            out[change] = _measure(walked, origins, doors.iloc[rows], settings, n=n)
            continue
        moved = np.flatnonzero(origins["edge"].to_numpy() != stand)
        out[change] = base.copy()
        if len(moved):
            out[change][moved] = _measure(walked, origins.iloc[moved], doors.iloc[rows], settings, n=n)
    for change, network in view.paced.items():
        out[change] = _measure((network, view.speed_kmh), view.origins, view.doors.iloc[rows], settings, n=n)
    return out
