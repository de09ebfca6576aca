/** The answer to a question: its rows, what they rest on, and the chosen one told with its evidence. */

import type { Airport, Row } from "../api/find";
import { nameOfRow, spanOf, timeOf, type Asking } from "../state/asking";
import type { Commands } from "../state/commands";
import type { Model } from "../state/model";
import { stopsOf, type Stop, type Way } from "../state/way";
import { wayColour } from "../map/palette";
import { el, icon, setText } from "../text/dom";
import { bracket, lasting, localTime, shortMoment } from "../text/moment";
import { altitude, count, distance, speed } from "../text/units";
import { EVIDENCE, MAYBE_ROLES, ROLES, SUBJECTS, WORDS } from "../text/words";
import { ICONS } from "./icons";

/** Shorter silences are drawn, but not told. */
const TOLD_SILENCE_MS = 20 * 60_000;
const NMI_KM = 1.852;

export interface Drawn {
  readonly fields: ReadonlyMap<string, Airport>;
  wayOf(row: Row): Way | null;
  stateOf(row: Row): "loading" | "failed" | "there" | "none";
}

export interface Acts {
  play(row: Row): void;
  fit(): void;
  copyLink(): void;
  heat(): void;
}

const text = (row: Row, name: string): string => {
  const value = row[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
};

export class AnswerPanel {
  readonly element: HTMLElement;
  private readonly title = el("h2", {});
  /** The title again for those who hear the page. */
  private readonly said = el("p", { class: "heard", role: "status" });
  private readonly question = el("p", { class: "subtitle asked" });
  private readonly coverage = el("p", { class: "coverage" });
  private readonly note = el("p", { class: "missing", role: "alert", hidden: true });
  private readonly places = el("p", { class: "quiet places" });
  private readonly list = el("ol", { class: "rows" });
  private readonly plan = el("pre", { class: "plan", hidden: true });
  private readonly more: HTMLButtonElement;
  private readonly filter: HTMLButtonElement;
  private drawn: readonly Row[] = [];

  constructor(private readonly model: Model, private readonly commands: Commands, private readonly ways: Drawn, private readonly acts: Acts) {
    const { asking } = model;
    this.more = el("button", { type: "button", class: "chip", onclick: () => void asking.more() });
    this.filter = el("button", { type: "button", class: "chip", onclick: () => {
      commands.setFilter(asking.question);
      asking.close();
    } }, WORDS.showOnMap);
    this.element = el(
      "section", { class: "panel answer", "aria-label": WORDS.answer, hidden: true },
      el("div", { class: "head" }, el("div", {}, this.title, this.question),
        el("button", { type: "button", class: "plain", "aria-label": WORDS.close, onclick: () => asking.close() }, icon(ICONS.close))),
      this.said, el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": WORDS.answer }, this.note, this.places, this.list, this.plan,
        el("div", { class: "chips" }, this.more, this.filter, el("button", { type: "button", class: "chip", onclick: () => acts.heat() }, WORDS.heat)), this.coverage),
    );
    this.list.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const heads = [...this.list.querySelectorAll<HTMLElement>(".row-head")];
      const at = heads.indexOf(document.activeElement as HTMLElement);
      if (at < 0) return;
      event.preventDefault();
      event.stopPropagation();
      heads[Math.min(heads.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))]!.focus();
    });
    model.on(["answer"], () => this.draw());
    model.on(["chosen", "settings"], () => this.drawRows());
  }

  /** Go to the first row. */
  focus(): void {
    this.list.querySelector<HTMLElement>(".row-head")?.focus();
  }

  /** What is drawn of a row came or changed. */
  changed(): void {
    this.drawRows();
  }

  private draw(): void {
    const { asking } = this.model;
    const isShown = asking.isOpen && asking.mistake === null;
    this.element.hidden = !isShown;
    document.body.classList.toggle("has-answer", isShown);
    if (!isShown) return;
    const { answer } = asking;
    setText(this.title, titleOf(asking));
    setText(this.said, titleOf(asking));
    setText(this.question, asking.question);
    setText(this.coverage, [answer?.coverage?.sentence, notRead(asking)].filter(Boolean).join(" "));
    this.note.hidden = asking.missing === "";
    setText(this.note, asking.missing);
    const told = Object.entries(answer?.places ?? {}).map(([name, meant]) => `${name}: ${meant}`);
    this.places.hidden = told.length === 0;
    setText(this.places, told.join(" · "));
    this.plan.hidden = answer?.plan === undefined;
    setText(this.plan, answer?.plan === undefined ? "" : JSON.stringify(answer.plan, null, 1));
    this.more.hidden = answer?.next === undefined;
    setText(this.more, `${WORDS.more} (${count(asking.rows.length)} / ${count(answer?.total ?? 0)})`);
    this.filter.hidden = this.model.mode !== "live" || answer === null;
    this.drawRows();
  }

  private drawRows(): void {
    const { rows, chosen } = this.model.asking;
    document.body.classList.toggle("has-row", !this.element.hidden && chosen !== null);
    if (this.element.hidden) return;
    if (rows.length !== this.drawn.length || rows.some((row, i) => row !== this.drawn[i])) {
      this.drawn = rows;
      this.list.replaceChildren(...rows.map((row, i) => this.card(row, i)));
    }
    [...this.list.children].forEach((item, i) => this.mark(item as HTMLElement, rows[i]!, i, i === chosen));
  }

  private card(row: Row, index: number): HTMLElement {
    const { subject } = this.model.asking.answer!;
    const [name, way, when] = headline(row, subject, this.model.settings.units);
    const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
    return el("li", { "data-row": nameOfRow(row) },
      el("button", { type: "button", class: "row-head", "aria-expanded": "false", onclick: () => {
        const { asking } = this.model;
        asking.choose(asking.chosen === index ? null : index);
      } }, swatch, el("span", { class: "row-words" }, el("b", {}, name), el("span", { class: "row-way" }, way), el("span", { class: "row-when" }, when))),
      el("div", { class: "told", hidden: true }));
  }

  private mark(item: HTMLElement, row: Row, index: number, isChosen: boolean): void {
    const button = item.querySelector<HTMLElement>(".row-head")!;
    const told = item.querySelector<HTMLElement>(".told")!;
    item.querySelector<HTMLElement>(".swatch")!.style.background = wayColour(this.model.settings.theme, index);
    const was = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(isChosen));
    item.classList.toggle("chosen", isChosen);
    told.hidden = !isChosen;
    if (!isChosen) return;
    // What has the focus is made anew only if it says something else.
    const state = `${this.ways.stateOf(row)} ${this.model.settings.units}`;
    if (told.dataset["state"] !== state) {
      told.dataset["state"] = state;
      told.replaceChildren(...this.told(row));
    }
    if (!was) item.scrollIntoView({ block: "nearest" });
  }

  private told(row: Row): Node[] {
    const button = (words: string, drawing: string, act: () => void): HTMLElement =>
      el("button", { type: "button", class: "chip", onclick: act }, icon(drawing), words);
    const span = spanOf(row);
    const out: Node[] = [el("div", { class: "chips" },
      span === null ? null : button(WORDS.playIt, ICONS.play, () => this.acts.play(row)),
      button(WORDS.fitIt, ICONS.home, () => this.acts.fit()), button(WORDS.copyLink, ICONS.link, () => this.acts.copyLink()),
      text(row, "icao24") === "" ? null : button(WORDS.page, ICONS.list, () => this.commands.openPage({ kind: "aircraft", name: text(row, "icao24") })))];
    const stops = stopsOf(row);
    if (stops.length > 0) out.push(el("ol", { class: "stops" }, ...stops.map((stop) => this.stop(stop))));
    const unknown = this.unknown(row, stops);
    if (unknown.length > 0) out.push(el("h3", {}, WORDS.notKnown), el("ul", { class: "unknown" }, ...unknown.map((words) => el("li", {}, words))));
    if (typeof row["sentence"] === "string") out.push(el("p", { class: "sentence" }, row["sentence"]));
    if (stops.length === 0) out.push(this.facts(row));
    return out;
  }

  private stop(stop: Stop): HTMLElement {
    const best = stop.candidates[0];
    const field = best === undefined ? undefined : this.ways.fields.get(best.airport);
    const local = stop.isObserved ? localTime(stop.fromMs, field?.time_zone) : "";
    const name = stop.isObserved && best !== undefined ? `${best.airport} ${best.name}` : stop.candidates.length === 0 ? WORDS.unknown : "";
    const shares = stop.isObserved ? [] : stop.candidates.map((one) => el("li", {},
      el("meter", { min: 0, max: 1, value: one.probability, "aria-label": `${one.airport}: ${Math.round(one.probability * 100)} %` }),
      el("span", {}, `${Math.round(one.probability * 100)} %`), el("span", {}, `${one.airport} ${one.name}`)));
    const certainty = stop.isObserved ? WORDS.observed
      : stop.role === "stop" ? `${WORDS.inferred}, ${Math.round(stop.happened * 100)} %` : WORDS.inferred;
    return el("li", { class: stop.isObserved ? "observed" : "inferred" },
      el("div", { class: "stop-head" }, el("b", {}, (stop.isObserved ? ROLES : MAYBE_ROLES)[stop.role]), el("span", { class: "badge" }, certainty)),
      name === "" ? null : el("div", {}, name, field?.country_name ? el("span", { class: "quiet" }, `, ${field.country_name}`) : null),
      shares.length === 0 ? null : el("ul", { class: "shares" }, ...shares),
      el("div", { class: "quiet" }, `${bracket(stop.fromMs, stop.untilMs)} UTC`, local === "" ? null : ` · ${local} there`),
      EVIDENCE[stop.evidence] === undefined ? null : el("div", { class: "quiet" }, EVIDENCE[stop.evidence]!));
  }

  /** What a reader must not take for known. */
  private unknown(row: Row, stops: readonly Stop[]): string[] {
    const out: string[] = [];
    const state = this.ways.stateOf(row);
    if (state === "loading") out.push(WORDS.loading);
    if (state === "failed") out.push(WORDS.nodeAway);
    for (const stop of stops) {
      if (stop.isObserved) continue;
      const most = stop.candidates[0];
      if (stop.role === "stop") out.push(`Whether and where it stopped: ${most === undefined ? "no candidate" : `${most.airport} is the likeliest, no fact`}.`);
      else out.push(`Where it ${stop.role === "departure" ? "began" : "ended"}: ${most === undefined ? "no candidate" : `${most.airport} is the likeliest, no fact`}.`);
    }
    const { units } = this.model.settings;
    for (const silence of this.ways.wayOf(row)?.silences ?? []) {
      if (silence.untilMs - silence.fromMs < TOLD_SILENCE_MS) continue;
      const far = silence.nmi > 2 ? `, ${distance(silence.nmi * NMI_KM, units)} apart` : ", at the same place";
      out.push(`${WORDS.nothingHeard} ${bracket(silence.fromMs, silence.untilMs)} UTC (${lasting(silence.untilMs - silence.fromMs)}${far}).`);
    }
    return out;
  }

  /** All else that a row says, name and value. */
  private facts(row: Row): HTMLElement {
    const kept = Object.entries(row).filter(([name, value]) => value !== null && value !== "" && typeof value !== "object" && name !== "sentence");
    return el("dl", { class: "row-facts" }, ...kept.map(([name, value]) => el("div", {}, el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, String(value)))));
  }
}

