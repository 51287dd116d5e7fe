// Servers that share an HTTP server: one set of listeners for all of them, and which of them answers a request.
import type { Buffer } from 'node:buffer';
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { destroyOnThrow } from './refusal.ts';

/** What a server does with the events of its HTTP server. */
export interface SeatListener<Request> {
  listening(): void;
  error(error: Error): void;
  /** Whether a request is for the server. */
  shouldHandle(request: Request): boolean;
  /** A request that the server has to answer. */
  upgrade(request: Request, socket: Duplex, head: Buffer): void;
  /** A request that is for no server here, while another listener of the HTTP server may take it. */
  leave(socket: Duplex): void;
}

type AnySeat = Seat<object>;
type AnyListener = (...args: unknown[]) => void;

const groups = new WeakMap<EventEmitter, Group>();

/** How many listeners of `upgrade` are ours, by HTTP server: a tracing tool may have put its own functions in their place. */
const ours = new WeakMap<EventEmitter, number>();

/** Counts a listener of `upgrade` as ours: it takes no request away from the servers of this package. */
export function countOwnListener(http: EventEmitter, change: 1 | -1 = 1): void {
  ours.set(http, (ours.get(http) ?? 0) + change);
}

/** A server's place among those that share an HTTP server. */
export class Seat<Request extends object> {
  readonly listener: SeatListener<Request>;
  /** What was answered, until the request is handled: to ask may cost, and an answer may change. */
  readonly #answers = new WeakMap<Request, boolean>();
  #group: Group | undefined = undefined;

  constructor(listener: SeatListener<Request>) {
    this.listener = listener;
  }

  join(http: EventEmitter): void {
    this.#group = groups.get(http) ?? new Group(http);
    this.#group.add(this);
  }

  leave(): void {
    this.#group?.delete(this);
    this.#group = undefined;
  }

  /** Whether a request that is handled now is for the server. */
  takes(request: Request): boolean {
    const answer = this.#answers.get(request) ?? this.listener.shouldHandle(request);
    this.#answers.delete(request);
    return answer;
  }

  /** Whether a request that is yet to be handled is for the server. */
  isFor(request: Request): boolean {
    const answer = this.#answers.get(request) ?? this.listener.shouldHandle(request);
    this.#answers.set(request, answer);
    return answer;
  }
}

/**
 * The servers of one HTTP server, in the order in which they came. They have its listeners in common: an emitter warns of a leak
 * at more than ten of a kind.
 */
class Group {
  readonly #http: EventEmitter;
  readonly #seats = new Set<AnySeat>();
  readonly #listeners: readonly (readonly [event: string, listener: (...args: never[]) => void])[] = [
    ['listening', () => this.#each((seat) => seat.listener.listening())],
    ['error', (error: Error) => this.#each((seat) => seat.listener.error(error))],
    [
      'upgrade',
      (request: object, socket: Duplex, head: Buffer) => {
        destroyOnThrow(socket, () => {
          this.#share(request, socket, head);
        });
      },
    ],
  ];

  constructor(http: EventEmitter) {
    this.#http = http;
  }

  add(seat: AnySeat): void {
    this.#seats.add(seat);
    if (this.#seats.size > 1) return;
    groups.set(this.#http, this);
    countOwnListener(this.#http);
    for (const [event, listener] of this.#listeners) this.#http.on(event, listener as AnyListener);
  }

  delete(seat: AnySeat): void {
    if (!this.#seats.delete(seat) || this.#seats.size > 0) return;
    groups.delete(this.#http);
    countOwnListener(this.#http, -1);
    for (const [event, listener] of this.#listeners) {
      this.#http.removeListener(event, listener as AnyListener);
    }
  }

  #each(visit: (seat: AnySeat) => void): void {
    for (const seat of [...this.#seats]) visit(seat);
  }

  /** The servers that a request is for answer it. Where there is none, it is left to a foreign listener, or the first refuses. */
  #share(request: object, socket: Duplex, head: Buffer): void {
    const seats = [...this.#seats];
    const [first] = seats;
    const isForeign = this.#hasForeignListener();
    const isAlone = seats.length === 1 && !isForeign;
    const takers = isAlone ? seats : seats.filter((seat) => seat.isFor(request));
    for (const { listener } of takers) listener.upgrade(request, socket, head);
    if (takers.length > 0) return;
    if (isForeign) first?.listener.leave(socket);
    else first?.listener.upgrade(request, socket, head);
  }

  #hasForeignListener(): boolean {
    return this.#http.listenerCount('upgrade') > (ours.get(this.#http) ?? 0);
  }
}
