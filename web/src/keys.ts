/** Keys: those of tar1090 where it has them. */

import type { App } from "./app";

const STEP_PX = 120;

export function listenToKeys(app: App): void {
  const { commands, model } = app;
  const move = (x: number, y: number) => () => app.map.panBy([x * STEP_PX, y * STEP_PX], { duration: 200 });
  const zoom = (by: number) => () => app.zoom(by);
  const acts: Readonly<Record<string, () => void>> = {
    "/": () => app.search.input.focus(),
    q: zoom(-1), "-": zoom(-1), e: zoom(1), "+": zoom(1), "=": zoom(1),
    w: move(0, -1), a: move(-1, 0), s: move(0, 1), d: move(1, 0),
    ArrowUp: move(0, -1), ArrowLeft: move(-1, 0), ArrowDown: move(0, 1), ArrowRight: move(1, 0),
    h: () => app.fit(), c: () => commands.select(null),
    Escape: () => {
      if (model.settings.isHelpOpen) commands.set("isHelpOpen", false);
      else if (model.tool !== null) app.tools.open("");
      else if (model.selected.size > 0) commands.select(null);
      else if (model.page !== null) commands.openPage(null);
      else model.asking.close();
    },
    Z: () => app.fitAnswer(), x: () => app.overlays.clear(), "[": () => app.zoomTime(0.5), "]": () => app.zoomTime(2),
    v: () => commands.toggle("isTableOpen"), f: () => commands.toggle("isFollowing"),
    i: () => model.selected.size > 0 && commands.toggle("isIsolated"), m: () => app.toggleMany(), r: () => commands.selectRandom(),
    l: () => commands.set("labels", model.settings.labels === 0 ? 1 : 0),
    o: () => commands.set("labels", model.settings.labels === 2 ? 1 : 2),
    p: () => commands.toggle("areTrailsKept"), u: () => commands.toggle("isMilitaryOnly"), T: () => commands.toggle("isTisbHidden"),
    b: () => commands.set("theme", model.settings.theme === "light" ? "dark" : "light"),
    n: () => commands.set("units", model.settings.units === "aviation" ? "metric" : model.settings.units === "metric" ? "imperial" : "aviation"),
    t: () => void app.toggleMenu(), k: () => void app.keep(), K: () => void app.toggleDesk(),
    H: () => commands.toggle("areButtonsHidden"), "?": () => commands.toggle("isHelpOpen"),
    Y: () => (model.mode === "past" ? app.live() : app.openPast()), " ": () => model.mode === "past" && app.toggle(),
  };
  window.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    const isTyping = target.matches("input:not([type=range]), textarea, select");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    // A button, a slider or a list that has the focus keeps the keys it is used with.
    if ((event.key === " " || event.key === "Enter") && target.matches("button, a")) return;
    if (event.key.startsWith("Arrow") && target.matches("input, .scroll")) return;
    const act = acts[event.key];
    if (act !== undefined) act();
    else if (!app.tools.press(event.key)) return;
    event.preventDefault();
  });
}
