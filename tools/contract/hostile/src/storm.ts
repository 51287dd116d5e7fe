// Very many concurrent clients that wait for an answer: raw sockets, and the status of each answer.
import { once } from 'node:events';
import net from 'node:net';
import process from 'node:process';

/** How many connect concurrently. */
const CONCURRENT = 256;

/** Spreads the clients over four addresses, because each has only about 28,000 ports. Only Linux accepts all of 127.0.0.0/8. */
function localAddress(index: number): { localAddress?: string } {
  return process.platform === 'linux' ? { localAddress: `127.0.0.${2 + (index % 4)}` } : {};
}

export class StormClient {
  readonly socket: net.Socket;
  /** The status of the answer, after it has arrived. */
  readonly status: Promise<number>;
  /** Whether the client still waits: it has no answer, and its connection is open. */
  isWaiting = true;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    const settle = (): void => {
      this.isWaiting = false;
    };
    this.status = new Promise((resolve) => {
      socket.once('data', (head: Buffer) => resolve(Number(head.toString('latin1', 9, 12))));
    });
    socket.once('close', settle).once('data', settle);
  }

  /** Opens the given number of connections, and sends the same text on each. */
  static async open(port: number, count: number, text: string): Promise<StormClient[]> {
    const clients: StormClient[] = [];
    const worker = async (): Promise<void> => {
      while (clients.length < count) {
        const socket = net.connect({ port, host: '127.0.0.1', ...localAddress(clients.length) });
        clients.push(new StormClient(socket));
        await once(socket, 'connect');
        socket.write(text);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT }, worker));
    return clients;
  }

  /** Resets the connection. */
  leave(): void {
    this.socket.resetAndDestroy();
  }
}

/** The number of answers by status, after all have arrived. */
export async function statusesOf(clients: readonly StormClient[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of clients) counts[await status] = (counts[await status] ?? 0) + 1;
  return counts;
}
