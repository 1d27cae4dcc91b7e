"""The areas that figures are told for: the whole, its streets, its communities, and sums over each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from livingcircle.layers import Units

WHOLE = "ALL"
KINDS = ("whole", "street", "community")


@dataclass(frozen=True)
class Areas:
    """Names and kinds (`whole`, `street`, `community`) of areas, and which units lie in each.

    `units` are the communities in the order of their layer; `member` has a row per area and a column per unit, and a last
    column for what lies outside every unit, which only the whole holds.
    """

    name: tuple[str, ...]
    kind: tuple[str, ...]
    units: tuple[str, ...]
    member: np.ndarray

    @classmethod
    def of(cls, units: Units | None) -> Areas:
        """The whole area, then the streets (the column `parent`, where there is one), then every unit.

        >>> told = Areas.of(pd.DataFrame({"unit": ["a", "b"], "parent": ["S", "S"]}))
        >>> told.name, told.member.astype(int).tolist()
        (('ALL', 'S', 'a', 'b'), [[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 1, 0]])
        """
        if units is None or not len(units):
            return cls((WHOLE,), ("whole",), (), np.ones((1, 1), dtype=bool))
        own = units.drop_duplicates("unit")
        names = own["unit"].astype(str).to_numpy()
        parent = own["parent"].fillna("").astype(str).to_numpy() if "parent" in own else np.full(len(own), "")
        streets = [street for street in dict.fromkeys(parent) if street]
        rows = [np.ones(len(names) + 1, dtype=bool), *(np.append(parent == street, False) for street in streets)]
        rows += [np.append(row, False) for row in np.eye(len(names), dtype=bool)]
        kinds = ("whole", *["street"] * len(streets), *["community"] * len(names))
        return cls((WHOLE, *streets, *names.tolist()), kinds, tuple(names.tolist()), np.array(rows))

    def codes(self, unit: np.ndarray) -> np.ndarray:
        """The column of `member` for every unit's name; the last one for a name that is no unit."""
        found = pd.Index(self.units).get_indexer(unit) if self.units else np.full(len(unit), -1)
        return np.where(found < 0, len(self.units), found)

    def by_unit(self, codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The sum of `weights` in every unit and outside of all; negative codes count nowhere."""
        size = len(self.units) + 1
        if len(codes) and codes.min() < 0:
            codes, weights = codes[codes >= 0], weights[codes >= 0]
        if not len(codes):
            return np.zeros(size)
        # Samples come home by home, so units do nearly so: runs are summed first, which is quicker than rows.
        start = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1))
        return np.bincount(codes[start], weights=np.add.reduceat(np.asarray(weights, dtype=float), start), minlength=size)

    def gather(self, by_unit: np.ndarray) -> np.ndarray:
        """The sum in every area of what `by_unit` tells of every unit."""
        return self.member @ np.asarray(by_unit, dtype=float)

    def sums(self, codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The sum of `weights` in every area."""
        return self.gather(self.by_unit(codes, weights))

    def table(self) -> pd.DataFrame:
        """A row per area: `area`, `area_kind`."""
        return pd.DataFrame({"area": self.name, "area_kind": self.kind})
