/** One table of a page: its question answered, with the links that give the same rows as files. */

import { find, type Answer, type Row } from "../api/find";
import { address } from "../api/rest";
import type { PageName, Section } from "../state/page";
import { ICONS } from "../panels/icons";
import { el, icon, setText } from "../text/dom";
import { count, type Units } from "../text/units";
import { WORDS } from "../text/words";
import { columnsOf } from "./columns";

const PAGE = 100;
/** Forms that rows are given in; the other end of each link is `/api/v1/find`. */
export const FORMATS = ["csv", "json", "ndjson", "parquet", "arrow", "geojson", "kml", "gpx", "czml", "svg", "png"] as const;
const MOST_IN_FILE = "10000";

export interface TableActs {
  open(page: PageName): void;
  /** Draw the rows of a question on the map, with one of them chosen. */
  draw(question: string, row: number | null): void;
  isDrawn(question: string): boolean;
  units(): Units;
  play(row: Row): void;
  /** Place of the chosen row in what is drawn. */
  chosen(): number | null;
}

export class SectionTable {
  readonly element: HTMLElement;
  answer: Answer | null = null;
  rows: readonly Row[] = [];
  /** Rings when rows have come. */
  came: () => void = () => undefined;
  private readonly title = el("h3", {});
  private readonly body = el("div", { class: "page-scroll", tabindex: 0, role: "group" });
  private readonly note = el("p", { class: "quiet page-note" });
  /** The chosen row in a sentence. */
  private readonly told = el("div", { class: "page-told", hidden: true });
  private readonly draws: HTMLButtonElement;
  private readonly more = el("button", { type: "button", class: "chip", hidden: true, onclick: () => void this.load(this.rows.length) }, "More rows");
  private readonly abort = new AbortController();
  private isFailed = false;

  constructor(readonly page: PageName, readonly section: Section, private readonly acts: TableActs) {
    this.draws = el("button", { type: "button", class: "chip", "aria-pressed": "false", onclick: () => acts.draw(section.question, null) }, "On the map");
    this.body.setAttribute("aria-label", section.title);
    setText(this.title, section.title);
    this.element = el("section", { class: "page-section", "aria-label": section.title },
      el("div", { class: "page-head" }, this.title, this.draws, this.files()), this.body, this.told, this.note, this.more);
    this.draw();
  }

  stop(): void {
    this.abort.abort();
  }

  async load(skip = 0): Promise<void> {
    try {
      const answer = await find(this.section.question, skip, PAGE, this.abort.signal);
      this.answer = answer;
      this.rows = skip === 0 ? answer.rows : [...this.rows, ...answer.rows];
    } catch (error) {
      if (this.abort.signal.aborted) return;
      this.isFailed = true;
      setText(this.note, error instanceof Error ? error.message : String(error));
    }
    this.draw();
    this.came();
  }

  /** Say anew what is chosen and how numbers are read. */
  draw(): void {
    const { answer, rows, acts } = this;
    this.draws.setAttribute("aria-pressed", String(acts.isDrawn(this.section.question)));
    this.draws.hidden = rows.length === 0;
    if (answer === null) {
      if (!this.isFailed) setText(this.note, "Asking the record …");
      return;
    }
    setText(this.title, `${this.section.title} · ${count(answer.total)}`);
    setText(this.note, answer.total === 0 ? this.section.none : "");
    this.note.hidden = answer.total > 0;
    this.more.hidden = answer.next === undefined;
    this.body.hidden = rows.length === 0;
    const units = acts.units();
    const columns = columnsOf(answer.subject, rows, units, this.page);
    const heads = columns.map((column) => el("th", { scope: "col" }, column.title));
    const chosen = acts.isDrawn(this.section.question) ? acts.chosen() : null;
    const lines = rows.map((row, i) => el("tr", { "data-row": i, class: i === chosen ? "chosen" : null, onclick: (event: MouseEvent) => {
      if (!(event.target as Element).closest("button")) acts.draw(this.section.question, i);
    } }, ...columns.map((column) => {
      const cell = column.cell(row, units);
      const { page } = cell;
      const inside = page ? el("button", { type: "button", class: "to-page", onclick: () => acts.open(page) }, cell.text) : cell.text;
      return el("td", { class: cell.isNumber ? "number" : null }, inside);
    })));
    const row = chosen === null ? undefined : rows[chosen];
    this.told.hidden = row === undefined;
    if (row !== undefined) {
      const play = el("button", { type: "button", class: "chip", onclick: () => acts.play(row) }, icon(ICONS.play), WORDS.playIt);
      this.told.replaceChildren(el("p", {}, typeof row["sentence"] === "string" ? row["sentence"] : ""), play);
    }
    this.body.replaceChildren(el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...lines)));
  }

  private files(): HTMLElement {
    const links = FORMATS.map((format) => {
      const query = new URLSearchParams({ q: this.section.question, limit: MOST_IN_FILE, format });
      const name = `${this.section.question.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 60)}.${format}`;
      return el("a", { class: "chip", href: address(`api/v1/find?${query}`), download: name }, format);
    });
    return el("details", { class: "page-files" }, el("summary", { class: "chip" }, "Files"), el("div", { class: "page-formats" }, ...links));
  }
}
