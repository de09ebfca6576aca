/** The rows of an answer on the map: solid where observed, dashed where inferred, stops filled or hollow. */

import type { Feature } from "geojson";
import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import { airports, type Airport, type Row } from "../api/find";
import { track, type TrackPoint } from "../api/rest";
import { nameOfRow, spanOf } from "../state/asking";
import type { Model } from "../state/model";
import { codesOf, placesOf, wayOf, type Mark, type Way } from "../state/way";
import { near, type LonLat } from "../geo/great_circle";
import { palette, wayColour } from "./palette";
import { FONT } from "./style";

/** So many rows are drawn without being chosen. */
const DRAWN_UNASKED = 8;
/** The interface answers for so long a time at once. */
const PIECE_MS = 48 * 3_600_000;
const MOST_PIECES = 8;
/** The others, beside the chosen one. */
const FAINT = 0.4;
const ASIDE_PX = 3;

export class Ways {
  /** Airfields that the answer speaks of. */
  fields: ReadonlyMap<string, Airport> = new Map();
  private readonly ways = new Map<string, Way | "loading" | "failed">();

  constructor(private readonly map: MapLibre, private readonly model: Model, private readonly loaded: (row: Row) => void) {
    model.on(["answer", "chosen"], () => this.choose());
    model.on(["settings"], () => this.draw());
  }

  /** The layers, below trails and aircraft. */
  add(before?: string): void {
    this.map.addSource("ways", { type: "geojson", data: { type: "FeatureCollection", features: [] }, tolerance: 0.2 });
    const byKind = (kind: string): ["==", ["get", string], string] => ["==", ["get", "kind"], kind];
    this.map.addLayer({
      id: "way-inferred", type: "line", source: "ways", filter: byKind("inferred"),
      paint: {
        "line-color": ["get", "colour"], "line-width": ["get", "width"], "line-dasharray": [1.5, 2.5], "line-opacity": ["get", "strength"],
        "line-offset": ["get", "aside"],
      },
    }, before);
    this.map.addLayer({
      id: "way-seen", type: "line", source: "ways", filter: byKind("seen"), layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": ["get", "colour"], "line-width": ["get", "width"], "line-opacity": ["get", "strength"], "line-offset": ["get", "aside"] },
    }, before);
    this.map.addLayer({
      id: "way-dots", type: "circle", source: "ways", filter: byKind("dot"),
      paint: { "circle-color": ["get", "colour"], "circle-radius": ["interpolate", ["linear"], ["zoom"], 3, 2, 10, 4], "circle-opacity": ["get", "strength"] },
    }, before);
    this.map.addLayer({
      id: "way-marks", type: "circle", source: "ways", filter: byKind("mark"),
      paint: {
        "circle-color": ["get", "fill"], "circle-radius": ["get", "radius"], "circle-stroke-color": ["get", "colour"],
        "circle-stroke-width": 2, "circle-opacity": ["get", "strength"], "circle-stroke-opacity": ["get", "strength"],
      },
    }, before);
    this.map.addLayer({
      id: "way-words", type: "symbol", source: "ways", filter: byKind("mark"),
      layout: {
        "text-field": ["get", "label"], "text-font": FONT, "text-size": 12.5, "text-anchor": "left", "text-offset": [0.9, 0],
        "text-variable-anchor": ["left", "right", "top", "bottom"], "text-radial-offset": 0.8, "symbol-sort-key": ["-", 0, ["get", "share"]],
      },
      paint: { "text-color": ["get", "words"], "text-halo-color": ["get", "halo"], "text-halo-width": 1.6, "text-opacity": ["get", "strength"] },
    }, before);
    this.draw();
  }

  wayOf(row: Row): Way | null {
    const found = this.ways.get(nameOfRow(row));
    return typeof found === "object" ? found : null;
  }

  stateOf(row: Row): "loading" | "failed" | "there" | "none" {
    const found = this.ways.get(nameOfRow(row));
    return found === undefined ? "none" : typeof found === "object" ? "there" : found;
  }

  /** Places of what is drawn: of the chosen row, or of all. */
  places(): LonLat[] {
    const { row } = this.model.asking;
    const those = row !== null ? [row] : this.drawn();
    const out: LonLat[] = [];
    for (const each of those) {
      const way = this.wayOf(each);
      for (const at of way === null ? dotsOf(each) : placesOf(way)) out.push([out.length > 0 ? near(at[0], out[0]![0]) : at[0], at[1]]);
    }
    return out;
  }

  private drawn(): readonly Row[] {
    const { rows, answer } = this.model.asking;
    const isFew = answer?.subject !== "positions" && rows.length <= DRAWN_UNASKED;
    const isMeant = answer?.subject === "journeys" || answer?.subject === "legs";
    return isFew && isMeant ? rows : rows.filter((row) => this.ways.has(nameOfRow(row)));
  }

