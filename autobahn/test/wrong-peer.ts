/** A small echo endpoint that can be made wrong in one respect at a time. Without a fault it passes. */

import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { FrameReader, Opcode, encodeFrame, freshMask } from '../src/frames.ts';
import { readHead, writeResponse } from '../src/handshake.ts';
import { closeBody } from '../src/notation.ts';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { FrameHeader } from '../src/frames.ts';

/** What can be wrong with a peer. */
export type Fault =
  | 'none'
  | 'skips the check of UTF-8'
  | 'checks UTF-8 at the end of a message only'
  | 'ignores reserved bits'
  | 'ignores reserved opcodes'
  | 'ignores continuations without a message'
  | 'changes an octet'
  | 'echoes twice'
  | 'never answers a ping'
  | 'answers a ping with other octets'
  | 'answers a ping only after the next message'
  | 'sends pongs that nobody asked for'
  | 'never answers Close'
  | 'closes with the wrong code'
  | 'never drops TCP'
  | 'drops TCP instead of Close'
  | 'masks where it must not, or does not where it must'
  | 'sends text that is not UTF-8'
  | 'refuses the handshake'
  | 'stays silent in the handshake';

/** Starts a server with a fault. */
export async function wrongServer(fault: Fault): Promise<{ port: number; server: Server }> {
  const server = createServer({ noDelay: true }, (socket) => void accept(socket, fault));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

async function accept(socket: Socket, fault: Fault): Promise<void> {
  socket.on('error', () => {});
  try {
    const { head, early } = await readHead(socket);
    if (fault === 'stays silent in the handshake') return;
    if (fault === 'refuses the handshake') {
      socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
      return;
    }
    socket.write(writeResponse(head.headers.get('sec-websocket-key') ?? '', null));
    new WrongPeer(socket, fault, false).start(early);
  } catch {
    // The suite went away: that is its right.
  }
}

/** Makes one connection as a client with a fault; resolves when TCP is gone. */
export function wrongClient(url: string, fault: Fault): Promise<void> {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const version = fault === 'refuses the handshake' ? '99' : '13';
  const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Version: ${version}`];
  const key = `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`;
  socket.on('error', () => {});
  socket.write(
    [`GET ${pathname}${search} HTTP/1.1`, `Host: ${hostname}:${port}`, ...lines, key, '', ''].join('\r\n'),
  );
  void readHead(socket).then(
    ({ early }) => new WrongPeer(socket, fault, true).start(early),
    () => socket.destroy(),
  );
  return gone;
}

class WrongPeer {
  readonly #socket: Socket;
  readonly #fault: Fault;
  readonly #isClient: boolean;
  readonly #reader: FrameReader;
  #header: FrameHeader | null = null;
  #payload: Buffer[] = [];
  #message: { opcode: number; parts: Buffer[] } | null = null;
  #latePongs: Buffer[] = [];
  #closed = false;

  constructor(socket: Socket, fault: Fault, isClient: boolean) {
    this.#socket = socket;
    this.#fault = fault;
    this.#isClient = isClient;
    this.#reader = new FrameReader({
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
    if (rsv !== 0 && !this.#has('ignores reserved bits')) this.#fail(1002);
    else if (!isKnown && !this.#has('ignores reserved opcodes')) this.#fail(1002);
    else if (isControl && (!fin || length > 125 || (opcode === Opcode.close && length === 1)))
      this.#fail(1002);
    else if (wrongOrder && !this.#has('ignores continuations without a message')) this.#fail(1002);
    if (isData) this.#message = { opcode, parts: [] };
  }

  #octets(octets: Buffer): void {
    this.#payload.push(octets);
    if ((this.#header?.opcode ?? Opcode.close) >= Opcode.close || !this.#message) return;
    this.#message.parts.push(octets);
    if (this.#message.opcode === Opcode.text && !this.#isText(Buffer.concat(this.#message.parts), true))
      this.#fail(1007);
  }

  #end(): void {
    const payload = Buffer.concat(this.#payload);
    if (this.#header?.opcode === Opcode.ping) this.#answerPing(payload);
    if (this.#header?.opcode === Opcode.close) this.#answerClose(payload);
    if ((this.#header?.opcode ?? Opcode.close) >= Opcode.close || !this.#header?.fin || !this.#message)
      return;
    const { opcode, parts } = this.#message;
    this.#message = null;
    const whole = Buffer.concat(parts);
    if (opcode === Opcode.text && !this.#isText(whole, false)) this.#fail(1007);
    else this.#echo(opcode, whole);
  }

  /** Text that is still arriving may end inside a character. */
  #isText(octets: Buffer, arriving: boolean): boolean {
    if (this.#has('skips the check of UTF-8') || isUtf8(octets)) return true;
    if (!arriving) return false;
    if (this.#has('checks UTF-8 at the end of a message only')) return true;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(octets, { stream: true });
      return true;
    } catch {
      return false;
    }
  }

  #echo(opcode: number, payload: Buffer): void {
    if (this.#has('changes an octet') && payload.length > 0) payload[0] = (payload[0] ?? 0) ^ 1;
    if (this.#has('sends text that is not UTF-8')) this.#send(Opcode.text, Buffer.from([0xff]));
    if (this.#has('sends pongs that nobody asked for')) this.#send(Opcode.pong, Buffer.alloc(0));
    this.#send(opcode, payload);
    if (this.#has('echoes twice')) this.#send(opcode, payload);
    for (const late of this.#latePongs.splice(0)) this.#send(Opcode.pong, late);
  }

  #answerPing(payload: Buffer): void {
    if (this.#has('never answers a ping')) return;
    if (this.#has('answers a ping only after the next message')) {
      this.#latePongs.push(payload);
      return;
    }
    if (this.#has('answers a ping with other octets')) payload = Buffer.from(payload).reverse();
    this.#send(Opcode.pong, payload);
  }

  #answerClose(body: Buffer): void {
    if (this.#has('never answers Close')) return;
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
    const sent = this.#has('closes with the wrong code') ? closeBody(4321) : body;
    this.#send(Opcode.close, sent);
    this.#closed = true;
    if (!this.#isClient && !this.#has('never drops TCP')) this.#socket.end();
  }

  #send(opcode: number, payload: Buffer): void {
    if (this.#closed) return;
    const masks = this.#isClient !== this.#has('masks where it must not, or does not where it must');
    this.#socket.write(encodeFrame({ opcode, fin: true, rsv: 0, payload }, masks ? freshMask() : null));
  }
}
