// What the page uses of MapLibre, taken from its sources: the bundler leaves out controls, markers and what else is not.
export { Map } from "../node_modules/maplibre-gl/src/ui/map.ts";
export { LngLatBounds } from "../node_modules/maplibre-gl/src/geo/lng_lat_bounds.ts";
export { MercatorCoordinate } from "../node_modules/maplibre-gl/src/geo/mercator_coordinate.ts";
export { addProtocol } from "../node_modules/maplibre-gl/src/source/protocol_crud.ts";
import { config } from "../node_modules/maplibre-gl/src/util/config.ts";

export function setWorkerUrl(value) {
  config.WORKER_URL = value;
}
