// The codec on each kernel that it can run on, so that one test proves them all.
import { vi } from 'vitest';
import type * as codec from '@framewire/codec';
import type { Kernel } from '../../src/kernels/kernel.ts';

export type Codec = typeof codec;

/** The kernels where they are: beside the sources, or beside what was built of them. */
const home = process.env['FRAMEWIRE_BUILT']
  ? { folder: '../../dist/kernels/', ending: '.js' }
  : { folder: '../../src/kernels/', ending: '.ts' };

async function kernelOf(engine: 'node' | 'portable'): Promise<Kernel> {
  const { href } = new URL(`${home.folder}${engine}${home.ending}`, import.meta.url);
  return ((await import(/* @vite-ignore */ href)) as { kernel: Kernel }).kernel;
}

/** A copy of the codec of its own, on a kernel that `change` made from the given one. */
export async function codecOn(
  engine: 'node' | 'portable',
  change: (kernel: Kernel) => Kernel = (kernel) => kernel,
): Promise<Codec> {
  vi.resetModules();
  const kernel = change(await kernelOf(engine));
  vi.doMock('#kernels', () => ({ kernel }));
  try {
    return await import('@framewire/codec');
  } finally {
    vi.doUnmock('#kernels');
    vi.resetModules();
  }
}

async function withoutBufferUtil(): Promise<Codec> {
  vi.stubEnv('WS_NO_BUFFER_UTIL', '1');
  try {
    return await codecOn('node');
  } finally {
    vi.unstubAllEnvs();
  }
}

/** Node with `bufferutil`, Node without it, and any other engine. */
export const codecs: readonly { name: string; codec: Codec }[] = [
  { name: 'Node and bufferutil', codec: await codecOn('node') },
  { name: 'Node alone', codec: await withoutBufferUtil() },
  { name: 'any engine', codec: await codecOn('portable') },
];
