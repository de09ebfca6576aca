/** Cities by size, airfields by zoom and runways true to their ends; fetched after the first paint and as one comes nearer. */

import "./places.css";
import type { Feature, FeatureCollection } from "geojson";
import type { ExpressionSpecification, GeoJSONSource, LayerSpecification, Map as MapLibre } from "maplibre-gl";
import { airfields, cities, ownMap, type Airfield, type City, type Strip } from "../api/places";
import type { App } from "../app";
import { el } from "../text/dom";
import { addMarks } from "./marks";
import type { Theme } from "./palette";
import { nearest } from "./picking";
import { FONT } from "./style";
import { WORDS } from "./words_map";

/** From here on the great airfields of the world, then all of the area in view. */
const [GREAT_ZOOM, ALL_ZOOM] = [4.5, 7.5];
const CELL_DEG = 5;
const MOST_CELLS = 40;
const KINDS = ["small", "medium", "large", "heliport", "seaplane", "balloonport"] as const;
/** Zoom at which cities of at least so many thousand people are named. */
const CITY_ZOOMS = [[8000, 2], [4000, 3], [1500, 4], [600, 5], [250, 6], [120, 7], [0, 8]] as const;
const CLICK_PX = 5;
/** Pixels a metre of the equator at zoom 16: tiles of 512. */
const PX_A_METRE_16 = (512 * 2 ** 16) / 40_075_016.7;
const SIDES: ("left" | "right" | "top" | "bottom")[] = ["left", "right", "top", "bottom"];
const AIRFIELD_LAYERS = ["airfield-mark", "airfield"];

interface Ink {
  readonly city: string;
  readonly capital: string;
  readonly airfield: string;
  readonly military: string;
  readonly runway: string;
  readonly halo: string;
}

const INKS: Readonly<Record<Theme, Ink>> = {
  dark: { city: "#8494a3", capital: "#a6b4c1", airfield: "#6fa8c9", military: "#c79a6b", runway: "#7d93a6", halo: "#131c25" },
  light: { city: "#5d6972", capital: "#3c4750", airfield: "#1f6a94", military: "#8a5416", runway: "#71818d", halo: "#fbfaf6" },
  contrast: { city: "#ffffff", capital: "#ffffff", airfield: "#8fd6ff", military: "#ffd15c", runway: "#d8d8d8", halo: "#000000" },
};

const expression = (...parts: unknown[]): ExpressionSpecification => parts as unknown as ExpressionSpecification;
const byZoom = (...stops: unknown[]): ExpressionSpecification => expression("interpolate", ["linear"], ["zoom"], ...stops);
const shownFrom = expression("<=", ["get", "from"], ["zoom"]);
const empty = (): FeatureCollection => ({ type: "FeatureCollection", features: [] });

function layers(ink: Ink): LayerSpecification[] {
  const airfieldInk = expression("case", ["==", ["get", "military"], 1], ink.military, ink.airfield);
  const words = { "text-font": FONT, "text-variable-anchor": SIDES, "text-radial-offset": 0.6, "text-justify": "auto" as const };
  return [
    {
      id: "runway", type: "line", source: "runways", minzoom: 8.5, filter: ["==", ["geometry-type"], "LineString"],
      paint: {
        "line-color": ink.runway,
        "line-width": expression("interpolate", ["exponential", 2], ["zoom"], 8.5, 1, 12, ["max", 1.8, ["*", ["get", "width"], PX_A_METRE_16 / 16]],
          16, ["max", 6, ["*", ["get", "width"], PX_A_METRE_16]]),
      },
    },
    {
      id: "runway-end", type: "symbol", source: "runways", minzoom: 11.5, filter: ["==", ["geometry-type"], "Point"],
      layout: {
        // Written as on the runway: to be read by who lands there.
        "text-field": ["get", "name"], "text-font": FONT, "text-size": 12, "text-anchor": "top", "text-offset": [0, 0.3],
        "text-rotate": ["get", "heading"], "text-rotation-alignment": "map", "text-padding": 1,
      },
      paint: { "text-color": ink.airfield, "text-halo-color": ink.halo, "text-halo-width": 1.2 },
    },
    {
      id: "airfield-mark", type: "symbol", source: "airfields", minzoom: GREAT_ZOOM, filter: shownFrom,
      layout: {
        "icon-image": ["concat", "mark-", ["get", "mark"]], "icon-allow-overlap": true, "icon-ignore-placement": true,
        "icon-size": byZoom(4, 0.75, 9, 1.1), "symbol-sort-key": ["-", ["get", "order"]],
      },
      paint: { "icon-color": airfieldInk, "icon-opacity": byZoom(11.5, 0.95, 13, 0.35) },
    },
    {
      id: "airfield", type: "symbol", source: "airfields", minzoom: GREAT_ZOOM, filter: expression("<=", ["get", "named"], ["zoom"]),
      layout: {
        ...words, "text-field": ["step", ["zoom"], ["get", "short"], 9.5, ["get", "long"]], "text-size": byZoom(5, 10, 10, 11.5),
        "text-radial-offset": 0.9, "text-max-width": 12, "symbol-sort-key": ["get", "order"], "text-padding": 3,
      },
      paint: { "text-color": airfieldInk, "text-halo-color": ink.halo, "text-halo-width": 1.3 },
    },
    {
      id: "city", type: "symbol", source: "cities", minzoom: 2, maxzoom: 14, filter: shownFrom,
      layout: {
        ...words, "icon-image": ["case", ["==", ["get", "capital"], 1], "mark-capital", "mark-city"], "text-field": ["get", "name"],
        "text-size": expression("interpolate", ["linear"], ["zoom"], 2, 10, 6, ["interpolate", ["linear"], ["get", "people"], 100, 10.5, 3000, 13.5],
          11, ["interpolate", ["linear"], ["get", "people"], 50, 12, 3000, 18]),
        "text-max-width": 8, "text-padding": 4, "symbol-sort-key": ["get", "order"],
      },
      paint: {
        "text-color": ["case", ["==", ["get", "capital"], 1], ink.capital, ink.city], "icon-color": ink.city, "text-halo-color": ink.halo, "text-halo-width": 1.3,
      },
    },
  ];
}

