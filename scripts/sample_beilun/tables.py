"""The sample's layers as tables with the columns that a bureau, a map service or a planner would give them."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from livingcircle.coordinates import wgs84_to_gcj02
from sample_beilun.blocks import Block, Lot
from sample_beilun.ground import FACTS, Ground, Line
from sample_beilun.points import Place, Town, nearest_front

STREET_TAGS = ("highway", "name", "bridge", "tunnel", "foot", "access", "oneway")
ABROAD_DECIMALS = 7
POI_DECIMALS = 6
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
BLANK = "—"
NOTHING = "[]"


def _degrees(shapes: list) -> gpd.GeoSeries:
    """`shapes` of EPSG:4550 in WGS-84 degrees, rounded to a centimetre."""
    there = gpd.GeoSeries(shapes, crs=FACTS["crs"]).to_crs("EPSG:4326")
    return gpd.GeoSeries(
        [shapely.transform(shape, lambda points: points.round(ABROAD_DECIMALS)) for shape in there], crs="EPSG:4326"
    )


def _frame(rows: list[dict], shapes: list) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=FACTS["crs"])


def streets(lines: list[Line]) -> gpd.GeoDataFrame:
    """The street layer: one row for each line, blank where a tag says nothing."""
    rows = [
        {**{tag: line.tags.get(tag) for tag in STREET_TAGS}, "layer": int(line.tags.get("layer", 0))} for line in lines
    ]
    return _frame(rows, [line.shape for line in lines])


def natural(ground: Ground, district) -> dict[str, gpd.GeoDataFrame]:
    """River, railway and hill: what the streets go round."""
    near = district.buffer(250.0)
    return {
        "水系": _frame([{"名称": FACTS["river"]["name"]}], [_rounded(ground.river.intersection(near))]),
        "铁路": _frame([{"名称": FACTS["rail"]["name"]}], [_rounded(ground.rail_line.intersection(near))]),
        "山体": _frame([{"名称": FACTS["hill"]["name"]}], [ground.hill]),
    }


def _rounded(shape):
    return shapely.transform(shape, lambda points: points.round(2))


def land(found: list[Block]) -> gpd.GeoDataFrame:
    """The land-use layer; residents stand on residential land only."""
    bands = {f"年龄{band}": band for band in FACTS["people"]["cohorts"]["bands"]}
    rows, shapes = [], []
    for lot in (lot for block in found for lot in block.lots):
        facts, home = lot.facts, lot.facts["kind"] == "home"
        row = {
            "地块编号": f"XG-{len(rows) + 1:03d}", "用地代码": lot.code, "用地名称": lot.use, "名称": lot.name or None,
            "小区名称": lot.name if home else None, "人口": facts.get("people"), "儿童0_6": facts.get("young"),
            "少年7_15": facts.get("school"), "老人60以上": facts.get("old"),
            "建成年份": facts.get("open_year") if home else None, "社区": facts.get("community"),
            **{column: facts["bands"][band] if home else None for column, band in bands.items()},
        }  # fmt: skip
        rows.append(row)
        shapes.append(lot.shape)
    frame = _frame(rows, shapes)
    whole = ["人口", "儿童0_6", "少年7_15", "老人60以上", "建成年份", *bands]
    return frame.astype({column: "Int64" for column in whole})


def communities(units: list) -> gpd.GeoDataFrame:
    """The communities in WGS-84, with the street (街道) each belongs to."""
    rows = [{"name": name, "street": street} for name, street, _ in units]
    return gpd.GeoDataFrame(rows, geometry=_degrees([shape for *_, shape in units]), crs="EPSG:4326")


def study_area(units: list) -> gpd.GeoDataFrame:
    """The study area in WGS-84: all communities together."""
    whole = shapely.union_all([shape for *_, shape in units], grid_size=0.01)
    return gpd.GeoDataFrame([{"name": "研究范围（示意）"}], geometry=_degrees([whole.normalize()]), crs="EPSG:4326")


def schools(found: list[Block]) -> gpd.GeoDataFrame:
    """The education layer: school grounds with stage, classes, places and state."""
    lots = [lot for block in found for lot in block.lots if lot.facts["kind"] == "school"]
    serves = FACTS["schools"]["serves"]
    rows = [
        {
            "学校名称": lot.name, "学段": lot.facts["stage"], "类别": serves[lot.facts["stage"]],
            "班数": lot.facts["classes"], "学位": lot.facts["places"], "建设状态": lot.facts["status"],
            "建成年份": lot.facts["open_year"],
        }
        for lot in lots
    ]  # fmt: skip
    return _frame(rows, [lot.shape for lot in lots])


def _spot(told: dict, town: Town):
    """Where a place of the facts is: inside its lot, or at the nearest street front."""
    if "lot" in told:
        return town.lots[told["lot"]].shape.representative_point()
    return nearest_front(town, told["near"]).point


def care(town: Town) -> tuple[list[str], list[list]]:
    """Heading and rows of the health and elder-care workbook, full-width digits and dashes as people type them."""
    heading = ["序号", "机构名称", "类别", "床位数", "经度", "纬度", "建设状态", "开业年份"]
    told = FACTS["care"]
    places = _degrees([_spot(one, town) for one in told["list"]])
    rows = []
    for number, (one, point) in enumerate(zip(told["list"], places, strict=True), start=1):
        beds = one.get("beds", BLANK)
        if number % told["full_width_every"] == 1 and beds != BLANK:
            beds = str(beds).translate(FULL_WIDTH)
        lon, lat = round(point.x, 6), round(point.y, 6)
        year = one.get("year", BLANK)
        rows.append([number, one["name"], one["category"], beds, lon, lat, one.get("status", "现状"), year])
    return heading, rows


def projects(town: Town) -> gpd.GeoDataFrame:
    """The planned and started projects in WGS-84: campuses as polygons, small facilities as points."""
    rows, shapes = [], []
    for told in FACTS["projects"]:
        rows.append(
            {
                "项目名称": told["name"], "项目类型": told["kind"], "类别": told["category"], "建设状态": told["status"],
                "开放年份": told["year"], "规模": told.get("capacity"), "说明": FACTS["project_note"],
            }
        )  # fmt: skip
        shapes.append(town.lots[told["lot"]].shape if "lot" in told else _spot(told, town))
    frame = gpd.GeoDataFrame(rows, geometry=_degrees(shapes), crs="EPSG:4326")
    return frame.astype({"规模": "Int64"})


def service_list(places: list[Place]) -> pd.DataFrame:
    """The map service's list in GCJ-02; a missing value is written `[]`, as the service does."""
    there = _degrees([place.point for place in places])
    lon, lat = wgs84_to_gcj02(there.x.to_numpy(), there.y.to_numpy())
    numbers: dict[str, str] = {}
    for place in places:
        numbers.setdefault(place.name, f"SYN{len(numbers) + 1:07d}")
    rows = []
    for at, place in enumerate(places):
        entrance = NOTHING
        if place.entrance is not None:
            door = _degrees([place.entrance]).iloc[0]
            entrance = "{:.{d}f},{:.{d}f}".format(*wgs84_to_gcj02(door.x, door.y), d=POI_DECIMALS)
        rows.append(
            {
                "id": numbers[place.name], "name": place.name, "type": place.type, "typecode": place.code,
                "address": place.address or NOTHING, "location": f"{lon[at]:.{POI_DECIMALS}f},{lat[at]:.{POI_DECIMALS}f}",
                "entr_location": entrance, "pname": "浙江省", "cityname": "宁波市", "adname": "北仑区", "adcode": "330206",
                "tel": NOTHING, "parent": numbers.get(place.parent, NOTHING),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def named_lots(found: list[Block]) -> dict[str, Lot]:
    """Every lot that has a name, by that name."""
    return {lot.name: lot for block in found for lot in block.lots if lot.name}
