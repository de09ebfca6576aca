/** The node's binary format of live views, version 1: see docs/reference/wire.md. Reads, keeps nothing. */

export const TICK = 0;
export const SNAPSHOT = 1;
export const DELTA = 2;

const HEADER_BYTES = 36;
const MAGIC = 0x5753;
const VERSION = 1;
const CODECS = ["none", "deflate", "zstd"] as const;

type Reader = (body: ArrayBuffer, at: number, count: number) => ArrayLike<number>;

const u1: Reader = (body, at, count) => new Uint8Array(body, at, count);
const u2: Reader = (body, at, count) => new Uint16Array(body.slice(at, at + 2 * count));
const i2: Reader = (body, at, count) => new Int16Array(body.slice(at, at + 2 * count));
const u4: Reader = (body, at, count) => new Uint32Array(body.slice(at, at + 4 * count));
const i4: Reader = (body, at, count) => new Int32Array(body.slice(at, at + 4 * count));
const bytes =
  (width: number): Reader =>
  (body, at, count) =>
    new Uint8Array(body, at, width * count);

/** Groups of values, bit 0 first: name, bytes of one value, how to read them. */
const GROUPS: readonly (readonly (readonly [string, number, Reader])[])[] = [
  [["seen", 2, u2], ["messages", 4, u4], ["level", 1, u1], ["receiver", 2, u2]],
  [["lat", 4, i4], ["lon", 4, i4], ["place", 2, u2]],
  [["altitude", 2, i2], ["altitudeGeom", 2, i2]],
  [["speed", 2, u2], ["track", 2, u2], ["rate", 2, i2]],
  [["squawk", 2, u2], ["emergency", 1, u1], ["category", 1, u1], ["source", 1, u1], ["ground", 1, u1], ["nic", 1, u1]],
  [["callsign", 8, bytes(8)]],
  [["registration", 12, bytes(12)], ["type", 4, bytes(4)], ["flags", 1, u1]],
];

export interface Group {
  /** Which of the part's aircraft have it. */
  readonly rows: Int32Array;
  readonly columns: Readonly<Record<string, ArrayLike<number>>>;
}

export interface Part {
  readonly kind: number;
  readonly tile: number;
  readonly picture: number;
  readonly nowMs: number;
  readonly isSimulated: boolean;
  readonly keys: Uint32Array;
  /** What of each aircraft follows; 127: forget what you knew. */
  readonly masks: Uint8Array;
  readonly gone: Uint32Array;
  readonly groups: readonly (Group | null)[];
}

async function unpacked(body: ArrayBuffer, codec: number): Promise<ArrayBuffer> {
  if (codec === 0) return body;
  const stream = new Blob([body]).stream().pipeThrough(new DecompressionStream(CODECS[codec] as CompressionFormat));
  return new Response(stream).arrayBuffer();
}

function readBody(body: ArrayBuffer, rows: number, gone: number): Pick<Part, "keys" | "masks" | "gone" | "groups"> {
  const keys = new Uint32Array(body.slice(0, 4 * rows));
  const masks = new Uint8Array(body, 4 * rows, rows);
  const goneKeys = new Uint32Array(body.slice(5 * rows, 5 * rows + 4 * gone));
  let at = 5 * rows + 4 * gone;
  const groups = GROUPS.map((members, bit): Group | null => {
    const has: number[] = [];
    for (let i = 0; i < rows; i++) if ((masks[i]! >> bit) & 1) has.push(i);
    if (has.length === 0) return null;
    const columns: Record<string, ArrayLike<number>> = {};
    for (const [name, width, reader] of members) {
      columns[name] = reader(body, at, has.length);
      at += width * has.length;
    }
    return { rows: Int32Array.from(has), columns };
  });
  return { keys, masks, gone: goneKeys, groups };
}

/** Read one message: its parts in their order. Throws if it is not of this version. */
export async function readParts(message: ArrayBuffer): Promise<Part[]> {
  const view = new DataView(message);
  const parts: Part[] = [];
  for (let at = 0; at < message.byteLength; ) {
    if (view.getUint16(at, true) !== MAGIC || view.getUint8(at + 2) !== VERSION) {
      throw new Error("the node speaks another version of the live format: reload the page");
    }
    const length = view.getUint32(at + 32, true);
    const [rows, gone] = [view.getUint32(at + 24, true), view.getUint32(at + 28, true)];
    const start = at + HEADER_BYTES;
    const body = await unpacked(message.slice(start, start + length), view.getUint8(at + 6));
    parts.push({
      kind: view.getUint8(at + 3),
      tile: view.getUint16(at + 4, true),
      picture: view.getUint32(at + 8, true),
      nowMs: Number(view.getBigInt64(at + 16, true)),
      isSimulated: (view.getUint8(at + 7) & 1) !== 0,
      ...readBody(body, rows, gone),
    });
    at = start + length;
  }
  return parts;
}
