// Memory that the process has freed, and the C library's decision whether to return it to the system.

/**
 * Freeing a block of this size raises two limits of glibc for the rest of the process (mallopt(3)). Blocks of up to this size then come from
 * the heap (`M_MMAP_THRESHOLD`). Up to twice this size may stay free at the end of the heap (`M_TRIM_THRESHOLD`). The largest block with this
 * effect is 32 MiB, so this one is slightly smaller.
 */
const SIZE = 32 * 1024 * 1024 - 65_536;

let isKept = false;

/**
 * Makes glibc keep freed memory for the next chunks and messages. Otherwise it returns the end of the heap to the system whenever 128 KiB
 * are free there. The kernel must then map new pages for the next chunks (benchmark scenarios `echo-16k`, `echo-64k`, `echo-1m`).
 *
 * The block itself is never written to, so it takes no physical memory. If the process was started with `MALLOC_TRIM_THRESHOLD_` or
 * `MALLOC_MMAP_THRESHOLD_`, the limits stay as they are. Other C libraries allocate the block and free it again.
 */
export function keepFreedMemory(): void {
  if (isKept) return;
  isKept = true;
  try {
    const memory: ArrayBuffer & { transfer?: (length: number) => ArrayBuffer } = new ArrayBuffer(SIZE);
    // Frees the memory now. Node 20 leaves it to the garbage collector.
    memory.transfer?.(0);
  } catch {
    // The process is not allowed to allocate that much. This costs only speed.
  }
}
