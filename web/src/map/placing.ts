/**
 * From a place to the screen, flat or on the globe: once for the vertex shaders, once for what is picked and labelled.
 * A place moves on in the shader, so that nothing is reckoned for each aircraft and frame.
 */

import { MercatorCoordinate, type CustomRenderMethodInput, type Map as MapLibre } from "maplibre-gl";
import { quadSource } from "./program";

/** Longest time that a place is carried on, seconds. */
export const CARRY_S = 60;
export const RECOVER_PER_S = 3;

/** Begins a vertex shader: what the layers have in common. */
export function preamble(isGlobe: boolean, vectors: number): string {
  return `#version 300 es
precision highp float;
${isGlobe ? "#define GLOBE" : ""}
${quadSource(vectors)}
${COMMON}`;
}

const COMMON = `
#define place vector(0)    // high and low parts of x and y, world units
#define motion vector(1)   // world units a second; time of the place; heading, radians
#define shift vector(2)    // how far it was shown from there, when that was; time of the newest message
uniform mat4 matrix;
uniform vec4 centre;
uniform vec2 pixel;
uniform float now, bearing;

/** From the middle of the map, world units. */
vec2 movedOn() {
  return (place.xy - centre.xy) + (place.zw - centre.zw) + motion.xy * clamp(now - motion.z, 0.0, ${CARRY_S.toFixed(1)})
    + shift.xy * exp(-${RECOVER_PER_S.toFixed(1)} * max(0.0, now - shift.z));
}
const vec4 NOWHERE = vec4(2.0, 2.0, 2.0, 1.0);
#ifdef GLOBE
uniform mat4 flatMatrix;
uniform vec4 horizon;
uniform vec3 middle;    // of the map: sine and cosine of its longitude; tangent that stands for its latitude
uniform float roundness;
// What graphics cards have of these is good to three digits only: near the middle of the map that is some pixels.
vec2 sineCosine(float a) {
  float q = a * a;
  return abs(a) > 0.5 ? vec2(sin(a), cos(a))
    : vec2(a * (1.0 - q / 6.0 * (1.0 - q / 20.0 * (1.0 - q / 42.0))), 1.0 - q / 2.0 * (1.0 - q / 12.0 * (1.0 - q / 30.0 * (1.0 - q / 56.0))));
}
float power(float u) {
  return abs(u) > 0.5 ? exp(u) : 1.0 + u * (1.0 + u / 2.0 * (1.0 + u / 3.0 * (1.0 + u / 4.0 * (1.0 + u / 5.0 * (1.0 + u / 6.0 * (1.0 + u / 7.0))))));
}
/** Gives also the direction on the screen of what is ahead of it, y up. */
vec4 drawn(vec2 at, out vec2 ahead) {
  at.x -= round(at.x);
  vec2 turn = sineCosine(at.x * ${(2 * Math.PI).toFixed(9)});
  vec2 lon = vec2(middle.x * turn.y + middle.y * turn.x, middle.y * turn.y - middle.x * turn.x);
  float t = middle.z * power(at.y * ${(-2 * Math.PI).toFixed(9)});
  vec2 lat = vec2(2.0 * t, t * t - 1.0) / (t * t + 1.0);
  vec3 ball = vec3(lon.x * lat.x, lat.y, lon.y * lat.x);
  ahead = vec2(0.0, 1.0);
  if (dot(horizon.xyz, ball) + horizon.w < 0.0) return NOWHERE;
  vec4 seen = matrix * vec4(ball, 1.0);
  vec3 north = vec3(-lon.x * lat.y, lat.x, -lon.y * lat.y);
  vec3 east = vec3(lon.y, 0.0, -lon.x);
  vec4 on = matrix * vec4(north * cos(motion.w) + east * sin(motion.w), 0.0);
  ahead = normalize((on.xy * seen.w - seen.xy * on.w) / pixel + vec2(0.0, 1e-9));
  vec4 level = flatMatrix * vec4(at, 0.0, 1.0);
  return vec4(mix(level.xy / level.w, seen.xy / seen.w, roundness), 0.0, 1.0);
}
#else
vec4 drawn(vec2 at, out vec2 ahead) {
  ahead = vec2(sin(motion.w - bearing), cos(motion.w - bearing));
  return matrix * vec4(at, 0.0, 1.0);
}
#endif
`;

