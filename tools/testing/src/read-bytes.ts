import type { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';

/** Reads exactly `count` bytes from a stream, whatever the sizes of its chunks. */
export function readBytes(stream: Readable, count: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const take = (): void => {
      const bytes = stream.read(count) as Buffer | null;
      if (bytes === null) return;
      stream.off('readable', take);
      resolve(bytes);
    };
    // One listener for all chunks. A stream with too few bytes calls each new listener immediately, without reading more.
    stream.on('readable', take);
    take();
  });
}
