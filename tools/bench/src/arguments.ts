// The command line: its options, and the help text.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { MAIN_LINE } from './committed.ts';
import { peers, type Peer } from './peers.ts';
import type { Scenario } from './plan.ts';
import { scenarios } from './scenarios.ts';

/** The options of a run. */
export interface Arguments {
  readonly scenarios: readonly Scenario[];
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly json: boolean;
  /** The Node that runs servers and clients. Default: the one that runs the benchmark. */
  readonly node: string | undefined;
  /** The folder for results, pictures and their page. */
  readonly save: string | undefined;
  /** The folder for profiles of the peers on Node. */
  readonly profile: string | undefined;
  readonly list: boolean;
  readonly micro: boolean;
  readonly compression: boolean;
  /** Measure nothing, and put the committed results into the READMEs, their page and its pictures. */
  readonly readme: boolean;
  /** Measure servers that a broker joins. */
  readonly brokers: boolean;
  /** The seconds that the soak runs. */
  readonly soak: number | undefined;
  /** Measure the memory of a server over rounds of connections that come and leave. */
  readonly churn: boolean;
  readonly help: boolean;
}

const ROUNDS = 5;
const QUICK_ROUNDS = 3;
const MOST_ROUNDS = 100;
/** The default peers of a quick run. */
const QUICK_PEERS = ['framewire', 'ws', 'net'];
/** The peers that `--churn` can measure. */
const CHURN_PEERS = ['framewire', 'ws'];

const PROFILED = '--profile and --save exclude each other, because a profiled process is slower.';

export const HELP = `Usage: npm run bench -- [options]

Measures framewire and other libraries on this machine: CPU per message, rate, latency, memory.

  --scenario A,B  only these; A also stands for all names that begin with A- (default: all)
  --peers A,B     only these (default: all except framewire-bufferutil; with --quick ${QUICK_PEERS.join(', ')};
                  with --churn ${CHURN_PEERS.join(', ')})
  --rounds N      how many turns each peer has (default ${ROUNDS}, with --quick ${QUICK_ROUNDS})
  --node PATH     run servers and clients on this Node
  --quick         shorter turns, then a comparison with the committed results of the same line of Node
                  (none with --rounds 1)
  --micro         only the parts of the codec, without sockets
  --compression   only compression, without sockets: bytes, CPU and memory of its options
  --brokers       only servers joined by Redis, NATS or a hub: framewire, socket.io and raw sockets
  --soak SECONDS  only a server under full load of compressed messages: its memory over time
  --churn         only the memory of a server over ten rounds of 10,000 connections, which exchange compressed
                  messages and leave: framewire and ws
  --json          print the results as JSON instead of tables
  --save DIR      on Node ${MAIN_LINE}, write results.json, README.md and a picture there; on another line,
                  only node-<major>.json; with --brokers, brokers.json and brokers.md
  --profile DIR   write a profile of each peer on Node there, and print which code used the time
  --readme        measure nothing: put the committed results into the READMEs, the page of results and
                  its pictures
  --list          print the names of scenarios and peers
  --help          print this help
`;

