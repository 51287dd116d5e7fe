// Sends messages through the transforms, with promises, and through zlib alone.
import { constants, createInflateRaw } from 'node:zlib';
import type { PerMessageDeflate, RoleView } from '@framewire/permessage-deflate';

const TAIL = Buffer.from('0000ffff', 'hex');

/** An agreement that is the same for both directions. */
export const view = (windowBits: RoleView['deflate']['windowBits'], takeover: boolean): RoleView => ({
  deflate: { windowBits, takeover },
  inflate: { windowBits, takeover },
});

/** The compressed message, or undefined if it is sent uncompressed. */
export async function compress(
  extension: PerMessageDeflate,
  parts: readonly (Uint8Array | string)[],
): Promise<Buffer | undefined> {
  const compressed: Uint8Array[] = [];
  for (const [index, data] of parts.entries()) {
    const part = { data, first: index === 0, fin: index === parts.length - 1 };
    const made = await new Promise<Uint8Array | undefined>((resolve, reject) => {
      extension.compress(part, (error, result) => {
        if (error) reject(error);
        else resolve(result);
      });
    });
    if (made === undefined) return undefined;
    compressed.push(Buffer.from(made));
  }
  return Buffer.concat(compressed);
}

export function decompress(extension: PerMessageDeflate, message: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    extension.decompress(message, (error, data) => {
      if (error) reject(error);
      else resolve(Buffer.from(data!));
    });
  });
}

/** Inflates messages one after the other with zlib alone, keeping the window. */
export async function inflateAll(messages: readonly Buffer[]): Promise<string> {
  const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  const chunks: Buffer[] = [];
  inflate.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const message of messages) inflate.write(Buffer.concat([message, TAIL]));
  inflate.end();
  await new Promise((resolve) => inflate.once('end', resolve));
  return Buffer.concat(chunks).toString('latin1');
}
