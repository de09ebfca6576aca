/**
 * All aircraft in one instanced draw call. The buffer is filled when a picture comes, about once a second; between two
 * pictures the vertex shader moves each aircraft on, and the fragment shader lets those fade that are not heard any more.
 */

import type { CustomLayerInterface, CustomRenderMethodInput, Map } from "maplibre-gl";
import type { AircraftTable } from "../state/aircraft";
import { EMERGENCY, FRAGMENT, GROUND, HIDDEN, LED, VECTORS, vertexShader } from "./aircraft_shader";
import { palette, rgb, STOPS_FT, type Theme } from "./palette";
import { CARRY_S, isGlobe, RECOVER_PER_S, setView, type Screen } from "./placing";
import { Programs, Quads, textureOf } from "./program";
import { CELL, SHAPES, shapeAtlas, shapeOf, SPREAD } from "./shapes";

const FLOATS = 4 * VECTORS;
const EARTH_M = 2 * Math.PI * 6378137;
const KNOT_MPS = 1852 / 3600;
/** Seconds of the past a second up to which they are those of the past. */
const FADE_PACE = 15;
const BASE_PX = 17;

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
  private programs: Programs | null = null;
  private quads: Quads | null = null;
  private texture: WebGLTexture | null = null;
  private bounds: Float32Array = new Float32Array(0);
  /** Of each that is drawn, `FLOATS` numbers, and its row in the table. */
  data = new Float32Array(FLOATS * 1024);
  private rows = new Int32Array(1024);
  private instances = new Int32Array(1024);
  private count = 0;
  private isChanged = false;
  private baseMs = 0;
  private theme: Theme = "dark";
  private timer = 0;
  private fastest = 0;
  private isUrgent = false;
  /** How many are in view. */
  crowd = 0;
  /** Set for measurements: draw again at once, always. */
  isEager = false;

  constructor(private readonly now: () => number, private readonly rate: () => number) {}

  onAdd(map: Map, context: WebGLRenderingContext | WebGL2RenderingContext): void {
    const gl = context as WebGL2RenderingContext;
    this.map = map;
    this.gl = gl;
    this.programs = new Programs(gl, vertexShader, FRAGMENT);
    this.quads = new Quads(gl, VECTORS);
    const atlas = shapeAtlas();
    this.bounds = atlas.bounds;
    this.texture = textureOf(gl, [gl.R8, gl.RED], atlas.width, atlas.height, atlas.data);
    this.isChanged = true;
  }

  onRemove(): void {
    this.programs?.delete();
    this.quads?.delete();
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
    if (this.data.length < count * FLOATS) this.data = new Float32Array(Quads.floats(2 * count, VECTORS));
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
    if (this.instances.length < count) {
      this.instances = new Int32Array(2 * count);
      this.rows = new Int32Array(2 * count);
    }
    this.instances.fill(-1);
    let at = 0;
    let fastest = 0;
    this.isUrgent = false;
    for (let row = 0; row < count; row++) {
      if (Number.isNaN(lat[row]!)) continue;
      const flags = flagsOf(row);
      if (flags & HIDDEN) continue;
      this.instances[row] = at;
      this.rows[at / FLOATS] = row;
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
      data[at + 15] = isLed ? flags | LED : flags;
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
    const program = this.programs!.of(isGlobe(input));
    program.use();
    if (this.isChanged) this.quads!.take(this.data, this.count);
    this.isChanged = false;
    setView(gl, program.at, map, input, this.seconds());
    const zoom = map.getZoom();
    const half = this.halfPx(zoom);
    gl.uniform1f(program.at("scale"), half);
    gl.uniform1f(program.at("span"), (SPREAD * 2 * half) / CELL);
    gl.uniform1f(program.at("pace"), Math.max(1, Math.abs(this.rate()) / FADE_PACE));
    gl.uniform1f(program.at("faded"), 0.28);
    gl.uniform3fv(program.at("bounds[0]"), this.bounds);
    const colours = palette(this.theme);
    gl.uniform3fv(program.at("ramp[0]"), colours.ramp.flatMap(rgb));
    gl.uniform1fv(program.at("stops[0]"), STOPS_FT as unknown as number[]);
    for (const name of ["ground", "unknown", "halo", "selected", "emergency"] as const) gl.uniform3fv(program.at(name), rgb(colours[name]));
    // Far out the flat world is seen more than once.
    const copies = !isGlobe(input) && 512 * 2 ** zoom < map.getCanvas().clientWidth * 1.5 ? [-1, 0, 1] : [0];
    this.quads!.draw(program, this.texture!, copies.map((copy) => () => gl.uniform1f(program.at("copy"), copy)));
  }

  /** Tell where each that can be seen is drawn now. */
  look(screen: Screen, see: (row: number, x: number, y: number) => void): void {
    const { data, rows } = this;
    const now = this.seconds();
    for (let i = 0, at = 0; i < this.count; i++, at += FLOATS) {
      const age = Math.min(CARRY_S, Math.max(0, now - data[at + 6]!));
      let x = data[at]! + data[at + 2]! + data[at + 4]! * age;
      let y = data[at + 1]! + data[at + 3]! + data[at + 5]! * age;
      if (data[at + 8] !== 0 || data[at + 9] !== 0) {
        const left = Math.exp(-RECOVER_PER_S * Math.max(0, now - data[at + 10]!));
        x += data[at + 8]! * left;
        y += data[at + 9]! * left;
      }
      if (screen.put(x, y)) see(rows[i]!, screen.x, screen.y);
    }
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

  /** Half the side of an airliner's square, CSS pixels: smaller from afar, and where many would lie on each other. */
  halfPx(zoom: number): number {
    const half = BASE_PX * Math.min(1.25, Math.max(0.62, 0.62 + (zoom - 3) * 0.075));
    if (this.crowd === 0 || this.map === null) return half;
    const { clientWidth, clientHeight } = this.map.getCanvas();
    return half * Math.min(1, Math.max(0.5, Math.sqrt((clientWidth * clientHeight) / this.crowd) / (1.7 * half)));
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
}

/** Longest step, in parts of the world's width, that is glided; others are jumps, and shown as such. */
const LONGEST_GLIDE = 0.0006;

/** Note in the table where each aircraft is shown: what the vertex shader reckons. */
export function noteShown(table: AircraftTable, nowMs: number): void {
  const [x, y] = [table.column("shownX"), table.column("shownY")];
  const at = { x: 0, y: 0 };
  for (let row = 0; row < table.count; row++) {
    shownAt(table, row, nowMs, at);
    x[row] = at.x;
    y[row] = at.y;
  }
}

/** Let aircraft glide from where they were noted to where they are. */
export function glide(table: AircraftTable, nowMs: number): void {
  const [x, y] = [table.column("shownX"), table.column("shownY")];
  const [shiftX, shiftY, shiftMs] = [table.column("shiftX"), table.column("shiftY"), table.column("shiftMs")];
  const at = { x: 0, y: 0 };
  shiftX.fill(0, 0, table.count);
  shiftY.fill(0, 0, table.count);
  for (let row = 0; row < table.count; row++) {
    shownAt(table, row, nowMs, at);
    const [dx, dy] = [x[row]! - at.x, y[row]! - at.y];
    if (!(dx * dx + dy * dy < LONGEST_GLIDE ** 2)) continue;
    shiftX[row] = dx;
    shiftY[row] = dy;
    shiftMs[row] = nowMs;
  }
}

/** Where an aircraft is shown at a time, world units. */
export function shownAt(table: AircraftTable, row: number, nowMs: number, out: Shown = { x: 0, y: 0 }): Shown {
  const lat = table.get("lat", row);
  const sine = Math.sin((lat * Math.PI) / 180);
  out.x = table.get("lon", row) / 360 + 0.5;
  out.y = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  const age = Math.min(CARRY_S, Math.max(0, (nowMs - table.get("placeMs", row)) / 1000));
  const isLed = !Number.isNaN(table.get("moveSpeed", row));
  const speed = table.get(isLed ? "moveSpeed" : "speed", row);
  const track = (table.get(isLed ? "moveTrack" : "track", row) * Math.PI) / 180;
  if (speed > 0 && !Number.isNaN(track)) {
    const v = (speed * KNOT_MPS) / (EARTH_M * Math.sqrt(1 - sine * sine));
    out.x += v * Math.sin(track) * age;
    out.y -= v * Math.cos(track) * age;
  }
  const [shiftX, shiftY] = [table.get("shiftX", row), table.get("shiftY", row)];
  if (shiftX !== 0 || shiftY !== 0) {
    const left = Math.exp(-RECOVER_PER_S * Math.max(0, (nowMs - table.get("shiftMs", row)) / 1000));
    out.x += shiftX * left;
    out.y += shiftY * left;
  }
  return out;
}
