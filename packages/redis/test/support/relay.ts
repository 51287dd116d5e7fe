// An address that leads to one server or another, as that of a load balancer does.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';

export interface Relay {
  readonly port: number;
  /** Ends all connections. New ones lead to this port, or nowhere without one. */
  leadTo(port?: number): void;
  /** From now on, each connection leads to another of these ports than the one before it. */
  alternate(ports: readonly number[]): void;
  close(): Promise<void>;
}

/**
 * @param target the port that connections lead to
 * @param rewrite what the answers to each connection go through
 */
export async function startRelay(target: number, rewrite = (): Duplex => new PassThrough()): Promise<Relay> {
  let targets: readonly number[] = [target];
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const port = targets[count++ % targets.length];
    if (port === undefined) {
      socket.destroy();
      return;
    }
    const onward = connect(port, '127.0.0.1');
    const destroy = (): void => {
      socket.destroy();
      onward.destroy();
    };
    for (const each of [socket, onward]) {
      sockets.add(each);
      each.on('error', destroy).on('close', () => {
        sockets.delete(each);
        destroy();
      });
    }
    socket.pipe(onward).pipe(rewrite()).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const leadTo = (port?: number): void => {
    targets = port === undefined ? [] : [port];
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    leadTo,
    alternate: (ports) => (targets = ports),
    async close() {
      leadTo();
      server.close();
      await once(server, 'close');
    },
  };
}
