/** Shortest ways on the sphere, as lines that may go on beyond 180 degrees. No map. */

export type LonLat = [number, number];

const RAD = Math.PI / 180;
const EARTH_NMI = 3440.065;
/** Parts of a line are no longer than this. */
const STEP_NMI = 60;

/** The longitude, turned so that it is within half a turn of another. */
export function near(lon: number, other: number): number {
  return lon - 360 * Math.round((lon - other) / 360);
}

export function distanceNmi(a: LonLat, b: LonLat): number {
  const [p, q, dl] = [a[1] * RAD, b[1] * RAD, (b[0] - a[0]) * RAD];
  const h = Math.sin((q - p) / 2) ** 2 + Math.cos(p) * Math.cos(q) * Math.sin(dl / 2) ** 2;
  return 2 * EARTH_NMI * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The great circle from one place to another, both ends in it; longitudes go on from the first place's. */
export function greatCircle(a: LonLat, b: LonLat): LonLat[] {
  const angle = distanceNmi(a, b) / EARTH_NMI;
  const parts = Math.max(1, Math.ceil((angle * EARTH_NMI) / STEP_NMI));
  const out: LonLat[] = [a];
  const unit = ([lon, lat]: LonLat): [number, number, number] => [
    Math.cos(lat * RAD) * Math.cos(lon * RAD), Math.cos(lat * RAD) * Math.sin(lon * RAD), Math.sin(lat * RAD),
  ];
  const [u, v] = [unit(a), unit(b)];
  for (let i = 1; i < parts; i++) {
    const t = i / parts;
    // Of two places opposite to each other every way is the shortest.
    const [s, r] = Math.abs(Math.sin(angle)) < 1e-9 ? [1 - t, t] : [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)];
    const [x, y, z] = [u[0] * s + v[0] * r, u[1] * s + v[1] * r, u[2] * s + v[2] * r];
    out.push([near(Math.atan2(y, x) / RAD, out.at(-1)![0]), Math.atan2(z, Math.hypot(x, y)) / RAD]);
  }
  out.push([near(b[0], out.at(-1)![0]), b[1]]);
  return out;
}