function titleOf(asking: Asking): string {
  const { answer } = asking;
  if (answer === null || asking.isAsking) return `${WORDS.asking} …`;
  if (answer.plan !== undefined) return "How it would be answered";
  const [one, many] = SUBJECTS[answer.subject] ?? [answer.subject, answer.subject];
  if (answer.total === 0) return answer.coverage?.minutes_with_data === 0 ? WORDS.noRecord : WORDS.noRows;
  return `${count(answer.total)} ${answer.total === 1 ? one : many}`;
}

function notRead(asking: Asking): string {
  const files = asking.answer?.not_read?.length ?? 0;
  return files === 0 ? "" : `${files} damaged file${files === 1 ? " was" : "s were"} not read.`;
}

/** Name, way and time of a row, in short. */
function headline(row: Row, subject: string, units: Model["settings"]["units"]): [string, string, string] {
  const name = [text(row, "registration") || text(row, "icao24"), text(row, "typecode")].filter(Boolean).join(" ");
  const span = (from: string, until: string): string => {
    const [a, b] = [shortMoment(timeOf(row, from)), shortMoment(timeOf(row, until))];
    return `${a} – ${a.slice(0, -6) === b.slice(0, -6) ? b.slice(-5) : b} UTC`;
  };
  if (subject === "journeys" || subject === "legs") {
    const way = stopsOf(row).map((stop) => {
      const best = stop.candidates[0]?.airport ?? "?";
      return stop.isObserved ? best : `(${best}?)`;
    });
    return [name, way.join(" → "), span("from", "until")];
  }
  if (subject === "events") {
    const where = [text(row, "airport"), text(row, "runway")].filter(Boolean).join(" ");
    return [text(row, "callsign") || name, `${text(row, "kind").replaceAll("_", " ")} ${where}`.trim(), span("from", "until")];
  }
  if (subject === "gaps") {
    const far = typeof row["distance_nmi"] === "number" ? distance(row["distance_nmi"] * NMI_KM, units) : "";
    return [name, `silent for ${lasting(Number(row["silence_s"] ?? NaN) * 1000)}, ${far}`, span("from", "until")];
  }
  if (subject === "positions") {
    const [ft, kt] = [row["altitude_baro_ft"], row["groundspeed_kt"]];
    const how = [typeof ft === "number" ? altitude(ft, units) : row["on_ground"] === true ? WORDS.ground : "", typeof kt === "number" ? speed(kt, units) : ""];
    return [text(row, "callsign") || name, how.filter(Boolean).join(" · "), `${text(row, "time").slice(0, 19).replace("T", " ")} UTC`];
  }
  const calls = Array.isArray(row["callsigns"]) ? row["callsigns"].slice(0, 3).join(", ") : "";
  const who = [text(row, "operator"), text(row, "country"), row["military"] === true ? "military" : "", calls];
  return [name, who.filter(Boolean).join(" · "), span("first_seen", "last_seen")];
}