/** The zoom from which a city is named; capitals one earlier. */
function cityZoom([, , , people, isCapital]: City): number {
  const zoom = CITY_ZOOMS.find(([least]) => people >= least)![1];
  return isCapital ? Math.max(2, Math.min(5, zoom - 1)) : zoom;
}

const point = (lon: number, lat: number, properties: Feature["properties"]): Feature =>
  ({ type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] } });

const cityFeatures = (rows: readonly City[]): Feature[] => rows.map((row, order) =>
  point(row[1], row[2], { name: row[0], people: row[3], capital: row[4], order, from: cityZoom(row) }));

/** Marked from a zoom, named from another: large and scheduled ones first, heliports last. */
function airfieldFeature([code, name, lon, lat, kindIndex, military, scheduled]: Airfield, order: number): Feature {
  const kind = KINDS[kindIndex] ?? "small";
  const isField = kind === "small" || kind === "medium" || kind === "large";
  const from = kind === "large" ? 4.5 : scheduled === 1 ? 5.5 : kind === "medium" ? 6.5 : isField ? 8 : 9.5;
  // What has no code of four letters bears a number of a list, which says nothing: its name stands for it.
  const isCoded = /^[A-Z]{4}$/.test(code);
  const named = kind === "large" ? 5 : scheduled === 1 ? 6.5 : kind === "medium" ? 7.5 : !isField ? 11 : isCoded ? 8.5 : 10;
  const shape = kind === "large" ? "large" : kind === "heliport" ? "heliport" : kind === "seaplane" ? "water" : "field";
  const mark = military === 1 && isField ? `${shape}-military` : shape;
  return point(lon, lat, { code, short: isCoded ? code : name, long: isCoded ? `${code}\n${name}` : name, military, order, from, named, mark });
}

const stripFeatures = ([a, aLon, aLat, aHeading, b, bLon, bLat, bHeading, width]: Strip): Feature[] => [
  {
    type: "Feature", properties: { width: width / Math.cos((aLat * Math.PI) / 180) },
    geometry: { type: "LineString", coordinates: [[aLon, aLat], [bLon, bLat]] },
  },
  point(aLon, aLat, { name: a, heading: aHeading }), point(bLon, bLat, { name: b, heading: bHeading }),
];

export class Places {
  private readonly map: MapLibre;
  private great: readonly Airfield[] = [];
  private readonly cells = new Map<string, { fields: readonly Airfield[]; strips: readonly Strip[] }>();
  private readonly coming = new Set<string>();
  private movedAt = 0;

