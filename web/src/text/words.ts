/** Everything the page says, in one place: another language is another object like this. */

export const WORDS = {
  live: "Live",
  past: "Past",
  play: "Play",
  pause: "Pause",
  speed: "Speed",
  goTo: "Go to (UTC)",
  noRecord: "nothing recorded here",
  loading: "loading",
  search: "Search, or filter: alt:>30000 mil:yes",
  aircraft: "Aircraft",
  details: "Details",
  close: "Close",
  follow: "Follow",
  isolate: "Only this",
  copyLink: "Copy link",
  copied: "Link copied",
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
  ground: "on the ground",
  unknown: "unknown",
} as const;

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
  ["/", "search or filter"], ["v", "list of aircraft"], ["Space", "play or pause the past"], ["Y", "the past"],
  ["q  -", "zoom out"], ["e  +", "zoom in"], ["w a s d  arrows", "move the map"], ["h", "all aircraft in view"],
  ["c  Esc", "clear the selection"], ["f", "follow the selected"], ["i", "only the selected"], ["m", "select several"],
  ["r", "a random aircraft"], ["l", "labels"], ["o", "more in labels"], ["p", "keep trails"], ["u", "military only"],
  ["T", "without TIS-B"], ["b", "light or dark"], ["n", "units"], ["H", "hide the panels"], ["?", "this list"],
];
