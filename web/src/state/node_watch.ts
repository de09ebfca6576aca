/** Asks the node again and again how it does: whether it keeps a record, and whether its receivers hear anything. */

import { status, type Status } from "../api/rest";

const EVERY_MS = 15_000;
const AGAIN_MS = 3_000;
const PATIENCE_MS = 10_000;

export class NodeWatch {
  /** Done with the first answer. */
  readonly first: Promise<void>;
  latest: Status | null = null;

  constructor(private readonly came: (status: Status) => void) {
    this.first = new Promise((resolve) => void this.ask(resolve));
  }

  private async ask(done: () => void): Promise<void> {
    if (!document.hidden || this.latest === null) {
      const answer = await status(AbortSignal.timeout(PATIENCE_MS)).catch(() => null);
      if (answer === null) return void window.setTimeout(() => void this.ask(done), AGAIN_MS);
      this.latest = answer;
      this.came(answer);
      done();
    }
    window.setTimeout(() => void this.ask(done), EVERY_MS);
  }
}
