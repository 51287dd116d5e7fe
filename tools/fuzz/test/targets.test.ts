// Every target: the corpus, a short run with a fixed seed, and deliberately wrong implementations that must be found.
import {
  FrameDecoder,
  MessageAssembler,
  type FrameDecoderOptions,
  type PartialFrame,
} from '@framewire/codec';
import { WebSocketConnection } from '@framewire/connection';
import { deflate, Deflater, inflate, Inflater, type Flush } from '@framewire/deflate';
import {
  checkUpgradeRequest,
  checkUpgradeResponse,
  parseExtensions,
  parseSubprotocols,
  requestHeadParser,
  responseHeadParser,
} from '@framewire/handshake';
import {
  acceptOffer,
  checkResponse,
  parseParameters,
  PerMessageDeflate,
} from '@framewire/permessage-deflate';
import { describe, expect, test } from 'vitest';
import { CORPUS, readCorpus } from '../src/corpus.ts';
import { fuzz } from '../src/engine.ts';
import { hex } from '../src/input.ts';
import type { Target } from '../src/target.ts';
import { connectionTarget } from '../src/targets/connection.ts';
import { framesTarget, type Codec } from '../src/targets/frames.ts';
import { headersTarget, type HeaderReading } from '../src/targets/headers.ts';
import { headsTarget, type HeadReading } from '../src/targets/heads.ts';
import { TARGETS } from '../src/targets/index.ts';
import { contextsTarget } from '../src/targets/contexts.ts';
import { deflateTarget } from '../src/targets/deflate.ts';
import { inflateTarget } from '../src/targets/inflate.ts';
import { messagesTarget, type MakeInflater } from '../src/targets/messages.ts';
import { negotiationTarget, type Negotiation } from '../src/targets/negotiation.ts';
import { openConnection, type Open } from '../src/watched-connection.ts';

/** How many inputs of each target take about a second. */
const SHORT_RUN: Readonly<Record<string, number>> = {
  frames: 4000,
  heads: 4000,
  headers: 8000,
  negotiation: 8000,
  inflate: 3000,
  deflate: 1500,
  contexts: 1500,
  messages: 600,
  connection: 800,
};
const PATIENCE = 120_000;

function runOf(target: Target, corpus: readonly Uint8Array[], shortens: boolean) {
  return fuzz(target, { seed: 1, runs: corpus.length + (SHORT_RUN[target.name] ?? 0), corpus, shortens });
}

describe.each(TARGETS)('$name', (target) => {
  test('finds nothing in the corpus or in a short run', { timeout: PATIENCE }, async () => {
    const corpus = readCorpus(CORPUS, target.name).map(({ input }) => input);
    const { found, outcomes } = await runOf(target, corpus, true);
    expect(found && { what: found.what, shortest: hex(found.shortest) }).toBeUndefined();
    expect(outcomes).toBeGreaterThan(5);
  });
});

const DIRECTION = { windowBits: 15, takeover: true } as const;

/** A connection with a fault. */
function wrongly(change: (...args: Parameters<Open>) => Parameters<Open>): Target {
  return connectionTarget((...args) => openConnection(...change(...args)));
}

