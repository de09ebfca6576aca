/** Where the sun stands above the earth, and how far its light reaches. */

const DEGREE = Math.PI / 180;
const J2000_MS = Date.UTC(2000, 0, 1, 12);
const DAY_MS = 86_400_000;

export interface Place {
  readonly lat: number;
  readonly lon: number;
}

const turned = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180;

/**
 * The place that has the sun in its zenith.
 *
 * The low-precision formulas of the Astronomical Almanac, section C: to 0.01 degrees between 1950 and 2050. UTC stands for
 * UT1, from which it is never a second away: 0.004 degrees.
 */
export function subsolar(ms: number): Place {
  const days = (ms - J2000_MS) / DAY_MS;
  const anomaly = (357.528 + 0.9856003 * days) * DEGREE;
  const longitude = (280.46 + 0.9856474 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * DEGREE;
  const obliquity = (23.439 - 4e-7 * days) * DEGREE;
  const ascension = Math.atan2(Math.cos(obliquity) * Math.sin(longitude), Math.cos(longitude)) / DEGREE;
  const sidereal = 280.46062 + 360.98564737 * days;
  return { lat: Math.asin(Math.sin(obliquity) * Math.sin(longitude)) / DEGREE, lon: turned(ascension - sidereal) };
}

/** Height of the sun's middle above the horizon at a place, in degrees, without refraction. */
export function sunHeight(sun: Place, at: Place): number {
  const [lat, sunLat, hour] = [at.lat * DEGREE, sun.lat * DEGREE, (at.lon - sun.lon) * DEGREE];
  return Math.asin(Math.sin(lat) * Math.sin(sunLat) + Math.cos(lat) * Math.cos(sunLat) * Math.cos(hour)) / DEGREE;
}

/** Latitudes on a meridian between which the sun is lower than `height`, below 0; null if nowhere. */
export function darkOn(sun: Place, lon: number, height: number): readonly [number, number] | null {
  const [sunLat, hour] = [sun.lat * DEGREE, (lon - sun.lon) * DEGREE];
  // The sine of the height along a meridian is one wave: size * cos(lat - crest).
  const [a, b] = [Math.sin(sunLat), Math.cos(sunLat) * Math.cos(hour)];
  const size = Math.hypot(a, b);
  const wanted = Math.sin(height * DEGREE);
  if (size <= -wanted) return null;
  const crest = Math.atan2(a, b) / DEGREE;
  const half = Math.acos(-wanted / size) / DEGREE;
  // Its trough is opposite to the crest; the dark lies around it.
  for (const trough of [crest - 180, crest + 180]) {
    const [low, high] = [Math.max(-90, trough - half), Math.min(90, trough + half)];
    if (low < high) return [low, high];
  }
  return null;
}
