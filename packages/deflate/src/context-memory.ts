// The blocks of memory that a context occupies.
import type { BlockPool } from './block-pool.ts';

/** One block for each size. */
export class ContextMemory {
  readonly #pool: BlockPool;
  readonly #sizes: readonly number[];
  /** The address of each block, in the order of the sizes. */
  readonly addresses: readonly number[];

  /** @throws whatever the pool throws, after returning the blocks taken so far */
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

  /** Returns all blocks to the pool. Must be called only once. */
  release(): void {
    for (const [index, address] of this.addresses.entries()) {
      this.#pool.release(address, this.#sizes[index] as number);
    }
  }
}
