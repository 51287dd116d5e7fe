// A way between two programs that can be cut.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A port of 127.0.0.1 whose connections are passed on to another port. */
export interface Route {
  readonly port: number;
  /** Ends all connections, and refuses new ones until {@link mend}. */
  cut(): void;
  mend(): void;
  /** Ends it. */
  stop(): void;
}

/** @param target returns the port that connections are passed on to. Undefined if there is none yet */
export async function startRoute(target: () => number | undefined): Promise<Route> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    const port = target();
    if (isCut || port === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
      from.pipe(to);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true;
      end();
    },
    mend: () => {
      isCut = false;
    },
    stop: () => {
      server.close();
      end();
    },
  };
}
