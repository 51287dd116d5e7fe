// A server that receives the messages of clients. It checks the first message, counts all of them, and answers after each batch, so that
// a client does not send the next batch too early.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { acceptingHeadFor } from '../measured/accept.mjs';
import { clientPayload } from '../measured/texts.mjs';
import { serverTextFrame } from './frames.ts';
import { decodeMessage, isMasked, MessageCounter } from './replies.ts';

/** A sink for one or more clients. */
export class Sink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #batch: number;
  readonly #expected: Buffer;

  private constructor(batch: number, size: number) {
    this.#batch = batch;
    this.#expected = clientPayload(size);
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens on a free port, and answers after each batch of messages. Closes a connection whose first message is wrong. */
  static async listen(batch: number, size: number): Promise<Sink> {
    const sink = new Sink(batch, size);
    sink.#server.listen(0, '127.0.0.1');
    await once(sink.#server, 'listening');
    return sink;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const counter = new MessageCounter();
    const answer = serverTextFrame('go');
    let seen = 0;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.once('data', (head: Buffer) => {
      socket.write(acceptingHeadFor(head.toString('latin1')));
      let first: Buffer[] | undefined = [];
      socket.on('data', (chunk: Buffer) => {
        first?.push(chunk);
        seen += counter.push(chunk);
        if (first !== undefined && seen > 0) {
          if (!this.#isExpected(Buffer.concat(first))) socket.destroy();
          first = undefined;
        }
        for (; seen >= this.#batch; seen -= this.#batch) socket.write(answer);
      });
    });
  }

  #isExpected(bytes: Buffer): boolean {
    return isMasked(bytes) && decodeMessage(bytes).equals(this.#expected);
  }
}