/** Give a program what `COMMON` needs of the view. */
export function setView(
  gl: WebGL2RenderingContext, uniform: (name: string) => WebGLUniformLocation | null, map: MapLibre, input: CustomRenderMethodInput,
  seconds: number,
): void {
  const data = input.defaultProjectionData;
  const centre = MercatorCoordinate.fromLngLat(map.getCenter());
  const [cx, cy] = [Math.fround(centre.x), Math.fround(centre.y)];
  const { clientWidth, clientHeight } = map.getCanvas();
  const flat = moved((isGlobe(input) ? data.fallbackMatrix : data.mainMatrix) as ArrayLike<number>, centre.x, centre.y);
  if (isGlobe(input)) {
    gl.uniformMatrix4fv(uniform("matrix"), false, new Float32Array(data.mainMatrix));
    gl.uniformMatrix4fv(uniform("flatMatrix"), false, flat);
    const lon = (centre.x - 0.5) * 2 * Math.PI;
    gl.uniform3f(uniform("middle"), Math.sin(lon), Math.cos(lon), Math.exp((0.5 - centre.y) * 2 * Math.PI));
    gl.uniform4fv(uniform("horizon"), data.clippingPlane);
    gl.uniform1f(uniform("roundness"), data.projectionTransition);
  } else gl.uniformMatrix4fv(uniform("matrix"), false, flat);
  gl.uniform4f(uniform("centre"), cx, cy, centre.x - cx, centre.y - cy);
  gl.uniform2f(uniform("pixel"), 2 / clientWidth, 2 / clientHeight);
  gl.uniform1f(uniform("now"), seconds);
  gl.uniform1f(uniform("bearing"), (map.getBearing() * Math.PI) / 180);
}

export function isGlobe(input: CustomRenderMethodInput): boolean {
  return input.defaultProjectionData.projectionTransition > 0;
}

/** A matrix with its origin moved: reckoned in full precision, so that near aircraft do not tremble. */
function moved(m: ArrayLike<number>, x: number, y: number): Float32Array {
  const out = new Float32Array(16);
  for (let i = 0; i < 16; i++) out[i] = m[i]!;
  for (let i = 0; i < 4; i++) out[12 + i] = m[i]! * x + m[4 + i]! * y + m[12 + i]!;
  return out;
}

/** Where places are on the canvas at present, without an object for each. */
export class Screen {
  /** CSS pixels, of the place that was put last. */
  x = 0;
  y = 0;
  readonly width: number;
  readonly height: number;
  private readonly centre: MercatorCoordinate;
  private readonly scale: number;
  private readonly cos: number;
  private readonly sin: number;
  private readonly globe: ArrayLike<number> | null = null;
  private readonly horizon: ArrayLike<number> = [];
  private readonly roundness: number = 0;

  constructor(map: MapLibre) {
    this.centre = MercatorCoordinate.fromLngLat(map.getCenter());
    this.scale = 512 * 2 ** map.getZoom();
    const turn = (-map.getBearing() * Math.PI) / 180;
    [this.cos, this.sin] = [Math.cos(turn), Math.sin(turn)];
    ({ clientWidth: this.width, clientHeight: this.height } = map.getCanvas());
    // The same as the layers are given.
    const data = map._camera.transform.getProjectionDataForCustomLayer(true);
    if (data.projectionTransition > 0) {
      this.globe = data.mainMatrix as ArrayLike<number>;
      this.horizon = data.clippingPlane;
      this.roundness = data.projectionTransition;
    }
  }

  /** Whether a place, in world units, can be seen; if so `x` and `y` are where. */
  put(x: number, y: number): boolean {
    let dx = x - this.centre.x;
    dx -= Math.round(dx);
    const [px, py] = [dx * this.scale, (y - this.centre.y) * this.scale];
    this.x = px * this.cos - py * this.sin + this.width / 2;
    this.y = px * this.sin + py * this.cos + this.height / 2;
    return this.globe === null || this.bend(this.globe, x, y);
  }

  private bend(m: ArrayLike<number>, x: number, y: number): boolean {
    const lon = (x - 0.5) * 2 * Math.PI;
    const t = Math.exp((0.5 - y) * 2 * Math.PI);
    const cos = (2 * t) / (t * t + 1);
    const [a, b, c] = [Math.sin(lon) * cos, (t * t - 1) / (t * t + 1), Math.cos(lon) * cos];
    const h = this.horizon;
    if (h[0]! * a + h[1]! * b + h[2]! * c + h[3]! < 0) return false;
    const w = m[3]! * a + m[7]! * b + m[11]! * c + m[15]!;
    const [u, v] = [m[0]! * a + m[4]! * b + m[8]! * c + m[12]!, m[1]! * a + m[5]! * b + m[9]! * c + m[13]!];
    this.x += ((0.5 + u / w / 2) * this.width - this.x) * this.roundness;
    this.y += ((0.5 - v / w / 2) * this.height - this.y) * this.roundness;
    return true;
  }
}
