/** The command `npm run docs`: builds the site and serves it. */

import process from 'node:process';
import { HELP, readArguments, type Arguments } from './arguments.ts';

const USAGE_ERROR = 2;

process.exitCode = await main(process.argv.slice(2));

/** Returns the exit code. */
async function main(list: string[]): Promise<number> {
  let wanted: Arguments;
  try {
    wanted = readArguments(list);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return USAGE_ERROR;
  }
  if (wanted.help) {
    process.stdout.write(HELP);
    return 0;
  }
  return run(wanted);
}

async function run({ port, base, buildOnly }: Arguments): Promise<number> {
  // Loaded only here, because VitePress loads slowly and the help does not need it.
  const { buildSite } = await import('./build.ts');
  try {
    await buildSite(base);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
  if (buildOnly) return 0;
  const { serveSite } = await import('./serve.ts');
  const { url } = await serveSite(port, base);
  console.log(`The documentation is at ${url} until you press Ctrl-C.`);
  return 0;
}
