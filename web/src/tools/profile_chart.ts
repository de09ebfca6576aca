/** Draws a profile: three strips over one time, each value as it was said, nothing across a silence. */

import { colourOf, palette, wayColour, type Theme } from "../map/palette";
import { FOOT_M, KNOT_KMH, MILE_KM, type Units } from "../text/units";
import { PROFILE_WORDS } from "./words_profile";
import { GAP_MS, type Air, type Sample, type Series, type Span } from "./profile_data";

export const LEFT_PX = 58;
export const RIGHT_PX = 10;
const TOP_PX = 18;
const AXIS_PX = 20;
const SPACE_PX = 18;
const SHARES = [0.52, 0.24, 0.24] as const;
/** Colours of the trail change in steps, so that a line is few strokes. */
const STEP_FT = 1500;
const STEPS_MS = [
  1000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000,
];

interface Strip {
  readonly title: string;
  readonly unit: string;
  readonly value: (s: Sample) => number;
  readonly second?: (s: Sample) => number;
  /** What is shown of one of the data's units. */
  readonly factor: number;
  /** At least so much is between the lowest and the highest. */
  readonly least: readonly [number, number];
}

function stripsOf(units: Units): readonly Strip[] {
  const isMetric = units === "metric";
  return [
    {
      title: PROFILE_WORDS.altitude, unit: isMetric ? "m" : "ft", factor: isMetric ? FOOT_M : 1, least: [0, isMetric ? 1500 : 5000],
      value: (s) => (s.isOnGround ? NaN : s.altitude), second: (s) => (s.isOnGround ? NaN : s.altitudeGeom),
    },
    {
      title: PROFILE_WORDS.speed, unit: isMetric ? "km/h" : units === "imperial" ? "mph" : "kt",
      factor: isMetric ? KNOT_KMH : units === "imperial" ? KNOT_KMH / MILE_KM : 1, least: [0, 100], value: (s) => s.speed,
    },
    {
      title: PROFILE_WORDS.rate, unit: isMetric ? "m/s" : "ft/min", factor: isMetric ? FOOT_M / 60 : 1,
      least: isMetric ? [-3, 3] : [-600, 600], value: (s) => (s.isOnGround ? NaN : s.rate),
    },
  ];
}

export interface Drawn {
  readonly series: readonly Series[];
  readonly view: Span;
  readonly theme: Theme;
  readonly units: Units;
  /** The quiet and the plain colour of words, and that of lines. */
  readonly quiet: string;
  readonly words: string;
  readonly line: string;
}

/** Where in time a place across the chart is, and back. */
export const msAt = (x: number, width: number, view: Span): number =>
  view.fromMs + ((x - LEFT_PX) / Math.max(1, width - LEFT_PX - RIGHT_PX)) * (view.untilMs - view.fromMs);
export const xAt = (ms: number, width: number, view: Span): number =>
  LEFT_PX + ((ms - view.fromMs) / Math.max(1, view.untilMs - view.fromMs)) * (width - LEFT_PX - RIGHT_PX);

/** Round steps so that about so many are in a range. */
function step(range: number, wanted: number): number {
  const rough = range / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((k) => k * power).find((one) => one >= rough) ?? 10 * power;
}

