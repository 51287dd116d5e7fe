// The parsers of HTTP heads, for requests and responses, compared with the grammar (RFC 9112).
import { between, pick, type Random } from '@framewire/contract/random';
import {
  formatRequestHead,
  formatResponseHead,
  HANDSHAKE_ERRORS,
  requestHeadParser,
  responseHeadParser,
  type HeadParser,
  type RequestHead,
  type ResponseHead,
} from '@framewire/handshake';
import { Finding, must, mustEqual } from '../finding.ts';
import { oneIn, randomBytes } from '../generate.ts';
import { choose, Input, latin1 } from '../input.ts';
import { readHead } from '../model/head.ts';
import { splitAnywhere, splitBytewise } from '../splitting.ts';
import type { Target } from '../target.ts';

/** The parsers under test. */
export interface HeadReading {
  readonly requestHeadParser: typeof requestHeadParser;
  readonly responseHeadParser: typeof responseHeadParser;
}

interface Options {
  readonly kind: 'request' | 'response';
  readonly maxBytes: number;
  readonly maxHeaders: number;
  readonly seed: number;
}

type Head = RequestHead | ResponseHead;

const CODES = new Set<string>(Object.values(HANDSHAKE_ERRORS).map(({ code }) => code));

export function headsTarget(reading: HeadReading = { requestHeadParser, responseHeadParser }): Target {
  return { name: 'heads', generate, run: (input) => run(reading, input) };
}

function readOptions(input: Input): Options {
  const choices = input.byte();
  return {
    kind: (choices & 1) === 0 ? 'request' : 'response',
    maxBytes: choose([16 * 1024, 0, 64, 200], (choices >> 1) & 3),
    maxHeaders: choose([100, 0, 1, 3], (choices >> 3) & 3),
    seed: input.uint16(),
  };
}

const START_LINES = {
  request: [
    'GET / HTTP/1.1',
    'GET /chat?a=%20 HTTP/1.1',
    'POST * HTTP/1.0',
    'GET  / HTTP/1.1',
    'GET / HTTP/2.0',
    'G(T / HTTP/1.1',
    'GET /é HTTP/1.1',
    'GET /',
  ],
  response: [
    'HTTP/1.1 101 Switching Protocols',
    'HTTP/1.1 101',
    'HTTP/1.0 404 Not Found',
    'HTTP/1.1 200 ',
    'HTTP/1.1 099 No',
    'HTTP/1.1 1010 No',
    'HTTP/1.1  101 No',
    'HTTP/1.1 200 \x80ß',
  ],
};
const NAMES = [
  'Host',
  'Upgrade',
  'Connection',
  'Sec-WebSocket-Key',
  'Content-Length',
  'Transfer-Encoding',
  'x',
  '__proto__',
  'constructor',
  '!#$%&',
  'a b',
  'ü',
  '',
];
const VALUES = [
  'websocket',
  'Upgrade',
  'dGhlIHNhbXBsZSBub25jZQ==',
  '0',
  '5',
  '-1',
  '1e3',
  'chunked',
  '',
  ' padded\t',
  'é\xff',
  'a\x00b',
  'a\x7fb',
  'a: b',
  '1234567890123456',
];
const LINE_ENDS = ['\n', '\r', '\r\r\n', '\r\n ', '\r\n\r\n'];

function generate(random: Random): Uint8Array {
  const choices = randomBytes(random, 3);
  // Most inputs have the default limits.
  if (!oneIn(random, 3)) choices[0] = (choices[0] as number) & 1;
  const kind = ((choices[0] as number) & 1) === 0 ? 'request' : 'response';
  if (oneIn(random, 12)) return Buffer.concat([choices, randomBytes(random, between(random, 0, 80))]);
  const lines = [oneIn(random, 6) ? pick(random, START_LINES[kind]) : (START_LINES[kind][0] ?? '')];
  const wellFormed = !oneIn(random, 3);
  for (let count = between(random, 0, 8); count > 0; count--) {
    const name = pick(random, wellFormed ? NAMES.slice(0, -3) : NAMES);
    lines.push(
      `${name}:${pick(random, [' ', '', '\t '])}${pick(random, wellFormed ? VALUES.slice(0, 4) : VALUES)}`,
    );
  }
  if (oneIn(random, 40)) lines.push(`long: ${'x'.repeat(between(random, 100, 20_000))}`);
  const text = [...lines, '', ''].reduce(
    (head, line) => head + (oneIn(random, 80) ? pick(random, LINE_ENDS) : '\r\n') + line,
  );
  return Buffer.concat([
    choices,
    Buffer.from(text, 'latin1'),
    randomBytes(random, oneIn(random, 2) ? between(random, 0, 20) : 0),
  ]);
}

