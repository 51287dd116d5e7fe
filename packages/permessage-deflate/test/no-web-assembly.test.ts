// A JavaScript engine that does not run WebAssembly.
import { deflateRawSync } from 'node:zlib';
import { expect, onTestFinished, test, vi } from 'vitest';

test('a message that cannot be decompressed here fails the connection with 1011: the peer has done nothing wrong', async () => {
  vi.resetModules();
  vi.stubGlobal('WebAssembly', undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  const { PerMessageDeflate } = await import('@framewire/permessage-deflate');
  const direction = { windowBits: 15, takeover: false } as const;
  const extension = new PerMessageDeflate({ deflate: direction, inflate: direction }, 0);
  onTestFinished(() => extension.close());
  const error = await new Promise((resolve) => {
    extension.decompress(deflateRawSync('a text'), resolve);
  });
  expect(error).toMatchObject({
    code: 'Z_STREAM_ERROR',
    closeCode: 1011,
    message: 'decompression failed',
    cause: expect.any(TypeError),
  });
});
