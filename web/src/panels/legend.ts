/** What the colours mean, and the buttons of the map. */

import { palette, STOPS_FT } from "../map/palette";
import type { Model } from "../state/model";
import { el, icon } from "../text/dom";
import { FOOT_M } from "../text/units";
import { WORDS } from "../text/words";
import { ICONS } from "./icons";

export class Legend {
  readonly element: HTMLElement;
  private readonly canvas = el("canvas", { width: 320, height: 12 });
  private readonly marks = el("div", { class: "marks" });

  constructor(private readonly model: Model) {
    this.element = el("div", { class: "legend", role: "img", "aria-label": "Colours by altitude" }, this.canvas, this.marks);
    model.on(["settings"], () => this.draw());
    this.draw();
  }

  private draw(): void {
    const { theme, units } = this.model.settings;
    const pen = this.canvas.getContext("2d")!;
    const ramp = palette(theme).ramp;
    const fill = pen.createLinearGradient(0, 0, 320, 0);
    ramp.forEach((colour, i) => fill.addColorStop(i / (ramp.length - 1), colour));
    pen.fillStyle = fill;
    pen.fillRect(0, 0, 320, 12);
    this.marks.replaceChildren(...STOPS_FT.map((ft) =>
      el("span", {}, units === "metric" ? `${((ft * FOOT_M) / 1000).toFixed(ft === 0 ? 0 : 1)}` : `${ft / 1000}`)),
      el("span", {}, units === "metric" ? "km" : "000 ft"));
  }
}

export function mapButtons(zoom: (by: number) => void, home: () => void): HTMLElement {
  const button = (name: string, drawing: string, act: () => void): HTMLButtonElement =>
    el("button", { type: "button", class: "plain", "aria-label": name, title: name, onclick: act }, icon(drawing));
  return el("section", { class: "map-buttons", "aria-label": "Map" },
    button(WORDS.zoomIn, ICONS.plus, () => zoom(1)), button(WORDS.zoomOut, ICONS.minus, () => zoom(-1)), button(WORDS.home, ICONS.home, home));
}
