/** The list of aircraft: the same as the map, in words; sorted by any column. */

import { hexOf, SOURCES } from "../state/aircraft";
import type { Commands } from "../state/commands";
import type { Model } from "../state/model";
import { el, icon, setText } from "../text/dom";
import * as units from "../text/units";
import { FIELDS, WORDS } from "../text/words";
import { ICONS } from "./icons";

const MOST = 250;
const EVERY_MS = 1000;

interface Column {
  readonly name: string;
  readonly isNumber: boolean;
  readonly value: (row: number) => number | string;
  readonly text: (row: number) => string;
}

export class AircraftList {
  readonly element: HTMLElement;
  private readonly head = el("tr", {});
  private readonly body = el("tbody", {});
  private readonly foot = el("p", { class: "foot" });
  private readonly columns: readonly Column[];
  private sort = 0;
  private isUp = true;
  private drawnAt = 0;

  constructor(private readonly model: Model, private readonly commands: Commands, private readonly show: (key: number) => void) {
    const { table, settings } = model;
    const words = (name: "callsign" | "registration" | "type", title: string): Column => ({
      name: title, isNumber: false, value: (row) => table.words(name)[row]!, text: (row) => table.words(name)[row]!,
    });
    const number = (name: "altitude" | "speed" | "rate", title: string, text: (value: number) => string): Column => ({
      name: title, isNumber: true, value: (row) => table.get(name, row), text: (row) => text(table.get(name, row)),
    });
    this.columns = [
      { name: FIELDS.callsign, isNumber: false, value: (row) => table.words("callsign")[row]!, text: (row) => table.words("callsign")[row]! || hexOf(table.get("key", row)) },
      words("registration", FIELDS.registration),
      words("type", FIELDS.type),
      { ...number("altitude", FIELDS.altitude, (v) => units.altitude(v, settings.units)), text: (row) => (table.get("ground", row) === 1 ? "ground" : units.altitude(table.get("altitude", row), settings.units)) },
      number("speed", "Speed", (v) => units.speed(v, settings.units)),
      number("rate", "Rate", (v) => units.climb(v, settings.units)),
      { name: FIELDS.squawk, isNumber: false, value: (row) => units.squawk(table.get("squawk", row)), text: (row) => units.squawk(table.get("squawk", row)) },
      { name: FIELDS.source, isNumber: false, value: (row) => SOURCES[table.get("source", row)] ?? "", text: (row) => SOURCES[table.get("source", row)] ?? "no place" },
      { name: "Heard", isNumber: true, value: (row) => -table.get("seenMs", row), text: (row) => units.age(table.nowMs - table.get("seenMs", row)) },
    ];
    this.columns.forEach((column, i) => {
      this.head.append(el("th", { scope: "col", class: column.isNumber ? "number" : null }, el("button", { type: "button", onclick: () => {
        if (this.sort === i) this.isUp = !this.isUp;
        else [this.sort, this.isUp] = [i, !column.isNumber];
        this.draw();
      } }, column.name)));
    });
    this.element = el(
      "section", { class: "panel list", "aria-label": WORDS.aircraft, hidden: true },
      el("div", { class: "head" }, el("h2", {}, WORDS.aircraft),
        el("button", { type: "button", class: "plain", "aria-label": WORDS.close, onclick: () => commands.set("isTableOpen", false) }, icon(ICONS.close))),
      el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": WORDS.aircraft }, el("table", {}, el("thead", {}, this.head), this.body)),
      this.foot,
    );
    model.on(["settings", "selection"], () => this.draw());
    model.on(["picture"], () => performance.now() - this.drawnAt > EVERY_MS * 0.9 && this.draw());
  }

  private draw(): void {
    this.element.hidden = !this.model.settings.isTableOpen;
    if (this.element.hidden) return;
    this.drawnAt = performance.now();
    const { table, selected } = this.model;
    const column = this.columns[this.sort]!;
    const rows = Array.from({ length: table.count }, (_, row) => row);
    const values = rows.map((row) => column.value(row));
    const isEmpty = (v: number | string): boolean => v === "" || Number.isNaN(v);
    const key = table.column("key");
    rows.sort((a, b) => {
      const [x, y] = [values[a]!, values[b]!];
      // What is not known comes last, whichever way it is sorted.
      if (isEmpty(x) !== isEmpty(y)) return isEmpty(x) ? 1 : -1;
      const order = typeof x === "string" ? x.localeCompare(y as string) : x - (y as number);
      return (this.isUp ? order : -order) || key[a]! - key[b]!;
    });
    [...this.head.children].forEach((cell, i) => {
      if (i === this.sort) cell.setAttribute("aria-sort", this.isUp ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    });
    const shown = rows.slice(0, MOST);
    while (this.body.children.length > shown.length) this.body.lastElementChild!.remove();
    while (this.body.children.length < shown.length) this.body.append(this.line());
    shown.forEach((row, i) => {
      const line = this.body.children[i] as HTMLTableRowElement;
      line.dataset["key"] = String(key[row]!);
      line.classList.toggle("selected", selected.has(key[row]!));
      this.columns.forEach((c, k) => {
        const cell = line.children[k] as HTMLElement;
        setText((cell.firstElementChild as HTMLElement | null) ?? cell, c.text(row));
      });
    });
    const empty = this.model.filter === "" ? WORDS.noAircraft : WORDS.noMatch;
    setText(this.foot, table.count === 0 ? empty : table.count > MOST ? `${MOST} of ${units.count(table.count)}: a filter shows the others` : "");
  }

  private line(): HTMLTableRowElement {
    const choose = (event: Event): void => {
      const key = Number((event.currentTarget as HTMLElement).closest("tr")!.dataset["key"]);
      this.commands.select(key, (event as MouseEvent).ctrlKey || (event as MouseEvent).shiftKey);
      this.show(key);
    };
    return el("tr", { onclick: choose }, ...this.columns.map((column, i) =>
      i === 0 ? el("td", {}, el("button", { type: "button" })) : el("td", { class: column.isNumber ? "number" : null })));
  }
}
