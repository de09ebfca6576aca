// MapLibre Tile, a form of vector tiles that no source of this page has: 30 kB less.
export const GEOMETRY_TYPE = {};

export function decodeTile() {
  throw new Error("tiles of this form are not read here");
}
