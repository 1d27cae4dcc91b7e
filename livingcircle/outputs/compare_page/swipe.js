"use strict";
// Two maps that move as one, under a divider that is dragged, or side by side.

(function (lc) {
  const KEYS = { ArrowLeft: -2, ArrowRight: 2, PageDown: -10, PageUp: 10, Home: -100, End: 100 };

  // Everything that moves one map moves the other; a pan shifts its pane alone, so that both stay one picture while dragged.
  lc.moveTogether = function (maps) {
    let busy = false;
    const follow = (from, to, settled) => {
      if (busy || !to.getSize().x || !from.getSize().x) return;
      busy = true;
      const zoom = from.getZoom();
      if (to.getZoom() === zoom) {
        const offset = from.project(from.getCenter(), zoom).subtract(to.project(to.getCenter(), zoom)).round();
        if (offset.x || offset.y) { to._rawPanBy(offset); to.fire("move"); }
        if (settled) to.fire("moveend");
      } else to.setView(from.getCenter(), zoom, { animate: false });
      busy = false;
    };
    maps.forEach((map, i) => {
      const other = maps[1 - i];
      map.on("move zoom", () => follow(map, other, false));
      map.on("moveend zoomend", () => follow(map, other, true));
    });
  };

  // Under the divider each map shows half of what lies there: a card is opened on both, at the same place, and its halves meet.
  lc.cardsTogether = function (maps) {
    const frame = document.getElementById("frame");
    let busy = false;
    maps.forEach((map, i) => {
      const other = maps[1 - i];
      map.on("popupopen", ({ popup }) => {
        frame.classList.add("carded");
        if (busy || lc.state.mode !== "swipe") return;
        busy = true;
        const content = popup.getContent(), made = typeof content === "function" ? content() : content.cloneNode(true);
        other.openPopup(L.popup(Object.assign({}, lc.cardOptions, { autoPan: false })).setLatLng(popup.getLatLng()).setContent(made));
        busy = false;
      });
      map.on("popupclose", () => {
        frame.classList.remove("carded");
        if (busy) return;
        busy = true;
        other.closePopup();
        busy = false;
      });
    });
  };

  // Divides the frame at a share of its width.
  lc.divide = function (share) {
    lc.state.at = Math.min(1, Math.max(0, share));
    const frame = document.getElementById("frame"), divider = document.getElementById("divider"), percent = Math.round(100 * lc.state.at);
    frame.style.setProperty("--at", `${100 * lc.state.at}%`);
    divider.setAttribute("aria-valuenow", String(percent));
    divider.setAttribute("aria-valuetext", lc.say("divider_at", { percent }));
  };

  lc.startDivider = function () {
    const frame = document.getElementById("frame"), divider = document.getElementById("divider");
    let held = false;
    const move = (event) => {
      if (!held) return;
      const box = frame.getBoundingClientRect();
      lc.divide((event.clientX - box.left) / box.width);
    };
    divider.addEventListener("pointerdown", (event) => {
      held = true;
      divider.setPointerCapture(event.pointerId);
      event.preventDefault();
      divider.focus();
    });
    divider.addEventListener("pointermove", move);
    ["pointerup", "pointercancel"].forEach((name) => divider.addEventListener(name, () => { held = false; }));
    divider.addEventListener("keydown", (event) => {
      if (!(event.key in KEYS)) return;
      event.preventDefault();
      lc.divide(lc.state.at + (KEYS[event.key] / 100) * (event.shiftKey ? 5 : 1));
    });
  };

  // Lays both maps out anew and keeps what they showed; what was seen whole is seen whole.
  lc.layOut = function (change) {
    const { map } = lc.maps[1], whole = lc.maps[0].bounds(), center = map.getCenter(), zoom = map.getZoom();
    const seenWhole = map.getSize().x > 0 && whole && map.getBounds().contains(whole);
    change();
    lc.maps.forEach((one) => one.map.invalidateSize({ animate: false, pan: false }));
    if (seenWhole) lc.goWhole();
    else map.setView(center, zoom, { animate: false });
  };

  // Shows both maps in a mode: swipe, linked or difference.
  lc.showMode = function () {
    document.getElementById("frame").className = lc.state.mode;
    lc.divide(lc.state.at);
  };
})(livingcircle);
