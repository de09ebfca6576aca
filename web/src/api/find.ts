/** Questions to the record in the query language, and what helps to ask them. */

import { address, json, Refusal } from "./rest";

export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };
export type Row = Readonly<Record<string, Value | undefined>>;

export interface Coverage {
  readonly from: string;
  readonly until: string;
  readonly minutes: number;
  readonly minutes_with_data: number;
  readonly sentence: string;
}

export interface Answer {
  readonly question: string;
  readonly subject: string;
  readonly rows: readonly Row[];
  readonly total: number;
  readonly next?: number;
  readonly coverage?: Coverage;
  readonly places?: Readonly<Record<string, string>>;
  readonly content_hash?: string;
  readonly not_read?: readonly string[];
  readonly plan?: Readonly<Record<string, Value>>;
}

export interface Completion {
  readonly text: string;
  readonly words: string;
}

export interface Completions {
  readonly begin: number;
  readonly end: number;
  readonly completions: readonly Completion[];
}

export interface Airport {
  readonly airport: string;
  readonly name: string;
  readonly city?: string;
  readonly country?: string;
  readonly country_name?: string;
  readonly time_zone?: string;
  readonly lat_deg: number;
  readonly lon_deg: number;
}

export interface Part {
  readonly from: string;
  readonly minutes: number;
  readonly minutes_with_data: number;
  readonly positions: number;
}

export interface Reach {
  readonly record_from?: string;
  readonly record_until?: string;
  readonly step_s?: number;
  readonly parts: readonly Part[];
}

/** Characters of a question that go into an address; longer ones are asked as a form. */
const LONGEST_IN_ADDRESS = 1500;

export async function find(question: string, skip: number, limit: number, signal: AbortSignal): Promise<Answer> {
  const query = new URLSearchParams({ q: question, skip: String(skip), limit: String(limit) });
  if (question.length <= LONGEST_IN_ADDRESS) return json<Answer>(`api/v1/find?${query}`, signal);
  const answer = await fetch(address("api/v1/find"), { method: "POST", body: query, signal, headers: { accept: "application/json" } });
  const told = (await answer.json()) as Answer & { detail?: string };
  if (!answer.ok) throw new Refusal(answer.status, told.detail ?? answer.statusText);
  return told;
}

export function completions(question: string, at: number, signal: AbortSignal): Promise<Completions> {
  return json<Completions>(`api/v1/find/complete?${new URLSearchParams({ q: question, at: String(at) })}`, signal);
}

const known = new Map<string, Airport | null>();

/** Airfields by their codes; those that are unknown are left out. Each is asked for once. */
export async function airports(codes: Iterable<string>): Promise<ReadonlyMap<string, Airport>> {
  const wanted = [...new Set(codes)].filter((code) => /^[A-Za-z0-9-]{1,10}$/.test(code));
  const missing = wanted.filter((code) => !known.has(code));
  for (let i = 0; i < missing.length; i += 50) {
    const some = missing.slice(i, i + 50);
    const found = (await json<{ airports: Airport[] }>(`api/v1/airports?code=${some.join(",")}`)).airports;
    for (const code of some) known.set(code, found.find((one) => one.airport === code) ?? null);
  }
  return new Map(wanted.flatMap((code) => (known.get(code) ? [[code, known.get(code)!] as const] : [])));
}

/** What the record has of a time, in equal parts; of all of it if no time is given. */
export async function reach(fromMs: number | null, untilMs: number | null, parts: number, signal?: AbortSignal): Promise<Reach> {
  const query = new URLSearchParams({ parts: String(parts) });
  if (fromMs !== null) query.set("from", new Date(fromMs).toISOString());
  if (untilMs !== null) query.set("until", new Date(untilMs).toISOString());
  return json<Reach>(`api/v1/coverage?${query}`, signal);
}
