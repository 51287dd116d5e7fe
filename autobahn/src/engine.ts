/** One WebSocket connection of the suite: sends the frames of a case, checks what arrives, and records the closing. */

import type { Socket } from 'node:net';
import { CloseCode, isLegalCloseCode } from './close-codes.ts';
import { blankClosing } from './closing-record.ts';
import { FrameReader, Opcode, applyMask, encodeFrame, encodeHeader, freshMask } from './frames.ts';
import { MessageReader } from './messages.ts';
import { closeBody } from './notation.ts';
import { Outbox } from './outbox.ts';
import { TextCheck } from './text-check.ts';
import { type Traffic, showOctets } from './traffic.ts';
import type { Write } from './case.ts';
import type { ClosingRecord } from './closing-record.ts';
import type { Compression } from './compression.ts';
import type { Frame, FrameHeader } from './frames.ts';
import type { MessageSink } from './messages.ts';

/** Time limits in seconds. */
export interface EngineLimits {
  /** For the opening handshake. Default 5. */
  readonly openHandshakeTimeout: number;
  /** For the peer's Close after ours. Default 1. */
  readonly closeHandshakeTimeout: number;
  /** For a server to drop TCP after the closing handshake. Default 1. */
  readonly serverConnectionDropTimeout: number;
}

export const DEFAULT_LIMITS: EngineLimits = {
  openHandshakeTimeout: 5,
  closeHandshakeTimeout: 1,
  serverConnectionDropTimeout: 1,
};

/** What a connection reports to the code that runs a case on it. */
export interface EngineListener {
  /** The connection is open, and no frame has been read yet. The case can send. Called once, before all others. */
  opened(): void;
  message(kind: 'text' | 'binary', payload: Buffer): void;
  pong(payload: Buffer): void;
  /** TCP has ended, whichever end dropped it. Called once, after all others. */
  gone(): void;
}

/**
 * The state of a connection. `closing`: the suite has sent a Close, first or as a reply. `closed`: TCP is down, or the suite has
 * dropped it; nothing more is read or judged.
 */
export type EngineState = 'open' | 'closing' | 'closed';

/** The time limit, in seconds, for a server that closed first to drop TCP. The rules of the suite have no limit for it. */
const STUCK_SECONDS = 10;

/** How long the suite waits for queued octets to be sent before it destroys the socket. */
const LINGER_MS = 1000;

export class Engine implements MessageSink {
  readonly closing: ClosingRecord = blankClosing();
  readonly traffic: Traffic;
  readonly isServer: boolean;
  readonly #socket: Socket;
  readonly #limits: EngineLimits;
  readonly #compression: Compression | null;
  readonly #outbox: Outbox;
  readonly #messages: MessageReader;
  readonly #frames: FrameReader;
  readonly #timers = new Set<NodeJS.Timeout>();
  #listener: EngineListener | null = null;
  #state: EngineState = 'open';
  #split: { mask: Buffer | null; at: number } | null = null;
  /** Whether a compressed message is being inflated. The frames after it are not read until then. */
  #inflating = false;
  #isGone = false;

  /** @param socket after the opening handshake */
  constructor(
    socket: Socket,
    settings: { isServer: boolean; limits: EngineLimits; traffic: Traffic; compression: Compression | null },
  ) {
    this.#socket = socket;
    this.isServer = settings.isServer;
    this.traffic = settings.traffic;
    this.#limits = settings.limits;
    this.#compression = settings.compression;
    this.#outbox = new Outbox(socket, this.traffic);
    const compression = settings.compression !== null;
    this.#messages = new MessageReader(this, { masked: this.isServer, compression });
    this.#frames = new FrameReader(this.#messages);
  }

  get state(): EngineState {
    return this.#state;
  }

