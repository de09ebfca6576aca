/** Everything the page says, in one place: another language is another object like this. */

export const WORDS = {
  noWebGl: "This browser draws no WebGL 2, which the map needs: most do once hardware acceleration is on in their settings. All data is there without a map: ",
  live: "Live",
  past: "Past",
  play: "Play",
  pause: "Pause",
  speed: "Speed",
  goTo: "Go to (UTC)",
  goToHelp: "Go to a moment, UTC: 2019-03-22 14:05, 14:05, +90min",
  ownRange: "chosen time",
  cannotRead: "the record cannot be read",
  noRecord: "nothing recorded here",
  loading: "loading",
  search: "Search or ask: mil:yes to:SVMI time:2019-03",
  clear: "Clear",
  answer: "Answer",
  asking: "Asking the record",
  nodeAway: "The node does not answer.",
  noRows: "Nothing in the record fits.",
  more: "More",
  showOnMap: "Only these on the live map",
  askRecord: "Ask the record",
  playIt: "Play",
  fitIt: "In view",
  observed: "observed",
  inferred: "inferred",
  notKnown: "Not known",
  nothingHeard: "Nothing was received",
  wholeRecord: "whole record",
  range: "Shown time",
  density: "Positions received over the shown time",
  heat: "Heat map",
  heatOf: (shown: number, total: number): string =>
    shown >= total ? `Heat map of all ${total} positions.` : `Heat map of the first ${shown} of ${total} positions.`,
  tooLarge: "more than 30 MB are not drawn",
  noGeoJson: "this is no GeoJSON",
  overlayDrawn: (name: string): string => `${name} is drawn; x takes own files away. It was sent nowhere.`,
  rowGone: (hex: string, from: string): string =>
    `The link speaks of ${hex} from ${from.replace("T", " ")} UTC. The record of this node does not have it, or not any more.`,
  answerChanged: (then: string, now: string): string =>
    `The record has changed since the link was made: the answer was ${then}, it is ${now} now.`,
  aircraft: "Aircraft",
  details: "Details",
  close: "Close",
  follow: "Follow",
  isolate: "Only this",
  copyLink: "Copy link",
  copied: "Link copied",
  notFetched: "The node did not answer; try again.",
  page: "Page",
  profile: "Profile",
  messages: "Messages",
  thisNode: "This node",
  desk: "Case desk",
  tools: "Layers and tools",
  layers: "Layers",
  toolsOpen: "Tools",
  table: "List",
  help: "Keys",
  theme: "Light, dark or high contrast",
  units: "Units",
  labels: "Labels",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  home: "All aircraft in view",
  noAircraft: "No aircraft. The map shows what receivers hear now.",
  noMatch: "No aircraft fits the filter.",
  notHeard: "Not heard any more.",
  notHeardThen: "Not received at this moment.",
  ground: "on the ground",
  unknown: "unknown",
} as const;

/** What the rows of an answer are: one, several. */
export const SUBJECTS: Readonly<Record<string, readonly [string, string]>> = {
  journeys: ["journey", "journeys"], legs: ["leg", "legs"], aircraft: ["aircraft", "aircraft"],
  positions: ["position", "positions"], events: ["event", "events"], gaps: ["silence", "silences"],
};

export const ROLES = { departure: "Left", stop: "Stopped", arrival: "Landed" } as const;
/** The same where it was not observed. */
export const MAYBE_ROLES = { departure: "May have left", stop: "May have stopped", arrival: "May have landed" } as const;

/** What was observed at an end of a flight. */
export const EVIDENCE: Readonly<Record<string, string>> = {
  on_ground: "received on the ground there",
  touchdown_bracketed: "low flight there, then silence or the ground",
  approaching: "last received on an approach, or first in a climb from there",
  lost_in_flight: "not received to the ground although others were received there",
  out_of_coverage: "beyond what any receiver heard on that day",
};

export const FIELDS = {
  callsign: "Callsign", registration: "Registration", type: "Type", hex: "Address", squawk: "Squawk", altitude: "Altitude",
  altitudeGeom: "Altitude, GNSS", speed: "Ground speed", track: "Track", rate: "Vertical rate", place: "Place",
  source: "Source", emergency: "Emergency", category: "Category", messages: "Messages", level: "Signal", seen: "Newest message",
  ias: "Indicated airspeed", tas: "True airspeed", mach: "Mach", heading: "Heading", roll: "Roll", selected: "Selected altitude",
  selectedHeading: "Selected heading", qnh: "Altimeter setting", wind: "Wind", temperature: "Temperature",
  nic: "Integrity (NIC)", nacp: "Accuracy (NACp)", verdict: "Place is", receivers: "Receivers", modes: "Autopilot",
} as const;

/** Keys and what they do; those of tar1090 where it has them. */
export const KEYS: readonly (readonly [string, string])[] = [
  ["/", "search or ask"], ["⇧Enter", "filter the live map by it"], ["Z", "all of the answer in view"], ["x", "take own files away"], ["v", "list of aircraft"], ["k", "add to the case"], ["K", "case desk"], ["t", "layers and tools"], ["Space", "play or pause the past"], ["Y", "the past"], ["[  ]", "shorter or longer time line"],
  ["q  -", "zoom out"], ["e  +", "zoom in"], ["w a s d  arrows", "move the map"], ["h", "all aircraft in view"],
  ["c  Esc", "clear the selection"], ["f", "follow the selected"], ["i", "only the selected"], ["m", "select several"],
  ["r", "a random aircraft"], ["l", "labels"], ["o", "more in labels"], ["p", "keep trails"], ["u", "military only"],
  ["T", "without TIS-B"], ["b", "light or dark"], ["n", "units"], ["H", "hide the panels"], ["?", "this list"],
];
