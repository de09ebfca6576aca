/** The operator's own map in place of the bundled one: a PMTiles file that the node serves, or a style of another server. */

import { addProtocol, type LayerSpecification, type Map as MapLibre, type SourceSpecification, type StyleSpecification } from "maplibre-gl";
import { PMTiles, Protocol, TileType } from "pmtiles";
import type { OwnMap } from "../api/places";
import { styleOf } from "../api/places";
import { address } from "../api/rest";
import type { App } from "../app";
import { ownLayers } from "./own_layers";
import { WORDS } from "./words_map";

/** What of the bundled map makes place. Airfields, runways and night stay. */
const BUNDLED = ["land", "coast", "border", "country", "city"];
const BEFORE = "night";
const AFTER = "grid";
const PREFIX = "own-";

export class OwnMapLayers {
  private isSaid = false;
  private isActive = false;
  private layers: LayerSpecification[] = [];
  private readonly map: MapLibre;

  constructor(private readonly app: App, private readonly addCredit: (words: string) => void) {
    this.map = app.map;
  }

  async start(own: OwnMap): Promise<void> {
    try {
      if (own.pmtiles) await this.takeTiles();
      else if (own.style !== "") await this.takeStyle(own.style);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Say once why it is not there; what is bundled stays. */
  private fail(error: unknown): void {
    if (this.isSaid) return;
    this.isSaid = true;
    this.app.say(WORDS.ownFailed(error instanceof Error ? error.message : String(error)));
  }

  private async takeTiles(): Promise<void> {
    const url = address("map/own.pmtiles");
    const file = new PMTiles(url);
    const protocol = new Protocol();
    protocol.add(file);
    addProtocol("pmtiles", protocol.tile);
    const header = await file.getHeader();
    const about = (await file.getMetadata()) as { vector_layers?: { id?: unknown }[]; attribution?: unknown; tileSize?: unknown };
    const isVector = header.tileType === TileType.Mvt;
    if (!isVector && ![TileType.Png, TileType.Jpeg, TileType.Webp, TileType.Avif].includes(header.tileType)) throw new Error(WORDS.ownKind);
    const common = {
      tiles: [`pmtiles://${url}/{z}/{x}/{y}`], minzoom: header.minZoom, maxzoom: header.maxZoom,
      bounds: [header.minLon, header.minLat, header.maxLon, header.maxLat] as [number, number, number, number],
    };
    const name = `${PREFIX}tiles`;
    if (isVector) {
      const names = (about.vector_layers ?? []).map((one) => String(one.id));
      this.add({ [name]: { type: "vector", ...common } }, ownLayers(name, names, this.app.model.settings.theme), header.maxLon - header.minLon > 350);
      this.app.model.on(["settings"], () => this.paint(ownLayers(name, names, this.app.model.settings.theme)));
    } else {
      const layer: LayerSpecification = { id: `${name}-raster`, type: "raster", source: name };
      this.add({ [name]: { type: "raster", tileSize: about.tileSize === 512 ? 512 : 256, ...common } }, [layer], header.maxLon - header.minLon > 350);
    }
    this.credit(about.attribution);
  }

  private async takeStyle(url: string): Promise<void> {
    const style = (await styleOf(url)) as Partial<StyleSpecification>;
    if (!Array.isArray(style.layers) || typeof style.sources !== "object") throw new Error(WORDS.ownStyle);
    const sources = Object.fromEntries(Object.entries(style.sources).map(([name, source]) => [PREFIX + name, source]));
    const layers = style.layers.map((layer) => ({ ...layer, id: PREFIX + layer.id, ...("source" in layer ? { source: PREFIX + String(layer.source) } : {}) }) as LayerSpecification);
    if (typeof style.sprite === "string") this.map.setSprite(style.sprite);
    // Its letters are drawn here like all others: no server of glyphs is asked.
    this.add(sources, layers, true);
    for (const source of Object.values(style.sources)) if ("attribution" in source) this.credit(source.attribution);
  }

  private credit(attribution: unknown): void {
    if (typeof attribution !== "string" || attribution === "") return;
    const plain = new DOMParser().parseFromString(attribution, "text/html").body.textContent ?? "";
    this.addCredit(plain.trim().slice(0, 200));
  }

  /** Put it under everything of ours; it takes the place of the bundled map with its first tile. */
  private add(sources: Record<string, SourceSpecification>, layers: LayerSpecification[], isWhole: boolean): void {
    const { map } = this;
    for (const [name, source] of Object.entries(sources)) map.addSource(name, source);
    this.layers = layers;
    const before = map.getLayer(BEFORE) ? BEFORE : AFTER;
    for (const layer of layers) if (layer.type !== "background") map.addLayer(layer, before);
    map.on("error", (event) => {
      if (String((event as { sourceId?: unknown }).sourceId ?? "").startsWith(PREFIX)) this.fail((event as { error: unknown }).error);
    });
    map.on("sourcedata", (event) => {
      if (this.isActive || !isWhole || !event.sourceId.startsWith(PREFIX) || event.tile === undefined) return;
      this.isActive = true;
      const first = this.layers.find((layer) => layer.type !== "background")?.id;
      for (const layer of this.layers) if (layer.type === "background") map.addLayer(layer, first ?? before);
      for (const id of BUNDLED) if (map.getLayer(id)) map.setLayoutProperty(id, "visibility", "none");
    });
  }

  private paint(layers: readonly LayerSpecification[]): void {
    for (const layer of layers) {
      if (!this.map.getLayer(layer.id)) continue;
      for (const [name, value] of Object.entries(layer.paint ?? {})) this.map.setPaintProperty(layer.id, name as never, value as never);
    }
  }
}
