"use strict";
// The language of the page: words and names of every language are in it; what the data word stays as it is.

(function (lc) {
  const LOCALE = { zh: "zh-CN", en: "en" };

  // The languages of the page; each is named in itself.
  lc.languages = () => Object.keys(lc.data.words);

  function rename(rows, from, to) {
    rows.forEach((row) => { row[to] = row[from][lc.language]; });
  }

  // Makes `name`, `how`, `note` and the like of lc.data those of a language. Says nothing on the screen.
  lc.speak = function (language) {
    const { data } = lc;
    lc.language = language in data.words ? language : data.study.language;
    [data.themes, data.categories, data.levels, data.groups, data.elsewhere || []].forEach((rows) => rename(rows, "names", "name"));
    rename(data.groups, "hows", "how");
    [["names", "name"], ["notes", "note"], ["standard_names", "standard_name"], ["warnings_by_language", "warnings"]]
      .forEach(([from, to]) => rename([data.study], from, to));
    lc.nameUnits(lc.now.coverage);
    document.documentElement.lang = LOCALE[lc.language] || lc.language;
    document.title = `${data.study.name} · ${lc.say("living_circle")}`;
    lc.tell("spoken");
  };

  // The whole area and what lies outside every unit are worded by the page, units by the data.
  lc.nameUnits = function (coverage) {
    const word = { 1: lc.say("whole_area"), 2: lc.say("outside_units") };
    if (coverage) coverage.rows.forEach((row) => { if (row.kind) row.unit = word[row.kind]; });
  };

  // The order of names in the language of the page; a collator is dear to make.
  const collators = {};
  lc.inOrder = function (a, b) {
    collators[lc.language] = collators[lc.language] || new Intl.Collator(LOCALE[lc.language]);
    return collators[lc.language].compare(a, b);
  };

  // The word of `key`; {marks} in it are filled from `values`.
  lc.say = function (key, values) {
    const word = lc.data.words[lc.language][key];
    return (word === undefined ? key : word).replace(/\{(\w+)\}/g, (mark, name) => (values && name in values ? values[name] : mark));
  };

  // The word of a code of the results, or the code itself where the page has no word for it.
  lc.sayCode = function (kind, code) {
    const word = lc.data.words[lc.language][`${kind}.${code}`];
    return word === undefined ? code : word;
  };

  // As Intl.NumberFormat has it, whose first call alone holds a page that opens by 20 to 40 ms.
  function grouped(value, digits) {
    const size = Math.abs(value), plain = size < 1e-6 || size >= 1e15;
    const text = (plain ? size : Number(`${Math.round(Number(`${size}e${digits}`))}e-${digits}`)).toFixed(digits), [whole, part] = text.split(".");
    const told = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? `.${part}` : "");
    return value < 0 && /[1-9]/.test(told) ? `-${told}` : told;
  }
  const NONE = "—";
  lc.show = {
    count: (value) => (value === null ? NONE : grouped(value, 0)),
    decimal: (value, digits) => (value === null ? NONE : grouped(value, digits)),
    plain: (value) => (value === null ? NONE : String(value)),
    metres: (value) => (value === null ? NONE : `${grouped(value, 0)} ${lc.say("m")}`),
    // Rounded up: a walk of 15.01 minutes must not read as 15.0.
    minutes: (value) => (value === null ? NONE : `${grouped(Math.ceil(value * 10 - 1e-6) / 10, 1)} ${lc.say("min")}`),
    hectares: (value) => (value === null ? NONE : `${grouped(value, 2)} ${lc.say("ha")}`),
    people: (value) => (value === null ? NONE : `${grouped(value, 0)} ${lc.say("persons")}`),
    // 100.0 % and 0.0 % only where nothing, or everything, is missing.
    share: (value) => {
      if (value === null) return NONE;
      if (value > 0 && value < 1) value = Math.min(0.999, Math.max(0.001, value));
      return `${(value * 100).toFixed(1)}%`;
    },
  };

  lc.limitText = function (metres, minutes) {
    const parts = [];
    if (metres !== null) parts.push(lc.show.metres(metres));
    if (minutes !== null) parts.push(`${lc.show.plain(minutes)} ${lc.say("min")}`);
    return parts.join(" / ");
  };

  lc.groupName = (group) => lc.data.groups[group].name;
})(livingcircle);
