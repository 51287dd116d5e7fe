/** The queue between a case and its socket. It sends octets in order: in one write, or in chunks that each get a turn of the event loop. */

import type { Duplex } from 'node:stream';
import { chop } from './frames.ts';
import type { Traffic } from './traffic.ts';

export class Outbox {
  readonly #socket: Duplex;
  readonly #traffic: Traffic;
  readonly #queue: { octets: Buffer; sync: boolean }[] = [];
  #next = 0;
  #turning = false;
  #corked = false;
  #onIdle: (() => void)[] = [];

  constructor(socket: Duplex, traffic: Traffic) {
    this.#socket = socket;
    this.#traffic = traffic;
  }

  /** Writes `octets` immediately, together with other writes of the same turn. Queues them if something is still waiting. */
  plain(octets: Buffer): void {
    if (this.#turning) this.#queue.push({ octets, sync: false });
    else this.#write(octets, false);
  }

  /** Writes `octets` in chunks of `size` (null: in one), each in its own turn of the event loop. */
  apart(octets: Buffer, size: number | null): void {
    for (const chunk of size === null ? [octets] : chop(octets, size))
      this.#queue.push({ octets: chunk, sync: true });
    if (!this.#turning) this.#turn();
  }

  /** Calls back when everything has been written to the socket, or synchronously if it already has. */
  whenIdle(callback: () => void): void {
    if (this.#turning) this.#onIdle.push(callback);
    else callback();
  }

  #turn(): void {
    const item = this.#queue[this.#next++];
    this.#turning = item !== undefined;
    if (!item) {
      this.#queue.length = 0;
      this.#next = 0;
      for (const callback of this.#onIdle.splice(0)) callback();
      return;
    }
    this.#write(item.octets, item.sync);
    setImmediate(() => this.#turn());
  }

  #write(octets: Buffer, sync: boolean): void {
    if (!this.#socket.writable) return;
    this.#traffic.octetsSent(octets, sync);
    if (!sync && !this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(octets);
  }
}
