/** A scenario: a program that exchanges messages through the dependants, run next to their node_modules, and its result. */

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executable, requirement, run, testCertificate } from '@framewire/testing';
import { calledFunctions, implementationsUsed } from './evidence.ts';
import type { Kind } from './installation.ts';

const SCENARIOS = fileURLToPath(new URL('../scenarios/', import.meta.url));

/** Much longer than any scenario needs. Kills a program that does not end, for example because a connection was not closed. */
const TIMEOUT = 90_000;

/** The result of a scenario. */
export interface Result {
  /** The tests of the program that passed. */
  passed: number;
  /** The tests of the program that failed. */
  failed: number;
  /** Whether the program ended by itself. A connection, server or timer left open would keep it alive. */
  ended: boolean;
  /** The implementations whose connections sent messages. */
  used: Kind[];
  /** The output of the program. */
  output: string;
}

/** The names of all scenarios. */
export function scenarios(): string[] {
  return readdirSync(SCENARIOS)
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => file.slice(0, -'.mjs'.length));
}

/** Whether a scenario cannot be run here. */
export function isSkipped(name: string): boolean {
  return name === 'chromium' && requirement('chromium').missing;
}

/**
 * Copies the scenarios, and the certificate of their servers, into a new folder next to the node_modules that they import from. Each run
 * has its own folder, and removes it.
 *
 * @param installation the folder with the node_modules
 */
export async function layOutScenarios(installation: string): Promise<string> {
  const folder = mkdtempSync(join(installation, 'run-'));
  cpSync(SCENARIOS, join(folder, 'scenarios'), { recursive: true });
  for (const name of ['certificate', 'coverage']) mkdirSync(join(folder, name));
  const { key, cert } = await testCertificate();
  writeFileSync(join(folder, 'certificate', 'key.pem'), key);
  writeFileSync(join(folder, 'certificate', 'cert.pem'), cert);
  return folder;
}

/** Runs a scenario in the folder of the scenarios. */
export async function runScenario(folder: string, name: string): Promise<Result> {
  const browser = name === 'chromium' ? { CHROMIUM: executable('chromium') } : {};
  const coverage = mkdtempSync(join(folder, 'coverage', `${name}-`));
  try {
    const { code, stdout, stderr } = await run(
      process.execPath,
      ['--test-reporter=tap', join('scenarios', `${name}.mjs`)],
      { cwd: folder, timeout: TIMEOUT, env: { ...browser, NODE_V8_COVERAGE: coverage } },
    );
    return {
      passed: countOf('pass', stdout),
      failed: countOf('fail', stdout),
      ended: code === 0 || code === 1,
      used: implementationsUsed(calledFunctions(coverage)),
      output: `${stdout}${stderr}`,
    };
  } finally {
    rmSync(coverage, { recursive: true, force: true });
  }
}

/** Reads one of the counts at the end of Node's TAP output, such as `# pass 3`. */
function countOf(what: 'pass' | 'fail', tap: string): number {
  return Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0);
}
