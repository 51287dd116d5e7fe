// How far a DEFLATE stream refers back (RFC 1951), and so which window it needs. Simple and slow; for tests.

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const END_OF_BLOCK = 256;

/** A Huffman code: the symbol of each word. A word is a leading 1, then the bits of the code. */
type Code = Map<number, number>;

class Bits {
  #position = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#position >= this.#bytes.length * 8;
  }

  bit(): number {
    const byte = this.#bytes[this.#position >> 3];
    if (byte === undefined) throw new RangeError('The stream ends early');
    return (byte >> (this.#position++ & 7)) & 1;
  }

  number(width: number): number {
    let value = 0;
    for (let i = 0; i < width; i++) value += this.bit() << i;
    return value;
  }

  symbol(code: Code): number {
    for (let word = 1; word < 1 << 16;) {
      word = (word << 1) | this.bit();
      const symbol = code.get(word);
      if (symbol !== undefined) return symbol;
    }
    throw new RangeError('No such code');
  }

  /** Skips the contents of a stored block (RFC 1951 §3.2.4). */
  skipStored(): void {
    this.#position = (this.#position + 7) & ~7;
    const length = this.number(16);
    this.#position += 16 + length * 8;
  }
}

/** The code for the given lengths (RFC 1951 §3.2.2). */
function codeOf(lengths: readonly number[]): Code {
  const code: Code = new Map();
  let word = 0;
  for (let length = 1; length <= 15; length++) {
    word <<= 1;
    lengths.forEach((own, symbol) => {
      if (own === length) code.set((1 << length) | word++, symbol);
    });
  }
  return code;
}

const FIXED = {
  literals: codeOf(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
  distances: codeOf(Array<number>(30).fill(5)),
};

function readCodes(bits: Bits): typeof FIXED {
  const literals = bits.number(5) + 257;
  const distances = bits.number(5) + 1;
  const own = Array<number>(19).fill(0);
  for (let i = 0, count = bits.number(4) + 4; i < count; i++) own[CODE_LENGTH_ORDER[i]!] = bits.number(3);
  const code = codeOf(own);
  const lengths: number[] = [];
  const repeat = (value: number, times: number): void =>
    void lengths.push(...Array<number>(times).fill(value));
  while (lengths.length < literals + distances) {
    const symbol = bits.symbol(code);
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) repeat(lengths.at(-1)!, bits.number(2) + 3);
    else if (symbol === 17) repeat(0, bits.number(3) + 3);
    else repeat(0, bits.number(7) + 11);
  }
  return { literals: codeOf(lengths.slice(0, literals)), distances: codeOf(lengths.slice(literals)) };
}

/** The farthest reference of a block, in bytes; 0 for none. */
function farthestInBlock(bits: Bits, { literals, distances }: typeof FIXED): number {
  let farthest = 0;
  for (let symbol; (symbol = bits.symbol(literals)) !== END_OF_BLOCK;) {
    if (symbol < END_OF_BLOCK) continue;
    const length = symbol - 257;
    if (LENGTH_BASE[length] === undefined) throw new RangeError('No such length');
    bits.number(LENGTH_EXTRA[length]!);
    const distance = bits.symbol(distances);
    const extra = distance < 4 ? 0 : (distance >> 1) - 1;
    const base = distance < 4 ? distance + 1 : ((2 + (distance & 1)) << extra) + 1;
    farthest = Math.max(farthest, base + bits.number(extra));
  }
  return farthest;
}

/** The farthest reference of a raw stream of complete blocks, in bytes; 0 for none. */
export function farthestReference(stream: Uint8Array): number {
  const bits = new Bits(stream);
  let farthest = 0;
  for (let final = 0; final === 0 && !bits.atEnd;) {
    final = bits.bit();
    const type = bits.number(2);
    if (type === 0) bits.skipStored();
    else farthest = Math.max(farthest, farthestInBlock(bits, type === 1 ? FIXED : readCodes(bits)));
  }
  return farthest;
}
