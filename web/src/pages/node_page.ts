/** The operator's page: receivers and their reach, storage, holes, ports, keys, alarms, and how to connect a receiver. */

import { reach } from "../api/find";
import { operator, Refusal, useKey, type OperatorFacts, type OperatorReceiver } from "../api/rest";
import { el, icon, setText } from "../text/dom";
import { lasting, shortMoment } from "../text/moment";
import { count, distance, type Units } from "../text/units";
import { linesFor } from "./set_up";

const ASK_MS = 2000;
const DAY_MS = 86_400_000;
const PARTS = 96;
const NMI_KM = 1.852;
const GB = 1e9;

export class NodePage {
  readonly element = el("div", { class: "node-page", hidden: true });
  private readonly alarms = el("ul", { class: "alarms" });
  private readonly receivers = el("div", { class: "receivers" });
  private readonly store = el("dl", { class: "page-facts" });
  private readonly holes = el("p", { class: "quiet page-note" });
  private readonly keys = el("div", { class: "page-scroll", tabindex: 0, role: "group", "aria-label": "Keys" });
  private readonly setUp = el("div", { class: "set-up" });
  private readonly arrived = el("p", { class: "page-remark arrived", role: "status", hidden: true });
  private readonly refused = el("form", { class: "page-note", hidden: true, onsubmit: (event: Event) => this.enterKey(event) });
  private readonly key = el("input", { type: "password", autocomplete: "off", "aria-label": "Key of scope admin", maxlength: 200 });
  private readonly why = el("p", { class: "quiet" });
  private readonly all: HTMLElement;
  private before: ReadonlySet<string> | null = null;
  private drawn = "";
  private drawnSetUp = "";
  private timer = 0;

  constructor(private readonly units: () => Units) {
    const part = (title: string, ...inside: HTMLElement[]): HTMLElement =>
      el("section", { class: "page-section", "aria-label": title }, el("div", { class: "page-head" }, el("h3", {}, title)), ...inside);
    this.refused.append(this.why, el("label", {}, "Key ", this.key), " ", el("button", { type: "submit", class: "chip" }, "Show"));
    this.all = el("div", {}, part("Alarms", el("div", { role: "status" }, this.alarms)), part("Receivers", this.receivers), part("Storage", this.store, this.holes),
      part("Connect a receiver", this.setUp, this.arrived), part("Keys", this.keys));
    this.element.append(this.refused, this.all);
  }

  show(isShown: boolean): void {
    this.element.hidden = !isShown;
    window.clearInterval(this.timer);
    if (!isShown) return;
    this.before = null;
    this.arrived.hidden = true;
    void this.ask();
    void this.lookForHoles();
    this.timer = window.setInterval(() => !document.hidden && void this.ask(), ASK_MS);
  }

  private enterKey(event: Event): void {
    event.preventDefault();
    useKey(this.key.value.trim());
    this.key.value = "";
    void this.ask();
  }

  private async ask(): Promise<void> {
    try {
      const facts = await operator();
      this.refused.hidden = true;
      this.all.hidden = false;
      this.tell(facts);
    } catch (error) {
      const words = error instanceof Refusal ? error.message : "The node does not answer.";
      const isRefused = error instanceof Refusal && (error.status === 403 || error.status === 401);
      this.all.hidden = isRefused;
      this.refused.hidden = false;
      this.key.parentElement!.hidden = !isRefused;
      setText(this.why, words);
    }
  }

  private tell(facts: OperatorFacts): void {
    this.seeArrivals(facts.receivers);
    const told = JSON.stringify([facts, this.units()]);
    if (told === this.drawn) return;
    this.drawn = told;
    this.alarms.replaceChildren(...(facts.alarms.length > 0 ? facts.alarms : ["Nothing is wrong."]).map((words) =>
      el("li", { class: facts.alarms.length > 0 ? "alarm" : "quiet" }, words)));
    this.receivers.replaceChildren(...facts.receivers.map((one) => this.receiver(one)));
    if (facts.receivers.length === 0) this.receivers.append(el("p", { class: "quiet page-note" }, "No receiver yet. Connect one below."));
    this.tellStore(facts);
    const rows = facts.keys.map((key) => el("tr", {}, el("td", {}, key.name), el("td", {}, key.id), el("td", {}, key.scopes.join(", ")),
      el("td", {}, key.station), el("td", {}, key.is_good ? "good" : "revoked or expired")));
    this.keys.replaceChildren(rows.length === 0 ? el("p", { class: "quiet" }, "No keys. `skywitness keys add` makes one.")
      : el("table", {}, el("thead", {}, el("tr", {}, ...["Name", "Id", "May", "Station", "State"].map((word) => el("th", { scope: "col" }, word)))), el("tbody", {}, ...rows)));
    this.tellSetUp(facts);
  }

  /** A feed that was not there when the page was opened, or had not sent anything. */
  private seeArrivals(receivers: readonly OperatorReceiver[]): void {
    const heard = receivers.filter((one) => one.connected && one.frames > 0);
    if (this.before === null) {
      this.before = new Set(heard.map((one) => one.name));
      return;
    }
    const fresh = heard.filter((one) => !this.before!.has(one.name));
    this.arrived.hidden = fresh.length === 0;
    setText(this.arrived, fresh.map((one) => `${one.name} has arrived: ${count(one.frames)} frames so far, ${one.rate_frames_s} a second.`).join(" "));
  }

