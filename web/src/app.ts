/** Puts the parts together: what comes from the node goes into state, state is drawn and told. */

import { LngLatBounds, MercatorCoordinate, type Map as MapLibre } from "maplibre-gl";
import { days, socketAddress, type Status } from "./api/rest";
import { SLICE_MS } from "./api/replay";
import { LiveStream, type Connection, type Wanted } from "./api/stream";
import { SNAPSHOT, type Part } from "./api/wire";
import { listenToKeys } from "./keys";
import { AircraftLayer, glide, noteShown, shownAt } from "./map/aircraft_layer";
import { DERIVED, EMERGENCY, GROUND, HIDDEN, RELAYED, SELECTED } from "./map/aircraft_shader";
import { LabelLayer } from "./map/label_layer";
import { Labelling } from "./map/labelling";
import { wayColour } from "./map/palette";
import { createMap, setPaper } from "./map/map";
import { Heat } from "./map/heat";
import { Overlays } from "./map/overlays";
import { nearest } from "./map/picking";
import { Screen } from "./map/placing";
import { Trails } from "./map/trails";
import { Ways } from "./map/ways";
import { AnswerPanel } from "./panels/answer";
import { Details } from "./panels/details";
import { Help } from "./panels/help";
import { Legend, mapButtons } from "./panels/legend";
import { Search } from "./panels/search";
import { PACES, Timeline, type Band, type Player } from "./panels/timeline";
import type { Desk } from "./cases/desk";
import { Offers } from "./pages/offers";
import { ToolBar } from "./panels/tool_bar";
import type { ToolMenu } from "./tools/menu";
import { Tools } from "./tools/tools";
import { hexOf, INTERESTING, keyOf, MILITARY, URGENT_SQUAWKS } from "./state/aircraft";
import type { Row } from "./api/find";
import { spanOf, type Span } from "./state/asking";
import { Commands } from "./state/commands";
import { FIRST_LAYER, linkOf, readLink, type Start } from "./state/link";
import { Model } from "./state/model";
import { sectionsOf } from "./state/page";
import { NodeWatch } from "./state/node_watch";
import { Past } from "./state/past";
import { el } from "./text/dom";
import { WORDS } from "./text/words";
import { connectionWords, silenceWords } from "./text/words_connection";

const WHOLE_IF_FEWER = 4000;
const WORLD_BELOW_ZOOM = 3;
/** A row of an answer is played in about so long a time. */
const PLAYED_MS = 40_000;
const SAID_MS = 7000;
const BACK_MS = 15 * 60_000;
const PATIENCE_MS = 2000;

export class App implements Player {
  readonly model = new Model();
  readonly commands = new Commands(this.model);
  readonly table = this.model.table;
  readonly layer = new AircraftLayer(() => this.model.clock.now(), () => this.model.clock.rate);
  readonly labels = new LabelLayer(this.layer);
  private readonly labelling = new Labelling(this.model, this.layer, this.labels);
  readonly past = new Past(() => this.showPast(true));
  readonly tools = new Tools(this);
  map!: MapLibre;
  search!: Search;
  isPlaying = false;
  ways!: Ways;
  overlays!: Overlays;
  heat!: Heat;
  private trails!: Trails;
  private answer!: AnswerPanel;
  /** Where playing ends; null for nowhere. */
  private endMs: number | null = null;
  private isWaiting = false;
  private timeline!: Timeline;
  private readonly pages = el("div", {});
  private arePagesFetched = false;
  private readonly deskHome = el("div", { hidden: true });
  private desk: Desk | null = null;
  private readonly listHome = el("div", {});
  private isListFetched = false;
  private readonly menuHome = el("div", { hidden: true });
  private menu: ToolMenu | null = null;
  private stream!: LiveStream;
  private node: NodeWatch | null = null;
  /** When the last picture came before the connection was lost. */
  private lostMs: number | null = null;
  private start_: Start = readLink(window.location.search);
  private isPlaced = false;
  private isMany = false;
  private slice = -1;
  private linkTimer = 0;
  private labelTimer = 0;

