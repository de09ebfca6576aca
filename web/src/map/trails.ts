/** Where the selected aircraft have been: solid where observed, dashed and grey over gaps, never joined. */

import type { Feature } from "geojson";
import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import { track } from "../api/rest";
import { hexOf } from "../state/aircraft";
import type { Model } from "../state/model";
import { colourOf, palette, speedColour, wayColour } from "./palette";

/** Longer silences are gaps. */
const GAP_MS = 75_000;
const BACK_MS = 2 * 3600_000;
const PAST_BACK_MS = 8 * 3600_000;
const AHEAD_MS = 3600_000;
const STEP_FT = 1500;
const STEP_KT = 25;
/** Sources as the node names them, in the order of their numbers. */
const NAMES = ["adsb", "adsr", "tisb", "mlat", "other", "uat"];

export interface TrailPoint {
  readonly ms: number;
  readonly lat: number;
  readonly lon: number;
  readonly altitude: number;
  readonly isOnGround: boolean;
  /** Of the position that was told; NaN, or -1, if that is not known. */
  readonly speed: number;
  readonly source: number;
}

interface Trail {
  points: TrailPoint[];
  loadedUntilMs: number;
  isLoading: boolean;
}

export class Trails {
  private readonly trails = new Map<number, Trail>();
  private mode = "live";

  constructor(
    private readonly map: MapLibre,
    private readonly model: Model,
  ) {
    model.on(["selection", "mode"], () => this.choose());
    model.on(["picture"], () => this.extend());
    model.on(["settings"], () => this.draw());
  }

  /** The layers, below the aircraft. */
  add(before?: string): void {
    this.map.addSource("trails", { type: "geojson", data: { type: "FeatureCollection", features: [] }, tolerance: 0.2 });
    this.map.addLayer({
      id: "trail-gap", type: "line", source: "trails", filter: ["==", ["get", "kind"], "gap"],
      paint: { "line-color": ["get", "colour"], "line-width": 1.4, "line-dasharray": [2, 3], "line-opacity": 0.8 },
    }, before);
    this.map.addLayer({
      id: "trail", type: "line", source: "trails", filter: ["==", ["get", "kind"], "seen"],
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": ["get", "colour"], "line-width": ["interpolate", ["linear"], ["zoom"], 3, 1.6, 10, 2.8] },
    }, before);
    this.draw();
  }

  /** What is known of an aircraft's way, for its profile. */
  pointsOf(key: number): readonly TrailPoint[] {
    return this.trails.get(key)?.points ?? [];
  }

  private choose(): void {
    if (this.mode !== this.model.mode) this.trails.clear();
    this.mode = this.model.mode;
    if (!this.model.settings.areTrailsKept) {
      for (const key of this.trails.keys()) if (!this.model.selected.has(key)) this.trails.delete(key);
    }
    this.loadMissing();
    this.draw();
  }

  private loadMissing(): void {
    if (!this.model.clock.isSet) return;
    for (const key of this.model.selected) if (!this.trails.has(key)) void this.load(key);
  }

  private async load(key: number): Promise<void> {
    const now = this.model.clock.now();
    const isLive = this.model.mode === "live";
    const trail: Trail = { points: [], loadedUntilMs: isLive ? now : now + AHEAD_MS, isLoading: true };
    this.trails.set(key, trail);
    try {
      const found = await track(hexOf(key), now - (isLive ? BACK_MS : PAST_BACK_MS), isLive ? now + 1000 : now + AHEAD_MS);
      const before = found.map((p) => ({
        ms: p.time_s * 1000, lat: p.lat_deg, lon: p.lon_deg, altitude: p.altitude_ft ?? NaN, isOnGround: p.on_ground ?? false,
        speed: p.groundspeed_kt ?? NaN, source: NAMES.indexOf((p.source ?? "").toLowerCase().replace(/[^a-z]/g, "")),
      }));
      const last = before.at(-1)?.ms ?? 0;
      trail.points = [...before, ...trail.points.filter((p) => p.ms > last)];
    } catch {
      // Without a record there is no past; what comes from now on is drawn.
    }
    trail.isLoading = false;
    this.draw();
  }

  private extend(): void {
    const { table, mode } = this.model;
    this.loadMissing();
    let isChanged = mode === "past" && this.trails.size > 0;
    for (const [key, trail] of this.trails) {
      const row = table.rows.get(key);
      if (mode === "past") {
        if (!trail.isLoading && table.nowMs > trail.loadedUntilMs - 60_000) void this.load(key);
        continue;
      }
      if (row === undefined || Number.isNaN(table.get("lat", row))) continue;
      const ms = table.get("placeMs", row);
      if (ms <= (trail.points.at(-1)?.ms ?? 0)) continue;
      trail.points.push({
        ms, lat: table.get("lat", row), lon: table.get("lon", row), altitude: table.get("altitude", row),
        isOnGround: table.get("ground", row) === 1, speed: table.get("speed", row), source: table.get("source", row),
      });
      isChanged = true;
    }
    if (isChanged) this.draw();
  }

  private draw(): void {
    const source = this.map.getSource<GeoJSONSource>("trails");
    if (source === undefined) return;
    const features: Feature[] = [];
    const untilMs = this.model.mode === "past" ? this.model.clock.now() : Infinity;
    for (const trail of this.trails.values()) features.push(...this.features(trail.points, untilMs));
    source.setData({ type: "FeatureCollection", features });
  }

  private colourOf(point: TrailPoint): string {
    const { theme, trailsBy } = this.model.settings;
    if (trailsBy === "source") return point.source >= 0 && point.source < NAMES.length ? wayColour(theme, point.source) : palette(theme).unknown;
    if (trailsBy === "speed") return speedColour(theme, Math.round(point.speed / STEP_KT) * STEP_KT);
    return colourOf(theme, Math.round(point.altitude / STEP_FT) * STEP_FT, point.isOnGround);
  }

  private features(points: readonly TrailPoint[], untilMs: number): Feature[] {
    const out: Feature[] = [];
    const { theme } = this.model.settings;
    let line: [number, number][] = [];
    let colour = "";
    let shift = 0;
    const end = (): void => {
      if (line.length > 1) out.push(feature("seen", colour, line));
      line = [];
    };
    for (let i = 0; i < points.length; i++) {
      const [point, before] = [points[i]!, points[i - 1]];
      if (point.ms > untilMs) break;
      const step = before === undefined ? 0 : point.lon - before.lon;
      // Across the antimeridian the line goes on beyond 180 degrees.
      if (step > 180) shift -= 360;
      else if (step < -180) shift += 360;
      const at: [number, number] = [point.lon + shift, point.lat];
      const own = this.colourOf(point);
      if (before !== undefined && point.ms - before.ms > GAP_MS) {
        const from: [number, number] = line.at(-1) ?? at;
        end();
        out.push(feature("gap", palette(theme).ground, [from, at]));
      } else if (own !== colour && line.length > 0) {
        line.push(at);
        end();
      }
      if (own !== colour) colour = own;
      line.push(at);
    }
    end();
    return out;
  }
}

function feature(kind: "seen" | "gap", colour: string, coordinates: [number, number][]): Feature {
  return { type: "Feature", properties: { kind, colour }, geometry: { type: "LineString", coordinates } };
}
