/** The past: go to any moment, play it at any pace; what is not recorded is shown as not recorded. */

import { reach, type Part } from "../api/find";
import type { Span } from "../state/asking";
import type { Model } from "../state/model";
import type { Past } from "../state/past";
import { el, icon, setText } from "../text/dom";
import { longMoment, momentOf } from "../text/moment";
import { clock, count, day } from "../text/units";
import { WORDS } from "../text/words";
import { ICONS } from "./icons";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
export const PACES = [1, 10, 30, 60, 120, 300, 600, 1200, 3600, 7200] as const;
const LENGTHS = [HOUR_MS, 6 * HOUR_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS] as const;
const STEPS_MS = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400].map((minutes) => minutes * MINUTE_MS);
const WIDTH = 960;
const HEIGHT = 26;
const PARTS = 320;
const MOST_TICKS = 9;
/** What still grows is looked up again so often. */
const AGAIN_MS = 60_000;

export interface Player {
  goTo(ms: number): void;
  setPace(pace: number): void;
  setRange(range: Span | null): void;
  toggle(): void;
  live(): void;
  readonly isPlaying: boolean;
}

/** Times of the chosen row when it was heard, and its colour. */
export interface Band {
  readonly colour: string;
  readonly heard: readonly Span[];
  readonly whole: Span;
}

export class Timeline {
  readonly element: HTMLElement;
  private readonly slider: HTMLInputElement;
  private readonly when: HTMLInputElement;
  private readonly canvas = el("canvas", { width: WIDTH, height: HEIGHT, role: "img" });
  private readonly days = el("select", { "aria-label": "Day" });
  private readonly length: HTMLSelectElement;
  private readonly play: HTMLButtonElement;
  private readonly state = el("span", { class: "quiet state", role: "status" });
  private readonly ticks = el("div", { class: "hours", "aria-hidden": "true" });
  private readonly pace: HTMLSelectElement;
  private known: readonly string[] = [];
  private parts: readonly Part[] = [];
  private stepMs = 0;
  private asked = "";
  private askedAt = 0;
  private abort: AbortController | null = null;

  constructor(private readonly model: Model, private readonly past: Past, private readonly player: Player, private readonly band: () => Band | null) {
    this.slider = el("input", {
      type: "range", min: 0, max: DAY_MS, step: 1000, "aria-label": "Time, UTC",
      oninput: () => player.goTo(this.range().fromMs + Number(this.slider.value)),
      onwheel: (event: WheelEvent) => {
        event.preventDefault();
        this.zoom(event.deltaY < 0 ? 0.7 : 1.4);
      },
    });
    // Not a field of dates: browsers show those in the reader's own way, and at the reader's own hours.
    this.when = el("input", { type: "text", class: "when", size: 19, "aria-label": WORDS.goTo, title: WORDS.goToHelp, spellcheck: "false",
      onchange: () => {
        const ms = momentOf(this.when.value, model.clock.now());
        this.when.setAttribute("aria-invalid", String(Number.isNaN(ms)));
        if (!Number.isNaN(ms)) player.goTo(ms);
      },
      onkeydown: (event: KeyboardEvent) => {
        if (event.key === "Enter") this.when.blur();
        if (event.key !== "Escape") return;
        this.when.value = longMoment(model.clock.now());
        this.when.setAttribute("aria-invalid", "false");
        this.when.blur();
      } });
    this.days.addEventListener("change", () => {
      player.setRange(null);
      player.goTo(Date.parse(`${this.days.value}T12:00:00Z`));
    });
    this.length = el("select", { "aria-label": WORDS.range, onchange: () => this.setLength(this.length.value) },
      el("option", { value: "own", hidden: true }, WORDS.ownRange),
      ...LENGTHS.map((ms) => el("option", { value: ms }, ms < DAY_MS ? `${ms / HOUR_MS} h` : ms === DAY_MS ? "day" : `${ms / DAY_MS} days`)),
      el("option", { value: "all" }, WORDS.wholeRecord));
    this.pace = el("select", { "aria-label": WORDS.speed, onchange: () => player.setPace(Number(this.pace.value)) },
      ...PACES.map((pace) => el("option", { value: pace }, `${pace}×`)));
    this.play = el("button", { type: "button", class: "plain", onclick: () => player.toggle() });
    this.element = el(
      "section", { class: "timeline", "aria-label": WORDS.past, hidden: true },
      el("div", { class: "row" }, this.play, this.pace, this.days, this.length, this.when, this.state, el("span", { class: "gap" }),
        el("button", { type: "button", class: "chip", onclick: () => player.live() }, WORDS.live)),
      el("div", { class: "track" }, this.canvas, this.slider), this.ticks,
    );
    model.on(["mode", "range", "settings", "chosen"], () => this.draw());
    model.on(["picture"], () => this.tick());
    window.setInterval(() => this.tick(), 250);
  }

