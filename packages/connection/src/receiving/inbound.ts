// Bytes in, events out: reads frames from what the stream gave, one at a time, as long as somebody wants them.
import type { AsyncResource } from 'node:async_hooks';
import {
  isControl,
  isUtf8,
  Opcode,
  parseClosePayload,
  protocolError,
  type ClosePayload,
  type DataOpcode,
  type Extension,
  type Frame,
  type Message,
} from '@framewire/codec';
import { nextTick, setImmediate } from '../scheduling.ts';
import { FrameReaders, type FrameReader, type ReadingOptions } from './frame-readers.ts';

/** What is wrong with the peer's bytes, and the close code that tells it. */
export type InboundError = Error & { readonly closeCode?: number };

/** Whose bytes are read: who is told what was read. */
export interface InboundObserver {
  /** The async context in which the methods are called. {@link Inbound.read} is called in it already. */
  readonly context: AsyncResource;
  readonly extension: Extension | undefined;
  message(message: Message): void;
  ping(payload: Uint8Array): void;
  pong(payload: Uint8Array): void;
  /** The peer's close frame: nothing is read after it. */
  peerClosed(payload: ClosePayload): void;
  /** The peer broke a rule: nothing is read after it. */
  peerFailed(error: InboundError): void;
  /** All bytes have been read that had been waiting since {@link Inbound.read} returned false, or {@link Inbound.finish} was called. */
  caughtUp(): void;
}

/**
 * | state         | meaning                                                                                |
 * | ------------- | -------------------------------------------------------------------------------------- |
 * | `idle`        | all bytes have been read: the next chunk is read when it comes                         |
 * | `reading`     | frames are being read, and the observer is called                                      |
 * | `waiting`     | an event waits for the next turn of the event loop, or a message for being inflated    |
 * | `held`        | what has waited could be told, but reading is paused                                   |
 * | `interrupted` | bytes wait, as reading is paused, or for the next turn, as the observer threw          |
 * | `ended`       | nothing more is read                                                                   |
 */
type State = 'idle' | 'reading' | 'waiting' | 'held' | 'interrupted' | 'ended';

/**
 * The reading side of a connection. Pausing, waiting for a message to be inflated and giving one event a turn are all the same
 * thing: the next frame is not asked for.
 */
export class Inbound {
  readonly #observer: InboundObserver;
  #readers: FrameReaders;
  /** Only while there is something to read. */
  #reader: FrameReader | undefined = undefined;
  #state: State = 'idle';
  /** What is to be told when reading is not paused any more. */
  #held: (() => void) | undefined = undefined;
  #isPaused = false;
  /** No more chunks will come: what has come is told, paused or not. */
  #isFinishing = false;

  constructor(observer: InboundObserver, options: ReadingOptions) {
    this.#observer = observer;
    this.#readers = FrameReaders.of(options);
  }

  /** The name of the class. `reactive()` of Vue wraps objects without one in proxies, which have no private fields. */
  get [Symbol.toStringTag](): string {
    return Inbound.name;
  }

