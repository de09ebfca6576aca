/** Name, search, time, connection, and the buttons. */

import type { Commands } from "../state/commands";
import type { Model } from "../state/model";
import { el, icon, setText } from "../text/dom";
import { clock, count, day } from "../text/units";
import { WORDS } from "../text/words";
import { ICONS } from "./icons";
import { Search } from "./search";

const THEMES = ["dark", "light", "contrast"] as const;

export class ToolBar {
  readonly element: HTMLElement;
  private readonly time = el("time", { class: "time" });
  private readonly day = el("span", { class: "day" });
  private readonly lamp = el("span", { class: "lamp", role: "status" });
  private readonly aircraft = el("span", { class: "count" });
  private readonly simulated = el("span", { class: "simulated", hidden: true }, "simulated");
  private readonly words = el("p", { class: "notice", role: "alert", hidden: true });
  private readonly table: HTMLButtonElement;
  private readonly past: HTMLButtonElement;

  constructor(private readonly model: Model, commands: Commands, search: Search, openPast: () => void, toggleDesk: () => void, toggleMenu: () => void) {
    const button = (name: string, drawing: string, act: () => void): HTMLButtonElement =>
      el("button", { type: "button", class: "plain", "aria-label": name, title: name, onclick: act }, icon(drawing));
    this.table = button(WORDS.table, ICONS.list, () => commands.toggle("isTableOpen"));
    this.past = button(WORDS.past, ICONS.clock, openPast);
    const theme = button(WORDS.theme, ICONS.theme, () => {
      commands.set("theme", THEMES[(THEMES.indexOf(model.settings.theme) + 1) % THEMES.length]!);
    });
    this.element = el(
      "header", { class: "bar" },
      el("h1", {}, "skywitness"), this.simulated, search.element, el("span", { class: "gap" }), this.aircraft, this.lamp,
      el("div", { class: "clock" }, this.time, this.day),
      el("div", { class: "buttons" }, this.past, this.table, button(WORDS.tools, ICONS.layers, toggleMenu), button(WORDS.desk, ICONS.desk, toggleDesk), theme,
        button(WORDS.thisNode, ICONS.node, () => commands.openPage(model.page?.kind === "node" ? null : { kind: "node", name: "" })),
        button(WORDS.help, ICONS.help, () => commands.toggle("isHelpOpen"))),
      this.words,
    );
    model.on(["connection", "mode", "picture", "settings", "notice"], () => this.draw());
    window.setInterval(() => this.tick(), 200);
    this.draw();
  }

  private draw(): void {
    const { model } = this;
    const isPast = model.mode === "past";
    const isDeaf = model.connection === "live" && model.receiversWords !== "";
    this.lamp.dataset["state"] = isPast ? "past" : isDeaf ? "silent" : model.connection;
    setText(this.lamp, isPast ? "the past" : isDeaf ? model.receiversWords : model.connectionWords);
    // Before the first picture nothing is known: not that there is no aircraft.
    setText(this.aircraft, model.clock.isSet ? `${count(model.table.count)} aircraft` : "");
    this.simulated.hidden = !model.table.isSimulated;
    this.words.hidden = model.notice === "";
    setText(this.words, model.notice);
    this.table.setAttribute("aria-pressed", String(model.settings.isTableOpen));
    this.past.setAttribute("aria-pressed", String(isPast));
    this.past.hidden = !model.hasRecord;
  }

  private tick(): void {
    const now = this.model.clock.now();
    if (!this.model.clock.isSet) return;
    setText(this.time, `${clock(now)} UTC`);
    setText(this.day, day(now));
    this.time.dateTime = new Date(now).toISOString();
  }
}
