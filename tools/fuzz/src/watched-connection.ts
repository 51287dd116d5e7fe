// The connection under test, on a stream in memory. Everything that it reports and sends is compared with the model's endpoint.
import { WebSocketConnection, type ConnectionOptions, type OpenOptions } from '@framewire/connection';
import { PerMessageDeflate } from '@framewire/permessage-deflate';
import { Finding, mustEqual } from './finding.ts';
import { hex } from './input.ts';
import type { Endpoint, EndpointTerms, Sent } from './model/endpoint.ts';
import { Inflating } from './model/inflating.ts';
import { readFrame } from './model/receiver.ts';
import { Wire } from './wire.ts';

/** Creates the connection under test, on a stream after the handshake. */
export type Open = (wire: Wire, options: ConnectionOptions, opened: OpenOptions) => WebSocketConnection;

export const openConnection: Open = (wire, options, opened) => {
  const ws = new WebSocketConnection(options);
  ws.setSocket(wire, Buffer.alloc(0), opened);
  return ws;
};

/** The terms of a connection, and those of our options that must not change the result. */
export interface WatchOptions extends EndpointTerms {
  /** Whether several events may be emitted in one turn of the event loop. */
  readonly synchronous: boolean;
  /** Whether all messages are inflated in turns of the event loop. Otherwise, only those with a long output are. */
  readonly inTurns: boolean;
}

/** Everything expected must happen within this many turns of the event loop. */
const PATIENCE = 100;
/** After that, nothing else may happen in this many turns. */
const AFTERWARDS = 2;
/** How long messages that are inflated in turns may take, in ms. */
const PATIENCE_IN_TURNS = 5000;

/** The connection under test, with everything that it reports and sends. */
export class WatchedConnection {
  readonly wire = new Wire();
  readonly ws: WebSocketConnection;
  readonly #events: string[] = [];
  /** How often the callback of each send has been called. */
  readonly #calledBack: number[] = [];
  readonly #role: 'client' | 'server';
  readonly #takeover: boolean;
  /** Whether compressed messages have a limit. */
  readonly #limited: boolean;
  readonly #inTurns: boolean;

  constructor(connect: Open, options: WatchOptions) {
    const { role, compression, takeover, inTurns } = options;
    this.#role = role;
    this.#inTurns = inTurns;
    this.#takeover = takeover;
    this.#limited = compression && options.maxPayload > 0;
    const direction = { windowBits: 15, takeover } as const;
    const extension = compression
      ? new PerMessageDeflate({ deflate: direction, inflate: direction }, options.maxPayload, {
          inflateInTurnsFrom: inTurns ? 0 : Infinity,
        })
      : undefined;
    this.ws = connect(
      this.wire,
      {
        allowSynchronousEvents: options.synchronous,
        autoPong: options.autoPong,
        maxPendingAutoPongs: 0,
        maxPayload: options.maxPayload,
        maxFragments: options.maxFragments,
        skipUTF8Validation: options.skipUtf8,
      },
      { role, extension },
    );
    const { ws } = this;
    const events = this.#events;
    ws.on('message', (data, isBinary) =>
      events.push(`${isBinary ? 'binary' : 'text'} ${hex(data as Buffer)}`),
    );
    ws.on('ping', (data) => events.push(`ping ${hex(data)}`));
    ws.on('pong', (data) => events.push(`pong ${hex(data)}`));
    ws.on('error', (error: Error & { code?: string }) => {
      events.push(`error ${error.code ?? `without a code: ${error.message}`}`);
    });
    ws.on('close', (code: number, reason: Buffer) => {
      events.push(`close ${code} ${hex(reason)} ${ws.wasClean ? 'clean' : 'unclean'}`);
    });
  }

  /** Returns the callback for a send. It must be called exactly once. */
  callback(): () => void {
    const index = this.#calledBack.push(0) - 1;
    return () => {
      this.#calledBack[index] = (this.#calledBack[index] ?? 0) + 1;
    };
  }

