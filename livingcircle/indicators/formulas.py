"""A function for each formula of an indicator: layers of a town in, numerator, denominator and value of every area out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import shapely

from livingcircle.indicators.town import STRAIGHT, TIMED, Target, Town, Worked, targets_of
from livingcircle.quotas import COUNT, NO_FACILITY, ROUNDING, SITE, Supply, offered, shortage
from livingcircle.standards import Indicator

LAND, SIZE, LENGTH, UNITS, LIMIT = "residential_land", "facility_size", "facility_length", "units", "limit"
BUILT, AREA, CLASSES = "built_land", "area", "road_classes"
HIGHWAY = "highway"
LAND_HA = "land_ha"
MOST = 0.5
# A circle drawn with so many sides a quarter is short of its area by 0.003 %.
CIRCLE_SIDES = 128

Year = int | None


def land_within(indicator: Indicator, town: Town, year: Year) -> Worked:
    """Residential land (ha) within reach over all residential land of the area."""
    return _within(indicator, town, year, LAND_HA, LAND)


def people_within(indicator: Indicator, town: Town, year: Year) -> Worked:
    """People within reach over all people of the area; `of` names the group."""
    column = _people_column(indicator.of)
    if column not in town.homes:
        return lacking(town, column)
    return _within(indicator, town, year, column, column)


def land_within_all(indicator: Indicator, town: Town, year: Year) -> Worked:
    """Residential land (ha) within reach of every element over all residential land of the area."""
    missing = _of_elements(indicator, town)
    if missing:
        return lacking(town, *missing)
    every = [town.within[target, year] for target in targets_of(indicator).values()]
    return _rates(indicator, town, year, (LAND_HA, LAND), _together(town, "all", np.logical_and.reduce, every))


def land_within_mean(indicator: Indicator, town: Town, year: Year) -> Worked:
    """The mean over the elements of the share of residential land within reach; the numerator is the mean land (ha)."""
    missing = _of_elements(indicator, town)
    if missing:
        return lacking(town, *missing)
    every = [town.within[target, year] for target in targets_of(indicator).values()]
    return _rates(indicator, town, year, (LAND_HA, LAND), _together(town, "mean", _mean, every))


def built_land_within(indicator: Indicator, town: Town, year: Year) -> Worked:
    """Built land (ha) inside the circles around open facilities' entrances over all built land of the area."""
    if town.built is None:
        return lacking(town, BUILT)
    if not town.listed(indicator.categories):
        return lacking(town, NO_FACILITY)
    target = Target(indicator.categories, indicator.limit_m, None, indicator.bands)
    limits = np.where(town.opened[year], target.limits(town.places.serving(target.categories), town.places.site_m2), np.nan)
    owner, points = town.doors
    radius = limits[owner]
    held = ~np.isnan(radius)
    points, radius = points[held], radius[held]
    ground = shapely.area(town.built) / 10_000
    # Years that differ in who lives there alone have the same circles, and so do many indicators.
    key = (BUILT, shapely.get_coordinates(points).tobytes(), radius.tobytes())
    covered = town.once(key, lambda: _inside_circles(town.built, points, radius)) / 10_000
    value = _over(indicator.per * covered, ground)
    worked = _plain(value, covered, ground, BUILT, radius=value)
    return _with_sizes(worked, target, town, year)


def _inside_circles(built: tuple[shapely.Geometry, ...], points: np.ndarray, radius: np.ndarray) -> np.ndarray:
    circles = shapely.union_all(shapely.buffer(points, radius, quad_segs=CIRCLE_SIDES))
    return shapely.area(shapely.intersection(built, circles))


def capacity_per_people(indicator: Indicator, town: Town, year: Year) -> Worked:
    """What the open facilities of the area hold, for every `per` of its people."""
    measure = indicator.quota.measure if indicator.quota else ""
    return _offered(indicator, town, year, measure=measure)


