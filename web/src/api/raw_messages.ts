/** Questions about raw messages: what was received of one aircraft, and what one frame says. */

import { json } from "./rest";

export interface RawMessage {
  readonly time: string;
  readonly time_s: number;
  readonly receiver?: string;
  readonly signal_dbfs?: number;
  readonly frame: string;
  readonly df: number;
  readonly typecode?: number;
  readonly title: string;
  readonly says?: string;
  readonly status: string;
  readonly repaired_bit?: number;
  readonly reception: number;
  readonly transmission: number;
}

export interface RawMessages {
  readonly from: string;
  readonly until: string;
  /** All from here to the end was read. */
  readonly read_from: string;
  /** Receptions of that time, of anybody, are kept. */
  readonly is_kept: boolean;
  readonly messages: readonly RawMessage[];
}

export interface ExplainedRow {
  readonly part: "frame" | "message" | "meaning" | "parity" | "register";
  /** Of the frame, from 1: `41-52`; empty for what is not in one place. */
  readonly bits: string;
  readonly name: string;
  readonly raw: string;
  readonly text: string;
  readonly meaning: string;
  readonly section: string;
}

export interface Explained {
  readonly frame: string;
  readonly df: number;
  readonly title: string;
  readonly icao24: string | null;
  readonly address_verified: boolean;
  readonly rows: readonly ExplainedRow[];
}

/** What is known of an aircraft: it weighs which register a reply may be. */
export type Known = Readonly<Partial<Record<"altitude_ft" | "groundspeed_kt" | "track_deg" | "vertical_rate_fpm", number>>>;

const seconds = (ms: number): string => (ms / 1000).toFixed(6);

/** Newest first; `untilMs` null for the present. */
export function rawMessages(hex: string, fromMs: number, untilMs: number | null, limit: number, signal?: AbortSignal): Promise<RawMessages> {
  const query = new URLSearchParams({ from: seconds(fromMs), limit: String(limit), ...(untilMs === null ? {} : { until: seconds(untilMs) }) });
  return json<RawMessages>(`api/v1/messages/${encodeURIComponent(hex)}?${query}`, signal);
}

export function explain(frame: string, known: Known = {}): Promise<Explained> {
  const query = new URLSearchParams(Object.entries(known).filter(([, value]) => Number.isFinite(value)).map(([name, value]) => [name, String(value)]));
  return json<Explained>(`api/v1/explain/${encodeURIComponent(frame)}?${query}`);
}
