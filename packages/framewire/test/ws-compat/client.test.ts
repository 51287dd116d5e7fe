// How a client of framewire and of `ws` uses its address and options, as far as a program can see it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type NetConnectOpts } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'framewire';
import { modules } from './beside-ws.ts';

let server: WebSocketServer;
let port: number;
beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  for (const ws of server.clients) ws.terminate();
  server.close();
  await once(server, 'close');
});

describe.each(modules)('a client of %s', (_name, { WebSocket }) => {
  test.each(['its own', 'the default'])('gives createConnection() %s port', async (kind) => {
    const url = kind === 'its own' ? `ws://127.0.0.1:${port}/` : 'ws://127.0.0.1/';
    const seen: unknown[] = [];
    const createConnection = (
      options: NetConnectOpts & { defaultPort?: number },
    ): ReturnType<typeof connect> => {
      const { host, port: given, path } = options as NetConnectOpts & Record<string, unknown>;
      seen.push({ host, port: given, path, defaultPort: options.defaultPort });
      return connect(port, '127.0.0.1');
    };
    const client = new WebSocket(url, { createConnection: createConnection as typeof connect });
    await once(client, 'open');
    client.terminate();
    // A string if the URL has a port, otherwise a number.
    const given = kind === 'its own' ? String(port) : 80;
    expect(seen).toEqual([{ host: '127.0.0.1', port: given, path: undefined, defaultPort: 80 }]);
  });

  test.each([null, undefined, false, 0, ''])('follows a redirect with the headers %j', async (headers) => {
    const http = createServer((_request, response) => {
      response.writeHead(302, { Location: `ws://127.0.0.1:${port}/` }).end();
    });
    await once(http.listen(0, '127.0.0.1'), 'listening');
    const url = `ws://me:pass@127.0.0.1:${(http.address() as AddressInfo).port}/`;
    const client = new WebSocket(url, { followRedirects: true, headers: headers as never });
    await once(client, 'open');
    expect(client.url).toBe(`ws://127.0.0.1:${port}/`);
    client.terminate();
    http.close();
  });
});
