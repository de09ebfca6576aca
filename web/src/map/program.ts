/** A program of the graphics card, with its uniforms by name. */

export class Program {
  private readonly program: WebGLProgram;
  private readonly places = new Map<string, WebGLUniformLocation | null>();

  constructor(private readonly gl: WebGL2RenderingContext, vertex: string, fragment: string) {
    this.program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
      const shader = gl.createShader(kind)!;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(this.program, shader);
      gl.deleteShader(shader);
    }
    gl.linkProgram(this.program);
    if (!gl.getProgramParameter(this.program, gl.LINK_STATUS)) {
      throw new Error(`the aircraft layer cannot be drawn: ${gl.getProgramInfoLog(this.program) ?? ""}`);
    }
  }

  use(): void {
    this.gl.useProgram(this.program);
  }

  readonly at = (name: string): WebGLUniformLocation | null => {
    let place = this.places.get(name);
    if (place === undefined) this.places.set(name, place = this.gl.getUniformLocation(this.program, name));
    return place;
  };

  delete(): void {
    this.gl.deleteProgram(this.program);
  }
}

/** The same thing drawn flat and on the globe; each is made when it is first drawn. */
export class Programs {
  private flat: Program | null = null;
  private globe: Program | null = null;

  constructor(private readonly gl: WebGL2RenderingContext, private readonly vertex: (isGlobe: boolean) => string, private readonly fragment: string) {}

  of(isGlobe: boolean): Program {
    if (isGlobe) return (this.globe ??= new Program(this.gl, this.vertex(true), this.fragment));
    return (this.flat ??= new Program(this.gl, this.vertex(false), this.fragment));
  }

  delete(): void {
    this.flat?.delete();
    this.globe?.delete();
  }
}

/** A texture of bytes, sharp between its pixels, not repeated. */
export function textureOf(gl: WebGL2RenderingContext, kind: [number, number], width: number, height: number, data: Uint8Array): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.texImage2D(gl.TEXTURE_2D, 0, kind[0], width, height, 0, kind[1], gl.UNSIGNED_BYTE, data);
  for (const [name, value] of [
    [gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
  ] as const) gl.texParameteri(gl.TEXTURE_2D, name, value);
  gl.bindTexture(gl.TEXTURE_2D, null);
  return texture;
}

/** Texels of a row of the texture that quads are read from. */
const WIDE = 1024;

/** In a vertex shader: which quad and which corner of it, and the vectors of the quad. */
export const quadSource = (vectors: number): string => `
uniform highp sampler2D quads;
vec4 vector(int k) {
  int i = (gl_VertexID >> 2) * ${vectors} + k;
  return texelFetch(quads, ivec2(i & ${WIDE - 1}, i >> ${Math.log2(WIDE)}), 0);
}
#define corner vec2(float(gl_VertexID & 1), float((gl_VertexID >> 1) & 1))
`;

/**
 * Quads of so many vectors of four floats each, drawn at once. They are read from a texture: instances of four vertices
 * cost each a draw of its own where there is no graphics card, and much on some that there are.
 */
export class Quads {
  private readonly array: WebGLVertexArrayObject;
  private readonly indices: WebGLBuffer;
  private readonly texture: WebGLTexture;
  private room = 0;
  private count = 0;

  constructor(private readonly gl: WebGL2RenderingContext, private readonly vectors: number) {
    this.array = gl.createVertexArray();
    this.indices = gl.createBuffer();
    this.texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.bindTexture(gl.TEXTURE_2D, null);
  }

  /** A length of data, in floats, that has room for so many: whole rows of the texture. */
  static floats(count: number, vectors: number): number {
    return Math.ceil((count * vectors) / WIDE) * WIDE * 4;
  }

  take(data: Float32Array, count: number): void {
    const { gl } = this;
    this.count = count;
    if (this.room < count) {
      this.room = 2 * count;
      const indices = new Uint32Array(6 * this.room);
      for (let i = 0; i < this.room; i++) for (let k = 0; k < 6; k++) indices[6 * i + k] = 4 * i + [0, 1, 2, 2, 1, 3][k]!;
      gl.bindVertexArray(this.array);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.indices);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
      gl.bindVertexArray(null);
    }
    const floats = Quads.floats(count, this.vectors);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, WIDE, floats / WIDE / 4, 0, gl.RGBA, gl.FLOAT, data.subarray(0, floats));
    gl.bindTexture(gl.TEXTURE_2D, null);
  }

  /** Draw with a program in use, once for each of `each`; the atlas is its other texture. */
  draw(program: Program, atlas: WebGLTexture, each: readonly (() => void)[]): void {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, atlas);
    gl.uniform1i(program.at("quads"), 1);
    gl.uniform1i(program.at("atlas"), 0);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.disable(gl.CULL_FACE);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindVertexArray(this.array);
    for (const set of each) {
      set();
      gl.drawElements(gl.TRIANGLES, 6 * this.count, gl.UNSIGNED_INT, 0);
    }
    gl.bindVertexArray(null);
  }

  delete(): void {
    this.gl.deleteVertexArray(this.array);
    this.gl.deleteBuffer(this.indices);
    this.gl.deleteTexture(this.texture);
  }
}
