import { existsSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programOf, runProgram } from '../src/guide.ts';
import { install } from '../src/installation.ts';
import { isSkipped, layOutScenarios, runScenario, scenarios } from '../src/scenario.ts';
import { copiesOfWs } from '../src/tree.ts';

/** How long an installation without a cache may take on a busy machine, in ms. */
const INSTALLING = 600_000;

let installation = '';
let folder = '';

beforeAll(async () => {
  installation = await install('framewire');
  folder = await layOutScenarios(installation);
}, INSTALLING);

afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true });
});

describe('Packages that depend on ws, installed with our packed packages instead', () => {
  test('get our package once, and no ws anywhere', () => {
    expect(copiesOfWs(installation)).toEqual([expect.stringMatching(/^framewire@/)]);
  });

  for (const name of scenarios()) {
    test
      .skipIf(isSkipped(name))
      .concurrent(
        `${name} works over our connections only, and lets its program end`,
        { timeout: INSTALLING },
        async ({ expect: expectHere }) => {
          const { output, ...result } = await runScenario(folder, name);
          expectHere(result, output).toMatchObject({ failed: 0, ended: true, used: ['framewire'] });
          expectHere(result.passed, output).toBeGreaterThan(0);
        },
      );
  }
});

test('The program of the guide for NestJS prints what its comments say, and ends', async () => {
  const program = programOf('NestJS');
  const { code, stdout, output } = await runProgram(folder, 'nestjs-of-the-guide', program);
  expect(code, output).toBe(0);
  expect(stdout).toBe(program.prints);
});

test('A concurrent run has its own folder, and does not remove that of the first', async () => {
  const other = await layOutScenarios(installation);
  try {
    expect(other).not.toBe(folder);
    expect(existsSync(folder)).toBe(true);
  } finally {
    rmSync(other, { recursive: true });
  }
});
