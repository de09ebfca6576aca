/** The live socket: asks for an area, hands on parts in order, comes back by itself when the connection is lost. */

import { readParts, type Part } from "./wire";

export type Connection = "connecting" | "live" | "silent" | "lost";

export interface Wanted {
  readonly area?: string;
  readonly world?: boolean;
  readonly unplaced?: boolean;
  readonly filter?: string;
}

export interface Listener {
  /** What the node understood; `tiles` that are not in it are to be dropped. */
  subscribed(tiles: readonly number[], isResumed: boolean): void;
  parts(parts: readonly Part[]): void;
  /** How it goes; `silentS` is how long the node has said nothing. */
  state(state: Connection, silentS: number): void;
  refused(words: string): void;
}

const SILENT_MS = 6000;
const GIVEN_UP_MS = 40_000;
const UNANSWERED_MS = 20_000;
const RETRY_MS = [300, 700, 1500, 3000, 5000, 8000];
const TICK_KIND = 0;

export class LiveStream {
  private socket: WebSocket | null = null;
  private wanted: Wanted | null = null;
  private epoch = "";
  private picture = 0;
  private tries = 0;
  private heardMs = 0;
  private timer = 0;
  private isStopped = true;
  /** Messages are unpacked one after the other: a later one may build on an earlier one. */
  private order: Promise<void> = Promise.resolve();

  constructor(
    private readonly url: string,
    private readonly listener: Listener,
    private readonly isRemote: boolean,
  ) {
    window.setInterval(() => this.look(), 1000);
    window.addEventListener("online", () => this.again());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.socket === null && !this.isStopped) this.again();
    });
  }

  /** Ask for something else, or for the first time. */
  want(wanted: Wanted): void {
    const isSame = this.wanted !== null && JSON.stringify(wanted) === JSON.stringify(this.wanted);
    this.wanted = wanted;
    this.isStopped = false;
    if (this.socket === null) this.open(false);
    else if (!isSame && this.socket.readyState === WebSocket.OPEN) this.socket.send(this.request(false));
  }

  stop(): void {
    this.isStopped = true;
    window.clearTimeout(this.timer);
    this.socket?.close();
    this.socket = null;
  }

  private again(): void {
    if (this.isStopped || this.socket?.readyState === WebSocket.OPEN) return;
    window.clearTimeout(this.timer);
    this.tries = 0;
    this.open(true);
  }

  private request(isResuming: boolean): string {
    const wanted = this.wanted!;
    const out: Record<string, string> = { compression: this.isRemote ? "zlib" : "none" };
    if (wanted.area) out["area"] = wanted.area;
    if (wanted.world) out["world"] = "1";
    if (wanted.unplaced) out["unplaced"] = "1";
    if (wanted.filter) out["filter"] = wanted.filter;
    if (isResuming && this.epoch && this.picture) out["resume"] = `${this.epoch}-${this.picture}`;
    return JSON.stringify(out);
  }

  private open(isResuming: boolean): void {
    this.socket?.close();
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heardMs = performance.now();
    this.listener.state(this.tries === 0 ? "connecting" : "lost", 0);
    let isRefused = false;
    socket.onopen = () => socket.send(this.request(isResuming));
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      this.heardMs = performance.now();
      const data = event.data;
      if (typeof data === "string") {
        const said = JSON.parse(data) as { error?: string; epoch?: string | number; tiles?: number[] };
        if (said.error !== undefined) {
          isRefused = true;
          this.listener.refused(said.error);
          return;
        }
        const isResumed = String(said.epoch) === this.epoch && isResuming;
        this.epoch = String(said.epoch);
        this.order = this.order.then(() => this.listener.subscribed(said.tiles ?? [], isResumed));
        return;
      }
      this.order = this.order.then(async () => {
        if (this.socket !== socket) return;
        const parts = await readParts(data);
        for (const part of parts) if (part.kind === TICK_KIND) this.picture = part.picture;
        this.tries = 0;
        this.listener.parts(parts);
        this.listener.state("live", 0);
      });
      this.order = this.order.catch((error: unknown) => {
        this.listener.refused(error instanceof Error ? error.message : String(error));
        socket.close();
      });
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (this.isStopped || isRefused) return;
      const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)]! * (0.8 + 0.4 * Math.random());
      this.tries++;
      this.listener.state("lost", 0);
      this.timer = window.setTimeout(() => this.open(true), wait);
    };
  }

  private look(): void {
    const { socket } = this;
    if (socket === null || socket.readyState > WebSocket.OPEN) return;
    const isOpen = socket.readyState === WebSocket.OPEN;
    const silentMs = performance.now() - this.heardMs;
    if (isOpen && silentMs > SILENT_MS) this.listener.state("silent", Math.round(silentMs / 1000));
    if (!isOpen && this.tries === 0) this.listener.state("connecting", Math.round(silentMs / 1000));
    if (silentMs > (isOpen ? GIVEN_UP_MS : UNANSWERED_MS)) socket.close();
  }
}
