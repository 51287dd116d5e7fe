// One end of a connection by RFC 6455 §5 and §7: the events and frames that follow from the peer's bytes and from its own calls.
import { BREACHES, type Breach } from './breach.ts';
import { Inflating } from './inflating.ts';
import { Receiver, type Received, type Terms } from './receiver.ts';
import { readUtf8 } from './utf8.ts';

/** A frame that was sent, without its mask. */
export interface Sent {
  readonly opcode: 'text' | 'binary' | 'close' | 'ping' | 'pong';
  readonly payload: Uint8Array;
}

/** What the peer does. */
type FromPeer = { readonly bytes: Uint8Array } | 'end';

/** The options of one end, in addition to {@link Terms}. */
export interface EndpointTerms extends Terms {
  readonly autoPong: boolean;
  /** Whether the peer's messages may refer back to earlier ones (RFC 7692 §7.1.1). */
  readonly takeover: boolean;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export class Endpoint {
  /** The events, one line each. */
  readonly events: string[] = [];
  readonly sent: Sent[] = [];
  /** Whether its own side of the stream has ended. */
  hasEnded = false;
  /** Whether the stream is gone (§7.1.4). */
  isClosed = false;
  /**
   * Whether a message has stopped within a block, which RFC 7692 §7.2.1 does not allow. Later messages may refer back to it, so their
   * meaning is undefined.
   */
  isMeaningUndefined = false;

  readonly #terms: EndpointTerms;
  readonly #receiver: Receiver;
  readonly #inflating: Inflating;
  /** §7.1.3: "The WebSocket Closing Handshake is Started" from either side. */
  #closeSent = false;
  #closeReceived = false;
  #failed = false;
  /** Whether the peer has ended the stream. After that, nothing is sent. */
  #peerEnded = false;
  #paused = false;
  #waiting: FromPeer[] = [];
  /** §7.1.5, §7.1.6: 1006 unless a close frame says otherwise, and 1005 for one without a code. */
  #closeCode = 1006;
  #closeReason: Uint8Array = new Uint8Array(0);

  constructor(terms: EndpointTerms) {
    this.#terms = terms;
    this.#receiver = new Receiver(terms);
    this.#inflating = new Inflating(terms.takeover);
  }

  /** Bytes from the peer, or the end of its side of the stream. */
  take(what: FromPeer): void {
    if (this.isClosed) return;
    if (this.#paused) this.#waiting.push(what);
    else this.#read(what);
  }

  /** Either side has destroyed the stream. Everything that arrived before is reported, including what arrived during a pause. */
  lose(): void {
    if (this.isClosed) return;
    // No peer is left that could receive an answer.
    this.#peerEnded = true;
    this.hasEnded = true;
    for (const what of this.#waiting) if (what !== 'end') this.#read(what);
    this.#close();
  }

  pause(): void {
    this.#paused = !this.isClosed;
  }

  resume(): void {
    this.#paused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const what of waiting) this.take(what);
  }

  send(opcode: 'text' | 'binary' | 'ping' | 'pong', payload: Uint8Array): void {
    if (this.#isOpen) this.sent.push({ opcode, payload });
  }

  /** §7.1.2: "Start the WebSocket Closing Handshake". */
  startClosing(payload: Uint8Array): void {
    if (this.#isOpen) this.#sendClose(payload);
  }

  get #isOpen(): boolean {
    return !this.#closeSent && !this.#peerEnded && !this.isClosed;
  }

  #read(what: FromPeer): void {
    if (what === 'end') {
      this.#peerEnded = true;
      this.#end();
      this.#close();
      return;
    }
    for (const received of this.#receiver.receive(what.bytes)) {
      // §5.5.1, §7.1.7: after a close frame or a breach, nothing is read.
      if (this.#closeReceived || this.#failed) return;
      this.#handle(received);
    }
  }

  #handle(received: Received): void {
    switch (received.kind) {
      case 'ping':
        // §5.5.2: "unless it already received a Close frame"; and §5.5.1: not after our own.
        if (this.#terms.autoPong) this.send('pong', received.data);
        this.events.push(`ping ${hex(received.data)}`);
        break;
      case 'pong':
        this.events.push(`pong ${hex(received.data)}`);
        break;
      case 'close':
        this.#handleClose(received.code, received.reason);
        break;
      case 'breach':
        this.#fail(received.breach);
        break;
      case 'text':
      case 'binary':
        this.#handleMessage(received);
    }
  }

  #handleMessage({ kind, data, compressed }: Extract<Received, { kind: 'text' | 'binary' }>): void {
    const { maxPayload, skipUtf8 } = this.#terms;
    const original = compressed ? this.#inflating.inflate(data) : data;
    if (compressed && this.#terms.takeover && original !== undefined && !this.#inflating.isAtBlockEnd) {
      this.isMeaningUndefined = true;
    }
    if (original === undefined) this.#fail('invalid DEFLATE stream');
    else if (maxPayload > 0 && original.length > maxPayload) this.#fail('message too long');
    else if (compressed && kind === 'text' && !skipUtf8 && readUtf8(original) !== 'whole')
      this.#fail('invalid UTF-8');
    else this.events.push(`${kind} ${hex(original)}`);
  }

  /** §5.5.1: "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST send a Close frame". */
  #handleClose(code: number | undefined, reason: Uint8Array): void {
    this.#closeReceived = true;
    this.#closeCode = code ?? 1005;
    this.#closeReason = reason;
    if (this.#isOpen) this.#sendClose(code === undefined ? reason : closeBody(code, reason));
    this.#end();
  }

  /** §7.1.7: "Fail the WebSocket Connection": sends a close frame with the reason, reports the error, reads nothing more. */
  #fail(breach: Breach): void {
    const [closeCode, code] = BREACHES[breach];
    this.#failed = true;
    if (this.#isOpen) this.#sendClose(closeBody(closeCode, new Uint8Array(0)));
    this.events.push(`error ${code}`);
    this.#end();
  }

  #sendClose(payload: Uint8Array): void {
    this.sent.push({ opcode: 'close', payload });
    this.#closeSent = true;
  }

  #end(): void {
    this.hasEnded = true;
  }

  #close(): void {
    this.isClosed = true;
    this.#paused = false;
    this.#waiting = [];
    const clean = this.#closeSent && this.#closeReceived ? 'clean' : 'unclean';
    this.events.push(`close ${this.#closeCode} ${hex(this.#closeReason)} ${clean}`);
  }
}

/** §5.5.1: "the first two bytes of the body MUST be a 2-byte unsigned integer (in network byte order)". */
export function closeBody(code: number, reason: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(code >> 8, code & 0xff), reason]);
}
