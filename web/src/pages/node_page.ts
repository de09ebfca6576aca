/** The operator's page. */

import { el } from "../text/dom";
import type { Units } from "../text/units";

export class NodePage {
  readonly element = el("div", { hidden: true });

  constructor(readonly units: () => Units) {}

  show(isShown: boolean): void {
    this.element.hidden = !isShown;
  }
}
