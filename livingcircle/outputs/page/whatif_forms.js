// What a planner fills in: the fields of the tools, the cards on the map, limits, speeds, the rule and the year.

(function (lc) {
  const { element, whatIf } = lc;
  const PLAY_MS = 1400, FASTEST_KMH = 15, FIRST_YEAR = 1900, LAST_YEAR = 2200, LONGEST = 100000;
  const say = (key, values) => lc.say(`whatif.${key}`, values);
  const edit = (name, ...told) => lc.scenario.edit[name](whatIf.scenario(), ...told);

  // A field with its label; `take` gets the text when it is changed.
  function field(id, label, value, take, more) {
    const input = element("input", Object.assign({ id, type: "text", value: value === null || value === undefined ? "" : String(value) }, more));
    input.addEventListener("change", () => take(input.value, input));
    return element("label", { for: id }, [element("span", { text: label }), input]);
  }

  const numberOf = (text) => { const n = Number(text); return text.trim() === "" || !Number.isFinite(n) || n < 0 ? null : n; };
  const amount = { type: "number", min: "0", step: "any", inputmode: "decimal" };
  const yearOf = (text) => { const n = numberOf(text); return n === null || n < FIRST_YEAR || n > LAST_YEAR ? null : Math.round(n); };
  const years = { type: "number", min: String(FIRST_YEAR), max: String(LAST_YEAR), step: "1", inputmode: "numeric" };

  function select(id, label, options, value, take) {
    const box = element("select", { id }, options.map(([key, text]) => element("option", { value: key, text })));
    box.value = value;
    box.addEventListener("change", () => take(box.value));
    return element("label", { for: id }, [element("span", { text: label }), box]);
  }

  whatIf.field = field;

  // The fields of the tool in hand.
  whatIf.toolForm = function () {
    const { form } = lc.tools, tool = lc.tools.current();
    if (tool === "place") {
      return [element("p", { class: "hint", text: say("place_what", { category: lc.data.categories[lc.state.category].name }) }),
        field("new-name", say("name"), form.name, (text) => { form.name = text; }, { placeholder: lc.tools.freeName(), maxlength: "200" }),
        field("new-capacity", lc.say("capacity"), form.capacity, (text) => { form.capacity = numberOf(text); }, amount),
        field("new-year", lc.say("open_year"), form.open_year, (text) => { form.open_year = yearOf(text); },
          Object.assign({ placeholder: say("at_once") }, years))];
    }
    if (tool === "link") {
      return [select("link-kind", say("link_kind"), ["footpath", "bridge", "crossing"].map((kind) => [kind, say(`kind_${kind}`)]), form.kind, (kind) => {
        form.kind = kind;
      }),
        field("link-name", say("name"), form.link_name, (text) => { form.link_name = text; }, { maxlength: "200" }), ...openingFields(form)];
    }
    if (tool === "gate_open") return openingFields(form);
    if (tool === "resize") return [element("p", { class: "hint", text: say("beyond_capacity") })];
    return [];
  };

  // From when a link or gate is there, and how certain that is; what exists needs no word.
  function openingFields(form) {
    const [exists, ...others] = Object.keys(lc.data.statuses), options = [["", exists], ...others.map((status) => [status, status])];
    return [
      field("opens", lc.say("open_year"), form.opens, (text) => { form.opens = yearOf(text); }, Object.assign({ placeholder: say("at_once") }, years)),
      select("certainty", say("certainty"), options.map(([key, status]) => [key, lc.sayCode("built", status)]), form.certainty || "", (status) => {
        form.certainty = status || null;
      }),
    ];
  }

  const card = (title, kind, children) => element("form", { class: "card edit", onsubmit: (event) => event.preventDefault() }, [
    element("p", { class: "kind", text: kind }), element("h3", { text: title || lc.say("unnamed") }), ...children]);

  // The card of a new facility: name, capacity, year, and out with it.
  whatIf.editNew = function (row) {
    const at = (whatIf.scenario().facilities || [])[row];
    if (!at) return element("div");
    const set = (key, value) => whatIf.apply(edit("edit", row, { [key]: value }));
    return card(at.name, say("new_facility"), [
      field("card-name", say("name"), at.name, (text) => set("name", text.trim() || at.name), { maxlength: "200" }),
      field("card-capacity", lc.say("capacity"), at.capacity, (text) => set("capacity", numberOf(text)), amount),
      field("card-year", lc.say("open_year"), at.open_year, (text) => set("open_year", yearOf(text)), Object.assign({ placeholder: say("at_once") }, years)),
      element("button", { type: "button", text: say("remove"), onclick: () => whatIf.remove(["facilities", row]) }),
    ]);
  };

  // Asks for the new capacity of a facility on the map.
  whatIf.askCapacity = function (i) {
    const places = lc.now.facilities, id = places.id[i];
    const asked = card(places.name[i], say("tool_resize"), [
      field("card-capacity", lc.say("capacity"), places.capacity[i], () => {}, amount), element("button", { type: "submit", text: say("set") }),
      element("p", { class: "hint", text: say("beyond_capacity") })]);
    asked.addEventListener("submit", () => {
      const capacity = numberOf(asked.querySelector("input").value);
      lc.layers.map.closePopup();
      if (capacity !== null) whatIf.apply(edit("resize", id, capacity));
    });
    L.popup().setLatLng(places.at[i]).setContent(asked).openOn(lc.layers.map);
    setTimeout(() => asked.querySelector("input").select(), 0);
  };

  function limitFields() {
    const { category, level } = lc.state, { categories, levels } = lc.data;
    if (level < 0 || lc.state.lacking) return [];
    const ids = { category: categories[category].id, level: levels[level].id };
    const row = lc.asWritten().coverage.rows.find((one) => one.whole && one.category === category && one.level === level && one.group === 0);
    const told = (whatIf.scenario().limits || []).find((one) => one.category === ids.category && one.level === ids.level) || {};
    const now = { limit_m: told.limit_m || (row && row.limit_m), limit_min: told.limit_min || (row && row.limit_min) };
    const take = (key) => (text) => {
      const value = numberOf(text), same = row && value === row[key];
      whatIf.apply(edit("limit", Object.assign({}, ids, { limit_m: told.limit_m, limit_min: told.limit_min },
        { [key]: value && value <= LONGEST && !same ? value : null })));
    };
    return [element("p", { class: "hint", text: `${categories[category].name} · ${levels[level].name}` }),
      field("limit-m", say("limit_m"), now.limit_m, take("limit_m"), amount),
      field("limit-min", say("limit_min"), now.limit_min, take("limit_min"), amount)];
  }

  function walkFields() {
    const { groups, study } = lc.data, { walking } = whatIf.scenario(), group = groups[lc.state.group];
    const speeds = (walking && walking.speeds) || {}, own = speeds[group.id] === undefined ? group.speed_kmh : speeds[group.id];
    const rule = (walking && walking.rule) || study.rule;
    return [
      element("p", { class: "hint", text: lc.groupName(lc.state.group) }),
      field("speed", say("speed_of"), own,
        (text) => { const kmh = numberOf(text); whatIf.apply(edit("speed", group.id,
          kmh && kmh <= FASTEST_KMH && kmh !== group.speed_kmh ? kmh : null)); },
          Object.assign({}, amount, { min: "0.1", max: String(FASTEST_KMH), step: "0.1" })),
      select("rule", say("rule"), ["distance", "time"].map((key) => [key, lc.sayCode("rule", key)]), rule,
        (key) => whatIf.apply(edit("rule", key === study.rule ? null : key))),
    ];
  }

  whatIf.settingFields = () => [element("div", { class: "fields" }, [...limitFields(), ...walkFields()])];

  // The years in which something of the study or of the scenario opens, from the study's own on.
  whatIf.years = function () {
    const first = lc.data.study.year, all = new Set();
    if (first === null) return [];
    lc.data.facilities.year.forEach((year) => all.add(year));
    ["facilities", "links", "gates"].forEach((part) => (whatIf.scenario()[part] || []).forEach((row) => all.add(row.open_year)));
    lc.walking().residences.open_year.forEach((year) => all.add(year));
    const later = [...all].filter((year) => year > first).sort((a, b) => a - b);
    return later.length ? [first, ...later] : [];
  };

  const setYear = (year) => whatIf.apply(edit("year", year === lc.data.study.year ? null : year), "year");
  let playing = null;

  function pause() {
    clearInterval(playing);
    playing = null;
  }

  function play() {
    const step = () => {
      const all = whatIf.years(), at = all.indexOf(whatIf.scenario().year || lc.data.study.year);
      if (at >= all.length - 1) { pause(); lc.panel.list(); return; }
      setYear(all[at + 1]);
    };
    if (playing !== null) { pause(); lc.panel.list(); return; }
    const all = whatIf.years();
    if (all.indexOf(whatIf.scenario().year) === all.length - 1) setYear(all[0]);
    playing = setInterval(step, PLAY_MS);
    step();
    lc.panel.list();
  }

  whatIf.yearSlider = function () {
    const all = whatIf.years();
    if (all.length < 2) return [];
    const year = whatIf.scenario().year || lc.data.study.year, at = all.includes(year) ? all.indexOf(year) : all.filter((one) => one <= year).length - 1;
    const shown = element("output", { for: "year", text: lc.say("year", { year }) });
    const slider = element("input", { type: "range", id: "year", min: "0", max: String(all.length - 1), step: "1", value: String(at), list: "years",
      "aria-valuetext": lc.say("year", { year }) });
    slider.addEventListener("input", () => { pause(); setYear(all[Number(slider.value)]); });
    return [
      element("h3", { text: say("year_slider") }),
      element("div", { class: "years" }, [
        element("button", { type: "button", id: "play", "aria-pressed": String(playing !== null), text: say(playing === null ? "play" : "pause"),
          onclick: play }),
        element("label", { for: "year", class: "hidden", text: say("year_slider") }), slider,
        element("datalist", { id: "years" }, all.map((_, i) => element("option", { value: String(i) }))), shown,
      ]),
    ];
  };
})(livingcircle);
