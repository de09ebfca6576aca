/** Half hours of the record as replay pages load them: records of 16 bytes, a slice every 30 seconds. */

export const HALF_HOUR_MS = 1_800_000;
export const SLICE_MS = 30_000;
const SLICES = HALF_HOUR_MS / SLICE_MS;
const RECORD_WORDS = 4;
const INFO_BIT = 2 ** 30;
const ON_GROUND = -123;
const NO_ALTITUDE = -124;
/** Of the codes of sources in the file, ours: the place among `SOURCES`. */
const SOURCE_OF: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 5: 3, 6: 4, 8: 0, 9: 1, 10: 2, 11: 2 };

export interface Place {
  readonly lat: number;
  readonly lon: number;
  readonly altitude: number;
  readonly speed: number;
  readonly isOnGround: boolean;
  readonly source: number;
}

export interface Name {
  readonly slice: number;
  readonly callsign: string;
  readonly squawk: number;
}

export interface HalfHour {
  readonly startMs: number;
  /** Newest place of each aircraft in each slice. */
  readonly slices: readonly ReadonlyMap<number, Place>[];
  readonly names: ReadonlyMap<number, readonly Name[]>;
}

export function readHalfHour(body: ArrayBuffer, startMs: number): HalfHour {
  const words = new Int32Array(body);
  const halves = new Int16Array(body);
  const bytes = new Uint8Array(body);
  const count = words.length / RECORD_WORDS;
  const slices: Map<number, Place>[] = [];
  const names = new Map<number, Name[]>();
  for (let k = 0; k < SLICES; k++) {
    const slice = new Map<number, Place>();
    slices.push(slice);
    const [begin, end] = [words[k * RECORD_WORDS]! + 1, k + 1 < SLICES ? words[(k + 1) * RECORD_WORDS]! : count];
    for (let i = begin; i < end; i++) {
      const at = i * RECORD_WORDS;
      const name = words[at]! >>> 0;
      // Kinds of address other than ICAO's are one in this file.
      const key = (name & 0xffffff) + (name & 0x1000000 ? 2 ** 24 : 0);
      const lat = words[at + 1]!;
      if (lat >= INFO_BIT) {
        const said = names.get(key) ?? [];
        const callsign = String.fromCharCode(...bytes.subarray(i * 16 + 8, i * 16 + 16)).replaceAll("@", "").trim();
        said.push({ slice: k, callsign, squawk: parseInt(String(lat & 0xffff), 8) });
        names.set(key, said);
        continue;
      }
      const [altitude, speed] = [halves[i * 8 + 6]!, halves[i * 8 + 7]!];
      slice.set(key, {
        lat: lat / 1e6,
        lon: words[at + 2]! / 1e6,
        altitude: altitude === ON_GROUND || altitude === NO_ALTITUDE ? NaN : altitude * 25,
        speed: speed < 0 ? NaN : speed / 10,
        isOnGround: altitude === ON_GROUND,
        source: SOURCE_OF[name >>> 27] ?? 255,
      });
    }
  }
  return { startMs, slices, names };
}
