/** Reads what of KML can be drawn: names, points, lines and areas. Links to other files are not followed, entities refused. */

import type { Feature, FeatureCollection, Geometry, Position } from "geojson";
import { SAID } from "./words_overlays";

const MOST_FEATURES = 50_000;
const MOST_POINTS = 1_000_000;
const DEEPEST = 8;
const LONGEST_NAME = 200;

/** The drawable of a KML file. Throws an Error in words for what is none. */
export function featuresOfKml(text: string): FeatureCollection {
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new Error(SAID.entities);
  const read = new DOMParser().parseFromString(text, "application/xml");
  if (read.querySelector("parsererror") !== null || read.documentElement.localName !== "kml") throw new Error(SAID.noKml);
  const places = read.getElementsByTagNameNS("*", "Placemark");
  if (places.length > MOST_FEATURES) throw new Error(SAID.tooMany);
  const reader = new Reader();
  const features: Feature[] = [];
  for (const place of places) {
    const name = child(place, "name")?.textContent?.trim().slice(0, LONGEST_NAME) ?? "";
    for (const geometry of reader.geometries(place, 0)) features.push({ type: "Feature", properties: { name }, geometry });
  }
  if (features.length === 0) throw new Error(SAID.empty);
  return { type: "FeatureCollection", features };
}

const child = (of: Element, name: string): Element | null => [...of.children].find((one) => one.localName === name) ?? null;

class Reader {
  private points = 0;

  geometries(of: Element, depth: number): Geometry[] {
    if (depth > DEEPEST) throw new Error(SAID.tooDeep);
    return [...of.children].flatMap((one): Geometry[] => {
      if (one.localName === "MultiGeometry") return this.geometries(one, depth + 1);
      if (one.localName === "Point") return this.positions(one).slice(0, 1).map((coordinates) => ({ type: "Point", coordinates }));
      if (one.localName === "LineString") {
        const coordinates = this.positions(one);
        return coordinates.length > 1 ? [{ type: "LineString", coordinates }] : [];
      }
      if (one.localName === "Polygon") {
        const rings = [...one.children]
          .filter((ring) => ring.localName === "outerBoundaryIs" || ring.localName === "innerBoundaryIs")
          .sort((a, b) => Number(a.localName === "innerBoundaryIs") - Number(b.localName === "innerBoundaryIs"))
          .flatMap((ring) => [...ring.children].filter((line) => line.localName === "LinearRing").map((line) => this.positions(line)))
          .filter((ring) => ring.length > 3);
        return rings.length > 0 ? [{ type: "Polygon", coordinates: rings }] : [];
      }
      return [];
    });
  }

  /** Longitude and latitude of each point; those that are none are left out. */
  private positions(of: Element): Position[] {
    const out: Position[] = [];
    for (const triple of (child(of, "coordinates")?.textContent ?? "").trim().split(/\s+/)) {
      const [lon, lat] = triple.split(",").map(Number);
      if (lon === undefined || lat === undefined || !(Math.abs(lon) <= 360) || !(Math.abs(lat) <= 90) || triple === "") continue;
      out.push([lon, lat]);
    }
    if ((this.points += out.length) > MOST_POINTS) throw new Error(SAID.tooMany);
    return out;
  }
}
