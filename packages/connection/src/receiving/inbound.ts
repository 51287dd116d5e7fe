// The receiving side of a connection: reads frames from the bytes of the stream, one at a time, unless reading is paused.
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
import { FrameReaders, type FrameReader } from './frame-readers.ts';
import type { ReadingOptions } from './reading-options.ts';

/** The error for bytes that break a rule, with the close code that reports it. */
export type InboundError = Error & { readonly closeCode?: number };

/** What an {@link Inbound} calls. */
export interface InboundObserver {
  /** The async context in which the methods are called. {@link Inbound.read} must be called in it. */
  readonly context: AsyncResource;
  readonly extension: Extension | undefined;
  message(message: Message): void;
  ping(payload: Uint8Array): void;
  pong(payload: Uint8Array): void;
  /** The peer has sent its close frame. Nothing is read after it. */
  peerClosed(payload: ClosePayload): void;
  /** The peer has broken a rule. Nothing is read after it. */
  peerFailed(error: InboundError): void;
  /** All waiting bytes have been read. Called after {@link Inbound.read} has returned false, and after {@link Inbound.finish}. */
  caughtUp(): void;
}

/**
 * | state         | meaning                                                                                |
 * | ------------- | -------------------------------------------------------------------------------------- |
 * | `idle`        | all bytes have been read                                                               |
 * | `reading`     | frames are being read, and the observer is called                                      |
 * | `waiting`     | an event waits for the next turn of the event loop, or a message is being inflated     |
 * | `held`        | that event or message is ready, but reading is paused                                  |
 * | `interrupted` | bytes wait because reading is paused, or for the next turn after an exception          |
 * | `ended`       | nothing more is read                                                                   |
 */
type State = 'idle' | 'reading' | 'waiting' | 'held' | 'interrupted' | 'ended';

/**
 * Three things delay reading: a pause, a message that is being inflated, and the limit of one event per turn of the event loop. They work in
 * the same way: the next frame is not read.
 */
export class Inbound {
  readonly #observer: InboundObserver;
  #readers: FrameReaders;
  /** Borrowed while there is something to read. */
  #reader: FrameReader | undefined = undefined;
  #state: State = 'idle';
  /** Called when reading continues. Passes the event or message that is ready to the observer. */
  #held: (() => void) | undefined = undefined;
  #isPaused = false;
  /** Whether the stream has closed. If so, the observer is called even when reading is paused. */
  #isFinishing = false;

  constructor(observer: InboundObserver, options: ReadingOptions) {
    this.#observer = observer;
    this.#readers = FrameReaders.of(options);
  }

  /** Keeps `reactive()` of Vue from wrapping this object in a proxy, which could not access private fields. */
  get [Symbol.toStringTag](): string {
    return Inbound.name;
  }

