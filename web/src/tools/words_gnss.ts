/** Words of the layer of navigation quality. */

export const SAID = {
  pastNone: "GNSS quality is drawn for now only, not for the past",
  none: (since: string): string => `GNSS quality: no aircraft in the air has reported it since ${since} UTC`,
  all: (low: number, of: number, since: string): string =>
    `GNSS quality: ${low} of ${of} aircraft reported degraded navigation (NIC below 7) since ${since} UTC`,
  cell: (low: number, of: number, place: string, since: string): string =>
    `${place}: ${low} of ${of} aircraft reported degraded navigation (NIC below 7) since ${since} UTC${of < 3 ? "; too few to tell" : ""}. The cause is not known.`,
} as const;
