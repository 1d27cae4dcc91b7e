// A scenario saved to a file and read from one; where a file cannot be saved its text can be copied.

(function (lc) {
  const { element, whatIf } = lc;
  const say = (key, values) => lc.say(`whatif.${key}`, values);
  const MOST_BYTES = 5e6;
  let pasted = "", faults = [], said = "", opened = false;

  // A name that every file system and every shell takes as it is.
  whatIf.fileName = function (name) {
    const plain = name.trim().replace(/\.toml$/i, "").replace(/[^\p{L}\p{N}_.-]+/gu, "_").replace(/^[-.]+/, "").slice(0, 80).replace(/[\ud800-\udbff]$/, "");
    return `${plain || "scenario"}.toml`;
  };

  const text = () => lc.toToml(whatIf.whole());
  const studyId = () => String(lc.data.study.id || "STUDY").replace(/[^\p{L}\p{N}_.-]+/gu, "_").replace(/^-+/, "");
  const command = () => `livingcircle analyze data/${studyId()} --scenario ${whatIf.fileName(whatIf.named.name)}`;

  function save() {
    const address = URL.createObjectURL(new Blob([text()], { type: "application/toml" }));
    const link = element("a", { href: address, download: whatIf.fileName(whatIf.named.name) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    tell(say("saved", { file: whatIf.fileName(whatIf.named.name) }));
  }

  function tell(words, wrong) {
    said = words;
    faults = wrong || [];
    whatIf.redraw("whatif-said", result());
  }

  function copy() {
    const box = document.getElementById("scenario-text");
    box.focus();
    box.select();
    const done = () => tell(say("copied")), byHand = () => tell(say("copy_by_hand"));
    if (navigator.clipboard && navigator.clipboard.writeText) navigator.clipboard.writeText(text()).then(done, () => {
      if (document.execCommand("copy")) done();
      else byHand();
    });
    else if (document.execCommand("copy")) done();
    else byHand();
  }

  // Takes the text of a scenario, or tells what is wrong with it.
  function take(told) {
    let wrong;
    try { wrong = whatIf.load(told); } catch (error) { wrong = [{ key: "", problem: "json" }]; console.error(error); }
    if (!wrong.length) pasted = "";
    tell(wrong.length ? say("not_loaded") : say("loaded", { n: lc.scenario.changes(whatIf.scenario()).length }), wrong);
    lc.panel.list();
  }

  function read(input) {
    const [file] = input.files;
    if (!file) return;
    if (file.size > MOST_BYTES) { tell(say("not_loaded"), [{ key: "", problem: "size" }]); return; }
    const reader = new FileReader();
    reader.onload = () => take(String(reader.result));
    reader.onerror = () => tell(say("not_loaded"), [{ key: "", problem: "json" }]);
    reader.readAsText(file, "utf-8");
  }

  const result = () => [said ? element("p", { class: faults.length ? "alarm" : "hint", text: said }) : null,
    element("ul", { class: "faults" }, faults.map((fault) => element("li", { text: whatIf.sayFault(fault) })))];

  whatIf.files = function () {
    const file = element("input", { type: "file", id: "scenario-file", accept: ".toml,.json,.txt" });
    file.addEventListener("change", () => read(file));
    const box = element("textarea", { id: "scenario-text", readonly: "", rows: "7", spellcheck: "false", "aria-label": say("text") });
    box.value = text();
    const paste = element("textarea", { id: "scenario-paste", rows: "3", spellcheck: "false", placeholder: say("paste"), "aria-label": say("paste") });
    paste.value = pasted;
    paste.addEventListener("input", () => { pasted = paste.value; });
    const details = element("details", { class: "text", ontoggle: () => { opened = details.open; } }, [element("summary", { text: say("text") }), box,
      element("button", { type: "button", id: "copy", text: say("copy"), onclick: copy })]);
    details.open = opened;
    const named = (key) => (value) => { whatIf.named[key] = value.trim(); lc.panel.list(); };
    return [
      element("h3", { text: say("save_load") }),
      element("div", { class: "fields" }, [
        whatIf.field("scenario-name", say("scenario_name"), whatIf.named.name, named("name"), { maxlength: "200" }),
        whatIf.field("scenario-note", say("note"), whatIf.named.note, named("note"), { maxlength: "1000" }),
      ]),
      element("div", { class: "buttons" }, [element("button", { type: "button", id: "save", text: say("save"), onclick: save })]),
      element("p", { class: "hint", text: say("command") }),
      element("code", { class: "command", text: command() }),
      details,
      element("label", { for: "scenario-file", class: "file" }, [say("load"), file]),
      paste,
      element("div", { class: "buttons" }, [element("button", { type: "button", id: "take", text: say("take"), onclick: () => take(paste.value) })]),
      element("div", { id: "whatif-said", role: "status" }, result().filter(Boolean)),
    ];
  };
})(livingcircle);
