/** The list of aircraft: the same as the map, in words; only the lines that are in view are made. */

import "./list.css";
import { ICONS } from "../panels/icons";
import { hexOf } from "../state/aircraft";
import type { Commands } from "../state/commands";
import type { Model } from "../state/model";
import { el, icon, setText } from "../text/dom";
import * as units from "../text/units";
import { WORDS } from "../text/words";
import { columnsOf, emergencyOf, type Column } from "./columns";
import { ordered } from "./order";
import { LIST_WORDS as SAID } from "./words_list";

const EVERY_MS = 900;
const LINE_PX = 29;
const BEYOND = 6;
const HEAD_PX = 32;
/** Of each selected aircraft the trail is fetched. */
const MOST_SELECTED = 50;
const MOST_URGENT = 4;
const KEPT = "skywitness.columns";

export class AircraftList {
  readonly element: HTMLElement;
  private readonly head = el("tr", { "aria-rowindex": 1 });
  private readonly widths = el("colgroup", {});
  private readonly above = el("tr", { "aria-hidden": "true" }, el("td", {}));
  private readonly below = el("tr", { "aria-hidden": "true" }, el("td", {}));
  private readonly body = el("tbody", {});
  private readonly table = el("table", {}, this.widths, el("thead", {}, this.head), el("tbody", {}, this.above), this.body, el("tbody", {}, this.below));
  private readonly scroller = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": WORDS.table }, this.table);
  private readonly caption = el("p", { class: "quiet list-count" });
  private readonly urgent = el("div", { class: "list-urgent", hidden: true });
  private readonly foot = el("p", { class: "foot" });
  private readonly input: HTMLInputElement;
  private readonly chips: readonly (readonly [HTMLButtonElement, () => boolean])[];
  private readonly all: readonly Column[];
  private shown: readonly Column[];
  private lines: HTMLTableRowElement[] = [];
  private order: readonly number[] = [];
  private sort: Column;
  private isUp = true;
  private isEmergencyOnly = false;
  private active: number | null = null;
  private anchor: number | null = null;
  private drawnAt = 0;
  private frame = 0;
  private timer = 0;

