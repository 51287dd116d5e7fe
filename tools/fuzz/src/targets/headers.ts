// Values of headers, and the checks of requests and responses, compared with the rules of RFC 6455 §4 and §9.1.
import { between, pick, type Random } from '@framewire/contract/random';
import {
  acceptUpgrade,
  acceptValue,
  checkUpgradeRequest,
  checkUpgradeResponse,
  formatExtensions,
  formatHead,
  formatRefusal,
  formatSubprotocols,
  headerRecord,
  parseExtensions,
  parseSubprotocols,
  responseHeadParser,
  type Refusal,
} from '@framewire/handshake';
import { Finding, mustEqual } from '../finding.ts';
import { oneIn, randomBytes, someOf } from '../generate.ts';
import { Input } from '../input.ts';
import { extensionsOf, requestBreach, responseBreach, subprotocolsOf } from '../model/handshake.ts';
import type { Target } from '../target.ts';

/** The functions under test. */
export interface HeaderReading {
  readonly parseExtensions: typeof parseExtensions;
  readonly parseSubprotocols: typeof parseSubprotocols;
  readonly checkUpgradeRequest: typeof checkUpgradeRequest;
  readonly checkUpgradeResponse: typeof checkUpgradeResponse;
}

const OURS: HeaderReading = { parseExtensions, parseSubprotocols, checkUpgradeRequest, checkUpgradeResponse };

/** The first byte of an input chooses which of these reads the rest. */
const READERS = [readExtensions, readSubprotocols, readRequest, readResponse] as const;

