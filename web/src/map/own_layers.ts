/** How vector tiles of unknown make are drawn: by the names that Protomaps and OpenMapTiles give to their layers. */

import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Theme } from "./palette";
import { FONT } from "./style";

interface Paper {
  readonly land: string;
  readonly water: string;
  readonly green: string;
  readonly built: string;
  readonly road: string;
  readonly border: string;
  readonly words: string;
  readonly halo: string;
}

const PAPERS: Readonly<Record<Theme, Paper>> = {
  dark: { land: "#18222c", water: "#0d141b", green: "#17262a", built: "#202c37", road: "#2f3d4a", border: "#3a4a59", words: "#8494a3", halo: "#131c25" },
  light: { land: "#fbfaf6", water: "#dfe8ee", green: "#eef2e6", built: "#eceae4", road: "#d9d7cf", border: "#b9bfc2", words: "#5d6972", halo: "#fbfaf6" },
  contrast: { land: "#141414", water: "#000000", green: "#1c1c1c", built: "#262626", road: "#5c5c5c", border: "#8a8a8a", words: "#ffffff", halo: "#000000" },
};

type Kind = "land" | "water" | "green" | "built" | "road" | "border" | "words";

/** Names of layers and what they are; any other is drawn as thin lines. Drawn in the order of this list. */
const KNOWN: readonly (readonly [Kind, readonly string[]])[] = [
  ["land", ["earth", "land"]],
  ["green", ["landcover", "landuse", "park", "natural", "globallandcover"]],
  ["water", ["water", "ocean"]],
  ["built", ["buildings", "building", "aeroway"]],
  ["road", ["roads", "transportation", "transit", "waterway"]],
  ["border", ["boundaries", "boundary"]],
  ["words", ["places", "place"]],
];
/** Layers of points and names that would only crowd the map. */
const LEFT_OUT = new Set(["pois", "poi", "housenumber", "mountain_peak", "transportation_name", "water_name", "aerodrome_label"]);

const width = (...stops: number[]): ExpressionSpecification => ["interpolate", ["exponential", 1.5], ["zoom"], ...stops] as unknown as ExpressionSpecification;

export function ownLayers(source: string, names: readonly string[], theme: Theme): LayerSpecification[] {
  const p = PAPERS[theme];
  const known = new Map(KNOWN.flatMap(([kind, those]) => those.map((name) => [name, kind] as const)));
  const order = KNOWN.map(([kind]) => kind);
  const wanted = names.filter((name) => !LEFT_OUT.has(name)).map((name) => ({ name, kind: known.get(name) ?? ("road" as Kind) }));
  wanted.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const common = (name: string): { source: string; "source-layer": string } => ({ source, "source-layer": name });
  const hasLand = wanted.some(({ kind }) => kind === "land");
  const out: LayerSpecification[] = [{ id: `${source}-paper`, type: "background", paint: { "background-color": hasLand ? p.water : p.land } }];
  for (const { name, kind } of wanted) {
    const id = `${source}-${name}`;
    if (kind === "words") {
      out.push({
        id, type: "symbol", ...common(name), filter: ["has", "name"],
        layout: {
          "text-field": ["coalesce", ["get", "name:en"], ["get", "name"]], "text-font": FONT, "text-size": width(3, 10, 12, 14), "text-max-width": 8, "text-padding": 6,
          "symbol-sort-key": ["coalesce", ["get", "min_zoom"], ["get", "rank"], 20],
        },
        paint: { "text-color": p.words, "text-halo-color": p.halo, "text-halo-width": 1.2 },
      });
    } else if (kind === "road" || kind === "border") {
      out.push({
        id, type: "line", ...common(name), filter: ["==", ["geometry-type"], "LineString"],
        paint: { "line-color": name === "waterway" ? p.water : p[kind], "line-width": kind === "road" ? width(5, 0.5, 12, 1.4, 16, 6) : width(2, 0.6, 10, 1.6) },
      });
    } else {
      out.push({ id, type: "fill", ...common(name), filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": p[kind] } });
    }
  }
  return out;
}
