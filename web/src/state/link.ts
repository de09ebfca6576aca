/** The state of the view as an address, and back; the parameters that people know from tar1090 are understood too. */

import { hexOf } from "./aircraft";
import { nameOfRow, type Span } from "./asking";
import type { Model } from "./model";
import { pageOf, textOf, type PageName } from "./page";

export interface Start {
  lat?: number;
  lon?: number;
  zoom?: number;
  readonly hexes: readonly string[];
  readonly registration: string;
  readonly airport: string;
  readonly filter: string;
  readonly atMs: number | null;
  readonly pace: number;
  readonly isPlaying: boolean;
  readonly labels: 0 | 1 | 2 | null;
  readonly isIsolated: boolean;
  readonly areButtonsHidden: boolean;
  readonly isTableOpen: boolean;
  /** A question to the record, the row that was chosen of its answer, and what the answer was. */
  readonly question: string;
  readonly row: string;
  readonly hash: string;
  readonly range: Span | null;
  readonly page: PageName | null;
  /** A tool, `name` or `name:argument`, and the layers that are drawn. */
  readonly tool: { readonly name: string; readonly argument: string };
  readonly layers: readonly string[] | null;
}

const number = (text: string | null): number | undefined => {
  const value = text === null || text === "" ? NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
};

/** A word for the query language; what does not fit in one is left out. */
const word = (text: string): string => text.replace(/[^A-Za-z0-9*~-]/g, "");

/** A regular expression of tar1090 as a word with stars: `^KLM` begins so, else it is somewhere in it. */
const starred = (text: string): string => {
  const plain = word(text);
  if (plain === "") return "";
  return `${text.startsWith("^") ? "" : "*"}${plain}${text.endsWith("$") ? "" : "*"}`;
};

/** Filters of tar1090 in the words of ours. */
function foreignFilter(query: URLSearchParams): string {
  const terms: string[] = [];
  const [least, most] = [number(query.get("filterAltMin")), number(query.get("filterAltMax"))];
  if (least !== undefined && most !== undefined) terms.push(`alt:${least}..${most}`);
  else if (least !== undefined) terms.push(`alt:>${least}`);
  else if (most !== undefined) terms.push(`alt:<${most}`);
  for (const [name, key] of [["filterCallSign", "callsign"], ["filterType", "type"]] as const) {
    const value = starred(query.get(name) ?? "");
    if (value !== "") terms.push(`${key}:${value}`);
  }
  const hex = word(query.get("filterIcao") ?? "").replace(/^~?/, (t) => t);
  if (hex !== "") terms.push(`hex:${hex.endsWith("*") || hex.length >= 6 ? hex : `${hex}*`}`);
  if (query.has("mil") || /mil/.test(query.get("filterDbFlag") ?? "")) terms.push("mil:yes");
  const known = ["adsb", "adsr", "tisb", "mlat", "other", "uat"];
  const sources = (query.get("filterSources") ?? "").toLowerCase().split(",").map(word).filter((s) => known.includes(s));
  if (sources.length > 0) terms.push(`source:${sources.join(",")}`);
  return terms.join(" ");
}

/** A moment as `at`, `replay`, `showTrace` or `timestamp` give it. */
function momentOf(query: URLSearchParams): number | null {
  const at = query.get("at");
  if (at !== null && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(at)) {
    const ms = Date.parse(at);
    return Number.isNaN(ms) ? null : ms;
  }
  const replay = /^(\d{4}-\d\d-\d\d)(?:-(\d\d):(\d\d))?$/.exec(query.get("replay") ?? "");
  if (replay !== null) return Date.parse(`${replay[1]}T${replay[2] ?? "00"}:${replay[3] ?? "00"}:00Z`) || null;
  const stamp = number(query.get("timestamp"));
  if (stamp !== undefined) return stamp * 1000;
  const trace = /^\d{4}-\d\d-\d\d$/.exec(query.get("showTrace") ?? "");
  if (trace !== null) {
    const start = /^(\d\d):?(\d\d)/.exec(query.get("startTime") ?? "");
    return Date.parse(`${trace[0]}T${start ? `${start[1]}:${start[2]}` : "12:00"}:00Z`) || null;
  }
  return null;
}

