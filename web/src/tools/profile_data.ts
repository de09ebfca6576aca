/** What the profile shows: positions of the selected aircraft about a moment, with the silences between them. */

import { airStates, flight, type AirState, type FlightPoint } from "../api/flight";
import { Refusal } from "../api/rest";
import { hexOf } from "../state/aircraft";
import type { Model } from "../state/model";
import { WORDS } from "../text/words";

/** Longer silences are gaps: what was between is not known, and is not drawn. As of the trails on the map. */
export const GAP_MS = 75_000;
/** A silence so long parts one flight from another, as far as a first view goes. */
const APART_MS = 90 * 60_000;
const ABOUT_MS = 12 * 3_600_000;
const MOST_MS = 47 * 3_600_000;
/** Of a whole so much thinned, a part is fetched anew when less than this share of it is shown. */
const FINER_SHARE = 0.4;
const MOST_LIVE = 20_000;

export interface Sample {
  readonly ms: number;
  readonly lat: number;
  readonly lon: number;
  /** Feet, knots, feet a minute; NaN where it was not said. */
  readonly altitude: number;
  readonly altitudeGeom: number;
  readonly speed: number;
  readonly rate: number;
  readonly isOnGround: boolean;
  /** Its place is a guess. */
  readonly isEstimated: boolean;
}

/** Airspeeds, at the time when they were said. */
export interface Air {
  readonly ms: number;
  readonly ias: number;
  readonly tas: number;
}

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** One aircraft's positions. */
export class Series {
  samples: Sample[] = [];
  air: readonly Air[] = [];
  isThinned = false;
  isLoading = true;
  /** Why there is nothing. */
  words = "";
  fromMs = NaN;
  untilMs = NaN;
  private finest: Span | null = null;

  constructor(readonly key: number) {}

  get hex(): string {
    return hexOf(this.key);
  }

