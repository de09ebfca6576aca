/** Night and its twilights at the time that is shown, and the line where the sun sets and rises. */

import type { Feature } from "geojson";
import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import type { App } from "../app";
import { darkOn, subsolar, sunHeight, type Place } from "../geo/sun";
import type { Opened } from "../tools/offers";
import type { Theme } from "./palette";

/** Heights of the sun at which it is gone, and at which civil, nautical and astronomical twilight end. */
export const HEIGHTS = [-0.833, -6, -12, -18] as const;
const STEP_DEG = 1;
/** Where the map ends in the north and in the south. */
const EDGE_DEG = 85.05;
/** The sun moves a quarter of a degree in this time. */
const STEP_MS = 60_000;
const LEAST_MS = 200;
const LOOK_MS = 1000;
/** Each twilight lies over the ones before: four times this is night. */
const SHADES: Readonly<Record<Theme, { colour: string; opacity: number; line: string; lineOpacity: number }>> = {
  dark: { colour: "#000309", opacity: 0.12, line: "#f3be55", lineOpacity: 0.22 },
  light: { colour: "#2b3f5c", opacity: 0.055, line: "#9a5b00", lineOpacity: 0.35 },
  contrast: { colour: "#000000", opacity: 0.2, line: "#ffd15c", lineOpacity: 0.6 },
};

type Point = [number, number];

/** What is dark at a height of the sun: rings that end at the antimeridian, and the lines around them. */
export function darkness(sun: Place, height: number): { rings: Point[][]; edges: Point[][] } {
  const rings: Point[][] = [];
  const edges: Point[][] = [];
  let [low, high]: [Point[], Point[]] = [[], []];
  const end = (): void => {
    if (low.length > 1) {
      rings.push([...low, ...high.toReversed(), low[0]!]);
      for (const side of [low, high]) {
        let part: Point[] = [];
        for (const point of [...side, null]) {
          if (point !== null && Math.abs(point[1]) < EDGE_DEG) part.push(point);
          else {
            if (part.length > 1) edges.push(part);
            part = [];
          }
        }
      }
    }
    [low, high] = [[], []];
  };
  const take = (lon: number, span: readonly [number, number]): void => {
    low.push([lon, Math.max(-EDGE_DEG, Math.min(EDGE_DEG, span[0]))]);
    high.push([lon, Math.max(-EDGE_DEG, Math.min(EDGE_DEG, span[1]))]);
  };
  /** Where between a meridian that has dark and one that has none it ends. */
  const tip = (dark: number, light: number): void => {
    let [inside, outside] = [dark, light];
    for (let i = 0; i < 24; i++) {
      const middle = (inside + outside) / 2;
      if (darkOn(sun, middle, height) === null) outside = middle;
      else inside = middle;
    }
    take(inside, darkOn(sun, inside, height)!);
  };
  for (let lon = -180; lon <= 180; lon += STEP_DEG) {
    const span = darkOn(sun, lon, height);
    if (span !== null) {
      if (low.length === 0 && lon > -180) tip(lon, lon - STEP_DEG);
      take(lon, span);
    } else if (low.length > 0) {
      tip(lon - STEP_DEG, lon);
      end();
    }
  }
  end();
  return { rings, edges };
}

function features(ms: number): Feature[] {
  const sun = subsolar(ms);
  return HEIGHTS.flatMap((height, i): Feature[] => {
    const { rings, edges } = darkness(sun, height);
    const shade: Feature = { type: "Feature", properties: {}, geometry: { type: "MultiPolygon", coordinates: rings.map((ring) => [ring]) } };
    return i > 0 ? [shade] : [shade, { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: edges } }];
  });
}

class Night implements Opened {
  /** The time that is drawn; null if it is not shown. */
  drawnMs: number | null = null;
  /** For those who want to know how it is reckoned. */
  readonly sky = { subsolar, sunHeight, darkOn };
  private drawnAt = 0;
  private isShown = false;
  private readonly map: MapLibre;

  constructor(private readonly app: App) {
    this.map = app.map;
    this.map.addSource("night", { type: "geojson", data: { type: "FeatureCollection", features: [] }, maxzoom: 8, tolerance: 0.2 });
    // Over land and sea, under everything that is written or drawn.
    const before = "grid";
    this.map.addLayer({ id: "night", type: "fill", source: "night", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-antialias": false } }, before);
    this.map.addLayer({ id: "night-line", type: "line", source: "night", filter: ["==", ["geometry-type"], "LineString"], paint: { "line-width": 1.2, "line-blur": 0.6 } }, before);
    this.paint();
    app.model.on(["settings"], () => this.paint());
    app.model.on(["picture", "mode"], () => this.look());
    window.setInterval(() => this.look(), LOOK_MS);
  }

  show(isShown: boolean): void {
    this.isShown = isShown;
    for (const layer of ["night", "night-line"]) this.map.setLayoutProperty(layer, "visibility", isShown ? "visible" : "none");
    this.drawnMs = null;
    this.look();
  }

  private look(): void {
    const now = this.app.model.clock.now();
    if (!this.isShown || !this.app.model.clock.isSet || (this.drawnMs !== null && Math.abs(now - this.drawnMs) < STEP_MS) || performance.now() - this.drawnAt < LEAST_MS) return;
    this.drawnMs = now;
    this.drawnAt = performance.now();
    this.map.getSource<GeoJSONSource>("night")?.setData({ type: "FeatureCollection", features: features(now) });
  }

  private paint(): void {
    const { colour, opacity, line, lineOpacity } = SHADES[this.app.model.settings.theme];
    this.map.setPaintProperty("night", "fill-color", colour);
    this.map.setPaintProperty("night", "fill-opacity", opacity);
    this.map.setPaintProperty("night-line", "line-color", line);
    this.map.setPaintProperty("night-line", "line-opacity", lineOpacity);
  }
}

export function open(app: App): Opened {
  return new Night(app);
}
