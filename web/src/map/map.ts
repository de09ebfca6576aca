/** The map itself: made once, takes finer outlines as one comes nearer, changes its colours on demand. */

import { Map as MapLibre, setWorkerUrl, type GeoJSONSource } from "maplibre-gl";
import workerUrl from "../../maplibre/worker.mjs?worker&url";
import landFine from "../../generated/land-fine.json?url";
import landMiddle from "../../generated/land-middle.json?url";
import linesFine from "../../generated/lines-fine.json?url";
import linesMiddle from "../../generated/lines-middle.json?url";
import type { Theme } from "./palette";
import { baseStyle, paints } from "./style";

export interface View {
  lat: number;
  lon: number;
  zoom: number;
}

const DETAIL = [
  { zoom: 0, land: landMiddle, lines: linesMiddle },
  { zoom: 5.2, land: landFine, lines: linesFine },
] as const;

export function createMap(container: HTMLElement, theme: Theme, view: View): MapLibre {
  setWorkerUrl(new URL(workerUrl, document.baseURI).href);
  const map = new MapLibre({
    container,
    style: baseStyle(theme),
    center: [view.lon, view.lat],
    zoom: view.zoom,
    minZoom: 1,
    maxZoom: 16,
    maxPitch: 0,
    pitchWithRotate: false,
    attributionControl: false,
    fadeDuration: 120,
    // The page has its own keys.
    keyboard: false,
    canvasContextAttributes: { antialias: true, powerPreference: "high-performance" },
  });
  map.touchPitch.disable();
  map.getCanvas().setAttribute("aria-label", "Map of aircraft. The list of aircraft has the same in words: key v.");
  let level = -1;
  const refine = (): void => {
    const wanted = map.getZoom() >= DETAIL[1].zoom ? 1 : 0;
    if (wanted <= level) return;
    level = wanted;
    map.getSource<GeoJSONSource>("land")?.setData(DETAIL[level]!.land);
    map.getSource<GeoJSONSource>("lines")?.setData(DETAIL[level]!.lines);
  };
  map.once("load", () => {
    // The first paint is of coarse outlines: finer ones when there is time.
    window.setTimeout(refine, 300);
    map.on("zoomend", refine);
  });
  return map;
}

export function setPaper(map: MapLibre, theme: Theme): void {
  for (const [layer, name, value] of paints(theme)) {
    if (map.getLayer(layer)) map.setPaintProperty(layer, name as never, value as never);
  }
}
