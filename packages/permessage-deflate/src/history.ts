// The end of what one direction of a connection has carried: what a context is made from where none is kept.
import { Buffer } from 'node:buffer';

/** How many bytes are kept: more of them make messages hardly any shorter, and a new context dearer. */
export const HISTORY_LIMIT = 4096;

const NOTHING = Buffer.alloc(0);

/** The last {@link HISTORY_LIMIT} bytes of all that was said so far. */
export class History {
  #memory = NOTHING;
  #end = 0;
  #messages = 0;
  #isWhole = true;

  /** @param dictionary what comes before all messages */
  constructor(dictionary?: NodeJS.ArrayBufferView | ArrayBuffer) {
    if (dictionary !== undefined) this.#append(bytesOf(dictionary));
  }

  /** Whether no message, nor a piece of one, has been said. */
  get isEmpty(): boolean {
    return this.#messages === 0;
  }

  /** Whether all that was said is kept. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** What is kept: a view that the next {@link History.add} changes. */
  get bytes(): Buffer {
    return this.#memory.subarray(Math.max(0, this.#end - HISTORY_LIMIT), this.#end);
  }

  add(data: Uint8Array): void {
    this.#messages++;
    this.#append(data);
  }

  #append(data: Uint8Array): void {
    if (this.#end + data.length > HISTORY_LIMIT) this.#isWhole = false;
    const added = data.length > HISTORY_LIMIT ? data.subarray(-HISTORY_LIMIT) : data;
    if (this.#end + added.length > this.#memory.length) this.#makeRoom(added.length);
    this.#memory.set(added, this.#end);
    this.#end += added.length;
  }

  /** Who has said one thing has the memory for that; who says more has twice the limit, so that the bytes rarely move. */
  #makeRoom(size: number): void {
    const kept = this.#memory.subarray(Math.max(0, this.#end - Math.max(0, HISTORY_LIMIT - size)), this.#end);
    if (this.#memory.length < 2 * HISTORY_LIMIT) {
      const memory = Buffer.allocUnsafeSlow(this.#end === 0 ? size : 2 * HISTORY_LIMIT);
      memory.set(kept);
      this.#memory = memory;
    } else {
      this.#memory.set(kept);
    }
    this.#end = kept.length;
  }
}

function bytesOf(dictionary: NodeJS.ArrayBufferView | ArrayBuffer): Uint8Array {
  if (!ArrayBuffer.isView(dictionary)) return new Uint8Array(dictionary);
  return new Uint8Array(dictionary.buffer, dictionary.byteOffset, dictionary.byteLength);
}
