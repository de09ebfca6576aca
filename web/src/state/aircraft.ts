/** The aircraft of the present view as columns: filled by the live stream, or by the past. */

import { DELTA, SNAPSHOT, type Group, type Part } from "../api/wire";

export const SOURCES = ["ADS-B", "ADS-R", "TIS-B", "MLAT", "other", "UAT"] as const;
export const EMERGENCIES = [
  "", "general", "medical", "minimum fuel", "no radio", "unlawful interference", "downed aircraft",
] as const;
export const URGENT_SQUAWKS: ReadonlySet<number> = new Set([0o7500, 0o7600, 0o7700]);
export const MILITARY = 1;
export const INTERESTING = 2;

const FULL = 127;
const FOOT_STEP = 25;

/** Columns of numbers with what stands for "unknown". */
const NUMBERS = {
  lat: NaN, lon: NaN, placeMs: NaN, seenMs: NaN, messages: 0, level: NaN, receiver: NaN, altitude: NaN,
  altitudeGeom: NaN, speed: NaN, track: NaN, rate: NaN, squawk: -1, emergency: 255, category: 0, source: 255,
  ground: 255, nic: 255, flags: 0, tile: 0, key: 0,
  // Of the drawing: how it moves, if not as it says (in the past: to where it is heard next); how far the shown place was from the reported one when that came, and when.
  moveSpeed: NaN, moveTrack: NaN, shiftX: 0, shiftY: 0, shiftMs: 0, shownX: NaN, shownY: NaN,
} as const;
const TEXTS = ["callsign", "registration", "type"] as const;

export type NumberColumn = keyof typeof NUMBERS;
export type TextColumn = (typeof TEXTS)[number];

const decoder = new TextDecoder("ascii");

function text(from: ArrayLike<number>, row: number, width: number): string {
  const bytes = (from as Uint8Array).subarray(row * width, (row + 1) * width);
  let end = width;
  while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 32)) end--;
  return decoder.decode(bytes.subarray(0, end));
}

export class AircraftTable {
  /** Rows 0 to `count` are aircraft. */
  count = 0;
  nowMs = 0;
  picture = 0;
  isSimulated = false;
  readonly rows = new Map<number, number>();
  private capacity = 0;
  private numbers = {} as Record<NumberColumn, Float64Array>;
  private texts = Object.fromEntries(TEXTS.map((name) => [name, [] as string[]])) as Record<TextColumn, string[]>;

  constructor() {
    this.grow(1024);
  }

  column(name: NumberColumn): Float64Array {
    return this.numbers[name];
  }

  words(name: TextColumn): readonly string[] {
    return this.texts[name];
  }

  get(name: NumberColumn, row: number): number {
    return this.numbers[name][row]!;
  }

  set(name: NumberColumn, row: number, value: number): void {
    this.numbers[name][row] = value;
  }

  setWords(name: TextColumn, row: number, value: string): void {
    this.texts[name][row] = value;
  }

  /** Row of a key, made if there is none. */
  row(key: number, tile = 0): number {
    let row = this.rows.get(key);
    if (row === undefined) {
      if (this.count === this.capacity) this.grow(this.capacity * 2);
      row = this.count++;
      this.rows.set(key, row);
      this.clear(row);
      this.numbers.key[row] = key;
    }
    this.numbers.tile[row] = tile;
    return row;
  }

  remove(key: number): void {
    const row = this.rows.get(key);
    if (row === undefined) return;
    const last = --this.count;
    this.rows.delete(key);
    if (row === last) return;
    for (const name of Object.keys(NUMBERS) as NumberColumn[]) this.numbers[name][row] = this.numbers[name][last]!;
    for (const name of TEXTS) this.texts[name][row] = this.texts[name][last]!;
    this.rows.set(this.numbers.key[row]!, row);
  }

  removeAll(): void {
    this.rows.clear();
    this.count = 0;
  }

  /** Drop the aircraft of tiles that are no longer watched. */
  keepTiles(tiles: readonly number[]): void {
    const kept = new Set(tiles);
    this.removeWhere((row) => !kept.has(this.numbers.tile[row]!));
  }