def count_per_people(indicator: Indicator, town: Town, year: Year) -> Worked:
    """The number of open facilities of the area, for every `per` of its people."""
    return _offered(indicator, town, year, measure="facilities")


def area_per_person(indicator: Indicator, town: Town, year: Year) -> Worked:
    """The m² of the sites of open facilities of the area for each of its people."""
    return _sized(indicator, town, year, town.places.site_m2, SIZE)


def length_per_person(indicator: Indicator, town: Town, year: Year) -> Worked:
    """The metres of open facilities drawn as lines in the area for each of its people."""
    return _sized(indicator, town, year, town.places.length_m, LENGTH)


def units_failing(indicator: Indicator, town: Town, year: Year) -> Worked:
    """The number of communities that fail, out of those with homes.

    A community fails when no open facility of the categories lies in it and none is within reach of at least half of
    its residential land (of its people, where homes have no land).
    """
    if not town.areas.units:
        return lacking(town, UNITS)
    if not town.listed(indicator.categories):
        return lacking(town, NO_FACILITY)
    target = targets_of(indicator)[""]
    served = town.opened[year] & ~np.isnan(target.limits(town.places.serving(target.categories), town.places.site_m2))
    held = town.areas.by_unit(town.places.codes, served.astype(float)) > 0
    without_land = town.summed("land_m2", year) == 0

    def weighed(mask: np.ndarray | None = None) -> np.ndarray:
        land, people = (town.summed(column, year, mask) for column in ("land_m2", "people"))
        return np.where(without_land, people, land)

    whole = weighed()
    judged = whole > 0
    # What lies outside every community is none.
    judged[-1] = False

    def failing(way: str) -> np.ndarray:
        share = _over(weighed(town.within[target, year][way]), whole)
        return town.areas.gather(judged & ~held & ~(share >= MOST - ROUNDING))

    ways = {way: failing(way) for way in (_deciding(indicator, town), STRAIGHT, TIMED)}
    count = ways[_deciding(indicator, town)]
    worked = _plain(count, count, town.areas.gather(judged), LAND, radius=ways[STRAIGHT], time=_timed(indicator, ways[TIMED]))
    return _with_sizes(worked, target, town, year)


def number_short(indicator: Indicator, town: Town, year: Year) -> Worked:
    """How much is short over the communities of the area, none making up for another; the denominator is the demand.

    Homes outside every community count as one more. A community whose shortage depends on what a facility does not tell
    leaves the area without a value.
    """
    quota, areas = indicator.quota, town.areas
    column = quota.of if quota.of == "dwellings" else _people_column(quota.of)
    if column not in town.homes:
        return lacking(town, column)
    lived = town.lived[year]
    base = areas.by_unit(town.codes[lived], town.homes[column][lived])
    if not town.listed(indicator.categories):
        return lacking(town, NO_FACILITY)
    there = _supply(indicator, town, year, quota.measure)
    demand = base * quota.value / quota.per
    short = shortage(demand, there)
    untold = np.isnan(short)
    unknown, shared = areas.gather(there.unknown * untold), areas.gather(there.shared * untold)
    total = np.where(areas.gather(untold) > 0, np.nan, areas.gather(np.nan_to_num(short)))
    missing = [() if not np.isnan(v) else there.words(u, s) for v, u, s in zip(total, unknown, shared, strict=True)]
    nothing = np.full(len(total), np.nan)
    known = areas.gather(np.nan_to_num(short))
    return Worked(total, known, areas.gather(demand), nothing, nothing, missing, areas.gather(there.unknown).astype(int))


