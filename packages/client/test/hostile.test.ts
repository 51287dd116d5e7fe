// Malicious servers: the process survives and reports the error.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket } from '@framewire/client';
import { afterEach, expect, test, vi } from 'vitest';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  if (server?.listening) await new Promise((resolve) => server?.close(resolve));
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each(['ws+unix:x:/a b', 'ws+unix::/x', 'ws://127.0.0.1:0x', 'ws+unix:/no/such/socket:/'])(
  'a redirect to %s ends in error and close',
  async (location) => {
    const url = await serve((_request, response) => {
      response.writeHead(302, { location }).end();
    });
    const ws = new WebSocket(url, { followRedirects: true });
    const events: string[] = [];
    ws.on('error', () => events.push('error'));
    ws.on('close', (code) => events.push(`close ${code}`));
    await vi.waitFor(() => {
      expect(events).toEqual(['error', 'close 1006']);
    });
    expect(ws.readyState).toBe(ws.CLOSED);
  },
);