/** Two moments, `2019-03-22T12:00:00Z..2019-03-23T12:00:00Z`. */
function rangeOf(text: string): Span | null {
  const [from, until] = text.split("..").map((part) => (/^\d{4}-\d\d-\d\dT[\d:]+Z$/.test(part) ? Date.parse(part) : NaN));
  return from !== undefined && until !== undefined && until > from ? { fromMs: from, untilMs: until } : null;
}

function toolOf(text: string): { name: string; argument: string } {
  const at = text.indexOf(":");
  return at < 0 ? { name: text, argument: "" } : { name: text.slice(0, at), argument: text.slice(at + 1) };
}

const moment = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Shown where a link says nothing of layers. */
export const FIRST_LAYER = "night";

export function readLink(search: string): Start {
  const query = new URLSearchParams(search);
  const [lat, lon, zoom] = [number(query.get("lat")), number(query.get("lon")), number(query.get("zoom"))];
  const isOn = (name: string): boolean => query.has(name) && query.get(name) !== "0" && query.get(name) !== "false";
  return {
    ...(lat !== undefined && lon !== undefined && Math.abs(lat) <= 85 ? { lat, lon } : {}),
    ...(zoom !== undefined ? { zoom: Math.min(16, Math.max(1, zoom)) } : {}),
    hexes: (query.get("icao") ?? "").split(",").map((h) => h.trim().toLowerCase()).filter((h) => /^~?[0-9a-f]{6}$/.test(h)),
    registration: (query.get("reg") ?? "").trim().toUpperCase(),
    airport: (query.get("airport") ?? "").trim().toUpperCase().slice(0, 8),
    filter: (query.get("q") ?? foreignFilter(query)).slice(0, 500),
    atMs: momentOf(query),
    pace: Math.min(7200, Math.max(1, number(query.get("replaySpeed") ?? query.get("pace")) ?? 30)),
    isPlaying: !isOn("replayPaused") && query.get("at") === null && !query.has("showTrace"),
    labels: isOn("extendedLabels") ? 2 : isOn("enableLabels") ? 1 : null,
    isIsolated: query.has("icao") && isOn("only"),
    areButtonsHidden: isOn("hideButtons") || isOn("kiosk") || isOn("screenshot"),
    isTableOpen: isOn("list"),
    question: (query.get("find") ?? "").slice(0, 20_000),
    row: /^~?[0-9a-f]{6}@[\dT:.-]{10,19}$/.test(query.get("row") ?? "") ? query.get("row")! : "",
    hash: /^[0-9a-f]{12}$/.test(query.get("hash") ?? "") ? query.get("hash")! : "",
    range: rangeOf(query.get("range") ?? ""),
    page: pageOf(query.get("page") ?? (query.has("airport") ? `airport:${query.get("airport")}` : "")),
    tool: toolOf((query.get("tool") ?? "").slice(0, 300)),
    layers: query.has("layers") ? query.get("layers")!.split(",").filter((name) => name !== "").slice(0, 50) : null,
  };
}

/** The address of the present view. */
export function linkOf(model: Model, view: { lat: number; lon: number; zoom: number }): string {
  const query = new URLSearchParams();
  const digits = view.zoom < 6 ? 2 : 4;
  query.set("lat", view.lat.toFixed(digits));
  query.set("lon", view.lon.toFixed(digits));
  query.set("zoom", view.zoom.toFixed(1));
  if (model.selected.size > 0) query.set("icao", [...model.selected].map(hexOf).join(","));
  if (model.filter !== "") query.set("q", model.filter);
  if (model.settings.isIsolated) query.set("only", "1");
  if (model.settings.isTableOpen) query.set("list", "1");
  if (model.page !== null) query.set("page", textOf(model.page));
  const layers = [...model.layers].join(",");
  if (layers !== FIRST_LAYER) query.set("layers", layers);
  if (model.tool !== null) query.set("tool", model.tool.argument === "" ? model.tool.name : `${model.tool.name}:${model.tool.argument}`);
  const { asking } = model;
  if (asking.isOpen && asking.mistake === null) {
    query.set("find", asking.question);
    if (asking.row !== null) query.set("row", nameOfRow(asking.row));
    if (asking.hash !== "") query.set("hash", asking.hash);
  }
  if (model.mode === "past") {
    query.set("at", moment(model.clock.now()));
    if (model.range !== null) query.set("range", `${moment(model.range.fromMs)}..${moment(model.range.untilMs)}`);
    if (model.pace !== 30) query.set("pace", String(model.pace));
  }
  // Commas and colons may stand as they are.
  return `?${query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%40", "@")}`;
}
