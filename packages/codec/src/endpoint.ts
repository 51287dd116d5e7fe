// One end of an open WebSocket without I/O: the bytes of the peer in, events out; messages in, bytes for the peer out.
import { kernel } from '#kernels';
import { CloseCode } from './close-code.ts';
import { formatClosePayload, parseClosePayload } from './close-payload.ts';
import { isClean, isClosed, isOver, maySend, nextClosingPhase, type ClosingPhase } from './closing-handshake.ts';
import type { Extension, OutgoingPart, TransformDone } from './extension.ts';
import { FrameDecoder, type Frame } from './frame-decoder.ts';
import { writeFrame, writeTextFrame } from './frame-encoder.ts';
import { firstByte, frameHeaderSize, MAX_LENGTH_7 } from './frame-header.ts';
import { randomMaskingKey, type MaskingKey } from './masking.ts';
import { MessageAssembler, type Message } from './message-assembler.ts';
import { isControl, Opcode, type DataOpcode } from './opcode.ts';
import { protocolError } from './protocol-error.ts';
import { isUint8Array } from './uint8-array.ts';
import { isUtf8 } from './utf8.ts';

/** What an {@link Endpoint} finds in the bytes of the peer. */
export type EndpointEvent =
  /** A whole message: text as a string, binary data as bytes. */
  | { readonly type: 'message'; readonly data: string | Uint8Array }
  /** A ping (§5.5.2), at most 125 bytes. With `autoPong` it has been answered. */
  | { readonly type: 'ping'; readonly data: Uint8Array }
  /** A pong (§5.5.3), at most 125 bytes. */
  | { readonly type: 'pong'; readonly data: Uint8Array }
  /** The peer broke a rule or a limit: a `ProtocolError`, or the error of the extension. `close` is the next event. */
  | { readonly type: 'error'; readonly error: Error }
  /**
   * The last event: 1006 where no close frame was received (§7.1.5). `wasClean` says whether close frames have gone both ways.
   * The transport is to be ended once the output has been written.
   */
  | { readonly type: 'close'; readonly code: number; readonly reason: string; readonly wasClean: boolean };

/** How an {@link Endpoint} behaves. */
export interface EndpointOptions {
  /** Which end it is: a client masks what it sends, a server wants what it receives to be masked (§5.1). */
  readonly role: 'client' | 'server';
  /** The longest message, in bytes, on the wire and decompressed. Default 100 MiB; 0 = no limit. Beyond it: 1009. */
  readonly maxPayload?: number;
  /** The most fragments of a message. Default 0: no limit, as memory is bounded by bytes. Beyond it: 1008. */
  readonly maxFragments?: number;
  /** Whether pings are answered (§5.5.2). Default true. */
  readonly autoPong?: boolean;
  /** Takes text and close reasons without checking that they are UTF-8. Default false. */
  readonly skipUtf8Validation?: boolean;
  /** The extension that was negotiated. It has to call back before its methods return. Default none. */
  readonly extension?: Extension;
  /** Makes the masking key of each frame of a client (§5.3). Default: random keys. */
  readonly maskingKey?: () => MaskingKey;
}

const DEFAULT_MAX_PAYLOAD = 100 * 1024 * 1024;

/**
 * How many pings are answered before {@link Endpoint.takeOutput} is called. Of more, only the newest is answered, as §5.5.3 allows, so
 * that a peer cannot fill the memory with pongs.
 */
const MAX_PONGS = 60;

const NO_BYTES = new Uint8Array(0);

