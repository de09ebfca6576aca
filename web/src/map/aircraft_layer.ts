/**
 * All aircraft in one instanced draw call. The buffer is filled when a picture comes, about once a second; between two
 * pictures the vertex shader moves each aircraft on, and the fragment shader lets those fade that are not heard any more.
 */

import { MercatorCoordinate, type CustomLayerInterface, type CustomRenderMethodInput, type Map } from "maplibre-gl";
import type { AircraftTable } from "../state/aircraft";
import { palette, rgb, STOPS_FT, type Theme } from "./palette";
import { CELL, COLUMNS, SHAPES, shapeAtlas, shapeOf, SPREAD } from "./shapes";

const FLOATS = 16;
const EARTH_M = 2 * Math.PI * 6378137;
const KNOT_MPS = 1852 / 3600;
/** Longest time that a place is carried on, seconds. */
export const CARRY_S = 60;
/** From here on an aircraft fades, and here it has faded. */
const FADE_S = [20, 75] as const;
/** Seconds of the past a second up to which they are those of the past. */
const FADE_PACE = 15;
export const RECOVER_PER_S = 3;
const BASE_PX = 17;

export const SELECTED = 1;
export const EMERGENCY = 2;
export const GROUND = 4;
export const DIMMED = 8;
export const DERIVED = 16;
export const HIDDEN = 32;

const VERTEX = `#version 300 es
precision highp float;
layout(location=0) in vec2 corner;
layout(location=1) in vec4 place;    // high and low parts of x and y, world units
layout(location=2) in vec4 motion;   // world units a second; time of the place; heading, radians
layout(location=3) in vec4 shift;    // how far it was shown from there, when that was; time of the newest message
layout(location=4) in vec4 look;     // altitude ft, shape, size, flags
uniform mat4 matrix;
uniform vec4 centre;
uniform vec2 pixel;
uniform float now, bearing, scale, copy, carry, pace;
out vec2 uv;
flat out float altitude;
flat out float seen;
flat out int flags;
out vec2 square;
void main() {
  float age = clamp(now - motion.z, 0.0, carry);
  vec2 at = (place.xy - centre.xy) + (place.zw - centre.zw) + motion.xy * age
    + shift.xy * exp(-${RECOVER_PER_S.toFixed(1)} * max(0.0, now - shift.z));
  at.x += copy - round(at.x);
  flags = int(look.w);
  float turn = motion.w - bearing;
  float grown = (flags & 1) != 0 ? 1.25 : 1.0;
  vec2 arm = corner * look.z * scale * grown;
  vec2 turned = vec2(arm.x * cos(turn) - arm.y * sin(turn), arm.x * sin(turn) + arm.y * cos(turn));
  gl_Position = matrix * vec4(at, 0.0, 1.0);
  gl_Position.xy += vec2(turned.x, -turned.y) * pixel * gl_Position.w;
  float shape = look.y;
  vec2 cell = vec2(mod(shape, ${COLUMNS}.0), floor(shape / ${COLUMNS}.0));
  uv = (cell + corner * 0.5 + 0.5) / vec2(${COLUMNS}.0, ${Math.ceil(SHAPES.length / COLUMNS)}.0);
  square = corner;
  altitude = look.x;
  // Played fast, a picture is old in the time that is shown long before it is old to the eye.
  seen = (now - shift.w) / pace;
  if ((flags & ${HIDDEN}) != 0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec2 uv;
in vec2 square;
flat in float altitude;
flat in float seen;
flat in int flags;
uniform sampler2D atlas;
uniform vec3 ramp[${STOPS_FT.length}];
uniform vec3 ground, unknown, halo, selected, emergency;
uniform float stops[${STOPS_FT.length}];
uniform float span, now, faded;
out vec4 colour;
void main() {
  float d = (texture(atlas, uv).r * 255.0 - 128.0) / 127.0 * span;  // screen pixels inside the edge
  vec3 body;
  if ((flags & ${GROUND}) != 0) body = ground;
  else if (isnan(altitude) || altitude < -90000.0) body = unknown;
  else {
    body = ramp[0];
    for (int i = 0; i < ${STOPS_FT.length - 1}; i++)
      body = mix(body, ramp[i + 1], clamp((altitude - stops[i]) / (stops[i + 1] - stops[i]), 0.0, 1.0));
  }
  float fade = mix(1.0, faded, smoothstep(${FADE_S[0].toFixed(1)}, ${FADE_S[1].toFixed(1)}, seen));
  if ((flags & ${DIMMED}) != 0) fade *= 0.22;
  bool isUrgent = (flags & ${EMERGENCY}) != 0;
  if (isUrgent) body = mix(body, emergency, 0.75 + 0.25 * sin(now * 5.0));
  float inside = smoothstep(-0.6, 0.6, d);
  float width = (flags & ${SELECTED}) != 0 || isUrgent ? 2.6 : 1.4;
  float around = smoothstep(-width - 0.7, -width + 0.5, d);
  vec3 rim = (flags & ${SELECTED}) != 0 ? selected : isUrgent ? emergency : halo;
  // Not the aircraft's own word for where it is: the silhouette is hollow.
  float core = (flags & ${DERIVED}) != 0 ? mix(1.0, 0.25, smoothstep(1.1, 2.2, d)) : 1.0;
  float strength = max(inside * core, around * ((flags & ${SELECTED}) != 0 ? 1.0 : 0.85));
  colour = vec4(mix(rim, body, inside), 1.0) * strength * fade;
  if (strength < 0.01) discard;
}`;

