/** A row of an answer as a way over the Earth: what was observed, what lies in a silence, and where it may have stopped. */

import type { Airport, Row, Value } from "../api/find";
import type { TrackPoint } from "../api/rest";
import { distanceNmi, greatCircle, near, type LonLat } from "../geo/great_circle";

/** Longer silences are gaps: nothing is drawn across them as if it had been observed. */
const GAP_MS = 75_000;
/** Less likely candidates are told but not drawn. */
const LEAST_SHARE = 0.03;
/** A silence that ends where it began, nearer than this, is no way. */
const SAME_PLACE_NMI = 3;
const OBSERVED = new Set(["on_ground", "touchdown_bracketed"]);

export interface Silence {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly nmi: number;
}

export interface Mark {
  readonly at: LonLat;
  /** The airfield's, or what happened. */
  readonly code: string;
  readonly label: string;
  /** Filled where it was observed, hollow where it is a candidate. */
  readonly isObserved: boolean;
  readonly share: number;
}

export interface Way {
  readonly seen: readonly (readonly LonLat[])[];
  readonly inferred: readonly { readonly line: readonly LonLat[]; readonly share: number }[];
  readonly marks: readonly Mark[];
  /** Times when it was heard. */
  readonly heard: readonly { readonly fromMs: number; readonly untilMs: number }[];
  readonly silences: readonly Silence[];
}

export interface Candidate {
  readonly airport: string;
  readonly name: string;
  readonly probability: number;
}

export interface Stop {
  readonly role: "departure" | "stop" | "arrival";
  readonly isObserved: boolean;
  /** What was observed, in the words of the interface; empty for a stop between. */
  readonly evidence: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Probability that it happened at all. */
  readonly happened: number;
  readonly candidates: readonly Candidate[];
}

const record = (value: Value | undefined): Row => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Row) : {});
const list = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? (value as readonly Value[]) : []);
const number = (value: Value | undefined): number => (typeof value === "number" ? value : NaN);
const time = (value: Value | undefined): number => (typeof value === "string" ? Date.parse(value) : NaN);

function candidatesOf(value: Value | undefined): Candidate[] {
  return list(value).map(record).map((one) => ({
    airport: String(one["airport"] ?? ""), name: String(one["name"] ?? ""), probability: number(one["probability"]),
  }));
}

/** Ends and stops of a journey or leg in the order of time; none for other rows. */
export function stopsOf(row: Row): Stop[] {
  const end = (role: "departure" | "arrival"): Stop[] => row[`${role}_evidence`] === undefined ? [] : [{
    role, evidence: String(row[`${role}_evidence`]),
    isObserved: OBSERVED.has(String(row[`${role}_evidence`])) && row[`${role}_airport`] !== null,
    fromMs: time(row[`${role}_not_before`]), untilMs: time(row[`${role}_not_after`]), happened: 1,
    candidates: candidatesOf(row[`${role}_candidates`]),
  }];
  const stops = list(row["stops"]).map(record).map((stop): Stop => ({
    role: "stop", evidence: "", isObserved: stop["kind"] === "observed",
    fromMs: time(stop["not_before"]), untilMs: time(stop["not_after"]), happened: number(stop["happened"]),
    candidates: candidatesOf(stop["candidates"]),
  }));
  return [...end("departure"), ...stops, ...end("arrival")];
}

/** Codes of the airfields that a row speaks of. */
export function codesOf(row: Row): string[] {
  const own = typeof row["airport"] === "string" ? [row["airport"]] : [];
  return [...own, ...stopsOf(row).flatMap((stop) => stop.candidates.map((one) => one.airport))];
}

interface Point {
  readonly ms: number;
  readonly at: LonLat;
  readonly isEstimated: boolean;
}

