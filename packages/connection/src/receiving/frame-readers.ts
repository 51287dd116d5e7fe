// Decoders with their assemblers. A connection borrows a pair while it has something to read, and then returns it for other connections.
import { FrameDecoder, MessageAssembler } from '@framewire/codec';
import { isSameReading, type ReadingOptions } from './reading-options.ts';

export interface FrameReader {
  readonly decoder: FrameDecoder;
  readonly assembler: MessageAssembler;
}

/** How many readers one pool keeps. A connection holds one only while it reads, or in the middle of a frame or message. */
const MAX_POOLED = 16;
/** How many pools are remembered. An application that uses different options for each connection must not fill the memory. */
const MAX_POOLS = 16;

const pools: FrameReaders[] = [];

/** The pool for one set of options. An idle connection holds no reader, which saves memory (benchmark scenario `idle`). */
export class FrameReaders {
  readonly options: ReadingOptions;
  readonly #pooled: FrameReader[] = [];

  private constructor(options: ReadingOptions) {
    this.options = options;
  }

  static of(options: ReadingOptions): FrameReaders {
    const known = pools.find((pool) => isSameReading(pool.options, options));
    if (known !== undefined) return known;
    const pool = new FrameReaders(options);
    pools.unshift(pool);
    if (pools.length > MAX_POOLS) pools.pop();
    return pool;
  }

  /** Returns a reader in its initial state. */
  borrow(): FrameReader {
    const pooled = this.#pooled.pop();
    if (pooled !== undefined) return pooled;
    const assembler = new MessageAssembler(this.options);
    assembler.keepFragments = this.options.keepFragments;
    return { decoder: new FrameDecoder(this.options), assembler };
  }

  /** Takes a reader back if it is in its initial state. Otherwise returns false, and the connection keeps the reader. */
  takeBack(reader: FrameReader): boolean {
    if (!reader.decoder.isBetweenFrames || !reader.assembler.isBetweenMessages) return false;
    if (this.#pooled.length < MAX_POOLED) this.#pooled.push(reader);
    return true;
  }
}
