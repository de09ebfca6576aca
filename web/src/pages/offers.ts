/** Pages that the question box offers for what is typed: an address, a registration, an airfield's code. */

import { airports, find, type Airport } from "../api/find";
import type { Commands } from "../state/commands";

interface Offer {
  readonly text: string;
  readonly words: string;
  readonly act: () => void;
}

const CODE = /^(?:[A-Z]{3,4}|[A-Z]{2}-\d{4})$/;
const REGISTRATION = /^(?=.*[A-Z])[A-Z0-9]{1,3}-?[A-Z0-9-]{2,7}$/;

export class Offers {
  private readonly known = new Map<string, Airport | null>();

  constructor(private readonly commands: Commands, private readonly input: () => HTMLInputElement, private readonly hasRecord: () => boolean) {}

  /** What is offered for a text. */
  for(text: string): Offer[] {
    const typed = text.trim().toUpperCase();
    const out: Offer[] = [];
    const hex = typed.toLowerCase();
    if (/^~?[0-9a-f]{6}$/.test(hex)) out.push(this.offer(hex, "page of the aircraft", () => this.commands.openPage({ kind: "aircraft", name: hex })));
    if (CODE.test(typed)) {
      const field = this.known.get(typed);
      if (field === undefined) void this.learn(typed, text);
      else if (field !== null) out.push(this.offer(`${field.airport} ${field.name}`, "page of the airport", () => this.commands.openPage({ kind: "airport", name: field.airport })));
    }
    if (REGISTRATION.test(typed) && (typed.includes("-") || /\d/.test(typed)) && this.hasRecord()) {
      out.push(this.offer(typed, "page of the registration", () => void this.byRegistration(typed)));
    }
    return out;
  }

  private offer(text: string, words: string, act: () => void): Offer {
    return { text, words, act: () => {
      this.input().value = "";
      this.input().blur();
      act();
    } };
  }

  private async learn(code: string, text: string): Promise<void> {
    try {
      this.known.set(code, (await airports([code])).get(code) ?? null);
    } catch {
      return;
    }
    const input = this.input();
    if (this.known.get(code) !== null && input.value.trim() === text && document.activeElement === input) input.dispatchEvent(new Event("input"));
  }

  private async byRegistration(registration: string): Promise<void> {
    try {
      const { rows } = await find(`show:aircraft reg:${registration}`, 0, 1, AbortSignal.timeout(30_000));
      const hex = rows[0]?.["icao24"];
      if (typeof hex === "string") this.commands.openPage({ kind: "aircraft", name: hex });
      else this.commands.say(`No aircraft of registration ${registration} is in the record.`);
    } catch (error) {
      this.commands.say(error instanceof Error ? error.message : String(error));
    }
  }
}
