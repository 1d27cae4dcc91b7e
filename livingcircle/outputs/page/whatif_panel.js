// The tab of the side panel: tools, year, settings, the changes so far, what came of them, and the file.

(function (lc) {
  const { element, whatIf } = lc;
  const TAB = "what_if";
  const say = (key, values) => lc.say(`whatif.${key}`, values);

  const button = (id, text, act, more) => element("button", Object.assign({ type: "button", id, text, onclick: act }, more));
  const off = (yes) => (yes ? { disabled: "" } : {});

  function steps() {
    const { past, future } = whatIf.history;
    return element("div", { class: "buttons" }, [
      button("undo", say("undo"), whatIf.undo, off(!past.length)), button("redo", say("redo"), whatIf.redo, off(!future.length)),
      button("reset", say("reset"), whatIf.reset, off(!whatIf.active())),
    ]);
  }

  function views() {
    return element("div", { class: "views", role: "group", "aria-label": say("view") }, ["before", "after", "difference"].map((view) =>
      button(`view-${view}`, say(view), () => whatIf.look(view),
        Object.assign({ "aria-pressed": String(whatIf.view === view) }, off(!whatIf.active() || whatIf.beyond().all.length > 0)))));
  }

  function tools() {
    const current = lc.tools.current(), gates = lc.data.walking === undefined || lc.walking().compounds.length;
    const names = lc.tools.names.filter((name) => gates || !name.startsWith("gate"));
    return [
      element("div", { class: "tools", role: "group", "aria-label": say("tools") }, names.map((name) =>
        button(`tool-${name}`, say(`tool_${name}`), () => lc.tools.start(name), { "aria-pressed": String(name === current) }))),
      element("div", { class: "fields" }, whatIf.toolForm()),
    ];
  }

  function changes() {
    const scenario = whatIf.scenario(), all = lc.scenario.changes(scenario);
    if (!all.length) return [element("p", { class: "hint", text: say("no_changes") })];
    return [element("ul", { class: "changes" }, all.map((change, i) => {
      const words = whatIf.sayChange(scenario, change), at = whatIf.placeOf(scenario, change);
      return element("li", {}, [
        at ? button(`change-${i}`, words, () => go(at), { class: "link" }) : element("span", { text: words }),
        button(`remove-${i}`, "×", () => whatIf.remove(change), { class: "remove", title: say("remove"), "aria-label": `${say("remove")}: ${words}` }),
      ]);
    }))];
  }

  function go(at) {
    const { map } = lc.layers;
    map.setView(at, Math.max(map.getZoom(), 16), { animate: false });
    document.getElementById("frame").scrollIntoView({ block: "nearest" });
  }

  const part = (id, children) => element("div", { id }, children.filter(Boolean));

  // What is being typed and where the eye is stay as they were when the tab is drawn again.
  function keep() {
    const held = document.activeElement, list = document.getElementById("list"), id = held && list.contains(held) ? held.id : "";
    const top = list.scrollTop, range = id && held.type === "text" ? [held.selectionStart, held.selectionEnd] : null;
    queueMicrotask(() => {
      list.scrollTop = top;
      const again = id && document.getElementById(id);
      if (!again || document.activeElement === again) return;
      again.focus({ preventScroll: true });
      if (range && again.setSelectionRange) again.setSelectionRange(...range);
    });
  }

  lc.panel.tabs[TAB] = function () {
    keep();
    whatIf.prepare();
    return [element("section", { id: "whatif", "aria-label": lc.say(TAB) }, [
      steps(), views(), element("p", { class: "summary", role: "status", text: whatIf.summary() }), ...whatIf.notes(),
      element("h3", { text: say("tools") }), ...tools(),
      ...whatIf.yearSlider(),
      element("details", { class: "settings", id: "settings", ontoggle: (event) => { open = event.target.open; } },
        [element("summary", { id: "settings-head", text: say("settings") }), ...whatIf.settingFields()]),
      element("h3", { text: say("changes") }), part("whatif-changes", changes()),
      element("h3", { text: say("results") }), part("whatif-results", whatIf.results()),
      ...whatIf.files(),
    ])].map((section) => { section.querySelector("#settings").open = open; return section; });
  };
  let open = false;

  // Fills a part of the tab anew where the tab is in sight.
  whatIf.redraw = function (id, children) {
    if (lc.state.tab === TAB && document.getElementById(id)) { keep(); lc.fill(id, children); }
  };

  lc.on("whatif-progress", () => whatIf.redraw("whatif-results", whatIf.results()));
})(livingcircle);
