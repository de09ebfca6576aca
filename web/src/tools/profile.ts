/** Heights and speeds of the selected aircraft over time: a cursor that marks the place on the map, and leads there. */

import "./profile.css";
import type { GeoJSONSource } from "maplibre-gl";
import type { App } from "../app";
import { flightFile } from "../api/flight";
import { colourOf, palette } from "../map/palette";
import { ICONS } from "../panels/icons";
import { el, icon, setText } from "../text/dom";
import { longMoment } from "../text/moment";
import * as units from "../text/units";
import { WORDS } from "../text/words";
import type { Opened } from "./offers";
import { drawChart, drawCursor, LEFT_PX, msAt, RIGHT_PX, seriesColour } from "./profile_chart";
import { Series, spanAbout, type Sample, type Span } from "./profile_data";
import { profileTable } from "./profile_table";
import { PROFILE_WORDS as SAID } from "./words_profile";

const SHORTEST_MS = 20_000;
const BRUSHED_PX = 6;
const REFINE_MS = 300;
const AT_EDGE_MS = 20_000;
const SOURCE = "profile-mark";

class Profile implements Opened {
  readonly element: HTMLElement;
  private readonly chart = el("canvas", { class: "profile-chart" });
  private readonly over = el("canvas", { class: "profile-over" });
  private readonly slider = el("div", {
    class: "profile-plot", tabindex: 0, role: "slider", "aria-label": SAID.chart, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0,
  }, this.chart, this.over);
  private readonly table = el("div", { class: "scroll profile-table", tabindex: 0, role: "region", "aria-label": SAID.table, hidden: true });
  private readonly said = el("p", { class: "profile-said" });
  private readonly empty = el("p", { class: "silent quiet", hidden: true });
  private readonly files = el("span", { class: "profile-files" });
  private readonly names = el("p", { class: "profile-names" });
  private readonly goTo: HTMLButtonElement;
  private readonly toTable: HTMLButtonElement;
  private series: Series[] = [];
  private view: Span = { fromMs: 0, untilMs: 1 };
  private isShown = false;
  private isTable = false;
  private mode = "";
  private cursorMs: number | null = null;
  private brush: [number, number] | null = null;
  private refineTimer = 0;
  private drawTimer = 0;

  constructor(private readonly app: App) {
    const { model } = app;
    const button = (words: string, act: () => void): HTMLButtonElement => el("button", { type: "button", class: "chip", onclick: act }, words);
    const small = (words: string, drawing: string, act: () => void): HTMLElement =>
      el("button", { type: "button", class: "plain", "aria-label": words, title: words, onclick: act }, icon(drawing));
    this.goTo = button(SAID.goTo, () => this.lead());
    this.toTable = button(SAID.table, () => {
      this.isTable = !this.isTable;
      this.draw();
    });
    this.element = el(
      "section", { class: "panel tool profile-tool", "aria-label": SAID.title },
      el("div", { class: "profile-head" }, el("h2", {}, SAID.title), this.names, el("span", { class: "gap" }),
        this.goTo, button(SAID.flight, () => this.showFlight()), button(SAID.all, () => this.showAll()),
        small(SAID.zoomIn, ICONS.plus, () => this.zoom(0.5)), small(SAID.zoomOut, ICONS.minus, () => this.zoom(2)), this.toTable, this.files,
        el("button", { type: "button", class: "plain", "aria-label": WORDS.close, onclick: () => app.tools.open("") }, icon(ICONS.close))),
      this.said, this.empty, this.slider, this.table,
    );
    this.listen();
    model.on(["selection"], () => this.choose());
    model.on(["settings"], () => this.draw());
    model.on(["mode", "range"], () => this.choose());
    model.on(["picture"], () => this.follow());
    new ResizeObserver(() => this.draw()).observe(this.slider);
  }

