/** The columns that the list of aircraft can have. */

import { EMERGENCIES, hexOf, INTERESTING, MILITARY, SOURCES, URGENT_SQUAWKS, type NumberColumn } from "../state/aircraft";
import type { Model } from "../state/model";
import * as units from "../text/units";
import { FIELDS } from "../text/words";
import { LIST_WORDS as SAID } from "./words_list";

export interface Column {
  /** As it is kept among the reader's settings. */
  readonly id: string;
  readonly title: string;
  readonly isNumber: boolean;
  readonly width: number;
  /** Shown until the reader chooses otherwise. */
  readonly isUsual: boolean;
  /** What it is sorted by; NaN and the empty text are unknown. */
  readonly value: (row: number) => number | string;
  readonly text: (row: number) => string;
}

/** What squawks alone say. */
const URGENT_WORDS: Readonly<Record<number, string>> = { [0o7500]: EMERGENCIES[5], [0o7600]: EMERGENCIES[4], [0o7700]: EMERGENCIES[1] };

/** The emergency that an aircraft tells of, in words; empty if it tells of none. */
export function emergencyOf({ table }: Model, row: number): string {
  const told = table.get("emergency", row);
  if (told > 0 && told < EMERGENCIES.length) return EMERGENCIES[told]!;
  const squawk = table.get("squawk", row);
  return URGENT_SQUAWKS.has(squawk) ? URGENT_WORDS[squawk]! : "";
}

export function columnsOf(model: Model): readonly Column[] {
  const { table, settings } = model;
  const words = (name: "registration" | "type", title: string, width: number): Column => ({
    id: name, title, isNumber: false, width, isUsual: true, value: (row) => table.words(name)[row]!, text: (row) => table.words(name)[row]!,
  });
  const number = (name: NumberColumn, title: string, width: number, isUsual: boolean, text: (value: number) => string): Column => ({
    id: name, title, isNumber: true, width, isUsual, value: (row) => table.get(name, row),
    text: (row) => (Number.isNaN(table.get(name, row)) ? "" : text(table.get(name, row))),
  });
  const isOnGround = (row: number): boolean => table.get("ground", row) === 1;
  const callsign = (row: number): string => table.words("callsign")[row]! || hexOf(table.get("key", row));
  const marks = (row: number): string => {
    const flags = table.get("flags", row);
    return [flags & MILITARY ? SAID.military : "", flags & INTERESTING ? SAID.interesting : ""].filter(Boolean).join(", ").toLowerCase();
  };
  return [
    { id: "callsign", title: FIELDS.callsign, isNumber: false, width: 96, isUsual: true, value: (row) => table.words("callsign")[row]!, text: callsign },
    words("registration", FIELDS.registration, 116),
    words("type", FIELDS.type, 68),
    {
      ...number("altitude", FIELDS.altitude, 96, true, (v) => units.altitude(v, settings.units)),
      // The ground is lower than what flies low.
      value: (row) => (isOnGround(row) ? -10_000 : table.get("altitude", row)),
      text: (row) => (isOnGround(row) ? SAID.ground : units.altitude(table.get("altitude", row), settings.units)),
    },
    number("speed", SAID.speed, 84, true, (v) => units.speed(v, settings.units)),
    number("rate", SAID.rate, 112, true, (v) => units.climb(v, settings.units)),
    {
      id: "squawk", title: FIELDS.squawk, isNumber: false, width: 86, isUsual: true,
      value: (row) => units.squawk(table.get("squawk", row)), text: (row) => units.squawk(table.get("squawk", row)),
    },
    { id: "emergency", title: SAID.emergency, isNumber: false, width: 110, isUsual: false, value: (row) => emergencyOf(model, row), text: (row) => emergencyOf(model, row) },
    {
      id: "source", title: FIELDS.source, isNumber: false, width: 86, isUsual: true,
      value: (row) => SOURCES[table.get("source", row)] ?? "", text: (row) => SOURCES[table.get("source", row)] ?? SAID.noPlace,
    },
    {
      id: "heard", title: SAID.heard, isNumber: true, width: 84, isUsual: true,
      value: (row) => table.nowMs - table.get("seenMs", row), text: (row) => units.age(table.nowMs - table.get("seenMs", row)),
    },
    { id: "hex", title: FIELDS.hex, isNumber: false, width: 78, isUsual: false, value: (row) => hexOf(table.get("key", row)), text: (row) => hexOf(table.get("key", row)) },
    number("altitudeGeom", FIELDS.altitudeGeom, 118, false, (v) => units.altitude(v, settings.units)),
    number("track", FIELDS.track, 66, false, units.direction),
    number("nic", FIELDS.nic, 112, false, (v) => (v === 255 ? "" : String(v))),
    { ...number("messages", FIELDS.messages, 92, false, units.count), value: (row) => table.get("messages", row) || NaN },
    number("level", FIELDS.level, 94, false, (v) => `${v.toFixed(1)} dBFS`),
    { id: "marks", title: SAID.marks, isNumber: false, width: 130, isUsual: false, value: marks, text: marks },
  ];
}
