/** Puts the parts together: what comes from the node goes into state, state is drawn and told. */

import { LngLatBounds, MercatorCoordinate, type Map as MapLibre } from "maplibre-gl";
import { socketAddress, status, type Status } from "./api/rest";
import { LiveStream, type Connection, type Wanted } from "./api/stream";
import { SNAPSHOT, type Part } from "./api/wire";
import { AircraftLayer, DERIVED, EMERGENCY, GROUND, SELECTED, shownAt } from "./map/aircraft_layer";
import { createMap, setPaper } from "./map/map";
import type { Theme } from "./map/palette";
import { AircraftTable, keyOf } from "./state/aircraft";
import { Clock } from "./state/clock";
import { el } from "./text/dom";
import { TopBar } from "./panels/top_bar";

const URGENT_SQUAWKS = new Set([0o7500, 0o7600, 0o7700]);
/** Jumps longer than this, in parts of the world's width, are shown as such. */
const LONGEST_GLIDE = 0.0006;
const WHOLE_IF_FEWER = 4000;
const WORLD_BELOW_ZOOM = 3;

export class App {
  readonly table = new AircraftTable();
  readonly clock = new Clock();
  readonly layer = new AircraftLayer(() => this.clock.now(), () => this.clock.rate);
  readonly selected = new Set<number>();
  map!: MapLibre;
  connection: Connection = "connecting";
  private theme: Theme = "dark";
  private status: Status | null = null;
  private stream: LiveStream | null = null;
  private bar!: TopBar;
  private isFitted = false;

  constructor(private readonly root: HTMLElement) {}

  async start(): Promise<void> {
    const mapElement = el("div", { id: "map" });
    this.root.append(el("main", {}, mapElement));
    this.bar = new TopBar(() => this.clock.now(), () => this.setTheme(this.theme === "dark" ? "light" : "dark"));
    this.root.append(this.bar.element);
    this.theme = window.matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
    document.documentElement.dataset["theme"] = this.theme;
    this.map = createMap(mapElement, this.theme, { lat: 40, lon: 12, zoom: 3 });
    this.layer.setTheme(this.theme);
    this.map.on("load", () => this.map.addLayer(this.layer));
    this.map.on("moveend", () => this.watch());
    const isRemote = !["localhost", "127.0.0.1", "[::1]"].includes(window.location.hostname);
    this.stream = new LiveStream(socketAddress("api/v1/stream"), {
      subscribed: (tiles) => this.table.keepTiles(tiles),
      parts: (parts) => this.take(parts),
      state: (state, words) => this.setConnection(state, words),
      refused: (words) => this.say(words),
    }, isRemote);
    this.status = await status().catch(() => null);
    this.watch();
  }

  say(words: string): void {
    this.bar?.say(words);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset["theme"] = theme;
    setPaper(this.map, theme);
    this.layer.setTheme(theme);
  }

  private setConnection(state: Connection, words: string): void {
    this.connection = state;
    this.bar.setConnection(state, words);
  }

  /** Ask for what is in view. */
  private watch(): void {
    this.stream?.want(this.wanted());
  }

  private wanted(): Wanted {
    if ((this.status?.aircraft ?? 0) < WHOLE_IF_FEWER) return {};
    if (this.map.getZoom() < WORLD_BELOW_ZOOM) return { world: true, unplaced: true };
    const b = this.map.getBounds();
    const [south, north] = [Math.floor(b.getSouth() / 15) * 15, Math.ceil(b.getNorth() / 15) * 15];
    const [west, east] = [Math.floor(b.getWest() / 15) * 15, Math.ceil(b.getEast() / 15) * 15 - 0.001];
    if (east - west >= 345) return { area: `${Math.max(-90, south)},-180,${Math.min(90, north)},180`, unplaced: true };
    const turned = (lon: number): number => ((((lon + 180) % 360) + 360) % 360) - 180;
    return {
      area: [Math.max(-90, south), turned(west), Math.min(90, north) - 0.001, turned(east)].join(","), unplaced: true,
    };
  }

  private take(parts: readonly Part[]): void {
    const now = this.clock.now();
    const before = new Map<number, { x: number; y: number; at: number }>();
    const { table } = this;
    const [key, placeMs] = [table.column("key"), table.column("placeMs")];
    for (let row = 0; row < table.count; row++) {
      const shown = shownAt(table, row, now);
      if (!Number.isNaN(shown.x)) before.set(key[row]!, { ...shown, at: placeMs[row]! });
    }
    for (const part of parts) table.apply(part);
    const last = parts.at(-1);
    if (last === undefined) return;
    this.clock.follow(last.nowMs);
    this.glide(before);
    this.draw();
    this.bar.setCount(table.count, table.isSimulated);
    if (!this.isFitted && parts.some((part) => part.kind === SNAPSHOT)) this.fit();
  }

  /** Let aircraft glide from where they were shown to where they are. */
  private glide(before: ReadonlyMap<number, { x: number; y: number; at: number }>): void {
    const { table } = this;
    const now = this.clock.now();
    const [key, shiftX, shiftY, shiftMs] = [
      table.column("key"), table.column("shiftX"), table.column("shiftY"), table.column("shiftMs"),
    ];
    for (let row = 0; row < table.count; row++) {
      const was = before.get(key[row]!);
      shiftX[row] = shiftY[row] = 0;
      if (was === undefined) continue;
      const is = shownAt(table, row, now);
      const [dx, dy] = [was.x - is.x, was.y - is.y];
      if (Math.hypot(dx, dy) < LONGEST_GLIDE) {
        shiftX[row] = dx;
        shiftY[row] = dy;
        shiftMs[row] = now;
      }
    }
  }

  draw(): void {
    const { table } = this;
    const [ground, squawk, emergency, source, key] = [
      table.column("ground"), table.column("squawk"), table.column("emergency"), table.column("source"), table.column("key"),
    ];
    this.layer.fill(table, (row) => {
      let flags = 0;
      if (this.selected.has(key[row]!)) flags |= SELECTED;
      if (ground[row] === 1) flags |= GROUND;
      if (URGENT_SQUAWKS.has(squawk[row]!) || (emergency[row]! > 0 && emergency[row]! < 7)) flags |= EMERGENCY;
      if (source[row] === 2 || source[row] === 3) flags |= DERIVED;
      return flags;
    });
  }

  /** Where on the page an aircraft is drawn now; null if it is not there. */
  shownPixel(hex: string): { x: number; y: number } | null {
    const key = keyOf(hex, this.table.rows);
    const row = key === null ? undefined : this.table.rows.get(key);
    if (row === undefined) return null;
    const { x, y } = shownAt(this.table, row, this.clock.now());
    const point = this.map.project(new MercatorCoordinate(x, y).toLngLat());
    return { x: point.x, y: point.y };
  }

  /** At the first picture: show where the aircraft are. */
  private fit(): void {
    const bounds = new LngLatBounds();
    const [lat, lon] = [this.table.column("lat"), this.table.column("lon")];
    let placed = 0;
    for (let row = 0; row < this.table.count; row++) {
      if (Number.isNaN(lat[row]!)) continue;
      bounds.extend([lon[row]!, lat[row]!]);
      placed++;
    }
    if (placed === 0) return;
    this.isFitted = true;
    this.map.fitBounds(bounds, { padding: 90, maxZoom: 7, animate: false });
  }
}
