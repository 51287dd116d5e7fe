// A long piece of a message that is compressed in slices: what is left of it, and what has been made.
import type { Deflater as Stream } from '@framewire/deflate';
import { kernel } from '#kernels';

/** How many bytes are compressed at a stretch: what the engine takes at once. */
export const SLICE = 64 * 1024;

/** How many bytes could be inflated in the time in which one is compressed, by level, roughly. */
const WORK = [1, 3, 3, 3, 8, 8, 8, 16, 24, 32];

/** How much of a turn's share it takes to compress bytes. */
export function workOf(bytes: number, level: number): number {
  return bytes * (WORK[level] ?? 0);
}

export class DeflateJob {
  /** The whole piece. */
  data: Uint8Array;
  #at = 0;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(data: Uint8Array) {
    this.data = data;
  }

  get isDone(): boolean {
    return this.#at >= this.data.length;
  }

  /** Compresses the next slice, and flushes with the last; returns how many bytes it had. */
  step(context: Stream): number {
    const slice = this.data.subarray(this.#at, this.#at + SLICE);
    this.#at += slice.length;
    const made = context.deflate(slice, this.isDone ? 'sync' : 'none');
    this.#chunks.push(made);
    this.#length += made.length;
    return slice.length;
  }

  /** It goes on later, when the caller may have changed the bytes: copies them. */
  keep(): void {
    this.data = kernel.copy(this.data);
  }

  /** All that was made. */
  joined(): Uint8Array {
    const whole = kernel.allocate(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}