def network_density(indicator: Indicator, town: Town, year: Year) -> Worked:
    """Kilometres of streets of the classes in `elements.highway` for each km² of the area."""
    classes = indicator.elements.get(HIGHWAY)
    shapes = town.ground
    if town.streets is None or not classes:
        return lacking(town, CLASSES)
    if shapes[0] is None:
        return lacking(town, AREA)
    lines = town.streets.geometry.to_numpy()[town.streets["highway"].isin(classes).to_numpy()]
    tree = shapely.STRtree(lines)
    metres = [shapely.length(shapely.intersection(lines[tree.query(shape, predicate="intersects")], shape)).sum() for shape in shapes]
    length, ground = np.array(metres) / 1000, shapely.area(shapes) / 1_000_000
    return _plain(_over(length, ground), length, ground, AREA)


def not_computable(indicator: Indicator, town: Town, year: Year) -> Worked:
    """No value: it needs inputs that no living-circle study has, named in `needs`."""
    return lacking(town, *(indicator.needs or ("formula",)))


FORMULAS: Mapping[str, Callable[[Indicator, Town, Year], Worked]] = {
    one.__name__: one
    for one in (
        land_within, people_within, land_within_all, land_within_mean, built_land_within, capacity_per_people, count_per_people,
        area_per_person, length_per_person, units_failing, number_short, network_density, not_computable,
    )
}  # fmt: skip


# What formulas read beside homes, facilities and who is within reach of them.
READS: Mapping[str, tuple[str, ...]] = {
    "built_land_within": ("built_land", "doors"),
    "capacity_per_people": ("sharing",),
    "count_per_people": ("sharing",),
    "number_short": ("sharing",),
    "network_density": ("streets", "area"),
}


def lacking(town: Town, *words: str) -> Worked:
    """No value for any area, for want of inputs."""
    size = len(town.areas.name)
    nothing = np.full(size, np.nan)
    return Worked(nothing, nothing, nothing, nothing, nothing, [tuple(words)] * size, np.zeros(size, dtype=int))


def _people_column(of: str) -> str:
    return of if of == "people" else f"people_{of}"


def _deciding(indicator: Indicator, town: Town) -> str:
    return STRAIGHT if indicator.measure == "radius" else town.rule


def _timed(indicator: Indicator, values: np.ndarray) -> np.ndarray:
    """What stands under the time rule: nothing where no minutes are stated, or the limit is a straight line."""
    told = indicator.measure == "walk" and (indicator.minutes is not None or bool(indicator.limits))
    return values if told else np.full(len(values), np.nan)


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _of_elements(indicator: Indicator, town: Town) -> list[str]:
    """What elements lack: a limit, or any facility in the data (`facilities:<element>`)."""
    out = []
    for name, target in targets_of(indicator).items():
        if not target.stated:
            out.append(f"{LIMIT}:{name}")
        elif not town.listed(target.categories):
            out.append(f"{NO_FACILITY}:{name}")
    return out


def _mean(masks: list[np.ndarray]) -> np.ndarray:
    return np.mean(masks, axis=0)


