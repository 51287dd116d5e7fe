// An extension with predictable results. It transforms some messages synchronously, and others later.
import type { Extension, OutgoingPart, TransformDone } from '@framewire/connection';
import { memoryPair } from './pairs.ts';

/** Inverts every bit of a message: synchronously, or in a later turn if the message starts with a capital letter. */
export class Inverting implements Extension {
  readonly name = 'x-invert';
  closed = 0;

  compress(part: OutgoingPart, done: TransformDone): void {
    // A message of less than two bytes is left as it is, as a compressor does with data that does not shrink.
    const data = Buffer.from(part.data as Uint8Array);
    if (part.first && data.length < 2) done(null);
    else this.#answer(data[0] ?? 0, data, done);
  }

  decompress(data: Uint8Array, done: TransformDone): void {
    this.#answer(~(data[0] ?? 0), data, done);
  }

  close(): void {
    this.closed++;
  }

  #answer(first: number, data: Uint8Array, done: TransformDone): void {
    const answer = (): void => {
      done(null, Buffer.from(data.map((byte) => ~byte)));
    };
    if ((first & 0xe0) === 0x40) setImmediate(answer);
    else answer();
  }
}

export function invertingPair(): ReturnType<typeof memoryPair> {
  return memoryPair({ client: { extension: new Inverting() }, server: { extension: new Inverting() } });
}
