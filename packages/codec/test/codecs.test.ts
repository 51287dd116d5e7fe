// Checks that each codec that the tests compare is the one that its name says.
import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';
import { codecs } from './support/codecs.ts';

const bufferUtil = createRequire(import.meta.url)('bufferutil') as { unmask(): void };

test.each(codecs)('bytes are Buffers only on Node ($name)', ({ name, codec }) => {
  expect(Buffer.isBuffer(codec.encodeFrame({ opcode: 1 }))).toBe(name !== 'any engine');
});

test.each(codecs)('`bufferutil` masks only if it was found ($name)', ({ name, codec }) => {
  const unmask = vi.spyOn(bufferUtil, 'unmask');
  codec.applyMask(new Uint8Array(100_000), 0, 100_000, 1);
  expect(unmask).toHaveBeenCalledTimes(name === 'Node and bufferutil' ? 1 : 0);
  unmask.mockRestore();
});
