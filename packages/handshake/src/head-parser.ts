// Parses the head of an HTTP request or response from bytes in chunks of any size (RFC 9112 §2 to §5). It is stricter than HTTP
// requires: it rejects a head that two hops could interpret differently.
import { isSpace, isTarget, isToken, trimSpace } from './grammar.ts';
import { handshakeError, type RefusalRule } from './handshake-error.ts';
import type { HeaderField } from './headers.ts';
import type { RequestHead, ResponseHead } from './http-head.ts';
import { LineReader } from './line-reader.ts';
import { refusalOf, type Refusal } from './refusal.ts';

/** The limits of a head. */
export interface HeadLimits {
  /** The maximum length of the head in bytes, including its empty line. Default 16 KiB; 0 for no limit. */
  readonly maxBytes?: number | undefined;
  /** The maximum number of header fields. Default 100; 0 for no limit. */
  readonly maxHeaders?: number | undefined;
}

/** A complete head and the bytes after it, or the reason for rejecting it. */
export type HeadResult<Head> =
  | {
      readonly ok: true;
      readonly head: Head;
      /** The bytes of the last chunk after the head: a view of the chunk, possibly empty. */
      readonly rest: Uint8Array;
    }
  | {
      readonly ok: false;
      /** The answer of a server to such a request. For a response, use only its code and message. */
      readonly refusal: Refusal;
    };

/** Parses a start line. Returns `undefined` if it is malformed. */
type ReadStartLine<Head> = (line: string) => Omit<Head, 'headers'> | undefined;

/** With a second one of these fields, it would be unclear which one counts (RFC 9112 §3.2, §6.3). */
const SINGLE: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding']);

/** A number with more digits would not be exact. */
const CONTENT_LENGTH = /^[0-9]{1,15}$/;

/**
 * Parses one head. {@link requestHeadParser} and {@link responseHeadParser} create it. It takes linear time, and the result does not
 * depend on the size of the chunks.
 *
 * It rejects:
 * - more bytes or fields than the limits
 * - CR or LF alone, and other control characters
 * - folded lines, space before the colon, and names that are not tokens
 * - more than one `Host`, `Content-Length` or `Transfer-Encoding`, both of the latter, and a `Content-Length` that is not a number
 */
export interface HeadParser<Head extends RequestHead | ResponseHead> {
  /**
   * Parses the next bytes. It keeps nothing of the chunk, but `rest` is a view of it.
   *
   * @returns `undefined` while the head is incomplete; then the result, after which the parser cannot be used again
   * @throws `Error` with the code `WS_ERR_HEAD_IS_OVER` after it has returned a result
   */
  push(chunk: Uint8Array): HeadResult<Head> | undefined;
}

class LineByLine<Head extends RequestHead | ResponseHead> implements HeadParser<Head> {
  readonly #readStartLine: ReadStartLine<Head>;
  readonly #maxHeaders: number;
  readonly #lines: LineReader;
  readonly #headers: HeaderField[] = [];
  readonly #single = new Set<string>();
  #start: Omit<Head, 'headers'> | undefined;
  #over = false;

  constructor(readStartLine: ReadStartLine<Head>, { maxBytes = 16 * 1024, maxHeaders = 100 }: HeadLimits) {
    this.#readStartLine = readStartLine;
    this.#maxHeaders = maxHeaders || Infinity;
    this.#lines = new LineReader(maxBytes || Infinity);
  }

  push(chunk: Uint8Array): HeadResult<Head> | undefined {
    if (this.#over) throw handshakeError('HEAD_IS_OVER');
    this.#lines.offset = 0;
    let line: string | undefined;
    while ((line = this.#lines.next(chunk)) !== undefined) {
      if (line === '' && this.#start !== undefined) {
        return this.#end(this.#start, chunk.subarray(this.#lines.offset));
      }
      const breach = this.#start === undefined ? this.#takeStartLine(line) : this.#takeHeader(line);
      if (breach !== undefined) return this.#fail(breach);
    }
    return this.#lines.breach === undefined ? undefined : this.#fail(this.#lines.breach);
  }

  #takeStartLine(line: string): RefusalRule | undefined {
    this.#start = this.#readStartLine(line);
    return this.#start === undefined ? 'MALFORMED_START_LINE' : undefined;
  }

  #takeHeader(line: string): RefusalRule | undefined {
    if (isSpace(line.charCodeAt(0))) return 'FOLDED_LINE';
    const colon = line.indexOf(':');
    if (colon === -1 || !isToken(line.slice(0, colon))) return 'MALFORMED_HEADER_NAME';
    if (this.#headers.length === this.#maxHeaders) return 'TOO_MANY_HEADERS';
    const name = line.slice(0, colon);
    const value = trimSpace(line.slice(colon + 1));
    this.#headers.push([name, value]);
    return this.#checkSingle(name.toLowerCase(), value);
  }

  #checkSingle(name: string, value: string): RefusalRule | undefined {
    if (!SINGLE.has(name)) return undefined;
    if (this.#single.has(name)) return 'REPEATED_HEADER';
    this.#single.add(name);
    return name === 'content-length' && !CONTENT_LENGTH.test(value) ? 'AMBIGUOUS_BODY' : undefined;
  }

  #end(start: Omit<Head, 'headers'>, rest: Uint8Array): HeadResult<Head> {
    if (this.#single.has('content-length') && this.#single.has('transfer-encoding')) {
      return this.#fail('AMBIGUOUS_BODY');
    }
    this.#over = true;
    // A start line and the headers make a head.
    return { ok: true, head: { ...start, headers: this.#headers } as unknown as Head, rest };
  }

  #fail(rule: RefusalRule): HeadResult<Head> {
    this.#over = true;
    return { ok: false, refusal: refusalOf(rule) };
  }
}

/**
 * Creates a parser for the head of a request.
 *
 * @example
 * const parser = requestHeadParser({ maxBytes: 8192 });
 * socket.on('data', (chunk) => {
 *   const result = parser.push(chunk);
 *   if (result?.ok) console.log(result.head.target, headerRecord(result.head.headers));
 * });
 */
export function requestHeadParser(limits: HeadLimits = {}): HeadParser<RequestHead> {
  return new LineByLine<RequestHead>(readRequestLine, limits);
}

/** Creates a parser for the head of a response. After an interim response (1xx except 101), another head follows. */
export function responseHeadParser(limits: HeadLimits = {}): HeadParser<ResponseHead> {
  return new LineByLine<ResponseHead>(readStatusLine, limits);
}

/** `method SP request-target SP HTTP-version` (RFC 9112 §3). */
function readRequestLine(line: string): Omit<RequestHead, 'headers'> | undefined {
  const [method = '', target = '', version = '', ...more] = line.split(' ');
  const httpVersion = readVersion(version);
  if (!isToken(method) || !isTarget(target) || httpVersion === undefined || more.length > 0) return undefined;
  return { method, target, httpVersion };
}

/** `HTTP-version SP status-code SP [ reason-phrase ]`. Many servers omit the last space (RFC 9112 §4). */
function readStatusLine(line: string): Omit<ResponseHead, 'headers'> | undefined {
  const [version = '', status = '', ...reason] = line.split(' ');
  const httpVersion = readVersion(version);
  if (httpVersion === undefined || !/^[1-9][0-9]{2}$/.test(status)) return undefined;
  return { httpVersion, statusCode: Number(status), reason: reason.join(' ') };
}

function readVersion(text: string): string | undefined {
  return text === 'HTTP/1.1' || text === 'HTTP/1.0' ? text.slice('HTTP/'.length) : undefined;
}
