/** Words of files and tiles of the reader's own. */

export const SAID = {
  title: "Own maps",
  choose: "Choose files",
  about: "GeoJSON or KML, up to 30 MB, or drop them on the map. They are drawn in this window and sent nowhere.",
  list: "What is drawn",
  none: "Nothing yet.",
  remove: (name: string): string => `Take ${name} away`,
  tiles: "Picture tiles",
  tilesHelp: "Address with {z}, {x} and {y}",
  add: "Draw",
  noTemplate: "Say an address with {z}, {x} and {y} in it: https://tiles.example.org/{z}/{x}/{y}.png",
  notAllowed: (origin: string): string =>
    `The page asks nobody but its node. Whoever runs it can allow ${origin}: the setting map.origins.`,
  failed: (name: string): string => `${name} does not answer with tiles.`,
  noKml: "this is no KML",
  entities: "it declares entities, which are not read",
  tooMany: "more than 50,000 places or 1,000,000 points are not drawn",
  tooDeep: "its shapes are nested too deeply",
  empty: "it has no place that can be drawn",
} as const;