  setDays(days: readonly string[]): void {
    this.known = days;
    this.days.replaceChildren(...days.map((name) => el("option", { value: name }, name)));
    this.days.hidden = days.length === 0;
  }

  /** The time that is shown: what was chosen, or the day of the moment. */
  range(): Span {
    if (this.model.range !== null) return this.model.range;
    const fromMs = Math.floor(this.model.clock.now() / DAY_MS) * DAY_MS;
    return { fromMs, untilMs: fromMs + DAY_MS };
  }

  /** Show more or less, about the moment. */
  zoom(by: number): void {
    const { fromMs, untilMs } = this.range();
    const now = Math.min(untilMs, Math.max(fromMs, this.model.clock.now()));
    const length = Math.min(LENGTHS.at(-1)! * 12, Math.max(10 * MINUTE_MS, (untilMs - fromMs) * by));
    const from = Math.round(now - ((now - fromMs) / (untilMs - fromMs)) * length);
    this.player.setRange({ fromMs: from, untilMs: Math.round(from + length) });
  }

  private setLength(chosen: string): void {
    if (chosen === "all") {
      void reach(null, null, 1).then((found) => {
        if (found.record_from === undefined || found.record_until === undefined) return;
        this.player.setRange({ fromMs: Date.parse(found.record_from), untilMs: Date.parse(found.record_until) });
      }).catch(() => undefined);
      return;
    }
    const length = Number(chosen);
    if (length === DAY_MS) return this.player.setRange(null);
    const now = this.model.clock.now();
    // Longer ones begin with a day, so that the marks stand at midnight.
    const from = length < DAY_MS ? Math.round((now - length / 2) / MINUTE_MS) * MINUTE_MS : Math.floor((now - length / 2) / DAY_MS + 0.5) * DAY_MS;
    this.player.setRange({ fromMs: from, untilMs: from + length });
  }

  draw(): void {
    this.element.hidden = this.model.mode !== "past";
    if (this.element.hidden) return;
    this.tick();
    this.paint();
  }

  /** Look up what the record has of the time that is shown. */
  private async ask({ fromMs, untilMs }: Span): Promise<void> {
    const name = `${fromMs}-${untilMs}`;
    if (name === this.asked && performance.now() - this.askedAt < AGAIN_MS) return;
    if (name !== this.asked) this.parts = [];
    this.asked = name;
    this.askedAt = performance.now();
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    try {
      const found = await reach(fromMs, untilMs, PARTS, abort.signal);
      if (abort.signal.aborted) return;
      this.parts = found.parts;
      this.stepMs = (found.step_s ?? 60) * 1000;
    } catch {
      // The half hours that are played say it too.
    }
    this.paint();
  }

