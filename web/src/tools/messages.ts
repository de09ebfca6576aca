/** Raw messages of the selected aircraft as they were received, each explained bit by bit on demand. */

import "./messages.css";
import type { App } from "../app";
import { explain, rawMessages, type Known, type RawMessage } from "../api/raw_messages";
import { Refusal } from "../api/rest";
import { ICONS } from "../panels/icons";
import { hexOf } from "../state/aircraft";
import { el, icon, setText } from "../text/dom";
import { longMoment } from "../text/moment";
import { WORDS } from "../text/words";
import { explainedFrame, turned } from "./messages_explained";
import type { Opened } from "./offers";
import { MESSAGES_WORDS as SAID } from "./words_messages";

const EVERY_MS = 3000;
const BACK_MS = 600_000;
const EARLIER_MS = 3_600_000;
const PAGE = 100;
/** So many are kept in the list; more are to be seen by going on. */
const MOST = 600;
const MOVED_MS = 500;
const REPLIES = [20, 21];

class Messages implements Opened {
  readonly element: HTMLElement;
  private readonly name = el("span", { class: "quiet" });
  private readonly told = el("p", { class: "subtitle messages-told", role: "status" });
  private readonly list = el("ol", { class: "messages-list" });
  private readonly kinds = el("select", { "aria-label": SAID.kinds, onchange: () => this.draw() });
  private readonly pause: HTMLButtonElement;
  private readonly earlier: HTMLButtonElement;
  private readonly own = el("div", { class: "messages-own" });
  private readonly lines = new Map<number, HTMLElement>();
  private rows: RawMessage[] = [];
  private key: number | null = null;
  private mode = "";
  private readFromMs = NaN;
  private untilMs = NaN;
  private isKept = true;
  private isCut = false;
  private failure = "";
  private isShown = false;
  private isPaused = false;
  private abort: AbortController | null = null;
  private movedTimer = 0;
  private shownMs = NaN;