  private receiver(one: OperatorReceiver): HTMLElement {
    const farthest = Math.max(0, ...one.range_nmi);
    const share = one.unique_share === undefined || one.unique_share === null ? "" : `${Math.round(one.unique_share * 100)} % heard by it alone`;
    const clock = [`clock ${one.clock.replaceAll("_", " ")}`, one.clock_jumps > 0 ? `${one.clock_jumps} jumps` : "", one.clock_offset_ms ? `${one.clock_offset_ms} ms late` : ""];
    const lines = [
      `${count(Math.round(one.rate_frames_s))} frames a second · ${count(one.accepted)} good, ${count(one.rejected)} rejected`,
      [farthest > 0 ? `farthest ${distance(farthest * NMI_KM, this.units())}` : "", share].filter(Boolean).join(" · "),
      clock.filter(Boolean).join(" · "), one.last_error ?? "",
    ];
    return el("article", { class: "receiver" }, rose(one.range_nmi, one.name),
      el("div", {}, el("b", {}, one.name), " ", el("span", { class: `health ${one.health}` }, one.health),
        ...lines.filter(Boolean).map((words) => el("p", { class: "quiet" }, words))));
  }

  private tellStore(facts: OperatorFacts): void {
    const { storage } = facts;
    const gigabytes = (bytes: number): string => `${(bytes / GB).toFixed(bytes < 10 * GB ? 2 : 0)} GB`;
    const lines: [string, string][] = storage === null ? [["Record", "this node keeps none; --data DIRECTORY keeps one"]] : [
      ["Record", storage.is_recording ? "being kept" : "read only"],
      ["Days kept", storage.days === 0 ? "none yet" : `${storage.days}, ${storage.first_day} to ${storage.last_day}`],
      ["A day takes", storage.bytes_a_day === null ? "known after a minute" : `${gigabytes(storage.bytes_a_day)}, at the rate since the start`],
      ["Room left", `${gigabytes(storage.free_bytes)}${storage.room_days === null ? "" : `, enough for ${count(Math.round(storage.room_days))} days`}`],
    ];
    this.store.replaceChildren(...lines.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, el("span", {}, value)))));
  }

  /** Times of the last day of the record in which nothing was received. */
  private async lookForHoles(): Promise<void> {
    try {
      const whole = await reach(null, null, 1);
      if (whole.record_from === undefined || whole.record_until === undefined) return setText(this.holes, "");
      const until = Date.parse(whole.record_until);
      const from = Math.max(Date.parse(whole.record_from), until - DAY_MS);
      const { parts } = await reach(from, until, PARTS);
      const holes: [number, number][] = [];
      for (const part of parts.filter((one) => one.minutes_with_data === 0)) {
        const start = Date.parse(part.from);
        const last = holes.at(-1);
        if (last !== undefined && last[1] === start) last[1] = start + part.minutes * 60_000;
        else holes.push([start, start + part.minutes * 60_000]);
      }
      const missing = parts.reduce((sum, one) => sum + one.minutes - one.minutes_with_data, 0);
      const told = holes.slice(-6).map(([a, b]) => `${shortMoment(a)} UTC (${lasting(b - a)})`).join(", ");
      setText(this.holes, `Holes in the last day of the record: ${missing === 0 ? "none" : `${missing} minutes${told === "" ? ", none longer than a quarter of an hour" : `; ${told}`}`}.`);
    } catch {
      setText(this.holes, "");
    }
  }

  private tellSetUp(facts: OperatorFacts): void {
    const told = JSON.stringify(facts.ports.map((port) => [port.host, port.port, port.is_encrypted]));
    if (told === this.drawnSetUp) return;
    this.drawnSetUp = told;
    this.setUp.replaceChildren(...linesFor(facts.ports, window.location.hostname).map(({ program, words, line }) =>
      el("div", { class: "set-up-line" }, el("b", {}, program), el("p", { class: "quiet" }, words),
        el("pre", { tabindex: 0, role: "group", "aria-label": `Line for ${program}` }, el("code", {}, line)))));
  }
}

/** The reach by bearing as a shape about the receiver, north up. */
function rose(ranges: readonly number[], name: string): HTMLElement {
  const most = Math.max(1, ...ranges);
  const points = ranges.map((nmi, i) => {
    const angle = (i / ranges.length) * 2 * Math.PI;
    const far = (nmi / most) * 46;
    return `${(50 + far * Math.sin(angle)).toFixed(1)} ${(50 - far * Math.cos(angle)).toFixed(1)}`;
  });
  const circle = "M50 3a47 47 0 1 0 .01 0Z";
  const words = most > 1 ? `Range of ${name} by bearing, farthest ${Math.round(most)} nautical miles` : `Range of ${name}: not known`;
  return el("div", { class: "rose", role: "img", "aria-label": words }, icon(circle, "0 0 100 100"), most > 1 ? icon(`M${points.join("L")}Z`, "0 0 100 100") : null);
}