  private paint(): void {
    const range = this.range();
    const pen = this.canvas.getContext("2d")!;
    const style = getComputedStyle(this.element);
    const colour = (name: string): string => style.getPropertyValue(name);
    const x = (ms: number): number => ((ms - range.fromMs) / (range.untilMs - range.fromMs)) * WIDTH;
    pen.clearRect(0, 0, WIDTH, HEIGHT);
    const most = Math.max(1, ...this.parts.map((part) => part.positions));
    let holes = 0;
    let all = 0;
    for (const part of this.parts) {
      const from = Date.parse(part.from);
      const [left, right] = [x(from), x(from + this.stepMs)];
      all += part.minutes;
      holes += part.minutes - part.minutes_with_data;
      if (part.minutes_with_data === 0) {
        // Hatched: here is no record, which is not the same as no aircraft.
        pen.strokeStyle = colour("--quiet");
        pen.lineWidth = 1;
        pen.globalAlpha = 0.55;
        pen.save();
        pen.beginPath();
        pen.rect(left, 8, right - left, HEIGHT - 8);
        pen.clip();
        pen.beginPath();
        for (let at = Math.floor(left / 6) * 6 - HEIGHT; at < right; at += 6) {
          pen.moveTo(at, HEIGHT);
          pen.lineTo(at + HEIGHT, 0);
        }
        pen.stroke();
        pen.restore();
        pen.globalAlpha = 1;
        continue;
      }
      const high = 2 + (HEIGHT - 11) * Math.sqrt(part.positions / most);
      pen.globalAlpha = 0.35 + 0.45 * (part.minutes_with_data / Math.max(1, part.minutes));
      pen.fillStyle = colour("--quiet");
      pen.fillRect(left, HEIGHT - high, Math.max(1, right - left - (right - left > 3 ? 0.6 : 0)), high);
      pen.globalAlpha = 1;
    }
    this.paintBand(pen, x);
    this.canvas.setAttribute("aria-label", `${WORDS.density}: ${count(all - holes)} of ${count(all)} minutes have data`);
    this.paintTicks(range, x);
  }

  /** The chosen row: when it was heard, and when not. */
  private paintBand(pen: CanvasRenderingContext2D, x: (ms: number) => number): void {
    const band = this.band();
    if (band === null) return;
    pen.strokeStyle = pen.fillStyle = band.colour;
    pen.lineWidth = 1.5;
    pen.setLineDash([3, 4]);
    pen.beginPath();
    pen.moveTo(x(band.whole.fromMs), 3.5);
    pen.lineTo(x(band.whole.untilMs), 3.5);
    pen.stroke();
    pen.setLineDash([]);
    for (const { fromMs, untilMs } of band.heard) pen.fillRect(x(fromMs), 1, Math.max(1, x(untilMs) - x(fromMs)), 5);
  }

  private paintTicks({ fromMs, untilMs }: Span, x: (ms: number) => number): void {
    const most = Math.min(MOST_TICKS, Math.max(3, Math.floor(this.canvas.clientWidth / 62)));
    const step = STEPS_MS.find((ms) => (untilMs - fromMs) / ms <= most) ?? STEPS_MS.at(-1)!;
    const made: HTMLElement[] = [];
    for (let ms = Math.ceil(fromMs / step) * step; ms <= untilMs; ms += step) {
      const isMidnight = ms % DAY_MS === 0;
      const mark = el("span", {}, isMidnight && untilMs - fromMs > DAY_MS ? day(ms).slice(5) : clock(ms).slice(0, 5));
      mark.style.left = `${(x(ms) / WIDTH) * 100}%`;
      made.push(mark);
    }
    this.ticks.replaceChildren(...made);
  }

  private tick(): void {
    if (this.model.mode !== "past") return;
    const now = this.model.clock.now();
    const range = this.range();
    void this.ask(range);
    const { isPlaying } = this.player;
    const name = isPlaying ? WORDS.pause : WORDS.play;
    if (this.play.getAttribute("aria-label") !== name) {
      this.play.setAttribute("aria-label", name);
      this.play.replaceChildren(icon(isPlaying ? ICONS.pause : ICONS.play));
    }
    this.pace.value = String(this.model.pace);
    const length = range.untilMs - range.fromMs;
    if (this.slider.max !== String(length)) this.slider.max = String(length);
    if (document.activeElement !== this.slider || isPlaying) this.slider.value = String(now - range.fromMs);
    this.slider.setAttribute("aria-valuetext", `${longMoment(now)} UTC`);
    if (document.activeElement !== this.when) this.when.value = longMoment(now);
    const usual = this.model.range === null ? String(DAY_MS) : (LENGTHS as readonly number[]).includes(length) ? String(length) : "own";
    if (document.activeElement !== this.length || this.length.value !== usual) this.length.value = usual;
    if (this.known.includes(day(now))) this.days.value = day(now);
    else this.days.selectedIndex = -1;
    const state = this.past.stateAt(now);
    setText(this.state, state === "loading" ? WORDS.loading : state === "nothing" ? WORDS.noRecord : state === "failed" ? WORDS.cannotRead : "");
  }
}
