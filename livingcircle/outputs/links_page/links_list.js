"use strict";
// The ranked list; the chosen row opens and says why it is there, who gains, and how far they walk before and after.

(function (lc) {
  const { element } = lc;
  const MOST_HOMES = 40;

  // Arrow keys walk along the rows.
  function arrows(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], rows = [...document.querySelectorAll("#list .row")], at = rows.indexOf(document.activeElement);
    if (!step || at < 0 || !rows[at + step]) return;
    event.preventDefault();
    rows[at + step].focus();
  }

  const fact = (word, text) => (text ? element("div", { class: "fact" }, [element("dt", { text: lc.say(word) }), element("dd", { text })]) : null);
  const wayText = (link) => (link.walk_m === null ? lc.say("no_way") : lc.show.metres(link.walk_m));

  function facts(link) {
    return element("dl", { class: "facts" }, [
      fact("detour", wayText(link)), fact("length", lc.show.metres(link.length_m)),
      fact("people_distinct", lc.show.people(link.people_distinct)), fact("people_sum", lc.show.count(link.people_gained)),
      fact("in_sequence", lc.show.count(link.people_in_sequence)), fact("people_per_m", lc.show.decimal(link.people_per_m, 1)),
      fact("saved", link.saved ? lc.walkText(link.saved) : ""), fact("cost", lc.costText(link.cost)),
      fact("barrier", link.barriers[lc.language]), fact("how", lc.sayCode("how", link.how)),
      fact("alternatives", link.alternatives ? lc.say("alternatives_count", { count: link.alternatives }) : ""),
    ]);
  }

  // The mean of walks by the people who walk; null where some have none.
  function mean(rows, key) {
    if (rows.some((row) => row[key] === null)) return null;
    const people = rows.reduce((sum, row) => sum + row.people, 0);
    return rows.reduce((sum, row) => sum + (people > 0 ? row.people / people : 1 / rows.length) * row[key], 0);
  }

  function gainRow(link, kind) {
    const rows = link.gains.get(kind) || [], all = kind < 0, on = lc.state.kind === kind;
    const button = element("button", { type: "button", class: "pick", id: `kind-${kind}`, "aria-pressed": String(on), text: lc.kindName(kind),
      onclick: () => lc.choose({ kind }, { fly: false, focus: `kind-${kind}` }) });
    const cells = [lc.show.count(all ? link.people_distinct : lc.gainOf(link, kind)), all ? "" : lc.walkText(mean(rows, "before")),
      all ? "" : lc.walkText(mean(rows, "after"))];
    return element("tr", { class: on ? "on" : "" }, [element("th", { scope: "row" }, [button]), ...cells.map((text) => element("td", { text }))]);
  }

  function gainTable(link) {
    const heads = ["gains_head", "people_head", "before_head", "after_head"];
    return element("table", { class: "gains" }, [
      element("caption", { text: lc.say("gains_by") }),
      element("thead", {}, [element("tr", {}, heads.map((key) => element("th", { scope: "col", text: lc.say(key) })))]),
      element("tbody", {}, [-1, ...link.kinds].map((kind) => gainRow(link, kind))),
    ]);
  }

  function homeList(link) {
    const { kind } = lc.state, { residences } = lc.data, rows = (link.gains.get(kind) || []).slice(0, MOST_HOMES);
    return [
      element("h4", { text: `${lc.say("homes_gaining")} · ${lc.kindName(kind)}` }),
      element("ul", { class: "homes" }, rows.map((row) =>
        element("li", {}, [element("button", { type: "button", class: "pick", onclick: () => lc.goHome(row.home) }, [
        element("b", { text: residences.name[row.home] || lc.say("unnamed") }),
        element("span", { text: [lc.show.people(row.people), kind < 0 ? "" : `${lc.walkText(row.before)} → ${lc.walkText(row.after)}`].filter(Boolean)
          .join(" · ") }),
      ])]))),
    ];
  }

  function detail(link) {
    const gains = link.gains.size > 0;
    return element("div", { class: "detail", id: "detail" }, [
      element("h3", { text: lc.say("why") }), element("p", { class: "why", text: link.whys[lc.language] }), facts(link),
      gains ? gainTable(link) : null, ...(gains ? homeList(link) : []),
    ]);
  }

  function row(link) {
    const on = link.at === lc.state.link, label = `${lc.sayCode("kind", link.kind)} · ${lc.show.metres(link.length_m)} · ${lc.say("detour")} ${wayText(link)}`;
    const button = element("button", {
      type: "button", class: "row", id: `link-${link.at}`, "aria-expanded": String(on),
      onclick: () => lc.choose({ link: on ? -1 : link.at, kind: -1 }, { fly: !on, focus: `link-${link.at}` }),
    }, [
      element("span", { class: "badge", text: String(link.at + 1) }),
      element("span", { class: "what" }, [element("b", { text: lc.placeOf(link) }), element("small", { text: label })]),
      element("span", { class: "much" }, [element("b", { text: lc.show.people(link.people_distinct) }),
        element("small", { text: `${lc.say("people_sum")} ${lc.show.count(link.people_gained)}` })]),
    ]);
    return element("li", { class: on ? "on" : "" }, [button, on ? detail(link) : null]);
  }

  function kinds() {
    const known = [...new Set(lc.data.links.map((link) => link.kind))];
    if (known.length < 2) return null;
    return element("fieldset", { class: "kinds" }, [element("legend", { text: lc.say("kinds") }), ...known.map((kind) => {
      const box = element("input", { type: "checkbox", id: `show-${kind}` });
      box.checked = lc.state.shown.has(kind);
      box.addEventListener("change", () => {
        const shown = new Set(lc.state.shown), { link } = lc.state;
        if (box.checked) shown.add(kind); else shown.delete(kind);
        lc.choose({ shown, link: link >= 0 && shown.has(lc.data.links[link].kind) ? link : -1 }, { fly: false, focus: `show-${kind}` });
      });
      return element("label", { for: `show-${kind}` }, [box, lc.sayCode("kind", kind)]);
    })]);
  }

  function remarks() {
    const { counts } = lc.data.together;
    const lines = ["reading_times", "reading_sequence", "reading_exact", "reading_search", "reading_limit", "reading_file"];
    return element("details", { class: "remarks" }, [element("summary", { text: lc.say("reading") }), element("ul", {}, lines.map((key) => element("li", {
      text: lc.say(key, { candidates: lc.show.count(counts.candidates), shut: lc.show.count(counts.shut), helpful: lc.show.count(counts.helpful),
        looked: lc.show.count(counts.looked_into) }),
    })))]);
  }

  function bar() {
    const other = lc.languages().find((language) => language !== lc.language);
    return element("div", { class: "bar" }, [
      kinds(), element("span", { class: "gap" }),
      element("button", { type: "button", id: "whole", text: lc.say("whole_view"), onclick: lc.goWhole }),
      element("button", { type: "button", id: "print", text: lc.say("print"), onclick: () => window.print() }),
      other ? element("button", { type: "button", id: "language", lang: other, text: lc.data.words[other].own_name, onclick: () => lc.speakPage(other) })
        : null,
    ]);
  }

  lc.list = function () {
    const links = lc.listed(), kept = document.getElementById("list"), top = kept ? kept.scrollTop : 0;
    lc.fill("panel", [bar(), element("div", { id: "list", onkeydown: arrows }, [
      links.length ? element("ol", {}, links.map(row)) : element("p", { class: "empty", text: lc.say(lc.data.links.length ? "none_shown" : "nothing") }),
        remarks(),
    ])]);
    document.getElementById("list").scrollTop = top;
  };
})(livingcircle);
