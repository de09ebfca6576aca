/** From places to pixels and back, without an object for each aircraft. */

import { MercatorCoordinate, type Map as MapLibre } from "maplibre-gl";
import type { AircraftTable } from "../state/aircraft";
import { shownAt, type AircraftLayer } from "./aircraft_layer";

const NEAR_PX = 20;

export type Projection = (x: number, y: number) => { x: number; y: number };

/** How world units become CSS pixels of the canvas at present. */
export function projection(map: MapLibre): Projection {
  const centre = MercatorCoordinate.fromLngLat(map.getCenter());
  const scale = 512 * 2 ** map.getZoom();
  const turn = (-map.getBearing() * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const { clientWidth, clientHeight } = map.getCanvas();
  return (x, y) => {
    let dx = x - centre.x;
    dx -= Math.round(dx);
    const [px, py] = [dx * scale, (y - centre.y) * scale];
    return { x: px * cos - py * sin + clientWidth / 2, y: px * sin + py * cos + clientHeight / 2 };
  };
}

/** Key of the aircraft nearest to a pixel; null if none is near. */
export function nearest(map: MapLibre, layer: AircraftLayer, table: AircraftTable, nowMs: number, x: number, y: number): number | null {
  const at = projection(map);
  let [best, found]: [number, number | null] = [NEAR_PX, null];
  for (let row = 0; row < table.count; row++) {
    if (layer.instanceOf(row) < 0) continue;
    const shown = shownAt(table, row, nowMs);
    const pixel = at(shown.x, shown.y);
    const away = Math.hypot(pixel.x - x, pixel.y - y);
    if (away < best) [best, found] = [away, table.get("key", row)];
  }
  return found;
}
