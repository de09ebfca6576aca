/** Files and tiles of the reader's own, dropped on the page or chosen: drawn below the aircraft, sent nowhere. */

import type { FeatureCollection } from "geojson";
import type { LayerSpecification, Map as MapLibre, SourceSpecification } from "maplibre-gl";
import { WORDS } from "../text/words";

const MOST_BYTES = 30_000_000;
const COLOUR = "#9b8cff";
const TYPES = new Set(["FeatureCollection", "Feature", "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"]);

export interface Overlay {
  readonly id: string;
  readonly name: string;
  readonly layers: readonly string[];
  isShown: boolean;
}

export class Overlays {
  readonly items: Overlay[] = [];
  /** Called when there are others. */
  changed: () => void = () => undefined;
  private count = 0;

  constructor(private readonly map: MapLibre, target: HTMLElement, private readonly before: string, private readonly say: (words: string) => void) {
    target.addEventListener("dragover", (event) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    });
    target.addEventListener("drop", (event) => {
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      for (const file of files) void this.take(file);
    });
  }

  /** Draw a file; what it says of itself is data, never markup. */
  async take(file: File): Promise<void> {
    try {
      if (file.size > MOST_BYTES) throw new Error(WORDS.tooLarge);
      const text = await file.text();
      const read: unknown = /^\s*</.test(text.slice(0, 999)) ? (await import("../tools/kml")).featuresOfKml(text) : JSON.parse(text);
      if (!isGeoJson(read)) throw new Error(WORDS.noGeoJson);
      this.add(file.name, read as FeatureCollection);
      this.say(WORDS.overlayDrawn(file.name));
    } catch (error) {
      this.say(`${file.name}: ${error instanceof SyntaxError ? WORDS.noGeoJson : (error as Error).message}`);
    }
  }

  /** Take all of them away again. */
  clear(): void {
    while (this.items.length > 0) this.remove(this.items[0]!);
    this.count = 0;
  }

  remove(item: Overlay): void {
    for (const layer of item.layers) this.map.removeLayer(layer);
    this.map.removeSource(item.id);
    this.items.splice(this.items.indexOf(item), 1);
    this.changed();
  }

  show(item: Overlay, isShown: boolean): void {
    item.isShown = isShown;
    for (const layer of item.layers) this.map.setLayoutProperty(layer, "visibility", isShown ? "visible" : "none");
    this.changed();
  }

  /** Draw layers of one source, whose name they get. */
  draw(name: string, source: SourceSpecification, kinds: (id: string) => LayerSpecification[], before = this.before): void {
    const id = `overlay-${this.count++}`;
    this.map.addSource(id, source);
    const layers = kinds(id);
    for (const layer of layers) this.map.addLayer(layer, before);
    this.items.push({ id, name, layers: layers.map((layer) => layer.id), isShown: true });
    this.changed();
  }

  private add(name: string, data: FeatureCollection): void {
    this.draw(name, { type: "geojson", data }, (source) => [
      { id: `${source}-area`, type: "fill", source, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": COLOUR, "fill-opacity": 0.14 } },
      { id: `${source}-line`, type: "line", source, paint: { "line-color": COLOUR, "line-width": 1.5 } },
      {
        id: `${source}-dot`, type: "circle", source, filter: ["==", ["geometry-type"], "Point"],
        paint: { "circle-color": COLOUR, "circle-radius": 4, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1 },
      },
      {
        id: `${source}-name`, type: "symbol", source, filter: ["==", ["geometry-type"], "Point"],
        layout: { "text-field": ["to-string", ["coalesce", ["get", "name"], ""]], "text-font": ["system-ui", "sans-serif"], "text-size": 11, "text-anchor": "left", "text-offset": [0.7, 0], "text-max-width": 14 },
        paint: { "text-color": "#ffffff", "text-halo-color": "#3a2f8f", "text-halo-width": 1.4 },
      },
    ]);
  }
}

function isGeoJson(read: unknown): boolean {
  if (typeof read !== "object" || read === null || !TYPES.has(String((read as { type?: unknown }).type))) return false;
  const { type, features } = read as { type: string; features?: unknown };
  return type !== "FeatureCollection" || Array.isArray(features);
}
