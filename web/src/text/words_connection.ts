/** What is said of the connection with the node, and of its receivers. */

import type { Connection } from "../api/stream";
import { clock, day } from "./units";

const at = (ms: number, nowMs: number): string => `${day(ms) === day(nowMs) ? "" : `${day(ms)} `}${clock(ms)} UTC`;

/** Of the connection: `since` is the time of the last picture, null for none; `silentS` how long nothing has come. */
export function connectionWords(state: Connection, sinceMs: number | null, silentS: number, nowMs: number): string {
  if (state === "live") return "live";
  if (state === "silent") return `nothing from the node for ${silentS} s`;
  if (state === "connecting") return silentS < 5 ? "connecting" : `no answer from the node for ${silentS} s`;
  return sinceMs === null ? "no connection, trying again" : `no connection since ${at(sinceMs, nowMs)}`;
}

/** Of receivers that all have been silent for long; empty if one is heard. */
export function silenceWords(receivers: number, lastReception: string | null, nowMs: number): string {
  if (receivers === 0) return "";
  if (lastReception === null) return "no receiver has sent anything yet";
  const lastMs = Date.parse(lastReception);
  return !(nowMs - lastMs >= SILENT_MS) ? "" : `nothing from any receiver since ${at(lastMs, nowMs)}`;
}

const SILENT_MS = 30_000;
