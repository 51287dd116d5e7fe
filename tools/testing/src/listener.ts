// Programs that listen on ports but do not report when they are ready.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from './child.ts';

/** Another program may take a port between its choice and its use. */
const ATTEMPTS = 5;
/** Milliseconds between two attempts to connect. */
const INTERVAL = 10;

/**
 * Systems give clients ports above these. A client could otherwise take the port of a program that is about to start or restart. It could
 * even connect to itself on that port.
 */
const RANGE = [16_384, 32_768] as const;

/** A program that accepts connections. */
export interface Listener {
  readonly child: Child;
  readonly ports: readonly number[];
}

/**
 * Starts a program on free ports of 127.0.0.1.
 *
 * @param count how many ports it needs
 * @param args its arguments for these ports
 * @throws {Error} With its output, if it does not start.
 */
export async function startListener(
  program: string,
  count: number,
  args: (...ports: number[]) => readonly string[],
): Promise<Listener> {
  let error: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const ports = await freePorts(count);
    try {
      return { child: await startOn(program, ports, args(...ports)), ports };
    } catch (reason) {
      error = reason;
    }
  }
  throw error;
}

/** Like {@link startListener}, on these ports. Waits until the first port accepts a connection. */
export async function startOn(
  program: string,
  [port = 0]: readonly number[],
  args: readonly string[],
): Promise<Child> {
  const child = new Child(program, args);
  while (child.isRunning) {
    if (await accepts(port)) return child;
    await delay(INTERVAL);
  }
  const { output } = await child.ended;
  throw new Error(`${program} does not start:\n${output}`);
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(...RANGE);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Whether a program listens on a port. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
