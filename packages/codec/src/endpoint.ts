// One end of an open WebSocket without I/O: bytes from the peer in, events out; messages in, bytes for the peer out.
import { kernel } from '#kernels';
import { CloseCode } from './close-code.ts';
import { formatClosePayload, parseClosePayload } from './close-payload.ts';
import {
  isClean,
  isClosed,
  isOver,
  maySend,
  nextClosingPhase,
  type ClosingPhase,
} from './closing-handshake.ts';
import type { EndpointEvent } from './endpoint-events.ts';
import { EndpointOutput } from './endpoint-output.ts';
import type { Extension, OutgoingPart } from './extension.ts';
import type { Frame } from './frame.ts';
import { firstByte, MAX_LENGTH_7 } from './frame-header.ts';
import { randomMaskingKey, type MaskingKey } from './masking.ts';
import type { Message } from './message-assembler.ts';
import { MessageReader, resultOf } from './message-reader.ts';
import { Opcode } from './opcode.ts';
import { isUint8Array } from './uint8-array.ts';

/** How an {@link Endpoint} behaves. */
export interface EndpointOptions {
  /** Which end this is. A client masks its frames, and a server requires masked frames (§5.1). */
  readonly role: 'client' | 'server';
  /**
   * The longest message, in bytes, on the wire and decompressed. A longer one fails the connection with 1009. Default 100 MiB; 0 = no
   * limit.
   */
  readonly maxPayload?: number;
  /**
   * How many fragments a message may have. More fail the connection with 1008. Default 0: no limit, because `maxPayload` already limits
   * memory.
   */
  readonly maxFragments?: number;
  /** Whether the endpoint answers pings (§5.5.2). Default true. */
  readonly autoPong?: boolean;
  /** Whether to accept text and close reasons without checking that they are UTF-8. Default false. */
  readonly skipUtf8Validation?: boolean;
  /**
   * The extension that was negotiated. It must call back before its methods return. Otherwise the connection fails with 1011.
   * `PerMessageDeflate` of `@framewire/permessage-deflate` sometimes calls back later, so it is unsuitable. Default: none.
   */
  readonly extension?: Extension;
  /** Makes the masking key of each frame of a client (§5.3). Default: random keys. */
  readonly maskingKey?: () => MaskingKey;
}

const DEFAULT_MAX_PAYLOAD = 100 * 1024 * 1024;

const NO_BYTES = new Uint8Array(0);

