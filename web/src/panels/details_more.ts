/** What else is told of the selected aircraft: who it is and by whom, and what it flew before. Fetched with the first selection. */

import "./details_more.css";
import { find, type Row } from "../api/find";
import { identity, Refusal, type Identity } from "../api/rest";
import { hexOf } from "../state/aircraft";
import { nameOfRow, timeOf } from "../state/asking";
import type { Commands } from "../state/commands";
import type { Model } from "../state/model";
import { stopsOf } from "../state/way";
import { el, setText } from "../text/dom";
import { longMoment } from "../text/moment";
import { WORDS } from "../text/words";
import { MORE_WORDS as SAID, SAID_IN } from "./words_details";

export { SAID_IN };

const SHOWN = 5;
const PAGE = 100;
/** A reader who steps through aircraft asks of the last one only. */
const WAIT_MS = 300;
const ROWS = [["registration", SAID.registration], ["typecode", SAID.type], ["operator", SAID.operator]] as const;

export class DetailsMore {
  /** Who it is. */
  readonly who = el("dl", { class: "who-more" });
  private readonly list = el("ul", {});
  private readonly said = el("p", { class: "quiet" });
  private readonly all: HTMLButtonElement;
  readonly history: HTMLDetailsElement;
  private key: number | null = null;
  private timer = 0;
  private loadedKey: number | null = null;

  constructor(private readonly model: Model, commands: Commands) {
    this.all = el("button", { type: "button", class: "chip", onclick: () => this.key !== null && commands.openPage({ kind: "aircraft", name: hexOf(this.key) }) }, SAID.all);
    this.history = el("details", { class: "history", ontoggle: () => void this.load() }, el("summary", {}, SAID.history), this.said, this.list, this.all);
  }

  show(key: number | null): void {
    if (key === this.key) return;
    this.key = key;
    this.who.replaceChildren();
    this.list.replaceChildren();
    this.all.hidden = true;
    setText(this.said, "");
    window.clearTimeout(this.timer);
    if (key === null) return;
    this.timer = window.setTimeout(() => {
      void this.tellWho(key);
      void this.load();
    }, WAIT_MS);
  }

  private async tellWho(key: number): Promise<void> {
    const who = await identity(hexOf(key)).catch(() => null);
    if (this.key !== key || who === null) return;
    const lines = ROWS.flatMap(([name, title]) => {
      const told = who.values[name];
      return told === undefined ? [] : [line(title, told.value, [told.source, ...conflictsOf(who, name)].join("; "))];
    });
    if (lines.length === 0) lines.push(line(SAID.who, WORDS.unknown, SAID.nobody));
    if (who.country !== "") lines.push(line(SAID.country, who.country, SAID.countryBy));
    this.who.replaceChildren(...lines);
  }

  private async load(): Promise<void> {
    const { key } = this;
    if (key === null || !this.history.open || this.loadedKey === key && this.list.childElementCount > 0) return;
    if (!this.model.hasRecord) return setText(this.said, SAID.noRecord);
    setText(this.said, `${WORDS.loading} …`);
    const question = `show:journeys hex:${hexOf(key)}`;
    const { signal } = new AbortController();
    try {
      // Answers are in the order of time: the newest are at the end.
      let found = await find(question, 0, PAGE, signal);
      if (found.total > PAGE) found = await find(question, found.total - SHOWN, SHOWN, signal);
      if (this.key !== key) return;
      const rows = found.rows.slice(-SHOWN).reverse();
      this.loadedKey = key;
      setText(this.said, rows.length === 0 ? SAID.none : SAID.historyOf(rows.length, found.total));
      this.all.hidden = rows.length === 0;
      this.list.replaceChildren(...rows.map((row) => this.item(question, row)));
    } catch (error) {
      if (this.key === key) setText(this.said, error instanceof Refusal ? error.message : WORDS.nodeAway);
    }
  }

  private item(question: string, row: Row): HTMLElement {
    const stops = stopsOf(row);
    const way = stops.map(({ candidates: [best], isObserved }) => (best === undefined ? WORDS.unknown : isObserved ? best.airport : `(${best.airport}?)`)).join(" → ");
    const [from, until] = [longMoment(timeOf(row, "from")).slice(0, 16), longMoment(timeOf(row, "until")).slice(0, 16)];
    const when = `${from} – ${from.slice(0, 10) === until.slice(0, 10) ? until.slice(11) : until} UTC`;
    const isObserved = stops.every((stop) => stop.isObserved);
    return el("li", {}, el("button", { type: "button", onclick: () => void this.model.asking.ask(question, { row: nameOfRow(row), hash: "" }) },
      el("b", {}, way), el("small", {}, `${when} · ${isObserved ? SAID.observed : SAID.partly}`)));
  }
}

function line(name: string, value: string, behind: string): HTMLElement {
  return el("div", {}, el("dt", {}, name), el("dd", {}, el("span", {}, value), el("small", {}, behind)));
}

/** What other lists say of the same. */
function conflictsOf(who: Identity, name: string): string[] {
  return (who.conflicts?.[name] ?? []).filter((one) => one.value !== who.values[name]?.value).map((one) => SAID.conflict(one.value, one.source));
}