  constructor(readonly root: HTMLElement) {}

  async start(): Promise<void> {
    const { model, commands, start_: start } = this;
    commands.restore();
    if (start.labels !== null) model.settings.labels = start.labels;
    model.settings.areButtonsHidden = start.areButtonsHidden;
    model.settings.isTableOpen = start.isTableOpen;
    model.filter = start.filter;
    model.pace = start.pace;
    model.range = start.range;
    const mapElement = el("div", { id: "map" });
    this.root.append(el("main", {}, mapElement));
    this.isPlaced = start.lat !== undefined;
    try {
      this.map = createMap(mapElement, model.settings.theme, { lat: start.lat ?? 35, lon: start.lon ?? 10, zoom: start.zoom ?? 2.4 });
    } catch {
      const api = el("a", { href: "./api/v1/openapi.json" }, "api/v1/openapi.json");
      mapElement.replaceWith(el("p", { class: "no-map", role: "alert" }, WORDS.noWebGl, api));
      return;
    }
    this.trails = new Trails(this.map, model);
    this.ways = new Ways(this.map, model, (row) => this.wayCame(row));
    this.heat = new Heat(this.map, model, (words) => this.say(words));
    this.makePanels();
    this.map.on("load", () => {
      this.map.addLayer(this.layer);
      this.map.addLayer(this.labels);
      this.trails.add(this.layer.id);
      this.ways.add("trail-gap");
      this.heat.add("way-inferred");
      this.overlays = new Overlays(this.map, this.root, "heat", (words) => this.say(words));
      this.draw();
      void import("./map/places").then((m) => new m.Places(this)).catch(() => undefined);
      for (const name of start.layers ?? [FIRST_LAYER]) this.tools.toggleLayer(name, true);
      if (start.tool.name !== "") this.tools.open(start.tool.name, start.tool.argument);
    });
    this.listen();
    listenToKeys(this);
    const isRemote = !["localhost", "127.0.0.1", "[::1]"].includes(window.location.hostname);
    this.stream = new LiveStream(socketAddress("api/v1/stream"), {
      subscribed: (tiles) => this.table.keepTiles(tiles),
      parts: (parts) => this.take(parts),
      state: (state, silentS) => this.connected(state, silentS),
      refused: (words) => {
        if (model.filter !== "") model.filterError = words;
        else commands.say(words);
        model.ring("settings");
      },
    }, isRemote);
    for (const hex of start.hexes) commands.selectHex(hex, true);
    if (start.hexes.length > 0 && start.isIsolated) commands.set("isIsolated", true);
    this.applySettings();
    if (start.atMs !== null) {
      this.openPast(start.atMs, start.isPlaying);
    }
    window.setInterval(() => this.showPast(false), 100);
    this.node = new NodeWatch((status) => this.told(status));
    // A node that does not answer is shown as that by the stream, which tries by itself.
    await Promise.race([this.node.first, new Promise((resolve) => window.setTimeout(resolve, PATIENCE_MS))]);
    this.watch();
    await this.node.first;
    this.watch();
    if (start.page !== null) commands.openPage(start.page, start.question === "");
    if (start.question !== "") {
      await model.asking.ask(start.question, { row: start.row, hash: start.hash });
      if (!this.isPlaced && model.asking.rows.length === 0) this.fit(false);
    }
    if (model.hasRecord) void days().then((found) => this.timeline.setDays(found)).catch(() => undefined);
  }

  private connected(state: Connection, silentS: number): void {
    const { model } = this;
    if (state !== model.connection && model.connection === "live") this.lostMs = model.clock.now();
    const words = connectionWords(state, this.lostMs, silentS, model.clock.now());
    if (state === model.connection && words === model.connectionWords) return;
    model.connection = state;
    model.connectionWords = words;
    model.ring("connection");
  }

