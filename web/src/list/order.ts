/** Which aircraft the list has, and in which order: plain loops, for twenty thousand of them once a second. */

import { hexOf, INTERESTING, MILITARY } from "../state/aircraft";
import type { Model } from "../state/model";
import * as units from "../text/units";
import { emergencyOf, type Column } from "./columns";

export interface Wanted {
  /** Part of a callsign, registration, type, address or squawk; capital letters. */
  readonly text: string;
  readonly isEmergencyOnly: boolean;
}

/** Keys of the aircraft that fit, sorted; what is not known comes last, whichever way. */
export function ordered(model: Model, column: Column, isUp: boolean, wanted: Wanted): number[] {
  const { table, settings } = model;
  const key = table.column("key");
  const flags = table.column("flags");
  const marks = (settings.isMilitaryOnly ? MILITARY : 0) | (settings.isInterestingOnly ? INTERESTING : 0);
  const rows: number[] = [];
  for (let row = 0; row < table.count; row++) {
    if (marks !== 0 && !(flags[row]! & marks)) continue;
    if (wanted.isEmergencyOnly && emergencyOf(model, row) === "") continue;
    if (wanted.text !== "" && !fits(model, row, wanted.text)) continue;
    rows.push(row);
  }
  const sign = isUp ? 1 : -1;
  if (column.isNumber) {
    const values = new Float64Array(table.count);
    for (const row of rows) values[row] = column.value(row) as number;
    rows.sort((a, b) => {
      const [x, y] = [values[a]!, values[b]!];
      if (x === y) return key[a]! - key[b]!;
      if (x !== x) return y !== y ? key[a]! - key[b]! : 1;
      if (y !== y) return -1;
      return sign * (x - y);
    });
  } else {
    const values: string[] = [];
    for (const row of rows) values[row] = column.value(row) as string;
    rows.sort((a, b) => {
      const [x, y] = [values[a]!, values[b]!];
      if (x === y) return key[a]! - key[b]!;
      if (x === "") return 1;
      if (y === "") return -1;
      return x < y ? -sign : sign;
    });
  }
  return rows.map((row) => key[row]!);
}

function fits({ table }: Model, row: number, text: string): boolean {
  return table.words("callsign")[row]!.includes(text) || table.words("registration")[row]!.includes(text) || table.words("type")[row]!.includes(text)
    || hexOf(table.get("key", row)).toUpperCase().includes(text) || units.squawk(table.get("squawk", row)).includes(text);
}