  /** Whether messages come with their fragments: from the next chunk on that begins with a message. */
  set keepFragments(keepFragments: boolean) {
    if (keepFragments === this.#readers.options.keepFragments) return;
    this.#readers = FrameReaders.of({ ...this.#readers.options, keepFragments });
    if (this.#reader !== undefined) this.#reader.assembler.keepFragments = keepFragments;
  }

  /** Whether {@link Inbound.pause} is in force. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether bytes wait to be read. */
  get hasBacklog(): boolean {
    return this.#state === 'waiting' || this.#state === 'held' || this.#state === 'interrupted';
  }

  /**
   * Takes a chunk of the stream; false when it has to wait, so that the stream had better be paused until `caughtUp`.
   *
   * @param isOnlyUse whether the chunk is all of its memory, and nothing else uses that. Default false.
   */
  read(chunk: Uint8Array, isOnlyUse = false): boolean {
    if (this.#state === 'ended') return true;
    this.#reader ??= this.#readers.borrow();
    this.#reader.decoder.push(chunk, isOnlyUse);
    this.readFrames();
    return !this.hasBacklog;
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on after {@link Inbound.pause}: with what has been waiting, in the next tick. */
  resume(): void {
    this.#isPaused = false;
    if (this.hasBacklog) nextTick(goOn, this, this.#observer.context);
  }

  /** No more chunks will come: reads what has been waiting, paused or not, and tells `caughtUp`, now or later. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#state === 'idle' || this.#state === 'ended') this.#observer.caughtUp();
    else this.goOn();
  }

  /** Reads nothing more. */
  end(): void {
    this.#state = 'ended';
    this.#reader = undefined;
  }

  /** Goes on where reading was held up, unless it still is. */
  goOn(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.tellLate(held);
    else if (this.#state === 'interrupted') this.catchUp();
  }

  private get isHeldBack(): boolean {
    return this.#isPaused && !this.#isFinishing;
  }

  private catchUp(): void {
    this.readFrames();
    if (this.#state === 'idle' || this.#state === 'ended') this.#observer.caughtUp();
  }

  /** Reads until nothing is left or something stands in the way. The observer may call back into this object. */
  private readFrames(): void {
    if (this.#state !== 'idle' && this.#state !== 'interrupted') return;
    this.#state = 'reading';
    // Where the observer throws, the frames after its message are for the next turn.
    let threw = true;
    try {
      while (this.isReading() && this.readFrame());
      threw = false;
    } finally {
      if (threw && this.isReading()) {
        this.#state = 'interrupted';
        setImmediate(goOn, this, this.#observer.context);
      }
    }
  }

  /** Whether the next frame may be read. A function, as whatever the observer calls may change it. */
  private isReading(): boolean {
    if (this.#state !== 'reading') return false;
    if (this.isHeldBack) this.#state = 'interrupted';
    return this.#state === 'reading';
  }

  /** Reads one frame and tells what it means; false when there is none. */
  private readFrame(): boolean {
    const reader = this.#reader;
    if (reader === undefined) {
      this.#state = 'idle';
      return false;
    }
    let frame: Frame | undefined;
    let message: Message | undefined;
    try {
      frame = reader.decoder.next();
      if (frame === undefined) {
        if (reader.decoder.partial !== undefined) reader.assembler.preview(reader.decoder.partial);
        if (this.#readers.giveBack(reader)) this.#reader = undefined;
        this.#state = 'idle';
        return false;
      }
      if (!isControl(frame.opcode)) message = reader.assembler.add(frame);
    } catch (error) {
      this.fail(error as InboundError);
      return false;
    }
    // Outside of the attempt: what the observer throws is not the peer's fault.
    if (message !== undefined) this.takeMessage(message);
    else if (isControl(frame.opcode)) this.takeControl(frame);
    return true;
  }

  private takeMessage(message: Message): void {
    if (message.compressed) this.decompress(message);
    else if (this.#readers.options.allowSynchronousEvents) this.#observer.message(message);
    else this.tellMessageNextTurn(message);
  }

  /** Apart, as the closure would cost every message memory. */
  private tellMessageNextTurn(message: Message): void {
    this.nextTurn(() => {
      this.#observer.message(message);
    });
  }

  private takeControl({ opcode, payload }: Frame): void {
    if (opcode === Opcode.CLOSE) {
      this.takeClose(payload);
      return;
    }
    const kind = opcode === Opcode.PING ? 'ping' : 'pong';
    if (this.#readers.options.allowSynchronousEvents) this.#observer[kind](payload);
    else {
      this.nextTurn(() => {
        this.#observer[kind](payload);
      });
    }
  }

  private takeClose(payload: Uint8Array): void {
    let closing: ClosePayload;
    try {
      closing = parseClosePayload(payload, this.#readers.options.skipUtf8Validation);
    } catch (error) {
      this.fail(error as InboundError);
      return;
    }
    this.end();
    this.#observer.peerClosed(closing);
  }

  private fail(error: InboundError): void {
    this.end();
    this.#observer.peerFailed(error);
  }

  /** Tells an event in the next turn of the event loop, and reads nothing before. */
  private nextTurn(tell: () => void): void {
    this.#state = 'waiting';
    setImmediate(() => {
      this.tellLate(tell);
    });
  }

  /** Has a message inflated. What is there immediately is told immediately. */
  private decompress(message: Message): void {
    this.#state = 'waiting';
    // The callback must not hold the message: it may wait for long.
    const { opcode } = message;
    let returned = false;
    this.#observer.extension?.decompress(message.data, (error, data) => {
      if (returned) {
        // An extension may call back in the context of another connection.
        this.#observer.context.runInAsyncScope(() => {
          this.tellLate(() => {
            this.takeInflated(opcode, error, data);
          });
        });
      } else {
        this.#state = 'reading';
        this.takeInflated(opcode, error, data);
      }
    });
    returned = true;
  }

  private takeInflated(opcode: DataOpcode, error: InboundError | null, data: Uint8Array | undefined): void {
    const { skipUtf8Validation } = this.#readers.options;
    if (error !== null || data === undefined) this.fail(error ?? new Error('No data'));
    else if (opcode === Opcode.TEXT && !skipUtf8Validation && !isUtf8(data)) {
      this.fail(protocolError('INVALID_UTF8'));
    } else this.takeMessage({ opcode, compressed: false, data });
  }

  /** Tells what had to wait, unless nobody wants it now, and reads on. */
  private tellLate(tell: () => void): void {
    if (this.#state === 'ended') return;
    if (this.isHeldBack) {
      this.#state = 'held';
      this.#held = tell;
      return;
    }
    this.#state = 'interrupted';
    try {
      tell();
    } finally {
      this.catchUp();
    }
  }
}

/** Goes on in the context of the connection: whoever calls `resume()` may be in that of another one. */
function goOn(inbound: Inbound, context: AsyncResource): void {
  context.runInAsyncScope(() => {
    inbound.goOn();
  });
}
