// The built codec in Node: with and without `bufferutil`, on either kernel, on any thread.
import { Worker } from 'node:worker_threads';
import type { Alone } from '@framewire/testing/alone';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { install, portable } from './engines/install.ts';

let alone: Alone;
let withBufferUtil: Alone;
/** The digest, and whether the bytes are Buffers. */
let expected: string;

beforeAll(async () => {
  alone = install();
  withBufferUtil = install('bufferutil');
  expected = await alone.output(process.execPath, alone.script);
});

afterAll(() => {
  for (const installed of [alone, withBufferUtil]) installed.remove();
});

describe('the built codec has the same results', () => {
  test('in Node', () => {
    expect(expected).toMatch(/^codec [0-9a-f]{16} of \d{7}, bytes as Buffer$/);
  });

  test('in Node with `bufferutil`', async () => {
    expect(await withBufferUtil.output(process.execPath, withBufferUtil.script)).toBe(expected);
  });

  test('in Node on the kernel for other engines', async () => {
    expect(await alone.output(process.execPath, '--conditions=browser', alone.script)).toBe(
      portable(expected),
    );
  });

  test('in a worker thread', async () => {
    const worker = new Worker(alone.script, { stdout: true, execArgv: [] });
    let line = '';
    for await (const chunk of worker.stdout) line += String(chunk);
    expect(line.trim()).toBe(expected);
  });
});
