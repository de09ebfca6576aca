/** The profile in words: positions of the shown time one below the other, silences among them. */

import { el } from "../text/dom";
import { longMoment } from "../text/moment";
import * as units from "../text/units";
import { FIELDS, WORDS } from "../text/words";
import { GAP_MS, type Sample, type Series, type Span } from "./profile_data";
import { PROFILE_WORDS as SAID } from "./words_profile";

const MOST_ROWS = 240;

/** The samples of a view, evenly thinned; those beside a silence are kept. */
function chosen(series: Series, view: Span, most: number): { readonly shown: readonly Sample[]; readonly all: number } {
  const inView = series.samples.slice(series.before(view.fromMs - 1) + 1, series.before(view.untilMs) + 1);
  const every = Math.max(1, Math.ceil(inView.length / most));
  const isBeside = (i: number): boolean => {
    const [before, here, after] = [inView[i - 1], inView[i]!, inView[i + 1]];
    return (before !== undefined && here.ms - before.ms > GAP_MS) || (after !== undefined && after.ms - here.ms > GAP_MS);
  };
  return { shown: inView.filter((_, i) => i % every === 0 || i === inView.length - 1 || isBeside(i)), all: inView.length };
}

export function profileTable(series: readonly Series[], view: Span, shown: units.Units, nameOf: (key: number) => string): HTMLElement {
  const isMany = series.length > 1;
  const heads = [SAID.time, ...(isMany ? [WORDS.aircraft] : []), FIELDS.altitude, FIELDS.altitudeGeom, FIELDS.speed, FIELDS.rate, SAID.note];
  const parts = series.map((one) => ({ one, ...chosen(one, view, MOST_ROWS / series.length) }));
  const rows = parts.flatMap(({ one, shown: samples }) => samples.map((s, i) => ({ one, s, before: samples[i - 1] })));
  rows.sort((a, b) => a.s.ms - b.s.ms);
  const lines = rows.map(({ one, s, before }) => {
    const silence = before !== undefined && one.before(s.ms - 1) >= 0 && s.ms - one.samples[one.before(s.ms - 1)]!.ms > GAP_MS
      ? SAID.between(longMoment(one.samples[one.before(s.ms - 1)]!.ms).slice(11), longMoment(s.ms).slice(11)) : "";
    const note = [silence, s.isOnGround ? WORDS.ground : "", s.isEstimated ? SAID.estimated : ""].filter((part) => part !== "").join("; ");
    return el("tr", {},
      el("th", { scope: "row" }, longMoment(s.ms)), isMany && el("td", {}, nameOf(one.key)),
      el("td", { class: "number" }, s.isOnGround ? "" : units.altitude(s.altitude, shown)), el("td", { class: "number" }, units.altitude(s.altitudeGeom, shown)),
      el("td", { class: "number" }, units.speed(s.speed, shown)), el("td", { class: "number" }, s.isOnGround ? "" : units.climb(s.rate, shown)), el("td", {}, note));
  });
  const all = parts.reduce((sum, part) => sum + part.all, 0);
  return el("table", {}, el("caption", {}, SAID.rows(rows.length, all)),
    el("thead", {}, el("tr", {}, ...heads.map((title, i) => el("th", { scope: "col", class: i > (isMany ? 1 : 0) && i < heads.length - 1 ? "number" : null }, title)))),
    el("tbody", {}, ...lines));
}