export function headersTarget(reading: HeaderReading = OURS): Target {
  return {
    name: 'headers',
    generate,
    run: (input) => run(reading, input),
  };
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = acceptValue(KEY);
const TOKENS = ['permessage-deflate', 'chat', 'superchat', 'a', '__proto__', 'x-é', '', 'a b', '"'];
const PARAMETERS = [
  'client_max_window_bits',
  'server_max_window_bits=10',
  'a="b"',
  'a="\\b\\c"',
  'a=""',
  'a="b c"',
  'a="b',
  '=',
  'a=',
  'é',
  '',
];
const SEPARATORS = [', ', ',', ' ,\t', '; ', ';', ' ', '"', '\\', ',,'];
const REQUEST: readonly (readonly [string, ...string[]])[] = [
  ['host', 'a', 'a:80', '[::1]:80', 'a, b', 'a b', ''],
  ['upgrade', 'websocket', 'WebSocket', 'websocket, h2c', 'h2c', 'webſocket'],
  ['connection', 'Upgrade', 'keep-alive, upgrade', 'close', 'upgrades', ' UPGRADE\t,'],
  ['sec-websocket-key', KEY, 'AAAAAAAAAAAAAAAAAAAAAA==', 'short==', `${KEY}, ${KEY}`, ''],
  ['sec-websocket-version', '13', '8', '7', '13, 8', '013'],
  ['sec-websocket-protocol', 'chat', 'chat, superchat', 'chat, chat', 'a b', ''],
  ['sec-websocket-extensions', 'permessage-deflate', 'permessage-deflate; client_max_window_bits', 'x y'],
  ['origin', 'http://a', 'null'],
  ['content-length', '0', '5'],
  ['transfer-encoding', 'chunked'],
];
const RESPONSE: readonly (readonly [string, ...string[]])[] = [
  ['upgrade', 'websocket', 'WebSocket', 'h2c'],
  ['connection', 'Upgrade', 'close'],
  ['sec-websocket-accept', ACCEPT, 'AAAA', ''],
  ['sec-websocket-protocol', 'chat', 'superchat', 'chat, superchat', 'other', ''],
  [
    'sec-websocket-extensions',
    'permessage-deflate',
    'permessage-deflate, permessage-deflate',
    'other',
    'x y',
    '',
  ],
  ['content-length', '0', '5'],
  ['transfer-encoding', 'chunked'],
];

function generate(random: Random): Uint8Array {
  const kind = between(random, 0, READERS.length - 1);
  const choices = [kind, between(random, 0, 255)];
  const text =
    kind === 0
      ? someOf(
          random,
          [...TOKENS.slice(0, 5), ...PARAMETERS, pick(random, TOKENS)],
          oneIn(random, 2) ? ['; ', ', '] : SEPARATORS,
          6,
        )
      : kind === 1
        ? someOf(
            random,
            oneIn(random, 2) ? ['a', 'chat', 'b', 'c', 'd'] : TOKENS,
            oneIn(random, 2) ? [', '] : SEPARATORS,
            4,
          )
        : someHead(
            random,
            kind === 2 ? ['GET 1.1', 'GET 1.0', 'POST 1.1'] : ['101', '200', '404'],
            kind === 2 ? REQUEST : RESPONSE,
          );
  const noise = oneIn(random, 20) ? randomBytes(random, between(random, 1, 20)) : [];
  return Buffer.concat([Buffer.from(choices), Buffer.from(text, 'latin1'), Buffer.from(noise)]);
}

/** A start line and fields, one line each, mostly with the right value. */
function someHead(random: Random, starts: readonly string[], table: readonly (readonly string[])[]): string {
  const lines = [oneIn(random, 10) ? pick(random, starts) : (starts[0] ?? '')];
  for (const [index, [name = '', right = '', ...others]] of table.entries()) {
    // Fields late in the table are often left out.
    if (oneIn(random, index < 5 ? 30 : 1.6)) continue;
    lines.push(`${name}: ${oneIn(random, 12) ? pick(random, [right, ...others]) : right}`);
    if (oneIn(random, 40)) lines.push(`${name}: ${pick(random, [right, ...others])}`);
  }
  return lines.join('\n');
}

function run(reading: HeaderReading, bytes: Uint8Array): string {
  const input = new Input(bytes);
  const reader = READERS[input.byte() % READERS.length] as (typeof READERS)[number];
  return reader(reading, input.byte(), input.text());
}

function readExtensions({ parseExtensions }: HeaderReading, _choices: number, text: string): string {
  const expected = extensionsOf(text);
  const parsed = orSyntaxError(
    () => parseExtensions(text),
    ['WS_ERR_UNEXPECTED_CHARACTER', 'WS_ERR_UNEXPECTED_END'],
  );
  if (typeof parsed === 'string') {
    mustEqual('what breaks the grammar', expected, undefined);
    return `extensions ${parsed}`;
  }
  const asLists = parsed.map(({ name, params }) => [
    name,
    ...params.map((param) => [param.name, param.value]),
  ]);
  mustEqual('extensions', asLists, expected);
  mustEqual('extensions that were written', parseExtensions(formatExtensions(parsed)), parsed);
  return `extensions ${Math.min(parsed.length, 3)}`;
}

function readSubprotocols({ parseSubprotocols }: HeaderReading, _choices: number, text: string): string {
  const expected = subprotocolsOf(text);
  const codes = ['WS_ERR_UNEXPECTED_CHARACTER', 'WS_ERR_UNEXPECTED_END', 'WS_ERR_REPEATED_SUBPROTOCOL'];
  const parsed = orSyntaxError(() => [...parseSubprotocols(text)], codes);
  if (typeof parsed === 'string') {
    mustEqual('what is not a list of subprotocols', expected, undefined);
    return `subprotocols ${parsed}`;
  }
  mustEqual('subprotocols', parsed, expected);
  mustEqual('subprotocols that were written', [...parseSubprotocols(formatSubprotocols(parsed))], parsed);
  return `subprotocols ${Math.min(parsed.length, 3)}`;
}

/** The result, or the code of a documented error. */
function orSyntaxError<T>(parse: () => T, documented: readonly string[]): T | string {
  try {
    return parse();
  } catch (error) {
    const { code } = error as { code?: string };
    if (error instanceof SyntaxError && code !== undefined && documented.includes(code)) return code;
    throw error;
  }
}

function readRequest({ checkUpgradeRequest }: HeaderReading, choices: number, text: string): string {
  const { start, headers } = readLines(text);
  const [method = '', httpVersion = ''] = start.split(' ');
  const strict = (choices & 1) === 0;
  const request = { method, httpVersion, headers };
  const check = checkUpgradeRequest(request, { strict });
  const expected = requestBreach(request, strict);
  mustEqual('refused with', check.ok ? undefined : check.refusal.code, expected);
  if (!check.ok) {
    checkRefusal(check.refusal);
    return `request ${String(expected)}`;
  }
  // The client accepts the response to an accepted request.
  const subprotocols = [...check.subprotocols];
  const lines = acceptUpgrade({ key: check.key, protocol: subprotocols[0] });
  const { statusCode, headers: answer } = readResponseHead(formatHead(lines));
  const opened = checkUpgradeResponse({ statusCode, headers: answer }, check);
  mustEqual('opened with', opened, { ok: true, protocol: subprotocols[0] ?? '', extensions: [] });
  return `request accepted ${subprotocols.length > 0}`;
}

function checkRefusal(refusal: Refusal): void {
  const { statusCode } = readResponseHead(formatRefusal(refusal));
  mustEqual('status', statusCode, refusal.status);
  if (statusCode < 400) throw new Finding(`refuses with the status ${statusCode}`);
}

function readResponseHead(bytes: Uint8Array): {
  statusCode: number;
  headers: Record<string, string | string[]>;
} {
  const result = responseHeadParser().push(bytes);
  if (result?.ok !== true) {
    throw new Finding(`writes an invalid response: ${Buffer.from(bytes).toString('latin1')}`);
  }
  return { statusCode: result.head.statusCode, headers: headerRecord(result.head.headers) };
}

function readResponse({ checkUpgradeResponse }: HeaderReading, choices: number, text: string): string {
  const { start, headers } = readLines(text);
  const asked = {
    key: KEY,
    strict: (choices & 1) === 0,
    subprotocolRequired: (choices & 2) === 0,
    subprotocols: (choices & 4) === 0 ? ['chat', 'superchat'] : [],
    extensions: (choices & 8) === 0 ? ['permessage-deflate'] : [],
  };
  const response = { statusCode: Number(start), headers };
  const check = checkUpgradeResponse(response, asked);
  const expected = responseBreach(response, asked);
  mustEqual('failed with', check.ok ? undefined : check.error.code, expected);
  return `response ${String(expected)}`;
}

/** A start line, and headers in the form that Node's HTTP server passes to a program. */
function readLines(text: string): { start: string; headers: Record<string, string | string[]> } {
  const [start = '', ...lines] = text.split('\n');
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trimStart()];
  });
  return { start, headers: headerRecord(fields) };
}
