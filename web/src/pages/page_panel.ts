/** The panel of a page: what is known of the one it is about, and tables; the map draws one of them. */

import { airports, type Airport, type Row } from "../api/find";
import { identity, json, Refusal, type Identity } from "../api/rest";
import type { Commands } from "../state/commands";
import type { Model } from "../state/model";
import { sectionsOf, textOf, type PageName } from "../state/page";
import { el, icon, setText } from "../text/dom";
import { localTime, longMoment } from "../text/moment";
import { coordinate, count } from "../text/units";
import { WORDS } from "../text/words";
import { ICONS } from "../panels/icons";
import { NodePage } from "./node_page";
import { SectionTable, type TableActs } from "./table";

/** About an airfield, degrees of latitude: what is on the ground there. */
const FIELD_DEG = 0.04;

type Fact = readonly [name: string, value: string, behind?: string];

export class PagePanel {
  readonly element: HTMLElement;
  private readonly title = el("h2", {});
  private readonly subtitle = el("p", { class: "subtitle" });
  private readonly facts = el("dl", { class: "page-facts" });
  private readonly more = el("div", { class: "page-more" });
  private readonly tables = el("div", {});
  private readonly coverage = el("p", { class: "coverage page-coverage" });
  private readonly node: NodePage;
  private readonly acts: TableActs;
  private shown = "";
  private sections: SectionTable[] = [];
  private field: Airport | null = null;

