// The two processes of the load test, one with a server and one with very many clients, as objects that the test calls.
import { Program } from '@framewire/testing/program';
import type { Peer } from './pairings.ts';

export interface ServerReport {
  readonly open: number;
  readonly messages: number;
  readonly errors: number;
  /** The number of connections by close code. */
  readonly closed: Readonly<Record<string, number>>;
}

/** The process with the server. */
export interface CrowdServer {
  url(): Promise<string>;
  /** The counts so far. */
  report(): Promise<ServerReport>;
  /** The counts after the last client has disconnected. */
  reportAtTheEnd(): Promise<ServerReport>;
  stop(): void;
}

/** The process with the clients. */
export interface CrowdClients {
  /** Opens clients of a server. Returns how many are open. */
  openAll(target: CrowdTarget): Promise<number>;
  /** Sends one message on each client, and waits for its echo. */
  talk(): Promise<{ echoed: number; wrong: number }>;
  /** Closes all clients. Returns their number by close code. */
  closeAll(): Promise<Record<string, number>>;
  stop(): void;
}

/** What the clients connect to, and how many. */
export interface CrowdTarget {
  readonly url: string;
  readonly count: number;
}

/** Starts a server of an implementation on its own port. */
export function startCrowdServer({ name }: Peer): CrowdServer {
  const program = Program.start(new URL('./crowd-server.ts', import.meta.url), name);
  return {
    url: () => program.ask('url'),
    report: () => program.ask('report'),
    reportAtTheEnd: () => program.ask('end'),
    stop: () => program.stop(),
  };
}

/** Starts a process that opens clients of an implementation. */
export function startCrowdClients({ name }: Peer): CrowdClients {
  const program = Program.start(new URL('./crowd-clients.ts', import.meta.url), name);
  return {
    openAll: (target) => program.ask('open', target),
    talk: () => program.ask('talk'),
    closeAll: () => program.ask('close'),
    stop: () => program.stop(),
  };
}