/** A clean canvas as large as it is shown. */
export function cleared(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = Math.min(2, window.devicePixelRatio || 1);
  if (width === 0 || height === 0) return null;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d")!;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

/** The colour of a series where several are shown together; null where the altitude gives it. */
export const seriesColour = (theme: Theme, series: readonly Series[], i: number): string | null =>
  series.length > 1 ? wayColour(theme, i) : null;

export function drawChart(canvas: HTMLCanvasElement, what: Drawn): void {
  const pen = cleared(canvas);
  if (pen === null) return;
  const { clientWidth: width, clientHeight: height } = canvas;
  const room = height - TOP_PX - AXIS_PX - 2 * SPACE_PX;
  const inView = what.series.map((one) => samplesOf(one, what.view));
  pen.font = "11px system-ui, sans-serif";
  drawSilences(pen, what, inView, height, width);
  drawTimes(pen, what, width, height);
  let top = TOP_PX;
  stripsOf(what.units).forEach((strip, k) => {
    const tall = room * SHARES[k]!;
    drawStrip(pen, what, strip, inView, { top, bottom: top + tall, width });
    top += tall + SPACE_PX;
  });
}

/** The samples of a view, and one to either side. */
function samplesOf(series: Series, view: Span): Sample[] {
  return series.samples.slice(Math.max(0, series.before(view.fromMs)), series.before(view.untilMs) + 2);
}

function drawSilences(pen: CanvasRenderingContext2D, what: Drawn, inView: readonly Sample[][], height: number, width: number): void {
  // Of several aircraft each has silences of its own: shades over one another would say nothing.
  if (inView.length !== 1) return;
  const samples = inView[0]!;
  for (let i = 1; i < samples.length; i++) {
    const [a, b] = [samples[i - 1]!, samples[i]!];
    if (b.ms - a.ms <= GAP_MS) continue;
    const from = Math.max(LEFT_PX, xAt(a.ms, width, what.view));
    const until = Math.min(width - RIGHT_PX, xAt(b.ms, width, what.view));
    pen.fillStyle = what.line;
    pen.fillRect(from, TOP_PX, until - from, height - TOP_PX - AXIS_PX);
    const words = PROFILE_WORDS.nothingReceived;
    if (until - from < pen.measureText(words).width + 10) continue;
    pen.fillStyle = what.quiet;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(words, (from + until) / 2, TOP_PX + (height - TOP_PX - AXIS_PX) * 0.25);
  }
}

function drawTimes(pen: CanvasRenderingContext2D, what: Drawn, width: number, height: number): void {
  const { view } = what;
  const wanted = Math.max(2, (width - LEFT_PX) / 90);
  const every = STEPS_MS.find((ms) => (view.untilMs - view.fromMs) / ms <= wanted) ?? 86_400_000;
  pen.textBaseline = "alphabetic";
  pen.lineWidth = 1;
  for (let ms = Math.ceil(view.fromMs / every) * every; ms <= view.untilMs; ms += every) {
    const x = Math.round(xAt(ms, width, view)) + 0.5;
    pen.strokeStyle = what.line;
    pen.beginPath();
    pen.moveTo(x, TOP_PX);
    pen.lineTo(x, height - AXIS_PX);
    pen.stroke();
    const text = new Date(ms).toISOString();
    const isDay = ms % 86_400_000 === 0;
    pen.fillStyle = isDay ? what.words : what.quiet;
    pen.textAlign = x < LEFT_PX + 16 ? "left" : x > width - 24 ? "right" : "center";
    pen.fillText(isDay ? text.slice(5, 10) : text.slice(11, every < 60_000 ? 19 : 16), x, height - 6);
  }
}

interface Place {
  readonly top: number;
  readonly bottom: number;
  readonly width: number;
}

function drawStrip(pen: CanvasRenderingContext2D, what: Drawn, strip: Strip, inView: readonly Sample[][], place: Place): void {
  const { top, bottom, width } = place;
  let [low, high] = [...strip.least];
  for (const samples of inView) {
    for (const s of samples) {
      for (const v of [strip.value(s) * strip.factor, (strip.second?.(s) ?? NaN) * strip.factor]) {
        if (v < low) low = v;
        if (v > high) high = v;
      }
    }
  }
  if (strip.title === PROFILE_WORDS.speed) {
    for (const { tas } of what.series.flatMap((one) => one.air)) if (tas * strip.factor > high) high = tas * strip.factor;
  }
  const every = step(high - low, Math.max(1, (bottom - top) / 26));
  [low, high] = [Math.floor(low / every) * every, Math.ceil(high / every) * every];
  const y = (v: number): number => bottom - ((v * strip.factor - low) / (high - low)) * (bottom - top);
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (let v = low; v <= high + every / 2; v += every) {
    const at = Math.round(bottom - ((v - low) / (high - low)) * (bottom - top)) + 0.5;
    pen.strokeStyle = what.line;
    pen.lineWidth = v === 0 && low < 0 ? 2 : 1;
    pen.beginPath();
    pen.moveTo(LEFT_PX, at);
    pen.lineTo(width - RIGHT_PX, at);
    pen.stroke();
    pen.fillStyle = what.quiet;
    pen.fillText(v.toLocaleString("en").replaceAll(",", "\u202f").replace("-", "\u2212"), LEFT_PX - 7, at);
  }
  pen.save();
  pen.beginPath();
  pen.rect(LEFT_PX, top - 3, width - LEFT_PX - RIGHT_PX, bottom - top + 6);
  pen.clip();
  inView.forEach((samples, i) => {
    const own = seriesColour(what.theme, what.series, i);
    const x = (s: Sample): number => xAt(s.ms, width, what.view);
    const isHeight = strip.second !== undefined;
    if (isHeight) {
      drawLine(pen, samples, x, strip.second!, y, () => own ?? what.quiet, { width: 1.2, dash: [3, 3] });
      drawGround(pen, samples, x, bottom, own ?? palette(what.theme).ground);
    }
    const colour = (s: Sample): string =>
      own ?? (isHeight ? colourOf(what.theme, Math.round(s.altitude / STEP_FT) * STEP_FT, s.isOnGround) : what.words);
    drawLine(pen, samples, x, strip.value, y, colour, { width: isHeight ? 2.2 : 1.4, dash: [] });
    if (strip.title === PROFILE_WORDS.speed) {
      drawAir(pen, what, what.series[i]!.air, (v) => y(v), width, own ?? what.quiet);
    }
  });
  pen.restore();
  pen.fillStyle = what.words;
  pen.textAlign = "left";
  pen.textBaseline = "bottom";
  const isAir = strip.title === PROFILE_WORDS.speed && what.series.some((one) => one.air.length > 0);
  const legend = isAir ? ` \u2504\u2504 ${PROFILE_WORDS.ias}  \u00b7\u00b7\u00b7 ${PROFILE_WORDS.tas}` : strip.second === undefined ? "" : ` \u2504\u2504 ${PROFILE_WORDS.altitudeGeom}`;
  const label = `${strip.title}, ${strip.unit}`;
  pen.fillText(label, LEFT_PX, top - 3);
  pen.fillStyle = what.quiet;
  pen.fillText(legend, LEFT_PX + 4 + pen.measureText(label).width, top - 3);
}

/** A line through values; it ends where one is unknown and where nothing was received. */
function drawLine(
  pen: CanvasRenderingContext2D, samples: readonly Sample[], x: (s: Sample) => number, value: (s: Sample) => number, y: (v: number) => number,
  colour: (s: Sample) => string, how: { readonly width: number; readonly dash: readonly number[] },
): void {
  pen.lineWidth = how.width;
  pen.lineJoin = "round";
  pen.lineCap = "round";
  let before: Sample | null = null;
  let style = "";
  const end = (): void => {
    if (style !== "") pen.stroke();
    style = "";
  };
  for (const s of samples) {
    const v = value(s);
    if (Number.isNaN(v)) {
      before = null;
      continue;
    }
    const isJoined = before !== null && s.ms - before.ms <= GAP_MS;
    const own = `${colour(s)}${s.isEstimated ? "?" : ""}`;
    if (own !== style || !isJoined) {
      if (own !== style) {
        end();
        pen.strokeStyle = colour(s);
        pen.setLineDash(s.isEstimated ? [2, 4] : [...how.dash]);
        pen.beginPath();
        style = own;
      }
      if (isJoined) pen.moveTo(x(before!), y(value(before!)));
      else {
        // A single position is a dot.
        pen.moveTo(x(s) - 0.3, y(v));
      }
    }
    pen.lineTo(x(s), y(v));
    before = s;
  }
  end();
  pen.setLineDash([]);
}

/** Airspeeds, which come seldom: each as it was said, joined only where no silence is between. */
function drawAir(pen: CanvasRenderingContext2D, what: Drawn, air: readonly Air[], y: (v: number) => number, width: number, colour: string): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.2;
  for (const [name, dash] of [["ias", [4, 3]], ["tas", [1, 3]]] as const) {
    pen.setLineDash([...dash]);
    pen.beginPath();
    let beforeMs = NaN;
    for (const one of air) {
      if (Number.isNaN(one[name])) continue;
      const at: [number, number] = [xAt(one.ms, width, what.view), y(one[name])];
      if (one.ms - beforeMs <= GAP_MS) pen.lineTo(...at);
      else pen.moveTo(at[0] - 1, at[1]), pen.lineTo(...at);
      beforeMs = one.ms;
    }
    pen.stroke();
  }
  pen.setLineDash([]);
}

