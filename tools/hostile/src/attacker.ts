// One attacker: a bare TCP connection, to a server or of a client, on which any bytes can be said.
import { once } from 'node:events';
import net from 'node:net';
import { RawPeer, upgradeRequest } from '@framewire/contract/raw';
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
    // A reset is how some attacks end.
    socket.on('error', () => {});
  }

  /** Connects, and says nothing yet. Its side stays open until it is ended: whoever wants to be rid of it has to cut it off. */
  static async connect(port: number): Promise<Attacker> {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return new Attacker(socket);
  }

  /** Is the server of a client that has connected. */
  static accept(socket: net.Socket): Attacker {
    return new Attacker(socket);
  }

  /** Connects and asks for an upgrade. */
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

  /** Says much, as fast as the other end takes it. False when that one has hung up meanwhile. */
  async pour(bytes: Buffer, chunkSize = bytes.length): Promise<boolean> {
    for (let start = 0; start < bytes.length; start += chunkSize) {
      const taken = await new Promise<boolean>((resolve) => {
        this.socket.write(bytes.subarray(start, start + chunkSize), (error) => resolve(!error));
      });
      if (!taken) return false;
    }
    return true;
  }

  /** The next frame of the other end. */
  async hearFrame(): Promise<HeardFrame> {
    const [first = 0, second = 0] = Buffer.from(await this.hear(2), 'hex');
    let length = second & 0x7f;
    if (length === 126) length = parseInt(await this.hear(2), 16);
    else if (length === 127) length = parseInt(await this.hear(8), 16);
    const key = Buffer.from((second & 0x80) === 0 ? '00000000' : await this.hear(4), 'hex');
    const payload = Buffer.from(length > 0 ? await this.hear(length) : '', 'hex');
    return { opcode: first & 0x0f, payload: payload.map((byte, at) => byte ^ (key[at % 4] ?? 0)) as Buffer };
  }

  /** The code of the close frame that comes, whatever comes before it, once the connection has ended behind it. */
  async refusedWith(): Promise<number> {
    for (;;) {
      const { opcode, payload } = await this.hearFrame();
      if (opcode !== 0x8) continue;
      this.end();
      await this.hearRest();
      return payload.readUInt16BE();
    }
  }

  /** Waits until the other end has read all that was said, and answered a ping behind it. */
  async untilRead(): Promise<void> {
    this.sayFrame({ opcode: 0x9, payload: 'read?' });
    let heard: HeardFrame;
    do heard = await this.hearFrame();
    while (heard.opcode !== 0xa);
  }
}