  private told(status: Status): void {
    const { model } = this;
    if (model.mode === "past") this.table.isSimulated = status.simulated ?? false;
    model.receiversWords = silenceWords(status.receivers, status.last_reception, Date.parse(status.now ?? ""));
    model.ring("connection");
    if (model.hasRecord === status.records) return;
    model.hasRecord = status.records;
    model.ring("mode");
  }

  /** Tell something for a while. */
  say(words: string): void {
    this.commands.say(words);
    if (words !== "") window.setTimeout(() => this.model.notice === words && this.commands.say(""), SAID_MS);
  }

  private makePanels(): void {
    const { model, commands } = this;
    const show = (key: number): void => this.show(key);
    this.search = new Search(model, commands, show);
    this.timeline = new Timeline(model, this.past, this, () => this.band());
    this.answer = new AnswerPanel(model, commands, this.ways, {
      play: (row) => this.playRow(row), fit: () => this.fitAnswer(), copyLink: () => void this.copyLink(),
      heat: () => void this.heat.toggle(),
    });
    const offers = new Offers(commands, () => this.search.input, () => model.hasRecord);
    this.search.others = (text) => offers.for(text);
    this.search.toRows = () => this.answer.focus();
    this.root.append(
      new ToolBar(model, commands, this.search, () => (model.mode === "past" ? this.live() : this.openPast()), () => void this.toggleDesk(), () => void this.toggleMenu()).element,
      this.answer.element,
      this.pages,
      this.deskHome,
      this.tools.element,
      this.menuHome,
      new Details(model, commands, (key) => this.trails.pointsOf(key), () => void this.copyLink(), (name) => this.tools.toggle(name)).element,
      this.listHome,
      el("footer", { class: "below" }, new Legend(model).element, this.timeline.element),
      mapButtons((by) => this.zoom(by), () => this.fit()),
      new Help(model, commands).element,
    );
  }

  /** The panel of pages is fetched with the first page that is opened. */
  private async fetchPages(): Promise<void> {
    if (this.model.page === null || this.arePagesFetched) return;
    this.arePagesFetched = true;
    const fetched = await import("./pages/page_panel").catch(() => null);
    if (fetched === null) {
      this.arePagesFetched = false;
      return this.say(WORDS.notFetched);
    }
    this.pages.append(new fetched.PagePanel(
      this.model, this.commands, () => void this.copyLink(), (row) => this.playRow(row), (lon, lat) => this.lookAt(lon, lat)).element);
  }

  /** The list of aircraft is fetched when it is first opened. */
  private async fetchList(): Promise<void> {
    if (!this.model.settings.isTableOpen || this.isListFetched) return;
    this.isListFetched = true;
    const fetched = await import("./list/aircraft_list").catch(() => null);
    this.isListFetched = fetched !== null;
    if (fetched === null) return this.say(WORDS.notFetched);
    this.listHome.append(new fetched.AircraftList(this.model, this.commands, (key) => this.show(key)).element);
  }

  /** Open or close the case desk; it is fetched when it is first opened. */
  async toggleDesk(isShown = this.deskHome.hidden !== false): Promise<void> {
    this.deskHome.hidden = !isShown;
    if (!isShown || this.desk !== null) return;
    const fetched = await import("./cases/desk").catch(() => null);
    if (fetched === null) return this.say(WORDS.notFetched);
    this.desk = new fetched.Desk(
      this.model, () => this.link(), () => this.nameOfSelected(), () => void this.toggleDesk(false),
      (link) => window.location.assign(link));
    this.deskHome.append(this.desk.element);
    await this.desk.start();
  }