export function compiled(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`the aircraft layer cannot be drawn: ${gl.getProgramInfoLog(program) ?? ""}`);
  }
  return program;
}

export interface Shown {
  x: number;
  y: number;
}

export class AircraftLayer implements CustomLayerInterface {
  readonly id = "aircraft";
  readonly type = "custom" as const;
  readonly renderingMode = "2d" as const;
  private gl: WebGL2RenderingContext | null = null;
  private map: Map | null = null;
  private program: WebGLProgram | null = null;
  private array: WebGLVertexArrayObject | null = null;
  private buffer: WebGLBuffer | null = null;
  private texture: WebGLTexture | null = null;
  private uniforms = new globalThis.Map<string, WebGLUniformLocation | null>();
  data = new Float32Array(FLOATS * 1024);
  private instances = new Int32Array(1024);
  private count = 0;
  private isChanged = false;
  private baseMs = 0;
  private theme: Theme = "dark";
  private timer = 0;
  private fastest = 0;
  private isUrgent = false;
  /** Set for measurements: draw again at once, always. */
  isEager = false;

  constructor(private readonly now: () => number, private readonly rate: () => number) {}

  onAdd(map: Map, context: WebGLRenderingContext | WebGL2RenderingContext): void {
    const gl = context as WebGL2RenderingContext;
    this.map = map;
    this.gl = gl;
    this.program = compiled(gl, VERTEX, FRAGMENT);
    this.uniforms.clear();
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    const corners = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, corners);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    this.buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    for (let k = 0; k < 4; k++) {
      gl.enableVertexAttribArray(k + 1);
      gl.vertexAttribPointer(k + 1, 4, gl.FLOAT, false, FLOATS * 4, k * 16);
      gl.vertexAttribDivisor(k + 1, 1);
    }
    gl.bindVertexArray(null);
    const atlas = shapeAtlas();
    this.texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, atlas.width, atlas.height, 0, gl.RED, gl.UNSIGNED_BYTE, atlas.data);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.bindTexture(gl.TEXTURE_2D, null);
    this.isChanged = true;
  }

  onRemove(): void {
    this.gl?.deleteProgram(this.program);
    this.gl?.deleteVertexArray(this.array);
    this.gl?.deleteBuffer(this.buffer);
    this.gl?.deleteTexture(this.texture);
    this.gl = null;
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.map?.triggerRepaint();
  }

  /** Take over a picture. `flagsOf` says how each aircraft is to look. */
  fill(table: AircraftTable, flagsOf: (row: number) => number): void {
    const now = this.now();
    const count = table.count;
    if (this.data.length < count * FLOATS) this.data = new Float32Array(2 * count * FLOATS);
    this.baseMs = now;
    const data = this.data;
    const lat = table.column("lat");
    const lon = table.column("lon");
    const [placeMs, seenMs] = [table.column("placeMs"), table.column("seenMs")];
    const [speed, track, altitude] = [table.column("speed"), table.column("track"), table.column("altitude")];
    const [shiftX, shiftY, shiftMs] = [table.column("shiftX"), table.column("shiftY"), table.column("shiftMs")];
    const [moveSpeed, moveTrack] = [table.column("moveSpeed"), table.column("moveTrack")];
    const category = table.column("category");
    const types = table.words("type");
    if (this.instances.length < count) this.instances = new Int32Array(2 * count);
    this.instances.fill(-1);
    let at = 0;
    let fastest = 0;
    this.isUrgent = false;
    for (let row = 0; row < count; row++) {
      if (Number.isNaN(lat[row]!)) continue;
      const flags = flagsOf(row);
      if (flags & HIDDEN) continue;
      this.instances[row] = at;
      const sine = Math.sin((lat[row]! * Math.PI) / 180);
      const x = lon[row]! / 360 + 0.5;
      const y = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
      const [xHigh, yHigh] = [Math.fround(x), Math.fround(y)];
      let [vx, vy] = [0, 0];
      const direction = (track[row]! * Math.PI) / 180;
      const isLed = !Number.isNaN(moveSpeed[row]!);
      const course = isLed ? (moveTrack[row]! * Math.PI) / 180 : direction;
      const knots = isLed ? moveSpeed[row]! : speed[row]!;
      if (knots > 0 && !Number.isNaN(course)) {
        const v = (knots * KNOT_MPS) / (EARTH_M * Math.sqrt(1 - sine * sine));
        vx = v * Math.sin(course);
        vy = -v * Math.cos(course);
        fastest = Math.max(fastest, v);
      }
      if (flags & EMERGENCY) this.isUrgent = true;
      const shape = shapeOf(types[row]!, category[row]!);
      const onGround = (flags & GROUND) !== 0;
      data[at] = xHigh;
      data[at + 1] = yHigh;
      data[at + 2] = x - xHigh;
      data[at + 3] = y - yHigh;
      data[at + 4] = vx;
      data[at + 5] = vy;
      data[at + 6] = (placeMs[row]! - now) / 1000;
      data[at + 7] = Number.isNaN(direction) ? 0 : direction;
      data[at + 8] = shiftX[row]!;
      data[at + 9] = shiftY[row]!;
      data[at + 10] = (shiftMs[row]! - now) / 1000;
      data[at + 11] = (seenMs[row]! - now) / 1000;
      data[at + 12] = Number.isNaN(altitude[row]!) ? -1e6 : altitude[row]!;
      data[at + 13] = shape;
      data[at + 14] = SHAPES[shape]!.size * (onGround ? 0.72 : 1);
      data[at + 15] = flags;
      at += FLOATS;
    }
    this.count = at / FLOATS;
    this.fastest = fastest;
    this.isChanged = true;
    this.map?.triggerRepaint();
  }

  render(context: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const [gl, map] = [context as WebGL2RenderingContext, this.map!];
    if (this.count > 0) this.draw(gl, map, input);
    this.drawAgainLater(map);
  }

  private draw(gl: WebGL2RenderingContext, map: Map, input: CustomRenderMethodInput): void {
    gl.useProgram(this.program);
    gl.bindVertexArray(this.array);
    if (this.isChanged) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
      gl.bufferData(gl.ARRAY_BUFFER, this.data.subarray(0, this.count * FLOATS), gl.DYNAMIC_DRAW);
      this.isChanged = false;
    }
    const centre = MercatorCoordinate.fromLngLat(map.getCenter());
    const matrix = moved(input.defaultProjectionData.mainMatrix as ArrayLike<number>, centre.x, centre.y);
    const [cx, cy] = [Math.fround(centre.x), Math.fround(centre.y)];
    const { clientWidth, clientHeight } = map.getCanvas();
    const zoom = map.getZoom();
    const half = this.halfPx(zoom);
    gl.uniformMatrix4fv(this.uniform(gl, "matrix"), false, matrix);
    gl.uniform4f(this.uniform(gl, "centre"), cx, cy, centre.x - cx, centre.y - cy);
    gl.uniform2f(this.uniform(gl, "pixel"), 2 / clientWidth, 2 / clientHeight);
    gl.uniform1f(this.uniform(gl, "now"), this.seconds());
    gl.uniform1f(this.uniform(gl, "bearing"), (map.getBearing() * Math.PI) / 180);
    gl.uniform1f(this.uniform(gl, "scale"), half);
    gl.uniform1f(this.uniform(gl, "carry"), CARRY_S);
    gl.uniform1f(this.uniform(gl, "pace"), Math.max(1, Math.abs(this.rate()) / FADE_PACE));
    gl.uniform1f(this.uniform(gl, "faded"), 0.28);
    gl.uniform1f(this.uniform(gl, "span"), (SPREAD * 2 * half) / CELL);
    const colours = palette(this.theme);
    gl.uniform3fv(this.uniform(gl, "ramp[0]"), colours.ramp.flatMap(rgb));
    gl.uniform1fv(this.uniform(gl, "stops[0]"), [...STOPS_FT]);
    for (const name of ["ground", "unknown", "halo", "selected", "emergency"] as const) {
      gl.uniform3fv(this.uniform(gl, name), rgb(colours[name]));
    }
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.uniform1i(this.uniform(gl, "atlas"), 0);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.disable(gl.CULL_FACE);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    // Far out the world is seen more than once.
    for (const copy of 512 * 2 ** zoom < clientWidth * 1.5 ? [-1, 0, 1] : [0]) {
      gl.uniform1f(this.uniform(gl, "copy"), copy);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count);
    }
    gl.bindVertexArray(null);
  }

  /** Draw soon: the pace has changed. */
  wake(): void {
    this.map?.triggerRepaint();
  }

  /** Where in `data` a row's numbers begin; -1 if it is not drawn. */
  instanceOf(row: number): number {
    return this.instances[row] ?? -1;
  }

  /** Shown time since that of the data, seconds. */
  seconds(): number {
    return (this.now() - this.baseMs) / 1000;
  }

  /** Half the side of an airliner's square, CSS pixels. */
  halfPx(zoom: number): number {
    return BASE_PX * Math.min(1.25, Math.max(0.62, 0.62 + (zoom - 3) * 0.075));
  }

  /** As often as somebody could see a difference: fast aircraft near by sixty times a second, from afar once. */
  private drawAgainLater(map: Map): void {
    if (this.isEager) {
      map.triggerRepaint();
      return;
    }
    const pxPerS = this.fastest * Math.abs(this.rate()) * 512 * 2 ** map.getZoom();
    const hz = Math.min(60, Math.max(this.isUrgent ? 12 : 1, pxPerS * 5));
    window.clearTimeout(this.timer);
    if (hz >= 50) map.triggerRepaint();
    else this.timer = window.setTimeout(() => map.triggerRepaint(), 1000 / hz);
  }

  private uniform(gl: WebGL2RenderingContext, name: string): WebGLUniformLocation | null {
    if (!this.uniforms.has(name)) this.uniforms.set(name, gl.getUniformLocation(this.program!, name));
    return this.uniforms.get(name)!;
  }
}

