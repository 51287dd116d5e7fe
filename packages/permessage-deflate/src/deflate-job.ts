// A long fragment that is compressed in slices: its remaining input, and its output so far.
import type { Deflater as Stream } from '@framewire/deflate';
import { kernel } from './kernels/kernel.ts';

/** How many bytes are compressed at a time: what the engine accepts in one call. */
export const SLICE = 64 * 1024;

/** Roughly how many bytes could be inflated in the time that compressing one byte takes, by level. */
const WORK = [1, 3, 3, 3, 8, 8, 8, 16, 24, 32];

/** Returns how much of a turn's share compressing uses. */
export function workOf(bytes: number, level: number): number {
  return bytes * (WORK[level] ?? 0);
}

export class DeflateJob {
  /** The whole fragment. */
  data: Uint8Array;
  #at = 0;
  readonly #chunks: Uint8Array[] = [];
  /** The length of the output so far, in bytes. */
  length = 0;

  constructor(data: Uint8Array) {
    this.data = data;
  }

  get isDone(): boolean {
    return this.#at >= this.data.length;
  }

  /** Compresses the next slice, and flushes after the last one. Returns the length of the slice. */
  step(context: Stream): number {
    const slice = this.data.subarray(this.#at, this.#at + SLICE);
    this.#at += slice.length;
    const made = context.deflate(slice, this.isDone ? 'sync' : 'none');
    this.#chunks.push(made);
    this.length += made.length;
    return slice.length;
  }

  /** Copies the data, because the caller may change it before the job continues. */
  keep(): void {
    this.data = kernel.copy(this.data);
  }

  /** Returns the whole output. */
  joined(): Uint8Array {
    const whole = kernel.allocate(this.length);
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}
