// Where clients send to: a server that counts messages and says a word after each batch, so that no client runs ahead.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { acceptingHeadFor } from '../measured/accept.mjs';
import { serverTextFrame } from './frames.ts';
import { MessageCounter } from './replies.ts';

/** A sink for one or more clients. */
export class Sink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #batch: number;

  private constructor(batch: number) {
    this.#batch = batch;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens on a free port; answers after each batch of so many messages. */
  static async listen(batch: number): Promise<Sink> {
    const sink = new Sink(batch);
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
    const word = serverTextFrame('go');
    let seen = 0;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.once('data', (head: Buffer) => {
      socket.write(acceptingHeadFor(head.toString('latin1')));
      socket.on('data', (chunk: Buffer) => {
        for (seen += counter.push(chunk); seen >= this.#batch; seen -= this.#batch) socket.write(word);
      });
    });
  }
}
