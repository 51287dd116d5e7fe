/** The chat room: its people, the latest lines, and messages to every visitor. It has no sockets. */

import { LIMITS } from './protocol.ts';
import type { Hello, Line, People, ServerMessage } from './protocol.ts';

/** A viewer of the room, who gets every event and may join as a person. */
export interface Visitor {
  /** Unique within one run of the server. */
  readonly number: number;
  /** Delivers an event, as JSON. */
  deliver(json: string): void;
}

/** Keeps the people and the latest lines, only in memory. */
export class Room {
  readonly #run: string;
  readonly #now: () => number;
  readonly #visitors = new Set<Visitor>();
  readonly #names = new Map<Visitor, string>();
  readonly #recent: Line[] = [];
  #lines = 0;

  /**
   * @param run Names this run of the server.
   * @param now The wall clock, in milliseconds since 1970.
   */
  constructor(run: string, now: () => number = Date.now) {
    this.#run = run;
    this.#now = now;
  }

  /** How many people are in the room. */
  get people(): number {
    return this.#names.size;
  }

  /** Adds a visitor, who gets `hello` and every later event. */
  enter(visitor: Visitor): void {
    const hello: Hello = {
      type: 'hello',
      run: this.#run,
      limits: { name: LIMITS.name, text: LIMITS.text },
      people: this.#listPeople(),
      recent: this.#recent,
    };
    this.#visitors.add(visitor);
    visitor.deliver(JSON.stringify(hello));
  }

  /** Removes a visitor, who also leaves the room. */
  exit(visitor: Visitor): void {
    this.#visitors.delete(visitor);
    this.leave(visitor);
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
    visitor.deliver(JSON.stringify({ type: 'welcome', you: visitor.number, name } satisfies ServerMessage));
    this.#tell(visitor, 'joined', name, '');
    this.#tellPeople();
  }

  /** Removes the person from the room. Does nothing if the visitor has not joined. */
  leave(visitor: Visitor): void {
    const name = this.#names.get(visitor);
    if (name === undefined) return;
    this.#names.delete(visitor);
    this.#tell(visitor, 'left', name, '');
    this.#tellPeople();
  }

  /** Adds a line by a person. Does nothing if the visitor has not joined. */
  say(visitor: Visitor, text: string): void {
    const name = this.#names.get(visitor);
    if (name !== undefined) this.#tell(visitor, 'said', name, text);
  }

  #tell(visitor: Visitor, kind: Line['kind'], name: string, text: string): void {
    const line: Line = { id: ++this.#lines, at: this.#now(), kind, from: visitor.number, name, text };
    this.#recent.push(line);
    if (this.#recent.length > LIMITS.recent) this.#recent.shift();
    this.#broadcast({ type: 'line', line });
  }

  #tellPeople(): void {
    this.#broadcast({ type: 'people', ...this.#listPeople() });
  }

  #broadcast(event: ServerMessage): void {
    const json = JSON.stringify(event);
    for (const visitor of this.#visitors) visitor.deliver(json);
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
