/** Questions to the node's interface: the only place that fetches. */

export interface Status {
  readonly version: string;
  readonly records: boolean;
  readonly simulated?: boolean;
  readonly now?: string;
  readonly aircraft?: number;
  readonly lat_deg?: number;
  readonly lon_deg?: number;
  readonly facts: Readonly<Record<string, string>>;
}

/** An answer other than the one asked for, in the node's words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

/** An address below the one the page came from: the node may stand behind a proxy at any path. */
export function address(path: string): string {
  return new URL(path, new URL("./", window.location.href)).href;
}

export function socketAddress(path: string): string {
  return address(path).replace(/^http/, "ws");
}

async function asked(path: string, signal?: AbortSignal): Promise<Response> {
  const answer = await fetch(address(path), { ...(signal ? { signal } : {}), headers: { accept: "application/json" } });
  if (!answer.ok) {
    let detail = `${answer.status} ${answer.statusText}`;
    try {
      detail = ((await answer.json()) as { detail?: string }).detail ?? detail;
    } catch {
      // No words came with it.
    }
    throw new Refusal(answer.status, detail);
  }
  return answer;
}

export async function json<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await asked(path, signal)).json()) as T;
}

export async function bytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await asked(path, signal)).arrayBuffer();
}

export const status = (): Promise<Status> => json<Status>("api/v1/status");
