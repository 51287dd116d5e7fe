// The processes of the load test: one with a server and one with very many clients, and the requests to them.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Peer } from './pairings.ts';

/** The counts of the server. */
export interface ServerReport {
  readonly open: number;
  readonly messages: number;
  readonly errors: number;
  /** The number of connections by close code. */
  readonly closed: Readonly<Record<string, number>>;
}

/** The process with the server. */
export interface CrowdServer {
  readonly url: string;
  /** The counts so far. */
  report(): Promise<ServerReport>;
  /** The counts after the last client has disconnected. */
  reportAtTheEnd(): Promise<ServerReport>;
  stop(): void;
}

/** The process with the clients. */
export interface CrowdClients {
  /** Opens all clients. Returns how many are open. */
  openAll(): Promise<number>;
  /** Sends one message on each client, and waits for its echo. */
  talk(): Promise<{ echoed: number; wrong: number }>;
  /** Closes all clients. Returns their number by close code. */
  closeAll(): Promise<Record<string, number>>;
  stop(): void;
}

/** Starts a server of an implementation on its own port. */
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

/** Sends a request and waits for its answer. Requests run one at a time. */
async function ask<Answer>(child: ChildProcess, question: string): Promise<Answer> {
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`The process ended with ${String(code)} instead of an answer to "${question}"`);
  });
  child.send(question);
  const [answer] = (await Promise.race([once(child, 'message'), gone])) as [Answer];
  return answer;
}

/** Runs a file of this folder with the maximum number of file descriptors, because each connection needs one. */
function startProcess(file: string, args: readonly string[]): ChildProcess {
  const conditions = process.env['FRAMEWIRE_BUILT'] ? [] : ['--conditions=@framewire/source'];
  const path = fileURLToPath(new URL(file, import.meta.url));
  const raiseLimit = 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -H -n)"; exec "$0" "$@"';
  return spawn('sh', ['-c', raiseLimit, process.execPath, ...conditions, '--import', 'tsx', path, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}
