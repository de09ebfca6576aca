/** Moments and spans as people type and read them; always UTC, with the hour of a place beside it where it is known. */

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A moment as typed: a date, a time of the day that is shown, both, or a step such as `+90min`; NaN if it is none. */
export function momentOf(text: string, nowMs: number): number {
  const typed = text.trim().replace(/\s*(Z|UTC)$/i, "").trim();
  const step = /^([+-])(\d{1,6}(?:\.\d{1,3})?)\s?(s|min|m|h|d)$/i.exec(typed);
  if (step !== null) return nowMs + Number(`${step[1]}${step[2]}`) * UNITS_MS[step[3]!.toLowerCase()]!;
  const time = /^(\d{1,2}):?(\d\d)(?::?(\d\d))?$/.exec(typed);
  if (time !== null && (typed.includes(":") || typed.length === 4)) {
    return within(new Date(nowMs).toISOString().slice(0, 10), time[1]!, time[2]!, time[3]);
  }
  const full = /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ]\s*(\d{1,2}):?(\d\d)(?::?(\d\d)(?:\.\d+)?)?)?$/i.exec(typed);
  if (full === null) return NaN;
  const day = `${full[1]}-${full[2]}-${full[3]}`;
  const start = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day) return NaN;
  return within(day, full[4] ?? "0", full[5] ?? "0", full[6]);
}

function within(day: string, hour: string, minute: string, second = "0"): number {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  return h > 23 || m > 59 || s > 59 ? NaN : Date.parse(`${day}T00:00:00Z`) + ((h * 60 + m) * 60 + s) * 1000;
}

/** `22 Mar 12:11` */
export function shortMoment(ms: number): string {
  if (Number.isNaN(ms)) return "";
  const d = new Date(ms);
  return `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]!} ${d.toISOString().slice(11, 16)}`;
}

/** `2019-03-22 12:11:53` */
export function longMoment(ms: number): string {
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

/** `12:11:53 to 12:11:59`, with dates where they are needed. */
export function bracket(fromMs: number, untilMs: number): string {
  if (Number.isNaN(fromMs) && Number.isNaN(untilMs)) return "";
  if (Number.isNaN(fromMs)) return `before ${longMoment(untilMs)}`;
  if (Number.isNaN(untilMs)) return `after ${longMoment(fromMs)}`;
  const until = longMoment(untilMs);
  return `${longMoment(fromMs)} to ${until.startsWith(longMoment(fromMs).slice(0, 10)) ? until.slice(11) : until}`;
}

/** `27 h 12 min` */
export function lasting(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.round(ms / 1000))} s`;
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The time of the day at a place, `15:11`; empty if its zone is unknown here. */
export function localTime(ms: number, zone: string | undefined): string {
  if (zone === undefined || Number.isNaN(ms)) return "";
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(ms);
  } catch {
    return "";
  }
}
