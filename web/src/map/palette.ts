/** Colours by altitude: told apart with any colour vision, by lightness and along blue and yellow, never red and green. */

export type Theme = "dark" | "light" | "contrast";

export const STOPS_FT = [0, 4000, 10000, 18000, 26000, 34000, 42000] as const;
export const STOPS_KT = [0, 100, 200, 300, 400, 500, 600] as const;

const RAMPS: Readonly<Record<Theme, readonly string[]>> = {
  dark: ["#e8653a", "#ed8e38", "#f3be55", "#eee39a", "#8fd0dc", "#408ed4", "#a593f8"],
  light: ["#931c01", "#9c4c00", "#9a7b09", "#5f7a3c", "#177e91", "#0b71da", "#6337b8"],
  contrast: ["#ff7a45", "#fda338", "#ffd15c", "#fff6b8", "#8ff0ff", "#67b1fb", "#d1baff"],
};

/** Colours of the rows of an answer, told apart with any colour vision and in both lights. */
const WAYS: Readonly<Record<Theme, readonly string[]>> = {
  dark: ["#f3be55", "#55aedf", "#e890b4", "#4acac2", "#c3a6ff", "#f0793c"],
  light: ["#9c5c00", "#0a6cb0", "#9d216c", "#1f7a66", "#6437b8", "#aa3019"],
  contrast: ["#ffd15c", "#7ab9df", "#ff9ec9", "#91f1ff", "#d6c5ff", "#ffa53b"],
};

export function wayColour(theme: Theme, index: number): string {
  const those = WAYS[theme];
  return those[index % those.length]!;
}

export interface Palette {
  readonly ramp: readonly string[];
  readonly ground: string;
  readonly unknown: string;
  readonly halo: string;
  readonly selected: string;
  readonly emergency: string;
  readonly label: string;
}

const OTHERS: Readonly<Record<Theme, Omit<Palette, "ramp">>> = {
  dark: { ground: "#8b98a5", unknown: "#c2cad3", halo: "#0b1016", selected: "#ffffff", emergency: "#ff3d6e", label: "#e6ebf0" },
  light: { ground: "#69757f", unknown: "#3d4852", halo: "#fdfdfc", selected: "#101820", emergency: "#c4003c", label: "#18222b" },
  contrast: { ground: "#c9d2db", unknown: "#ffffff", halo: "#000000", selected: "#ffffff", emergency: "#ff5c8a", label: "#ffffff" },
};

export function palette(theme: Theme): Palette {
  return { ramp: RAMPS[theme], ...OTHERS[theme] };
}

export function rgb(hex: string): [number, number, number] {
  const value = parseInt(hex.slice(1), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

/** Colour of an altitude, as CSS has it. */
export function colourOf(theme: Theme, altitudeFt: number, isOnGround = false): string {
  const { ramp, ground, unknown } = palette(theme);
  return isOnGround ? ground : Number.isNaN(altitudeFt) ? unknown : between(ramp, STOPS_FT, altitudeFt);
}

/** The same scale for speeds. */
export function speedColour(theme: Theme, knots: number): string {
  const { ramp, unknown } = palette(theme);
  return Number.isNaN(knots) ? unknown : between(ramp, STOPS_KT, knots);
}

function between(ramp: readonly string[], stops: readonly number[], value: number): string {
  const last = stops.length - 1;
  let i = 0;
  while (i < last - 1 && value > stops[i + 1]!) i++;
  const t = Math.max(0, Math.min(1, (value - stops[i]!) / (stops[i + 1]! - stops[i]!)));
  const [a, b] = [rgb(ramp[i]!), rgb(ramp[i + 1]!)];
  return `rgb(${a.map((v, k) => Math.round(255 * (v + (b[k]! - v) * t))).join(",")})`;
}
