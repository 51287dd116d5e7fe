// The codec on each of its kernels, so that one test covers all of them.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { vi } from 'vitest';
import type * as codec from '@framewire/codec';
import type { Kernel } from '../../src/kernels/kernel.ts';

export type Codec = typeof codec;
type Engine = 'node' | 'portable';

/** Whether the built package is tested, and not the sources. The engine loads it without mocks. */
export const built = process.env['FRAMEWIRE_BUILT'] === '1';

/** Loads another copy of the codec, on a kernel that `change` creates from the given one. */
export async function codecOn(
  engine: Engine,
  change: (kernel: Kernel) => Kernel = (kernel) => kernel,
): Promise<Codec> {
  return built ? codecFromBuilt(engine, change) : codecFromSources(engine, change);
}

async function codecFromSources(engine: Engine, change: (kernel: Kernel) => Kernel): Promise<Codec> {
  vi.resetModules();
  const { kernel } =
    engine === 'node'
      ? await import('../../src/kernels/node.ts')
      : await import('../../src/kernels/portable.ts');
  vi.doMock('#kernels', () => ({ kernel: change(kernel) }));
  const loaded = await import('@framewire/codec');
  vi.doUnmock('#kernels');
  vi.resetModules();
  return loaded;
}

let copies = 0;

async function codecFromBuilt(engine: Engine, change: (kernel: Kernel) => Kernel): Promise<Codec> {
  const dist = new URL('../../dist/', import.meta.url);
  const kernelUrl = new URL(`kernels/${engine}.js?${copies++}`, dist).href;
  const { kernel } = (await import(/* @vite-ignore */ kernelUrl)) as { kernel: Kernel };
  // A copy of the package with a different `#kernels`.
  const folder = mkdtempSync(join(tmpdir(), 'framewire-codec-'));
  try {
    cpSync(fileURLToPath(dist), folder, { recursive: true });
    const imports = { '#kernels': './kernel.js' };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'copy', type: 'module', imports }));
    writeFileSync(join(folder, 'kernel.js'), 'export const { kernel } = globalThis.framewireTest;\n');
    Object.assign(globalThis, { framewireTest: { kernel: change(kernel) } });
    return (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'index.js')).href)) as Codec;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function withoutBufferUtil(): Promise<Codec> {
  vi.stubEnv('WS_NO_BUFFER_UTIL', '1');
  const loaded = await codecOn('node');
  vi.unstubAllEnvs();
  return loaded;
}

/** Node with `bufferutil`, Node without it, and any other engine. */
export const codecs: readonly { name: string; codec: Codec }[] = [
  { name: 'Node and bufferutil', codec: await import('@framewire/codec') },
  { name: 'Node alone', codec: await withoutBufferUtil() },
  { name: 'any engine', codec: await codecOn('portable') },
];
