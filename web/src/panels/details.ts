/** One aircraft: what is known, who said so and how long ago; and its heights so far. */

import { aircraftFacts, type AircraftFacts } from "../api/rest";
import { colourOf } from "../map/palette";
import type { TrailPoint } from "../map/trails";
import { EMERGENCIES, hexOf, MILITARY, INTERESTING, SOURCES, type NumberColumn } from "../state/aircraft";
import type { Commands } from "../state/commands";
import type { Model } from "../state/model";
import { el, icon, setText } from "../text/dom";
import * as units from "../text/units";
import { FIELDS, WORDS } from "../text/words";
import type { DetailsMore } from "./details_more";
import { ICONS } from "./icons";

const ASK_MS = 2000;
const PROFILE_W = 320;
const PROFILE_H = 84;

type Row = readonly [name: string, value: string, behind: string];

export class Details {
  readonly element: HTMLElement;
  private readonly title = el("h2", {});
  private readonly subtitle = el("p", { class: "subtitle" });
  private readonly state = el("p", { class: "urgent", hidden: true });
  private readonly rows = el("dl", {});
  private readonly canvas = el("canvas", { width: PROFILE_W * 2, height: PROFILE_H * 2, class: "profile", role: "img" });
  private readonly follow: HTMLButtonElement;
  private readonly only: HTMLButtonElement;
  private facts: AircraftFacts | null = null;
  private factsOf = -1;
  private isAsking = false;
  private askedMs = NaN;
  private more: DetailsMore | null = null;
  private isFetching = false;
  /** In which messages a value is said. */
  private saidIn: Readonly<Record<string, string>> = {};

  constructor(
    private readonly model: Model, private readonly commands: Commands,
    private readonly trail: (key: number) => readonly TrailPoint[], copyLink: () => void, openTool: (name: string) => void,
  ) {
    const button = (words: string, drawing: string, act: () => void): HTMLButtonElement =>
      el("button", { type: "button", class: "chip", onclick: act }, icon(drawing), words);
    this.follow = button(WORDS.follow, ICONS.follow, () => commands.toggle("isFollowing"));
    this.only = button(WORDS.isolate, ICONS.only, () => commands.toggle("isIsolated"));
    this.element = el(
      "aside", { class: "panel details", "aria-label": WORDS.details, hidden: true },
      el("div", { class: "head" }, el("div", {}, this.title, this.subtitle),
        el("button", { type: "button", class: "plain", "aria-label": WORDS.close, onclick: () => commands.select(null) }, icon(ICONS.close))),
      this.state,
      el("div", { class: "chips" }, this.follow, this.only, button(WORDS.copyLink, ICONS.link, copyLink),
        button(WORDS.page, ICONS.list, () => model.main !== null && commands.openPage({ kind: "aircraft", name: hexOf(model.main) })),
        button(WORDS.profile, ICONS.profile, () => openTool("profile")), button(WORDS.messages, ICONS.messages, () => openTool("messages"))),
      this.canvas, this.rows,
    );
    model.on(["mode"], () => (this.factsOf = -1));
    model.on(["selection", "settings", "mode"], () => this.draw());
    model.on(["picture"], () => this.draw());
    window.setInterval(() => void this.ask(), ASK_MS);
  }

  private async ask(): Promise<void> {
    const key = this.model.main;
    const atMs = this.model.mode === "past" ? this.model.clock.now() : null;
    if (key === null || this.isAsking || document.hidden || (atMs !== null && (atMs === this.askedMs || !this.model.hasRecord))) return;
    this.isAsking = true;
    this.askedMs = atMs ?? NaN;
    const { mode } = this.model;
    const facts = await aircraftFacts(hexOf(key), atMs).catch(() => null);
    // What is so now says nothing of the past, nor the other way round.
    if (mode === this.model.mode) [this.facts, this.factsOf] = [facts, key];
    this.isAsking = false;
    this.draw();
  }

  /** Who it is and what it flew before come with the first selection. */
  private async fetchMore(): Promise<void> {
    if (this.isFetching) return;
    this.isFetching = true;
    const fetched = await import("./details_more").catch(() => null);
    this.isFetching = fetched !== null;
    if (fetched === null) return;
    this.more = new fetched.DetailsMore(this.model, this.commands);
    this.saidIn = fetched.SAID_IN;
    this.canvas.before(this.more.who);
    this.element.append(this.more.history);
    this.draw();
  }

