// The command line of the proxy.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createProxy } from './proxy.ts';
import { parseAddress, parseRoute } from './routes.ts';

const HELP = `A reverse proxy for WebSocket.

Usage: npm start -- --route /path=host:port [--route ...] [--listen [host:]port]

  --listen [host:]port      where to listen (default 127.0.0.1:8080; port 0 takes any free one)
  --route /path=host:port   the backend of a path and everything below it; repeatable, the longest path wins
  --help                    this text`;

/** The exit code for invalid arguments. */
const USAGE_ERROR = 2;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      listen: { type: 'string', default: '127.0.0.1:8080' },
      route: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  if (values.route.length === 0) throw new Error('at least one --route is needed (see --help)');
  const address = parseAddress(values.listen, '127.0.0.1');
  const { server, sockets } = createProxy({ routes: values.route.map(parseRoute), log: console.log });
  await once(server.listen(address), 'listening');
  const { address: host, family, port } = server.address() as AddressInfo;
  console.log(`listening on ws://${family === 'IPv6' ? `[${host}]` : host}:${port}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
  }
}

main().catch((error: unknown) => {
  console.error(`proxy: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = USAGE_ERROR;
});
