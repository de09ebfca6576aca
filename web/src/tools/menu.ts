/** The list of tools and layers. */

import "./menu.css";
import { ICONS } from "../panels/icons";
import type { App } from "../app";
import { el, icon } from "../text/dom";
import { WORDS } from "../text/words";
import { LAYERS, TOOLS, type Offer } from "./offers";

export class ToolMenu {
  readonly element: HTMLElement;
  private readonly switches = new Map<string, HTMLInputElement>();

  constructor(private readonly app: App, private readonly close: () => void) {
    this.element = el(
      "section", { class: "panel menu", "aria-label": WORDS.tools },
      el("div", { class: "head" }, el("h2", {}, WORDS.tools),
        el("button", { type: "button", class: "plain", "aria-label": WORDS.close, onclick: close }, icon(ICONS.close))),
      el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": WORDS.tools },
        el("h3", {}, WORDS.layers), el("ul", {}, ...LAYERS.map((offer) => this.layer(offer))),
        el("h3", {}, WORDS.toolsOpen), el("ul", {}, ...TOOLS.map((offer) => this.tool(offer)))),
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      close();
    });
    app.model.on(["tools"], () => this.draw());
    this.draw();
  }

  focus(): void {
    this.element.querySelector<HTMLElement>("input, li button")?.focus();
  }

  private draw(): void {
    for (const [name, box] of this.switches) box.checked = this.app.model.layers.has(name);
  }

  private layer(offer: Offer): HTMLElement {
    const box = el("input", { type: "checkbox", onchange: () => this.app.tools.toggleLayer(offer.name, box.checked) });
    this.switches.set(offer.name, box);
    return el("li", {}, el("label", {}, box, el("span", {}, offer.words, el("small", {}, offer.help)), hint(offer)));
  }

  private tool(offer: Offer): HTMLElement {
    const open = (): void => {
      this.close();
      this.app.tools.open(offer.name);
    };
    return el("li", {}, el("button", { type: "button", onclick: open }, el("span", {}, offer.words, el("small", {}, offer.help)), hint(offer)));
  }
}

const hint = (offer: Offer): HTMLElement | null => (offer.key === undefined ? null : el("kbd", {}, offer.key));