/**
 * The whole protocol of one open connection (RFC 6455 §5 to §8), without a stream, a timer or an event emitter. It works over any
 * transport that delivers bytes in order.
 *
 * After each call, read the events with {@link Endpoint.next} until it returns `undefined`, then write what
 * {@link Endpoint.takeOutput} returns. To pause reading, stop calling `next()`.
 *
 * @example
 * ```ts
 * const endpoint = new Endpoint({ role: 'server' });
 * endpoint.receive(bytes);
 * for (let event; (event = endpoint.next()); ) if (event.type === 'message') endpoint.send(event.data);
 * for (const bytes of endpoint.takeOutput()) transport.write(bytes);
 * if (endpoint.state === 'closed') transport.end();
 * ```
 */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #reader: MessageReader;
  readonly #output: EndpointOutput;

  #phase: ClosingPhase = 'open';
  /** Whether the transport delivers no more bytes. */
  #transportEnded = false;
  #closeCode: number = CloseCode.ABNORMAL_CLOSURE;
  #closeReason = '';
  /** Events to return before more bytes are read. */
  #events: EndpointEvent[] = [];

  /** The form of the message whose last fragment has not been sent. `none` between messages. */
  #unfinished: 'none' | 'plain' | 'compressed' = 'none';

  constructor(options: EndpointOptions) {
    const {
      role,
      extension,
      maxPayload = DEFAULT_MAX_PAYLOAD,
      maxFragments,
      skipUtf8Validation = false,
    } = options;
    const { maskingKey = randomMaskingKey } = options;
    this.#options = options;
    this.#reader = new MessageReader({ role, extension, maxPayload, maxFragments, skipUtf8Validation });
    this.#output = new EndpointOutput(role === 'client' ? maskingKey : undefined);
  }

  /**
   * - `open`: messages go both ways.
   * - `closing`: nothing more can be sent, because a close frame has been sent or the transport has ended. Events may follow.
   * - `closed`: nothing more is read or sent. End the transport after writing the output.
   */
  get state(): 'open' | 'closing' | 'closed' {
    if (isClosed(this.#phase)) return 'closed';
    return this.#phase === 'open' ? 'open' : 'closing';
  }

  /**
   * Takes bytes from the peer, in chunks of any size. They belong to the endpoint from now on, and it may change them. After the `close`
   * event, it ignores bytes.
   */
  receive(bytes: Uint8Array): void {
    if (!isClosed(this.#phase)) this.#reader.push(bytes);
  }

  /**
   * Reports that the transport has ended, or that the caller gives it up, for example because the peer does not answer a close frame.
   * Nothing can be sent from now on. `close` follows the remaining events.
   */
  receiveEnd(): void {
    this.#phase = nextClosingPhase(this.#phase, 'lose');
    this.#transportEnded = true;
  }

  /** Returns the next event, or `undefined` when more bytes are needed. Never throws: a fault of the peer is an event. */
  next(): EndpointEvent | undefined {
    while (this.#events.length === 0 && this.#read());
    return this.#events.shift();
  }

  /**
   * Sends a message, or with `fin: false` a fragment of one.
   *
   * @param data text, or bytes, which are copied
   * @param options `fin`: whether the message ends with this fragment, default true. `compress`: whether the extension may compress
   *   the message, default true. The first fragment decides for the whole message.
   * @throws `Error` with the code `WS_ERR_NOT_OPEN` when the endpoint is not open, `TypeError` for data of another type. If the
   *   extension reports an error or calls back later, throws an error, sends nothing, and fails the connection with 1011.
   */
  send(data: string | Uint8Array, options: { fin?: boolean; compress?: boolean } = {}): void {
    this.#checkOpen();
    checkData(data);
    const { fin = true, compress = true } = options;
    const isFirst = this.#unfinished === 'none';
    const { extension } = this.#options;
    const mayCompress = extension !== undefined && (isFirst ? compress : this.#unfinished === 'compressed');
    const compressed = mayCompress ? this.#compress(extension, { data, first: isFirst, fin }) : undefined;
    const type = typeof data === 'string' ? Opcode.TEXT : Opcode.BINARY;
    const isMarked = isFirst && compressed !== undefined;
    this.#output.write(firstByte(isFirst ? type : Opcode.CONTINUATION, fin, isMarked), compressed ?? data);
    const rest = compressed === undefined ? 'plain' : 'compressed';
    this.#unfinished = fin ? 'none' : rest;
  }

  /**
   * Sends a ping (§5.5.2).
   *
   * @param data at most 125 bytes, which are copied. Default: none.
   * @throws `Error` with the code `WS_ERR_NOT_OPEN` when the endpoint is not open, `RangeError` for more than 125 bytes, `TypeError`
   *   for data of another type
   */
  ping(data: string | Uint8Array = NO_BYTES): void {
    this.#control(Opcode.PING, data);
  }

  /** Sends a pong (§5.5.3) that answers no ping. Otherwise like {@link Endpoint.ping}. */
  pong(data: string | Uint8Array = NO_BYTES): void {
    this.#control(Opcode.PONG, data);
  }

  /**
   * Starts the closing handshake (§7.1.2), unless a close frame has been sent. Messages that the peer sends before its own close frame
   * still arrive. There is no time limit: call {@link Endpoint.receiveEnd} when the peer takes too long.
   *
   * @param code 1000 to 1014 except 1004 to 1006, or 3000 to 4999. Default: no code.
   * @param reason at most 123 bytes in UTF-8. Default: none.
   * @throws `TypeError` for any other code or a reason of another type, `RangeError` for a longer reason
   */
  close(code?: number, reason?: string | Uint8Array): void {
    const payload = formatClosePayload(code, reason);
    if (this.state === 'open') this.#sendClose(payload);
  }

  /**
   * Returns the frames to send to the peer, in order: those created since the last call, one array per frame. They belong to the caller.
   */
  takeOutput(): Uint8Array[] {
    return this.#output.take(maySend(this.#phase));
  }

  // Receiving.

  /** Reads one message or control frame. Returns false when there is none. */
  #read(): boolean {
    if (isClosed(this.#phase)) return false;
    let item: Frame | Message | undefined;
    try {
      item = this.#reader.next();
    } catch (error) {
      this.#fail(error as Error);
      return false;
    }
    if (item === undefined) {
      // Report the end of the transport only after everything that it delivered.
      if (this.#transportEnded) this.#finish();
      return false;
    }
    if ('payload' in item) this.#takeControl(item);
    else this.#takeMessage(item);
    return true;
  }

  #takeMessage({ opcode, data }: Message): void {
    this.#events.push({ type: 'message', data: opcode === Opcode.TEXT ? toText(data) : data });
  }

  #takeControl({ opcode, payload }: Frame): void {
    if (opcode === Opcode.CLOSE) {
      this.#takeClose(payload);
    } else if (opcode === Opcode.PING) {
      if (this.#options.autoPong ?? true) this.#answerPing(payload);
      this.#events.push({ type: 'ping', data: payload });
    } else {
      this.#events.push({ type: 'pong', data: payload });
    }
  }

  /** §5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it already received a Close frame." */
  #answerPing(payload: Uint8Array): void {
    if (maySend(this.#phase)) this.#output.answerPing(payload);
  }

  /** §5.5.1: "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST send a Close frame in response." */
  #takeClose(payload: Uint8Array): void {
    try {
      const { code, reason } = parseClosePayload(payload, this.#options.skipUtf8Validation);
      this.#closeCode = code;
      this.#closeReason = toText(reason);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#phase = nextClosingPhase(this.#phase, 'receive');
    if (this.#phase === 'close-received') this.#sendClose(payload);
    else this.#finish();
  }

  /** Fails the connection (§7.1.7). The close frame reports why. */
  #fail(error: Error & { closeCode?: number }): void {
    this.#phase = nextClosingPhase(this.#phase, 'fail');
    this.#events.push({ type: 'error', error });
    if (this.#phase === 'failing') {
      this.#sendClose(formatClosePayload(error.closeCode ?? CloseCode.INVALID_FRAME_PAYLOAD_DATA));
    } else this.#finish();
  }

  /** Queues the last event. */
  #finish(): void {
    this.#phase = nextClosingPhase(this.#phase, 'end');
    this.#options.extension?.close();
    this.#events.push({
      type: 'close',
      code: this.#closeCode,
      reason: this.#closeReason,
      wasClean: isClean(this.#phase),
    });
  }

  // Sending.

  #sendClose(payload: Uint8Array): void {
    this.#output.write(firstByte(Opcode.CLOSE, true, false), payload);
    this.#phase = nextClosingPhase(this.#phase, 'send');
    if (isOver(this.#phase)) this.#finish();
  }

  #control(opcode: Opcode, data: string | Uint8Array): void {
    this.#checkOpen();
    checkData(data);
    const length = typeof data === 'string' ? kernel.utf8Length(data) : data.length;
    if (length > MAX_LENGTH_7) throw new RangeError('A control frame has at most 125 bytes (RFC 6455 §5.5)');
    this.#output.write(firstByte(opcode, true, false), data);
  }

  /** Returns the compressed fragment, or `undefined` if the extension leaves the message as it is. */
  #compress(extension: Extension, part: OutgoingPart): Uint8Array | undefined {
    const [error, compressed] = resultOf((done) => extension.compress(part, done));
    if (error === null) return compressed;
    // From now on the peer's window would differ from ours.
    this.#fail(Object.assign(error, { closeCode: CloseCode.INTERNAL_ERROR }));
    throw error;
  }

  #checkOpen(): void {
    if (this.state === 'open') return;
    throw Object.assign(new Error(`The endpoint is not open: its state is ${this.state}`), {
      code: 'WS_ERR_NOT_OPEN',
    });
  }
}

let decoder: InstanceType<typeof TextDecoder> | undefined;

/** Decodes UTF-8. A leading U+FEFF is part of the text. */
function toText(bytes: Uint8Array): string {
  // Created on first use, so that an engine without `TextDecoder` can use the rest of the package.
  decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
  return decoder.decode(bytes);
}

function checkData(data: unknown): void {
  if (typeof data === 'string' || isUint8Array(data)) return;
  throw new TypeError('The data must be a string or a Uint8Array');
}
