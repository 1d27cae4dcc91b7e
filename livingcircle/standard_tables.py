"""Standards on the terminal: those shipped, the resolved values of one or of a stack, and what a file of one's own holds."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from livingcircle.messages import words
from livingcircle.standards import Category, Indicator, Quota, Standard, available, load, missing_categories

# Where nobody looks on, lines are as long as their cells, so that other programs can search them.
WIDE = 400


def show_list(language: str) -> None:
    """Print the standards shipped: id, number, name, tier, since when, and how much they hold."""
    known = words(language, "standards")
    columns = ("id", "number", "name", "tier", "in_force", "categories", "indicators")
    rows = []
    for id in available():
        one = load(id)
        counts = (str(len(one.categories)), str(len(one.indicators)))
        rows.append((id, one.number, one.name.get(language), known[f"tier.{one.tier}"], one.in_force.isoformat(), *counts))
    _console().print(_table("", [known[f"list.{column}"] for column in columns], rows))


def show_standard(standard: Standard, *, language: str, category: str | None = None) -> None:
    """Print every value of a standard with clause and evidence mark and, of a stack, the layer it came from.

    `category` narrows it to one category and the indicators that count it; raises `StandardError` for one that is not there.
    """
    chosen = None if category is None else standard.category(category)
    console, told = _console(), _Told(standard, language)
    known = told.known
    console.print(known["head.title"].format(number=standard.number, name=standard.name.get(language)), style="bold")
    console.print(known["head.about"].format(tier=known[f"tier.{standard.tier}"], in_force=standard.in_force.isoformat()))
    if told.stacked:
        console.print(known["head.layers"].format(layers=" < ".join(standard.layers)))
    if standard.note and chosen is None:
        console.print(known["head.note"].format(note=standard.note.get(language)))
    console.print(known["head.marks"])
    categories = [chosen] if chosen else [*standard.categories.values()]
    indicators = [one for one in standard.indicators.values() if chosen is None or chosen.id in one.counted]
    parts = [] if chosen else [told.levels()]
    parts += [told.asked(categories), told.sizes(categories), told.quotas(categories)]
    parts += [] if chosen else [told.green(), told.per_thousand()]
    for table in (*parts, told.indicators(indicators)):
        if table.row_count:
            console.print()
            console.print(table)
    console.print()
    for line in (*told.definitions(indicators), *(told.about(chosen, indicators) if chosen else ())):
        console.print(line, soft_wrap=True)


def show_checked(file: Path, standard: Standard, *, language: str) -> None:
    """Print that a file has no fault, what its stack holds, and what its indicators count that neither it nor a standard shipped defines."""
    known, console = words(language, "standards"), _console()
    console.print(known["check.holds"].format(file=file), soft_wrap=True)
    if len(standard.layers) > 1:
        console.print(known["head.layers"].format(layers=" < ".join(standard.layers)))
    asked = sum(bool(category.requirements) for category in standard.categories.values())
    counts = {part: len(getattr(standard, part)) for part in ("levels", "themes", "categories", "indicators")}
    console.print(known["check.counts"].format(asked=asked, **counts))
    shipped = {id for name in available() for id in load(name).categories}
    missing = [id for id in dict.fromkeys(id for ids in missing_categories(standard, standard).values() for id in ids) if id not in shipped]
    if missing:
        console.print(known["check.missing"].format(missing=known["join"].join(missing)))


class _Told:
    """The tables of one standard in one language; of a stack every row ends with the layers its values came from."""

    def __init__(self, standard: Standard, language: str) -> None:
        self.standard, self.language = standard, language
        self.known = words(language, "standards")
        self.stacked = len(standard.layers) > 1

    def levels(self) -> Table:
        rows = []
        for id, one in self.standard.levels.items():
            told = (id, one.name.get(self.language), _number(one.minutes), _number(one.walk_m), self._range(one.population), self._range(one.dwellings))
            rows.append((*told, one.clause, one.evidence, *self._layer("levels", id)))
        return self._titled("levels", ("id", "name", "minutes", "walk_m", "population", "dwellings"), ("clause", "evidence"), rows)

    def asked(self, categories: Sequence[Category]) -> Table:
        rows = []
        for one in categories:
            named = (one.id, one.name.get(self.language))
            if not one.requirements:
                rows.append((*named, *[self.known["none"]] * 5, self.known["asked.counted_only"], one.source, "", "", *self._layer("categories", one.id)))
            for rule in one.requirements:
                kind = self.known[f"type.{rule.type}"] if rule.type else self.known["none"]
                verb = rule.verb or self.known["none"]
                verb += f" ({self.known['asked.at_least'].format(count=rule.at_least)})" if rule.at_least > 1 else ""
                limits = (_number(rule.limit_m), _number(rule.limit_min), verb, rule.clause, rule.evidence, rule.flag_evidence)
                layer = self._layer("categories", one.id, "requirements", rule.level)
                rows.append((*named, rule.level, self.known[f"flag.{rule.flag}"], kind, *limits, *layer))
        columns = ("category", "name", "level", "flag", "type", "limit_m", "limit_min", "verb")
        return self._titled("asked", columns, ("clause", "evidence", "flag_evidence"), rows)

    def sizes(self, categories: Sequence[Category]) -> Table:
        rows = []
        for one in categories:
            if one.size is not None:
                siting = self.known[f"siting.{one.size.siting}"] if one.size.siting else self.known["none"]
                told = (self._range(one.size.floor_m2), self._range(one.size.site_m2), siting, one.size.clause, one.size.evidence)
                rows.append((one.id, one.name.get(self.language), *told, *self._layer("categories", one.id, "size")))
        return self._titled("sizes", ("asked.category", "asked.name", "floor_m2", "site_m2", "siting"), ("clause", "evidence"), rows)

    def quotas(self, categories: Sequence[Category]) -> Table:
        rows = [
            (one.id, one.name.get(self.language), self._quota(quota), quota.clause, quota.evidence)
            + self._layer("categories", one.id, "quotas", f"{quota.measure}/{quota.of}")
            for one in categories
            for quota in one.quotas
        ]
        return self._titled("quotas", ("asked.category", "asked.name", "quota"), ("clause", "evidence"), rows)

    def green(self) -> Table:
        rows = []
        for level, one in self.standard.green.items():
            park = self.known["none"] if one.park_m2 is None else _number(one.park_m2 / 10_000)
            width = self.known["none"] if one.width_m is None else _number(one.width_m)
            rows.append((level, _number(one.per_person_m2), park, width, one.clause, one.evidence, *self._layer("green", level)))
        return self._titled("green", ("levels.id", "per_person_m2", "park_m2", "width_m"), ("clause", "evidence"), rows)

    def per_thousand(self) -> Table:
        rows = []
        for one in self.standard.per_thousand:
            told = (one.level, f"{one.land_class} {one.name.get(self.language)}", self._range(one.land_m2), self._range(one.floor_m2))
            rows.append((*told, one.clause, one.evidence, *self._layer("per_thousand", f"{one.level}/{one.land_class}")))
        return self._titled("per_thousand", ("levels.id", "land_class", "land_m2", "floor_m2"), ("clause", "evidence"), rows)

    def indicators(self, indicators: Sequence[Indicator]) -> Table:
        rows = []
        for one in indicators:
            target = self.known["none"] if one.target is None else f"{_number(one.target)} {one.target_clause}".strip()
            told = (one.id, one.name.get(self.language), one.unit.get(self.language), one.group.get(self.language), self.known[f"formula.{one.formula}"])
            counted = (self.known["join"].join(one.counted) or self.known["none"], self._limit(one), target)
            rows.append((*told, *counted, one.clause, one.evidence, one.name_evidence, *self._layer("indicators", one.id)))
        columns = ("id", "name", "unit", "group", "formula", "categories", "limit", "target")
        return self._titled("indicators", columns, ("clause", "evidence", "name_evidence"), rows)

    def definitions(self, indicators: Sequence[Indicator]) -> Iterable[str]:
        """How every indicator is defined, too long for a table."""
        for one in indicators:
            told = {key: getattr(one, key).get(self.language) for key in ("name", "definition", "numerator", "denominator")}
            yield self.known["indicators.defined"].format(**told)

    def about(self, category: Category, indicators: Sequence[Indicator]) -> Iterable[str]:
        """What no table has of a category."""
        known, language = self.known, self.language
        yield known["one.theme"].format(theme=self.standard.themes[category.theme].name.get(language))
        yield known["one.source"].format(source=category.source)
        if category.department:
            yield known["one.department"].format(department=category.department.get(language))
        for rule in category.requirements:
            if rule.note:
                yield known["one.note"].format(level=rule.level, note=rule.note.get(language))
        if category.size and category.size.note:
            yield known["one.size_note"].format(note=category.size.note.get(language))
        for quota in category.quotas:
            if quota.note:
                yield known["one.quota_note"].format(note=quota.note.get(language))
        match = category.match
        yield known["one.matched"].format(osm=len(match.osm), amap=len(match.amap), baidu=len(match.baidu), land=len(match.land))
        if indicators:
            yield known["one.counted_by"].format(indicators=known["join"].join(one.id for one in indicators))

    def _titled(self, part: str, columns: Sequence[str], marks: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Table:
        heads = [self.known[column if "." in column else f"{part}.{column}"] for column in columns]
        heads += [self.known[f"columns.{mark}"] for mark in (*marks, *(["layer"] if self.stacked else []))]
        return _table(self.known[f"{part}.title"], heads, rows)

    def _layer(self, *path: str) -> tuple[str, ...]:
        """The layers a table's values came from: the lowest, then of each above it the keys that it gave."""
        if not self.stacked:
            return ()
        start = ".".join(path) + "."
        given: dict[str, list[str]] = {}
        for key, layer in self.standard.origins.items():
            if key.startswith(start) and "." not in key.removeprefix(start):
                given.setdefault(layer, []).append(key.removeprefix(start))
        layers = [layer for layer in self.standard.layers if layer in given] or [self.standard.origin(*path)]
        told = [layers[0], *(f"{layer}: {', '.join(given[layer])}" for layer in layers[1:])]
        return (self.known["apart"].join(told),)

    def _quota(self, quota: Quota) -> str:
        known = self.known
        of = known[f"of.{quota.of}"] if f"of.{quota.of}" in known else known["of.group"].format(group=quota.of)
        return known["quotas.value"].format(value=_number(quota.value), measure=known[f"measure.{quota.measure}"], per=_number(quota.per), of=of)

    def _limit(self, one: Indicator) -> str:
        known = self.known
        if one.bands:
            sizes = ((self._range((band.min_m2, band.below_m2 or 0)), band) for band in one.bands)
            return known["join"].join(known["indicators.band"].format(size=size, radius_m=_number(band.radius_m)) for size, band in sizes)
        if one.limit_m is None:
            return known["none"]
        key = "radius" if one.measure == "radius" else "walk_m" if one.minutes is None else "walk"
        return known[f"indicators.{key}"].format(limit_m=_number(one.limit_m), minutes=_number(one.minutes or 0))

    def _range(self, told: tuple[float, float] | None) -> str:
        least, most = told or (0, 0)
        key = "none" if not least and not most else "least" if not most else "most" if not least else "to"
        return self.known[key].format(least=_number(least), most=_number(most))


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False)


def _number(value: float) -> str:
    return f"{value:,.10g}"
