/** Name, time, connection. */

import type { Connection } from "../api/stream";
import { el, icon, setText } from "../text/dom";
import { clock, count, day } from "../text/units";

const SUN = "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10Zm0-6v3m0 16v3M1 12h3m16 0h3M4.2 4.2l2.1 2.1m11.4 11.4 2.1 2.1m0-15.6-2.1 2.1M6.3 17.7l-2.1 2.1";

export class TopBar {
  readonly element: HTMLElement;
  private readonly time = el("time", { class: "time" });
  private readonly day = el("span", { class: "day" });
  private readonly lamp = el("span", { class: "lamp", role: "status" });
  private readonly aircraft = el("span", { class: "count" });
  private readonly simulated = el("span", { class: "simulated", hidden: true }, "simulated");
  private readonly words = el("p", { class: "notice", role: "alert", hidden: true });

  constructor(private readonly now: () => number, onTheme: () => void) {
    this.element = el(
      "header",
      { class: "bar" },
      el("h1", {}, "skywitness"),
      this.simulated,
      el("span", { class: "gap" }),
      this.aircraft,
      this.lamp,
      el("div", { class: "clock" }, this.time, this.day),
      el("button", { type: "button", class: "plain", "aria-label": "light or dark", title: "light or dark", onclick: onTheme }, icon(SUN)),
      this.words,
    );
    this.setConnection("connecting", "connecting");
    window.setInterval(() => this.tick(), 200);
  }

  setConnection(state: Connection, words: string): void {
    this.lamp.dataset["state"] = state;
    setText(this.lamp, words);
  }

  setCount(aircraft: number, isSimulated: boolean): void {
    setText(this.aircraft, `${count(aircraft)} aircraft`);
    this.simulated.hidden = !isSimulated;
  }

  say(words: string): void {
    this.words.hidden = words === "";
    setText(this.words, words);
  }

  private tick(): void {
    const now = this.now();
    if (now < 1e9) return;
    setText(this.time, `${clock(now)} UTC`);
    setText(this.day, day(now));
    this.time.dateTime = new Date(now).toISOString();
  }
}
