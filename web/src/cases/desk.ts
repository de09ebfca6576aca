/** The case desk: what was found, in an order, with notes; written through to the node with every change. */

import { ICONS } from "../panels/icons";
import { Refusal, address } from "../api/rest";
import type { Model } from "../state/model";
import { el, icon, setText } from "../text/dom";
import { begin, change, draftOf, every, fileOf, itemOf, read, remove, restore, take, type Case, type Draft, type Item } from "./case";

const SAVE_MS = 500;
const AGAIN_MS = 5000;
const CURRENT = "skywitness.case";
const DRAFT = "skywitness.case.draft";
const FORMATS = ["csv", "geojson", "kml", "gpx", "parquet", "svg", "png"] as const;

export class Desk {
  readonly element: HTMLElement;
  private readonly list = el("select", { "aria-label": "Case", onchange: () => void this.openCase(this.list.value) });
  private readonly title = el("input", { type: "text", "aria-label": "Title of the case", maxlength: 300, placeholder: "Title", oninput: () => this.edit(() => (this.now!.title = this.title.value)) });
  private readonly note = el("textarea", { "aria-label": "Note on the case", rows: 3, maxlength: 20000, placeholder: "What is it about?", oninput: () => this.edit(() => (this.now!.note = this.note.value)) });
  private readonly items = el("ol", { class: "case-items" });
  private readonly state = el("p", { class: "quiet page-note", role: "status" });
  private readonly undo = el("button", { type: "button", class: "chip", hidden: true, onclick: () => this.takeBack() }, "Undo");
  private readonly file = el("a", { class: "chip", download: "" }, "Save as file");
  private now: Case | null = null;
  private before: (() => void) | null = null;
  private timer = 0;
  private isSaving = false;

