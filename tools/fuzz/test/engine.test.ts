// The engine: a seed decides the inputs, new outcomes are kept, and a finding is shortened.
import { createRandom } from '@framewire/contract/random';
import { expect, test } from 'vitest';
import { fuzz } from '../src/engine.ts';
import { Finding } from '../src/finding.ts';
import { hex } from '../src/input.ts';
import { mutate } from '../src/mutation.ts';
import { shrink } from '../src/shrink.ts';
import { splitAnywhere, splitBytewise } from '../src/splitting.ts';
import type { Target } from '../src/target.ts';
import { framesTarget } from '../src/targets/frames.ts';

const bytes = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'));

/** A target that generates single random bytes. */
function target(run: Target['run']): Target {
  return {
    name: 'test',
    generate: (random) => Uint8Array.of(Math.floor(random() * 256)),
    run,
  };
}

async function inputsOf(seed: number): Promise<string[]> {
  const inputs: string[] = [];
  await fuzz(framesTarget(), { seed, runs: 300, corpus: [], onInput: (input) => inputs.push(hex(input)) });
  return inputs;
}

test('The same seed gives the same inputs, another seed gives others', async () => {
  const inputs = await inputsOf(5);
  expect(inputs).toHaveLength(300);
  expect(await inputsOf(5)).toEqual(inputs);
  expect(await inputsOf(6)).not.toEqual(inputs);
});

test('The corpus is run first, and an input is kept for each outcome', async () => {
  const inputs: string[] = [];
  const { kept, outcomes, runs } = await fuzz(
    target((input) => (input.length > 1 ? 'long' : 'short')),
    { seed: 1, runs: 100, corpus: [bytes('00'), bytes('0102')], onInput: (input) => inputs.push(hex(input)) },
  );
  expect(inputs.slice(0, 2)).toEqual(['00', '0102']);
  expect([...kept].map(([outcome, input]) => [outcome, hex(input)])).toEqual([
    ['short', '00'],
    ['long', '0102'],
  ]);
  expect({ outcomes, runs }).toEqual({ outcomes: 2, runs: 100 });
});

test('A finding ends the run, and is reported in its shortest form', async () => {
  const { found, runs } = await fuzz(
    target((input) => {
      if (hex(input).includes('ee')) throw new Finding('has an ee');
      return '';
    }),
    { seed: 1, runs: 10, corpus: [bytes('01'), bytes('0203ee0405')] },
  );
  expect(runs).toBe(2);
  expect(found?.what).toBe('has an ee');
  expect(hex(found!.input)).toBe('0203ee0405');
  expect(hex(found!.shortest)).toBe('ee');
});

test('An unexpected exception is a finding', async () => {
  const { found } = await fuzz(
    target(async () => Promise.reject(new TypeError('odd'))),
    { seed: 1, runs: 10, corpus: [] },
  );
  expect(found?.what).toContain('threw TypeError: odd');
});

test('Shrinking removes or zeroes bytes that do not matter, within its attempts', async () => {
  const fails = async (input: Uint8Array) => input.filter((byte) => byte > 0x80).length >= 2;
  expect(hex(await shrink(bytes('01ff02ff03ff04'), fails))).toBe('ffff');
  expect(hex(await shrink(bytes('01ff02ff03ff04'), fails, 1))).toBe('01ff02ff03ff04');
});

test('Chunks have all bytes, and are copies', () => {
  const whole = bytes('000102030405060708090a0b0c0d0e0f');
  for (let seed = 0; seed < 50; seed++) {
    const chunks = splitAnywhere(whole, seed);
    expect(hex(Buffer.concat(chunks))).toBe(hex(whole));
    for (const chunk of chunks) chunk.fill(0xff);
  }
  expect(splitBytewise(whole)).toHaveLength(16);
  expect(hex(whole)).toBe('000102030405060708090a0b0c0d0e0f');
});

test('A mutation does not change its original', () => {
  const random = createRandom(1);
  const input = Buffer.from('8185000000006869', 'hex');
  const mutants = Array.from({ length: 200 }, () => hex(mutate(input, random, input)));
  expect(hex(input)).toBe('8185000000006869');
  expect(new Set(mutants).size).toBeGreaterThan(150);
});