/** Each implementation with its expected finding, because another check could find the same fault. */
const wrong: readonly (readonly [what: string, finding: RegExp, target: Target])[] = [
  [
    'a decoder that accepts RSV1',
    /and not \[.*"breach WS_ERR_UNEXPECTED_RSV_1"\]$/,
    framesTarget(codec({ FrameDecoder: withOptions({ allowRsv1: true }) })),
  ],
  [
    'a server decoder that reads as a client',
    /reported for the whole: \["breach WS_ERR_UNEXPECTED_MASK"\], and not /,
    framesTarget(codec({ FrameDecoder: withOptions({ role: 'client' }) })),
  ],
  [
    'a decoder without a limit',
    /and not \[.*"breach WS_ERR_UNSUPPORTED_MESSAGE_LENGTH"\]$/,
    framesTarget(codec({ FrameDecoder: withOptions({ maxPayload: 0 }) })),
  ],
  [
    'a decoder that misreads a byte in a chunk of its own',
    /^reported for \d+ chunks: /,
    framesTarget(
      codec({
        FrameDecoder: class extends FrameDecoder {
          override push(chunk: Uint8Array): void {
            super.push(chunk.length === 1 && chunk[0] === 0x80 ? Uint8Array.of(0x81) : chunk);
          }
        },
      }),
    ),
  ],
  [
    'a decoder that allocates the whole announced length',
    /^a frame that has arrived in part /,
    framesTarget(
      codec({
        FrameDecoder: class extends FrameDecoder {
          override get partial(): PartialFrame | undefined {
            const partial = super.partial;
            if (partial === undefined || partial.payloadLength > 2 ** 20) return partial;
            const { bytes, length } = partial.payload;
            const larger = new Uint8Array(Math.max(partial.payloadLength, bytes.length));
            larger.set(bytes);
            return { ...partial, payload: { bytes: larger, length } };
          }
        },
      }),
    ),
  ],
  [
    'an assembler that does not validate UTF-8',
    /and not \[.*"breach WS_ERR_INVALID_UTF8"\]$/,
    framesTarget(
      codec({
        MessageAssembler: class extends MessageAssembler {
          constructor(options = {}) {
            super({ ...options, skipUtf8Validation: true });
          }
        },
      }),
    ),
  ],
  [
    'a parser of heads without limits',
    /^whether it is a head: true, and not false$/,
    headsTarget(heads({ requestHeadParser: () => requestHeadParser({ maxBytes: 0 }) })),
  ],
  [
    'a parser of heads that drops what follows a head',
    /^what follows the head: , and not [^]+$/,
    headsTarget(
      heads({
        responseHeadParser: (limits) => {
          const parser = responseHeadParser(limits);
          return {
            push(chunk) {
              const result = parser.push(chunk);
              return result?.ok === true ? { ...result, rest: new Uint8Array(0) } : result;
            },
          };
        },
      }),
    ),
  ],
  [
    'a parser of extensions that only splits at commas',
    /^extensions: \[\[.*, and not undefined$/,
    headersTarget(
      headers({
        parseExtensions: (value) =>
          value.split(',').map((each) => ({ name: each.split(';')[0]!.trim(), params: [] })),
      }),
    ),
  ],
  [
    'a parser that accepts repeated subprotocols',
    /^subprotocols: \[.*, and not undefined$/,
    headersTarget(
      headers({ parseSubprotocols: (value) => new Set(value.split(',').map((name) => name.trim())) }),
    ),
  ],
  [
    'a check of requests that is never strict',
    /^refused with: .*, and not WS_ERR_INVALID_HTTP_VERSION$/,
    headersTarget(
      headers({ checkUpgradeRequest: (request) => checkUpgradeRequest(request, { strict: false }) }),
    ),
  ],
  [
    'a check of responses that does not require a subprotocol',
    /^failed with: .*, and not WS_ERR_MISSING_SUBPROTOCOL$/,
    headersTarget(
      headers({
        checkUpgradeResponse: (response, asked) =>
          checkUpgradeResponse(response, { ...asked, subprotocolRequired: false }),
      }),
    ),
  ],
  [
    'a server that ignores its option for the window',
    /^the answer: \{\}, and not \{"server_max_window_bits":13\}$/,
    negotiationTarget(
      negotiation({
        acceptOffer: (offers, options) => acceptOffer(offers, { ...options, serverMaxWindowBits: undefined }),
      }),
    ),
  ],
  [
    'a client that is never strict',
    /^whether the client agrees: true, and not false$/,
    negotiationTarget(
      negotiation({
        checkResponse: (params, options) => checkResponse(params, { ...options, strict: false }),
      }),
    ),
  ],
  [
    'an inflater that reads beyond the end of a stream',
    /^how many bytes were read: \d+, and not \d+$/,
    inflateTarget({
      Inflater,
      inflate: (data, options) => ({ ...inflate(data, options), consumed: data.length }),
    }),
  ],
  [
    'an inflater that accepts any stream as valid',
    /^accepts an invalid DEFLATE stream$/,
    inflateTarget({
      Inflater,
      inflate(data, options) {
        try {
          return inflate(data, options);
        } catch {
          return { data: new Uint8Array(0), consumed: data.length, stopped: 'input' };
        }
      },
    }),
  ],
  [
    'an inflater that loses its state between steps',
    /^in steps: /,
    inflateTarget({
      inflate,
      Inflater: class extends Inflater {
        override inflate(data: Uint8Array, limit?: number) {
          const result = super.inflate(data, limit);
          if (result.stopped === 'limit' && data.length > 100) this.reset();
          return result;
        }
      },
    }),
  ],
  [
    'a deflater whose matches go back beyond the window',
    /^threw DeflateError: A match begins before the window/,
    deflateTarget({ Deflater, deflate: (data, options) => deflate(data, { ...options, windowBits: 15 }) }),
  ],
  [
    'a deflater that flushes too little',
    /^flushed: restored by zlib: /,
    deflateTarget({
      deflate,
      Deflater: class extends Deflater {
        override deflate(data: Uint8Array, flush?: Flush) {
          return super.deflate(data, flush === 'sync' ? 'none' : flush);
        }
      },
    }),
  ],
  [
    'a deflater that remembers other bytes than it was given',
    /^(history\(\)|\w+\(\): restored by zlib): /,
    contextsTarget({
      deflate,
      Inflater,
      Deflater: class extends Deflater {
        override remember(data: Uint8Array) {
          super.remember(data.toReversed());
        }
      },
    }),
  ],
  [
    'a deflater that changes its stream although its output would be too long',
    /^\w+\(\)( of parts)?: restored by zlib: /,
    contextsTarget({
      deflate,
      Inflater,
      Deflater: class extends Deflater {
        override deflateWithin(data: Uint8Array, limit: number) {
          const made = super.deflateWithin(data, limit);
          if (made === undefined) this.deflate(data, 'sync');
          return made;
        }
      },
    }),
  ],
  [
    'a deflater that refers to earlier data after it was reset',
    /^(history\(\)|\w+\(\)( of parts)?: restored by zlib): /,
    contextsTarget({
      deflate,
      Inflater,
      Deflater: class extends Deflater {
        override reset() {}
      },
    }),
  ],
  [
    'an inflater that keeps its window when it is reset',
    /restored by us: /,
    contextsTarget({
      deflate,
      Deflater,
      Inflater: class extends Inflater {
        override reset() {}
      },
    }),
  ],
  [
    'an inflater of messages that always resets its context',
    /^refuses a valid message of \d+ bytes with Z_DATA_ERROR$/,
    messagesTarget(inflater((_, maxPayload) => [false, maxPayload])),
  ],
  [
    'an inflater of messages that never resets its context',
    /^accepts an invalid DEFLATE stream$/,
    messagesTarget(inflater((_, maxPayload) => [true, maxPayload])),
  ],
  [
    'an inflater of messages without a limit',
    /^a message beyond the limit: .*, and not WS_ERR_UNSUPPORTED_MESSAGE_LENGTH$/,
    messagesTarget(inflater((takeover) => [takeover, 0])),
  ],
  [
    'a connection that does not validate UTF-8',
    /^events: .*, and not \[.*"error WS_ERR_INVALID_UTF8"\]$/,
    wrongly((wire, options, opened) => [wire, { ...options, skipUTF8Validation: true }, opened]),
  ],
  [
    'a connection that answers no ping',
    /^frames sent: \[\], and not \["pong [0-9a-f]*"\]$/,
    wrongly((wire, options, opened) => [wire, { ...options, autoPong: false }, opened]),
  ],
  [
    'a connection without a limit',
    /^events: .*, and not \[.*"error WS_ERR_UNSUPPORTED_MESSAGE_LENGTH"\]$/,
    wrongly((wire, options, opened) => [wire, { ...options, maxPayload: 0 }, opened]),
  ],
  [
    'a connection without the extension',
    /^events: \["error WS_ERR_UNEXPECTED_RSV_1"\], and not /,
    wrongly((wire, options, { role }) => [wire, options, { role }]),
  ],
  [
    'a connection that answers each ping twice',
    /^frames sent: \["(pong [0-9a-f]*)","\1"\], and not \["\1"\]$/,
    connectionTarget((wire, options, opened) => {
      const ws = new WebSocketConnection(options);
      ws.on('ping', (data) => ws.pong(data));
      ws.setSocket(wire, Buffer.alloc(0), opened);
      return ws;
    }),
  ],
  [
    'a connection that calls no callback',
    /^calls of each callback: \[.*0.*\], and not \[/,
    connectionTarget((wire, options, opened) => {
      const ws = openConnection(wire, options, opened);
      const ping = ws.ping.bind(ws);
      ws.ping = (data, mask) => {
        ping(data, mask);
      };
      return ws;
    }),
  ],
  [
    'a connection that never ends its side of the stream',
    /^events: .*, and not \[.*"close 1006 {2}unclean"\]$/,
    connectionTarget((wire, options, opened) => {
      const ws = new WebSocketConnection(options);
      wire.end = () => wire;
      ws.setSocket(wire, Buffer.alloc(0), opened);
      return ws;
    }),
  ],
  [
    'a stream that loses its short chunks',
    /^events: \["binary 67","ping 34a88b","error WS_ERR_INVALID_UTF8"\], and not \["binary 67","ping 34a88b","text 00ee8080"/,
    wrongly((wire, options, opened) => {
      const peerSends = wire.peerSends.bind(wire);
      wire.peerSends = (bytes) => (bytes.length === 3 ? undefined : peerSends(bytes));
      return [wire, options, opened];
    }),
  ],
];

describe('A fuzzer', () => {
  test.each(wrong)('finds %s', { timeout: PATIENCE }, async (_what, finding, target) => {
    const { found } = await runOf(target, [], false);
    expect(found?.what).toMatch(finding);
  });
});

function codec(change: Partial<Codec>): Codec {
  return { FrameDecoder, MessageAssembler, ...change };
}

function withOptions(change: Partial<FrameDecoderOptions>): typeof FrameDecoder {
  return class extends FrameDecoder {
    constructor(options: FrameDecoderOptions) {
      super({ ...options, ...change });
    }
  };
}

function heads(change: Partial<HeadReading>): HeadReading {
  return { requestHeadParser, responseHeadParser, ...change };
}

function headers(change: Partial<HeaderReading>): HeaderReading {
  return { parseExtensions, parseSubprotocols, checkUpgradeRequest, checkUpgradeResponse, ...change };
}

function negotiation(change: Partial<Negotiation>): Negotiation {
  return { acceptOffer, checkResponse, parseParameters, ...change };
}

function inflater(change: (takeover: boolean, maxPayload: number) => [boolean, number]): MakeInflater {
  return (givenTakeover, givenMaxPayload) => {
    const [takeover, maxPayload] = change(givenTakeover, givenMaxPayload);
    return new PerMessageDeflate({ deflate: DIRECTION, inflate: { ...DIRECTION, takeover } }, maxPayload);
  };
}
