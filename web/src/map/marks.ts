/** Small marks for places, drawn here as distances to their edge: one picture each, any colour. */

import type { Map as MapLibre } from "maplibre-gl";

const SIZE = 32;
/** Pixels of the picture a pixel of the map. */
const FINER = 2;
/** How MapLibre keeps distances in alpha: the edge at three quarters, eight pixels of the picture to nothing. */
const [EDGE, REACH] = [0.75, 8];

/** Distance to the edge of a mark in pixels of the map, below 0 inside; from its middle. */
type Shape = (x: number, y: number) => number;

const disc = (radius: number): Shape => (x, y) => Math.hypot(x, y) - radius;
const diamond = (radius: number): Shape => (x, y) => (Math.abs(x) + Math.abs(y) - radius) * Math.SQRT1_2;
const ring = (shape: Shape, width: number): Shape => (x, y) => Math.abs(shape(x, y)) - width / 2;
const bar = (halfWidth: number, halfHeight: number, atX = 0): Shape => (x, y) => Math.max(Math.abs(x - atX) - halfWidth, Math.abs(y) - halfHeight);
const together = (...shapes: Shape[]): Shape => (x, y) => Math.min(...shapes.map((shape) => shape(x, y)));

const MARKS: Readonly<Record<string, Shape>> = {
  city: disc(1.7),
  capital: together(ring(disc(3.2), 1), disc(1.4)),
  // A runway in its field; the same in a diamond where the military is.
  large: together(ring(disc(5), 1.3), bar(0.75, 3)),
  field: ring(disc(3.2), 1.2),
  "large-military": together(ring(diamond(6.6), 1.2), bar(0.75, 2.8)),
  "field-military": ring(diamond(4.4), 1.2),
  heliport: together(bar(0.6, 2.6, -1.7), bar(0.6, 2.6, 1.7), bar(1.7, 0.5)),
  water: together(ring(disc(3.2), 0.9), bar(2.6, 0.45)),
};

export function addMarks(map: MapLibre): void {
  for (const [name, shape] of Object.entries(MARKS)) {
    const data = new Uint8ClampedArray(SIZE * SIZE * 4);
    for (let i = 0; i < SIZE * SIZE; i++) {
      const at = (k: number): number => (k + 0.5 - SIZE / 2) / FINER;
      const far = shape(at(i % SIZE), at(Math.floor(i / SIZE))) * FINER;
      data[4 * i + 3] = 255 * (EDGE - far / REACH);
    }
    if (!map.hasImage(`mark-${name}`)) map.addImage(`mark-${name}`, { width: SIZE, height: SIZE, data }, { sdf: true, pixelRatio: FINER });
  }
}
