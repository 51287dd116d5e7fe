// Reconnecting in browsers, with a proxy that cuts the network.
import { once } from 'node:events';
import { createServer } from 'node:http';
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { fileURLToPath } from 'node:url';
import { launchChromium, launchFirefox, requirement } from '@framewire/testing';
import * as esbuild from 'esbuild';
import { WebSocketServer } from 'framewire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** A page that keeps a connection open, with functions for the test. */
const PAGE = `
  import { ReconnectingWebSocket } from '@framewire/reconnect';
  globalThis.start = (url) => {
    const ws = new ReconnectingWebSocket(url, null, {
      minReconnectionDelay: 10,
      maxReconnectionDelay: 50,
      resubscribe: (socket) => socket.send('resubscribe'),
    });
    const received = [];
    ws.onmessage = ({ data }) => received.push(data);
    // Resolves when a condition becomes true after a state change or a message.
    const until = (isSo) => new Promise((resolve) => {
      const check = () => isSo() && resolve(true);
      for (const type of ['statechange', 'message']) ws.addEventListener(type, check);
      check();
    });
    Object.assign(globalThis, {
      inState: (state) => until(() => ws.state === state),
      waitsForever: () => new Promise((resolve) => {
        ws.addEventListener('statechange', ({ delay }) => delay === Infinity && resolve(true));
      }),
      send: (text) => void ws.send(text),
      has: (text) => until(() => received.includes(text)),
      received: () => received,
      close: () => { ws.close(); return until(() => ws.state === 'closed'); },
    });
  };`;

/** A relay that can be cut. Once cut, it forwards nothing and accepts no connection. */
class Proxy {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  port = 0;

  constructor(target: number) {
    this.#target = target;
  }

  async open(): Promise<void> {
    this.#server = createTcpServer((near) => {
      const far = connect(this.#target, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
        from.pipe(to);
      }
    }).listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async cut(): Promise<void> {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    if (this.#server) await once(this.#server, 'close');
  }
}

const http = createServer((_request, response) => {
  response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>reconnect</title>');
});
let script: string;
let proxy: Proxy;

beforeAll(async () => {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: PAGE, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    alias: { '@framewire/reconnect': fileURLToPath(new URL('../src/index.ts', import.meta.url)) },
    bundle: true,
    format: 'iife',
    platform: 'browser',
    write: false,
  });
  script = outputFiles[0]!.text;
  const server = new WebSocketServer({ server: http });
  server.on('connection', (ws) => {
    ws.on('message', (data) => {
      ws.send(String(data));
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  proxy = new Proxy((http.address() as AddressInfo).port);
  await proxy.open();
});

afterAll(async () => {
  await proxy.cut();
  http.closeAllConnections();
  http.close();
});

/** The common interface of the drivers' pages. */
interface Page {
  goto(url: string): Promise<unknown>;
  addScriptTag(options: { content: string }): Promise<unknown>;
  evaluate(code: string): Promise<unknown>;
}

async function open(page: Page): Promise<void> {
  await page.goto(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  await page.addScriptTag({ content: script });
  await page.evaluate(`start('ws://127.0.0.1:${proxy.port}/')`);
  await page.evaluate(`inState('open')`);
  await page.evaluate(`has('resubscribe')`);
}

/** Cuts the network three times, and sends a message each time. */
async function survives(page: Page): Promise<void> {
  await open(page);
  for (const text of ['first', 'second', 'third']) {
    await proxy.cut();
    await page.evaluate(`inState('waiting')`);
    await page.evaluate(`send('${text}')`);
    await proxy.open();
    await page.evaluate(`has('${text}')`);
  }
  expect(await page.evaluate('received()')).toEqual([
    ...['resubscribe', 'resubscribe', 'first', 'resubscribe', 'second', 'resubscribe', 'third'],
  ]);
  await page.evaluate('close()');
}

describe.skipIf(requirement('chromium').missing)('in Chromium', () => {
  let browser: Awaited<ReturnType<typeof launchChromium>>;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
  });

  test('it reconnects when the network is back, and sends waiting messages', async () => {
    await survives(await browser.newPage());
  });

  test('it waits while the browser is offline, and connects immediately when it is online again', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await open(page);
    const waits = page.evaluate('waitsForever()');
    await context.setOffline(true);
    await proxy.cut();
    expect(await waits).toBe(true);
    await proxy.open();
    await page.evaluate(`send('back')`);
    await context.setOffline(false);
    expect(await page.evaluate(`has('back')`)).toBe(true);
    await page.evaluate('close()');
    await context.close();
  });
});

describe.skipIf(requirement('firefox').missing)('in Firefox', () => {
  test('it reconnects when the network is back, and sends waiting messages', async () => {
    const browser = await launchFirefox();
    try {
      await survives(await browser.newPage());
    } finally {
      await browser.close();
    }
  });
});
