// What bundles contain: nothing of this package if a program does not use it, and in a browser the platform's class or ours.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { launchChromium, launchFirefox, requirement } from '@framewire/testing';
import * as esbuild from 'esbuild';
import { WebSocketServer } from 'framewire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Bundles a program from the sources. Returns its text, and how many bytes of it come from each module. */
async function bundle(
  contents: string,
  platform: 'browser' | 'node',
): Promise<{ text: string; modules: Record<string, number> }> {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    conditions: ['@framewire/source'],
    bundle: true,
    format: platform === 'browser' ? 'iife' : 'esm',
    platform,
    metafile: true,
    minify: true,
    write: false,
  });
  const { inputs } = Object.values(metafile.outputs)[0]!;
  const modules = Object.entries(inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const);
  return { text: outputFiles[0]!.text, modules: Object.fromEntries(modules) };
}

const SERVER = `import { WebSocketServer } from 'framewire'; console.log(new WebSocketServer({ port: 0 }));`;
const APART = [
  `import { WebSocketStream } from '@framewire/stream'; console.log(WebSocketStream.from());`,
  `import { ReconnectingWebSocket } from '../../reconnect/src/index.ts'; console.log(new ReconnectingWebSocket(''));`,
];

test('a bundle that uses only WebSocketServer contains nothing of the packages for streams and reconnecting', async () => {
  const { modules, text } = await bundle(SERVER, 'node');
  const name = /WebSocketStream|statechange/;
  expect(text).not.toMatch(name);
  for (const program of APART) {
    const other = await bundle(program, 'node');
    expect(other.text).toMatch(name);
    const own = Object.keys(other.modules).filter((path) => /packages\/(stream|reconnect)\//.test(path));
    expect(own.length).toBeGreaterThan(4);
    expect(own.filter((path) => path in modules)).toEqual([]);
  }
});

test('a bundle that uses only WebSocketServer contains at most 2.5 kB for loops over messages', async () => {
  const { modules } = await bundle(SERVER, 'node');
  const bytes = Object.entries(modules).find(([path]) => path.endsWith('connection/src/iteration.ts'))?.[1];
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(2500);
});

test('a bundle for a browser contains nothing of Node, the client or the connection', async () => {
  const { modules, text } = await bundle(`export * from '@framewire/stream';`, 'browser');
  expect(text).not.toMatch(/node:|require\(/);
  expect(Object.keys(modules).filter((path) => /packages\/(?!stream)\w+\//.test(path))).toEqual([]);
});

const PROGRAM = `
  import { WebSocketError, WebSocketStream } from '@framewire/stream';
  globalThis.run = async (url) => {
    const stream = new WebSocketStream(url);
    const { readable, writable, protocol } = await stream.opened;
    const [reader, writer] = [readable.getReader(), writable.getWriter()];
    const results = { isPlatform: WebSocketStream === globalThis.WebSocketStream, protocol, echoes: [] };
    for (const chunk of ['text', Uint8Array.of(1, 2), new Uint8Array(300_000)]) {
      // A platform may hold back a large message until it is read.
      const written = writer.write(chunk);
      const { value } = await reader.read();
      await written;
      results.echoes.push(typeof value === 'string' ? value : value.byteLength);
      results.binary = value.constructor.name;
    }
    stream.close({ closeCode: 4000, reason: 'done' });
    const { closeCode, reason } = await stream.closed;
    const cut = new WebSocketStream(url + 'cut');
    const { writable: toCut } = await cut.opened;
    toCut.getWriter().write('now').catch(() => {});
    const error = await cut.closed.catch((error) => error);
    return { ...results, closed: [closeCode, reason], error: [error instanceof WebSocketError, error.name, error.closeCode] };
  };`;

/** The expected results of a page, with either class. */
const EXPECTED = {
  protocol: '',
  echoes: ['text', 2, 300_000],
  binary: 'Uint8Array',
  closed: [4000, 'done'],
  error: [true, 'WebSocketError', 1006],
};

describe('in browsers', () => {
  const http = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>stream</title>');
  });
  let script: string;
  let address: string;
  beforeAll(async () => {
    script = (await bundle(PROGRAM, 'browser')).text;
    const server = new WebSocketServer({ server: http });
    server.on('connection', (ws, { url }) => {
      ws.on('message', (data, isBinary) => {
        if (url === '/cut') ws.terminate();
        else ws.send(data, { binary: isBinary });
      });
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    address = `127.0.0.1:${(http.address() as AddressInfo).port}/`;
  });
  afterAll(() => {
    http.closeAllConnections();
    http.close();
  });

  /** Returns the results of a page, with either driver. */
  async function resultsIn(
    page: {
      goto(url: string): Promise<unknown>;
      addScriptTag(options: { content: string }): Promise<unknown>;
      evaluate(code: string): Promise<unknown>;
    },
    before = '',
  ): Promise<unknown> {
    await page.goto(`http://${address}`);
    await page.addScriptTag({ content: `${before};${script}` });
    return page.evaluate(`run('ws://${address}')`);
  }

  test.skipIf(requirement('chromium').missing)(
    'Chromium has its own class, and ours behaves the same without it',
    async () => {
      const browser = await launchChromium();
      try {
        expect(await resultsIn(await browser.newPage())).toEqual({
          ...EXPECTED,
          isPlatform: true,
          // As in an earlier version of the proposal.
          binary: 'ArrayBuffer',
        });
        expect(await resultsIn(await browser.newPage(), 'delete globalThis.WebSocketStream')).toEqual({
          ...EXPECTED,
          isPlatform: false,
        });
      } finally {
        await browser.close();
      }
    },
  );

  test.skipIf(requirement('firefox').missing)('Firefox gets our class', async () => {
    const browser = await launchFirefox();
    try {
      expect(await resultsIn(await browser.newPage())).toEqual({ ...EXPECTED, isPlatform: false });
    } finally {
      await browser.close();
    }
  });
});