function run(reading: HeadReading, bytes: Uint8Array): string {
  const input = new Input(bytes);
  const options = readOptions(input);
  const wire = input.rest();
  const whole = read(reading, [wire], options);
  checkAgainstGrammar(whole.outcome, wire, options);
  for (const chunks of [splitAnywhere(wire, options.seed), splitBytewise(wire)]) {
    mustEqual(`reported for ${chunks.length} chunks`, read(reading, chunks, options).outcome, whole.outcome);
  }
  if (whole.head !== undefined) checkRoundTrip(reading, whole.head, options.kind);
  return `${options.kind} ${whole.outcome.kind} ${whole.outcome.code ?? ''}`;
}

/** The result, in a form that can be compared. */
interface Outcome {
  readonly kind: 'head' | 'refusal' | 'more';
  readonly code?: string | undefined;
  readonly head?: Head;
  /** What follows the head, in the chunk that ended it and those after it. */
  readonly rest?: string;
}

function read(
  reading: HeadReading,
  chunks: readonly Uint8Array[],
  options: Options,
): { outcome: Outcome; head?: Head } {
  const { kind, maxBytes, maxHeaders } = options;
  const make = kind === 'request' ? reading.requestHeadParser : reading.responseHeadParser;
  const parser: HeadParser<Head> = make({ maxBytes, maxHeaders });
  for (const [index, chunk] of chunks.entries()) {
    const result = parser.push(chunk);
    if (result === undefined) continue;
    checkIsOver(parser);
    if (!result.ok) {
      const { code, status } = result.refusal;
      must(
        code !== undefined && CODES.has(code) && status >= 400,
        `refused with ${String(code)} and ${status}`,
      );
      return { outcome: { kind: 'refusal', code } };
    }
    const rest = latin1(Buffer.concat([result.rest, ...chunks.slice(index + 1)]));
    return { outcome: { kind: 'head', head: result.head, rest }, head: result.head };
  }
  return { outcome: { kind: 'more' } };
}

function checkIsOver(parser: HeadParser<Head>): void {
  try {
    parser.push(Buffer.from('GET'));
  } catch (error) {
    if ((error as { code?: unknown }).code === 'WS_ERR_HEAD_IS_OVER') return;
    throw error;
  }
  throw new Finding('a parser continues after its result');
}

function checkAgainstGrammar(outcome: Outcome, wire: Uint8Array, options: Options): void {
  const text = latin1(wire);
  const { kind, maxBytes, maxHeaders } = options;
  const head = readHead(text, kind, { maxBytes: maxBytes || Infinity, maxHeaders: maxHeaders || Infinity });
  if (outcome.kind === 'more') {
    must(!text.includes('\r\n\r\n'), 'wants more of a head that is complete');
    must(maxBytes === 0 || text.length <= maxBytes, 'wants more than it may read');
    return;
  }
  mustEqual('whether it is a head', outcome.kind === 'head', head !== undefined);
  if (head === undefined) return;
  mustEqual('what follows the head', outcome.rest, text.slice(head.end));
  mustEqual('the fields', outcome.head?.headers, head.fields);
  mustEqual('the start line', startLine(outcome.head), head.start.trimEnd());
}

function startLine(head: Head | undefined): string {
  if (head === undefined) return '';
  const version = `HTTP/${head.httpVersion ?? ''}`;
  return 'method' in head
    ? `${head.method} ${head.target} ${version}`
    : `${version} ${head.statusCode} ${head.reason ?? ''}`.trimEnd();
}

/** Writes a head that was read. The parser must read the same head again, except for the version. */
function checkRoundTrip(reading: HeadReading, head: Head, kind: Options['kind']): void {
  const bytes = 'method' in head ? formatRequestHead(head) : formatResponseHead(head);
  const { outcome } = read(reading, [bytes], { kind, maxBytes: 0, maxHeaders: 0, seed: 0 });
  mustEqual('a head that was written', outcome.head, { ...head, httpVersion: '1.1' });
}
