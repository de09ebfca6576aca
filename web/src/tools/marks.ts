/** What the marks of the map mean, and what the colours of trails are of. */

import "./marks.css";
import type { App } from "../app";
import { palette, speedColour, STOPS_FT, STOPS_KT, wayColour } from "../map/palette";
import { SHAPES } from "../map/shapes";
import { ICONS } from "../panels/icons";
import { SOURCES } from "../state/aircraft";
import type { Settings } from "../state/model";
import { el, icon } from "../text/dom";
import * as units from "../text/units";
import { WORDS } from "../text/words";
import type { Opened } from "./offers";
import { MARKS_WORDS as SAID } from "./words_marks";

const SVG = "http://www.w3.org/2000/svg";
const AIRLINER = SHAPES.find((shape) => shape.name === "airliner")!.path;
const BY = ["altitude", "speed", "source"] as const;
type Mark = "own" | "derived" | "relayed" | "carried" | "faded" | "ground" | "emergency" | "selected";
const MARKS: readonly Mark[] = ["own", "derived", "relayed", "carried", "faded", "ground", "emergency", "selected"];

function part(name: string, attributes: Readonly<Record<string, string | number>>, ...children: readonly Element[]): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** A mark as the map draws it. */
function drawn(mark: Mark, app: App): SVGElement {
  const paper = palette(app.model.settings.theme);
  const colour = mark === "emergency" ? paper.emergency : mark === "ground" ? paper.ground : paper.ramp[5]!;
  const inside: SVGElement[] = [];
  const line = { d: AIRLINER, fill: "none", stroke: colour, "stroke-width": 2.4 };
  if (mark === "derived") inside.push(part("path", line));
  else if (mark === "carried") inside.push(part("path", { ...line, "stroke-dasharray": "5 4" }));
  else if (mark === "relayed") {
    const bands = [...Array(8).keys()].map((i) => part("rect", { x: -32, y: -28 + 8 * i, width: 64, height: 4.6 }));
    inside.push(part("clipPath", { id: "marks-bands" }, ...bands), part("path", { d: AIRLINER, fill: colour, "clip-path": "url(#marks-bands)" }));
  } else {
    const rim = mark === "selected" ? { stroke: paper.selected, "stroke-width": 5, "paint-order": "stroke" } : {};
    const small = mark === "ground" ? { transform: "scale(0.72)" } : {};
    inside.push(part("path", { d: AIRLINER, fill: colour, opacity: mark === "faded" ? 0.28 : 1, ...rim, ...small }));
  }
  if (mark === "ground") inside.push(part("rect", { x: -12, y: 22, width: 24, height: 3, fill: colour }));
  if (mark === "emergency") inside.push(part("circle", { r: 29, fill: "none", stroke: colour, "stroke-width": 3 }));
  return part("svg", { viewBox: "-33 -33 66 66", "aria-hidden": "true" }, ...inside);
}

function chip(colour: string, words: string): HTMLElement {
  const svg = part("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" }, part("rect", { y: 3, width: 26, height: 4, rx: 2, fill: colour }));
  return el("li", {}, svg, words);
}

export function open(app: App): Opened {
  const { model, commands } = app;
  const list = el("dl", {});
  const scale = el("ul", { class: "marks-scale", "aria-label": SAID.trails });
  const choice = el("select", { onchange: () => commands.set("trailsBy", choice.value as Settings["trailsBy"]) },
    ...BY.map((by) => el("option", { value: by }, SAID.by[by])));
  const element = el(
    "section", { class: "panel tool marks-tool", "aria-label": SAID.title },
    el("div", { class: "head" }, el("h2", {}, SAID.title),
      el("button", { type: "button", class: "plain", "aria-label": WORDS.close, onclick: () => app.tools.open("") }, icon(ICONS.close))),
    el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": SAID.title }, list, el("p", {}, SAID.unknownType),
      el("label", {}, SAID.trails, choice), scale, el("p", {}, SAID.gaps)),
  );
  const draw = (): void => {
    const { theme, trailsBy, units: chosen } = model.settings;
    list.replaceChildren(...MARKS.map((mark) => el("div", {}, drawn(mark, app), el("dt", {}, SAID[mark][0]), el("dd", {}, SAID[mark][1]))));
    choice.value = trailsBy;
    const paper = palette(theme);
    const chips = trailsBy === "source" ? SOURCES.map((name, i) => chip(wayColour(theme, i), name))
      : trailsBy === "speed" ? STOPS_KT.map((kt) => chip(speedColour(theme, kt), units.speed(kt, chosen)))
      : [...STOPS_FT.map((ft, i) => chip(paper.ramp[i]!, units.altitude(ft, chosen))), chip(paper.ground, WORDS.ground)];
    scale.replaceChildren(...chips, chip(paper.unknown, SAID.unknown));
  };
  model.on(["settings"], draw);
  draw();
  return { element, show: () => undefined };
}
