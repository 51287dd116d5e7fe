import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { bunBinary, denoBinary } from '@framewire/testing';

/** What the binary prints. */
function output(binary: string, ...args: string[]): string {
  return execFileSync(binary, args, { encoding: 'utf8' }).trim();
}

describe('The other runtimes', () => {
  test('Bun runs JavaScript', () => {
    expect(output(bunBinary(), '-e', 'console.log(6 * 7, typeof Bun)')).toBe('42 object');
  });

  test('Deno runs JavaScript', () => {
    expect(output(denoBinary(), 'eval', 'console.log(6 * 7, typeof Deno)')).toBe('42 object');
  });
});
