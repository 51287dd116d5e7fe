// An input, read from its start: choices first, then contents. After its end, each byte is 0.

const NOTHING = new Uint8Array(0);

/** Reads an input. */
export class Input {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    // Copies, because `slice()` of a Buffer would return a view.
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

  /** A copy of the next bytes, or of as many as are left. It is a copy because the code under test may change it. */
  bytes(count: number): Uint8Array {
    if (this.isOver) return NOTHING;
    const bytes = this.#bytes.slice(this.#offset, this.#offset + count);
    this.#offset += count;
    return bytes;
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length);
  }

  /** The rest as text, with one character for each byte. */
  text(): string {
    return latin1(this.rest());
  }
}

/** The value that some bits choose. */
export function choose<T>(values: readonly T[], bits: number): T {
  return values[bits % values.length] as T;
}

/** Bytes as text, with one character for each byte. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
