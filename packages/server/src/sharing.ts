// Servers that share an HTTP server. They share one set of listeners, which decides which server answers a request.
import type { Buffer } from 'node:buffer';
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { destroyOnThrow } from './refusal.ts';

/** Receives the events of the HTTP server. */
export interface MemberListener<Request> {
  listening(): void;
  error(error: Error): void;
  /** Whether a request is for the server. */
  shouldHandle(request: Request): boolean;
  /** Called with a request that the server must answer. */
  upgrade(request: Request, socket: Duplex, head: Buffer): void;
  /** Called with a request that matches no server and that another `upgrade` listener may take. */
  leave(socket: Duplex): void;
}

type AnyMembership = Membership<object>;
type AnyListener = (...args: unknown[]) => void;

const groups = new WeakMap<EventEmitter, Group>();

/** Counts our `upgrade` listeners by HTTP server. They cannot be recognised by identity, because tracing tools replace listeners. */
const ours = new WeakMap<EventEmitter, number>();

/** Counts an `upgrade` listener as ours, that is, as one that leaves requests to the servers of this package. */
export function countOwnListener(http: EventEmitter, change: 1 | -1 = 1): void {
  ours.set(http, (ours.get(http) ?? 0) + change);
}

/** A server's membership in the group that shares an HTTP server. */
export class Membership<Request extends object> {
  readonly listener: MemberListener<Request>;
  /** Answers of `shouldHandle()` until the request is handled. Calling it again may be expensive or give another answer. */
  readonly #answers = new WeakMap<Request, boolean>();
  #group: Group | undefined = undefined;

  constructor(listener: MemberListener<Request>) {
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

  /** Whether a request is for the server. Called when the request is handled, so the answer is forgotten. */
  takes(request: Request): boolean {
    const answer = this.#answers.get(request) ?? this.listener.shouldHandle(request);
    this.#answers.delete(request);
    return answer;
  }

  /** Whether a request is for the server. Called before the request is handled, so the answer is kept. */
  isFor(request: Request): boolean {
    const answer = this.#answers.get(request) ?? this.listener.shouldHandle(request);
    this.#answers.set(request, answer);
    return answer;
  }
}

/**
 * The servers of one HTTP server, in the order of creation. They share its listeners, because an emitter with more than ten listeners
 * of an event warns of a leak.
 */
class Group {
  readonly #http: EventEmitter;
  readonly #members = new Set<AnyMembership>();
  readonly #listeners: readonly (readonly [event: string, listener: (...args: never[]) => void])[] = [
    ['listening', () => this.#each((member) => member.listener.listening())],
    ['error', (error: Error) => this.#each((member) => member.listener.error(error))],
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

  add(member: AnyMembership): void {
    this.#members.add(member);
    const isNew = this.#members.size === 1;
    if (isNew) {
      groups.set(this.#http, this);
      countOwnListener(this.#http);
    }
    for (const [event, listener] of this.#listeners) {
      // The program may have removed the listeners of the group.
      if (isNew || this.#http.listenerCount(event) === 0) this.#http.on(event, listener as AnyListener);
    }
  }

  delete(member: AnyMembership): void {
    if (!this.#members.delete(member) || this.#members.size > 0) return;
    groups.delete(this.#http);
    countOwnListener(this.#http, -1);
    for (const [event, listener] of this.#listeners) {
      this.#http.removeListener(event, listener as AnyListener);
    }
  }

  #each(visit: (member: AnyMembership) => void): void {
    for (const member of [...this.#members]) visit(member);
  }

  /**
   * Passes a request to every server that matches. If none does, leaves it to a foreign listener. If there is no foreign listener, the
   * first server refuses it.
   */
  #share(request: object, socket: Duplex, head: Buffer): void {
    const members = [...this.#members];
    const [first] = members;
    const isForeign = this.#hasForeignListener();
    const isAlone = members.length === 1 && !isForeign;
    const matching = isAlone ? members : members.filter((member) => member.isFor(request));
    for (const { listener } of matching) listener.upgrade(request, socket, head);
    if (matching.length > 0) return;
    if (isForeign) first?.listener.leave(socket);
    else first?.listener.upgrade(request, socket, head);
  }

  #hasForeignListener(): boolean {
    return this.#http.listenerCount('upgrade') > (ours.get(this.#http) ?? 0);
  }
}
