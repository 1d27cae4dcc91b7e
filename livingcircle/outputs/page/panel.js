"use strict";
// The side panel: search above, tabs of lists below. Every row is a button, so the keyboard reaches all.

(function (lc) {
  const { element } = lc;

  // A tab a function that returns its elements; other views add theirs.
  const TABS = { gaps: () => lc.gapTab(), by_unit: () => lc.unitTab(), facilities: () => lc.facilityTab(), remarks: () => lc.remarkTab() };

  // Arrow keys walk along the rows, Home and End to the ends.
  lc.arrows = function (event) {
    const at = document.activeElement, step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const end = { Home: "firstElementChild", End: "lastElementChild" }[event.key];
    const to = step ? at[step] : end && at.parentElement[end];
    if (to && to.tagName === "BUTTON") { event.preventDefault(); to.focus(); }
  };

  function tabKeys(event) {
    const keys = Object.keys(TABS), step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    lc.panel.open(keys[(keys.indexOf(lc.state.tab) + step + keys.length) % keys.length]);
    document.getElementById(`tab-${lc.state.tab}`).focus();
  }

  // In the composite view the first list is of residences, not of gaps.
  const tabWord = (key) => lc.say(key === "gaps" && lc.state.lacking ? "lacking" : key);

  lc.panel = {
    tabs: TABS,
    build: function () {
      const search = element("input", { type: "search", id: "search", placeholder: lc.say("search"), "aria-label": lc.say("search") });
      search.value = lc.state.typed || "";
      search.addEventListener("input", () => {
        lc.state.typed = search.value;
        lc.state.query = search.value.trim().toLowerCase();
        lc.panel.refresh();
      });
      const tabs = Object.keys(TABS).map((key) => element("button", {
        type: "button", role: "tab", id: `tab-${key}`, "aria-controls": "list", text: tabWord(key), onclick: () => lc.panel.open(key),
      }));
      lc.fill("panel", [
        element("div", { role: "search" }, [search, element("div", { id: "found", onkeydown: lc.arrows })]),
        element("div", { role: "tablist", class: "tabs", "aria-label": lc.say("panel"), onkeydown: tabKeys }, tabs),
        element("div", { id: "list", role: "tabpanel", tabindex: "0" }),
      ]);
    },
    open: function (key) {
      lc.state.tab = key;
      lc.panel.list();
      lc.tell("tab", key);
    },
    refresh: function () {
      lc.gapList.shown = lc.gapList.first;
      lc.shortenLists();
      lc.panel.list();
    },
    list: function () {
      if (!TABS[lc.state.tab]) lc.state.tab = "gaps";
      if (Object.keys(TABS).some((key) => !document.getElementById(`tab-${key}`))) lc.panel.build();
      Object.keys(TABS).forEach((key) => {
        const tab = document.getElementById(`tab-${key}`), chosen = key === lc.state.tab;
        tab.textContent = tabWord(key);
        tab.setAttribute("aria-selected", String(chosen));
        tab.tabIndex = chosen ? 0 : -1;
      });
      lc.fill("found", lc.state.query ? lc.found(lc.state.query) : []);
      lc.fill("list", TABS[lc.state.tab]()).setAttribute("aria-labelledby", `tab-${lc.state.tab}`);
    },
    // The row of a gap clicked on the map.
    mark: function (gap) {
      if (lc.state.tab !== "gaps") lc.state.tab = "gaps";
      lc.markGap(gap);
      lc.panel.list();
      const row = document.querySelector(`#list [data-gap="${gap}"]`);
      if (row) row.scrollIntoView({ block: "nearest" });
    },
  };
})(livingcircle);