/** Every option. */
export const OPTIONS = {
  scenario: { type: 'string', multiple: true, default: [] as string[] },
  peers: { type: 'string', multiple: true, default: [] as string[] },
  rounds: { type: 'string' },
  node: { type: 'string' },
  quick: { type: 'boolean', default: false },
  micro: { type: 'boolean', default: false },
  compression: { type: 'boolean', default: false },
  brokers: { type: 'boolean', default: false },
  readme: { type: 'boolean', default: false },
  soak: { type: 'string' },
  churn: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  save: { type: 'string' },
  profile: { type: 'string' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies ParseArgsConfig['options'];

/** The options that measure no scenarios, and the options that they allow. */
const MODES: Readonly<Record<string, readonly string[]>> = {
  micro: ['quick', 'json'],
  compression: ['quick', 'json'],
  brokers: ['quick', 'rounds', 'json', 'save'],
  soak: ['json'],
  churn: ['peers', 'node', 'json'],
  readme: [],
  list: [],
};

/**
 * Reads the command line.
 *
 * @param list The words after the script's name.
 * @throws {TypeError} When an option, a name or a value is invalid. Its message is for the user.
 */
export function readArguments(list: readonly string[]): Arguments {
  const { values } = parseArgs({ args: [...list], options: OPTIONS });
  refuseUnused(values);
  refuseEmpty(values);
  if (values.profile !== undefined && values.save !== undefined) throw new TypeError(PROFILED);
  const { quick, json, node, save, profile, list: names } = values;
  const { micro, compression, brokers, churn, readme, help } = values;
  return {
    ...{ quick, json, node, save, profile, list: names },
    ...{ micro, compression, brokers, churn, readme, help },
    scenarios: chooseScenarios(wordsOf(values.scenario)),
    peers: choosePeers(wordsOf(values.peers), quick, churn),
    rounds: readRounds(values.rounds, quick),
    soak: readSeconds(values.soak),
  };
}

/** Rejects an option that would have no effect. */
function refuseUnused(values: Readonly<Record<string, unknown>>): void {
  if (values['help'] === true) return;
  const given = Object.keys(values).filter((name) => {
    const value = values[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
  const mode = given.find((name) => Object.hasOwn(MODES, name));
  if (mode === undefined) return;
  const unused = given.find((name) => name !== mode && !MODES[mode]?.includes(name));
  if (unused !== undefined) throw new TypeError(`With --${mode}, the option --${unused} has no effect.`);
}

/** Rejects an option with an empty value, for example from an empty shell variable. It must not select everything. */
function refuseEmpty(values: Readonly<Record<string, unknown>>): void {
  const isEmpty = (value: unknown): boolean => typeof value === 'string' && wordsOf([value]).length === 0;
  const empty = Object.keys(values).find((name) => [values[name]].flat().some(isEmpty));
  if (empty !== undefined) throw new TypeError(`The option --${empty} has no value.`);
}

/** `--option a,b` and `--option a --option b` mean the same. */
function wordsOf(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).filter((word) => word !== '');
}

function chooseScenarios(words: readonly string[]): readonly Scenario[] {
  if (words.length === 0) return scenarios;
  const wanted = words.flatMap((word) => {
    const found = scenarios.filter(({ name }) => name === word || name.startsWith(`${word}-`));
    if (found.length === 0) throw new TypeError(`There is no scenario "${word}". --list prints their names.`);
    return found;
  });
  return scenarios.filter((scenario) => wanted.includes(scenario));
}

function choosePeers(words: readonly string[], quick: boolean, churn: boolean): readonly Peer[] {
  const unknown = words.find((word) => !peers.some(({ name }) => name === word));
  if (unknown !== undefined) throw new TypeError(`There is no peer "${unknown}". --list prints their names.`);
  const refused = churn ? words.find((word) => !CHURN_PEERS.includes(word)) : undefined;
  if (refused !== undefined) throw new TypeError(`--churn cannot measure the peer "${refused}".`);
  if (words.length > 0) return peers.filter(({ name }) => words.includes(name));
  if (quick) return peers.filter(({ name }) => QUICK_PEERS.includes(name));
  if (churn) return peers.filter(({ name }) => CHURN_PEERS.includes(name));
  return peers.filter(({ byDefault }) => byDefault);
}

function readSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new TypeError(`--soak must be a number of seconds from 1 to 99999, not "${text}".`);
}

function readRounds(text: string | undefined, quick: boolean): number {
  if (text === undefined) return quick ? QUICK_ROUNDS : ROUNDS;
  const rounds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (rounds >= 1 && rounds <= MOST_ROUNDS) return rounds;
  throw new TypeError(`--rounds must be a number from 1 to ${MOST_ROUNDS}, not "${text}".`);
}