  /** Index of the newest sample at or before a moment; -1 if there is none. */
  before(ms: number): number {
    let [low, high] = [0, this.samples.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.samples[middle]!.ms <= ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The sample that speaks of a moment: the nearest one, if no silence is about it. */
  at(ms: number): Sample | null {
    const i = this.before(ms);
    const [a, b] = [this.samples[i], this.samples[i + 1]];
    if (a !== undefined && b !== undefined) {
      const isNearer = ms - a.ms <= b.ms - ms;
      if (b.ms - a.ms <= GAP_MS) return isNearer ? a : b;
      return ms === a.ms ? a : null;
    }
    const only = a ?? b;
    return only !== undefined && Math.abs(only.ms - ms) <= GAP_MS / 3 ? only : null;
  }

  /** The airspeeds said nearest a moment, if that was lately. */
  airAt(ms: number): Air | null {
    const near = this.air.reduce<Air | null>((best, one) => (best === null || Math.abs(one.ms - ms) < Math.abs(best.ms - ms) ? one : best), null);
    return near !== null && Math.abs(near.ms - ms) <= GAP_MS / 3 ? near : null;
  }

  /** The silence that a moment is in; its ends are unknown (NaN) where nothing was received before, or after. */
  silenceAt(ms: number): Span {
    const i = this.before(ms);
    return { fromMs: this.samples[i]?.ms ?? NaN, untilMs: this.samples[i + 1]?.ms ?? NaN };
  }

  /** The flight about a moment: what long silences part from the rest. */
  flightAt(ms: number): Span | null {
    const { samples } = this;
    if (samples.length === 0) return null;
    let i = Math.max(0, this.before(ms));
    const next = samples[i + 1];
    if (next !== undefined && next.ms - samples[i]!.ms > APART_MS && next.ms - ms < ms - samples[i]!.ms) i++;
    let [first, last] = [i, i];
    while (first > 0 && samples[first]!.ms - samples[first - 1]!.ms <= APART_MS) first--;
    while (last < samples.length - 1 && samples[last + 1]!.ms - samples[last]!.ms <= APART_MS) last++;
    return { fromMs: samples[first]!.ms, untilMs: samples[last]!.ms };
  }

  async load(fromMs: number, untilMs: number): Promise<void> {
    [this.fromMs, this.untilMs, this.isLoading, this.words] = [fromMs, untilMs, true, ""];
    try {
      const found = await flight(this.hex, fromMs, untilMs);
      const samples = found.positions.map(sampleOf);
      const last = samples.at(-1)?.ms ?? 0;
      this.samples = [...samples, ...this.samples.filter((one) => one.ms > last)];
      this.isThinned = found.is_thinned;
      this.finest = null;
      // Few send them, and a node need not keep them: without them all else is drawn.
      this.air = airOf(await airStates(this.hex, fromMs, untilMs).catch(() => []));
    } catch (error) {
      this.words = error instanceof Refusal ? error.message : WORDS.nodeAway;
    }
    this.isLoading = false;
  }

  /** Fetch every position of a part, if only some of them are here; says whether any came. */
  async refine(part: Span): Promise<boolean> {
    const whole = this.untilMs - this.fromMs;
    if (!this.isThinned || part.untilMs - part.fromMs > whole * FINER_SHARE) return false;
    if (this.finest !== null && this.finest.fromMs <= part.fromMs && this.finest.untilMs >= part.untilMs) return false;
    this.finest = part;
    try {
      const found = (await flight(this.hex, part.fromMs, part.untilMs)).positions.map(sampleOf);
      const isOutside = (one: Sample): boolean => one.ms < part.fromMs || one.ms >= part.untilMs;
      this.samples = [
        ...this.samples.filter((one) => isOutside(one) && one.ms < part.fromMs), ...found,
        ...this.samples.filter((one) => isOutside(one) && one.ms >= part.untilMs),
      ];
      return true;
    } catch {
      this.finest = null;
      return false;
    }
  }

  /** Take in what the live picture has; says whether it is new. */
  extend(model: Model): boolean {
    const { table } = model;
    const row = table.rows.get(this.key);
    if (this.isLoading || row === undefined || Number.isNaN(table.get("lat", row))) return false;
    const ms = table.get("placeMs", row);
    if (ms <= (this.samples.at(-1)?.ms ?? 0)) return false;
    this.samples.push({
      ms, lat: table.get("lat", row), lon: table.get("lon", row), altitude: table.get("altitude", row),
      altitudeGeom: table.get("altitudeGeom", row), speed: table.get("speed", row), rate: table.get("rate", row),
      isOnGround: table.get("ground", row) === 1, isEstimated: false,
    });
    if (this.samples.length > MOST_LIVE) this.samples.splice(0, MOST_LIVE / 10);
    this.untilMs = Math.max(this.untilMs, ms);
    return true;
  }
}

/** The time to load about a moment: what the time line shows if that is a day or two, else half a day to either side. */
export function spanAbout(model: Model): Span {
  const now = model.clock.now();
  if (model.mode === "live") return { fromMs: now - ABOUT_MS, untilMs: now + 1000 };
  const { range } = model;
  const isUseful = range !== null && range.untilMs - range.fromMs <= MOST_MS && range.fromMs <= now && now <= range.untilMs;
  return isUseful ? { fromMs: range.fromMs, untilMs: range.untilMs + 1000 } : { fromMs: now - ABOUT_MS, untilMs: now + ABOUT_MS };
}

function airOf(states: readonly AirState[]): Air[] {
  const found = states.filter((one) => one.ias_kt !== undefined || one.tas_kt !== undefined).map((one) => ({
    ms: Date.parse(one.seen_time) - (one.air_age_s ?? 0) * 1000, ias: one.ias_kt ?? NaN, tas: one.tas_kt ?? NaN,
  }));
  // What was said once is in several states.
  return found.filter((one, i) => i === 0 || one.ms > found[i - 1]!.ms + 500);
}

function sampleOf(p: FlightPoint): Sample {
  return {
    ms: p.time_s * 1000, lat: p.lat_deg, lon: p.lon_deg, altitude: p.altitude_ft ?? NaN, altitudeGeom: p.altitude_geom_ft ?? NaN,
    speed: p.groundspeed_kt ?? NaN, rate: p.vertical_rate_fpm ?? NaN, isOnGround: p.on_ground ?? false,
    isEstimated: p.verdict === "estimated",
  };
}
