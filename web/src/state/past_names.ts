/** What lists call the aircraft of the past: as of the day that is shown, asked once a day and aircraft. */

import { named, type Named } from "../api/rest";
import { hexOf } from "./aircraft";

const DAY_MS = 86_400_000;
/** So many addresses are asked for at once, and so many days are kept. */
const MOST = 5000;
const KEPT_DAYS = 4;
const LAST_ICAO = 0xffffff;

export class PastNames {
  private readonly days = new Map<number, Map<number, Named | null>>();

  constructor(private readonly changed: () => void) {}

  of(key: number, ms: number): Named | null {
    return this.days.get(Math.floor(ms / DAY_MS))?.get(key) ?? null;
  }

  /** Ask for those that are not known yet; what fails is asked again with the next half hour. */
  async want(keys: Iterable<number>, ms: number): Promise<void> {
    const day = Math.floor(ms / DAY_MS);
    const known = this.days.get(day) ?? new Map<number, Named | null>();
    this.days.set(day, known);
    if (this.days.size > KEPT_DAYS) this.days.delete(this.days.keys().next().value!);
    const missing = [...new Set(keys)].filter((key) => key <= LAST_ICAO && !known.has(key));
    for (const key of missing) known.set(key, null);
    for (let i = 0; i < missing.length; i += MOST) {
      const some = missing.slice(i, i + MOST);
      try {
        for (const one of await named(some.map(hexOf), ms)) known.set(parseInt(one.icao24, 16), one);
        this.changed();
      } catch {
        for (const key of some) known.delete(key);
      }
    }
  }
}
