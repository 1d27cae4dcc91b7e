"use strict";
// The side panel: the sites, the curve, who stays uncovered, and what the siting says in sentences.

(function (lc) {
  const { element } = lc;

  lc.difference = (people) => (people === null || Math.abs(people) < 0.5
    ? lc.say("people_same") : lc.say(people < 0 ? "people_fewer" : "people_more", { people: lc.show.count(Math.abs(people)) }));
  lc.nextBest = (site) => (site.next_id ? `${site.next_id.split(";").join(lc.say("comma"))} (${lc.difference(site.next_people)})` : lc.say("no_next"));

  // Arrow keys walk along the rows.
  function arrows(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key], to = step && document.activeElement[step];
    if (to && to.tagName === "BUTTON") { event.preventDefault(); to.focus(); }
  }

  function siteRow(site, i) {
    const only = site.people_only !== site.people_gained ? lc.say("only_line", { people: lc.show.count(site.people_only) }) : "";
    return element("button", { type: "button", class: "row", onclick: () => lc.goSite(i) }, [
      element("span", { class: "pin small", text: String(site.turn), "--color": lc.data.style.chosen, "aria-hidden": "true" }),
      element("span", { class: "what" }, [
        element("b", { text: [site.site_id, site.name, site.street].filter(Boolean).join(" · ") }),
        element("small", { text: lc.say("gained_line", { people: lc.show.count(site.people_gained) }) }),
        only ? element("small", { text: only }) : null,
        element("small", { text: site.next_id ? lc.say("next_line",
          { other: site.next_id.split(";").join(lc.say("comma")), people: lc.difference(site.next_people) }) : lc.say("no_next") }),
      ]),
      element("span", { class: "much" }, [element("b", { text: `+${lc.show.count(site.people_gained)}` }), element("small", { text: lc.say("people") })]),
    ]);
  }

  function table(heads, rows) {
    return element("table", { class: "numbers" }, [
      element("thead", {}, [element("tr", {}, heads.map((key) => element("th", { scope: "col", text: lc.say(`head.${key}`) })))]),
      element("tbody", {}, rows.map((cells) => element("tr", {}, cells.map((text) => element("td", { text }))))),
    ]);
  }

  function curveTab() {
    const { rows } = lc.data.curve;
    const told = rows.map((row) => [String(row.sites), lc.show.count(row.people), lc.show.share(row.share),
      row.proven ? "=" : `≤ ${lc.show.share(row.bound)}`]);
    return [element("h3", { text: lc.say("curve_title") }), lc.curve(),
      element("p", { class: "hint" }, [element("span", { class: "ring", "--color": lc.data.style.chosen }), lc.say("curve_here")]),
      element("p", { class: "hint", text: lc.say("curve_note") }), table(["sites", "people", "share", "bound"], told)];
  }

  function leftRow(row) {
    const { homes, categories } = lc.data;
    const walk = row.walk_m === null ? lc.say("unreachable") : lc.say("walk_line", { walk: lc.show.count(row.walk_m) });
    const under = [categories.length > 1 ? categories[row.category].name : "", homes.unit[row.home], lc.sayCode("reason", row.reason), walk];
    return element("button", { type: "button", class: "row left", onclick: () => lc.goHome(row) }, [
      element("span", { class: "what" }, [element("b", { text: homes.name[row.home] }), element("small", { text: under.filter(Boolean).join(" · ") })]),
      element("span", { class: "much" }, [element("b", { text: lc.show.count(row.people) }), element("small", { text: lc.say("people") })]),
    ]);
  }

  const TABS = {
    sites: () => [element("div", { class: "rows", onkeydown: arrows }, lc.data.chosen.map(siteRow))],
    curve: curveTab,
    left: () => {
      const { rows, more } = lc.data.left;
      if (!rows.length) return [element("p", { class: "hint", text: lc.say("nobody_left") })];
      return [element("div", { class: "rows", onkeydown: arrows }, rows.map(leftRow)),
        more ? element("p", { class: "hint", text: lc.say("more", { n: more }) }) : null];
    },
    about: () => [element("div", { class: "told" }, lc.data.sentences[lc.language].map((text) => element("p", { text })))],
  };

  lc.tab = "sites";
  lc.panel = function () {
    const names = Object.keys(TABS);
    lc.fill("tabs", names.map((name) => element("button", {
      type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "list", "aria-selected": String(name === lc.tab),
        tabindex: name === lc.tab ? "0" : "-1", text: lc.say(`tab_${name}`),
      onclick: () => choose(name),
      onkeydown: (event) => {
        const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (way) choose(names[(names.indexOf(lc.tab) + way + names.length) % names.length]);
      },
    })));
    lc.fill("list", TABS[lc.tab]());
    document.getElementById("list").setAttribute("aria-labelledby", `tab-${lc.tab}`);
  };

  function choose(name) {
    lc.tab = name;
    lc.panel();
    document.getElementById(`tab-${name}`).focus();
    document.getElementById("list").scrollTop = 0;
  }
})(livingcircle);
