/** What the tables of pages have of the rows of an answer. */

import type { Row } from "../api/find";
import { timeOf } from "../state/asking";
import { textOf, type PageName } from "../state/page";
import { stopsOf } from "../state/way";
import { lasting, longMoment } from "../text/moment";
import { altitude, count, type Units } from "../text/units";

export interface Cell {
  readonly text: string;
  /** The page that it opens. */
  readonly page?: PageName | null;
  readonly isNumber?: boolean;
}

export interface Column {
  readonly title: string;
  readonly cell: (row: Row, units: Units) => Cell;
}

export const textIn = (row: Row, name: string): string => {
  const value = row[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
};

const plain = (title: string, name: string): Column => ({ title, cell: (row) => ({ text: textIn(row, name) }) });
const time = (title: string, name: string): Column => ({
  title, cell: (row) => ({ text: longMoment(timeOf(row, name)).slice(0, 16) }),
});
/** The end of a time: without its date where that is the one of its beginning. */
const until: Column = {
  title: "Until",
  cell: (row) => {
    const [from, to] = [longMoment(timeOf(row, "from")), longMoment(timeOf(row, "until"))];
    return { text: from.slice(0, 10) === to.slice(0, 10) ? to.slice(11, 16) : to.slice(0, 16) };
  },
};
const number = (title: string, name: string): Column => ({
  title, cell: (row) => ({ text: typeof row[name] === "number" ? count(row[name]) : "", isNumber: true }),
});

const AIRCRAFT: Column = {
  title: "Aircraft",
  cell: (row) => {
    const hex = textIn(row, "icao24");
    return { text: textIn(row, "registration") || hex, page: hex === "" ? null : { kind: "aircraft", name: hex } };
  },
};

/** Where a leg began or ended: what was observed plain, what is likely in parentheses. */
function end(title: string, side: "departure" | "arrival"): Column {
  return {
    title,
    cell: (row) => {
      const observed = textIn(row, `${side}_airport`);
      const likeliest = textIn(row, `${side}_likeliest`);
      const code = observed || likeliest;
      if (code === "") return { text: "not known" };
      const p = Number(row[`${side}_probability`] ?? NaN);
      const text = observed !== "" ? observed : `(${likeliest}?${Number.isNaN(p) ? "" : ` ${Math.round(p * 100)} %`})`;
      return { text, page: { kind: "airport", name: code } };
    },
  };
}

const WAY: Column = {
  title: "Way",
  cell: (row) => ({
    text: stopsOf(row).map((stop) => {
      const best = stop.candidates[0]?.airport ?? "?";
      return stop.isObserved ? best : `(${best}?)`;
    }).join(" → "),
  }),
};

const CALLSIGNS: Column = {
  title: "Callsigns",
  cell: (row) => ({ text: Array.isArray(row["callsigns"]) ? row["callsigns"].slice(0, 4).join(", ") : textIn(row, "callsign") }),
};

const OPERATOR: Column = {
  title: "Operator",
  cell: (row) => {
    const name = textIn(row, "operator");
    return { text: name, page: name === "" ? null : { kind: "operator", name } };
  },
};

const BY_SUBJECT: Readonly<Record<string, readonly Column[]>> = {
  journeys: [time("From, UTC", "from"), until, AIRCRAFT, plain("Type", "typecode"), WAY],
  legs: [
    time("From, UTC", "from"), until, AIRCRAFT, plain("Type", "typecode"), plain("Callsign", "callsign"),
    end("From", "departure"), end("To", "arrival"), number("Receivers", "receivers"),
    { title: "Longest silence", cell: (row) => ({ text: typeof row["longest_silence_s"] === "number" ? lasting(row["longest_silence_s"] * 1000) : "", isNumber: true }) },
    { title: "Highest", cell: (row, units) => ({ text: typeof row["max_altitude_ft"] === "number" ? altitude(row["max_altitude_ft"], units) : "", isNumber: true }) },
  ],
  events: [
    time("From, UTC", "from"), AIRCRAFT, plain("Callsign", "callsign"),
    { title: "Event", cell: (row) => ({ text: textIn(row, "kind").replaceAll("_", " ") }) },
    { title: "Airport", cell: (row) => ({ text: textIn(row, "airport"), page: textIn(row, "airport") === "" ? null : { kind: "airport", name: textIn(row, "airport") } }) },
    plain("Runway", "runway"),
  ],
  aircraft: [
    AIRCRAFT, plain("Type", "typecode"), OPERATOR, CALLSIGNS, time("First seen, UTC", "first_seen"), time("Last seen, UTC", "last_seen"),
    number("Positions", "positions"),
  ],
};

/** The columns for what an answer has rows of; those that say nothing in any row, or only what the page is of, are left out. */
export function columnsOf(subject: string, rows: readonly Row[], units: Units, page: PageName): readonly Column[] {
  return (BY_SUBJECT[subject] ?? []).filter((column) => {
    if (page.kind === "aircraft" && column.title === "Type") return false;
    const cells = rows.map((row) => column.cell(row, units));
    return cells.some((cell) => cell.text !== "" && !(cell.page && textOf(cell.page) === textOf(page)));
  });
}
