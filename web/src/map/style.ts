/** The bundled base map as a style: no glyph server, no tile server, nothing from elsewhere. */

import type { Feature } from "geojson";
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import countries from "../../generated/countries.json?url";
import landCoarse from "../../generated/land-coarse.json?url";
import linesCoarse from "../../generated/lines-coarse.json?url";
import type { Theme } from "./palette";

interface Paper {
  readonly sea: string;
  readonly land: string;
  readonly coast: string;
  readonly border: string;
  readonly grid: string;
  readonly words: string;
  readonly wordsHalo: string;
}

const PAPERS: Readonly<Record<Theme, Paper>> = {
  dark: {
    sea: "#0d141b", land: "#18222c", coast: "#324353", border: "#2b3946", grid: "#131c25", words: "#6d7f90", wordsHalo: "#131c25",
  },
  light: {
    sea: "#dfe8ee", land: "#fbfaf6", coast: "#a9b8c3", border: "#cfd3d3", grid: "#d5e0e7", words: "#7b868e", wordsHalo: "#fbfaf6",
  },
  contrast: {
    sea: "#000000", land: "#141414", coast: "#8a8a8a", border: "#5c5c5c", grid: "#101010", words: "#d8d8d8", wordsHalo: "#000000",
  },
};

/** Fonts of the reader's own computer: letters are drawn here. */
export const FONT = ["system-ui", "sans-serif"];

const byZoom = (...stops: number[]): ExpressionSpecification =>
  ["interpolate", ["linear"], ["zoom"], ...stops] as unknown as ExpressionSpecification;

export function graticule(): Feature {
  const lines: [number, number][][] = [];
  for (let lon = -180; lon < 180; lon += 15) lines.push([[lon, -85], [lon, 85]]);
  for (let lat = -75; lat <= 75; lat += 15) lines.push([[-180, lat], [180, lat]]);
  return { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } };
}

function layers(p: Paper): LayerSpecification[] {
  return [
    { id: "sea", type: "background", paint: { "background-color": p.sea } },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": p.land, "fill-antialias": false } },
    { id: "grid", type: "line", source: "grid", paint: { "line-color": p.grid, "line-width": 1 } },
    {
      id: "coast", type: "line", source: "lines", filter: ["==", ["get", "kind"], "coast"],
      paint: { "line-color": p.coast, "line-width": byZoom(1, 0.6, 6, 1.1, 10, 1.6) },
    },
    {
      id: "border", type: "line", source: "lines", filter: ["==", ["get", "kind"], "border"],
      paint: { "line-color": p.border, "line-width": byZoom(1, 0.5, 6, 1.1, 10, 1.8) },
    },
    {
      id: "country", type: "symbol", source: "countries", minzoom: 1.6, maxzoom: 8,
      filter: ["<=", ["get", "rank"], ["step", ["zoom"], 1, 2.2, 2, 2.9, 3, 3.8, 4, 4.8, 5]],
      layout: {
        "text-field": ["get", "name"], "text-font": FONT, "text-size": byZoom(2, 10, 5, 13, 7, 16),
        "text-letter-spacing": 0.06, "text-max-width": 7, "symbol-sort-key": ["get", "order"],
      },
      paint: { "text-color": p.words, "text-halo-color": p.wordsHalo, "text-halo-width": 1.2 },
    },
  ];
}

export function baseStyle(theme: Theme): StyleSpecification {
  return {
    version: 8,
    name: "skywitness",
    sources: {
      land: { type: "geojson", data: landCoarse, maxzoom: 10, tolerance: 0.4 },
      lines: { type: "geojson", data: linesCoarse, maxzoom: 10, tolerance: 0.4 },
      grid: { type: "geojson", data: graticule(), maxzoom: 4 },
      countries: { type: "geojson", data: countries, maxzoom: 8 },
    },
    layers: layers(PAPERS[theme]),
  };
}

/** Paint properties of a theme, by layer: to change it without loading anything anew. */
export function paints(theme: Theme): readonly (readonly [string, string, unknown])[] {
  return layers(PAPERS[theme]).flatMap((layer) =>
    Object.entries(layer.paint ?? {}).map(([name, value]) => [layer.id, name, value] as const),
  );
}