/**
 * The whole protocol of one open connection (RFC 6455 §5 to §8), as a plain object without a stream, a timer or an event emitter: it
 * works over any transport that delivers bytes in order, and in any JavaScript engine.
 *
 * After each call, read the events with {@link Endpoint.next} until it returns `undefined`, then write what
 * {@link Endpoint.takeOutput} returns. Not calling `next()` is how a reader pauses.
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
  readonly #decoder: FrameDecoder;
  readonly #assembler: MessageAssembler;

  #phase: ClosingPhase = 'open';
  /** Whether the transport delivers no more bytes. */
  #transportEnded = false;
  #closeCode: number = CloseCode.ABNORMAL_CLOSURE;
  #closeReason = '';
  /** Events that are due before more bytes are read. */
  #events: EndpointEvent[] = [];

  #output: Uint8Array[] = [];
  /** How many automatic pongs the output has. */
  #pongs = 0;
  /** The newest ping beyond {@link MAX_PONGS}, which is still to be answered. */
  #newestPing: Uint8Array | undefined = undefined;
  /** The outgoing message that has fragments to come, if there is one. */
  #unfinished: 'none' | 'plain' | 'compressed' = 'none';

  constructor(options: EndpointOptions) {
    const { role, extension, maxPayload = DEFAULT_MAX_PAYLOAD, maxFragments, skipUtf8Validation } = options;
    this.#options = options;
    this.#decoder = new FrameDecoder({ role, maxPayload, allowRsv1: extension !== undefined });
    this.#assembler = new MessageAssembler({
      maxPayload,
      maxFragments,
      skipUtf8Validation: skipUtf8Validation ?? false,
    });
  }

  /**
   * `open`: messages go both ways. `closing`: nothing more can be sent, because a close frame has been sent or the transport has
   * ended, but events of the peer may follow. `closed`: nothing more is read or sent, and the transport is to be ended once the
   * output has been written.
   */
  get state(): 'open' | 'closing' | 'closed' {
    if (isClosed(this.#phase)) return 'closed';
    return this.#phase === 'open' ? 'open' : 'closing';
  }

  /**
   * Takes bytes of the peer, cut in any way. They belong to the endpoint from now on, which may change them. After `close` they are
   * ignored.
   */
  receive(bytes: Uint8Array): void {
    if (!isClosed(this.#phase)) this.#decoder.push(bytes);
  }

  /**
   * The transport has ended, or is given up, for example when the peer does not answer a close frame. Nothing can be sent from now on.
   * `close` follows the events that are left.
   */
  receiveEnd(): void {
    this.#phase = nextClosingPhase(this.#phase, 'lose');
    this.#transportEnded = true;
  }

  /** The next event, or `undefined` when more bytes are needed. Never throws: what the peer does wrong is an event. */
  next(): EndpointEvent | undefined {
    while (this.#events.length === 0 && this.#read());
    return this.#events.shift();
  }

  /**
   * Sends a message, or with `fin: false` a fragment of one.
   *
   * @param data text, or bytes, which are copied
   * @param options `fin`: whether the message ends with it, default true; `compress`: whether the extension may compress the
   *   message, default true, judged by its first fragment
   * @throws `Error` with the code `WS_ERR_NOT_OPEN` when the endpoint is not open, `TypeError` for data of another type, the error
   *   of an extension that could not compress the message: then nothing was sent, and the connection fails with 1011
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
    this.#write(firstByte(isFirst ? type : Opcode.CONTINUATION, fin, isMarked), compressed ?? data);
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

  /** Sends a pong (§5.5.3) that answers no ping. As {@link Endpoint.ping} otherwise. */
  pong(data: string | Uint8Array = NO_BYTES): void {
    this.#control(Opcode.PONG, data);
  }

  /**
   * Starts the closing handshake (§7.1.2); does nothing where a close frame has been sent. What the peer sends before its own close
   * frame still arrives. There is no time limit: call {@link Endpoint.receiveEnd} when the peer takes too long.
   *
   * @param code 1000 to 1014 except 1004 to 1006, or 3000 to 4999. Default: no code.
   * @param reason at most 123 bytes in UTF-8. Default: none.
   * @throws `TypeError` for another code or a reason of another type, `RangeError` for a longer reason
   */
  close(code?: number, reason?: string | Uint8Array): void {
    const payload = formatClosePayload(code, reason);
    if (this.state === 'open') this.#sendClose(payload);
  }

  /** The bytes for the peer since the last call, a frame each, in order. They belong to the caller. */
  takeOutput(): Uint8Array[] {
    if (this.#newestPing !== undefined && maySend(this.#phase)) {
      this.#write(firstByte(Opcode.PONG, true, false), this.#newestPing);
    }
    const output = this.#output;
    this.#output = [];
    this.#pongs = 0;
    this.#newestPing = undefined;
    return output;
  }

  // Receiving.

  /** Reads one frame; false when there is none. */
  #read(): boolean {
    if (isClosed(this.#phase)) return false;
    const frame = this.#nextFrame();
    if (frame === undefined) {
      // An error has queued its events; otherwise the end of the transport comes after all that it delivered.
      if (this.#transportEnded && this.#events.length === 0) this.#finish();
      return false;
    }
    if (isControl(frame.opcode)) this.#takeControl(frame);
    else this.#takeData(frame);
    return true;
  }

  #nextFrame(): Frame | undefined {
    try {
      const frame = this.#decoder.next();
      if (frame === undefined && this.#decoder.partial !== undefined) {
        this.#assembler.preview(this.#decoder.partial);
      }
      return frame;
    } catch (error) {
      this.#fail(error as Error);
      return undefined;
    }
  }

  #takeData(frame: Frame): void {
    let message: Message | undefined;
    try {
      message = this.#assembler.add(frame);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    if (message === undefined) return;
    if (!message.compressed) this.#deliver(message.opcode, message.data);
    else this.#decompress(message);
  }

  #deliver(opcode: DataOpcode, data: Uint8Array): void {
    this.#events.push({ type: 'message', data: opcode === Opcode.TEXT ? toText(data) : data });
  }

  #decompress({ opcode, data }: Message): void {
    const { extension, skipUtf8Validation = false } = this.#options;
    // Without an extension the decoder lets no RSV1 through.
    const [error, original] = resultOf((done) => extension?.decompress(data, done));
    if (original === undefined) this.#fail(error ?? new Error('The extension gave no data'));
    else if (opcode === Opcode.TEXT && !skipUtf8Validation && !isUtf8(original)) {
      this.#fail(protocolError('INVALID_UTF8'));
    } else this.#deliver(opcode, original);
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
    if (!maySend(this.#phase)) return;
    if (this.#pongs++ < MAX_PONGS) this.#write(firstByte(Opcode.PONG, true, false), payload);
    else this.#newestPing = payload.slice();
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

  /** §7.1.7: fails the connection. The close frame says why. */
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
    this.#write(firstByte(Opcode.CLOSE, true, false), payload);
    this.#phase = nextClosingPhase(this.#phase, 'send');
    if (isOver(this.#phase)) this.#finish();
  }

  #control(opcode: Opcode, data: string | Uint8Array): void {
    this.#checkOpen();
    checkData(data);
    const length = typeof data === 'string' ? kernel.utf8Length(data) : data.length;
    if (length > MAX_LENGTH_7) throw new RangeError('A control frame has at most 125 bytes (RFC 6455 §5.5)');
    this.#write(firstByte(opcode, true, false), data);
  }

  /** The compressed fragment; undefined where the extension leaves the message as it is. */
  #compress(extension: Extension, part: OutgoingPart): Uint8Array | undefined {
    const [error, compressed] = resultOf((done) => extension.compress(part, done));
    if (error === null) return compressed;
    // The peer's window and ours would differ from now on.
    this.#fail(Object.assign(error, { closeCode: CloseCode.INTERNAL_ERROR }));
    throw error;
  }

  #checkOpen(): void {
    if (this.state === 'open') return;
    throw Object.assign(new Error(`The endpoint is not open: its state is ${this.state}`), {
      code: 'WS_ERR_NOT_OPEN',
    });
  }

  #write(header: number, payload: string | Uint8Array): void {
    const { role, maskingKey = randomMaskingKey } = this.#options;
    const key = role === 'client' ? maskingKey() : undefined;
    const length = typeof payload === 'string' ? kernel.utf8Length(payload) : payload.length;
    const size = frameHeaderSize(length, key !== undefined) + length;
    const frame = kernel.allocate(size);
    if (typeof payload === 'string') writeTextFrame(frame, 0, header, payload, key);
    else writeFrame(frame, 0, header, payload, key);
    this.#output.push(frame);
  }
}

let decoder: InstanceType<typeof TextDecoder> | undefined;

/** A text is taken as it is: a leading U+FEFF belongs to it. */
function toText(bytes: Uint8Array): string {
  // Not made when the module loads: an engine without it can use the rest of the package.
  decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
  return decoder.decode(bytes);
}

function checkData(data: unknown): void {
  if (typeof data === 'string' || isUint8Array(data)) return;
  throw new TypeError('The data must be a string or a Uint8Array');
}

/** What an extension calls back with before it returns. */
function resultOf(transform: (done: TransformDone) => void): Parameters<TransformDone> {
  let result: Parameters<TransformDone> | undefined;
  transform((error, data) => {
    result = data === undefined ? [error] : [error, data];
  });
  if (result === undefined) {
    throw new Error('An extension of an Endpoint has to call back before its methods return');
  }
  return result;
}
