// The command line: what may be asked for, and the help text.
import { parseArgs } from 'node:util';

/** What the user asked for. */
export interface Arguments {
  /** The names of the targets, at least one. */
  readonly targets: readonly string[];
  readonly seed: number;
  /** How long in all, in seconds; undefined where `runs` says when to stop. */
  readonly seconds: number | undefined;
  /** How many inputs each target gets. */
  readonly runs: number | undefined;
  /** Whether inputs that went a new way are added to the corpus. */
  readonly grow: boolean;
  /** An input to be run alone. */
  readonly replay: Uint8Array | undefined;
  readonly corpus: string | undefined;
  readonly help: boolean;
}

export const HELP = `Usage: npm run fuzz -- [options]

Feeds random bytes to what reads a peer's bytes, and compares with a model of the RFCs. The same seed and corpus give the same
inputs. What is found is made short, printed and added to the corpus.

  --target A,B    the targets, all by default: frames, heads, headers, negotiation, inflate, deflate, messages, connection
  --seed N        a number below 2^32; another one each time by default
  --seconds N     how long in all, 60 by default: every target gets its share
  --runs N        in place of that, how many inputs every target gets
  --grow          adds an input to the corpus for each way that no input there goes
  --replay HEX    runs this one input of one target, and no others
  --corpus DIR    the folder of the corpus, tools/fuzz/corpus by default
  --help          print this

The exit status is 0 when nothing was found, 1 when something was, 2 for a wrong command line.
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
  if (unknown !== undefined) throw new TypeError(`There is no target "${unknown}": ${known.join(', ')}.`);
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
    throw new TypeError(`--${name} is a whole number, not "${text}".`);
  return Number(text);
}

function readHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw new TypeError('--replay is bytes in hex.');
  return Buffer.from(text, 'hex');
}
