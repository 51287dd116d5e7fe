/** A small echo endpoint with one fault. Without a fault, it passes all cases. */

import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { FrameReader, Opcode, RSV1, encodeFrame, freshMask } from '../src/frames.ts';
import { readHead, writeResponse } from '../src/handshake.ts';
import { closeBody } from '../src/notation.ts';
import { CLOSE_BODIES, ECHO_FRAMES, alongWithHandshake, inLongForm, text } from './faults.ts';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Frame, FrameHeader } from '../src/frames.ts';
import type { Fault } from './faults.ts';

/** Whether a peer agrees to permessage-deflate. It echoes the compressed octets as they are, so both ends must keep their context. */
export interface PeerOptions {
  readonly deflate?: boolean;
}

/** Starts a server with a fault. */
export async function wrongServer(
  fault: Fault,
  options: PeerOptions = {},
): Promise<{ port: number; server: Server }> {
  const server = createServer({ noDelay: true }, (socket) => void accept(socket, fault, options));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

async function accept(socket: Socket, fault: Fault, { deflate = false }: PeerOptions): Promise<void> {
  socket.on('error', () => {});
  try {
    const { head, early } = await readHead(socket);
    if (fault === 'stays silent in the handshake') return;
    if (fault === 'refuses the handshake') {
      socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
      return;
    }
    const compresses = deflate && head.headers.has('sec-websocket-extensions');
    const answer = writeResponse(
      head.headers.get('sec-websocket-key') ?? '',
      compresses ? 'permessage-deflate' : null,
    );
    const selects = fault === 'selects a subprotocol that was not requested';
    const sent = selects ? answer.replace(/\r\n$/, 'Sec-WebSocket-Protocol: chat\r\n\r\n') : answer;
    socket.write(Buffer.concat([Buffer.from(sent), alongWithHandshake(fault, false)]));
    new WrongPeer(socket, fault, { isClient: false, compresses }).start(early);
  } catch {
    // The suite ended the connection, which it may do at any time.
  }
}

/** Opens one connection as a client with a fault. Resolves when TCP has ended. */
export function wrongClient(url: string, fault: Fault, { deflate = false }: PeerOptions = {}): Promise<void> {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const version = fault === 'refuses the handshake' ? '99' : '13';
  const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Version: ${version}`];
  if (deflate) lines.push('Sec-WebSocket-Extensions: permessage-deflate');
  const key = `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`;
  const request = [`GET ${pathname}${search} HTTP/1.1`, `Host: ${hostname}:${port}`, ...lines, key, '', ''];
  socket.on('error', () => {});
  socket.write(Buffer.concat([Buffer.from(request.join('\r\n')), alongWithHandshake(fault, true)]));
  void readHead(socket).then(
    ({ head, early }) => {
      const compresses = head.headers.has('sec-websocket-extensions');
      new WrongPeer(socket, fault, { isClient: true, compresses }).start(early);
    },
    () => socket.destroy(),
  );
  return gone;
}

/** How long after the closing handshake a late server drops TCP. Longer than the suite waits for the drop. */
const LATE_MS = 3000;

class WrongPeer {
  readonly #socket: Socket;
  readonly #fault: Fault;
  readonly #isClient: boolean;
  readonly #compresses: boolean;
  readonly #reader: FrameReader;
  #header: FrameHeader | null = null;
  #payload: Buffer[] = [];
  #message: { opcode: number; rsv: number; parts: Buffer[] } | null = null;
  #latePongs: Buffer[] = [];
  #closed = false;

  constructor(socket: Socket, fault: Fault, settings: { isClient: boolean; compresses: boolean }) {
    this.#socket = socket;
    this.#fault = fault;
    this.#isClient = settings.isClient;
    this.#compresses = settings.compresses;
    this.#reader = new FrameReader({
      start: () => {},
      header: (header) => this.#begin(header),
      payload: (octets) => this.#octets(octets),
      end: () => this.#end(),
    });
  }

  start(early: Buffer): void {
    this.#socket.on('data', (chunk: Buffer) => this.#reader.push(chunk));
    this.#reader.push(early);
    this.#socket.resume();
  }

  #has(fault: Fault): boolean {
    return this.#fault === fault;
  }

  #begin(header: FrameHeader): void {
    this.#header = header;
    this.#payload = [];
    const { opcode, fin, rsv, length } = header;
    const isData = opcode === Opcode.text || opcode === Opcode.binary;
    const isControl = opcode >= Opcode.close;
    const isKnown = (Object.values(Opcode) as number[]).includes(opcode);
    const wrongOrder =
      (isData && this.#message !== null) || (opcode === Opcode.continuation && this.#message === null);
    const allowed = isData && this.#compresses ? RSV1 : 0;
    if ((rsv & ~allowed) !== 0 && !this.#has('ignores reserved bits')) this.#fail(1002);
    else if (!isKnown && !this.#has('ignores reserved opcodes')) this.#fail(1002);
    else if (isControl && (!fin || length > 125 || (opcode === Opcode.close && length === 1)))
      this.#fail(1002);
    else if (wrongOrder && !this.#has('ignores continuations without a message')) this.#fail(1002);
    if (isData) this.#message = { opcode, rsv: rsv & allowed, parts: [] };
  }

  #octets(octets: Buffer): void {
    this.#payload.push(octets);
    if ((this.#header?.opcode ?? Opcode.close) >= Opcode.close || !this.#message) return;
    this.#message.parts.push(octets);
    const { opcode, rsv, parts } = this.#message;
    if (opcode === Opcode.text && rsv === 0 && !this.#isText(Buffer.concat(parts), true)) this.#fail(1007);
  }

  #end(): void {
    const payload = Buffer.concat(this.#payload);
    if (this.#header?.opcode === Opcode.ping) this.#answerPing(payload);
    if (this.#header?.opcode === Opcode.close) this.#answerClose(payload);
    if ((this.#header?.opcode ?? Opcode.close) >= Opcode.close || !this.#header?.fin || !this.#message)
      return;
    const { opcode, rsv, parts } = this.#message;
    this.#message = null;
    const whole = Buffer.concat(parts);
    if (opcode === Opcode.text && rsv === 0 && !this.#isText(whole, false)) this.#fail(1007);
    else this.#echo({ opcode, fin: true, rsv, payload: whole });
  }

  /** Whether octets are text. While `arriving`, they may end inside a character. */
  #isText(octets: Buffer, arriving: boolean): boolean {
    if (this.#has('skips the check of UTF-8') || isUtf8(octets)) return true;
    if (!arriving) return false;
    if (this.#has('checks UTF-8 only at the end of a message')) return true;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(octets, { stream: true });
      return true;
    } catch {
      return false;
    }
  }

  #echo(echo: Frame): void {
    const { payload } = echo;
    if (this.#has('changes an octet') && payload.length > 0) payload[0] = (payload[0] ?? 0) ^ 1;
    for (const frame of ECHO_FRAMES[this.#fault]?.(echo) ?? [echo]) this.#send(frame);
    for (const late of this.#latePongs.splice(0)) this.#control(Opcode.pong, late);
    if (!this.#has('drops TCP right after an echo')) return;
    this.#closed = true;
    this.#socket.end();
  }

  #answerPing(payload: Buffer): void {
    if (this.#has('never answers a ping')) return;
    if (this.#has('answers a ping only after the next message')) {
      this.#latePongs.push(payload);
      return;
    }
    if (this.#has('answers a ping with other octets')) payload = Buffer.from(payload).reverse();
    this.#control(Opcode.pong, payload);
  }

  #answerClose(body: Buffer): void {
    if (this.#has('never answers Close')) return;
    if (this.#has('sends a message before it answers Close')) this.#send(text('late'));
    const code = body.length >= 2 ? body.readUInt16BE(0) : null;
    const legal =
      code === null ||
      (code >= 3000 && code <= 4999) ||
      (code >= 1000 && code <= 1011 && ![1004, 1005, 1006].includes(code));
    if (!legal) this.#fail(1002);
    else if (!isUtf8(body.subarray(2))) this.#fail(1007);
    else this.#close(code === null ? Buffer.alloc(0) : closeBody(1000));
  }

  #fail(code: number): void {
    this.#close(closeBody(code));
  }

  #close(body: Buffer): void {
    if (this.#closed) return;
    this.#reader.stop();
    if (this.#has('never answers Close')) return;
    if (this.#has('drops TCP instead of Close')) this.#socket.destroy();
    this.#control(Opcode.close, CLOSE_BODIES[this.#fault] ?? body);
    if (this.#has('sends Close twice')) this.#control(Opcode.close, body);
    if (this.#has('sends a message after its Close')) this.#send(text('late'));
    if (this.#has('sends a pong after its Close')) this.#control(Opcode.pong, Buffer.alloc(0));
    this.#closed = true;
    if (this.#isClient || this.#has('never drops TCP')) return;
    if (this.#has('drops TCP late')) setTimeout(() => this.#socket.end(), LATE_MS).unref();
    else this.#socket.end();
  }

  #control(opcode: number, payload: Buffer): void {
    this.#send({ opcode, fin: opcode !== Opcode.pong || !this.#has('fragments its pongs'), rsv: 0, payload });
  }

  #send(frame: Frame): void {
    if (this.#closed) return;
    const masks = this.#isClient !== this.#has('masks when it must not, or does not mask when it must');
    const mask = masks ? freshMask() : null;
    const isLong =
      this.#has('sends its echo with a length that is not in its shortest form') &&
      frame.opcode < Opcode.close;
    this.#socket.write(isLong ? inLongForm(frame, mask) : encodeFrame(frame, mask));
  }
}
