// The blocks of memory that a context lies in.
import type { BlockPool } from './block-pool.ts';

/** A block of each size. */
export class ContextMemory {
  readonly #pool: BlockPool;
  readonly #sizes: readonly number[];
  /** Where they are, in the order of the sizes. */
  readonly addresses: readonly number[];

  /** @throws what the pool throws; then it keeps none of them */
  constructor(pool: BlockPool, sizes: readonly number[]) {
    this.#pool = pool;
    this.#sizes = sizes;
    const addresses: number[] = [];
    this.addresses = addresses;
    try {
      for (const size of sizes) addresses.push(pool.take(size));
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Returns all of them. Called once. */
  release(): void {
    for (const [index, address] of this.addresses.entries()) {
      this.#pool.release(address, this.#sizes[index] as number);
    }
  }
}
