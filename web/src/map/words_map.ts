/** Words of what is drawn under the aircraft. */

export const WORDS = {
  credit: "Natural Earth · GeoNames (CC BY 4.0) · OurAirports",
} as const;