  private draw(): void {
    const key = this.model.main;
    this.element.hidden = key === null;
    this.more?.show(key);
    if (key === null) return;
    if (this.more === null) void this.fetchMore();
    if (this.factsOf !== key) {
      this.facts = null;
      this.factsOf = key;
      this.askedMs = NaN;
      void this.ask();
    }
    const { table, settings } = this.model;
    const row = table.rows.get(key);
    setText(this.title, this.model.nameOf(key));
    this.follow.setAttribute("aria-pressed", String(settings.isFollowing));
    this.only.setAttribute("aria-pressed", String(settings.isIsolated));
    if (row === undefined) {
      setText(this.subtitle, hexOf(key));
      this.state.hidden = false;
      const isPast = this.model.mode === "past";
      this.state.className = isPast ? "subtitle silent" : "urgent";
      setText(this.state, isPast ? WORDS.notHeardThen : WORDS.notHeard);
      this.rows.replaceChildren();
      this.drawProfile(key);
      return;
    }
    const flags = table.get("flags", row);
    const marks = [flags & MILITARY ? "military" : "", flags & INTERESTING ? "interesting" : ""];
    setText(this.subtitle, [table.words("registration")[row], table.words("type")[row], hexOf(key), ...marks].filter(Boolean).join(" · "));
    const emergency = EMERGENCIES[table.get("emergency", row)] ?? "";
    const squawk = units.squawk(table.get("squawk", row));
    const urgent = ["7500", "7600", "7700"].includes(squawk) || emergency !== "";
    this.state.hidden = !urgent;
    this.state.className = "urgent";
    if (urgent) setText(this.state, `Emergency${emergency ? `: ${emergency}` : ""} · squawk ${squawk || "unknown"}`);
    this.show(this.told(row));
    this.drawProfile(key);
  }

  /** Name, value, and what is behind it, in the order of interest. */
  private told(row: number): Row[] {
    const { table, settings } = this.model;
    const now = this.model.mode === "past" ? this.model.clock.now() : table.nowMs;
    const fact = (name: string): string => (this.facts?.[name] === undefined ? "" : String(this.facts[name]));
    const number = (name: string): number => (typeof this.facts?.[name] === "number" ? (this.facts[name] as number) : NaN);
    const ago = (name: string): string => {
      const s = number(`${name}_age_s`);
      return Number.isNaN(s) ? "" : units.age(s * 1000);
    };
    const since = (ms: number): string => units.age(now - ms);
    const isGround = table.get("ground", row) === 1;
    const by = SOURCES[table.get("source", row)] ?? "";
    const wind = Number.isNaN(number("wind_speed_kt")) ? "" : `${units.speed(number("wind_speed_kt"), settings.units)} from ${units.direction(number("wind_direction_deg"))}`;
    const category = table.get("category", row);
    const level = Number.isNaN(table.get("level", row)) ? number("signal_dbfs") : table.get("level", row);
    const either = (column: NumberColumn, name: string): number => (Number.isNaN(table.get(column, row)) ? number(name) : table.get(column, row));
    return [
      [FIELDS.altitude, isGround ? WORDS.ground : units.altitude(table.get("altitude", row), settings.units), ago("altitude")],
      [FIELDS.speed, units.speed(table.get("speed", row), settings.units), ago("velocity")],
      [FIELDS.track, units.direction(table.get("track", row)), ago("velocity")],
      [FIELDS.rate, units.climb(either("rate", "vertical_rate_fpm"), settings.units), ago("rate")],
      [FIELDS.place, units.coordinate(table.get("lat", row), table.get("lon", row)), Number.isNaN(table.get("lat", row)) ? "" : `${by} ${since(table.get("placeMs", row))}`.trim()],
      [FIELDS.verdict, [fact("verdict"), fact("reason") === "none" ? "" : fact("reason")].filter(Boolean).join(": "), fact("receivers") && `${fact("receivers")} receiver${fact("receivers") === "1" ? "" : "s"}`],
      [FIELDS.squawk, units.squawk(table.get("squawk", row)), ago("squawk")],
      [FIELDS.callsign, table.words("callsign")[row]!, ago("callsign")],
      [FIELDS.altitudeGeom, units.altitude(either("altitudeGeom", "altitude_geom_ft"), settings.units), ago("altitude_geom")],
      [FIELDS.selected, units.altitude(number("selected_altitude_ft"), settings.units), ago("selected")],
      [FIELDS.selectedHeading, units.direction(number("selected_heading_deg")), ago("selected")],
      [FIELDS.qnh, fact("qnh_hpa") && `${fact("qnh_hpa")} hPa`, ago("selected")],
      [FIELDS.modes, fact("modes"), ago("selected")],
      [FIELDS.ias, units.speed(number("ias_kt"), settings.units), ago("air")],
      [FIELDS.tas, units.speed(number("tas_kt"), settings.units), ago("air")],
      [FIELDS.mach, fact("mach"), ago("air")],
      [FIELDS.heading, units.direction(number("heading_deg")) + (fact("heading_is_magnetic") === "true" ? " magnetic" : ""), ago("air")],
      [FIELDS.roll, fact("roll_deg") && `${fact("roll_deg")}°`, ago("turn")],
      [FIELDS.wind, wind, ago("weather")],
      [FIELDS.temperature, fact("sat_c") && `${fact("sat_c")} °C`, ago("weather")],
      [FIELDS.nic, fact("nic"), Number.isNaN(table.get("placeMs", row)) ? "" : since(table.get("placeMs", row))],
      [FIELDS.nacp, fact("nac_p"), ago("quality")],
      [FIELDS.category, category > 0 && category < 255 ? category.toString(16).toUpperCase() : fact("category"), ago("callsign")],
      [FIELDS.level, Number.isNaN(level) ? "" : `${level.toFixed(1)} dBFS`, units.age(number("seen_s") * 1000)],
      [FIELDS.messages, table.get("messages", row) > 0 ? units.count(table.get("messages", row)) : "", since(table.get("seenMs", row))],
    ];
  }

