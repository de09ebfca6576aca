/** Names beside aircraft, letter by letter in one draw call: they move in the vertex shader as their aircraft do. */

import type { CustomLayerInterface, CustomRenderMethodInput, Map } from "maplibre-gl";
import type { AircraftLayer } from "./aircraft_layer";
import { palette, rgb, type Theme } from "./palette";
import { isGlobe, preamble, setView } from "./placing";
import { Programs, Quads, textureOf } from "./program";

const VECTORS = 5;
const FLOATS = 4 * VECTORS;
const FINER = 2;
const SIZE_PX = 11.5;
const LINE_PX = 14;
const PAD_PX = 3;
const LETTERS = " ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz-./+~?:";
const MOST = 350;

const vertexShader = (isGlobe: boolean): string => `${preamble(isGlobe, VECTORS)}
#define box vector(3)    // left, top, width, height, CSS pixels from the aircraft
#define letter vector(4) // left and width in the atlas, strength
uniform float ratio, atlasWidth;
out vec2 uv;
out float strength;
void main() {
  vec2 at = movedOn();
  at.x -= round(at.x);
  vec2 ahead;
  vec4 seen = drawn(at, ahead);
  // On whole pixels, so that letters stay sharp.
  vec2 anchor = floor(seen.xy / seen.w / pixel * ratio + 0.5) / ratio * pixel;
  vec2 offset = box.xy + corner * box.zw;
  gl_Position = seen == NOWHERE ? NOWHERE : vec4(anchor + vec2(offset.x, -offset.y) * pixel, 0.0, 1.0);
  uv = vec2((letter.x + corner.x * letter.y) / atlasWidth, corner.y);
  strength = letter.z;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec2 uv;
in float strength;
uniform sampler2D atlas;
uniform vec3 words, halo;
out vec4 colour;
void main() {
  vec2 ink = texture(atlas, uv).rg;
  colour = vec4(mix(halo, words, ink.g), 1.0) * max(ink.r * 0.85, ink.g) * strength;
}`;

interface Letter {
  readonly left: number;
  readonly width: number;
}

export interface Label {
  readonly row: number;
  readonly lines: readonly string[];
  readonly strength: number;
}

export class LabelLayer implements CustomLayerInterface {
  readonly id = "labels";
  readonly type = "custom" as const;
  readonly renderingMode = "2d" as const;
  private map: Map | null = null;
  private programs: Programs | null = null;
  private quads: Quads | null = null;
  private texture: WebGLTexture | null = null;
  private letters = new globalThis.Map<string, Letter>();
  private atlasWidth = 1;
  private atlasHeight = 1;
  private data = new Float32Array(FLOATS * 1024);
  private count = 0;
  private isChanged = false;
  private theme: Theme = "dark";

  constructor(private readonly aircraft: AircraftLayer) {}

  onAdd(map: Map, context: WebGLRenderingContext | WebGL2RenderingContext): void {
    const gl = context as WebGL2RenderingContext;
    this.map = map;
    this.programs = new Programs(gl, vertexShader, FRAGMENT);
    this.quads = new Quads(gl, VECTORS);
    this.makeAtlas(gl);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
  }

  private makeAtlas(gl: WebGL2RenderingContext): void {
    const font = `600 ${SIZE_PX * FINER}px system-ui, -apple-system, "Segoe UI", sans-serif`;
    const measure = new OffscreenCanvas(8, 8).getContext("2d")!;
    measure.font = font;
    let left = 0;
    const pad = PAD_PX * FINER;
    for (const letter of LETTERS) {
      const width = Math.ceil(measure.measureText(letter).width) + 2 * pad;
      this.letters.set(letter, { left, width });
      left += width;
    }
    const [width, height] = [left, LINE_PX * FINER + 2 * pad];
    const drawn = (isHalo: boolean): Uint8ClampedArray => {
      const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
      pen.font = font;
      pen.textBaseline = "middle";
      pen.lineJoin = "round";
      pen.lineWidth = 2.6 * FINER;
      for (const [letter, at] of this.letters) {
        if (isHalo) pen.strokeText(letter, at.left + pad, height / 2);
        else pen.fillText(letter, at.left + pad, height / 2);
      }
      return pen.getImageData(0, 0, width, height).data;
    };
    const [halo, ink] = [drawn(true), drawn(false)];
    const data = new Uint8Array(2 * width * height);
    for (let i = 0; i < width * height; i++) {
      data[2 * i] = halo[4 * i + 3]!;
      data[2 * i + 1] = ink[4 * i + 3]!;
    }
    [this.atlasWidth, this.atlasHeight] = [width, height];
    this.texture = textureOf(gl, [gl.RG8, gl.RG], width, height, data);
  }