  constructor(private readonly model: Model, private readonly commands: Commands, private readonly show: (key: number) => void) {
    this.all = columnsOf(model);
    this.shown = this.kept();
    this.sort = this.all[0]!;
    this.input = el("input", {
      type: "search", "aria-label": `${SAID.filter}: ${SAID.filterHelp}`, placeholder: SAID.filterHelp, spellcheck: "false", oninput: () => {
        this.scroller.scrollTop = 0;
        this.draw();
      },
    });
    const chip = (words: string, isOn: () => boolean, act: () => void): readonly [HTMLButtonElement, () => boolean] =>
      [el("button", { type: "button", class: "chip", onclick: act }, words), isOn];
    this.chips = [
      chip(SAID.military, () => model.settings.isMilitaryOnly, () => commands.toggle("isMilitaryOnly")),
      chip(SAID.interesting, () => model.settings.isInterestingOnly, () => commands.toggle("isInterestingOnly")),
      chip(SAID.emergencies, () => this.isEmergencyOnly, () => {
        this.isEmergencyOnly = !this.isEmergencyOnly;
        this.draw();
      }),
    ];
    this.element = el(
      "section", { class: "panel list", "aria-label": WORDS.aircraft },
      el("div", { class: "head" }, el("div", {}, el("h2", {}, WORDS.aircraft), this.caption),
        el("button", { type: "button", class: "plain", "aria-label": WORDS.close, onclick: () => commands.set("isTableOpen", false) }, icon(ICONS.close))),
      this.urgent,
      el("div", { class: "chips" }, this.input, ...this.chips.map(([button]) => button), this.chooser()),
      this.scroller, this.foot,
    );
    this.scroller.setAttribute("aria-description", SAID.help);
    this.scroller.addEventListener("scroll", () => this.drawSoon());
    this.element.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.drawSoon()).observe(this.scroller);
    this.makeHead();
    model.on(["settings", "selection"], () => this.draw());
    model.on(["picture"], () => {
      // In the past a picture may be the only one for long: none is left out.
      const wait = EVERY_MS - (performance.now() - this.drawnAt);
      if (wait <= 0) this.draw();
      else this.timer ||= window.setTimeout(() => this.draw(), wait);
    });
    this.draw();
  }

  // --- columns ------------------------------------------------------------------------------------------------------

  private kept(): readonly Column[] {
    let names: unknown = null;
    try {
      names = JSON.parse(window.localStorage.getItem(KEPT) ?? "null");
    } catch {
      // Storage may be forbidden: then the page forgets.
    }
    const isNamed = (column: Column): boolean => (Array.isArray(names) ? names.includes(column.id) : column.isUsual);
    // The first is the button that selects: it is always there.
    return this.all.filter((column, i) => i === 0 || isNamed(column));
  }

  private chooser(): HTMLElement {
    const boxes = this.all.slice(1).map((column) => {
      const box = el("input", { type: "checkbox", checked: this.shown.includes(column), onchange: () => {
        const names = this.shown.map((one) => one.id).filter((id) => id !== column.id);
        if (box.checked) names.push(column.id);
        this.shown = this.all.filter((one) => names.includes(one.id));
        try {
          window.localStorage.setItem(KEPT, JSON.stringify(names));
        } catch {
          // As above.
        }
        if (!this.shown.includes(this.sort)) this.sort = this.all[0]!;
        this.makeHead();
        this.draw();
      } });
      return el("label", {}, box, column.title);
    });
    const chooser = el("details", { class: "list-columns", onkeydown: (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !chooser.open) return;
      event.stopPropagation();
      chooser.open = false;
      chooser.querySelector("summary")!.focus();
    } }, el("summary", { class: "chip" }, SAID.columns), el("div", { role: "group", "aria-label": SAID.columns }, ...boxes));
    return chooser;
  }

  private makeHead(): void {
    this.head.replaceChildren(...this.shown.map((column) => el("th", { scope: "col", class: column.isNumber ? "number" : null },
      el("button", { type: "button", onclick: () => {
        if (this.sort === column) this.isUp = !this.isUp;
        else [this.sort, this.isUp] = [column, !column.isNumber || column.id === "heard"];
        this.scroller.scrollTop = 0;
        this.draw();
      } }, column.title))));
    this.widths.replaceChildren(...this.shown.map((column) => {
      const one = el("col", {});
      one.style.width = `${column.width}px`;
      return one;
    }));
    this.table.style.minWidth = `${this.shown.reduce((sum, column) => sum + column.width, 0)}px`;
    for (const filler of [this.above, this.below]) (filler.firstElementChild as HTMLTableCellElement).colSpan = this.shown.length;
    this.table.setAttribute("aria-colcount", String(this.shown.length));
    this.body.replaceChildren();
    this.lines = [];
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  /** Sort anew and draw; nothing is done while the list is closed. */
  private draw(): void {
    this.element.hidden = !this.model.settings.isTableOpen;
    if (this.element.hidden) return;
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.drawnAt = performance.now();
    this.order = ordered(this.model, this.sort, this.isUp, { text: this.input.value.trim().toUpperCase(), isEmergencyOnly: this.isEmergencyOnly });
    const { table, filter } = this.model;
    this.shown.forEach((column, i) => {
      const cell = this.head.children[i]!;
      if (column === this.sort) cell.setAttribute("aria-sort", this.isUp ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    });
    for (const [button, isOn] of this.chips) button.setAttribute("aria-pressed", String(isOn()));
    const counted = SAID.count(units.count(this.order.length), units.count(table.count));
    setText(this.caption, `${counted}, ${SAID.sorted(this.sort.title, this.isUp)}`);
    this.table.setAttribute("aria-rowcount", String(this.order.length + 1));
    setText(this.foot, this.order.length > 0 ? "" : table.count > 0 ? SAID.none : filter === "" ? WORDS.noAircraft : WORDS.noMatch);
    this.drawUrgent();
    this.drawLines();
  }

  private drawSoon(): void {
    if (this.frame !== 0) return;
    this.frame = window.requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.element.hidden) this.drawLines();
    });
  }

  /** The lines in view, and some beyond. */
  private drawLines(): void {
    const { table, selected } = this.model;
    const seen = Math.ceil(Math.max(LINE_PX, this.scroller.clientHeight - HEAD_PX) / LINE_PX);
    const first = Math.max(0, Math.min(Math.floor(this.scroller.scrollTop / LINE_PX) - BEYOND, this.order.length - seen));
    const last = Math.min(this.order.length, first + seen + 2 * BEYOND);
    const hadFocus = this.body.contains(document.activeElement);
    while (this.lines.length > last - first) this.lines.pop()!.remove();
    while (this.lines.length < last - first) {
      this.lines.push(this.line());
      this.body.append(this.lines.at(-1)!);
    }
    this.above.hidden = first === 0;
    this.below.hidden = last === this.order.length;
    (this.above.firstElementChild as HTMLElement).style.height = `${first * LINE_PX}px`;
    (this.below.firstElementChild as HTMLElement).style.height = `${(this.order.length - last) * LINE_PX}px`;
    const tab = this.active !== null && this.order.includes(this.active) ? this.active : this.order[first];
    let focused: HTMLButtonElement | null = null;
    this.lines.forEach((line, i) => {
      const key = this.order[first + i]!;
      const row = table.rows.get(key);
      const isSelected = selected.has(key);
      line.dataset["key"] = String(key);
      line.setAttribute("aria-rowindex", String(first + i + 2));
      line.classList.toggle("selected", isSelected);
      line.classList.toggle("emergency", row !== undefined && emergencyOf(this.model, row) !== "");
      const button = line.firstElementChild!.firstElementChild as HTMLButtonElement;
      button.tabIndex = key === tab ? 0 : -1;
      button.setAttribute("aria-pressed", String(isSelected));
      if (key === this.active) focused = button;
      this.shown.forEach((column, k) => setText(k === 0 ? button : (line.children[k] as HTMLElement), row === undefined ? (k === 0 ? hexOf(key) : "") : column.text(row)));
    });
    if (!hadFocus) return;
    // Lines change places: what had the keys keeps them.
    if (focused !== null) (focused as HTMLButtonElement).focus({ preventScroll: true });
    else this.scroller.focus({ preventScroll: true });
  }

  private line(): HTMLTableRowElement {
    const choose = (event: MouseEvent): void => {
      const key = Number((event.currentTarget as HTMLElement).dataset["key"]);
      this.choose(key, { isMore: event.ctrlKey || event.metaKey, isRange: event.shiftKey });
    };
    return el("tr", { onclick: choose }, ...this.shown.map((column, i) =>
      i === 0 ? el("td", {}, el("button", { type: "button" })) : el("td", { class: column.isNumber ? "number" : null })));
  }

  /** Whoever tells of an emergency is above the list, whatever it is sorted by. */
  private drawUrgent(): void {
    const { table } = this.model;
    const found: number[] = [];
    for (let row = 0; row < table.count && found.length < MOST_URGENT; row++) if (emergencyOf(this.model, row) !== "") found.push(row);
    this.urgent.hidden = found.length === 0;
    while (this.urgent.children.length > found.length) this.urgent.lastElementChild!.remove();
    found.forEach((row, i) => {
      const key = table.get("key", row);
      const words = `${SAID.emergency}: ${this.model.nameOf(key)}, ${emergencyOf(this.model, row)}, squawk ${units.squawk(table.get("squawk", row)) || WORDS.unknown}`;
      if (this.urgent.children[i] === undefined) {
        const button = el("button", { type: "button", class: "urgent", onclick: () => this.choose(Number(button.dataset["key"]), { isMore: false, isRange: false }) });
        this.urgent.append(button);
      }
      const button = this.urgent.children[i] as HTMLElement;
      button.dataset["key"] = String(key);
      setText(button, words);
    });
  }

  // --- choosing -----------------------------------------------------------------------------------------------------

  private choose(key: number, how: { readonly isMore: boolean; readonly isRange: boolean }): void {
    this.active = key;
    const [from, to] = [this.anchor === null ? -1 : this.order.indexOf(this.anchor), this.order.indexOf(key)];
    if (how.isRange && from >= 0 && to >= 0) {
      const range = this.order.slice(Math.min(from, to), Math.max(from, to) + 1).filter((one) => one !== key);
      if (range.length >= MOST_SELECTED) this.commands.say(SAID.most(MOST_SELECTED));
      const near = from < to ? range.slice(-(MOST_SELECTED - 1)) : range.slice(0, MOST_SELECTED - 1);
      this.commands.selectAll([...near, key]);
      return;
    }
    this.anchor = key;
    this.commands.select(key, how.isMore);
    if (!how.isMore) this.show(key);
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const isInList = target === this.scroller || this.body.contains(target);
    if (!isInList || event.altKey || event.metaKey) return;
    const at = this.active === null ? -1 : this.order.indexOf(this.active);
    const page = Math.max(1, Math.floor((this.scroller.clientHeight - HEAD_PX) / LINE_PX) - 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: this.order.length - 1,
    };
    const wanted = steps[event.key];
    if (wanted === undefined || this.order.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const i = Math.max(0, Math.min(this.order.length - 1, wanted));
    this.active = this.order[i]!;
    const top = i * LINE_PX;
    const room = this.scroller.clientHeight - HEAD_PX;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (top + LINE_PX > this.scroller.scrollTop + room) this.scroller.scrollTop = top + LINE_PX - room;
    this.drawLines();
    this.body.querySelector<HTMLElement>(`tr[data-key="${this.active}"] button`)?.focus({ preventScroll: true });
    if (event.shiftKey && event.key.startsWith("Arrow")) {
      this.anchor ??= this.order[Math.max(0, at)] ?? this.active;
      this.choose(this.active, { isMore: false, isRange: true });
    }
  }
}

