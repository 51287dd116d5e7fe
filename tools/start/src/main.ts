/** The command: reads the command line, runs the self-check, and serves the page until Ctrl-C. */

import { readFileSync } from 'node:fs';
import { HELP, readArguments } from './arguments.ts';
import { startChatServer } from './chat-server.ts';
import { colorsFor, formatStep, formatSummary } from './check-report.ts';
import { runSelfCheck } from './self-check.ts';
import { showStatusLine } from './status-line.ts';
import type { Arguments } from './arguments.ts';
import type { ChatServer } from './chat-server.ts';

const USAGE_ERROR = 2;
const INTERRUPTED = 130;

process.exitCode = await main(process.argv.slice(2));

/** Returns the exit code. If it serves the page, returns after the server has stopped. */
async function main(list: string[]): Promise<number> {
  let wanted: Arguments;
  try {
    wanted = readArguments(list);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return USAGE_ERROR;
  }
  if (wanted.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!(await check())) return 1;
  return wanted.check ? 0 : await serve(wanted);
}

async function check(): Promise<boolean> {
  const colors = colorsFor(process.stdout);
  const print = (line: string): boolean => process.stdout.write(`${line}\n`);
  print(`\n  ${colors.bold('Framewire self-check')} ${colors.dim(`on Node ${process.versions.node}`)}\n`);
  const results = await runSelfCheck((result) => print(formatStep(result, colors)));
  print(`\n${formatSummary(results, colors)}\n`);
  return results.every((result) => result.outcome === 'passed');
}

async function serve(wanted: Arguments): Promise<number> {
  let server: ChatServer;
  try {
    server = await startChatServer(wanted);
  } catch (error) {
    process.stderr.write(`${explainListenError(error, wanted)}\n`);
    return 1;
  }
  const colors = colorsFor(process.stdout);
  process.stdout.write(`  Chat rooms and meter: ${colors.bold(colors.cyan(server.url))}\n`);
  process.stdout.write(`  Documentation:        ${documentation()}\n`);
  process.stdout.write(`  ${colors.dim('Open the page in two windows. Ctrl-C stops the server.')}\n\n`);
  const stopStatus = showStatusLine(process.stdout, () => ({
    people: server.people(),
    messages: server.traffic.received + server.traffic.sent,
  }));
  await stopSignal();
  stopStatus();
  process.stdout.write('  Closing the connections.\n');
  await server.close();
  return 0;
}

/** The address of the documentation, from the manifest of the repository. */
function documentation(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { homepage: string }).homepage;
}

/** Resolves at the first Ctrl-C or SIGTERM. A Ctrl-C after that ends the process immediately. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.once('SIGINT', () => process.exit(INTERRUPTED));
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}

function explainListenError(error: unknown, { host, port }: Arguments): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken: stop the program that uses it, or choose another port, for example "npm start -- --port 0" for any free one.`;
    case 'EACCES':
      return `This user may not listen on port ${port} of ${host}: choose a port from 1024 up, for example "npm start -- --port 8080".`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `This machine has no address "${host}": choose another with "npm start -- --host 127.0.0.1".`;
    default:
      return `The server could not start: ${error instanceof Error ? error.message : String(error)}`;
  }
}
