/** GeoJSON files of the reader's own, dropped on the page: drawn below the aircraft, sent nowhere. */

import type { FeatureCollection } from "geojson";
import type { Map as MapLibre } from "maplibre-gl";
import { WORDS } from "../text/words";

const MOST_BYTES = 30_000_000;
const COLOUR = "#9b8cff";
const TYPES = new Set(["FeatureCollection", "Feature", "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"]);

export class Overlays {
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
      const read: unknown = JSON.parse(await file.text());
      if (!isGeoJson(read)) throw new Error(WORDS.noGeoJson);
      this.add(read as FeatureCollection);
      this.say(WORDS.overlayDrawn(file.name));
    } catch (error) {
      this.say(`${file.name}: ${error instanceof SyntaxError ? WORDS.noGeoJson : (error as Error).message}`);
    }
  }

  /** Take all of them away again. */
  clear(): void {
    for (let i = 0; i < this.count; i++) {
      for (const kind of ["area", "line", "dot"]) this.map.removeLayer(`overlay-${i}-${kind}`);
      this.map.removeSource(`overlay-${i}`);
    }
    this.count = 0;
  }

  private add(data: FeatureCollection): void {
    const name = `overlay-${this.count++}`;
    this.map.addSource(name, { type: "geojson", data });
    this.map.addLayer({
      id: `${name}-area`, type: "fill", source: name, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": COLOUR, "fill-opacity": 0.14 },
    }, this.before);
    this.map.addLayer({ id: `${name}-line`, type: "line", source: name, paint: { "line-color": COLOUR, "line-width": 1.5 } }, this.before);
    this.map.addLayer({
      id: `${name}-dot`, type: "circle", source: name, filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-color": COLOUR, "circle-radius": 4, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1 },
    }, this.before);
  }
}

function isGeoJson(read: unknown): boolean {
  if (typeof read !== "object" || read === null || !TYPES.has(String((read as { type?: unknown }).type))) return false;
  const { type, features } = read as { type: string; features?: unknown };
  return type !== "FeatureCollection" || Array.isArray(features);
}
