/** What the list of aircraft says. */

export const LIST_WORDS = {
  filter: "Filter the list",
  filterHelp: "Callsign, registration, type, address, squawk",
  military: "Military",
  interesting: "Interesting",
  emergencies: "Emergencies",
  columns: "Columns",
  speed: "Speed",
  rate: "Rate",
  heard: "Heard",
  emergency: "Emergency",
  noPlace: "no place",
  ground: "ground",
  count: (shown: string, all: string): string => (shown === all ? `${all} aircraft` : `${shown} of ${all} aircraft`),
  none: "No aircraft here fits.",
  sorted: (column: string, isUp: boolean): string => `sorted by ${column.toLowerCase()}, ${isUp ? "ascending" : "descending"}`,
  help: "Arrow keys move through the list, Enter selects, Ctrl and Shift select several.",
  most: (most: number): string => `${most} aircraft at most are selected together.`,
  marks: "Marks",
} as const;
