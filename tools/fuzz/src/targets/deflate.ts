// The deflater of our DEFLATE engine (RFC 1951). zlib must restore the original, and so must our inflater with the same window.
import { between, type Random } from '@framewire/contract/random';
import { Deflater, deflate, inflate, type Flush } from '@framewire/deflate';
import { must, mustEqual } from '../finding.ts';
import { oneIn, randomBytes, someLength, someText } from '../generate.ts';
import { hex, Input } from '../input.ts';
import { inflateStream, letEnginesClose } from '../model/inflating.ts';
import type { Target } from '../target.ts';

/** The functions under test. Tests replace them with wrong ones. */
export interface DeflateCodec {
  readonly deflate: typeof deflate;
  readonly Deflater: new (
    ...options: ConstructorParameters<typeof Deflater>
  ) => Pick<Deflater, 'deflate' | 'close'>;
}

export function deflateTarget(codec: DeflateCodec = { deflate, Deflater }): Target {
  return {
    name: 'deflate',
    generate,
    async run(input) {
      await letEnginesClose();
      return run(codec, input);
    },
  };
}

/** How a chunk ends: two bits of its first byte. */
const FLUSHES: readonly Flush[] = ['sync', 'none', 'sync', 'none'];
/** The most bytes of data that one input can produce. */
const MOST = 300_000;

function generate(random: Random): Uint8Array {
  const parts: Uint8Array[] = [randomBytes(random, 2)];
  for (let count = between(random, 1, 6); count > 0; count--) {
    const chunk = oneIn(random, 2)
      ? someText(random, someLength(random))
      : randomBytes(random, someLength(random) % 400);
    parts.push(Buffer.of(between(random, 0, 255), chunk.length >> 8, chunk.length & 0xff), chunk);
  }
  return Buffer.concat(parts);
}

/** The chunks of an input, with their data and how they end. The data may repeat earlier data, so that the deflater finds matches. */
function readChunks(input: Input): { flush: Flush; data: Uint8Array }[] {
  const found: { flush: Flush; data: Uint8Array }[] = [];
  let all = Buffer.alloc(0);
  while (!input.isOver && all.length < MOST) {
    const choices = input.byte();
    const flush = FLUSHES[choices & 3] as Flush;
    const own = input.bytes(input.uint16());
    const times = choices & 4 ? 1 + ((choices >> 3) & 31) : 0;
    const again = Array.from({ length: times }, (_, index) => all.subarray(index * 3, 2000 + index));
    const data = Buffer.concat([own, ...again, ...(times > 0 ? [own] : [])]);
    found.push({ flush, data });
    all = Buffer.concat([all, data]);
  }
  return found;
}

function run({ deflate, Deflater }: DeflateCodec, bytes: Uint8Array): string {
  const input = new Input(bytes);
  const level = input.byte() % 10;
  const windowBits = 8 + (input.byte() & 7);
  const given = readChunks(input);
  const plain = Buffer.concat(given.map(({ data }) => data));

  const alone = deflate(plain, { level, windowBits });
  check('whole', alone, plain, windowBits);
  const deflater = new Deflater({ level, windowBits });
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (const { data, flush } of given) {
      parts.push(deflater.deflate(data, flush));
      length += data.length;
      // Flushed data can be restored without the chunks that follow.
      if (flush === 'sync') check('flushed', Buffer.concat(parts), plain.subarray(0, length), windowBits);
    }
    parts.push(deflater.deflate(new Uint8Array(0), 'finish'));
  } finally {
    deflater.close();
  }
  check('in chunks', Buffer.concat(parts), plain, windowBits);
  must(
    alone.length <= plain.length + 5 * (Math.ceil(plain.length / 65_535) + 1) + 1,
    'returns much more than its input',
  );
  return `${level} ${String(alone[0] === undefined ? 0 : (alone[0] >> 1) & 3)} ${given.length > 2 ? 'many' : 'few'}`;
}

function check(what: string, stream: Uint8Array, plain: Uint8Array, windowBits: number): void {
  const restored = inflateStream(stream);
  must(restored !== undefined, `${what}: returns what zlib refuses`);
  mustEqual(`${what}: restored by zlib`, restored && hex(restored.data), hex(plain));
  mustEqual(`${what}: restored by us`, hex(inflate(stream, { windowBits }).data), hex(plain));
}
