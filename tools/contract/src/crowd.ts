// The crowd: one process with a server and one with very many clients, and what can be asked of them.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Peer } from './pairings.ts';

/** What the server has seen. */
export interface ServerReport {
  readonly open: number;
  readonly messages: number;
  readonly errors: number;
  /** How many connections closed with which code. */
  readonly closed: Readonly<Record<string, number>>;
}

/** The process with the server. */
export interface CrowdServer {
  readonly url: string;
  /** What it has seen so far. */
  report(): Promise<ServerReport>;
  /** What it has seen when the last client has gone. */
  reportAtTheEnd(): Promise<ServerReport>;
  stop(): void;
}

/** The process with the clients. */
export interface CrowdClients {
  /** Opens all of them, and says how many are open. */
  openAll(): Promise<number>;
  /** Sends one message on each, and awaits its echo. */
  talk(): Promise<{ echoed: number; wrong: number }>;
  /** Closes all of them, and says how many closed with which code. */
  closeAll(): Promise<Record<string, number>>;
  stop(): void;
}

/** Starts a server of an implementation, on a port of its own. */
export async function startCrowdServer({ name }: Peer): Promise<CrowdServer> {
  const child = startProcess('./crowd-server.ts', [name]);
  const [url] = (await once(child, 'message')) as [string];
  return {
    url,
    report: () => ask(child, 'report'),
    reportAtTheEnd: () => ask(child, 'end'),
    stop: () => void child.kill(),
  };
}

/** Starts a process that is ready to open clients of an implementation. */
export async function startCrowdClients({ name }: Peer, url: string, count: number): Promise<CrowdClients> {
  const child = startProcess('./crowd-clients.ts', [name, url, String(count)]);
  await once(child, 'message');
  return {
    openAll: () => ask(child, 'open'),
    talk: () => ask(child, 'talk'),
    closeAll: () => ask(child, 'close'),
    stop: () => void child.kill(),
  };
}

/** Every question gets one answer; they are asked one at a time. */
async function ask<Answer>(child: ChildProcess, question: string): Promise<Answer> {
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`The process ended with ${String(code)} instead of an answer to "${question}"`);
  });
  child.send(question);
  const [answer] = (await Promise.race([once(child, 'message'), gone])) as [Answer];
  return answer;
}

/** Runs a file of this folder with as many file descriptors as the machine allows; each connection takes one. */
function startProcess(file: string, args: readonly string[]): ChildProcess {
  const conditions = process.env['FRAMEWIRE_BUILT'] ? [] : ['--conditions=@framewire/source'];
  const path = fileURLToPath(new URL(file, import.meta.url));
  const raiseLimit = 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -H -n)"; exec "$0" "$@"';
  return spawn('sh', ['-c', raiseLimit, process.execPath, ...conditions, '--import', 'tsx', path, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}
