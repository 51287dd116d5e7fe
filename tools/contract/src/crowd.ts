// The processes of the load test: one with a server and one with very many clients, and the requests to them.
import { Program } from '@framewire/testing/program';
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
  const program = Program.start(new URL('./crowd-server.ts', import.meta.url), name);
  return {
    url: await program.ask('url'),
    report: () => program.ask('report'),
    reportAtTheEnd: () => program.ask('end'),
    stop: () => program.stop(),
  };
}

/** Starts a process that opens clients of an implementation. */
export function startCrowdClients({ name }: Peer, url: string, count: number): CrowdClients {
  const program = Program.start(new URL('./crowd-clients.ts', import.meta.url), name, url, String(count));
  return {
    openAll: () => program.ask('open'),
    talk: () => program.ask('talk'),
    closeAll: () => program.ask('close'),
    stop: () => program.stop(),
  };
}
