/** What gestures, keys and links can do: the only way in which views change the state. */

import { AircraftTable, keyOf } from "./aircraft";
import type { Model, Settings } from "./model";
import { sectionsOf, type PageName } from "./page";

const KEPT = "skywitness";
/** Settings that outlive the page. */
const LASTING = ["theme", "units", "labels"] as const;

export class Commands {
  constructor(private readonly model: Model) {}

  select(key: number | null, isMore = false): void {
    const { selected } = this.model;
    if (key === null) {
      selected.clear();
      this.model.settings.isFollowing = false;
    } else if (isMore && selected.has(key)) selected.delete(key);
    else {
      if (!isMore) selected.clear();
      selected.delete(key);
      selected.add(key);
    }
    if (selected.size === 0) this.model.settings.isIsolated = false;
    this.model.ring("selection");
  }

  /** Select these and no others; details are of the last. */
  selectAll(keys: readonly number[]): void {
    this.model.selected.clear();
    for (const key of keys) this.model.selected.add(key);
    this.model.ring("selection");
  }

  selectHex(hex: string, isMore = false): boolean {
    const key = keyOf(hex, this.model.table.rows);
    if (key === null) return false;
    this.select(key, isMore);
    return true;
  }

  set<K extends keyof Settings>(name: K, value: Settings[K]): void {
    this.model.settings[name] = value;
    if ((LASTING as readonly string[]).includes(name)) this.keep();
    this.model.ring("settings");
  }

  toggle(name: { [K in keyof Settings]: Settings[K] extends boolean ? K : never }[keyof Settings]): void {
    this.set(name, !this.model.settings[name]);
  }

  setFilter(text: string): void {
    this.model.filter = text.trim();
    this.model.filterError = "";
    this.model.ring("settings");
  }

  /** Open a page and draw what it is about, or close it. `isAsked` is false where a link asks something else. */
  openPage(page: PageName | null, isAsked = true): void {
    const { model } = this;
    const before = model.page === null ? [] : sectionsOf(model.page).map((section) => section.question);
    model.page = page;
    model.ring("page");
    const first = page === null ? undefined : sectionsOf(page)[0];
    if (isAsked && first !== undefined) void model.asking.ask(first.question);
    else if (before.includes(model.asking.question)) model.asking.close();
  }

  say(words: string): void {
    this.model.notice = words;
    this.model.ring("notice");
  }

  /** A random aircraft with a place. */
  selectRandom(): void {
    const placed = placedKeys(this.model.table);
    if (placed.length > 0) this.select(placed[Math.floor(Math.random() * placed.length)]!);
  }

  restore(): void {
    try {
      const kept = JSON.parse(window.localStorage.getItem(KEPT) ?? "{}") as Partial<Settings>;
      const { settings } = this.model;
      if (kept.theme === "dark" || kept.theme === "light" || kept.theme === "contrast") settings.theme = kept.theme;
      else settings.theme = window.matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
      if (kept.units === "metric" || kept.units === "imperial") settings.units = kept.units;
      if (kept.labels === 0 || kept.labels === 2) settings.labels = kept.labels;
    } catch {
      // Storage may be forbidden: then the page forgets.
    }
    if (window.matchMedia("(prefers-contrast: more)").matches) this.model.settings.theme = "contrast";
  }

  private keep(): void {
    try {
      const kept = Object.fromEntries(LASTING.map((name) => [name, this.model.settings[name]]));
      window.localStorage.setItem(KEPT, JSON.stringify(kept));
    } catch {
      // As above.
    }
  }
}

function placedKeys(table: AircraftTable): number[] {
  const [key, lat] = [table.column("key"), table.column("lat")];
  const out: number[] = [];
  for (let row = 0; row < table.count; row++) if (!Number.isNaN(lat[row]!)) out.push(key[row]!);
  return out;
}