  show(isShown: boolean, argument: string): void {
    this.isShown = isShown;
    if (isShown && argument !== "") {
      const { commands } = this.app;
      commands.select(null);
      for (const hex of argument.split(",").slice(0, 12)) commands.selectHex(hex, true);
      // From now on the selection says whose it is.
      this.app.tools.note("");
    }
    if (isShown) this.choose();
    else {
      this.cursorMs = null;
      this.mark();
    }
  }

  // --- what is shown ------------------------------------------------------------------------------------------------

  private choose(): void {
    if (!this.isShown) return;
    const { model } = this.app;
    if (!model.clock.isSet) return;
    const now = model.clock.now();
    const about = spanAbout(model);
    if (this.mode !== model.mode && model.mode === "live") this.series = [];
    this.mode = model.mode;
    const isAbout = (one: Series): boolean => one.fromMs <= now && now <= one.untilMs;
    // Whoever goes to a moment that is loaded keeps the view.
    const kept = this.series.filter((one) => model.selected.has(one.key) && (one.isLoading || isAbout(one)));
    const isKept = kept.length === this.series.length && kept.length > 0;
    const added: Series[] = [];
    for (const key of model.selected) {
      if (kept.some((one) => one.key === key)) continue;
      const one = new Series(key);
      added.push(one);
      void one.load(about.fromMs, about.untilMs).then(() => {
        if (!this.series.includes(one)) return;
        if (model.mode === "live") one.extend(model);
        if (!isKept || this.series.length === 1) this.showFlight();
        else this.draw();
      });
    }
    this.series = [...model.selected].map((key) => [...kept, ...added].find((one) => one.key === key)!);
    if (added.length === 0 && this.series.length > 0 && !isKept) this.showFlight();
    this.draw();
  }

  /** A new picture: the present moved on, and live positions came. */
  private follow(): void {
    if (!this.isShown) return;
    const { model } = this.app;
    const now = model.clock.now();
    if (this.series.length < model.selected.size) return this.choose();
    if (model.mode === "past") {
      if (this.series.some((one) => !one.isLoading && (now < one.fromMs || now > one.untilMs))) this.choose();
      return this.drawOver();
    }
    const newest = Math.max(...this.series.map((one) => one.samples.at(-1)?.ms ?? 0));
    const isAtEdge = this.view.untilMs >= newest - AT_EDGE_MS;
    const isNew = this.series.map((one) => one.extend(model)).includes(true);
    if (!isNew) return this.drawOver();
    const after = Math.max(...this.series.map((one) => one.samples.at(-1)?.ms ?? 0));
    if (isAtEdge) this.view = { fromMs: this.view.fromMs, untilMs: Math.max(this.view.untilMs, after + (after - this.view.fromMs) * 0.02) };
    this.draw();
  }

  private showFlight(): void {
    const now = this.app.model.clock.now();
    const flights = this.series.map((one) => one.flightAt(this.cursorMs ?? now)).filter((one) => one !== null);
    if (flights.length === 0) return this.draw();
    this.look({ fromMs: Math.min(...flights.map((f) => f.fromMs)), untilMs: Math.max(...flights.map((f) => f.untilMs)) }, 0.01);
  }

  private showAll(): void {
    const times = this.series.flatMap((one) => [one.samples[0]?.ms ?? NaN, one.samples.at(-1)?.ms ?? NaN]).filter((ms) => !Number.isNaN(ms));
    if (times.length > 0) this.look({ fromMs: Math.min(...times), untilMs: Math.max(...times) }, 0.01);
  }

  private zoom(by: number): void {
    const { fromMs, untilMs } = this.view;
    const middle = this.cursorMs !== null && this.cursorMs > fromMs && this.cursorMs < untilMs ? this.cursorMs : (fromMs + untilMs) / 2;
    this.look({ fromMs: middle - (middle - fromMs) * by, untilMs: middle + (untilMs - middle) * by });
  }

