// The layout of linear memory, and access to it. A build with assertions checks each access against its area.

/** The largest distance of RFC 1951 §3.2.5, and the longest match. */
export const MAX_DISTANCE: u32 = 32768;
export const MAX_LENGTH: u32 = 258;
export const MIN_LENGTH: u32 = 3;

/** The number of symbols of each alphabet (RFC 1951 §3.2.5 and §3.2.7). */
export const LITLEN_SYMBOLS: u32 = 288;
export const DISTANCE_SYMBOLS: u32 = 32;
export const PRECODE_SYMBOLS: u32 = 19;
/** How many code lengths a block may declare for each alphabet. */
export const MAX_LITLEN_LENGTHS: u32 = 286;
export const MAX_DISTANCE_LENGTHS: u32 = 30;
export const END_OF_BLOCK: u32 = 256;
export const FIRST_LENGTH_SYMBOL: u32 = 257;
export const LENGTH_SYMBOLS: u32 = 29;

/** The most bytes that a call reads or produces. */
export const INPUT_CAPACITY: u32 = 65536;
export const OUTPUT_CAPACITY: u32 = 65536;
/** Readable bytes after the input, because the bit reader and the match finder load eight bytes at a time. */
const INPUT_PADDING: u32 = 64;
/** Writable bytes after the output, because copies round up and incompressible input needs block headers. */
const OUTPUT_PADDING: u32 = 1024;
/** Space before the input for bytes that an earlier call received but could not consume. */
export const CARRY_CAPACITY: u32 = 320;

// What a call returns in addition to its result.
export const RESULT: usize = 64; // u32[2]

// The alphabets of lengths and distances, filled by `alphabets.ts`.
export const LENGTH_BASE: usize = 128; // u16[32]
export const LENGTH_EXTRA: usize = LENGTH_BASE + 64; // u8[32]
export const DISTANCE_BASE: usize = LENGTH_EXTRA + 32; // u16[32]
export const DISTANCE_EXTRA: usize = DISTANCE_BASE + 64; // u8[32]
export const PRECODE_ORDER: usize = DISTANCE_EXTRA + 32; // u8[32]
export const LENGTH_SYMBOL: usize = PRECODE_ORDER + 32; // u8[256], by length - 3
export const DISTANCE_SYMBOL: usize = LENGTH_SYMBOL + 256; // u8[512], by distance - 1, in two scales
export const FIXED_LITLEN_LENGTHS: usize = DISTANCE_SYMBOL + 512; // u8[288]
export const FIXED_DISTANCE_LENGTHS: usize = FIXED_LITLEN_LENGTHS + 288; // u8[32]
export const FIXED_LITLEN_WORDS: usize = FIXED_DISTANCE_LENGTHS + 32; // u32[544]
export const FIXED_DISTANCE_WORDS: usize = FIXED_LITLEN_WORDS + 2176; // u32[32]
/** The number of words: one for each literal/length symbol, then one for each match length (`words.ts`). */
export const WORDS: usize = 544;

// Decoding tables, and the data they are built from.
export const LITLEN_TEMPLATE: usize = FIXED_DISTANCE_WORDS + 128; // u32[288]
export const DISTANCE_TEMPLATE: usize = LITLEN_TEMPLATE + 1152; // u32[32]
export const PRECODE_TEMPLATE: usize = DISTANCE_TEMPLATE + 128; // u32[32]
export const CODE_LENGTHS: usize = PRECODE_TEMPLATE + 128; // u8[320 + 160]: a repeat may write past the end before it is checked
export const CODE_LENGTHS_SIZE: usize = 480;
export const LENGTH_COUNTS: usize = CODE_LENGTHS + CODE_LENGTHS_SIZE; // u32[16]
export const LENGTH_OFFSETS: usize = LENGTH_COUNTS + 64; // u32[17]
export const SORTED_SYMBOLS: usize = LENGTH_OFFSETS + 80; // u16[288]
export const FIXED_LITLEN_TABLE: usize = SORTED_SYMBOLS + 576; // u32[2048]
export const FIXED_DISTANCE_TABLE: usize = FIXED_LITLEN_TABLE + 8192; // u32[512]
export const LITLEN_TABLE: usize = FIXED_DISTANCE_TABLE + 2048; // u32[2048]
export const DISTANCE_TABLE: usize = LITLEN_TABLE + 8192; // u32[512]
export const PRECODE_TABLE: usize = DISTANCE_TABLE + 2048; // u32[128]
export const LITLEN_TABLE_SIZE: usize = 2048;
export const DISTANCE_TABLE_SIZE: usize = 512;
export const PRECODE_TABLE_SIZE: usize = 128;