/** Reports from the ground say no height: they are a bar along the bottom. */
function drawGround(pen: CanvasRenderingContext2D, samples: readonly Sample[], x: (s: Sample) => number, bottom: number, colour: string): void {
  pen.fillStyle = colour;
  let first: Sample | null = null;
  let last: Sample | null = null;
  const end = (): void => {
    if (first !== null && last !== null) pen.fillRect(x(first), bottom - 3, Math.max(3, x(last) - x(first)), 5);
    first = last = null;
  };
  for (const s of samples) {
    if (!s.isOnGround || (last !== null && s.ms - (last as Sample).ms > GAP_MS)) end();
    if (!s.isOnGround) continue;
    first ??= s;
    last = s;
  }
  end();
}

/** The line of the cursor, the present moment, and what is being marked for a zoom. */
export function drawCursor(
  canvas: HTMLCanvasElement, view: Span, marks: { readonly cursorMs: number | null; readonly nowMs: number; readonly brush: readonly [number, number] | null },
  colours: { readonly words: string; readonly accent: string },
): void {
  const pen = cleared(canvas);
  if (pen === null) return;
  const { clientWidth: width, clientHeight: height } = canvas;
  const upright = (ms: number, colour: string, dash: number[]): void => {
    const x = Math.round(xAt(ms, width, view)) + 0.5;
    if (x < LEFT_PX || x > width - RIGHT_PX + 1) return;
    pen.strokeStyle = colour;
    pen.lineWidth = 1.5;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(x, TOP_PX - 3);
    pen.lineTo(x, height - AXIS_PX);
    pen.stroke();
    pen.setLineDash([]);
  };
  if (marks.brush !== null) {
    const [from, until] = [...marks.brush].sort((a, b) => a - b) as [number, number];
    pen.globalAlpha = 0.22;
    pen.fillStyle = colours.accent;
    pen.fillRect(from, TOP_PX, until - from, height - TOP_PX - AXIS_PX);
    pen.globalAlpha = 1;
  }
  upright(marks.nowMs, colours.accent, [4, 4]);
  if (marks.cursorMs !== null) upright(marks.cursorMs, colours.words, []);
}
