// The command line: its options and the help text.
import { parseArgs } from 'node:util';

/** The options on the command line. */
export interface Arguments {
  /** The names of the targets, at least one. */
  readonly targets: readonly string[];
  readonly seed: number;
  /** How long all targets run together, in seconds. `undefined` if `runs` is the only limit. */
  readonly seconds: number | undefined;
  /** How many inputs each target gets. */
  readonly runs: number | undefined;
  /** Whether inputs with a new outcome are added to the corpus. */
  readonly grow: boolean;
  /** The only input to run. */
  readonly replay: Uint8Array | undefined;
  readonly corpus: string | undefined;
  readonly help: boolean;
}

export const HELP = `Usage: npm run fuzz -- [options]

Passes random bytes to the code that reads a peer's bytes, and compares the results with a model of the RFCs. The same seed and
corpus give the same inputs. A finding is shortened, printed and added to the corpus.

  --target A,B    the targets. Default: all of frames, heads, headers, negotiation, inflate, deflate, messages, connection
  --seed N        a number below 2^32. Default: a random one
  --seconds N     how long to run, divided among the targets. Default: 60, or no limit with --runs
  --runs N        how many inputs each target gets. Default: no limit
  --grow          for each outcome that no input of the corpus has, add an input to the corpus
  --replay HEX    run only this input, with one --target
  --corpus DIR    the folder of the corpus. Default: tools/fuzz/corpus
  --help          print this help

The exit code is 0 if nothing was found, 1 after a finding, and 2 for a wrong command line.
`;

/**
 * Reads the command line.
 *
 * @param known - the names of all targets
 * @throws {TypeError} with a sentence for the user
 */
export function readArguments(list: string[], known: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: list,
    options: {
      target: { type: 'string', default: known.join() },
      seed: { type: 'string' },
      seconds: { type: 'string' },
      runs: { type: 'string' },
      grow: { type: 'boolean', default: false },
      replay: { type: 'string' },
      corpus: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const targets = values.target.split(',');
  const unknown = targets.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`There is no target "${unknown}". The targets are ${known.join(', ')}.`);
  const runs = wholeNumber('runs', values.runs);
  const replay = values.replay === undefined ? undefined : readHex(values.replay);
  if (replay !== undefined && targets.length > 1) throw new TypeError('--replay needs one --target.');
  return {
    targets,
    runs,
    replay,
    seed: wholeNumber('seed', values.seed) ?? Math.floor(Math.random() * 2 ** 32),
    seconds: wholeNumber('seconds', values.seconds) ?? (runs === undefined ? 60 : undefined),
    grow: values.grow,
    corpus: values.corpus,
    help: values.help,
  };
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text) || Number(text) >= 2 ** 32)
    throw new TypeError(`--${name} must be a whole number below 2^32, not "${text}".`);
  return Number(text);
}

function readHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw new TypeError('--replay must be bytes in hex.');
  return Buffer.from(text, 'hex');
}
