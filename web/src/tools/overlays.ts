/** Files and tiles of the reader's own: choose, list, switch and take away. */

import "./overlays.css";
import { ownMap } from "../api/places";
import type { App } from "../app";
import { ICONS } from "../panels/icons";
import { el, icon, setText } from "../text/dom";
import { WORDS } from "../text/words";
import type { Opened } from "./offers";
import { SAID } from "./words_overlays";

const LONGEST = 500;

class OverlayTool implements Opened {
  readonly element: HTMLElement;
  private readonly files = el("input", { type: "file", multiple: true, accept: ".geojson,.json,.kml", "aria-label": SAID.choose });
  private readonly list = el("ul", { "aria-label": SAID.list });
  private readonly none = el("p", {}, SAID.none);
  private readonly template = el("input", { type: "text", inputmode: "url", autocomplete: "off", spellcheck: "false", maxlength: LONGEST, "aria-label": SAID.tilesHelp, placeholder: "https://…/{z}/{x}/{y}.png" });
  private readonly wrong = el("p", { class: "wrong", role: "status" });

  constructor(private readonly app: App) {
    this.files.addEventListener("change", () => void this.take());
    const form = el("form", {}, this.template, el("button", { type: "submit" }, SAID.add));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.addTiles(this.template.value.trim());
    });
    this.element = el(
      "section", { class: "panel tool overlays-tool", "aria-label": SAID.title },
      el("div", { class: "head" }, el("h2", {}, SAID.title),
        el("button", { type: "button", class: "plain", "aria-label": WORDS.close, onclick: () => app.tools.open("") }, icon(ICONS.close))),
      el("div", { class: "inside" },
        this.files, el("p", {}, SAID.about), el("h3", {}, SAID.list), this.none, this.list,
        el("h3", {}, SAID.tiles), form, this.wrong),
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      app.tools.open("");
    });
    app.overlays.changed = () => this.draw();
    this.draw();
  }

  show(isShown: boolean): void {
    if (isShown) this.files.focus();
  }

  private async take(): Promise<void> {
    for (const file of this.files.files ?? []) await this.app.overlays.take(file);
    this.files.value = "";
  }

  private draw(): void {
    const { overlays } = this.app;
    this.none.hidden = overlays.items.length > 0;
    this.list.hidden = overlays.items.length === 0;
    this.list.replaceChildren(...overlays.items.map((item) => {
      const box = el("input", { type: "checkbox", checked: item.isShown, onchange: () => overlays.show(item, box.checked) });
      return el("li", {}, el("label", {}, box, el("span", {}, item.name)),
        el("button", { type: "button", class: "plain", "aria-label": SAID.remove(item.name), onclick: () => overlays.remove(item) }, icon(ICONS.close)));
    }));
  }

  /** Tiles of another server only where the operator lets the page ask it. */
  private async addTiles(template: string): Promise<void> {
    setText(this.wrong, "");
    if (!["{z}", "{x}", "{y}"].every((part) => template.includes(part)) || !URL.canParse(template, document.baseURI)) return setText(this.wrong, SAID.noTemplate);
    const { origin, host } = new URL(template, document.baseURI);
    const allowed = origin === window.location.origin ? [origin] : ((await ownMap().catch(() => null))?.origins ?? []);
    if (!allowed.includes(origin)) return setText(this.wrong, SAID.notAllowed(origin));
    const { map, overlays } = this.app;
    const address = new URL(template, document.baseURI).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
    overlays.draw(host, { type: "raster", tiles: [address], tileSize: 256, maxzoom: 19 }, (id) => {
      map.on("error", (event) => {
        if ((event as { sourceId?: unknown }).sourceId === id) setText(this.wrong, SAID.failed(host));
      });
      return [{ id: `${id}-tiles`, type: "raster", source: id }];
    }, map.getLayer("runway") ? "runway" : "country");
    this.template.value = "";
  }
}

export function open(app: App): Opened {
  return new OverlayTool(app);
}
