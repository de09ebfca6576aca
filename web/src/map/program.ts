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

/** A vertex array of quads: one instance has so many vectors of four floats. */
export function quads(gl: WebGL2RenderingContext, corners: readonly number[], vectors: number): { array: WebGLVertexArrayObject; buffer: WebGLBuffer } {
  const array = gl.createVertexArray();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(corners), gl.STATIC_DRAW);
  gl.enableVertexAttribArray(0);
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  for (let k = 0; k < vectors; k++) {
    gl.enableVertexAttribArray(k + 1);
    gl.vertexAttribPointer(k + 1, 4, gl.FLOAT, false, vectors * 16, k * 16);
    gl.vertexAttribDivisor(k + 1, 1);
  }
  gl.bindVertexArray(null);
  return { array, buffer };
}

/** Over what is there, strengths multiplied in. */
export function blended(gl: WebGL2RenderingContext): void {
  gl.disable(gl.DEPTH_TEST);
  gl.disable(gl.STENCIL_TEST);
  gl.disable(gl.CULL_FACE);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
}
