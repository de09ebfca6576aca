/** The time that is shown: the node's own when live, any other when the past is played. Never this computer's. */

export class Clock {
  private baseMs = 0;
  private baseAt = 0;
  rate = 1;
  isSet = false;

  /** Time now shown, milliseconds UTC. */
  now(): number {
    return this.baseMs + (performance.now() - this.baseAt) * this.rate;
  }

  /** A picture of the node came: follow its clock without jumps, but do not run ahead of what is known for long. */
  follow(nodeMs: number): void {
    const error = nodeMs - this.now();
    this.rate = 1;
    if (!this.isSet || Math.abs(error) > 2500) this.set(nodeMs);
    else this.set(this.now() + error * 0.15);
  }

  set(ms: number, rate = 1): void {
    this.baseMs = ms;
    this.baseAt = performance.now();
    this.rate = rate;
    this.isSet = true;
  }
}