  apply(part: Part): void {
    this.nowMs = part.nowMs;
    this.picture = part.picture;
    this.isSimulated = part.isSimulated;
    if (part.kind !== SNAPSHOT && part.kind !== DELTA) return;
    if (part.kind === SNAPSHOT) {
      const told = new Set(part.keys);
      this.removeWhere((row) => this.numbers.tile[row] === part.tile && !told.has(this.numbers.key[row]!));
    }
    for (const key of part.gone) {
      const row = this.rows.get(key);
      // It may already be in the next tile.
      if (row !== undefined && this.numbers.tile[row] === part.tile) this.remove(key);
    }
    const rows = new Int32Array(part.keys.length);
    for (let i = 0; i < rows.length; i++) {
      rows[i] = this.row(part.keys[i]!, part.tile);
      if (part.masks[i] === FULL) this.forget(rows[i]!);
    }
    const [heard, place, height, motion, state, callsign, identity] = part.groups;
    if (heard) {
      this.fill(rows, heard, "seen", "seenMs", (v) => part.nowMs - v * 100);
      this.fill(rows, heard, "messages", "messages", (v) => v);
      this.fill(rows, heard, "level", "level", (v) => (v === 255 ? NaN : v / -4));
      this.fill(rows, heard, "receiver", "receiver", (v) => v);
    }
    if (place) {
      this.fill(rows, place, "lat", "lat", (v) => (v === -2147483648 ? NaN : v / 1e5));
      this.fill(rows, place, "lon", "lon", (v) => (v === -2147483648 ? NaN : v / 1e5));
      this.fill(rows, place, "place", "placeMs", (v) => part.nowMs - v * 100);
    }
    if (height) {
      this.fill(rows, height, "altitude", "altitude", (v) => (v === -32768 ? NaN : v * FOOT_STEP));
      this.fill(rows, height, "altitudeGeom", "altitudeGeom", (v) => (v === -32768 ? NaN : v * FOOT_STEP));
    }
    if (motion) {
      this.fill(rows, motion, "speed", "speed", (v) => (v === 65535 ? NaN : v / 10));
      this.fill(rows, motion, "track", "track", (v) => (v === 65535 ? NaN : v / 10));
      this.fill(rows, motion, "rate", "rate", (v) => (v === -32768 ? NaN : v));
    }
    if (state) {
      this.fill(rows, state, "squawk", "squawk", (v) => (v === 65535 ? -1 : v));
      for (const name of ["emergency", "category", "source", "ground", "nic"] as const) {
        this.fill(rows, state, name, name, (v) => v);
      }
    }
    if (callsign) this.fillText(rows, callsign, "callsign", 8);
    if (identity) {
      this.fillText(rows, identity, "registration", 12);
      this.fillText(rows, identity, "type", 4);
      this.fill(rows, identity, "flags", "flags", (v) => v);
    }
  }

  private removeWhere(isGone: (row: number) => boolean): void {
    const gone: number[] = [];
    for (let row = 0; row < this.count; row++) if (isGone(row)) gone.push(this.numbers.key[row]!);
    for (const key of gone) this.remove(key);
  }

  private fill(rows: Int32Array, group: Group, from: string, to: NumberColumn, value: (v: number) => number): void {
    const [values, out] = [group.columns[from]!, this.numbers[to]];
    for (let i = 0; i < group.rows.length; i++) out[rows[group.rows[i]!]!] = value(values[i]!);
  }

  private fillText(rows: Int32Array, group: Group, name: TextColumn, width: number): void {
    const [values, out] = [group.columns[name]!, this.texts[name]];
    for (let i = 0; i < group.rows.length; i++) out[rows[group.rows[i]!]!] = text(values, i, width);
  }

  private clear(row: number): void {
    for (const name of Object.keys(NUMBERS) as NumberColumn[]) this.numbers[name][row] = NUMBERS[name];
    for (const name of TEXTS) this.texts[name][row] = "";
  }

  /** Everything but who and where drawn. */
  private forget(row: number): void {
    const { key, tile, shiftX, shiftY, shiftMs, shownX, shownY } = this.numbers;
    const kept = [key[row]!, tile[row]!, shiftX[row]!, shiftY[row]!, shiftMs[row]!, shownX[row]!, shownY[row]!] as const;
    this.clear(row);
    [key[row], tile[row], shiftX[row], shiftY[row], shiftMs[row], shownX[row], shownY[row]] = kept;
  }

  private grow(capacity: number): void {
    this.capacity = capacity;
    const old = this.numbers;
    this.numbers = Object.fromEntries(
      (Object.keys(NUMBERS) as NumberColumn[]).map((name) => {
        const column = new Float64Array(capacity);
        if (old[name]) column.set(old[name]);
        return [name, column];
      }),
    ) as Record<NumberColumn, Float64Array>;
  }
}

/** An address as people write it; `~` before those that are not ICAO's. */
export function hexOf(key: number): string {
  const digits = (key & 0xffffff).toString(16).padStart(6, "0");
  return key >>> 24 === 0 ? digits : `~${digits}`;
}

/** The key of an address as people write it; null if it is none. Other kinds are found among those that are there. */
export function keyOf(hex: string, rows: ReadonlyMap<number, unknown>): number | null {
  const match = /^(~?)([0-9a-f]{6})$/i.exec(hex.trim());
  if (match === null) return null;
  const address = parseInt(match[2]!, 16);
  if (match[1] === "") return address;
  for (const kind of [1, 2, 3]) if (rows.has(address + kind * 2 ** 24)) return address + kind * 2 ** 24;
  return address + 2 ** 24;
}
