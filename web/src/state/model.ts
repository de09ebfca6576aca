/** What is shown, and the bell for those who show it. No DOM, no map. */

import type { Connection } from "../api/stream";
import type { Theme } from "../map/palette";
import type { Units } from "../text/units";
import { AircraftTable, hexOf } from "./aircraft";
import { Asking, type Span } from "./asking";
import { Clock } from "./clock";
import type { PageName } from "./page";

/** Why the bell rings: a new picture, another selection, other settings, the connection, live or past, the view moved. */
export type Change =
  | "picture" | "selection" | "settings" | "connection" | "mode" | "view" | "notice"
  /** Another answer to a question, another row of it chosen, another part of the time line shown. */
  | "answer" | "chosen" | "range"
  /** Another page is open, or none. */
  | "page"
  /** Another tool is open, or none; a layer was switched. */
  | "tools";

export interface Settings {
  theme: Theme;
  units: Units;
  /** 0 none, 1 names, 2 with height and speed. */
  labels: 0 | 1 | 2;
  isTableOpen: boolean;
  isHelpOpen: boolean;
  areButtonsHidden: boolean;
  isIsolated: boolean;
  isFollowing: boolean;
  areTrailsKept: boolean;
  trailsBy: "altitude" | "speed" | "source";
  isMilitaryOnly: boolean;
  isInterestingOnly: boolean;
  isTisbHidden: boolean;
}

export class Model {
  readonly table = new AircraftTable();
  readonly clock = new Clock();
  readonly selected = new Set<number>();
  /** A question to the live stream, as typed. */
  filter = "";
  filterError = "";
  connection: Connection = "connecting";
  connectionWords = "connecting";
  /** That all receivers are silent, and since when; empty if one is heard. */
  receiversWords = "";
  notice = "";
  mode: "live" | "past" = "live";
  hasRecord = false;
  readonly asking = new Asking(this);
  /** What is told of on a page of its own; null if none is open. */
  page: PageName | null = null;
  /** The tool that is open beside the map, and what it is about. */
  tool: { readonly name: string; readonly argument: string } | null = null;
  readonly layers = new Set<string>();
  /** What of the past the time line shows; null for the day of the moment. */
  range: Span | null = null;
  /** Seconds of the past a second. */
  pace = 30;
  readonly settings: Settings = {
    theme: "dark", units: "aviation", labels: 1, isTableOpen: false, isHelpOpen: false, areButtonsHidden: false,
    isIsolated: false, isFollowing: false, areTrailsKept: false, trailsBy: "altitude", isMilitaryOnly: false, isInterestingOnly: false, isTisbHidden: false,
  };
  private readonly listeners = new Map<Change, (() => void)[]>();

  on(changes: readonly Change[], listener: () => void): void {
    for (const change of changes) {
      const those = this.listeners.get(change) ?? [];
      those.push(listener);
      this.listeners.set(change, those);
    }
  }

  ring(change: Change): void {
    for (const listener of this.listeners.get(change) ?? []) listener();
  }

  /** The one that details are of: the last selected. */
  get main(): number | null {
    return [...this.selected].at(-1) ?? null;
  }

  /** What people call an aircraft: callsign, else registration, else its address. */
  nameOf(key: number): string {
    const row = this.table.rows.get(key);
    if (row === undefined) return hexOf(key);
    return this.table.words("callsign")[row] || this.table.words("registration")[row] || hexOf(key);
  }
}
