/** The world as a ball, for routes that go far; near by it is flat. */

import "./globe.css";
import type { App } from "../app";
import type { Opened } from "../tools/offers";

export function open({ map, root, labelSoon }: App): Opened {
  return {
    show(isShown) {
      root.classList.toggle("globe", isShown);
      map.setProjection({ type: isShown ? "globe" : "mercator" });
      void map.once("render").then(labelSoon);
    },
  };
}
