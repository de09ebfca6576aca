/** Silhouettes of aircraft, drawn here and kept as distance fields: sharp at any size, with an outline for free. */

export const CELL = 64;
export const COLUMNS = 4;
/** Distance, in pixels of a cell, that the field spans on either side of the edge. */
export const SPREAD = 10;

export interface Shape {
  readonly name: string;
  /** Relative to an airliner. */
  readonly size: number;
  readonly path: string;
}

/** Nose up, in a square from -32 to 32; the right half, mirrored. */
function mirrored(points: readonly (readonly [number, number])[]): string {
  const left = points.map(([x, y]) => [-x, y] as const).reverse();
  return `M${[...points, ...left].map(([x, y]) => `${x} ${y}`).join("L")}Z`;
}

const circle = (x: number, y: number, r: number): string =>
  `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
const both = (path: (side: number) => string): string => path(-1) + path(1);

const JET = mirrored([
  [0, -23], [1.8, -21.5], [2.7, -18], [2.9, -6.5], [22, 6.5], [22, 9.6], [2.9, 4.6], [2.4, 15], [8.4, 19.4], [8.4, 21.8], [1.2, 20.2], [0, 22.6],
]);
const HEAVY = mirrored([
  [0, -25], [2.2, -23], [3.4, -19], [3.6, -7.5], [24.5, 8.5], [24.5, 12], [3.6, 5.6], [2.8, 16], [9.8, 20.6], [9.8, 23.4], [1.4, 21.6], [0, 24.2],
]);
const engine = (x: number, y: number) => (side: number) => {
  const at = side * x;
  return `M${at - 1.7} ${y}L${at + 1.7} ${y}L${at + 1.7} ${y + 6}L${at - 1.7} ${y + 6}Z`;
};

/** First the one for what is not known. */
export const SHAPES: readonly Shape[] = [
  { name: "unknown", size: 0.86, path: mirrored([[0, -20], [13, 15], [0, 8.5]]) },
  { name: "airliner", size: 1, path: JET + both(engine(8.2, -4.5)) },
  { name: "heavy", size: 1.2, path: HEAVY + both(engine(9.5, -6)) },
  { name: "four engines", size: 1.24, path: HEAVY + both(engine(8, -6)) + both(engine(16, -0.5)) },
  {
    name: "business jet", size: 0.84,
    path: mirrored([[0, -22], [1.6, -19], [2.2, -14], [2.3, -2], [16, 6.5], [16, 9.4], [2.3, 5.4], [2, 15], [7.6, 18], [7.6, 20.4], [0, 19]]) +
      both((side) => `M${side * 2.5} 5.5L${side * 5.6} 5.5L${side * 5.2} 13L${side * 2.5} 13Z`),
  },
  {
    name: "turboprop", size: 0.92,
    path: mirrored([[0, -21], [1.9, -19.5], [2.7, -15.5], [2.8, -4.6], [22.5, -1.8], [22.5, 2.4], [2.8, 3.4], [2.1, 15.5], [8.6, 17], [8.6, 20.4], [0, 20.6]]) +
      both((side) => `M${side * 8 - 1.7} -10L${side * 8 + 1.7} -10L${side * 8 + 1.5} 2L${side * 8 - 1.5} 2ZM${side * 8 - 5} -10.6L${side * 8 + 5} -10.6L${side * 8 + 5} -9.2L${side * 8 - 5} -9.2Z`),
  },
  {
    name: "light", size: 0.78,
    path: mirrored([[0, -17], [2.2, -15.5], [2.8, -7.5], [20, -6.6], [20.6, -1], [2.6, 0.6], [1.5, 13.6], [7.8, 14.6], [7.8, 18], [0, 18]]) +
      "M-5.5 -19L5.5 -19L5.5 -17.2L-5.5 -17.2Z",
  },
  {
    name: "helicopter", size: 0.92,
    path: mirrored([[0, -13], [3.6, -10.5], [4.6, -5], [3.8, 2], [1.4, 5], [1.2, 18], [4.4, 18.6], [4.4, 21], [0, 21]]) +
      "M-17.5 -17.2L-15.8 -18.9L17.5 13.4L15.8 15.1ZM17.5 -17.2L15.8 -18.9L-17.5 13.4L-15.8 15.1Z",
  },
  {
    name: "glider", size: 0.86,
    path: mirrored([[0, -14], [1.6, -11], [1.9, -5.6], [26, -4.2], [26, -2], [1.7, -0.6], [1, 14.4], [5.6, 15.2], [5.6, 17.4], [0, 17.2]]),
  },
  {
    name: "fighter", size: 0.9,
    path: mirrored([[0, -25], [1.8, -18], [2.6, -9], [5, -5], [16, 8], [16, 11], [5.2, 10], [5, 13], [9.6, 18], [9.6, 20.6], [3.4, 19.4], [0, 20.6]]),
  },
  {
    name: "transport", size: 1.14,
    path: mirrored([[0, -23], [2.8, -21], [3.8, -17], [3.9, -7], [24, -3], [24, 1.6], [3.9, 2.6], [2.6, 15], [10.4, 17.8], [10.4, 21.4], [0, 20.4]]) +
      both((side) => `M${side * 8.5 - 1.8} -12L${side * 8.5 + 1.8} -12L${side * 8.5 + 1.6} 1L${side * 8.5 - 1.6} 1ZM${side * 15.5 - 1.8} -10.5L${side * 15.5 + 1.8} -10.5L${side * 15.5 + 1.6} 1L${side * 15.5 - 1.6} 1Z`),
  },
  { name: "balloon", size: 0.8, path: circle(0, -4, 14) + "M-4 13L4 13L3 20L-3 20Z" },
  {
    name: "drone", size: 0.76,
    path: both((side) => circle(side * 12, -12, 6) + circle(side * 12, 12, 6)) +
      "M-13 -11L-11 -13L13 11L11 13ZM13 -11L11 -13L-13 11L-11 13Z" + circle(0, 0, 5),
  },
  { name: "vehicle", size: 0.6, path: "M-8 -13L8 -13L8 13L-8 13Z" },
  { name: "obstacle", size: 0.6, path: "M0 -16L13 12L-13 12Z" },
];

const INDEX = new Map(SHAPES.map((shape, i) => [shape.name, i]));
const shape = (name: string): number => INDEX.get(name)!;

const BY_CATEGORY: Readonly<Record<number, number>> = {
  0xa1: shape("light"), 0xa2: shape("business jet"), 0xa3: shape("airliner"), 0xa4: shape("airliner"),
  0xa5: shape("heavy"), 0xa6: shape("fighter"), 0xa7: shape("helicopter"), 0xb1: shape("glider"),
  0xb2: shape("balloon"), 0xb4: shape("light"), 0xb6: shape("drone"), 0xc1: shape("vehicle"), 0xc2: shape("vehicle"),
  0xc3: shape("obstacle"), 0xc4: shape("obstacle"), 0xc5: shape("obstacle"),
};

/** ICAO type designators by their beginning; the first that fits. */
const BY_TYPE: readonly (readonly [RegExp, number])[] = [
  [/^(A34|A38|B74|IL96|IL86|A124|A225|B52|B70|DC8|VC10|E3|E6|K35|C135|IL76|A388|NIM)/, shape("four engines")],
  [/^(C130|C30J|A400|AN12|P3|L188|IL18|IL38|C160|Y8|Y9|AN22)/, shape("transport")],
  [/^(A30|A31|A33|A35|B76|B77|B78|MD11|DC10|L101|IL9|KC30|K767|C17|C5)/, shape("heavy")],
  [/^(A19N|A2\dN|A318|A319|A32|A20N|A21N|B37|B38|B39|B73|B75|B72|B71|BCS|E1[79]|E29|E75|E17|MD8|MD9|SU95|T134|T154|T204|C919|RJ|F100|F70|CRJ|E14|E13|P8|B3XM|BLCF)/, shape("airliner")],
  [/^(AT[4-7]|DH8|AN2[46]|AN3|AN14|SF34|E120|JS[34]|SB20|D328|F50|F27|C295|CN35|B190|BE20|BE30|BE9|B350|PC12|SW[34]|L410|DHC6|D228|MA60|IL14)/, shape("turboprop")],
  [/^(GLF|GLEX|GL[57]T|GA[5678]|FA[5678]|F2TH|F900|FALC|CL[36]|C[56]\d\d|C25|C[67]50|C700|LJ|E[35]0P|E5|H25|PRM|HDJT|PC24|ASTR|G[12]\d0|BE40|SF50|EA50)/, shape("business jet")],
  [/^(EC|AS[35]|A1[0-9]9|A13|A16|A18|B06|B4[0-9]|B407|B429|R22|R44|R66|S76|S92|H60|H47|H64|MI\d|KA\d|BK17|NH90|EH10|UH1|H[12]\d|GAZL|LYNX|TIGR|V22)/, shape("helicopter")],
  [/^(F1[4-8]|F22|F35|F[45]$|EUFI|RFAL|MIR|SU2|SU3|SU5|MG|TOR|HAWK|HUNT|T38|A10|AJ37|GRIP|M346|L39|L159)/, shape("fighter")],
  [/^(GLID|AS[HKW]|DG|LS|DISC|VENT|DUOD|JANU|NIMB|ARCU)/, shape("glider")],
  [/^(BALL|SHIP)/, shape("balloon")],
  [/^(C1[5-9]|C2[01]|P28|PA|SR2|DA[24]|DV20|BE3|BE[25]\d|M20|RV|DR4|AA|GLAS|TB|C42|EV97|PIVI|ULAC|AN2$|CH60)/, shape("light")],
  [/^(DRON|Q[149]|MQ|RQ|HRON|ANKA|TB2|HERM)/, shape("drone")],
];

const known = new Map<string, number>();

/** Which silhouette stands for a type and emitter category. */
export function shapeOf(type: string, category: number): number {
  if (type !== "") {
    let found = known.get(type);
    if (found === undefined) {
      found = BY_TYPE.find(([pattern]) => pattern.test(type))?.[1] ?? -1;
      known.set(type, found);
    }
    if (found >= 0) return found;
  }
  return BY_CATEGORY[category] ?? 0;
}

const INFINITE = 1e9;

/** Squared distance to the nearest source along one line, by the lower envelope of parabolas (Felzenszwalb 2012). */
function transform(line: Float64Array, n: number, hull: Int32Array, bounds: Float64Array, out: Float64Array): void {
  let k = 0;
  hull[0] = 0;
  bounds[0] = -INFINITE;
  bounds[1] = INFINITE;
  for (let q = 1; q < n; q++) {
    let cut: number;
    for (;;) {
      const v = hull[k]!;
      cut = (line[q]! + q * q - line[v]! - v * v) / (2 * (q - v));
      if (cut > bounds[k]! || k === 0) break;
      k--;
    }
    if (cut <= bounds[k]!) cut = bounds[k]!;
    k++;
    hull[k] = q;
    bounds[k] = cut;
    bounds[k + 1] = INFINITE;
  }
  k = 0;
  for (let q = 0; q < n; q++) {
    while (bounds[k + 1]! < q) k++;
    const v = hull[k]!;
    out[q] = (q - v) * (q - v) + line[v]!;
  }
}

function squaredDistances(grid: Float64Array, n: number): void {
  const [line, out] = [new Float64Array(n), new Float64Array(n)];
  const [hull, bounds] = [new Int32Array(n), new Float64Array(n + 1)];
  for (const [step, stride] of [[n, 1], [1, n]] as const) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) line[j] = grid[i * stride + j * step]!;
      transform(line, n, hull, bounds, out);
      for (let j = 0; j < n; j++) grid[i * stride + j * step] = out[j]!;
    }
  }
}

const FINER = 4;

export interface Atlas {
  readonly width: number;
  readonly height: number;
  /** One byte a pixel, 128 on the edge, more inside. */
  readonly data: Uint8Array;
  /** Of each shape, in a square from -1 to 1: half its width, its top, its bottom. */
  readonly bounds: Float32Array;
}

export function shapeAtlas(): Atlas {
  const rowCount = Math.ceil(SHAPES.length / COLUMNS);
  const [width, height] = [CELL * COLUMNS, CELL * rowCount];
  const data = new Uint8Array(width * height);
  const bounds = new Float32Array(3 * SHAPES.length);
  const n = CELL * FINER;
  const canvas = new OffscreenCanvas(n, n);
  const pen = canvas.getContext("2d", { willReadFrequently: true })!;
  SHAPES.forEach(({ path }, index) => {
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, n, n);
    pen.setTransform(FINER * 0.86, 0, 0, FINER * 0.86, n / 2, n / 2);
    pen.lineJoin = "round";
    pen.lineWidth = 1.6;
    const drawn = new Path2D(path);
    pen.fill(drawn);
    pen.stroke(drawn);
    const pixels = pen.getImageData(0, 0, n, n).data;
    const [outside, inside] = [new Float64Array(n * n), new Float64Array(n * n)];
    for (let i = 0; i < n * n; i++) {
      const isIn = pixels[4 * i + 3]! >= 128;
      outside[i] = isIn ? 0 : INFINITE;
      inside[i] = isIn ? INFINITE : 0;
    }
    squaredDistances(outside, n);
    squaredDistances(inside, n);
    const [left, top] = [(index % COLUMNS) * CELL, Math.floor(index / COLUMNS) * CELL];
    for (let y = 0; y < CELL; y++) {
      for (let x = 0; x < CELL; x++) {
        const at = (y * FINER + FINER / 2) * n + x * FINER + FINER / 2;
        if (inside[at]! > 0) {
          const [u, v] = [(2 * x + 1) / CELL - 1, (2 * y + 1) / CELL - 1];
          bounds[3 * index] = Math.max(bounds[3 * index]!, Math.abs(u));
          bounds[3 * index + 1] = Math.min(bounds[3 * index + 1]!, v);
          bounds[3 * index + 2] = Math.max(bounds[3 * index + 2]!, v);
        }
        const distance = (Math.sqrt(inside[at]!) - Math.sqrt(outside[at]!)) / FINER;
        data[(top + y) * width + left + x] = Math.max(0, Math.min(255, Math.round(128 + (127 * distance) / SPREAD)));
      }
    }
  });
  return { width, height, data, bounds };
}