  /** Starts the case, then reads. First it reads `early`, the octets that arrived with the end of the handshake. */
  start(listener: EngineListener, early: Buffer): void {
    this.#listener = listener;
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', () => {});
    this.#socket.once('close', () => this.#tcpEnded());
    listener.opened();
    if (early.length > 0) this.#receive(early);
    this.#socket.resume();
    if (this.#socket.destroyed) this.#tcpEnded();
  }

  // Sending

  /** Sends frames in the given way, whatever the state of the connection. */
  send(frames: readonly Frame[], write: Write): void {
    const size = typeof write === 'object' ? write.chop : null;
    const plain: Buffer[] = [];
    for (const frame of frames) {
      const mask = this.isServer ? null : freshMask();
      this.traffic.frameSent(frame, mask, size, write === 'sync');
      const octets = encodeFrame(frame, mask);
      if (write === 'plain') plain.push(octets);
      else this.#outbox.apart(octets, size);
    }
    if (plain.length > 0)
      this.#outbox.plain(plain.length === 1 ? (plain[0] ?? Buffer.alloc(0)) : Buffer.concat(plain));
  }

  /** Sends the header of a frame. {@link sendData} sends its payload. */
  sendHeader(opcode: number, fin: boolean, length: number): void {
    const mask = this.isServer ? null : freshMask();
    this.#split = { mask, at: 0 };
    this.traffic.frameSent({ opcode, fin, rsv: 0, payload: Buffer.alloc(0) }, mask, null, false);
    this.#outbox.plain(encodeHeader({ opcode, fin, rsv: 0 }, length, mask));
  }

  sendData(octets: Buffer): void {
    const copy = Buffer.from(octets);
    if (this.#split?.mask) applyMask(copy, this.#split.mask, this.#split.at);
    if (this.#split) this.#split.at += octets.length;
    this.#outbox.plain(copy);
  }

  // Closing

  /** Sends Close with this body, unless a Close was already sent. */
  close(body: Buffer): void {
    if (this.#state !== 'open') return;
    this.closing.closedByMe = true;
    this.#state = 'closing';
    this.closing.wasNotCleanReason = 'the peer sent no Close';
    this.#sendClose(body);
    this.after(this.#limits.closeHandshakeTimeout, () => {
      if (this.closing.wasClean) return;
      this.closing.wasCloseHandshakeTimeout = true;
      this.#dropUnclean('the peer did not answer the Close in time');
    });
  }

  /**
   * Fails the connection (RFC 6455 §7.1.7): sends Close with the code, or drops TCP if a Close has been sent already. A closing
   * handshake that was completed before stays clean.
   */
  fail(code: number, why: string): void {
    if (this.#state === 'closed') return;
    this.closing.failedByMe = true;
    this.#messages.discard();
    if (this.#state === 'open') this.close(closeBody(code, Buffer.from(why)));
    else if (this.closing.wasClean) this.#drop();
    else this.#dropUnclean(why);
  }

  /** Runs `then` after this time, unless TCP has ended before. */
  after(seconds: number, then: () => void): void {
    if (this.#state === 'closed') return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, seconds * 1000);
    this.#timers.add(timer);
  }

  #sendClose(body: Buffer): void {
    if (body.length >= 2) {
      this.closing.localCloseCode = body.readUInt16BE(0);
      this.closing.localCloseReason = body.length > 2 ? showOctets(body.subarray(2)) : null;
    }
    this.send([{ opcode: Opcode.close, fin: true, rsv: 0, payload: body }], 'plain');
  }

  #dropUnclean(why: string): void {
    this.closing.wasClean = false;
    this.closing.wasNotCleanReason = why;
    this.#drop();
  }

  #drop(): void {
    this.closing.droppedByMe = true;
    this.#endTcp();
  }

  #endTcp(): void {
    this.#end();
    // Queued octets are sent first, because they may include the Close.
    this.#outbox.whenIdle(() => this.#socket.destroySoon());
    // A peer that reads nothing must not delay the end.
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Stops reading and the timers of the case. */
  #end(): void {
    this.#state = 'closed';
    this.#frames.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** A peer may drop TCP while its last message is being inflated. That message and the frames after it still count. */
  #tcpEnded(): void {
    if (this.#isGone || (this.#inflating && this.#state !== 'closed')) return;
    this.#isGone = true;
    this.#end();
    this.#compression?.end();
    this.#listener?.gone();
  }

  // Receiving

  #receive(chunk: Buffer): void {
    this.traffic.octetsReceived(chunk);
    this.#frames.push(chunk);
  }

  frame(header: FrameHeader, payload: Buffer): void {
    this.traffic.frameReceived(header, payload);
  }

  message(opcode: number, payload: Buffer, compressed: boolean): void {
    if (!compressed || !this.#compression) this.#deliver(opcode, payload);
    else void this.#inflate(this.#compression, opcode, payload);
  }

  /** Inflates and delivers a message. Reads nothing more until then, which keeps the order. */
  async #inflate(compression: Compression, opcode: number, packed: Buffer): Promise<void> {
    this.#inflating = true;
    this.#frames.stop();
    const payload = await compression.decompress(packed).catch(() => null);
    this.#inflating = false;
    if (this.#isClosed()) return;
    if (payload === null) this.#breakOff('a compressed message cannot be inflated');
    else this.#deliverInflated(opcode, payload);
    if (!this.#isClosed()) this.#frames.go();
    if (this.#socket.destroyed) this.#tcpEnded();
  }

  #deliverInflated(opcode: number, payload: Buffer): void {
    const text = new TextCheck();
    const isText = opcode === Opcode.text;
    if (isText && !text.add(payload)) this.violation(CloseCode.invalidPayload, NOT_TEXT);
    if (isText && !text.end()) this.violation(CloseCode.invalidPayload, NOT_TEXT);
    this.#deliver(opcode, payload);
  }

  #deliver(opcode: number, payload: Buffer): void {
    if (this.closing.failedByMe) return;
    this.#listener?.message(opcode === Opcode.text ? 'text' : 'binary', payload);
  }

  ping(payload: Buffer): void {
    if (this.#state === 'open') this.send([{ opcode: Opcode.pong, fin: true, rsv: 0, payload }], 'plain');
  }

  pong(payload: Buffer): void {
    this.#listener?.pong(payload);
  }

  violation(code: number, why: string): void {
    this.fail(code, why);
  }

  peerClose(body: Buffer): void {
    if (!this.#readClose(body)) return;
    this.closing.wasClean = true;
    this.closing.wasNotCleanReason = null;
    const peerWasFirst = this.#state === 'open';
    this.#state = 'closing';
    if (peerWasFirst) this.#sendClose(closeBody(CloseCode.normal));
    if (this.isServer) this.#drop();
    else if (peerWasFirst) this.after(STUCK_SECONDS, () => this.#drop());
    else this.after(this.#limits.serverConnectionDropTimeout, () => this.#dropServer());
  }

  #dropServer(): void {
    this.closing.wasServerConnectionDropTimeout = true;
    this.#dropUnclean('the server did not drop TCP after the closing handshake');
  }

  /** Records the code and the reason of the peer's Close, and checks them. Returns whether the connection is still up. */
  #readClose(body: Buffer): boolean {
    const reason = body.subarray(2);
    const code = body.length >= 2 ? body.readUInt16BE(0) : null;
    this.closing.remoteCloseCode = code;
    this.closing.remoteCloseReason = reason.length > 0 ? showOctets(reason) : null;
    if (code !== null && !isLegalCloseCode(code)) {
      this.fail(CloseCode.protocolError, `the peer closed with the illegal code ${code}`);
    }
    const text = new TextCheck();
    if (!text.add(reason)) this.fail(CloseCode.invalidPayload, NOT_TEXT_REASON);
    if (!text.end() && !this.#isClosed()) this.#breakOff(NOT_TEXT_REASON);
    if (this.#isClosed()) this.closing.wasClean = false;
    return !this.#isClosed();
  }

  /** Ends TCP because of data that cannot be read, without counting that as a drop by the suite. */
  #breakOff(why: string): void {
    this.closing.wasNotCleanReason = this.closing.wasClean ? null : why;
    this.#endTcp();
  }
}

const NOT_TEXT = 'a compressed text message is not UTF-8';
const NOT_TEXT_REASON = 'the close reason of the peer is not UTF-8';
