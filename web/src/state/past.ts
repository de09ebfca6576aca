/** The past as pictures: half hours are fetched as they are needed, each moment is made of the slices about it. */

import { halfHour } from "../api/rest";
import { HALF_HOUR_MS, readHalfHour, SLICE_MS, type HalfHour, type Place } from "../api/replay";
import { INTERESTING, MILITARY, type AircraftTable } from "./aircraft";
import { PastNames } from "./past_names";

/** Slices that an aircraft is shown without having been heard. */
const KEPT_SLICES = 2;
const KEPT_HALF_HOURS = 24;
/** So much of what comes next is fetched before it is played. */
const AHEAD_S = 4;
const MOST_AHEAD = 8;
const EARTH_NMI = 3440.065;
const RAD = Math.PI / 180;

export type Loaded = HalfHour | "nothing" | "loading" | "failed";

export class Past {
  readonly halfHours = new Map<number, Loaded>();

  private readonly names = new PastNames(() => this.changed());

  constructor(private readonly changed: () => void) {}

  /** Fetch what a moment needs, and what comes next. */
  want(ms: number, pace = 1): void {
    const start = Math.floor(ms / HALF_HOUR_MS) * HALF_HOUR_MS;
    void this.load(start);
    const ahead = Math.min(MOST_AHEAD, Math.max(1, Math.ceil((pace * AHEAD_S * 1000) / HALF_HOUR_MS)));
    if (ahead > 1 || ms - start > HALF_HOUR_MS * 0.5) for (let i = 1; i <= ahead; i++) void this.load(start + i * HALF_HOUR_MS);
    if (ms - start < KEPT_SLICES * SLICE_MS) void this.load(start - HALF_HOUR_MS);
  }

  /** Whether a moment can be shown. */
  stateAt(ms: number): Loaded {
    return this.halfHours.get(Math.floor(ms / HALF_HOUR_MS) * HALF_HOUR_MS) ?? "loading";
  }

  private async load(start: number): Promise<void> {
    if (this.halfHours.has(start) && this.halfHours.get(start) !== "failed") return;
    this.halfHours.set(start, "loading");
    try {
      const body = await halfHour(start);
      const read = body === null ? "nothing" : readHalfHour(body, start);
      this.halfHours.set(start, read);
      if (read !== "nothing") void this.names.want(read.slices.flatMap((slice) => [...slice.keys()]), start);
    } catch {
      this.halfHours.set(start, "failed");
    }
    if (this.halfHours.size > KEPT_HALF_HOURS) this.halfHours.delete(this.halfHours.keys().next().value!);
    this.changed();
  }

  private slice(number: number): ReadonlyMap<number, Place> | undefined {
    const ms = number * SLICE_MS;
    const start = Math.floor(ms / HALF_HOUR_MS) * HALF_HOUR_MS;
    const found = this.halfHours.get(start);
    return typeof found === "object" ? found.slices[(ms - start) / SLICE_MS] : undefined;
  }

  /** Make the picture of a moment: where each aircraft was last heard, and how it went on to where it was heard next. */
  fill(table: AircraftTable, ms: number): void {
    table.removeAll();
    table.nowMs = ms;
    const present = Math.floor(ms / SLICE_MS);
    const next = this.slice(present);
    for (let back = 1; back <= KEPT_SLICES; back++) {
      for (const [key, place] of this.slice(present - back) ?? []) {
        if (table.rows.has(key)) continue;
        const row = table.row(key);
        // A slice keeps what was newest in it: about its end.
        const atMs = (present - back + 1) * SLICE_MS;
        table.set("lat", row, place.lat);
        table.set("lon", row, place.lon);
        table.set("placeMs", row, atMs);
        table.set("seenMs", row, atMs);
        table.set("altitude", row, place.altitude);
        table.set("speed", row, place.speed);
        table.set("ground", row, place.isOnGround ? 1 : 0);
        table.set("source", row, place.source);
        const then = next?.get(key);
        if (then !== undefined) {
          const [nmi, bearing] = course(place, then);
          table.set("moveSpeed", row, (nmi / (SLICE_MS * back)) * 3_600_000);
          table.set("moveTrack", row, bearing);
          if (nmi > 0.05) table.set("track", row, bearing);
          table.set("seenMs", row, ms);
        } else {
          table.set("moveSpeed", row, 0);
          const before = this.slice(present - back - 1)?.get(key);
          if (before !== undefined) table.set("track", row, course(before, place)[1]);
        }
        this.name(table, row, key, ms);
      }
    }
  }

  private name(table: AircraftTable, row: number, key: number, ms: number): void {
    const who = this.names.of(key, ms);
    if (who !== null) {
      table.setWords("registration", row, who.registration ?? "");
      table.setWords("type", row, who.typecode ?? "");
      table.set("flags", row, (who.military ? MILITARY : 0) | (who.interesting ? INTERESTING : 0));
    }
    const found = this.stateAt(ms);
    if (typeof found !== "object") return;
    const names = found.names.get(key);
    if (names === undefined) return;
    const slice = Math.floor((ms - found.startMs) / SLICE_MS);
    const name = names.findLast((n) => n.slice <= slice) ?? names[0]!;
    table.setWords("callsign", row, name.callsign);
    table.set("squawk", row, name.squawk === 0 ? -1 : name.squawk);
  }
}

/** Nautical miles and bearing from one place to the next. */
function course(a: Place, b: Place): [number, number] {
  const [p, q, dl] = [a.lat * RAD, b.lat * RAD, (b.lon - a.lon) * RAD];
  const h = Math.sin((q - p) / 2) ** 2 + Math.cos(p) * Math.cos(q) * Math.sin(dl / 2) ** 2;
  const bearing = Math.atan2(Math.sin(dl) * Math.cos(q), Math.cos(p) * Math.sin(q) - Math.sin(p) * Math.cos(q) * Math.cos(dl));
  return [2 * EARTH_NMI * Math.asin(Math.min(1, Math.sqrt(h))), (bearing / RAD + 360) % 360];
}
