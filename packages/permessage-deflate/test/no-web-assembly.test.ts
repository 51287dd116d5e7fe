// Runtimes that do not run WebAssembly, or that do not compile it at run time.
import { createContext, runInContext } from 'node:vm';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type * as Compression from '@framewire/permessage-deflate';
import { afterEach, describe, expect, test, vi } from 'vitest';

/** The kernels that tests can choose. The build for Node contains one of them. */
const kernels =
  process.env['FRAMEWIRE_BUILT'] === '1' ? (['node'] as const) : (['node', 'portable'] as const);
const KERNELS = { node: '../src/kernels/node.ts', portable: '../src/kernels/portable.ts' };

afterEach(() => {
  vi.unstubAllGlobals();
  vi.doUnmock('#kernels');
});

/** Loads the package with a kernel. */
async function load(kernel: keyof typeof KERNELS): Promise<typeof Compression> {
  vi.resetModules();
  vi.doMock('#kernels', () => import(KERNELS[kernel]));
  return import('@framewire/permessage-deflate');
}

/** Forbids compiling WebAssembly, and returns the constructor that would compile it. */
function forbidCompiling() {
  const Module = vi.fn(function fail() {
    throw new Error('Wasm code generation disallowed by embedder');
  });
  vi.stubGlobal('WebAssembly', { Module });
  return Module;
}

describe.each(kernels)('the %s kernel', (kernel) => {
  test('resolves every option to no compression where there is no WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    const { isSupported, resolveOption } = await load(kernel);
    expect(isSupported()).toBe(false);
    for (const option of [true, 'shared', {}, { profile: 'shared' }] as const) {
      expect(resolveOption(option)).toBeUndefined();
    }
  });

  test('still rejects invalid options there', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    const { resolveOption } = await load(kernel);
    expect(() => resolveOption({ serverMaxWindowBits: 7 })).toThrow('serverMaxWindowBits');
  });

  test('resolves every option to no compression in a context that forbids to compile it', async () => {
    const context = createContext({}, { codeGeneration: { wasm: false } });
    vi.stubGlobal('WebAssembly', runInContext('WebAssembly', context));
    const { isSupported, resolveOption } = await load(kernel);
    expect(isSupported()).toBe(false);
    expect(resolveOption(true)).toBeUndefined();
  });

  test('compresses where there is WebAssembly', async () => {
    const { isSupported, resolveOption } = await load(kernel);
    expect(isSupported()).toBe(true);
    expect(resolveOption(true)).toEqual({});
  });
});

test.each(kernels.filter((kernel) => kernel === 'portable'))(
  'the %s kernel tries to compile once, and not while it loads',
  async (kernel) => {
    const Module = forbidCompiling();
    const { resolveOption } = await load(kernel);
    expect(resolveOption(false)).toBeUndefined();
    expect(Module).not.toHaveBeenCalled();
    expect(resolveOption(true)).toBeUndefined();
    expect(resolveOption(true)).toBeUndefined();
    expect(Module).toHaveBeenCalledOnce();
  },
);

test('a message that cannot be decompressed here fails the connection with 1011: the peer has done nothing wrong', async () => {
  vi.stubGlobal('WebAssembly', undefined);
  const { PerMessageDeflate } = await load('node');
  const direction = { windowBits: 15, takeover: false } as const;
  const extension = new PerMessageDeflate({ deflate: direction, inflate: direction }, 0);
  const error = await new Promise((resolve) => {
    extension.decompress(deflateRawSync('a text'), resolve);
  });
  extension.close();
  expect(error).toMatchObject({
    code: 'Z_STREAM_ERROR',
    closeCode: 1011,
    message: 'decompression failed',
    cause: expect.any(TypeError),
  });
});

test('without node:zlib, messages that it would compress are compressed on the event loop', async () => {
  const { PerMessageDeflate } = await load('portable');
  const direction = { windowBits: 15, takeover: false } as const;
  const view = { deflate: direction, inflate: direction };
  const extension = new PerMessageDeflate(view, 0, { threshold: 0, deflateOffThreadFrom: 0 });
  const data = new TextEncoder().encode('a text '.repeat(10));
  const compressed = await new Promise((resolve, reject) => {
    extension.compress({ data, first: true, fin: true }, (error, made) => {
      if (error) reject(error);
      else resolve(made);
    });
  });
  extension.close();
  expect(compressed).toBeInstanceOf(Uint8Array);
  expect((compressed as Uint8Array).length).toBeLessThan(data.length);
});

// Last, because the built package compiles its engine once.
test.each(kernels)(
  'the %s kernel compresses a long message as it was when it was passed, although its owner then changes it',
  async (kernel) => {
    const { PerMessageDeflate } = await load(kernel);
    const direction = { windowBits: 15, takeover: false } as const;
    const extension = new PerMessageDeflate({ deflate: direction, inflate: direction }, 0);
    const data = Buffer.from(JSON.stringify(Array.from({ length: 100_000 }, (_, id) => ({ id }))));
    const original = data.toString();
    const compressed = new Promise<Uint8Array>((resolve, reject) => {
      extension.compress({ data, first: true, fin: true }, (error, made) => {
        if (error) reject(error);
        else resolve(made!);
      });
    });
    data.fill(0);
    const inflated = inflateRawSync(await compressed, { finishFlush: constants.Z_SYNC_FLUSH });
    expect(inflated.toString() === original).toBe(true);
    extension.close();
  },
);