  /** Waits for everything that the model predicts, then compares. If the meaning of the messages is undefined, it compares nothing. */
  async agreesWith(model: Endpoint): Promise<void> {
    if (model.isMeaningUndefined) return;
    // Each event may need its own turn of the event loop.
    await this.#waitUntil(() => this.#isAsFarAs(model), PATIENCE + 2 * model.events.length);
    for (let turn = 0; turn < AFTERWARDS; turn++) await nextTurn();
    const seen = this.#limited ? eitherError : (line: string) => line;
    mustEqual('events', this.#events.map(seen), model.events.map(seen));
    mustEqual('frames sent', this.#sent().map(seen), model.sent.map(sentLine).map(seen));
    mustEqual(
      'whether its side of the stream has ended',
      this.wire.hasEnded || this.wire.destroyed,
      model.hasEnded,
    );
  }

  #isAsFarAs(model: Endpoint): boolean {
    return (
      this.#events.length >= model.events.length &&
      (this.wire.hasEnded || this.wire.destroyed) === model.hasEnded &&
      this.#sent().length >= model.sent.length
    );
  }

  async #waitUntil(hasHappened: () => boolean, turns: number): Promise<void> {
    const deadline = performance.now() + (this.#inTurns ? PATIENCE_IN_TURNS : 0);
    for (let turn = 0; !hasHappened() && (turn < turns || performance.now() < deadline); turn++) {
      await nextTurn();
    }
  }

  /** After the stream has ended, waits for the end of the connection. Checks that it emitted `close` and called each callback once. */
  async isOver(): Promise<void> {
    // The number of events is unknown, and each may need its own turn. A frame has at least two bytes.
    await this.#waitUntil(() => this.ws.readyState === this.ws.CLOSED, PATIENCE + this.wire.bytesFromPeer);
    mustEqual('state', this.ws.readyState, this.ws.CLOSED);
    mustEqual('number of close events', this.#events.filter((line) => line.startsWith('close')).length, 1);
    const once = this.#calledBack.map(() => 1);
    await this.#waitUntil(() => this.#calledBack.every((calls) => calls > 0), PATIENCE);
    mustEqual('calls of each callback', this.#calledBack, once);
  }

  /** The frames that were written, read by the model's reader (§5.2). */
  #sent(): string[] {
    const lines: string[] = [];
    const inflating = new Inflating(this.#takeover);
    for (let rest: Uint8Array = this.wire.written; rest.length > 0;) {
      const frame = readFrame(rest);
      const body = frame?.body;
      if (frame === undefined || body === undefined || BigInt(body.payload.length) < body.length) {
        throw new Finding(`wrote bytes that are not a frame: ${hex(rest)}`);
      }
      if (frame.masked !== (this.#role === 'client'))
        throw new Finding(`wrote a frame ${frame.masked ? 'with' : 'without'} mask`);
      if (!frame.fin || frame.rsv2or3) throw new Finding(`wrote an unexpected frame: ${hex(rest)}`);
      const payload = frame.rsv1 ? inflating.inflate(body.payload) : body.payload;
      lines.push(
        `${OPCODES[frame.opcode] ?? frame.opcode} ${payload === undefined ? 'corrupt' : hex(payload)}`,
      );
      rest = rest.subarray(body.end);
    }
    return lines;
  }
}

const OPCODES: Readonly<Record<number, Sent['opcode']>> = {
  0x1: 'text',
  0x2: 'binary',
  0x8: 'close',
  0x9: 'ping',
  0xa: 'pong',
};

function sentLine({ opcode, payload }: Sent): string {
  return `${opcode} ${hex(payload)}`;
}

/** A corrupt compressed message may exceed the limit before the inflater reaches the corrupt part. Then either error is right. */
function eitherError(line: string): string {
  return line
    .replace('error WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'error Z_DATA_ERROR')
    .replace(/^close 03f1$/, 'close 03ef');
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
