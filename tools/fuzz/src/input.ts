// An input read from its start: choices first, then contents. Where it is too short, the rest of it is zeros.

const NOTHING = new Uint8Array(0);

/** Reads an input. */
export class Input {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    // Of a Buffer, `slice` would be a view.
    this.#bytes = new Uint8Array(bytes);
  }

  /** Whether all of it has been read. */
  get isOver(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#offset++] ?? 0;
  }

  uint16(): number {
    return (this.byte() << 8) | this.byte();
  }

  /** The next bytes, or as many as are left: a copy, as readers may change what they are given. */
  bytes(count: number): Uint8Array {
    if (this.isOver) return NOTHING;
    const bytes = this.#bytes.slice(this.#offset, this.#offset + count);
    this.#offset += count;
    return bytes;
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length);
  }

  /** The rest as text, a character for each byte. */
  text(): string {
    return latin1(this.rest());
  }
}

/** One of several values, chosen by some bits. */
export function choose<T>(values: readonly T[], bits: number): T {
  return values[bits % values.length] as T;
}

/** Bytes as text, a character for each. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
