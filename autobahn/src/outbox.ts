/** The queue between a case and its socket: octets leave in order, as one write, or in pieces with a turn of the event loop between. */

import type { Duplex } from 'node:stream';
import { chop } from './frames.ts';
import type { Traffic } from './traffic.ts';

/** Hands octets to a socket in the pieces that a case asks for. */
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

  /** Writes `octets` immediately. What is written in the same turn is sent together. Queues if something is still waiting. */
  plain(octets: Buffer): void {
    if (this.#turning) this.#queue.push({ octets, sync: false });
    else this.#write(octets, false);
  }

  /** Writes `octets` in pieces of `size` (null: in one), each in a turn of the event loop of its own. */
  apart(octets: Buffer, size: number | null): void {
    for (const piece of size === null ? [octets] : chop(octets, size))
      this.#queue.push({ octets: piece, sync: true });
    if (!this.#turning) this.#turn();
  }

  /** Calls back once everything has been handed to the socket, or immediately if it already has. */
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
