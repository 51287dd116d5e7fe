/** The programs of the guide to frameworks that need packages of this suite. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, WITHOUT_TEST_RUNNER, type Finished } from '@framewire/testing';

const GUIDE = new URL('../../../docs/guides/frameworks.md', import.meta.url);

/** Much longer than a program needs. Kills a program that does not end, for example because a server was not closed. */
const TIMEOUT = 90_000;

/** A program of the guide. */
export interface GuideProgram {
  readonly code: string;
  /** What its comments say that it prints. */
  readonly prints: string;
}

/**
 * Reads the program below a heading of the guide.
 *
 * @throws {Error} If there is none.
 */
export function programOf(heading: string, markdown = readFileSync(GUIDE, 'utf8')): GuideProgram {
  const [, part = ''] = markdown.split(`\n## ${heading}\n`);
  const [, code] = /^```ts no-run\n(.*?)^```$/ms.exec(part.split('\n## ')[0] ?? '') ?? [];
  if (code === undefined) throw new Error(`The guide has no program for ${heading}`);
  const printed = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line = '']) => `${line}\n`);
  return { code, prints: printed.join('') };
}

/** Runs a program in the folder of the scenarios. The decorators of NestJS are older than the standard, so an option enables them. */
export function runProgram(folder: string, name: string, { code }: GuideProgram): Promise<Finished> {
  const path = join(folder, `${name}.mts`);
  writeFileSync(path, code);
  writeFileSync(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "experimentalDecorators": true } }');
  return run(process.execPath, ['--import', import.meta.resolve('tsx'), path], {
    cwd: folder,
    env: WITHOUT_TEST_RUNNER,
    timeout: TIMEOUT,
  });
}
