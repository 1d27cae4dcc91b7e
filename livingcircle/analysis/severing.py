"""What lies between homes and facilities: barriers, missing links, and the planned facility that closes a gap."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import shapely

from livingcircle.analysis.inputs import Inputs, Settings
from livingcircle.analysis.reach import View, by_view, on_streets
from livingcircle.analysis.standing import coordinates
from livingcircle.barriers import COMPOUND
from livingcircle.facilities import opens_in
from livingcircle.gaps import Columns
from livingcircle.layers import Positions
from livingcircle.network import StreetNetwork
from livingcircle.reasons import barriers_met, missing_link
from livingcircle.reasons.causes import door_components
from livingcircle.snapping import coordinates_of, snap
from livingcircle.walk_time import Way, nearest, straight

MISSING_LINK, CLOSED_COMPOUND = "missing_link", COMPOUND
CLOSING = {"closing_facility": "name", "closing_status": "status"}
LINK = ("severed_by", "link_m", "link_from", "link_to")
PARTED = ("severed", "unreachable", "behind_barrier")


def parted(told: Columns, category: str, layers: tuple, seen: Mapping[str, View], settings: Settings) -> Columns:
    """The columns of a category's gaps with what severs them, the link that would join them, and the planned facility that closes them.

    `severed_by` is the kind of the first barrier on the straight line from the point shown to the nearest entrance,
    `missing_link` where no barrier lies on it; where the streets are not joined, the barrier on the missing link itself. `link_m` is
    what a link would span: between the pieces of the network that are not joined, between home and street for a home behind a
    barrier, else between the places where home and entrance stand on their streets. All that only for the causes of `PARTED`.
    `closing_facility` and `closing_status` only for `not_yet_open`. `layers`: the study's `Inputs`, its samples as they are judged, the facilities with `open`,
    the rows of the entrances of those that are.
    """
    inputs, sampled, facilities, rows = layers
    out = {column: np.full(len(told["cause"]), "", dtype=object) for column in ("severed_by", "link_from", "link_to", *CLOSING)}
    out["link_m"] = np.full(len(told["cause"]), np.nan)
    severed = np.flatnonzero(told["cause"] == "severed")
    homes, doors = sampled.points[told["sample"]], coordinates(inputs.entrances)[rows]
    door = np.full(len(homes), -1)
    if len(severed):
        # The same for every walker.
        door[severed] = straight(homes[severed], doors)[1]
        out["severed_by"][severed] = _kinds(np.stack([homes[severed], doors[door[severed]]], axis=1), inputs)
    for view, own in by_view(told["group"], seen):
        cause, sample = told["cause"][own], told["sample"]
        chosen = own[cause == "severed"]
        found = [(chosen, _between(view, (sample[chosen], homes[chosen]), (rows[door[chosen]], doors[door[chosen]])))] if len(chosen) else []
        for names, links in (("unreachable", _pieces), ("behind_barrier", _home)):
            chosen = own[cause == names]
            if len(chosen):
                found.append((chosen, links((inputs, sampled, view), sample[chosen], rows)))
        chosen = own[cause == "not_yet_open"]
        if len(chosen):
            found.append((chosen, _closing(told["closes_in"][chosen], sample[chosen], category, (inputs, facilities, view), settings)))
        for chosen, columns in found:
            for column, values in columns.items():
                out[column][chosen] = values
    return {**told, **out}


def _between(view: View, homes: tuple[np.ndarray, np.ndarray], doors: tuple[np.ndarray, np.ndarray]) -> Columns:
    """Links between the street positions of homes and those of entrances, given by their rows and points."""
    network = view.network
    places = [(on_streets(positions, row), points) for positions, (row, points) in ((view.origins, homes), (view.doors, doors))]
    apart = np.subtract(*(_places(positions, network, points) for positions, points in places))
    start, end = (network.names[positions["edge"].to_numpy()] for positions, _ in places)
    return {"link_m": np.hypot(*apart.T), "link_from": start, "link_to": end}


def _pieces(told: tuple, sample: np.ndarray, rows: np.ndarray) -> Columns:
    """Links between the piece of the network that each home stands on and the nearest piece with an entrance."""
    inputs, _, view = told
    network, toward = view.network, door_components(on_streets(view.doors, rows))
    known: dict[int, tuple] = {}
    for component in np.unique(view.origins["component"].to_numpy()[sample]).tolist():
        if component in toward:
            # Joined by streets, but only through a compound that is not open to them.
            known[component] = (CLOSED_COMPOUND, np.nan, "", "")
            continue
        link = missing_link(network, component, toward)
        names = network.names[np.array([link.from_edge, link.to_edge])]
        known[component] = (_kinds(link.ends[None], inputs)[0], link.gap_m, *names)
    found = [known[component] for component in view.origins["component"].to_numpy()[sample].tolist()]
    return {name: np.array(values, dtype=float if name == "link_m" else object) for name, values in zip(LINK, zip(*found, strict=True), strict=True)}


def _home(told: tuple, sample: np.ndarray, rows: np.ndarray) -> Columns:
    """Links between homes behind a barrier and the nearest street beyond it."""
    inputs, sampled, view = told
    homes = sampled.points[sample]
    near = snap(homes, view.network, limit_m=np.inf, isolated_m=0)
    legs = np.stack([homes, _places(near, view.network, homes)], axis=1)
    return {
        "severed_by": _kinds(legs, inputs),
        "link_m": near["leg_m"].to_numpy(),
        "link_to": view.network.names[near["edge"].to_numpy()],
    }


def _places(positions: Positions, network: StreetNetwork, points: np.ndarray) -> np.ndarray:
    """Where positions lie on their streets; the point itself off the network."""
    on = (positions["edge"].to_numpy() >= 0)[:, None]
    return np.where(on, coordinates_of(positions, network), points)


def _kinds(legs: np.ndarray, inputs: Inputs) -> np.ndarray:
    """The kind of the first barrier on each leg, `MISSING_LINK` where there is none."""
    out = np.full(len(legs), MISSING_LINK, dtype=object)
    if inputs.barriers is not None and len(inputs.barriers):
        met = barriers_met(legs, inputs.barriers)
        out[met >= 0] = inputs.barriers["kind"].to_numpy()[met[met >= 0]]
    return out


def _closing(closes_in: np.ndarray, sample: np.ndarray, category: str, layers: tuple, settings: Settings) -> Columns:
    """For every gap the planned facility, open by the year that closes it, that is nearest on foot to the point shown: its name and status."""
    inputs, facilities, view = layers
    years = opens_in(facilities, certainty=settings.certainty)
    way = Way(shortest=settings.rule == "distance", engine=settings.engine)
    coming = np.array([category in categories for categories in facilities["categories"]], dtype=bool) & ~facilities["open"].to_numpy()
    whose = pd.Index(facilities["facility_id"]).get_indexer(inputs.entrances["facility_id"])
    told = {column: np.append(facilities[key].to_numpy(dtype=object), "") for column, key in CLOSING.items()}
    out = {column: np.full(len(sample), "", dtype=object) for column in CLOSING}
    for year in np.unique(closes_in):
        own = np.flatnonzero(closes_in == year)
        rows = np.flatnonzero((whose >= 0) & (coming & (years <= year))[whose])
        homes, doors = on_streets(view.origins, sample[own]), on_streets(view.doors, rows)
        walks = nearest(view.network, homes, doors, speed_kmh=view.speed_kmh, way=way)
        at = np.append(whose[rows], len(facilities))[walks["source"].to_numpy()]
        for column, names in told.items():
            out[column][own] = names[at]
    return out