  constructor(private readonly model: Model, private readonly commands: Commands, copyLink: () => void, play: (row: Row) => void, private readonly look: (lon: number, lat: number) => void) {
    this.node = new NodePage(() => this.model.settings.units);
    this.acts = {
      open: (page) => commands.openPage(page),
      draw: (question, row) => void this.drawOnMap(question, row),
      isDrawn: (question) => model.asking.question === question,
      play, units: () => model.settings.units,
      chosen: () => model.asking.chosen,
    };
    this.element = el(
      "section", { class: "panel page", "aria-label": "Page", hidden: true },
      el("div", { class: "head" }, el("div", {}, this.title, this.subtitle),
        el("button", { type: "button", class: "plain", "aria-label": WORDS.close, onclick: () => commands.openPage(null) }, icon(ICONS.close))),
      el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Page" },
        el("div", { class: "chips" }, el("button", { type: "button", class: "chip", onclick: copyLink }, icon(ICONS.link), WORDS.copyLink)),
        this.facts, this.more, this.tables, this.node.element, this.coverage),
    );
    model.on(["page"], () => this.open());
    model.on(["answer", "chosen", "settings"], () => this.sections.forEach((table) => table.draw()));
    window.setInterval(() => this.field !== null && !this.element.hidden && this.tick(), 1000);
    this.open();
  }

  private open(): void {
    const { page } = this.model;
    const name = page === null ? "" : textOf(page);
    document.body.classList.toggle("has-page", page !== null);
    this.element.hidden = page === null;
    this.element.classList.toggle("of-node", page?.kind === "node");
    this.node.show(page?.kind === "node");
    if (name === this.shown) return;
    this.shown = name;
    this.field = null;
    this.sections.forEach((table) => table.stop());
    this.sections = [];
    this.facts.replaceChildren();
    this.more.replaceChildren();
    setText(this.coverage, "");
    this.tables.replaceChildren();
    if (page === null) return;
    setText(this.title, page.kind === "node" ? "This node" : page.name);
    setText(this.subtitle, SUBTITLES[page.kind]);
    this.sections = sectionsOf(page).map((section) => new SectionTable(page, section, this.acts));
    this.tables.append(...this.sections.map((table) => table.element));
    for (const table of this.sections) {
      table.came = () => {
        setText(this.coverage, this.sections.find((one) => one.answer?.coverage)?.answer?.coverage?.sentence ?? "");
        if (page.kind === "airport" && table === this.sections[2]) this.tellRunways(table.rows);
      };
    }
    void this.loadAll(name);
    void this.tell(page, name);
    this.element.querySelector<HTMLElement>(".scroll")!.scrollTop = 0;
  }

  /** One after the other: a node answers few questions to the record at once. */
  private async loadAll(name: string): Promise<void> {
    for (const table of this.sections) {
      if (this.shown === name) await table.load();
    }
  }

  private async drawOnMap(question: string, row: number | null): Promise<void> {
    const { asking } = this.model;
    if (asking.question !== question) await asking.ask(question);
    if (row !== null && asking.question === question && row < asking.rows.length) asking.choose(row);
  }

  private async tell(page: PageName, name: string): Promise<void> {
    const isStill = (): boolean => this.shown === name;
    try {
      if (page.kind === "aircraft") {
        const [who, seen] = await Promise.all([identity(page.name), json<{ rows: Row[] }>(`api/v1/find?${new URLSearchParams({ q: `show:aircraft hex:${page.name}` })}`).catch(() => null)]);
        if (isStill()) this.tellAircraft(page.name, who, seen?.rows[0] ?? null);
      } else if (page.kind === "airport") {
        const found = (await airports([page.name])).get(page.name) ?? null;
        if (!isStill()) return;
        if (found === null) setText(this.subtitle, "no airfield of that code is known");
        else await this.tellAirport(found, isStill);
      } else if (page.kind === "receiver") {
        const { receivers } = await json<{ receivers: Row[] }>("api/v1/receivers");
        if (isStill()) this.tellReceiver(receivers.find((one) => one["name"] === page.name) ?? null);
      }
    } catch (error) {
      if (isStill()) this.more.replaceChildren(el("p", { class: "quiet page-note" }, error instanceof Refusal ? error.message : WORDS.nodeAway));
    }
  }

  private tellAircraft(hex: string, who: Identity | null, seen: Row | null): void {
    const value = (name: string, words = name): Fact => [words, who?.values[name]?.value ?? "", who?.values[name]?.source ?? ""];
    const registration = who?.values["registration"]?.value ?? "";
    setText(this.title, registration || hex);
    setText(this.subtitle, [who?.values["typecode"]?.value, hex, who?.country, who?.values["military"] ? "military" : ""].filter(Boolean).join(" · "));
    const moment = (name: string): string => (typeof seen?.[name] === "string" ? `${longMoment(Date.parse(seen[name]))} UTC` : "");
    const number = (name: string): string => (typeof seen?.[name] === "number" ? count(seen[name]) : "");
    const calls = seen?.["callsigns"];
    this.show([
      value("registration"), value("typecode", "type"), value("operator"), value("description"), value("year"),
      ["Callsigns sent", Array.isArray(calls) ? calls.join(", ") : ""], ["First seen", moment("first_seen")], ["Last seen", moment("last_seen")],
      ["Positions", number("positions")],
    ]);
    const operator = who?.values["operator"]?.value ?? "";
    const links: HTMLElement[] = [];
    if (operator !== "") links.push(this.link(`All of ${operator}`, { kind: "operator", name: operator }));
    if (who !== null && who.country !== "") {
      links.push(this.link(who.country, { kind: "country", name: who.country }));
      if (who.values["military"]) links.push(this.link(`Military of ${who.country}`, { kind: "force", name: who.country }));
    }
    this.more.replaceChildren(el("div", { class: "chips" }, ...links));
    if (who === null) return;
    const day = (text: string | null, open: string): string => (text === null ? open : text.slice(0, 10));
    const said = who.statements.map((one) => el("tr", {},
      el("td", {}, `${day(one.from, "always")} to ${day(one.until, "now")}`),
      el("td", {}, Object.entries(one.values).map(([name, text]) => `${name} ${text}`).join(", ")),
      el("td", {}, one.is_derived ? `${one.source} (rule, not observed)` : one.source)));
    if (said.length > 0) {
      this.more.append(el("section", { class: "page-section", "aria-label": "Identity" }, el("div", { class: "page-head" }, el("h3", {}, "Who says what, since when")),
        el("div", { class: "page-scroll", tabindex: 0, role: "group", "aria-label": "Identity" }, el("table", {},
          el("thead", {}, el("tr", {}, ...["When", "Says", "Source"].map((word) => el("th", { scope: "col" }, word)))), el("tbody", {}, ...said)))));
    }
    for (const words of who.remarks) this.more.append(el("p", { class: "page-remark" }, words));
  }

  private async tellAirport(found: Airport, isStill: () => boolean): Promise<void> {
    setText(this.title, `${found.airport} ${found.name}`);
    setText(this.subtitle, [found.city, found.country_name].filter(Boolean).join(", "));
    this.field = found;
    this.show([["Place", coordinate(found.lat_deg, found.lon_deg)], ["Time there", ""], ["Runways in use", "as observed, below"]]);
    this.look(found.lon_deg, found.lat_deg);
    this.tick();
    if (found.country_name) this.more.replaceChildren(el("div", { class: "chips" }, this.link(found.country_name, { kind: "country", name: found.country_name })));
    const wide = FIELD_DEG / Math.max(0.2, Math.cos((found.lat_deg * Math.PI) / 180));
    const turned = (lon: number): number => ((((lon + 180) % 360) + 360) % 360) - 180;
    const area = [found.lat_deg - FIELD_DEG, turned(found.lon_deg - wide), found.lat_deg + FIELD_DEG, turned(found.lon_deg + wide)].map((v) => v.toFixed(4)).join(",");
    const now = await json<{ aircraft: Row[]; now: string }>(`api/v1/aircraft?area=${area}&on_ground=true&fields=icao24,callsign,seen_s`).catch(() => null);
    if (!isStill() || now === null) return;
    const chips = now.aircraft.map((one) => this.link(String(one["callsign"] ?? one["icao24"]), { kind: "aircraft", name: String(one["icao24"]) }));
    this.more.append(el("section", { class: "page-section", "aria-label": "On the ground now" },
      el("div", { class: "page-head" }, el("h3", {}, `On the ground now · ${now.aircraft.length}`)),
      chips.length > 0 ? el("div", { class: "chips" }, ...chips)
        : el("p", { class: "quiet page-note" }, "None is received on the ground. Receivers far away do not hear the ground.")));
  }

  /** Which runways were used, and when last. */
  private tellRunways(rows: readonly Row[]): void {
    const used = new Map<string, { landings: number; takeoffs: number; last: string }>();
    for (const row of rows) {
      const name = String(row["runway"] ?? "");
      if (name === "") continue;
      const one = used.get(name) ?? { landings: 0, takeoffs: 0, last: "" };
      if (row["kind"] === "landing") one.landings++;
      else one.takeoffs++;
      if (String(row["until"]) > one.last) one.last = String(row["until"]);
      used.set(name, one);
    }
    const told = [...used].sort((a, b) => (a[1].last < b[1].last ? 1 : -1)).map(([name, one]) =>
      `${name}: ${one.landings} landing${one.landings === 1 ? "" : "s"}, ${one.takeoffs} take-off${one.takeoffs === 1 ? "" : "s"}, last ${one.last.slice(0, 16).replace("T", " ")} UTC`);
    this.fact("Runways in use", told.join("; ") || "no use was observed");
  }

  private tellReceiver(row: Row | null): void {
    if (row === null) return setText(this.subtitle, "this node has no receiver of that name");
    setText(this.subtitle, `receiver · ${String(row["health"])}`);
    const yes = Object.entries(row).filter(([name, value]) => value !== null && !["name", "id"].includes(name) && typeof value !== "object");
    this.show(yes.map(([name, value]) => [name.replaceAll("_", " "), typeof value === "number" && Number.isInteger(value) ? count(value) : String(value)]));
    if (row["place_is_exact"] === false) this.more.replaceChildren(el("p", { class: "quiet page-note" }, "Its place is shown at a wrong one, so that nobody learns where it stands."));
  }

  private tick(): void {
    const now = this.model.mode === "past" || this.model.clock.isSet ? this.model.clock.now() : Date.now();
    const there = localTime(now, this.field?.time_zone);
    this.fact("Time there", there === "" ? "zone unknown" : `${there}, ${longMoment(now).slice(11, 16)} UTC`);
  }

  private fact(name: string, value: string): void {
    const line = [...this.facts.children].find((one) => one.firstElementChild?.textContent === name);
    if (line !== undefined) setText(line.querySelector("span")!, value);
  }

  private show(facts: readonly Fact[]): void {
    this.facts.replaceChildren(...facts.filter(([name, value]) => value !== "" || name === "Time there").map(([name, value, behind]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, el("span", {}, value), behind ? el("small", {}, behind) : null))));
  }

  private link(words: string, page: PageName): HTMLElement {
    return el("button", { type: "button", class: "chip to-page", onclick: () => this.commands.openPage(page) }, words);
  }
}

const SUBTITLES: Readonly<Record<PageName["kind"], string>> = {
  aircraft: "aircraft", airport: "airport", operator: "operator", country: "country", force: "military, by lists and address blocks",
  receiver: "receiver", node: "receivers, storage, alarms, and how to connect a receiver",
};
