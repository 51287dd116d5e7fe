import type { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';

/** Exactly so many bytes from a stream, in however many chunks they come. */
export function readBytes(stream: Readable, count: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const take = (): void => {
      const bytes = stream.read(count) as Buffer | null;
      if (bytes === null) return;
      stream.off('readable', take);
      resolve(bytes);
    };
    // One listener for all chunks: a stream without enough bytes calls each new listener immediately, and reads nothing meanwhile.
    stream.on('readable', take);
    take();
  });
}