  /** Open or close the list of layers and tools; it is fetched when it is first opened. */
  async toggleMenu(isShown = this.menuHome.hidden !== false): Promise<void> {
    this.menuHome.hidden = !isShown;
    if (isShown && this.menu === null) {
      const fetched = await import("./tools/menu").catch(() => null);
      if (fetched === null) return this.say(WORDS.notFetched);
      this.menu ??= new fetched.ToolMenu(this, () => void this.toggleMenu(false));
      this.menuHome.replaceChildren(this.menu.element);
    }
    if (isShown) this.menu?.focus();
  }

  /** Put what is asked, chosen or selected into the case that is open. */
  async keep(): Promise<void> {
    await this.toggleDesk(true);
    await this.desk?.add();
  }

  private nameOfSelected(): string {
    return [...this.model.selected].map(hexOf).join(", ");
  }

  private listen(): void {
    const { model, map } = this;
    model.on(["page"], () => void this.fetchPages());
    model.on(["settings"], () => {
      this.applySettings();
      this.watch();
    });
    model.on(["selection", "settings"], () => {
      this.draw();
      this.keepLink();
    });
    model.on(["mode", "range", "answer", "page", "tools"], () => this.keepLink());
    model.on(["answer"], () => this.leavePage());
    model.on(["chosen"], () => {
      this.keepLink();
      this.isFitWanted = true;
      this.fitWhenThere();
    });
    map.on("moveend", () => {
      this.watch();
      this.keepLink();
      this.label();
    });
    map.on("zoom", this.labelSoon);
    map.on("dragstart", () => model.settings.isFollowing && this.commands.set("isFollowing", false));
    map.on("click", (event) => {
      const key = nearest(map, this.layer, this.table, event.point.x, event.point.y);
      const isMore = this.isMany || event.originalEvent.ctrlKey || event.originalEvent.shiftKey;
      if (key !== null || !isMore) this.commands.select(key, isMore);
    });
    let movedAt = 0;
    map.on("mousemove", (event) => {
      if (performance.now() - movedAt < 60) return;
      movedAt = performance.now();
      const isNear = nearest(map, this.layer, this.table, event.point.x, event.point.y) !== null;
      map.getCanvas().style.cursor = isNear ? "pointer" : "";
    });
  }

  private applySettings(): void {
    const { settings } = this.model;
    if (document.documentElement.dataset["theme"] !== settings.theme) {
      document.documentElement.dataset["theme"] = settings.theme;
      setPaper(this.map, settings.theme);
    }
    this.root.classList.toggle("bare", settings.areButtonsHidden);
    this.root.classList.toggle("has-list", settings.isTableOpen);
    void this.fetchList();
    this.layer.setTheme(settings.theme);
    this.labels.setTheme(settings.theme);
  }

  // --- live ---------------------------------------------------------------------------------------------------------

  /** Ask for what is in view. */
  private watch(): void {
    if (this.model.mode === "live") this.stream?.want(this.wanted());
  }

  private wanted(): Wanted {
    const filter = this.model.filter === "" ? {} : { filter: this.model.filter };
    if ((this.node?.latest?.aircraft ?? 0) < WHOLE_IF_FEWER) return filter;
    if (this.map.getZoom() < WORLD_BELOW_ZOOM) return { ...filter, world: true, unplaced: true };
    const b = this.map.getBounds();
    const south = Math.max(-90, Math.floor(b.getSouth() / 15) * 15);
    const north = Math.min(90, Math.ceil(b.getNorth() / 15) * 15) - 0.001;
    const [west, east] = [Math.floor(b.getWest() / 15) * 15, Math.ceil(b.getEast() / 15) * 15 - 0.001];
    const turned = (lon: number): number => ((((lon + 180) % 360) + 360) % 360) - 180;
    const area = east - west >= 345 ? [south, -180, north, 180] : [south, turned(west), north, turned(east)];
    return { ...filter, area: area.join(","), unplaced: true };
  }