  constructor(private readonly app: App) {
    const { model } = app;
    const button = (words: string, act: () => void, help?: string): HTMLButtonElement =>
      el("button", { type: "button", class: "chip", title: help, onclick: act }, words);
    this.pause = button(SAID.pause, () => {
      this.isPaused = !this.isPaused;
      this.draw();
      if (!this.isPaused && model.mode === "live") void this.load();
      else if (!this.isPaused) this.begin();
    });
    this.earlier = button(SAID.earlier, () => void this.load(true), SAID.earlierHelp);
    const input = el("input", { type: "text", spellcheck: "false", autocomplete: "off", "aria-label": `${SAID.own}, ${SAID.ownHelp}`, placeholder: SAID.ownHelp });
    const form = el("form", { class: "messages-form", onsubmit: (event: Event) => {
      event.preventDefault();
      void this.explainInto(this.own, input.value.replaceAll(/[\s*;]/g, ""), undefined, {});
    } }, input, el("button", { type: "submit", class: "chip" }, SAID.explain));
    this.element = el(
      "section", { class: "panel tool messages", "aria-label": SAID.title },
      el("div", { class: "head" }, el("div", {}, el("h2", {}, SAID.title), this.name),
        el("button", { type: "button", class: "plain", "aria-label": WORDS.close, onclick: () => app.tools.open("") }, icon(ICONS.close))),
      this.told,
      el("div", { class: "chips" }, this.kinds, this.pause, this.earlier),
      el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": SAID.list }, this.list,
        el("h3", {}, SAID.own), form, this.own),
    );
    model.on(["selection", "mode"], () => this.choose());
    model.on(["picture"], () => this.moved());
    window.setInterval(() => this.isShown && model.mode === "live" && !this.isPaused && !document.hidden && void this.load(), EVERY_MS);
  }

  show(isShown: boolean, argument: string): void {
    this.isShown = isShown;
    if (isShown && argument !== "") {
      this.app.commands.selectHex(argument.split(",")[0]!);
      this.app.tools.note("");
    }
    this.choose();
  }

  private choose(): void {
    if (!this.isShown) return;
    const { model } = this.app;
    if (this.key === model.main && this.mode === model.mode) return;
    [this.key, this.mode] = [model.main, model.mode];
    this.begin();
  }

  private begin(): void {
    this.rows = [];
    this.lines.clear();
    this.list.replaceChildren();
    [this.readFromMs, this.untilMs, this.isKept, this.isCut, this.failure] = [NaN, NaN, true, false, ""];
    this.abort?.abort();
    this.abort = null;
    this.draw();
    void this.load();
  }

  /** In the past the list is of what was received up to the moment that is shown. */
  private moved(): void {
    if (!this.isShown || this.isPaused || this.app.model.mode !== "past") return;
    if (Math.abs(this.app.model.clock.now() - this.shownMs) < MOVED_MS || this.movedTimer !== 0) return;
    this.movedTimer = window.setTimeout(() => {
      this.movedTimer = 0;
      if (this.isShown && !this.isPaused && this.app.model.mode === "past") this.begin();
    }, this.app.isPlaying ? EVERY_MS : MOVED_MS);
  }

  private async load(isEarlier = false): Promise<void> {
    const { model } = this.app;
    const { key } = this;
    if (key === null || !model.clock.isSet || this.abort !== null) return;
    const abort = (this.abort = new AbortController());
    const isLive = model.mode === "live";
    const now = model.clock.now();
    this.shownMs = now;
    const newest = this.rows[0];
    // A microsecond more: what came at the same time as the last that was told is told again, and known again.
    const until = isEarlier ? this.readFromMs + 0.001 : isLive ? null : now + 1;
    const from = isEarlier ? until! - EARLIER_MS : isLive && newest !== undefined ? newest.time_s * 1000 - 2000 : now - BACK_MS;
    try {
      const found = await rawMessages(hexOf(key), from, until, PAGE, abort.signal);
      if (abort.signal.aborted) return;
      const known = new Set(this.rows.map((row) => row.reception));
      const fresh = found.messages.filter((row) => !known.has(row.reception));
      this.rows = (isEarlier ? [...this.rows, ...fresh] : [...fresh, ...this.rows]).slice(0, isEarlier ? undefined : MOST);
      const readFrom = Date.parse(found.read_from);
      this.readFromMs = isEarlier || Number.isNaN(this.readFromMs) ? readFrom : this.readFromMs;
      if (Number.isNaN(this.untilMs) || !isEarlier) this.untilMs = Date.parse(found.until);
      if (this.rows.length === MOST) this.readFromMs = this.rows.at(-1)!.time_s * 1000;
      this.isKept = found.is_kept || this.rows.length > 0;
      this.isCut = found.messages.length < PAGE && readFrom > Date.parse(found.from) + 1;
      this.failure = "";
    } catch (error) {
      if (abort.signal.aborted) return;
      this.failure = error instanceof Refusal ? error.message : WORDS.nodeAway;
    }
    this.abort = null;
    this.draw();
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  private draw(): void {
    const { model } = this.app;
    const isAny = this.key !== null;
    setText(this.name, isAny ? [model.nameOf(this.key!), hexOf(this.key!)].filter((part, i, all) => all.indexOf(part) === i).join(" · ") : "");
    setText(this.told, this.words());
    setText(this.pause, this.isPaused ? SAID.go : SAID.pause);
    this.pause.setAttribute("aria-pressed", String(this.isPaused));
    this.pause.hidden = this.earlier.hidden = this.kinds.hidden = !isAny || this.failure !== "";
    this.drawKinds();
    const kind = this.kinds.value;
    const shown = this.rows.filter((row) => kind === "" || row.title === kind);
    const kept = new Set(shown.map((row) => row.reception));
    for (const [reception, line] of this.lines) {
      if (kept.has(reception)) continue;
      line.remove();
      this.lines.delete(reception);
    }
    // Lines stay where they are, with what is open in them: new ones are put before, older ones after.
    let before: Element | null = this.list.firstElementChild;
    for (const row of shown) {
      const line = this.lines.get(row.reception);
      if (line !== undefined) {
        before = line.nextElementSibling;
        continue;
      }
      const made = this.line(row);
      this.lines.set(row.reception, made);
      this.list.insertBefore(made, before);
    }
  }

  private words(): string {
    if (this.key === null) return SAID.none;
    if (this.failure !== "") return this.failure;
    if (Number.isNaN(this.untilMs)) return `${WORDS.loading} …`;
    if (!this.isKept) return SAID.notKept;
    const [from, until] = [longMoment(this.readFromMs), longMoment(this.untilMs)];
    const end = from.slice(0, 10) === until.slice(0, 10) ? until.slice(11) : until;
    const first = this.rows.length === 0 ? `${SAID.nothing} ` : "";
    return `${first}${SAID.read(this.rows.length, from, end)}.${this.isCut ? ` ${SAID.many}` : ""}`;
  }

  private drawKinds(): void {
    const titles = [...new Set(this.rows.map((row) => row.title))].sort();
    const names = titles.join("|");
    if (this.kinds.dataset["of"] === names) return;
    this.kinds.dataset["of"] = names;
    const { value } = this.kinds;
    this.kinds.replaceChildren(el("option", { value: "" }, SAID.allKinds), ...titles.map((title) => el("option", { value: title }, title)));
    this.kinds.value = titles.includes(value) ? value : "";
  }

  private line(row: RawMessage): HTMLElement {
    const moment = row.time.slice(11, 23);
    const level = row.signal_dbfs === undefined ? "" : `${row.signal_dbfs.toFixed(1)} dBFS`;
    const where = [row.receiver ?? SAID.noReceiver, level, row.repaired_bit === undefined ? "" : SAID.repairedShort].filter(Boolean).join(" · ");
    const inside = el("div", { hidden: true });
    const head = el("button", { type: "button", class: "message-head", "aria-expanded": "false", onclick: () => {
      const isOpen = head.getAttribute("aria-expanded") !== "true";
      head.setAttribute("aria-expanded", String(isOpen));
      inside.hidden = !isOpen;
      // What somebody reads is not moved on, nor taken away.
      if (isOpen && !this.isPaused) this.pause.click();
      if (isOpen && inside.firstChild === null) void this.explainInto(inside, turned(row.frame, row.repaired_bit), row.repaired_bit, this.knownFor(row));
    } },
      el("span", { class: "message-time" }, `${moment} `, el("small", {}, "UTC")),
      el("span", { class: "message-words" }, el("span", {}, el("b", {}, row.title), row.says !== undefined && el("span", {}, row.says)),
        el("span", {}, el("code", {}, row.frame), el("small", {}, where))));
    return el("li", {}, head, inside);
  }

  /** What is known of the aircraft now; it says nothing of messages of another time. */
  private knownFor(row: RawMessage): Known {
    const { table, mode } = this.app.model;
    const at = this.key === null ? undefined : table.rows.get(this.key);
    if (!REPLIES.includes(row.df) || mode !== "live" || at === undefined || table.nowMs - row.time_s * 1000 > 30_000) return {};
    return {
      altitude_ft: table.get("altitude", at), groundspeed_kt: table.get("speed", at), track_deg: table.get("track", at),
      vertical_rate_fpm: table.get("rate", at),
    };
  }

  private async explainInto(place: HTMLElement, frame: string, repairedBit: number | undefined, known: Known): Promise<void> {
    try {
      place.replaceChildren(explainedFrame(await explain(frame, known), repairedBit));
    } catch (error) {
      place.replaceChildren(el("p", { class: "silent", role: "alert" }, error instanceof Refusal ? error.message : WORDS.nodeAway));
    }
  }
}

export const open = (app: App): Opened => new Messages(app);