  constructor(private readonly app: App) {
    const { map, model } = app;
    this.map = map;
    addMarks(map);
    map.addSource("cities", { type: "geojson", data: empty(), maxzoom: 10 });
    map.addSource("airfields", { type: "geojson", data: empty(), maxzoom: 12 });
    map.addSource("runways", { type: "geojson", data: empty(), maxzoom: 16, tolerance: 0.1 });
    // Under the names of countries: what lies higher is named first.
    for (const layer of layers(INKS[model.settings.theme])) map.addLayer(layer, "country");
    model.on(["settings"], () => this.paint());
    map.on("moveend", () => void this.want());
    map.on("click", (event) => this.clicked(event.point));
    map.on("mousemove", (event) => this.moved(event.point));
    const credit = el("p", { class: "map-credit" }, WORDS.credit);
    map.getContainer().append(credit);
    void ownMap().then(async (own) => {
      if (!own.pmtiles && own.style === "") return;
      const { OwnMapLayers } = await import("./own_map");
      await new OwnMapLayers(app, (words) => credit.append(` · ${words}`)).start(own);
    }).catch(() => undefined);
    void cities().then((rows) => this.give("cities", cityFeatures(rows))).catch(() => undefined);
    void this.want();
  }

  private give(source: string, features: Feature[]): void {
    this.map.getSource<GeoJSONSource>(source)?.setData({ type: "FeatureCollection", features });
  }

  private paint(): void {
    for (const layer of layers(INKS[this.app.model.settings.theme])) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) this.map.setPaintProperty(layer.id, name as never, value as never);
    }
  }

  /** Fetch what the view needs: the great ones, or the areas in view. */
  private async want(): Promise<void> {
    const zoom = this.map.getZoom();
    const names = zoom < GREAT_ZOOM ? [] : zoom < ALL_ZOOM ? ["great"] : this.cellsInView();
    const missing = names.filter((name) => !this.coming.has(name) && !this.cells.has(name) && (name !== "great" || this.great.length === 0));
    if (missing.length === 0) return;
    await Promise.all(missing.map(async (name) => {
      this.coming.add(name);
      try {
        const found = await airfields(name);
        if (name === "great") this.great = found.airfields;
        else this.cells.set(name, { fields: found.airfields, strips: found.runways ?? [] });
      } catch {
        // It is asked for again with the next movement.
      }
      this.coming.delete(name);
    }));
    const inView = new Set(this.cellsInView());
    for (const name of this.cells.keys()) if (this.cells.size > MOST_CELLS && !inView.has(name)) this.cells.delete(name);
    this.draw();
  }

  private draw(): void {
    const all = new Map<string, Airfield>();
    for (const one of this.great) all.set(one[0], one);
    for (const { fields } of this.cells.values()) for (const one of fields) all.set(one[0], one);
    this.give("airfields", [...all.values()].map((one, i) => airfieldFeature(one, i)));
    this.give("runways", [...this.cells.values()].flatMap(({ strips }) => strips.flatMap(stripFeatures)));
  }

  private cellsInView(): string[] {
    const bounds = this.map.getBounds();
    const floor = (degrees: number): number => Math.floor(degrees / CELL_DEG) * CELL_DEG;
    const names: string[] = [];
    for (let lat = floor(Math.max(-90, bounds.getSouth())); lat < Math.min(90, bounds.getNorth()); lat += CELL_DEG) {
      for (let lon = floor(bounds.getWest()); lon < bounds.getEast(); lon += CELL_DEG) {
        names.push(`${lat},${((((lon + 180) % 360) + 360) % 360) - 180}`);
      }
    }
    return names.length > MOST_CELLS ? [] : names;
  }

  private airfieldAt({ x, y }: { x: number; y: number }): string | null {
    const box: [[number, number], [number, number]] = [[x - CLICK_PX, y - CLICK_PX], [x + CLICK_PX, y + CLICK_PX]];
    const found = this.map.queryRenderedFeatures(box, { layers: AIRFIELD_LAYERS })[0];
    return typeof found?.properties["code"] === "string" ? found.properties["code"] : null;
  }

  /** An airfield's page; an aircraft over it comes first. */
  private clicked(at: { x: number; y: number }): void {
    const { app } = this;
    if (this.map.getZoom() < GREAT_ZOOM || nearest(this.map, app.layer, app.table, at.x, at.y) !== null) return;
    const code = this.airfieldAt(at);
    if (code !== null) app.commands.openPage({ kind: "airport", name: code });
  }

  private moved(at: { x: number; y: number }): void {
    if (this.map.getZoom() < GREAT_ZOOM || performance.now() - this.movedAt < 90) return;
    this.movedAt = performance.now();
    const { style } = this.map.getCanvas();
    if (style.cursor === "" && this.airfieldAt(at) !== null) style.cursor = "pointer";
  }
}
