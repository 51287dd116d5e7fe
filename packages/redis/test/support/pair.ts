// Servers that replicate each other, each with a client.
import { setImmediate as turn } from 'node:timers/promises';
import { startRedis, type Engine } from '@framewire/testing';
import { createClient } from 'redis';
import { onTestFinished } from 'vitest';

/** A client that reconnects. */
const adminOf = (port: number) => createClient({ socket: { port, reconnectStrategy: 10 } });

export interface Pair {
  readonly engine: Engine;
  readonly admin: ReturnType<typeof adminOf>;
}

/** A server, and a client for it. */
export async function startPair(): Promise<Pair> {
  const engine = await startRedis();
  const admin = adminOf(engine.port);
  admin.on('error', () => {});
  await admin.connect();
  // By default, a primary waits 5 seconds for other replicas before it sends its data.
  await admin.configSet('repl-diskless-sync-delay', '0');
  onTestFinished(async () => {
    admin.destroy();
    await engine.stop();
  });
  return { engine, admin };
}

/** Makes a server a replica of the one at a port, and waits until it has its data. */
export async function replicate(replica: Pair, port: number): Promise<void> {
  await replica.admin.sendCommand(['REPLICAOF', '127.0.0.1', String(port)]);
  while (!(await replica.admin.info('replication')).includes('master_link_status:up')) await turn();
}
