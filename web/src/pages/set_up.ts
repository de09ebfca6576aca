/** Lines to paste so that programs of others feed this node; with the ports that it really has. */

import type { OperatorPort } from "../api/rest";

export interface SetUpLine {
  readonly program: string;
  readonly words: string;
  readonly line: string;
}

const USUAL_PORT = 30004;
const EVERYWHERE = ["0.0.0.0", "::", ""];

/**
 * What to paste for each program.
 *
 * ports  listening ports of the node
 * page   the name that the page was reached by
 */
export function linesFor(ports: readonly OperatorPort[], page: string): readonly SetUpLine[] {
  const port = ports.find((one) => one.format === "beast" || one.format === "" || one.url.includes("beast"));
  if (port === undefined) {
    return [
      { program: "This node", words: "It has no port for feeders yet. Start it with one:", line: `skywitness serve --listen listen+beast://0.0.0.0:${USUAL_PORT}` },
      { program: "readsb, dump1090-fa, Ultrafeeder, PiAware", words: "Or let the node fetch from the receiver's Beast port:", line: "skywitness serve --source beast+tcp://RECEIVER:30005" },
    ];
  }
  const host = EVERYWHERE.includes(port.host) ? page.replace(/^\[|\]$/g, "") : port.host;
  const socket = `${host.includes(":") ? `[${host}]` : host}:${port.port}`;
  const socat = port.is_encrypted ? `OPENSSL:${socket}` : `TCP:${socket}`;
  const where = ["localhost", "127.0.0.1", "::1"].includes(host) ? " The port is on the node's own computer alone." : "";
  const plain = port.is_encrypted ? " The port is encrypted: this program needs a tunnel, such as socat, before it." : "";
  return [
    { program: "readsb", words: `Add to NET_OPTIONS in /etc/default/readsb, then restart it.${where}${plain}`, line: `--net-connector=${host},${port.port},beast_reduce_plus_out` },
    { program: "Ultrafeeder", words: `Add to ULTRAFEEDER_CONFIG, each part ended by a semicolon.${plain}`, line: `adsb,${host},${port.port},beast_reduce_plus_out;` },
    { program: "dump1090-fa", words: "It connects to nobody; hand its Beast port on, on the receiver's computer:", line: `socat -u TCP:127.0.0.1:30005 ${socat}` },
    { program: "PiAware", words: "Its dump1090-fa has the same port. On the PiAware, or let the node fetch with --source beast+tcp://PIAWARE:30005:", line: `socat -u TCP:127.0.0.1:30005 ${socat}` },
  ];
}
