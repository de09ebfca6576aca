/** Where the positions of a question are dense: a layer of warmth under the ways of its answer. */

import type { FeatureCollection } from "geojson";
import type { ExpressionSpecification, GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import { find } from "../api/find";
import { Refusal } from "../api/rest";
import type { Model } from "../state/model";
import { palette, wayColour } from "./palette";
import { WORDS } from "../text/words";

const PAGE = 10_000;
const MOST_PAGES = 5;

export class Heat {
  private abort: AbortController | null = null;
  private data: FeatureCollection = empty();

  constructor(private readonly map: MapLibre, private readonly model: Model, private readonly say: (words: string) => void) {
    model.on(["answer"], () => {
      if (this.abort !== null && !model.asking.isOpen) this.clear();
    });
    model.on(["settings"], () => this.paint());
  }

  get isShown(): boolean {
    return this.data.features.length > 0;
  }

  add(before?: string): void {
    this.map.addSource("heat", { type: "geojson", data: this.data });
    this.map.addLayer({
      id: "heat", type: "heatmap", source: "heat",
      paint: {
        "heatmap-radius": ["interpolate", ["exponential", 1.6], ["zoom"], 2, 5, 8, 18, 12, 34],
        "heatmap-intensity": ["interpolate", ["linear"], ["zoom"], 2, 0.25, 9, 1], "heatmap-weight": 0.25, "heatmap-opacity": 0.75,
        "heatmap-color": this.colours(),
      },
    }, before);
  }

  /** Show the positions that the present question is about, or stop it. */
  async toggle(): Promise<void> {
    if (this.isShown) return this.clear();
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    // The last `show:` of a question counts.
    const question = `${this.model.asking.question} show:positions`;
    const features: FeatureCollection["features"] = [];
    try {
      let [skip, total] = [0, 0];
      for (let page = 0; page < MOST_PAGES; page++) {
        this.say(`${WORDS.loading} …`);
        const answer = await find(question, skip, PAGE, abort.signal);
        total = answer.total;
        for (const row of answer.rows) {
          if (typeof row["longitude"] !== "number" || typeof row["latitude"] !== "number") continue;
          features.push({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [row["longitude"], row["latitude"]] } });
        }
        if (answer.next === undefined) break;
        skip = answer.next;
      }
      if (this.abort !== abort) return;
      this.say(WORDS.heatOf(features.length, total));
    } catch (error) {
      if (this.abort === abort) this.say(error instanceof Refusal ? error.message : WORDS.nodeAway);
      return;
    }
    this.data = { type: "FeatureCollection", features };
    this.map.getSource<GeoJSONSource>("heat")?.setData(this.data);
  }

  clear(): void {
    this.abort?.abort();
    this.abort = null;
    this.data = empty();
    this.map.getSource<GeoJSONSource>("heat")?.setData(this.data);
    this.say("");
  }

  private paint(): void {
    if (this.map.getLayer("heat")) this.map.setPaintProperty("heat", "heatmap-color", this.colours());
  }

  private colours(): ExpressionSpecification {
    const { theme } = this.model.settings;
    return [
      "interpolate", ["linear"], ["heatmap-density"], 0, "rgba(0,0,0,0)", 0.15, palette(theme).ramp[5]!, 0.45, palette(theme).ramp[3]!,
      0.75, wayColour(theme, 0), 1, palette(theme).ramp[0]!,
    ];
  }
}

function empty(): FeatureCollection {
  return { type: "FeatureCollection", features: [] };
}
