"use strict";
// The legend of what is switched on, with the people of every class, and the corners of the map: north, scale, attribution.

(function (lc) {
  const { element } = lc;
  const SVG = "http://www.w3.org/2000/svg";

  lc.swatch = (kind, text, color, count) =>
    element("li", {}, [element("i", { class: `swatch ${kind}`, "--color": color || "" }), element("span", { text }),
      count === undefined ? null : element("em", { text: count })]);
  lc.legendHead = (text) => element("li", { class: "head", text });

  // Rows that other views add: each function returns a list of elements, made anew whenever the legend is.
  lc.legendParts = [];

  lc.walkWord = function (breaks, i) {
    if (i === 0) return lc.say("up_to", { to: breaks[0] });
    return i < breaks.length ? lc.say("between", { from: breaks[i - 1], to: breaks[i] }) : lc.say("over", { from: breaks[i - 1] });
  };

  function walkRows() {
    const { style, residences } = lc.data, { breaks_min: breaks, colors } = style.walk;
    const walks = lc.now.walks(lc.state.category), people = {};
    residences.people[lc.state.group].forEach((count, i) => {
      const kind = lc.walkClass(lc.groupMinutes(walks.walk_min[i]), walks.status[i]);
      people[kind] = (people[kind] || 0) + (count || 0);
    });
    const persons = (kind) => lc.show.people(people[kind] || 0);
    return [
      lc.legendHead(lc.say("legend_walk")),
      ...colors.map((color, i) => lc.swatch("area", lc.walkWord(breaks, i), color, persons(i))),
      lc.swatch("area unreachable", lc.say("status.unreachable"), style.walk.unreachable, persons("unreachable")),
      lc.swatch("area off", lc.say("status.off_network"), style.walk.off_network, persons("off_network")),
    ];
  }

  function gapRows() {
    const { hatched } = lc.layers, rows = [];
    if (hatched.full) rows.push(lc.swatch("gap", lc.say("gap_areas")));
    if (hatched.light) rows.push(lc.beyondLand.known()
      ? lc.swatch("gap cells", lc.say("surface.cells", { cell: lc.beyondLand.known() })) : lc.swatch("gap part", lc.say("gap_part")));
    return rows;
  }

  function placeRows() {
    const { facility } = lc.data.style.map;
    return [lc.swatch("place", lc.say("facility_open"), facility), lc.swatch("place closed", lc.say("facility_later"), facility)];
  }

  function groundRows(on) {
    const { map } = lc.data.style, rows = [];
    if (on("water") && lc.data.water.length) rows.push(lc.swatch("area", lc.say("water"), map.water));
    if (on("green") && lc.layers.groups.green.getLayers().length) rows.push(lc.swatch("area", lc.say("green"), map.green));
    if (on("streets")) rows.push(lc.swatch("street", lc.say("streets"), map.street));
    if (on("units") && lc.data.units.length) rows.push(lc.swatch("unit", lc.say("units"), map.unit));
    if (on("area") && lc.data.area.length) rows.push(lc.swatch("frame", lc.say("study_area"), map.area));
    return rows;
  }

  // What the colors of the homes mean: the first that has an answer tells.
  lc.legendOfHomes = [() => (lc.state.lacking ? lc.lackingLegend() : walkRows())];

  lc.legend = function () {
    const { layers, state } = lc, on = (name) => layers.shows(layers.groups[name]);
    const rows = [];
    if (on("homes")) rows.push(...lc.legendOfHomes.reduce((told, part) => told || part(), null));
    lc.legendParts.forEach((part) => rows.push(...part()));
    rows.push(lc.legendHead(lc.say("legend_other")));
    if (on("gaps") && !state.lacking) rows.push(...gapRows());
    if (on("places") && !state.lacking) rows.push(...placeRows());
    if (on("doors") && !state.lacking) rows.push(lc.swatch("door", lc.say("entrances")));
    if (on("everyPlace")) lc.data.themes.forEach((theme) => rows.push(lc.swatch("place", theme.name, theme.color || lc.data.style.map.theme)));
    rows.push(...groundRows(on));
    document.getElementById("legend-head").textContent = lc.say("legend");
    lc.fill("legend-rows", rows);
  };

  lc.corner = function (position, content) {
    const made = L.control({ position });
    made.onAdd = () => {
      L.DomEvent.disableClickPropagation(content);
      L.DomEvent.disableScrollPropagation(content);
      return content;
    };
    return made.addTo(lc.layers.map);
  };

  lc.northArrow = function () {
    const draw = (tag, attributes) => {
      const made = document.createElementNS(SVG, tag);
      Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
      return made;
    };
    const arrow = draw("svg", { viewBox: "0 0 40 54", width: 34, height: 46, role: "img", "aria-label": lc.say("north") });
    const letter = draw("text", { x: 20, y: 13, "text-anchor": "middle", "font-size": 14, "font-weight": 700 });
    letter.textContent = lc.say("north_letter");
    arrow.append(letter, draw("path", { d: "M20 17 L31 51 L20 43 Z", fill: "#111" }),
      draw("path", { d: "M20 17 L9 51 L20 43 Z", fill: "#fff", stroke: "#111", "stroke-width": 1.4 }));
    return arrow;
  };

  // Puts the controls into the corners; once more when the language has changed.
  let movable = [];
  lc.corners = function () {
    const { map } = lc.layers, had = document.querySelector(".legend");
    const legend = element("details", { class: "legend" }, [element("summary", { id: "legend-head" }), element("ul", { id: "legend-rows" })]);
    legend.open = had ? had.open : window.innerWidth >= 1200;
    movable.forEach((control) => control.remove());
    movable = [
      lc.scaleBar(map, { maxWidth: 140 }),
      lc.corner("bottomleft", legend),
      lc.corner("topleft", element("div", { class: "north" }, [lc.northArrow()])),
    ];
    const zoom = map.zoomControl;
    [[zoom._zoomInButton, "zoom_in"], [zoom._zoomOutButton, "zoom_out"]].forEach(([button, word]) => {
      button.title = lc.say(word);
      button.setAttribute("aria-label", lc.say(word));
    });
    lc.attribution();
  };
})(livingcircle);
