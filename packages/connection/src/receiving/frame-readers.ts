// What reads frames and puts messages together: lent to a connection while it has something to read, and kept for the next.
import { FrameDecoder, MessageAssembler } from '@framewire/codec';

/** How a connection's bytes are read. Connections with the same options use the same readers. */
export interface ReadingOptions {
  readonly role: 'client' | 'server';
  readonly allowRsv1: boolean;
  readonly maxPayload: number;
  readonly maxFragments: number | undefined;
  readonly maxBufferedChunks: number;
  readonly skipUtf8Validation: boolean;
  /** Whether several events may be told in one turn of the event loop. */
  readonly allowSynchronousEvents: boolean;
  /** Whether messages come with their fragments. */
  readonly keepFragments: boolean;
}

/** A decoder and an assembler. */
export interface FrameReader {
  readonly decoder: FrameDecoder;
  readonly assembler: MessageAssembler;
}

/** More readers than this are rarely in use at the same time: all but those in the middle of a frame wait here. */
const MAX_IDLE = 16;
/** How many kinds of readers are remembered. A process has few; who makes options for each connection must not fill the memory. */
const MAX_KINDS = 16;

const kinds: FrameReaders[] = [];

/** The readers of one kind. An idle connection has none: a reader takes 220 bytes (`idle` of the benchmark). */
export class FrameReaders {
  readonly options: ReadingOptions;
  readonly #idle: FrameReader[] = [];

  private constructor(options: ReadingOptions) {
    this.options = options;
  }

  static of(options: ReadingOptions): FrameReaders {
    const known = kinds.find((kind) => isSame(kind.options, options));
    if (known !== undefined) return known;
    const kind = new FrameReaders(options);
    kinds.unshift(kind);
    if (kinds.length > MAX_KINDS) kinds.pop();
    return kind;
  }

  /** A reader as if it were new. */
  borrow(): FrameReader {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const assembler = new MessageAssembler(this.options);
    assembler.keepFragments = this.options.keepFragments;
    return { decoder: new FrameDecoder(this.options), assembler };
  }

  /** Takes a reader back, if it is as if it were new; returns false if it is not. */
  giveBack(reader: FrameReader): boolean {
    if (!reader.decoder.isBetweenFrames || !reader.assembler.isBetweenMessages) return false;
    if (this.#idle.length < MAX_IDLE) this.#idle.push(reader);
    return true;
  }
}

function isSame(one: ReadingOptions, other: ReadingOptions): boolean {
  return (
    one.role === other.role &&
    one.allowRsv1 === other.allowRsv1 &&
    one.maxPayload === other.maxPayload &&
    one.maxFragments === other.maxFragments &&
    one.maxBufferedChunks === other.maxBufferedChunks &&
    one.skipUtf8Validation === other.skipUtf8Validation &&
    one.allowSynchronousEvents === other.allowSynchronousEvents &&
    one.keepFragments === other.keepFragments
  );
}
