/** A question to the record and its answer: what is asked, found, chosen, and what a link promised. */

import { find, type Answer, type Row } from "../api/find";
import { Refusal } from "../api/rest";
import { WORDS } from "../text/words";
import type { Model } from "./model";

const PAGE = 100;
const MINUTE_MS = 60_000;
const HASH_CHARACTERS = 12;

export interface Mistake {
  readonly words: string;
  /** Place in the question, characters; null if it has none. */
  readonly at: number | null;
}

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What a link says of the answer it was made from. */
export interface Promised {
  readonly row: string;
  readonly hash: string;
}

/** What is the same of a row wherever it stands in an answer. */
export function nameOfRow(row: Row): string {
  const time = row["from"] ?? row["first_seen"] ?? row["time"] ?? "";
  return `${String(row["icao24"] ?? "")}@${String(time).slice(0, 19)}`;
}

export function timeOf(row: Row, name: string): number {
  const value = row[name];
  return typeof value === "string" ? Date.parse(value) : NaN;
}

/** The time that a row is about; null if it has none. */
export function spanOf(row: Row): Span | null {
  for (const [from, until] of [["from", "until"], ["first_seen", "last_seen"], ["time", "time"]] as const) {
    const [fromMs, untilMs] = [timeOf(row, from), timeOf(row, until)];
    if (Number.isNaN(fromMs) || Number.isNaN(untilMs)) continue;
    // A moment is shown with what is about it.
    return untilMs - fromMs < MINUTE_MS ? { fromMs: fromMs - 5 * MINUTE_MS, untilMs: untilMs + 5 * MINUTE_MS } : { fromMs, untilMs };
  }
  return null;
}

export class Asking {
  question = "";
  answer: Answer | null = null;
  rows: readonly Row[] = [];
  chosen: number | null = null;
  mistake: Mistake | null = null;
  /** What the link promised and the record does not have any more. */
  missing = "";
  isAsking = false;
  /** The node keeps no record to ask. */
  isUnkept = false;
  private abort: AbortController | null = null;

  constructor(private readonly model: Model) {}

  get isOpen(): boolean {
    return this.question !== "";
  }

  get row(): Row | null {
    return this.chosen === null ? null : (this.rows[this.chosen] ?? null);
  }

  get hash(): string {
    return this.answer?.content_hash?.slice(0, HASH_CHARACTERS) ?? "";
  }

  async ask(question: string, promised: Promised | null = null): Promise<void> {
    this.close(false);
    this.question = question.trim();
    if (!this.isOpen) return this.model.ring("answer");
    await this.load(0);
    if (promised !== null && this.answer !== null) await this.keep(promised);
    else if (this.rows.length === 1) this.chosen = 0;
    this.model.ring("answer");
    this.model.ring("chosen");
  }

  /** Fetch the next page. */
  async more(): Promise<void> {
    const next = this.answer?.next;
    if (next === undefined || this.isAsking) return;
    await this.load(next);
    this.model.ring("answer");
  }

  choose(index: number | null): void {
    this.chosen = index;
    this.model.ring("chosen");
  }

  close(isRung = true): void {
    this.abort?.abort();
    this.abort = null;
    Object.assign(this, { question: "", answer: null, rows: [], chosen: null, mistake: null, missing: "", isAsking: false });
    if (!isRung) return;
    this.model.ring("answer");
    this.model.ring("chosen");
  }

  private async load(skip: number): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    this.isAsking = true;
    this.model.ring("answer");
    try {
      const answer = await find(this.question, skip, PAGE, abort.signal);
      if (this.abort !== abort) return;
      this.answer = answer;
      this.rows = skip === 0 ? answer.rows : [...this.rows, ...answer.rows];
    } catch (error) {
      if (this.abort !== abort) return;
      this.isUnkept = error instanceof Refusal && error.status === 404;
      this.mistake = mistakeOf(error);
    }
    this.isAsking = false;
  }

  /** Find the row of a link again, and say what is not as it was. */
  private async keep(promised: Promised): Promise<void> {
    const at = (): number => this.rows.findIndex((row) => nameOfRow(row) === promised.row);
    while (promised.row !== "" && at() < 0 && this.answer?.next !== undefined && this.rows.length < 20 * PAGE) {
      const before = this.rows.length;
      await this.load(this.answer.next);
      if (this.rows.length === before) break;
    }
    this.chosen = at() >= 0 ? at() : null;
    const [hex, from] = promised.row.split("@");
    if (promised.row !== "" && this.chosen === null) this.missing = WORDS.rowGone(hex ?? "", from ?? "");
    else if (promised.hash !== "" && promised.hash !== this.hash) this.missing = WORDS.answerChanged(promised.hash, this.hash);
  }
}

function mistakeOf(error: unknown): Mistake {
  if (!(error instanceof Refusal)) return { words: WORDS.nodeAway, at: null };
  const found = /^at character (\d+): (.*)$/s.exec(error.message);
  return found === null ? { words: error.message, at: null } : { words: found[2]!, at: Number(found[1]) - 1 };
}