  private look(view: Span, margin = 0): void {
    const [least, most] = [Math.min(...this.series.map((one) => one.fromMs)), Math.max(...this.series.map((one) => one.untilMs))];
    const wide = Math.max(SHORTEST_MS, view.untilMs - view.fromMs) * (1 + 2 * margin);
    const middle = (view.fromMs + view.untilMs) / 2;
    this.view = { fromMs: Math.max(least, middle - wide / 2), untilMs: Math.min(Math.max(most, least + wide), middle + wide / 2) };
    window.clearTimeout(this.refineTimer);
    this.refineTimer = window.setTimeout(() => void this.refine(), REFINE_MS);
    this.draw();
  }

  private async refine(): Promise<void> {
    const came = await Promise.all(this.series.map((one) => one.refine(this.view)));
    if (came.includes(true)) this.draw();
  }

  // --- gestures -----------------------------------------------------------------------------------------------------

  private listen(): void {
    const { slider } = this;
    let downAt: number | null = null;
    const xOf = (event: PointerEvent): number => event.clientX - slider.getBoundingClientRect().left;
    const width = (): number => slider.clientWidth;
    slider.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      downAt = xOf(event);
      slider.setPointerCapture(event.pointerId);
    });
    slider.addEventListener("pointermove", (event) => {
      const x = xOf(event);
      if (downAt !== null && event.pointerType === "mouse" && Math.abs(x - downAt) > BRUSHED_PX) this.brush = [downAt, x];
      this.point(msAt(Math.min(width() - RIGHT_PX, Math.max(LEFT_PX, x)), width(), this.view));
    });
    const up = (event: PointerEvent): void => {
      if (downAt === null) return;
      const [from, brush] = [downAt, this.brush];
      [downAt, this.brush] = [null, null];
      if (event.type === "pointercancel") return this.drawOver();
      if (brush !== null) {
        const [a, b] = brush.map((x) => msAt(Math.min(width() - RIGHT_PX, Math.max(LEFT_PX, x)), width(), this.view)) as [number, number];
        this.look({ fromMs: Math.min(a, b), untilMs: Math.max(a, b) });
      } else if (event.pointerType === "mouse" && Math.abs(xOf(event) - from) <= BRUSHED_PX) this.lead();
    };
    slider.addEventListener("pointerup", up);
    slider.addEventListener("pointercancel", up);
    slider.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && document.activeElement !== slider) this.point(null);
    });
    slider.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 0.8 : 1.25);
    }, { passive: false });
    slider.addEventListener("keydown", (event) => {
      const acts: Readonly<Record<string, () => void>> = {
        ArrowRight: () => this.stepBy(event.shiftKey ? 60 : 1), ArrowLeft: () => this.stepBy(event.shiftKey ? -60 : -1),
        PageDown: () => this.stepBy(60), PageUp: () => this.stepBy(-60), Home: () => this.toEnd(0), End: () => this.toEnd(-1),
        Enter: () => this.lead(), "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), "0": () => this.showAll(),
      };
      const act = acts[event.key];
      if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    });
  }

  /** The samples of the first series that has any: those that keys step through. */
  private get stepped(): readonly Sample[] {
    return this.series.find((one) => one.samples.length > 0)?.samples ?? [];
  }

  private stepBy(by: number): void {
    const one = this.series.find((each) => each.samples.length > 0);
    if (one === undefined) return;
    const from = this.cursorMs ?? Math.min(Math.max(this.app.model.clock.now(), this.view.fromMs), this.view.untilMs);
    // Of many positions there are several in a pixel; a key moves at least by one pixel.
    const pixel = (this.view.untilMs - this.view.fromMs) / Math.max(1, this.slider.clientWidth - LEFT_PX - RIGHT_PX);
    const wanted = from + by * pixel;
    let i = one.before(wanted);
    if (by > 0 && (i < 0 || one.samples[i]!.ms <= from)) i++;
    const found = one.samples[Math.min(one.samples.length - 1, Math.max(0, i))]!;
    this.toSample(found.ms);
  }

  private toEnd(at: 0 | -1): void {
    const found = this.stepped.at(at);
    if (found !== undefined) this.toSample(found.ms);
  }

  private toSample(ms: number): void {
    const { fromMs, untilMs } = this.view;
    if (ms < fromMs || ms > untilMs) this.look({ fromMs: ms - (untilMs - fromMs) / 2, untilMs: ms + (untilMs - fromMs) / 2 });
    this.point(ms);
  }

  private point(ms: number | null): void {
    this.cursorMs = ms;
    this.drawOver();
    this.tell();
    this.mark();
  }

  /** Go to the moment of the cursor. */
  private lead(): void {
    if (this.cursorMs === null || !this.app.model.hasRecord) return;
    this.app.openPast(Math.round(this.cursorMs), false);
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  private draw(): void {
    if (!this.isShown || this.drawTimer !== 0) return;
    this.drawTimer = window.requestAnimationFrame(() => {
      this.drawTimer = 0;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const { model } = this.app;
    const { theme, units: shownUnits } = model.settings;
    const isAny = this.series.some((one) => one.samples.length > 0);
    const isLoading = this.series.some((one) => one.isLoading);
    const words = this.series.map((one) => one.words).find((each) => each !== "");
    setText(this.empty, this.series.length === 0 ? SAID.none : isLoading ? `${WORDS.loading} …` : !model.hasRecord ? SAID.noRecord : words ?? SAID.nothing);
    this.empty.hidden = isAny;
    this.slider.hidden = !isAny || this.isTable;
    this.table.hidden = !isAny || !this.isTable;
    this.said.hidden = !isAny || this.isTable;
    this.goTo.hidden = !isAny || !model.hasRecord;
    this.toTable.textContent = this.isTable ? SAID.chartAgain : SAID.table;
    this.drawNames();
    if (!isAny) return;
    if (this.isTable) {
      this.table.replaceChildren(profileTable(this.series, this.view, shownUnits, (key) => model.nameOf(key)));
      return;
    }
    const style = getComputedStyle(this.element);
    const own = (name: string): string => style.getPropertyValue(name).trim();
    drawChart(this.chart, {
      series: this.series, view: this.view, theme, units: shownUnits, quiet: own("--quiet"), words: own("--words"),
      line: theme === "contrast" ? "rgb(255 255 255 / 22%)" : own("--line"),
    });
    this.slider.setAttribute("aria-description", SAID.shown(longMoment(this.view.fromMs), longMoment(this.view.untilMs)));
    this.drawOver();
    this.tell();
  }

  private drawNames(): void {
    const { model } = this.app;
    const { theme } = model.settings;
    const keys = this.series.map((one) => one.key).join();
    if (this.names.dataset["keys"] !== `${keys}${theme}`) {
      this.names.dataset["keys"] = `${keys}${theme}`;
      this.names.replaceChildren(...this.series.map((one, i) => {
        const name = el("span", {}, model.nameOf(one.key));
        // Set by script, as the page's policy has it: no style in the markup.
        name.style.setProperty("--own", seriesColour(theme, this.series, i) ?? "transparent");
        return name;
      }));
    } else this.series.forEach((one, i) => setText(this.names.children[i] as HTMLElement, model.nameOf(one.key)));
    const withRows = this.series.filter((one) => one.samples.length > 0 && model.hasRecord);
    const files = `${withRows.map((one) => one.hex).join()}${this.view.fromMs.toFixed()}${this.view.untilMs.toFixed()}`;
    if (this.files.dataset["of"] === files) return;
    this.files.dataset["of"] = files;
    this.files.replaceChildren(...withRows.map((one) => el("a", {
      class: "chip", href: flightFile(one.hex, this.view.fromMs, this.view.untilMs), download: `${one.hex}.csv`, title: SAID.fileOf(model.nameOf(one.key)),
      "aria-label": SAID.fileOf(model.nameOf(one.key)),
    }, withRows.length > 1 ? `${SAID.file} ${model.nameOf(one.key)}` : SAID.file)));
  }

  private drawOver(): void {
    if (!this.isShown || this.slider.hidden) return;
    const style = getComputedStyle(this.element);
    const nowMs = this.app.model.clock.now();
    drawCursor(this.over, this.view, { cursorMs: this.cursorMs, nowMs, brush: this.brush }, {
      words: style.getPropertyValue("--words"), accent: style.getPropertyValue("--accent"),
    });
  }

  /** The values at the cursor, in words; at the present moment if there is none. */
  private tell(): void {
    const ms = this.cursorMs ?? this.app.model.clock.now();
    const words = this.series.map((one) => {
      const values = this.valuesAt(one, ms);
      return this.series.length > 1 ? `${this.app.model.nameOf(one.key)}: ${values}` : values;
    });
    const at = this.series.length === 1 ? this.series[0]!.at(ms)?.ms ?? ms : ms;
    const text = `${longMoment(at)} UTC \u2002${words.join(" \u2002|\u2002 ")}`;
    setText(this.said, text);
    this.slider.setAttribute("aria-valuetext", text);
    const share = (ms - this.view.fromMs) / Math.max(1, this.view.untilMs - this.view.fromMs);
    this.slider.setAttribute("aria-valuenow", String(Math.round(Math.min(1, Math.max(0, share)) * 100)));
  }

  private valuesAt(series: Series, ms: number): string {
    const { units: shown } = this.app.model.settings;
    const s = series.at(ms);
    if (s === null) {
      if (series.samples.length === 0) return SAID.nothing;
      const { fromMs, untilMs } = series.silenceAt(ms);
      const [from, until] = [longMoment(fromMs), longMoment(untilMs)];
      if (from === "" || until === "") return SAID.nothingReceived;
      return SAID.between(from.slice(11), from.slice(0, 10) === until.slice(0, 10) ? until.slice(11) : until);
    }
    const geom = units.altitude(s.altitudeGeom, shown);
    const air = series.airAt(ms);
    const [ias, tas] = [units.speed(air?.ias ?? NaN, shown), units.speed(air?.tas ?? NaN, shown)];
    return [
      s.isOnGround ? WORDS.ground : units.altitude(s.altitude, shown), geom === "" ? "" : `${SAID.altitudeGeom} ${geom}`,
      units.speed(s.speed, shown), ias === "" ? "" : `${SAID.ias} ${ias}`, tas === "" ? "" : `${SAID.tas} ${tas}`, s.isOnGround ? "" : units.climb(s.rate, shown), s.isEstimated ? SAID.estimated : "",
    ].filter((part) => part !== "").join(" · ");
  }

  /** The place of the cursor on the map. */
  private mark(): void {
    const { map, model } = this.app;
    const { theme } = model.settings;
    const features = this.cursorMs === null ? [] : this.series.flatMap((one, i) => {
      const s = one.at(this.cursorMs!);
      if (s === null) return [];
      const colour = seriesColour(theme, this.series, i) ?? colourOf(theme, s.altitude, s.isOnGround);
      return [{ type: "Feature" as const, properties: { colour }, geometry: { type: "Point" as const, coordinates: [s.lon, s.lat] } }];
    });
    if (map.getSource(SOURCE) === undefined) {
      if (features.length === 0) return;
      map.addSource(SOURCE, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
      map.addLayer({
        id: SOURCE, type: "circle", source: SOURCE,
        paint: { "circle-radius": 7, "circle-color": ["get", "colour"], "circle-stroke-width": 3, "circle-stroke-color": palette(theme).selected },
      });
    }
    if (map.getLayer(SOURCE)) map.setPaintProperty(SOURCE, "circle-stroke-color", palette(theme).selected);
    map.getSource<GeoJSONSource>(SOURCE)?.setData({ type: "FeatureCollection", features });
  }
}

export const open = (app: App): Opened => new Profile(app);
