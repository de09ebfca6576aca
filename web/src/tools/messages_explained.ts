/** One frame bit by bit: a strip of its bits, and what each field of it says. */

import type { Explained, ExplainedRow } from "../api/raw_messages";
import { el } from "../text/dom";
import { MESSAGES_WORDS as SAID } from "./words_messages";

/** First and last bit of a row, from 1; null for what is not in one place. */
function placeOf(row: ExplainedRow): readonly [number, number] | null {
  const found = /^(\d+)(?:-(\d+))?$/.exec(row.bits);
  if (found === null || row.part === "register") return null;
  return [Number(found[1]), Number(found[2] ?? found[1])];
}

const bitsOf = (frame: string): string => [...frame].map((digit) => parseInt(digit, 16).toString(2).padStart(4, "0")).join("");

/** The frame with one bit turned, counted from 1. */
export function turned(frame: string, bit: number | undefined): string {
  if (bit === undefined) return frame;
  const at = Math.floor((bit - 1) / 4);
  const digit = parseInt(frame[at] ?? "0", 16) ^ (8 >> ((bit - 1) % 4));
  return frame.slice(0, at) + digit.toString(16).toUpperCase() + frame.slice(at + 1);
}

export function explainedFrame(explained: Explained, repairedBit?: number): HTMLElement {
  const bits = bitsOf(explained.frame);
  const rows = new Map<ExplainedRow, HTMLElement>();
  const pieces = new Map<ExplainedRow, HTMLElement>();
  const mark = (row: ExplainedRow, isMarked: boolean): void => {
    for (const one of [rows.get(row), pieces.get(row)]) one?.classList.toggle("marked", isMarked);
  };
  const marking = (row: ExplainedRow): Record<string, () => void> => ({ onmouseenter: () => mark(row, true), onmouseleave: () => mark(row, false) });
  // The same in the table: the strip shows it to those who look.
  const strip = el("p", { class: "bits", "aria-hidden": "true" });
  let next = 1;
  const placed = explained.rows.flatMap((row) => {
    const place = placeOf(row);
    return place === null ? [] : [{ row, place }];
  }).sort((a, b) => a.place[0] - b.place[0]);
  for (const { row, place: [first, last] } of placed) {
    if (first < next) continue;
    if (first > next) strip.append(el("span", {}, bits.slice(next - 1, first - 1)));
    const piece = el("span", { class: "piece", title: row.meaning, ...marking(row) }, bits.slice(first - 1, last));
    pieces.set(row, piece);
    strip.append(piece);
    next = last + 1;
  }
  if (next <= bits.length) strip.append(el("span", {}, bits.slice(next - 1)));
  const body: HTMLElement[] = [];
  let part = "";
  for (const row of explained.rows) {
    if (row.part !== part) {
      part = row.part;
      body.push(el("tr", { class: "part" }, el("th", { colspan: 3, scope: "colgroup" }, SAID.parts[row.part])));
    }
    const line = el("tr", marking(row),
      el("td", { class: "at" }, row.bits, row.raw !== "" && el("code", {}, row.raw)),
      el("td", {}, row.meaning || row.name.replaceAll("_", " "), row.section !== "" && el("small", {}, row.section)),
      el("td", { class: "said" }, row.text));
    rows.set(row, line);
    body.push(line);
  }
  const proof = explained.icao24 === null ? "" : explained.address_verified ? SAID.proved : SAID.notProved;
  return el("div", { class: "explained" },
    el("p", { class: "quiet" }, [`DF ${explained.df}, ${explained.title}`, proof, repairedBit === undefined ? "" : SAID.repaired(repairedBit)].filter(Boolean).join(" · ")),
    strip,
    el("table", { "aria-label": SAID.fields(explained.frame) },
      el("thead", {}, el("tr", {}, ...[SAID.bits, SAID.field, SAID.says].map((title) => el("th", { scope: "col" }, title)))),
      el("tbody", {}, ...body)));
}
