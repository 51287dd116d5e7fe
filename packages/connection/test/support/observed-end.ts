// A connection on a stepped stream, with everything that can be observed about it.
import { isRunning } from './fake-timers-one-by-one.ts';
import { FrameDecoder, Opcode, type Frame } from '@framewire/codec';
import type { WebSocketConnection } from '@framewire/connection';
import { attach, textOf } from './pairs.ts';
import { SteppedStream, type Buffering } from './stepped-stream.ts';

/** The methods of a connection that a program calls. */
export const CALLS = ['send', 'ping', 'close', 'terminate', 'pause', 'resume'] as const;
export type Call = (typeof CALLS)[number];

/** A message or ping. */
interface Sent {
  readonly wasOpen: boolean;
  /** The arguments with which the callback was called. */
  readonly outcomes: (Error | undefined)[];
}

/** How many messages the listeners may send. */
const MOST_ANSWERS = 2;

let timeouts = 0;

export class ObservedEnd {
  readonly stream: SteppedStream;
  readonly ws: WebSocketConnection;
  /** Different for each end, so that a test can select the time limit that expires. */
  readonly closeTimeout = ++timeouts;
  /** The names of its events, with the text of each message. */
  readonly events: string[] = [];
  /** The values of `readyState`, including those that listeners and callbacks saw. */
  readonly states: number[];
  readonly sent: Sent[] = [];
  readonly calls = new Set<Call>();
  /** The frames that the peer has sent and that have arrived, as events, and `breach` for a frame that breaks a rule. */
  readonly arrived: string[] = [];
  /** How many of `arrived` the connection must have read. */
  read = 0;
  /** Whether it has seen the end of the peer's side. */
  peerEnded = false;
  /** The code of the peer's close frame, and that of the `close` event. */
  peerCode: number | undefined = undefined;
  code: number | undefined = undefined;
  /** Whether all callbacks of sends on the open connection had been called when `close` was emitted. */
  calledBackInTime = true;
  /** The method that all of its listeners and callbacks call, if any. */
  reaction: Call | undefined = undefined;
  /** Whether it is CLOSED, and was CLOSED in the turn before. */
  isClosed = false;
  wasClosed = false;
  readonly #ownCode: number;
  readonly #decoder: FrameDecoder;
  readonly #frames: Frame[][] = [];

  constructor(role: 'client' | 'server', buffering: Buffering) {
    this.#ownCode = role === 'client' ? 4000 : 4001;
    this.#decoder = new FrameDecoder({ role: role === 'client' ? 'server' : 'client' });
    this.stream = new SteppedStream(buffering);
    const { closeTimeout } = this;
    this.ws = attach(this.stream, role, { closeTimeout, generateMask: (mask) => mask.fill(0) });
    this.states = [this.ws.readyState];
    this.ws.on('message', (data) => this.#emitted(`message ${textOf(data)}`));
    this.ws.on('ping', () => this.#emitted('ping'));
    this.ws.on('pong', () => this.#emitted('pong'));
    this.ws.on('error', () => this.#emitted('error'));
    this.ws.on('close', (code) => {
      this.code = code;
      this.calledBackInTime = this.sent.every(({ wasOpen, outcomes }) => !wasOpen || outcomes.length > 0);
      this.#emitted('close');
    });
  }

  /** The frames of each write. */
  get frames(): readonly (readonly Frame[])[] {
    for (const chunk of this.stream.written.slice(this.#frames.length)) {
      const frames: Frame[] = [];
      this.#decoder.push(Buffer.from(chunk));
      for (let frame; (frame = this.#decoder.next()) !== undefined;) frames.push(frame);
      this.#frames.push(frames);
    }
    return this.#frames;
  }

  /** The frames that the peer has not received. */
  get framesOnWire(): readonly (readonly Frame[])[] {
    return this.frames.slice(this.frames.length - this.stream.wire.length);
  }

  /** The frames that the transport has accepted. */
  get acceptedFrames(): readonly Frame[] {
    return this.frames.slice(0, this.stream.accepted).flat();
  }

  /** How many messages, or pings, were sent while it was open. */
  count(call: 'send' | 'ping'): number {
    return this.#counts[call];
  }

  readonly #counts = { send: 0, ping: 0 };

  get hasTimeLimit(): boolean {
    return isRunning(this.closeTimeout);
  }

  call(call: Call): void {
    this.calls.add(call);
    if (call === 'send' || call === 'ping') this.#send(call);
    else if (call === 'close') this.ws.close(this.#ownCode);
    else this.ws[call]();
    this.#recordState();
  }

  #send(call: 'send' | 'ping'): void {
    const { ws } = this;
    const sent: Sent = { wasOpen: ws.readyState === ws.OPEN, outcomes: [] };
    this.sent.push(sent);
    if (sent.wasOpen) this.#counts[call]++;
    const done = (error?: Error): void => {
      sent.outcomes.push(error);
      this.#recordState();
      // If each callback sent an answer, the callbacks would never end.
      if (this.reaction !== 'send') this.#react();
    };
    if (call === 'send') ws.send(String(this.#counts.send), done);
    else ws.ping('', undefined, done);
  }

  /** Receives the next chunk of its peer. */
  receive(peer: ObservedEnd): void {
    for (const frame of peer.framesOnWire[0] ?? []) {
      if (frame.opcode === Opcode.CLOSE) this.peerCode = Buffer.from(frame.payload).readUInt16BE();
      this.arrived.push(nameOf(frame));
    }
    this.stream.push(peer.stream.takeChunk());
  }

  /** Receives a frame that breaks a rule. */
  receiveBreach(frame: Buffer): void {
    this.arrived.push('breach');
    this.stream.push(frame);
  }

  /** Sees that its peer has ended its side. */
  receiveEnd(): void {
    this.peerEnded = true;
    this.stream.push(null);
  }

  /** A turn of the event loop has ended. */
  turnEnded(): void {
    this.#recordState();
    this.wasClosed = this.isClosed;
    this.isClosed = this.ws.readyState === this.ws.CLOSED;
    // Bytes that a paused connection has not read when its stream closes are read before `close`.
    if (this.stream.readableLength === 0 || this.isClosed) this.read = this.arrived.length;
  }

  #emitted(event: string): void {
    this.events.push(event);
    this.#recordState();
    if (this.reaction !== 'send' || this.#counts.send < MOST_ANSWERS) this.#react();
  }

  #react(): void {
    if (this.reaction !== undefined) this.call(this.reaction);
  }

  #recordState(): void {
    if (this.states.at(-1) !== this.ws.readyState) this.states.push(this.ws.readyState);
  }
}

function nameOf({ opcode, payload }: Frame): string {
  if (opcode === Opcode.TEXT) return `message ${Buffer.from(payload).toString()}`;
  return { [Opcode.PING]: 'ping', [Opcode.PONG]: 'pong', [Opcode.CLOSE]: 'close frame' }[opcode as number]!;
}
