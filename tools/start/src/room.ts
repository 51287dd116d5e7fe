/** A chat room: its people, the latest lines, and the events for the clients that have it open. It has no sockets. */

import { randomUUID } from 'node:crypto';
import { LIMITS } from './protocol.ts';
import type { Line, OpenRoom, People, ServerMessage } from './protocol.ts';

/** A client that has the room open, and may join as a person. */
export interface Visitor {
  /** Unique within one run of the server. */
  readonly number: number;
  /** Sends an event to this visitor only. */
  send(event: ServerMessage): void;
}

/** Keeps the people and the latest lines, in memory only. */
export class Room {
  readonly name: string;
  readonly #publish: (event: ServerMessage) => void;
  readonly #now: () => number;
  readonly #run = randomUUID();
  readonly #names = new Map<Visitor, string>();
  readonly #recent: Line[] = [];
  #lines = 0;

  /**
   * @param name Names the room.
   * @param publish Sends an event to all clients that have the room open.
   * @param now The wall clock, in milliseconds since 1970.
   */
  constructor(name: string, publish: (event: ServerMessage) => void, now: () => number = Date.now) {
    this.name = name;
    this.#publish = publish;
    this.#now = now;
  }

  /** How many people are in the room. */
  get people(): number {
    return this.#names.size;
  }

  /** The event for a visitor who opens the room. */
  get state(): OpenRoom {
    return {
      type: 'room',
      room: this.name,
      run: this.#run,
      limits: { name: LIMITS.name, text: LIMITS.text },
      people: this.#listPeople(),
      recent: this.#recent,
    };
  }

  /** Whether the visitor has joined. */
  has(visitor: Visitor): boolean {
    return this.#names.has(visitor);
  }

  /** Makes the visitor a person of the room, unless it has joined already. A taken name gets a number. */
  join(visitor: Visitor, wanted: string): void {
    if (this.has(visitor)) return;
    const name = this.#freeName(wanted);
    this.#names.set(visitor, name);
    visitor.send({ type: 'welcome', you: visitor.number, name });
    this.#addLine(visitor, 'joined', name, '');
    this.#publish({ type: 'people', ...this.#listPeople() });
  }

  /** Removes the person from the room. Does nothing if the visitor has not joined. */
  leave(visitor: Visitor): void {
    const name = this.#names.get(visitor);
    if (name === undefined) return;
    this.#names.delete(visitor);
    this.#addLine(visitor, 'left', name, '');
    this.#publish({ type: 'people', ...this.#listPeople() });
  }

  /** Adds a line by a person. Does nothing if the visitor has not joined. */
  say(visitor: Visitor, text: string): void {
    const name = this.#names.get(visitor);
    if (name !== undefined) this.#addLine(visitor, 'said', name, text);
  }

  #addLine(visitor: Visitor, kind: Line['kind'], name: string, text: string): void {
    const line: Line = { id: ++this.#lines, at: this.#now(), kind, from: visitor.number, name, text };
    this.#recent.push(line);
    if (this.#recent.length > LIMITS.recent) this.#recent.shift();
    this.#publish({ type: 'line', line });
  }

  #listPeople(): Omit<People, 'type'> {
    return { count: this.#names.size, names: [...this.#names.values()].slice(0, LIMITS.names) };
  }

  /** Names are compared without regard to case, so that people cannot impersonate each other. */
  #freeName(wanted: string): string {
    const taken = new Set([...this.#names.values()].map(foldCase));
    let name = wanted;
    for (let number = 2; taken.has(foldCase(name)); number++) {
      const suffix = ` ${number}`;
      name = cutName(wanted, LIMITS.name - suffix.length) + suffix;
    }
    return name;
  }
}

function foldCase(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

/** Cuts between characters: half a surrogate pair is not valid text. */
function cutName(name: string, length: number): string {
  let cut = '';
  for (const character of name) {
    if (cut.length + character.length > length) break;
    cut += character;
  }
  return cut.trimEnd();
}