  private choose(): void {
    const { rows, row, answer } = this.model.asking;
    const names = new Set(rows.map(nameOfRow));
    for (const name of this.ways.keys()) if (!names.has(name)) this.ways.delete(name);
    const wanted = new Set(this.drawn());
    if (row !== null && answer?.subject !== "positions") wanted.add(row);
    for (const each of wanted) if (!this.ways.has(nameOfRow(each))) void this.load(each);
    this.draw();
  }

  private async load(row: Row): Promise<void> {
    const name = nameOfRow(row);
    this.ways.set(name, "loading");
    try {
      const span = spanOf(row);
      const hex = String(row["icao24"] ?? "");
      const points: TrackPoint[] = [];
      const pieces = span === null ? 0 : Math.min(MOST_PIECES, Math.ceil((span.untilMs - span.fromMs + 1) / PIECE_MS));
      const [fields] = await Promise.all([airports(codesOf(row)), (async () => {
        for (let i = 0; i < pieces && span !== null; i++) {
          const from = span.fromMs + i * PIECE_MS;
          // The interface gives thousandths, the record millionths: the last position is still in it.
          points.push(...await track(hex, from, Math.min(from + PIECE_MS, span.untilMs + 1)));
        }
      })()]);
      this.fields = new Map([...this.fields, ...fields]);
      if (!this.ways.has(name)) return;
      this.ways.set(name, wayOf(row, points, fields));
    } catch {
      this.ways.set(name, "failed");
    }
    this.draw();
    this.loaded(row);
  }

  private draw(): void {
    const source = this.map.getSource<GeoJSONSource>("ways");
    if (source === undefined) return;
    const { rows, chosen, answer } = this.model.asking;
    const { theme } = this.model.settings;
    const paper = palette(theme);
    const features: Feature[] = [];
    const shown = rows.filter((row) => this.wayOf(row) !== null);
    const labels = chosen === null ? labelsOf(shown.map((row) => this.wayOf(row)!)) : null;
    const order = rows.map((_, i) => i).sort((a, b) => Number(a === chosen) - Number(b === chosen));
    for (const i of order) {
      const row = rows[i]!;
      const isChosen = chosen === null || chosen === i;
      const strength = isChosen ? 1 : FAINT;
      const own = { colour: wayColour(theme, i), words: paper.label, halo: paper.halo, strength };
      const way = this.wayOf(row);
      // Ways that are the same lie side by side.
      const aside = chosen === null ? (shown.indexOf(row) - (shown.length - 1) / 2) * ASIDE_PX : 0;
      if (way === null) {
        if (answer?.subject === "positions" || chosen === null || isChosen) {
          for (const at of dotsOf(row)) features.push(point(at, { ...own, kind: "dot", strength: strength * 0.85 }));
        }
        continue;
      }
      for (const line of way.seen) features.push(lineOf(line, { ...own, kind: "seen", aside, width: isChosen ? 2.6 : 1.6 }));
      for (const { line, share } of way.inferred) {
        features.push(lineOf(line, { ...own, kind: "inferred", aside, width: isChosen ? 1.8 : 1.2, strength: strength * (0.35 + 0.6 * share) }));
      }
      for (const mark of way.marks) {
        const radius = mark.isObserved ? 5.5 : 3 + 5 * Math.sqrt(mark.share);
        features.push(point(mark.at, {
          ...own, kind: "mark", label: labels !== null ? (labels.get(mark) ?? "") : isChosen ? mark.label : "", share: mark.share, radius, fill: mark.isObserved ? own.colour : paper.halo,
        }));
      }
    }
    source.setData({ type: "FeatureCollection", features });
  }
}

/** One label a place: of candidates of several rows, from the least share to the greatest. */
function labelsOf(ways: readonly Way[]): Map<Mark, string> {
  const byPlace = new Map<string, Mark[]>();
  for (const mark of ways.flatMap((way) => way.marks)) byPlace.set(mark.code, [...(byPlace.get(mark.code) ?? []), mark]);
  const out = new Map<Mark, string>();
  for (const marks of byPlace.values()) {
    const shares = marks.map((mark) => Math.round(mark.share * 100));
    const [least, most] = [Math.min(...shares), Math.max(...shares)];
    const isSame = marks.some((mark) => mark.isObserved) || least === most;
    out.set(marks[0]!, isSame ? marks.find((mark) => mark.isObserved)?.label ?? marks[0]!.label : `${marks[0]!.code} ${least}–${most} %`);
  }
  return out;
}

/** Places that a row names itself. */
function dotsOf(row: Row): LonLat[] {
  for (const [lat, lon] of [["latitude", "longitude"], ["last_latitude", "last_longitude"], ["from_latitude", "from_longitude"]] as const) {
    const [y, x] = [row[lat], row[lon]];
    if (typeof y === "number" && typeof x === "number") return [[x, y]];
  }
  return [];
}

function point(at: LonLat, properties: Record<string, unknown>): Feature {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: at } };
}

function lineOf(line: readonly LonLat[], properties: Record<string, unknown>): Feature {
  return { type: "Feature", properties, geometry: { type: "LineString", coordinates: [...line] } };
}
