// Very many clients at once that do nothing for long: bare sockets, and the heads that the server answers them with.
import { once } from 'node:events';
import net from 'node:net';
import process from 'node:process';

/** How many are connecting at once. */
const AT_ONCE = 256;

/** An address has about 28,000 ports to connect from; on Linux every address of 127.0.0.0/8 is there to be used. */
function localAddress(index: number): { localAddress?: string } {
  return process.platform === 'linux' ? { localAddress: `127.0.0.${2 + (index % 4)}` } : {};
}

/** One of them. */
export class StormClient {
  readonly socket: net.Socket;
  /** The status of the answer, once it has come. */
  readonly status: Promise<number>;
  readonly closed: Promise<void>;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.status = new Promise((resolve) => {
      socket.once('data', (head: Buffer) => resolve(Number(head.toString('latin1', 9, 12))));
    });
  }

  /** Opens so many connections, and sends the same text on each. */
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
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return clients;
  }

  /** Ends the connection without a word. */
  leave(): void {
    this.socket.resetAndDestroy();
  }
}

/** How many answers have which status, once all have come. */
export async function statusesOf(clients: readonly StormClient[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of clients) counts[await status] = (counts[await status] ?? 0) + 1;
  return counts;
}