// The block being compressed.
export const LITLEN_FREQUENCIES: usize = PRECODE_TABLE + 512; // u32[288]
export const DISTANCE_FREQUENCIES: usize = LITLEN_FREQUENCIES + 1152; // u32[32]
export const PRECODE_FREQUENCIES: usize = DISTANCE_FREQUENCIES + 128; // u32[32]
export const LITLEN_LENGTHS: usize = PRECODE_FREQUENCIES + 128; // u8[288 + 32]: the header appends the distance lengths
export const DISTANCE_LENGTHS: usize = LITLEN_LENGTHS + 320; // u8[32]
export const PRECODE_LENGTHS: usize = DISTANCE_LENGTHS + 32; // u8[32]
export const LITLEN_WORDS: usize = PRECODE_LENGTHS + 32; // u32[544]
export const DISTANCE_WORDS: usize = LITLEN_WORDS + 2176; // u32[32]
export const PRECODE_CODES: usize = DISTANCE_WORDS + 128; // u32[32]
export const HEADER_SYMBOLS: usize = PRECODE_CODES + 128; // u8[320]
export const HEADER_EXTRAS: usize = HEADER_SYMBOLS + 320; // u8[320]
// The number of codes of each length, by alphabet.
export const LITLEN_COUNTS: usize = HEADER_EXTRAS + 320; // u32[16]
export const DISTANCE_COUNTS: usize = LITLEN_COUNTS + 64; // u32[16]
export const PRECODE_COUNTS: usize = DISTANCE_COUNTS + 64; // u32[16]
export const NEXT_CODES: usize = PRECODE_COUNTS + 64; // u32[16]
export const NODE_SYMBOLS: usize = NEXT_CODES + 64; // u32[288]: symbols by frequency
export const NODE_WEIGHTS: usize = NODE_SYMBOLS + 1152; // u32[576]
export const NODE_PARENTS: usize = NODE_WEIGHTS + 2304; // u32[576]
export const FREQUENCY_BUCKETS: usize = NODE_PARENTS + 2304; // u32[64]

// The contexts for messages that stand alone. They keep nothing from one message to the next.
export const SHARED_INFLATE_CONTEXT: usize = 49152; // 512 bytes
export const SHARED_DEFLATE_CONTEXT: usize = SHARED_INFLATE_CONTEXT + 512; // 512 bytes

// Finding matches.
export const SHARED_HEADS: usize = 65536; // u16[2][32768]
export const PREVIOUS: usize = SHARED_HEADS + 131072; // u16[65536]
export const TOKENS: usize = PREVIOUS + 131072; // u32[65536]
export const TOKENS_CAPACITY: u32 = 65536;

export const SHARED_INFLATE_RING: usize = TOKENS + 262144; // 32 KiB
export const SHARED_DEFLATE_RING: usize = SHARED_INFLATE_RING + 32768; // 32 KiB
/** Before the input: the window, while a long input is deflated. The last bytes hold the unread input of an earlier call (CARRY). */
export const HISTORY: usize = SHARED_DEFLATE_RING + 32768; // 32 KiB
export const INPUT: usize = HISTORY + 32768;
export const CARRY: usize = INPUT - CARRY_CAPACITY;
export const INPUT_END: usize = INPUT + INPUT_CAPACITY + INPUT_PADDING;
export const OUTPUT: usize = (INPUT_END + 63) & ~63;
export const OUTPUT_END: usize = OUTPUT + OUTPUT_CAPACITY + OUTPUT_PADDING;
/** Contexts lie after the areas, in pages of their own. */
export const AREAS_END: usize = OUTPUT_END;

/** Returns an element of an area that has `size` elements. */
export function get<T>(area: usize, size: usize, index: usize): T {
  if (!ASC_NO_ASSERT) assert(index < size);
  return load<T>(area + index * sizeof<T>());
}

export function put<T>(area: usize, size: usize, index: usize, value: T): void {
  if (!ASC_NO_ASSERT) assert(index < size);
  store<T>(area + index * sizeof<T>(), value);
}

/** Returns the value at an address within an area. */
export function read<T>(address: usize, from: usize, to: usize): T {
  if (!ASC_NO_ASSERT) assert(address >= from && address + sizeof<T>() <= to);
  return load<T>(address);
}

export function write<T>(address: usize, from: usize, to: usize, value: T): void {
  if (!ASC_NO_ASSERT) assert(address >= from && address + sizeof<T>() <= to);
  store<T>(address, value);
}

/** Checks that a range lies within an area before it is filled or copied. */
export function within(address: usize, length: usize, from: usize, to: usize): void {
  if (!ASC_NO_ASSERT) assert(address >= from && address + length <= to);
}

/** Zeroes a few bytes, a multiple of 16. `memory.fill` takes longer to start. */
export function clear(from: usize, length: usize): void {
  for (let at = from; at < from + length; at += 16) v128.store(at, i64x2.splat(0));
}

/** Copies a few bytes, rounded up to a multiple of 16. */
export function copyFew(to: usize, from: usize, length: usize): void {
  for (let at: usize = 0; at < length; at += 16) v128.store(to + at, v128.load(from + at));
}
