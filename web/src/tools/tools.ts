/** Opens tools and layers, and keeps which of them are shown. */

import type { App } from "../app";
import { el } from "../text/dom";
import { WORDS } from "../text/words";
import { LAYERS, TOOLS, type Offer, type Opened } from "./offers";

export class Tools {
  /** Where a tool's panel stands. */
  readonly element = el("div", {});
  private readonly fetched = new Map<string, Promise<Opened>>();

  constructor(private readonly app: App) {}

  /** Open a tool in place of the one that is; an empty name closes that. A name that no tool has is none. */
  open(name: string, argument = ""): void {
    const { model } = this.app;
    const before = model.tool;
    const offer = TOOLS.find((one) => one.name === name);
    if (before !== null && before.name !== name) this.show(before.name, false);
    model.tool = offer === undefined ? null : { name, argument };
    if (offer !== undefined) void this.want(offer, (opened) => opened.show(model.tool?.name === name, model.tool?.argument ?? ""));
    model.ring("tools");
  }

  /** Open it, or close it if it is open. */
  toggle(name: string, argument = ""): void {
    this.open(this.app.model.tool?.name === name ? "" : name, argument);
  }

  /** What the open tool is about, for the link; it knows itself. */
  note(argument: string): void {
    const { model } = this.app;
    if (model.tool === null || model.tool.argument === argument) return;
    model.tool = { ...model.tool, argument };
    model.ring("tools");
  }

  toggleLayer(name: string, isShown = !this.app.model.layers.has(name)): void {
    const { layers } = this.app.model;
    const offer = LAYERS.find((one) => one.name === name);
    if (offer === undefined || isShown === layers.has(name)) return;
    if (isShown) layers.add(name);
    else layers.delete(name);
    void this.want(offer, (opened) => opened.show(layers.has(name), ""));
    this.app.model.ring("tools");
  }

  /** The key of a tool or layer; false if none has it. */
  press(key: string): boolean {
    const isIts = (one: Offer): boolean => one.key === key;
    const [tool, layer] = [TOOLS.find(isIts), LAYERS.find(isIts)];
    if (tool !== undefined) this.toggle(tool.name);
    else if (layer !== undefined) this.toggleLayer(layer.name);
    return tool !== undefined || layer !== undefined;
  }

  private show(name: string, isShown: boolean): void {
    void this.fetched.get(name)?.then((opened) => {
      if (opened.element !== undefined) opened.element.hidden = !isShown;
      opened.show(isShown, "");
    }).catch(() => undefined);
  }

  private async want(offer: Offer, act: (opened: Opened) => void): Promise<void> {
    let coming = this.fetched.get(offer.name);
    if (coming === undefined) {
      coming = offer.fetch().then((open) => {
        const opened = open(this.app);
        if (opened.element !== undefined) this.element.append(opened.element);
        return opened;
      });
      this.fetched.set(offer.name, coming);
    }
    try {
      const opened = await coming;
      if (opened.element !== undefined) opened.element.hidden = this.app.model.tool?.name !== offer.name;
      act(opened);
    } catch {
      this.fetched.delete(offer.name);
      this.app.say(WORDS.notFetched);
    }
  }
}
