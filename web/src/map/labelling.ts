/** Which aircraft get a name beside them, and what it says. */

import type { Map as MapLibre } from "maplibre-gl";
import type { Model } from "../state/model";
import { URGENT_SQUAWKS } from "../state/aircraft";
import { squawk } from "../text/units";
import type { AircraftLayer } from "./aircraft_layer";
import type { Label, LabelLayer } from "./label_layer";
import { Screen } from "./placing";

/** More names than these are not looked at from afar, and nowhere. */
const MOST_AFAR = 60;
const MOST = 2000;
const NEAR_ZOOM = 5;

export class Labelling {
  /** Of each row that is in view, where it is. */
  private xs = new Float32Array(0);
  private ys = new Float32Array(0);

  constructor(private readonly model: Model, private readonly layer: AircraftLayer, private readonly labels: LabelLayer) {}

  draw(map: MapLibre): void {
    const { table, selected, settings } = this.model;
    if (this.xs.length < table.count) [this.xs, this.ys] = [new Float32Array(2 * table.count), new Float32Array(2 * table.count)];
    const [key, code] = [table.column("key"), table.column("squawk")];
    const [xs, ys] = [this.xs, this.ys];
    const screen = new Screen(map);
    const first: number[] = [];
    const others: number[] = [];
    this.layer.look(screen, (row, x, y) => {
      if (x < -40 || y < -20 || x > screen.width + 20 || y > screen.height + 20) return;
      xs[row] = x;
      ys[row] = y;
      (selected.has(key[row]!) || URGENT_SQUAWKS.has(code[row]!) ? first : others).push(row);
    });
    this.layer.crowd = first.length + others.length;
    const isCrowded = others.length > MOST || (others.length > MOST_AFAR && map.getZoom() < NEAR_ZOOM);
    if (settings.labels === 0 || isCrowded) others.length = 0;
    // The same have the same right to a name from one picture to the next.
    others.sort((a, b) => key[a]! - key[b]!);
    this.labels.fill(this.told(first, others), xs, ys);
    map.triggerRepaint();
  }

  private *told(first: readonly number[], others: readonly number[]): Iterable<Label> {
    for (const row of first) yield { row, lines: this.linesOf(row), strength: 1 };
    for (const row of others) yield { row, lines: this.linesOf(row), strength: 0.88 };
  }

  private linesOf(row: number): string[] {
    const { table, settings } = this.model;
    const name = this.model.nameOf(table.get("key", row));
    if (settings.labels < 2) return [name];
    const feet = table.get("altitude", row);
    const rate = table.get("rate", row);
    const height = table.get("ground", row) === 1 ? "GND" : Number.isNaN(feet) ? "" : feet >= 10_000 ? `FL${Math.round(feet / 100)}` : `${Math.round(feet)}`;
    const sign = rate > 250 ? "+" : rate < -250 ? "-" : "";
    const speed = table.get("speed", row);
    const more = [table.words("type")[row], height + sign, Number.isNaN(speed) ? "" : String(Math.round(speed))];
    if (URGENT_SQUAWKS.has(table.get("squawk", row))) more.unshift(squawk(table.get("squawk", row)));
    return [name, more.filter(Boolean).join(" ")];
  }
}
