// What `npm run fuzz` starts.
import process from 'node:process';
import { runCommand } from './command.ts';

process.exitCode = await runCommand(
  process.argv.slice(2),
  new URL('./targets/index.ts', import.meta.url).href,
);
