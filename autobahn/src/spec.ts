/** The spec of a run: the servers or the port, the cases, and the folder of the reports. Also the patterns that select cases. */

import { isIPv6 } from 'node:net';
import { DEFAULT_LIMITS } from './engine.ts';
import type { Case } from './case.ts';
import type { EngineLimits } from './engine.ts';

/** A server under test. */
export interface ServerTarget {
  readonly url: string;
  /** The name in the reports; null uses the Server header of the answer. */
  readonly agent: string | null;
  readonly origin: string | null;
  readonly protocols: readonly string[];
  /** The server name for TLS; null uses the host of the URL. */
  readonly hostname: string | null;
  readonly limits: EngineLimits;
}

/** Which cases are run. */
export interface Selection {
  readonly cases: readonly string[];
  readonly excludeCases: readonly string[];
  readonly excludeAgentCases: Readonly<Record<string, readonly string[]>>;
}

/** The spec of either mode, with all defaults. */
export interface Spec extends Selection {
  readonly outdir: string | null;
  /** The address of the fuzzing server itself. */
  readonly url: string | null;
  readonly servers: readonly ServerTarget[];
  readonly limits: EngineLimits;
}

/** Thrown if a spec or a URL is invalid. The message is one line. */
export class SpecError extends Error {
  override readonly name = 'SpecError';
}

/** Returns the numbers of an id: `6.4.2` gives 6, 4, 2. */
function numbersOf(id: string): number[] {
  return id.split('.').map(Number);
}

/** Compares two ids number by number, as the public suite sorts its cases. */
export function compareIds(a: string, b: string): number {
  const left = numbersOf(a);
  const right = numbersOf(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Whether a pattern selects an id. Without `*`, the pattern is the id itself. Otherwise `*` stands for anything, and the pattern needs to
 * match only the start of the id: `6.2*` selects both 6.2.1 and 6.20.1.
 */
export function selects(pattern: string, id: string): boolean {
  return pattern.includes('*') ? toExpression(pattern, '').test(id) : pattern === id;
}

/** Returns the selected cases out of `all`, sorted. */
export function selectCases(all: readonly Case[], selection: Selection): Case[] {
  const included = (id: string) => selection.cases.some((pattern) => selects(pattern, id));
  const excluded = (id: string) => selection.excludeCases.some((pattern) => selects(pattern, id));
  return all.filter(({ id }) => included(id) && !excluded(id)).sort((a, b) => compareIds(a.id, b.id));
}

/** Whether a case is excluded for an agent. Here, patterns must match the whole name and the whole id. */
export function isExcluded(selection: Selection, agent: string, id: string): boolean {
  return Object.entries(selection.excludeAgentCases).some(
    ([agents, cases]) =>
      toExpression(agents, '$').test(agent) && cases.some((pattern) => toExpression(pattern, '$').test(id)),
  );
}

function toExpression(pattern: string, end: string): RegExp {
  const escaped = pattern.replace(/[\\^$.+?()[\]{}|]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}${end}`);
}

/**
 * Reads a spec file's text.
 *
 * @throws SpecError if it is not a JSON object, or a key has the wrong type.
 */
export function readSpec(text: string): Spec {
  const spec = parseObject(text);
  const limits = readLimits(DEFAULT_LIMITS, spec['options']);
  const servers = spec['servers'];
  if (servers !== undefined && !Array.isArray(servers)) throw new SpecError('"servers" is not a list');
  return {
    cases: readStrings(spec, 'cases') ?? ['*'],
    excludeCases: readStrings(spec, 'exclude-cases') ?? [],
    excludeAgentCases: readExclusions(spec['exclude-agent-cases']),
    outdir: readString(spec, 'outdir'),
    url: readString(spec, 'url'),
    servers: (servers ?? []).map((entry: unknown) => readServer(entry, limits)),
    limits,
  };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SpecError(`the spec is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  return asObject(value, 'the spec');
}

function readServer(entry: unknown, limits: EngineLimits): ServerTarget {
  const server = asObject(entry, 'an entry of "servers"');
  const url = readString(server, 'url');
  if (url === null) throw new SpecError('an entry of "servers" has no "url"');
  return {
    url: checkUrl(url),
    agent: readString(server, 'agent'),
    origin: readString(server, 'origin'),
    protocols: readStrings(server, 'protocols') ?? [],
    hostname: readString(server, 'hostname'),
    limits: readLimits(limits, server['options']),
  };
}

/**
 * Checks a WebSocket URL, and returns it unchanged.
 *
 * @throws SpecError if it is invalid.
 */
export function checkUrl(url: string): string {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol === 'ws:' || protocol === 'wss:') return url;
  throw new SpecError(`not a WebSocket URL: ${url}`);
}

/** Returns the host of a URL. An IPv6 address has no brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** Returns the WebSocket URL of a host and a port. */
export function addressOf(host: string, port: number): string {
  return `ws://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function readLimits(defaults: EngineLimits, value: unknown): EngineLimits {
  if (value === undefined) return defaults;
  const options = asObject(value, '"options"');
  const limits: Record<keyof EngineLimits, number> = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof EngineLimits)[]) {
    const option = options[name];
    if (option === undefined) continue;
    if (typeof option !== 'number') throw new SpecError(`the option "${name}" is not a number of seconds`);
    limits[name] = option;
  }
  return limits;
}

function readExclusions(value: unknown): Record<string, readonly string[]> {
  if (value === undefined) return {};
  const exclusions = asObject(value, '"exclude-agent-cases"');
  return Object.fromEntries(
    Object.keys(exclusions).map((agent) => [agent, readStrings(exclusions, agent) ?? []] as const),
  );
}

function readString(object: Record<string, unknown>, key: string): string | null {
  const value = object[key];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw new SpecError(`"${key}" is not a string`);
  return value;
}

function readStrings(object: Record<string, unknown>, key: string): string[] | null {
  const value = object[key];
  if (value === undefined) return null;
  if (!Array.isArray(value)) throw new SpecError(`"${key}" is not a list`);
  return value.map((entry: unknown) => {
    if (typeof entry !== 'string') throw new SpecError(`"${key}" is not a list of strings`);
    return entry;
  });
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new SpecError(`${what} is not a JSON object`);
}
