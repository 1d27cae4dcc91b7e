"""All that a walk needs, on the edges of the whole street network: who meets which ways, where homes and entrances stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from livingcircle import residences as homes
from livingcircle.analysis.inputs import Inputs, Met, Settings, Walking
from livingcircle.analysis.reach import View
from livingcircle.analysis.standing import Standing, coordinates, edge_of_data
from livingcircle.costs import closed
from livingcircle.layers import Positions, Residences, Samples, Units
from livingcircle.network import Costs
from livingcircle.network.links import Linked, linked
from livingcircle.reuse import Known, again


@dataclass(frozen=True)
class _Later:
    """Homes lived in after the study's year, and their samples."""

    residences: Residences
    samples: Samples


def walking(
    inputs: Inputs, people: Residences, samples: Samples, seen: Mapping[str, View], settings: Settings, known: Known | None = None
) -> Walking:
    """The ways of every view of `seen` and the places of homes and entrances on them, as `inputs.Walking`.

    `people` and `samples` are the homes of the study's year, which come first; homes lived in later follow, placed as every home is.
    """
    later = _later(inputs, people, known)
    every = people if later is None else pd.concat([people, later.residences], ignore_index=True)
    points = samples if later is None else pd.concat([samples, later.samples], ignore_index=True)
    walkers = {group.id: settings.walker_of(group) for group in settings.groups}
    number: dict[int, int] = {}
    placed: dict[int, tuple[Positions, Positions]] = {}
    met: list[Met] = []
    whole = Standing(inputs.network, linked(inputs.network, inputs.links) if inputs.links else None, inputs, settings, known)
    for group, view in seen.items():
        if id(view) in number:
            continue
        number[id(view)] = len(met)
        kept = _rows(view, np.flatnonzero(~closed(inputs.network, walkers[group], inputs.ground)), whole.linked)
        shut = np.ones(len(whole.network.length_m), dtype=bool)
        shut[kept] = False
        # Views of the same ways share their positions, and so they do here.
        if id(view.origins) not in placed:
            origins = view.origins if later is None else _with(view, later)
            placed[id(view.origins)] = _numbered(origins, kept), _numbered(view.doors, kept)
        costs = _on_all(view.network.costs, kept, len(shut))
        own = placed[id(view.origins)]
        met.append(Met(view.network.permeability, view.speed_kmh, shut if shut.any() else None, costs, *own))
    return Walking(
        network=whole.network,
        residences=every,
        samples=points,
        views=tuple(met),
        view_of={group: number[id(view)] for group, view in seen.items()},
        ends=whole.settled(edge_of_data(inputs.network, inputs.extent, inputs.network, known)),
    )


def _rows(view: View, kept: np.ndarray, whole: Linked | None) -> np.ndarray:
    """The row among all streets of each of the view's: those `kept`, then what links cut off them, then the links."""
    if whole is None:
        return kept
    at = {(cut.edge, round(cut.offset_m, 3)): cut.piece for cut in whole.cuts.itertuples()}
    pieces = [at[kept[cut.edge], round(cut.offset_m, 3)] for cut in view.standing.linked.cuts.itertuples()]
    return np.concatenate([kept, np.array(pieces, dtype=int), whole.added])


def _later(inputs: Inputs, people: Residences, known: Known | None) -> _Later | None:
    there = inputs.residences["residence_id"].isin(set(people["residence_id"])).to_numpy()
    if there.all():
        return None
    return again(known, _placed_later, inputs.residences[~there].reset_index(drop=True), inputs.units, inputs.sampled_among)


def _placed_later(residences: Residences, units: Units | None, among: int) -> _Later:
    coming = homes.assign_units(residences, units)
    return _Later(coming, homes.sample(coming, units, among=among))


def _with(view: View, later: _Later) -> Positions:
    return pd.concat([view.origins, view.standing.homes(coordinates(later.samples))], ignore_index=True)


def _numbered(positions: Positions, kept: np.ndarray) -> Positions:
    """Positions whose edges are rows of the whole network, where those of the view are rows of what it leaves open."""
    edge = positions["edge"].to_numpy()
    return positions.assign(edge=np.where(edge < 0, -1, np.append(kept, -1)[edge]))


def _on_all(costs: Costs | None, kept: np.ndarray, size: int) -> Costs | None:
    """The costs of a view on the edges of the whole network; a way closed to it costs its metres there."""
    if costs is None or len(kept) == size:
        return costs
    out = Costs(np.ones(size), np.ones(size), np.zeros(size), np.zeros(size))
    for name in ("forward", "backward", "start_m", "end_m"):
        getattr(out, name)[kept] = getattr(costs, name)
    return out
