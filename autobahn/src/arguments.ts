/** The command line: its commands, options and help text. */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SpecError, checkUrl, hostOf, readSpec } from './spec.ts';
import { DEFAULT_LIMITS } from './engine.ts';
import type { Spec } from './spec.ts';

export const HELP = `framewire-conformance: the 517 cases of the public Autobahn suite, for any WebSocket server or client

  framewire-conformance client ws://host:port ...  test servers that echo
  framewire-conformance server --port 9001         wait for clients that echo, and test them
  framewire-conformance compare old.json new.json  print what changed between two index.json files

Options of client and server:
  --spec file       the settings of a fuzzingclient.json or fuzzingserver.json
  --cases list      patterns of cases to run, such as 6.*,9.1.1 (default: all)
  --exclude list    patterns of cases to leave out
  --out folder      where to write index.json and the reports of the cases (default: the spec's outdir; without one, nowhere)
  --strict          NON-STRICT counts as failed
  --baseline file   an index.json: only a case that is worse than there, or missing, counts as failed
  --messages n      compressed messages in each case of sections 12 and 13 (default: 1000; fewer take less time)

Options of client:
  --agent name      the name of the server in the reports (default: its Server header)
  --jobs n          how many cases may run at the same time, if they cannot disturb each other (default: 16)

Options of server:
  --port n          the port to listen on (default: 9001; 0 takes a free one)
  --host name       the address to listen on (default: 127.0.0.1)

Exit status: 0 if every selected case passed, 1 if not, 2 for an invalid command line or spec, 130 after Ctrl-C.
`;

export interface ClientArguments {
  readonly mode: 'client';
  readonly spec: Spec;
  readonly out: string | null;
  readonly strict: boolean;
  readonly baseline: string | null;
  /** The most compressed messages in a case; undefined for as many as the case has. */
  readonly messages: number | undefined;
  readonly jobs: number;
}

export interface ServerArguments {
  readonly mode: 'server';
  readonly spec: Spec;
  readonly out: string | null;
  readonly strict: boolean;
  readonly baseline: string | null;
  /** The most compressed messages in a case; undefined for as many as the case has. */
  readonly messages: number | undefined;
  readonly port: number;
  readonly host: string;
}

export type Arguments =
  | { readonly mode: 'help' }
  | { readonly mode: 'compare'; readonly before: string; readonly after: string }
  | ClientArguments
  | ServerArguments;

/** Thrown if the command line is invalid. The message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  spec: { type: 'string' },
  cases: { type: 'string' },
  exclude: { type: 'string' },
  out: { type: 'string' },
  strict: { type: 'boolean' },
  baseline: { type: 'string' },
  messages: { type: 'string' },
  agent: { type: 'string' },
  jobs: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** The options that only one mode has. */
const OWN: Readonly<Record<string, readonly (keyof typeof OPTIONS)[]>> = {
  client: ['agent', 'jobs'],
  server: ['port', 'host'],
};

const DEFAULT_JOBS = 16;
const DEFAULT_PORT = 9001;
const MAX_PORT = 65_535;

/**
 * Reads a command line.
 *
 * @throws UsageError if it is invalid, SpecError if the spec file is invalid.
 */
export function readArguments(list: readonly string[]): Arguments {
  const { values, positionals } = parse(list);
  const [mode, ...rest] = positionals;
  if (values.help || (mode === undefined && list.length === 0)) return { mode: 'help' };
  switch (mode) {
    case 'client':
      refuseMisplaced('client', values);
      return readClient(values, rest);
    case 'server':
      refuseMisplaced('server', values);
      if (rest[0] !== undefined) throw new UsageError(`unexpected argument: ${rest[0]}`);
      return readServer(values);
    case 'compare':
      return readCompare(rest);
    case undefined:
      throw new UsageError('name a command: client, server or compare (--help describes them)');
    default:
      throw new UsageError(`unknown command: ${mode} (client, server or compare)`);
  }
}

function parse(list: readonly string[]): { values: Values; positionals: string[] } {
  try {
    return parseArgs({ args: [...list], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.split('. ')[0] ?? message);
  }
}

function readClient(values: Values, urls: readonly string[]): ClientArguments {
  const spec = applyOptions(loadSpec(values.spec), values);
  const given = urls.map((url) => ({
    ...{ url: checkUrl(url), agent: values.agent ?? null, origin: null, protocols: [] },
    ...{ hostname: null, limits: spec.limits },
  }));
  const servers = given.length > 0 ? given : spec.servers;
  if (servers.length === 0) throw new UsageError('name the server to test, such as ws://127.0.0.1:9001');
  if (values.agent !== undefined && given.length !== 1) throw new UsageError('--agent needs exactly one URL');
  const jobs = values.jobs === undefined ? DEFAULT_JOBS : readNumber('--jobs', values.jobs, 1, 1000);
  return { mode: 'client', ...common(values, spec), spec: { ...spec, servers }, jobs };
}

function readServer(values: Values): ServerArguments {
  const spec = applyOptions(loadSpec(values.spec), values);
  const url = spec.url === null ? null : new URL(checkUrl(spec.url));
  const named = url?.port ? Number(url.port) : DEFAULT_PORT;
  const port = values.port === undefined ? named : readNumber('--port', values.port, 0, MAX_PORT);
  const host = values.host ?? (url === null ? '127.0.0.1' : hostOf(url));
  return { mode: 'server', ...common(values, spec), spec, port, host };
}

function common(values: Values, spec: Spec) {
  return {
    out: values.out ?? spec.outdir,
    strict: values.strict ?? false,
    baseline: values.baseline ?? null,
    messages: values.messages === undefined ? undefined : readNumber('--messages', values.messages, 1, 1000),
  };
}

function readCompare([before, after, extra]: readonly string[]): Arguments {
  if (before === undefined || after === undefined || extra !== undefined) {
    throw new UsageError('compare needs two files: compare old.json new.json');
  }
  return { mode: 'compare', before, after };
}

function loadSpec(file: string | undefined): Spec {
  if (file === undefined) {
    const selection = { cases: ['*'], excludeCases: [], excludeAgentCases: {} };
    return { ...selection, outdir: null, url: null, servers: [], limits: DEFAULT_LIMITS };
  }
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SpecError(`cannot read the spec: ${error instanceof Error ? error.message : String(error)}`);
  }
  return readSpec(text);
}

function applyOptions(spec: Spec, values: Values): Spec {
  return {
    ...spec,
    cases: values.cases?.split(',') ?? spec.cases,
    excludeCases: values.exclude?.split(',') ?? spec.excludeCases,
  };
}

function refuseMisplaced(mode: string, values: Values): void {
  for (const [other, options] of Object.entries(OWN)) {
    const misplaced = other === mode ? undefined : options.find((option) => values[option] !== undefined);
    if (misplaced !== undefined)
      throw new UsageError(`--${misplaced} is an option of ${other}, not of ${mode}`);
  }
}

function readNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`${name} takes a number from ${min} to ${max}, not ${text}`);
}
