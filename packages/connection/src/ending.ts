// How a session ends: carries out the closing handshake (RFC 6455 §7.1) within its time limit, and keeps the peer's close code and reason.
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import {
  CloseCode,
  formatClosePayload,
  isClean,
  isClosed,
  isOver,
  maySend,
  nextClosingPhase,
  Opcode,
  readsOn,
  type ClosePayload,
  type ClosingEvent,
  type ClosingPhase,
} from '@framewire/codec';
import { clearDeadline, setDeadline, type Deadline } from './clock.ts';
import { CLOSED, CLOSING, OPEN } from './ready-state.ts';
import type { Inbound } from './receiving/inbound.ts';
import { nextTick } from './scheduling.ts';
import type { Outbound } from './sending/outbound.ts';
import { EMPTY } from './sending/payload.ts';

/** Created when a session starts to end, so that an open connection needs no memory for it. */
export class Ending {
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  /** In ms. */
  readonly #closeTimeout: number;
  readonly #masks: boolean;
  #phase: ClosingPhase = 'open';
  #deadline: Deadline | undefined = undefined;
  #isFrameWritten = false;
  #isStreamClosed = false;
  /** The peer's close code. 1006 until the peer has sent a close frame. */
  code: number = CloseCode.ABNORMAL_CLOSURE;
  reason: Buffer = EMPTY;
  isErrorReported = false;
  /** How many bytes were passed to `send()` too late, after the session started to end. They count in `bufferedAmount`, as in the DOM. */
  discarded = 0;

  constructor(inbound: Inbound, outbound: Outbound, closeTimeout: number, masks: boolean) {
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.#closeTimeout = closeTimeout;
    this.#masks = masks;
  }

  get state(): typeof OPEN | typeof CLOSING | typeof CLOSED {
    if (isClosed(this.#phase)) return CLOSED;
    return maySend(this.#phase) ? OPEN : CLOSING;
  }

  /** Whether each end has sent a close frame (§7.1.4). */
  get isClean(): boolean {
    return isClean(this.#phase) && this.#isFrameWritten;
  }

  /** Whether to read what the peer has sent. */
  get isReading(): boolean {
    return readsOn(this.#phase);
  }

  get isStreamClosed(): boolean {
    return this.#isStreamClosed;
  }

  /** Sends this end's close frame, unless it was sent before or can no longer be sent. */
  close(code?: number, reason?: string | Uint8Array): void {
    if (this.state === CLOSING) {
      this.startDeadline();
      this.endWhenOver();
    }
    if (this.state !== OPEN) return;
    const payload = formatClosePayload(code, reason);
    this.advance('send');
    // Before the frame, because `generateMask` may throw.
    this.startDeadline();
    this.#outbound.control(Opcode.CLOSE, payload, this.#masks, (error) => {
      // A stream that could not write the frame is about to close anyway.
      if (error) return;
      this.#isFrameWritten = true;
      this.endWhenOver();
    });
  }

  terminate(): void {
    this.#outbound.flush();
    this.advance('lose');
    this.stream.destroy();
  }

  peerClosed({ code, reason }: ClosePayload): void {
    this.advance('receive');
    this.code = code;
    // A copy, because the reason must not keep the chunk alive that contained it.
    if (reason.length > 0) this.reason = Buffer.from(reason);
    this.discardInput();
  }

  peerFailed(): void {
    this.advance('fail');
    this.discardInput();
  }

  /** A message could not be encoded, so nothing can follow it. The peer may still finish what it is sending. */
  sendFailed(): void {
    if (this.state === OPEN) this.startDeadline();
    this.advance('lose');
    this.#outbound.end();
  }

  streamEnded(): void {
    this.advance('lose');
    // A peer that has ended its side may never read the rest of what this end sends.
    this.startDeadline();
    this.#outbound.end();
  }

  streamFailed(): void {
    this.advance('lose');
    this.stream.destroy();
  }

  streamClosed(): void {
    clearDeadline(this.#deadline);
    this.advance('lose');
    this.#isStreamClosed = true;
  }

  /** The end is about to be reported. */
  reported(): void {
    this.advance('end');
  }

  private get stream(): Duplex {
    return this.#outbound.ledger.stream;
  }

  private advance(event: ClosingEvent): void {
    this.#phase = nextClosingPhase(this.#phase, event);
    if (this.state !== OPEN) this.#outbound.ledger.stopWaiting(this.state);
  }

  private startDeadline(): void {
    // Messages may be emitted after the stream has closed, and a listener may call `close()`.
    if (!this.#isStreamClosed) this.#deadline ??= setDeadline(this.#closeTimeout, destroy, this.stream);
  }

  /** §7.1.1: ends the stream when neither end has more to send. */
  private endWhenOver(): void {
    if (this.#isFrameWritten && isOver(this.#phase)) this.#outbound.end();
  }

  /** Discards what still arrives. The stream must be read to its end, because it does not emit `end` before that. */
  private discardInput(): void {
    this.#inbound.end();
    if (!this.#isStreamClosed) nextTick(resume, this.stream);
  }
}

function destroy(stream: Duplex): void {
  stream.destroy();
}

function resume(stream: Duplex): void {
  stream.resume();
}
