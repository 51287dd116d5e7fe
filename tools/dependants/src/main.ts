/**
 * The command: runs scenarios and prints the result of each.
 *
 *     tsx src/main.ts [--control] [scenario ...]   all scenarios, or those named; --control gives the dependants the real ws
 *     tsx src/main.ts --lock                       resolves the manifest again and writes its lockfile
 */

import { rmSync } from 'node:fs';
import { install, relock } from './installation.ts';
import { isSkipped, layOutScenarios, runScenario, scenarios } from './scenario.ts';
import type { Kind } from './installation.ts';

const args = process.argv.slice(2);

if (args.includes('--lock')) await relock();
else process.exitCode = await runAll(args.includes('--control') ? 'ws' : 'framewire');

/** Returns the exit code. */
async function runAll(kind: Kind): Promise<number> {
  const named = args.filter((argument) => !argument.startsWith('--'));
  const installation = await install(kind);
  console.log(`installed in ${installation}`);
  const folder = await layOutScenarios(installation);
  try {
    return await runEach(kind, folder, named);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the exit code. */
async function runEach(kind: Kind, folder: string, named: readonly string[]): Promise<number> {
  let exitCode = 0;
  for (const name of named.length > 0 ? named : scenarios().filter((each) => !isSkipped(each))) {
    const began = performance.now();
    const { passed, failed, ended, used, output } = await runScenario(folder, name);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const fine = passed > 0 && failed === 0 && ended && used.join() === kind;
    console.log(
      `${fine ? 'ok  ' : 'FAIL'} ${name} on ${used.join() || 'neither'}: ${passed} passed, ${failed} failed, ${seconds} s`,
    );
    if (!fine) {
      console.log(output);
      exitCode = 1;
    }
  }
  return exitCode;
}