  private show(rows: readonly Row[]): void {
    const kept = rows.filter(([, value]) => value !== "");
    // Only what changed is touched: a reader who marks a value keeps the mark.
    while (this.rows.children.length > kept.length) this.rows.lastElementChild!.remove();
    while (this.rows.children.length < kept.length) {
      this.rows.append(el("div", {}, el("dt", {}), el("dd", {}, el("span", {}), el("small", {}))));
    }
    kept.forEach(([name, value, behind], i) => {
      const line = this.rows.children[i]!;
      setText(line.children[0] as HTMLElement, name);
      (line as HTMLElement).title = this.saidIn[name] ?? "";
      setText(line.children[1]!.children[0] as HTMLElement, value);
      setText(line.children[1]!.children[1] as HTMLElement, behind);
    });
  }

  private drawProfile(key: number): void {
    const now = this.model.mode === "past" ? this.model.clock.now() : Infinity;
    const points = this.trail(key).filter((p) => p.ms <= now && (p.isOnGround || !Number.isNaN(p.altitude)));
    this.canvas.hidden = points.length < 3;
    if (points.length < 3) return;
    const { theme, units: chosen } = this.model.settings;
    const pen = this.canvas.getContext("2d")!;
    const [first, last] = [points[0]!.ms, points.at(-1)!.ms];
    const height = (p: TrailPoint): number => (p.isOnGround ? 0 : p.altitude);
    const top = Math.max(5000, ...points.map(height)) * 1.08;
    const x = (ms: number): number => 4 + ((ms - first) / Math.max(1, last - first)) * (PROFILE_W - 8);
    const y = (ft: number): number => PROFILE_H - 14 - (Math.max(0, ft) / top) * (PROFILE_H - 22);
    pen.setTransform(2, 0, 0, 2, 0, 0);
    pen.clearRect(0, 0, PROFILE_W, PROFILE_H);
    pen.lineWidth = 1.8;
    pen.lineCap = "round";
    for (let i = 1; i < points.length; i++) {
      const [a, b] = [points[i - 1]!, points[i]!];
      if (b.ms - a.ms > 75_000) continue;
      pen.strokeStyle = colourOf(theme, b.altitude, b.isOnGround);
      pen.beginPath();
      pen.moveTo(x(a.ms), y(height(a)));
      pen.lineTo(x(b.ms), y(height(b)));
      pen.stroke();
    }
    pen.fillStyle = getComputedStyle(this.element).getPropertyValue("--quiet");
    pen.font = "10px system-ui, sans-serif";
    pen.textAlign = "left";
    pen.fillText(units.clock(first).slice(0, 5), 4, PROFILE_H - 2);
    pen.textAlign = "right";
    pen.fillText(units.clock(last).slice(0, 5), PROFILE_W - 4, PROFILE_H - 2);
    const most = Math.max(...points.map(height));
    this.canvas.setAttribute("aria-label", `Altitude from ${units.clock(first)} to ${units.clock(last)} UTC, highest ${units.altitude(most, chosen)}`);
  }
}
