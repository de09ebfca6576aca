/** Questions to the node's interface: the only place that fetches. */

export interface Status {
  readonly version: string;
  readonly records: boolean;
  readonly simulated?: boolean;
  readonly now?: string;
  readonly aircraft?: number;
  readonly receivers: number;
  /** Arrival of the newest frame of any receiver, UTC. */
  readonly last_reception: string | null;
  readonly lat_deg?: number;
  readonly lon_deg?: number;
  readonly facts: Readonly<Record<string, string>>;
}

/** An answer other than the one asked for, in the node's words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

/** An address below the one the page came from: the node may stand behind a proxy at any path. */
export function address(path: string): string {
  return new URL(path, new URL("./", window.location.href)).href;
}

export function socketAddress(path: string): string {
  return address(path).replace(/^http/, "ws");
}

/** A key that the reader has typed; forgotten with the page. */
let key = "";

export function useKey(text: string): void {
  key = text;
}

const keyed = (): Record<string, string> => (key === "" ? {} : { authorization: `Bearer ${key}` });

async function asked(path: string, signal?: AbortSignal): Promise<Response> {
  return answered(fetch(address(path), { ...(signal ? { signal } : {}), headers: { accept: "application/json", ...keyed() } }));
}

async function answered(request: Promise<Response>): Promise<Response> {
  const answer = await request;
  if (!answer.ok) {
    let detail = `${answer.status} ${answer.statusText}`;
    try {
      detail = ((await answer.json()) as { detail?: string }).detail ?? detail;
    } catch {
      // No words came with it.
    }
    throw new Refusal(answer.status, detail);
  }
  return answer;
}

export async function json<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await asked(path, signal)).json()) as T;
}

export async function bytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await asked(path, signal)).arrayBuffer();
}

export const status = (signal?: AbortSignal): Promise<Status> => json<Status>("api/v1/status", signal);

export interface TrackPoint {
  readonly time_s: number;
  readonly lat_deg: number;
  readonly lon_deg: number;
  readonly altitude_ft?: number;
  readonly groundspeed_kt?: number;
  readonly on_ground?: boolean;
  readonly source?: string;
  readonly verdict?: string;
}

/** Positions of one aircraft in the order of time; none if the record has none. */
export async function track(hex: string, fromMs: number, untilMs: number, signal?: AbortSignal): Promise<readonly TrackPoint[]> {
  const query = new URLSearchParams({
    from: String(fromMs / 1000), until: String(untilMs / 1000), limit: "50000",
    fields: "time_s,lat_deg,lon_deg,altitude_ft,groundspeed_kt,on_ground,source,verdict",
  });
  try {
    const answer = await json<{ positions: TrackPoint[] }>(`api/v1/tracks/${encodeURIComponent(hex)}?${query}`, signal);
    return answer.positions;
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return [];
    throw error;
  }
}

/** All that is known of one aircraft, now or at a moment of the past. */
export type AircraftFacts = Readonly<Record<string, string | number | boolean>>;

export async function aircraftFacts(hex: string, atMs: number | null = null): Promise<AircraftFacts | null> {
  try {
    return await json<AircraftFacts>(`api/v1/aircraft/${encodeURIComponent(hex)}${atMs === null ? "" : `?at=${(atMs / 1000).toFixed(3)}`}`);
  } catch (error) {
    if (error instanceof Refusal && (error.status === 404 || error.status === 503)) return null;
    throw error;
  }
}

/** What lists call an aircraft. */
export interface Named {
  readonly icao24: string;
  readonly registration?: string;
  readonly typecode?: string;
  readonly military?: boolean;
  readonly interesting?: boolean;
}

/** What lists call aircraft at a moment; those that none has are left out. */
export async function named(hexes: readonly string[], atMs: number): Promise<readonly Named[]> {
  const body = new URLSearchParams({ hex: hexes.join(","), at: String(atMs / 1000) });
  const answer = await answered(fetch(address("api/v1/identities"), { method: "POST", body, headers: { accept: "application/json", ...keyed() } }));
  return ((await answer.json()) as { aircraft: Named[] }).aircraft;
}

/** Who an aircraft is, by whom and since when. */
export interface Identity {
  readonly icao24: string;
  readonly country: string;
  readonly values: Readonly<Record<string, { readonly value: string; readonly source: string } | undefined>>;
  readonly conflicts?: Readonly<Record<string, readonly { readonly value: string; readonly source: string }[]>>;
  readonly statements: readonly {
    readonly source: string; readonly from: string | null; readonly until: string | null; readonly is_derived: boolean;
    readonly values: Readonly<Record<string, string>>;
  }[];
  readonly remarks: readonly string[];
}

export async function identity(hex: string, signal?: AbortSignal): Promise<Identity | null> {
  try {
    return await json<Identity>(`api/v1/identity/${encodeURIComponent(hex)}`, signal);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

export interface OperatorReceiver {
  readonly name: string;
  readonly health: string;
  readonly connected: boolean;
  readonly frames: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly rate_frames_s: number;
  readonly clock: string;
  readonly clock_jumps: number;
  readonly clock_offset_ms?: number | null;
  readonly last_error?: string | null;
  readonly range_nmi: readonly number[];
  readonly unique_share?: number | null;
}

export interface OperatorPort {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly format: string;
  readonly feeders: number;
  readonly is_encrypted: boolean;
}

/** What only the node's operator is told. */
export interface OperatorFacts {
  readonly receivers: readonly OperatorReceiver[];
  readonly alarms: readonly string[];
  readonly ports: readonly OperatorPort[];
  readonly keys: readonly { readonly id: string; readonly name: string; readonly scopes: readonly string[]; readonly station: string; readonly is_good: boolean }[];
  readonly storage: {
    readonly free_bytes: number; readonly days: number; readonly first_day: string | null; readonly last_day: string | null;
    readonly bytes_a_day: number | null; readonly room_days: number | null; readonly is_recording: boolean;
  } | null;
}

export const operator = (): Promise<OperatorFacts> => json<OperatorFacts>("api/v1/operator");

/** UTC days of which there is a record. */
export async function days(): Promise<readonly string[]> {
  try {
    return (await json<{ days: string[] }>("api/v1/days")).days;
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return [];
    throw error;
  }
}

/** One half hour of everything, 30 seconds apart; null if nothing was recorded. */
export async function halfHour(startMs: number): Promise<ArrayBuffer | null> {
  const start = new Date(startMs).toISOString();
  const number = (Number(start.slice(11, 13)) * 2 + (start.slice(14, 16) === "30" ? 1 : 0)).toString().padStart(2, "0");
  try {
    return await bytes(`globe_history/${start.slice(0, 10).replaceAll("-", "/")}/heatmap/${number}.bin.ttf`);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

/** Give something to the node as JSON; an answer that refuses is a Refusal. */
export async function send<T>(method: "POST" | "PUT" | "DELETE", path: string, body: unknown, version?: number): Promise<T> {
  const answer = await answered(fetch(address(path), {
    method, headers: { "content-type": "application/json", ...(version === undefined ? {} : { "if-match": `"${version}"` }), ...keyed() },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }));
  return (await answer.json()) as T;
}
