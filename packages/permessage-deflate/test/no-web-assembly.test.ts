// A JavaScript engine that does not run WebAssembly.
import { deflateRawSync } from 'node:zlib';
import { expect, onTestFinished, test, vi } from 'vitest';

test('a message that cannot be decompressed here fails the connection with 1011: the peer has done nothing wrong', async () => {
  vi.resetModules();
  vi.stubGlobal('WebAssembly', undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  const { PerMessageDeflate } = await import('@framewire/permessage-deflate');
  const direction = { windowBits: 15, takeover: false };
  const extension = new PerMessageDeflate({ deflate: direction, inflate: direction }, 0);
  onTestFinished(() => extension.close());
  const error = await new Promise((resolve) => {
    extension.decompress(deflateRawSync('a text'), resolve);
  });
  expect(error).toMatchObject({
    code: 'WS_ERR_INFLATE_FAILED',
    closeCode: 1011,
    message: 'The message could not be decompressed',
    cause: expect.any(TypeError),
  });
});
