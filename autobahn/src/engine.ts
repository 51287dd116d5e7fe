/** One WebSocket connection of the suite: it sends whatever it is told, judges what it receives, and keeps the closing handshake's record. */

import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import { CloseCode, isLegalCloseCode } from './close-codes.ts';
import { FrameReader, Opcode, applyMask, encodeFrame, encodeHeader, freshMask } from './frames.ts';
import { MessageReader } from './messages.ts';
import { closeBody } from './notation.ts';
import { Outbox } from './outbox.ts';
import { type Traffic, showOctets } from './traffic.ts';
import type { Write } from './case.ts';
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

/** What a connection tells whoever runs a case on it. */
export interface EngineListener {
  message(kind: 'text' | 'binary', payload: Buffer): void;
  pong(payload: Buffer): void;
  /** TCP is gone, whoever ended it. Called once. */
  gone(): void;
}

/** How a connection was closed, in the words of the reports. */
export interface ClosingRecord {
  closedByMe: boolean;
  failedByMe: boolean;
  droppedByMe: boolean;
  wasClean: boolean;
  wasNotCleanReason: string | null;
  wasServerConnectionDropTimeout: boolean;
  wasOpenHandshakeTimeout: boolean;
  wasCloseHandshakeTimeout: boolean;
  localCloseCode: number | null;
  localCloseReason: string | null;
  remoteCloseCode: number | null;
  remoteCloseReason: string | null;
}

/** Returns the record of a connection of which nothing has been seen yet. */
export function blankClosing(): ClosingRecord {
  return {
    closedByMe: false,
    failedByMe: false,
    droppedByMe: false,
    wasClean: false,
    wasNotCleanReason: 'the peer dropped TCP without a closing handshake',
    wasServerConnectionDropTimeout: false,
    wasOpenHandshakeTimeout: false,
    wasCloseHandshakeTimeout: false,
    localCloseCode: null,
    localCloseReason: null,
    remoteCloseCode: null,
    remoteCloseReason: null,
  };
}

/**
 * How far a connection is. `closing`: our Close is out, the peer's is awaited. `closed`: Close frames went both ways, TCP is
 * still up. `gone`: TCP is down.
 */
export type EngineState = 'open' | 'closing' | 'closed' | 'gone';

/** Seconds after which a server is given up that closed first and never drops TCP: no rule of the suite ends this otherwise. */
const STUCK_SECONDS = 10;

/** Time for what is still queued to leave when TCP is dropped. */
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

  /** Takes over a socket on which the opening handshake is done. */
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

  /** Begins to read, first what came along with the handshake. */
  start(listener: EngineListener, early: Buffer): void {
    this.#listener = listener;
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', () => {});
    this.#socket.once('close', () => this.#gone());
    if (early.length > 0) this.#receive(early);
    this.#socket.resume();
    if (this.#socket.destroyed) this.#gone();
  }

  // Sending

  /** Sends frames, whatever the state of the connection, in the given way. */
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

  /** Sends the header of a frame; its payload follows by {@link sendData}. */
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

  /** Sends Close with this body, if no Close was sent yet: the suite closes. */
  close(body: Buffer): void {
    if (this.#state !== 'open') return;
    this.closing.closedByMe = true;
    this.#state = 'closing';
    this.closing.wasNotCleanReason = 'no Close of the peer came';
    this.#sendClose(body);
    this.after(this.#limits.closeHandshakeTimeout, () => {
      if (this.#state !== 'closing') return;
      this.closing.wasCloseHandshakeTimeout = true;
      this.#drop('the peer did not answer the Close in time');
    });
  }

  /** Fails the connection (RFC 6455 §7.1.7): Close with the code, or the end of TCP if a Close is already out. */
  fail(code: number, why: string): void {
    if (this.#state === 'gone') return;
    this.closing.failedByMe = true;
    this.#messages.discard();
    if (this.#state === 'open') this.close(closeBody(code, Buffer.from(why)));
    else if (!this.closing.wasClean) this.#drop(why);
    else this.#drop(this.closing.closedByMe && !this.isServer ? SERVER_STAYED : null);
  }

  /** Runs `then` after so many seconds, if TCP is still up by then. */
  after(seconds: number, then: () => void): void {
    if (this.#state === 'gone') return;
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

  #drop(whyNotClean: string | null): void {
    this.closing.droppedByMe = true;
    if (whyNotClean !== null) this.#notClean(whyNotClean);
    this.#frames.stop();
    // What is still queued is sent first: octets after a lost Close would tell the peer nothing.
    this.#outbox.whenIdle(() => this.#socket.destroySoon());
    // A peer that reads nothing must not hold the connection up.
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }

  #notClean(why: string): void {
    this.closing.wasClean = false;
    this.closing.wasNotCleanReason = why;
  }

  #gone(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
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

  /** Nothing behind a compressed message is read before that has been delivered: order is kept. */
  async #inflate(compression: Compression, opcode: number, payload: Buffer): Promise<void> {
    this.#frames.stop();
    try {
      this.#deliver(opcode, await compression.decompress(payload));
    } catch {
      this.violation(CloseCode.invalidPayload, 'a compressed message cannot be inflated');
    }
    if (!this.closing.droppedByMe) this.#frames.go();
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
    this.#frames.stop();
    this.closing.wasClean = true;
    this.closing.wasNotCleanReason = null;
    const answered = this.#state === 'open';
    this.#state = 'closed';
    if (answered) this.#sendClose(closeBody(CloseCode.normal));
    if (this.isServer) this.#drop(null);
    else if (answered) this.after(STUCK_SECONDS, () => this.#drop(null));
    else this.after(this.#limits.serverConnectionDropTimeout, () => this.#dropServer());
  }

  #dropServer(): void {
    this.closing.wasServerConnectionDropTimeout = true;
    this.#drop(SERVER_STAYED);
  }

  /** Takes note of the peer's Close, and fails the connection over it if it must. Returns whether TCP is still wanted. */
  #readClose(body: Buffer): boolean {
    const reason = body.subarray(2);
    const code = body.length >= 2 ? body.readUInt16BE(0) : null;
    this.closing.remoteCloseCode = code;
    this.closing.remoteCloseReason = reason.length > 0 ? showOctets(reason) : null;
    if (code !== null && !isLegalCloseCode(code)) {
      this.fail(CloseCode.protocolError, `the peer closed with the illegal code ${code}`);
    } else if (!isUtf8(reason)) {
      this.fail(CloseCode.invalidPayload, 'the reason of the peer is not UTF-8');
    }
    return !this.closing.droppedByMe;
  }
}

const SERVER_STAYED = 'the server did not drop TCP after the closing handshake';