/** A matrix with its origin moved: reckoned in full precision, so that near aircraft do not tremble. */
export function moved(m: ArrayLike<number>, x: number, y: number): Float32Array {
  const out = new Float32Array(16);
  for (let i = 0; i < 16; i++) out[i] = m[i]!;
  for (let i = 0; i < 4; i++) out[12 + i] = m[i]! * x + m[4 + i]! * y + m[12 + i]!;
  return out;
}

/** Where an aircraft is shown at a time, world units: what the vertex shader reckons. */
export function shownAt(table: AircraftTable, row: number, nowMs: number): Shown {
  const lat = table.get("lat", row);
  const sine = Math.sin((lat * Math.PI) / 180);
  let x = table.get("lon", row) / 360 + 0.5;
  let y = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  const age = Math.min(CARRY_S, Math.max(0, (nowMs - table.get("placeMs", row)) / 1000));
  const isLed = !Number.isNaN(table.get("moveSpeed", row));
  const speed = table.get(isLed ? "moveSpeed" : "speed", row);
  const track = (table.get(isLed ? "moveTrack" : "track", row) * Math.PI) / 180;
  if (speed > 0 && !Number.isNaN(track)) {
    const v = (speed * KNOT_MPS) / (EARTH_M * Math.sqrt(1 - sine * sine));
    x += v * Math.sin(track) * age;
    y -= v * Math.cos(track) * age;
  }
  const left = Math.exp(-RECOVER_PER_S * Math.max(0, (nowMs - table.get("shiftMs", row)) / 1000));
  return { x: x + table.get("shiftX", row) * left, y: y + table.get("shiftY", row) * left };
}