  /**
   * Write labels beside aircraft, in order of importance, those out that would lie on another.
   *
   * xs, ys   where the aircraft of a row is on the canvas, CSS pixels
   */
  fill(labels: Iterable<Label>, xs: Float32Array, ys: Float32Array): number {
    if (this.map === null || this.letters.size === 0) return 0;
    const half = this.aircraft.halfPx(this.map.getZoom());
    const taken = new globalThis.Map<number, [number, number, number, number][]>();
    let [floats, shown] = [0, 0];
    for (const { row, lines, strength } of labels) {
      const from = this.aircraft.instanceOf(row);
      if (from < 0) continue;
      const widths = lines.map((line) => this.widthOf(line));
      const [x, y] = [xs[row]!, ys[row]!];
      const [left, top] = [x + half * 0.72, y - (lines.length * LINE_PX) / 2];
      const box: [number, number, number, number] = [left, top, left + Math.max(...widths), top + lines.length * LINE_PX];
      if (!free(taken, box)) continue;
      for (const [i, line] of lines.entries()) {
        let pen = half * 0.72;
        for (const character of line) {
          const letter = this.letters.get(character) ?? this.letters.get("?")!;
          if (this.data.length < floats + FLOATS) {
            const more = new Float32Array(this.data.length * 2);
            more.set(this.data);
            this.data = more;
          }
          this.data.set(this.aircraft.data.subarray(from, from + 12), floats);
          this.data.set([
            pen - PAD_PX, -(lines.length * LINE_PX) / 2 + i * LINE_PX - PAD_PX, letter.width / FINER, this.atlasHeight / FINER,
            letter.left, letter.width, i === 0 ? strength : strength * 0.8, 0,
          ], floats + 12);
          floats += FLOATS;
          pen += letter.width / FINER - 2 * PAD_PX;
        }
      }
      if (++shown >= MOST) break;
    }
    this.count = floats / FLOATS;
    this.isChanged = true;
    return shown;
  }

  private widthOf(line: string): number {
    let width = 0;
    for (const character of line) {
      width += (this.letters.get(character) ?? this.letters.get("?")!).width / FINER - 2 * PAD_PX;
    }
    return width;
  }

  render(context: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const [gl, map] = [context as WebGL2RenderingContext, this.map!];
    if (this.count === 0) return;
    const program = this.programs!.of(isGlobe(input));
    program.use();
    if (this.isChanged) this.quads!.take(this.data, this.count);
    this.isChanged = false;
    setView(gl, program.at, map, input, this.aircraft.seconds());
    const colours = palette(this.theme);
    gl.uniform1f(program.at("ratio"), window.devicePixelRatio);
    gl.uniform1f(program.at("atlasWidth"), this.atlasWidth);
    gl.uniform3fv(program.at("words"), rgb(colours.label));
    gl.uniform3fv(program.at("halo"), rgb(colours.halo));
    this.quads!.draw(program, this.texture!, [() => undefined]);
  }
}

const BIN_PX = 96;

/** Whether a box lies on none before it; if so it is kept. */
function free(
  taken: globalThis.Map<number, [number, number, number, number][]>, box: [number, number, number, number],
): boolean {
  const bins: number[] = [];
  for (let bx = Math.floor(box[0] / BIN_PX); bx <= Math.floor(box[2] / BIN_PX); bx++) {
    for (let by = Math.floor(box[1] / BIN_PX); by <= Math.floor(box[3] / BIN_PX); by++) bins.push(bx * 4096 + by);
  }
  for (const bin of bins) {
    for (const other of taken.get(bin) ?? []) {
      if (box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]) return false;
    }
  }
  for (const bin of bins) taken.set(bin, [...(taken.get(bin) ?? []), box]);
  return true;
}
