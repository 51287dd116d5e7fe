// Random data like that of peers: frames in and out of order, texts, compressed messages. Most of it is legal.
import { between, pick, type Random } from '@framewire/contract/random';
import { constants, deflateRawSync } from 'node:zlib';

/** Returns true with the probability 1 / `times`. */
export function oneIn(random: Random, times: number): boolean {
  return random() * times < 1;
}

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => between(random, 0, 255));
}

/** A length. Most are short. The others are near the limits of the forms of a header, and near other limits. */
export function someLength(random: Random): number {
  if (oneIn(random, 250)) return pick(random, [4096, 16384, 65535, 65536, 65537]);
  return oneIn(random, 8)
    ? pick(random, [16, 17, 32, 33, 124, 125, 126, 127, 128, 300])
    : between(random, 0, 12);
}

const CHARACTERS = [
  'a',
  'z',
  ' ',
  '\0',
  '\x7f',
  'é',
  '߿',
  'ࠀ',
  '€',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '𐀀',
  '😀',
  '\u{10ffff}',
];
const INVALID_SEQUENCES = [
  '80',
  'bf',
  'c0',
  'c1bf',
  'c3',
  'e08080',
  'e09fbf',
  'e282',
  'eda080',
  'f0808080',
  'f08fbfbf',
  'f0908d',
  'f4908080',
  'f5',
  'ff',
];

/** Text of about `length` bytes. A few of its parts are invalid UTF-8. */
export function someText(random: Random, length: number): Uint8Array {
  const parts: Buffer[] = [];
  for (let size = 0; size < length; size += parts.at(-1)?.length ?? 1) {
    parts.push(
      oneIn(random, 100)
        ? Buffer.from(pick(random, INVALID_SEQUENCES), 'hex')
        : Buffer.from(pick(random, CHARACTERS)),
    );
  }
  return Buffer.concat(parts);
}

/** The fields of a frame, legal or not. */
export interface FrameShape {
  readonly fin: boolean;
  /** RSV1 to RSV3 as a number from 0 to 7. */
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Uint8Array;
  /** The length in the header, if it differs from that of the payload. */
  readonly announced?: number | bigint;
  /** How many bytes the extended length has. Default: as few as possible. */
  readonly lengthBytes?: 0 | 2 | 8;
}

