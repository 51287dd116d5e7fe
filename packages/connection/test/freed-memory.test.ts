// Where the C library takes memory from, and whether it keeps freed memory. Each test reads the memory map of a separate process.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const MIB = 1 << 20;
const SIZE = 16 * MIB;

/** Prints how many bytes the heap of the C library has grown by, while a block of `SIZE` is in use and after the block was freed. */
const script = (opensConnection: boolean): string => `
  import { readFileSync } from 'node:fs';
  import { PassThrough } from 'node:stream';
  import { WebSocketConnection } from '@framewire/connection';
  const heap = () => {
    const [from, to] = /^(\\w+)-(\\w+) .*\\[heap\\]$/m.exec(readFileSync('/proc/self/maps', 'utf8')).slice(1);
    return parseInt(to, 16) - parseInt(from, 16);
  };
  async function collect() {
    for (let i = 0; i < 1000 && process.memoryUsage().arrayBuffers >= ${String(SIZE)}; i++) {
      gc();
      await new Promise(setImmediate);
    }
  }
  if (${String(opensConnection)}) new WebSocketConnection().setSocket(new PassThrough(), Buffer.alloc(0), {});
  await collect();
  const before = heap();
  let memory = Buffer.allocUnsafeSlow(${String(SIZE)});
  const inUse = heap() - before;
  memory = undefined;
  await collect();
  console.log(JSON.stringify({ inUse, freed: heap() - before }));
  process.exit();`;

interface Growth {
  inUse: number;
  freed: number;
}

async function growth(opensConnection: boolean, env: NodeJS.ProcessEnv = {}): Promise<Growth> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', '--input-type=module', '--eval', script(opensConnection)],
    { cwd: import.meta.dirname, env: { ...process.env, ...env } },
  );
  return JSON.parse(stdout) as Growth;
}

const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };

describe.runIf(report.header?.glibcVersionRuntime)('with glibc, memory', () => {
  test('comes from the heap and stays there when freed, from the first connection on', async () => {
    const { inUse, freed } = await growth(true);
    expect(inUse).toBeGreaterThan(SIZE - MIB);
    expect(freed).toBeGreaterThan(SIZE - MIB);
  });

  test.each([
    ['in a process without a connection', false, {}],
    ['with MALLOC_TRIM_THRESHOLD_ in the environment', true, { MALLOC_TRIM_THRESHOLD_: '131072' }],
    ['with MALLOC_MMAP_THRESHOLD_ in the environment', true, { MALLOC_MMAP_THRESHOLD_: '131072' }],
  ])('comes from the system and returns to it %s', async (_case, opensConnection, env) => {
    const { inUse, freed } = await growth(opensConnection, env);
    expect(inUse).toBeLessThan(MIB);
    expect(freed).toBeLessThan(MIB);
  });
});
