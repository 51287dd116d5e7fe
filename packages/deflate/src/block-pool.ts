// Memory for contexts, in blocks whose sizes are powers of two. Two free halves of a block merge again (a buddy allocator).

/** The largest block, in bytes: a page of WebAssembly. */
const LARGEST = 65_536;
/** The smallest one. */
const SMALLEST = 64;

/** Hands out addresses of a memory that grows. */
export class BlockPool {
  /** The addresses of free blocks by their size. */
  readonly #free = new Map<number, Set<number>>();
  readonly #grow: (bytes: number) => number;

  /** @param grow adds the given number of bytes to the memory, and returns where they start */
  constructor(grow: (bytes: number) => number) {
    this.#grow = grow;
    for (let size = SMALLEST; size <= LARGEST; size *= 2) this.#free.set(size, new Set());
  }

  /**
   * Takes a block of at least `bytes` bytes. Its contents are whatever its last user left.
   *
   * @throws whatever `grow` throws
   */
  take(bytes: number): number {
    const size = sizeFor(bytes);
    let found = size;
    while (found <= LARGEST && this.#blocks(found).size === 0) found *= 2;
    if (found > LARGEST) {
      this.#addPages();
      found = LARGEST;
    }
    const [address] = this.#blocks(found) as Iterable<number> as [number];
    this.#blocks(found).delete(address);
    for (; found > size; found /= 2) this.#blocks(found / 2).add(address + found / 2);
    return address;
  }

  /** Returns a block to the pool. `bytes` is what {@link take} was called with. */
  release(address: number, bytes: number): void {
    let size = sizeFor(bytes);
    let start = address;
    while (size < LARGEST && this.#blocks(size).delete(otherHalf(start, size))) {
      start = Math.min(start, otherHalf(start, size));
      size *= 2;
    }
    this.#blocks(size).add(start);
  }

  /** Adds several pages at a time, because each growth detaches all views of the memory. */
  #addPages(): void {
    const bytes = 16 * LARGEST;
    const start = this.#grow(bytes);
    for (let at = start; at < start + bytes; at += LARGEST) this.#blocks(LARGEST).add(at);
  }

  #blocks(size: number): Set<number> {
    return this.#free.get(size) as Set<number>;
  }
}

/** Pages are aligned to their size, so the addresses of two halves differ in one bit. From 2 GiB on, an address needs all 32 bits. */
function otherHalf(address: number, size: number): number {
  return (address ^ size) >>> 0;
}

function sizeFor(bytes: number): number {
  return bytes <= SMALLEST ? SMALLEST : 2 ** (32 - Math.clz32(bytes - 1));
}
