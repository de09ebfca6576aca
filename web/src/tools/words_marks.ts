/** What the marks of the map mean. */

export const MARKS_WORDS = {
  title: "Marks and trails",
  own: ["Own position", "the aircraft told it itself (ADS-B, UAT)"],
  derived: ["Hollow", "receivers reckoned it from times of arrival (MLAT)"],
  relayed: ["Banded", "a ground station told it (TIS-B, ADS-R)"],
  carried: ["Broken outline", "no new position for 12 s: carried on as it last flew, for at most a minute"],
  faded: ["Faded", "nothing received for 20 s and more"],
  ground: ["Small, with a bar", "on the ground"],
  emergency: ["In a ring", "squawk 7500, 7600 or 7700, or an emergency was sent"],
  selected: ["Bold rim", "selected"],
  unknownType: "An arrow instead of an outline: the type is not known.",
  trails: "Trails by",
  by: { altitude: "altitude", speed: "ground speed", source: "source" },
  gaps: "A grey dashed line: nothing was received. It is no way that was flown.",
  unknown: "not known",
} as const;
