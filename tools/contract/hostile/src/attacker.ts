// An attacker is a raw TCP connection to a server or from a client, on which a test can send any bytes.
import { once } from 'node:events';
import net from 'node:net';
import { RawPeer, upgradeRequest } from '../../src/raw.ts';
import { frame, type FrameParts } from './frames.ts';

export interface HeardFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export class Attacker extends RawPeer {
  readonly socket: net.Socket;

  private constructor(socket: net.Socket) {
    super(socket);
    this.socket = socket;
    socket.setNoDelay();
    // Some attacks end with a reset.
    socket.on('error', () => {});
  }

  /** Connects and sends nothing. If the server ends its side, ours stays open, so the server must destroy the connection. */
  static async connect(port: number): Promise<Attacker> {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return new Attacker(socket);
  }

  /** Attacks a client from the socket of its server. */
  static accept(socket: net.Socket): Attacker {
    return new Attacker(socket);
  }

  /** Connects and requests an upgrade. */
  static async upgrade(port: number, path: string, ...headers: string[]): Promise<Attacker> {
    const attacker = await Attacker.connect(port);
    attacker.say(Buffer.from(upgradeRequest(path, ...headers)));
    const head = await attacker.hearHead();
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`Not upgraded: ${head}`);
    return attacker;
  }

  sayText(text: string): void {
    this.say(Buffer.from(text, 'latin1'));
  }

  sayFrame(parts: FrameParts): void {
    this.say(frame(parts));
  }

  /** Sends bytes in chunks, as fast as the other side accepts them. Returns false if that side disconnects in the meantime. */
  async pour(bytes: Buffer, chunkSize = bytes.length): Promise<boolean> {
    for (let start = 0; start < bytes.length; start += chunkSize) {
      const taken = await new Promise<boolean>((resolve) => {
        this.socket.write(bytes.subarray(start, start + chunkSize), (error) => resolve(!error));
      });
      if (!taken) return false;
    }
    return true;
  }

  /** The next frame of the other side, unmasked. */
  async hearFrame(): Promise<HeardFrame> {
    const [first = 0, second = 0] = await this.hearBytes(2);
    let length = second & 0x7f;
    if (length === 126) length = (await this.hearBytes(2)).readUInt16BE();
    else if (length === 127) length = Number((await this.hearBytes(8)).readBigUInt64BE());
    const key = (second & 0x80) === 0 ? undefined : await this.hearBytes(4);
    const payload = await this.hearBytes(length);
    if (key !== undefined)
      for (const [at, byte] of payload.entries()) payload[at] = byte ^ (key[at % 4] ?? 0);
    return { opcode: first & 0x0f, payload };
  }

  /** Ignores frames until a close frame, and returns its code after the connection has ended. */
  async refusedWith(): Promise<number> {
    for (;;) {
      const { opcode, payload } = await this.hearFrame();
      if (opcode !== 0x8) continue;
      this.end();
      await this.hearRest();
      return payload.readUInt16BE();
    }
  }

  /** Waits until the other side has read everything and answered a ping after it. */
  async untilRead(): Promise<void> {
    this.sayFrame({ opcode: 0x9, payload: 'read?' });
    let heard: HeardFrame;
    do heard = await this.hearFrame();
    while (heard.opcode !== 0xa);
  }
}