  private take(parts: readonly Part[]): void {
    if (this.model.mode === "past") return;
    const { table } = this;
    const { clock } = this.model;
    const now = clock.now();
    noteShown(table, now);
    for (const part of parts) table.apply(part);
    const last = parts.at(-1);
    if (last === undefined) return;
    clock.follow(last.nowMs);
    glide(table, clock.now());
    this.draw();
    if (!this.isPlaced && !this.model.asking.isOpen && parts.some((part) => part.kind === SNAPSHOT)) this.fit(false);
    if (this.start_.registration !== "") this.selectRegistration();
    if (this.model.settings.isFollowing) this.followMain();
    this.model.ring("picture");
  }

  private selectRegistration(): void {
    const wanted = this.start_.registration;
    const row = this.table.words("registration").slice(0, this.table.count).indexOf(wanted);
    if (row < 0) return;
    this.start_ = { ...this.start_, registration: "" };
    this.commands.select(this.table.get("key", row));
    if (this.start_.lat === undefined) this.show(this.table.get("key", row));
  }

  // --- the past -----------------------------------------------------------------------------------------------------

  /** Leave the present for a moment of the past. */
  openPast(ms = this.model.clock.now() - BACK_MS, isPlaying = true): void {
    if (this.model.mode === "live") {
      this.stream.stop();
      this.table.removeAll();
      this.model.mode = "past";
    }
    this.isPlaying = isPlaying;
    this.goTo(ms);
    this.model.ring("mode");
  }

  goTo(ms: number): void {
    const { range, clock, pace } = this.model;
    clock.set(ms, this.isPlaying ? pace : 0);
    this.isWaiting = false;
    if (range !== null && (ms < range.fromMs || ms > range.untilMs)) this.setRange(null);
    if (this.endMs !== null && ms >= this.endMs) this.endMs = null;
    this.slice = -1;
    this.past.want(ms);
    this.showPast(true);
    this.keepLink();
  }

  setRange(range: Span | null): void {
    this.model.range = range;
    this.model.ring("range");
  }

  /** Show less or more of the time line. */
  zoomTime(by: number): void {
    if (this.model.mode === "past") this.timeline.zoom(by);
  }

  setPace(pace: number): void {
    this.model.pace = pace;
    this.model.clock.set(this.model.clock.now(), this.isPlaying ? pace : 0);
    this.isWaiting = false;
    this.layer.wake();
  }

  toggle(): void {
    this.isPlaying = !this.isPlaying;
    this.setPace(this.model.pace);
    this.keepLink();
  }

  /** Back to now. */
  live(): void {
    if (this.model.mode === "live") return;
    this.model.mode = "live";
    this.table.removeAll();
    this.model.clock.isSet = false;
    this.model.ring("mode");
    this.watch();
  }

  private showPast(isForced: boolean): void {
    if (this.model.mode !== "past") return;
    const now = this.model.clock.now();
    const slice = Math.floor(now / SLICE_MS);
    if (slice === this.slice && !isForced) return;
    this.slice = slice;
    this.past.want(now, this.isPlaying ? this.model.pace : 1);
    // Time waits for what is to be shown in it.
    const isWaiting = this.isPlaying && this.past.stateAt(now) === "loading";
    if (isWaiting !== this.isWaiting) {
      this.isWaiting = isWaiting;
      this.model.clock.set(now, isWaiting ? 0 : this.isPlaying ? this.model.pace : 0);
    }
    if (this.endMs !== null && now >= this.endMs) {
      this.endMs = null;
      this.isPlaying = false;
      this.setPace(this.model.pace);
    }
    this.past.fill(this.table, now);
    this.draw();
    if (!this.isPlaced && this.table.count > 0) this.fit(false);
    if (this.model.settings.isFollowing) this.followMain();
    this.model.ring("picture");
  }

  // --- answers ------------------------------------------------------------------------------------------------------

  private isFitWanted = false;

