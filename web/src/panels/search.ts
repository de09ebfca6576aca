/** One box for all: a question to the record, a filter of the live map, or a name. */

import { completions } from "../api/find";
import { hexOf } from "../state/aircraft";
import type { Commands } from "../state/commands";
import type { Model } from "../state/model";
import { el, icon } from "../text/dom";
import { WORDS } from "../text/words";
import { ICONS } from "./icons";

const MOST = 8;
const TERMS: readonly (readonly [string, string])[] = [
  ["alt:>30000", "altitude, feet"], ["callsign:KLM*", "callsign begins with"], ["type:A320", "type designator"],
  ["reg:D-*", "registration"], ["squawk:7700", "squawk"], ["mil:yes", "military"], ["ground:yes", "on the ground"],
  ["gs:>400", "ground speed, knots"], ["rate:>1500", "climbs"], ["source:mlat", "placed by"], ["emergency:yes", "in an emergency"],
  ["hex:4b*", "address begins with"], ["category:A7", "emitter category"], ["near:52,4,50", "circle: place, nautical miles"],
  ["in:50,3,54,8", "box: south, west, north, east"], ["seen:<10", "heard in the last seconds"], ["track:350..10", "flies towards"],
];

/** Keys that only the live map knows. */
const LIVE_ONLY = /(^|[\s(-])(ground|rate|emergency|seen|track):/;
const DELAY_MS = 90;

interface Suggestion {
  readonly text: string;
  readonly words: string;
  readonly act: () => void;
}

export class Search {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  private readonly list = el("ul", { class: "suggestions", role: "listbox", id: "suggestions", "aria-label": WORDS.search, hidden: true });
  private readonly error = el("p", { class: "search-error", role: "alert", hidden: true });
  private readonly clear: HTMLButtonElement;
  private suggestions: Suggestion[] = [];
  private active = -1;
  private timer = 0;
  private abort: AbortController | null = null;
  /** Leave the box for the rows of the answer. */
  toRows: () => void = () => undefined;
  /** More to be found by name: airports. */
  others: ((text: string) => Suggestion[]) | null = null;

  constructor(private readonly model: Model, private readonly commands: Commands, private readonly show: (key: number) => void) {
    this.input = el("input", {
      type: "text", role: "combobox", "aria-label": WORDS.search, "aria-expanded": "false", "aria-controls": "suggestions",
      "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false", placeholder: WORDS.search, maxlength: 20000,
      oninput: () => this.typed(), onfocus: () => this.suggest(), onblur: () => window.setTimeout(() => this.hide(), 150),
      onkeydown: (event: KeyboardEvent) => this.key(event),
    });
    this.clear = el("button", { type: "button", class: "plain", "aria-label": WORDS.clear, hidden: true, onclick: () => {
      this.input.value = "";
      this.commands.setFilter("");
      model.asking.close();
      this.typed();
    } }, icon(ICONS.close));
    this.element = el("div", { class: "search", role: "search" }, icon(ICONS.search), this.input, this.clear, this.list, this.error);
    model.on(["settings", "answer"], () => {
      const { asking } = model;
      const shown = asking.question || model.filter;
      if (document.activeElement !== this.input && shown !== "") this.input.value = shown;
      this.clear.hidden = this.input.value === "" && model.filter === "";
      this.element.classList.toggle("filtering", model.filter !== "");
      this.element.classList.toggle("asking", asking.isAsking);
      this.showMistake();
    });
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const count = this.suggestions.length;
      if (this.list.hidden && this.model.asking.rows.length > 0) this.toRows();
      else if (count > 0) this.mark((this.active + (event.key === "ArrowDown" ? 1 : -1) + count) % count);
    } else if (event.key === "Tab" && !event.shiftKey && this.active >= 0 && !this.list.hidden) {
      event.preventDefault();
      this.suggestions[this.active]!.act();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.active >= 0 && !this.list.hidden) this.suggestions[this.active]!.act();
      else if (event.shiftKey) {
        this.hide();
        this.commands.setFilter(this.input.value);
      }
      else this.enter();
    } else if (event.key === "Escape") {
      this.hide();
      this.input.blur();
    }
  }

  /** Say what is wrong, and where. */
  private showMistake(): void {
    const { asking, filterError } = this.model;
    const mistake = asking.mistake ?? (filterError === "" ? null : { words: filterError, at: null });
    this.error.hidden = mistake === null;
    if (mistake === null) return;
    const { at } = mistake;
    // The node counts characters, not halves of them.
    const letters = Array.from(asking.question);
    const around = at === null ? null : el("code", {}, letters.slice(0, at).join(""), el("mark", {}, letters[at] ?? " "), letters.slice(at + 1).join(""));
    this.error.replaceChildren(...[around, el("span", {}, mistake.words)].filter((part) => part !== null));
    this.input.setAttribute("aria-invalid", "true");
  }

  private typed(): void {
    this.clear.hidden = this.input.value === "" && this.model.filter === "";
    this.error.hidden = true;
    this.input.removeAttribute("aria-invalid");
    this.suggest();
  }

  /** Take the text: a question or a filter, nothing, or the first that was found. */
  private enter(): void {
    const text = this.input.value.trim();
    this.hide();
    const canAsk = this.model.hasRecord;
    if (text === "") {
      this.commands.setFilter("");
      this.model.asking.close();
    } else if (isFilter(text) && canAsk && !LIVE_ONLY.test(text)) this.ask(text);
    else if (isFilter(text)) this.commands.setFilter(text);
    else if (this.suggestions.length > 0) this.suggestions[0]!.act();
    else if (canAsk) this.ask(text);
    else this.commands.say(`Nothing in view is called ${text}.`);
  }

  private ask(text: string): void {
    this.hide();
    const { asking } = this.model;
    void asking.ask(text).then(() => {
      if (!asking.isUnkept || asking.question !== text) return;
      // Without a record there is still the live map.
      this.model.hasRecord = false;
      asking.close();
      this.commands.setFilter(text);
    });
  }

  /** Ask the node how the text may go on at the cursor. */
  private async complete(): Promise<void> {
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    const [text, at] = [this.input.value, this.input.selectionStart ?? this.input.value.length];
    try {
      const found = await completions(text, Array.from(text.slice(0, at)).length, abort.signal);
      if (abort.signal.aborted || this.input.value !== text || document.activeElement !== this.input) return;
      const letters = Array.from(text);
      this.suggestions = found.completions.slice(0, MOST).map((one) => ({
        text: one.text, words: one.words,
        act: () => {
          this.hide();
          const before = letters.slice(0, found.begin).join("") + one.text;
          const isDone = !one.text.endsWith(":");
          const rest = letters.slice(found.end).join("").trimStart();
          this.input.value = `${before}${isDone ? " " : ""}${rest}`;
          const cursor = before.length + (isDone ? 1 : 0);
          this.input.focus();
          this.input.setSelectionRange(cursor, cursor);
          this.typed();
        },
      }));
      this.offer();
    } catch {
      // Without the node's help one types on.
    }
  }

  private found(text: string): Suggestion[] {
    if (isFilter(text) || text === "") {
      const start = text.slice(0, text.length - (/[^\s(]*$/.exec(text)?.[0].length ?? 0));
      const word = text.slice(start.length).replace(/^-/, "").toLowerCase();
      return TERMS.filter(([term]) => term.startsWith(word) && term !== word).slice(0, MOST).map(([term, words]) => ({
        text: term, words,
        act: () => {
          this.input.value = start + term;
          this.commands.setFilter(this.input.value);
          this.input.focus();
          this.hide();
        },
      }));
    }
    const wanted = text.toUpperCase().replace(/\s/g, "");
    const { table } = this.model;
    const [callsigns, registrations, types] = [table.words("callsign"), table.words("registration"), table.words("type")];
    const key = table.column("key");
    const out: (Suggestion & { rank: number })[] = [];
    for (let row = 0; row < table.count && out.length < 400; row++) {
      const names = [callsigns[row]!, registrations[row]!.replace("-", ""), registrations[row]!, hexOf(key[row]!).toUpperCase()];
      const at = Math.min(...names.map((name) => name.indexOf(wanted)).filter((i) => i >= 0), 99);
      if (at === 99) continue;
      const own = key[row]!;
      out.push({
        rank: at, text: this.model.nameOf(own), words: [registrations[row], types[row], hexOf(own)].filter(Boolean).join(" · "),
        act: () => {
          this.commands.select(own);
          this.show(own);
          this.hide();
          this.input.value = this.model.filter;
        },
      });
    }
    out.sort((a, b) => a.rank - b.rank || a.text.localeCompare(b.text));
    return [...out.slice(0, MOST), ...(this.others?.(text) ?? [])].slice(0, MOST);
  }

  private suggest(): void {
    window.clearTimeout(this.timer);
    const text = this.input.value.trim();
    const isQuestion = this.model.hasRecord && !LIVE_ONLY.test(text) && (isFilter(text) || text === "");
    if (isQuestion) {
      // What was offered before is for another text.
      this.active = -1;
      this.list.hidden = true;
      this.timer = window.setTimeout(() => void this.complete(), DELAY_MS);
      return;
    }
    this.abort?.abort();
    this.suggestions = this.found(text);
    if (this.model.hasRecord && text !== "" && !isFilter(text)) {
      this.suggestions.push({ text: WORDS.askRecord, words: text, act: () => this.ask(text) });
    }
    this.offer();
  }

  private offer(): void {
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(...this.suggestions.map((suggestion, i) =>
      el("li", { role: "option", id: `suggestion-${i}`, "aria-selected": "false", onmousedown: (event: MouseEvent) => {
        event.preventDefault();
        suggestion.act();
      } }, el("b", {}, suggestion.text), el("span", {}, suggestion.words)),
    ));
    this.list.hidden = this.suggestions.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
  }

  private mark(active: number): void {
    this.active = active;
    [...this.list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === active)));
    this.input.setAttribute("aria-activedescendant", `suggestion-${active}`);
  }

  private hide(): void {
    window.clearTimeout(this.timer);
    this.abort?.abort();
    this.list.hidden = true;
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-expanded", "false");
  }
}

export function isFilter(text: string): boolean {
  return /[:()]/.test(text) || text.startsWith("-");
}
