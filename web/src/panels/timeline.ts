/** The past: go to any moment, play it at any pace; what is not recorded is shown as not recorded. */

import { HALF_HOUR_MS } from "../api/replay";
import type { Model } from "../state/model";
import type { Past } from "../state/past";
import { el, icon, setText } from "../text/dom";
import { clock, day } from "../text/units";
import { WORDS } from "../text/words";
import { ICONS } from "./icons";

const DAY_MS = 86_400_000;
const PACES = [1, 10, 30, 60, 120, 300] as const;

export interface Player {
  goTo(ms: number): void;
  setPace(pace: number): void;
  toggle(): void;
  live(): void;
  readonly isPlaying: boolean;
  readonly pace: number;
}

export class Timeline {
  readonly element: HTMLElement;
  private readonly slider: HTMLInputElement;
  private readonly when: HTMLInputElement;
  private readonly canvas = el("canvas", { width: 960, height: 20, "aria-hidden": "true" });
  private readonly days = el("select", { "aria-label": "Day" });
  private readonly play: HTMLButtonElement;
  private readonly state = el("span", { class: "quiet", role: "status" });
  private readonly pace: HTMLSelectElement;
  private known: readonly string[] = [];
  private drawn = "";

  constructor(private readonly model: Model, private readonly past: Past, private readonly player: Player) {
    this.slider = el("input", {
      type: "range", min: 0, max: DAY_MS - 1, step: 10_000, "aria-label": "Time of the day, UTC",
      oninput: () => player.goTo(this.dayStart() + Number(this.slider.value)),
    });
    // Not a field of dates: browsers show those in the reader's own way, and at the reader's own hours.
    this.when = el("input", { type: "text", class: "when", size: 19, "aria-label": WORDS.goTo, title: WORDS.goTo, onchange: () => {
      const ms = Date.parse(`${this.when.value.trim().replace(/Z$/i, "").replace(" ", "T")}Z`);
      this.when.setAttribute("aria-invalid", String(Number.isNaN(ms)));
      if (!Number.isNaN(ms)) player.goTo(ms);
    } });
    this.days.addEventListener("change", () => player.goTo(Date.parse(`${this.days.value}T12:00:00Z`)));
    this.pace = el("select", { "aria-label": WORDS.speed, onchange: () => player.setPace(Number(this.pace.value)) },
      ...PACES.map((pace) => el("option", { value: pace }, `${pace}×`)));
    this.play = el("button", { type: "button", class: "plain", onclick: () => player.toggle() });
    this.element = el(
      "section", { class: "timeline", "aria-label": WORDS.past, hidden: true },
      el("div", { class: "row" }, this.play, this.pace, this.days, this.when, this.state, el("span", { class: "gap" }),
        el("button", { type: "button", class: "chip", onclick: () => player.live() }, WORDS.live)),
      el("div", { class: "track" }, this.canvas, this.slider),
      el("div", { class: "hours", "aria-hidden": "true" }, ...[0, 3, 6, 9, 12, 15, 18, 21, 24].map((h) => el("span", {}, String(h).padStart(2, "0")))),
    );
    model.on(["mode", "picture"], () => this.draw());
    window.setInterval(() => this.tick(), 250);
  }

  setDays(days: readonly string[]): void {
    this.known = days;
    this.days.replaceChildren(...days.map((name) => el("option", { value: name }, name)));
    this.days.hidden = days.length === 0;
  }

  private dayStart(): number {
    return Math.floor(this.model.clock.now() / DAY_MS) * DAY_MS;
  }

  draw(): void {
    this.element.hidden = this.model.mode !== "past";
    if (this.element.hidden) return;
    this.tick();
    const start = this.dayStart();
    const states = Array.from({ length: 48 }, (_, i) => this.past.halfHours.get(start + i * HALF_HOUR_MS));
    const signature = start + states.map((s) => (typeof s === "object" ? "x" : (s ?? "-")[0])).join("") + this.model.settings.theme;
    if (signature === this.drawn) return;
    this.drawn = signature;
    const pen = this.canvas.getContext("2d")!;
    const style = getComputedStyle(this.element);
    const [quiet, accent] = [style.getPropertyValue("--line"), style.getPropertyValue("--accent")];
    pen.clearRect(0, 0, 960, 20);
    pen.fillStyle = quiet;
    pen.fillRect(0, 16, 960, 4);
    const most = Math.max(1, ...states.flatMap((s) => (typeof s === "object" ? s.slices.map((x) => x.size) : [])));
    states.forEach((state, i) => {
      if (typeof state !== "object") return;
      pen.fillStyle = accent;
      // How many aircraft, half minute by half minute; nothing where nothing was heard.
      state.slices.forEach((slice, k) => {
        const high = (slice.size / most) * 18;
        pen.fillRect(i * 20 + k / 3, 20 - high, 0.4, high);
      });
    });
  }

  private tick(): void {
    if (this.model.mode !== "past") return;
    const now = this.model.clock.now();
    const { isPlaying } = this.player;
    const name = isPlaying ? WORDS.pause : WORDS.play;
    if (this.play.getAttribute("aria-label") !== name) {
      this.play.setAttribute("aria-label", name);
      this.play.replaceChildren(icon(isPlaying ? ICONS.pause : ICONS.play));
    }
    this.pace.value = String(this.player.pace);
    if (document.activeElement !== this.slider) this.slider.value = String(now - this.dayStart());
    this.slider.setAttribute("aria-valuetext", `${clock(now)} UTC`);
    if (document.activeElement !== this.when) this.when.value = new Date(now).toISOString().slice(0, 19).replace("T", " ");
    if (this.known.includes(day(now))) this.days.value = day(now);
    else this.days.selectedIndex = -1;
    const state = this.past.stateAt(now);
    setText(this.state, state === "loading" ? WORDS.loading : state === "nothing" ? WORDS.noRecord : state === "failed" ? "the record cannot be read" : "");
  }
}
