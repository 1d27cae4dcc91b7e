// The tools on the map: place, move, close, resize, draw a link, open or close a gate. Each works by mouse, by touch, and by
// keyboard with the cross at the map's center.

(function (lc) {
  const { element, whatIf } = lc;
  const MOST_HANDLES = 300, SAME_POINT_PX = 4, NEAR_ZOOM = 14.5;
  const METRES = 50;

  const say = (key, values) => lc.say(`whatif.${key}`, values);
  const edit = (name, ...told) => lc.scenario.edit[name](whatIf.scenario(), ...told);
  const turned = (at) => [at.lng, at.lat];

  // What the forms of the panel hold; the tools read it when they act.
  const form = { name: "", capacity: null, open_year: null, kind: "footpath", link_name: "", opens: null, certainty: null };
  let map = null, tool = null, hint = ["done"], alarm = false;
  let drawn = [], preview = null, carried = null;
  let handles = null, renderer = null;

  const categoryName = () => lc.data.categories[lc.state.category].name;

  // A name for a new facility that none of the scenario's others has.
  function freeName() {
    const taken = new Set((whatIf.scenario().facilities || []).map((row) => row.name)), first = say("new_name", { category: categoryName() });
    if (!taken.has(first)) return first;
    for (let n = 2; ; n++) if (!taken.has(`${first} ${n}`)) return `${first} ${n}`;
  }

  // Whether an entrance at a place can be walked to, as the chosen group walks; links of the scenario may reach further.
  function reachable(at) {
    const walking = lc.walking(), [x, y] = walking.plane.toMetres(at.lng, at.lat);
    return lc.snap(walking, x, y, { viewNumber: walking.viewOf[lc.state.group], door: true }).edge >= 0;
  }

  const stands = (at, key) => (reachable(at) || (whatIf.scenario().links || []).length
    ? tell(key) : tell("unreachable", { metres: lc.walking().snap_limit_m }, true));

  function place(at) {
    whatIf.apply(edit("place", {
      name: form.name.trim() || freeName(), categories: [lc.data.categories[lc.state.category].id], lon: at.lng, lat: at.lat,
      capacity: form.capacity, open_year: form.open_year,
    }));
    stands(at, "placed");
  }

  function drop(at) {
    const id = carried;
    carried = null;
    whatIf.apply(edit("move", id, at.lng, at.lat));
    stands(at, "hint_move");
  }

  function addPoint(at) {
    if (drawn.length && map.latLngToContainerPoint(drawn[drawn.length - 1]).distanceTo(map.latLngToContainerPoint(at)) < SAME_POINT_PX) return;
    if (!drawn.length && lc.linkEnds(lc.walking(), [turned(at), turned(at)]).fault) { tell("no_street", null, true); return; }
    drawn.push(at);
    outline();
    tell(drawn.length > 1 ? "hint_link_end" : "hint_link_more");
  }

  // What is not built yet is there from a year on, which the form has to tell.
  const opening = () => ({ open_year: form.opens, certainty: form.certainty });
  function lacksYear() {
    if (!form.certainty || form.opens !== null) return false;
    tell("needs_year", null, true);
    return true;
  }

  function finish() {
    if (drawn.length < 2) { tell("hint_link_more"); return; }
    if (lacksYear()) return;
    const line = drawn.map(turned), ends = lc.linkEnds(lc.walking(), line);
    if (ends.fault) {
      if (ends.fault === "end") drawn.pop();
      outline();
      tell("no_street", null, true);
      return;
    }
    drawn = [];
    outline();
    whatIf.apply(edit("link", { kind: form.kind, name: form.link_name.trim(), line, ...opening() }));
    tell("hint_link");
  }

  function openGate(at) {
    const fault = lc.gateLink(lc.walking(), at.lng, at.lat).fault;
    if (fault) { tell("no_wall", null, true); return; }
    if (lacksYear()) return;
    whatIf.apply(edit("gate", "open", at.lng, at.lat, opening()));
    tell("gate_opened");
  }

  const TOOLS = {
    place: { point: place },
    move: { point: (at) => (carried === null ? tell("hint_move") : drop(at)), handles: facilityHandles },
    close: { handles: facilityHandles },
    resize: { handles: facilityHandles },
    link: { point: addPoint },
    gate_open: { point: openGate, handles: gateHandles },
    gate_close: { handles: gateHandles },
  };

  // Shows the line being drawn, to the pointer when it is known.
  function outline(pointer) {
    preview.clearLayers();
    if (!drawn.length) return;
    const color = lc.data.style.scenario.link, line = pointer ? [...drawn, pointer] : drawn;
    L.polyline(line, { renderer, interactive: false, color, weight: 3, dashArray: "6 6" }).addTo(preview);
    drawn.forEach((at) => L.circleMarker(at, { renderer, interactive: false, radius: 5, weight: 2, color, fillColor: "#fff", fillOpacity: 1 }).addTo(preview));
  }

  // A button on the map that the keyboard reaches too.
  function handle(at, kind, title, act, dropped) {
    const near = map.getZoom() >= NEAR_ZOOM,
      icon = L.divIcon({ className: `handle ${kind}${near ? "" : " far"}`, html: element("span", {}), iconSize: near ? [26, 26] : [14, 14] });
    const made = L.marker(at, { icon, title, alt: title, pane: "handles", draggable: Boolean(dropped), autoPan: true, bubblingMouseEvents: false });
    made.on("click", act);
    made.on("keydown", ({ originalEvent: event }) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      act();
    });
    if (dropped) made.on("dragend", () => dropped(made.getLatLng()));
    return made.addTo(handles);
  }

  const inView = (at) => map.getBounds().pad(0.1).contains(at);

  // The state of a facility in the scenario: what its handle shows and does.
  function facilityHandles() {
    const places = lc.now.facilities, ids = places.id;
    let left = MOST_HANDLES;
    places.categories.forEach((categories, i) => {
      if (!categories.includes(lc.state.category) || !inView(places.at[i]) || left-- <= 0) return;
      const id = ids[i], title = places.name[i] || lc.say("unnamed");
      if (tool === "move") {
        handle(places.at[i], carried === id ? "move carried" : "move", say("pick", { name: title }), () => {
          carried = id;
          refresh();
          tell("hint_drop", { name: title });
        },
          (at) => { carried = id; drop(at); });
      } else if (tool === "close") {
        const open = places.open[i];
        handle(places.at[i], open ? "shut" : "reopen", say(open ? "close_one" : "open_one", { name: title }), () => {
          whatIf.apply(edit(open ? "close" : "open", id));
          tell("hint_close");
        });
      } else handle(places.at[i], "size", say("resize_one", { name: title }), () => lc.whatIf.askCapacity(i));
    });
  }

  function gateHandles() {
    let left = MOST_HANDLES;
    const walking = lc.walking(), closed = new Set((whatIf.scenario().gates || []).filter((gate) => gate.change === "close")
      .map((gate) => lc.gateNear(walking, gate.lon, gate.lat)));
    walking.gates.forEach((gate) => {
      const at = [gate.lat, gate.lon];
      if (!inView(at) || left-- <= 0) return;
      const name = gate.name || (walking.compounds[gate.compound] || {}).name || say("gate");
      const marker = handle(at, closed.has(gate) ? "gate closed" : "gate", say(tool === "gate_close" ? "close_gate" : "gate_of", { name }), () => {
        if (tool !== "gate_close") return;
        const row = (whatIf.scenario().gates || []).findIndex((one) => one.change === "close" && lc.gateNear(walking, one.lon, one.lat) === gate);
        whatIf.apply(row < 0 ? edit("gate", "close", gate.lon, gate.lat) : lc.scenario.without(whatIf.scenario(), ["gates", row]));
        tell("hint_gate_close");
      });
      if (tool !== "gate_close" && marker.getElement()) marker.getElement().style.pointerEvents = "none";
    });
  }

  function tell(key, values, isAlarm) {
    hint = [key, Object.assign({ metres: METRES }, values)];
    alarm = Boolean(isAlarm);
    bar();
  }

  // The bar over the map: what to do next, and the same by button.
  function bar() {
    const box = document.getElementById("tool-bar");
    if (!box) return;
    box.hidden = tool === null;
    document.getElementById("cross").hidden = tool === null || !TOOLS[tool].point;
    if (tool === null) return;
    const button = (key, act) => element("button", { type: "button", id: `bar-${key}`, text: say(key), onclick: act }),
      had = document.activeElement && document.activeElement.id;
    lc.fill("tool-bar", [
      element("p", { class: alarm ? "alarm" : "", role: "status", text: `${say(`tool_${tool}`)} · ${say(...hint)}` }),
      whatIf.summary() ? element("p", { class: "summary", text: whatIf.summary() }) : null,
      element("div", {}, [
        TOOLS[tool].point ? button("at_cross", () => point(map.getCenter())) : null,
        tool === "link" && drawn.length > 1 ? button("finish", finish) : null,
        tool === "link" && drawn.length ? button("take_back", takeBack) : null,
        button("done", () => stop()),
      ]),
    ]);
    const again = had && had.startsWith("bar-") && document.getElementById(had);
    if (again) again.focus();
  }

  function takeBack() {
    drawn.pop();
    outline();
    tell(drawn.length > 1 ? "hint_link_end" : drawn.length ? "hint_link_more" : "hint_link");
  }

  function refresh() {
    if (!map) return;
    const own = () => Array.from(map.getPane("handles").querySelectorAll(".handle")), focused = own().indexOf(document.activeElement);
    handles.clearLayers();
    if (tool !== null && TOOLS[tool].handles) TOOLS[tool].handles();
    if (focused >= 0 && own()[focused]) own()[focused].focus({ preventScroll: true });
    bar();
  }

  const point = (at) => { if (tool !== null && TOOLS[tool].point) TOOLS[tool].point(at); };

  function start(next) {
    if (tool === next) { stop(); return; }
    tool = next;
    drawn = [];
    carried = null;
    outline();
    map.closePopup();
    if (whatIf.view === "before") whatIf.look("after");
    map.getContainer().classList.add("tooling");
    map.doubleClickZoom[tool === "link" ? "disable" : "enable"]();
    refresh();
    tell(`hint_${tool}`);
    lc.panel.list();
    document.getElementById("frame").scrollIntoView({ block: "nearest" });
  }

  function stop() {
    tool = null;
    drawn = [];
    carried = null;
    outline();
    map.getContainer().classList.remove("tooling");
    map.doubleClickZoom.enable();
    refresh();
    lc.panel.list();
  }

  // Escape takes back one thing at a time: the line, what is carried, the tool.
  function escape() {
    if (drawn.length) { drawn = []; outline(); tell("hint_link"); return; }
    if (carried !== null) { carried = null; refresh(); tell("hint_move"); return; }
    stop();
  }

  function keys(event) {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (tool !== null && event.key === "Escape") { event.preventDefault(); escape(); return; }
    if ((event.ctrlKey || event.metaKey) && !typing && ["z", "y"].includes(event.key.toLowerCase())) {
      event.preventDefault();
      if (event.key.toLowerCase() === "y" || event.shiftKey) whatIf.redo();
      else whatIf.undo();
      return;
    }
    if (tool === null || event.target !== map.getContainer()) return;
    if (event.key === "Enter") {
      event.preventDefault();
      const center = map.getCenter(), last = drawn[drawn.length - 1];
      // A second Enter at the same place ends the line.
      if (tool === "link" && last && map.latLngToContainerPoint(last).distanceTo(map.latLngToContainerPoint(center)) < SAME_POINT_PX) finish();
      else point(center);
    } else if (event.key === "Backspace" && tool === "link" && drawn.length) { event.preventDefault(); takeBack(); }
  }

  // A tool takes a click before anybody else on the page.
  lc.onFirst("click", (event) => {
    if (tool === null) return false;
    point(event.latlng);
    return true;
  });

  lc.on("start", (made) => {
    map = made;
    map.createPane("handles").style.zIndex = 640;
    renderer = L.svg({ pane: "handles", padding: 0.5 });
    preview = L.layerGroup().addTo(map);
    handles = L.layerGroup().addTo(map);
    document.getElementById("frame").append(element("div", { id: "tool-bar", hidden: "" }), element("div", { id: "cross", hidden: "", "aria-hidden": "true" }));
    L.DomEvent.disableClickPropagation(document.getElementById("tool-bar"));
    map.on("moveend", () => { if (tool !== null && TOOLS[tool].handles) refresh(); });
    map.on("mousemove", (event) => { if (drawn.length) outline(event.latlng); });
    map.on("dblclick", () => { if (tool === "link" && drawn.length) finish(); });
    document.addEventListener("keydown", keys);
  });
  lc.on("choose", refresh);

  lc.tools = { form, names: Object.keys(TOOLS), start, stop, current: () => tool, freeName };
})(livingcircle);
