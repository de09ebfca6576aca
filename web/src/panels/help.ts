/** The keys. */

import type { Commands } from "../state/commands";
import type { Model } from "../state/model";
import { el, icon } from "../text/dom";
import { KEYS, WORDS } from "../text/words";
import { LAYERS, TOOLS } from "../tools/offers";
import { ICONS } from "./icons";

export class Help {
  readonly element: HTMLElement;

  constructor(model: Model, commands: Commands) {
    const close = el("button", { type: "button", class: "plain", "aria-label": WORDS.close, onclick: () => commands.set("isHelpOpen", false) }, icon(ICONS.close));
    this.element = el(
      "section", { class: "panel help", role: "dialog", "aria-label": WORDS.help, hidden: true },
      el("div", { class: "head" }, el("h2", {}, WORDS.help), close),
      el("dl", {}, ...[...KEYS, ...[...TOOLS, ...LAYERS].flatMap(({ key, words }) => (key === undefined ? [] : [[key, words.toLowerCase()] as const]))].map(([keys, what]) => el("div", {}, el("dt", {}, ...keys.split(/\s{2,}|\s/).map((k) => el("kbd", {}, k))), el("dd", {}, what)))),
      el("p", { class: "credit" }, "Map: Natural Earth; cities: GeoNames, CC BY 4.0. Everything on this page comes from this node."),
    );
    model.on(["settings"], () => {
      const wasHidden = this.element.hidden;
      this.element.hidden = !model.settings.isHelpOpen;
      if (wasHidden && !this.element.hidden) close.focus();
    });
  }
}
