// Bytes in, events out: reads frames from what the socket gave, one at a time, as long as somebody wants them.
import type { AsyncResource } from 'node:async_hooks';
import {
  FrameDecoder,
  isControl,
  isUtf8,
  MessageAssembler,
  Opcode,
  parseClosePayload,
  protocolError,
  type ClosePayload,
  type DataOpcode,
  type Frame,
  type Message,
  type Extension,
} from '@framewire/codec';
import { nextTick, setImmediate } from '../scheduling.ts';

/** Goes on reading, for timers and ticks, without a closure each. */
let drain: (inbound: Inbound<unknown>) => void;
/** Tells what was held back, and goes on. */
let release: (inbound: Inbound<unknown>) => void;

/** What is wrong with the peer's bytes, and the close code that tells it. */
export type InboundError = Error & { readonly closeCode?: number };

/** Who is told what was read. `target` is the one whose bytes they are: so one listener serves all connections. */
export interface InboundListener<T> {
  message(target: T, message: Message): void;
  ping(target: T, payload: Uint8Array): void;
  pong(target: T, payload: Uint8Array): void;
  /** The peer's close frame: nothing is read after it. */
  close(target: T, payload: ClosePayload): void;
  /** The peer broke a rule: nothing is read after it. */
  error(target: T, error: InboundError): void;
  /** All bytes have been read that had been waiting since {@link Inbound.read} returned false. */
  drained(target: T): void;
}

/** How to read. */
export interface InboundOptions {
  /** The async context of the connection, in which the listener is called. {@link Inbound.read} is called in it already. */
  readonly context: AsyncResource;
  readonly role: 'client' | 'server';
  readonly extension: Extension | undefined;
  readonly allowSynchronousEvents: boolean;
  readonly maxPayload: number;
  readonly maxFragments: number | undefined;
  readonly maxBufferedChunks: number;
  readonly skipUtf8Validation: boolean;
}

/**
 * The reading side of a connection. Pausing, waiting for a message to be inflated and giving one event a turn are all the same
 * thing: the next frame is not asked for.
 */
export class Inbound<T> {
  readonly #context: AsyncResource;
  readonly #target: T;
  readonly #listener: InboundListener<T>;
  readonly #decoder: FrameDecoder;
  readonly #assembler: MessageAssembler;
  readonly #extension: Extension | undefined;
  readonly #skipUtf8Validation: boolean;
  readonly #oneEventATurn: boolean;

  /** Nothing more is read: the peer has said its last word, or a wrong one. */
  #ended = false;
  /** The user wants no events. */
  #paused = false;
  /** An event waits for the next turn, or a message for being inflated. */
  #waiting = false;
  /** What had to wait, and is not wanted as long as the user has paused. */
  #held: (() => void) | undefined = undefined;
  /** The loop is on the stack. */
  #draining = false;
  /** Bytes may be waiting, as the loop was left early. */
  #backlog = false;
  /** Somebody waits for `drained`. */
  #owesDrained = false;
  /** No more chunks will come: what has come is told, wanted or not. */
  #finishing = false;