  /** Show all that is drawn of the answer, or of its chosen row. */
  fitAnswer(isSmooth = true): void {
    const places = this.ways.places();
    if (places.length === 0) return;
    const bounds = new LngLatBounds();
    for (const place of places) bounds.extend(place);
    this.isPlaced = true;
    const isNarrow = window.innerWidth < 700;
    const below = this.model.mode === "past" ? 150 : 90;
    const padding = isNarrow
      ? { top: 130, bottom: window.innerHeight * 0.45 + 30, left: 40, right: 60 }
      : { top: 90, bottom: below, left: this.model.page === null ? 450 : 680, right: this.model.selected.size > 0 ? 410 : 110 };
    if (!isNarrow && window.innerWidth < 1100 && this.model.page !== null) Object.assign(padding, { left: 520, right: 80 });
    else if (!isNarrow && window.innerWidth < 1100) Object.assign(padding, { left: 400, right: 90 });
    this.map.fitBounds(bounds, { padding, maxZoom: 9, animate: isSmooth });
  }

  private wayCame(row: Row): void {
    this.answer.changed();
    if (row === this.model.asking.row) this.timeline.draw();
    this.fitWhenThere();
  }

  /** Once what is to be seen has come, bring it into view; not again and again while the reader moves on. */
  private fitWhenThere(): void {
    const { rows, row } = this.model.asking;
    if (!this.isFitWanted || rows.length === 0) return;
    const those = row === null ? rows : [row];
    if (those.some((each) => this.ways.stateOf(each) === "loading")) return;
    this.isFitWanted = false;
    if (this.start_.row !== "" && this.start_.lat !== undefined) {
      // A link says itself what is in view.
      this.start_ = { ...this.start_, row: "" };
      return;
    }
    this.fitAnswer();
  }

  /** Bring a place into view; what is drawn of an answer comes after it. */
  private lookAt(lon: number, lat: number): void {
    if (this.start_.lat !== undefined && this.start_.page !== null) {
      // A link says itself what is in view.
      this.start_ = { ...this.start_, page: null };
      return;
    }
    if (this.ways.places().length > 0) return;
    this.isPlaced = true;
    this.map.jumpTo({ center: [lon, lat], zoom: Math.max(5, this.map.getZoom()) });
  }

  /** Another question than those of the page takes its place. */
  private leavePage(): void {
    const { page, asking } = this.model;
    if (page === null || !asking.isOpen || sectionsOf(page).some((section) => section.question === asking.question)) return;
    this.commands.openPage(null);
  }

  private band(): Band | null {
    const { asking, settings } = this.model;
    const span = asking.row === null ? null : spanOf(asking.row);
    if (asking.row === null || span === null) return null;
    return { colour: wayColour(settings.theme, asking.chosen!), whole: span, heard: this.ways.wayOf(asking.row)?.heard ?? [] };
  }

