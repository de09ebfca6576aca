/** Cities, airfields and runways for the map; each is asked for once. */

import cityRows from "../../generated/cities.json?url";
import { json } from "./rest";

/** Name, longitude, latitude, thousands of people, 1 for a capital; greatest first. */
export type City = readonly [string, number, number, number, 0 | 1];
/** Code, name, longitude, latitude, kind, 1 if military, 1 if scheduled; most important first. */
export type Airfield = readonly [string, string, number, number, number, 0 | 1, 0 | 1];
/** Name, longitude, latitude and heading of either end; width in metres. */
export type Strip = readonly [string, number, number, number, string, number, number, number, number];

export interface Airfields {
  readonly airfields: readonly Airfield[];
  readonly runways?: readonly Strip[];
}

export async function cities(): Promise<readonly City[]> {
  const answer = await fetch(new URL(cityRows, document.baseURI));
  if (!answer.ok) throw new Error(`${answer.status}`);
  return (await answer.json()) as City[];
}

export const airfields = (name: string): Promise<Airfields> => json<Airfields>(`map/airfields/${name}`);

/** What the operator has chosen as the map under the aircraft; nothing, as a rule. */
export interface OwnMap {
  readonly style: string;
  readonly pmtiles: boolean;
  /** Servers that the page may ask. */
  readonly origins: readonly string[];
}

export const ownMap = (): Promise<OwnMap> => json<OwnMap>("map/own");

/** A style of another server, which the operator allows the page to ask. */
export async function styleOf(url: string): Promise<unknown> {
  const answer = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer" });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
  return answer.json();
}
