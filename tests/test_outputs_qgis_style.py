"""Styles as QGIS reads them."""

from __future__ import annotations

import xml.etree.ElementTree as xml

import pytest

from livingcircle.outputs import qgis_style
from livingcircle.outputs.qgis_style import Rule, Symbol

LINE, FILL, MARKER = Symbol("line", "#ff8000", size=0.5), Symbol("fill", "", "#000000"), Symbol("marker", "#0000ff", "#ffffff", 2)


def parsed(text: str) -> xml.Element:
    assert text.startswith("<!DOCTYPE qgis")
    return xml.fromstring(text.split("\n", 1)[1])


def options(symbol: xml.Element) -> dict[str, str]:
    return {o.get("name"): o.get("value") for o in symbol.iter("Option") if o.get("name")}


def test_one_symbol_has_its_color_width_and_aliases():
    root = parsed(qgis_style.single(LINE, aliases={"name": "道路<&>"}))
    assert root.find("renderer-v2").get("type") == "singleSymbol"
    told = options(root.find(".//symbol"))
    assert (told["line_color"], told["line_width"]) == ("255,128,0,255", "0.5")
    assert root.find("aliases/alias").attrib == {"field": "name", "index": "0", "name": "道路<&>"}
    assert root.find("layerGeometryType").text == "1"


@pytest.mark.parametrize(("symbol", "layer"), [(LINE, "SimpleLine"), (FILL, "SimpleFill"), (MARKER, "SimpleMarker")])
def test_every_kind_has_its_layer_and_the_older_form_says_the_same(symbol, layer):
    root = parsed(qgis_style.single(symbol, aliases={}))
    own = root.find(".//symbol/layer")
    assert own.get("class") == layer
    assert {p.get("k"): p.get("v") for p in own.iter("prop")} == options(own)


def test_no_color_is_no_fill():
    assert options(parsed(qgis_style.single(FILL, aliases={})).find(".//symbol"))["style"] == "no"


def test_values_and_classes_keep_their_order_and_symbols():
    root = parsed(qgis_style.by_value("status", [("a", "甲", MARKER), ("b", "乙", MARKER)], aliases={}))
    assert root.find("renderer-v2").get("attr") == "status"
    assert [(c.get("value"), c.get("label"), c.get("symbol")) for c in root.iter("category")] == [("a", "甲", "0"), ("b", "乙", "1")]
    root = parsed(qgis_style.by_class("min", [(0, 5, "near", FILL), (5, 1e9, "far", FILL)], aliases={}))
    assert [(r.get("lower"), r.get("upper")) for r in root.iter("range")] == [("0.000000", "5.000000"), ("5.000000", "1000000000.000000")]
    assert len(root.findall(".//symbol")) == 2


def test_rules_nest_and_hidden_ones_are_unticked():
    rules = [
        Rule("\"c\" = 'a'", "甲", parts=[Rule("\"m\" = 5", "5", FILL), Rule("", "rest", FILL)]),
        Rule("\"c\" = 'b'", "乙", FILL, shown=False),
    ]
    root = parsed(qgis_style.by_rule(rules, aliases={}))
    top = root.findall("renderer-v2/rules/rule")
    assert [(r.get("label"), r.get("checkstate"), r.get("symbol")) for r in top] == [("甲", None, None), ("乙", "0", "2")]
    assert [(r.get("filter"), r.get("symbol")) for r in top[0]] == [('"m" = 5', "0"), (None, "1")]
    assert len({r.get("key") for r in root.iter("rule")}) == 4