  /** Whether messages come with their fragments. Takes effect with the next message. */
  set keepFragments(keepFragments: boolean) {
    if (keepFragments === this.#readers.options.keepFragments) return;
    this.#readers = FrameReaders.of({ ...this.#readers.options, keepFragments });
    if (this.#reader !== undefined) this.#reader.assembler.keepFragments = keepFragments;
  }

  /** Whether {@link Inbound.pause} is in effect. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether bytes wait to be read. */
  get hasBacklog(): boolean {
    return this.#state === 'waiting' || this.#state === 'held' || this.#state === 'interrupted';
  }

  /** Reads a chunk of the stream. Returns false if bytes have to wait. If so, the caller must pause the stream until `caughtUp()`. */
  read(chunk: Uint8Array): boolean {
    if (this.#state === 'ended') return true;
    this.#reader ??= this.#readers.borrow();
    this.#reader.decoder.push(chunk);
    this.readFrames();
    return !this.hasBacklog;
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** Continues after {@link Inbound.pause}. Waiting bytes are read in the next tick. */
  resume(): void {
    this.#isPaused = false;
    if (this.hasBacklog) nextTick(continueInContext, this, this.#observer.context);
  }

  /** The stream has closed: reads all waiting bytes, even when paused, and then calls `caughtUp()`, now or later. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#state === 'idle' || this.#state === 'ended') this.#observer.caughtUp();
    else this.continueReading();
  }

  /** Stops reading. */
  end(): void {
    this.#state = 'ended';
    this.#reader = undefined;
  }

  /** Continues where reading was interrupted. */
  continueReading(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.reportLate(held);
    else if (this.#state === 'interrupted') this.catchUp();
  }

  private get isHeldBack(): boolean {
    return this.#isPaused && !this.#isFinishing;
  }

  private catchUp(): void {
    this.readFrames();
    if (this.#state === 'idle' || this.#state === 'ended') this.#observer.caughtUp();
  }

  // Reads until nothing is left or reading is interrupted. The observer may call the methods of this object.
  private readFrames(): void {
    if (this.#state !== 'idle' && this.#state !== 'interrupted') return;
    this.#state = 'reading';
    // If the observer throws, the frames after its message are read in the next turn.
    let threw = true;
    try {
      while (this.isReading() && this.readFrame());
      threw = false;
    } finally {
      if (threw && this.isReading()) {
        this.#state = 'interrupted';
        setImmediate(continueInContext, this, this.#observer.context);
      }
    }
  }

  // Whether the next frame may be read. A call of the observer may change this.
  private isReading(): boolean {
    if (this.#state !== 'reading') return false;
    if (this.isHeldBack) this.#state = 'interrupted';
    return this.#state === 'reading';
  }

  // Reads one frame and calls the observer. Returns false if no complete frame has arrived, or decoding it fails.
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
        if (this.#readers.takeBack(reader)) this.#reader = undefined;
        this.#state = 'idle';
        return false;
      }
      if (!isControl(frame.opcode)) message = reader.assembler.add(frame);
    } catch (error) {
      this.fail(error as InboundError);
      return false;
    }
    // Outside the `try` block, because an exception from the observer is not the peer's fault.
    if (message !== undefined) this.takeMessage(message);
    else if (isControl(frame.opcode)) this.takeControl(frame);
    return true;
  }

  private takeMessage(message: Message): void {
    if (message.compressed) this.decompress(message);
    else if (this.#readers.options.allowSynchronousEvents) this.#observer.message(message);
    else this.reportMessageNextTurn(message);
  }

  // A method of its own, because in `takeMessage()` V8 would allocate the closure's context for every message.
  private reportMessageNextTurn(message: Message): void {
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

  // Calls the observer in the next turn of the event loop, and reads nothing before that.
  private nextTurn(report: () => void): void {
    this.#state = 'waiting';
    setImmediate(() => {
      this.reportLate(report);
    });
  }

  // Inflates a message. If the extension calls back synchronously, the observer is called synchronously, too.
  private decompress(message: Message): void {
    this.#state = 'waiting';
    // The callback must not reference the message, because it may wait for a long time.
    const { opcode } = message;
    let hasReturned = false;
    let inflated: [error: InboundError | null, data: Uint8Array | undefined] | undefined;
    try {
      this.#observer.extension?.decompress(message.data, (error, data) => {
        if (hasReturned) {
          // An extension may call back in the context of another connection.
          this.#observer.context.runInAsyncScope(() => {
            this.reportLate(() => {
              this.takeInflated(opcode, error, data);
            });
          });
        } else inflated ??= [error, data];
      });
    } catch (error) {
      inflated = [error as InboundError, undefined];
    }
    hasReturned = true;
    // Outside the `try` block, because an exception from the observer is not the fault of the extension.
    if (inflated !== undefined) {
      this.#state = 'reading';
      this.takeInflated(opcode, ...inflated);
    }
  }

  private takeInflated(opcode: DataOpcode, error: InboundError | null, data: Uint8Array | undefined): void {
    const { skipUtf8Validation } = this.#readers.options;
    if (error !== null || data === undefined)
      this.fail(error ?? new Error('The extension did not return the data'));
    else if (opcode === Opcode.TEXT && !skipUtf8Validation && !isUtf8(data)) {
      this.fail(protocolError('INVALID_UTF8'));
    } else this.takeMessage({ opcode, compressed: false, data });
  }

  // Calls the observer with an event or message that had to wait, and continues to read. While reading is paused, keeps `report` for later.
  private reportLate(report: () => void): void {
    if (this.#state === 'ended') return;
    if (this.isHeldBack) {
      this.#state = 'held';
      this.#held = report;
      return;
    }
    this.#state = 'interrupted';
    try {
      report();
    } catch (error) {
      // As after any message whose listener throws. If the next listener threw now, its exception would replace this one.
      setImmediate(() => {
        this.#observer.context.runInAsyncScope(() => {
          this.catchUp();
        });
      });
      throw error;
    }
    this.catchUp();
  }
}

/** Continues in the async context of the connection, because `resume()` may be called in the context of another one. */
function continueInContext(inbound: Inbound, context: AsyncResource): void {
  context.runInAsyncScope(() => {
    inbound.continueReading();
  });
}
