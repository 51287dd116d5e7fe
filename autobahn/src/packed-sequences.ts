/**
 * The compressed messages of sections 12 and 13. Several cases of a group send the same messages, in fragments of different sizes.
 * Compression is most of the work of a run, so each message is compressed only once.
 */

import { Deflater } from './compression.ts';
import { dataSet } from './data-sets.ts';
import type { DataSetName } from './case.ts';
import type { DirectionParameters } from './compression.ts';

/** Above this number of octets, sequences are dropped. */
const MAX_OCTETS = 160 * 1024 * 1024;

/** The messages of one data set and length, compressed one after the other with the same parameters. */
export class PackedSequence {
  /** How many octets the compressed messages have so far. */
  octets = 0;
  readonly #data: DataSetName;
  readonly #length: number;
  readonly #deflater: Deflater;
  readonly #messages: Promise<Buffer>[] = [];

  constructor(data: DataSetName, length: number, parameters: DirectionParameters) {
    this.#data = data;
    this.#length = length;
    this.#deflater = new Deflater(parameters);
  }

  /** Returns a message by its number, from 0. The first call compresses it. */
  message(index: number): Promise<Buffer> {
    while (this.#messages.length <= index) this.#messages.push(this.#make(this.#messages.length));
    return this.#messages[index] as Promise<Buffer>;
  }

  async #make(index: number): Promise<Buffer> {
    // The message may refer back to the previous one, which must be compressed first.
    await this.#messages[index - 1];
    const data = dataSet(this.#data);
    const packed = await this.#deflater.compress(data.read((index * this.#length) % data.size, this.#length));
    this.octets += packed.length;
    return packed;
  }
}

/** Keeps the latest sequences for later cases. */
export class PackedSequences {
  readonly #sequences = new Map<string, PackedSequence>();

  /** Returns the sequence with these parameters, an existing one or a new one. */
  get(data: DataSetName, length: number, parameters: DirectionParameters): PackedSequence {
    const key = [data, length, parameters.windowBits, parameters.noContextTakeover].join(' ');
    const found = this.#sequences.get(key);
    if (found) return found;
    this.#makeRoom();
    const sequence = new PackedSequence(data, length, parameters);
    this.#sequences.set(key, sequence);
    return sequence;
  }

  /** Drops the oldest sequences while there are too many octets. A running case keeps its sequence. */
  #makeRoom(): void {
    let octets = 0;
    for (const sequence of this.#sequences.values()) octets += sequence.octets;
    // A map yields its oldest key first.
    for (const [key, sequence] of this.#sequences) {
      if (octets <= MAX_OCTETS) return;
      octets -= sequence.octets;
      this.#sequences.delete(key);
    }
  }
}