/** A frame on the wire (RFC 6455 §5.2), legal or not. */
export function frameOf(random: Random, shape: FrameShape): Uint8Array {
  const { fin, rsv, opcode, masked, payload } = shape;
  const announced = BigInt(shape.announced ?? payload.length);
  const lengthBytes = shape.lengthBytes ?? (announced > 0xffffn ? 8 : announced > 125n ? 2 : 0);
  const header = Buffer.alloc(2 + lengthBytes);
  header[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  header[1] =
    (masked ? 0x80 : 0) | (lengthBytes === 8 ? 127 : lengthBytes === 2 ? 126 : Number(announced & 0x7fn));
  if (lengthBytes === 8) header.writeBigUInt64BE(announced, 2);
  if (lengthBytes === 2) header.writeUInt16BE(Number(announced & 0xffffn), 2);
  if (!masked) return Buffer.concat([header, payload]);
  const key = randomBytes(random, 4);
  return Buffer.concat([header, key, payload.map((byte, i) => byte ^ (key[i % 4] as number))]);
}

/** How a peer sends frames. */
export interface Dialect {
  readonly masked: boolean;
  /** Compresses a message, which is then marked with RSV1. */
  readonly compress?: ((data: Uint8Array) => Uint8Array) | undefined;
}

/** Frames of a peer that mostly follows the rules: messages in one or more frames, with control frames in between. */
export function someFrames(random: Random, dialect: Dialect, count: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  while (frames.length < count) {
    if (oneIn(random, 25)) frames.push(brokenFrame(random, dialect));
    else if (oneIn(random, 3)) frames.push(controlFrame(random, dialect));
    else frames.push(...messageFrames(random, dialect));
  }
  return frames;
}

function controlFrame(random: Random, { masked }: Dialect): Uint8Array {
  const opcode = pick(random, [0x9, 0x9, 0x9, 0xa, 0xa, 0x8]);
  const payload = opcode === 0x8 ? closeBody(random) : randomBytes(random, Math.min(125, someLength(random)));
  return frameOf(random, { fin: true, rsv: 0, opcode, masked, payload });
}

export function closeBody(random: Random): Uint8Array {
  if (oneIn(random, 4)) return new Uint8Array(0);
  const code = oneIn(random, 4)
    ? pick(random, [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
    : pick(
        random,
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999],
      );
  return Buffer.concat([
    Buffer.of(code >> 8, code & 0xff),
    someText(random, between(random, 0, 20)).subarray(0, 123),
  ]);
}

function messageFrames(random: Random, dialect: Dialect): Uint8Array[] {
  const text = oneIn(random, 2);
  const length = someLength(random);
  const plain = text ? someText(random, length) : randomBytes(random, length);
  const { masked, compress } = dialect;
  const compressed = compress !== undefined && oneIn(random, 2);
  const data = compressed ? compress(plain) : plain;
  const frames: Uint8Array[] = [];
  const parts = oneIn(random, 2) ? 1 : between(random, 1, 5);
  for (let part = 0, at = 0; part < parts; part++) {
    const last = part === parts - 1;
    const end = last ? data.length : between(random, at, data.length);
    const payload = data.subarray(at, end);
    at = end;
    frames.push(
      frameOf(random, {
        fin: last,
        rsv: part === 0 && compressed ? 4 : 0,
        opcode: part > 0 ? 0x0 : text ? 0x1 : 0x2,
        masked,
        payload,
        ...(oneIn(random, 20) ? { lengthBytes: 8 } : {}),
      }),
    );
    if (!last && oneIn(random, 3)) frames.push(controlFrame(random, dialect));
    // Leaves out the rest of the message.
    if (oneIn(random, 60)) break;
  }
  return frames;
}

function brokenFrame(random: Random, { masked }: Dialect): Uint8Array {
  const payload = randomBytes(random, between(random, 0, 8));
  const legal = { fin: true, rsv: 0, opcode: pick(random, [0x1, 0x2, 0x8, 0x9, 0xa]), masked, payload };
  return frameOf(
    random,
    pick(random, [
      { ...legal, rsv: between(random, 1, 7) },
      { ...legal, opcode: pick(random, [0x3, 0x7, 0xb, 0xf]) },
      { ...legal, opcode: 0x0 },
      { ...legal, masked: !masked },
      { ...legal, fin: false, opcode: pick(random, [0x8, 0x9, 0xa]) },
      { ...legal, opcode: 0x9, payload: randomBytes(random, 126) },
      { ...legal, opcode: 0x8, payload: randomBytes(random, 1) },
      { ...legal, opcode: 0x2, announced: 2n ** 53n, lengthBytes: 8 },
      { ...legal, opcode: 0x2, announced: 2n ** 63n + 5n, lengthBytes: 8 },
      { ...legal, opcode: 0x2, announced: 2 ** 31, lengthBytes: 8 },
    ] as const satisfies readonly FrameShape[]),
  );
}

/** Compresses by RFC 7692 §7.2.1, in one of the ways that a peer may use. */
export function someDeflate(random: Random, plain: Uint8Array): Uint8Array {
  const options = {
    level: between(random, 0, 9),
    windowBits: between(random, 9, 15),
    strategy: pick(random, [constants.Z_DEFAULT_STRATEGY, constants.Z_HUFFMAN_ONLY, constants.Z_FIXED]),
  };
  // A block with BFINAL, with or without the octet that follows it in §7.2.3.4.
  if (oneIn(random, 8)) {
    const stream = deflateRawSync(plain, options);
    return oneIn(random, 2) ? Buffer.concat([stream, Buffer.of(0)]) : stream;
  }
  const flush = oneIn(random, 6) ? constants.Z_FULL_FLUSH : constants.Z_SYNC_FLUSH;
  const stream = deflateRawSync(plain, { ...options, finishFlush: flush });
  return stream.subarray(0, stream.length - 4);
}

/** Joins random words with random delimiters, like the value of a header. */
export function someOf(
  random: Random,
  words: readonly string[],
  delimiters: readonly string[],
  most: number,
): string {
  let text = pick(random, words);
  for (let count = between(random, 0, most); count > 0; count--)
    text += pick(random, delimiters) + pick(random, words);
  return text;
}
