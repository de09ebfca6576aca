/** What the further details of an aircraft say. */

export const MORE_WORDS = {
  who: "Who it is",
  registration: "Registration",
  type: "Type",
  operator: "Operator",
  country: "Country",
  countryBy: "address block",
  nobody: "No list says who it is.",
  conflict: (value: string, source: string): string => `${source} says ${value}`,
  history: "Flights on record",
  historyOf: (shown: number, total: number): string => (shown >= total ? "All that the record has:" : `The last ${shown} of ${total}:`),
  none: "The record has no flight of it.",
  noRecord: "This node keeps no record.",
  all: "Everything about this airframe",
  observed: "both ends observed",
  partly: "an end or stop is inferred",
} as const;

/** Messages in which each value is said: by its name in the list of details. */
export const SAID_IN: Readonly<Record<string, string>> = {
  "Altitude": "airborne position, or a reply with altitude (DF 0, 4, 16, 20)",
  "Ground speed": "airborne velocity, surface position, or register BDS 5,0",
  "Track": "airborne velocity, surface position, or register BDS 5,0",
  "Vertical rate": "airborne velocity, or register BDS 6,0",
  "Squawk": "a reply with identity (DF 5, 21), or emergency and priority status",
  "Callsign": "identification and category, or register BDS 2,0",
  "Altitude, GNSS": "airborne position with GNSS height, or its difference in airborne velocity",
  "Selected altitude": "target state and status, or register BDS 4,0",
  "Selected heading": "target state and status",
  "Altimeter setting": "target state and status, or register BDS 4,0",
  "Autopilot": "target state and status",
  "Indicated airspeed": "airborne velocity over air, or register BDS 6,0",
  "True airspeed": "airborne velocity over air, or register BDS 5,0",
  "Mach": "register BDS 6,0",
  "Heading": "airborne velocity over air, or register BDS 6,0",
  "Roll": "register BDS 5,0",
  "Wind": "register BDS 4,4 or 4,5",
  "Temperature": "register BDS 4,4 or 4,5",
  "Integrity (NIC)": "the kind of the position message, and operational status",
  "Accuracy (NACp)": "operational status, or target state and status",
  "Category": "identification and category",
};