  constructor(target: T, listener: InboundListener<T>, options: InboundOptions) {
    this.#context = options.context;
    this.#target = target;
    this.#listener = listener;
    this.#extension = options.extension;
    this.#skipUtf8Validation = options.skipUtf8Validation;
    this.#oneEventATurn = !options.allowSynchronousEvents;
    this.#decoder = new FrameDecoder({
      role: options.role,
      allowRsv1: options.extension !== undefined,
      maxPayload: options.maxPayload,
      maxBufferedChunks: options.maxBufferedChunks,
    });
    this.#assembler = new MessageAssembler(options);
  }

  /** The name of the class. `reactive()` of Vue wraps objects without one in proxies, which have no private fields. */
  get [Symbol.toStringTag](): string {
    return Inbound.name;
  }

  /** Whether messages come with their fragments. */
  set keepFragments(keep: boolean) {
    this.#assembler.keepFragments = keep;
  }

  /** Whether bytes wait to be read. */
  get hasBacklog(): boolean {
    return this.#backlog;
  }

  /** Takes a chunk of the stream; false when it has to wait, so that the socket had better be paused until `drained`. */
  read(chunk: Uint8Array): boolean {
    if (this.#ended) return true;
    this.#decoder.push(chunk);
    this.#drain();
    this.#owesDrained ||= this.#backlog;
    return !this.#backlog;
  }

  pause(): void {
    this.#paused = true;
  }

  /** Goes on after {@link Inbound.pause}: with what has been waiting, in the next tick. */
  resume(): void {
    this.#paused = false;
    if (this.#held !== undefined) nextTick(release, this);
    else if (this.#backlog) nextTick(drain, this);
  }

  /** No more chunks will come: reads what has been waiting, paused or not, and tells `drained`, now or later. */
  finish(): void {
    this.#finishing = true;
    this.#owesDrained = true;
    if (this.#held !== undefined) this.#release();
    else this.#drain();
  }

  /** Reads nothing more. */
  end(): void {
    this.#ended = true;
    this.#backlog = false;
  }

  /** Reads until nothing is left or something stands in the way. A listener may call back into this object. */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    // Where a listener throws, the frames behind its message are for the next turn.
    let threw = true;
    try {
      do this.#backlog = this.#mustWait();
      while (!this.#backlog && this.#readFrame());
      threw = false;
    } finally {
      this.#draining = false;
      if (threw) {
        this.#backlog = true;
        this.#owesDrained = true;
        setImmediate(drain, this as Inbound<unknown>);
      }
    }
    if (this.#backlog || !this.#owesDrained) return;
    this.#owesDrained = false;
    this.#listener.drained(this.#target);
  }

  #mustWait(): boolean {
    return !this.#ended && (this.#waiting || this.#isHeldBack());
  }

  #isHeldBack(): boolean {
    return this.#paused && !this.#finishing;
  }

  /** Reads one frame and tells what it means; false when there is none. */
  #readFrame(): boolean {
    if (this.#ended) return false;
    let frame: Frame | undefined;
    let message: Message | undefined;
    try {
      frame = this.#decoder.next();
      if (frame === undefined) {
        if (this.#decoder.partial !== undefined) this.#assembler.preview(this.#decoder.partial);
        return false;
      }
      if (!isControl(frame.opcode)) message = this.#assembler.add(frame);
    } catch (error) {
      this.#fail(error as InboundError);
      return false;
    }
    // Outside of the attempt: what a listener throws is not the peer's fault.
    if (message !== undefined) this.#takeMessage(message);
    else if (isControl(frame.opcode)) this.#takeControl(frame);
    return true;
  }

  #takeMessage(message: Message): void {
    if (message.compressed) this.#decompress(message);
    else if (this.#oneEventATurn) this.#tellMessageNextTurn(message);
    else this.#listener.message(this.#target, message);
  }

  /** Apart, as the closure would cost every message memory. */
  #tellMessageNextTurn(message: Message): void {
    this.#nextTurn(() => this.#listener.message(this.#target, message));
  }

  #takeControl({ opcode, payload }: Frame): void {
    if (opcode === Opcode.CLOSE) {
      this.#takeClose(payload);
      return;
    }
    const kind = opcode === Opcode.PING ? 'ping' : 'pong';
    if (this.#oneEventATurn) this.#nextTurn(() => this.#listener[kind](this.#target, payload));
    else this.#listener[kind](this.#target, payload);
  }

  #takeClose(payload: Uint8Array): void {
    let closing: ClosePayload;
    try {
      closing = parseClosePayload(payload, this.#skipUtf8Validation);
    } catch (error) {
      this.#fail(error as InboundError);
      return;
    }
    this.end();
    this.#listener.close(this.#target, closing);
  }

  #fail(error: InboundError): void {
    this.end();
    this.#listener.error(this.#target, error);
  }

  /** Tells an event in the next turn of the event loop, and reads nothing before. */
  #nextTurn(tell: () => void): void {
    this.#waiting = true;
    setImmediate(() => {
      this.#tellLate(tell);
    });
  }

  /** Has a message inflated. What is there at once is told at once. */
  #decompress(message: Message): void {
    this.#waiting = true;
    // The callback must not hold the message: it may wait for long.
    const { opcode } = message;
    let returned = false;
    this.#extension?.decompress(message.data, (error, data) => {
      if (returned) {
        // An extension may call back in the context of another connection.
        this.#context.runInAsyncScope(this.#tellLate, this, () => {
          this.#takeInflated(opcode, error, data);
        });
      } else {
        this.#waiting = false;
        this.#takeInflated(opcode, error, data);
      }
    });
    returned = true;
  }

  #takeInflated(opcode: DataOpcode, error: InboundError | null, data: Uint8Array | undefined): void {
    if (error !== null || data === undefined) this.#fail(error ?? new Error('No data'));
    else if (opcode === Opcode.TEXT && !this.#skipUtf8Validation && !isUtf8(data)) {
      this.#fail(protocolError('INVALID_UTF8'));
    } else this.#takeMessage({ opcode, compressed: false, data });
  }

  /** Tells what had to wait, unless nobody wants it now, and reads on. */
  #tellLate(tell: () => void): void {
    if (!this.#ended && this.#isHeldBack()) {
      this.#held = tell;
      return;
    }
    this.#waiting = false;
    try {
      if (!this.#ended) tell();
    } finally {
      this.#drain();
    }
  }

  #release(): void {
    const tell = this.#held;
    this.#held = undefined;
    if (tell !== undefined) this.#tellLate(tell);
  }

  static {
    // The caller of resume() may be in the context of another connection.
    drain = (inbound) => {
      inbound.#context.runInAsyncScope(inbound.#drain, inbound);
    };
    release = (inbound) => {
      inbound.#context.runInAsyncScope(inbound.#release, inbound);
    };
  }
}
