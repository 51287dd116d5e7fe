// The optional `bufferutil`: only a module that can mask is used.
import { createRequire } from 'node:module';
import { afterEach, expect, test, vi } from 'vitest';

const require = createRequire(import.meta.url);
const path = require.resolve('bufferutil');
const before = require.cache[path];

afterEach(() => {
  if (before === undefined) Reflect.deleteProperty(require.cache, path);
  else require.cache[path] = before;
});

// Bundlers replace a module that is not installed with an empty object.
test.each([[{}], [{ unmask: undefined }], [{ default: {} }], [null], [undefined]])(
  'the codec masks itself if %j takes the place of bufferutil',
  async (exported) => {
    require.cache[path] = { exports: exported, id: path, filename: path, loaded: true } as NodeJS.Module;
    vi.resetModules();
    const { kernel } = await import('../src/kernels/node.ts');
    expect(kernel.nativeMask).toBeUndefined();
  },
);

test('a module that masks is used', async () => {
  const masked: unknown[] = [];
  const exported = { unmask: (bytes: Uint8Array, key: Uint8Array) => masked.push([bytes.length, ...key]) };
  require.cache[path] = {
    exports: exported,
    id: path,
    filename: path,
    loaded: true,
  } as unknown as NodeJS.Module;
  vi.resetModules();
  const { kernel } = await import('../src/kernels/node.ts');
  kernel.nativeMask?.(new Uint8Array(8), 2, 7, 0x04030201);
  expect(masked).toEqual([[5, 1, 2, 3, 4]]);
});