def _together(town: Town, how: str, joined: Callable[[list], np.ndarray], every: list[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The masks of every element taken together, by way; the same ones once."""
    return {way: town.once((how, *(id(one[way]) for one in every)), lambda way=way: joined([one[way] for one in every])) for way in every[0]}


def _within(indicator: Indicator, town: Town, year: Year, column: str, word: str) -> Worked:
    if not town.listed(indicator.categories):
        return lacking(town, NO_FACILITY)
    target = targets_of(indicator)[""]
    worked = _rates(indicator, town, year, (column, word), town.within[target, year])
    return _with_sizes(worked, target, town, year)


def _rates(indicator: Indicator, town: Town, year: Year, weighed: tuple[str, str], inside: Mapping[str, np.ndarray]) -> Worked:
    column, word = weighed
    whole = town.areas.gather(town.summed(column, year))
    part = {way: town.areas.gather(town.summed(column, year, mask)) for way, mask in inside.items()}
    rate = {way: _over(indicator.per * part[way], whole) for way in part}
    way = _deciding(indicator, town)
    return _plain(rate[way], part[way], whole, word, radius=rate[STRAIGHT], time=_timed(indicator, rate[TIMED]))


def _plain(
    value: np.ndarray, numerator: np.ndarray, denominator: np.ndarray, word: str, *, radius: np.ndarray | None = None, time: np.ndarray | None = None
) -> Worked:
    """A quotient of every area; where there is nothing to divide by, `word` is what is missing."""
    nothing = np.full(len(denominator), np.nan)
    missing = [() if whole > 0 else (word,) for whole in denominator]
    given = nothing if radius is None else radius, nothing if time is None else time
    return Worked(value, numerator, denominator, *given, missing, np.zeros(len(denominator), dtype=int))


def _with_sizes(worked: Worked, target: Target, town: Town, year: Year) -> Worked:
    """What a limit by size leaves out: facilities of unknown size; without any known one there is no value."""
    if not target.bands:
        return worked
    used = town.places.serving(target.categories) & town.opened[year]
    unknown = int((used & np.isnan(town.places.site_m2)).sum())
    size = len(worked.value)
    if not unknown:
        return worked
    if unknown == int(used.sum()):
        bare = lacking(town, SIZE)
        return Worked(bare.value, bare.value, worked.denominator, bare.value, bare.value, bare.missing, np.full(size, unknown))
    return Worked(*(getattr(worked, name) for name in ("value", "numerator", "denominator", "radius", "time", "missing")), np.full(size, unknown), (SIZE,))


def _supply(indicator: Indicator, town: Town, year: Year, measure: str) -> Supply:
    places, others = town.places, tuple(set(town.sharing.get(measure, ())) - set(indicator.categories))
    serves = places.serving(indicator.categories)
    told = {COUNT: np.ones(len(serves)), SITE: places.site_m2}.get(measure)
    shared = serves & places.serving(others) if told is None else np.zeros(len(serves), dtype=bool)
    return offered(serves, town.opened[year], (places.capacity if told is None else told, shared), codes=places.codes, areas=town.areas)


def _offered(indicator: Indicator, town: Town, year: Year, *, measure: str) -> Worked:
    column = _people_column(indicator.of)
    if column not in town.homes:
        return lacking(town, column)
    if not town.listed(indicator.categories):
        return lacking(town, NO_FACILITY)
    there = _supply(indicator, town, year, measure)
    people = town.areas.gather(town.summed(column, year))
    known, unknown, shared = (town.areas.gather(part) for part in (there.known, there.unknown, there.shared))
    return _per_head(indicator.per * known, (known, people, column), unknown, [there.words(u, s) for u, s in zip(unknown, shared, strict=True)])


def _sized(indicator: Indicator, town: Town, year: Year, size: np.ndarray, word: str) -> Worked:
    column = _people_column(indicator.of)
    if column not in town.homes:
        return lacking(town, column)
    if not town.listed(indicator.categories):
        return lacking(town, NO_FACILITY)
    used = town.opened[year] & town.places.serving(indicator.categories)
    people = town.areas.gather(town.summed(column, year))
    known = town.areas.sums(town.places.codes, np.where(used, np.nan_to_num(size), 0.0))
    unknown = town.areas.sums(town.places.codes, (used & np.isnan(size)).astype(float))
    return _per_head(known, (known, people, column), unknown, [(word,)] * len(known))


def _per_head(amount: np.ndarray, told: tuple[np.ndarray, np.ndarray, str], unknown: np.ndarray, words: list[tuple[str, ...]]) -> Worked:
    """A rate of what all facilities of an area tell; where one tells nothing there is no value, only the known part above the line."""
    known, people, column = told
    value = np.where(unknown > 0, np.nan, _over(amount, people))
    missing = [
        (*(() if whole > 0 else (column,)), *(word if lack > 0 else ()))
        for whole, lack, word in zip(people, unknown, words, strict=True)
    ]
    nothing = np.full(len(people), np.nan)
    return Worked(value, known, people, nothing, nothing, missing, unknown.astype(int))
