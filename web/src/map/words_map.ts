/** Words of what is drawn under the aircraft. */

export const WORDS = {
  credit: "Natural Earth · GeoNames (CC BY 4.0) · OurAirports",
  ownFailed: (why: string): string => `This node's own map cannot be drawn, the bundled one stays: ${why}`,
  ownKind: "its tiles are neither Mapbox vector tiles nor pictures",
  ownStyle: "what was answered is no MapLibre style",
} as const;
