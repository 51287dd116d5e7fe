// Memory that the process has freed, and the C library's decision whether to return it to the system.

/**
 * Freeing memory of this size raises two limits of glibc, once and for the whole process: memory of up to this size then comes from
 * the heap, and up to twice this size of free memory stays at the heap's end (mallopt(3), `M_MMAP_THRESHOLD` and
 * `M_TRIM_THRESHOLD`). It is just below the largest size that has this effect, 32 MiB.
 */
const SIZE = 32 * 1024 * 1024 - 65_536;

let isKept = false;

/**
 * Makes glibc keep freed memory for the next chunks and messages. Otherwise it returns the end of the heap to the system whenever
 * 128 KiB are free there, and each of the next chunks costs the kernel fresh pages (`echo-16k`, `echo-64k`, `echo-1m`).
 *
 * No page of the memory is touched. A process that was started with `MALLOC_TRIM_THRESHOLD_` or `MALLOC_MMAP_THRESHOLD_` keeps these
 * limits. Other C libraries just allocate and free.
 */
export function keepFreedMemory(): void {
  if (isKept) return;
  isKept = true;
  try {
    const memory: ArrayBuffer & { transfer?: (length: number) => ArrayBuffer } = new ArrayBuffer(SIZE);
    // Frees the memory now. Node 20 leaves it to the garbage collector.
    memory.transfer?.(0);
  } catch {
    // The process may not allocate that much. Only speed is lost.
  }
}
