/** Pages: one of an aircraft, an airport, an operator, a country, a country's forces, a receiver; and that of the node. */

export const KINDS = ["aircraft", "airport", "operator", "country", "force", "receiver", "node"] as const;
export type Kind = (typeof KINDS)[number];

export interface PageName {
  readonly kind: Kind;
  /** Address, code or name; empty for the node's own page. */
  readonly name: string;
}

/** One table of a page, and the question that it answers. */
export interface Section {
  readonly title: string;
  readonly question: string;
  /** What it means that there is none. */
  readonly none: string;
}

const SHAPES: Readonly<Record<Kind, RegExp>> = {
  aircraft: /^~?[0-9a-f]{6}$/, airport: /^[A-Z0-9-]{2,10}$/, operator: /^[^"]{1,120}$/, country: /^[^"]{2,60}$/,
  force: /^[^"]{2,60}$/, receiver: /^.{1,120}$/, node: /^$/,
};

/** `airport:UUMU` as in a link; null if it is none. */
export function pageOf(text: string): PageName | null {
  const at = text.indexOf(":");
  const kind = (at < 0 ? text : text.slice(0, at)) as Kind;
  if (!KINDS.includes(kind)) return null;
  const given = at < 0 ? "" : text.slice(at + 1).trim();
  const name = kind === "aircraft" ? given.toLowerCase() : kind === "airport" ? given.toUpperCase() : given;
  return SHAPES[kind].test(name) ? { kind, name } : null;
}

export const textOf = (page: PageName): string => (page.name === "" ? page.kind : `${page.kind}:${page.name}`);

/** A name as a word of the query language: stars in it are letters too, so they match anything, themselves among it. */
const quoted = (name: string): string => (/^[A-Za-z0-9-]+$/.test(name) ? name : `"${name.replaceAll('"', "")}"`);

/** The tables of a page; the first is what the map draws when it opens. */
export function sectionsOf({ kind, name }: PageName): readonly Section[] {
  const word = quoted(name);
  const flights = "No flight of it was observed.";
  switch (kind) {
    case "aircraft":
      return [
        { title: "Journeys", question: `show:journeys hex:${name}`, none: flights },
        { title: "Legs", question: `show:legs hex:${name}`, none: flights },
        { title: "Events", question: `show:events hex:${name}`, none: "Nothing happened that is looked for." },
      ];
    case "airport":
      return [
        { title: "Arrivals", question: `show:legs to:${word}`, none: "No arrival was observed, or is more likely than not." },
        { title: "Departures", question: `show:legs from:${word}`, none: "No departure was observed, or is more likely than not." },
        { title: "Runways", question: `show:events at:${word} event:takeoff,landing`, none: "No use of a runway was observed." },
      ];
    case "operator":
      return [
        { title: "Aircraft", question: `show:aircraft operator:${word}`, none: "None of its aircraft was received." },
        { title: "Journeys", question: `show:journeys operator:${word}`, none: flights },
      ];
    case "country":
      return [
        { title: "Flights to it", question: `show:legs to:${word}`, none: "No arrival there was observed." },
        { title: "Flights from it", question: `show:legs from:${word}`, none: "No departure from there was observed." },
        { title: "Aircraft registered there", question: `show:aircraft country:${word}`, none: "None was received." },
      ];
    case "force":
      return [
        { title: "Journeys", question: `show:journeys country:${word} mil:yes`, none: flights },
        { title: "Aircraft", question: `show:aircraft country:${word} mil:yes`, none: "None was received." },
      ];
    default:
      return [];
  }
}