  constructor(
    private readonly model: Model, private readonly link: () => string, private readonly nameOfSelected: () => string,
    close: () => void, private readonly openLink: (link: string) => void,
  ) {
    const button = (words: string, act: () => void): HTMLElement => el("button", { type: "button", class: "chip", onclick: act }, words);
    const chosen = el("input", { type: "file", accept: ".json,application/json", hidden: true, onchange: () => void this.takeFile(chosen) });
    this.element = el(
      "section", { class: "panel page desk", "aria-label": "Case desk" },
      el("div", { class: "head" }, el("h2", {}, "Case desk"),
        el("button", { type: "button", class: "plain", "aria-label": "Close", onclick: close }, icon(ICONS.close))),
      el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Case desk" },
        el("div", { class: "chips" }, this.list, button("New", () => void this.beginCase()), this.file,
          button("Open file", () => chosen.click()), chosen, button("Delete", () => void this.deleteCase())),
        el("div", { class: "case-head" }, this.title, this.note),
        el("div", { class: "chips" }, button("Add what is shown (k)", () => void this.add()), this.undo),
        this.items, this.state),
    );
    window.addEventListener("online", () => void this.save());
  }

  /** Begin with the case that was open last. */
  async start(): Promise<void> {
    await this.tried(async () => {
      const cases = await every();
      const kept = localStorage.getItem(CURRENT) ?? "";
      const wanted = cases.find((one) => one.id === kept) ?? cases[0];
      if (wanted === undefined) return this.show(await begin({ title: "Case 1", note: "", items: [] }));
      await this.openCase(wanted.id);
    });
  }

  /** Put what is asked, chosen or selected into the case. */
  async add(): Promise<void> {
    if (this.now === null) await this.start();
    this.edit(() => this.now!.items.push(itemOf(this.model, this.link(), this.nameOfSelected())), true);
    this.items.lastElementChild?.scrollIntoView({ block: "nearest" });
  }

  private async openCase(id: string): Promise<void> {
    await this.tried(async () => {
      await this.save();
      const found = await read(id);
      const draft = draftOfPage(id);
      if (draft !== null && draft.version === found.version) {
        Object.assign(found, draftOf(draft)); // typed while the node was away
        this.show(found);
        return this.later(0);
      }
      this.show(found);
      if (draft !== null) setText(this.state, "This case was changed elsewhere; what was typed here while the node was away is older and was left out.");
    });
  }

  private async beginCase(): Promise<void> {
    await this.tried(async () => {
      await this.save();
      this.show(await begin({ title: `Case ${(await every()).length + 1}`, note: "", items: [] }));
      this.title.select();
    });
  }

  private async deleteCase(): Promise<void> {
    const { now } = this;
    if (now === null) return;
    await this.tried(async () => {
      await remove(now.id);
      localStorage.removeItem(DRAFT);
      this.now = null;
      await this.start();
      this.offer(() => void this.tried(async () => this.show(await restore(now.id))));
    });
  }

  private async takeFile(chosen: HTMLInputElement): Promise<void> {
    const file = chosen.files?.[0];
    chosen.value = "";
    if (file === undefined) return;
    await this.tried(async () => this.show(await take(JSON.parse(await file.text()))));
  }

  /** Change the case; with `isDrawn` its items look otherwise. */
  private edit(act: () => void, isDrawn = false): void {
    const { now } = this;
    if (now === null) return;
    const old = structuredClone(draftOf(now));
    act();
    if (isDrawn) {
      this.drawItems();
      this.offer(() => {
        Object.assign(now, old);
        this.show(now);
        this.later(0);
      });
    }
    this.later(SAVE_MS);
  }

  private later(ms: number): void {
    const { now } = this;
    if (now === null) return;
    localStorage.setItem(DRAFT, JSON.stringify({ id: now.id, version: now.version, ...draftOf(now) }));
    setText(this.state, "Not kept yet.");
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), ms);
  }

  private async save(): Promise<void> {
    const { now } = this;
    window.clearTimeout(this.timer);
    const draft = now === null ? null : draftOfPage(now.id);
    if (now === null || draft === null || this.isSaving) return;
    this.isSaving = true;
    const sent = JSON.stringify(draftOf(now));
    try {
      now.version = (await change(now.id, now.version, draftOf(now))).version;
      if (JSON.stringify(draftOf(now)) === sent) {
        localStorage.removeItem(DRAFT);
        setText(this.state, "Kept by the node.");
      } else this.later(SAVE_MS);
    } catch (error) {
      if (error instanceof Refusal && error.status === 409) {
        localStorage.removeItem(DRAFT);
        await this.openCase(now.id);
        setText(this.state, "This case was changed elsewhere; it was read again.");
      } else {
        setText(this.state, `Not kept yet, but in this browser: ${error instanceof Refusal ? error.message : "the node does not answer"}.`);
        if (!(error instanceof Refusal)) this.timer = window.setTimeout(() => void this.save(), AGAIN_MS);
      }
    } finally {
      this.isSaving = false;
    }
    void this.drawList();
  }

  private async tried(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      setText(this.state, error instanceof Error ? error.message : String(error));
    }
  }

  private offer(act: () => void): void {
    this.before = act;
    this.undo.hidden = false;
  }

  private takeBack(): void {
    this.undo.hidden = true;
    this.before?.();
    this.before = null;
  }

  private show(found: Case): void {
    this.now = found;
    localStorage.setItem(CURRENT, found.id);
    this.title.value = found.title;
    this.note.value = found.note;
    this.file.href = address(fileOf(found.id));
    setText(this.state, "Kept by the node.");
    this.drawItems();
    void this.drawList();
  }

  private async drawList(): Promise<void> {
    const cases = await every().catch(() => []);
    this.list.replaceChildren(...cases.map((one) => el("option", { value: one.id, selected: one.id === this.now?.id }, `${one.title || "without a title"} (${one.items})`)));
  }

  private drawItems(): void {
    const items = this.now?.items ?? [];
    this.items.replaceChildren(...items.map((item, place) => this.drawn(item, place)));
  }

  private drawn(item: Item, place: number): HTMLElement {
    const button = (words: string, act: () => void): HTMLElement => el("button", { type: "button", class: "chip", onclick: act }, words);
    const note = el("textarea", { "aria-label": `Note on ${item.title}`, rows: 2, maxlength: 20000, placeholder: "Note", oninput: () => this.edit(() => (item.note = note.value)) });
    note.value = item.note ?? "";
    const open = (event: Event): void => {
      event.preventDefault();
      this.openLink(item.link);
    };
    const { question } = item;
    const files = question === undefined || question === "" ? [] : FORMATS.map((format) => el(
      "a", { class: "chip", download: "", href: address(`api/v1/find?${new URLSearchParams({ q: question, format })}`) }, format.toUpperCase()));
    return el(
      "li", {},
      el("p", { class: "case-title" }, el("a", { href: item.link, onclick: open }, item.title)),
      el("p", { class: "quiet case-cited" }, item.citation ?? ""),
      note,
      el("div", { class: "chips" },
        button("Copy citation", () => void this.copy(`${item.citation ?? item.title}; ${new URL(item.link, window.location.href).href}`)),
        place > 0 && button("Up", () => this.edit(() => this.now!.items.splice(place - 1, 0, ...this.now!.items.splice(place, 1)), true)),
        button("Remove", () => this.edit(() => this.now!.items.splice(place, 1), true)),
        files.length > 0 && el("details", { class: "page-files" }, el("summary", { class: "chip" }, "Files"), el("div", { class: "page-formats" }, ...files))),
    );
  }

  private async copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setText(this.state, "Citation copied.");
    } catch {
      setText(this.state, text);
    }
  }
}

/** What was typed into a case and the node has not taken yet. */
function draftOfPage(id: string): (Draft & { readonly version: number }) | null {
  try {
    const kept = JSON.parse(localStorage.getItem(DRAFT) ?? "null") as (Draft & { readonly id: string; readonly version: number }) | null;
    return kept !== null && kept.id === id ? kept : null;
  } catch {
    return null;
  }
}