/** Make the way of a row from the positions of its time. */
export function wayOf(row: Row, track: readonly TrackPoint[], fields: ReadonlyMap<string, Airport>): Way {
  const points: Point[] = [];
  for (const p of track) {
    const lon = points.length > 0 ? near(p.lon_deg, points.at(-1)!.at[0]) : p.lon_deg;
    points.push({ ms: p.time_s * 1000, at: [lon, p.lat_deg], isEstimated: p.verdict === "estimated" });
  }
  const made = { seen: [] as LonLat[][], inferred: [] as { line: LonLat[]; share: number }[], marks: [] as Mark[] };
  const heard: { fromMs: number; untilMs: number }[] = [];
  const silences: Silence[] = [];
  const stops = stopsOf(row);
  const used = new Set<Stop>();
  let line: LonLat[] = [];
  for (let i = 0; i < points.length; i++) {
    const [point, before] = [points[i]!, points[i - 1]];
    if (before === undefined || point.ms - before.ms > GAP_MS || point.isEstimated) {
      if (line.length > 1) made.seen.push(line);
      line = [];
      if (before !== undefined) {
        if (!point.isEstimated) {
          const nmi = distanceNmi(before.at, point.at);
          silences.push({ fromMs: before.ms, untilMs: point.ms, nmi });
        }
        const stop = stops.find((s) => !s.isObserved && s.role === "stop" && s.fromMs < point.ms && s.untilMs > before.ms);
        if (stop !== undefined) used.add(stop);
        through(before.at, point.at, stop, fields, made.inferred);
      }
      if (!point.isEstimated || before === undefined) heard.push({ fromMs: point.ms, untilMs: point.ms });
    }
    heard.at(-1)!.untilMs = point.ms;
    line.push(point.at);
  }
  if (line.length > 1) made.seen.push(line);
  for (const stop of stops) {
    const anchor = anchorOf(stop, points);
    for (const mark of marksOf(stop, fields, anchor)) {
      made.marks.push(mark);
      const isEnd = stop.role !== "stop";
      if (isEnd && !stop.isObserved && anchor !== null) {
        const ends: [LonLat, LonLat] = stop.role === "departure" ? [mark.at, anchor] : [anchor, mark.at];
        if (distanceNmi(...ends) > SAME_PLACE_NMI) made.inferred.push({ line: greatCircle(...ends), share: mark.share });
      }
    }
  }
  if (typeof row["latitude"] === "number" && typeof row["longitude"] === "number") {
    const at: LonLat = [near(row["longitude"], points[0]?.at[0] ?? row["longitude"]), row["latitude"]];
    const label = String(row["kind"] ?? "").replaceAll("_", " ");
    made.marks.push({ at, code: `${label}${at.join()}`, label, isObserved: true, share: 1 });
  }
  return { ...made, heard, silences };
}

/** Across a silence: past the places where it may have stopped, else the shortest way; always as inferred. */
function through(
  a: LonLat, b: LonLat, stop: Stop | undefined, fields: ReadonlyMap<string, Airport>, out: { line: LonLat[]; share: number }[],
): void {
  const places = stop?.candidates.filter((one) => fields.has(one.airport) && one.probability >= LEAST_SHARE) ?? [];
  if (places.length === 0) {
    if (distanceNmi(a, b) > SAME_PLACE_NMI) out.push({ line: greatCircle(a, b), share: 1 });
    return;
  }
  for (const one of places) {
    const field = fields.get(one.airport)!;
    const there = greatCircle(a, [field.lon_deg, field.lat_deg]);
    out.push({ line: [...there, ...greatCircle(there.at(-1)!, b).slice(1)], share: one.probability });
  }
}

/** The position that is nearest in time to a stop, so that its place is drawn on the same turn of the Earth. */
function anchorOf(stop: Stop, points: readonly Point[]): LonLat | null {
  if (points.length === 0) return null;
  if (stop.role === "departure") return points[0]!.at;
  if (stop.role === "arrival") return points.at(-1)!.at;
  const middle = (stop.fromMs + stop.untilMs) / 2;
  return points.reduce((a, b) => (Math.abs(b.ms - middle) < Math.abs(a.ms - middle) ? b : a)).at;
}

function marksOf(stop: Stop, fields: ReadonlyMap<string, Airport>, anchor: LonLat | null): Mark[] {
  const shown = stop.isObserved ? stop.candidates.slice(0, 1) : stop.candidates.filter((one) => one.probability >= LEAST_SHARE);
  return shown.flatMap((one) => {
    const field = fields.get(one.airport);
    if (field === undefined) return [];
    const at: LonLat = [near(field.lon_deg, anchor?.[0] ?? field.lon_deg), field.lat_deg];
    const label = stop.isObserved ? one.airport : `${one.airport} ${Math.round(one.probability * 100)} %`;
    return [{ at, code: one.airport, label, isObserved: stop.isObserved, share: stop.isObserved ? 1 : one.probability }];
  });
}

/** All places of a way, for a view that shows it. */
export function placesOf(way: Way): LonLat[] {
  return [...way.seen.flat(), ...way.inferred.flatMap((one) => one.line), ...way.marks.map((mark) => mark.at)];
}
