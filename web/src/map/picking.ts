/** Which aircraft is meant by a pixel. */

import type { Map as MapLibre } from "maplibre-gl";
import type { AircraftTable } from "../state/aircraft";
import type { AircraftLayer } from "./aircraft_layer";
import { Screen } from "./placing";

const NEAR_PX = 20;

/** Key of the aircraft nearest to a pixel; null if none is near. */
export function nearest(map: MapLibre, layer: AircraftLayer, table: AircraftTable, x: number, y: number): number | null {
  let [best, found] = [NEAR_PX * NEAR_PX, -1];
  layer.look(new Screen(map), (row, atX, atY) => {
    const away = (atX - x) ** 2 + (atY - y) ** 2;
    if (away < best) [best, found] = [away, row];
  });
  return found < 0 ? null : table.get("key", found);
}
