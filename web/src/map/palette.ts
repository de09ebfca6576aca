/** Colours by altitude: told apart with any colour vision, by lightness and along blue and yellow, never red and green. */

export type Theme = "dark" | "light" | "contrast";

export const STOPS_FT = [0, 4000, 10000, 18000, 26000, 34000, 42000] as const;

const RAMPS: Readonly<Record<Theme, readonly string[]>> = {
  dark: ["#e8653a", "#f0913c", "#f3be55", "#eee39a", "#8fd0dc", "#5aa4f0", "#a391f5"],
  light: ["#b5391a", "#b45f06", "#8f7200", "#5f7a3c", "#177e91", "#1b5fbf", "#6437b8"],
  contrast: ["#ff7a45", "#ffa53b", "#ffd15c", "#fff6b8", "#8ff0ff", "#6cb6ff", "#c5b5ff"],
};

/** Colours of the rows of an answer, told apart with any colour vision and in both lights. */
const WAYS: Readonly<Record<Theme, readonly string[]>> = {
  dark: ["#f3be55", "#56b4e9", "#e88fb4", "#63c7b2", "#c3a6ff", "#f0793c"],
  light: ["#9a5b00", "#0a6cb0", "#a3246b", "#0d7565", "#6437b8", "#b5391a"],
  contrast: ["#ffd15c", "#8fd6ff", "#ff9fcb", "#8ff0ff", "#d5c5ff", "#ffa53b"],
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
  if (isOnGround) return ground;
  if (Number.isNaN(altitudeFt)) return unknown;
  const last = STOPS_FT.length - 1;
  let i = 0;
  while (i < last - 1 && altitudeFt > STOPS_FT[i + 1]!) i++;
  const t = Math.max(0, Math.min(1, (altitudeFt - STOPS_FT[i]!) / (STOPS_FT[i + 1]! - STOPS_FT[i]!)));
  const [a, b] = [rgb(ramp[i]!), rgb(ramp[i + 1]!)];
  return `rgb(${a.map((v, k) => Math.round(255 * (v + (b[k]! - v) * t))).join(",")})`;
}
