// Builds streams bit by bit, as RFC 1951 §3.1.1 packs them.

/** A stream under construction. */
export class Bits {
  readonly #bits: number[] = [];

  /** Appends a number, its lowest bit first. */
  number(value: number, count: number): this {
    for (let bit = 0; bit < count; bit++) this.#bits.push((value >> bit) & 1);
    return this;
  }

  /** Appends a Huffman code, its first bit first. */
  code(digits: string): this {
    this.#bits.push(...Array.from(digits, Number));
    return this;
  }

  /** Pads with zeros to a whole byte. */
  align(): this {
    while (this.#bits.length % 8 !== 0) this.#bits.push(0);
    return this;
  }

  bytes(): Uint8Array {
    this.align();
    return Uint8Array.from({ length: this.#bits.length / 8 }, (_, at) =>
      this.#bits.slice(at * 8, at * 8 + 8).reduce((byte, bit, index) => byte | (bit << index), 0),
    );
  }
}

/** Starts a block with its header. */
export function block(last: boolean, type: number): Bits {
  return new Bits().number(last ? 1 : 0, 1).number(type, 2);
}

const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Starts a dynamic block: the numbers of code lengths, and the lengths of the code for code lengths, by symbol. */
export function dynamicBlock(
  litlen: number,
  distances: number,
  precode: Readonly<Record<number, number>>,
): Bits {
  const bits = block(true, 2)
    .number(litlen - 257, 5)
    .number(distances - 1, 5)
    .number(15, 4);
  for (const symbol of ORDER) bits.number(precode[symbol] ?? 0, 3);
  return bits;
}
