/** Questions about one flight in depth: its heights and speeds over time. */

import { address, json, Refusal } from "./rest";

/** One position of the record, with what was known of the aircraft then. */
export interface FlightPoint {
  readonly time_s: number;
  readonly lat_deg: number;
  readonly lon_deg: number;
  readonly altitude_ft?: number;
  readonly altitude_geom_ft?: number;
  readonly groundspeed_kt?: number;
  readonly vertical_rate_fpm?: number;
  readonly on_ground?: boolean;
  readonly verdict?: string;
}

export interface FlightPart {
  readonly positions: readonly FlightPoint[];
  /** There are more positions than were given: each so many-th came. */
  readonly is_thinned: boolean;
}

const FIELDS = "time_s,lat_deg,lon_deg,altitude_ft,altitude_geom_ft,groundspeed_kt,vertical_rate_fpm,on_ground,verdict";
const MOST = 10_000;
const MOST_IN_FILE = 50_000;

function question(hex: string, fromMs: number, untilMs: number, more: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams({ from: (fromMs / 1000).toFixed(3), until: (untilMs / 1000).toFixed(3), ...more });
  return `api/v1/tracks/${encodeURIComponent(hex)}?${query}`;
}

/** Heights and speeds of one aircraft in the order of time; none if the record has none. */
export async function flight(hex: string, fromMs: number, untilMs: number, signal?: AbortSignal): Promise<FlightPart> {
  try {
    return await json<FlightPart>(question(hex, fromMs, untilMs, { limit: String(MOST), fields: FIELDS }), signal);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return { positions: [], is_thinned: false };
    throw error;
  }
}

/** Where the same is as a file for tables, with every column. */
export const flightFile = (hex: string, fromMs: number, untilMs: number): string =>
  address(question(hex, fromMs, untilMs, { limit: String(MOST_IN_FILE), format: "csv" }));

/** What was known from time to time besides its positions. */
export interface AirState {
  readonly seen_time: string;
  readonly ias_kt?: number;
  readonly tas_kt?: number;
  /** Seconds from when the airspeeds were said to that time. */
  readonly air_age_s?: number;
}

export async function airStates(hex: string, fromMs: number, untilMs: number): Promise<readonly AirState[]> {
  const query = new URLSearchParams({
    from: (fromMs / 1000).toFixed(3), until: (untilMs / 1000).toFixed(3), limit: "5000", fields: "seen_time,ias_kt,tas_kt,air_age_s",
  });
  return (await json<{ states: AirState[] }>(`api/v1/states/${encodeURIComponent(hex)}?${query}`)).states;
}
