/** Where aircraft report degraded navigation: the share of them in each degree of the map, as this window heard it. */

import type { Feature } from "geojson";
import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import type { App } from "../app";
import { palette } from "../map/palette";
import type { Opened } from "./offers";
import { SAID } from "./words_gnss";

/** What 14 CFR 91.227(c) asks of aircraft in the United States: containment within 0.2 NM, which is NIC 7. */
export const LEAST_NIC = 7;
/** Cells with fewer aircraft are drawn hollow. */
export const FEWEST = 3;
const HIGHEST_NIC = 11;
const ADSB = 0;
const ON_GROUND = 1;
const KEPT_MS = 3_600_000;
/** An older place says nothing of what is received now. */
const FRESH_MS = 15_000;
const LOOK_MS = 2000;

/** When an aircraft was last heard in a cell, and when it last reported a degraded place there. */
interface Heard {
  atMs: number;
  lowMs: number;
}

export interface Cell {
  readonly lat: number;
  readonly lon: number;
  readonly low: number;
  readonly of: number;
}

class Gnss implements Opened {
  /** By the cell's south-west corner, then by aircraft. */
  private readonly heard = new Map<string, Map<number, Heard>>();
  private readonly map: MapLibre;
  private isShown = false;
  private sinceMs = NaN;
  private timer = 0;

  constructor(private readonly app: App) {
    this.map = app.map;
    this.map.addSource("gnss", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    this.map.addLayer({ id: "gnss", type: "fill", source: "gnss", filter: [">=", ["get", "of"], FEWEST], paint: { "fill-antialias": false } }, "grid");
    this.map.addLayer({ id: "gnss-line", type: "line", source: "gnss", paint: { "line-width": 1, "line-opacity": 0.6 } }, "grid");
    this.paint();
    app.model.on(["settings"], () => this.paint());
    app.model.on(["mode"], () => this.draw(true));
    this.map.on("click", (event) => {
      const cell = this.isShown ? this.cellAt(event.lngLat.lat, event.lngLat.wrap().lng) : undefined;
      if (cell !== undefined) app.say(SAID.cell(cell.low, cell.of, placeOf(cell), this.since()));
    });
  }

  show(isShown: boolean): void {
    this.isShown = isShown;
    for (const layer of ["gnss", "gnss-line"]) this.map.setLayoutProperty(layer, "visibility", isShown ? "visible" : "none");
    window.clearInterval(this.timer);
    this.heard.clear();
    this.sinceMs = NaN;
    if (!isShown) return;
    this.timer = window.setInterval(() => this.look(), LOOK_MS);
    this.look();
    this.draw(true);
  }

  /** What is drawn, as numbers. */
  cells(): Cell[] {
    return [...this.heard].map(([corner, aircraft]) => {
      const [lat, lon] = corner.split(",").map(Number) as [number, number];
      return { lat, lon, low: [...aircraft.values()].filter((one) => !Number.isNaN(one.lowMs)).length, of: aircraft.size };
    });
  }

  private cellAt(lat: number, lon: number): Cell | undefined {
    return this.cells().find((cell) => cell.lat === Math.floor(lat) && cell.lon === Math.floor(lon));
  }

  private look(): void {
    const { model } = this.app;
    if (model.mode !== "live" || !model.clock.isSet) return;
    const { table } = model;
    const now = model.clock.now();
    if (Number.isNaN(this.sinceMs)) this.sinceMs = now;
    for (let row = 0; row < table.count; row++) {
      const nic = table.get("nic", row);
      const isTold = nic <= HIGHEST_NIC && table.get("source", row) === ADSB && table.get("ground", row) !== ON_GROUND;
      // Not so if the place is unknown: NaN is never less.
      if (!isTold || !(now - table.get("placeMs", row) < FRESH_MS)) continue;
      const corner = `${Math.floor(table.get("lat", row))},${Math.floor(table.get("lon", row))}`;
      let aircraft = this.heard.get(corner);
      if (aircraft === undefined) this.heard.set(corner, (aircraft = new Map()));
      const key = table.get("key", row);
      const lowMs = nic < LEAST_NIC ? now : (aircraft.get(key)?.lowMs ?? NaN);
      aircraft.set(key, { atMs: now, lowMs: now - lowMs < KEPT_MS ? lowMs : NaN });
    }
    for (const [corner, aircraft] of this.heard) {
      for (const [key, one] of aircraft) if (now - one.atMs > KEPT_MS) aircraft.delete(key);
      if (aircraft.size === 0) this.heard.delete(corner);
    }
    this.draw(false);
  }

  private draw(isTold: boolean): void {
    if (!this.isShown) return;
    const isLive = this.app.model.mode === "live";
    const cells = isLive ? this.cells() : [];
    this.map.getSource<GeoJSONSource>("gnss")?.setData({ type: "FeatureCollection", features: cells.map(square) });
    if (!isTold) return;
    if (!isLive) return this.app.say(SAID.pastNone);
    const aircraft = new Map<number, boolean>();
    for (const those of this.heard.values()) for (const [key, one] of those) aircraft.set(key, aircraft.get(key) === true || !Number.isNaN(one.lowMs));
    const low = [...aircraft.values()].filter(Boolean).length;
    this.app.say(aircraft.size === 0 ? SAID.none(this.since()) : SAID.all(low, aircraft.size, this.since()));
  }

  /** An hour ago, or when it was switched on if that is later. */
  private since(): string {
    const now = this.app.model.clock.now();
    const ms = Number.isNaN(this.sinceMs) ? now : Math.max(this.sinceMs, now - KEPT_MS);
    return Number.isFinite(ms) ? new Date(ms).toISOString().slice(11, 16) : "?";
  }

  private paint(): void {
    const { theme } = this.app.model.settings;
    const { ramp, unknown } = palette(theme);
    this.map.setPaintProperty("gnss", "fill-color", ["interpolate", ["linear"], ["get", "share"], 0, ramp[5]!, 0.25, ramp[2]!, 1, ramp[0]!]);
    this.map.setPaintProperty("gnss", "fill-opacity", ["interpolate", ["linear"], ["get", "share"], 0, 0.08, 0.1, 0.25, 1, 0.5]);
    this.map.setPaintProperty("gnss-line", "line-color", unknown);
  }
}

function square({ lat, lon, low, of }: Cell): Feature {
  const ring = [[lon, lat], [lon + 1, lat], [lon + 1, lat + 1], [lon, lat + 1], [lon, lat]];
  return { type: "Feature", properties: { low, of, share: low / of }, geometry: { type: "Polygon", coordinates: [ring] } };
}

function placeOf({ lat, lon }: Cell): string {
  return `${Math.abs(lat)}°${lat < 0 ? "S" : "N"} ${Math.abs(lon)}°${lon < 0 ? "W" : "E"}`;
}

export function open(app: App): Opened {
  return new Gnss(app);
}
