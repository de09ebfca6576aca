/** What can be opened beside the map, and drawn on it: each is fetched when it is first wanted. */

import type { App } from "../app";

/** A tool or a layer once it is fetched. */
export interface Opened {
  /** What a tool shows; a layer draws on the map alone. */
  readonly element?: HTMLElement;
  /** Show or hide it; `argument` is what a link gives it after the colon. */
  show(isShown: boolean, argument: string): void;
}

export interface Offer {
  /** As in a link; small letters and hyphens. */
  readonly name: string;
  readonly words: string;
  readonly help: string;
  readonly key?: string;
  readonly fetch: () => Promise<(app: App) => Opened>;
}

/** One of them is open at a time. */
export const TOOLS: readonly Offer[] = [
  {
    name: "profile", words: "Profile", help: "Heights and speeds of the selected over time", key: "P",
    fetch: () => import("./profile").then((m) => m.open),
  },
  {
    name: "messages", words: "Raw messages", help: "What was received of the selected, bit by bit", key: "E",
    fetch: () => import("./messages").then((m) => m.open),
  },
  { name: "overlays", words: "Own maps", help: "GeoJSON, KML and tiles of your own", fetch: () => import("./overlays").then((m) => m.open) },
  { name: "marks", words: "Marks and trails", help: "What each mark means; trails by speed or source", fetch: () => import("./marks").then((m) => m.open) },
];

/** Any of them at once. */
export const LAYERS: readonly Offer[] = [
  {
    name: "night", words: "Day and night", help: "Night and its twilights at the time shown", fetch: () => import("../map/night").then((m) => m.open),
  },
  { name: "globe", words: "Globe", help: "The world as a ball, for long routes", fetch: () => import("../map/globe").then((m) => m.open) },
  { name: "gnss", words: "GNSS quality", help: "Share of aircraft that report degraded navigation", fetch: () => import("./gnss").then((m) => m.open) },
];
