// The proxy from the README of the handshake, between browsers and servers.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as events from 'node:events';
import * as handshake from '@framewire/handshake';
import { launchChromium, launchFirefox, requirement } from '@framewire/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startWebSocketServer } from './support.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** `createProxy()` from the first block of the section "A proxy". */
function createProxy(port: number): http.Server {
  const [, block = ''] = /^## A proxy\n[^]*?```js\n([^]*?)```/m.exec(readme) ?? [];
  const [definition = ''] = block.split('\n// A backend that');
  const body = definition.replace(
    /^import \{([^}]*)\} from '([^']*)';$/gm,
    (_, names: string, name: string) => `const {${names.replaceAll(' as ', ': ')}} = modules['${name}'];`,
  );
  const modules = { '@framewire/handshake': handshake, 'node:events': events, 'node:http': http };
  // Runs exactly what the README shows.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const make = new Function('modules', `${body}\nreturn createProxy;`) as (
    given: typeof modules,
  ) => (port: number) => http.Server;
  return make(modules)(port);
}

/** Starts the proxy in front of a server of ws with compression, which reports the offers. */
async function start(): Promise<{ url: string; offers: (string | undefined)[] }> {
  const [server, port] = await startWebSocketServer({ perMessageDeflate: { threshold: 0 } });
  const offers: (string | undefined)[] = [];
  server.on('connection', (ws, request) => {
    offers.push(request.headers['sec-websocket-extensions']);
    ws.on('message', (data, isBinary) => {
      ws.send(data, { binary: isBinary });
    });
  });
  const proxy = createProxy(port);
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  return { url: `ws://127.0.0.1:${(proxy.address() as AddressInfo).port}`, offers };
}

const browsers = [
  ['Chromium', 'chromium', launchChromium],
  ['Firefox', 'firefox', launchFirefox],
] as const;

describe('the proxy of the README', () => {
  test.each(browsers.filter(([, part]) => !requirement(part).missing))(
    'carries a conversation of %s, compressed and with a subprotocol',
    async (_, __, launch) => {
      const { url, offers } = await start();
      const browser = await launch();
      try {
        const page = (await browser.newPage()) as {
          evaluate(run: (url: string) => Promise<unknown>, url: string): Promise<unknown>;
        };
        expect(await page.evaluate(echo, url)).toEqual(['grüße', 'chat', 'permessage-deflate', 1000]);
        expect(offers).toEqual([expect.stringContaining('permessage-deflate')]);
      } finally {
        await browser.close();
      }
    },
  );

  test('forwards the answer of a backend that chooses no subprotocol and no extension', async () => {
    const [server, port] = await startWebSocketServer({ handleProtocols: () => false });
    server.on('connection', (ws) => ws.close(1000, 'there'));
    const proxy = createProxy(port);
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void proxy.close());
    const { port: at } = proxy.address() as AddressInfo;
    // A client of ws requires one. Its error proves that the 101 came through.
    const ws = new WebSocket(`ws://127.0.0.1:${at}`, ['chat']);
    const [error] = (await once(ws, 'error')) as [Error];
    expect(error.message).toBe('Server sent no subprotocol');
  });
});

/** Runs in the page, so it must contain everything that it uses. */
async function echo(url: string): Promise<unknown[]> {
  const socket = new globalThis.WebSocket(url, ['chat', 'superchat']);
  const next = (event: string): Promise<{ data?: unknown; code?: number }> =>
    new Promise((resolve, reject) => {
      socket.addEventListener(event, (each) => resolve(each as { data?: unknown; code?: number }));
      socket.addEventListener('error', () => reject(new Error('the connection failed')));
    });
  await next('open');
  const message = next('message');
  socket.send('grüße');
  const { data } = await message;
  const closed = next('close');
  socket.close(1000);
  const { code } = await closed;
  return [data, socket.protocol, socket.extensions, code];
}
