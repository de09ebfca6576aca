/** A case as the node keeps it, and what becomes an item of one. */

import { json, send } from "../api/rest";
import { nameOfRow, spanOf } from "../state/asking";
import type { Model } from "../state/model";

export interface Item {
  id: string;
  kind: "question" | "flight" | "view" | "page";
  title: string;
  link: string;
  question?: string;
  note?: string;
  content_hash?: string;
  rows?: number;
  citation?: string;
  added?: string;
}

export interface Draft {
  title: string;
  note: string;
  items: Item[];
}

export interface Case extends Draft {
  readonly id: string;
  version: number;
}

export interface Summary {
  readonly id: string;
  readonly title: string;
  readonly items: number;
  readonly deleted: string;
  readonly is_damaged: boolean;
}

const moment = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

const CASES = "api/v1/cases";
const MOST_TITLE = 300;

export const every = async (): Promise<readonly Summary[]> => (await json<{ cases: Summary[] }>(CASES)).cases.filter((one) => one.deleted === "" && !one.is_damaged);
export const read = (id: string): Promise<Case> => json<Case>(`${CASES}/${id}`);
export const begin = (draft: Draft): Promise<Case> => send<Case>("POST", CASES, draft);
export const change = (id: string, version: number, draft: Draft): Promise<Case> => send<Case>("PUT", `${CASES}/${id}`, draft, version);
export const remove = (id: string): Promise<Case> => send<Case>("DELETE", `${CASES}/${id}`, undefined);
export const restore = (id: string): Promise<Case> => send<Case>("POST", `${CASES}/${id}/restore`, undefined);
export const take = (file: unknown): Promise<Case> => send<Case>("POST", `${CASES}/file`, file);
export const fileOf = (id: string): string => `${CASES}/${id}/file`;

export const draftOf = ({ title, note, items }: Draft): Draft => ({ title, note, items });

function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is asked, chosen or selected now, with what a reader needs to find it again. */
export function itemOf(model: Model, link: string, aircraft: string): Item {
  const { asking } = model;
  const now = new Date().toISOString();
  const base = { id: newId(), link, added: now };
  const { answer, row } = asking;
  if (asking.isOpen && answer !== null) {
    const span = row === null ? null : spanOf(row);
    const what = row === null ? `${answer.total} ${answer.subject}` : `${nameOfRow(row)}: ${String(row["sentence"] ?? "")}`;
    const told = [
      `skywitness, question \u201c${asking.question}\u201d`, what,
      span === null ? "" : `${moment(span.fromMs)}Z to ${moment(span.untilMs)}Z`,
      (answer.coverage?.sentence ?? "").replace(/\.$/, ""), `SHA-256 of the rows ${answer.content_hash ?? "unknown"}`, `asked ${now.slice(0, 19)}Z`,
    ];
    return {
      ...base, kind: row === null ? "question" : "flight", question: asking.question, rows: answer.total,
      title: (row === null ? asking.question : `${String(row["registration"] ?? row["icao24"] ?? "")} ${String(row["from"] ?? "").slice(0, 16)}`).slice(0, MOST_TITLE),
      ...(answer.content_hash === undefined ? {} : { content_hash: answer.content_hash }),
      citation: told.filter((part) => part !== "").join("; ").slice(0, 4000),
    };
  }
  const time = `${moment(model.clock.now())}Z`;
  const at = model.mode === "live" && model.hasRecord && model.clock.isSet ? `&at=${time}` : "";
  return {
    ...base, kind: "view", link: link + at, title: `${aircraft === "" ? "The map" : aircraft} at ${time}`.slice(0, MOST_TITLE),
    citation: `skywitness, ${aircraft === "" ? "the map" : aircraft} as shown at ${time}; kept ${now.slice(0, 19)}Z`,
  };
}
