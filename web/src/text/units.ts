/** Numbers as people read them. The data's units are feet, knots and feet a minute; the reader's may be others. */

export type Units = "aviation" | "metric" | "imperial";

const THIN = "\u202f";
const MINUS = "\u2212";

function grouped(value: number, digits = 0): string {
  const [whole, part] = Math.abs(value).toFixed(digits).split(".") as [string, string | undefined];
  const spaced = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole;
  return (value < 0 && Number(value.toFixed(digits)) !== 0 ? MINUS : "") + spaced + (part === undefined ? "" : `.${part}`);
}

export const FOOT_M = 0.3048;
export const KNOT_KMH = 1.852;
export const MILE_KM = 1.609344;

export function altitude(ft: number, units: Units): string {
  if (Number.isNaN(ft)) return "";
  return units === "metric" ? `${grouped(ft * FOOT_M)} m` : `${grouped(ft)} ft`;
}

export function speed(kt: number, units: Units): string {
  if (Number.isNaN(kt)) return "";
  if (units === "metric") return `${grouped(kt * KNOT_KMH)} km/h`;
  if (units === "imperial") return `${grouped((kt * KNOT_KMH) / MILE_KM)} mph`;
  return `${grouped(kt)} kt`;
}

export function climb(fpm: number, units: Units): string {
  if (Number.isNaN(fpm)) return "";
  if (units === "metric") return `${grouped((fpm * FOOT_M) / 60, 1)} m/s`;
  return `${grouped(fpm)} ft/min`;
}

export function distance(km: number, units: Units): string {
  if (Number.isNaN(km)) return "";
  const digits = km < 10 ? 1 : 0;
  if (units === "metric") return `${grouped(km, digits)} km`;
  if (units === "imperial") return `${grouped(km / MILE_KM, digits)} mi`;
  return `${grouped(km / KNOT_KMH, digits)} NM`;
}

export function direction(deg: number): string {
  return Number.isNaN(deg) ? "" : `${String(Math.round(deg) % 360).padStart(3, "0")}°`;
}

export function coordinate(lat: number, lon: number): string {
  if (Number.isNaN(lat)) return "";
  return `${Math.abs(lat).toFixed(4)}° ${lat < 0 ? "S" : "N"}, ${Math.abs(lon).toFixed(4)}° ${lon < 0 ? "W" : "E"}`;
}

export function squawk(code: number): string {
  return code < 0 ? "" : code.toString(8).padStart(4, "0");
}

export function count(value: number): string {
  return grouped(value);
}

/** How long ago, in one short word. */
export function age(ms: number): string {
  if (Number.isNaN(ms)) return "";
  const s = Math.max(0, ms / 1000);
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 100) return `${Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  return `${(s / 3600).toFixed(1)} h`;
}

const two = (value: number): string => String(value).padStart(2, "0");

export function clock(ms: number): string {
  const d = new Date(ms);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
}

export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