  /** Play the time that a row is about, as fast as suits it. */
  playRow(row: Row): void {
    const span = spanOf(row);
    if (span === null) return;
    const wanted = (span.untilMs - span.fromMs) / PLAYED_MS;
    this.model.pace = PACES.findLast((pace) => pace <= wanted) ?? PACES[0];
    const key = keyOf(String(row["icao24"] ?? ""), this.table.rows);
    if (key !== null) this.commands.select(key);
    this.model.range = span;
    this.endMs = null;
    this.openPast(span.fromMs, true);
    this.endMs = span.untilMs;
    this.model.ring("range");
    this.fitAnswer();
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  draw(): void {
    const { table, model } = this;
    const { settings, selected } = model;
    const [ground, code, emergency, source, key, flagged] = [
      table.column("ground"), table.column("squawk"), table.column("emergency"), table.column("source"), table.column("key"),
      table.column("flags"),
    ];
    const marks = (settings.isMilitaryOnly ? MILITARY : 0) | (settings.isInterestingOnly ? INTERESTING : 0);
    this.layer.fill(table, (row) => {
      const isSelected = selected.has(key[row]!);
      if (settings.isIsolated && !isSelected) return HIDDEN;
      if (marks !== 0 && !isSelected && !(flagged[row]! & marks)) return HIDDEN;
      if (settings.isTisbHidden && source[row] === 2) return HIDDEN;
      let flags = isSelected ? SELECTED : 0;
      if (ground[row] === 1) flags |= GROUND;
      if (URGENT_SQUAWKS.has(code[row]!) || (emergency[row]! > 0 && emergency[row]! < 7)) flags |= EMERGENCY;
      if (source[row] === 3) flags |= DERIVED;
      else if (source[row] === 1 || source[row] === 2) flags |= RELAYED;
      return flags;
    });
    this.label();
  }

  private label(): void {
    this.labelling.draw(this.map);
  }

  /** When the view comes to rest. */
  readonly labelSoon = (): void => {
    window.clearTimeout(this.labelTimer);
    this.labelTimer = window.setTimeout(() => this.label(), 60);
  };

  // --- moving -------------------------------------------------------------------------------------------------------

  zoom(by: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + by, duration: 250 });
  }

  toggleMany(): void {
    this.isMany = !this.isMany;
    this.say(this.isMany ? "Several can be selected; m ends it." : "");
  }

  /** Where on the page an aircraft is drawn now; null if it is not there. */
  shownPixel(hex: string): { x: number; y: number } | null {
    const key = keyOf(hex, this.table.rows);
    const row = key === null ? undefined : this.table.rows.get(key);
    if (row === undefined) return null;
    const { x, y } = shownAt(this.table, row, this.model.clock.now());
    const screen = new Screen(this.map);
    return screen.put(x, y) ? { x: screen.x, y: screen.y } : null;
  }

  private placeOf(key: number): [number, number] | null {
    const row = this.table.rows.get(key);
    if (row === undefined || Number.isNaN(this.table.get("lat", row))) return null;
    const { x, y } = shownAt(this.table, row, this.model.clock.now());
    const place = new MercatorCoordinate(x, y).toLngLat();
    return [place.lng, place.lat];
  }

  /** Bring an aircraft into view. */
  show(key: number): void {
    const place = this.placeOf(key);
    if (place !== null) this.map.easeTo({ center: place, zoom: Math.max(this.map.getZoom(), 6.5), duration: 600 });
  }

  private followMain(): void {
    const place = this.model.main === null ? null : this.placeOf(this.model.main);
    if (place !== null) this.map.easeTo({ center: place, duration: 900, easing: (t) => t });
  }

  /** Show where the aircraft are. */
  fit(isSmooth = true): void {
    const bounds = new LngLatBounds();
    const [lat, lon] = [this.table.column("lat"), this.table.column("lon")];
    let placed = 0;
    for (let row = 0; row < this.table.count; row++) {
      if (Number.isNaN(lat[row]!)) continue;
      bounds.extend([lon[row]!, lat[row]!]);
      placed++;
    }
    if (placed === 0) return;
    this.isPlaced = true;
    const padding = window.innerWidth < 700 ? { top: 90, bottom: 110, left: 40, right: 40 } : 110;
    this.map.fitBounds(bounds, { padding, maxZoom: placed < 4 ? 5.5 : 7, animate: isSmooth });
  }

  // --- links --------------------------------------------------------------------------------------------------------

  private keepLink(): void {
    window.clearTimeout(this.linkTimer);
    // Browsers allow a hundred such changes in half a minute.
    this.linkTimer = window.setTimeout(() => window.history.replaceState(null, "", this.link()), 400);
  }

  link(): string {
    const { lat, lng } = this.map.getCenter().wrap();
    return linkOf(this.model, { lat, lon: lng, zoom: this.map.getZoom() });
  }

  private async copyLink(): Promise<void> {
    const link = new URL(this.link(), window.location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      this.say(WORDS.copied);
    } catch {
      this.say(link);
    }
    window.setTimeout(() => this.say(""), 4000);
  }
}
