// Compression with peers that are neither ours nor `ws`: browsers, Bun, Deno, and clients in Python, Go and Java.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  bunBinary,
  Child,
  denoBinary,
  executable,
  launchChromium,
  launchFirefox,
  requirement,
} from '@framewire/testing';
import { WebSocket, WebSocketServer } from 'framewire';
import { describe, expect, test } from 'vitest';
import { ALL_WELL, EXCHANGE, exchanges, program, runtime, type Client } from './exchange.ts';

/** A page, as both drivers of browsers return it. */
interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
}

/** A browser, as both drivers return it. */
interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

async function browser(launch: () => Promise<Browser>): Promise<Client> {
  const http = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Compression</title>');
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const launched = await launch();
  const page = await launched.newPage();
  await page.goto(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  return {
    exchange: (url) => page.evaluate(`(() => { ${EXCHANGE}\n return exchange('${url}'); })()`),
    close: async () => {
      await launched.close();
      http.closeAllConnections();
      http.close();
    },
  };
}

exchanges('Bun', {}, () => runtime(bunBinary()));
exchanges('Chromium', { isMissing: requirement('chromium').missing }, () => browser(launchChromium));
exchanges('Firefox', { isMissing: requirement('firefox').missing, limitsWindow: false }, () =>
  browser(launchFirefox),
);

test('Deno, which offers no compression, exchanges messages with our server', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
  await once(server, 'listening');
  server.on('connection', (ws) => {
    ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
  });
  const { port } = server.address() as AddressInfo;
  const deno = runtime(denoBinary(), 'run', '--allow-net');
  expect(await deno.exchange(`ws://127.0.0.1:${port}/`)).toEqual({ ...ALL_WELL, extensions: '' });
  await deno.close();
  server.close();
  await once(server, 'close');
});

const source = (name: string): string => join(import.meta.dirname, 'peers', name);

exchanges('websockets of Python', { isMissing: requirement('python').missing }, () =>
  program(() => Promise.resolve([executable('python'), source('client.py')])),
);

// It fails the connection if the response has `server_max_window_bits`.
exchanges('nhooyr.io/websocket of Go', { isMissing: requirement('go').missing, acceptsWindows: false }, () =>
  program(async (folder) => {
    const client = join(folder, 'client');
    await promisify(execFile)(executable('go'), ['build', '-o', client, source('client.go')], {
      env: { PATH: process.env['PATH'], HOME: folder, GO111MODULE: 'off', GOPATH: '/usr/share/gocode' },
    });
    return [client];
  }),
);

exchanges('Tomcat, of Java', { isMissing: requirement('java').missing, limitsWindow: false }, () =>
  program(async (folder) => {
    const jars = ['core', 'websocket'].map((name) => `/usr/share/java/tomcat10-embed-${name}.jar`);
    await promisify(execFile)(executable('java'), [
      '-cp',
      jars.join(':'),
      '-d',
      folder,
      source('Client.java'),
    ]);
    // These options shorten the start of the virtual machine, which takes most of the time.
    return [
      'java',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      '-cp',
      [folder, ...jars].join(':'),
      'Client',
    ];
  }),
);

describe('a server of Bun', () => {
  const SERVER = `
    const server = Bun.serve({
      port: 0, hostname: '127.0.0.1',
      fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('', { status: 400 })),
      websocket: { perMessageDeflate: JSON.parse(process.argv[2]), message: (ws, data) => void ws.send(data, true) },
    });
    console.log(server.port);`;

  test.each([
    ['true', true],
    ['true', 'shared'],
    ['{"compress":"shared","decompress":"shared"}', true],
    ['{"compress":"16KB","decompress":"16KB"}', { clientMaxWindowBits: 10 }],
  ] as const)(
    'set to %s exchanges compressed messages with our client, set to %j',
    async (theirs, perMessageDeflate) => {
      const folder = mkdtempSync(join(tmpdir(), 'framewire-peers-'));
      const path = join(folder, 'server.mjs');
      writeFileSync(path, SERVER);
      const server = new Child(bunBinary(), [path, theirs]);
      try {
        const [, port] = await server.printed(/^(\d+)\n/);
        const client = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate });
        await once(client, 'open');
        expect(client.extensions).toBe('permessage-deflate');
        const json = JSON.stringify(
          Array.from({ length: 300 }, (_, id) => ({ id, name: `name ${id % 17}` })),
        );
        const sent = ['', 'a', json, json, 'é'.repeat(9000), json.repeat(20), json, 'end'];
        const received: string[] = [];
        client.on('message', (data: Buffer) => received.push(data.toString()));
        for (const message of sent) client.send(message);
        while (received.length < sent.length) await once(client, 'message');
        expect(received).toEqual(sent);
        const statistics = client.compression!;
        expect(statistics.sent.messages).toBeGreaterThan(4);
        expect(statistics.received.messages).toBeGreaterThan(4);
        client.terminate();
        await once(client, 'close');
      } finally {
        await server.stop();
        rmSync(folder, { recursive: true });
      }
    },
  );
});
