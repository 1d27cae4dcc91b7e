"""Styles that QGIS reads out of a GeoPackage: one symbol, a symbol a value, classes of numbers, or rules; as QML text."""

from __future__ import annotations

import xml.etree.ElementTree as xml
from collections.abc import Mapping, Sequence
from typing import NamedTuple

DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
# What a layer's geometry is called by QGIS, and the number its layers have for it.
KINDS = {"marker": "0", "line": "1", "fill": "2"}


class Symbol(NamedTuple):
    """How a feature is drawn: `kind` is `marker`, `line` or `fill`; `color` fills it, `line` draws its edge (empty for none).

    `size` is the diameter of a marker or the width of a line or edge, in millimetres; `opacity` from 0 to 1.
    """

    kind: str
    color: str
    line: str = ""
    size: float = 0.26
    opacity: float = 1.0
    dashed: bool = False


class Rule(NamedTuple):
    """A rule of a rule-based style: what it is for (a QGIS expression, empty for everything), its label, and its symbol or parts."""

    filter: str
    label: str
    symbol: Symbol | None = None
    parts: Sequence[Rule] = ()
    shown: bool = True


def single(symbol: Symbol, *, aliases: Mapping[str, str]) -> str:
    """The QML of a layer drawn with one symbol; `aliases` name its fields.

    >>> 'type="singleSymbol"' in single(Symbol("line", "#9c9c9c"), aliases={"name": "街道"})
    True
    """
    root, drawn = _root("singleSymbol", symbol.kind)
    _symbols(drawn, [symbol])
    return _text(root, aliases)


def by_value(field: str, classes: Sequence[tuple[str, str, Symbol]], *, aliases: Mapping[str, str]) -> str:
    """The QML of a layer with a symbol for each value of `field`: (value, label, symbol)."""
    root, drawn = _root("categorizedSymbol", classes[0][2].kind, attr=field)
    listed = xml.SubElement(drawn, "categories")
    for number, (value, label, _) in enumerate(classes):
        xml.SubElement(listed, "category", value=value, label=label, symbol=str(number), render="true", type="string")
    _symbols(drawn, [symbol for _, _, symbol in classes])
    return _text(root, aliases)


def by_class(field: str, classes: Sequence[tuple[float, float, str, Symbol]], *, aliases: Mapping[str, str]) -> str:
    """The QML of a layer with a symbol for each class of numbers of `field`: (lowest, highest, label, symbol)."""
    root, drawn = _root("graduatedSymbol", classes[0][3].kind, attr=field, graduatedMethod="GraduatedColor")
    listed = xml.SubElement(drawn, "ranges")
    for number, (low, high, label, _) in enumerate(classes):
        xml.SubElement(listed, "range", lower=f"{low:.6f}", upper=f"{high:.6f}", label=label, symbol=str(number), render="true")
    _symbols(drawn, [symbol for *_, symbol in classes])
    return _text(root, aliases)


def by_rule(rules: Sequence[Rule], *, aliases: Mapping[str, str]) -> str:
    """The QML of a layer drawn by rules; a rule that is not shown is listed with its box unticked."""
    symbols: list[Symbol] = []
    kind = next(s.kind for s in _drawn(rules))
    root, drawn = _root("RuleRenderer", kind)
    top = xml.SubElement(drawn, "rules", key="{rules}")
    for number, rule in enumerate(rules):
        _rule(top, rule, symbols, f"{number}")
    _symbols(drawn, symbols)
    return _text(root, aliases)


def _drawn(rules: Sequence[Rule]) -> list[Symbol]:
    return [s for rule in rules for s in ([rule.symbol] if rule.symbol else _drawn(rule.parts))]


def _rule(parent: xml.Element, rule: Rule, symbols: list[Symbol], key: str) -> None:
    told = {"key": "{rule-" + key + "}", "label": rule.label}
    if rule.filter:
        told["filter"] = rule.filter
    if rule.symbol is not None:
        told["symbol"] = str(len(symbols))
        symbols.append(rule.symbol)
    if not rule.shown:
        told["checkstate"] = "0"
    own = xml.SubElement(parent, "rule", told)
    for number, part in enumerate(rule.parts):
        _rule(own, part, symbols, f"{key}-{number}")


def _root(renderer: str, kind: str, **told: str) -> tuple[xml.Element, xml.Element]:
    root = xml.Element("qgis", version="3.22.0", styleCategories="Symbology|Fields|Forms", readOnly="0")
    usual = {"type": renderer, "symbollevels": "0", "enableorderby": "0", "forceraster": "0"}
    drawn = xml.SubElement(root, "renderer-v2", {**usual, **told})
    root.set("layerGeometryType", KINDS[kind])
    return root, drawn


def _symbols(drawn: xml.Element, symbols: Sequence[Symbol]) -> None:
    listed = xml.SubElement(drawn, "symbols")
    for number, symbol in enumerate(symbols):
        own = xml.SubElement(
            listed, "symbol", name=str(number), type=symbol.kind, alpha=f"{symbol.opacity:g}", clip_to_extent="1", force_rhr="0"
        )
        layer, told = _layer(symbol)
        part = xml.SubElement(own, "layer", {"class": layer, "enabled": "1", "locked": "0", "pass": "0"})
        options = xml.SubElement(part, "Option", type="Map")
        for name, value in told.items():
            xml.SubElement(options, "Option", name=name, type="QString", value=value)
            # QGIS before 3.26 reads properties of this older form.
            xml.SubElement(part, "prop", k=name, v=value)


def _layer(symbol: Symbol) -> tuple[str, dict[str, str]]:
    width = f"{symbol.size:g}"
    if symbol.kind == "line":
        style = "dash" if symbol.dashed else "solid"
        return "SimpleLine", {"line_color": _rgba(symbol.color), "line_width": width, "line_width_unit": "MM", "line_style": style}
    edge = {"outline_style": "no"}
    if symbol.line:
        edge = {"outline_color": _rgba(symbol.line), "outline_style": "dash" if symbol.dashed else "solid", "outline_width_unit": "MM"}
    if symbol.kind == "fill":
        style = "solid" if symbol.color else "no"
        return "SimpleFill", {"color": _rgba(symbol.color or "#ffffff"), "style": style, "outline_width": width, **edge}
    return "SimpleMarker", {"name": "circle", "color": _rgba(symbol.color), "size": width, "size_unit": "MM", "outline_width": "0.2", **edge}


def _rgba(color: str) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},255"


def _text(root: xml.Element, aliases: Mapping[str, str]) -> str:
    listed = xml.SubElement(root, "aliases")
    for number, (field, name) in enumerate(aliases.items()):
        xml.SubElement(listed, "alias", field=field, index=str(number), name=name)
    kind = {"0": "0", "1": "1", "2": "2"}[root.attrib.pop("layerGeometryType")]
    xml.SubElement(root, "layerGeometryType").text = kind
    return DOCTYPE + xml.tostring(root, encoding="unicode")
